# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test as a user runs it: over NTLM, on a snapshot, by the playbook; nobody is named in what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.modules.exchange_selftest_info import EXAMPLES
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation

from .conftest import SetStage
from .harness import COLLECTION, OLDEST_AND_NEWEST, Run
from .permissions import examples, play
from .playbooks import extra, for_localhost
from .stage import MANAGEMENT, ROUTER, Stage, contoso

MODULE, PLAYBOOK = f"{COLLECTION}.exchange_selftest_info", f"{COLLECTION}.selftest"
#: The service account, and enough mailboxes for an answer that no single Receive carries.
RECIPIENTS: tuple[Mapping[str, Any], ...] = (
    {"name": "Zoë Müller", "address": "zoe@contoso.com", "send_on_behalf": [ROUTER]},
    {"address": "sales@contoso.com", "send_as": [ROUTER], "full_access": [ROUTER]},
    *({"address": f"mailbox{number}@contoso.com"} for number in range(250)),
)
#: What a rehearsal has not: PowerShell, a sign-in, and times.
NOT_REHEARSED = {"winrm 3.2", "exchange 6.3", "exchange 6.4"}


def result_of(run: Run) -> Mapping[str, Any]:
    (result,) = (each.result for each in run.tasks if each.action == MODULE)
    return result


def facts(result: Mapping[str, Any], status: str) -> set[str]:
    return {row["fact"] for row in result["assumptions"] if row["result"] == status}


def identifiers(stage: Stage) -> Iterable[str]:
    organisation = stage.tenant.organisation
    yield from (organisation.organization, organisation.tenant_id, "contoso", MANAGEMENT)
    yield str(stage.management["ansible_user"])
    yield from stage.sign_in.values()
    for each in organisation.recipients:
        yield from (each.name, each.display_name, each.alias, each.upn, each.address)
        yield from (each.guid, each.object_id, each.sid, each.distinguished_name)


def assert_names_nobody(stage: Stage, *results: Mapping[str, Any]) -> None:
    """What ansible itself adds to a result and never registers is left out."""
    shown = [{name: one[name] for name in one if not name.startswith("_ansible")} for one in results]
    text = json.dumps(shown, ensure_ascii=False).lower()
    assert [one for one in identifiers(stage) if one and one.lower() in text] == []


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_the_playbook_shows_all_held_over_ntlm_and_names_nobody(set_user_stage: SetStage, core: str) -> None:
    stage = set_user_stage(contoso(*RECIPIENTS, apps=[{"role": "audit"}]), core=core)
    run = stage.play("-i", for_localhost(stage), PLAYBOOK, *extra(selftest_sample=4))
    assert run.status == 0, run.output
    result = result_of(run)
    assert result["summary"]["held"] == result["summary"]["total"], result["report"]
    assert len({call.parameters.get("Identity") for call in stage.tenant.calls} & _guids(stage)) == 4
    assert result["statistics"]["writes"] == 0
    assert stage.writes == []
    assert not run.changed
    assert_names_nobody(stage, result, run.task("The report").result, run.task("How to share it").result)
    assert all(line in run.task("The report").result["msg"] for line in result["report"])


def _guids(stage: Stage) -> set[object]:
    return {each.guid for each in stage.tenant.organisation.recipients}


def test_a_role_that_lacks_a_cmdlet_leaves_untold_what_it_would_have_shown(set_stage: SetStage) -> None:
    cmdlets = ["Get-EXORecipient", "Get-Recipient", "Get-User", "Get-Group", "Get-EXOMailbox", "Get-MailboxPermission"]
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": dict.fromkeys(cmdlets, True)}]))
    run = play(stage, {MODULE: {"sample": 2, "fail_on": "failed"}})
    result = result_of(run)
    assert run.status == 2, result["report"]
    assert facts(result, "failed") == {"exchange 2.1"}
    assert {"exchange 1.1", "exchange 1.3", "exchange Q2 Send As", "exchange E7"} <= facts(result, "could_not_tell")
    assert "; not Get-RecipientPermission" in "".join(result["report"])
    assert result["msg"].endswith("Failed: exchange 2.1")
    assert_names_nobody(stage, result)


def test_a_snapshot_is_held_as_far_as_it_can_be_told(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS))
    snapshot = stage.directory / "organisation.json"
    stage.tenant.organisation.save(snapshot)
    run = play(stage, {MODULE: {"snapshot": str(snapshot)}, "delegate_to": "localhost"}, module_defaults={})
    result = result_of(run)
    assert run.status == 0, run.output
    assert facts(result, "failed") == set()
    untold = facts(result, "could_not_tell")
    assert untold == NOT_REHEARSED | {fact for fact in untold if fact.startswith("exchange 7 ")}
    assert stage.tenant.sign_ins == 0
    assert Organisation.load(snapshot) == stage.tenant.organisation
    assert_names_nobody(stage, result)


def test_a_sample_that_cannot_be_meant_ends_the_task_before_it_signs_in(set_stage: SetStage) -> None:
    stage = set_stage(contoso())
    for size in (0, 1001):
        run = play(stage, {MODULE: {"sample": size}})
        assert run.status == 2
        assert f"sample: {size} is not between 1 and 1000" in run.text
    assert stage.tenant.sign_ins == 0


def test_the_examples_do_what_they_say(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS))
    first, *shows = yaml.safe_load(EXAMPLES)
    (task,) = examples(stage, yaml.safe_dump([first]))
    run = play(stage, task, *({**each, "delegate_to": "localhost"} for each in shows), module_defaults={})
    assert run.status == 0, run.output
    result = result_of(run)
    assert facts(result, "failed") == set()
    assert run.task("To be shared").result["selftest.report"] == result["report"]
