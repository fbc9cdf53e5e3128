# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema that users hold reports against: every report keeps to it, and it says what the code says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints, is_typeddict

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report import document, plain
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Document
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.verdict import JUDGED
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT
from jsonschema import Draft202012Validator

from .results import given, nights, report, result

SCHEMA: dict[str, Any] = json.loads(
    (ROOT / "docs" / "schemas" / f"access-report-{document.VERSION}.json").read_text(encoding="utf-8")
)
TYPES = {name: each for name, each in vars(document).items() if is_typeddict(each)}


def faults(made: object) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(made)]


def written(made: Document) -> Any:
    return json.loads(plain.render(made))


def every_report() -> Iterator[Document]:
    outcomes = [one.value for one in Outcome]
    yield report(result())
    yield report(result(*(given(name, name) for name in outcomes)))
    yield from nights([*outcomes, "a:missing", "granted", "granted", "granted"])
    yield report(result(given("unknown"), stopped="the session was lost"))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_report_keeps_to_it() -> None:
    assert [fault for made in every_report() for fault in faults(written(made))] == []


@pytest.mark.parametrize("name", ["Document", *sorted(set(TYPES) - {"Document"})])
def test_it_names_the_fields_of_the_code_and_all_of_them_are_there(name: str) -> None:
    said = SCHEMA if name == "Document" else SCHEMA["$defs"][name]
    assert list(said["properties"]) == said["required"] == list(get_type_hints(TYPES[name]))


def kinds(said: dict[str, Any]) -> set[str]:
    """The types of JSON that the schema allows."""
    if "anyOf" in said:
        return set().union(*map(kinds, said["anyOf"]))
    if "$ref" in said:
        return {"object"}
    if "const" in said or "enum" in said:
        return {kind_of(type(value)) for value in said.get("enum", [said.get("const")])}
    return {said["type"]}


def kind_of(hint: Any) -> str:
    """The type of JSON that a type of the code becomes."""
    plain_kinds = {str: "string", bool: "boolean", int: "integer", type(None): "null"}
    return plain_kinds.get(hint) or ("array" if str(hint).startswith("list") else "object")


@pytest.mark.parametrize("name", TYPES)
def test_it_gives_each_field_the_type_that_the_code_gives_it(name: str) -> None:
    said = SCHEMA if name == "Document" else SCHEMA["$defs"][name]
    for field, hint in get_type_hints(TYPES[name]).items():
        wanted = {kind_of(each) for each in get_args(hint)} if type(None) in get_args(hint) else {kind_of(hint)}
        assert kinds(said["properties"][field]) == wanted, field


def test_it_knows_the_outcomes_of_the_code() -> None:
    outcomes = [one.value for one in Outcome]
    assert sorted(SCHEMA["$defs"]["Row"]["properties"]["outcome"]["enum"]) == sorted(outcomes)
    assert list(SCHEMA["properties"]["summary"]["properties"])[1:] == outcomes
    assert sorted(SCHEMA["$defs"]["Verdict"]["properties"]["rules"]["required"]) == sorted(JUDGED)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made.update(version=2),
        lambda made: made["head"].update(mode="test"),
        lambda made: made["head"].update(created="2026-11-28"),
        lambda made: made["rows"][0].update(outcome="fine"),
        lambda made: made["rows"][0].pop("since"),
        lambda made: made["verdict"].update(failed="no"),
        lambda made: made.update(changes={}),
    ],
)
def test_it_refuses_what_is_no_report(spoil: Any) -> None:
    made = written(report(result(given("granted"))))
    spoil(made)
    assert faults(made) != []
