# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every action has in common: options in, a result or one clear failure out, and no secret in either."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    AccountsUnknown,
    InputError,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.journal import JournalError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.action import ExchangeAction
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.arguments import (
    DELEGATION_ARGUMENTS,
    EXCHANGE_ARGUMENTS,
    validated,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.secrecy import secrets_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    SessionError,
    SessionLost,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import LoginRefused


class Action(ExchangeAction):
    """An action whose work is a function."""

    ARGUMENTS = EXCHANGE_ARGUMENTS

    def __init__(self, work: Any, environment: list[dict[str, str]] | None = None, **arguments: Any) -> None:
        self._work = work
        self._task: Any = SimpleNamespace(
            args=arguments,
            environment=environment,
            check_mode=False,
            async_val=0,
            diff=False,
            action="x.y.z",
            delegate_to=None,
        )
        self._connection: Any = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        self._templar: Any = SimpleNamespace(template=lambda value: value)
        self._loader: Any = None  # of files; there are no extra variables
        self._supports_check_mode = True

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = self._work(options)
        return made


def outcome(work: Any, environment: list[dict[str, str]] | None = None, **arguments: Any) -> dict[str, Any]:
    return Action(work, environment, **arguments).run(task_vars={})


def raising(error: Exception) -> Any:
    def work(options: Mapping[str, Any]) -> dict[str, Any]:
        raise error

    return work


def test_a_result_is_returned_as_it_is_and_says_that_nothing_failed() -> None:
    assert outcome(lambda options: {"changed": True, "app": options["app_id"]}, app_id="7") == {
        "changed": True,
        "app": "7",
        "failure_class": "",
        "retry_safe": True,
    }


def test_input_that_cannot_be_meant_fails_with_every_fault() -> None:
    made = outcome(raising(InputError(["a is wrong", "b is wrong"])))
    assert (made["failed"], made["msg"]) == (True, "Whole run: a is wrong; b is wrong")
    assert (made["failure_class"], made["retry_safe"]) == ("input", False)
    assert made["errors"] == ["a is wrong", "b is wrong"]


def test_many_faults_are_counted_beyond_the_first_ten() -> None:
    made = outcome(raising(InputError(f"fault {number}" for number in range(13))))
    assert made["msg"].endswith("fault 9; and 3 more, see errors")
    assert len(made["errors"]) == 13


NO_ROLE = Failure(FailureClass.PERMISSION)
BUSY = Failure(FailureClass.EXCHANGE, retry_safe=True)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (SessionError("no role", NO_ROLE), NO_ROLE),
        (SessionLost("gone"), Failure(FailureClass.SESSION_LOST, retry_safe=True)),
        (ChannelError("refused", may_pass=True), Failure(FailureClass.HOST_UNREACHABLE, retry_safe=True)),
        (LoginRefused("who are you"), Failure(FailureClass.HOST_LOGIN)),
        (AccountsUnknown(["x", "y"], BUSY), BUSY),
        (JournalError("disk full"), Failure(FailureClass.JOURNAL)),
    ],
)
def test_a_fault_of_the_whole_run_says_that_it_is_one_and_what_a_pipeline_may_do(
    error: Exception, failure: Failure
) -> None:
    made = outcome(raising(error))
    assert (made["failed"], made["msg"]) == (True, f"Whole run: {error}")
    assert (made["failure_class"], made["retry_safe"]) == (failure.kind.value, failure.retry_safe)


def test_a_fault_of_the_whole_run_is_not_taken_for_one_of_the_host_that_ansible_prints_it_under() -> None:
    variables = {"inventory_hostname": "sales@contoso.com", "ansible_play_batch": ["sales@contoso.com", "b"]}
    made = Action(raising(SessionLost("gone"))).run(task_vars=variables)
    assert made["msg"] == "Whole run, not sales@contoso.com: gone"


def test_a_failure_of_single_mailboxes_is_none_of_the_whole_run() -> None:
    made = outcome(lambda options: {"failed": True, "msg": "1 refused", "failure_class": "mailboxes"})
    assert made["msg"] == "1 refused"


def test_what_ansible_itself_refuses_is_a_failure_too() -> None:
    made = outcome(raising(AnsibleError("no such option")))
    assert made["failed"] is True
    assert "no such option" in made["msg"]


def test_a_fault_in_the_code_is_not_dressed_up_as_one_of_the_user() -> None:
    result = outcome(lambda options: {"changed": 1 / 0})
    assert result["failure_class"] == "internal"
    assert "report it: ZeroDivisionError: division by zero" in result["msg"]
    assert result["exception"].startswith("Traceback")


def test_an_unknown_option_is_named_before_anything_is_done() -> None:
    made = outcome(raising(AssertionError()), organisation="contoso.onmicrosoft.com")
    assert made["failed"] is True
    assert "organisation" in made["msg"]


@pytest.mark.parametrize("option", ["certificate_password", "access_token"])
def test_no_secret_of_an_option_leaves_the_action(option: str) -> None:
    given: dict[str, Any] = {option: "s3cret"}
    made = outcome(lambda options: {"text": f"<{options[option]}>", "deep": [{"x": options[option]}]}, **given)
    assert "s3cret" not in str(made)
    made = outcome(raising(SessionError("refused s3cret", NO_ROLE)), **given)
    assert "s3cret" not in str(made)


@pytest.mark.parametrize("option", ["certificate_password", "access_token"])
def test_no_secret_of_the_environment_leaves_the_action(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"EXCHANGE_ONLINE_{option.upper()}", "s3cret")
    assert "s3cret" not in str(outcome(lambda options: {"text": "it was s3cret"}))
    of_the_task = [{f"EXCHANGE_ONLINE_{option.upper()}": "t4sk"}]
    assert "t4sk" not in str(outcome(lambda options: {"text": "it was t4sk"}, of_the_task))
    monkeypatch.setenv(f"EXCHANGE_ONLINE_{option.upper()}", "l1ne\n")
    assert "l1ne" not in str(outcome(lambda options: {"text": "it was l1ne"}))


def test_the_environment_of_the_task_lies_over_that_of_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGE_ONLINE_APP_ID", "controller")
    monkeypatch.setenv("EXCHANGE_ONLINE_ORGANIZATION", "controller")
    environment = Action(None, [{"EXCHANGE_ONLINE_APP_ID": "play"}, {"EXCHANGE_ONLINE_APP_ID": "task"}]).environment()
    assert environment["EXCHANGE_ONLINE_APP_ID"] == "task"
    assert environment["EXCHANGE_ONLINE_ORGANIZATION"] == "controller"


def test_it_runs_once_for_all_hosts() -> None:
    assert Action.BYPASS_HOST_LOOP is True


def test_options_get_their_types_and_defaults() -> None:
    options = validated(
        DELEGATION_ARGUMENTS, {"profiles": {"a": {}}, "profile": "x", "verify": "5", "auto_mapping": "yes"}
    )
    assert (options["profile"], options["verify"], options["auto_mapping"]) == (["x"], 5, True)
    assert (options["state"], options["on_failure"], options["mailboxes"]) == ("present", "fail", None)
    assert options["allow_empty"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "profiles"),
        ({"profiles": {}, "state": "gone"}, "state"),
        ({"profiles": {}, "on_failure": "ignore"}, "on_failure"),
        ({"profiles": {}, "verify": "soon"}, "verify"),
        ({"profiles": {}, "mailboxes": [{"profile": "x"}]}, "mailbox"),
        ({"profiles": {}, "mailboxes": [{"mailbox": "a", "right": "x"}]}, "right"),
    ],
)
def test_options_that_are_not_allowed_are_named(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        validated(DELEGATION_ARGUMENTS, arguments)
    assert said in str(raised.value)


def test_secrets_are_the_values_of_what_is_not_to_be_logged() -> None:
    options = {"certificate_password": "a", "access_token": None, "app_id": "b"}
    assert secrets_of(EXCHANGE_ARGUMENTS, options) == {"a"}


def test_a_task_leaves_nothing_of_its_options_in_the_spec_of_all_tasks() -> None:
    spec = {"paths": {"type": "dict", "default": {}, "options": {"json": {"type": "path"}}}}
    first = validated(spec, {})
    first["paths"]["json"] = "/of/the/first"
    assert validated(spec, {}) == {"paths": {"json": None}}
    assert spec["paths"]["default"] == {}
