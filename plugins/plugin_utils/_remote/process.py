# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PowerShell on this machine, as a channel."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from .channel import ChannelError, ChannelStatistics, Ending, Output

_CHUNK = 65536
#: Seconds that ``receive`` waits for output: whoever closes a client that another thread works with waits for its end.
_POLL = 1.0
#: Seconds that a process which was asked to end is given for it.
_GRACE = 10.0
_LOOK_EVERY = 0.1
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ProcessChannel:
    """Runs the executable in a session of its own, so that it outlives a killed parent long enough to sign out.

    Threads carry the three streams: neither side ever waits for the other with full hands. ``environment``: in place
    of that of this process.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, poll: float = _POLL, grace: float = _GRACE
    ) -> None:
        self.statistics = ChannelStatistics()
        self._environment = environment
        self._poll = poll
        self._grace = grace
        self._place: Mapping[str, object] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: threading.Thread | None = None
        self._readers: list[threading.Thread] = []
        self._input: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._arrivals: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._open_streams = {"stdout", "stderr"}

    @property
    def place(self) -> Mapping[str, object]:
        """What :func:`end_local` takes; ``started`` is empty where the system does not tell."""
        return self._place if self._process else {}

    def open(self, executable: str, arguments: list[str]) -> None:
        """Starts the process. Raises ChannelError if there is no such program."""
        try:
            self._process = process = subprocess.Popen(
                [executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment,
                start_new_session=True,
                bufsize=0,
            )
        except FileNotFoundError as cause:
            raise ChannelError(
                f"There is no PowerShell {executable} on this machine. Install PowerShell 7.4 or newer (the program "
                "pwsh), give its path in the option executable, or delegate the task to a Windows host"
            ) from cause
        except OSError as cause:
            raise ChannelError(f"{executable} (option executable) cannot be started: {cause.strerror}") from cause
        self._place = {
            "channel": "local",
            "host": socket.gethostname(),
            "pid": process.pid,
            "started": _seen(process.pid).started,
        }
        self._writer = _started(partial(self._write, process.stdin))
        self._readers = [
            _started(partial(self._read, "stdout", process.stdout)),
            _started(partial(self._read, "stderr", process.stderr)),
        ]

    def send(self, data: bytes) -> None:
        """Never waits. To a process that has ended nothing can be sent: ``receive`` tells."""
        self.statistics.bytes_sent += len(data)
        self._input.put(data)

    def receive(self) -> Output:
        """Everything that has come by now, after waiting for something to come."""
        if self._process is None:
            raise ChannelError("The process was never started, or has been closed")
        stdout, stderr = self._collect(self._poll)
        if self._open_streams and (stdout or stderr or self._process.poll() is None):
            return Output(stdout, stderr)
        last_stdout, last_stderr = self._last_words()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(self._grace)
        return Output(stdout + last_stdout, stderr + last_stderr, self._process.returncode, ended=True)

    def terminate(self) -> None:
        """Ends its input, on which the runner signs out and ends; kills its whole group if it does not."""
        process = self._process
        if process is None:
            return
        self._input.put(None)
        for sent in (None, signal.SIGTERM, signal.SIGKILL):
            if sent is not None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, sent)
            with suppress(subprocess.TimeoutExpired):
                process.wait(self._grace)
                return

    def close(self) -> None:
        """Ends the process if it lives, and gives back its pipes."""
        self.terminate()
        process, self._process = self._process, None
        if process is None:
            return
        deadline = time.monotonic() + self._grace
        for thread in (self._writer, *self._readers):
            if thread is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _collect(self, wait: float) -> tuple[bytes, bytes]:
        taken: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        while self._open_streams:
            try:
                stream, data = self._arrivals.get(timeout=wait) if wait else self._arrivals.get_nowait()
            except queue.Empty:
                break
            wait = 0.0
            taken[stream].append(data)
            self.statistics.bytes_received += len(data)
            if not data:
                self._open_streams.discard(stream)
        return b"".join(taken["stdout"]), b"".join(taken["stderr"])

    def _last_words(self) -> tuple[bytes, bytes]:
        """What is still on its way from a process that has gone; something that it started may hold its pipes on."""
        deadline = time.monotonic() + self._grace
        for thread in self._readers:
            thread.join(max(0.0, deadline - time.monotonic()))
        last = self._collect(0.0)
        self._open_streams.clear()
        return last

    def _write(self, pipe: IO[bytes] | None) -> None:
        if pipe is None:
            return
        with suppress(OSError), pipe:
            while (data := self._input.get()) is not None:
                rest = memoryview(data)
                while rest:
                    rest = rest[pipe.write(rest) :]

    def _read(self, stream: str, pipe: IO[bytes] | None) -> None:
        with suppress(OSError, ValueError):
            while pipe and (data := os.read(pipe.fileno(), _CHUNK)):
                self._arrivals.put((stream, data))
        self._arrivals.put((stream, b""))


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def end_local(place: Mapping[str, object], grace: float = _GRACE) -> Ending:
    """Ends the process that another ProcessChannel started, by its ``place``, with all that it started itself.

    Nothing is sent to a process that cannot be shown to be it: number, time of start, user and session must match.
    It is given ``grace`` seconds to end by itself, as a runner does whose client is gone, and again after each signal.
    """
    found = _looked_up(place)
    if found is not None:
        return found
    pid = _number(place)
    for sent in (None, signal.SIGTERM, signal.SIGKILL):
        if sent is not None:
            with suppress(ProcessLookupError):
                os.killpg(pid, sent)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            if (now := _looked_up(place)) is not None:
                return Ending.ENDED if now is Ending.WAS_GONE else now
            time.sleep(_LOOK_EVERY)
    return Ending.LIVES


def _looked_up(place: Mapping[str, object]) -> Ending | None:
    """Why there is nothing to end; None while the process lives and is the one meant."""
    started, pid = str(place.get("started", "")), _number(place)
    boot, ticks = started.partition(" ")[::2]
    if not ticks:
        return Ending.ELSEWHERE if place.get("host") != socket.gethostname() or _exists(pid) else Ending.WAS_GONE
    if boot != _boot_id():
        return Ending.WAS_GONE if place.get("host") == socket.gethostname() else Ending.ELSEWHERE
    seen = _seen(pid)
    if seen.over or seen.started != started:
        return Ending.WAS_GONE
    return None if seen.session == pid and seen.user == os.getuid() else Ending.LIVES


def _number(place: Mapping[str, object]) -> int:
    """Raises ChannelError for what is no number of a process: 0 and below would mean other groups."""
    pid = place.get("pid")
    if not isinstance(pid, int) or pid <= 1:
        raise ChannelError(f"This is no process: {pid!r}")
    return pid


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _boot_id() -> str:
    with suppress(OSError):
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return ""


@dataclass(frozen=True)
class _Seen:
    """What /proc tells of a process. ``started``: boot, and clock tick since; empty where nothing is told."""

    started: str = ""
    over: bool = True
    session: int = 0
    user: int = -1


def _seen(pid: int) -> _Seen:
    """A process that has ended and waits to be reaped is over."""
    directory = Path(f"/proc/{pid}")
    with suppress(OSError):
        text = (directory / "stat").read_text(encoding="ascii", errors="replace")
        fields = text.rpartition(")")[2].split()  # from the state on, field 3: the name before it may hold anything
        return _Seen(f"{_boot_id()} {fields[19]}", fields[0] in "ZX", int(fields[3]), directory.stat().st_uid)
    return _Seen()
