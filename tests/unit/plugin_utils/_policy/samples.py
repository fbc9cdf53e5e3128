# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies, and what runs decided, for the tests of this layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from zlib import crc32

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.gate import Decided
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Facts,
    Finding,
    Grant,
    Outcome,
    State,
    Want,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Step, Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Recipient,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.asked import asked_for
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.document import Policy
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.judge import Judge
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.reader import read_policy

from .._exchange.sessions import ACCOUNT, SALES

FILE = "policy.yml"
HELD = Facts(allowed=True, denied=False, inherited=False)
NOT_HELD = Facts(allowed=False, denied=False, inherited=False)
ANYBODY = "version: 1\naccounts: any\n"


def policy(text: str) -> Policy:
    return read_policy(FILE, text.encode())


def box(address: str, *others: str, number: int = 0) -> Recipient:
    """A mailbox with a primary address and others."""
    guid = f"11111111-0000-4000-8000-{number or crc32(address.encode()):012}"
    return replace(SALES, guid=guid, address=address, addresses=frozenset(one.lower() for one in (address, *others)))


def want(
    mailbox: Recipient,
    right: Right = Right.SEND_AS,
    state: State = State.PRESENT,
    account: Principal = ACCOUNT,
) -> Want:
    return Want(mailbox.address, Grant(mailbox, account, right), state, account.label)


def decided(wants: Iterable[Want], held: bool = False, rest: Sequence[Finding] = ()) -> Decided:
    """What a run finds and would do, where all of it is held or nothing is."""
    wanted = tuple(wants)
    facts = HELD if held else NOT_HELD
    verbs = ((one, Verb.GRANT if one.state is State.PRESENT else Verb.REVOKE) for one in wanted)
    steps = tuple(Step(one, verb, facts) for one, verb in verbs if (verb is Verb.REVOKE) is held)
    return Decided(wanted, {one.grant: facts for one in wanted}, steps, tuple(rest))


def unresolved(address: str, account: str = ACCOUNT.label, state: State = State.PRESENT) -> Finding:
    """The row of a wish for a mailbox that was not found."""
    return Finding(address, address, account, Right.SEND_AS, state, Outcome.NOT_FOUND)


def refusals(text: str, made: Decided) -> list[str]:
    return list(Judge(policy(text)).refusals(asked_for(made)))
