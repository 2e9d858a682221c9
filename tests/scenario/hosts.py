# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts behind a tun device, in a network of one's own: 10.77.0.X does what X says."""
import fcntl
import os
import struct
import threading

from harness import Skip
from namespace import bring_up, in_namespace

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
ANSWERS, SILENT, DROPS_HALF, REFUSED, ANSWERS_IN_PART = 2, 3, 4, 6, 12


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) // 2 * 2]))
    total += data[-1] << 8 if len(data) % 2 else 0
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, icmp):
    """An ICMP message from 10.77.0.SOURCE to us."""
    icmp = icmp[:2] + struct.pack("!H", checksum(icmp[:2] + b"\0\0" + icmp[4:])) + icmp[4:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 0, 0, 57, 1, 0,
                       bytes([10, 77, 0, source]), bytes([10, 77, 0, 1]))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + icmp


def play_hosts(tun):
    asked = 0
    while True:
        request = os.read(tun, 4096)
        if request[0] != 0x45 or request[9] != 1 or request[20] != 8:
            continue
        host = request[19]
        reply = packet(host, b"\0\0\0\0" + request[24:])
        if host == ANSWERS:
            os.write(tun, reply)
        elif host == ANSWERS_IN_PART:
            os.write(tun, packet(host, b"\0\0\0\0" + request[24:-1]))
        elif host == DROPS_HALF:
            asked += 1
            if asked % 2:
                os.write(tun, reply)
        elif host == REFUSED:
            os.write(tun, packet(254, b"\3\1\0\0\0\0\0\0" + request[:28]))


def make_hosts():
    if not in_namespace():
        raise Skip("no network namespace")
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"bw0", IFF_TUN | IFF_NO_PI))
    except OSError as e:
        raise Skip(f"no tun device: {e}") from None
    bring_up("lo")
    bring_up("bw0", "10.77.0.1")
    threading.Thread(target=play_hosts, args=(tun,), daemon=True).start()
