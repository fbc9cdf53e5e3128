# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writes of a run: none but for a wish, none blindly again, and each in the journal before it happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...plugins.plugin_utils._tenant.access import EMPTY
from .evidence import Evidence
from .scenario import Wished
from .truth import Atom, Key, Wishes, changes, holds, is_of
from .witness import Heard

#: The most often that one write may be sent (_access/apply.py).
MOST_TRIES = 4


def check_writes(evidence: Evidence) -> Iterator[str]:
    """What is wrong with what the client wrote, and with what became of the books."""
    wishes = Wishes(evidence.scenario)
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for number, heard in enumerate(evidence.calls):
        if not heard.writes:
            continue
        if evidence.scenario.check_mode:
            yield f"a write in check mode: {heard.key}"
        seen[heard.key] += 1
        if heard.recorded < seen[heard.key]:
            yield f"write {seen[heard.key]} of {heard.key} while the journal told of {heard.recorded}"
        yield from _check_aim(evidence, wishes, heard)
        if seen[heard.key] > 1 and not _was_read(evidence.calls[:number], heard):
            yield f"written again without a look: {heard.key}"
    yield from _check_side_by_side(evidence.writes)
    yield from (f"written {count} times: {key}" for key, count in seen.items() if count > MOST_TRIES)
    for guid, atom, has_come in changes(evidence.before, evidence.after):
        wish = _wish_of(wishes, guid, atom)
        if wish is None or wish.present != has_come or atom[3] or atom[4]:
            yield f"{'added' if has_come else 'removed'} on {guid} for nobody: {atom}"
        elif atom[5] and has_come and not evidence.scenario.options["auto_mapping"]:
            yield f"automapping for nobody on {guid}: {atom}"


def _check_side_by_side(writes: tuple[Heard, ...]) -> Iterator[str]:
    """No two lanes write to one mailbox at once."""
    for number, first in enumerate(writes):
        for second in writes[number + 1 :]:
            if second.mailbox == first.mailbox and second.at < first.answered_at:
                yield f"two writes to one mailbox at once: {first.key}, {second.key}"


def _check_aim(evidence: Evidence, wishes: Wishes, heard: Heard) -> Iterator[str]:
    """That a write is one of a wish, and that nobody is without access meanwhile."""
    cmdlet, guid, _whom, detail = heard.key
    wish = wishes.by_key.get(_key_of(wishes, heard))
    adds = cmdlet.startswith("Add-") or detail == "add"
    if wish is None or wish.present != adds:
        yield f"a write that nobody wished for: {heard.key}"
    elif wish.after:
        mailbox = evidence.scenario.find(wish.mailbox)
        heir = evidence.scenario.find(wish.after)
        books = heard.before if heard.carried_out else evidence.after.get(guid, EMPTY)
        if mailbox and heir and not holds(books, heir, wish.right):
            yield f"{wish.account} loses {wish.right} on {wish.mailbox} before {wish.after} has it"


def _key_of(wishes: Wishes, heard: Heard) -> Key:
    cmdlet, guid, whom, _detail = heard.key
    right = "send_as" if "Recipient" in cmdlet else "send_on_behalf" if cmdlet == "Set-Mailbox" else "full_access"
    return guid, wishes.account(whom), right


def _wish_of(wishes: Wishes, guid: str, atom: Atom) -> Wished | None:
    for (box, account, right), wish in wishes.by_key.items():
        if box == guid and right == atom[0] and is_of(atom, wishes.accounts[account], right):
            return wish
    return None


def _was_read(calls: tuple[Heard, ...], again: Heard) -> bool:
    """Whether since the write before this one somebody looked at the list that both are about."""
    for earlier in reversed(calls):
        if earlier.writes and earlier.key == again.key:
            return False
        if _looks_at(earlier, again):
            return True
    return False


def _looks_at(read: Heard, write: Heard) -> bool:
    reader = {
        "Set-Mailbox": ("Get-EXOMailbox", "Get-Mailbox"),
        "Add-RecipientPermission": ("Get-RecipientPermission",),
        "Remove-RecipientPermission": ("Get-RecipientPermission",),
    }.get(write.cmdlet, ("Get-MailboxPermission",))
    answered = read.answer is not None and read.answer.error is None
    return answered and read.cmdlet in reader and read.mailbox in ("", write.mailbox)
