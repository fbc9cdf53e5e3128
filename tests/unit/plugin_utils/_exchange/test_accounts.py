# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking up accounts by UPN, address, object id or SID, with every SID that may stand for them."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.accounts import (
    Account,
    account_fault,
    find_accounts,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Problem,
    ProblemKind,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    Property,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .sessions import ACCOUNT, ROUTER, SALES, THROTTLED, TRUNCATION, ScriptedSession, mailbox, tenant_of, watched

SID = "S-1-5-21-1-2-3-1000"
OLD = "S-1-5-21-9-9-9-500"
GROUP: dict[str, object] = {"kind": "MailUniversalSecurityGroup", "address": "team@contoso.com", "name": "Team"}


def found(tenant: Tenant, asked: str) -> Account:
    return find_accounts(watched(tenant), [asked])[asked.lower()]


def principal(tenant: Tenant, asked: str) -> Principal:
    account = found(tenant, asked)
    assert isinstance(account, Principal), account
    return account


def problem(account: Account) -> Problem:
    assert isinstance(account, Problem), account
    return account


@pytest.mark.parametrize("asked", [ROUTER, "o'neil@contoso.com", SALES.guid, SID, SID.lower(), "user@contoso"])
def test_what_may_name_an_account_has_no_fault(asked: str) -> None:
    assert account_fault(asked) is None


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "  ",
        "Router",
        "CONTOSO\\router",
        "router @contoso.com",
        "*@contoso.com",
        "$x@contoso.com",
        '"@x',
        "@",
        "a\u2019b@contoso.com",
        "a;b@contoso.com",
    ],
)
def test_what_names_no_account_for_certain_is_a_fault(asked: str) -> None:
    assert account_fault(asked)


def test_an_account_is_the_same_by_upn_address_alias_address_object_id_guid_and_sid() -> None:
    tenant = tenant_of(
        mailbox("crm@contoso.com", upn="crm.router@contoso.onmicrosoft.com", aliases=["old@contoso.com"], sid=SID)
    )
    own = tenant.organisation.recipients[1]
    ways = [own.upn.upper(), "CRM@contoso.com", "old@contoso.com", own.object_id, own.guid.upper(), SID.lower()]
    accounts = find_accounts(watched(tenant), ways)
    assert set(accounts) == {way.lower() for way in ways}
    for account in accounts.values():
        assert isinstance(account, Principal)
        assert (account.key, account.sids, account.upn) == (own.guid, (SID,), own.upn)
        assert (account.kind, account.distinguished_name) == ("UserMailbox", own.distinguished_name)
        assert account.why_it_cannot_hold() is None


def test_the_sid_history_comes_after_the_sid_in_upper_case_and_once() -> None:
    tenant = tenant_of(mailbox("crm@contoso.com", sid=SID, sid_history=[OLD, SID]))
    assert principal(tenant, "crm@contoso.com").sids == (SID, OLD)


def test_an_account_is_found_by_a_sid_of_its_history() -> None:
    tenant = tenant_of(mailbox("crm@contoso.com", sid=SID, sid_history=[OLD]))
    assert principal(tenant, OLD).address == "crm@contoso.com"
    assert principal(tenant, OLD).sids == (SID, OLD)


@pytest.mark.parametrize("by", ["address", "guid", "object_id", "sid"])
def test_a_group_is_found_too(by: str) -> None:
    tenant = tenant_of(GROUP)
    own = tenant.organisation.recipients[1]
    team = principal(tenant, getattr(own, by))
    assert (team.key, team.sids, team.kind) == (own.guid, (own.sid,), "MailUniversalSecurityGroup")
    assert team.upn == ""


def test_a_plain_security_group_is_found_by_guid_and_cannot_hold_a_right() -> None:
    tenant = tenant_of({"kind": "UniversalSecurityGroup", "name": "Plain"})
    plain = principal(tenant, tenant.organisation.recipients[1].guid)
    assert plain.why_it_cannot_hold()


def test_the_sid_of_a_deleted_account_stands_for_itself() -> None:
    assert principal(tenant_of(), OLD.lower()) == Principal(asked=OLD.lower(), sids=(OLD,))


def test_an_account_that_does_not_exist_is_not_found_and_the_remedy_speaks_of_its_sid() -> None:
    nobody = problem(found(tenant_of(), "nobody@contoso.com"))
    assert nobody.kind is ProblemKind.NOT_FOUND
    assert "SID" in nobody.remedy


def test_a_user_without_a_mailbox_is_found_by_upn() -> None:
    tenant = tenant_of({"kind": "User", "upn": "svc@contoso.com", "name": "svc"})
    assert principal(tenant, "svc@contoso.com").kind == "User"


def test_a_contact_is_no_account() -> None:
    contact = problem(found(tenant_of({"kind": "MailContact", "address": "ext@x.com"}), "ext@x.com"))
    assert contact.kind is ProblemKind.UNSUPPORTED
    assert "MailContact" in contact.cause


def test_the_upn_of_one_that_is_an_address_of_another_is_ambiguous() -> None:
    tenant = tenant_of(
        mailbox("crm@contoso.com", name="Crm"),
        mailbox("ada@contoso.com", upn="crm@contoso.com", name="Ada"),
    )
    both = problem(found(tenant, "crm@contoso.com"))
    assert both.kind is ProblemKind.AMBIGUOUS
    assert "object id" in both.remedy


def test_an_address_that_two_recipients_have_is_ambiguous() -> None:
    tenant = tenant_of(mailbox("crm@contoso.com", name="A"), mailbox("crm@contoso.com", name="B", upn="b@contoso.com"))
    assert problem(found(tenant, "crm@contoso.com")).kind is ProblemKind.AMBIGUOUS


def test_a_look_alike_of_an_account_is_not_the_account() -> None:
    tenant = tenant_of(mailbox("crmrouter2@contoso.com"), mailbox("xcrmrouter@contoso.com"), quirks=["look_alikes"])
    assert problem(found(tenant, "crmrouter@contoso.com")).kind is ProblemKind.NOT_FOUND


def test_an_account_with_an_apostrophe_is_found_even_where_filters_refuse_it() -> None:
    tenant = tenant_of(mailbox("o'neil@contoso.com"), quirks=["apostrophes_refused"])
    assert principal(tenant, "o'neil@contoso.com").address == "o'neil@contoso.com"


def test_an_account_without_a_sid_is_unknown() -> None:
    def answer(call: Call) -> Answer:
        row: dict[str, Property] = {"Guid": "g", "Name": "x", "UserPrincipalName": ROUTER, "Sid": None}
        return Answer((row,)) if call.cmdlet == "Get-User" else Answer()

    nameless = problem(find_accounts(ScriptedSession(answer), [ROUTER])[ROUTER])
    assert nameless.kind is ProblemKind.UNKNOWN
    assert "no SID" in nameless.cause


@pytest.mark.parametrize("asked", [ROUTER, ACCOUNT.guid, SID, "team@contoso.com"])
@pytest.mark.parametrize("failing", ["Get-EXORecipient", "Get-Recipient", "Get-User", "Get-Group"])
def test_a_read_that_fails_never_makes_an_account_missing_or_deleted(asked: str, failing: str) -> None:
    tenant = tenant_of(GROUP)
    tenant.before_invoke = lambda cmdlet, parameters: THROTTLED if cmdlet == failing else None
    account = found(tenant, asked)
    assert account == found(tenant_of(GROUP), asked) or problem(account).kind is ProblemKind.UNKNOWN


@pytest.mark.parametrize("asked", [ROUTER, ACCOUNT.guid, SID, "team@contoso.com"])
def test_an_account_is_unknown_where_nothing_can_be_read(asked: str) -> None:
    session = ScriptedSession(lambda call: THROTTLED)
    assert problem(find_accounts(session, [asked])[asked.lower()]).kind is ProblemKind.UNKNOWN


@pytest.mark.parametrize("asked", [ROUTER, ACCOUNT.guid, SID, "team@contoso.com"])
@pytest.mark.parametrize("lying", ["Get-EXORecipient", "Get-Recipient", "Get-User", "Get-Group"])
def test_one_empty_answer_makes_no_account_missing_or_deleted(asked: str, lying: str) -> None:
    tenant, seen = tenant_of(GROUP), Counter[str]()

    def empty_once(cmdlet: str, _parameters: object) -> Answer | None:
        seen[cmdlet] += 1
        return Answer() if cmdlet == lying and seen[cmdlet] == 1 else None

    tenant.before_invoke = empty_once
    assert found(tenant, asked) == found(tenant_of(GROUP), asked)


def test_a_truncated_answer_is_no_evidence_of_an_account() -> None:
    truncated = Answer(({"Guid": "g", "UserPrincipalName": ROUTER, "Sid": SID},), (TRUNCATION,))
    session = ScriptedSession(lambda call: truncated if call.cmdlet == "Get-User" else Answer())
    assert problem(find_accounts(session, [ROUTER])[ROUTER]).kind is ProblemKind.UNKNOWN


def test_accounts_are_asked_for_once_however_often_and_in_whatever_case_they_are_named() -> None:
    session = watched(tenant_of())
    assert set(find_accounts(session, [ROUTER, ROUTER.upper(), ROUTER])) == {ROUTER}
    assert session.cmdlets == ["Get-EXORecipient", "Get-User"]


@pytest.mark.parametrize("asked", [SALES.guid, SID])
def test_a_guid_and_a_sid_are_not_looked_for_among_addresses(asked: str) -> None:
    session = watched(tenant_of())
    find_accounts(session, [asked])
    assert "Get-EXORecipient" not in session.cmdlets


def test_an_address_of_a_recipient_is_shown_for_the_account_that_owns_it_and_no_other() -> None:
    tenant = tenant_of(
        {"kind": "MailContact", "address": "svc@contoso.com", "name": "Contact", "alias": "contact"},
        {"kind": "User", "upn": "svc@contoso.com", "name": "svc"},
    )
    account = principal(tenant, "svc@contoso.com")
    assert (account.kind, account.address, account.alias) == ("User", "", "")


def test_no_accounts_cost_no_call() -> None:
    session = watched(tenant_of())
    assert find_accounts(session, []) == {}
    assert session.calls == []
