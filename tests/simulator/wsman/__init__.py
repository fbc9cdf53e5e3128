# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WSMan endpoint for tests and rehearsals: remote shells as the WinRM service of Windows serves them."""

from __future__ import annotations

from .authentication import Scheme
from .endpoint import Endpoint, EndpointOptions
from .fault import Code
from .injection import (
    BadMic,
    CloseCommand,
    CutSend,
    DropIdle,
    Fault,
    FaultPlan,
    ForgetSignIn,
    HttpAnswer,
    KillProcess,
    LoseExitCode,
    LoseShell,
    OrphanReceive,
    Reboot,
    Refuse,
    Reset,
    Slow,
    SoapFault,
)
from .process import ShellProcess
from .service import Program
from .shells import Limits
from .soap import Action
from .tls import Authority, ClientCertificate

__all__ = [
    "Action",
    "Authority",
    "BadMic",
    "ClientCertificate",
    "CloseCommand",
    "Code",
    "CutSend",
    "DropIdle",
    "Endpoint",
    "EndpointOptions",
    "Fault",
    "FaultPlan",
    "ForgetSignIn",
    "HttpAnswer",
    "KillProcess",
    "Limits",
    "LoseExitCode",
    "LoseShell",
    "OrphanReceive",
    "Program",
    "Reboot",
    "Refuse",
    "Reset",
    "Scheme",
    "ShellProcess",
    "Slow",
    "SoapFault",
]
