# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks Debian's MIT Kerberos into the checkout's cache, and compiles the Python packages that need it, without root.

Where that cannot be done the tests are skipped: why is printed here, and by the tests themselves.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
import sysconfig
from pathlib import Path

from ansible_collections.email_router.exchange_online.tests.tools import debian
from ansible_collections.email_router.exchange_online.tests.tools.debian import CannotBeHad, Place, run

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / ".cache" / "kerberos"
#: The files of the Debian packages, and the Python packages.
FILES, PYTHON = DIRECTORY / "root", DIRECTORY / "python"
REQUIREMENTS = ROOT / "tests" / "kerberos" / "requirements.txt"
WANTED = ("krb5-kdc", "krb5-admin-server", "krb5-user", "libkrb5-dev")
#: Of what these depend on: the packages that are Kerberos itself, or seldom on a machine without it.
OURS = re.compile(
    r"krb5-(kdc|admin-server|user|multidev)|comerr-dev|libverto(\d|-libev)\S*"
    r"|lib(krb5|gss|k5crypto|kdb5|kadm5|com-err|ss2|ev\d|keyutils)\S*"
)


def content() -> str:
    """Compiled files know where they lie, and for which Python."""
    sources = (Path(__file__), Path(debian.__file__), REQUIREMENTS)
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
    return f"{DIRECTORY} Python {platform.python_version()} {digest}\n"


PLACE = Place(DIRECTORY, "Kerberos", "kerberos", content())


def fill() -> None:
    """Raises CannotBeHad."""
    debian.remove(FILES, PYTHON)
    debian.need("apt-get", "apt-cache", "dpkg-deb", "cc")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise CannotBeHad("this Python lacks its headers (Debian: python3-dev)")
    unpack()
    compile_packages()


def unpack() -> None:
    """The packages that apt would install, with lists and archives of our own."""
    debian.update(DIRECTORY)
    listed = run(
        "apt-cache",
        *debian.settings(DIRECTORY),
        "depends",
        "--recurse",
        *(f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")),
        *WANTED,
        what="the Debian packages of Kerberos",
    )
    names = sorted({line for line in listed.splitlines() if OURS.fullmatch(line)} | set(WANTED))
    debian.unpack(DIRECTORY, names, FILES, "the Debian packages of Kerberos")


def libraries() -> list[Path]:
    """Where the unpacked libraries lie."""
    return debian.libraries(FILES)


def program(name: str) -> Path:
    """An unpacked program."""
    return next(file for part in ("usr/bin", "usr/sbin") if (file := FILES / part / name).exists())


def plugins() -> Path:
    """The directory of the plug-ins of Kerberos."""
    return next(FILES.glob("**/krb5/plugins"))


def compile_packages() -> None:
    """Compiled quickly, with the libraries' places written into what is made."""
    tools = DIRECTORY / "tools"
    tools.mkdir(exist_ok=True)
    write_krb5_config(tools / "krb5-config")
    (tools / "build.cfg").write_text("[build_ext]\nparallel=2\n")
    found = [str(each) for each in libraries()]
    rpath = ",".join(f"-rpath,{each}" for each in found)
    environment = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "DIST_EXTRA_CONFIG": str(tools / "build.cfg"),
        "CFLAGS": "-O0 -g0 -w",
        "LDFLAGS": f"-Wl,--disable-new-dtags,{rpath}",  # the old tag holds for libraries of libraries, too
        "LD_LIBRARY_PATH": os.pathsep.join(found),
    }
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-cache-dir"]
    # Nothing from a cache: another checkout's have other places in them.
    command = [*pip, "--target", str(PYTHON), "-r", str(REQUIREMENTS)]
    run(*command, what="the Python packages of Kerberos", environment=environment)


def write_krb5_config(file: Path) -> None:
    """Debian's own names the directories of an installed package."""
    include = f"-I{FILES}/usr/include/mit-krb5 -I{FILES}/usr/include"
    libs = " ".join(f"-L{each}" for each in libraries()) + " -lgssapi_krb5 -lkrb5 -lk5crypto -lcom_err"
    answers = {"prefix": f"{FILES}/usr", "cflags": include, "libs": libs}
    cases = "".join(f"*--{option}*) echo '{answer}' ;;\n" for option, answer in answers.items())
    other = f"*) exec '{program('krb5-config.mit')}' \"$@\" ;;\n"
    file.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}{other}esac\n')
    file.chmod(0o755)


if __name__ == "__main__":
    PLACE.fill(fill)
