# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema that users hold plans against: every plan keeps to it, and it says what the code says."""

from __future__ import annotations

import json
from typing import Any, get_type_hints, is_typeddict

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan import document
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.build import render
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import FORMAT, VERSION
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT
from jsonschema import Draft202012Validator

from .._access.runs import wishes
from .._exchange.sessions import ROUTER, mailbox, tenant_of
from .plans import plan_of, plan_with, row

SCHEMA: dict[str, Any] = json.loads(
    (ROOT / "docs" / "schemas" / f"access-plan-{VERSION}.json").read_text(encoding="utf-8")
)
TYPES = {name: each for name, each in vars(document).items() if is_typeddict(each)}
KINDS = {str: "string", bool: "boolean", int: "integer"}


def said_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA if name == "Plan" else SCHEMA["$defs"][name]
    return found


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_plans_of_real_runs_and_of_every_outcome_keep_to_it() -> None:
    tenant = tenant_of(mailbox("a@contoso.com"), mailbox("b@contoso.com", send_as=[ROUTER], full_access=[ROUTER]))
    wanted = [*wishes(["a@contoso.com", "gone@contoso.com"]), *wishes(["b@contoso.com"], list(Right), State.ABSENT)]
    plans = [plan_of(tenant, wanted), plan_with(*(row(outcome=one.value) for one in Outcome))]
    assert [len(made["rows"]) for made in plans] == [5, len(Outcome)]
    faults = [list(Draft202012Validator(SCHEMA).iter_errors(json.loads(render(made)))) for made in plans]
    assert faults == [[], []]


@pytest.mark.parametrize("name", TYPES)
def test_it_names_the_fields_of_the_code_in_their_order_and_all_of_them_are_there(name: str) -> None:
    assert list(said_of(name)["properties"]) == said_of(name)["required"] == list(get_type_hints(TYPES[name]))


@pytest.mark.parametrize("name", TYPES)
def test_it_gives_each_field_the_type_that_the_code_gives_it(name: str) -> None:
    for field, hint in get_type_hints(TYPES[name]).items():
        said = said_of(name)["properties"][field]
        if "const" in said:
            assert isinstance(said["const"], hint), field
            continue
        other = "array" if str(hint).startswith("list") else "object"
        assert said.get("type", "object") == KINDS.get(hint, other), field


def test_format_and_version_are_those_of_the_code() -> None:
    assert (SCHEMA["properties"]["format"]["const"], SCHEMA["properties"]["version"]["const"]) == (FORMAT, VERSION)


@pytest.mark.parametrize(
    ("field", "values"),
    [("right", Right), ("state", State), ("outcome", Outcome)],
    ids=["right", "state", "outcome"],
)
def test_it_allows_the_words_of_the_code_and_no_others(field: str, values: Any) -> None:
    assert said_of("PlannedRow")["properties"][field]["enum"] == [one.value for one in values]
