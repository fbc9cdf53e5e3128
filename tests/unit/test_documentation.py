# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds what the actions do against what their modules say; ansible-test does so for modules that run by themselves."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.arguments import EXCHANGE_ARGUMENTS
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT

NAMESPACE = "email_router.exchange_online"
NAMES = sorted(path.stem for path in (ROOT / "plugins" / "action").glob("[!_]*.py"))
#: What argument spec and documentation both say of an option, and what it means where it is left out.
SAID_TWICE: dict[str, object] = {
    "aliases": [],
    "choices": None,
    "default": None,
    "elements": None,
    "required": False,
    "type": "str",
}


def action(name: str) -> Any:
    return importlib.import_module(f"ansible_collections.{NAMESPACE}.plugins.action.{name}").ActionModule


@pytest.fixture(scope="module")
def documented() -> dict[str, dict[str, Any]]:
    """What ansible-doc reads of every module, fragments merged in."""
    names = [f"{NAMESPACE}.{name}" for name in NAMES]
    command = [str(Path(sys.executable).with_name("ansible-doc")), "--json", "--type", "module", *names]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return {name.rpartition(".")[2]: page["doc"] for name, page in json.loads(answer.stdout).items()}


def options(described: Mapping[str, Mapping[str, Any]], nested: str) -> dict[str, Any]:
    """The options in a form that is equal for a spec (nested: ``options``) and a page (nested: ``suboptions``)."""
    return {
        name: {word: said.get(word, implied) for word, implied in SAID_TWICE.items()}
        | {"options": options(said.get(nested) or {}, nested)}
        for name, said in described.items()
    }


def test_each_action_has_a_module_that_documents_it() -> None:
    assert NAMES
    assert sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("[!_]*.py")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_documented_options_are_those_that_the_action_takes(
    name: str, documented: dict[str, dict[str, Any]]
) -> None:
    assert options(documented[name]["options"], "suboptions") == options(action(name).ARGUMENTS, "options")


@pytest.mark.parametrize("name", NAMES)
def test_every_result_is_documented_to_say_what_failed_and_whether_to_try_again(name: str) -> None:
    module = importlib.import_module(f"ansible_collections.{NAMESPACE}.plugins.modules.{name}")
    returned = {key: said["returned"] for key, said in yaml.safe_load(module.RETURN).items()}
    assert returned["failure_class"] == "always; empty where nothing failed"
    assert returned["retry_safe"] == "always"


@pytest.mark.parametrize("name", NAMES)
def test_the_documented_attributes_are_those_of_the_action(name: str, documented: dict[str, dict[str, Any]]) -> None:
    support = {attribute: said.get("support") for attribute, said in documented[name]["attributes"].items()}
    plugin = action(name)
    flags = {
        "check_mode": plugin._supports_check_mode,
        "async": plugin._supports_async,
        "bypass_host_loop": plugin.BYPASS_HOST_LOOP,
        "action": True,
    }
    assert {attribute: support.get(attribute) for attribute in flags} == {
        attribute: "full" if flag else "none" for attribute, flag in flags.items()
    }


def test_the_action_group_holds_the_modules_that_sign_in_and_no_other() -> None:
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    assert groups == {
        "exchange": [name for name in NAMES if EXCHANGE_ARGUMENTS.items() <= action(name).ARGUMENTS.items()]
    }
