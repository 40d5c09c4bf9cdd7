"""Connections into network namespaces, from outside, without a program started for each.

inside.py PATH   who connects to the socket PATH and says "NAMESPACE PORT" in a line is connected to that port of that namespace's loopback;
                 the end of stdin ends it
"""

import asyncio
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
own = os.open("/proc/self/ns/net", os.O_RDONLY)


def enter(namespace):
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def socket_of(name):
    """A socket belongs to the namespace in which it was made."""
    namespace = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        enter(namespace)
        return socket.socket()
    finally:
        enter(own)
        os.close(namespace)


async def carry(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def serve(reader, writer):
    ends = [writer]
    try:
        name, port = (await reader.readline()).decode().split()
        inside = socket_of(name)
        inside.setblocking(False)
        await asyncio.get_running_loop().sock_connect(inside, ("127.0.0.1", int(port)))
        there, back = await asyncio.open_connection(sock=inside)
        ends.append(back)
        await asyncio.gather(carry(reader, back), carry(there, writer))
    except (OSError, ValueError):
        pass  # who asked sees the connection end
    for end in ends:
        end.transport.abort()


async def main():
    await asyncio.start_unix_server(serve, sys.argv[1])
    print("listening", flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
    await ended.wait()


asyncio.run(main())
