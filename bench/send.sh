#!/usr/bin/env bash
# chat.send (signed, synced to disk, answered) against GET /health on the same node, in requests a second.
cd "$(dirname "$0")/.."
. bench/common.sh
found
per_second() { awk '/^Requests\/sec/ {print $2}'; }
printf '%12s %12s %12s %8s\n' connections send/s health/s ratio
for connections in 1 8 64; do
  threads=$((connections < 2 ? 1 : 2))
  send=$(wrk -t$threads -c$connections -d5 -s "$work/send.lua" "$ui" | per_second)
  health=$(wrk -t$threads -c$connections -d5 "$ui/health" | per_second)
  awk -v c=$connections -v s="$send" -v h="$health" 'BEGIN { printf "%12d %12.0f %12.0f %8.3f\n", c, s, h, s / h }'
done
