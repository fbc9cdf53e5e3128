# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run says beforehand how long it will read, and reads first what an earlier one did not reach."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import WriteSettings
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.estimate import Estimate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Call

from .._exchange.sessions import mailbox, tenant_of, watched
from .runs import FakeWatch, wishes


def addresses(number: int) -> list[str]:
    return [f"box{one:03}@contoso.com" for one in range(number)]


@pytest.mark.parametrize("rights", [[Right.SEND_AS], [Right.FULL_ACCESS], [Right.SEND_AS, Right.FULL_ACCESS]])
@pytest.mark.parametrize("number", [1, 40, 100])
def test_the_calls_to_read_are_those_that_a_steady_run_makes(rights: list[Right], number: int) -> None:
    held = {"send_as": ["router@contoso.com"], "full_access": ["router@contoso.com"]}
    tenant = tenant_of(*(mailbox(one, **held) for one in addresses(number)))
    watch, session = FakeWatch(), watched(tenant)
    _report, statistics = ensure(session, Scope(wishes(addresses(number), rights)), Options(True), watch)
    account = {"Get-EXORecipient": 1, "Get-User": 1}
    assert watch.estimate.calls == (statistics.calls - Counter(account)).total()


def test_it_is_told_when_the_accounts_are_known_before_anything_else_is_asked() -> None:
    session = watched(tenant_of(*map(mailbox, addresses(40))))
    asked: list[int] = []

    class Listening(FakeWatch):
        def estimated(self, estimate: Estimate) -> None:
            asked.append(len(session.calls))

    ensure(session, Scope(wishes(addresses(40), [Right.SEND_AS])), Options(True), Listening())
    assert asked == [2]


def test_who_may_send_as_the_account_is_asked_beside_the_look_ups_and_once() -> None:
    tenant = tenant_of(*(mailbox(one, send_as=["router@contoso.com"]) for one in addresses(40)))
    session = watched(tenant)
    _report, statistics = ensure(session, Scope(wishes(addresses(40), [Right.SEND_AS])), Options(True), FakeWatch())
    names = [call.cmdlet for call in session.calls]
    assert names[:3] == ["Get-EXORecipient", "Get-User", "Get-RecipientPermission"]
    assert statistics.calls["Get-RecipientPermission"] == 1


def test_full_access_is_what_takes_time() -> None:
    tenant = tenant_of(*map(mailbox, addresses(100)))
    watch = FakeWatch()
    ensure(watched(tenant), Scope(wishes(addresses(100), [Right.FULL_ACCESS])), Options(True), watch)
    assert watch.estimate.seconds == pytest.approx(80 + 5 * 0.5)


def test_what_an_earlier_run_did_not_reach_is_read_and_written_first() -> None:
    tenant = tenant_of(*map(mailbox, addresses(5)))
    guids = {one.address: one.guid for one in tenant.organisation.recipients}
    session = watched(tenant)
    scope = Scope(wishes(addresses(5), [Right.FULL_ACCESS], State.PRESENT), first=frozenset(addresses(5)[3:]))
    ensure(session, scope, Options(False, WriteSettings()), FakeWatch())

    def order(cmdlet: str) -> list[str]:
        calls: list[Call] = [call for call in session.calls if call.cmdlet == cmdlet]
        return [str(call.parameters["Identity"]) for call in calls][:5]

    expected = [guids[name] for name in (*addresses(5)[3:], *addresses(5)[:3])]
    assert order("Get-MailboxPermission") == expected
    assert order("Add-MailboxPermission") == expected
