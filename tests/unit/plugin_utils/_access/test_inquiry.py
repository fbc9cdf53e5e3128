# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking: who holds what, and what accounts hold."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.inquiry import Inquiry, Overview
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, mailbox, tenant_of
from .inquiries import (
    EVE,
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
    look,
    shown,
)  # fmt: skip


def test_the_holders_of_mailboxes_are_shown_with_denials_inheritance_and_orphans_told_apart() -> None:
    overview = look(contoso(), SUPPORT, SALES)
    assert shown(overview) == [*ON_SALES, *ON_SUPPORT]
    assert (overview.gaps, overview.warnings) == ((), ())
    full = {right.value: "2 of 2 mailboxes" for right in Right}
    assert overview.coverage == {**full, "send_as": "2 of 2 recipients"}


def test_what_an_entry_is_under_is_told_by_sid_and_inheritance_type() -> None:
    tenant = tenant_of(mailbox(SALES, full_access=[{"sid": GONE, "inheritance_type": "Children"}], send_as=[ROUTER]))
    orphan, router = look(tenant, SALES).permissions
    assert (orphan.sid, orphan.inheritance_type) == (GONE, "Children")
    assert router.sid == tenant.organisation.recipients[0].sid
    assert (router.recipient.address, router.recipient.kind) == (SALES, "UserMailbox")


@pytest.mark.parametrize("right", list(Right))
def test_only_the_rights_that_are_asked_for_are_looked_at(right: Right) -> None:
    tenant = contoso()
    overview, statistics = ask(tenant, Inquiry((SALES,), rights=(right,)))
    assert shown(overview) == [row for row in ON_SALES if row.split()[1] == right.value]
    assert list(overview.coverage) == [right.value]
    readers = {"Get-RecipientPermission", "Get-MailboxPermission", "Get-EXOMailbox"}
    assert len(readers & set(statistics.calls)) == 1


def test_self_is_shown_only_where_asked_for_once_and_never_with_send_as_in_its_mailbox_rights() -> None:
    """Exchange facts Q2, peers D6: the rows of SELF in a mailbox's own list carry the word SendAs, too."""
    tenant = tenant_of(mailbox(SALES, quirks=["double_self"]))
    assert look(tenant, SALES).permissions == ()
    assert shown(look(tenant, SALES, include_self=True)) == [
        f"{SALES} full_access NT AUTHORITY\\SELF allow self",
        f"{SALES} send_as NT AUTHORITY\\SELF allow self",
    ]


@pytest.mark.parametrize(
    "quirk",
    [
        "joined_rights", "double_self", "text_booleans", "delegates_by_upn", "delegates_by_guid", "look_alikes",
        "upper_case_users", "display_names", "domain_prefix",
    ],
)  # fmt: skip
def test_whatever_the_quirk_the_entries_and_what_the_account_holds_are_the_same(quirk: str) -> None:
    plain, odd = contoso(), contoso(quirks=[quirk])
    entries = [
        [(one.mailbox, one.right, one.sid, one.allows, one.inherited, one.orphan) for one in overview.permissions]
        for overview in (look(plain, SALES, SUPPORT), look(odd, SALES, SUPPORT))
    ]
    assert sorted(entries[0]) == sorted(entries[1])
    assert shown(look(odd, SALES, SUPPORT, trustees=(ROUTER,))) == OF_ROUTER


def test_what_an_account_holds_is_looked_for_everywhere_but_full_access_on_the_mailboxes_named() -> None:
    tenant = contoso()
    overview, statistics = ask(tenant, Inquiry((SALES,), (ROUTER,)))
    assert shown(overview) == [row for row in OF_ROUTER if not row.startswith(SUPPORT)]
    assert overview.coverage == {
        "send_as": "the whole organisation",
        "full_access": "1 of 1 mailbox",
        "send_on_behalf": "the whole organisation",
    }
    assert statistics.calls["Get-MailboxPermission"] == 1


def test_what_is_denied_to_an_account_is_shown_as_denied() -> None:
    assert shown(look(contoso(), SALES, SUPPORT, trustees=(EVE,))) == [
        f"{SALES} send_as {EVE} deny",
        f"{SALES} send_on_behalf {EVE} allow",
        f"{SUPPORT} full_access {EVE} deny",
    ]


def test_full_access_of_an_account_is_not_looked_at_where_no_mailbox_is_named_and_that_is_said() -> None:
    overview, statistics = ask(contoso(), Inquiry(trustees=(ROUTER,)))
    assert shown(overview) == [row for row in OF_ROUTER if "full_access" not in row]
    assert overview.coverage["full_access"] == "not looked at: give mailboxes or all_mailboxes"
    assert "Get-MailboxPermission" not in statistics.calls


def test_full_access_of_an_account_is_looked_for_on_all_mailboxes_where_asked() -> None:
    overview, statistics = ask(contoso(), Inquiry(trustees=(ROUTER,), all_mailboxes=True))
    assert shown(overview) == OF_ROUTER
    assert overview.coverage["full_access"] == "4 of 4 mailboxes"
    assert statistics.calls["Get-MailboxPermission"] == 4


def test_mailboxes_are_not_listed_where_nothing_has_to_be_read_of_them() -> None:
    tenant = contoso()
    overview, _none = ask(tenant, Inquiry(trustees=(ROUTER,), all_mailboxes=True, rights=ONLY_SEND_AS))
    assert shown(overview) == [row for row in OF_ROUTER if "send_as" in row]
    assert not any(call.cmdlet == "Get-EXORecipient" and "Filter" not in call.parameters for call in tenant.calls)


@pytest.mark.parametrize("asked", [GONE, GONE.lower()])
def test_an_account_that_was_deleted_is_found_by_its_sid_alone(asked: str) -> None:
    overview = look(contoso(), SALES, trustees=(asked,))
    assert shown(overview) == [f"{SALES} full_access {GONE} allow orphan", f"{SALES} send_as {GONE} allow orphan"]
    assert {permission.sid for permission in overview.permissions} == {GONE}


def test_an_account_that_was_deleted_a_short_time_ago_is_found_by_its_sid_too() -> None:
    """It can be restored for a month, with all its rights."""
    late = {"address": EVE, "sid": GONE, "soft_deleted": True}
    tenant = tenant_of(mailbox(**late), mailbox(SALES, full_access=[{"sid": GONE}], send_as=[{"sid": GONE}]))  # type: ignore[arg-type]
    found = [f"{SALES} full_access {GONE} allow orphan", f"{SALES} send_as {GONE} allow orphan"]
    assert shown(look(tenant, SALES, trustees=(GONE,))) == found
    assert shown(look(tenant, SALES)) == found


def test_entries_of_an_accounts_old_sid_are_its_own() -> None:
    old = "S-1-5-21-7-7-7-700"
    tenant = tenant_of(mailbox(EVE, sid_history=[old]), mailbox(SALES, send_as=[{"sid": old}], full_access=[EVE]))
    overview = look(tenant, SALES, trustees=(EVE,))
    assert shown(overview) == [f"{SALES} full_access {EVE} allow", f"{SALES} send_as {EVE} allow"]
    assert old in {permission.sid for permission in overview.permissions}


def test_an_account_named_twice_is_one() -> None:
    tenant = contoso()
    router = tenant.organisation.recipients[0]
    once = look(tenant, SALES, trustees=(ROUTER,))
    assert look(tenant, SALES, trustees=(ROUTER, router.object_id, router.sid, ROUTER.upper())) == once


def test_a_mailbox_named_twice_is_shown_once_by_the_first_name() -> None:
    tenant = tenant_of(mailbox(SALES, aliases=["shop@contoso.com"], send_as=[ROUTER]))
    overview = look(tenant, "Shop@contoso.com", SALES)
    assert shown(overview) == [f"Shop@contoso.com send_as {ROUTER} allow"]
    assert overview.permissions[0].recipient.address == SALES
    assert overview.coverage["send_as"] == "1 of 1 recipient"


def test_all_mailboxes_show_the_same_as_each_of_them_named() -> None:
    tenant = contoso()
    named = look(tenant, EVE, ROUTER, SALES, SUPPORT, LIST, PARTNER, "team@contoso.com")
    overview, statistics = ask(tenant, Inquiry(all_mailboxes=True))
    assert overview.permissions == named.permissions
    assert shown(overview) == [f"{LIST} send_as {ROUTER} allow", *ON_SALES, *ON_SUPPORT]
    assert (statistics.calls["Get-RecipientPermission"], statistics.calls["Get-EXOMailbox"]) == (1, 1)
    assert overview.coverage == {
        "send_as": "7 of 7 recipients",
        "full_access": "4 of 4 mailboxes",
        "send_on_behalf": "4 of 4 mailboxes",
    }


def test_a_sown_organisation_is_shown_as_its_books_have_it() -> None:
    """Whatever names, quirks and odd entries the generator sows: by SID, nothing is missed and nothing made up."""
    organisation = generate(120, seed=4, quirks=True)
    overview = look(Tenant(organisation), all_mailboxes=True)
    assert overview.gaps == ()
    assert direct(overview) == on_the_books(organisation)


def direct(overview: Overview) -> dict[str, set[tuple[str, str]]]:
    """By right: GUIDs of mailboxes, and the SIDs that have an entry there, of whatever sort."""
    found: dict[str, set[tuple[str, str]]] = {"send_as": set(), "full_access": set()}
    for one in overview.permissions:
        found.get(one.right.value, set()).add((one.recipient.guid, one.sid))
    return found


def on_the_books(organisation: Organisation) -> dict[str, set[tuple[str, str]]]:
    there = {each.guid for each in organisation.recipients if each.traits.mail and not each.soft_deleted}
    rows = [(guid, access) for guid, access in organisation.access.items() if guid in there]
    return {
        "send_as": {(guid, entry.sid) for guid, access in rows for entry in access.send_as},
        "full_access": {
            (guid, entry.sid) for guid, access in rows for entry in access.full_access if "FullAccess" in entry.rights
        },
    }
