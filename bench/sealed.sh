#!/usr/bin/env bash
# What end-to-end encryption costs the store: bench/sealed.sh [MESSAGES], 100,000 unless told. Messages that are sealed beside the same
# in clear text, 40 times 500 of each in turns: what a log sends (64 under way) a second, what one receives and acknowledges, and, when
# the conversation has grown to MESSAGES, what opening it takes. Medians. Most of the X25519 is another thread's: on one free core
# there is less of it left.
cd "$(dirname "$0")/.." || exit
. bench/common.sh
release=build/release
cc -O2 -I. -o "$work/sealed_cost" bench/sealed_cost.c "$release/store/libstore.a" "$release/protocol/libprotocol.a" "$release/core/libcore.a" \
  -lsqlite3 -lsodium -ljansson -licui18n -licuuc -lpthread -lm
read -r sent sent_sealed received received_sealed opened opened_sealed < <("$work/sealed_cost" "$work" "${1:-100000}")
row() {
  awk -v what="$1" -v clear="$2" -v sealed="$3" -v wanted="$4" 'BEGIN {
    bound = substr(wanted, 3) + 0
    missed = substr(wanted, 1, 1) == ">" ? sealed / clear < bound : sealed / clear > bound
    printf "%-40s %10.0f %10.0f %8.2f  %s%s\n", what, clear, sealed, sealed / clear, wanted, missed ? "  MISSED" : "" }'
}
printf '%-40s %10s %10s %8s  %s\n' what clear sealed ratio wanted
row "sent a second" "$sent" "$sent_sealed" ">=0.75"
row "received and acknowledged a second" "$received" "$received_sealed" ">=0.70"
row "opening the conversation, us of work" "$opened" "$opened_sealed" "<=1.10"
