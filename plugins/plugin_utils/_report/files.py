# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports in files: each is there whole or not at all, and one that cannot be written keeps no other from it."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .._access.desired import InputError

_MODE = re.compile(r"0?[0-7]{3}")


def check_paths(paths: Mapping[str, str]) -> None:
    """Raises InputError where two formats would be written over each other."""
    seen: dict[str, str] = {}
    faults = []
    for name, path in paths.items():
        first = seen.setdefault(os.path.realpath(path), name)
        if first != name:
            faults.append(f"reports: {first} and {name} are the same file {path}")
    if faults:
        raise InputError(faults)


def mode_of(value: object) -> int:
    """The permissions that a task asks for, as octal digits. Raises InputError.

    A number is refused: nobody knows whether YAML has read ``0640`` as octal, or somebody has forgotten the quotes.
    """
    if not isinstance(value, str) or not _MODE.fullmatch(value):
        raise InputError([f"mode: {value!r} is none, such as '0600' or '0640', in quotes"])
    return int(value, 8)


def write(path: str, text: str, mode: int) -> None:
    """Puts a file in the place of the one that is there, if any, and makes its directory if need be.

    Raises OSError; then the old file is as it was. Where a link is, what it points to is written.
    """
    target = Path(os.path.realpath(path))
    _refuse_what_is_no_file(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    number, temporary = tempfile.mkstemp(dir=target.parent, prefix=".report.")
    try:
        with open(number, "wb") as file:
            file.write(text.encode("utf-8", errors="replace"))
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_directory(target.parent)


def _refuse_what_is_no_file(target: Path) -> None:
    """A device or a pipe would be lost to all who use it if a file took its place."""
    with suppress(FileNotFoundError, NotADirectoryError):
        if not stat.S_ISREG(target.stat().st_mode):
            raise OSError("it is there already, and is no file")


def _sync_directory(directory: Path) -> None:
    """That the name is there after a power cut, too; not every file system can say so."""
    with suppress(OSError):
        number = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
