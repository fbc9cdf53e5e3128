# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random small organisations with random quirks and random wishes, for the property tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Outcome,
    State,
    Wish,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from hypothesis import strategies as st

from .._exchange.sessions import ROUTER, THROTTLED, mailbox, tenant_of

MOVED = "moved@contoso.com"
OLD = "S-1-5-21-9-9-9-500"
ACCOUNTS = (ROUTER, MOVED)
ADDRESSES = ("one@contoso.com", "two@contoso.com", "o'neil@contoso.com", "four@contoso.com")
SHOWN: tuple[str, ...] = (
    "joined_rights",
    "double_self",
    "upper_case_users",
    "display_names",
    "domain_prefix",
    "text_booleans",
    "delegates_by_upn",
    "delegates_by_guid",
    "write_answers_error",
)
#: With these a write has not the effect that its answer says, or none at all.
STUBBORN = ("out_of_scope", "write_without_effect")
#: With this one an empty list is no evidence, and the first entry in it makes it one.
MUTE = ("no_self",)
EVERYWHERE = ("look_alikes", "apostrophes_refused", "trustee_was_not_found", "lag_answers_error")

_entries = st.lists(
    st.one_of(
        st.sampled_from([ROUTER, MOVED]),
        st.builds(
            lambda who, sign: {"trustee": who, sign: True},
            st.sampled_from([ROUTER, MOVED]),
            st.sampled_from(["deny", "inherited"]),
        ),
        st.sampled_from([{"sid": OLD}, {"sid": "S-1-5-21-7-7-7-7"}, {"trustee": "eve@contoso.com"}]),
    ),
    max_size=3,
    unique_by=str,
)
_delegates = st.lists(st.sampled_from([*ACCOUNTS, "eve@contoso.com"]), max_size=2, unique=True)
_kinds = st.sampled_from(["UserMailbox", "UserMailbox", "SharedMailbox", "RoomMailbox", "MailUser", "GroupMailbox"])
_names = st.sampled_from(["Sales", "SALES", "Sales 2", "O'Neil", "router", "moved"])


@st.composite
def boxes(draw: st.DrawFn, quirks: Sequence[str]) -> list[dict[str, object]]:
    """Some of the addresses as mailboxes, some of them as something else, with access and quirks of their own."""
    made = []
    for address in draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, unique=True)):
        kind = draw(_kinds)
        box = mailbox(address, kind=kind, name=draw(_names), aliases=[f"alias.{address}"])
        if kind.endswith("Mailbox") and kind != "GroupMailbox":
            box["full_access"] = draw(_entries)
            box["send_on_behalf"] = draw(_delegates)
        box["send_as"] = draw(_entries)
        box["quirks"] = draw(st.lists(st.sampled_from(quirks), max_size=3, unique=True))
        box["soft_deleted"] = draw(st.integers(0, 9)) == 0
        made.append(box)
    return made


@st.composite
def tenants(draw: st.DrawFn, quirks: Sequence[str]) -> Callable[[], Tenant]:
    """Makes the same organisation as often as asked. ``quirks``: those that its mailboxes may have."""
    others = draw(boxes(quirks))
    everywhere = draw(st.lists(st.sampled_from(EVERYWHERE), max_size=2, unique=True))
    lag = draw(st.integers(0, 2))
    people = [mailbox(MOVED, sid_history=[OLD]), mailbox("eve@contoso.com", name="Eve")]
    return lambda: tenant_of(*people, *others, quirks=everywhere, settings={"replication_lag": lag})


_wishes = st.builds(
    lambda address, alias, account, right, state: Wish(
        f"alias.{address}" if alias else address, f"alias.{address}" if alias else address, account, right, state
    ),
    st.sampled_from([*ADDRESSES, ADDRESSES[0], ADDRESSES[0]]),
    st.booleans(),
    st.sampled_from([ROUTER, ROUTER.upper(), MOVED]),
    st.sampled_from(list(Right)),
    st.sampled_from(list(State)),
)
wish_lists = st.lists(_wishes, max_size=14, unique_by=lambda wish: (wish.host, wish.account.lower(), wish.right))


@dataclass(frozen=True)
class Held:
    """What the books say: address, right → holders. What is soft-deleted is gone."""

    holders: Mapping[tuple[str, Right], frozenset[str]]

    def has(self, finding: Finding) -> bool:
        accounts = self.holders.get((finding.address.lower(), finding.right), frozenset())
        return finding.account.lower() in accounts


def books(tenant: Tenant) -> Held:
    return Held(
        {
            (one.address.lower(), right): frozenset(who.lower() for who in tenant.holders(one.address, right.value))
            for one in tenant.organisation.recipients
            for right in Right
            if not one.soft_deleted
        }
    )


def contradictions(findings: Sequence[Finding], before: Held, after: Held) -> list[tuple[Finding, str]]:
    """Findings that say what the books deny."""
    wrong = []
    for one in findings:
        held, was = after.has(one), before.has(one)
        present = one.state is State.PRESENT
        if one.outcome is Outcome.COMPLIANT and (held, was) != (present, present):
            wrong.append((one, "compliant"))
        elif one.outcome is Outcome.GRANTED and (held, was) != (True, False):
            wrong.append((one, "granted"))
        elif one.outcome is Outcome.REVOKED and (held, was) != (False, True):
            wrong.append((one, "revoked"))
        elif not one.write_sent and held != was:
            wrong.append((one, "written, and not said"))
        elif one.before == "held" and not was:
            wrong.append((one, "held before"))
        elif one.before == "not held" and was:
            wrong.append((one, "not held before"))
    return wrong


def failing(pattern: Sequence[bool]) -> Callable[[str, Mapping[str, object]], Answer | None]:
    """An organisation that answers some calls with an error, in the order of the pattern; none once it is over."""
    waiting = list(pattern)
    return lambda cmdlet, parameters: THROTTLED if waiting and waiting.pop(0) else None
