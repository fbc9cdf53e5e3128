# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The warning that every run gives whose certificate is about to expire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

from .._exchange.expiry import RENEW, WARNING_DAYS, days_left, expires
from .._exchange.session import SessionInfo


def expiry_warnings(info: SessionInfo) -> list[str]:
    """At most one: for a session that was opened with a certificate which expires in under 30 days."""
    certificate = info.connection.get("certificate")
    if not isinstance(certificate, Mapping):
        return []
    days = days_left(certificate.get("not_after"), datetime.now(timezone.utc).date())
    if days is None or days >= WARNING_DAYS:
        return []
    return [
        f"the certificate {certificate.get('thumbprint')} of the application "
        f"{expires(certificate.get('not_after'), days)}. {RENEW}"
    ]
