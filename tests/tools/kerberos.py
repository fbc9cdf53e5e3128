# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks Debian's MIT Kerberos into the checkout's cache, and compiles the Python packages that need it, without root.

Where that cannot be done the tests are skipped: why is printed here, and by the tests themselves.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".cache" / "kerberos"
#: The files of the Debian packages, and the Python packages.
FILES, PYTHON = PLACE / "root", PLACE / "python"
#: What the stamp holds when all is there; why it is not, where it cannot be.
STAMP, REASON = PLACE / "stamp", PLACE / "reason"
REQUIREMENTS = ROOT / "tests" / "kerberos" / "requirements.txt"
WANTED = ("krb5-kdc", "krb5-admin-server", "krb5-user", "libkrb5-dev")
#: Of what these depend on: the packages that are Kerberos itself, or seldom on a machine without it.
OURS = re.compile(
    r"krb5-(kdc|admin-server|user|multidev)|comerr-dev|libverto(\d|-libev)\S*"
    r"|lib(krb5|gss|k5crypto|kdb5|kadm5|com-err|ss2|ev\d|keyutils)\S*"
)
#: Seconds for any one command.
PATIENCE = 300


class CannotBeHad(Exception):
    """Kerberos cannot be tested on this machine."""


def main() -> None:
    """Leaves the stamp, or the reason why there is none."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == content():
            return
        started = time.monotonic()
        print(f"{PLACE.relative_to(ROOT)}: unpacking and compiling Kerberos …", flush=True)
        try:
            fill()
        except CannotBeHad as why:
            REASON.write_text(f"{why}\n")
            print(f"Kerberos: NOT TESTED, {why}", flush=True)
            return
        STAMP.write_text(content())
        print(f"{PLACE.relative_to(ROOT)}: ready after {time.monotonic() - started:.0f} s", flush=True)


def missing() -> str:
    """Why Kerberos cannot be tested here and now; empty if it can."""
    if STAMP.exists() and STAMP.read_text() == content():
        return ""
    return REASON.read_text().strip() if REASON.exists() else "nothing is there yet: run `make kerberos`"


def content() -> str:
    """Compiled files know where they lie, and for which Python."""
    digest = hashlib.sha256(Path(__file__).read_bytes() + REQUIREMENTS.read_bytes()).hexdigest()
    return f"{PLACE} Python {platform.python_version()} {digest}\n"


def fill() -> None:
    """Raises CannotBeHad."""
    for stale in (FILES, PYTHON, STAMP, REASON):
        shutil.rmtree(stale, ignore_errors=True) if stale.is_dir() else stale.unlink(missing_ok=True)
    for program in ("apt-get", "apt-cache", "dpkg-deb", "cc"):
        if shutil.which(program) is None:
            raise CannotBeHad(f"this machine has no {program}")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise CannotBeHad("this Python lacks its headers (Debian: python3-dev)")
    unpack()
    compile_packages()


def unpack() -> None:
    """The packages that apt would install, with lists and archives of our own."""
    archives = PLACE / "archives"
    for directory in (PLACE / "lists" / "partial", archives / "partial"):
        directory.mkdir(parents=True, exist_ok=True)
    run("apt-get", *settings(), "update", "-qq", what="the lists of Debian packages")
    listed = run(
        "apt-cache",
        *settings(),
        "depends",
        "--recurse",
        *(f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")),
        *WANTED,
        what="the Debian packages of Kerberos",
    )
    names = sorted({line for line in listed.splitlines() if OURS.fullmatch(line)} | set(WANTED))
    for old in archives.glob("*.deb"):
        old.unlink()
    run("apt-get", *settings(), "download", "-qq", *names, what="the Debian packages of Kerberos", cwd=archives)
    for archive in sorted(archives.glob("*.deb")):
        run("dpkg-deb", "--extract", str(archive), str(FILES), what="a Debian package")


def settings() -> list[str]:
    """So that apt neither writes into the system's directories nor changes its user."""
    values = {
        "Dir::State::lists": str(PLACE / "lists"),
        "Dir::Cache": str(PLACE),
        "Dir::Cache::archives": str(PLACE / "archives"),
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "20",
        "Acquire::https::Timeout": "20",
    }
    return [part for name, value in values.items() for part in ("-o", f"{name}={value}")]


def libraries() -> list[Path]:
    """Where the unpacked libraries lie."""
    return sorted({file.parent for file in FILES.glob("**/lib*.so.*") if file.parent.parent.name == "lib"})


def program(name: str) -> Path:
    """An unpacked program."""
    return next(file for part in ("usr/bin", "usr/sbin") if (file := FILES / part / name).exists())


def plugins() -> Path:
    """The directory of the plug-ins of Kerberos."""
    return next(FILES.glob("**/krb5/plugins"))


def compile_packages() -> None:
    """Compiled quickly, with the libraries' places written into what is made."""
    tools = PLACE / "tools"
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


def run(*command: str, what: str, cwd: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """The output of a command. Raises CannotBeHad with the last line that tells why."""
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


if __name__ == "__main__":
    main()
