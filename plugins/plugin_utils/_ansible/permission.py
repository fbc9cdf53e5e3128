# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``mailbox_permission``: mailboxes, trustees and rights, each with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._access.apply import WriteSettings
from .._access.desired import InputError
from .._access.engine import Options, Scope, ensure
from .._access.model import State, Wish
from .._exchange.accounts import account_fault
from .._exchange.identities import is_sid
from .._exchange.needs import needed_cmdlets
from .._exchange.rights import Right
from .action import ExchangeAction
from .arguments import PERMISSION_ARGUMENTS
from .journals import journal_of
from .policy import policies_of
from .result import result_of, settled
from .scope import brakes_of, is_serial
from .sessions import opened
from .sign_in import choose_sign_in
from .slices import slice_faults, sliced_template


class PermissionAction(ExchangeAction):
    """Ensures that trustees hold, or do not hold, rights on mailboxes."""

    ARGUMENTS = PERMISSION_ARGUMENTS

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        check_mode = self._task.check_mode
        if faults := slice_faults(options, sliced_template(task_vars)):
            raise InputError(faults)
        scope = scope_of(options)
        policies = policies_of(self.arguments(), options, is_serial(task_vars))
        settings = Options(
            check_mode,
            WriteSettings(options["auto_mapping"], options["inheritance"], float(options["verify"])),
            policies.brakes(brakes_of(options, is_serial(task_vars))),
            any_recipient=True,
            gates=(policies.gate,),
        )
        sign_in = choose_sign_in(options, self.environment())
        watch = self.watch()
        with (
            journal_of(options, sign_in, "mailbox_permission", check_mode) as journal,
            opened(self._connection, options, sign_in, needed_by(scope, check_mode), check_mode, watch) as far,
        ):
            report, statistics = ensure(far.session, scope, settings, watch, journal)
        report = far.in_full(replace(report, warnings=(*watch.warnings, *report.warnings)))
        result = result_of(report, check_mode, bool(self._task.diff), far.figures(statistics))
        return policies.told(settled(result, options["on_failure"]))


def scope_of(options: Mapping[str, Any]) -> Scope:
    """Each trustee, right and mailbox with each. Raises InputError that names every option which cannot be meant."""
    named = {name: _distinct(options[name]) for name in ("mailboxes", "trustees", "rights")}
    faults = [f"{name} is empty: name at least one" for name, values in named.items() if not values]
    faults += [f"trustees: {one!r}: {fault}" for one in named["trustees"] if (fault := account_fault(one))]
    if options["exclusive"] and options["state"] == State.ABSENT.value:
        faults.append("exclusive goes with state present only: it says who alone is to hold the rights")
    elif options["exclusive"] and options["max_revocations"] is None:
        faults.append("exclusive needs max_revocations: the most entries of others that it may revoke")
    if faults:
        raise InputError(faults)
    wishes = tuple(
        Wish(mailbox, mailbox, trustee, Right(right), State(options["state"]))
        for mailbox in named["mailboxes"]
        for trustee in named["trustees"]
        for right in named["rights"]
    )
    return Scope(wishes, exclusive=options["exclusive"])


def _distinct(values: list[str]) -> list[str]:
    """Without repetition, whatever the letter case; the first way of writing stays."""
    kept: dict[str, str] = {}
    for value in filter(None, map(str.strip, values)):
        kept.setdefault(value.lower(), value)
    return list(kept.values())


def needed_by(scope: Scope, read_only: bool) -> dict[str, list[str]]:
    """Cmdlet → parameters that the run will use."""
    granted = {wish.right for wish in scope.wishes if wish.state is State.PRESENT}
    revoked = {wish.right for wish in scope.wishes if wish.state is State.ABSENT or scope.exclusive}
    deleted = any(is_sid(wish.account) for wish in scope.wishes)
    return needed_cmdlets(granted, revoked, read_only, unresolved=scope.exclusive or deleted)
