# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a run, held against the books: each row, what it claims in all, and how the run says that it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ...plugins.plugin_utils._access.model import Outcome
from ...plugins.plugin_utils._tenant.recipients import Recipient
from .evidence import Evidence
from .scenario import Wished
from .truth import Wishes, holds, is_as_wished, is_denied

#: What the failure of a whole run may have come from. Not among them: internal, input, journal.
_CAUSES = {
    "sign_in": ("sign_in",),
    "exchange": ("",),
    "session_lost": ("session_lost", "token_expired", "silent", "winrm"),
    "powershell": ("winrm",),
    "host_unreachable": ("winrm",),
    "host_login": ("winrm",),
    "host_shell": ("winrm",),
}
#: A run that fails shows no other rows than these, and no more than a person reads (_ansible/result.py).
_DONE, FAILED_ROWS = ("compliant", "granted", "revoked"), 50
_UNDONE = ("missing", "unwanted", "unknown", "refused")


def check_rows(evidence: Evidence) -> Iterator[str]:
    """What is not true of the result."""
    if evidence.result is None:
        return
    if evidence.result.get("grants") is None:
        yield from _check_failure(evidence)
        return
    wishes = Wishes(evidence.scenario)
    rows = _by_wish(evidence, wishes)
    whole = "grants_omitted" not in evidence.result
    for wish in evidence.scenario.wishes:
        found = rows.get(wish, [])
        if len(found) > 1 or (whole and not found):
            yield f"{len(found)} rows for {wish}"
        for row in found:
            yield from (f"{fault}: {_short(row)}" for fault in _faults_of(evidence, wishes, wish, row))
    strangers = len(evidence.rows) - sum(map(len, rows.values()))
    if strangers:
        yield f"{strangers} rows that nobody wished for"
    yield from _check_sum(evidence, Counter(row["outcome"] for row in evidence.rows), whole)
    yield from _check_failure(evidence)
    yield from _check_changed(evidence)


def _by_wish(evidence: Evidence, wishes: Wishes) -> dict[Wished, list[Mapping[str, Any]]]:
    by_name = {(w.mailbox.lower(), w.account, w.right): w for w in evidence.scenario.wishes}
    rows: dict[Wished, list[Mapping[str, Any]]] = {}
    for row in evidence.rows:
        wish = by_name.get((row["mailbox"].lower(), wishes.account(row["account"]), row["right"]))
        if wish is not None and (row["state"] == "present") == wish.present:
            rows.setdefault(wish, []).append(row)
    return rows


def _faults_of(evidence: Evidence, wishes: Wishes, wish: Wished, row: Mapping[str, Any]) -> Iterator[str]:
    """What is not true of a row."""
    mailbox, account, outcome = evidence.scenario.find(wish.mailbox), wishes.accounts[wish.account], row["outcome"]
    if mailbox is None:
        if outcome not in ("unknown", "compliant" if not wish.present else "not_found"):
            yield "there is no such mailbox"
        return
    if outcome in ("not_found", "ambiguous"):
        yield "there is such a mailbox, and only one"
        return
    if outcome == "unsupported":
        if not wish.present or mailbox.guid != account.guid:
            yield "it is a mailbox, and not the account's own"
        return
    old, new = (evidence.books(mailbox.guid, late) for late in (False, True))
    written = [each for each in evidence.writes if _is_about(each, mailbox, wish, wishes)]
    was, is_now = is_as_wished(old, account, wish), is_as_wished(new, account, wish)
    changed = any(each.carried_out and each.carried_out.changed for each in written)
    accepted = any(each.answer is not None and each.answer.error is None for each in written)
    claims = {
        "compliant": (is_now and not changed, "it is not so, or was brought about"),
        "granted": (is_now and not was and wish.present and changed, "it is not held, or was, or is nobody's doing"),
        "revoked": (
            is_now and not was and not wish.present and changed,
            "it is held, or was not, or is nobody's doing",
        ),
        "missing": (wish.present and not is_now and not written, "it is there, or was written"),
        "unwanted": (not wish.present and not is_now and not written, "it is not there, or was written"),
        "denied": (wish.present and is_denied(new, account, wish.right), "nothing denies it"),
        "refused": (not is_now and bool(written) and not accepted, "it is as wished, or was accepted, or never asked"),
        "pending": (accepted and (is_now or _was_pretended(written)), "no write was accepted, or nobody pretended"),
        "unknown": (True, ""),
    }
    if outcome not in claims:
        yield "no outcome for such a wish"
    elif not claims[outcome][0]:
        yield claims[outcome][1]
    if outcome not in ("unknown",) and row["before"] != _word(old, account, wish.right) and row["before"] != "unknown":
        yield f"before it was {_word(old, account, wish.right)}"


def _word(access: Any, account: Recipient, right: str) -> str:
    if is_denied(access, account, right):
        return "denied"
    return "held" if holds(access, account, right) else "not held"


def _is_about(heard: Any, mailbox: Recipient, wish: Wished, wishes: Wishes) -> bool:
    cmdlet, guid, whom, _detail = heard.key
    rights = {"RecipientPermission": "send_as", "MailboxPermission": "full_access", "Set-Mailbox": "send_on_behalf"}
    right = next(name for part, name in rights.items() if part in cmdlet)
    return guid == mailbox.guid and right == wish.right and wishes.account(whom) == wish.account


def _was_pretended(written: list[Any]) -> bool:
    return any(each.answer is not None and each.answer.error is None and each.carried_out is None for each in written)


def _check_sum(evidence: Evidence, counted: Counter[str], whole: bool) -> Iterator[str]:
    summary = dict((evidence.result or {})["summary"])
    total = summary.pop("total")
    if total != len(evidence.scenario.wishes) or sum(summary.values()) != total:
        yield f"the summary counts {total} rows for {len(evidence.scenario.wishes)} wishes: {summary}"
    expected = Counter({name: count for name, count in summary.items() if count and (whole or name not in _DONE)})
    if not whole and expected.total() > FAILED_ROWS:
        expected = counted if counted.total() == FAILED_ROWS else expected
    if counted != expected:
        yield f"the summary {summary} is not that of the rows {dict(counted)}"


def _check_failure(evidence: Evidence) -> Iterator[str]:
    """The class, the verdict and the exit status of a run that was not killed."""
    result = evidence.result or {}
    kind, scenario = result.get("failure_class"), evidence.scenario
    summary = dict(result.get("summary") or {})
    failing = [
        name for name, count in summary.items() if name != "total" and count and _fails(name, scenario.check_mode)
    ]
    struck = evidence.struck
    if kind in _CAUSES:
        if not any(one.startswith(cause) for one in struck for cause in _CAUSES[kind]):
            yield f"failure class {kind} without a cause: {result.get('msg')}"
    elif kind == "max_runtime":
        if "max_runtime" not in scenario.options:
            yield "out of time without a limit"
    elif kind not in ("mailboxes", "") or (kind == "mailboxes") != bool(failing):
        yield f"failure class {kind!r} with {failing}: {result.get('msg')}"
    failed = bool(failing) or kind not in ("", "mailboxes")
    if "verdict" in result and result["verdict"]["failed"] != failed:
        yield f"verdict {result['verdict']} with {failing}, failure class {kind!r}"
    reports = scenario.options["on_failure"] == "report" and "verdict" in result
    if not evidence.killed and evidence.status != (2 if failed and not reports else 0):
        yield f"exit status {evidence.status} with {failing}, failure class {kind!r}"
    if evidence.is_within_budget and not evidence.killed:
        yield from _check_good_end(evidence, str(kind), summary)


def _check_good_end(evidence: Evidence, kind: str, summary: Mapping[str, int]) -> Iterator[str]:
    """Whatever passed was got over."""
    undone = {name: summary.get(name, 0) for name in _UNDONE}
    if evidence.scenario.check_mode or "max_grants" in evidence.scenario.options:
        undone.pop("missing"), undone.pop("unwanted")
    if any(wish.after for wish in evidence.scenario.wishes):
        undone.pop("unwanted", None)
    if kind not in ("", "mailboxes") or any(undone.values()):
        left = {name: count for name, count in undone.items() if count}
        yield f"all that struck passes, yet {left}, failure class {kind!r}: {(evidence.result or {}).get('msg')}"


def _fails(outcome: str, check_mode: bool) -> bool:
    return Outcome(outcome).fails(check_mode)


def _check_changed(evidence: Evidence) -> Iterator[str]:
    """Whether something was changed, as the run says it and as the books do."""
    changed, result = evidence.before != evidence.after, evidence.result or {}
    if evidence.scenario.check_mode:
        return
    if changed and not result["changed"]:
        yield "changed is false, and the books are others than before"
    in_doubt = {"pending", "unknown", "denied", "refused"} & set(result["summary"])
    doubtful = any(result["summary"][name] for name in in_doubt)
    if result["changed"] and not changed and not doubtful:
        yield "changed is true, and the books are as before"


def _short(row: Mapping[str, Any]) -> str:
    return ", ".join(str(row[name]) for name in ("mailbox", "account", "right", "before", "outcome", "cause", "notes"))
