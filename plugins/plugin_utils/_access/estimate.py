# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a run will read, told when the accounts are known, before anything else is asked."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .._exchange.directory import BATCH
from .._exchange.identities import Principal
from .._exchange.rights import Right
from .model import Wish

#: Seconds of a call (exchange facts 7): the list of one mailbox, and any other.
FULL_ACCESS_SECONDS = 0.8
OTHER_SECONDS = 0.5


@dataclass(frozen=True)
class Estimate:
    """``seconds``: of a single session."""

    calls: int
    seconds: float


def estimate(wishes: Collection[Wish], principals: Mapping[str, Principal]) -> Estimate:
    """What it costs to look the mailboxes up and to read what is held: Full Access mailbox by mailbox, the rest in bulk
    (design 6). ``principals``: by what the wishes call them, in lower case."""
    by_right: dict[Right, set[str]] = {right: set() for right in Right}
    for wish in wishes:
        by_right[wish.right].add(wish.address.lower())
    lists, named = len(by_right[Right.FULL_ACCESS]), len(by_right[Right.SEND_AS])
    held = {(wish.right, wish.account.lower()) for wish in wishes if wish.right is not Right.FULL_ACCESS}
    keys = {(right, principals[account].key): principals[account] for right, account in held}
    over_all = sum(len(one.sids) if right is Right.SEND_AS else 1 for (right, _key), one in keys.items())
    looked_up = len(set().union(*by_right.values()))
    others = math.ceil(looked_up / BATCH) + math.ceil(named / BATCH) + over_all
    return Estimate(lists + others, lists * FULL_ACCESS_SECONDS + others * OTHER_SECONDS)
