# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the stub of ExchangeOnlineManagement where a PowerShell finds it, in the version that is asked for."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

MODULE = "ExchangeOnlineManagement"
DEFAULT_VERSION = "3.9.2"
#: The version that stands for a host on which the module is missing.
MISSING = "none"
_TEMPLATE = Path(__file__).parent / MODULE


def write_module(directory: Path, version: str | None = None) -> Path:
    """Write ``directory/ExchangeOnlineManagement/<version>`` and return ``directory``, an entry for PSModulePath.

    The version is, where left out, that of the environment variable EXO_MODULE_VERSION.
    """
    chosen = version or os.environ.get("EXO_MODULE_VERSION", DEFAULT_VERSION)
    if chosen != MISSING:
        folder = directory / MODULE / chosen
        shutil.copytree(_TEMPLATE, folder)
        (folder / f"{MODULE}.psd1").write_text(_manifest(chosen), encoding="utf-8")
    return directory


def _manifest(version: str) -> str:
    table = json.loads((_TEMPLATE / "cmdlets.json").read_text(encoding="utf-8"))
    natives = ", ".join(f"'{name}'" for name, cmdlet in table.items() if cmdlet.get("native"))
    return (
        "@{\n"
        f"    RootModule = '{MODULE}.psm1'\n"
        f"    ModuleVersion = '{version}'\n"
        "    GUID = '7e2d1a34-6c0e-4d0b-9c61-52a4c3b5f0a8'\n"
        "    Description = 'Simulated Exchange Online for the tests of email_router.exchange_online'\n"
        f"    FunctionsToExport = @({natives})\n"
        "    CmdletsToExport = @()\n"
        "    AliasesToExport = @()\n"
        "}\n"
    )
