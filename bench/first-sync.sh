#!/usr/bin/env bash
# First sync of 100,000 events between two nodes on this machine, against what
# crypto_sign_verify_detached alone manages on the same cores in the same run.
cd "$(dirname "$0")/.."
. bench/common.sh
events_of() { curl -s "$1/api/v1/node" | grep -o '"events":[0-9]*' | tail -n 1 | cut -d: -f2; }
found
ui_a=$ui pid_a=$pid
# A third member, which is away while the others write: it fetches what does not concern it.
"$program" init --data "$work/c" --name C >/dev/null
id_c=$("$program" id --data "$work/c" | head -n 1)
serve c
"$program" join --data "$work/c" "$("$program" invite --data "$work/a" "$id_c")" >/dev/null
stop "$pid"
while [ "$(events_of "$ui_a")" -lt "${EVENTS:-100000}" ]; do
  wrk -t2 -c64 -d2 -s "$work/send.lua" "$ui_a" >/dev/null
done
events=$(events_of "$ui_a")
cc -O2 -o "$work/verify_speed" bench/verify_speed.c -lsodium -lpthread
bytes=560 # of one such event, signature left out
before=$("$work/verify_speed" "$bytes")
sync # what the others wrote before is not what is measured
begin=$(date +%s%N)
serve c
# One kept connection asks every 50 ms: curl would take the cores from what is measured.
python3 - "$ui" "$events" <<'PY'
import http.client, re, sys, time
connection = http.client.HTTPConnection(sys.argv[1].removeprefix("http://"))
events = 0
while events < int(sys.argv[2]):
    time.sleep(0.05)
    connection.request("GET", "/api/v1/node")
    events = int(re.findall(rb'"events":([0-9]+)', connection.getresponse().read())[-1])
PY
took_ms=$((($(date +%s%N) - begin) / 1000000))
after=$("$work/verify_speed" "$bytes")
awk -v n="$events" -v ms="$took_ms" -v v1="$before" -v v2="$after" 'BEGIN {
  verify = (v1 + v2) / 2; sync = n * 1000 / ms
  printf "%12s %14s %14s %8s\n", "events", "verify/s", "sync/s", "ratio"
  printf "%12d %14.0f %14.0f %8.2f\n", n, verify, sync, sync / verify }'
