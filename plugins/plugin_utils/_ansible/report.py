# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``access_report``: from the result of mailbox_delegation to files, a history and a verdict."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from typing import Any, Union

from .._access.desired import InputError
from .._access.model import Outcome
from .._access.sentences import in_words, mailboxes_in, spoken
from .._exchange.failures import Failure, FailureClass
from .._journal.entries import VERSION
from .._report.build import Context, build, check_result
from .._report.document import Document
from .._report.earlier import UnfitReport, earlier_report
from .._report.files import check_paths, mode_of, write
from .._report.formats import RENDERERS
from .._report.source import source_of
from .._report.verdict import HELD_BACK, JUDGED, NIGHT_AFTER_NIGHT, WARN, policy_of
from .._wording import counted
from .action import NOTHING_FAILED, CollectionAction, in_words_of
from .arguments import ArgumentSpec
from .run import moment
from .secrecy import crash_of
from .snapshots import beginning_in

REPORT_ARGUMENTS: ArgumentSpec = {
    "result": {"type": "raw", "required": True},
    "reports": {"type": "dict", "options": {name: {"type": "path"} for name in RENDERERS}},
    "previous": {"type": "path"},
    "verdicts": {"type": "dict", "default": {}},
    "grace": {"type": "dict", "default": {}},
    "mode": {"type": "raw", "default": "0600"},
    "on_failure": {"type": "str", "default": "fail", "choices": ["fail", "report"]},
}
#: Of the others mailbox_delegation itself warns.
_WARNED_OF_HERE = tuple(name for name in JUDGED if name not in (Outcome.PENDING.value, Outcome.SURPLUS.value))


class ReportAction(CollectionAction):
    """Runs once for all hosts of the play, as what it reports on did. It signs in nowhere and connects to no host."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    ARGUMENTS = REPORT_ARGUMENTS

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Raises InputError. A file that cannot be written or read fails the task, once all else was written."""
        result = self._result(options["result"], task_vars)
        check_result(result)
        paths = {name: path for name, path in (options["reports"] or {}).items() if path}
        check_paths(paths)
        mode = mode_of(options["mode"])
        policy = policy_of(result["run"]["mode"], options["verdicts"], options["grace"])
        if policy.grace and not options["previous"]:
            raise InputError(["grace is counted from the report before, and previous names none: it would never end"])
        previous, unfit = _previous_of(options["previous"], result["run"])
        context = Context(moment(), VERSION, source_of(self.environment()), policy, previous)
        document = build(result, context)
        spared = _spared(paths, options["previous"]) if unfit else frozenset()
        written, faults = _written(document, paths, mode, spared)
        told = _told(document, written, [*unfit, *faults], options["on_failure"])
        told["msg"] = _beginning_with(beginning_in(result), told["msg"])
        warnings = _warnings(document, options["previous"], unfit, planned="plan" in result)
        return {**told, "warnings": warnings} if warnings else told

    def _result(self, given: Any, task_vars: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result itself, or that in the variable of this name: ansible need not template every row of it then."""
        if isinstance(given, str):
            if given not in task_vars:
                raise InputError([f"result: there is no variable {given!r}: name the one that was registered"])
            found = task_vars[given]
            given = found if isinstance(found, Mapping) else self._templar.template(found)
        if not isinstance(given, Mapping):
            raise InputError([f"result: it is a {type(given).__name__}, not a registered result or the name of one"])
        return given


def _previous_of(path: Union[str, None], run: Mapping[str, Any]) -> tuple[Union[Document, None], list[str]]:
    """The report before, and why it cannot be used."""
    try:
        return earlier_report(path, run), []
    except UnfitReport as error:
        return None, [str(error)]


def _spared(paths: Mapping[str, str], previous: str) -> frozenset[str]:
    """The formats that are not written where the report before cannot be used: neither it nor its fault is lost by
    writing over it, nor by a pipeline that keeps the JSON report in its place for the next run."""
    before = os.path.realpath(previous)
    return frozenset(name for name, path in paths.items() if name == "json" or os.path.realpath(path) == before)


def _written(
    document: Document, paths: Mapping[str, str], mode: int, spared: Container[str]
) -> tuple[dict[str, str], list[str]]:
    """The files by format, and what is wrong with those that could not be written, or are ``spared``."""
    written, faults = {}, []
    for name, path in paths.items():
        if name in spared:
            faults.append(f"the report {path} was not written, for it would take the place of previous")
            continue
        fault = _fault_of_writing(document, name, path, mode)
        if fault:
            faults.append(f"the report {path} could not be written: {fault}")
        else:
            written[name] = path
    return written, faults


def _fault_of_writing(document: Document, name: str, path: str, mode: int) -> str:
    """Why it could not be written, or empty. A fault of one format is not one of the others."""
    try:
        write(path, RENDERERS[name](document), mode)
    except OSError as error:
        return str(error.strerror or error)
    except Exception as error:  # a fault of the collection in one of the formats
        return crash_of(error, ())
    return ""


def _told(document: Document, written: Mapping[str, str], faults: list[str], on_failure: str) -> dict[str, Any]:
    """The result of the task."""
    verdict = document["verdict"]
    failed = bool(faults or (verdict["failed"] and on_failure == "fail"))
    sentence = verdict["sentence"] + (f". Report: {', '.join(written.values())}" if written else "")
    changes = document["changes"]
    return {
        "changed": False,
        "failed": failed,
        **in_words_of(_failure(document, bool(faults)) if failed else NOTHING_FAILED),
        "msg": ". ".join([*faults, sentence]),
        "reports": dict(written),
        "mailboxes": mailboxes_in(row["mailbox"] for row in document["rows"]),
        "verdict": dict(verdict),
        "changes": {name: len(those) for name, those in changes.items() if isinstance(those, list)} if changes else {},
    }


def _beginning_with(beginning: str, sentence: str) -> str:
    """The sentence of a rehearsal, which is no run that counts; one that stopped says so itself."""
    return f"{beginning}: {sentence}" if beginning and not sentence.startswith(beginning) else sentence


def _failure(document: Document, is_of_files: bool) -> Failure:
    """Of a task that fails. Rows alone are ``mailboxes``, whatever the policy makes fail."""
    verdict = document["verdict"]
    if is_of_files:
        return Failure(FailureClass.REPORT)
    told = FailureClass(verdict["failure_class"])
    return Failure(FailureClass.MAILBOXES) if told is FailureClass.NONE else Failure(told, verdict["retry_safe"])


def _warnings(document: Document, previous: Union[str, None], unfit: list[str], *, planned: bool) -> list[str]:
    """What a person should know though it need not fail. ``planned``: what is missing or unwanted is what a plan is
    for, and said with it."""
    warnings = []
    if previous and not unfit and document["changes"] is None:
        warnings.append(f"previous {previous} is not there yet: this report begins a history")
    for outcome in _WARNED_OF_HERE:
        rows = [row for row in document["rows"] if row["verdict"] == WARN and row["outcome"] == outcome]
        if rows and not (planned and outcome in HELD_BACK):
            many = counted(len(rows), "grant is", "grants are")
            warnings.append(f"{many} {spoken(outcome)}, which does not fail this run. First: {in_words(rows[0])}")
    again = [row for row in document["rows"] if row["regranted"] >= NIGHT_AFTER_NIGHT]
    if again:
        warnings.append(
            f"{counted(len(again), 'grant was', 'grants were')} gone again in {NIGHT_AFTER_NIGHT} reports on end or "
            f"more, so something else removes {'it' if len(again) == 1 else 'them, the first'}: "
            f"{again[0]['mailbox']}, {again[0]['account']}"
        )
    return warnings
