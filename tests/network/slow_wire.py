"""A thin wire between two interfaces of a namespace, for kernels without netem.

slow_wire.py NEAR FAR RATE_KBIT DELAY_MS LOSS   carries frames both ways: each direction at that rate (0: any), that late, some lost;
                                                a line "RATE_KBIT DELAY_MS LOSS" on stdin changes it, the end of stdin ends it
slow_wire.py --plain LINK                       LINK sends whole frames with their checksums, as hardware without offloads does
"""

import array
import collections
import fcntl
import random
import select
import socket
import struct
import sys
import time

SIOCETHTOOL = 0x8946
SET_CHECKSUMS = 0x17  # ETHTOOL_STXCSUM: without them there is no segmentation in "hardware" either
SET_GRO = 0x2C  # ETHTOOL_SGRO
PACKET_IGNORE_OUTGOING = 23
QUEUE_SECONDS = 1.0  # what a modem keeps waiting before it drops
QUEUE_LEAST_BYTES = 16384


def make_plain(link):
    for command in (SET_CHECKSUMS, SET_GRO):
        value = array.array("B", struct.pack("II", command, 0))
        request = struct.pack("16sP8x", link.encode(), value.buffer_info()[0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, SIOCETHTOOL, request)


class Direction:
    def __init__(self, source, target, character):
        self.source, self.target, self.character = source, target, character
        self.waiting = collections.deque()  # (when it leaves the wire, frame)
        self.bytes = 0
        self.free_at = 0.0  # when the last frame has been put onto the wire
        self.chance = random.Random(1)

    def take(self, now):
        rate, delay, loss = self.character
        while True:
            try:
                frame = self.source.recv(65535)
            except BlockingIOError:
                return
            most = max(QUEUE_LEAST_BYTES, rate * 125 * QUEUE_SECONDS) if rate else 1 << 24
            if self.chance.random() < loss or (max(self.free_at - now, 0) * rate * 125 + len(frame) > most if rate else False):
                continue
            self.free_at = max(self.free_at, now) + (len(frame) / (rate * 125) if rate else 0)
            self.waiting.append((self.free_at + delay / 1000, frame))

    def give(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            try:
                self.target.send(self.waiting.popleft()[1])
            except OSError:
                pass  # the other end is down: a cable that is not plugged in

    def next_at(self):
        return self.waiting[0][0] if self.waiting else None


def listen_on(link):
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    packets.setsockopt(263, PACKET_IGNORE_OUTGOING, 1)
    packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    packets.bind((link, 0))
    packets.setblocking(False)
    return packets


def carry(near, far, character):
    ends = listen_on(near), listen_on(far)
    ways = Direction(ends[0], ends[1], character), Direction(ends[1], ends[0], character)
    print("carrying", flush=True)
    while True:
        due = [way.next_at() for way in ways if way.waiting]
        patience = max(0.0, min(due) - time.monotonic()) if due else None
        ready = select.select([*ends, sys.stdin], [], [], patience)[0]
        now = time.monotonic()
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            character[:] = [float(word) for word in line.split()]
        for way in ways:
            way.take(now)
            way.give(now)


if sys.argv[1] == "--plain":
    make_plain(sys.argv[2])
else:
    for end in sys.argv[1:3]:
        make_plain(end)
    carry(sys.argv[1], sys.argv[2], [float(word) for word in sys.argv[3:6]])
