# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble comes when the schedule says so, and as the errors that Exchange facts describe."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import diagnose
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Call, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant, TenantError
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Effect, Fault, FaultyTenant, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.latency import Latency

ADD = "Add-MailboxPermission"
SALES = "sales@contoso.com"
GRANT: dict[str, Parameter] = {"Identity": SALES, "User": "router@contoso.com", "AccessRights": ["FullAccess"]}
GRANTED = {"router@contoso.com"}
SIGN_IN = {"organization": "contoso.onmicrosoft.com", "access_token": "token"}


def a_tenant() -> Tenant:
    addresses = (SALES, "router@contoso.com")
    recipients = [{"kind": "UserMailbox", "address": address} for address in addresses]
    return Tenant(Organisation.from_dict({"apps": [{"access_tokens": ["token"]}], "recipients": recipients}))


def outcomes(faults: tuple[Fault, ...], calls: int) -> tuple[str, set[str]]:
    """A letter for each call (E error, W warning: already there, R row, N nothing), and who has access in the end."""
    tenant = a_tenant()
    session = FaultyTenant(tenant, faults=faults).session(SIGN_IN)
    answers = [answer for call, answer in session.invoke([Call(ADD, GRANT, ("User",))] * calls)]
    letters = ["E" if each.error else "W" if each.warnings else "R" if each.rows else "N" for each in answers]
    return "".join(letters), tenant.holders(SALES, "full_access")


def test_the_first_call_is_refused_and_the_next_one_works() -> None:
    assert outcomes((Fault(ADD),), 2) == ("ER", GRANTED)


def test_a_fault_strikes_from_the_call_that_is_named_as_often_as_it_says() -> None:
    assert outcomes((Fault(ADD, first=2, times=2),), 4) == ("REEW", GRANTED)


def test_a_fault_of_another_cmdlet_or_identity_does_not_strike() -> None:
    assert outcomes((Fault("Set-Mailbox"), Fault(ADD, identity="info@contoso.com")), 1) == ("R", GRANTED)


def test_an_identity_is_matched_without_regard_to_case() -> None:
    assert outcomes((Fault(ADD, identity=SALES.upper()),), 1) == ("E", set())


def test_a_write_that_worked_may_answer_with_an_error() -> None:
    assert outcomes((Fault(ADD, effect=Effect.DONE_YET_FAILED),), 1) == ("E", GRANTED)


def test_a_write_may_pretend_to_have_worked() -> None:
    assert outcomes((Fault(ADD, effect=Effect.PRETENDED),), 1) == ("N", set())


def test_a_lost_session_stays_lost_until_somebody_signs_in_again() -> None:
    faulty = FaultyTenant(a_tenant(), faults=(Fault(ADD, Trouble.SESSION_LOST),))
    calls = [Call(ADD, GRANT), Call("Get-Mailbox", {"Identity": SALES})]
    lost, anew = ([answer.error for call, answer in faulty.session(SIGN_IN).invoke(calls)] for attempt in range(2))
    assert [diagnose(error).rule for error in lost if error] == ["E22", "E22"]
    assert anew == [None, None]


def test_a_sign_in_may_fail_once() -> None:
    faulty = FaultyTenant(a_tenant(), faults=(Fault("Connect-ExchangeOnline", Trouble.TIMED_OUT),))
    with pytest.raises(TenantError):
        faulty.connect(SIGN_IN)
    assert faulty.connect(SIGN_IN).organization == "contoso.onmicrosoft.com"


def test_the_faults_that_struck_are_on_record() -> None:
    fault = Fault(ADD, times=2)
    faulty = FaultyTenant(a_tenant(), faults=(fault,))
    list(faulty.session(SIGN_IN).invoke([Call(ADD, GRANT)] * 3))
    assert faulty.hits == [fault, fault]


@pytest.mark.parametrize("cmdlet", ["Get-MailboxPermission", "Get-EXORecipient"])
@pytest.mark.parametrize(
    ("trouble", "rule"),
    [
        (Trouble.THROTTLED, "E13"),
        (Trouble.THROTTLED_WITH_HINT, "E13"),
        (Trouble.DIRECTORY, "E16"),
        (Trouble.REPLICATION, "E12"),
        (Trouble.SERVER_SIDE, "E19"),
        (Trouble.SESSION_LOST, "E22"),
        (Trouble.TIMED_OUT, "E21"),
    ],
)
def test_trouble_is_recognised_for_what_it_is(trouble: Trouble, rule: str, cmdlet: str) -> None:
    assert diagnose(trouble.error_of(cmdlet)).rule == rule


def test_calls_take_the_time_that_was_measured_scaled() -> None:
    waits: list[float] = []
    faulty = FaultyTenant(a_tenant(), latency=Latency(scale=0.5, wait=waits.append))
    faulty.invoke("c1", "Get-MailboxPermission", {})
    faulty.invoke("c1", "Get-RecipientPermission", {"Identity": "m1"})
    faulty.invoke("c1", "Get-RecipientPermission", {})
    faulty.invoke("c1", "Get-Group", {})
    assert waits == [0.423, 0.301, 0.058, 0.075]
