# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies before every module that writes: what they refuse, by the organisation's own log, is never written."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from .conftest import SetStage
from .faults import STAND_IN
from .harness import CORES, TASK, Run
from .permissions import PERMISSION, ensures, play, results
from .playbooks import WITHDRAW, extra, for_localhost
from .restores import RESTORE, enforce, held, journal, restored
from .stage import ROUTER, Stage, contoso

SALES, BOARD, EVE = "sales@contoso.com", "board-1@contoso.com", "eve@contoso.com"
BY_ALIAS = "harmless@contoso.com"
POLICY = f"""\
version: 1
accounts:
  - account: {ROUTER}
    rights: [send_as, send_on_behalf]
    mailboxes: ["*@contoso.com"]
protected:
  - mailboxes: ["board-*@contoso.com"]
    reason: decision 2026-14
    revocations: false
"""
ANYBODY = "version: 1\naccounts: any\n"
VARIABLE = "EXCHANGE_ONLINE_POLICY"


def prepared(set_stage: SetStage, **board: Any) -> Stage:
    recipients = (
        {"address": SALES},
        {"address": BOARD, "aliases": [BY_ALIAS], **board},
        {"kind": "UserMailbox", "address": EVE, "name": "eve"},
    )
    return set_stage(contoso(*recipients), host=STAND_IN)


def policy(stage: Stage, text: str = POLICY, name: str = "policy.yml") -> Path:
    file = stage.directory / name
    file.write_text(text, encoding="utf-8")
    return file


def refused(run: Run, result: Mapping[str, Any], *parts: str) -> None:
    """The task failed for its policy, which said these things."""
    assert run.status == 2, run.output
    assert (result["failure_class"], result["retry_safe"]) == ("policy", False)
    for part in parts:
        assert any(part in one for one in result["refusals"]), result["refusals"]
        assert part in run.text


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("arguments", [(), ("--check",)], ids=["enforcing", "checking"])
def test_one_protected_mailbox_under_another_address_keeps_the_whole_run_from_writing(
    set_stage: SetStage, core: str, arguments: tuple[str, ...]
) -> None:
    stage = prepared(set_stage).on(core)
    file = policy(stage)
    run = stage.ensure([SALES, BY_ALIAS], *arguments, policy=str(file))
    refused(run, run.access, f"{file}:7: nothing is granted on board-*@contoso.com (decision 2026-14): {BY_ALIAS}")
    assert stage.writes == []
    assert f"Whole run, not {SALES}: 1 thing is refused by policy, so nothing was written" in run.text
    assert run.outcomes() == {f"{SALES} send_as": "missing", f"{BY_ALIAS} send_as": "missing"}
    cause = "1 thing is refused by policy, so nothing was written: the message of the run says what"
    assert {row["cause"] for row in run.access["grants"]} == {cause}
    allowed = stage.ensure([SALES], *arguments, policy=str(file))
    assert allowed.status == 0, allowed.output
    digest = sha256(file.read_bytes()).hexdigest()
    assert allowed.access["policy"] == [{"file": str(file), "digest": digest}]
    assert len(stage.writes) == (0 if arguments else 1)


def test_what_is_held_already_is_refused_and_what_is_reported_is_told_in_full(set_stage: SetStage) -> None:
    stage = prepared(set_stage, send_as=[ROUTER])
    run = stage.ensure([BOARD], policy=str(policy(stage)), on_failure="report")
    assert (run.status, run.access["failure_class"], run.access["verdict"]["failed"]) == (0, "policy", True)
    assert run.outcomes() == {f"{BOARD} send_as": "compliant"}
    assert len(run.access["refusals"]) == 1


def test_nothing_is_taken_back_where_the_policy_says_so(set_stage: SetStage) -> None:
    stage = prepared(set_stage, send_as=[ROUTER])
    run = stage.ensure({BOARD: {"mailbox_delegation_state": "absent"}}, policy=str(policy(stage)))
    refused(run, run.access, f"nothing is granted or revoked on board-*@contoso.com (decision 2026-14): {BOARD}")
    assert stage.writes == []


def test_mailbox_permission_is_held_to_it_by_whichever_name_it_names_an_account(set_stage: SetStage) -> None:
    stage = prepared(set_stage)
    file = policy(stage)
    router = next(each for each in stage.tenant.organisation.recipients if each.address == ROUTER)
    ask: dict[str, Any] = {"mailboxes": [SALES], "rights": ["send_as"], "policy": str(file)}
    run = play(stage, ensures(**ask, trustees=[EVE, ROUTER]))
    refused(run, results(run)[0], f"{file}:2: {EVE} is not among the accounts: {SALES}, {EVE}, Send As")
    run = play(stage, ensures(**{**ask, "rights": ["full_access"]}, trustees=[ROUTER]))
    refused(run, results(run)[0], f"{file}:3: {ROUTER} may be granted Send As and Send on Behalf only: {SALES}")
    assert stage.writes == []
    run = play(stage, ensures(**ask, trustees=[router.sid]))
    assert run.status == 0, run.output
    assert len(stage.writes) == 1


def test_a_restore_is_held_to_it(set_stage: SetStage) -> None:
    stage = prepared(set_stage)
    assert enforce(stage, {SALES: {}, BOARD: {}}).status == 0
    after, written = held(stage), len(stage.writes)
    named = {"mailbox_delegation_journal": str(journal(stage)), "mailbox_delegation_verify": 0}
    arguments: tuple[str | Path, ...] = ("-i", for_localhost(stage), RESTORE, *extra(**named))
    run = stage.node.play(*arguments, environment={VARIABLE: str(policy(stage))})
    refused(run, restored(run), f"nothing is granted or revoked on board-*@contoso.com (decision 2026-14): {BOARD}")
    assert (held(stage), len(stage.writes)) == (after, written)
    harmless = policy(stage, "version: 1\nprotected:\n  - mailboxes: ['board-*@contoso.com']\n")
    run = stage.node.play(*arguments, *extra(mailbox_delegation_policy=str(harmless)))
    assert run.status == 0, run.output
    assert len(stage.writes) == 2 * written


def test_playbook_withdraw_is_held_to_it_and_says_why_it_took_nothing_back(set_stage: SetStage) -> None:
    stage = prepared(set_stage, send_as=[ROUTER])
    file = policy(stage)
    named = {"withdraw_account": ROUTER, "withdraw_confirm": ROUTER, "mailbox_delegation_policy": str(file)}
    run = stage.play("-i", for_localhost(stage), WITHDRAW, *extra(**named))
    assert (run.status, stage.writes) == (2, []), run.output
    says = f"{file}:7: nothing is granted or revoked on board-*@contoso.com (decision 2026-14): {BOARD}"
    assert says in run.text
    del named["withdraw_confirm"]
    run = stage.play("-i", for_localhost(stage), WITHDRAW, *extra(**named))
    assert (run.status, stage.writes) == (2, []), run.output
    assert "Nothing was taken back, for withdraw_confirm is not set. It would be hindered: Whole run" in run.text
    assert says in run.text


def test_the_policy_of_the_runner_holds_besides_and_no_play_takes_it_away(set_stage: SetStage) -> None:
    stage = prepared(set_stage)
    file = policy(stage)
    own = policy(stage, ANYBODY, "own.yml")
    lenient = stage.task({"environment": {VARIABLE: str(own)}}, policy=str(own))
    run = stage.play("-i", stage.inventory([BOARD]), stage.playbook(lenient), environment={VARIABLE: str(file)})
    refused(run, run.access, f"{file}:7: nothing is granted")
    assert [Path(one["file"]).name for one in run.access["policy"]] == ["policy.yml", "own.yml"]
    run = stage.play("-i", stage.inventory([BOARD]), stage.playbook(lenient))
    assert (run.status, len(run.access["policy"])) == (0, 1), "the environment of a task names no policy"


@pytest.mark.parametrize("core", CORES)
def test_a_policy_that_is_none_stops_the_run_before_it_signs_in(set_stage: SetStage, core: str) -> None:
    stage = prepared(set_stage).on(core)
    file = policy(stage, "version: 1\nprotected:\n  - mailbox: ceo@contoso.com\n")
    null = stage.task()
    null[TASK]["policy"] = None
    for run, says in (
        (stage.ensure([SALES], policy=str(file)), f"policy {file}:3: there is no key 'mailbox'"),
        (stage.ensure([SALES], policy=""), "policy is empty: name a file, or leave it out"),
        (stage.play("-i", stage.inventory([SALES]), stage.playbook(null)), "policy is empty: name a file"),
        (stage.ensure([SALES], policy=str(file) + "x"), "cannot be read, so nothing was written: No such file"),
    ):
        assert (run.status, run.access["failure_class"]) == (2, "input"), run.output
        assert says in run.text
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])


def test_caps_are_brakes_that_no_option_loosens_and_that_warn_in_check_mode(set_stage: SetStage) -> None:
    stage = prepared(set_stage)
    file = policy(stage, ANYBODY + "caps:\n  grants: 1\n")
    says = f"2 writes are called for where the policy {file}:4 allows 1 grant"
    run = stage.ensure([SALES, BOARD], policy=str(file), max_grants="100")
    assert (run.status, stage.writes) == (2, [])
    assert says in run.text
    owner = "raise the limit (that of a policy is for its owner to raise)"
    assert {row["next_step"] for row in run.access["grants"]} == {f"look at the plan with --check; {owner}"}
    looked = stage.ensure([SALES, BOARD], "--check", policy=str(file))
    assert looked.status == 0
    assert f"brake: {says}" in " ".join(looked.access["warnings"])
    assert stage.ensure([SALES], policy=str(file)).status == 0
    assert len(stage.writes) == 1


def test_caps_are_refused_in_a_serial_play(set_stage: SetStage) -> None:
    stage = prepared(set_stage)
    file = policy(stage, ANYBODY + "caps:\n  grants: 1\n")
    task = stage.task(policy=str(file))
    run = stage.play("-i", stage.inventory([SALES, BOARD]), stage.playbook(task, serial=1))
    assert (run.status, stage.writes) == (2, [])
    assert f"policy {file}:4: what it caps cannot be counted in a serial play" in run.text


@pytest.mark.parametrize("module", [TASK, PERMISSION])
def test_a_rehearsal_is_held_to_it_with_no_sign_in_and_nothing_is_changed(set_stage: SetStage, module: str) -> None:
    stage = prepared(set_stage)
    snapshot = stage.directory / "organisation.json"
    stage.tenant.organisation.save(snapshot)
    before = snapshot.read_bytes()
    options: dict[str, Any] = {"snapshot": str(snapshot), "snapshot_update": True, "policy": str(policy(stage))}
    if module == TASK:
        run = stage.ensure([SALES, BOARD], **options)
        result = run.access
    else:
        rights = {"mailboxes": [SALES, BOARD], "trustees": [ROUTER], "rights": ["send_as"]}
        run = play(stage, ensures(**rights, **options))
        (result,) = results(run)
    refused(run, result, f"nothing is granted on board-*@contoso.com (decision 2026-14): {BOARD}")
    assert (snapshot.read_bytes(), stage.tenant.sign_ins) == (before, 0)
