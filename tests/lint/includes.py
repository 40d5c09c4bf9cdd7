"""Includes point only down, and each library has one owner (the table is the architecture's)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALLOWED = {
    "core": [],
    "protocol": ["core"],
    "store": ["core", "protocol"],
    "gossip": ["core", "protocol", "store"],
    "handlers": ["core", "protocol", "store", "gossip"],
    "server": ["core", "protocol", "store", "gossip", "handlers"],
}
OWNERS = {
    "pthread.h": ["core"],
    "sodium.h": ["protocol"],
    "sqlite3.h": ["store"],
    "curl/curl.h": ["gossip"],
    "qrencode.h": ["handlers"],
    "microhttpd.h": ["server"],
    "libwebsockets.h": ["server"],
    "gnutls/gnutls.h": ["server"],
    "gnutls/x509.h": ["server"],
    "gnutls/abstract.h": ["server"],
    "ini.h": ["server"],
    "seccomp.h": ["server"],
    "zlib.h": ["server"],
    "jansson.h": ["protocol", "gossip", "handlers"],
}
# Reading the log waits for the disk, comparing it takes a processor: these do on threads that may (ARCHITECTURE.md, "Threads").
LOG = ["store/event_reader.h", "store/event_set.h", "store/export.h", "store/history.h", "store/history_conversations.h", "store/log_lost.h", "store/log_verified.h", "store/search.h"]
LOG_READERS = [
    "gossip/event_batch.c", "gossip/joining.c", "gossip/known_peers.c", "gossip/peer_comparison.c",
    "gossip/peer_reading.c",
    "handlers/chat_change.c", "handlers/chat_gate.c", "handlers/chat_history.c", "handlers/chat_messages.c", "handlers/chat_search.c", "handlers/chat_send.c", "handlers/conversations.c", "handlers/found_json.h",
    "handlers/members.c", "handlers/message_json.h", "handlers/node_info.c", "handlers/safety.c", "handlers/sync.c", "handlers/sync_reconcile.c",
    "server/cli_export.c", "server/long_polls.c", "server/websocket_catch_up.c",
]
# What others wrote is read by protocol/foreign_text.h, on their account; as it is by these alone:
PARSERS = [
    "protocol/canonical.c", "protocol/foreign_text.c", "protocol/event_scan.c",  # of such a text
    "protocol/invite.c", "protocol/lan_hint.c", "server/websocket_subscriber.c",  # of a few KiB
    "protocol/payload.c",  # of 96 KiB, in an event that was paid for
    "handlers/capabilities.c", "handlers/message_json.c", "server/cli_call.c", "server/run_file.c",  # our own
]
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)

problems = []
stems = {}
for room, below in ALLOWED.items():
    for path in sorted((ROOT / room).glob("*.[ch]")):
        where = path.relative_to(ROOT)
        stems.setdefault(path.stem, set()).add(room)
        if path.suffix == ".c" and "canonical_parse(" in path.read_text() and room != "store" and str(where) not in PARSERS:
            problems.append(f"{where} calls canonical_parse(): of whose text? foreign_text_read() asks who pays for it")
        for own, system in INCLUDE.findall(path.read_text()):
            if own:
                target = own.split("/")[0]
                if target != room and target not in below:
                    problems.append(f"{where} includes {own}: {room}/ may include {below}")
                if own in LOG and room != "store" and str(where) not in LOG_READERS:
                    problems.append(f"{where} includes {own}: is it on a thread that may wait?")
                if own.endswith("_private.h") and target != room:
                    problems.append(f"{where} includes {own}, which is private to {target}/")
            elif room not in OWNERS.get(system, [room]):
                problems.append(f"{where} includes <{system}>: that is for {OWNERS[system]}")
for stem, rooms in stems.items():
    if len(rooms) > 1:
        problems.append(f"the stem {stem} is used in {sorted(rooms)}: a call must name its file")
print("\n".join(problems))
sys.exit(1 if problems else 0)
