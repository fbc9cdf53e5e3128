# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments with the newest ansible-cores, which want a Python that the machine may lack: Debian's, without root.

The Python of a newer Debian is unpacked into the checkout's cache with the libraries that it needs, the C library among
them, and its program is told to load those; nothing else on the machine does. Where it cannot be had the tests are
skipped: why is printed here, and by the tests themselves.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.email_router.exchange_online.tests.tools import debian
from ansible_collections.email_router.exchange_online.tests.tools.debian import CannotBeHad, Place, run

ROOT = Path(__file__).resolve().parents[2]
SUITE, PYTHON = "trixie", "python3.13"
#: Version of ansible-core → the environment that holds it. The last one is not released yet.
ENVIRONMENTS = {version: ROOT / ".venvs" / version for version in ("2.21", "2.22")}
DIRECTORY = ROOT / ".cache" / "newest"
FILES, ARCHIVES = DIRECTORY / "root", DIRECTORY / "archives"
REQUIREMENTS = [ROOT / f"requirements-{version}.txt" for version in ENVIRONMENTS]
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
#: Where apt has its sources, in either form; and a mirror of Debian in one of them.
APT = Path("/etc/apt")
SOURCES = ("sources.list", "sources.list.d/*.list", "sources.list.d/*.sources")
MIRROR = re.compile(r"^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+/debian/?)(?:\s|$)", re.MULTILINE)


def content() -> str:
    """The program knows where its libraries lie, and the environments where it lies."""
    sources = (
        Path(__file__),
        Path(debian.__file__),
        ROOT / "requirements.txt",
        ROOT / "constraints.txt",
        *REQUIREMENTS,
    )
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
    return f"{DIRECTORY} {digest}\n"


PLACE = Place(DIRECTORY, f"ansible-core {' and '.join(ENVIRONMENTS)}", "newest", content())


def fill() -> None:
    """Raises CannotBeHad."""
    debian.remove(FILES, ARCHIVES)
    debian.need("apt-get", "dpkg-deb", "patchelf")
    unpack()
    bind()
    for directory, requirements in zip(ENVIRONMENTS.values(), REQUIREMENTS, strict=True):
        python = str(FILES / "usr" / "bin" / PYTHON)
        run(python, "-m", "venv", "--without-pip", "--clear", str(directory), what=f"an environment of {PYTHON}")
        pip = [sys.executable, "-m", "pip", "--python", str(directory / "bin" / "python"), "install", "-qq"]
        run(*pip, "--disable-pip-version-check", "-r", str(requirements), what=f"the packages of {requirements.name}")


def unpack() -> None:
    """Python and all that it depends on, as apt would install it on a machine with nothing at all."""
    machine = for_an_empty_machine()
    debian.update(DIRECTORY, *machine)
    wanted = ("install", "--download-only", "--yes", "-qq", PYTHON)
    run("apt-get", *debian.settings(DIRECTORY), *machine, *wanted, what=f"{PYTHON} of Debian {SUITE}")
    debian.extract(ARCHIVES, FILES)


def for_an_empty_machine() -> list[str]:
    """Options for apt: one source, nothing installed. Raises CannotBeHad where apt knows no mirror of Debian."""
    mirror = next(mirrors(), None)
    if mirror is None:
        raise CannotBeHad("apt has no mirror of Debian among its sources")
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    source, status = DIRECTORY / "sources.list", DIRECTORY / "status"
    source.write_text(f"deb {signed}{mirror} {SUITE} main\n")
    status.touch()
    values = {
        "Dir::Etc::sourcelist": str(source),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::status": str(status),
        "APT::Install-Recommends": "false",
    }
    return debian.options(values)


def mirrors() -> Iterator[str]:
    """Those of Debian that apt takes packages from on this machine."""
    for pattern in SOURCES:
        for file in sorted(APT.glob(pattern)):
            yield from MIRROR.findall(file.read_text(encoding="utf-8", errors="replace"))


def bind() -> None:
    """Writes into the program where its loader and its libraries lie."""
    (loader,) = FILES.glob("usr/lib/*/ld-linux-*.so.*")
    program = str(FILES / "usr" / "bin" / PYTHON)
    # The older of the two tags holds for what libraries and extensions load, too.
    places = ("--set-interpreter", str(loader), "--force-rpath", "--set-rpath", str(loader.parent))
    run("patchelf", *places, program, what="patchelf")


if __name__ == "__main__":
    PLACE.fill(fill)
