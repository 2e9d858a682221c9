# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripted targets: peers.py MODE... opens one listener for each mode, prints `listening PORT`
for each, in order, and plays until it is ended.

  good          HTTP 200 with a few bytes
  fail          HTTP 500
  hang          accepts, reads, never says a word
  full          a listener whose queue is full: a connection is never accepted
  drip          a header that never ends, one byte every 0.1 s
  dripbody      a body of 1 GB, one byte every 0.1 s
  flood         a body without end, as fast as it is taken
  floodheaders  header lines without end
  redirect      to itself, for ever
  chain         to /1, /2, /3 ... for ever
  garbage       bytes that are no HTTP
  reset         RST as soon as a request was read
  close         FIN as soon as the connection is there
  slow          HTTP 200 after 0.3 s
"""
import asyncio
import random
import socket
import struct
import sys

CHUNK = b"x" * 65536


def plain(body, status="200 OK"):
    return (f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            .encode() + body)


async def send_for_ever(writer, first, chunk, pause=0.0):
    writer.write(first)
    while True:
        writer.write(chunk)
        await writer.drain()
        await asyncio.sleep(pause)


async def good(path, writer):
    writer.write(plain(b"all is well\n"))


async def fail(path, writer):
    writer.write(plain(b"broken\n", "500 Broken"))


async def slow(path, writer):
    await asyncio.sleep(0.3)
    writer.write(plain(b"at last\n"))


async def hang(path, writer):
    await asyncio.sleep(3600)


async def drip(path, writer):
    await send_for_ever(writer, b"HTTP/1.1 200 OK\r\nX-Slow: ", b"s", 0.1)


async def dripbody(path, writer):
    await send_for_ever(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"s", 0.1)


async def flood(path, writer):
    await send_for_ever(writer, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", CHUNK)


async def floodheaders(path, writer):
    await send_for_ever(writer, b"HTTP/1.1 200 OK\r\n", b"X-More: and more and more\r\n" * 100)


async def redirect(path, writer):
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")


async def chain(path, writer):
    step = int(path.strip("/") or 0) + 1
    writer.write(f"HTTP/1.1 302 Found\r\nLocation: /{step}\r\nContent-Length: 0\r\n\r\n".encode())


async def garbage(path, writer):
    writer.write(random.Random(7).randbytes(4096))


async def reset(path, writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                               struct.pack("ii", 1, 0))


SCRIPTS = {f.__name__: f for f in (good, fail, slow, hang, drip, dripbody, flood, floodheaders,
                                   redirect, chain, garbage, reset)}


def handler(mode):
    async def serve(reader, writer):
        try:
            if mode != "close":
                line = await reader.readline()
                while (await reader.readline()).strip():
                    pass
                parts = line.split()
                if parts:
                    await SCRIPTS[mode](parts[1].decode(errors="replace"), writer)
                    await writer.drain()
        except (ConnectionError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()
    return serve


async def open_full(keep):
    """Two connections that nobody accepts fill a queue of one."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    keep.append(listener)
    for _ in range(2):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(listener.getsockname())
        keep.append(c)
    return listener.getsockname()[1]


async def main():
    keep = []
    for mode in sys.argv[1:]:
        if mode == "full":
            port = await open_full(keep)
        else:
            server = await asyncio.start_server(handler(mode), "127.0.0.1", 0, backlog=256)
            keep.append(server)
            port = server.sockets[0].getsockname()[1]
        print(f"listening {port}", flush=True)
    await asyncio.sleep(3600)


asyncio.run(main())
