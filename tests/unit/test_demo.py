# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that the demo ends with."""

from __future__ import annotations

from ansible_collections.email_router.exchange_online.tests.demo.__main__ import table


def test_the_columns_of_the_table_stand_under_their_titles() -> None:
    row = {"mailbox": "a@b.c", "account": "router", "right": "send_as", "before": "held", "outcome": "compliant"}
    title, rule, line = table([row]).splitlines()
    assert title.index("right") == line.index("send_as")
    assert title.index("outcome") == line.index("compliant")
    assert [len(part) for part in rule.split("  ")] == [
        len("mailbox"),
        len("account"),
        len("send_as"),
        6,
        len("compliant"),
    ]
