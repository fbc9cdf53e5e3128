# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan and apply, in plays as a user has them: a plan does what it says, all of it or nothing, and once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import VERSION
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.file import load
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from jsonschema import Draft202012Validator

from .conftest import SetStage
from .harness import CORES, ROOT, Run
from .stage import MAILBOXES, ROUTER, SEND_AS, Hosts, Stage, contoso

SALES, SUPPORT, OLD, EXTRA = (f"{name}@contoso.com" for name in ("sales", "support", "old", "extra"))
HEIR, RETIRED = "graph-sender@contoso.com", "old.router@contoso.com"
HOSTS: dict[str, dict[str, Any]] = {
    SALES: {},
    SUPPORT: {"mailbox_delegation_profile": "both"},
    OLD: {"mailbox_delegation_state": "absent"},
}
PROFILES = {"router": SEND_AS, "both": {"account": ROUTER, "rights": ["send_as", "full_access"]}}
SCHEMA = json.loads((ROOT / f"docs/schemas/access-plan-{VERSION}.json").read_text(encoding="utf-8"))


class Office:
    """A stage with the place of a plan."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.file = stage.directory / "plans" / "access-plan.json"

    def planned(self, hosts: Hosts | None = None, *arguments: str, **options: Any) -> Run:
        every = {"profiles": PROFILES, "plan_file": str(self.file), **options}
        return self.stage.ensure(hosts or HOSTS, "--check", *arguments, **every)

    def applied(self, hosts: Hosts | None = None, *arguments: str, **options: Any) -> Run:
        return self.stage.ensure(
            hosts or HOSTS, *arguments, **{"profiles": PROFILES, "apply_plan": str(self.file), **options}
        )

    def somebody(self, hosts: Mapping[str, Mapping[str, Any]], **options: Any) -> None:
        """Changes the organisation meanwhile."""
        run = self.stage.ensure(hosts, **options)
        assert (run.status, run.changed) == (0, True), run.output


@pytest.fixture
def office(set_stage: SetStage) -> Office:
    recipients: list[dict[str, Any]] = [
        *({"kind": "UserMailbox", "address": address} for address in (HEIR, RETIRED)),
        {"address": SALES},
        {"address": SUPPORT, "send_as": [ROUTER]},
        {"address": OLD, "send_as": [ROUTER], "full_access": [ROUTER]},
        {"address": EXTRA, "send_as": [RETIRED, ROUTER]},
    ]
    return Office(set_stage(contoso(*recipients), host=HostOptions(pwsh=None)))


def differences(run: Run) -> list[str]:
    told: list[str] = run.access["plan"]["differences"]
    return told


def assert_stopped(office: Office, run: Run, *told: str) -> None:
    """Before its first write, with these differences, each in the sentence, too."""
    assert (run.status, run.failed, run.access["failure_class"]) == (2, True, "plan"), run.output
    assert run.access["statistics"]["writes"] == 0
    assert differences(run) == list(told)
    assert run.message.startswith("Whole run, not ")
    assert all(one in run.text for one in told[:3]), run.output


@pytest.mark.parametrize("core", CORES)
def test_a_plan_is_made_judged_applied_once_and_then_done(office: Office, core: str) -> None:
    office.stage.on(core)
    planned = office.planned()
    assert (planned.status, office.stage.writes) == (0, []), planned.output
    assert office.file.stat().st_mode & 0o777 == 0o600
    plan = load(str(office.file))
    assert list(Draft202012Validator(SCHEMA).iter_errors(json.loads(office.file.read_text(encoding="ascii")))) == []
    assert (plan["rehearsal"], plan["organization"]) == (False, office.stage.simulator.organization)
    digest = plan["hashes"]["plan"]
    assert f"(digest {digest[:12]}): 2 grants, 2 revocations" in planned.message

    applied = office.applied()
    assert (applied.status, len(office.stage.writes)) == (0, 4), applied.output
    facts = applied.access["plan"]
    assert (facts["digest"], facts["applied"], facts["differences"]) == (digest, True, [])
    assert f"(digest {digest[:12]}) was applied" in applied.message

    again = office.applied()
    assert (again.status, again.changed, len(office.stage.writes)) == (0, False, 4), again.output
    assert "is done already: nothing is left to do" in again.message


def test_what_somebody_changed_since_stops_it_and_a_new_plan_does_the_rest(office: Office) -> None:
    office.planned()
    office.somebody({SALES: {}})
    before = office.stage.books()
    stopped = office.applied()
    assert_stopped(office, stopped, f"{SALES}: Send As of {ROUTER}: the plan saw not held, it is held now")
    assert office.stage.books() == before
    assert (office.planned().status, office.applied().status) == (0, 0)
    assert office.stage.holds(SUPPORT, "full_access")
    assert not office.stage.holds(OLD, "send_as")


def test_what_the_inventory_says_otherwise_stops_it(office: Office) -> None:
    office.planned()
    hosts = {**HOSTS, SALES: {"mailbox_delegation_until": "2020-01-31"}, EXTRA: {}}
    of_sales = f"{SALES}: {{}} of {ROUTER}: {{}}".format
    assert_stopped(
        office,
        office.applied(hosts),
        f"{EXTRA}: Send As of {ROUTER}: not in the plan",
        of_sales("Full Access", "not in the plan"),
        of_sales(
            "Send As",
            "wanted present by the plan, absent by the inventory now (it was wanted until 2020-01-31 only); "
            "wanted without an end by the plan, until 2020-01-31 by the inventory now",
        ),
        of_sales("Send on Behalf", "not in the plan"),
    )
    fewer = {SALES: {}, OLD: HOSTS[OLD]}
    gone = [
        f"{SUPPORT}: {right} of {ROUTER}: in the plan, and in the inventory no more, or left out by --limit"
        for right in RIGHTS
    ]
    assert_stopped(office, office.applied(fewer), *gone)
    assert_stopped(office, office.applied(HOSTS, "--limit", f"!{SUPPORT}"), *gone)
    assert office.stage.writes == []


RIGHTS = ("Full Access", "Send As")


def test_a_forged_plan_makes_no_run_do_what_the_inventory_does_not_want(office: Office) -> None:
    office.planned({**HOSTS, EXTRA: {}})
    run = office.applied()
    assert_stopped(
        office, run, f"{EXTRA}: Send As of {ROUTER}: in the plan, and in the inventory no more, or left out by --limit"
    )
    office.planned()
    office.file.write_text(office.file.read_text(encoding="ascii").replace('"absent"', '"present"'), encoding="ascii")
    edited = office.applied()
    assert (edited.status, edited.access["failure_class"]) == (2, "input"), edited.output
    assert f"the plan {office.file}: its hashes are not those of what it holds" in edited.text
    assert office.stage.writes == []


def test_surplus_and_retired_accounts_are_planned_as_all_else(office: Office) -> None:
    options: dict[str, Any] = {
        "retired_accounts": [RETIRED],
        "surplus_group": MAILBOXES,
        "surplus": "revoke",
        "surplus_group_minimum": len(HOSTS),
    }
    planned = office.planned(**options)
    assert "2 grants, 4 revocations" in planned.message, planned.output
    assert_stopped(
        office,
        office.applied(),
        *(
            f"{EXTRA}: Send As of {who}: in the plan, and now either in the inventory no more, left out by --limit, or "
            "not held any more"
            for who in (ROUTER, RETIRED)
        ),
    )
    applied = office.applied(**options)
    assert (applied.status, len(office.stage.writes)) == (0, 6), applied.output


def test_an_account_is_replaced_by_plan(office: Office) -> None:
    profiles = {"router": {"account": HEIR, "access_type": "send_as", "replaces": ROUTER}}
    hosts: dict[str, dict[str, Any]] = {SUPPORT: {}}
    planned = office.planned(hosts, profiles=profiles)
    assert "1 grant, 1 revocation" in planned.message, planned.output
    applied = office.applied(hosts, profiles=profiles)
    assert (applied.status, applied.access["plan"]["applied"]) == (0, True), applied.output
    assert office.stage.holds(SUPPORT, "send_as", HEIR)
    again = office.applied(hosts, profiles=profiles)
    assert (again.status, again.access["plan"]["done"]) == (0, True), again.output


def test_it_writes_a_journal_and_minds_its_brakes_as_any_run(office: Office) -> None:
    journal = office.stage.directory / "journal.jsonl"
    office.planned()
    braked = office.applied(max_revocations="1", journal=str(journal))
    assert (braked.status, office.stage.writes) == (2, []), braked.output
    limit = "max_revocations (role: mailbox_delegation_max_revocations)"
    assert f"2 writes are called for where {limit} allows 1" in braked.text
    assert (braked.access["plan"]["applied"], differences(braked)) == (False, [])
    assert office.applied(journal=str(journal)).status == 0
    assert journal.read_text(encoding="utf-8").count('"verb"') >= 4


def test_neither_a_serial_play_nor_a_run_for_real_makes_a_plan(office: Office) -> None:
    stage = office.stage
    inventory = stage.inventory(HOSTS)
    for name, arguments in (("plan_file", ("--check",)), ("apply_plan", ())):
        options: dict[str, Any] = {"profiles": PROFILES, name: str(office.file)}
        run = stage.play("-i", inventory, stage.playbook(stage.task(**options), serial=1), *arguments)
        assert f"{name} (role: mailbox_delegation_{name}) is of a whole play" in run.text, run.output
    real = stage.ensure(HOSTS, profiles=PROFILES, plan_file=str(office.file))
    assert "plan_file (role: mailbox_delegation_plan_file) is for check mode" in real.text, real.output
    assert (real.status, stage.writes, office.file.exists()) == (2, [], False)


def test_a_plan_of_a_run_that_could_not_be_made_is_none(office: Office, tmp_path: Path) -> None:
    office.planned()
    assert office.file.exists()
    failed = office.planned(app_id="11111111-0000-0000-0000-000000000000")
    assert (failed.status, office.file.exists()) == (2, False), failed.output
