# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos realm with a KDC of its own on loopback, and a kinit that writes down how it was called."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from ansible_collections.email_router.exchange_online.tests.tools import kerberos

NAME = "EXO.TEST"
#: The host of the service, as its realm knows it; it is reached by another name.
HOST = "exo-mgmt01.exo.test"
USER, PASSWORD = f"svc-exo@{NAME}", "Correct-Horse-8"
OTHER_USER = f"other@{NAME}"
#: A user whose password has expired.
STALE_USER = f"stale@{NAME}"

_KRB5_CONF = """\
[libdefaults]
 default_realm = {name}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 forwardable = false
 plugin_base_dir = {plugins}
[realms]
 {name} = {{
  kdc = 127.0.0.1:{port}
 }}
[domain_realm]
 .exo.test = {name}
[dbmodules]
 db_module_dir = {plugins}/kdb
"""
_KDC_CONF = """\
[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {name} = {{
  database_name = {directory}/principal
  key_stash_file = {directory}/stash
  acl_file = {directory}/acl
 }}
"""
_KINIT = """\
#!{python} -IS
import json, os, pathlib, sys
lines = [file.read_bytes() for file in pathlib.Path("/proc").glob("[0-9]*/cmdline") if os.access(file, os.R_OK)]
call = {{
    "arguments": sys.argv[1:],
    "environment": dict(os.environ),
    "leads_session": os.getsid(0) == os.getpid(),
    "command_lines": b" ".join(lines).replace(bytes(1), b" ").decode(errors="replace"),
}}
with open({log!r}, "a") as log:
    log.write(json.dumps(call) + "\\n")
os.execve({program!r}, sys.argv, {{**os.environ, "LD_LIBRARY_PATH": {libraries!r}}})
"""


@dataclass(frozen=True)
class Spy:
    """A kinit that writes down how it is called, and then does what kinit does."""

    program: Path
    log: Path

    @property
    def calls(self) -> list[Mapping[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    @property
    def caches(self) -> list[Path]:
        """The credential caches that it was told to write to."""
        return [Path(call["environment"]["KRB5CCNAME"].removeprefix("FILE:")) for call in self.calls]


class Realm:
    """Serves from its making until ``stop``; a context manager. ``configuration``: for the variable KRB5_CONFIG."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.configuration = directory / "krb5.conf"
        self.keytab = directory / "keytab"
        self._libraries = os.pathsep.join(str(each) for each in kerberos.libraries())
        self._environment = {
            "PATH": os.environ["PATH"],
            "KRB5_CONFIG": str(self.configuration),
            "KRB5_KDC_PROFILE": str(directory / "kdc.conf"),
            "LD_LIBRARY_PATH": self._libraries,
        }
        port = _free_port()
        facts = {"name": NAME, "port": port, "directory": directory, "plugins": kerberos.plugins()}
        self.configuration.write_text(_KRB5_CONF.format(**facts))
        (directory / "kdc.conf").write_text(_KDC_CONF.format(**facts))
        self._run("kdb5_util", "create", "-s", "-P", "master")
        for principal in (USER, OTHER_USER):
            self._run("kadmin.local", "addprinc", "+requires_preauth", "-pw", PASSWORD, principal)
        self._run("kadmin.local", "addprinc", "+needchange", "-pw", PASSWORD, STALE_USER)
        self._run("kadmin.local", "addprinc", "-randkey", f"HTTP/{HOST}")
        self._run("kadmin.local", "ktadd", "-k", str(self.keytab), f"HTTP/{HOST}")
        self._kdc = self._start()

    def __enter__(self) -> Realm:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        self._kdc.terminate()
        self._kdc.communicate()

    def spy(self, directory: Path) -> Spy:
        """A kinit of its own for a test."""
        spy = Spy(directory / "kinit", directory / "kinit.log")
        program = str(kerberos.program("kinit"))
        facts = {"python": sys.executable, "log": str(spy.log), "program": program, "libraries": self._libraries}
        spy.program.write_text(_KINIT.format(**facts))
        spy.program.chmod(0o755)
        return spy

    def keys(self, file: Path) -> Path:
        """The keys of the other user, who then needs no password."""
        self._run("kadmin.local", "ktadd", "-norandkey", "-k", str(file), OTHER_USER)
        return file

    def kinit(self, cache: Path, *arguments: str, user: str = USER) -> None:
        """A ticket that somebody got before."""
        self._run("kinit", "-c", str(cache), *arguments, user, said=f"{PASSWORD}\n")

    def is_valid(self, cache: Path) -> bool:
        """Whether there is a ticket that has not expired."""
        return (
            subprocess.run([kerberos.program("klist"), "-s", str(cache)], env=self._environment, check=False).returncode
            == 0
        )

    def flags(self, cache: Path) -> str:
        """The flags of the first ticket, as klist writes them."""
        return self._run("klist", "-f", str(cache)).split("Flags: ")[1].split()[0]

    def _start(self) -> subprocess.Popen[str]:
        kdc = subprocess.Popen(
            [kerberos.program("krb5kdc"), "-n"],
            cwd=self.directory,
            env=self._environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert kdc.stdout
        said = kdc.stdout.readline()
        assert "starting" in said, said
        return kdc

    def _run(self, program: str, *arguments: str, said: str = "") -> str:
        done = subprocess.run(
            [kerberos.program(program), *arguments],
            env=self._environment,
            input=said,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def _free_port() -> int:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        return port
