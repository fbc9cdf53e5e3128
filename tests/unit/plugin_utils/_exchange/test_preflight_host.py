# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell host, judged: a table for each point, every status that it can have."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.preflight import (
    Point,
    Row,
    Status,
    failure_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.preflight_host import (
    judge_contact,
    judge_host,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import (
    AnswerOverdue,
    LanguageModeRefused,
    LoginRefused,
    NoTicket,
    ProcessEnded,
    RunnerError,
    RunnerMismatch,
    ShellLost,
    ShellRefused,
)

PASS, WARN, FAIL, SKIPPED = Status.PASS, Status.WARN, Status.FAIL, Status.SKIPPED
TODAY = date(2026, 6, 1)
DESKTOP = {"edition": "Desktop", "powershell": "5.1.17763.1", "host": "EXO-MGMT01", "user": "CONTOSO\\svc"}
CORE = {**DESKTOP, "edition": "Core", "powershell": "7.4.6"}
CERTIFICATE = {
    "code": "", "text": "", "thumbprint": "AB12", "not_after": "2027-01-01", "store": "LocalMachine\\My",
    "key": "RSACryptoServiceProvider", "key_error": "",
}  # fmt: skip
FACTS: dict[str, Any] = {
    "platform": "Win32NT",
    "framework": 528049,
    "execution_policies": [
        "MachinePolicy=Undefined",
        "UserPolicy=Undefined",
        "Process=Bypass",
        "LocalMachine=AllSigned",
    ],
    "temp": {"path": "C:\\Temp\\", "error": ""},
    "tls": {"protocols": "SystemDefault", "enabled": None, "disabled_by_default": None},
    "modules": ["3.9.2"],
    "endpoints": [{"endpoint": "a.example:443", "proxy": "", "error": "", "ms": 12}],
    "certificate": CERTIFICATE,
}


def judged(
    point: Point, hello: dict[str, str] | None = None, way: str = "certificate_thumbprint", **facts: Any
) -> Row | None:
    """The row of a point for facts that differ in these from a host as it should be."""
    rows = {row.point: row for row in judge_host(hello or DESKTOP, {**FACTS, **facts}, way, TODAY)}
    return rows.get(point)


def check(row: Row | None, status: Status, *says: str) -> None:
    assert row is not None
    assert row.status is status, row
    assert bool(row.remedy) is (status in (WARN, FAIL))
    for phrase in says:
        assert phrase in f"{row.found} | {row.remedy}"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (LoginRefused("401"), Failure(FailureClass.HOST_LOGIN)),
        (ChannelError("refused", may_pass=True), Failure(FailureClass.HOST_UNREACHABLE, retry_safe=True)),
        (ChannelError("no such name"), Failure(FailureClass.HOST_UNREACHABLE)),
        (ShellRefused("too many", may_pass=True), Failure(FailureClass.HOST_SHELL, retry_safe=True)),
        (LanguageModeRefused("constrained"), Failure(FailureClass.POWERSHELL)),
        (AnswerOverdue("no answer"), Failure(FailureClass.POWERSHELL)),
    ],
)
def test_contact_fails_at_what_a_run_would_fail_at(error: ChannelError, told: Failure) -> None:
    rows = [row for row in judge_contact(error, {}, is_local=False) if row.status is FAIL]
    assert failure_of(rows) == told


def test_a_host_as_it_should_be_passes_on_every_point() -> None:
    rows = list(judge_host(DESKTOP, FACTS, "certificate_thumbprint", TODAY))
    assert {row.status for row in rows} == {PASS}
    points = list(Point)
    assert [row.point for row in rows] == points[points.index(Point.POWERSHELL_VERSION) : points.index(Point.SIGN_IN)]


def test_a_host_of_which_nothing_is_known_is_not_judged() -> None:
    rows = list(judge_host({}, {}, "certificate_file", TODAY))
    assert {row.status for row in rows} == {SKIPPED}
    assert {row.found for row in rows} == {"could not tell"}


@pytest.mark.parametrize(
    ("error", "is_local", "end"),
    [
        (ChannelError("X is away. Look for it"), False, Point.REACHABILITY),
        (LoginRefused("X refused you. Look for it"), False, Point.AUTHENTICATION),
        (ShellRefused("X has no room. Look for it"), False, Point.POWERSHELL_START),
        (ShellLost("X is gone. Look for it"), False, Point.POWERSHELL_START),
        (ProcessEnded("PowerShell ended, exit code 1. It printed: not\r\nrecognized. Twice", 1, ""), False,
         Point.POWERSHELL_START),
        (RunnerMismatch("another one"), False, Point.POWERSHELL_START),
        (RunnerError("hello", "internal", "", "no"), False, Point.POWERSHELL_START),
        (AnswerOverdue("no answer"), False, Point.POWERSHELL_START),
        (LanguageModeRefused("constrained; allow more"), False, Point.LANGUAGE_MODE),
        (ChannelError("There is no PowerShell pwsh. Install it"), True, Point.POWERSHELL_START),
        (LanguageModeRefused("constrained"), True, Point.LANGUAGE_MODE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)  # fmt: skip
def test_contact_ends_at_the_point_that_refused(error: Exception, is_local: bool, end: Point) -> None:
    *before, last = judge_contact(error, {}, is_local)
    check(last, FAIL)
    assert last.point is end
    assert [row.point for row in before] == list(Point)[: list(Point).index(end)]
    assert {row.status for row in before} <= {PASS}
    if "Look for it" in str(error):
        assert last.remedy == "Look for it"
        assert "Look for it" not in last.found
    if isinstance(error, ProcessEnded):
        assert last.found == "PowerShell ended, exit code 1. It printed: not recognized. Twice"


def test_a_host_that_was_not_asked_for_want_of_a_ticket_is_not_said_to_answer() -> None:
    reach, authentication = judge_contact(NoTicket("kinit got no ticket. Check the clock"), {}, is_local=False)
    assert (reach.point, reach.status) == (Point.REACHABILITY, SKIPPED)
    assert "it was not asked" in reach.found
    assert (authentication.point, authentication.status, authentication.remedy) == (
        Point.AUTHENTICATION,
        FAIL,
        "Check the clock",
    )


def test_contact_that_was_made_names_who_was_reached() -> None:
    rows = list(judge_contact(None, {**DESKTOP, "language_mode": "FullLanguage"}, is_local=False))
    assert [row.found for row in rows] == ["EXO-MGMT01", "CONTOSO\\svc", "it starts", "FullLanguage"]
    assert next(judge_contact(None, DESKTOP, is_local=True)).found == "this machine"


@pytest.mark.parametrize(
    ("edition", "version", "framework", "status", "says"),
    [
        ("Desktop", "5.1.14393.0", 461808, PASS, "Desktop 5.1"),
        ("Desktop", "5.1.14393.0", None, PASS, ""),
        ("Desktop", "5.1.14393.0", 394802, FAIL, "Install .NET Framework 4.7.2"),
        ("Desktop", "5.0.10586.117", 528049, FAIL, "Install Windows Management Framework 5.1"),
        ("Desktop", "4.0", None, FAIL, "5.1"),
        ("Core", "7.4.0", None, PASS, "Core 7.4.0"),
        ("Core", "7.10.1-preview.2", 394802, PASS, ""),
        ("Core", "7.3.9", None, FAIL, "Install PowerShell 7.4 or newer"),
        ("Core", "6.2.7", None, FAIL, ""),
        ("Core", "unknown", None, SKIPPED, "could not tell"),
        ("Odd", "7.4", None, SKIPPED, "could not tell"),
    ],
)
def test_powershell_version(edition: str, version: str, framework: int | None, status: Status, says: str) -> None:
    hello = {**DESKTOP, "edition": edition, "powershell": version}
    check(judged(Point.POWERSHELL_VERSION, hello, framework=framework), status, says)


@pytest.mark.parametrize(
    ("platform", "policies", "status", "says"),
    [
        ("Win32NT", ["MachinePolicy=RemoteSigned", "Process=Bypass"], PASS, "set by Group Policy (MachinePolicy)"),
        ("Win32NT", ["MachinePolicy=Unrestricted"], PASS, "Unrestricted"),
        ("Win32NT", ["MachinePolicy=Undefined", "UserPolicy=Undefined", "Process=Bypass"], PASS, "Bypass (Process)"),
        ("Win32NT", ["MachinePolicy=AllSigned", "Process=Bypass"], FAIL, "Turn on Script Execution"),
        ("Win32NT", ["MachinePolicy=Undefined", "UserPolicy=Restricted", "Process=Bypass"], FAIL, "(UserPolicy)"),
        ("Win32NT", ["MachinePolicy=RemoteSigned", "UserPolicy=Restricted"], PASS, "RemoteSigned"),
        ("Win32NT", ["MachinePolicy=Undefined", "LocalMachine=Restricted"], FAIL, "Set-ExecutionPolicy RemoteSigned"),
        ("Win32NT", ["MachinePolicy=Undefined", "LocalMachine=Undefined"], SKIPPED, "could not tell"),
        ("Win32NT", [], SKIPPED, "could not tell"),
        ("Unix", [], PASS, "beyond Windows"),
        (None, ["MachinePolicy=AllSigned"], SKIPPED, "could not tell"),
    ],
)
def test_execution_policy(platform: str | None, policies: list[str], status: Status, says: str) -> None:
    check(judged(Point.EXECUTION_POLICY, platform=platform, execution_policies=policies), status, says)


@pytest.mark.parametrize(
    ("temp", "status", "says"),
    [
        ({"path": "C:\\Temp\\", "error": ""}, PASS, "C:\\Temp\\"),
        ({"path": "C:\\Temp\\", "error": "Access denied"}, FAIL, "C:\\Temp\\: Access denied"),
        ({"path": "", "error": "no such thing"}, FAIL, "TEMP: no such thing"),
        ({"path": "C:\\Users\\svc$\\Temp\\", "error": ""}, WARN, "may break the sign-in"),
        ({"path": "", "error": ""}, SKIPPED, "could not tell"),
        (None, SKIPPED, "could not tell"),
    ],
)
def test_temp(temp: dict[str, str] | None, status: Status, says: str) -> None:
    check(judged(Point.TEMP, temp=temp), status, says)


@pytest.mark.parametrize(
    ("protocols", "enabled", "off", "status", "says"),
    [
        ("SystemDefault", None, None, PASS, "SystemDefault"),
        ("SystemDefault", 1, 0, PASS, ""),
        ("SystemDefault", -1, None, PASS, ""),
        ("Tls, Tls11, Tls12", None, 1, PASS, "Tls12"),
        ("Ssl3, Tls13", None, None, PASS, ""),
        ("SystemDefault", 0, None, FAIL, "Enabled=1"),
        ("Tls12", 0, None, FAIL, "switched off"),
        ("SystemDefault", None, 1, FAIL, "DisabledByDefault"),
        ("Ssl3, Tls", None, None, FAIL, "speaks Ssl3, Tls only"),
        ("", None, None, SKIPPED, "could not tell"),
    ],
)
def test_tls(protocols: str, enabled: int | None, off: int | None, status: Status, says: str) -> None:
    tls = {"protocols": protocols, "enabled": enabled, "disabled_by_default": off}
    check(judged(Point.TLS, tls=tls), status, says)


@pytest.mark.parametrize(
    ("proxy", "error", "status", "says"),
    [
        ("", "", PASS, "a.example:443 answers in 12 ms"),
        ("proxy.example:8080", "", PASS, "answers through the proxy proxy.example:8080 in 12 ms"),
        ("", "refused", FAIL, "a.example:443: refused"),
        ("proxy.example:8080", "refused", FAIL, "through the proxy proxy.example:8080: refused"),
    ],
)
def test_network(proxy: str, error: str, status: Status, says: str) -> None:
    endpoint = {"endpoint": "a.example:443", "proxy": proxy, "error": error, "ms": 12}
    check(judged(Point.NETWORK, endpoints=[endpoint]), status, says)


def test_every_endpoint_has_a_row() -> None:
    endpoints = [{"endpoint": name, "proxy": "", "error": name, "ms": 1} for name in ("", "no")]
    rows = judge_host(DESKTOP, {**FACTS, "endpoints": endpoints}, "access_token", TODAY)
    assert [row.status for row in rows if row.point is Point.NETWORK] == [PASS, FAIL]


@pytest.mark.parametrize(
    ("hello", "modules", "status", "says"),
    [
        (DESKTOP, ["3.2.0"], PASS, "ExchangeOnlineManagement 3.2.0"),
        (DESKTOP, ["3.9.2", "3.10.1", "2.0.5"], PASS, "3.10.1 (and 3.9.2, 2.0.5)"),
        (CORE, ["3.9.2"], PASS, ""),
        ({**CORE, "powershell": "7.6.1"}, ["3.10.0"], PASS, ""),
        (CORE, ["3.9.2", "3.10.0"], FAIL, "needs PowerShell 7.6"),
        (DESKTOP, ["3.1.0"], FAIL, "Update-Module"),
        (DESKTOP, [], FAIL, "Install-Module"),
        (DESKTOP, None, SKIPPED, "could not tell"),
    ],
)
def test_module(hello: dict[str, str], modules: list[str] | None, status: Status, says: str) -> None:
    check(judged(Point.MODULE, hello, modules=modules), status, says)


@pytest.mark.parametrize(
    ("certificate", "status", "says"),
    [
        (CERTIFICATE, PASS, "AB12 (LocalMachine\\My)"),
        ({"code": "certificate_not_found", "text": "no certificate AB12"}, FAIL, "Check certificate_thumbprint"),
        ({"code": "certificate_unreadable", "text": "wrong password"}, FAIL, "Check certificate_password"),
        (None, SKIPPED, "could not tell"),
    ],
)
def test_certificate(certificate: dict[str, str] | None, status: Status, says: str) -> None:
    check(judged(Point.CERTIFICATE, certificate=certificate), status, says)
    if status is FAIL:
        assert judged(Point.CERTIFICATE_KEY, certificate=certificate) is None


@pytest.mark.parametrize("way", ["managed_identity", "access_token"])
@pytest.mark.parametrize("point", [Point.CERTIFICATE, Point.CERTIFICATE_KEY, Point.CERTIFICATE_EXPIRY])
def test_a_way_without_certificate_needs_none(way: str, point: Point) -> None:
    check(judged(point, way=way, certificate=None), SKIPPED, f"{way} uses none")


@pytest.mark.parametrize(
    ("facts", "status", "says"),
    [
        ({}, PASS, "RSACryptoServiceProvider"),
        ({"key": "RSAOpenSsl"}, PASS, "RSAOpenSsl"),
        ({"key": "RSACng"}, WARN, "KeySpec KeyExchange"),
        ({"code": "certificate_key_missing", "text": "comes without", "key": ""}, FAIL, "import the certificate"),
        ({"code": "certificate_key_unusable", "text": "unusable", "key": "RSACng"}, FAIL, "unusable: it is a RSACng"),
        (
            {"code": "certificate_key_unusable", "text": "unusable", "key": "", "key_error": "Keyset does not exist"},
            FAIL,
            "unusable: Keyset does not exist",
        ),
        ({"key": ""}, SKIPPED, "could not tell"),
    ],
)
def test_certificate_key(facts: dict[str, str], status: Status, says: str) -> None:
    check(judged(Point.CERTIFICATE_KEY, certificate={**CERTIFICATE, **facts}), status, says)


@pytest.mark.parametrize(
    ("not_after", "status", "says"),
    [
        ("2026-07-01", PASS, "expires on 2026-07-01, in 30 days"),
        ("2026-06-30", WARN, "in 29 days"),
        ("2026-06-01", WARN, "in 0 days"),
        ("2026-05-31", FAIL, "expired on 2026-05-31, 1 day ago"),
        ("", SKIPPED, "could not tell"),
        ("soon", SKIPPED, "could not tell"),
    ],
)
def test_certificate_expiry(not_after: str, status: Status, says: str) -> None:
    check(judged(Point.CERTIFICATE_EXPIRY, certificate={**CERTIFICATE, "not_after": not_after}), status, says)
