# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sows the quirks of Exchange Online over an organisation."""

from __future__ import annotations

import random
from dataclasses import replace

from .organisation import Organisation
from .quirks import Quirk
from .recipients import Recipient


def sow(organisation: Organisation, draw: random.Random, trustees: list[Recipient]) -> Organisation:
    """The organisation with quirks on some of its recipients."""
    some = (Quirk.JOINED_RIGHTS, Quirk.DOUBLE_SELF, Quirk.UPPER_CASE_USERS, Quirk.TEXT_BOOLEANS)
    recipients = tuple(
        replace(each, quirks=frozenset(quirk for quirk in some if draw.random() < 0.3))
        for each in organisation.recipients
    )
    return replace(organisation, recipients=recipients)
