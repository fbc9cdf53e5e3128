# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A month of a pipeline on a schedule: audit, enforcement, what happens behind its back; every artefact is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.holdings import EVERYWHERE
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer
from ansible_collections.email_router.exchange_online.tests.simulator.effects import Effect
from ansible_collections.email_router.exchange_online.tests.simulator.faults import ANY_WRITER, FOREVER, Fault
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions
from ansible_collections.email_router.exchange_online.tests.simulator.trouble import Trouble

from .artefacts import assert_sound
from .conftest import SetStage
from .nights import Night, Pipeline
from .playbooks import AUDIT, ENFORCE
from .stage import MAILBOXES, ROUTER, contoso

SALES, SUPPORT, HOT, SLOW = "sales@contoso.com", "support@contoso.com", "hot@contoso.com", "slow@contoso.com"
LEAVER, PROJECT, LATE = "leaver@contoso.com", "project@contoso.com", "late@contoso.com"
LISTED = (SALES, LEAVER, PROJECT, SUPPORT, HOT, SLOW)
#: The project ends on this day of the month.
THE_END = 12
#: Then nothing is wanted there of any right.
ENDED = {f"{PROJECT} full_access": "compliant", f"{PROJECT} send_on_behalf": "compliant"}
VARIABLES = {
    "mailbox_delegation_surplus_group": MAILBOXES,
    "mailbox_delegation_verify": 0,
    "mailbox_delegation_grace": {"not_found": 72, "pending": 24},
}


@pytest.fixture
def pipeline(set_user_stage: SetStage) -> Pipeline:
    """Support, hot and slow lack what they need; of slow every write is accepted, and none takes effect."""
    held = ({"address": address, "send_as": [ROUTER]} for address in (SALES, LEAVER, PROJECT))
    lacking = ({"address": address} for address in (SUPPORT, HOT, SLOW))
    slow = Fault(ANY_WRITER, effect=Effect.PRETENDED, times=FOREVER, identity=SLOW)
    stage = set_user_stage(
        contoso(*held, *lacking), options=SimulatorOptions(tenant_faults=(slow,)), host=HostOptions(pwsh=None)
    )
    return Pipeline(stage, {name: {} for name in LISTED}, VARIABLES)


def night(pipeline: Pipeline, playbook: str, status: int) -> Night:
    """A night that ends with a report."""
    ends = {"mailbox_delegation_until": pipeline.day(THE_END), "mailbox_delegation_reason": "ticket 4711"}
    pipeline.hosts[PROJECT] = ends
    passed = pipeline.night(playbook)
    assert_sound(passed)
    assert passed.run.status == status, passed.run.output
    assert {row["reason"] for row in passed.told["rows"] if row["until"]} == {"ticket 4711"}
    return passed


def test_a_month_of_a_pipeline(pipeline: Pipeline) -> None:
    """The chapters below, in their order."""
    the_first_audit_finds_drift(pipeline)
    enforcement_mends_and_one_grant_is_pending(pipeline)
    something_takes_a_grant_back_and_the_pending_one_still_is(pipeline)
    it_is_taken_back_again_and_pending_has_lasted_too_long(pipeline)
    a_mailbox_is_listed_before_it_exists(pipeline)
    a_night_in_which_nothing_can_be_read(pipeline)
    one_has_left_the_list_and_the_late_one_is_overdue(pipeline)
    enforcement_grants_to_the_late_one_and_the_project_has_ended(pipeline)
    a_night_without_a_report(pipeline)
    the_month_ends_with_all_as_it_is_wanted(pipeline)


def others(findings: Mapping[str, str]) -> Mapping[str, str]:
    """All of the first list as they should be, but for these."""
    return {**dict.fromkeys(LISTED, "compliant"), **findings}


def the_first_audit_finds_drift(pipeline: Pipeline) -> None:
    first = night(pipeline, AUDIT, 2)
    assert first.findings() == others(dict.fromkeys((SUPPORT, HOT, SLOW), "missing, fail"))
    assert first.told["changes"] is None
    assert "is not there yet: this report begins a history" in first.run.text


def enforcement_mends_and_one_grant_is_pending(pipeline: Pipeline) -> None:
    pipeline.wait(24)
    passed = night(pipeline, ENFORCE, 0)
    assert passed.findings() == others({SUPPORT: "granted", HOT: "granted", SLOW: "pending, warn"})
    assert passed.changes() == {"mended": [HOT, SUPPORT], "other": [SLOW]}
    assert pipeline.stage.holds(SUPPORT, "send_as")


def something_takes_a_grant_back_and_the_pending_one_still_is(pipeline: Pipeline) -> None:
    pipeline.wait(12)
    begun = pipeline.kept(SLOW)["since"]
    pipeline.take_back(HOT)
    passed = night(pipeline, ENFORCE, 0)
    assert passed.findings() == others({HOT: "granted", SLOW: "pending, warn"})
    assert passed.row(SLOW)["since"] == begun
    assert passed.changes() == {"new_drift": [HOT], "mended": [HOT], "still_pending": [SLOW], "regranted": [HOT]}
    assert "Something else keeps removing" not in passed.sentence


def it_is_taken_back_again_and_pending_has_lasted_too_long(pipeline: Pipeline) -> None:
    pipeline.wait(24)
    pipeline.take_back(HOT)
    passed = night(pipeline, ENFORCE, 2)
    assert passed.findings() == others({HOT: "granted", SLOW: "pending, fail"})
    assert passed.row(HOT)["regranted"] == 2
    assert f"First: {SLOW}" in passed.sentence
    assert f"Something else keeps removing 1 grant, see {HOT}" in passed.sentence


def a_mailbox_is_listed_before_it_exists(pipeline: Pipeline) -> None:
    pipeline.wait(24)
    pipeline.give(SLOW)
    pipeline.hosts[LATE] = {}
    passed = night(pipeline, AUDIT, 0)
    assert passed.findings() == others({LATE: "not_found, warn"})
    assert passed.changes() == {"mended": [SLOW], "mailboxes_added": [LATE]}


def a_night_in_which_nothing_can_be_read(pipeline: Pipeline) -> None:
    pipeline.wait(48)

    def unreadable(cmdlet: str, _parameters: Mapping[str, Any]) -> Answer | None:
        return Answer(error=Trouble.SERVER_SIDE.error_of(cmdlet)) if cmdlet == "Get-RecipientPermission" else None

    pipeline.stage.tenant.before_invoke = unreadable
    passed = night(pipeline, AUDIT, 2)
    pipeline.stage.tenant.before_invoke = None
    unknown = dict.fromkeys((*LISTED, EVERYWHERE), "unknown, fail")
    assert passed.findings() == {**unknown, LATE: "not_found, warn"}
    assert passed.changes() == {"other": sorted(unknown)}
    assert passed.row(HOT)["regranted"] == 2
    assert (passed.row(SLOW)["standing"], passed.row(LEAVER)["standing"]) == ("compliant", "compliant")


def one_has_left_the_list_and_the_late_one_is_overdue(pipeline: Pipeline) -> None:
    pipeline.wait(48)
    pipeline.take_back(SUPPORT)
    del pipeline.hosts[LEAVER]
    passed = night(pipeline, AUDIT, 2)
    expected = {SUPPORT: "missing, fail", LATE: "not_found, fail", LEAVER: "surplus, warn"}
    assert passed.findings() == others(expected)
    assert passed.changes() == {
        "new_drift": [SUPPORT],
        "new_surplus": [LEAVER],
        "regranted": [SUPPORT],
        "mailboxes_gone": [LEAVER],
        "other": sorted((EVERYWHERE, SALES, PROJECT, HOT, SLOW)),
    }
    assert passed.row(PROJECT)["notes"] == [
        f"it is wanted until {passed.row(PROJECT)['until']} only, which is within 14 days"
    ]


def enforcement_grants_to_the_late_one_and_the_project_has_ended(pipeline: Pipeline) -> None:
    pipeline.wait(7 * 24)
    pipeline.make(LATE)
    passed = night(pipeline, ENFORCE, 0)
    expected = {SUPPORT: "granted", LATE: "granted", PROJECT: "revoked", LEAVER: "surplus, warn"}
    assert passed.findings() == others({**expected, **ENDED})
    others_of_it = [PROJECT] * len(ENDED)
    assert passed.changes() == {
        "new_drift": [PROJECT],
        "mended": [LATE, PROJECT, SUPPORT],
        "regranted": [SUPPORT],
        "other": others_of_it,
    }
    assert (pipeline.stage.holds(PROJECT, "send_as"), pipeline.stage.holds(LATE, "send_as")) == (False, True)


def a_night_without_a_report(pipeline: Pipeline) -> None:
    """The old report is not taken for a new one, where it was removed and where it was not, and history stays."""
    pipeline.wait(24)
    kept = pipeline.history.read_text(encoding="utf-8")
    passed = pipeline.night(AUDIT, exchange_certificate_thumbprint="F" * 40, mailbox_delegation_preflight=False)
    assert (passed.run.status, passed.report, passed.sent.total()) == (2, None, 0)
    assert "there is no report" in passed.fresh.stderr
    assert "before this run began" in pipeline.fresh("history/access.json", "enforcement").stderr
    assert pipeline.history.read_text(encoding="utf-8") == kept


def the_month_ends_with_all_as_it_is_wanted(pipeline: Pipeline) -> None:
    pipeline.wait(13 * 24)
    pipeline.take_back(LEAVER)
    passed = night(pipeline, AUDIT, 0)
    assert set(passed.findings().values()) == {"compliant"}
    assert passed.changes() == {"mended": [LEAVER]}
    assert pipeline.hours >= 28 * 24
