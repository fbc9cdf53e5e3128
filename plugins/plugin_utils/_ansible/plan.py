# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a task: written in check mode, or held to by a later run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Union

from .._access.desired import InputError
from .._access.gate import Gate
from .._access.model import Outcome, Report
from .._exchange.failures import Failure, FailureClass
from .._plan.build import Circumstances, build
from .._plan.document import Plan
from .._plan.file import clear, load, save
from .._plan.hashes import SHORT
from .._plan.held_to import HeldTo, Judgement, why_unfit
from .._snapshot.source import Source
from .._wording import counted, counted_noun, option
from .action import in_words_of
from .result import FAILED_ROWS
from .run import application_of
from .sign_in import SignIn
from .snapshots import covered

#: So many differences are in the sentence of a result.
_SAID = 3


@dataclass(frozen=True)
class PlanOptions:
    """What a task asks for: a ``file`` to write its plan to, or a plan to ``apply`` that is at most so old, in hours;
    empty: neither."""

    file: str = ""
    apply: str = ""
    max_age: int = 72

    @classmethod
    def of(cls, options: Mapping[str, Any], check_mode: bool) -> PlanOptions:
        """Takes away the plan that is to be replaced, before anything else can fail. Raises InputError."""
        asked = cls(options["plan_file"] or "", options["apply_plan"] or "", options["plan_max_age"])
        faults = list(asked._faults(check_mode))
        if faults:
            raise InputError(faults)
        if asked.file:
            clear(asked.file)
        return asked

    def check_play(self, is_serial: bool) -> None:
        """Raises InputError where the run is not of all that a plan is of."""
        name = option("plan_file" if self.file else "apply_plan")
        if is_serial and (self.file or self.apply):
            why = "is of a whole play, and each batch of a serial one is a run of its own: take serial away"
            raise InputError([f"{name} {why}"])

    def _faults(self, check_mode: bool) -> Iterator[str]:
        if self.file and self.apply:
            both = f"{option('plan_file')} and {option('apply_plan')}"
            yield f"{both} cannot be given together: plan first, then apply that plan"
        elif self.file and not check_mode:
            yield f"{option('plan_file')} is for check mode, where nothing is written: add --check, or take it away"
        if self.max_age < 1:
            yield f"{option('plan_max_age')}: {self.max_age} is no age in hours, give at least 1"

    def of_run(self, sign_in: SignIn, options: Mapping[str, Any], began: str, clock: datetime) -> Planning:
        """For a run that began then: what it sees is no older. ``clock``: now. Raises InputError for a plan that cannot
        be applied, whatever the organisation looks like."""
        circumstances = Circumstances(
            created=began,
            organization=sign_in.organization,
            application=application_of(sign_in),
            rehearsal=sign_in.way == "snapshot",
            snapshot_taken=options["snapshot"].taken if options["snapshot"] else "",
            settings={"auto_mapping": options["auto_mapping"]},
        )
        held_to = self._held_to(circumstances, clock) if self.apply else None
        return Planning(self.file, circumstances, held_to, options["snapshot"])

    def _held_to(self, circumstances: Circumstances, clock: datetime) -> HeldTo:
        plan = load(self.apply)
        why = why_unfit(plan, circumstances.organization, circumstances.rehearsal, self.max_age, clock)
        if why:
            raise InputError([f"the plan {self.apply} cannot be applied: {why}"])
        return HeldTo(plan, self.apply, circumstances.settings, clock)


@dataclass(frozen=True)
class Planning:
    """The plan of a run, from its beginning to its result: the one it makes, or the one that it is held to."""

    file: str
    circumstances: Circumstances
    held_to: Union[HeldTo, None]
    source: Union[Source, None] = None

    @property
    def gates(self) -> tuple[Gate, ...]:
        return (self.held_to,) if self.held_to else ()

    def told(self, result: dict[str, Any], report: Report, check_mode: bool) -> dict[str, Any]:
        """The result of a run with what there is to say of a plan, if it has one."""
        if self.held_to:
            return _applied(result, self.held_to, report, check_mode)
        return self._written(result, report) if self.file else result

    def _written(self, result: dict[str, Any], report: Report) -> dict[str, Any]:
        """Once the plan is in its file. A fault of writing fails the run; one that stopped or was refused has none."""
        if report.decided is None or report.stop:
            return _saying(result, f"No plan was written to {self.file}, for the run did not come to its end")
        plan = build(report.decided, self.circumstances, covered(report.coverage, self.source), report.brake)
        try:
            save(self.file, plan)
        except OSError as error:
            return _failed(result, f"the plan {self.file} could not be written: {error.strerror or error}")
        told = _saying(result, f"Plan {self.file} (digest {plan['hashes']['plan'][:SHORT]}): {_tally(plan)}")
        return {**told, "plan": _facts(self.file, plan)}


def in_short(result: dict[str, Any]) -> dict[str, Any]:
    """A failed task is printed whole, so it carries no more differences than a person reads."""
    plan = result.get("plan")
    if not result.get("failed") or not plan:
        return result
    return {**result, "plan": {**plan, "differences": plan["differences"][:FAILED_ROWS]}}


def _applied(result: dict[str, Any], held_to: HeldTo, report: Report, check_mode: bool) -> dict[str, Any]:
    judged = held_to.judge(report.decided) if report.decided else Judgement()
    facts = {
        **_facts(held_to.name, held_to.plan, held_to.age),
        "applied": not (check_mode or judged.differences or judged.done or report.stop or _unmade(report)),
        "done": judged.done,
        "differences": list(judged.differences),
    }
    return {**_saying(result, _verdict(held_to, judged, report, check_mode)), "plan": facts}


def _unmade(report: Report) -> int:
    """How many writes were left, failed, or may not have been carried out."""
    failed = {Outcome.DENIED, Outcome.UNKNOWN}
    return sum(
        one.outcome.is_drift or one.outcome is Outcome.REFUSED or (one.write_sent and one.outcome in failed)
        for one in report.findings
    )


def _verdict(held_to: HeldTo, judged: Judgement, report: Report, check_mode: bool) -> str:
    """What came of a plan, in a sentence."""
    title = f"{held_to.title[:1].upper()}{held_to.title[1:]}"
    if judged.differences:
        more = len(judged.differences) - _SAID
        rest = f"; and {more} more" if more > 0 else ""
        remedy = "Run it again" if judged.may_pass else "Make a new plan, and let it be judged"
        return f"Otherwise: {'; '.join(judged.differences[:_SAID])}{rest}. {remedy}"
    if judged.done:
        return f"{title} is done already: nothing is left to do"
    tally = _tally(held_to.plan)
    if check_mode and not report.stop:
        return f"{title} could be applied{', were it not for the brake' if report.brake else ''}: {tally}"
    unmade = _unmade(report)
    if unmade or report.stop:
        left = counted(unmade, "write was", "writes were")
        return f"{title} is as things are, and {left} not made, or not for certain: {tally}"
    return f"{title} was applied: {tally}"


def _facts(path: str, plan: Plan, age: timedelta = timedelta(0)) -> dict[str, Any]:
    return {
        "file": path,
        "digest": plan["hashes"]["plan"],
        "created": plan["created"],
        "age_hours": round(age.total_seconds() / 3600, 1),
        "applied": False,
        "done": False,
        "differences": [],
    }


def _tally(plan: Plan) -> str:
    actions = [row["action"] for row in plan["rows"]]
    return f"{counted_noun(actions.count('grant'), 'grant')}, {counted_noun(actions.count('revoke'), 'revocation')}"


def _saying(result: dict[str, Any], sentence: str) -> dict[str, Any]:
    """The result that says so, too, last of all."""
    return _with_message(result, f"{result['msg']}. {sentence}")


def _failed(result: dict[str, Any], why: str) -> dict[str, Any]:
    told = _with_message(result, f"{why}. {result['msg']}")
    failed = {**told, "verdict": {**told["verdict"], "failed": True}}
    return {**failed, **in_words_of(Failure(FailureClass.REPORT))}


def _with_message(result: dict[str, Any], message: str) -> dict[str, Any]:
    return {**result, "msg": message, "verdict": {**result["verdict"], "msg": message}}
