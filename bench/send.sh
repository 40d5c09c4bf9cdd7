#!/usr/bin/env bash
# chat.send against GET /health on the same node, in requests a second; needs wrk.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/packages.sh
install_missing "${BUILD_PACKAGES[@]}" wrk
mkdir -p build
cmake --workflow --preset release >build/release.log 2>&1
program=$PWD/build/release/bin/hearthchat
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT
"$program" init --data "$work/a" --name A --community Bench >/dev/null
"$program" init --data "$work/b" --name B >/dev/null
for node in a b; do
  mkfifo "$work/$node.out"
  "$program" serve --data "$work/$node" --ui-port 0 --peer-port 0 --peer-host 127.0.0.1 >"$work/$node.out" 2>"$work/$node.log" &
  read -r _ _ ui <"$work/$node.out"
  declare "ui_$node=${ui%/}"
done
id=$("$program" id --data "$work/b" | head -n 1)
"$program" join --data "$work/b" "$("$program" invite --data "$work/a" "$id")" >/dev/null
kill %2
wait %2 2>/dev/null || true # nobody to wait for: what is measured is this node
cat >"$work/send.lua" <<LUA
request = function()
  return wrk.format("POST", "/api/v1/chat/send", {["Content-Type"]="application/json"}, '{"recipient":"$id","body":"Hello neighbour, do you have power today?"}')
end
LUA
"$program" send --data "$work/a" "$id" warm >/dev/null
"$program" send --data "$work/a" "$id" warm >/dev/null
per_second() { awk '/^Requests\/sec/ {print $2}'; }
printf '%12s %12s %12s %8s\n' connections send/s health/s ratio
for connections in 1 8 64; do
  threads=$((connections < 2 ? 1 : 2))
  send=$(wrk -t$threads -c$connections -d5 -s "$work/send.lua" "$ui_a" | per_second)
  health=$(wrk -t$threads -c$connections -d5 "$ui_a/health" | per_second)
  awk -v c=$connections -v s="$send" -v h="$health" 'BEGIN { printf "%12d %12.0f %12.0f %8.3f\n", c, s, h, s / h }'
done
