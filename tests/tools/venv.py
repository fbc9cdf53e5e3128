# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a virtual environment from a file of requirements and puts the collection in it, unless all of it is there."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST = (3, 11)
COLLECTION = Path("ansible_collections", "email_router", "exchange_online")


def main(arguments: list[str]) -> None:
    """``venv.py DIRECTORY REQUIREMENTS``, both relative to the root of the checkout."""
    directory, requirements = ROOT / arguments[0], ROOT / arguments[1]
    refuse_unfit_python()
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "venv.lock").open("w") as lock:  # two makes at once: the second waits, then finds all there
        fcntl.flock(lock, fcntl.LOCK_EX)
        fill(directory, requirements)
        link_collection(directory)


def refuse_unfit_python() -> None:
    """Exits with the remedy where this Python is too old, or cannot make environments."""
    if sys.version_info < OLDEST:
        sys.exit(f"python3 is {sys.version.split()[0]}, needed is 3.11 or newer: make PYTHON=/path/to/python3.11 …")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        sys.exit("this Python cannot make virtual environments: install its venv package (Debian: python3-venv)")


def fill(directory: Path, requirements: Path) -> None:
    """Installs the requirements unless the stamp, which is written last, says that they are there."""
    stamp = directory / ".stamp"
    place, wishes = f"{directory} Python {platform.python_version()}", digest(requirements)
    known = stamp.read_text().splitlines() if stamp.exists() else []
    if known[:1] == [place] and known[1:] in [[digest(each)] for each in (requirements, *including(requirements))]:
        return
    started = time.monotonic()
    print(f"{directory.relative_to(ROOT)}: installing {requirements.name} …", flush=True)
    if known[:1] != [place]:
        subprocess.run([sys.executable, "-m", "venv", "--clear", directory], check=True)
    pip = [str(directory / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(requirements)], check=True)
    stamp.write_text(f"{place}\n{wishes}\n")
    print(f"{directory.relative_to(ROOT)}: ready after {time.monotonic() - started:.0f} s", flush=True)


def including(requirements: Path) -> list[Path]:
    """The files of requirements that take all of this one in: who has those has these."""
    line = f"-r {requirements.name}"
    return [each for each in ROOT.glob("requirements*.txt") if line in each.read_text().splitlines()]


def digest(requirements: Path) -> str:
    """A hash of the file and of every file of requirements or constraints beside it that it may include."""
    files = [requirements, *sorted(ROOT.glob("requirements*.txt")), ROOT / "constraints.txt"]
    return hashlib.sha256(b"\0".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()


def link_collection(directory: Path) -> None:
    """Lets ansible (by path) and Python (by a .pth file) find the checkout under its collection's name."""
    collections = directory / "collections"
    link = collections / COLLECTION
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(os.path.relpath(ROOT, link.parent))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (directory / "lib" / version / "site-packages" / "collection.pth").write_text(f"{collections}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
