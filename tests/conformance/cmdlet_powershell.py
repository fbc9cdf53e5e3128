# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a script in a real PowerShell 7 that has the stub of ExchangeOnlineManagement, and takes its result back."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import AppCertificate
from ansible_collections.email_router.exchange_online.tests.simulator.host import (
    HostOptions,
    ManagementHost,
    find_powershell,
)
from ansible_collections.email_router.exchange_online.tests.simulator.powershell.module import DEFAULT_VERSION
from ansible_collections.email_router.exchange_online.tests.simulator.tenant_server import TenantServer

_MARK = "@result "
_FRAME = """
Set-StrictMode -Version Latest
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
    """Starts PowerShell on a host that has the stub, in the version asked for, certificates and the way to a tenant."""

    def __init__(self, directory: Path, server: TenantServer, certificates: tuple[AppCertificate, ...] = ()) -> None:
        self._executable = required_powershell()
        self._directory = directory
        self._server = server
        self._certificates = certificates

    def run(self, script: str, version: str = DEFAULT_VERSION) -> Ran:
        """Run a script, with ``Get-Failure { … }`` and ``Connect-Simulated`` at hand; its objects come back as JSON."""
        options = HostOptions(self._executable, version)
        host = ManagementHost(Path(mkdtemp(dir=self._directory)), self._server.environment, options)
        for certificate in self._certificates:
            host.store.add(certificate)
        encoded = base64.b64encode((_FRAME % (script, _MARK)).encode("utf-16-le")).decode()
        command = [self._executable, "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]
        done = subprocess.run(command, env=host.environment, capture_output=True, text=True, timeout=120, check=False)
        printed, marked, result = done.stdout.rpartition(_MARK)
        assert marked, f"the script gave no result: {done.stdout}\n{done.stderr}"
        return Ran(json.loads(result), printed + done.stderr)


def required_powershell() -> str:
    """The path of a PowerShell 7. Without one the test is skipped; with CI set it fails."""
    executable = find_powershell()
    if executable:
        return executable
    missing = "no PowerShell 7: set PWSH, or install pwsh"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
