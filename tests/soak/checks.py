# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that must be true of a run, whatever went wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..integration.harness import SHAMEFUL
from ..simulator.wsman import CutSend, Refuse
from ..simulator.wsman.injection import Kind
from ..simulator.wsman.schedule import is_transient
from .check_journal import check_journal
from .check_rows import check_rows
from .check_writes import check_writes
from .evidence import Evidence

#: The exit status of a client that the signal has ended, and of one that raised what nobody caught.
KILLED, CRASHED = -9, 70


def violations_of(evidence: Evidence) -> tuple[str, ...]:
    """What is not as it must be, each in a sentence."""
    return (
        *check_end(evidence),
        *check_rows(evidence),
        *check_writes(evidence),
        *check_journal(evidence),
        *check_secrets(evidence),
    )


def check_end(evidence: Evidence) -> Iterator[str]:
    """That the client has ended as it was to, and that nothing of it is left."""
    if evidence.status is None:
        yield "it did not end"
    elif evidence.status == CRASHED or (evidence.result is None and evidence.status != KILLED):
        yield f"it crashed, exit status {evidence.status}"
    elif evidence.status == KILLED and not evidence.killed:
        yield "it was killed, and not by us"
    yield from (f"left behind: {each}" for each in evidence.left)
    if evidence.left_open and not _excuses(evidence):
        yield f"{evidence.left_open} sign-ins were never signed out"


def _excuses(evidence: Evidence) -> bool:
    """Whether PowerShell was ended, or contact with it, so that nobody could sign out, or nobody was told to."""
    silent = any(strike.fault.effect.silent for strike in evidence.strikes)
    return silent or any(not is_transient(each) or _may_cut_off(each.kind) for each in evidence.fired)


def _may_cut_off(kind: Kind) -> bool:
    return isinstance(kind, Refuse) or (isinstance(kind, CutSend) and kind.silent)


def check_secrets(evidence: Evidence) -> Iterator[str]:
    """That no secret can be read anywhere."""
    texts = {
        "the output": evidence.output,
        "the result": json.dumps(evidence.result),
        "the journal": evidence.journal.decode("utf-8", "replace"),
    }
    for where, text in texts.items():
        if any(secret in text for secret in evidence.secrets):
            yield f"a secret is in {where}"
        yield from (f"{phrase!r} is in {where}" for phrase in SHAMEFUL if phrase in text)
