# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates: they see all that a run would do, in check mode, too, and one that says no keeps it from every write."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.gate import Decided
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Outcome,
    Report,
    State,
    Stop,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, mailbox, signed_in, tenant_of
from .dying import access_lists, restored, run_and_die
from .runs import FakeWatch, wishes, writes

SALES, HELP, GONE = "sales@contoso.com", "help@contoso.com", "gone@contoso.com"
SCOPE = Scope((*wishes([SALES, GONE]), *wishes([HELP], state=State.ABSENT)))


class Guard:
    """A gate that keeps what it was shown, and answers what it was told to."""

    def __init__(self, why: str = "") -> None:
        self.stop = Stop(why, Failure(FailureClass.POLICY)) if why else None
        self.shown: list[Decided] = []

    def why_not(self, decided: Decided) -> Stop | None:
        self.shown.append(decided)
        return self.stop


def organisation() -> Tenant:
    return tenant_of(mailbox(SALES), mailbox(HELP, send_as=[ROUTER]))


def ensured(tenant: Tenant, *gates: Guard, check_mode: bool = False) -> Report:
    return ensure(signed_in(tenant), SCOPE, Options(check_mode, gates=gates), FakeWatch())[0]


@pytest.mark.parametrize("check_mode", [False, True], ids=["enforcing", "checking"])
def test_a_gate_sees_all_that_the_run_would_do(check_mode: bool) -> None:
    guard = Guard()
    report = ensured(organisation(), guard, check_mode=check_mode)
    (shown,) = guard.shown
    assert [(step.verb, step.want.host) for step in shown.steps] == [(Verb.GRANT, SALES), (Verb.REVOKE, HELP)]
    assert {want.host: shown.observed[want.grant].before for want in shown.wants} == {SALES: "not held", HELP: "held"}
    assert [one.host for one in shown.rest] == [GONE]
    assert report.decided is shown


@pytest.mark.parametrize("check_mode", [False, True], ids=["enforcing", "checking"])
def test_what_a_gate_refuses_is_not_begun_and_every_row_stays(check_mode: bool) -> None:
    tenant, after = organisation(), Guard("nor this")
    report = ensured(tenant, Guard(), Guard("not allowed"), after, check_mode=check_mode)
    assert writes(tenant) == []
    assert report.stop == Stop("not allowed", Failure(FailureClass.POLICY))
    assert {one.host: one.outcome for one in report.findings} == {
        SALES: Outcome.MISSING,
        HELP: Outcome.UNWANTED,
        GONE: Outcome.NOT_FOUND,
    }
    assert {one.cause for one in report.findings if one.host != GONE} == {"not allowed"}


def test_with_gates_that_say_nothing_the_run_goes_on() -> None:
    tenant = organisation()
    assert ensured(tenant, Guard(), Guard()).stop is None
    assert len(writes(tenant)) == 2


@pytest.mark.parametrize("check_mode", [False, True], ids=["restoring", "checking"])
def test_a_gate_keeps_a_restore_from_undoing(tmp_path: Path, check_mode: bool) -> None:
    tenant, guard, path = organisation(), Guard("not allowed"), tmp_path / "journal"
    run_and_die(tenant, Scope(SCOPE.wishes), path)
    between = access_lists(tenant)
    report = restored(tenant, path, check_mode=check_mode, gates=(guard,))
    assert access_lists(tenant) == between
    assert sorted(step.verb for step in guard.shown[0].steps) == [Verb.GRANT, Verb.REVOKE]
    assert report is not None
    assert report.aborted == "not allowed"
    assert {one.cause for one in report.findings} == {"not allowed"}
