# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``exchange_connection_info``: a preflight of the way to Exchange Online."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from .._access.desired import InputError
from .._exchange.accounts import account_fault
from .._exchange.examine import ENDPOINTS, Examination, examine, rehearsed
from .._exchange.preflight import Purpose, Row, Status, counts, failure_of, in_words, report, sentence
from .._exchange.rights import Right
from .action import ExchangeAction, in_words_of
from .arguments import CONNECTION_INFO_ARGUMENTS
from .channels import channel_of, kind_of
from .sessions import opened
from .sign_in import SignIn, choose_sign_in

_ENDPOINT = re.compile(r"[^\s/@]+:\d{1,5}")
#: ``fail_on`` → the statuses with which the task fails.
_FAILING = {
    "never": frozenset[Status](),
    "warn": frozenset({Status.WARN, Status.FAIL}),
    "fail": frozenset({Status.FAIL}),
}


class ConnectionInfoAction(ExchangeAction):
    """Looks at every point on which a run depends, and changes nothing."""

    ARGUMENTS = CONNECTION_INFO_ARGUMENTS

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        sign_in = choose_sign_in(options, self.environment())
        return result_of(self._rows(options, sign_in), options["fail_on"])

    def _rows(self, options: Mapping[str, Any], sign_in: SignIn) -> tuple[Row, ...]:
        accounts = _accounts(options["accounts"])
        if accounts and options["purpose"] == Purpose.HOST.value:
            raise InputError(["accounts: nobody signs in where purpose is host, so that none can be looked at"])
        if options["snapshot"]:
            with opened(self._connection, options, sign_in, {}, True, self.watch()) as far:
                return rehearsed(far.session, accounts)
        wanted = Examination(
            sign_in.request,
            sign_in.environment,
            _endpoints(options["endpoints"] or ENDPOINTS[sign_in.environment]),
            Purpose(options["purpose"] or ("audit" if self._task.check_mode else "enforce")),
            frozenset(map(Right, options["rights"])),
            accounts,
            datetime.now(timezone.utc).date(),
        )
        channel, program = channel_of(self._connection, options["executable"])
        return examine(channel, program, wanted, kind_of(self._connection) == "local")


def _accounts(asked: Sequence[str]) -> tuple[str, ...]:
    faults = [f"account {one!r}: {fault}" for one in asked if (fault := account_fault(one))]
    if faults:
        raise InputError(faults)
    return tuple(asked)


def _endpoints(asked: Sequence[str]) -> tuple[str, ...]:
    faults = [f"endpoint {one!r}: it must be name:port" for one in asked if not _ENDPOINT.fullmatch(one)]
    if faults:
        raise InputError(faults)
    return tuple(asked)


def result_of(rows: Sequence[Row], fail_on: str) -> dict[str, Any]:
    """The result of the task; what warns shows as a warning, too.

    A failed task is printed whole, so it has no more than what fails it.
    """
    result: dict[str, Any] = {"changed": False, "msg": sentence(rows), "summary": counts(rows)}
    warnings = [in_words(row) for row in rows if row.status is Status.WARN]
    if warnings:
        result["warnings"] = warnings
    failing = [row for row in rows if row.status in _FAILING[fail_on]]
    result.update(in_words_of(failure_of(failing)))
    if failing:
        return {**result, "failed": True, "points": _points(failing)}
    return {**result, "points": _points(rows), "report": report(rows)}


def _points(rows: Sequence[Row]) -> list[dict[str, str]]:
    return [
        {"point": row.point.value, "status": row.status.value, "found": row.found, "remedy": row.remedy} for row in rows
    ]
