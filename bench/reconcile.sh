#!/usr/bin/env bash
# Bytes and round trips of reconciliation, and what the set in memory costs.
cd "$(dirname "$0")/.."
. bench/common.sh
cc -O2 -I. -o "$work/reconcile_cost" bench/reconcile_cost.c \
  build/release/protocol/libprotocol.a build/release/core/libcore.a -lsodium -ljansson -lpthread -lm
"$work/reconcile_cost"
