# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole organisation at once: what one call decides, and what it leaves to be looked at alone."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.access_lists import (
    Entries,
    NoEvidence,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.directory import list_recipients
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Problem,
    Recipient,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.listings import (
    SendAsEverywhere,
    read_send_as_everywhere,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Session
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .sessions import ROUTER, THROTTLED, TRUNCATION, ScriptedSession, mailbox, signed_in, tenant_of, watched

SALES, SUPPORT, LIST = "sales@contoso.com", "support@contoso.com", "list@contoso.com"


def recipients(session: Session) -> tuple[Recipient, ...]:
    listed = list_recipients(session)
    assert not isinstance(listed, Problem)
    return listed


def everywhere(session: Session) -> SendAsEverywhere:
    read = read_send_as_everywhere(session, recipients(session))
    assert not isinstance(read, NoEvidence)
    return read


def holders(session: Session) -> dict[str, set[str]]:
    """Address → who has an entry, SELF aside."""
    read = everywhere(session)
    found = {}
    for one in recipients(session):
        each = read.lists[one.guid]
        assert isinstance(each, Entries), each
        found[one.address] = {entry.trustee for entry in each.entries if not entry.is_self}
    return found


def three(**more: object) -> Tenant:
    return tenant_of(
        mailbox(SALES, send_as=[ROUTER]),
        mailbox(SUPPORT),
        mailbox(LIST, kind="MailUniversalDistributionGroup", send_as=[ROUTER]),
        **more,
    )


def test_everything_with_an_address_is_listed_and_what_is_deleted_is_not() -> None:
    tenant = tenant_of(
        mailbox(SALES), mailbox(SUPPORT, soft_deleted=True), mailbox("", kind="User", upn="u@contoso.com")
    )
    assert [one.address for one in recipients(signed_in(tenant))] == [ROUTER, SALES]


@pytest.mark.parametrize("answer", [THROTTLED, Answer(warnings=(TRUNCATION,)), Answer(({"Name": "sales"},))])
def test_a_listing_that_failed_was_cut_off_or_lacks_guids_is_none(answer: Answer) -> None:
    assert isinstance(list_recipients(ScriptedSession(lambda call: answer)), Problem)


def test_one_call_shows_the_send_as_lists_of_all() -> None:
    session = watched(three())
    assert holders(session) == {ROUTER: set(), SALES: {ROUTER}, SUPPORT: set(), LIST: {ROUTER}}
    assert session.cmdlets.count("Get-RecipientPermission") == 1


def looked_at_alone(session: ScriptedSession) -> list[object]:
    return [
        call.parameters["Identity"]
        for call in session.calls
        if call.cmdlet == "Get-RecipientPermission" and "Identity" in call.parameters
    ]


def test_recipients_that_share_a_name_are_looked_at_themselves() -> None:
    tenant = tenant_of(
        mailbox(SALES, name="Sales", send_as=[ROUTER]),
        mailbox(LIST, name="sales", kind="MailUniversalDistributionGroup"),
        mailbox(SUPPORT),
    )
    session = watched(tenant)
    read = everywhere(session)
    sales, group = (one for one in recipients(session) if one.name.lower() == "sales")
    assert set(looked_at_alone(session)) == {sales.guid, group.guid}
    assert read.lists[group.guid] == Entries(())
    assert holders(session)[SALES] == {ROUTER}
    assert read.unnamed == ()


def test_a_mailbox_without_its_self_entry_is_looked_at_itself() -> None:
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER], quirks=["no_self"]), mailbox(SUPPORT))
    session = watched(tenant)
    sales = next(one for one in recipients(session) if one.address == SALES)
    read = everywhere(session).lists[sales.guid]
    assert isinstance(read, Entries)
    assert read.doubt
    assert set(looked_at_alone(session)) == {sales.guid}


def test_a_group_without_any_entry_is_not_looked_at_again() -> None:
    session = watched(
        tenant_of(mailbox(LIST, kind="MailUniversalDistributionGroup"), mailbox("c@x.y", kind="MailContact"))
    )
    assert holders(session) == {ROUTER: set(), LIST: set(), "c@x.y": set()}
    assert looked_at_alone(session) == []


def test_entries_of_what_nobody_is_called_are_told() -> None:
    tenant = three()
    session = signed_in(tenant)
    known = tuple(one for one in recipients(session) if one.address != SALES)
    read = read_send_as_everywhere(session, known)
    assert isinstance(read, SendAsEverywhere)
    assert read.unnamed == ("sales",)


def test_an_entry_that_calls_its_mailbox_by_another_of_its_names_is_found_there() -> None:
    """Exchange facts Q7: the Identity of a row may be a GUID or an alias."""
    tenant = tenant_of(mailbox(SALES, name="Sales Desk", alias="sales", send_as=[ROUTER]))
    inner = watched(tenant)

    def by_alias(answer: Answer) -> Answer:
        rows = tuple(
            {**row, "Identity": "sales"} if row.get("Identity") == "Sales Desk" else row for row in answer.rows
        )
        return Answer(rows, answer.warnings, answer.error)

    session = ScriptedSession(lambda call: by_alias(inner.script(call)))
    assert holders(session)[SALES] == {ROUTER}
    assert everywhere(session).unnamed == ()


@pytest.mark.parametrize("answer", [THROTTLED, Answer(warnings=(TRUNCATION,))])
def test_a_read_of_all_that_failed_or_was_cut_off_is_no_evidence(answer: Answer) -> None:
    tenant = three()
    known = recipients(signed_in(tenant))
    tenant.before_invoke = lambda cmdlet, parameters: answer
    assert isinstance(read_send_as_everywhere(signed_in(tenant), known), NoEvidence)
