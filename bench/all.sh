#!/usr/bin/env bash
# Every benchmark, one after the other.
cd "$(dirname "$0")"
for bench in reconcile spread first-sync send start store hostile tab; do
  echo "== $bench"
  ./"$bench.sh"
done
