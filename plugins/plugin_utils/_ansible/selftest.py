# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``exchange_selftest_info``: what a tenant says of each assumption, in a form that can be shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._access.desired import InputError
from .._access.meter import MeteredSession
from .._assumptions.catalogue import examine
from .._assumptions.evidence import gather, wanted_cmdlets
from .._assumptions.finding import Finding, Result, counts, report
from .._exchange.failures import Failure, FailureClass
from .._exchange.session import SessionInfo
from .action import ExchangeAction, in_words_of
from .arguments import SELFTEST_INFO_ARGUMENTS
from .expiry import expiry_warnings
from .sessions import opened
from .sign_in import choose_sign_in

#: One page of a listing, which is all that a sample may take.
_LARGEST = 1000
_TELLS_NOTHING = "a snapshot says what it held, not how Exchange behaves: sign in to it for that"


class SelftestInfoAction(ExchangeAction):
    """Reads a sample, judges, and tells nothing by which anybody could be known."""

    ARGUMENTS = SELFTEST_INFO_ARGUMENTS

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        sample = options["sample"]
        if not 1 <= sample <= _LARGEST:
            raise InputError([f"sample: {sample} is not between 1 and {_LARGEST}"])
        if self.source and self.source.snapshot:
            raise InputError([f"{self.source.path} was taken of an organisation, and {_TELLS_NOTHING}"])
        sign_in = choose_sign_in(options, self.environment())
        watch = self.watch()
        with opened(self._connection, options, sign_in, {}, True, watch, optional=wanted_cmdlets()) as far:
            metered = MeteredSession(far.session, watch)
            metered.enter("read")
            evidence = gather(metered, sample, far.seconds)
            metered.enter("")
        result = result_of(examine(evidence), far.figures(metered.statistics), options["fail_on"])
        warnings = expiry_warnings(anonymous(far.session.info))
        return {**result, "warnings": warnings} if warnings else result


def anonymous(info: SessionInfo) -> SessionInfo:
    """Without the thumbprint of the certificate, which a warning about it would show."""
    certificate = info.connection.get("certificate")
    if not isinstance(certificate, Mapping):
        return info
    return replace(info, connection={**info.connection, "certificate": {**certificate, "thumbprint": "in use"}})


def result_of(findings: Sequence[Finding], statistics: Mapping[str, Any], fail_on: str) -> dict[str, Any]:
    """The result of the task: facts, sentences of this collection, and numbers."""
    summary = counts(findings)
    broken = [one.fact for one in findings if one.verdict.result is Result.FAILED]
    text = f"{summary['total']} assumptions: {summary['held']} held, {summary['failed']} failed, "
    text += f"{summary['could_not_tell']} could not be told"
    result: dict[str, Any] = {
        "changed": False,
        "msg": f"{text}. Failed: {', '.join(broken)}" if broken else text,
        "assumptions": [
            {
                "fact": one.fact,
                "says": one.says,
                "result": one.verdict.result.value,
                "explanation": one.verdict.explanation,
            }
            for one in findings
        ],
        "summary": summary,
        "report": report(findings),
        "statistics": dict(statistics),
    }
    if not broken or fail_on != "failed":
        return result
    return {**result, "failed": True, **in_words_of(Failure(FailureClass.EXCHANGE))}
