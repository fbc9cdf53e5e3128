# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a script in a real PowerShell 7 that has the stub of ExchangeOnlineManagement, and takes its result back."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.powershell.module import write_module
from ansible_collections.email_router.exchange_online.tests.simulator.tenant_server import TenantServer

_MARK = "@result "
_FRAME = """
$ErrorActionPreference = 'Continue'
function Get-Failure([scriptblock] $Script) {
    try { $null = & $Script } catch {
        @{ type = $_.Exception.GetType().FullName; text = $_.Exception.Message; fqid = $_.FullyQualifiedErrorId
           category = "$($_.CategoryInfo.Category)"; reason = $_.CategoryInfo.Reason }
    }
}
function Connect-Simulated([hashtable] $More = @{}) {
    Import-Module ExchangeOnlineManagement
    $signIn = @{ AccessToken = 'token'; Organization = 'contoso.onmicrosoft.com'; ShowBanner = $false }
    foreach ($name in $More.Keys) { $signIn[$name] = $More[$name] }
    Connect-ExchangeOnline @signIn -ErrorAction Stop
}
$result = @(& {
%s
})
"`n%s" + (ConvertTo-Json -InputObject $result -Depth 5 -Compress)
"""


@dataclass(frozen=True)
class Ran:
    """What the script left in its pipeline, and all else that was printed."""

    values: list[Any]
    printed: str


class StubbedPowerShell:
    """Starts PowerShell with a module path that holds the stub, in the version asked for, and with a tenant."""

    def __init__(self, executable: str, directory: Path, server: TenantServer | None = None) -> None:
        self._executable = executable
        self._directory = directory
        self._server = server

    def run(self, script: str, version: str = "3.9.2") -> Ran:
        """Run a script, with ``Get-Failure { … }`` and ``Connect-Simulated`` at hand; its objects come back as JSON."""
        modules = self._directory / version
        if not modules.exists():
            modules.mkdir()
            write_module(modules, version)
        environment = {**os.environ, "PSModulePath": str(modules), **(self._server.environment if self._server else {})}
        encoded = base64.b64encode((_FRAME % (script, _MARK)).encode("utf-16-le")).decode()
        command = [self._executable, "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        printed, marked, result = done.stdout.rpartition(_MARK)
        assert marked, f"the script gave no result: {done.stdout}\n{done.stderr}"
        return Ran(json.loads(result), printed + done.stderr)


def find_powershell() -> str:
    """The path of a PowerShell 7: variable PWSH, else PATH. Without one the test is skipped; with CI set it fails."""
    executable = os.environ.get("PWSH") or shutil.which("pwsh")
    if executable:
        return executable
    missing = "no PowerShell 7: set PWSH, or install pwsh"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
