#!/usr/bin/env bash
# The tab in a real browser: first paint, a conversation of 100,000 messages opened and scrolled back, arrival to pixels,
# each beside what the same machine needs for the same with ten messages; and what web/ weighs.
cd "$(dirname "$0")/.."
. bench/common.sh
install_missing "${TEST_PACKAGES[@]}"
[ -d tests/node_modules/playwright-core ] || npm ci --prefix tests --no-audit --no-fund --silent
found
stop "$pid"
cp -r "$work/a" "$work/few"
serve a
while [ "$(curl -s "$ui/api/v1/node" | grep -o '"events":[0-9]*' | head -n 1 | cut -d: -f2)" -lt 100000 ]; do
  wrk -t2 -c64 -d3 -s "$work/send.lua" "$ui" >/dev/null
done
many=$ui
serve few
for _ in {1..8}; do "$program" send --data "$work/few" "$id" "Hello neighbour, do you have power today?" >/dev/null; done # ten with found's
node bench/tab.mjs "$many" "$ui" "$id"
