#!/usr/bin/env bash
# chat.send at its 99th percentile while the neighbourhood is hostile (bench/hostile.mjs), against the same node left alone;
# and the memory that it takes. The recipient is off, so that nobody's network is measured; the hostile program runs at the
# lowest priority, for it stands for other machines.
cd "$(dirname "$0")/.."
. bench/common.sh
found
seconds=${1:-10}
peer=$(sed -n 's/.*"peer_port":\([0-9]*\).*/\1/p' "$work/a/run.json")
node_id=$(sed -n 's/.*"node_id":"\([^"]*\)".*/\1/p' "$work/a/run.json")
send_once() { curl -s -o /dev/null -w '%{time_total}' -H 'Content-Type: application/json' -d "{\"recipient\":\"$id\",\"body\":\"x\"}" "$ui/api/v1/chat/send"; }

# A send waits for a try at the recipient that is less than 1.5 s away: right after one, the next is 30 s off.
quiet() {
  local waited=0 start=$SECONDS
  until [ $waited -gt 0 ] && [ $((SECONDS - start)) -gt "$1" ]; do
    awk -v t="$(send_once)" 'BEGIN { exit t < 0.3 }' && waited=1 && [ $((SECONDS - start)) -le "$1" ] && waited=0
    sleep 0.3
  done
}
measure() { wrk -t1 -c"$1" -d"$seconds" --latency -s "$work/send.lua" "$ui" | awk '/99%/ {p = $2} /Requests\/sec/ {r = $2} /Non-2xx/ {bad = " refused " $NF} END {print p, r bad}'; }
memory() { awk '/VmRSS|VmHWM/ {printf "%s %.1f MiB  ", $1, $2 / 1024}' "/proc/$pid/status"; echo "$(ls "/proc/$pid/fd" | wc -l) descriptors"; }
both() { for connections in 1 8; do printf '%-10s %-12s %s\n' "$1" $connections "$(measure $connections)"; done; }

printf '%-10s %-12s %s\n' '' connections 'p99, sends a second'
quiet 28 # by then the tries are 30 s apart
both alone
memory
: >"$work/hostile.out"
nice -n 19 node bench/hostile.mjs "${ui##*:}" "$peer" "$node_id" >"$work/hostile.out" &
until grep -q ready "$work/hostile.out"; do sleep 0.1; done
quiet 0
both hostile
memory
