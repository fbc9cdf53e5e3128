# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench makes of its measurements: straight lines, marks on what was not measured, a page and a picture."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.email_router.exchange_online.tests.bench import pages, plans
from ansible_collections.email_router.exchange_online.tests.bench.measure import (
    CONTENDERS,
    SIZES,
    Cost,
    Key,
    estimate,
    limit,
)
from ansible_collections.email_router.exchange_online.tests.bench.plot import picture
from ansible_collections.email_router.exchange_online.tests.bench.report import Book, section
from ansible_collections.email_router.exchange_online.tests.bench.site import Case, Situation, organisation

STEADY, FIRST, DRIFT = Situation.STEADY, Situation.FIRST, Situation.DRIFT


def cost(fixed: float, each: float, size: int) -> Cost:
    value = fixed + each * size
    return Cost(value, value, min(size, 3), value, value, value, value / 2)


def measured(fixed: float, each: float, *sizes: int) -> dict[int, Cost]:
    return {size: cost(fixed, each, size) for size in sizes}


def test_what_was_measured_is_given_as_it_is() -> None:
    key: Key = ("b", True, STEADY)
    assert estimate({key: measured(9, 2, 10, 30)}, key, 30).measured_at == ()
    assert estimate({key: measured(9, 2, 10, 30)}, key, 30).cost == cost(9, 2, 30)


def test_larger_sizes_are_on_the_line_through_the_two_largest_and_say_so() -> None:
    key: Key = ("b", True, STEADY)
    costs = {key: {1: cost(500, 0, 1), **measured(9, 2, 10, 30)}}
    found = estimate(costs, key, 1000)
    assert found.measured_at == (10, 30)
    assert found.cost.wall == pytest.approx(cost(9, 2, 1000).wall)
    assert found.cost.sign_ins == 3, "sessions do not grow with the mailboxes"


def test_one_size_alone_is_taken_to_be_proportional() -> None:
    key: Key = ("a", True, STEADY)
    found = estimate({key: measured(0, 3, 10)}, key, 1000)
    assert (found.measured_at, found.cost.wall, found.cost.sign_ins) == ((10,), 3000, 300)


def test_drift_lies_between_rest_and_a_first_run() -> None:
    costs = {("b", True, STEADY): measured(9, 2, 10, 30), ("b", True, FIRST): measured(9, 6, 10, 30)}
    found = estimate(costs, ("b", True, DRIFT), 1000)
    assert found.cost.wall == pytest.approx(9 + 2 * 1000 + 4 * 10)
    assert estimate(costs, ("b", True, DRIFT), 10).cost.wall == pytest.approx(9 + 2 * 10 + 4 * 1), "one of ten"


def test_the_limit_is_the_service_time_alone() -> None:
    assert limit(estimate({("e1", True, STEADY): measured(9, 2, 10)}, ("e1", True, STEADY), 10)).cost.wall == 29 / 2


@pytest.mark.parametrize(("situation", "lacking"), [(FIRST, 300), (STEADY, 0), (DRIFT, 3)])
def test_a_case_lacks_what_its_situation_says(situation: Situation, lacking: int) -> None:
    case = Case(300, situation, True)
    made = organisation(case)
    assert case.lacking == lacking
    assert sum(each.guid not in made.access for each in made.recipients[1:301]) == lacking


@pytest.mark.parametrize("plan", [plans.QUICK, plans.FULL], ids=["quick", "full"])
def test_every_row_of_the_page_follows_from_what_a_plan_measures(plan: dict[Key, tuple[int, ...]]) -> None:
    costs = {key: measured(9, 2 + len(key[0]), *sizes) for key, sizes in plan.items()}
    text = section(costs, "make bench")
    rows = re.findall(r"^\| (?:a|b|c|d|e1|e3|limit) \| [\d,]+ \|", text, re.MULTILINE)
    assert len(rows) == 2 * len(Situation) * len(SIZES) * (len(CONTENDERS) + 1)
    assert ElementTree.fromstring(picture(Book(costs))).tag.endswith("svg")


def test_a_section_takes_the_place_of_the_one_before_and_leaves_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", tmp_path / "bench.md")
    pages.write_section("overhead", "much")
    pages.write_section("contenders", "first")
    pages.write_section("contenders", "second")
    text = (tmp_path / "bench.md").read_text()
    assert "first" not in text
    assert text.index("second") < text.index("much")
