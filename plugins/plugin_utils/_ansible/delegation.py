# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``mailbox_delegation``: from options and inventory to a run of the heart, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from .._access import engine
from .._access.apply import WriteSettings
from .._access.desired import InputError, MailboxItem, ending_soon
from .._access.model import Profile, Report, State
from .._exchange.identities import is_sid
from .._exchange.needs import needed_cmdlets
from .._exchange.rights import Right
from .arguments import DELEGATION_ARGUMENTS
from .hosts import HostVariables, profiles_of
from .journals import journal_of
from .plan import PlanOptions, in_short
from .play import PlayAction
from .policy import policies_of
from .previous import not_reached_by
from .result import result_of, settled
from .run import moment, run_of
from .scope import Play, brakes_of, is_serial, scope_of
from .sessions import opened
from .sign_in import SignIn, choose_sign_in
from .variables import NOT_READ, asked


class DelegationAction(PlayAction):
    """Ensures that service accounts hold, or do not hold, their rights on the play's hosts."""

    ARGUMENTS = DELEGATION_ARGUMENTS
    #: What the task asks for.
    plans = PlanOptions()

    def prepared(self, options: dict[str, Any]) -> dict[str, Any]:
        """Before a snapshot is read: an old plan goes, whatever fails after it."""
        self.plans = PlanOptions.of(options, self._task.check_mode)
        return super().prepared(options)

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        began = moment()
        self.plans.check_play(is_serial(task_vars))
        sign_in = choose_sign_in(options, self.environment())
        profiles = profiles_of(options["profiles"])
        now = datetime.now(timezone.utc)
        planning = self.plans.of_run(sign_in, options, began, now)
        hostvars = HostVariables(task_vars["hostvars"], profiles)
        items = self.items(options, task_vars, hostvars, profiles, sign_in.organization, now)
        scope = scope_of(options, profiles, items, Play.of(task_vars, hostvars), sign_in.organization, now)
        scope = replace(scope, first=not_reached_by(options["previous"]))
        if not items and not scope.retired and not options["allow_empty"]:
            raise InputError(["there is no mailbox to work on: check hosts, --limit and mailboxes, or set allow_empty"])
        policies = policies_of(self.arguments(), options, is_serial(task_vars))
        settings = engine.Options(
            self._task.check_mode,
            WriteSettings(auto_mapping=options["auto_mapping"], verify=float(options["verify"])),
            policies.brakes(brakes_of(options, is_serial(task_vars))),
            gates=(policies.gate, *planning.gates),
        )
        report, statistics = self._run(scope, options, settings, sign_in)
        result = result_of(report, self._task.check_mode, bool(self._task.diff), statistics)
        result = planning.told(result, report, self._task.check_mode)
        result["run"] = run_of(sign_in, self._task.check_mode, began)
        warnings = [
            *_warnings(profiles, items),
            *_misspelt(hostvars, task_vars),
            *ending_soon(items, now),
            *result.pop("warnings", []),
        ]
        if warnings:
            result["warnings"] = warnings
        return policies.told(in_short(settled(result, options["on_failure"])))

    def _run(
        self, scope: engine.Scope, options: Mapping[str, Any], settings: engine.Options, sign_in: SignIn
    ) -> tuple[Report, dict[str, Any]]:
        cmdlets = _needed(scope, settings.check_mode)
        watch = self.watch()
        with (
            journal_of(options, sign_in, "mailbox_delegation", settings.check_mode) as journal,
            opened(self._connection, options, sign_in, cmdlets, settings.check_mode, watch) as far,
        ):
            report, statistics = engine.ensure(far.session, scope, settings, watch, journal)
        report = far.in_full(replace(report, warnings=(*watch.warnings, *report.warnings)))
        return report, far.figures(statistics)


def _needed(scope: engine.Scope, read_only: bool) -> dict[str, list[str]]:
    rights: dict[State, set[Right]] = {State.PRESENT: set(), State.ABSENT: set()}
    for wish in scope.wishes:
        rights[wish.state].add(wish.right)
    read_too: set[Right] = set(Right) if scope.surplus or scope.retired else set()
    if scope.retired or (scope.surplus and scope.surplus.revoke):
        rights[State.ABSENT] |= read_too
    accounts = [wish.account for wish in scope.wishes] + list(scope.surplus.accounts if scope.surplus else ())
    by_sid = any(map(is_sid, [*accounts, *scope.retired]))
    return needed_cmdlets(rights[State.PRESENT], rights[State.ABSENT], read_only, read_too, unresolved=by_sid)


def _misspelt(hostvars: HostVariables, task_vars: Mapping[str, Any]) -> list[str]:
    """Of other hosts than the first; what the task itself sees is told by every task that signs in."""
    return [
        f"{name}, which {host} has, {NOT_READ}{asked(meant)}"
        for name, (meant, host) in hostvars.misspelt.items()
        if name not in task_vars
    ]


def _warnings(profiles: Mapping[str, Profile], items: Iterable[MailboxItem]) -> list[str]:
    used = {name for item in items if item.state is State.PRESENT for name in item.profiles}
    return [
        f"profile {name}: Full Access alone does not let {profiles[name].account} send, says Exchange's documentation; "
        "add send_as or send_on_behalf unless the program relies on KB 2708727's Delegate Access"
        for name in sorted(used)
        if profiles[name].rights == (Right.FULL_ACCESS,)
    ]
