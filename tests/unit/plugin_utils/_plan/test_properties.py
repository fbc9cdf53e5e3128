# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every organisation, every wish and every plan: all of the plan is done, or nothing at all."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Report, Wish
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.build import render
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import Plan
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.held_to import HeldTo
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.parse import parsed
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.rows import NO_ACTION
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from .._access.runs import writes
from .._access.worlds import SHOWN, books, tenants, wish_lists
from .plans import CLOCK, SETTINGS, plan_of, report_of

many = settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
Make = Callable[[], Tenant]
Action = tuple[str, str, str, str]


def planned_actions(plan: Plan) -> list[Action]:
    acting = (row for row in plan["rows"] if row["action"] != NO_ACTION)
    return sorted((row["guid"], row["account_key"], row["right"], row["action"]) for row in acting)


def steps_of(report: Report) -> list[Action]:
    assert report.decided is not None
    return sorted((*step.want.grant.key, step.verb.value) for step in report.decided.steps)


@many
@given(make=tenants(SHOWN), wanted=wish_lists, seed=st.integers(0, 99))
def test_a_plan_fits_what_it_was_made_of_in_whatever_order_it_is(make: Make, wanted: list[Wish], seed: int) -> None:
    tenant = make()
    plan = parsed(render(plan_of(tenant, wanted)))
    rows = list(plan["rows"])
    random.Random(seed).shuffle(rows)
    plan = parsed(json.dumps({**plan, "rows": rows}))
    report = report_of(tenant, wanted, HeldTo(plan, "plan.json", SETTINGS, CLOCK), check_mode=False)
    assert report.stop is None
    assert steps_of(report) == planned_actions(plan)


@many
@given(make=tenants(SHOWN), other=tenants(SHOWN), wanted=wish_lists, others=wish_lists, same=st.booleans())
def test_a_run_does_all_that_a_plan_has_or_nothing_whatever_plan_it_is(
    make: Make, other: Make, wanted: list[Wish], others: list[Wish], same: bool
) -> None:
    plan = plan_of(other(), wanted if same else others)
    tenant = make()
    before = books(tenant)
    gate = HeldTo(plan, "plan.json", SETTINGS, CLOCK)
    report = report_of(tenant, wanted, gate, check_mode=False)
    assert report.decided is not None
    judged = gate.judge(report.decided)
    assert bool(report.stop) == bool(judged.differences)
    event("stopped" if report.stop else "done already" if judged.done else "fits")
    if report.stop or judged.done:
        assert (writes(tenant), books(tenant)) == ([], before)
    else:
        assert steps_of(report) == planned_actions(plan)


@many
@given(make=tenants(SHOWN), wanted=wish_lists)
def test_what_a_plan_did_it_does_not_do_again(make: Make, wanted: list[Wish]) -> None:
    tenant = make()
    plan = plan_of(tenant, wanted)
    report_of(tenant, wanted, HeldTo(plan, "plan.json", SETTINGS, CLOCK), check_mode=False)
    written = len(writes(tenant))
    report_of(tenant, wanted, HeldTo(plan, "plan.json", SETTINGS, CLOCK), check_mode=False)
    assert len(writes(tenant)) == written
