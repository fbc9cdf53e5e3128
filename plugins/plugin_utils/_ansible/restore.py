# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``mailbox_permission_restore``: from a journal to a run that undoes another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .._access.apply import WriteSettings
from .._access.desired import InputError
from .._access.engine import Options
from .._access.journal import Journal, JournalError, NoJournal
from .._access.undo import undo
from .._exchange.needs import needed_cmdlets
from .._journal.effects import Trace, powershells_of, traces_of
from .._journal.file import JournalFile
from .._journal.history import JournalDamaged, RecordedRun, chosen, runs_of
from .._journal.recorder import FileJournal
from .._policy.gate import StepsOnly
from .._wording import counted_noun, option
from .action import ExchangeAction
from .arguments import EXCHANGE_ARGUMENTS, POWERSHELL_ARGUMENTS, RUN_ARGUMENTS, ArgumentSpec
from .endings import end_powershells
from .policy import policies_of
from .result import result_of, settled
from .scope import brakes_of, is_serial
from .sessions import opened
from .sign_in import SignIn, choose_sign_in

NAME = "mailbox_permission_restore"
RESTORE_ARGUMENTS: ArgumentSpec = {
    "journal": {"type": "path", "required": True},
    "run": {"type": "str"},
    "max_grants": {"type": "str"},
    "max_revocations": {"type": "str"},
    "policy": {"type": "path"},
    "verify": {"type": "int", "default": 120},
    "on_failure": {"type": "str", "default": "fail", "choices": ["fail", "report"]},
    **EXCHANGE_ARGUMENTS,
    **POWERSHELL_ARGUMENTS,
    **RUN_ARGUMENTS,
}
#: A run is named in the error that asks which one is meant; a person reads no more.
_LISTED = 20
#: In place of the id of a run.
_LIST = "list"
_SNAPSHOT = option("snapshot", variable="exchange_snapshot")
_RUN = option("run", variable="restore_run", of="playbook restore")


class RestoreAction(ExchangeAction):
    """Undoes a run, from its journal."""

    ARGUMENTS = RESTORE_ARGUMENTS

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        return listed(options["journal"]) if options["run"] == _LIST else self._undone(options, task_vars)

    def _undone(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        check_mode = self._task.check_mode
        sign_in = choose_sign_in(options, self.environment())
        is_batch = is_serial(task_vars)
        brakes_of(options, is_batch)
        policies = policies_of(self.arguments(), options, is_batch)
        watch = self.watch()
        with _locked(options["journal"], check_mode) as file:
            runs = _runs(file)
            run = run_of(runs, options["run"] or "", file.path)
            check_place(run, sign_in, bool(options["snapshot"]))
            traces = traces_of(runs, run)
            settings = Options(
                check_mode,
                WriteSettings(verify=float(options["verify"])),
                policies.brakes(brakes_of(_limits(options, traces), is_batch)),
                gates=(StepsOnly(policies.gate),),
            )
            ended, lingering = end_powershells(powershells_of(runs, run), self._connection, check_mode)
            with (
                _recorded(file, run, check_mode) as journal,
                opened(self._connection, options, sign_in, needed_by(traces, check_mode), check_mode, watch) as far,
            ):
                report, statistics = undo(far.session, traces, settings, watch, journal)
        report = far.in_full(replace(report, warnings=(*lingering, *not_undone(runs, run), *report.warnings)))
        result = result_of(report, check_mode, bool(self._task.diff), far.figures(statistics))
        idle = sum(not write.state.may_have_changed for write in run.writes)
        told = {"run": run.id, "ended": ended, "without_effect": idle}
        return policies.told(settled({**result, **told}, options["on_failure"]))


def listed(path: str) -> dict[str, Any]:
    """The runs that a journal holds, the last first. Nobody signs in for it, and nothing is undone."""
    with _locked(path, check_mode=True) as file:
        runs = _runs(file)
    told = [
        {
            "run": run.id,
            "time": run.begun.time,
            "module": run.begun.module,
            "restores": run.begun.of,
            "writes": len(run.writes),
            "may_have_changed": run.may_have_changed,
            "ended": run.ended,
        }
        for run in reversed(runs)
    ]
    return {"changed": False, "msg": f"journal {path}: {counted_noun(len(runs), 'run')}", "runs": told}


@contextmanager
def _locked(path: str, check_mode: bool) -> Iterator[JournalFile]:
    """The journal while no run writes it; check mode only looks. Raises JournalError."""
    file = JournalFile(path, writes=not check_mode, create=False)
    try:
        yield file
    finally:
        file.close()


@contextmanager
def _recorded(file: JournalFile, run: RecordedRun, check_mode: bool) -> Iterator[Journal]:
    """What a restore writes is told to the same journal, so that it can be gone on with, and restored itself."""
    if check_mode:
        yield NoJournal()
        return
    begun = run.begun
    journal = FileJournal(file, begun.organization, NAME, begun.rehearsal, of=run.id)
    yield journal
    journal.end()


def _runs(file: JournalFile) -> tuple[RecordedRun, ...]:
    try:
        return runs_of(file.data)
    except JournalDamaged as damage:
        remedy = "nothing was undone. Mend the line, or take it from a backup"
        raise JournalError(f"journal {file.path}: {damage} ({remedy})") from damage


def not_undone(runs: Sequence[RecordedRun], run: RecordedRun) -> list[str]:
    """A warning of the other runs of the journal that may have changed something and that nobody has restored."""
    restored = {one.begun.of for one in runs}
    others = [
        one.id for one in runs if one.may_have_changed and not one.is_restore and one.id not in (*restored, run.id)
    ]
    if not others:
        return []
    named = ", ".join(others[-_LISTED:])
    return [f"run {run.id} alone is undone; the journal holds {len(others)} more that wrote: {named} ({_RUN})"]


def run_of(runs: Sequence[RecordedRun], name: str, path: str) -> RecordedRun:
    """The run that is meant. Raises InputError that lists those there are."""
    run = chosen(runs, name)
    if run is not None:
        return run
    held = "; ".join(map(str, runs[-_LISTED:])) or "none"
    more = f", the last {_LISTED} of {len(runs)}" if len(runs) > _LISTED else ""
    if name:
        raise InputError([f"{_RUN}: journal {path} holds no run {name!r} (it holds{more}: {held})"])
    raise InputError([f"journal {path}: there is no run in it that wrote anything (it holds{more}: {held})"])


def check_place(run: RecordedRun, sign_in: SignIn, rehearsal: bool) -> None:
    """Raises InputError where the task signs in to somewhere else than the run did."""
    begun = run.begun
    if begun.rehearsal is not rehearsal:
        where = "on a snapshot" if begun.rehearsal else "for real"
        raise InputError([f"run {run.id} was done {where}, so it can only be restored {where}: see {_SNAPSHOT}"])
    if begun.organization.lower() != sign_in.organization.lower():
        raise InputError(
            [f"run {run.id} was done in {begun.organization or 'no organization'}, but organization is "
             f"{sign_in.organization or 'not set'}"]
        )  # fmt: skip


def _limits(options: Mapping[str, Any], traces: Sequence[Trace]) -> dict[str, Any]:
    """Without a limit of its own a restore takes back as much as the run gave: no more can be."""
    most = options["max_revocations"]
    return {**options, "max_revocations": str(len(traces)) if most is None else most}


def needed_by(traces: Iterable[Trace], read_only: bool) -> dict[str, list[str]]:
    """Cmdlet → parameters that the restore will use."""
    given = list(traces)
    return needed_cmdlets(
        {trace.right for trace in given if not trace.granted},
        {trace.right for trace in given if trace.granted},
        read_only,
        unresolved=any(not trace.account.guid for trace in given),
    )
