# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/policy.md and the schema say what the code does: examples are read, and every key is in both."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.document import VERSION
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT
from jsonschema import Draft202012Validator

from .samples import box, decided, policy, refusals, want
from .test_reader import WHOLE

PAGE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if text.startswith("version:")]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "schemas" / f"policy-{VERSION}.json").read_text(encoding="utf-8"))
#: Each is refused by the code and by the schema.
DAMAGED = [
    "accounts: any",
    "version: 2",
    "version: 1\naccounts: all",
    "version: 1\nprotect: []",
    "version: 1\naccounts:\n  - {account: a@b.c}",
    "version: 1\naccounts:\n  - {account: a@b.c, rights: []}",
    "version: 1\naccounts:\n  - {account: a@b.c, rights: [sendas]}",
    "version: 1\naccounts:\n  - {account: a@b.c, rights: [send_as], mailboxes: []}",
    "version: 1\naccounts:\n  - {account: a@b.c, rights: [send_as], most_mailboxes: -1}",
    "version: 1\nprotected:\n  - {rights: [send_as]}",
    "version: 1\nprotected:\n  - {mailboxes: [ceo]}",
    "version: 1\nprotected:\n  - {mailboxes: [a@b.c], reason: 7}",
    "version: 1\nprotected:\n  - {mailboxes: [a@b.c], revocations: 1}",
    "version: 1\ncaps: {grants: 5%}",
    "version: 1\ncaps: {max_grants: 5}",
]


def accepted_by_schema(text: str) -> bool:
    return bool(Draft202012Validator(SCHEMA).is_valid(yaml.safe_load(text)))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_examples_of_the_page_are_policies_by_code_and_schema() -> None:
    assert EXAMPLES
    for text in EXAMPLES:
        assert policy(text).protected
        assert accepted_by_schema(text)


def test_the_message_of_the_page_is_what_its_example_says() -> None:
    chair = box("chair@contoso.com", "board-1@contoso.com")
    said = refusals(EXAMPLES[0].replace("crmrouter@", "router@"), decided([want(chair)]))
    rule = re.search(r"/etc/exchange/(policy\.yml:.*?): chair", " ".join(PAGE.split()))
    assert rule is not None
    assert [one.startswith(f"{rule.group(1)}: chair@contoso.com, ") for one in said] == [True]


@pytest.mark.parametrize("text", [*EXAMPLES, WHOLE, "version: 1\n", "version: 1\naccounts: []\n"])
def test_what_the_code_reads_the_schema_accepts(text: str) -> None:
    policy(text)
    assert accepted_by_schema(text)


@pytest.mark.parametrize("text", DAMAGED)
def test_what_the_schema_refuses_the_code_refuses(text: str) -> None:
    assert not accepted_by_schema(text)
    with pytest.raises(InputError):
        policy(text)


def test_every_key_has_a_row_of_the_page() -> None:
    properties = [SCHEMA["properties"], *(SCHEMA["$defs"][name]["properties"] for name in ("account", "protected"))]
    keys = {key for each in properties for key in each} | set(SCHEMA["properties"]["caps"]["properties"])
    assert set(re.findall(r"^\| (?:… )?`(\w+)` \|", PAGE, re.MULTILINE)) == keys
    assert SCHEMA["$defs"]["rights"]["items"]["enum"] == [right.value for right in Right]
