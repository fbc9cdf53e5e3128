# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``access_plan``: what a plan would do, or what it asks for beyond another, in words, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._access.desired import InputError
from .._access.plan import Verb
from .._change.compare import Comparison, Kind, NotComparable, difference, what_it_does
from .._change.markdown import render
from .._change.words import lines, printable, sentence
from .._exchange.failures import Failure, FailureClass
from .._exchange.rights import Right
from .._plan.file import load
from .._report.files import write
from .action import NOTHING_FAILED, CollectionAction, in_words_of
from .arguments import ArgumentSpec

PLAN_ARGUMENTS: ArgumentSpec = {
    "plan": {"type": "path", "required": True},
    "base": {"type": "path"},
    "markdown": {"type": "path"},
    "on_failure": {"type": "str", "default": "fail", "choices": ["fail", "report"]},
}
#: As a plan's own file: it holds addresses.
_MODE = 0o600


class PlanAction(CollectionAction):
    """Runs once for all hosts of the play. It signs in nowhere and connects to no host."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    ARGUMENTS = PLAN_ARGUMENTS

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Raises InputError for plans that cannot be read, or not be compared."""
        comparison = _compared(options["plan"], options["base"])
        fault = _fault_of_writing(options["markdown"], comparison)
        problems = comparison.of(Kind.PROBLEM)
        said = printable(sentence(comparison))
        failure = _failure(bool(fault), bool(problems))
        failed = bool(fault or (problems and options["on_failure"] == "fail"))
        result = {
            "changed": False,
            "failed": failed,
            **in_words_of(failure if failed else NOTHING_FAILED),
            "msg": f"{fault}. {said}" if fault else said,
            "lines": lines(comparison),
            "digest": comparison.plan["hashes"]["plan"],
            "base_digest": comparison.base,
            "counts": {kind.value: len(comparison.of(kind)) for kind in Kind},
            "rights": _rights(comparison),
            "verdict": {"failed": bool(problems), "sentence": said},
        }
        unseen = len(comparison.unseen)
        told = f"the snapshot does not hold all that is asked for: {unseen} of the rows the plan itself will see"
        return {**result, "warnings": [told]} if unseen else result


def _compared(plan: str, base: str | None) -> Comparison:
    if not base:
        return what_it_does(load(plan))
    try:
        return difference(load(plan), load(base))
    except NotComparable as error:
        raise InputError([f"{plan} cannot be held against {base}: {error}"]) from error


def _fault_of_writing(path: str | None, comparison: Comparison) -> str:
    """Why the Markdown could not be written, or empty."""
    if not path:
        return ""
    try:
        write(path, render(comparison), _MODE)
    except OSError as error:
        return f"the Markdown {path} could not be written: {error.strerror or error}"
    return ""


def _failure(is_of_file: bool, is_of_rows: bool) -> Failure:
    kind = FailureClass.REPORT if is_of_file else FailureClass.MAILBOXES if is_of_rows else FailureClass.NONE
    return Failure(kind)


def _rights(comparison: Comparison) -> dict[str, dict[str, int]]:
    """How many writes there are to be, by right."""
    kinds = {Verb.GRANT.value: Kind.ADDED, Verb.REVOKE.value: Kind.REMOVED}
    return {
        right.value: {
            verb: sum(change.row["right"] == right.value for change in comparison.of(kind))
            for verb, kind in kinds.items()
        }
        for right in Right
    }
