# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a task mailbox_delegation: when it is written, when a run is held to it, and what the result says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import plan as module
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.delegation import DelegationAction
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.file import load, save
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import Detail
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._wording import option

from .._plan.plans import plan_with, row
from .._snapshot.samples import filed, session_with, taken_of

ROUTER, SALES, HELP = "router@contoso.com", "sales@contoso.com", "help@contoso.com"
FULL = {"account": ROUTER, "rights": ["send_as", "full_access"]}


class Place:
    """A directory with an organisation in a file, and runs on it: what they do is kept there."""

    def __init__(self, directory: Path, **held: Any) -> None:
        self.directory = directory
        self.plan = directory / "plan.json"
        self.mailboxes: list[dict[str, Any]] = [{"mailbox": SALES}, {"mailbox": HELP, "state": "absent"}]
        boxes = [{"kind": "UserMailbox", "address": one, "send_as": held.get(one, [])} for one in (ROUTER, SALES, HELP)]
        self.organisation = directory / "contoso.json"
        self.organisation.write_text(json.dumps({"recipients": boxes}), encoding="utf-8")

    def run(self, *, check_mode: bool = False, serial: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {
            "profiles": {"router": {"account": ROUTER, "access_type": "send_as"}},
            "profile": "router",
            "mailboxes": self.mailboxes,
            "snapshot": str(self.organisation),
            "snapshot_update": True,
            **options,
        }
        action: Any = DelegationAction.__new__(DelegationAction)
        task = {
            "environment": None,
            "check_mode": check_mode,
            "async_val": 0,
            "diff": False,
            "delegate_to": "localhost",
        }
        action._task = SimpleNamespace(args=arguments, action="x.y.z", **task)
        action._connection = SimpleNamespace(transport="local", _shell=SimpleNamespace(tmpdir=None))
        action._templar = SimpleNamespace(template=lambda value: value)
        action._loader = None  # of files; there are no extra variables
        batch = ["one"]
        hosts = {"ansible_play_batch": batch, "ansible_play_hosts": [*batch, "two"] if serial else batch, "groups": {}}
        made: dict[str, Any] = action.run(task_vars={"inventory_hostname": "one", "hostvars": {}, **hosts})
        return made

    def planned(self, **options: Any) -> dict[str, Any]:
        """A run in check mode that writes its plan."""
        return self.run(check_mode=True, plan_file=str(self.plan), **options)

    def applied(self, **options: Any) -> dict[str, Any]:
        return self.run(apply_plan=str(self.plan), **options)

    def old_plan(self) -> None:
        save(str(self.plan), plan_with(row()))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, **{HELP: [ROUTER]})


def refused(result: Mapping[str, Any]) -> str:
    """The one thing that is wrong with the input."""
    assert (result["failed"], result["failure_class"]) == (True, "input"), result
    (said,) = result["errors"]
    return str(said)


def test_check_mode_writes_the_plan_and_says_by_which_digits_to_know_it(place: Place) -> None:
    told = place.planned()
    plan = load(str(place.plan))
    digest = plan["hashes"]["plan"]
    assert told["plan"] == {
        "file": str(place.plan),
        "digest": digest,
        "created": told["run"]["began"],
        "age_hours": 0.0,
        "applied": False,
        "done": False,
        "differences": [],
    }
    assert told["msg"].endswith(f"Plan {place.plan} (digest {digest[:12]}): 1 grant, 1 revocation")
    assert told["verdict"]["msg"].endswith(told["msg"].rpartition("grants on ")[2])
    assert (plan["rehearsal"], plan["application"], plan["settings"]) == (True, "snapshot", {"auto_mapping": False})
    assert "failed" not in told


def test_a_plan_of_what_could_not_be_worked_on_is_written_though_the_run_fails(place: Place) -> None:
    place.mailboxes.append({"mailbox": "gone@contoso.com"})
    told = place.planned()
    assert (told["failed"], told["failure_class"]) == (True, "mailboxes")
    assert [one["outcome"] for one in load(str(place.plan))["rows"]].count("not_found") == 1
    assert told["plan"]["digest"] in place.plan.read_text(encoding="ascii")


def test_the_plan_is_applied_and_then_it_is_done_already(place: Place) -> None:
    planned = place.planned()
    checked = place.run(check_mode=True, apply_plan=str(place.plan))
    assert "could be applied: 1 grant, 1 revocation" in checked["msg"]
    assert (checked["plan"]["applied"], checked["changed"]) == (False, True)
    told = place.applied()
    assert told["plan"] == {**planned["plan"], "applied": True, "age_hours": told["plan"]["age_hours"]}
    assert (told["summary"]["granted"], told["summary"]["revoked"]) == (1, 1)
    assert f"(digest {planned['plan']['digest'][:12]}) was applied: 1 grant, 1 revocation" in told["msg"]
    again = place.applied()
    assert "is done already: nothing is left to do" in again["msg"]
    assert (again["plan"]["done"], again["plan"]["applied"], again["plan"]["differences"]) == (True, False, [])
    assert (again["changed"], again.get("failed"), again["statistics"]["writes"]) == (False, None, 0)


@pytest.mark.parametrize("check_mode", [False, True], ids=["enforcing", "checking"])
def test_what_is_otherwise_stops_it_before_its_first_write_and_is_said(place: Place, check_mode: bool) -> None:
    digest = place.planned()["plan"]["digest"]
    place.mailboxes[1]["state"] = "present"
    told = place.run(check_mode=check_mode, apply_plan=str(place.plan))
    line = f"{HELP}: Send As of {ROUTER}: wanted absent by the plan, present by the inventory now"
    assert told["plan"]["differences"] == [
        f"{HELP}: Full Access of {ROUTER}: in the plan, and in the inventory no more, or left out by --limit",
        line,
        f"{HELP}: Send on Behalf of {ROUTER}: in the plan, and in the inventory no more, or left out by --limit",
    ]
    assert (told["failed"], told["failure_class"], told["retry_safe"]) == (True, "plan", False)
    assert (told["statistics"]["writes"], told["changed"], told["plan"]["applied"]) == (0, check_mode, False)
    assert "nothing was written, for 3 things are otherwise than in the plan" in told["msg"]
    assert f"(digest {digest[:12]})" in told["msg"]
    assert line in told["msg"]
    assert told["msg"].endswith("Make a new plan, and let it be judged")


def test_of_many_differences_a_failed_task_carries_fifty_and_says_three(place: Place) -> None:
    place.planned()
    place.mailboxes = [{"mailbox": f"new{number}@contoso.com"} for number in range(60)]
    told = place.applied()
    assert len(told["plan"]["differences"]) == 50
    assert "; and 61 more. Make a new plan" in told["msg"]
    assert told["msg"].count("not in the plan") + told["msg"].count("no more") == 3
    assert len(place.applied(on_failure="report")["plan"]["differences"]) == 64


def test_with_a_report_the_verdict_fails_and_the_task_does_not(place: Place) -> None:
    place.planned()
    place.mailboxes.pop()
    told = place.applied(on_failure="report")
    assert (told.get("failed"), told["verdict"]["failed"], told["failure_class"]) == (None, True, "plan")
    assert told["verdict"]["msg"].endswith("Make a new plan, and let it be judged")


def test_brakes_hold_a_plan_back_as_any_run(place: Place) -> None:
    place.planned()
    assert load(str(place.plan))["held_back"] == ""
    checked = place.run(check_mode=True, apply_plan=str(place.plan), max_revocations="0")
    assert "could be applied, were it not for the brake: 1 grant, 1 revocation" in checked["msg"]
    told = place.applied(max_revocations="0")
    assert "is as things are, and 2 writes were not made, or not for certain: 1 grant, 1 revocation" in told["msg"]
    assert (told["failed"], told["failure_class"], told["statistics"]["writes"]) == (True, "mailboxes", 0)
    assert (told["plan"]["applied"], told["plan"]["differences"]) == (False, [])
    place.planned(max_revocations="0")
    assert load(str(place.plan))["held_back"].startswith("1 write is called for where max_revocations")


def test_a_policy_refuses_it_as_any_run_and_no_plan_is_written_that_it_refuses(place: Place) -> None:
    place.planned()
    policy = place.directory / "policy.yml"
    policy.write_text(f'version: 1\nprotected:\n  - mailboxes: ["{SALES}"]\n', encoding="utf-8")
    told = place.applied(policy=str(policy))
    assert (told["failure_class"], told["statistics"]["writes"], told["plan"]["applied"]) == ("policy", 0, False)
    again = place.planned(policy=str(policy))
    assert again["failure_class"] == "policy"
    assert f"No plan was written to {place.plan}, for the run did not come to its end" in again["msg"]
    assert (place.plan.exists(), "plan" in again) == (False, False)


def test_a_plan_with_a_write_that_exchange_refuses_was_not_applied(place: Place) -> None:
    known = json.loads(place.organisation.read_text(encoding="utf-8"))
    sales = next(one for one in known["recipients"] if one["address"] == SALES)
    place.organisation.write_text(
        json.dumps(
            {
                **known,
                "recipients": [
                    {**one, "quirks": ["out_of_scope"]} if one is sales else one for one in known["recipients"]
                ],
            }
        ),
        encoding="utf-8",
    )
    place.planned()
    told = place.applied()
    assert (told["summary"]["refused"], told["summary"]["revoked"], told["plan"]["applied"]) == (1, 1, False)
    assert "is as things are, and 1 write was not made, or not for certain" in told["msg"]


def test_settings_that_writes_depend_on_are_held_to(place: Place) -> None:
    place.planned(profiles={"router": FULL})
    told = place.applied(profiles={"router": FULL}, auto_mapping=True)
    assert told["plan"]["differences"] == ["auto_mapping: false by the plan, true now"]
    assert told["statistics"]["writes"] == 0


@pytest.mark.parametrize(
    "options",
    [
        {"profiles": {"router": {"account": "nobody@contoso.com", "access_type": "send_as"}}},
        {"profiles": {"router": {"account": ROUTER}}},
        {"mailboxes": []},
        {"snapshot": "gone.json"},
        {"max_grants": "many"},
    ],
    ids=["an account that is not there", "a broken profile", "no mailbox", "no organisation", "a broken limit"],
)
def test_a_run_that_fails_leaves_no_plan_of_another(place: Place, options: dict[str, Any]) -> None:
    place.old_plan()
    told = place.planned(**options)
    assert (told["failed"], place.plan.exists()) == (True, False)


def test_what_is_no_plan_is_neither_taken_away_nor_written_over(place: Place) -> None:
    place.plan.write_text("all: {}\n", encoding="utf-8")
    assert "is there, and is no plan" in refused(place.planned())
    assert place.plan.read_text(encoding="utf-8") == "all: {}\n"


def test_a_plan_that_cannot_be_written_fails_the_task(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str, plan: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save", full)
    told = place.planned()
    assert (told["failed"], told["failure_class"], told["verdict"]["failed"]) == (True, "report", True)
    assert f"the plan {place.plan} could not be written: No space left on device. " in told["msg"]
    assert "plan" not in told


def test_options_that_cannot_be_meant_are_refused_and_the_plan_stays(place: Place) -> None:
    place.old_plan()
    path = str(place.plan)
    file, apply, age = map(option, ("plan_file", "apply_plan", "plan_max_age"))
    assert f"{file} is for check mode" in refused(place.run(plan_file=path))
    assert f"{file} and {apply} cannot" in refused(place.run(plan_file=path, apply_plan=path, check_mode=True))
    assert f"{age}: 0 is no age in hours" in refused(place.run(apply_plan=path, plan_max_age=0))
    assert f"{apply} is of a whole play" in refused(place.run(apply_plan=path, serial=True))
    assert place.plan.exists()
    assert f"{file} is of a whole play" in refused(place.run(plan_file=path, serial=True, check_mode=True))


def test_an_unfit_plan_is_refused_before_anything_is_read(place: Place) -> None:
    save(str(place.plan), plan_with(row(), created="2020-01-01T00:00:00Z", rehearsal=True, organization=""))
    told = refused(place.applied())
    assert f"the plan {place.plan} cannot be applied: it is of 2020-01-01T00:00:00Z" in told
    assert "longer ago than the 72 hours that plan_max_age" in told
    save(str(place.plan), plan_with(row()))
    assert "it was made on the organisation itself, and this run is on a snapshot" in refused(place.applied())
    place.plan.write_text("{}", encoding="utf-8")
    assert f"the plan {place.plan}: it is no plan" in refused(place.applied())


def test_without_a_plan_nothing_is_said_of_one(place: Place) -> None:
    told = place.run()
    assert "plan" not in told
    assert "digest" not in told["msg"]


@pytest.mark.parametrize(
    ("detail", "looked_at"),
    [(Detail.MINIMAL, "the 1 mailbox of the snapshot, no others"), (Detail.FULL, "the whole organisation")],
)
def test_a_plan_on_a_part_of_an_organisation_does_not_say_that_all_of_it_was_looked_at(
    tmp_path: Path, detail: Detail, looked_at: str
) -> None:
    """Its reader would take what it takes back for all that a run takes back."""
    place = Place(tmp_path)
    tenant = Tenant(Organisation.from_dict(json.loads(place.organisation.read_text(encoding="utf-8"))))
    taken = filed(taken_of(session_with(tenant), [SALES], [ROUTER, HELP], detail).snapshot, tmp_path)
    place.mailboxes = [{"mailbox": SALES}]
    made = place.planned(snapshot=taken.path, snapshot_update=False, retired_accounts=[HELP])
    coverage = load(str(place.plan))["coverage"] if "plan" in made else made
    assert coverage["retired_send_as"] == looked_at
    assert made["coverage"] == coverage
