# What the benchmarks share: the release build, a temporary directory, two nodes of which only the first runs.
set -euo pipefail
. .ci/packages.sh
install_missing "${BUILD_PACKAGES[@]}" wrk
mkdir -p build
cmake --workflow --preset release >build/release.log 2>&1
program=$PWD/build/release/bin/hearthchat
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT

# serve NODE: starts it, sets ui to its address and pid to its process.
serve() {
  rm -f "$work/out"
  mkfifo "$work/out"
  "$program" serve --data "$work/$1" --ui-port 0 --peer-port 0 --peer-host 127.0.0.1 >"$work/out" 2>"$work/$1.log" &
  pid=$!
  read -r _ _ ui <"$work/out"
  ui=${ui%/}
}

stop() {
  kill "$1"
  wait "$1" 2>/dev/null || true
}

# found: node a with a community, and node b as a member that is off again; sets id to b's.
found() {
  "$program" init --data "$work/a" --name A --community Bench >/dev/null
  "$program" init --data "$work/b" --name B >/dev/null
  id=$("$program" id --data "$work/b" | head -n 1)
  local pid_b
  serve b
  pid_b=$pid
  serve a
  "$program" join --data "$work/b" "$("$program" invite --data "$work/a" "$id")" >/dev/null
  stop "$pid_b"
  cat >"$work/send.lua" <<LUA
request = function()
  return wrk.format("POST", "/api/v1/chat/send", {["Content-Type"]="application/json"}, '{"recipient":"$id","body":"Hello neighbour, do you have power today?"}')
end
LUA
  "$program" send --data "$work/a" "$id" "finds out that nobody is there" >/dev/null
  "$program" send --data "$work/a" "$id" "and once more" >/dev/null
}
