# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble comes when the schedule says so, and as the errors that Exchange facts describe."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import (
    diagnose,
    says_truncated,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.hints import retry_hint
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    Parameter,
    SessionLost,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant, TenantError
from ansible_collections.email_router.exchange_online.tests.simulator.faults import (
    ANY,
    ANY_READER,
    ANY_WRITER,
    CONNECT,
    FOREVER,
    Effect,
    Fault,
    FaultyTenant,
    Strike,
    Trouble,
)
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


@pytest.mark.parametrize(("trouble", "rule"), [(Trouble.SESSION_LOST, "E22"), (Trouble.TOKEN_EXPIRED, "E23")])
def test_a_session_that_ended_stays_so_until_somebody_signs_in_again(trouble: Trouble, rule: str) -> None:
    tenant = a_tenant()
    faulty = FaultyTenant(tenant, faults=(Fault(ADD, trouble, times=2),))
    calls = [Call(ADD, GRANT), Call("Get-Mailbox", {"Identity": SALES}), Call(ADD, GRANT)]
    for _attempt in range(2):
        errors = [answer.error for call, answer in faulty.session(SIGN_IN).invoke(calls)]
        assert [diagnose(error).rule for error in errors if error] == [rule] * 3
    assert len(faulty.hits) == 2
    assert (tenant.calls, tenant.left_open) == ([], ())
    assert [answer.error for call, answer in faulty.session(SIGN_IN).invoke(calls)] == [None] * 3


def test_a_write_that_worked_may_cost_the_session() -> None:
    fault = Fault(ADD, Trouble.SESSION_LOST, Effect.DONE_YET_FAILED)
    assert outcomes((fault,), 2) == ("EE", GRANTED)


def test_a_sign_in_may_fail_once() -> None:
    faulty = FaultyTenant(a_tenant(), faults=(Fault("Connect-ExchangeOnline", Trouble.TIMED_OUT),))
    with pytest.raises(TenantError):
        faulty.connect(SIGN_IN)
    assert faulty.connect(SIGN_IN).organization == "contoso.onmicrosoft.com"


@pytest.mark.parametrize(("effect", "open_connections"), [(Effect.REFUSED, 0), (Effect.DONE_YET_FAILED, 1)])
def test_only_the_second_sign_in_may_fail(effect: Effect, open_connections: int) -> None:
    tenant = a_tenant()
    faulty = FaultyTenant(tenant, faults=(Fault(CONNECT, Trouble.ENTRA_BUSY, effect, first=2),))
    faulty.session(SIGN_IN).close()
    with pytest.raises(TenantError, match="AADSTS90033"):
        faulty.session(SIGN_IN)
    assert len(tenant.left_open) == open_connections
    faulty.session(SIGN_IN).close()


def test_the_faults_that_struck_are_on_record() -> None:
    fault = Fault(ADD, times=2)
    faulty = FaultyTenant(a_tenant(), faults=(fault,))
    list(faulty.session(SIGN_IN).invoke([Call(ADD, GRANT)] * 3))
    assert faulty.hits == [fault, fault]
    assert faulty.strikes == [Strike(fault, "00000000-0000-0000-0000-000000000001", ADD, GRANT)] * 2


def test_the_books_tell_which_answer_was_falsified_and_what_was_done_for_all_that() -> None:
    tenant = a_tenant()
    faults = (Fault(ADD), Fault(ADD, effect=Effect.DONE_YET_FAILED, first=2), Fault(ADD, effect=Effect.LATE, first=3))
    list(FaultyTenant(tenant, faults=faults).session(SIGN_IN).invoke([Call(ADD, GRANT)] * 4))
    found = [(call.falsified, call.changed) for call in tenant.calls]
    assert found == [("done_yet_failed", True), ("late", False), ("", False)]


ROWS = Call("Get-MailboxPermission", {"Identity": SALES}, ("Identity", "User"))
MAILBOX = Call("Get-Mailbox", {"Identity": SALES}, ("Identity",))
ROUTERS = Call(ADD, {**GRANT, "Identity": "router@contoso.com"})


def struck(fault: Fault, calls: list[Call]) -> list[bool]:
    """Which of the calls a fault hits."""
    faulty = FaultyTenant(a_tenant(), faults=(fault,))
    session = faulty.session(SIGN_IN)
    counts = [len(faulty.strikes) for call in calls for pair in [*session.invoke([call])]]
    return [after > before for before, after in zip([0, *counts], counts, strict=False)]


@pytest.mark.parametrize(
    ("fault", "hit"),
    [
        (Fault(ANY, times=FOREVER), [True, True, True, True]),
        (Fault(ANY_READER, times=FOREVER), [True, True, False, False]),
        (Fault(ANY_WRITER, times=FOREVER), [False, False, True, True]),
        (Fault(ANY, first=2, times=2), [False, True, True, False]),
        (Fault(ANY, identity=SALES, times=FOREVER), [True, True, True, False]),
        (Fault(ANY, effect=Effect.EMPTY, times=FOREVER), [True, True, False, False]),
        (Fault(ANY, effect=Effect.LATE, times=FOREVER), [False, False, True, True]),
        (Fault(CONNECT, first=2), [False] * 4),
    ],
)
def test_a_fault_may_be_of_any_cmdlet_or_of_those_that_read_or_write(fault: Fault, hit: list[bool]) -> None:
    assert struck(fault, [ROWS, MAILBOX, Call(ADD, GRANT), ROUTERS]) == hit


def test_an_object_is_known_by_any_of_its_names() -> None:
    sales = a_tenant().organisation.recipients[0]
    for name in (sales.guid, sales.guid.upper(), sales.object_id, sales.distinguished_name, SALES):
        assert struck(Fault(ANY, identity=name), [ROUTERS, ROWS]) == [False, True]
        assert struck(Fault(ANY, identity=SALES), [Call("Get-Mailbox", {"Identity": name})]) == [True]


def test_the_case_of_a_cmdlet_does_not_matter() -> None:
    assert struck(Fault(ADD), [Call(ADD.lower(), GRANT)]) == [True]
    assert struck(Fault(ANY_WRITER), [Call(ADD.lower(), GRANT)]) == [True]


def test_a_fault_may_pass_over_what_another_has_struck() -> None:
    late = Fault(ANY, Trouble.DIRECTORY, times=2, alone=True)
    faulty = FaultyTenant(a_tenant(), faults=(Fault(ADD), late))
    list(faulty.session(SIGN_IN).invoke([Call(ADD, GRANT), Call(ADD, GRANT), ROWS, ROWS, ROWS]))
    assert [strike.cmdlet for strike in faulty.strikes] == [ADD, ROWS.cmdlet, ROWS.cmdlet]


def read(effect: Effect, call: Call = ROWS) -> Answer:
    """One read that a fault hits, of a mailbox that the router has access to."""
    tenant = a_tenant()
    session = FaultyTenant(tenant, faults=(Fault(call.cmdlet, effect=effect),)).session(SIGN_IN)
    before, hit, again = (answer for _call, answer in session.invoke([Call(ADD, GRANT), call, call]))
    assert before.error is None
    assert len(again.rows) == 2
    assert (again.error, again.warnings) == (None, ())
    assert tenant.calls[1].falsified == effect.name.lower()
    return hit


def test_a_read_may_be_empty() -> None:
    assert read(Effect.EMPTY) == Answer()


def test_a_read_may_be_truncated_and_says_so() -> None:
    answer = read(Effect.TRUNCATED)
    assert (len(answer.rows), says_truncated(answer.warnings)) == (1, True)


def test_a_read_may_lack_the_row_of_self() -> None:
    assert [row["User"] for row in read(Effect.WITHOUT_SELF).rows] == ["router@contoso.com"]
    of_send_as = Call("Get-RecipientPermission", {"Identity": SALES}, ("Trustee",))
    session = FaultyTenant(a_tenant(), faults=(Fault(ANY, effect=Effect.WITHOUT_SELF),)).session(SIGN_IN)
    assert [answer.rows for call, answer in session.invoke([of_send_as])] == [()]


def test_a_read_may_bring_the_rows_of_another_object() -> None:
    assert [row["Identity"] for row in read(Effect.ANOTHERS).rows] == ["router"]


def test_where_there_is_no_other_object_its_rows_cannot_come() -> None:
    everything = Call("Get-Mailbox", {"ResultSize": "Unlimited"})
    nobody = Call("Get-Mailbox", {"Identity": "nobody@contoso.com"})
    assert struck(Fault(ANY, effect=Effect.ANOTHERS, times=FOREVER), [everything, nobody]) == [False, False]


def test_the_service_may_slow_down_and_say_so() -> None:
    answer = read(Effect.SLOWED)
    assert len(answer.rows) == 2
    assert "Micro delay applied" in answer.warnings[0]
    assert retry_hint(answer.warnings[0]) is None


def test_a_write_may_be_seen_late() -> None:
    session = FaultyTenant(a_tenant(), faults=(Fault(ADD, effect=Effect.LATE, reads=2),)).session(SIGN_IN)
    answers = [answer for call, answer in session.invoke([Call(ADD, GRANT, ("User",)), ROWS, ROWS, ROWS])]
    assert [len(answer.rows) for answer in answers] == [1, 1, 1, 2]


@pytest.mark.parametrize(("effect", "holders"), [(Effect.SILENT, set()), (Effect.DONE_YET_SILENT, GRANTED)])
def test_an_answer_may_never_come_until_the_session_is_closed(effect: Effect, holders: set[str]) -> None:
    tenant = a_tenant()
    faulty = FaultyTenant(tenant, faults=(Fault(ADD, effect=effect),))
    session, other = faulty.session(SIGN_IN), faulty.session(SIGN_IN)
    with ThreadPoolExecutor(1) as pool, faulty as _let_go:
        asked = pool.submit(list, session.invoke([Call(ADD, GRANT), ROWS]))
        assert faulty.wait_for_silence(10)
        assert [answer.error for call, answer in other.invoke([ROWS])] == [None]
        assert not asked.done()
        session.close()
        with pytest.raises(SessionLost) as lost:
            asked.result(10)
    assert lost.value.unanswered == (Call(ADD, GRANT),)
    assert tenant.holders(SALES, "full_access") == holders
    assert not faulty.wait_for_silence(0)


def test_a_sign_in_may_be_left_without_an_answer_until_the_tenant_stops() -> None:
    tenant = a_tenant()
    faulty = FaultyTenant(tenant, faults=(Fault(CONNECT, effect=Effect.DONE_YET_SILENT),))
    with ThreadPoolExecutor(1) as pool, faulty as _let_go:
        asked = pool.submit(faulty.connect, SIGN_IN)
        assert faulty.wait_for_silence(10)
        faulty.stop()
        with pytest.raises(ConnectionAbortedError):
            asked.result(10)
    assert len(tenant.left_open) == 1


def test_what_no_sign_in_can_meet_is_refused() -> None:
    with pytest.raises(ValueError, match="a sign-in cannot be carried out, answered without its rows"):
        Fault(CONNECT, effect=Effect.EMPTY)


def test_calls_take_the_time_that_was_measured_scaled() -> None:
    waits: list[float] = []
    faulty = FaultyTenant(a_tenant(), latency=Latency(scale=0.5, wait=waits.append))
    faulty.invoke("c1", "Get-MailboxPermission", {})
    faulty.invoke("c1", "Get-RecipientPermission", {"Identity": "m1"})
    faulty.invoke("c1", "Get-RecipientPermission", {})
    faulty.invoke("c1", "Get-Group", {})
    assert waits == [0.423, 0.301, 0.058, 0.075]
