# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of an earlier run, or the report on it: what it did not reach comes first."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .._access.desired import InputError
from .._report.document import FORMAT

_NOT_REACHED = "not reached"


def not_reached_by(path: str | None) -> frozenset[str]:
    """The mailboxes, by the names of their rows, that the run had no time for whose result or report is in the file.

    A file that is not there yet is of no earlier run. Raises InputError for one that holds neither as JSON.
    """
    if not path or not os.path.exists(path):
        return frozenset()
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
        rows = told["rows"] if told.get("format") == FORMAT else told["grants"]
        return frozenset(row["mailbox"] for row in rows if str(row["cause"]).startswith(_NOT_REACHED))
    except OSError as error:
        raise InputError([f"previous {path}: {error.strerror or error}"]) from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise InputError(
            [f"previous {path}: it is neither a result of this module nor a report on one, written as JSON"]
        ) from error
