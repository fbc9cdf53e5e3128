# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking: nothing that was not seen goes without a word."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.inquiry import Inquiry
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, THROTTLED, TRUNCATION, mailbox, tenant_of
from .inquiries import (
    GONE,
    LIST,
    OF_ROUTER,
    ON_SALES,
    ON_SUPPORT,
    ONLY_SEND_AS,
    PARTNER,
    SALES,
    SUPPORT,
    ask,
    contoso,
    gaps,
    look,
    shown,
)  # fmt: skip
from .runs import FakeWatch


@pytest.mark.parametrize("name", ["nobody@contoso.com", "twins@contoso.com", "not an address", "gone@contoso.com"])
def test_a_mailbox_that_cannot_be_looked_at_is_a_gap_and_stops_nothing_else(name: str) -> None:
    tenant = tenant_of(
        mailbox("twin1@contoso.com", aliases=["twins@contoso.com"]),
        mailbox("twin2@contoso.com", aliases=["twins@contoso.com"]),
        mailbox("gone@contoso.com", soft_deleted=True),
        mailbox(SALES, send_as=[ROUTER]),
    )
    overview = look(tenant, name, SALES)
    assert gaps(overview) == [(name, "", "")]
    assert overview.gaps[0].cause
    assert overview.gaps[0].next_step
    assert shown(overview) == [f"{SALES} send_as {ROUTER} allow"]
    assert overview.coverage["full_access"] == "1 of 2 mailboxes"


def test_an_account_that_is_not_found_is_a_gap_and_stops_nothing_else() -> None:
    overview = look(contoso(), SALES, trustees=("Nobody@contoso.com", ROUTER))
    assert gaps(overview) == [("", "Nobody@contoso.com", "")]
    assert len(overview.permissions) == 4


def test_where_no_account_is_found_nothing_was_looked_at() -> None:
    overview = look(contoso(), SALES, trustees=("nobody@contoso.com",))
    assert set(overview.coverage.values()) == {"not looked at: none of the accounts was found"}


READS = {
    Right.SEND_AS: "Get-RecipientPermission",
    Right.FULL_ACCESS: "Get-MailboxPermission",
    Right.SEND_ON_BEHALF: "Get-EXOMailbox",
}


def failing(tenant: Tenant, answer: Answer, cmdlet: str, identity: str = "") -> Tenant:
    """That cmdlet fails, for this GUID alone if there is one."""

    def hook(name: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        return answer if name == cmdlet and identity in str(parameters) else None

    tenant.before_invoke = hook
    return tenant


@pytest.mark.parametrize("answer", [THROTTLED, Answer(warnings=(TRUNCATION,))])
@pytest.mark.parametrize("right", list(Right))
def test_a_list_that_cannot_be_read_is_a_gap_and_never_an_empty_list(right: Right, answer: Answer) -> None:
    tenant = contoso()
    sales = next(each for each in tenant.organisation.recipients if each.address == SALES)
    overview = look(failing(tenant, answer, READS[right], sales.guid), SALES, SUPPORT)
    assert (SALES, "", right.value) in gaps(overview)
    assert shown(overview) == [row for row in [*ON_SALES, *ON_SUPPORT] if f"{SALES} {right.value}" not in row]
    read = 0 if right is Right.SEND_ON_BEHALF else 1  # one call asks for the delegates of both
    assert overview.coverage[right.value].startswith(f"{read} of 2 ")


@pytest.mark.parametrize("right", [Right.SEND_AS, Right.SEND_ON_BEHALF])
def test_a_read_of_the_whole_organisation_that_fails_is_a_gap_of_the_account(right: Right) -> None:
    overview = look(failing(contoso(), THROTTLED, READS[right]), SALES, trustees=(ROUTER,))
    assert gaps(overview) == [("the whole organisation", ROUTER, right.value)]
    assert overview.coverage[right.value] == "the whole organisation, but for 1 place: see unresolved"
    assert shown(overview) == [row for row in OF_ROUTER if right.value not in row and not row.startswith(SUPPORT)]


def test_a_mailbox_whose_full_access_cannot_be_read_is_a_gap_of_each_account() -> None:
    overview = look(failing(contoso(), THROTTLED, READS[Right.FULL_ACCESS]), SALES, trustees=(ROUTER, GONE))
    assert gaps(overview) == [(SALES, ROUTER, "full_access"), (SALES, GONE, "full_access")]
    assert overview.coverage["full_access"] == "0 of 1 mailbox"


@pytest.mark.parametrize("trustees", [(), (ROUTER,)])
def test_an_organisation_that_cannot_be_listed_is_a_gap_and_no_empty_one(trustees: tuple[str, ...]) -> None:
    tenant = contoso()
    tenant.before_invoke = lambda cmdlet, parameters: (
        THROTTLED if cmdlet == "Get-EXORecipient" and "Filter" not in parameters else None
    )
    overview = look(tenant, trustees=trustees, all_mailboxes=True)
    assert gaps(overview) == [("the whole organisation", "", "")]
    assert overview.coverage["full_access"] == "no mailboxes"


def test_all_send_as_entries_that_cannot_be_read_are_a_gap() -> None:
    tenant = contoso()
    tenant.before_invoke = lambda cmdlet, parameters: (
        THROTTLED if cmdlet == "Get-RecipientPermission" and "Identity" not in parameters else None
    )
    overview = look(tenant, all_mailboxes=True)
    assert gaps(overview) == [("the whole organisation", "", "send_as")]
    assert shown(overview) == [row for row in [*ON_SALES, *ON_SUPPORT] if "send_as" not in row]


def test_a_delegate_that_cannot_be_looked_up_is_shown_as_exchange_shows_it() -> None:
    tenant = tenant_of(
        mailbox("twin1@contoso.com", name="twin"),
        mailbox("twin2@contoso.com", name="twin"),
        mailbox(SALES, send_on_behalf=["twin1@contoso.com"]),
    )
    assert shown(look(tenant, SALES)) == [f"{SALES} send_on_behalf twin allow"]


def test_a_list_without_its_self_entry_is_believed_with_a_warning() -> None:
    tenant = tenant_of(mailbox(SALES, full_access=[ROUTER], quirks=["no_self"]))
    for trustees in ((), (ROUTER,)):
        overview = look(tenant, SALES, trustees=trustees, rights=(Right.FULL_ACCESS,))
        assert shown(overview) == [f"{SALES} full_access {ROUTER} allow"]
        assert overview.warnings == (f"1 access list came without the entry of SELF, twice, and was believed: {SALES}",)


def test_what_has_no_mailbox_shows_send_as_and_is_said_to_have_shown_no_more() -> None:
    overview = look(contoso(), LIST, PARTNER, SALES)
    assert [row for row in shown(overview) if SALES not in row] == [f"{LIST} send_as {ROUTER} allow"]
    assert overview.coverage == {
        "send_as": "3 of 3 recipients",
        "full_access": "1 of 1 mailbox",
        "send_on_behalf": "1 of 1 mailbox",
    }
    (warning,) = overview.warnings
    assert warning.startswith("Full Access and Send on Behalf: read of mailboxes alone, so not of 2 recipients: ")
    assert f"{LIST} (MailUniversalDistributionGroup)" in warning
    assert look(contoso(), LIST, rights=ONLY_SEND_AS).warnings == ()


def test_progress_knows_how_many_mailboxes_there_are() -> None:
    watch = FakeWatch()
    ask(tenant_of(*(mailbox(f"m{number}@contoso.com") for number in range(30))), Inquiry(all_mailboxes=True), watch)
    reading = [(done, total) for phase, done, total in watch.told if phase == "read"]
    assert (30, 32) in reading or (31, 32) in reading
