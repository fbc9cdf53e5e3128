# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of a task are known before anything can go wrong, and gone from whatever it returns."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.arguments import EXCHANGE_ARGUMENTS
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.secrecy import (
    password_of,
    secrets_of,
    without,
)

from .test_action import outcome

SECRET = 'Zä"hl <bis> 3/4+'


def test_secrets_are_found_in_options_of_any_kind() -> None:
    assert secrets_of(EXCHANGE_ARGUMENTS, {"access_token": " t ", "app_id": "a"}) == {" t ", "t"}
    assert {"t", "u"} <= secrets_of(EXCHANGE_ARGUMENTS, {"access_token": {"t": ["u"]}})
    assert secrets_of(EXCHANGE_ARGUMENTS, {"access_token": ""}) == set()


FORMS = {
    "plain": SECRET,
    "JSON": json.dumps(SECRET),
    "percent": quote(SECRET, safe=""),
    "base64": base64.b64encode(f"user:{SECRET}!".encode()).decode(),
    "UTF-16": base64.b64encode(f"x{SECRET}".encode("utf-16-le")).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_result_holds_a_secret_in_no_form(form: str) -> None:
    clean = without({"msg": f"said {form}.", "rows": [{"cause": form, "n": 1}], "changed": False}, {SECRET})
    assert clean["changed"] is False
    assert clean["rows"][0]["n"] == 1
    left = json.dumps(clean, ensure_ascii=False)
    assert form not in left
    assert "bis" not in left
    assert "********" in clean["msg"]


def test_a_result_stays_as_it_is_where_there_is_none() -> None:
    result: dict[str, Any] = {"msg": "fine", "rows": [1, {"a": None}], "changed": True}
    assert without(result, {SECRET}) == result
    assert without(result, set()) is result


def test_a_secret_is_hidden_as_ansible_hides_it() -> None:
    """As its own function did, which ansible-core 2.22 says will go."""
    result = {"4711": [4711, 14711.5, 42, True, None], "rows": ({"x": "geheim"}, "a geheimer, b", "Geheim")}
    assert without(result, {"geheim", "geheimer", "4711"}) == {
        "4711": ["VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", 42, True, None],
        "rows": [{"x": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}, "a ********, b", "Geheim"],
    }


def fails(options: Any) -> dict[str, Any]:
    password = options["access_token"]
    raise RuntimeError(f"cannot send {password!r} as {base64.b64encode(password.encode()).decode()}")


def test_a_crash_is_a_failure_without_secrets() -> None:
    result = outcome(fails, access_token=SECRET)
    assert result["failed"] is True
    assert result["failure_class"] == "internal"
    assert "RuntimeError: cannot send" in result["msg"]
    assert "in fails" in result["exception"]
    assert "bis" not in json.dumps(result)
    assert base64.b64encode(SECRET.encode()).decode() not in json.dumps(result)


@pytest.mark.parametrize("value", [{"nested": SECRET}, [SECRET], SECRET + "\ud800"])
def test_an_option_of_the_wrong_kind_is_not_repeated(value: object) -> None:
    result = outcome(fails, access_token=value)
    assert result["failed"] is True
    assert "bis" not in json.dumps(result)


def test_the_password_of_the_host_is_one_of_the_secrets() -> None:
    assert password_of(SimpleNamespace(get_option={"remote_password": "geheim"}.__getitem__)) == {"geheim"}
    assert password_of(SimpleNamespace(get_option={"remote_password": None}.__getitem__)) == set()
    assert password_of(SimpleNamespace()) == set()


def test_a_path_with_a_nul_is_refused_by_the_name_of_its_option() -> None:
    result = outcome(lambda options: {"changed": False}, certificate_file="a\0b", app_id="a\0b")
    assert result["errors"] == ["certificate_file: it holds a NUL, which no path does"]


def test_half_a_character_is_refused_by_the_name_of_its_option() -> None:
    result = outcome(lambda options: {"changed": False}, organization="a\udc00b", app_id="x")
    assert result["errors"] == ["organization: it holds '\\udc00', which is half a character"]
    assert result["failure_class"] == "input"
