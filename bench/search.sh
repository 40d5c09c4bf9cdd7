#!/usr/bin/env bash
# What searching costs in a log of messages of 100 bytes: bench/search.sh BASELINE-BUILD-DIR [MESSAGES], 1,000,000 unless
# told. Each figure is of the release build of another checkout (its directory build/release) and of this one.
baseline=$(realpath "$1")
cd "$(dirname "$0")/.." || exit
. bench/common.sh
messages=${2:-1000000}

# compile SIDE SOURCE: this tree's programs against another tree's store.
compile() {
  local names=() build=$2/build/release
  mkdir -p "$work/$1"
  grep -q search_found "$2/store/search.h" || names=(-DSEARCH_FOUND=char)
  for tool in make_log measure_log; do
    cc -O2 "${names[@]}" -I"$2" -o "$work/$1/$tool" "bench/$tool.c" bench/population.c "$build/store/libstore.a" \
      "$build/protocol/libprotocol.a" "$build/core/libcore.a" -lsqlite3 -lsodium -ljansson -licui18n -licuuc -lpthread -lm
  done
}
compile before "$(dirname "$(dirname "$baseline")")"
compile after "$PWD"

row() {
  awk -v what="$1" -v before="$2" -v after="$3" -v wanted="$4" 'BEGIN {
    missed = wanted != "" && after + 0 > substr(wanted, 3) + 0
    printf "%-50s %12.1f %12.1f %8.2f  %s%s\n", what, before, after, after / before, wanted, missed ? "  MISSED" : "" }'
}
declare -A bytes took times
for side in before after; do
  begun=$(date +%s%N)
  "$work/$side/make_log" letters "$work/$side/log" "$messages" >&2
  took[$side]=$((($(date +%s%N) - begun) / 1000000000))
  bytes[$side]=$(cat "$work/$side"/log/communities/*/events.sqlite | wc -c)
  times[$side]=$("$work/$side/measure_log" searches "$work/$side/log")
done
printf '%-50s %12s %12s %8s  %s\n' what before after ratio wanted
row "writing them, s" "${took[before]}" "${took[after]}" ""
row "bytes a message, everything included" "$(awk "BEGIN {print ${bytes[before]} / $messages}")" "$(awk "BEGIN {print ${bytes[after]} / $messages}")" "<=1400"
names=("a rare word" "a common word" "both" "two common words" "the beginning of a rare word" "of a common one"
  "inside of a rare word" "one letter" "two letters" "a word that is not there, of what is common" "a common word with who wrote little" "nothing like it")
read -ra before <<<"${times[before]}"
read -ra after <<<"${times[after]}"
for i in "${!names[@]}"; do row "${names[$i]}, us of work" "${before[$i]}" "${after[$i]}" "<=20000"; done
