# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of one's own, for scenarios with addresses that are not loopback."""
import fcntl
import os
import shutil
import socket
import struct
import sys

SIOCSIFADDR, SIOCSIFNETMASK, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x891C, 0x8914, 1


def in_namespace():
    return os.environ.get("BW_NAMESPACE") == "1"


def bring_up(name, address=None):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        def ask(code, data):
            fcntl.ioctl(s, code, struct.pack("16s16s8x", name.encode(), data))
        for code, text in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, address and "255.255.255.0")):
            if text:
                ask(code, struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(text)))
        ask(SIOCSIFFLAGS, struct.pack("H", IFF_UP))


def enter_namespace():
    """Begins this script again in a network namespace, where it may do as it likes."""
    if in_namespace():
        return
    unshare = shutil.which("unshare")
    if unshare is None:
        return
    how = ["-n"] if os.geteuid() == 0 else ["-r", "-n"]
    if os.spawnv(os.P_WAIT, unshare, [unshare, *how, "true"]) == 0:
        os.environ["BW_NAMESPACE"] = "1"
        os.execv(unshare, [unshare, *how, sys.executable, "-B", *sys.argv])
