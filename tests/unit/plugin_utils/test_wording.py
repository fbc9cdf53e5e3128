# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One of a thing is said otherwise than several."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._wording import counted, counted_noun


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "grant", "0 grants"),
        (1, "grant", "1 grant"),
        (2, "grant", "2 grants"),
        (1, "mailbox", "1 mailbox"),
        (2, "mailbox", "2 mailboxes"),
        (3, "address", "3 addresses"),
    ],
)
def test_a_counted_noun_is_in_the_number_of_its_count(number: int, noun: str, text: str) -> None:
    assert counted_noun(number, noun) == text


def test_what_belongs_to_the_noun_follows_its_number() -> None:
    assert counted(1, "write was", "writes were") == "1 write was"
    assert counted(2, "write was", "writes were") == "2 writes were"
