# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a result says of the run for the head of a report."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.run import moment, run_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.sign_in import choose_sign_in

BASE = {"organization": "contoso.onmicrosoft.com", "exchange_environment": "O365Default"}
APP = {"app_id": "00000000-0000-0000-0000-00000000cafe"}
WAYS: dict[str, tuple[dict[str, Any], str]] = {
    "thumbprint": ({**APP, "certificate_thumbprint": "A" * 40}, APP["app_id"]),
    "managed identity": ({"managed_identity": True}, "managed identity"),
    "a user-assigned one": (
        {"managed_identity": True, "managed_identity_account_id": "1-2-3"},
        "managed identity 1-2-3",
    ),
    "token": ({"access_token": "s3cret"}, "access token"),
    "snapshot": ({"snapshot": "organisation.json"}, "snapshot"),
}


@pytest.mark.parametrize("way", WAYS)
def test_it_says_who_signed_in_and_no_secret(way: str) -> None:
    options, application = WAYS[way]
    made = run_of(choose_sign_in({**BASE, **options}, {}), True, moment())
    assert made["application"] == application
    assert (made["organization"], made["rehearsal"]) == (BASE["organization"], way == "snapshot")
    assert "s3cret" not in str(made)


@pytest.mark.parametrize(("check_mode", "mode"), [(True, "audit"), (False, "enforcement")])
def test_it_says_whether_it_could_write(check_mode: bool, mode: str) -> None:
    sign_in = choose_sign_in({**BASE, **WAYS["token"][0]}, {})
    assert run_of(sign_in, check_mode, moment())["mode"] == mode


def test_moments_are_in_utc_and_stand_in_their_order() -> None:
    made = run_of(choose_sign_in({**BASE, "snapshot": "x"}, {}), True, moment())
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made[name]) for name in ("began", "ended"))
    assert made["began"] <= made["ended"]
