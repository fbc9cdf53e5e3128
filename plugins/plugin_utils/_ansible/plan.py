# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a task: written in check mode, or held to by a later run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._access.desired import InputError
from .._access.model import Report
from .._exchange.failures import Failure, FailureClass
from .._plan.build import Circumstances, build
from .._plan.document import Plan
from .._plan.file import clear, save
from .._plan.hashes import SHORT
from .._wording import counted_noun
from .action import in_words_of
from .run import application_of
from .sign_in import SignIn


@dataclass(frozen=True)
class PlanOptions:
    """What a task asks for: ``file`` to write its plan to, or empty."""

    file: str

    @classmethod
    def of(cls, options: Mapping[str, Any], check_mode: bool, is_serial: bool) -> PlanOptions:
        """Takes away the plan that is to be replaced, before anything can fail. Raises InputError."""
        file = options["plan_file"] or ""
        if file and is_serial:
            raise InputError(
                ["plan_file is of a whole play, and each batch of a serial one is a run: take serial away"]
            )
        if file and not check_mode:
            raise InputError(["plan_file is for check mode, where nothing is written: add --check, or take it away"])
        if file:
            clear(file)
        return cls(file)

    def of_run(self, sign_in: SignIn, options: Mapping[str, Any], began: str) -> Planning:
        """For a run that began then: what it sees is no older."""
        circumstances = Circumstances(
            created=began,
            organization=sign_in.organization,
            application=application_of(sign_in),
            rehearsal=sign_in.way == "snapshot",
            settings={"auto_mapping": options["auto_mapping"]},
        )
        return Planning(self, circumstances)


@dataclass(frozen=True)
class Planning:
    """The plan of a run, from its beginning to its result."""

    asked: PlanOptions
    circumstances: Circumstances

    def told(self, result: dict[str, Any], report: Report) -> dict[str, Any]:
        """The result of a run, once its plan is in the file, if one was asked for. A fault of writing fails it.

        A run that stopped before its end, or was refused, leaves no plan.
        """
        path = self.asked.file
        if not path:
            return result
        if report.decided is None or report.stop:
            return _saying(result, f"No plan was written to {path}, for the run stopped")
        plan = build(report.decided, self.circumstances, report.coverage)
        try:
            save(path, plan)
        except OSError as error:
            return _failed(result, f"the plan {path} could not be written: {error.strerror or error}")
        told = _saying(result, f"Plan {path} (digest {_short(plan)}): {_tally(plan)}")
        return {**told, "plan": _facts(path, plan)}


def _facts(path: str, plan: Plan, age_hours: float = 0.0) -> dict[str, Any]:
    return {
        "file": path,
        "digest": plan["hashes"]["plan"],
        "created": plan["created"],
        "age_hours": age_hours,
        "applied": False,
        "differences": [],
    }


def _short(plan: Plan) -> str:
    return plan["hashes"]["plan"][:SHORT]


def _tally(plan: Plan) -> str:
    actions = [row["action"] for row in plan["rows"]]
    grants, revocations = actions.count("grant"), actions.count("revoke")
    return f"{counted_noun(grants, 'grant')} and {counted_noun(revocations, 'revocation')} to be made"


def _saying(result: dict[str, Any], sentence: str) -> dict[str, Any]:
    """The result that says so, too, last of all."""
    return _with_message(result, f"{result['msg']}. {sentence}")


def _failed(result: dict[str, Any], why: str) -> dict[str, Any]:
    told = _with_message(result, f"{why}. {result['msg']}")
    failed = {**told, "verdict": {**told["verdict"], "failed": True}}
    return {**failed, **in_words_of(Failure(FailureClass.REPORT))}


def _with_message(result: dict[str, Any], message: str) -> dict[str, Any]:
    return {**result, "msg": message, "verdict": {**result["verdict"], "msg": message}}
