"""Runs a program on a kernel that has no NETLINK_SOCK_DIAG: socket(AF_NETLINK, …) gives EPROTONOSUPPORT."""
import ctypes
import os
import struct
import sys

AUDIT = {"x86_64": 41, "aarch64": 198}  # the number of socket(2)
AF_NETLINK, EPROTONOSUPPORT = 16, 93
# Is it socket(2), and is its family netlink? Then an error, else go on.
program = [(0x20, 0, 0, 0), (0x15, 0, 3, AUDIT[os.uname().machine]), (0x20, 0, 0, 16), (0x15, 0, 1, AF_NETLINK),
           (0x06, 0, 0, 0x00050000 | EPROTONOSUPPORT), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
filter_ = ctypes.create_string_buffer(struct.pack("@HxxxxxxP", len(program), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter_, 0, 0):
    sys.exit("no seccomp: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
