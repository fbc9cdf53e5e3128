# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine on which PowerShell runs: a home with a certificate store, the module, and the way to the tenant."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .certificates import CertificateStore
from .powershell.module import DEFAULT_VERSION, write_module
from .wsman import Program

_HERE = Path(__file__).parent


def find_powershell() -> str | None:
    """The PowerShell 7 of this machine: variable PWSH, else ``pwsh`` on the PATH; None where there is none."""
    return os.environ.get("PWSH") or shutil.which("pwsh")


@dataclass(frozen=True)
class HostOptions:
    """``pwsh``: path of a PowerShell 7, None for the stand-in. ``module_version``: of ExchangeOnlineManagement, or
    ``none``. ``constrained``: Constrained Language Mode. ``environment``: variables on top of the host's own.
    ``facts``: what the stand-in shall say of its host instead of the truth, fields of ``hello`` and ``diagnose``."""

    pwsh: str | None = field(default_factory=find_powershell)
    module_version: str = DEFAULT_VERSION
    constrained: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class LocalPowerShell:
    """A ``pwsh`` for this machine that behaves as one on the host; with ``environment`` it is the one on the PATH."""

    executable: Path
    environment: Mapping[str, str]


class ManagementHost:
    """Sets the host up in ``directory``; ``tenant`` holds the variables by which the module finds the tenant."""

    def __init__(self, directory: Path, tenant: Mapping[str, str], options: HostOptions) -> None:
        if options.constrained and options.pwsh is None:
            raise ValueError("Constrained Language Mode needs a real PowerShell")
        if options.facts and options.pwsh is not None:
            raise ValueError("a real PowerShell says what is true")
        self.options = options
        self._directory = directory
        home, temporary = directory / "home", directory / "tmp"
        for each in (home, temporary):
            each.mkdir(mode=0o700)
        self.store = CertificateStore(home)
        modules = write_module(directory / "modules", options.module_version)
        self.environment: dict[str, str] = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary)),
            "PSModulePath": str(modules),
            "POWERSHELL_TELEMETRY_OPTOUT": "1",
            "POWERSHELL_UPDATECHECK": "Off",
            "EXO_MODULE_VERSION": options.module_version,
            "EXO_PRETENDED_FACTS": json.dumps(dict(options.facts)),
            **tenant,
            **options.environment,
        }

    def programs(self) -> dict[str, Program]:
        """What powershell.exe and pwsh are on this host."""
        names = ("powershell.exe", "pwsh.exe")
        return {name: Program(self._words(name), self.environment, self._directory / "home") for name in names}

    def local(self) -> LocalPowerShell:
        """Writes a script ``pwsh`` that starts PowerShell as on this host, whatever environment it is called with."""
        folder = self._directory / "bin"
        folder.mkdir(exist_ok=True)
        script = folder / "pwsh"
        assignments = [f"{name}={value}" for name, value in self.environment.items()]
        command = shlex.join(["exec", "env", "-i", *assignments, *self._words("pwsh")])
        script.touch(mode=0o700)
        script.write_text(f'#!/bin/sh\n{command} "$@"\n')
        return LocalPowerShell(script, {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"})

    def _words(self, name: str) -> tuple[str, ...]:
        python = (sys.executable, "-S")
        if self.options.pwsh is None:
            return (*python, str(_HERE / "standin.py"), name)
        launcher = (*python, str(_HERE / "constrained.py")) if self.options.constrained else ()
        return (*launcher, self.options.pwsh)
