# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long an error asks to wait: every wording that is known, and whatever only looks like one."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.hints import LONGEST, retry_hint

HINTS: list[tuple[str, float]] = [
    ("Too many requests. Retry after 60 seconds.", 60),
    ("|Microsoft.Exchange.Data.ThrottlingErrorException|Too many requests, please retry after 1 minute", 60),
    ("Please retry your request after 90 seconds. CorrelationId: 503", 90),
    ("Server busy. Please try again after 5 minutes.", 300),
    ("The service is busy, try after 5 minutes", 300),
    ("Please try again in 00:05:00.", 300),
    ("Please try again in 1.00:00:00", 86400),
    ("try again in 00:00:30.2500000", 30.25),
    ("Please wait for 30 seconds and try again.", 30),
    ("You must wait at least 2 minutes before the next command", 120),
    ("Retry after 60", 60),
    ("Retry after 60.", 60),
    ("Retry after 60. The request id is 401", 60),
    ("RETRY AFTER 15 SECONDS", 15),
    ("retry in 1.5 minutes", 90),
    ("retry after 2 hours", 7200),
    ("retry after 500 ms", 0.5),
    ("retry after 30s", 30),
    ("Retry-After: 120", 120),
    ("HttpStatusCode=429 Headers: Retry-After: 120 Server: Microsoft-IIS/10.0", 120),
    ("Retry-After=120;Date=Mon", 120),
    ('HttpStatusCode=429 ErrorMessage={"error":{"code":"TooManyRequests","retryAfter":45}}', 45),
    ('{"Retry-After":"17"}', 17),
    ("x-ms-retry-after-ms: 1500", 1.5),
    ("RetryAfterMilliseconds=2500", 2.5),
    ('"RetryAfterInSeconds":"20"', 20),
    ("RetryAfter: 00:02:00", 120),
    ("Retry after 10 seconds. Retry-After: 60", 60),
]

NO_HINTS: list[str] = [
    "",
    "Too many requests.",
    "Please try again later.",
    "Default Expiry time is 00:30:00. Please try again",
    "The request was canceled due to the configured HttpClient.Timeout of 960 seconds elapsing.",
    "The operation has timed out after 60 seconds",
    "waited 30 seconds",
    "Micro delay applied. Actual delayed: 21956 msecs, Capped delay: 21956 msecs",
    "Retry after 0 seconds",
    "Retry-After: 0",
    "Retry-After: -5",
    "Retry-After: Fri, 31 Dec 2027 23:59:59 GMT",
    "retry after 2027-12-31",
    "Retry-After: 14:30",
    "Retry-After: 2027-12-31T23:59:59Z",
    "Retry-After: 12/31/2027",
    "Retry-After: 10.0.0.1",
    "Retry-After: 1,000",
    "Retry-After: 99999999999999999999",
    "retry after 14:30",
    "retry after 31.12.2027",
    "retry after 12/31/2027",
    "retry after 10.0.0.1",
    "Retry after 5 attempts",
    "retry after 50% of the load is gone",
    "Retry-After: 1799999999",
    "Retry after 999999999999999999999999 seconds",
    "retry after 3 days",
    "try again in 99:99:99",
    "try again in 100:00:00",
    "Retry after NaN seconds",
    "Retry after 1e3 seconds",
    "Wiederholen Sie den Vorgang später.",
    "The mailbox '60 seconds' was not found; try again",
]


@pytest.mark.parametrize(("text", "seconds"), HINTS)
def test_a_wait_that_is_asked_for_is_read(text: str, seconds: float) -> None:
    assert retry_hint(text) == seconds


@pytest.mark.parametrize("text", NO_HINTS)
def test_what_only_looks_like_a_wait_is_none(text: str) -> None:
    assert retry_hint(text) is None


def test_a_hint_is_bounded() -> None:
    assert retry_hint(f"retry after {LONGEST:.0f} seconds") == LONGEST
    assert retry_hint(f"retry after {LONGEST + 1:.0f} seconds") is None


def test_a_long_text_is_read_in_no_time() -> None:
    """A text from outside must not make the search explode: this would not end if it did."""
    assert retry_hint("retry " + "again the " * 20_000) is None
    assert retry_hint("wait " + "a " * 20_000 + "1" * 50_000) is None
