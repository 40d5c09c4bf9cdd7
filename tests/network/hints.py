"""What stands on the street and shouts: LAN hints, real and forged.

hints.py LINK hear                       prints the next hint that somebody sends, as it is
hints.py LINK say                        sends each line of stdin (base64) once, as this machine, in fragments where it is long
hints.py LINK say6 HOST                  sends each line of stdin (base64) once by IPv6, to that address
hints.py LINK storm RATE SECONDS FIRST COUNT   sends the lines of stdin (base64) in turn, RATE a second, from COUNT addresses, FIRST the first of them
"""

import base64
import ipaddress
import signal
import socket
import struct
import sys
import time

GROUP, PORT = "239.255.42.42", 42424
GROUP_MAC = bytes.fromhex("01005e7f2a2a")


def checksum(header):
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def frame(source, payload):
    length = 28 + len(payload)
    head = [0x45, 0, length, 1, 0, 1, 17, 0, source.packed, socket.inet_aton(GROUP)]
    head[7] = checksum(struct.pack("!BBHHHBBH4s4s", *head))
    mac = b"\x02\x00" + source.packed
    return (GROUP_MAC + mac + b"\x08\x00" + struct.pack("!BBHHHBBH4s4s", *head)
            + struct.pack("!HHHH", PORT, PORT, length - 20, 0) + payload)


def storm(link, payloads, rate, seconds, first, count):
    frames = [frame(first + i, payloads[i % len(payloads)]) for i in range(max(count, len(payloads)))] if count > 1 else [
        frame(first, payload) for payload in payloads]
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((link, 0))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)  # the beat
    start = time.monotonic()
    sent = 0
    while sent < rate * seconds:
        due = min(int((time.monotonic() - start) * rate), rate * seconds)
        for i in range(sent, due):
            wire.send(frames[i % len(frames)])
        sent = max(due, sent)
        signal.sigwait([signal.SIGALRM])
    print(sent)


def udp(link):
    street = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    street.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    where = struct.pack("4s4si", socket.inet_aton(GROUP), bytes(4), socket.if_nametoindex(link))
    street.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, where)
    street.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
    return street


link, what = sys.argv[1:3]
if what == "hear":
    street = udp(link)
    street.bind((GROUP, PORT))
    street.settimeout(40)  # hints come every 30 s at least
    print(street.recv(65535).decode())
elif what == "say":
    street = udp(link)
    for line in sys.stdin:
        street.sendto(base64.b64decode(line), (GROUP, PORT))
elif what == "say6":
    street = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    for line in sys.stdin:
        street.sendto(base64.b64decode(line), (sys.argv[3], PORT, 0, socket.if_nametoindex(link)))
else:
    payloads = [base64.b64decode(line) for line in sys.stdin]
    storm(link, payloads, int(sys.argv[3]), int(sys.argv[4]), ipaddress.IPv4Address(sys.argv[5]), int(sys.argv[6]))
