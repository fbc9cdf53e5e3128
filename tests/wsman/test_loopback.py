# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator lets in everybody who knows its password: so nobody beyond this machine may reach it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

MODULE = "ansible_collections.email_router.exchange_online.tests.simulator"
LISTENING = "0A"
#: As the kernel writes them: 127.0.0.1, ::1, and 127.0.0.1 in the space of IPv6.
LOOPBACK = {"0100007F", "0" * 24 + "01000000", "0" * 16 + "FFFF0000" + "0100007F"}


def family_of(pid: int) -> set[int]:
    """The process and all that it has started."""
    family = {pid}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in (task / "children").read_text().split():
            family |= family_of(int(child))
    return family


def sockets_of(pid: int) -> dict[str, str]:
    """Local address and port → kind, of every socket of the process that takes connections or messages."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = str(entry.readlink()) if entry.is_symlink() else ""
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = {}
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and (kind.startswith("udp") or fields[3] == LISTENING):
                found[f"{kind} {fields[1]}"] = kind
    return found


def test_the_kernel_is_read_rightly() -> None:
    with socket.create_server(("0.0.0.0", 0)) as everywhere, socket.create_server(("127.0.0.1", 0)) as here:
        mine = sockets_of(int(Path("/proc/self").resolve().name))
        ports = {f"{each.getsockname()[1]:04X}": each for each in (everywhere, here)}
        shown = {address.split()[1].partition(":")[2]: address.split()[1].partition(":")[0] for address in mine}
        assert {port: shown[port] in LOOPBACK for port in ports} == {port: each is here for port, each in ports.items()}


@pytest.mark.parametrize("arguments", [(), ("--tls",)], ids=["http", "https"])
def test_every_socket_of_the_simulator_is_bound_to_loopback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", MODULE, "--mailboxes", "3", "--stand-in", "--ready-file", str(ready), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not ready.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        port = json.loads(ready.read_text())["variables"]["ansible_port"]
        found = {address: pid for pid in family_of(process.pid) for address in sockets_of(pid)}
        hosts = {address.split()[1].partition(":")[0] for address in found}
        assert any(address.endswith(f":{port:04X}") for address in found)
        assert len(found) >= 2, "the endpoint and the tenant"
        assert hosts <= LOOPBACK
        assert ready.stat().st_mode & 0o777 == 0o600
    finally:
        process.terminate()
        assert process.wait(30) == 0
