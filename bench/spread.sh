#!/usr/bin/env bash
# 50 nodes in the simulator, 10% of requests and 10% of answers lost, 5 to 50 ms on the way: virtual
# time until a new event is everywhere, of 41 events.
cd "$(dirname "$0")/.."
. .ci/packages.sh
install_missing "${BUILD_PACKAGES[@]}" libcmocka-dev
(cmake --preset dev && cmake --build --preset dev) >build/dev.log 2>&1
build/dev/bin/simulation --spread | awk '{ printf "median %d ms, longest %d ms\n", $1, $2 }'
