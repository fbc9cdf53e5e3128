# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report before, read from its file; what cannot be its history is refused, with what to do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union, cast

from .document import FORMAT, VERSION, Document
from .verdict import is_moment

_TEXTS = ("mailbox", "account", "right", "state", "outcome", "standing")


class UnfitReport(Exception):
    """A file cannot be the history of a report: why, and what to do about it."""


def earlier_report(path: Union[str, None], run: Mapping[str, Any]) -> Union[Document, None]:
    """The report in the file, or None where there is none yet. ``run``: of the result that is to be reported.

    Raises UnfitReport.
    """
    if not path:
        return None
    try:
        found = parsed(Path(path).read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnfitReport(f"previous {path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UnfitReport(f"previous {path}: {error}") from error
    fault = _other_history(found, run)
    if fault:
        raise UnfitReport(f"previous {path}: {fault}")
    return found


def parsed(text: str) -> Document:
    """A report from its JSON. Raises ValueError for what is none, or of a version that this collection cannot read."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON; {_REMEDY}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"it is no report in the format {FORMAT}; {_REMEDY}")
    version = found.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= VERSION:
        raise ValueError(f"it is of version {version!r} of the format, and this collection knows {VERSION}: update it")
    if not _is_sound(found):
        raise ValueError(f"it is damaged, for something is missing in it; {_REMEDY}")
    return cast(Document, found)


_REMEDY = "give the JSON report of an earlier run, or remove the file to begin a new history"


def _is_sound(found: Mapping[str, Any]) -> bool:
    """Whether it holds what the next report takes over from it."""
    head, rows, unseen = found.get("head"), found.get("rows"), found.get("surplus_unseen")
    if not isinstance(head, dict) or not isinstance(rows, list) or not isinstance(unseen, list):
        return False
    return (
        isinstance(head.get("organization"), str)
        and is_moment(head.get("created"))
        and isinstance(head.get("rehearsal"), bool)
        and all(map(_is_row, (*rows, *unseen)))
    )


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and all(isinstance(row.get(name), str) for name in _TEXTS)
        and all(is_moment(row.get(name)) for name in ("since", "standing_since"))
        and isinstance(row.get("regranted"), int)
    )


def _other_history(found: Document, run: Mapping[str, Any]) -> str:
    """Why it tells nothing of this organisation, or empty."""
    head = found["head"]
    if head["rehearsal"] != run["rehearsal"]:
        words = {True: "a rehearsal on a snapshot", False: "the real organisation"}
        return f"it is of {words[head['rehearsal']]}, and this run of {words[bool(run['rehearsal'])]}; {_REMEDY}"
    if head["organization"].casefold() != str(run["organization"]).casefold():
        return f"it is of {head['organization']}, and this run of {run['organization']}: keep a file for each"
    return ""
