# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of an earlier run: what it did not reach comes first."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .._access.desired import InputError

_NOT_REACHED = "not reached"


def not_reached_by(path: str | None) -> frozenset[str]:
    """The mailboxes, by the names of their rows, that the run whose result is in the file had no time for.

    A file that is not there yet is of no earlier run. Raises InputError for one that holds no result as JSON.
    """
    if not path or not os.path.exists(path):
        return frozenset()
    try:
        result = json.loads(Path(path).read_text(encoding="utf-8"))
        return frozenset(row["mailbox"] for row in result["grants"] if str(row["cause"]).startswith(_NOT_REACHED))
    except OSError as error:
        raise InputError([f"previous {path}: {error.strerror or error}"]) from error
    except (ValueError, TypeError, LookupError) as error:
        raise InputError([f"previous {path}: it is no result of this module, written as JSON"]) from error
