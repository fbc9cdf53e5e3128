# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of tasks on a snapshot say so, in their first words, in a field, and by a warning of its age."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.arguments import (
    POWERSHELL_ARGUMENTS,
    ArgumentSpec,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.selftest import SelftestInfoAction
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.snapshots import marked, source_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import (
    Detail,
    Fate,
    Snapshot,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.document import save
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.source import Source
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation

from .test_action import Action

TAKEN = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
SALES = "sales@contoso.com"


def organisation() -> Organisation:
    return Organisation.from_dict({"recipients": [{"address": SALES}]})


def source(detail: Detail = Detail.MINIMAL, **more: Any) -> Source:
    return Source("nightly.json", Snapshot("2026-01-05T09:00:00Z", "0.1.0", detail, organisation(), **more))


def told(result: Mapping[str, Any], hours: float = 5.25, of: Source | None = None) -> dict[str, Any]:
    return {**result, **marked(result, of or source(), TAKEN + timedelta(hours=hours))}


def test_the_message_and_the_verdict_begin_with_the_snapshot_and_its_age() -> None:
    made = told({"msg": "1 missing", "verdict": {"failed": True, "msg": "1 missing"}, "warnings": ["another"]})
    beginning = "Rehearsal on nightly.json, taken 2026-01-05T09:00:00Z (5 hours old)"
    assert made["msg"] == f"{beginning}: 1 missing"
    assert made["verdict"] == {"failed": True, "msg": f"{beginning}: 1 missing"}
    assert made["warnings"] == [f"{beginning}: nothing was asked of the organisation itself", "another"]
    assert made["rehearsal"] == {
        "snapshot": "nightly.json",
        "taken": "2026-01-05T09:00:00Z",
        "age_hours": 5.2,
        "detail": "minimal",
    }


def test_a_clock_that_is_behind_makes_nothing_younger_than_now() -> None:
    made = told({"msg": ""}, hours=-1)
    assert made["rehearsal"]["age_hours"] == 0
    assert "less than an hour old" in made["msg"]


def test_an_organisation_written_by_hand_is_a_rehearsal_without_age_or_warning() -> None:
    made = told({"msg": "all well"}, of=Source("demo.json", organisation()))
    assert made == {
        "msg": "Rehearsal on demo.json: all well",
        "rehearsal": {"snapshot": "demo.json", "taken": "", "age_hours": None, "detail": "full"},
    }


def test_no_machine_need_try_again_what_a_file_does_not_tell() -> None:
    assert told({"msg": "", "failure_class": "exchange", "retry_safe": True})["retry_safe"] is False
    assert told({"msg": "", "failure_class": "", "retry_safe": True})["retry_safe"] is True


def test_what_looks_at_the_whole_organisation_says_that_it_saw_a_part_of_it() -> None:
    coverage = {"surplus_send_as": "the whole organisation, but for 1 place", "send_as": "2 of 2"}
    of = source(mailboxes={SALES: Fate.FOUND, "b@contoso.com": Fate.FOUND, "gone@contoso.com": Fate.NOT_FOUND})
    made = told({"msg": "", "coverage": coverage}, of=of)
    assert made["coverage"] == {
        "surplus_send_as": "the 2 mailboxes of the snapshot, no others, but for 1 place",
        "send_as": "2 of 2",
    }
    assert made["warnings"][1] == "only the 2 mailboxes of the snapshot were looked at, not the whole organisation"
    assert told({"msg": "", "coverage": coverage}, of=source(Detail.FULL))["coverage"] == coverage


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "snapshot.json"
    content = source().content
    assert isinstance(content, Snapshot)
    save(content, path)
    return path


def test_a_snapshot_that_was_taken_cannot_be_written_over(file: Path) -> None:
    with pytest.raises(InputError, match="stays as it was taken: leave out snapshot_update"):
        source_of({"snapshot": str(file), "snapshot_update": True})


class Rehearsing(Action):
    ARGUMENTS: ClassVar[ArgumentSpec] = {**Action.ARGUMENTS, **POWERSHELL_ARGUMENTS}


def test_every_action_that_signs_in_marks_its_result_and_its_failure(file: Path) -> None:
    seen: list[Source] = []

    def work(options: Mapping[str, Any]) -> dict[str, Any]:
        seen.append(options["snapshot"])
        raise InputError(["there is no mailbox"])

    made = Rehearsing(work, snapshot=str(file)).run(task_vars={"inventory_hostname": SALES})
    assert isinstance(seen[0].content, Snapshot)
    assert made["msg"].startswith(f"Rehearsal on {file}, taken 2026-01-05T09:00:00Z (")
    assert made["msg"].endswith(" old): Whole run: there is no mailbox")
    assert made["rehearsal"]["detail"] == "minimal"
    fine = Rehearsing(lambda options: {"msg": "fine"}, snapshot=None).run(task_vars={})
    assert (fine["msg"], "rehearsal" in fine) == ("fine", False)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"format": "x"}, "its format is 'x'"),
        ({"format": "email_router.exchange_online/snapshot", "version": 9}, "it is of version 9"),
        ([], "it holds no object"),
    ],
)
def test_a_file_that_is_no_snapshot_is_a_fault_of_the_input(tmp_path: Path, raw: object, fault: str) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    made = Rehearsing(lambda options: {"msg": "never"}, snapshot=str(path)).run(task_vars={})
    assert (made["failed"], made["failure_class"]) == (True, "input")
    assert f"snapshot {path}: {fault}" in made["msg"]


def test_a_selftest_on_a_snapshot_would_be_evidence_of_nothing_and_is_refused(file: Path) -> None:
    """The simulated organisation that it is read into behaves as this collection assumes."""

    class Selftest(SelftestInfoAction):
        __init__ = Action.__init__

    made = Selftest(None, snapshot=str(file)).run(task_vars={})
    assert (made["failed"], made["failure_class"]) == (True, "input")
    assert "a snapshot says what it held, not how Exchange behaves" in made["msg"]


def taken_of(directory: Path, **more: Any) -> str:
    """The file of a snapshot of contoso.onmicrosoft.com."""
    path = directory / "snapshot.json"
    save(Snapshot("2026-01-05T09:00:00Z", "0.1.0", Detail.MINIMAL, organisation(), **more), path)
    return str(path)


def test_a_snapshot_of_another_organisation_is_refused(tmp_path: Path) -> None:
    """All that is asked for would be left to the plan, for such a snapshot lacks it, and the rehearsal be green."""
    options = {"snapshot": taken_of(tmp_path), "snapshot_update": False, "organization": "fabrikam.onmicrosoft.com"}
    with pytest.raises(InputError) as caught:
        source_of(options)
    assert str(caught.value) == (
        f"{options['snapshot']} was taken of contoso.onmicrosoft.com, and organization (role: exchange_organization) "
        "is fabrikam.onmicrosoft.com: take one of that organisation"
    )


@pytest.mark.parametrize("organization", [None, "", "Contoso.onmicrosoft.com"])
def test_a_snapshot_of_the_organisation_itself_is_taken(tmp_path: Path, organization: str | None) -> None:
    options = {"snapshot": taken_of(tmp_path), "snapshot_update": False, "organization": organization}
    assert source_of(options) is not None


def test_an_anonymized_snapshot_is_of_no_organisation_that_anybody_names(tmp_path: Path) -> None:
    file = taken_of(tmp_path, anonymized=True)
    options = {"snapshot": file, "snapshot_update": False, "organization": "fabrikam.onmicrosoft.com"}
    assert source_of(options) is not None
