# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies at the gate of a run, and their caps among its brakes."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.brakes import Brakes, Limit
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.caps import capped
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.document import Policy
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.gate import PolicyGate, StepsOnly

from .._access.runs import FakeWatch, wishes, writes
from .._exchange.sessions import ROUTER, mailbox, signed_in, tenant_of
from .samples import ANYBODY, box, decided, policy, unresolved, want

NOBODY = policy("version: 1\n")
CAPPED = policy(ANYBODY + "caps:\n  grants: 2\n  revocations: 0\n")
BOXES = [f"box{number}@contoso.com" for number in range(5)]


def test_what_is_refused_is_told_in_full_and_in_short() -> None:
    gate = PolicyGate([NOBODY])
    stop = gate.why_not(decided(want(box(one)) for one in BOXES))
    assert stop is not None
    assert stop.failure == Failure(FailureClass.POLICY)
    assert stop.why.startswith("5 things are refused by policy, so nothing was written: policy.yml:1: Router@")
    assert stop.why.endswith("; and 2 more (refusals)")
    assert [one in stop.why for one in gate.refusals] == [True, True, True, False, False]


def test_each_policy_is_asked_and_none_makes_up_for_another() -> None:
    board = policy(ANYBODY + "protected:\n  - mailboxes: [box1@contoso.com]\n")
    for policies in ([policy(ANYBODY), board], [board, policy(ANYBODY)]):
        gate = PolicyGate(policies)
        assert gate.why_not(decided([want(box("box0@contoso.com"))])) is None
        assert gate.refusals == ()
        assert gate.why_not(decided([want(box("box1@contoso.com"))])) is not None
        assert len(gate.refusals) == 1


def test_without_a_policy_nothing_is_refused() -> None:
    assert PolicyGate([]).why_not(decided([want(box("box0@contoso.com"))])) is None


def test_what_a_restore_cannot_undo_was_asked_for_by_nobody() -> None:
    gate = PolicyGate([NOBODY])
    gone = decided([], rest=[unresolved("gone@contoso.com")])
    assert StepsOnly(gate).why_not(gone) is None
    assert gate.why_not(gone) is not None
    assert StepsOnly(gate).why_not(decided([want(box("box0@contoso.com"))])) is not None


@pytest.mark.parametrize("check_mode", [False, True], ids=["enforcing", "checking"])
def test_a_run_is_kept_from_every_write_for_one_refusal(check_mode: bool) -> None:
    tenant = tenant_of(*map(mailbox, BOXES))
    gate = PolicyGate([policy(ANYBODY + f"protected:\n  - mailboxes: [{BOXES[3]}]\n")])
    report, _statistics = ensure(
        signed_in(tenant), Scope(tuple(wishes(BOXES))), Options(check_mode, gates=(gate,)), FakeWatch()
    )
    assert not writes(tenant)
    cause = "1 thing is refused by policy, so nothing was written: the message of the run says what"
    assert [(one.outcome, one.cause) for one in report.findings] == [(Outcome.MISSING, cause)] * len(BOXES)
    assert report.stop is not None
    assert "policy.yml:4: nothing is granted on box3@contoso.com" in report.aborted


def test_an_account_that_is_listed_by_its_sid_is_listed_where_no_mailbox_of_the_run_was_found() -> None:
    tenant = tenant_of(mailbox(BOXES[0]))
    sid = next(one.sid for one in tenant.organisation.recipients if one.address == ROUTER)
    gate = PolicyGate([policy(f"version: 1\naccounts:\n  - account: {sid}\n    rights: [send_as]\n")])
    scope = Scope(tuple(wishes(["gone@contoso.com"])))
    report, _statistics = ensure(signed_in(tenant), scope, Options(True, gates=(gate,)), FakeWatch())
    assert (report.stop, gate.refusals) == (None, ())
    assert [one.outcome for one in report.findings] == [Outcome.NOT_FOUND]


def test_a_cap_that_is_kept_holds_nothing_back() -> None:
    brakes = capped(Brakes(), [CAPPED])
    assert brakes.why_not(decided(want(box(one)) for one in BOXES[:2]).steps, 2) == ""


def test_the_lower_of_option_and_policy_holds() -> None:
    steps = decided(want(box(one)) for one in BOXES).steps
    by_policy = "5 writes are called for where the policy policy.yml:4 allows 2 grants"
    assert capped(Brakes(), [CAPPED]).why_not(steps, 5) == by_policy
    assert capped(Brakes(grants=Limit("100")), [CAPPED]).why_not(steps, 5) == by_policy
    by_option = Brakes(grants=Limit("3"))
    assert capped(by_option, [policy(ANYBODY)]).why_not(steps, 5) == by_option.why_not(steps, 5) != ""
    assert capped(by_option, [CAPPED]).why_not(steps, 5) == f"{by_option.why_not(steps, 5)}; {by_policy}"


def test_a_cap_of_none_lets_nothing_be_taken_back() -> None:
    steps = decided([want(box("box0@contoso.com"), state=State.ABSENT)], held=True).steps
    said = capped(Brakes(revocations=Limit("10")), [CAPPED]).why_not(steps, 1)
    assert said == "1 write is called for where the policy policy.yml:5 allows 0 revocations"


def test_a_run_that_a_cap_holds_back_writes_nothing() -> None:
    tenant = tenant_of(*map(mailbox, BOXES))
    options = Options(False, brakes=capped(Brakes(), [CAPPED]))
    report, _statistics = ensure(signed_in(tenant), Scope(tuple(wishes(BOXES))), options, FakeWatch())
    assert not writes(tenant)
    assert all("policy.yml:4" in one.cause and one.outcome.fails(False) for one in report.findings)
    assert any("policy.yml:4" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("check_mode", "next_step"),
    [
        (False, "look at the plan with --check; raise the limit{}"),
        (
            True,
            "raise the limit that would hold it back{}; this run only looks, and one without check mode changes that",
        ),
    ],
)
@pytest.mark.parametrize(
    ("held", "whose"), [(CAPPED, " (that of a policy is for its owner to raise)"), (policy(ANYBODY), "")]
)
def test_whoever_cannot_raise_a_cap_is_told_who_can(check_mode: bool, next_step: str, held: Policy, whose: str) -> None:
    tenant = tenant_of(*map(mailbox, BOXES))
    options = Options(check_mode, brakes=capped(Brakes(grants=Limit("1")), [held]))
    report, _statistics = ensure(signed_in(tenant, check_mode), Scope(tuple(wishes(BOXES))), options, FakeWatch())
    assert {one.next_step for one in report.findings} == {next_step.format(whose)}
