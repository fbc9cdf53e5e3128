# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a Chromium for the tests of the HTML report, or unpacks Debian's headless one into the checkout's cache.

Where neither can be done the tests are skipped: why is printed here, and by the tests themselves.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from ansible_collections.email_router.exchange_online.tests.tools import debian
from ansible_collections.email_router.exchange_online.tests.tools.debian import Place, run

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / ".cache" / "chromium"
FILES = DIRECTORY / "root"
#: What the machine may have already.
PROGRAMS = ("chromium-headless-shell", "google-chrome", "chromium")
#: The browser, and letters for a machine without any.
WANTED = ("chromium-headless-shell", "fonts-dejavu-core")
#: Of what these depend on: what every machine has, and would be broken by, were it there twice.
SYSTEM = re.compile(r"libc6|libc-bin|libc-l10n|locales|gcc-.*|libgcc-s1|libstdc\+\+6|dpkg|perl.*|xdg-utils|systemd.*")


def content() -> str:
    """The settings of the fonts know where they lie."""
    digest = hashlib.sha256(Path(__file__).read_bytes() + Path(debian.__file__).read_bytes()).hexdigest()
    return f"{DIRECTORY} {digest}\n"


PLACE = Place(DIRECTORY, "The HTML report in Chromium", "browser", content())


def missing() -> str:
    """Why there is no browser here and now; empty if there is."""
    return "" if installed() else PLACE.missing()


def installed() -> str:
    """A browser that the machine has anyway, or empty."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), "")


def program() -> str:
    return installed() or str(FILES / "usr" / "lib" / "chromium" / "chromium-headless-shell")


def environment() -> dict[str, str]:
    """What an unpacked browser needs to find its libraries and letters."""
    if installed():
        return {}
    found = debian.libraries(FILES)
    libraries = [str(each) for each in (*found, *(each / "pulseaudio" for each in found))]
    return {"LD_LIBRARY_PATH": ":".join(libraries), "FONTCONFIG_FILE": str(DIRECTORY / "fonts.conf")}


def fill() -> None:
    """Raises CannotBeHad."""
    debian.remove(FILES)
    debian.need("apt-get", "dpkg-deb")
    debian.update(DIRECTORY)
    what = "the Debian packages of Chromium"
    plan = ("--simulate", "--no-install-recommends", "install", *WANTED)
    planned = run("apt-get", *debian.settings(DIRECTORY), *plan, what=what)
    debian.unpack(DIRECTORY, lacking(planned), FILES, what)
    (DIRECTORY / "fonts.conf").write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
        f"<fontconfig><dir>{FILES}/usr/share/fonts</dir><cachedir>{DIRECTORY}/fonts</cachedir></fontconfig>\n"
    )
    run(program(), "--version", what="a Chromium that starts", environment=environment())


def lacking(plan: str) -> list[str]:
    """Of what apt says that it would install: all but the packages of the system itself."""
    planned = {line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")}
    return sorted({name for name in planned if not SYSTEM.fullmatch(name)} | set(WANTED))


if __name__ == "__main__" and not installed():
    PLACE.fill(fill)
