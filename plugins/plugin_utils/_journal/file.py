# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal as a file: for one run at a time, for its owner only, and each line on disk before it is relied on."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
from contextlib import suppress
from datetime import datetime, timezone

from .._access.journal import JournalError
from .entries import Entry, Mended, line_of
from .history import is_torn

_MODE = 0o600
_OTHERS_READ, _OTHERS_WRITE = 0o044, 0o022
_CHUNK = 1 << 20
#: What to do about an error of the system, where its own words do not say it.
_REMEDIES = {
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "raise the quota of the user",
    errno.EROFS: "name a file on a file system that can be written to",
    errno.ENOENT: "make the directory first",
    errno.EACCES: "let the user who runs ansible write there",
    errno.EPERM: "let it belong to the user who runs ansible",
    errno.ELOOP: "it is a symbolic link: name the file itself",
    errno.EISDIR: "it is a directory: name a file",
    errno.ENOLCK: "name a file on a local file system, which can lock files",
    errno.EOPNOTSUPP: "name a file on a local file system, which can lock files",
}


def now() -> str:
    """The time in UTC, as entries bear it."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JournalFile:
    """An open journal that no other run can open meanwhile. All methods raise JournalError.

    A file that others can read is made private: there are names in it. One that others can write is refused, for what
    stands in it decides what a restore does.
    """

    def __init__(self, path: str, *, writes: bool = True, create: bool = True) -> None:
        """``writes``: it will be appended to; else it is only read, and nothing about it is changed."""
        self.path = path
        self._broken = ""
        self._lines = threading.Lock()
        self._descriptor = self._open(writes, create)
        try:
            self._lock(writes)
            self._check(writes)
            self._data = self._read()
        except OSError as error:
            self.close()
            raise self._error("opened", error) from error
        except BaseException:
            self.close()
            raise

    @property
    def data(self) -> bytes:
        """What stood in it when it was opened."""
        return self._data

    def append(self, *entries: Entry) -> None:
        """The lines are on disk when it returns. After a failure nothing more can be appended: a line may be torn."""
        self._append(b"".join(map(line_of, entries)))

    def _append(self, data: bytes) -> None:
        """One thread at a time: each lane of a run tells of its writes, and a line must not tear another."""
        with self._lines:
            if self._broken:
                raise JournalError(self._broken)
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
                os.fsync(self._descriptor)
            except OSError as error:
                failure = self._error("written", error)
                self._broken = str(failure)
                raise failure from error

    def mend(self) -> None:
        """Says of a last line that is torn that it is, so that lines after it can be read."""
        if is_torn(self._data):
            self._append((b"" if self._data.endswith(b"\n") else b"\n") + line_of(Mended(now())))

    def close(self) -> None:
        """Gives back the file and its lock."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)

    def _open(self, writes: bool, create: bool) -> int:
        flags = (os.O_RDWR | os.O_APPEND if writes else os.O_RDONLY) | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            if create and writes:
                with suppress(FileExistsError):
                    return self._create(flags)
            return os.open(self.path, flags)
        except FileNotFoundError as error:
            if create:
                raise self._error("opened", error) from error
            raise JournalError(f"journal {self.path}: there is no such file on this machine. Check its path") from error
        except OSError as error:
            raise self._error("opened", error) from error

    def _create(self, flags: int) -> int:
        """The entry in the directory is synced, too: else the power may take the file with all that is in it."""
        descriptor = os.open(self.path, flags | os.O_CREAT | os.O_EXCL, _MODE)
        try:
            directory = os.open(os.path.dirname(os.path.abspath(self.path)), os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _lock(self, writes: bool) -> None:
        """Held until the file is closed, be it by the end of the process."""
        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_EX if writes else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(
                f"journal {self.path}: another run is writing it. Wait for its end, or name a file of its own for each"
            ) from error

    def _check(self, writes: bool) -> None:
        seen = os.fstat(self._descriptor)
        if not stat.S_ISREG(seen.st_mode):
            raise JournalError(f"journal {self.path}: it is no regular file. Name one, or one that is not there yet")
        if seen.st_uid != os.geteuid():
            raise JournalError(
                f"journal {self.path}: it belongs to another user, who may have changed it. Name a file of your own"
            )
        if seen.st_mode & _OTHERS_WRITE:
            raise JournalError(
                f"journal {self.path}: other users may write it, and what stands in it decides what a restore does. "
                "Look at it, and take that right from them (chmod 600)"
            )
        if writes and seen.st_mode & _OTHERS_READ:
            os.fchmod(self._descriptor, _MODE)

    def _read(self) -> bytes:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        chunks = []
        while chunk := os.read(self._descriptor, _CHUNK):
            chunks.append(chunk)
        return b"".join(chunks)

    def _error(self, verb: str, error: OSError) -> JournalError:
        remedy = _REMEDIES.get(error.errno or 0, "")
        return JournalError(
            f"journal {self.path} cannot be {verb}: {error.strerror or error}" + (f" ({remedy})" if remedy else "")
        )
