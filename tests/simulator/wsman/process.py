# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process of a remote shell: its streams, buffered as the WinRM service buffers them, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .fault import Code, WsmanFault

#: The process blocks when this much of a stream has not been fetched (winrm facts 3.4).
BUFFER_BYTES = 256 * 1024
_CHUNK = 64 * 1024
#: How long close waits for a stream that a process of another session holds open.
_STRAY_SECONDS = 5.0


@dataclass(frozen=True)
class Output:
    """What one Receive brings; ``exit_code`` may be missing although the process has ended (winrm facts F18)."""

    stdout: bytes
    stderr: bytes
    ended: bool
    exit_code: int | None


@dataclass(frozen=True)
class CommandLine:
    """What is to be started: the program with its arguments, its whole environment, and where it runs."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path | None = None


class ShellProcess:
    """A running process in a session of its own; when it ends, or is killed, what it started ends with it.

    ``largest_send``: the most bytes that one Send brought.
    """

    def __init__(self, command: CommandLine) -> None:
        self._process = subprocess.Popen(
            command.arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(command.environment),
            cwd=command.directory,
            start_new_session=True,
            bufsize=0,
        )
        self.pid = self._process.pid
        self.largest_send = 0
        self._changed = threading.Condition()
        self._buffers = {"stdout": bytearray(), "stderr": bytearray()}
        self._ended = self._end_fetched = self._closed = self._exit_code_lost = False
        self._writer: _Writer | None = None
        streams = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        self._readers = [
            threading.Thread(target=self._read, args=(name, pipe), daemon=True) for name, pipe in streams.items()
        ]
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        for thread in (*self._readers, self._watcher):
            thread.start()

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def buffered(self) -> int:
        """Bytes of output that nobody has fetched yet."""
        return sum(len(buffer) for buffer in self._buffers.values())

    def send(self, data: bytes, end: bool, timeout: float) -> None:
        """Writes to standard input. A write that takes longer than ``timeout`` seconds goes on, but is answered with
        the operation timeout; until it is through the next Send is answered with 170 (winrm facts F1, F5)."""
        with self._changed:
            self.largest_send = max(self.largest_send, len(data))
            if self._writer is not None and self._writer.is_alive():
                raise WsmanFault(Code.BUSY)
            pipe = self._process.stdin
            if pipe is None or pipe.closed or not self.alive:
                raise WsmanFault(Code.PIPE_ENDED)
            self._writer = writer = _Writer(pipe, data, end)
            writer.start()
        writer.join(timeout)
        if writer.is_alive():
            raise WsmanFault(Code.OPERATION_TIMEOUT)
        if writer.failed:
            raise WsmanFault(Code.PIPE_ENDED)

    def receive(self, timeout: float, limit: int) -> Output:
        """Waits up to ``timeout`` seconds for output, and takes at most ``limit`` bytes of both streams together.

        Raises the operation timeout where nothing came, 995 where the process is closed meanwhile, and "command
        already closed" once its end was fetched.
        """
        with self._changed:
            if self._end_fetched:
                raise WsmanFault(Code.COMMAND_ALREADY_CLOSED)
            if not self._changed.wait_for(self._something, timeout):
                raise WsmanFault(Code.OPERATION_TIMEOUT)
            if self._closed:
                raise WsmanFault(Code.OPERATION_ABORTED)
            stdout = self._take("stdout", limit)
            stderr = self._take("stderr", limit - len(stdout))
            self._end_fetched = self._ended and not any(self._buffers.values())
            self._changed.notify_all()
            return Output(stdout, stderr, self._end_fetched, self._exit_code() if self._end_fetched else None)

    def interrupt(self) -> None:
        self._signal(signal.SIGINT)

    def kill(self, lose_exit_code: bool = False) -> None:
        """Ends the process, and waits until it has; what it wrote may still be fetched."""
        self._exit_code_lost = lose_exit_code
        self._signal(signal.SIGKILL)
        with suppress(ChildProcessError):  # reaped already
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def close(self) -> None:
        """Ends the process and waits until it is gone; a Receive under way is answered with 995."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._signal(signal.SIGKILL)
        self._watcher.join(_STRAY_SECONDS)

    def _something(self) -> bool:
        return self._closed or self._ended or any(self._buffers.values())

    def _take(self, name: str, limit: int) -> bytes:
        buffer = self._buffers[name]
        data = bytes(buffer[:limit])
        del buffer[:limit]
        return data

    def _exit_code(self) -> int | None:
        code = self._process.returncode
        if self._exit_code_lost:
            return None
        return code if code >= 0 else 1  # what TerminateProcess leaves

    def _read(self, name: str, pipe: IO[bytes]) -> None:
        buffer = self._buffers[name]

        def has_room() -> bool:
            return self._closed or len(buffer) < BUFFER_BYTES

        with pipe:
            while data := os.read(pipe.fileno(), _CHUNK):
                with self._changed:
                    buffer.extend(data)
                    self._changed.notify_all()
                    self._changed.wait_for(has_room)

    def _watch(self) -> None:
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        self._signal(signal.SIGKILL)  # while the pid is not reaped it cannot be anybody else's
        for thread in (*self._readers, *([self._writer] if self._writer else [])):
            thread.join()
        with self._changed:
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._ended = True
            self._changed.notify_all()

    def _signal(self, number: signal.Signals) -> None:
        with self._changed:
            if self.alive:
                os.killpg(self.pid, number)


class _Writer(threading.Thread):
    """Writes one Send's bytes; ``failed`` says that the process no longer reads."""

    def __init__(self, pipe: IO[bytes], data: bytes, end: bool) -> None:
        super().__init__(daemon=True)
        self._pipe, self._data, self._end = pipe, data, end
        self.failed = False

    def run(self) -> None:
        rest = memoryview(self._data)
        try:
            while rest:
                rest = rest[os.write(self._pipe.fileno(), rest) :]
            if self._end:
                self._pipe.close()
        except (OSError, ValueError):
            self.failed = True
