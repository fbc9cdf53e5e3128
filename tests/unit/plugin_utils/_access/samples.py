# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts for the tests of this layer: entries, observations, steps and answers."""

from __future__ import annotations

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import (
    Attempt,
    WriteSettings,
    writes_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Facts,
    Grant,
    State,
    Unknown,
    Want,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Step, Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import AccessEntry, Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
)

from .._exchange.sessions import ACCOUNT, SALES

WORDS = {Right.SEND_AS: "sendas", Right.FULL_ACCESS: "fullaccess"}
HELD = Facts(allowed=True, denied=False, inherited=False)
NOT_HELD = Facts(allowed=False, denied=False, inherited=False)
DENIED = Facts(allowed=False, denied=True, inherited=False)
HELD_AND_DENIED = Facts(allowed=True, denied=True, inherited=False)
INHERITED = Facts(allowed=False, denied=False, inherited=True)
UNREAD = Unknown("the read failed")

DONE = Answer()
ALREADY = Answer(warnings=('The entry is already present on the object "x".',))
NOTHING_THERE = Answer(warnings=("… because the ACE doesn't exist on the object.",))
TIMED_OUT = Answer(error=CmdletError("The operation has timed out."))
FORBIDDEN = Answer(error=CmdletError("'x' isn't within your current write scope."))


def grant(right: Right = Right.SEND_AS) -> Grant:
    return Grant(SALES, ACCOUNT, right)


def want(state: State = State.PRESENT, right: Right = Right.SEND_AS) -> Want:
    return Want("sales", grant(right), state, ACCOUNT.label)


def entry(
    right: Right = Right.SEND_AS,
    sid: str = ACCOUNT.sids[0],
    *,
    allows: bool = True,
    inherited: bool = False,
    mailbox: str = SALES.name,
    inheritance_type: str = "",
) -> AccessEntry:
    return AccessEntry(mailbox, ACCOUNT.upn, sid, allows, inherited, frozenset({WORDS[right]}), inheritance_type)


def step(state: State = State.PRESENT, facts: Facts | None = None, right: Right = Right.SEND_AS) -> Step:
    verb = Verb.GRANT if state is State.PRESENT else Verb.REVOKE
    return Step(want(state, right), verb, facts or (NOT_HELD if verb is Verb.GRANT else HELD))


def attempt(state: State, *answers: Answer | None) -> Attempt:
    return Attempt(step(state), answers)


def calls_of(made: Step, auto_mapping: bool = False) -> tuple[Call, ...]:
    """The writes that a step calls for."""
    return writes_of(made, WriteSettings(auto_mapping))
