#!/usr/bin/env bash
# Time from `serve` to its first answer: a log of a few events against one of many.
cd "$(dirname "$0")/.."
. bench/common.sh
found
stop "$pid"
start_ms() {
  local begin best=1000000 took
  for _ in 1 2 3 4 5 6 7; do
    begin=$(date +%s%N)
    serve a
    curl -sf "$ui/api/v1/chat/conversations" >/dev/null
    took=$((($(date +%s%N) - begin) / 1000))
    best=$((took < best ? took : best))
    stop "$pid"
  done
  echo "$best"
}
few=$(start_ms)
serve a
few_events=$(curl -s "$ui/api/v1/node" | grep -o '"events":[0-9]*' | tail -n 1 | cut -d: -f2)
wrk -t2 -c64 -d20 -s "$work/send.lua" "$ui" >/dev/null
many_events=$(curl -s "$ui/api/v1/node" | grep -o '"events":[0-9]*' | tail -n 1 | cut -d: -f2)
stop "$pid"
many=$(start_ms)
printf '%12s %12s\n' events "start, us"
printf '%12d %12d\n%12d %12d\n' "$few_events" "$few" "$many_events" "$many"
awk -v a="$few" -v b="$many" 'BEGIN { printf "ratio %.2f\n", b / a }'
