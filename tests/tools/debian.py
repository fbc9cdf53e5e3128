# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unpacked from Debian's archive into the checkout's cache, without root: once, or else the reason why not."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: Seconds for any one command.
PATIENCE = 300


class CannotBeHad(Exception):
    """Something that tests need is not to be had on this machine."""


@dataclass(frozen=True)
class Place:
    """A directory of the cache that is filled once. ``content``: what the stamp says where all of it is there.

    ``title``: what cannot be tested without it. ``target``: of the Makefile, which fills it.
    """

    directory: Path
    title: str
    target: str
    content: str

    @property
    def stamp(self) -> Path:
        return self.directory / "stamp"

    @property
    def reason(self) -> Path:
        return self.directory / "reason"

    def is_full(self) -> bool:
        return self.stamp.exists() and self.stamp.read_text() == self.content

    def fill(self, fill: Callable[[], None]) -> None:
        """Leaves the stamp, or the reason why there is none, which is printed, too."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.is_full():
                return
            started = time.monotonic()
            print(f"{self.title}: unpacking …", flush=True)
            remove(self.stamp, self.reason)
            try:
                fill()
            except CannotBeHad as why:
                self.reason.write_text(f"{why}\n")
                print(f"{self.title}: NOT TESTED, {why}", flush=True)
                return
            self.stamp.write_text(self.content)
            print(f"{self.title}: ready after {time.monotonic() - started:.0f} s", flush=True)

    def missing(self) -> str:
        """Why it cannot be tested here and now; empty if it can."""
        if self.is_full():
            return ""
        if self.reason.exists():
            return self.reason.read_text().strip()
        return f"nothing is there yet: run `make {self.target}`"


def remove(*stale: Path) -> None:
    """Files and directories, there or not."""
    for each in stale:
        shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)


def need(*programs: str) -> None:
    """Raises CannotBeHad for the first program that this machine lacks."""
    for program in programs:
        if shutil.which(program) is None:
            raise CannotBeHad(f"this machine has no {program}")


def settings(place: Path) -> list[str]:
    """Options for apt, so that it neither writes into the system's directories nor changes its user."""
    values = {
        "Dir::State::lists": str(place / "lists"),
        "Dir::Cache": str(place),
        "Dir::Cache::archives": str(place / "archives"),
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "20",
        "Acquire::https::Timeout": "20",
    }
    return options(values)


def options(values: Mapping[str, str]) -> list[str]:
    """As apt takes them."""
    return [part for name, value in values.items() for part in ("-o", f"{name}={value}")]


def update(place: Path, *more: str) -> None:
    """The lists of packages, with ``more`` options for apt. Raises CannotBeHad."""
    for directory in (place / "lists" / "partial", place / "archives" / "partial"):
        directory.mkdir(parents=True, exist_ok=True)
    run("apt-get", *settings(place), *more, "update", "-qq", what="the lists of Debian packages")


def unpack(place: Path, names: Iterable[str], files: Path, what: str) -> None:
    """Puts the files of these packages below ``files``. Raises CannotBeHad."""
    archives = place / "archives"
    remove(*archives.glob("*.deb"))
    run("apt-get", *settings(place), "download", "-qq", *names, what=what, cwd=archives)
    extract(archives, files)


def extract(archives: Path, files: Path) -> None:
    """Puts the files of all packages in a directory below another. Raises CannotBeHad."""
    for archive in sorted(archives.glob("*.deb")):
        run("dpkg-deb", "--extract", str(archive), str(files), what="a Debian package")


def libraries(files: Path) -> list[Path]:
    """Where the unpacked libraries lie."""
    return sorted({file.parent for file in files.glob("**/lib*.so.*") if file.parent.parent.name == "lib"})


def run(*command: str, what: str, cwd: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """The output of a command. Raises CannotBeHad with the first line that tells why."""
    variables = {**os.environ, "LC_ALL": "C", **(environment or {})}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=variables, check=False, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as cause:
        raise CannotBeHad(f"{what} did not come within {PATIENCE} s") from cause
    if done.returncode:
        errors = [line.strip() for line in done.stderr.splitlines() if re.search(r"\w+Error: |\berror: .* |^E:", line)]
        raise CannotBeHad(f"{what} cannot be had: {errors[0][:200] if errors else f'status {done.returncode}'}")
    return done.stdout
