# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run: its phases, what it waits for, and what it says where contact breaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.brakes import Brakes, Limit
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    MailboxItem,
    wishes_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import (
    Options,
    Scope,
    ensure,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Outcome,
    Profile,
    State,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Call,
    SessionLost,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, THROTTLED, mailbox, signed_in, tenant_of
from .runs import BreakingSession, FakeWatch, is_write, run, wishes, writes

EVERYTHING = tuple(Right)
A, B, C = "a@contoso.com", "b@contoso.com", "c@contoso.com"
THREE = (A, B, C)


def three(**settings: object) -> Tenant:
    """Three mailboxes where the account holds nothing."""
    return tenant_of(*map(mailbox, THREE), settings=settings)


def nth_write(number: int) -> Callable[[Call], bool]:
    """True of that write, counted from one."""
    seen: list[Call] = []

    def breaks(call: Call) -> bool:
        seen.extend([call] if is_write(call) else [])
        return is_write(call) and len(seen) == number

    return breaks


def first_read_after_a_write() -> Callable[[Call], bool]:
    written: list[Call] = []

    def breaks(call: Call) -> bool:
        written.extend([call] if is_write(call) else [])
        return bool(written) and not is_write(call)

    return breaks


def test_a_run_resolves_reads_writes_and_reads_back_in_that_order() -> None:
    tenant = three()
    done = run(tenant, wishes(THREE, EVERYTHING))
    assert done.outcomes == [Outcome.GRANTED] * 9
    phases = list(dict.fromkeys(phase for phase, _done, _total in done.watch.told))
    assert phases == ["resolve", "read", "write", "verify"]
    assert set(done.statistics.seconds) == set(phases)
    assert done.statistics.writes == len(writes(tenant)) == 9
    assert done.statistics.calls.total() == len(tenant.calls)


def test_the_findings_come_in_the_order_of_hosts() -> None:
    done = run(three(), wishes([C, "B@contoso.com", A]))
    assert [one.host for one in done.report.findings] == [A, "B@contoso.com", C]


def test_nothing_to_do_means_nothing_written_and_nothing_read_back() -> None:
    tenant = tenant_of(*(mailbox(address, send_as=[ROUTER]) for address in THREE))
    done = run(tenant, wishes(THREE))
    assert done.outcomes == [Outcome.COMPLIANT] * 3
    assert not done.changed
    assert writes(tenant) == []
    assert "verify" not in {phase for phase, _done, _total in done.watch.told}


def test_no_wish_costs_no_call() -> None:
    tenant = three()
    assert run(tenant, ()).outcomes == []
    assert tenant.calls == []


def test_check_mode_sends_no_write_and_says_what_it_would_do() -> None:
    tenant = tenant_of(mailbox(A), mailbox(B, send_as=[ROUTER]))
    done = run(tenant, [*wishes([A]), *wishes([B], state=State.ABSENT)], check_mode=True)
    assert done.outcomes == [Outcome.MISSING, Outcome.UNWANTED]
    steps = [one.next_step for one in done.report.findings]
    assert steps == ["this run only looks, and one without check mode changes that"] * 2
    assert done.changed
    assert not done.fails
    assert writes(tenant) == []
    assert done.statistics.writes == 0


def test_the_coverage_says_how_much_of_what_was_wanted_was_read() -> None:
    tenant = three()
    bad = tenant.organisation.recipients[2].guid
    tenant.before_invoke = lambda cmdlet, parameters: (
        THROTTLED if cmdlet == "Get-MailboxPermission" and parameters.get("Identity") == bad else None
    )
    done = run(tenant, wishes(THREE, (Right.SEND_AS, Right.FULL_ACCESS)), check_mode=True)
    assert done.report.coverage == {"full_access": "2 of 3", "send_as": "3 of 3"}


def test_hidden_mailboxes_are_warned_of_where_something_is_granted_on_them() -> None:
    tenant = tenant_of(*(mailbox(address, hidden=True) for address in THREE))
    (warning,) = run(tenant, wishes(THREE)).report.warnings
    assert warning.startswith("3 mailboxes are hidden from address lists")
    assert warning.endswith("a@contoso.com, b@contoso.com, c@contoso.com")
    assert run(tenant, wishes(THREE, state=State.ABSENT)).report.warnings == ()


def test_lists_without_self_are_believed_with_one_warning_for_all() -> None:
    boxes = [mailbox(f"box{number}@contoso.com", full_access=[ROUTER]) for number in range(7)]
    tenant = tenant_of(*boxes, quirks=["no_self"])
    done = run(tenant, wishes([f"box{number}@contoso.com" for number in range(7)], (Right.FULL_ACCESS,)))
    assert done.outcomes == [Outcome.COMPLIANT] * 7
    (warning,) = done.report.warnings
    assert warning.startswith("7 access lists came without the entry of SELF, twice, and were believed: box0@")
    assert warning.endswith("…")


def test_what_is_not_visible_yet_is_looked_at_again_every_ten_seconds_until_it_is() -> None:
    done = run(three(replication_lag=3), wishes([A], (Right.FULL_ACCESS,)))
    assert done.only.outcome is Outcome.GRANTED
    assert done.watch.slept == [10.0] * 3


def test_patience_ends_and_leaves_the_rest_pending() -> None:
    done = run(three(replication_lag=99), wishes([A], (Right.FULL_ACCESS,)), verify=25.0)
    assert done.only.outcome is Outcome.PENDING
    assert done.watch.slept == [10.0, 10.0]
    assert done.changed
    assert not done.fails


def test_without_patience_it_looks_once() -> None:
    done = run(three(replication_lag=99), wishes([A], (Right.FULL_ACCESS,)), verify=0.0)
    assert done.only.outcome is Outcome.PENDING
    assert done.watch.slept == []
    assert done.statistics.calls["Get-MailboxPermission"] == 2


def test_only_what_is_still_out_is_looked_at_again() -> None:
    tenant = tenant_of(mailbox(A), mailbox(B, quirks=["write_without_effect"]))
    done = run(tenant, wishes([A, B], (Right.FULL_ACCESS,)), verify=25.0)
    assert done.outcomes == [Outcome.GRANTED, Outcome.PENDING]
    reads = [call.parameters["Identity"] for call in tenant.calls if call.cmdlet == "Get-MailboxPermission"]
    soon, late = (one.guid for one in tenant.organisation.recipients[1:])
    assert (reads.count(soon), reads.count(late)) == (1 + 1, 1 + 3)


@pytest.mark.parametrize("cmdlet", ["Get-User", "Get-EXORecipient", "Get-RecipientPermission"])
def test_a_session_that_ends_before_the_first_write_ends_the_run(cmdlet: str) -> None:
    tenant = three()
    with pytest.raises(SessionLost):
        run(tenant, wishes(THREE), session=BreakingSession(tenant, lambda call: call.cmdlet == cmdlet))
    assert writes(tenant) == []


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_session_that_ends_during_the_writes_leaves_what_was_sent_unknown_and_the_rest_undone(
    carried_out: bool,
) -> None:
    tenant = three()
    done = run(tenant, wishes(THREE), session=BreakingSession(tenant, nth_write(2), carried_out))
    assert done.outcomes == [Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.MISSING]
    assert done.report.aborted == "the connection broke"
    assert done.fails
    assert done.changed
    assert len(writes(tenant)) == 1 + carried_out
    lost, unanswered, rest = done.report.findings
    assert "before the write could be read back" in lost.cause
    assert "before the write could be read back" in unanswered.cause
    assert rest.cause == "not reached: the connection broke"
    assert not rest.write_sent


def test_a_session_that_ends_at_the_first_write_has_at_most_one_write_in_doubt() -> None:
    tenant = three()
    done = run(tenant, wishes(THREE), session=BreakingSession(tenant, nth_write(1)))
    assert done.outcomes == [Outcome.UNKNOWN, Outcome.MISSING, Outcome.MISSING]
    assert [one.write_sent for one in done.report.findings] == [True, False, False]


def test_a_session_that_ends_while_reading_back_leaves_what_was_written_unknown() -> None:
    tenant = three()
    done = run(tenant, wishes(THREE), session=BreakingSession(tenant, first_read_after_a_write()))
    assert done.outcomes == [Outcome.UNKNOWN] * 3
    assert done.report.aborted == "the connection broke"
    assert all("before the write could be read back" in one.cause for one in done.report.findings)
    assert done.changed
    assert done.fails


def test_what_was_seen_before_the_session_ended_still_counts() -> None:
    tenant = three(replication_lag=99)
    waited: list[bool] = []
    breaking = BreakingSession(tenant, lambda call: bool(waited))
    done = run(tenant, wishes([A]), session=breaking, watch=FakeWatch(lambda: waited.append(True)))
    assert done.only.outcome is Outcome.PENDING
    assert done.report.aborted == "the connection broke"


def test_a_write_that_was_cut_off_is_found_done_by_the_next_run() -> None:
    tenant = three()
    run(tenant, wishes([A]), session=BreakingSession(tenant, nth_write(1), carried_out=True))
    again = run(tenant, wishes([A]))
    assert again.only.outcome is Outcome.COMPLIANT
    assert len(writes(tenant)) == 1


def test_one_bad_mailbox_stops_only_itself() -> None:
    tenant = tenant_of(
        mailbox(A), mailbox(B, quirks=["out_of_scope"]), mailbox(C), mailbox("old@contoso.com", soft_deleted=True)
    )
    done = run(tenant, wishes([*THREE, "old@contoso.com", "not an address", "nobody@contoso.com"]))
    assert {one.host: one.outcome for one in done.report.findings} == {
        A: Outcome.GRANTED,
        B: Outcome.REFUSED,
        C: Outcome.GRANTED,
        "old@contoso.com": Outcome.NOT_FOUND,
        "not an address": Outcome.UNSUPPORTED,
        "nobody@contoso.com": Outcome.NOT_FOUND,
    }
    assert done.report.aborted == ""
    assert done.fails


NEW = "new@contoso.com"
ROTATION = {"rotated": Profile("rotated", NEW, (Right.SEND_AS,), replaces=ROUTER)}


@pytest.mark.parametrize(
    ("entries", "outcomes"),
    [
        ([NEW, ROUTER], {NEW: Outcome.COMPLIANT, ROUTER: Outcome.REVOKED}),
        ([{"trustee": NEW, "deny": True}, NEW, ROUTER], {NEW: Outcome.DENIED, ROUTER: Outcome.UNWANTED}),
    ],
)
def test_an_account_is_replaced_only_where_the_new_one_holds_the_right(
    entries: list[object], outcomes: dict[str, Outcome]
) -> None:
    tenant = tenant_of(mailbox(NEW), mailbox(A, send_as=entries))
    done = run(tenant, wishes_of([MailboxItem(A, A, ("rotated",), State.PRESENT)], ROTATION))
    assert {one.account: one.outcome for one in done.report.findings} == outcomes


BRAKE = "brake: 3 writes are called for where max_grants (role: mailbox_delegation_max_grants) allows 2"


@pytest.mark.parametrize(
    ("check_mode", "cause", "next_step"),
    [
        (
            True,
            "",
            "raise the limit that would hold it back; this run only looks, and one without check mode changes that",
        ),
        (
            False,
            f"{BRAKE}; nothing was written",
            "look at the plan with --check; raise the limit",
        ),
    ],
)
def test_a_brake_is_blamed_only_where_it_held_something_back(check_mode: bool, cause: str, next_step: str) -> None:
    tenant = three()
    options = Options(check_mode, brakes=Brakes(grants=Limit("2")))
    report, _statistics = ensure(signed_in(tenant, check_mode), Scope(wishes(THREE)), options, FakeWatch())
    told = [(one.outcome, one.cause, one.next_step) for one in report.findings]
    assert told == [(Outcome.MISSING, cause, next_step)] * 3
    assert report.warnings == (BRAKE,)
    assert writes(tenant) == []


def test_send_as_alone_may_be_asked_for_on_what_is_no_mailbox_if_the_run_says_so() -> None:
    tenant = tenant_of({"kind": "MailUniversalDistributionGroup", "address": A})
    wanted = Scope(wishes([A], (Right.SEND_AS, Right.FULL_ACCESS)))
    report, _statistics = ensure(signed_in(tenant), wanted, Options(False, any_recipient=True), FakeWatch())
    assert {one.right: one.outcome for one in report.findings} == {
        Right.SEND_AS: Outcome.GRANTED,
        Right.FULL_ACCESS: Outcome.UNSUPPORTED,
    }


def test_what_an_account_holds_on_its_own_mailbox_can_be_taken_back_and_the_mailbox_keeps_its_own() -> None:
    own = mailbox("own@contoso.com", send_as=["own@contoso.com"], full_access=["own@contoso.com"])
    tenant = tenant_of(own)
    rights = (Right.SEND_AS, Right.FULL_ACCESS)
    wanted = wishes(["own@contoso.com"], rights, State.ABSENT, account="own@contoso.com")
    assert set(run(tenant, wanted, verify=0).outcomes) == {Outcome.REVOKED}
    again = run(tenant, wanted, verify=0).report
    # A list without the entry of SELF would be doubted.
    assert [(one.outcome, one.notes) for one in again.findings] == [(Outcome.COMPLIANT, ())] * 2
