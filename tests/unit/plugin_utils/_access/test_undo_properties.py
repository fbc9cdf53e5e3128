# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wherever a run is killed, and its restore as well: afterwards all is as it was before, or a row says what is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Finding, Outcome, Wish
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from .dying import Lists, Moment, access_lists, recorded_runs, restored, run_and_die
from .runs import writes
from .worlds import MOVED, OLD, SHOWN, tenants, wish_lists

many = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
Make = Callable[[], Tenant]
_SETTLED = {Outcome.COMPLIANT, Outcome.GRANTED, Outcome.REVOKED}
deaths = st.tuples(st.integers(1, 8), st.sampled_from(list(Moment)))


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def as_compared(tenant: Tenant) -> Lists:
    """What once stood under an earlier SID of the account that moved stands under its present one after a restore."""
    moved = next(one for one in tenant.organisation.recipients if one.address == MOVED)
    return access_lists(tenant, {OLD: moved.sid})


def untold(before: Lists, after: Lists, findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """The lists that are not as they were, and of which no row says so."""
    told = {(one.address, one.right.value) for one in findings if one.outcome not in _SETTLED}
    return [name for name in before.keys() | after.keys() if before.get(name) != after.get(name) and name not in told]


@many
@given(make=tenants(SHOWN), wanted=wish_lists, death=deaths)
def test_wherever_a_run_is_killed_restoring_it_brings_back_what_was(
    make: Make, wanted: list[Wish], death: tuple[int, Moment], path: Path
) -> None:
    path.unlink(missing_ok=True)
    tenant = make()
    before = as_compared(tenant)
    ended = run_and_die(tenant, Scope(tuple(wanted)), path, *death)
    event("ended" if ended else death[1].name)
    report = restored(tenant, path)
    after = as_compared(tenant)
    if report is None:
        assert after == before
        return
    assert untold(before, after, report.findings) == []
    for one in report.findings:
        event(one.outcome.value)
        assert one.outcome in _SETTLED | {Outcome.DENIED} or "replication delays" in one.cause


@many
@given(make=tenants(SHOWN), wanted=wish_lists, deaths=st.lists(deaths, min_size=1, max_size=3))
def test_a_restore_that_is_killed_is_gone_on_with_by_the_next(
    make: Make, wanted: list[Wish], deaths: list[tuple[int, Moment]], path: Path
) -> None:
    path.unlink(missing_ok=True)
    tenant = make()
    before = as_compared(tenant)
    run_and_die(tenant, Scope(tuple(wanted)), path)
    for death in deaths:
        restored(tenant, path, *death)
    report = restored(tenant, path)
    assert untold(before, as_compared(tenant), report.findings if report else ()) == []
    written = len(writes(tenant))
    again = restored(tenant, path)
    assert len(writes(tenant)) == written, "there was nothing left to undo"
    assert untold(before, as_compared(tenant), again.findings if again else ()) == []


@many
@given(make=tenants(SHOWN), wanted=wish_lists, death=deaths)
def test_a_restore_can_be_restored(make: Make, wanted: list[Wish], death: tuple[int, Moment], path: Path) -> None:
    path.unlink(missing_ok=True)
    tenant = make()
    before = as_compared(tenant)
    run_and_die(tenant, Scope(tuple(wanted)), path)
    after = as_compared(tenant)
    restored(tenant, path, *death)
    runs = recorded_runs(path)
    if not runs[-1].is_restore:
        return
    report = restored(tenant, path, run=runs[-1].id)
    assert untold(after, as_compared(tenant), report.findings if report else ()) == []
    report = restored(tenant, path)
    assert untold(before, as_compared(tenant), report.findings if report else ()) == []


@many
@given(make=tenants(SHOWN), wanted=wish_lists, death=deaths)
def test_check_mode_foretells_what_a_restore_would_do_and_does_nothing(
    make: Make, wanted: list[Wish], death: tuple[int, Moment], path: Path
) -> None:
    path.unlink(missing_ok=True)
    tenant = make()
    run_and_die(tenant, Scope(tuple(wanted)), path, *death)
    before, written = access_lists(tenant), len(writes(tenant))
    foretold = restored(tenant, path, check_mode=True)
    assert (access_lists(tenant), len(writes(tenant))) == (before, written)
    done = restored(tenant, path)
    if foretold is None or done is None:
        assert foretold is done
        return
    to_be_done = [key_of(one) for one in foretold.findings if one.outcome.is_drift]
    assert [key_of(one) for one in done.findings if one.write_sent] == to_be_done


def key_of(finding: Finding) -> tuple[str, str, str]:
    return (finding.host, finding.account, finding.right.value)


@many
@given(make=tenants(SHOWN), wanted=wish_lists, death=deaths, meanwhile=wish_lists)
def test_what_somebody_else_wrote_meanwhile_is_never_taken_back_from_others(
    make: Make, wanted: list[Wish], death: tuple[int, Moment], meanwhile: list[Wish], path: Path
) -> None:
    """A grant that the journal does not tell of is not touched, whatever became of those that it tells of."""
    path.unlink(missing_ok=True)
    tenant = make()
    run_and_die(tenant, Scope(tuple(wanted)), path, *death)
    run_and_die(tenant, Scope(tuple(meanwhile)), path.with_name("another"))
    path.with_name("another").unlink()
    between = access_lists(tenant)
    report = restored(tenant, path)
    touched = {(one.address, one.right.value) for one in (report.findings if report else ()) if one.write_sent}
    after = access_lists(tenant)
    assert {name for name in between.keys() | after.keys() if between.get(name) != after.get(name)} <= touched
