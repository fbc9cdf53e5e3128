# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delegates for Send on Behalf: read as mailboxes show them, and taken for an object only where that is certain."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.access_lists import NoEvidence
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.delegates import (
    find_delegates,
    read_delegates_everywhere,
    read_delegates_on,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Problem,
    ProblemKind,
    Recipient,
    recipient_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    CmdletError,
    Parameter,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .sessions import ROUTER, THROTTLED, TRUNCATION, mailbox, signed_in, tenant_of, watched

SALES, SUPPORT, EVE = "sales@contoso.com", "support@contoso.com", "eve@contoso.com"


def recipient(tenant: Tenant, address: str) -> Recipient:
    each = next(one for one in tenant.organisation.recipients if one.address == address)
    return recipient_of({"Guid": each.guid, "Name": each.name, "PrimarySmtpAddress": each.address})


def three(**more: object) -> Tenant:
    return tenant_of(
        mailbox(EVE),
        mailbox(SALES, send_on_behalf=[ROUTER, EVE]),
        mailbox(SUPPORT),
        **more,
    )


def test_delegates_are_read_of_many_mailboxes_in_one_call() -> None:
    tenant = three()
    session = watched(tenant)
    sales, support = recipient(tenant, SALES), recipient(tenant, SUPPORT)
    assert read_delegates_on(session, [sales, support, sales]) == {sales.guid: ("router", "eve"), support.guid: ()}
    assert session.cmdlets == ["Get-EXOMailbox"]
    assert read_delegates_everywhere(session, [sales, support]) == {sales.guid: ("router", "eve"), support.guid: ()}
    assert session.cmdlets == ["Get-EXOMailbox"] * 2


def test_a_filter_that_is_refused_ends_in_reading_each_mailbox_by_its_guid() -> None:
    tenant = three()
    sales, support = recipient(tenant, SALES), recipient(tenant, SUPPORT)

    def refuse(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        return Answer(error=CmdletError("Guid is not filterable.")) if "Filter" in parameters else None

    tenant.before_invoke = refuse
    read = read_delegates_on(signed_in(tenant), [sales, support])
    assert read == {sales.guid: ("router", "eve"), support.guid: ()}
    assert [call.parameters.get("Identity") for call in tenant.calls[-2:]] == [sales.guid, support.guid]


@pytest.mark.parametrize("answer", [THROTTLED, Answer(warnings=(TRUNCATION,))])
def test_a_failed_or_cut_off_read_is_no_evidence(answer: Answer) -> None:
    tenant = three()
    tenant.before_invoke = lambda cmdlet, parameters: answer
    sales = recipient(tenant, SALES)
    assert isinstance(read_delegates_on(signed_in(tenant), [sales])[sales.guid], NoEvidence)
    assert isinstance(read_delegates_everywhere(signed_in(tenant), [sales])[sales.guid], NoEvidence)


def test_a_mailbox_that_is_not_in_the_answer_is_not_one_without_delegates() -> None:
    tenant = three()
    gone = recipient_of({"Guid": "99999999-0000-4000-8000-000000000009", "Name": "gone"})
    assert isinstance(read_delegates_on(signed_in(tenant), [gone])[gone.guid], NoEvidence)
    assert isinstance(read_delegates_everywhere(signed_in(tenant), [gone])[gone.guid], NoEvidence)


@pytest.mark.parametrize("quirks", [[], ["delegates_by_upn"], ["delegates_by_guid"]])
def test_a_value_leads_to_the_account_whether_shown_by_name_upn_or_guid(quirks: list[str]) -> None:
    tenant = three(quirks=quirks)
    sales = recipient(tenant, SALES)
    values = read_delegates_on(signed_in(tenant), [sales])[sales.guid]
    assert not isinstance(values, NoEvidence)
    found = find_delegates(signed_in(tenant), values)
    assert {key: account.label for key, account in found.items() if isinstance(account, Principal)} == {
        values[0].lower(): ROUTER,
        values[1].lower(): EVE,
    }
    assert [account.guid for account in found.values() if isinstance(account, Principal)] == [
        recipient(tenant, ROUTER).guid,
        recipient(tenant, EVE).guid,
    ]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("twin", ProblemKind.AMBIGUOUS),
        ("pretender@contoso.com", ProblemKind.AMBIGUOUS),
        ("nobody", ProblemKind.NOT_FOUND),
        ("nobody@contoso.com", ProblemKind.NOT_FOUND),
        ("99999999-0000-4000-8000-000000000009", ProblemKind.NOT_FOUND),
        ("Eve Adams", ProblemKind.NOT_FOUND),
        ("ev", ProblemKind.NOT_FOUND),
    ],
)
def test_a_value_that_may_mean_several_or_nobody_means_nobody(value: str, kind: ProblemKind) -> None:
    """A display name or the beginning of a name is no Name (peers D5, D10)."""
    tenant = tenant_of(
        mailbox("twin1@contoso.com", name="twin"),
        mailbox("twin2@contoso.com", name="twin"),
        mailbox("pretender@contoso.com", name="other"),
        mailbox("somebody@contoso.com", name="pretender@contoso.com"),
        mailbox(EVE, display_name="Eve Adams"),
    )
    found = find_delegates(signed_in(tenant), [value])[value.lower()]
    assert isinstance(found, Problem)
    assert found.kind is kind


def test_a_name_like_an_address_is_found_by_it_where_nobody_else_has_that_address() -> None:
    tenant = tenant_of(mailbox(EVE, name="E. Adams@Contoso"), mailbox(SALES, name="info@contoso.com"))
    found = find_delegates(signed_in(tenant), ["E. Adams@Contoso", "info@contoso.com"])
    assert [account.label for account in found.values() if isinstance(account, Principal)] == [EVE, SALES]


def test_a_user_by_upn_and_a_group_by_address_are_found() -> None:
    tenant = tenant_of(
        mailbox(EVE, upn="eve.adams@contoso.com"),
        mailbox("team@contoso.com", kind="MailUniversalSecurityGroup"),
        mailbox("list@contoso.com", kind="MailUniversalDistributionGroup"),
    )
    values = ["Eve.Adams@contoso.com", "team@contoso.com", "list@contoso.com"]
    found = find_delegates(signed_in(tenant), values)
    labels = {key: account.label for key, account in found.items() if isinstance(account, Principal)}
    assert labels == {
        one.lower(): label for one, label in zip(values, ["eve.adams@contoso.com", *values[1:]], strict=True)
    }


@pytest.mark.parametrize("value", ["router", ROUTER])
def test_a_value_is_uncertain_where_a_read_failed(value: str) -> None:
    tenant = three()
    tenant.before_invoke = lambda cmdlet, parameters: THROTTLED
    found = find_delegates(signed_in(tenant), [value])[value]
    assert isinstance(found, Problem)
    assert found.kind is ProblemKind.UNKNOWN


def test_nothing_to_find_costs_no_call() -> None:
    session = watched(three())
    assert find_delegates(session, []) == {}
    assert read_delegates_on(session, []) == {}
    assert session.calls == []
