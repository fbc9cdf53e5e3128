# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes that are refused, that do nothing, that say otherwise, that are not seen at once (facts 4, E12, E18, E30)."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import AccessList

from .desk import ADA, ROUTER, SALES, a_desk
from .test_writers import ADDS, HOLDS, REMOVES, SEND, books

SYNCED_MAIL_USER = {"kind": "MailUser", "address": "away@contoso.com", "directory_synced": True}


def test_e30_what_is_mastered_on_premises_cannot_be_written_to() -> None:
    desk = a_desk(SYNCED_MAIL_USER, sales={"directory_synced": True})
    error = desk.error("Add-RecipientPermission", **{**SEND, "Identity": "away@contoso.com"})
    assert "isn't within your current write scope" in error.text
    error = desk.error("Set-Mailbox", Identity=SALES, GrantSendOnBehalfTo=[ROUTER])
    assert "being synchronized from your on-premises organization" in error.text
    desk.grant()
    assert desk.tenant.holders(SALES, "full_access") == {ROUTER}


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), ADDS + REMOVES)
def test_e30_outside_the_write_scope(cmdlet: str, parameters: dict[str, Parameter], right: str) -> None:
    desk = a_desk(sales={**HOLDS, "quirks": ["out_of_scope"]})
    before = books(desk)
    assert "isn't within your current write scope" in desk.error(cmdlet, **parameters).text
    assert books(desk) == before


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), ADDS)
def test_what_if_writes_nothing(cmdlet: str, parameters: dict[str, Parameter], right: str) -> None:
    desk = a_desk()
    assert desk.rows(cmdlet, **parameters, WhatIf=True) == []
    assert books(desk) == AccessList()


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), ADDS)
def test_a_write_may_work_and_answer_with_an_error(cmdlet: str, parameters: dict[str, Parameter], right: str) -> None:
    desk = a_desk(sales={"quirks": ["write_answers_error"]})
    assert "Gateway Timeout" in desk.error(cmdlet, **parameters).text
    assert desk.tenant.holders(SALES, right) == {ROUTER}


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), ADDS)
def test_a_write_may_answer_with_success_and_do_nothing(
    cmdlet: str, parameters: dict[str, Parameter], right: str
) -> None:
    desk = a_desk(sales={"quirks": ["write_without_effect"]})
    assert desk.rows(cmdlet, **parameters) == []
    assert books(desk) == AccessList()


def test_readers_lag_behind_a_write_by_reads_of_that_object() -> None:
    desk = a_desk(settings={"replication_lag": 2})
    desk.grant("Add-RecipientPermission")
    desk.rows("Get-RecipientPermission", Identity=ADA)
    assert desk.rows("Get-RecipientPermission", Trustee=ROUTER) == []
    assert len(desk.rows("Get-RecipientPermission", Identity=SALES)) == 1
    assert len(desk.rows("Get-RecipientPermission", Trustee=ROUTER)) == 1
    assert desk.tenant.holders(SALES, "send_as") == {ROUTER}


def test_readers_lag_behind_a_removal_too() -> None:
    desk = a_desk(sales=HOLDS, settings={"replication_lag": 1})
    desk.rows("Remove-RecipientPermission", **SEND)
    assert len(desk.rows("Get-RecipientPermission", Trustee=ROUTER)) == 1
    assert desk.rows("Get-RecipientPermission", Trustee=ROUTER) == []


def test_a_filter_on_delegates_lags_behind_a_write() -> None:
    desk = a_desk(settings={"replication_lag": 1})
    name = str(desk.row("Get-Recipient", Identity=ROUTER)["DistinguishedName"])
    desk.rows("Set-Mailbox", Identity=SALES, GrantSendOnBehalfTo=[ROUTER])
    assert desk.rows("Get-EXOMailbox", Filter=f"GrantSendOnBehalfTo -eq '{name}'") == []
    assert desk.names("Get-EXOMailbox", Filter=f"GrantSendOnBehalfTo -eq '{name}'") == ["sales"]


def test_e12_what_lags_may_answer_with_an_error() -> None:
    desk = a_desk(settings={"replication_lag": 1}, quirks=["lag_answers_error"])
    desk.grant()
    assert "couldn't be read from domain controller" in desk.error("Get-MailboxPermission", Identity=SALES).text
    assert len(desk.rows("Get-MailboxPermission", Identity=SALES)) == 2
