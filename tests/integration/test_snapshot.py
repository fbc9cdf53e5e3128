# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot as a user takes it, and rehearsals on it without access to anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import App
from ansible_collections.email_router.exchange_online.tests.simulator.faults import FOREVER, Fault, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .canaries import Search
from .conftest import SetStage
from .harness import COLLECTION, OLDEST_AND_NEWEST, Run
from .playbooks import AUDIT, ENFORCE, extra, for_mailboxes
from .stage import ROUTER, Stage, contoso

SNAPSHOT = f"{COLLECTION}.snapshot"
STAND_IN = HostOptions(pwsh=None)
SALES, SUPPORT, PRIVATE = "sales@contoso.com", "support@contoso.com", "private@contoso.com"


def taken(stage: Stage, hosts: list[str], *arguments: str, **variables: Any) -> Run:
    file = stage.directory / "snapshot.json"
    return stage.play(
        "-i", for_mailboxes(stage, hosts), *extra(snapshot_file=str(file), **variables), *arguments, SNAPSHOT
    )


def raw(stage: Stage) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((stage.directory / "snapshot.json").read_text(encoding="utf-8"))
    return content


def rehearsed(stage: Stage, hosts: list[str], playbook: str = AUDIT, **variables: Any) -> Run:
    """With a way to sign in that leads nowhere: nobody may take it."""
    own = {"exchange_snapshot": str(stage.directory / "snapshot.json"), "exchange_app_id": "nobody", **variables}
    before = (stage.tenant.sign_ins, len(stage.tenant.calls))
    run = stage.play("-i", for_mailboxes(stage, hosts), *extra(**own), playbook)
    assert (stage.tenant.sign_ins, len(stage.tenant.calls)) == before
    return run


def rows(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{key: row[key] for key in ("mailbox", "address", "right", "before", "outcome")} for row in result["grants"]]


@pytest.mark.parametrize("detail", ["minimal", "full"])
@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_an_audit_on_a_snapshot_says_what_the_audit_says_and_that_it_is_a_rehearsal(
    set_user_stage: SetStage, core: str, detail: str
) -> None:
    organisation = generate(24, seed=3, quirks=True, accounts=(ROUTER,))
    organisation.apps = (App(role="audit"),)
    stage = set_user_stage(organisation, core=core, host=STAND_IN)
    hosts = [each.address for each in organisation.recipients if each.traits.mailbox and not each.soft_deleted][1:]
    run = taken(stage, hosts, "--check", snapshot_detail=detail)
    assert run.status == 0, run.output
    assert (stage.directory / "snapshot.json").stat().st_mode & 0o777 == 0o600
    assert raw(stage)["organisation"]["organization"] == stage.simulator.organization
    assert raw(stage)["organisation"]["tenant_id"] == organisation.tenant_id
    real = stage.play("-i", for_mailboxes(stage, hosts), AUDIT).access
    told = rehearsed(stage, hosts).access
    assert rows(told) == rows(real)
    moment = raw(stage)["taken"]
    beginning = f"Rehearsal on {stage.directory}/snapshot.json, taken {moment} (less than an hour old): "
    assert told["msg"].startswith(beginning)
    assert told["verdict"]["msg"].startswith(beginning)
    assert told["rehearsal"]["detail"] == detail
    assert told["rehearsal"]["taken"] == moment
    assert 0 <= told["rehearsal"]["age_hours"] < 1
    assert any("less than an hour old" in warning for warning in told["warnings"])
    assert "rehearsal" not in real
    assert not real["msg"].startswith("Rehearsal")
    assert stage.writes == []


def test_what_a_minimal_snapshot_does_not_hold_is_unknown_and_nothing_of_it_is_in_the_file(
    set_user_stage: SetStage,
) -> None:
    stage = set_user_stage(
        contoso({"address": SALES, "full_access": [PRIVATE]}, {"address": PRIVATE}, {"address": SUPPORT}), host=STAND_IN
    )
    run = taken(stage, [SALES, "gone@contoso.com"])
    assert run.status == 0, run.output
    assert "not there: 1" in run.text
    assert PRIVATE not in (stage.directory / "snapshot.json").read_text(encoding="utf-8")
    assert raw(stage)["mailboxes"] == {SALES: "found", "gone@contoso.com": "not_found"}
    told = rehearsed(stage, [SALES, SUPPORT, "gone@contoso.com"])
    assert told.outcomes() == {
        f"{SALES} send_as": "missing",
        f"{SUPPORT} send_as": "unknown",
        "gone@contoso.com send_as": "not_found",
    }
    (row,) = told.rows(SUPPORT).values()
    assert row["cause"].startswith("the snapshot does not hold it")
    assert "take a new one whose play has it, or with detail full" in row["cause"]
    assert told.status == 2
    assert told.access["retry_safe"] is False


def test_what_is_enforced_in_a_rehearsal_is_forgotten_and_a_snapshot_cannot_be_written_over(
    set_user_stage: SetStage,
) -> None:
    stage = set_user_stage(contoso({"address": SALES}), host=STAND_IN)
    assert taken(stage, [SALES]).status == 0
    before = (stage.directory / "snapshot.json").read_bytes()
    for _again in range(2):
        assert rehearsed(stage, [SALES], ENFORCE).outcomes() == {f"{SALES} send_as": "granted"}
    refused = rehearsed(stage, [SALES], ENFORCE, exchange_snapshot_update=True)
    assert refused.status == 2
    assert "snapshot_update" in refused.text
    assert (stage.directory / "snapshot.json").read_bytes() == before


def test_what_could_not_be_read_fails_the_playbook_and_is_unknown_in_a_rehearsal(set_user_stage: SetStage) -> None:
    recipients = [{"address": SALES}, {"address": SUPPORT}]
    refusal = Fault("Get-MailboxPermission", Trouble.OUT_OF_SCOPE, times=FOREVER, identity=SUPPORT)
    stage = set_user_stage(contoso(*recipients), host=STAND_IN, options=SimulatorOptions(tenant_faults=(refusal,)))
    run = taken(stage, [SALES, SUPPORT])
    assert run.status == 2
    assert "could not be read: 1" in run.text
    told = rehearsed(stage, [SALES, SUPPORT], mailbox_delegation_default_profile="everything")
    assert told.rows(SUPPORT)["full_access"]["outcome"] == "unknown"
    assert "could not be read when the snapshot was taken" in told.rows(SUPPORT)["full_access"]["cause"]
    assert told.rows(SALES)["full_access"]["outcome"] == "missing"


def test_no_secret_is_in_a_snapshot_and_an_anonymized_one_names_nobody(set_user_stage: SetStage) -> None:
    stage = set_user_stage(contoso({"address": SALES, "full_access": [PRIVATE]}, {"address": PRIVATE}), host=STAND_IN)
    run = taken(stage, [SALES], snapshot_detail="full", snapshot_anonymize=True)
    assert run.status == 0, run.output
    file: Path = stage.directory / "snapshot.json"
    text = file.read_text(encoding="utf-8").lower()
    assert [word for word in ("contoso", "sales", "private", "crmrouter") if word in text] == []
    pfx = stage.simulator.applications[0].file
    search = Search([pfx.password.encode(), stage.simulator.password.encode(), pfx.path.read_bytes()[:120]])
    assert not search.in_bytes(file.read_bytes())
    assert stage.sign_in["app_id"] not in text
    assert stage.sign_in["certificate_thumbprint"].lower() not in text


def test_a_snapshot_needs_a_place(set_user_stage: SetStage) -> None:
    stage = set_user_stage(contoso({"address": SALES}), host=STAND_IN)
    nameless = stage.play("-i", for_mailboxes(stage, [SALES]), SNAPSHOT)
    assert nameless.status == 2
    assert "-e snapshot_file=FILE" in nameless.text
    nowhere = stage.play("-i", for_mailboxes(stage, [SALES]), *extra(snapshot_file="/nowhere/snapshot.json"), SNAPSHOT)
    assert nowhere.status == 2
    assert "there is no directory /nowhere" in nowhere.text
    assert stage.tenant.sign_ins == 0
