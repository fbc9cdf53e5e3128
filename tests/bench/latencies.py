# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Exchange Online and the way to it take, in real seconds, as published or assumed; standard library only."""

from __future__ import annotations

import math
from collections.abc import Mapping

#: Connect-ExchangeOnline: one measurement of 7.87 s; plan for 5 to 20 (exchange facts 6.4).
SIGN_IN = 8.0
#: powershell.exe with its profile and module path: an assumption; a task took 6 s before .NET was compiled, a few
#: tenths after (peers facts 3, "Ansible on Windows").
POWERSHELL = 1.0
#: One request to the management host and back (winrm facts 4: the figure of its measurements).
ROUND_TRIP = 0.02
#: Rows that one page of a listing holds (exchange facts 3.3, Server paging), and what a full one takes: no figure is
#: published, so that of the only long list is taken (exchange facts 7: Get-ManagementRoleAssignment).
PAGE, PAGE_SECONDS = 1000, 1.277
#: Rows up to which a list is a small one (exchange facts 7: Get-RecipientPermission, 5 rows, no identity).
FEW, FEW_SECONDS = 5, 0.116
#: A write: none published, 1 to 2 s assumed (exchange facts 7: Add-*/Remove-*).
WRITE = 1.5
#: Get-RecipientPermission of one mailbox: 602 ms (exchange facts 7).
SEND_AS_OF_ONE = 0.6
#: Any other small Get: 90 to 210 ms (exchange facts 7).
SMALL = 0.15
_READS = {
    "Get-MailboxPermission": 0.8,  # 0.75 s one by one, 846 ms via REST (exchange facts 7)
    "Get-EXORecipient": 0.5,  # of some addresses, by a filter: Get-Recipient takes 486 ms (exchange facts 7)
    "Get-Recipient": 0.5,  # the same
    "Get-User": 0.2,  # 209 ms (exchange facts 7)
    "Get-ConnectionInformation": 0.18,  # 184 ms (exchange facts 7)
}


def seconds_of(cmdlet: str, parameters: Mapping[str, object], rows: int) -> float:
    """How long a call takes that gives so many rows, as whoever runs it in PowerShell sees it.

    Up to three sessions at once, which is all that is asked for here, do not slow each other (exchange facts 6.4).
    """
    if not cmdlet.startswith("Get-"):
        return WRITE
    if not parameters.keys() & {"Identity", "Filter"} and cmdlet != "Get-ConnectionInformation":
        return FEW_SECONDS if rows <= FEW else PAGE_SECONDS * math.ceil(rows / PAGE)
    return SEND_AS_OF_ONE if cmdlet == "Get-RecipientPermission" else _READS.get(cmdlet, SMALL)
