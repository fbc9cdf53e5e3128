# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a simulated Exchange Online takes to answer, by cmdlet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Union

from ...plugins.plugin_utils._exchange.session import Parameter

Seconds = Union[float, Callable[[Mapping[str, Parameter]], float]]


def _send_as_seconds(parameters: Mapping[str, Parameter]) -> float:
    return 0.602 if "Identity" in parameters else 0.116


#: Seconds as published (exchange facts 6.4 and 7); for writes nothing is, so that is an assumption.
MEASURED: Mapping[str, Seconds] = MappingProxyType(
    {
        "Connect-ExchangeOnline": 7.87,
        "Get-MailboxPermission": 0.846,
        "Get-EXOMailboxPermission": 2.7,
        "Get-RecipientPermission": _send_as_seconds,
        "Get-Recipient": 0.486,
        "Get-User": 0.209,
        "Add-MailboxPermission": 1.5,
        "Remove-MailboxPermission": 1.5,
        "Add-RecipientPermission": 1.5,
        "Remove-RecipientPermission": 1.5,
        "Set-Mailbox": 1.5,
    }
)


@dataclass(frozen=True)
class Latency:
    """Seconds by cmdlet, a number or a function of the parameters; ``other`` for the rest; all times ``scale``."""

    seconds: Mapping[str, Seconds] = field(default_factory=lambda: MEASURED)
    other: float = 0.15
    scale: float = 1.0
    wait: Callable[[float], None] = time.sleep

    def pause(self, cmdlet: str, parameters: Mapping[str, Parameter]) -> None:
        """Wait as long as that call takes."""
        seconds = self.seconds.get(cmdlet, self.other)
        self.wait(self.scale * (seconds(parameters) if callable(seconds) else seconds))
