# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates for GitHub Actions and GitLab CI at work: their steps in shell, run in order as those systems run them,
in a checkout of a user, against the simulated organisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.tools.package import build

from .ci_checkout import APPS, FORMATS, INFO, SALES, SUPPORT, SYSTEMS, Checkout, make_repository
from .conftest import SetStage
from .stage import ROUTER, Transport, contoso


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `ansible-galaxy collection build` makes, which the user keeps beside requirements.yml."""
    return build(tmp_path_factory.mktemp("archive"))


@pytest.fixture(params=SYSTEMS)
def checkout(request: pytest.FixtureRequest, set_stage: SetStage, archive: Path) -> Checkout:
    """Two of three mailboxes lack the grant."""
    roles = [{"app_id": APPS["audit"], "role": "audit"}, {"app_id": APPS["enforce"], "role": "enforce"}]
    mailboxes: list[dict[str, Any]] = [{"address": SALES}, {"address": SUPPORT, "send_as": [ROUTER]}, {"address": INFO}]
    stage = set_stage(contoso(*mailboxes, apps=roles), transport=Transport.LOCAL)
    steps_of, surroundings = SYSTEMS[request.param]
    return Checkout(make_repository(stage, archive, SALES, SUPPORT, INFO), stage, steps_of, surroundings)


def test_a_week_of_a_pipeline(checkout: Checkout, request: pytest.FixtureRequest) -> None:
    """Audit finds drift, enforcement mends it, audit is content; and a mailbox that is missing is noticed."""
    stage = checkout.stage

    night = checkout.run("audit")
    assert night.red, night.output
    assert "2 missing" in night.output, night.output
    assert stage.writes == []
    assert checkout.kept() == FORMATS, "reports of a red audit, and no journal"
    assert checkout.report["verdict"]["failed"] is True
    system = request.node.callspec.params["checkout"]
    assert (checkout.report["head"]["mode"], checkout.report["head"]["source"]["system"]) == ("audit", system)
    if system == "GitHub Actions":
        assert SALES in checkout.summary.read_text(encoding="utf-8")

    day = checkout.run("enforce")
    assert not day.red, day.output
    assert checkout.kept() == {*FORMATS, "exchange.jsonl"}
    assert [stage.written_to(call) for call in stage.writes] == [SALES, INFO]
    assert checkout.report["head"]["mode"] == "enforcement"

    night = checkout.run("audit")
    assert not night.red, night.output
    assert checkout.report["head"]["application"] == APPS["audit"]
    assert checkout.report["changes"] is not None, "the report before is what it compares with"

    night = checkout.run("audit", expected="4")
    assert night.red
    assert "it has 3 mailboxes, expected are at least 4" in night.output
    assert checkout.kept() >= FORMATS


def test_a_source_that_cannot_be_read_leaves_no_old_report_and_no_green_job(checkout: Checkout) -> None:
    reports = checkout.directory / "reports"
    reports.mkdir()
    (reports / "access.json").write_text("{}", encoding="utf-8")
    (reports / "access.html").write_text("of last week", encoding="utf-8")
    (checkout.directory / "inventory" / "more.yml").write_text("crm_mailboxes: [", encoding="utf-8")
    night = checkout.run("audit")
    assert night.red, night.output
    assert checkout.kept() == set(), "what stands there afterwards would be taken for the report of this run"
    assert checkout.stage.tenant.sign_ins == 0


def test_the_identity_of_audits_cannot_write_even_in_the_other_job(checkout: Checkout) -> None:
    day = checkout.run("enforce", identity="audit")
    assert day.red, day.output
    assert checkout.stage.writes == []
