#!/usr/bin/env bash
# What the store costs as the community and the log grow, and what one member can make it cost:
# bench/store.sh [BASELINE-BUILD-DIR]. With the release build of another checkout (its directory build/release), each
# figure is taken from both, one right after the other, and the logs are those that the other one wrote: this tree upgrades
# them first. Logs are made once and kept in build/bench. Figures "of work" are processor time, the others wait for the disk
# and for whoever else uses the machine.
baseline=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.." || exit
. bench/common.sh
sides=${baseline:+before }after
build_of() { if [ "$1" = before ]; then echo "$baseline"; else echo "$PWD/build/release"; fi; }
source_of() { if [ "$1" = before ]; then dirname "$(dirname "$baseline")"; else echo "$PWD"; fi; }

for side in $sides; do
  mkdir -p "$work/$side"
  build=$(build_of "$side")
  for tool in make_log measure_log; do
    cc -O2 -I"$(source_of "$side")" -o "$work/$side/$tool" "bench/$tool.c" bench/population.c "$build/store/libstore.a" \
      "$build/protocol/libprotocol.a" "$build/core/libcore.a" -lsqlite3 -lsodium -ljansson -licui18n -licuuc -lpthread -lm
  done
done

# The shared logs; another program makes them anew.
writer=${sides%% *}
logs=$PWD/build/bench/written-$writer
stamp=$(cksum <"$work/$writer/make_log")
[ "$(cat "$logs/stamp" 2>/dev/null)" = "$stamp" ] || rm -rf "$logs"
mkdir -p "$logs"
echo "$stamp" >"$logs/stamp"

# make NAME KIND NUMBER…: a log that the writer makes once.
make() {
  [ -e "$logs/$1.made" ] && return
  echo "making the log $1 …" >&2
  rm -rf "${logs:?}/$1"
  "$work/$writer/make_log" "$2" "$logs/$1" "${@:3}" >/dev/null 2>>"$work/errors"
  touch "$logs/$1.made"
}

# from NAME: where the log of this side lies; scratch NAME: a copy of it in $work/scratch to change.
from() { if [ "$side" = after ] && [ -n "$baseline" ]; then echo "$work/upgraded/$1"; else echo "$logs/$1"; fi; }
scratch() {
  rm -rf "$work/scratch"
  cp -r "$(from "$1")" "$work/scratch"
  sync "$work"/scratch/communities/*/events.sqlite
}
measure() { "$work/$side/measure_log" "$@" 2>>"$work/errors" || echo -; }
calculate() { awk "BEGIN { printf \"%.4g\\n\", $1 }" 2>/dev/null || echo -; }

# both FUNCTION ARGUMENT…: sets the arrays before and after to what it prints.
both() {
  before=() after=()
  for side in $sides; do
    program=$(build_of "$side")/bin/hearthchat
    "$@" >"$work/figures"
    read -ra "${side?}" <"$work/figures"
  done
}

# row WHAT BEFORE AFTER WANTED: wanted is of the second figure ("<=2") or of the ratio ("ratio<=1.2").
row() {
  awk -v what="$1" -v before="${2:--}" -v after="${3:--}" -v wanted="$4" 'BEGIN {
    ratio = before + 0 > 0 && after ~ /^[0-9.e+-]+$/ && after != "-" ? sprintf("%.2f", after / before) : "-"
    figure = wanted ~ /^ratio/ ? ratio : after
    bound = wanted; sub(/^(ratio)?[<>]=/, "", bound)
    missed = wanted == "" || figure == "-" ? 0 : wanted ~ />=/ ? figure + 0 < bound + 0 : figure + 0 > bound + 0
    if (after == "-") missed = wanted != ""
    printf "%-82s %12s %12s %8s  %s%s\n", what, before, after, ratio, wanted, missed ? "  MISSED" : "" }'
}

# pair WHAT WANTED: a figure of the small community and of the large one, and the one against the other.
pair() {
  row "$1, 10 members, 1,000 events" "${few_before:-}" "${few_after:-}" ""
  row "$1, 1,000 members, 1,000,000 events" "${before[0]:-}" "${after[0]:-}" ""
  row "    the second against the first" "${few_before:+$(calculate "${before[0]}/$few_before")}" \
    "$(calculate "${after[0]}/$few_after")" "$2"
}
keep_few() { few_before=${before[0]:-} few_after=${after[0]:-}; }

# start: ms from serve to the first answer, the best of five (fewer when that takes long), and the greatest memory of the
# last in MiB.
start() {
  local begin best=1000000000 took until=$((SECONDS + 5))
  for _ in 1 2 3 4 5; do
    begin=$(date +%s%N)
    serve scratch
    curl -sf "$ui/api/v1/node" >/dev/null
    took=$((($(date +%s%N) - begin) / 1000))
    best=$((took < best ? took : best))
    peak=$(awk '/VmHWM/ {print $2 / 1024}' "/proc/$pid/status")
    stop "$pid"
    [ $SECONDS -gt $until ] && break
  done
  echo "$(calculate "$best/1000") $peak"
}
started() { scratch "$1" && start; }

# us of a request over one kept connection, the best of three runs.
request_us() {
  for _ in 1 2 3; do wrk -t1 -c1 -d1 "$ui$1" | awk '/^Requests\/sec/ {print 1e6 / $2}'; done | sort -g | head -n 1
}
listed() {
  scratch "$1"
  serve scratch
  echo "$(request_us /api/v1/members) $(request_us /api/v1/chat/conversations)"
  stop "$pid"
}

# sends a second over 1, 8 and 64 connections, to a neighbour who is known to be away.
sent() {
  scratch "$1"
  serve scratch
  id=$(measure neighbour "$(from few)")
  cat >"$work/send.lua" <<LUA
request = function()
  return wrk.format("POST", "/api/v1/chat/send", {["Content-Type"]="application/json"}, '{"recipient":"$id","body":"Hello neighbour, do you have power today?"}')
end
LUA
  for _ in 1 2; do "$program" send --data "$work/scratch" "$id" "finds out that nobody is there" >/dev/null; done
  for connections in 1 8 64; do
    wrk -t$((connections < 2 ? 1 : 2)) -c$connections -d3 -s "$work/send.lua" "$ui" | awk '/^Requests\/sec/ {printf "%d ", $2}'
  done
  echo
  stop "$pid"
}

changed() { scratch "$2" && measure "$1" "$work/scratch" "${@:3}"; }
received() { rm -rf "$work/fresh" && measure receiving "$(from "$1")" "$work/fresh"; }
memory() { echo "$(measure memory "$(from messages)") $(measure memory "$(from levels)") $(measure memory "$(from members)")"; }

# Seconds of work of a command.
worked() {
  local TIMEFORMAT='%U+%S'
  local took
  took=$({ time "$@" >/dev/null 2>>"$work/errors"; } 2>&1) && calculate "$took" || echo -
}
rebuilt() { scratch "$1" && worked "$program" rebuild --data "$work/scratch"; }
# Two at once, one a side: it is the longest of all.
rebuilt_many() {
  local rebuilding=()
  for side in $sides; do
    rm -rf "$work/$side-many"
    cp -r "$(from many)" "$work/$side-many"
    worked "$(build_of "$side")/bin/hearthchat" rebuild --data "$work/$side-many" >"$work/$side-took" &
    rebuilding+=($!)
  done
  wait "${rebuilding[@]}"
  before=("$(cat "$work/before-took" 2>/dev/null)") after=("$(cat "$work/after-took")")
  rm -rf "$work"/*-many
}

# hostile KIND NUMBER…: what is left of a log after a member's attack, made by each side's own rules; start and memory.
attacked() {
  local own=$work/$side/$1-$2-${3:-}
  if [ "$side" = "$writer" ]; then
    own=$logs/$1-$2-${3:-}
    make "$1-$2-${3:-}" "$@"
  else
    "$work/$side/make_log" "$1" "$own" "${@:2}" >/dev/null 2>>"$work/errors"
  fi
  rm -rf "$work/scratch"
  cp -r "$own" "$work/scratch"
  start
}
hostile() {
  both attacked "${@:2}"
  row "start after $1, ms" "${before[0]:-}" "${after[0]:-}" "<=$(calculate "3*$few_after")"
  row "memory after $1, MiB" "${before[1]:-}" "${after[1]:-}" "<=$(calculate "3*$memory_after")"
}

make few street 10 1000
make some street 1000 10000
make more street 1000 100000
make many street 1000 1000000
for kind in messages levels members; do make $kind $kind 6000; done
make few-marks marks 2500
make many-marks marks 10000

printf '%-82s %12s %12s %8s  %s\n' what before after ratio wanted
if [ -n "$baseline" ]; then
  cp -r "$logs" "$work/upgraded"
  side=before was=$(measure state "$logs/many")
  side=after
  for log in few some more messages levels members few-marks many-marks; do measure state "$work/upgraded/$log" >/dev/null; done
  row "upgrade of 1,000,000 events, s of work" "" "$(worked "$work/after/measure_log" state "$work/upgraded/many")" ""
  [ "$(measure state "$work/upgraded/many")" = "$was" ] && same=yes || same=NO
  row "    head, events and fingerprint as they were" "" "$same" ""
fi

both started few
keep_few
memory_before=${before[1]:-} memory_after=${after[1]}
both started many
pair "start, ms" "<=2"
row "memory of the small community's node, MiB" "$memory_before" "$memory_after" "ratio<=1.1"
row "memory of the large community's node, MiB" "${before[1]:-}" "${after[1]}" "ratio<=1.1"

both memory
fact() { calculate "($2 - $1) / 6000"; }
member() { calculate "($3 - $2) / 3000"; }
row "memory of a community event, bytes" "${before:+$(fact "${before[@]}")}" "$(fact "${after[@]}")" "<=200"
row "memory of a member, on top of its two events, bytes" "${before:+$(member "${before[@]}")}" "$(member "${after[@]}")" "<=300"

# kind, one at a time, a batch
while read -r kind single batch; do
  both changed late few "$kind" "$single" 1
  keep_few
  both changed late many "$kind" "$single" 1
  pair "a late event of $kind, us of work" "<=2"
  both changed late few "$kind" "$batch" "$batch"
  keep_few
  both changed late many "$kind" "$batch" "$batch"
  pair "one of $batch late $kind in a batch, us of work" "<=2"
done <<'KINDS'
levels 30 1000
invitations 30 1000
twins 20 200
KINDS

both listed few
keep_few
few_list_before=${before[1]:-} few_list_after=${after[1]}
both listed many
row "GET members, us a member" "${before:+$(calculate "(${before[0]}-$few_before)/990")}" "$(calculate "(${after[0]}-$few_after)/990")" "<=20"
row "GET conversations, us a member" "${before:+$(calculate "(${before[1]}-$few_list_before)/990")}" \
  "$(calculate "(${after[1]}-$few_list_after)/990")" "ratio<=1.2"

both changed revocation many 100000
row "a revocation moves events" "${before[0]:-}" "${after[0]}" ""
row "    longest wait of a send before, ms" "${before[1]:-}" "${after[1]:-}" ""
row "    longest wait of a send meanwhile, ms" "${before[2]:-}" "${after[2]:-}" "<=50"
row "    until the last is moved, s" "${before[3]:-}" "${after[3]:-}" ""

both rebuilt some
some_before=${before[0]:-} some_after=${after[0]}
row "rebuild of 10,000 events, s of work" "$some_before" "$some_after" "ratio<=1.2"
both rebuilt more
row "rebuild of 100,000 events, s of work" "${before[0]:-}" "${after[0]}" "ratio<=1.2"
more_before=${before[0]:-} more_after=${after[0]}
rebuilt_many
row "rebuild of 1,000,000 events, s of work" "${before[0]:-}" "${after[0]}" "ratio<=1.2"
row "    an event of 1,000,000 against one of 100,000" "${more_before:+$(calculate "${before[0]}/$more_before/10")}" \
  "$(calculate "${after[0]}/$more_after/10")" "<=1.5"
both rebuilt few-marks
keep_few
both rebuilt many-marks
row "rebuild of 10,000 read marks, s of work" "${before[0]:-}" "${after[0]}" "ratio<=1.2"
row "    a mark of 10,000 against one of 2,500" "${few_before:+$(calculate "${before[0]}/$few_before/4")}" \
  "$(calculate "${after[0]}/$few_after/4")" "<=1.5"

# Twice by turns, and the better one: these are the finest figures.
read_all() { measure reads "$(from many)"; }
both read_all
first_before=("${before[@]}") first_after=("${after[@]}")
both read_all
better() { [ -z "${1:-}" ] || printf '%s\n' "$@" | sort -g | head -n 1; }
names=("newest 200 of a conversation" "200 in its middle" "list of conversations" "unread count" "search of a rare word")
for i in 0 1 2 3 4; do
  row "${names[$i]}, us of work" "$(better "${first_before[$i]:-}" "${before[$i]:-}")" \
    "$(better "${first_after[$i]:-}" "${after[$i]:-}")" "ratio<=1.2"
done
both sent many
connections=(1 8 64)
for i in 0 1 2; do row "chat.send over ${connections[$i]} connections, a second" "${before[$i]:-}" "${after[$i]:-}" "ratio>=0.85"; done
both received more
row "events received in pages of 1,000, a second of work" "${before[0]:-}" "${after[0]}" "ratio>=0.9"

both started few
keep_few
hostile "60,000 invitations of one member" invitations 60000
hostile "9,000 joinings brought by one" joinings 9000
hostile "60 manifests of 255 kB" manifests 60 255000
hostile "60 manifests of 16 kB" manifests 60 16000

if [ -n "$baseline" ]; then
  "$PWD/build/release/bin/hearthchat" verify --data "$work/upgraded/many" >"$work/verified" 2>&1 && verified=yes || verified=NO
  row "verify of the upgraded log says all right" "" "$verified" ""
  [ "$verified" = yes ] || cat "$work/verified"
fi
