"""Runs a program on a kernel that lacks a family of sockets: without_family.py netlink|ipv6 PROGRAM …; socket(2) refuses it as such a kernel does."""
import ctypes
import os
import struct
import sys

AUDIT = {"x86_64": 41, "aarch64": 198}  # the number of socket(2)
FAMILIES = {"netlink": (16, 93), "ipv6": (10, 97)}  # EPROTONOSUPPORT, EAFNOSUPPORT
family, refusal = FAMILIES[sys.argv[1]]
# Is it socket(2), and of that family? Then an error, else go on.
program = [(0x20, 0, 0, 0), (0x15, 0, 3, AUDIT[os.uname().machine]), (0x20, 0, 0, 16), (0x15, 0, 1, family),
           (0x06, 0, 0, 0x00050000 | refusal), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
filter_ = ctypes.create_string_buffer(struct.pack("@HxxxxxxP", len(program), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter_, 0, 0):
    sys.exit("no seccomp: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[2], sys.argv[2:])
