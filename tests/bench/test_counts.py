# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each contender asks of the organisation and of the host, and what was promised of this collection."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.frames import BATCH_BYTES
from ansible_collections.email_router.exchange_online.tests.bench import competitors, ours
from ansible_collections.email_router.exchange_online.tests.bench.site import BENCH, Bill, Case, Place, Site, Situation

N = 100
FIRST, STEADY, DRIFT = Situation.FIRST, Situation.STEADY, Situation.DRIFT
Drive = Callable[[Place], None]


def bill_of(site: Site, drive: Drive, case: Case) -> Bill:
    """What a run costs that does all it was there for."""
    drive(site.stage(case))
    bill = site.bill()
    assert bill.undone == 0
    assert bill.left_open == 0
    assert bill.writes == case.grants
    return bill


@pytest.mark.parametrize("both", [False, True], ids=["send_as", "both"])
@pytest.mark.parametrize(("situation", "size"), [(FIRST, N), (STEADY, N), (DRIFT, N)], ids=["first", "steady", "drift"])
@pytest.mark.parametrize(
    ("drive", "reads", "read_again"),
    [(competitors.foreach, 1, 0), (competitors.states, 1, 1)],
    ids=["foreach", "states"],
)
def test_scripts_that_look_at_every_mailbox(
    site: Site, drive: Drive, reads: int, read_again: int, situation: Situation, size: int, both: bool
) -> None:
    case = Case(size, situation, both)
    bill = bill_of(site, drive, case)
    kinds = 2 if both else 1
    users = (size - case.lacking) if both and drive is competitors.states else 0
    assert bill.calls.total() - bill.writes == reads * kinds * size + read_again * case.grants + users
    assert bill.sign_ins == 1


@pytest.mark.parametrize("both", [False, True], ids=["send_as", "both"])
@pytest.mark.parametrize("situation", list(Situation), ids=lambda one: one.name.lower())
def test_the_best_script_lists_twice_and_reads_full_access_of_each(
    site: Site, situation: Situation, both: bool
) -> None:
    bill = bill_of(site, competitors.trustee, Case(N, situation, both))
    assert bill.calls.total() - bill.writes == 2 + (N if both else 0)
    assert bill.sign_ins == 1


def test_a_loop_of_tasks_signs_in_for_each_mailbox(site: Site) -> None:
    """Ours with a hundredth of the sign-ins."""
    bill = bill_of(site, competitors.one_by_one, Case(N, DRIFT, True))
    assert bill.calls.total() - bill.writes == 2 * N
    assert bill.sign_ins == N
    assert bill.requests == 8 * N  # winrm facts 4
    assert bill_of(site, ours.one_lane, Case(N, DRIFT, True)).sign_ins * 100 <= bill.sign_ins


@pytest.mark.parametrize("drive", [ours.one_lane, ours.three_lanes], ids=["one_lane", "three_lanes"])
@pytest.mark.parametrize("both", [False, True], ids=["send_as", "both"])
class TestOurs:
    def test_a_steady_run_keeps_its_promise(self, site: Site, drive: Drive, both: bool) -> None:
        bill = bill_of(site, drive, Case(N, STEADY, both))
        assert bill.calls.total() <= steady(both)
        assert bill.calls["Get-MailboxPermission"] == (N if both else 0)

    def test_a_first_run_adds_a_write_for_each_grant_and_the_read_backs(
        self, site: Site, drive: Drive, both: bool
    ) -> None:
        """Before the writes nobody holds anything, so that there is no name to be checked; afterwards there is."""
        bill = bill_of(site, drive, Case(N, FIRST, both))
        assert bill.calls["Add-RecipientPermission"] == N
        assert bill.calls["Add-MailboxPermission"] == (N if both else 0)
        assert bill.calls["Get-MailboxPermission"] == (2 * N if both else 0)
        assert bill.calls.total() - bill.writes - (N if both else 0) <= steady(both) + 2

    def test_one_percent_of_drift_costs_what_has_drifted(self, site: Site, drive: Drive, both: bool) -> None:
        case = Case(N, DRIFT, both)
        bill = bill_of(site, drive, case)
        assert bill.calls["Get-MailboxPermission"] == (N + case.lacking if both else 0)
        assert bill.calls.total() - 2 * bill.writes <= steady(both) + 2


def steady(both: bool) -> float:
    """The calls that a run over N mailboxes may make at rest."""
    return N + N / 10 + 5 if both else N / 10 + 5


def test_without_latency_a_request_carries_several_calls(site: Site) -> None:
    bill = bill_of(site, ours.one_lane, Case(300, STEADY, True))
    assert bill.requests <= 0.3 * bill.calls.total()
    assert bill.largest_send <= BATCH_BYTES


def test_at_latency_an_answer_takes_little_more_than_a_request(site: Site) -> None:
    """Each answer is received as it comes; what is sent in advance goes six at a time."""
    bill = bill_of(site, ours.one_lane, Case(400, STEADY, True, BENCH))
    assert bill.requests <= 1.25 * bill.calls.total()
    assert bill.largest_send <= BATCH_BYTES


def test_three_lanes_write_and_sign_in_no_more_than_three_times(site: Site) -> None:
    """Both rights of one mailbox are written one after the other, whichever lanes there are."""
    bill = bill_of(site, ours.three_lanes, Case(30, FIRST, True, BENCH))
    assert bill.sign_ins == 3
    assert bill.calls["Get-MailboxPermission"] == 60
