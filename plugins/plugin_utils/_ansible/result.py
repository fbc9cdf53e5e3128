# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a report to what the task returns and says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._access.model import Finding, Outcome, Report, State
from .._access.sentences import in_words, tally
from .._exchange.failures import Failure, FailureClass
from .._wording import counted

#: A failed task is printed whole, so it carries no more than a person reads.
FAILED_ROWS = 50
_DONE = frozenset({Outcome.COMPLIANT, Outcome.GRANTED, Outcome.REVOKED})


def result_of(report: Report, check_mode: bool, with_diff: bool, statistics: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a task that ran to its end or stopped on the way; ``failed`` is left to ``settled``."""
    failing = [one for one in report.findings if one.outcome.fails(check_mode)]
    failure = report.stop.failure if report.stop else failure_of(failing)
    sentence = sentence_of(report, check_mode)
    result: dict[str, Any] = {
        "changed": any(one.changes(check_mode) for one in report.findings),
        "msg": sentence,
        "grants": [row_of(one) for one in report.findings],
        "attention": attention_of(report.findings),
        "summary": summary_of(report.findings),
        "coverage": dict(report.coverage),
        "statistics": dict(statistics),
        "verdict": {
            "failed": bool(failing or report.stop),
            "drift": any(one.outcome.is_drift for one in report.findings),
            "msg": sentence,
        },
        "failure_class": failure.kind.value,
        "retry_safe": failure.retry_safe,
    }
    if with_diff:
        result["diff"] = diff_of(report.findings, check_mode)
    warnings = [*report.warnings, *_pending(report.findings), *_surplus(report.findings)]
    if warnings:
        result["warnings"] = warnings
    return result


def failure_of(failing: Sequence[Finding]) -> Failure:
    """Of a run that came to its end. What could not be established may be, another time, unless it is not permitted."""
    kind = FailureClass.MAILBOXES if failing else FailureClass.NONE
    return Failure(kind, retry_safe=all(one.outcome is Outcome.UNKNOWN and one.may_pass for one in failing))


def settled(result: dict[str, Any], on_failure: str) -> dict[str, Any]:
    """A failing result as the task asked for it: failed and short, or whole and left to whoever asked for it."""
    if not result["verdict"]["failed"] or on_failure == "report":
        return result
    done = {one.value for one in _DONE}
    bad = [row for row in result["grants"] if row["outcome"] not in done]
    return {**result, "failed": True, "grants": bad[:FAILED_ROWS], "grants_omitted": max(0, len(bad) - FAILED_ROWS)}


def attention_of(findings: Iterable[Finding]) -> list[str]:
    """The first rows that are not as wanted, each in words."""
    bad = [one for one in findings if one.outcome not in _DONE]
    more = [f"and {len(bad) - FAILED_ROWS} more"] if len(bad) > FAILED_ROWS else []
    return [in_words(row_of(one)) for one in bad[:FAILED_ROWS]] + more


def row_of(finding: Finding) -> dict[str, Any]:
    return {
        "mailbox": finding.host,
        "address": finding.address,
        "account": finding.account,
        "right": finding.right.value,
        "state": finding.state.value,
        "before": finding.before,
        "outcome": finding.outcome.value,
        "cause": finding.cause,
        "next_step": finding.next_step,
        "notes": list(finding.notes),
        "until": finding.term.until,
        "reason": finding.term.reason,
    }


def summary_of(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each outcome there are; outcomes that did not happen are named, too."""
    counted = Counter(finding.outcome for finding in findings)
    return {"total": counted.total(), **{outcome.value: counted[outcome] for outcome in Outcome}}


def sentence_of(report: Report, check_mode: bool) -> str:
    """What a person needs to know, in one sentence."""
    text = tally((one.outcome.value for one in report.findings), (one.host for one in report.findings))
    if report.aborted:
        return f"{report.aborted}. {text}"
    failing = (one for one in report.findings if one.outcome.fails(check_mode))
    first = next(failing, None) or next((one for one in report.findings if one.outcome.is_drift), None)
    return text if first is None else f"{text}. First: {in_words(row_of(first))}"


def _pending(findings: Iterable[Finding]) -> list[str]:
    pending = [finding for finding in findings if finding.outcome is Outcome.PENDING]
    if not pending:
        return []
    many = counted(len(pending), "write was accepted and is", "writes were accepted and are")
    return [f"{many} not visible yet, the first on {pending[0].host}: run it again"]


def _surplus(findings: Iterable[Finding]) -> list[str]:
    surplus = [finding for finding in findings if finding.outcome is Outcome.SURPLUS]
    if not surplus:
        return []
    return [f"{counted(len(surplus), 'grant is', 'grants are')} surplus, the first: {in_words(row_of(surplus[0]))}"]


def diff_of(findings: Iterable[Finding], check_mode: bool) -> dict[str, str]:
    """One line for each grant that is held: before, and after (in check mode: as it would be after)."""
    before, after = [], []
    for finding in findings:
        line = f"{finding.address or finding.host}: {finding.account}: {finding.right.wording}\n"
        held = finding.before == "held" or finding.outcome in (Outcome.REVOKED, Outcome.UNWANTED)
        still_held = finding.state is State.PRESENT if finding.outcome.changes(check_mode) else held
        if held:
            before.append(line)
        if still_held:
            after.append(line)
    headers = {"before_header": "grants held", "after_header": "grants wanted"}
    return {**headers, "before": "".join(sorted(before)), "after": "".join(sorted(after))}
