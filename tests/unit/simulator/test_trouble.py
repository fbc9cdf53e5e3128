# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble is recognised for what it is, however it is reported: by a proxy, by a Get-EXO*, by the sign-in."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import diagnose
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.hints import retry_hint
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.sign_in_errors import remedy
from ansible_collections.email_router.exchange_online.tests.simulator.trouble import CONNECT, Throttling, Trouble

RULES = {
    Trouble.THROTTLED: "E13",
    Trouble.THROTTLED_WITH_HINT: "E13",
    Trouble.SERVER_BUSY: "E14",
    Trouble.DIRECTORY: "E16",
    Trouble.REPLICATION: "E12",
    Trouble.UNAVAILABLE: "E17",
    Trouble.BAD_GATEWAY: "E18",
    Trouble.SERVICE_UNAVAILABLE: "E18",
    Trouble.GATEWAY_TIMEOUT: "E18",
    Trouble.SERVER_SIDE: "E19",
    Trouble.PAGE_EXPIRED: "E20",
    Trouble.TIMED_OUT: "E21",
    Trouble.CONNECTION_CLOSED: "E21",
    Trouble.NAME_UNRESOLVED: "E21",
    Trouble.SESSION_LOST: "E22",
    Trouble.TOKEN_EXPIRED: "E23",
    Trouble.OUT_OF_SCOPE: "E30",
}
OF_SIGN_IN = {
    Trouble.ENTRA_BUSY: "E40",
    Trouble.ENTRA_REFUSES: "E36",
    Trouble.TIMED_OUT: "E21",
    Trouble.CONNECTION_CLOSED: "E21",
    Trouble.NAME_UNRESOLVED: "E21",
}


def test_every_trouble_has_its_rule() -> None:
    assert RULES.keys() | OF_SIGN_IN.keys() == set(Trouble)


@pytest.mark.parametrize("cmdlet", ["Get-MailboxPermission", "Add-MailboxPermission", "Get-EXORecipient"])
@pytest.mark.parametrize(("trouble", "rule"), RULES.items())
def test_trouble_of_a_cmdlet_is_recognised(trouble: Trouble, rule: str, cmdlet: str) -> None:
    assert diagnose(trouble.error_of(cmdlet)).rule == rule


@pytest.mark.parametrize(("trouble", "rule"), OF_SIGN_IN.items())
def test_trouble_of_the_sign_in_is_recognised(trouble: Trouble, rule: str) -> None:
    error = trouble.error_of(CONNECT)
    assert remedy(error.type, error.text)[0] == rule
    assert error.fqid == CONNECT


@pytest.mark.parametrize("trouble", [each for each in Trouble if each in RULES and each.value[0]])
def test_a_proxy_and_a_get_exo_report_it_in_layouts_of_their_own(trouble: Trouble) -> None:
    proxy, native = trouble.error_of("Get-Mailbox"), trouble.error_of("Get-EXOMailbox")
    assert proxy.fqid.endswith(",Write-ErrorMessage")
    assert native.text.startswith(f"Error while querying REST service. HttpStatusCode={trouble.value[0]} ")
    assert proxy.text in native.text


@pytest.mark.parametrize("cmdlet", ["Get-MailboxPermission", "Get-EXORecipient"])
def test_a_hint_can_be_read_out_of_either_layout(cmdlet: str) -> None:
    assert retry_hint(Trouble.THROTTLED_WITH_HINT.error_of(cmdlet).text) == 60
    assert retry_hint(Throttling(7).error_of(cmdlet).text) == 7
    assert diagnose(Throttling(7).error_of(cmdlet)).rule == "E13"
    assert [each for each in Trouble if retry_hint(each.error_of(cmdlet).text)] == [Trouble.THROTTLED_WITH_HINT]


def test_only_what_ends_a_session_ends_it() -> None:
    assert {each for each in Trouble if each.ends_session} == {Trouble.SESSION_LOST, Trouble.TOKEN_EXPIRED}
