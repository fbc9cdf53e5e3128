# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report's head says of a run: who signed in to which organisation, when, and whether it could write."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .sign_in import SignIn


def moment() -> str:
    """Now. RFC 3339, UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def run_of(sign_in: SignIn, check_mode: bool, began: str) -> dict[str, Any]:
    """The field ``run`` of the result of a run that ends now."""
    return {
        "organization": sign_in.organization,
        "application": application_of(sign_in),
        "mode": "audit" if check_mode else "enforcement",
        "rehearsal": sign_in.way == "snapshot",
        "began": began,
        "ended": moment(),
    }


def application_of(sign_in: SignIn) -> str:
    """Who signed in, as far as the options tell; nothing of a secret."""
    request = sign_in.request
    if sign_in.way == "managed_identity":
        return " ".join(["managed identity", request.get("managed_identity_account_id", "")]).strip()
    known = {"access_token": "access token", "snapshot": "snapshot"}
    return known.get(sign_in.way) or request.get("app_id", "")
