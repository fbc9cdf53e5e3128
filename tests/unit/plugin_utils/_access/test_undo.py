# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undoing runs on a simulated organisation: what is found again, what is gone, what is waited for, what it may cost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.brakes import Brakes, Limit
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.journal import (
    JournalError,
    NoJournal,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Outcome,
    Report,
    State,
    Wish,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.undo import undo
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import FailureClass
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Call
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.effects import (
    powershells_of,
    traces_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import RecordedRun, Write
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import Entry
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, mailbox, tenant_of
from .._journal.samples import FailingDisk
from .dying import Moment, access_lists, recorded_runs, restored, run_and_die
from .journals import run, write
from .runs import BreakingSession, FakeWatch, wishes, writes

SALES, HELP, EVE, OLD = "sales@contoso.com", "help@contoso.com", "eve@contoso.com", "S-1-5-21-9-9-9-500"
ALL_RIGHTS = tuple(Right)
GIVEN = Scope(wishes([SALES], ALL_RIGHTS))
TAKEN = Scope(wishes([HELP], ALL_RIGHTS, State.ABSENT))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    return tmp_path / "journal"


def organisation(**more: object) -> Tenant:
    """The router holds nothing on SALES, and everything on HELP."""
    children = {"trustee": ROUTER, "inheritance_type": "Children", "rights": ["FullAccess", "ReadPermission"]}
    held: dict[str, object] = {"send_as": [ROUTER], "full_access": [children], "send_on_behalf": [ROUTER]}
    return tenant_of(mailbox(SALES, name="Sales"), mailbox(HELP, **held), mailbox(EVE), **more)


def recipient(tenant: Tenant, address: str) -> int:
    """Where it is in the list."""
    return next(at for at, one in enumerate(tenant.organisation.recipients) if one.address == address)


def rows(report: Report | None) -> dict[Right, Finding]:
    assert report is not None
    return {one.right: one for one in report.findings}


def test_what_was_given_is_taken_back_and_what_was_taken_is_given_back(path: Path) -> None:
    tenant = organisation()
    before = access_lists(tenant)
    run_and_die(tenant, Scope((*GIVEN.wishes, *TAKEN.wishes)), path)
    assert access_lists(tenant) != before
    report = restored(tenant, path)
    assert access_lists(tenant) == before
    assert report is not None
    assert report.coverage == {"send_as": "2 of 2", "full_access": "2 of 2", "send_on_behalf": "2 of 2"}
    assert [one.outcome for one in report.findings] == [Outcome.GRANTED] * 3 + [Outcome.REVOKED] * 3
    assert recorded_runs(path)[1].ended


def reborn(tenant: Tenant, whom: str, **changes: object) -> Tenant:
    """The organisation without that recipient, or with it changed."""
    raw = tenant.organisation.recipients
    at = recipient(tenant, whom)
    left = (*raw[:at], *([replace(raw[at], **changes)] if changes else []), *raw[at + 1 :])  # type: ignore[arg-type]
    tenant.organisation.recipients = left
    return Tenant(tenant.organisation)


@pytest.mark.parametrize("scope", [GIVEN, TAKEN], ids=["given", "taken"])
def test_a_mailbox_that_is_gone_is_told(path: Path, scope: Scope) -> None:
    tenant = organisation()
    run_and_die(tenant, scope, path)
    written = len(writes(tenant))
    gone = reborn(tenant, scope.wishes[0].address)
    for row in rows(restored(gone, path)).values():
        assert (row.outcome, row.cause) == (Outcome.NOT_FOUND, "the mailbox is gone")
    assert len(writes(tenant)) == written
    assert writes(gone) == []


@pytest.mark.parametrize("scope", [GIVEN, TAKEN], ids=["given", "taken"])
def test_an_account_that_is_gone_is_told_and_what_it_holds_is_left(path: Path, scope: Scope) -> None:
    tenant = organisation()
    run_and_die(tenant, scope, path)
    gone = reborn(tenant, ROUTER)
    between = access_lists(gone)
    for row in rows(restored(gone, path)).values():
        assert (row.outcome, row.cause) == (Outcome.NOT_FOUND, "the account is gone")
        assert ("mailbox_permission, trustees S-1-5-21-" in row.next_step) is (scope is GIVEN)
    assert access_lists(gone) == between
    assert writes(gone) == []


def test_a_mailbox_that_has_another_name_and_address_by_now_is_found_again(path: Path) -> None:
    tenant = organisation()
    run_and_die(tenant, GIVEN, path)
    moved = reborn(tenant, SALES, name="Vertrieb", address="vertrieb@contoso.com")
    found = rows(restored(moved, path))
    assert {row.outcome for row in found.values()} == {Outcome.REVOKED}
    assert {(row.host, row.address) for row in found.values()} == {(SALES, "vertrieb@contoso.com")}


def test_an_account_with_another_sid_is_not_taken_for_the_same(path: Path) -> None:
    tenant = organisation()
    run_and_die(tenant, GIVEN, path)
    other = reborn(tenant, ROUTER, sid="S-1-5-21-8-8-8-800")
    for row in rows(restored(other, path)).values():
        assert (row.outcome, row.cause) == (Outcome.AMBIGUOUS, "the account has another SID now")
    assert writes(other) == []


def test_accounts_that_one_sid_stands_for_stop_the_restore(path: Path) -> None:
    tenant = organisation()
    wanted = [Wish(SALES, SALES, account, Right.SEND_AS, State.PRESENT) for account in (ROUTER, EVE)]
    run_and_die(tenant, Scope(tuple(wanted)), path)
    sid = tenant.organisation.recipients[recipient(tenant, EVE)].sid
    shared = reborn(tenant, ROUTER, sid_history=(sid,))
    with pytest.raises(InputError, match="stands for both"):
        restored(shared, path)
    assert writes(shared) == []


def test_what_is_not_visible_yet_is_waited_for_and_what_is_certain_is_not(path: Path) -> None:
    tenant = organisation(settings={"replication_lag": 2})
    before = access_lists(tenant)
    run_and_die(tenant, GIVEN, path, 2, Moment.BEFORE_ITS_ANSWER_IS_TOLD)
    watch = FakeWatch()
    report = restored(tenant, path, watch=watch)
    assert access_lists(tenant) == before
    assert {one.outcome for one in report.findings} == {Outcome.REVOKED} if report else False
    assert watch.slept
    again = FakeWatch()
    restored(tenant, path, watch=again)
    assert again.slept == [], "what is known to be undone is not waited for"


def test_it_is_looked_for_what_is_in_doubt_as_long_as_asked_for(path: Path) -> None:
    tenant = organisation()
    run_and_die(tenant, GIVEN, path, 1, Moment.BEFORE_IT_IS_SENT)
    watch = FakeWatch()
    report = restored(tenant, path, watch=watch, verify=35)
    assert watch.slept == [10.0] * 3
    (row,) = report.findings if report else ()
    assert row.outcome is Outcome.COMPLIANT
    assert row.notes == ("it is not known whether the run granted it, and it is not there",)


def test_a_brake_leaves_all_as_it_is(path: Path) -> None:
    tenant = organisation()
    run_and_die(tenant, Scope((*GIVEN.wishes, *TAKEN.wishes)), path)
    between, written = access_lists(tenant), len(writes(tenant))
    for brakes in (Brakes(grants=Limit("2")), Brakes(revocations=Limit("2"))):
        report = restored(tenant, path, brakes=brakes)
        assert report is not None
        assert report.warnings[0].startswith("brake: 3 writes are called for")
        assert {one.outcome for one in report.findings} == {Outcome.MISSING, Outcome.UNWANTED}
        assert all("nothing was written" in one.cause for one in report.findings)
    assert (access_lists(tenant), len(writes(tenant))) == (between, written)


def test_of_several_entries_each_is_held_against_the_access_list(path: Path) -> None:
    """Full Access with two types of inheritance: that the account holds the right says nothing of the other entry."""
    tenant = organisation()
    guid = tenant.organisation.recipients[recipient(tenant, HELP)].guid
    sid = tenant.organisation.recipients[recipient(tenant, ROUTER)].sid
    access = tenant.organisation.access[guid]
    more = (*access.full_access, Entry(sid, ("FullAccess",), "All"))
    tenant.organisation.access[guid] = replace(access, full_access=more)
    before = access_lists(tenant)
    scope = Scope(wishes([HELP], [Right.FULL_ACCESS], State.ABSENT))
    run_and_die(tenant, scope, path, 2, Moment.BEFORE_IT_IS_TOLD)
    between = access_lists(tenant)
    report = restored(tenant, path)
    assert access_lists(tenant) == before
    assert [one.outcome for one in report.findings] == [Outcome.GRANTED] if report else False
    back = restored(tenant, path, run=recorded_runs(path)[-1].id)
    assert access_lists(tenant) == between
    assert [one.outcome for one in back.findings] == [Outcome.REVOKED] if back else False


def test_a_session_lost_after_the_last_write_leaves_rows_that_claim_nothing(path: Path) -> None:
    """That the right is held was read back; whether by the entry that was put back was not."""
    tenant = organisation()
    guid = tenant.organisation.recipients[recipient(tenant, HELP)].guid
    sid = tenant.organisation.recipients[recipient(tenant, ROUTER)].sid
    access = tenant.organisation.access[guid]
    more = (*access.full_access, Entry(sid, ("FullAccess",), "All"))
    tenant.organisation.access[guid] = replace(access, full_access=more)
    run_and_die(tenant, Scope(wishes([HELP], [Right.FULL_ACCESS], State.ABSENT)), path, 2, Moment.BEFORE_IT_IS_TOLD)
    runs = recorded_runs(path)
    done = len(writes(tenant))
    read_back: list[Call] = []

    def breaks(call: Call) -> bool:
        read_back.extend([call] if len(writes(tenant)) > done else [])
        return len(read_back) > 1

    session = BreakingSession(tenant, breaks)
    report, _statistics = undo(session, traces_of(runs, runs[0]), Options(check_mode=False), FakeWatch(), NoJournal())
    assert [one.outcome for one in report.findings] == [Outcome.UNKNOWN]
    assert "the connection broke" in report.findings[0].cause
    assert report.findings[0].changes(check_mode=False)
    assert report.stop is not None
    assert report.stop.failure.kind is FailureClass.SESSION_LOST


def test_a_write_that_pretends_is_pending_not_done(path: Path) -> None:
    tenant = organisation()
    run_and_die(tenant, GIVEN, path)
    stubborn = reborn(tenant, SALES, quirks=frozenset(["write_without_effect"]))
    assert {row.outcome for row in rows(restored(stubborn, path)).values()} == {Outcome.PENDING}


def test_the_powershells_of_a_run_are_those_of_it_and_of_what_restored_it() -> None:
    def placed(name: str, *places: Mapping[str, object], of: str = "") -> RecordedRun:
        made = (write(Verb.GRANT, Right.SEND_AS) for _place in places)
        return run(name, *(_at(one, place) for one, place in zip(made, places, strict=True)), of=of)

    one, two, three, four = ({"pid": number} for number in range(4))
    runs = (
        placed("other", four),
        placed("r", one, one, two, {}),
        placed("s", three, of="r"),
        placed("t", one, of="s"),
        placed("u", four, of="other"),
    )
    assert powershells_of(runs, runs[1]) == (one, two, three)
    assert powershells_of(runs, runs[0]) == (four,)


def _at(made: Write, place: Mapping[str, object]) -> Write:
    return replace(made, sent=replace(made.sent, place=place))


def test_what_was_taken_from_others_comes_back_to_each_of_them_that_still_is(path: Path) -> None:
    """A user, a group, a delegate without an account, and the SID of nobody, to whom nothing can be granted."""
    team: dict[str, object] = {"kind": "MailUniversalSecurityGroup", "address": "team@contoso.com"}
    partner: dict[str, object] = {"kind": "MailUser", "address": "partner@contoso.com"}
    holders = [EVE, "team@contoso.com"]
    box = mailbox(
        "board@contoso.com",
        send_as=[*holders, {"sid": OLD}],
        full_access=[{"trustee": EVE, "inheritance_type": "Children"}, "team@contoso.com", {"sid": OLD}],
        send_on_behalf=[*holders, "partner@contoso.com"],
    )
    tenant = tenant_of(mailbox(EVE), team, partner, box)
    before = access_lists(tenant)
    run_and_die(tenant, Scope(wishes(["board@contoso.com"], ALL_RIGHTS), exclusive=True), path)
    assert len(writes(tenant)) == 12
    report = restored(tenant, path)
    assert report is not None
    after = access_lists(tenant)
    lost = {name: before[name] - after[name] for name in before}
    assert {name[1]: {entry[0] for entry in entries} for name, entries in lost.items() if entries} == {
        "send_as": {OLD},
        "full_access": {OLD},
    }
    assert all(after[name] <= before[name] for name in after)
    left = [one for one in report.findings if one.outcome not in (Outcome.GRANTED, Outcome.REVOKED)]
    assert [(one.account, one.outcome, one.cause) for one in left] == [
        (OLD, Outcome.NOT_FOUND, "the account is gone")
    ] * 2
    watch = FakeWatch()
    again = restored(tenant, path, watch=watch)
    assert (watch.slept, access_lists(tenant)) == ([], after), "it is known to be put back already"
    assert {one.outcome for one in again.findings} == {Outcome.COMPLIANT, Outcome.NOT_FOUND} if again else False


def test_what_a_sid_of_the_past_held_for_a_living_account_is_put_back_once(path: Path) -> None:
    box = mailbox("board@contoso.com", send_as=[{"sid": OLD}])
    tenant = tenant_of(mailbox(EVE, sid_history=[OLD]), box)
    run_and_die(tenant, Scope(wishes(["board@contoso.com"]), exclusive=True), path)
    assert tenant.holders("board@contoso.com", "send_as") == {ROUTER}
    report = restored(tenant, path)
    assert tenant.holders("board@contoso.com", "send_as") == {EVE}
    notes = [note for one in report.findings for note in one.notes] if report else []
    assert notes == [
        f"the entry stood under {OLD}, an earlier SID of the account, and stands under its present one now"
    ]
    again = restored(tenant, path)
    assert {one.outcome for one in again.findings} == {Outcome.COMPLIANT} if again else False
    back = restored(tenant, path, run=recorded_runs(path)[1].id)
    assert tenant.holders("board@contoso.com", "send_as") == {ROUTER}
    assert {one.outcome for one in back.findings} == {Outcome.GRANTED, Outcome.REVOKED} if back else False


def test_wherever_the_disk_fails_the_run_stops_and_no_write_is_sent_that_is_not_on_it(tmp_path: Path) -> None:
    for fail_at in range(1, 60):
        tenant, path = organisation(), tmp_path / f"journal{fail_at}"
        with pytest.MonkeyPatch.context() as patch:
            disk = FailingDisk(patch, fail_at)
            try:
                run_and_die(tenant, Scope((*GIVEN.wishes, *TAKEN.wishes)), path)
            except JournalError:
                assert writes(tenant) == [], "it was not even opened"
        sent = [(call.cmdlet, call.parameters["Identity"]) for call in tenant.calls if call.writes]
        runs = recorded_runs(path) if path.exists() else ()
        told = [(one.sent.cmdlet, one.sent.mailbox.guid) for recorded in runs for one in recorded.writes]
        assert told[: len(sent)] == sent
        assert len(told) <= len(sent) + 1
        before = access_lists(organisation())
        if runs:
            restored(tenant, path)
        assert access_lists(tenant) == before
        if len(disk.asked) < fail_at:
            return
    raise AssertionError("the last of them had no step left to fail at")
