# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and tokens appear in nothing that ansible prints or hands on, however much it is asked to say."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import SetStage
from .harness import CORES, NEWEST, Run
from .stage import Stage, Transport, contoso

SALES = "sales@contoso.com"
TOKEN = "eyJ0eXAiOiJKV1QifQ.a-token-of-an-hour.signature"


def disguises(secret: bytes) -> list[str]:
    """How it could show: as it is, or in base64, where three texts stand for the places that it may begin at."""
    encoded = [base64.b64encode(bytes(offset) + secret).decode() for offset in range(3)]
    inner = [text[4 if offset else 0 : -4] for offset, text in enumerate(encoded)]
    return [*inner, *([secret.decode()] if secret.isascii() else [])]


def assert_silent(stage: Stage, run: Run) -> None:
    """The simulator has one password, of the user and of the PFX file."""
    file = stage.simulator.applications[0].file
    assert file.password == stage.simulator.password
    handed_on = run.output + json.dumps([each.result for each in run.tasks])
    for secret in (file.password.encode(), TOKEN.encode(), file.path.read_bytes()[:120]):
        for disguise in disguises(secret):
            assert disguise not in handed_on


def options(stage: Stage, way: str) -> dict[str, Any]:
    """Of a task that signs in this way."""
    if way == "access_token":
        return {"certificate_thumbprint": None, "app_id": None, "access_token": TOKEN}
    file = stage.simulator.applications[0].file
    return {
        "certificate_thumbprint": None,
        "certificate_file": str(file.path),
        "certificate_password": file.password,
    }


def stage_with_secrets(set_stage: SetStage, transport: Transport) -> Stage:
    return set_stage(contoso({"address": SALES}, apps=[{"access_tokens": [TOKEN]}]), transport=transport)


def test_a_disguise_is_recognised() -> None:
    for offset in range(3):
        text = base64.b64encode(b"x" * offset + TOKEN.encode() + b"rest").decode()
        assert any(disguise in text for disguise in disguises(TOKEN.encode()))


@pytest.mark.parametrize(("core", "way"), [*((core, "certificate_file") for core in CORES), (NEWEST, "access_token")])
def test_no_secret_shows_when_all_goes_well(set_stage: SetStage, core: str, way: str) -> None:
    stage = stage_with_secrets(set_stage, Transport.BASIC_TLS).on(core)
    run = stage.ensure([SALES], "-vvvv", "--diff", **options(stage, way))
    assert run.status == 0, run.output
    assert stage.holds(SALES, "send_as")
    assert_silent(stage, run)


FAILURES: dict[str, tuple[str, dict[str, Any]]] = {
    "input": ("access_token", {"profile": ["nope"]}),
    "misspelt option": ("access_token", {"acces_token": TOKEN}),
    "executable": ("access_token", {"executable": "pwsh-preview"}),
    "sign-in": ("certificate_file", {"organization": "fabrikam.onmicrosoft.com"}),
    "mailbox": ("certificate_file", {"mailboxes": [{"mailbox": "nobody@contoso.com"}]}),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_no_secret_shows_when_something_fails(set_stage: SetStage, failure: str) -> None:
    way, wrong = FAILURES[failure]
    stage = stage_with_secrets(set_stage, Transport.NTLM)
    run = stage.ensure([SALES], "-vvvv", **{**options(stage, way), **wrong})
    assert run.status == 2
    assert_silent(stage, run)


def test_no_secret_of_the_environment_shows(set_stage: SetStage) -> None:
    stage = stage_with_secrets(set_stage, Transport.NTLM)
    environment = {
        "EXCHANGE_ONLINE_CERTIFICATE_PASSWORD": stage.simulator.applications[0].file.password,
        "EXCHANGE_ONLINE_ACCESS_TOKEN": TOKEN,
    }
    task = stage.task(**{**options(stage, "certificate_file"), "certificate_password": None})
    run = stage.play("-i", stage.inventory([SALES]), stage.playbook(task), "-vvvv", environment=environment)
    assert run.status == 0, run.output
    assert_silent(stage, run)


def test_no_secret_of_the_keyword_environment_shows(set_stage: SetStage) -> None:
    stage = stage_with_secrets(set_stage, Transport.NTLM)
    password = stage.simulator.applications[0].file.password
    keywords = {
        "environment": {"EXCHANGE_ONLINE_CERTIFICATE_PASSWORD": "{{ vaulted }}"},
        "vars": {"vaulted": password},
    }
    task = stage.task(keywords, **{**options(stage, "certificate_file"), "certificate_password": None})
    run = stage.play("-i", stage.inventory([SALES]), stage.playbook(task), "-vvvv")
    assert run.status == 0, run.output
    assert_silent(stage, run)


def test_a_log_file_holds_no_secret(set_stage: SetStage, tmp_path: Path) -> None:
    stage = stage_with_secrets(set_stage, Transport.NTLM)
    log = tmp_path / "ansible.log"
    task = stage.task(**options(stage, "access_token"))
    playbook, inventory = stage.playbook(task), stage.inventory([SALES])
    run = stage.play("-i", inventory, playbook, "-vvvv", environment={"ANSIBLE_LOG_PATH": str(log)})
    assert run.status == 0
    assert TOKEN not in log.read_text(encoding="utf-8")
