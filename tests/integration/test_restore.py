# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook restore: after kill -9 in the middle of a write all is as it was; what others changed is told and left."""

from __future__ import annotations

import signal
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.modules.mailbox_permission_restore import EXAMPLES
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import EMPTY, AccessList
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import COLLECTION, OLDEST_AND_NEWEST
from .permissions import examples, play
from .playbooks import extra, for_localhost
from .restores import (
    RESTORE,
    at_write,
    enforce,
    held,
    in_order,
    journal,
    kill_control_node,
    recorded,
    restore,
    restored,
)
from .stage import ROUTER, Stage, Transport, contoso

NAMES = tuple(f"box{number}@contoso.com" for number in range(4))
LEFT = "left@contoso.com"
#: The router is to hold all rights on four mailboxes, and to lose those that it has on a fifth.
HOSTS: dict[str, dict[str, Any]] = {
    **{name: {"mailbox_delegation_profile": "everything"} for name in NAMES},
    LEFT: {"mailbox_delegation_profile": "everything", "mailbox_delegation_state": "absent"},
}
STAND_IN = HostOptions(pwsh=None)
both_ways = pytest.mark.parametrize("transport", [Transport.NTLM, Transport.LOCAL], ids=lambda each: each.name.lower())


def organisation() -> Organisation:
    entry = {"trustee": ROUTER, "inheritance_type": "Children", "rights": ["FullAccess", "ReadPermission"]}
    rights = {"send_as": [ROUTER], "full_access": [entry], "send_on_behalf": [ROUTER]}
    return contoso(*({"address": name} for name in NAMES), {"address": LEFT, **rights})


def outcomes(stage: Stage, *arguments: str, **variables: Any) -> dict[str, int]:
    """How many rows of each outcome a restore has."""
    run = restore(stage, *arguments, **variables)
    counted = restored(run)["summary"]
    return {name: number for name, number in counted.items() if number and name != "total"}


@both_ways
def test_after_kill_9_in_the_middle_of_a_write_restore_brings_back_what_was(
    set_stage: SetStage, transport: Transport
) -> None:
    stage = set_stage(organisation(), transport=transport)
    before = held(stage)
    at_write(stage, 14, lambda: kill_control_node(stage))
    killed = enforce(stage, HOSTS)
    assert killed.status == -signal.SIGKILL
    assert len(stage.writes) == 14
    assert stat.S_IMODE(journal(stage).stat().st_mode) == 0o600
    (run,) = recorded(stage)
    assert (len(run.writes), run.ended) == (14, False)

    stage.tenant.before_invoke = None
    looked = restore(stage, "--check")
    assert (looked.status, len(stage.writes)) == (0, 14), looked.output
    assert {each["outcome"] for each in restored(looked)["ended"]} == {"not tried in check mode"}

    done = restore(stage)
    assert (done.status, held(stage)) == (0, before), done.output
    assert restored(done)["run"] == run.id
    (ended,) = restored(done)["ended"]
    assert ended["outcome"] in ("ended", "was gone")
    assert any("AutoMapping" in note for row in restored(done)["grants"] for note in row["notes"])

    written = len(stage.writes)
    again = restore(stage)
    assert (again.status, again.changed, held(stage), len(stage.writes)) == (0, False, before, written), again.output


@both_ways
def test_a_restore_that_is_killed_itself_is_gone_on_with(set_stage: SetStage, transport: Transport) -> None:
    stage = set_stage(organisation(), transport=transport, host=STAND_IN)
    before = held(stage)
    assert enforce(stage, HOSTS).status == 0
    assert len(stage.writes) == 15
    after = held(stage)
    at_write(stage, 6, lambda: kill_control_node(stage))
    arguments = extra(mailbox_delegation_journal=str(journal(stage)))
    killed = stage.node.play("-i", for_localhost(stage), RESTORE, *arguments)
    assert killed.status == -signal.SIGKILL
    assert held(stage) not in (before, after)

    stage.tenant.before_invoke = None
    done = restore(stage)
    assert (done.status, held(stage)) == (0, before), done.output
    first, second, third = recorded(stage)
    assert (second.begun.of, third.begun.of) == (first.id, first.id)

    back = restore(stage, restore_run=third.id)
    assert back.status == 0, back.output
    back = restore(stage, restore_run=second.id)
    assert (back.status, held(stage)) == (0, after), back.output


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_what_somebody_else_changed_meanwhile_is_told_and_left(set_stage: SetStage, core: str) -> None:
    stage = set_stage(organisation(), core=core, host=STAND_IN)
    before = held(stage)
    assert enforce(stage, HOSTS).status == 0
    first, second, third = (_guid(stage, name) for name in NAMES[:3])
    books = stage.tenant.organisation.access
    (entry,) = books[first].full_access
    books[first] = replace(books[first], full_access=(entry, replace(entry, inheritance_type="Descendents")))
    books[second] = replace(books[second], send_as=())
    (entry,) = books[third].send_as
    books[third] = replace(books[third], send_as=(entry, replace(entry, deny=True)))
    between = held(stage)

    done = restore(stage)
    assert done.status == 2
    rows = {(row["address"], row["right"]): row for row in restored(done)["grants"]}
    assert rows[NAMES[0], "full_access"]["outcome"] == "ambiguous"
    assert "with InheritanceType Descendents is there; it was left as it is" in rows[NAMES[0], "full_access"]["cause"]
    assert rows[NAMES[1], "send_as"]["outcome"] == "compliant"
    assert "somebody changed it back" in rows[NAMES[1], "send_as"]["notes"][0]
    assert rows[NAMES[2], "send_as"]["outcome"] == "denied"
    assert {row["outcome"] for row in rows.values()} == {"ambiguous", "compliant", "denied", "revoked", "granted"}
    expected = {
        **before,
        first: replace(EMPTY, full_access=between[first].full_access),
        third: replace(EMPTY, send_as=between[third].send_as),
    }
    assert held(stage) == expected


def _guid(stage: Stage, address: str) -> str:
    return next(one.guid for one in stage.tenant.organisation.recipients if one.address == address)


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_the_runs_of_a_journal_are_listed_without_signing_in(set_stage: SetStage, core: str) -> None:
    stage = set_stage(organisation(), core=core, host=STAND_IN)
    assert enforce(stage, HOSTS).status == 0
    assert restore(stage).status == 0
    first, second = recorded(stage)
    signed_in, before = stage.tenant.sign_ins, journal(stage).read_bytes()
    listed = restore(stage, restore_run="list")
    assert (listed.status, listed.changed, stage.tenant.sign_ins) == (0, False, signed_in), listed.output
    assert listed.task("The runs, the last first").result["msg"] == [
        f"{second.id}, {second.begun.time}, mailbox_permission_restore, writes: 15",
        f"{first.id}, {first.begun.time}, mailbox_delegation, writes: 15",
    ]
    assert listed.task("Which runs there are").result["runs"][0]["restores"] == first.id
    assert journal(stage).read_bytes() == before


def test_what_cannot_be_meant_ends_the_task_before_it_signs_in(set_stage: SetStage, tmp_path: Path) -> None:
    stage = set_stage(organisation(), host=STAND_IN)
    nothing = restore(stage)
    assert (nothing.status, stage.tenant.sign_ins) == (2, 0)
    assert "there is no such file on this machine" in nothing.text
    assert enforce(stage, HOSTS).status == 0
    signed_in = stage.tenant.sign_ins
    (run,) = recorded(stage)
    for says, variables in {
        f"holds no run 'other' (it holds: {run.id} (": {"restore_run": "other"},
        "was done in contoso.onmicrosoft.com, but organization is fabrikam": {
            "exchange_organization": "fabrikam.onmicrosoft.com"
        },
        "'many' is neither a number nor a per cent": {"mailbox_delegation_max_grants": "many"},
        "Say which journal": {"mailbox_delegation_journal": ""},
    }.items():
        refused = restore(stage, **variables)
        assert refused.status == 2
        assert says in refused.text
    assert stage.tenant.sign_ins == signed_in
    journal(stage).write_bytes(journal(stage).read_bytes()[1:])
    damaged = restore(stage)
    assert damaged.status == 2
    assert "line 1: it" in damaged.text
    assert "nothing was undone" in damaged.text


def test_more_than_allowed_is_not_undone(set_stage: SetStage) -> None:
    stage = set_stage(organisation(), host=STAND_IN)
    assert enforce(stage, HOSTS).status == 0
    after = held(stage)
    for limit in ("mailbox_delegation_max_revocations", "mailbox_delegation_max_grants"):
        braked = restore(stage, **{limit: "2"})
        assert (braked.status, held(stage)) == (2, after)
        assert "brake: " in braked.text
    assert outcomes(stage) == {"granted": 3, "revoked": 12}


def test_a_journal_that_cannot_be_written_stops_the_run_before_it_signs_in(set_stage: SetStage) -> None:
    stage = set_stage(organisation(), host=STAND_IN)
    nowhere = enforce(stage, HOSTS, mailbox_delegation_journal=str(stage.directory / "none" / "journal"))
    assert (nowhere.status, stage.tenant.sign_ins) == (2, 0)
    assert nowhere.access["failure_class"] == "journal"
    assert "cannot be opened: No such file or directory (make the directory first)" in nowhere.text
    journal(stage).write_text("dear diary\n", encoding="utf-8")
    diary = enforce(stage, HOSTS)
    assert (diary.status, stage.tenant.sign_ins) == (2, 0)
    assert journal(stage).read_text(encoding="utf-8") == "dear diary\n"


def test_a_rehearsal_on_a_snapshot_is_restored_there_and_nowhere_else(set_stage: SetStage) -> None:
    stage = set_stage(organisation(), host=STAND_IN)
    snapshot = stage.directory / "organisation.json"
    stage.tenant.organisation.save(snapshot)

    def lists() -> dict[str, AccessList]:
        access = Organisation.load(snapshot).access
        return {guid: in_order(one) for guid, one in access.items() if one != EMPTY}

    before = lists()
    rehearse: dict[str, Any] = {"exchange_snapshot": str(snapshot), "exchange_snapshot_update": True}
    assert enforce(stage, HOSTS, **rehearse).status == 0
    assert lists() != before
    for_real = restore(stage)
    assert for_real.status == 2
    remedy = "so it can only be restored on a snapshot: see snapshot (role: exchange_snapshot)"
    assert f"was done on a snapshot, {remedy}" in for_real.text
    done = restore(stage, **rehearse)
    assert (done.status, lists()) == (0, before), done.output
    assert stage.tenant.sign_ins == 0


def test_the_examples_do_what_they_say(set_stage: SetStage) -> None:
    stage = set_stage(organisation(), host=STAND_IN)
    before = held(stage)
    assert enforce(stage, HOSTS).status == 0
    tasks = examples(stage, EXAMPLES)
    for task in tasks:
        task[f"{COLLECTION}.mailbox_permission_restore"]["journal"] = str(journal(stage))
    run = play(stage, *tasks, module_defaults={})
    assert run.status == 0, run.output
    looked, done = (each.result for each in run.tasks if "grants" in each.result)
    assert (looked["summary"]["unwanted"], looked["summary"]["missing"]) == (12, 3)
    assert (done["summary"]["revoked"], done["summary"]["granted"]) == (12, 3)
    assert held(stage) == before
