# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight at work over a runner in memory: what it asks, in which order, when it stops; it only reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.examine import (
    ENDPOINTS,
    Examination,
    examine,
    rehearsed,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.preflight import (
    Point,
    Purpose,
    Row,
    Status,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import WRITERS, Call
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import rpc
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import (
    AnswerOverdue,
    LoginRefused,
)
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.fake_channel import (
    FakeChannel,
    FakeRunner,
    OnReceive,
    Request,
)

from .sessions import ROUTER, mailbox, signed_in, tenant_of
from .test_preflight_host import CERTIFICATE, FACTS

SIGN_IN = {
    "way": "certificate_file",
    "organization": "contoso.onmicrosoft.com",
    "app_id": "0000-app",
    "certificate_pfx": "cGZ4",
    "certificate_password": "hunter2",
}
CONNECTED = {"organization": "contoso.onmicrosoft.com", "tenant_id": "1111", "missing": []}
WANTED = Examination(
    SIGN_IN, "O365Default", ("a.example:443",), Purpose.ENFORCE, frozenset(Right), (ROUTER,), date(2026, 6, 1)
)


def error(code: str, text: str) -> dict[str, Any]:
    return {"ok": False, "error": {"code": code, "type": "", "text": text, "category": "", "fqid": ""}}


@dataclass
class FarEnd:
    """A runner before a small organisation; ``facts`` None: it stumbles over diagnose."""

    facts: dict[str, Any] | None = None
    connected: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.session = signed_in(tenant_of(mailbox("sales@contoso.com", hidden=True)))
        self.runner = FakeRunner(self.answer)

    def answer(self, request: Request) -> dict[str, Any]:
        if request["op"] == "diagnose":
            return error("internal", "oops") if self.facts is None else {"ok": True, "result": self.facts}
        if request["op"] == "connect":
            return self.connected or {"ok": True, "result": CONNECTED}
        call = Call(request["cmdlet"], request["parameters"], tuple(request["select"]))
        ((_call, answer),) = self.session.invoke([call])
        if answer.error:
            return error(answer.error.code, answer.error.text)
        return {"ok": True, "rows": [dict(row) for row in answer.rows], "warnings": [], "ms": 1}

    @property
    def asked(self) -> list[Request]:
        """Every request but the greeting and the farewell."""
        return [each for each in self.runner.executed if each["op"] not in ("hello", "quit")]

    @property
    def ops(self) -> list[str]:
        return [str(each["op"]) for each in self.asked]


def run(far: FarEnd, wanted: Examination = WANTED, **channel: Any) -> dict[Point, Row]:
    """The rows by point; afterwards nothing is left open, and nothing was written."""
    through = FakeChannel(far.runner, **channel)
    rows = examine(through, "powershell.exe", wanted, is_local=False)
    assert through.calls[-2:] == ["terminate", "close"]
    assert not [each for each in far.asked if each.get("cmdlet") in WRITERS]
    assert "hunter2" not in str(rows)
    assert [row.point for row in rows] == list(Point)
    return {row.point: row for row in rows}


def statuses(rows: dict[Point, Row], points: Iterable[Point]) -> set[Status]:
    return {rows[point].status for point in points}


def test_it_asks_for_the_host_then_signs_in_then_reads() -> None:
    far = FarEnd(FACTS)
    rows = run(far)
    assert far.ops[:2] == ["diagnose", "connect"]
    assert set(far.ops[2:]) == {"invoke"}
    assert far.asked[0]["endpoints"] == ["a.example:443"]
    assert far.asked[0]["sign_in"] == SIGN_IN
    assert far.asked[1]["environment"] == "O365Default"
    assert statuses(rows, [point for point in Point if point is not Point.POWERSHELL_VERSION]) == {Status.PASS}
    assert far.runner.executed[0]["read_only"] is True


@pytest.mark.parametrize(
    ("purpose", "rights", "there", "not_there"),
    [
        (Purpose.ENFORCE, frozenset(Right), {"Set-Mailbox", "Get-EXOMailbox", "Remove-MailboxPermission"}, set()),
        (Purpose.AUDIT, frozenset(Right), {"Get-EXOMailbox", "Get-MailboxPermission"}, set(WRITERS)),
        (
            Purpose.ENFORCE,
            frozenset({Right.SEND_AS}),
            {"Add-RecipientPermission"},
            {"Set-Mailbox", "Add-MailboxPermission", "Get-EXOMailbox"},
        ),
    ],
)
def test_it_asks_for_the_cmdlets_of_the_purpose_and_of_the_rights(
    purpose: Purpose, rights: frozenset[Right], there: set[str], not_there: set[str]
) -> None:
    far = FarEnd(FACTS)
    run(far, replace(WANTED, purpose=purpose, rights=rights))
    cmdlets = set(far.asked[1]["cmdlets"])
    assert there <= cmdlets
    assert not not_there & cmdlets


def test_a_sign_in_without_certificate_is_not_shown_to_the_diagnosis() -> None:
    far = FarEnd(FACTS)
    token = {"way": "access_token", "organization": "contoso.onmicrosoft.com", "access_token": "hunter2"}
    rows = run(far, replace(WANTED, sign_in=token))
    assert "sign_in" not in far.asked[0]
    assert rows[Point.CERTIFICATE].found == "access_token uses none"
    assert rows[Point.SIGN_IN].status is Status.PASS


@pytest.mark.parametrize(
    "facts",
    [
        {"execution_policies": ["MachinePolicy=AllSigned"]},
        {"temp": {"path": "x", "error": "denied"}},
        {"tls": {"protocols": "Ssl3"}},
        {"modules": []},
        {"certificate": {**CERTIFICATE, "code": "certificate_key_missing", "key": ""}},
        {"certificate": {**CERTIFICATE, "not_after": "2026-05-01"}},
    ],
    ids=lambda facts: next(iter(facts)),
)
def test_nobody_signs_in_from_a_host_that_would_fail(facts: dict[str, Any]) -> None:
    far = FarEnd({**FACTS, **facts})
    rows = run(far)
    assert far.ops == ["diagnose"]
    later = list(Point)[list(Point).index(Point.SIGN_IN) :]
    assert statuses(rows, later) == {Status.SKIPPED}
    assert all(rows[point].found.startswith("not looked at, because ") for point in later)


def test_a_network_that_a_probe_cannot_reach_is_left_to_the_sign_in() -> None:
    far = FarEnd({**FACTS, "endpoints": [{"endpoint": "a.example:443", "error": "refused"}]})
    rows = run(far)
    assert far.ops[:2] == ["diagnose", "connect"]
    assert (rows[Point.NETWORK].status, rows[Point.SIGN_IN].status) == (Status.WARN, Status.PASS)


def test_for_the_host_alone_nobody_signs_in() -> None:
    far = FarEnd({**FACTS, "endpoints": [{"endpoint": "a.example:443", "error": "refused"}]})
    rows = run(far, replace(WANTED, purpose=Purpose.HOST, accounts=()))
    assert far.ops == ["diagnose"]
    later = list(Point)[list(Point).index(Point.SIGN_IN) :]
    assert {(rows[point].status, rows[point].found) for point in later} == {
        (Status.SKIPPED, "not looked at: purpose is host")
    }
    assert rows[Point.CERTIFICATE_KEY].status is Status.PASS
    assert rows[Point.NETWORK].status is Status.WARN, "signing in may know a proxy"


def test_for_the_host_alone_a_point_that_failed_is_what_the_others_wait_for() -> None:
    rows = run(FarEnd({**FACTS, "modules": []}), replace(WANTED, purpose=Purpose.HOST, accounts=()))
    assert rows[Point.MODULE].status is Status.FAIL
    assert rows[Point.SIGN_IN].found == "not looked at, because module failed"


def test_a_runner_that_stumbles_over_its_host_does_not_keep_from_signing_in() -> None:
    far = FarEnd(None)
    rows = run(far)
    assert far.ops[:2] == ["diagnose", "connect"]
    assert rows[Point.TEMP].found == "could not tell"
    assert statuses(rows, list(Point)[-6:]) == {Status.PASS}


def test_a_refused_sign_in_has_the_remedy_of_its_error() -> None:
    refusal = error("connect_failed", "AADSTS700016: Application with identifier 'x' was not found\r\nTrace: 1")
    far = FarEnd(FACTS, refusal)
    row = run(far)[Point.SIGN_IN]
    assert row.status is Status.FAIL
    assert "AADSTS700016" in row.found
    assert "Trace" not in row.found
    assert "Check app_id" in row.remedy
    assert far.ops == ["diagnose", "connect"]


def test_a_role_that_cannot_read_keeps_from_looking_for_accounts() -> None:
    far = FarEnd(FACTS, {"ok": True, "result": {**CONNECTED, "missing": ["Get-User"]}})
    rows = run(far)
    assert rows[Point.ROLE_AUDIT].status is Status.FAIL
    assert rows[Point.ROLE_ENFORCE].status is Status.PASS
    assert rows[Point.ACCOUNT].found == "not looked at, because role_audit failed"
    assert {each.get("cmdlet") for each in far.asked[2:]} == {"Get-EXORecipient", "Get-EXOMailbox"}


def test_without_accounts_nobody_is_looked_up() -> None:
    far = FarEnd(FACTS)
    rows = run(far, replace(WANTED, accounts=()))
    assert far.ops == ["diagnose", "connect", "invoke", "invoke"]
    assert rows[Point.ACCOUNT].found == "no account was named"


def test_each_account_has_its_rows() -> None:
    far = FarEnd(FACTS)
    accounts = (ROUTER, "nobody@contoso.com", "sales@contoso.com")
    rows = examine(FakeChannel(far.runner), "pwsh", replace(WANTED, accounts=accounts), is_local=True)
    found = [(row.found.partition(":")[0], row.status) for row in rows if row.point is Point.ACCOUNT]
    assert found == [(ROUTER, Status.PASS), ("nobody@contoso.com", Status.FAIL), ("sales@contoso.com", Status.PASS)]
    shown = [row.status for row in rows if row.point is Point.ACCOUNT_ADDRESS_LISTS]
    assert shown == [Status.PASS, Status.SKIPPED, Status.WARN]


class Refusing(FakeChannel):
    """Does not open."""

    def open(self, executable: str, arguments: list[str]) -> None:
        raise LoginRefused("WinRM on x: the sign-in was refused. Check ansible_user")


def test_a_host_that_refuses_is_a_row() -> None:
    rows = examine(Refusing(), "powershell.exe", WANTED, is_local=False)
    assert [row.status for row in rows[:2]] == [Status.PASS, Status.FAIL]
    assert rows[1].remedy == "Check ansible_user"
    assert {row.found for row in rows[2:]} == {"not looked at, because authentication failed"}


@pytest.mark.parametrize("spared", [1, 2, 3, 4])
def test_contact_that_breaks_on_the_way_is_a_row_whenever_it_breaks(
    spared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc, "MAX_LOSSES", 0)
    far = FarEnd(FACTS)
    rows = run(far, on_receive=[OnReceive.ARRIVES] * spared + [OnReceive.INTERRUPTED] * 9)
    assert rows[Point.REACHABILITY].status is Status.FAIL
    assert "contact was lost" in rows[Point.REACHABILITY].found.lower()
    assert rows[Point.ACCOUNT].status is Status.SKIPPED


def test_a_sign_in_that_is_not_answered_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    far = FarEnd(FACTS)

    def request(self: rpc.RpcClient, op: str, patience: float = 0.0, **fields: object) -> dict[str, Any]:
        if op == "connect":
            raise AnswerOverdue("PowerShell did not answer connect within 300 seconds")
        return honest(self, op, patience or 10.0, **fields)

    honest = rpc.RpcClient.request
    monkeypatch.setattr(rpc.RpcClient, "request", request)
    row = run(far)[Point.SIGN_IN]
    assert (row.status, "Signing in hangs" in row.remedy) == (Status.FAIL, True)


def test_a_rehearsal_looks_at_accounts_alone() -> None:
    rows = rehearsed(signed_in(tenant_of()), [ROUTER, "nobody@contoso.com"])
    judged = [row for row in rows if row.point.value.startswith("account")]
    assert {row.status for row in rows if row not in judged} == {Status.SKIPPED}
    assert [row.status for row in judged if row.point is Point.ACCOUNT] == [Status.PASS, Status.FAIL]


def test_every_environment_has_its_endpoints() -> None:
    assert {len(endpoints) for endpoints in ENDPOINTS.values()} == {2}
    assert all(endpoint.endswith(":443") for endpoints in ENDPOINTS.values() for endpoint in endpoints)


def test_an_examination_does_not_show_its_secrets() -> None:
    assert "hunter2" not in repr(WANTED)
