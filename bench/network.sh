#!/usr/bin/env bash
# How long until all is there, on a street of network namespaces (root): after power cuts and new routers, for thin wires
# the whole of a backlog of 6 MB, and how fast a new message overtakes it. An argument takes the lines that match it: ./network.sh 128
cd "$(dirname "$0")/.."
. bench/common.sh
install_missing "${TEST_PACKAGES[@]}"
[ -d tests/node_modules/ws ] || npm ci --prefix tests --no-audit --no-fund --silent
HEARTHCHAT_BINARY=$program node bench/network.mjs "${1:-}"
