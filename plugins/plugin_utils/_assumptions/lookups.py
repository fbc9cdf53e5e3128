# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is assumed of look-ups: filters, identities, the properties that come back, and the accounts behind SIDs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from .._exchange.errors import says_truncated
from .._exchange.identities import Problem, ProblemKind, Recipient, is_guid, is_sid, list_of, recipient_of, text_of
from .._exchange.session import Answer, Row
from .._wording import counted_noun
from .evidence import Evidence
from .finding import Verdict, also, counted, errors_of, held, judged, refusal, untold
from .probes import MINIMUM, Probe, beyond_ascii, plainly_addressed


def _accepted(evidence: Evidence, probe: Probe, judge: Callable[[Answer], Verdict]) -> Verdict:
    """The verdict on what came back; where the call was refused, so is the assumption."""
    answer = evidence.probes.get(probe)
    if answer is None:
        return untold("nothing to look for in the sampled mailboxes")
    return judge(answer) if answer.error is None else refusal(answer.error)


def _found(wanted: Iterable[Recipient], answer: Answer) -> Verdict:
    guids = {text_of(row.get("Guid")).lower() for row in answer.rows}
    asked = {one.guid for one in wanted}
    verdict = counted(len(asked & guids), len(asked), "mailboxes found")
    return also(verdict, f", {counted_noun(len(guids - asked), 'other')}")


def by_address(evidence: Evidence) -> Verdict:
    def judge(answer: Answer) -> Verdict:
        plain = plainly_addressed(evidence.mailboxes)
        owners = [recipient_of(row) for row in answer.rows]
        exact = sum(
            [one.guid for one in owners if mailbox.address.lower() in one.addresses] == [mailbox.guid]
            for mailbox in plain
        )
        return counted(exact, len(plain), "addresses lead to their mailbox and to nothing else")

    return _accepted(evidence, Probe.ADDRESSES, judge)


def by_object_id(evidence: Evidence) -> Verdict:
    plain = [one for one in plainly_addressed(evidence.mailboxes) if one.object_id]
    return _accepted(evidence, Probe.IDS, lambda answer: _found(plain, answer))


def by_name_beyond_ascii(evidence: Evidence) -> Verdict:
    return _accepted(evidence, Probe.NAMES, lambda answer: _found(beyond_ascii(evidence.mailboxes), answer))


def filter_of_20(evidence: Evidence) -> Verdict:
    return _accepted(evidence, Probe.LENGTH_20, _rows_and_time)


def filter_of_50(evidence: Evidence) -> Verdict:
    return _accepted(evidence, Probe.LENGTH_50, _rows_and_time)


def apostrophe(evidence: Evidence) -> Verdict:
    return _accepted(evidence, Probe.APOSTROPHE, _rows_and_time)


def apostrophe_classic(evidence: Evidence) -> Verdict:
    return _accepted(evidence, Probe.APOSTROPHE_CLASSIC, _rows_and_time)


def _rows_and_time(answer: Answer) -> Verdict:
    return held(f"accepted, {counted_noun(len(answer.rows), 'row')}, {answer.milliseconds} ms")


def delegators(evidence: Evidence) -> Verdict:
    """Exchange facts 3.3: whoever names a delegate is found by the delegate's distinguished name."""
    answered = evidence.delegators
    errors = [answer.error for answer in answered.values() if answer.error]
    if errors:
        return refusal(errors[0])
    named = {value: _namers(evidence, value) for value in answered}
    if not named:
        return _accepted(evidence, Probe.OWN_NAME, lambda answer: untold("accepted; no sampled mailbox has a delegate"))
    found = {value: {text_of(row.get("Guid")).lower() for row in answer.rows} for value, answer in answered.items()}
    good = sum(guids <= found[value] for value, guids in named.items())
    return counted(good, len(named), "delegates lead to all sampled mailboxes that name them")


def _namers(evidence: Evidence, value: str) -> set[str]:
    return {
        guid
        for guid, answer in evidence.delegate_lists.items()
        for row in answer.rows
        if value in (one.strip().lower() for one in list_of(row.get("GrantSendOnBehalfTo")))
    }


def delegate_values(evidence: Evidence) -> Verdict:
    """Exchange facts Q8. A Name that several bear is one all the same."""
    found = evidence.delegates
    problems = Counter(one.kind for one in found.values() if isinstance(one, Problem))
    nothing, unread = problems[ProblemKind.NOT_FOUND], problems[ProblemKind.UNKNOWN]
    if unread and not nothing:
        return untold(f"{unread} of {counted_noun(len(found), 'value')} could not be looked up")
    verdict = counted(len(found) - nothing, len(found), "values are names of something")
    guids, upns = sum(map(is_guid, found)), sum("@" in value for value in found)
    return also(verdict, f"; {problems[ProblemKind.AMBIGUOUS]} of several, {guids} GUIDs, {upns} with @")


def delegates_on(evidence: Evidence) -> Verdict:
    """Exchange facts 3.2: by -Properties, of the mailbox asked for and no other."""
    errors = errors_of(evidence.delegate_lists.values())
    read = {guid: answer for guid, answer in evidence.delegate_lists.items() if answer.error is None}
    good = sum([text_of(row.get("Guid")).lower() for row in answer.rows] == [guid] for guid, answer in read.items())
    verdict = counted(good, len(read), "mailboxes came alone")
    return also(verdict, f"; errors: {errors}") if errors else verdict


def minimum_set(evidence: Evidence) -> Verdict:
    """Exchange facts 3.2: without -Properties."""

    def judge(answer: Answer) -> Verdict:
        if not answer.rows:
            return untold("no mailbox was shown")
        shown = sum(answer.rows[0].get(name) not in (None, "") for name in MINIMUM)
        unasked = "shown" if answer.rows[0].get("Guid") else "not shown"
        return judged(shown == len(MINIMUM), f"{shown} of {len(MINIMUM)} properties; Guid unasked: {unasked}")

    return _accepted(evidence, Probe.BARE, judge)


def wanted_properties(evidence: Evidence) -> Verdict:
    if evidence.sample.error is not None:
        return refusal(evidence.sample.error)
    names = ("Guid", "Name", "PrimarySmtpAddress", "EmailAddresses", "RecipientTypeDetails", "DistinguishedName")
    rows = evidence.sample.rows
    return counted(sum(all(row.get(name) for name in names) for row in rows), len(rows), "mailboxes with all of them")


def _accounts(evidence: Evidence) -> list[Row]:
    answers = (evidence.probes.get(probe) for probe in (Probe.BY_SID, Probe.GROUPS_BY_SID))
    return [row for answer in answers if answer for row in answer.rows]


def _sids_of(row: Row) -> set[str]:
    return {one.upper() for one in (*list_of(row.get("Sid")), *list_of(row.get("SidHistory")))}


def by_account_sid(evidence: Evidence) -> Verdict:
    """Exchange facts 1.6: a filter on Sid shows accounts that have it, and every account that its UPN shows."""

    def judge(answer: Answer) -> Verdict:
        asked = {one.sid for one in evidence.trustees}
        rows = _accounts(evidence)
        strange = sum(not _sids_of(row) & asked for row in rows)
        by_upn = evidence.probes.get(Probe.BY_UPN, Answer()).rows
        shown = [row.get("Guid") for row in answer.rows]
        missed = sum(row.get("Guid") not in shown for row in by_upn if _sids_of(row) & asked)
        known = {sid for row in rows for sid in _sids_of(row)}
        nobody = sum(sid not in known for sid in asked)
        text = f"{counted_noun(len(asked), 'SID')}, {counted_noun(len(rows), 'account')}, "
        text += f"{strange} of other SIDs, {counted_noun(nobody, 'SID')} of nobody"
        return judged(not strange and not missed, f"{text}, {counted_noun(missed, 'account')} not shown")

    return _accepted(evidence, Probe.BY_SID, judge)


def sid_of_account(evidence: Evidence) -> Verdict:
    """Exchange facts 1.6: the SID of an entry is the SID of the account whose UPN the entry shows."""

    def judge(answer: Answer) -> Verdict:
        by_upn = {text_of(row.get("UserPrincipalName")).lower(): row for row in answer.rows}
        pairs = [(one, by_upn[one.trustee.lower()]) for one in evidence.trustees if one.trustee.lower() in by_upn]
        return counted(sum(one.sid in _sids_of(row) for one, row in pairs), len(pairs), "accounts")

    return _accepted(evidence, Probe.BY_UPN, judge)


def shown_by_upn(evidence: Evidence) -> Verdict:
    """Exchange facts Q3 to Q6."""

    def judge(answer: Answer) -> Verdict:
        users = {sid: text_of(row.get("UserPrincipalName")) for row in answer.rows for sid in _sids_of(row)}
        shown = [(one.trustee, users[one.sid]) for one in evidence.trustees if one.sid in users]
        upns = sum(text.lower() == upn.lower() for text, upn in shown)
        spelled = sum(text == upn for text, upn in shown)
        forms = f"{spelled} in their own letter case, {sum(chr(92) in text for text, _upn in shown)} with a domain"
        bare = sum(is_sid(one.trustee) for one in evidence.trustees)
        verdict = counted(upns, len(shown), "users by UPN")
        return also(verdict, f", {forms}; {counted_noun(bare, 'trustee')} by SID")

    return _accepted(evidence, Probe.BY_SID, judge)


def truncation(evidence: Evidence) -> Verdict:
    return _truncation(evidence, Probe.TRUNCATED)


def truncation_classic(evidence: Evidence) -> Verdict:
    return _truncation(evidence, Probe.TRUNCATED_CLASSIC)


def _truncation(evidence: Evidence, probe: Probe) -> Verdict:
    """Exchange facts 3.3, E3. There is more than one wherever there is a second recipient."""

    def judge(answer: Answer) -> Verdict:
        if len(evidence.probes[Probe.PAGE].rows) < 2:
            return untold("no second recipient to leave out")
        warnings = counted_noun(len(answer.warnings), "warning")
        text = f"{counted_noun(len(answer.rows), 'row')} for ResultSize 1, {warnings}"
        return judged(len(answer.rows) == 1 and says_truncated(answer.warnings), text)

    return _accepted(evidence, probe, judge)
