# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can become of an assumption about Exchange Online, said in counts alone, so that it can be shown to anybody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from .._exchange.errors import Meaning, diagnose
from .._exchange.session import Answer, CmdletError

#: The code that stands for the error of a call which the session did not live to answer.
LOST = "session_lost"
#: Errors of the runner's own (docs/wire-protocol.md): they say nothing of Exchange.
_RUNNERS = frozenset({LOST, "bad_frame", "bad_request", "not_allowed", "read_only", "not_connected", "internal"})
#: The short name of a .NET exception; whatever else stands for a type may hold a name.
_TYPE = re.compile(r"[A-Z][A-Za-z]{2,60}Exception")


class Result(str, Enum):
    """What an organisation says of an assumption."""

    HELD = "held"
    FAILED = "failed"
    COULD_NOT_TELL = "could_not_tell"


@dataclass(frozen=True)
class Verdict:
    """``explanation``: why, in counts and numbers; never an address, a name, a GUID, a SID or the text of an error."""

    result: Result
    explanation: str


@dataclass(frozen=True)
class Finding:
    """What became of one assumption. ``fact``: where it comes from. ``says``: what is assumed."""

    fact: str
    says: str
    verdict: Verdict


def held(explanation: str) -> Verdict:
    return Verdict(Result.HELD, explanation)


def failed(explanation: str) -> Verdict:
    return Verdict(Result.FAILED, explanation)


def untold(explanation: str) -> Verdict:
    return Verdict(Result.COULD_NOT_TELL, explanation)


def judged(holds: bool, explanation: str) -> Verdict:
    return held(explanation) if holds else failed(explanation)


def counted(good: int, total: int, what: str) -> Verdict:
    """Held where all are as assumed; nothing is known where there are none."""
    return judged(good == total, f"{good} of {total} {what}") if total else untold(f"0 {what}: nothing to look at")


def also(verdict: Verdict, more: str) -> Verdict:
    """The same, with more to its explanation."""
    return Verdict(verdict.result, verdict.explanation + more)


def class_of(error: CmdletError) -> str:
    """An error without its text: the row of exchange facts 5.2 and its meaning, and the name of its type."""
    if error.code in _RUNNERS:
        return error.code
    diagnosis = diagnose(error)
    kind = error.type.rpartition(".")[2]
    words = [diagnosis.rule, diagnosis.meaning.value, kind if _TYPE.fullmatch(kind) else ""]
    return " ".join(filter(None, words))


def blames_request(error: CmdletError) -> bool:
    """Whether Exchange refused what was asked, not who asked, and not for trouble of its own."""
    if error.code in _RUNNERS:
        return False
    return diagnose(error).meaning not in {
        Meaning.NOT_PERMITTED,
        Meaning.TRANSIENT,
        Meaning.THROTTLED,
        Meaning.SESSION,
    }


def refusal(error: CmdletError) -> Verdict:
    """The verdict where an assumption is that a call is accepted, and it was not."""
    return failed(f"refused: {class_of(error)}") if blames_request(error) else untold(f"error: {class_of(error)}")


def errors_of(answers: Iterable[Answer]) -> str:
    """Which errors there were, and how many of each; empty where there were none."""
    found = Counter(class_of(answer.error) for answer in answers if answer.error)
    return ", ".join(f"{number} x {name}" for name, number in sorted(found.items()))


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many there are, and of each result; one that did not occur is named, too."""
    found = Counter(one.verdict.result for one in findings)
    return {"total": found.total(), **{result.value: found[result] for result in Result}}


def report(findings: Sequence[Finding]) -> list[str]:
    """A line for each finding, to be read by people."""
    return [f"{one.verdict.result.value:14}  {one.fact}: {one.says} ({one.verdict.explanation})" for one in findings]
