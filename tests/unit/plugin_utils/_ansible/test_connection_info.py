# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task exchange_connection_info: what its options come to, what it returns, and when it fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import connection_info
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.connection_info import (
    ConnectionInfoAction,
    result_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.sign_in import ENVIRONMENTS
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.examine import (
    ENDPOINTS,
    Examination,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.preflight import (
    Point,
    Purpose,
    Row,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

SIGN_IN: dict[str, Any] = {"organization": "contoso.onmicrosoft.com", "access_token": "eyJ-token"}
GOOD = passed(Point.TEMP, "C:\\Temp")
ODD = warned(Point.CERTIFICATE_EXPIRY, "in 3 days", "Make a new one")
BAD = failed(Point.MODULE, "gone", "Install it")
LEFT = skipped(Point.SIGN_IN, "not looked at")


def outcome(transport: str = "local", check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    """The result of the task with these options."""
    action: Any = ConnectionInfoAction.__new__(ConnectionInfoAction)
    task = {"environment": None, "check_mode": check_mode, "async_val": 0, "diff": False, "delegate_to": None}
    action._task = SimpleNamespace(args=arguments, action="x.y.z", **task)
    action._connection = SimpleNamespace(transport=transport, _shell=SimpleNamespace(tmpdir=None))
    action._templar = SimpleNamespace(template=lambda value: value)
    action._loader = None  # of files; there are no extra variables
    made: dict[str, Any] = action.run(task_vars={})
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Examination]:
    """What would have been looked at."""
    seen: list[Examination] = []

    def examine(channel: object, executable: str, wanted: Examination, is_local: bool) -> tuple[Row, ...]:
        seen.append(wanted)
        assert (executable, is_local) == ("pwsh", True)
        return (GOOD,)

    monkeypatch.setattr(connection_info, "examine", examine)
    return seen


def test_by_default_it_looks_at_all_that_enforcing_any_right_takes(asked: list[Examination]) -> None:
    assert outcome(**SIGN_IN)["points"]
    (wanted,) = asked
    assert (wanted.purpose, wanted.rights, wanted.accounts) == (Purpose.ENFORCE, frozenset(Right), ())
    assert wanted.endpoints == ENDPOINTS["O365Default"]


def test_in_check_mode_it_looks_at_what_an_audit_takes(asked: list[Examination]) -> None:
    outcome(**SIGN_IN, check_mode=True)
    outcome(**SIGN_IN, check_mode=True, purpose="enforce")
    assert [wanted.purpose for wanted in asked] == [Purpose.AUDIT, Purpose.ENFORCE]


def test_options_say_what_is_looked_at(asked: list[Examination]) -> None:
    options: dict[str, Any] = {
        "purpose": "audit",
        "rights": ["send_as"],
        "accounts": ["a@b.c"],
        "endpoints": ["x:1", "[::1]:2"],
    }
    outcome(**SIGN_IN, **options)
    (wanted,) = asked
    assert (wanted.purpose, wanted.rights) == (Purpose.AUDIT, frozenset({Right.SEND_AS}))
    assert (wanted.accounts, wanted.endpoints) == (("a@b.c",), ("x:1", "[::1]:2"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_cloud_has_its_own_endpoints(environment: str, asked: list[Examination]) -> None:
    organization = f"contoso{ENVIRONMENTS[environment]}"
    outcome(**{**SIGN_IN, "organization": organization}, exchange_environment=environment)
    assert asked[0].endpoints == ENDPOINTS[environment]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"accounts": ["Sales Desk"]}, "account 'Sales Desk': an account is named by"),
        ({"endpoints": ["outlook.office365.com"]}, "endpoint 'outlook.office365.com': it must be name:port"),
        ({"endpoints": ["https://outlook.office365.com:443"]}, "it must be name:port"),
        ({"purpose": "look"}, "purpose"),
        ({"purpose": "host", "accounts": ["a@b.c"]}, "nobody signs in where purpose is host"),
        ({"rights": ["read"]}, "rights"),
        ({"fail_on": "always"}, "fail_on"),
    ],
)
def test_input_that_cannot_be_meant_is_no_row(asked: list[Examination], options: dict[str, Any], fault: str) -> None:
    made = outcome(**SIGN_IN, **options)
    assert made["failed"] is True
    assert fault in made["msg"]
    assert asked == []


def test_a_connection_that_never_leads_to_powershell_is_no_row(asked: list[Examination]) -> None:
    made = outcome(transport="ssh", **SIGN_IN)
    assert (made["failed"], "delegate_to" in made["msg"], asked) == (True, True, [])


def test_with_a_snapshot_only_accounts_are_looked_at(tmp_path: Path, asked: list[Examination]) -> None:
    snapshot = tmp_path / "contoso.json"
    recipients = [{"kind": "UserMailbox", "address": "router@contoso.com"}]
    snapshot.write_text(json.dumps({"recipients": recipients}))
    made = outcome(snapshot=str(snapshot), accounts=["router@contoso.com"])
    assert made["summary"] == {"total": 20, "pass": 4, "warn": 0, "fail": 0, "skipped": 16}
    assert asked == []
    assert "failed" not in made


@pytest.mark.parametrize(
    ("rows", "fails"),
    [
        ((GOOD, LEFT), {"never": False, "warn": False, "fail": False}),
        ((GOOD, ODD), {"never": False, "warn": True, "fail": False}),
        ((GOOD, BAD, LEFT), {"never": False, "warn": True, "fail": True}),
    ],
)
def test_fail_on_decides_what_fails_the_task(rows: tuple[Row, ...], fails: dict[str, bool]) -> None:
    assert {word: result_of(rows, word).get("failed", False) for word in fails} == fails


def test_the_result_says_everything_as_data_and_in_words() -> None:
    made = result_of((GOOD, ODD, BAD, LEFT), "never")
    assert made == {
        "changed": False,
        "msg": "4 points: 1 pass, 1 warn, 1 fail, 1 skipped. First: module: gone. Install it",
        "points": [
            {"point": "temp", "status": "pass", "found": "C:\\Temp", "remedy": ""},
            {"point": "certificate_expiry", "status": "warn", "found": "in 3 days", "remedy": "Make a new one"},
            {"point": "module", "status": "fail", "found": "gone", "remedy": "Install it"},
            {"point": "sign_in", "status": "skipped", "found": "not looked at", "remedy": ""},
        ],
        "summary": {"total": 4, "pass": 1, "warn": 1, "fail": 1, "skipped": 1},
        "report": [
            "pass     temp: C:\\Temp",
            "warn     certificate_expiry: in 3 days. Make a new one",
            "fail     module: gone. Install it",
            "skipped  sign_in: not looked at",
        ],
        "warnings": ["certificate_expiry: in 3 days. Make a new one"],
        "failure_class": "",
        "retry_safe": True,
    }


def test_a_failed_task_which_is_printed_whole_has_no_more_than_what_fails_it() -> None:
    bad = {"point": "module", "status": "fail", "found": "gone", "remedy": "Install it"}
    odd = {"point": "certificate_expiry", "status": "warn", "found": "in 3 days", "remedy": "Make a new one"}
    assert result_of((GOOD, ODD, BAD, LEFT), "fail")["points"] == [bad]
    made = result_of((GOOD, ODD, BAD, LEFT), "warn")
    assert (made["points"], "report" in made) == ([odd, bad], False)


@pytest.mark.parametrize(
    ("rows", "fail_on", "told"),
    [
        ((GOOD, LEFT), "fail", ("", True)),
        ((GOOD, BAD), "never", ("", True)),
        ((ODD, BAD, LEFT), "fail", ("powershell", False)),
        ((ODD, BAD, LEFT), "warn", ("sign_in", False)),
        ((replace(BAD, failure=Failure(FailureClass.HOST_SHELL, True)),), "fail", ("host_shell", True)),
        ((replace(BAD, failure=Failure(FailureClass.EXCHANGE, True)), BAD), "fail", ("exchange", False)),
    ],
)
def test_a_pipeline_is_told_what_failed_and_whether_to_try_again(
    rows: tuple[Row, ...], fail_on: str, told: tuple[str, bool]
) -> None:
    made = result_of(rows, fail_on)
    assert (made["failure_class"], made["retry_safe"]) == told


@pytest.mark.parametrize("point", list(Point))
def test_every_point_stands_for_a_failure_of_a_run(point: Point) -> None:
    told = result_of((failed(point, "gone", "mend it"),), "fail")["failure_class"]
    assert told in {"powershell", "host_unreachable", "host_login", "sign_in", "permission", "input"}


def test_a_preflight_that_fails_says_in_its_first_words_that_it_is_the_whole_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_info, "examine", lambda *_given: (BAD,))
    made = outcome(**SIGN_IN)
    assert made["msg"] == "Whole run: 1 point: 1 fail. First: module: gone. Install it"
    assert (made["failed"], made["failure_class"], made["retry_safe"]) == (True, "powershell", False)
