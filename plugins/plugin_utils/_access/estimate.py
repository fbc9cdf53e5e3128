# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a run will read, told before it begins."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from .._exchange.directory import BATCH
from .._exchange.rights import Right
from .model import Want

#: Seconds of a call (exchange facts 7): the list of one mailbox, and any other.
FULL_ACCESS_SECONDS = 0.8
OTHER_SECONDS = 0.5


@dataclass(frozen=True)
class Estimate:
    """``seconds``: of a single session."""

    calls: int
    seconds: float


def estimate(wants: Collection[Want]) -> Estimate:
    """What reading the wants costs: Full Access mailbox by mailbox, the others in bulk (design 6)."""
    lists = len({want.grant.mailbox.guid for want in wants if want.grant.right is Right.FULL_ACCESS})
    named = {want.grant.mailbox.guid for want in wants if want.grant.right is Right.SEND_AS}
    over_all = sum(
        len(principal.sids) if right is Right.SEND_AS else 1
        for right, principal in {
            (want.grant.right, want.grant.principal.key): (want.grant.right, want.grant.principal) for want in wants
        }.values()
        if right is not Right.FULL_ACCESS
    )
    others = math.ceil(len(named) / BATCH) + over_all
    return Estimate(lists + others, lists * FULL_ACCESS_SECONDS + others * OTHER_SECONDS)
