# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a task that writes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from .._access.journal import Journal
from .._journal.recorder import recorded
from .sign_in import SignIn


def journal_of(
    options: Mapping[str, Any], sign_in: SignIn, module: str, check_mode: bool
) -> AbstractContextManager[Journal]:
    """To be opened before the session. Check mode, which writes nothing, leaves the file alone. Raises JournalError."""
    path = None if check_mode else options["journal"]
    return recorded(path, sign_in.organization, module, rehearsal=bool(options["snapshot"]))
