# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was read to what is known: tenant-wide where that decides, alone where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Facts,
    Grant,
    Observed,
    Unknown,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.observe import (
    doubts_of,
    facts_of,
    from_delegators,
    from_list,
    from_tenant_wide,
    observe,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.access_lists import (
    Entries,
    NoEvidence,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.accounts import find_accounts
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.directory import (
    NameCheck,
    find_recipients,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Recipient,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import AccessEntry, Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import (
    ACCOUNT,
    ROUTER,
    SALES,
    THROTTLED,
    ScriptedSession,
    mailbox,
    signed_in,
    tenant_of,
    watched,
)
from .samples import HELD, NOT_HELD, entry, grant

SALES_ONLY = NameCheck({"sales desk": frozenset({SALES.guid})})
SHARED = NameCheck({"sales desk": frozenset({SALES.guid, "another"})})
MOVED = replace(ACCOUNT, sids=(ACCOUNT.sids[0], "S-1-5-21-9-9-9-500"))
STRANGER = "S-1-5-21-1-2-3-66"


@pytest.mark.parametrize(
    ("entries", "facts"),
    [
        ([], (False, False, False)),
        ([entry()], (True, False, False)),
        ([entry(sid=STRANGER.lower())], (True, False, False)),
        ([replace(entry(), sid=STRANGER, trustee="eve@contoso.com")], (False, False, False)),
        ([entry(Right.FULL_ACCESS)], (False, False, False)),
        ([entry(allows=False)], (False, True, False)),
        ([entry(inherited=True)], (False, False, True)),
        ([entry(allows=False, inherited=True)], (False, True, False)),
        ([entry(), entry(allows=False), entry(inherited=True)], (True, True, True)),
        ([entry(), entry()], (True, False, False)),
    ],
)
def test_the_three_facts_of_a_grant(entries: list[AccessEntry], facts: tuple[bool, bool, bool]) -> None:
    seen = facts_of(grant(), entries)
    assert (seen.allowed, seen.denied, seen.inherited) == facts


def test_the_facts_keep_the_direct_entries_that_a_revocation_must_name() -> None:
    entries = [entry(), entry(inherited=True), entry(allows=False), entry(Right.FULL_ACCESS)]
    assert facts_of(grant(), entries).entries == (entry(),)


@pytest.mark.parametrize(
    ("seen", "before"),
    [
        (HELD, "held"),
        (NOT_HELD, "not held"),
        (Facts(True, True, False), "denied"),
        (Facts(False, False, True), "not held"),
        (Unknown("x"), "unknown"),
    ],
)
def test_what_was_found_is_said_in_one_word(seen: Observed, before: str) -> None:
    assert seen.before == before


@pytest.mark.parametrize(
    ("entries", "names", "decided"),
    [
        ((), SALES_ONLY, NOT_HELD),
        ((entry(),), SALES_ONLY, replace(HELD, entries=(entry(),))),
        ((entry(mailbox="SALES DESK"),), SALES_ONLY, replace(HELD, entries=(entry(mailbox="SALES DESK"),))),
        ((entry(),), SHARED, None),
        ((entry(),), NameCheck({}), None),
        ((entry(mailbox="sales"),), SALES_ONLY, None),
        ((entry(mailbox=SALES.guid),), SALES_ONLY, None),
        ((entry(), entry(mailbox="sales")), SALES_ONLY, None),
        ((entry(mailbox="Sales Desk 2"),), SALES_ONLY, NOT_HELD),
    ],
)
def test_a_tenant_wide_answer_decides_only_by_a_name_that_one_recipient_bears(
    entries: tuple[AccessEntry, ...], names: NameCheck, decided: Facts | None
) -> None:
    assert from_tenant_wide(grant(), Entries(entries), names) == decided


def test_a_miss_decides_nothing_for_an_account_with_several_sids() -> None:
    moved = Grant(SALES, MOVED, Right.SEND_AS)
    assert from_tenant_wide(moved, Entries(()), SALES_ONLY) is None
    assert from_tenant_wide(moved, Entries((entry(),)), SALES_ONLY) == replace(HELD, entries=(entry(),))


def test_a_tenant_wide_read_that_failed_decides_nothing() -> None:
    assert from_tenant_wide(grant(), NoEvidence("throttled"), SALES_ONLY) is None


def test_a_list_that_could_not_be_read_is_unknown_and_one_with_a_doubt_is_believed() -> None:
    assert from_list(grant(), NoEvidence("throttled")) == Unknown("throttled")
    assert from_list(grant(), Entries((entry(),), "odd")) == replace(HELD, entries=(entry(),), doubt="odd")


def test_send_on_behalf_is_held_where_the_mailbox_names_the_account() -> None:
    behalf = grant(Right.SEND_ON_BEHALF)
    assert from_delegators(behalf, frozenset({SALES.guid})) == HELD
    assert from_delegators(behalf, frozenset({"another"})) == NOT_HELD
    assert from_delegators(behalf, NoEvidence("throttled")) == Unknown("throttled")


def test_doubts_are_told_by_mailbox() -> None:
    seen: dict[Grant, Observed] = {
        grant(): replace(HELD, doubt="odd"),
        grant(Right.FULL_ACCESS): HELD,
        grant(Right.SEND_ON_BEHALF): Unknown("x"),
    }
    assert doubts_of(seen) == {SALES.address: "odd"}


def grants_of(tenant: Tenant, right: Right, *addresses: str, account: str = ROUTER) -> list[Grant]:
    """The grants as a run resolves them."""
    session = signed_in(tenant)
    principal = find_accounts(session, [account])[account.lower()]
    assert isinstance(principal, Principal)
    found = find_recipients(session, addresses)
    return [Grant(one, principal, right) for one in found.values() if isinstance(one, Recipient)]


def observed(session: ScriptedSession, grants: list[Grant]) -> list[str]:
    """What was found of each grant, in one word each."""
    seen = observe(session, grants)
    return [seen[one].before for one in grants]


def boxes(count: int, *holding: int) -> list[dict[str, object]]:
    return [
        mailbox(f"box{number}@contoso.com", **({"send_as": [ROUTER]} if number in holding else {}))
        for number in range(count)
    ]


def addresses(count: int) -> list[str]:
    return [f"box{number}@contoso.com" for number in range(count)]


def test_send_as_is_read_over_the_tenant_at_once() -> None:
    tenant = tenant_of(*boxes(30, *range(0, 30, 2)))
    session = watched(tenant)
    assert observed(session, grants_of(tenant, Right.SEND_AS, *addresses(30))) == ["held", "not held"] * 15
    assert session.cmdlets == ["Get-RecipientPermission", "Get-EXORecipient"]
    assert "Identity" not in session.calls[0].parameters


def test_no_name_is_checked_where_nothing_is_held() -> None:
    tenant = tenant_of(*boxes(3))
    session = watched(tenant)
    assert observed(session, grants_of(tenant, Right.SEND_AS, *addresses(3))) == ["not held"] * 3
    assert session.cmdlets == ["Get-RecipientPermission"] * 2, "an answer without rows is asked for twice"


def test_a_mailbox_whose_name_another_recipient_bears_is_looked_at_alone() -> None:
    group: dict[str, object] = {"kind": "MailUniversalDistributionGroup", "address": "g@contoso.com"}
    tenant = tenant_of(
        mailbox("a@contoso.com", name="Sales"),
        {**group, "name": "Sales", "send_as": [ROUTER]},
        mailbox("b@contoso.com", name="Support", send_as=[ROUTER]),
    )
    session = watched(tenant)
    grants = grants_of(tenant, Right.SEND_AS, "a@contoso.com", "b@contoso.com")
    assert observed(session, grants) == ["not held", "held"]
    alone = [call.parameters.get("Identity") for call in session.calls if call.cmdlet == "Get-RecipientPermission"]
    assert alone == [None, grants[0].mailbox.guid]


def test_a_name_that_begins_like_another_is_not_mistaken_for_it() -> None:
    tenant = tenant_of(
        mailbox("a@contoso.com", name="Sales"),
        mailbox("b@contoso.com", name="Sales Desk", send_as=[ROUTER]),
        quirks=["look_alikes"],
    )
    grants = grants_of(tenant, Right.SEND_AS, "a@contoso.com", "b@contoso.com")
    assert observed(watched(tenant), grants) == ["not held", "held"]


def test_an_entry_under_an_old_sid_is_found_and_a_miss_of_such_an_account_is_looked_at_alone() -> None:
    old = "S-1-5-21-9-9-9-500"
    moved = mailbox("moved@contoso.com", sid_history=[old])
    tenant = tenant_of(moved, mailbox("a@contoso.com", send_as=[{"sid": old}]), mailbox("b@contoso.com"))
    session = watched(tenant)
    grants = grants_of(tenant, Right.SEND_AS, "a@contoso.com", "b@contoso.com", account="moved@contoso.com")
    assert observed(session, grants) == ["held", "not held"]
    assert session.cmdlets.count("Get-RecipientPermission") == 2 + 1 + 1, "an empty answer is asked for twice"


def test_where_the_tenant_wide_read_fails_each_mailbox_is_looked_at_alone() -> None:
    tenant = tenant_of(*boxes(3, 1))
    tenant.before_invoke = lambda cmdlet, parameters: THROTTLED if "Trustee" in parameters else None
    assert observed(watched(tenant), grants_of(tenant, Right.SEND_AS, *addresses(3))) == [
        "not held",
        "held",
        "not held",
    ]


def test_a_name_that_cannot_be_checked_has_its_mailbox_looked_at_alone() -> None:
    tenant = tenant_of(*boxes(2, 0))
    grants = grants_of(tenant, Right.SEND_AS, *addresses(2))
    tenant.before_invoke = lambda cmdlet, parameters: THROTTLED if "Name -eq" in str(parameters) else None
    assert observed(watched(tenant), grants) == ["held", "not held"]


def test_what_cannot_be_read_alone_either_is_unknown_and_only_that() -> None:
    tenant = tenant_of(*boxes(2, 0, 1))
    grants = grants_of(tenant, Right.SEND_AS, *addresses(2))
    bad = grants[0].mailbox.guid
    tenant.before_invoke = lambda cmdlet, parameters: (
        THROTTLED if "Trustee" in parameters or parameters.get("Identity") == bad else None
    )
    assert observed(watched(tenant), grants) == ["unknown", "held"]


def test_full_access_is_read_once_for_each_mailbox_however_many_accounts_are_wanted() -> None:
    reader = mailbox("reader@contoso.com")
    tenant = tenant_of(reader, mailbox("a@contoso.com", full_access=[ROUTER]), mailbox("b@contoso.com"))
    both = [
        one
        for account in (ROUTER, "reader@contoso.com")
        for one in grants_of(tenant, Right.FULL_ACCESS, "a@contoso.com", "b@contoso.com", account=account)
    ]
    session = watched(tenant)
    assert observed(session, both) == ["held", "not held", "not held", "not held"]
    assert session.cmdlets == ["Get-MailboxPermission"] * 2


def test_full_access_of_a_deleted_account_is_seen() -> None:
    gone = "S-1-5-21-9-9-9-999"
    tenant = tenant_of(mailbox("a@contoso.com", full_access=[{"sid": gone}], send_as=[{"sid": gone}]))
    for right in (Right.SEND_AS, Right.FULL_ACCESS):
        assert observed(watched(tenant), grants_of(tenant, right, "a@contoso.com", account=gone)) == ["held"]


def test_each_right_is_read_by_its_own_cmdlet_and_none_that_is_not_wanted() -> None:
    tenant = tenant_of(mailbox("a@contoso.com", send_on_behalf=[ROUTER]))
    session = watched(tenant)
    assert observed(session, grants_of(tenant, Right.SEND_ON_BEHALF, "a@contoso.com")) == ["held"]
    assert session.cmdlets == ["Get-EXOMailbox"]
    assert observe(watched(tenant), []) == {}


def test_an_entry_without_a_sid_that_only_bears_the_accounts_name_is_neither_held_nor_absent() -> None:
    nameless = replace(entry(), sid="", trustee=ACCOUNT.name)
    seen = from_list(grant(), Entries((nameless,)))
    assert isinstance(seen, Unknown)
    assert ACCOUNT.name in seen.reason
    assert from_tenant_wide(grant(), Entries((nameless,)), SALES_ONLY) is None
    stranger = replace(nameless, trustee="Somebody Else")
    assert from_list(grant(), Entries((stranger,))) == NOT_HELD
