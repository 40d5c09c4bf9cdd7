#!/usr/bin/env bash
# What the owner and an honest member wait for, and the memory that it takes, while five members and five strangers are
# hostile, against the same node left alone: bench/hostile.sh [-s SECONDS] [-r REPETITIONS] [ROW…], all rows unless named.
# HOSTILE_LOG=FILE keeps the node's log of each row as FILE.ROW.
seconds=20 repetitions=3
while getopts s:r: option; do
  case $option in
    s) seconds=$OPTARG ;;
    r) repetitions=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
cd "$(dirname "$0")/.." || exit
. bench/common.sh
install_missing "${TEST_PACKAGES[@]}"
[ -d tests/node_modules/ws ] || npm ci --prefix tests --no-audit --no-fund --silent

# The owner of 300,000 messages, made once and kept.
letters=$PWD/build/bench/letters
if [ ! -e "$letters.made" ]; then
  rm -rf "$letters"
  mkdir -p build/bench
  cmake --build build/release --target make_log >build/bench.log
  build/release/bin/make_log letters "$letters" 300000 >&2
  touch "$letters.made"
fi
HEARTHCHAT_BINARY=$program node bench/hostile.mjs "$seconds" "$repetitions" "$letters" "$@"
