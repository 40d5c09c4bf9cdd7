#!/usr/bin/env bash
# Bytes and round trips of reconciliation, and what the set in memory costs.
cd "$(dirname "$0")/.."
. bench/common.sh
cmake --build build/release --target reconcile_cost >build/bench.log
build/release/bin/reconcile_cost
