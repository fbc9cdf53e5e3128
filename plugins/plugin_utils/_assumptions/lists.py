# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is assumed of access lists: their rows, and what these say of mailboxes and accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .._exchange.identities import Recipient, is_sid, is_true, list_of, text_of
from .._exchange.rights import AccessEntry, mailbox_entry, recipient_entry
from .._exchange.session import Answer, Row
from .._wording import counted_noun
from .evidence import Evidence
from .finding import Verdict, also, counted, errors_of, judged, refusal, untold
from .probes import Probe

_RIGHTS = frozenset(
    {"changeowner", "changepermission", "deleteitem", "externalaccount", "fullaccess", "readpermission", "sendas"}
)
_INHERITANCE = frozenset({"none", "all", "children", "descendents", "selfandchildren"})
#: "Practically always" (exchange facts Q9), as a share.
_RARE = 0.05

#: The list of each mailbox that could be read.
Lists = list[tuple[Recipient, tuple[Row, ...]]]


def _of(evidence: Evidence, judge: Callable[[Lists], Verdict], *kinds: Mapping[str, Answer]) -> Verdict:
    """The verdict on the lists that could be read, with the errors of the others; untold where there are none."""
    errors = errors_of(answer for answers in kinds for answer in answers.values())
    read = [(one, answers[one.guid]) for answers in kinds for one in evidence.mailboxes]
    lists = [(one, answer.rows) for one, answer in read if answer.error is None]
    if not lists:
        return untold(f"errors: {errors}" if errors else "no mailbox was sampled")
    return also(judge(lists), f"; errors: {errors}" if errors else "")


def _rows(lists: Lists) -> list[Row]:
    return [row for _mailbox, rows in lists for row in rows]


def names_in_identity(evidence: Evidence) -> Verdict:
    """Exchange facts Q7, 1.4: other names are told apart, and rows of another mailbox."""

    def judge(lists: Lists) -> Verdict:
        called = [(mailbox, text_of(row.get("Identity"))) for mailbox, rows in lists for row in rows]
        by_name = sum(text.lower() == mailbox.name.lower() for mailbox, text in called)
        known = sum(mailbox.is_called(text) for mailbox, text in called)
        other = f"{known - by_name} by another of its names, {len(called) - known} by none"
        verdict = counted(by_name, len(called), "rows by Name")
        return also(verdict, f", {other}")

    return _of(evidence, judge, evidence.full_access, evidence.send_as)


def self_in_full_access(evidence: Evidence) -> Verdict:
    return _of(evidence, lambda lists: _self(lists, mailbox_entry), evidence.full_access)


def self_in_send_as(evidence: Evidence) -> Verdict:
    return _of(evidence, lambda lists: _self(lists, recipient_entry), evidence.send_as)


def _self(lists: Lists, entry: Callable[[Row], AccessEntry]) -> Verdict:
    """Exchange facts Q2."""
    own = [sum(entry(row).is_self for row in rows) for _mailbox, rows in lists]
    verdict = counted(sum(number > 0 for number in own), len(own), "lists")
    return also(verdict, f", {sum(number > 1 for number in own)} with more than one row")


def rights(evidence: Evidence) -> Verdict:
    """Exchange facts Q1, 2."""

    def judge(lists: Lists) -> Verdict:
        elements = [element for row in _rows(lists) for element in list_of(row.get("AccessRights"))]
        words = [word.strip().lower() for element in elements for word in element.split(",")]
        verdict = counted(sum(word in _RIGHTS for word in words), len(words), "words known")
        joined = sum("," in element for element in elements)
        return also(verdict, f", {joined} of {counted_noun(len(elements), 'element')} comma-joined")

    return _of(evidence, judge, evidence.full_access, evidence.send_as)


def booleans(evidence: Evidence) -> Verdict:
    """Exchange facts 3, Q9: whatever is neither is no answer."""

    def judge(lists: Lists) -> Verdict:
        values = [row[name] for row in _rows(lists) for name in ("Deny", "IsInherited") if name in row]
        texts = [value for value in values if isinstance(value, str)]
        good = sum(isinstance(value, bool) for value in values)
        readable = sum(text.strip().lower() in ("true", "false") for text in texts)
        text = f"{counted_noun(good, 'boolean')} and {counted_noun(readable, 'text')}"
        return judged(good + readable == len(values), f"{text} of {counted_noun(len(values), 'value')}")

    return _of(evidence, judge, evidence.full_access, evidence.send_as)


def inheritance_types(evidence: Evidence) -> Verdict:
    def judge(lists: Lists) -> Verdict:
        kinds = [text_of(row.get("InheritanceType")).lower() for row in _rows(lists)]
        return counted(sum(kind in _INHERITANCE for kind in kinds), len(kinds), "rows")

    return _of(evidence, judge, evidence.full_access)


def allow_or_deny(evidence: Evidence) -> Verdict:
    def judge(lists: Lists) -> Verdict:
        kinds = [text_of(row.get("AccessControlType")).strip().lower() for row in _rows(lists)]
        return counted(sum(kind in ("allow", "deny") for kind in kinds), len(kinds), "rows")

    return _of(evidence, judge, evidence.send_as)


def rarely_denied_or_inherited(evidence: Evidence) -> Verdict:
    """Exchange facts Q9."""

    def judge(lists: Lists) -> Verdict:
        rows = _rows(lists)
        denied = sum(
            is_true(row.get("Deny")) or text_of(row.get("AccessControlType")).lower() == "deny" for row in rows
        )
        inherited = sum(is_true(row.get("IsInherited")) for row in rows)
        rare = denied + inherited <= _RARE * len(rows)
        return judged(rare, f"{denied} denied and {inherited} inherited of {counted_noun(len(rows), 'row')}")

    return _of(evidence, judge, evidence.full_access, evidence.send_as)


def sids(evidence: Evidence) -> Verdict:
    """Exchange facts 1.6."""

    def judge(lists: Lists) -> Verdict:
        shown = [text_of(row.get("UserSid")) or text_of(row.get("TrusteeSidString")) for row in _rows(lists)]
        return counted(sum(map(is_sid, shown)), len(shown), "rows with a SID")

    return _of(evidence, judge, evidence.full_access, evidence.send_as)


def deleted_accounts(evidence: Evidence) -> Verdict:
    """Exchange facts Q5."""

    def judge(lists: Lists) -> Verdict:
        usual = {one.guid: _trustees(evidence.full_access[one.guid]) for one, _rows in lists}
        more = {one.guid: _trustees(evidence.with_deleted[one.guid]) for one, _rows in lists}
        whole = sum(usual[guid] <= more[guid] for guid in usual)
        verdict = counted(whole, len(usual), "lists hold all that they hold without the switches")
        orphans = [sum(is_sid(name) for one in each.values() for name in one) for each in (usual, more)]
        return also(verdict, f"; bare SIDs: {orphans[0]} without, {orphans[1]} with")

    return _of(evidence, judge, evidence.with_deleted)


def _trustees(answer: Answer) -> set[str]:
    return {text_of(row.get("User")).lower() for row in answer.rows}


def by_trustee_sid(evidence: Evidence) -> Verdict:
    """Exchange facts 1.1: what is seen on a mailbox is seen in the one read of its trustee, and nobody else's."""
    seen = [
        recipient_entry(row)
        for answer in evidence.send_as.values()
        for row in answer.rows
        if recipient_entry(row).sid in evidence.send_as_of
    ]
    errors = errors_of(evidence.send_as_of.values())
    if errors or not seen:
        return untold(f"errors: {errors}" if errors else "no account sends as a sampled mailbox")
    found = {sid: [recipient_entry(row) for row in answer.rows] for sid, answer in evidence.send_as_of.items()}
    strange = sum(entry.sid != sid for sid, entries in found.items() for entry in entries)
    again = sum(any(one.mailbox == entry.mailbox for one in found[entry.sid]) for entry in seen)
    verdict = counted(again, len(seen), f"rows of {counted_noun(len(found), 'account')} seen again")
    return judged(
        not strange and again == len(seen), f"{verdict.explanation}, {counted_noun(strange, 'row')} of others"
    )


def by_sid_of_nobody(evidence: Evidence) -> Verdict:
    """Exchange facts 1.1: a deleted account is looked for so."""
    answer = evidence.probes[Probe.NOBODY_SID]
    return (
        judged(not answer.rows, counted_noun(len(answer.rows), "row"))
        if answer.error is None
        else refusal(answer.error)
    )


def everywhere(evidence: Evidence) -> Verdict:
    """Exchange facts 1.3."""
    answer = evidence.probes[Probe.EVERYWHERE]
    if answer.error is not None:
        return refusal(answer.error)
    entries = [recipient_entry(row) for row in answer.rows]
    own, recipients = sum(entry.is_self for entry in entries), len({entry.mailbox for entry in entries})
    text = f"{counted_noun(len(entries), 'row')} of {counted_noun(recipients, 'recipient')}, {own} of SELF"
    return judged(own > 0 and recipients > 1, text)
