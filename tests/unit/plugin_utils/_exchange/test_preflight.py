# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of a preflight: what a failure skips, in which order rows come, and how the whole of it reads."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.preflight import (
    Point,
    Row,
    Status,
    blocker,
    complete,
    counts,
    failed,
    lost,
    passed,
    report,
    sentence,
    skipped,
    untold,
    warned,
)

ALL = [passed(point, "good") for point in Point]


def but(*rows: Row) -> list[Row]:
    """Every point good, but for these."""
    return [row for row in ALL if row.point not in {each.point for each in rows}] + list(rows)


#: Point that fails → those that are looked at all the same, although they come later.
STILL_LOOKED_AT = {
    Point.POWERSHELL_VERSION: "execution_policy temp tls network module certificate certificate_key certificate_expiry",
    Point.EXECUTION_POLICY: "temp tls network module certificate certificate_key certificate_expiry",
    Point.TEMP: "tls network module certificate certificate_key certificate_expiry",
    Point.TLS: "network module certificate certificate_key certificate_expiry",
    Point.NETWORK: (
        "module certificate certificate_key certificate_expiry sign_in role_audit role_enforce"
        " account account_kind account_address_lists account_mailbox"
    ),
    Point.MODULE: "certificate certificate_key certificate_expiry",
    Point.CERTIFICATE_KEY: "certificate_expiry",
    Point.ROLE_AUDIT: "role_enforce",
    Point.ROLE_ENFORCE: "account account_kind account_address_lists account_mailbox",
    Point.ACCOUNT_KIND: "account_address_lists account_mailbox",
    Point.ACCOUNT_ADDRESS_LISTS: "account_mailbox",
}


@pytest.mark.parametrize("point", Point)
def test_whatever_depends_on_a_failed_point_is_skipped_and_says_so(point: Point) -> None:
    before = [row for row in ALL if list(Point).index(row.point) < list(Point).index(point)]
    later = list(Point)[list(Point).index(point) + 1 :]
    still = {Point(name) for name in STILL_LOOKED_AT.get(point, "").split()}
    rows = {row.point: row for row in complete([*before, failed(point, "bad", "mend it")])}
    for each in later:
        expected = untold(each) if each in still else skipped(each, f"not looked at, because {point.value} failed")
        assert rows[each] == expected


def test_a_network_that_a_probe_could_not_reach_is_a_warning_where_signing_in_worked() -> None:
    rows = {row.point: row for row in complete(but(failed(Point.NETWORK, "no way", "mend it")))}
    assert rows[Point.NETWORK] == warned(Point.NETWORK, "no way; yet signing in worked", "mend it")


def test_a_network_that_was_not_reached_stays_a_failure_where_signing_in_failed_too() -> None:
    bad = (failed(Point.NETWORK, "no way", "mend it"), failed(Point.SIGN_IN, "no", "mend it"))
    rows = {row.point: row for row in complete(but(*bad))}
    assert rows[Point.NETWORK].status is Status.FAIL


@pytest.mark.parametrize("status", [Status.PASS, Status.WARN, Status.SKIPPED])
def test_nothing_but_a_failure_stops_the_sign_in(status: Status) -> None:
    rows = [Row(point, status, "") for point in Point]
    assert {blocker(point, rows) for point in Point} == {None}


def test_of_several_failures_the_first_is_named() -> None:
    rows = [failed(Point.MODULE, "", ""), failed(Point.TEMP, "", "")]
    assert blocker(Point.SIGN_IN, rows) is Point.TEMP


def test_rows_come_in_the_order_of_the_points_and_in_their_own() -> None:
    rows = [passed(Point.NETWORK, "a"), passed(Point.TEMP, "t"), passed(Point.NETWORK, "b")]
    ordered = complete(rows)
    assert [row.point for row in ordered if row.point is not Point.NETWORK] == [
        point for point in Point if point is not Point.NETWORK
    ]
    assert [row.found for row in ordered if row.point is Point.NETWORK] == ["a", "b"]


def test_lost_contact_takes_the_place_of_the_contact_that_was_made() -> None:
    rows = complete(lost([passed(Point.REACHABILITY, "good"), passed(Point.TEMP, "t")], "it broke", "again"))
    by_point = {row.point: row for row in rows}
    lost_again = Failure(FailureClass.SESSION_LOST, retry_safe=True)
    told = failed(Point.REACHABILITY, "contact was lost: it broke", "again", lost_again)
    assert by_point[Point.REACHABILITY] == told
    assert by_point[Point.TEMP].status is Status.PASS
    assert by_point[Point.SIGN_IN].found == "not looked at, because reachability failed"


def test_counts_name_every_status() -> None:
    assert counts([]) == {"total": 0, "pass": 0, "warn": 0, "fail": 0, "skipped": 0}
    rows = but(warned(Point.TEMP, "odd", "move it"), skipped(Point.TLS, "x"))
    assert counts(rows) == {"total": len(Point), "pass": len(Point) - 2, "warn": 1, "fail": 0, "skipped": 1}


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (ALL, f"{len(Point)} points: {len(Point)} pass"),
        (
            but(warned(Point.TEMP, "odd", "move it")),
            f"{len(Point)} points: {len(Point) - 1} pass, 1 warn. First: temp: odd. move it",
        ),
        (
            but(warned(Point.TEMP, "odd", "move it"), failed(Point.MODULE, "gone", "install it")),
            f"{len(Point)} points: {len(Point) - 2} pass, 1 warn, 1 fail. First: module: gone. install it",
        ),
    ],
)
def test_one_sentence_says_how_it_stands(rows: list[Row], text: str) -> None:
    assert sentence(rows) == text


def test_the_report_is_a_line_for_each_row() -> None:
    rows = [
        passed(Point.TEMP, "C:\\"),
        failed(Point.MODULE, "gone", "install it"),
        skipped(Point.SIGN_IN, "not looked at"),
    ]
    assert report(rows) == [
        "pass     temp: C:\\", "fail     module: gone. install it", "skipped  sign_in: not looked at",
    ]  # fmt: skip
