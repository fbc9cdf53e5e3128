# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a journal says once it is read: runs, their writes, and what is known of each write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .entries import Begun, Damaged, Ended, Entry, Mended, OtherFormat, Sent, WriteState, entry_of


class JournalDamaged(Exception):
    """A journal that cannot be understood; the message names the line."""


@dataclass(frozen=True)
class Write:
    """A write that was about to be sent, and what is known of it: without an answer it is in doubt."""

    sent: Sent
    state: WriteState = WriteState.IN_DOUBT


@dataclass(frozen=True)
class RecordedRun:
    """A run as the journal has it. ``ended``: it came to its end."""

    begun: Begun
    writes: tuple[Write, ...] = ()
    ended: bool = False

    @property
    def id(self) -> str:
        return self.begun.run

    @property
    def is_restore(self) -> bool:
        return bool(self.begun.of)

    @property
    def may_have_changed(self) -> bool:
        """Whether a write of it may have changed anything."""
        return any(write.state.may_have_changed for write in self.writes)

    def __str__(self) -> str:
        """For people who have to choose one."""
        what = f"restores {self.begun.of}" if self.is_restore else self.begun.module
        return f"{self.id} ({self.begun.time}, {what}, writes: {len(self.writes)})"


@dataclass
class _Draft:
    begun: Begun
    sent: dict[int, Sent] = field(default_factory=dict)
    states: dict[int, WriteState] = field(default_factory=dict)
    ended: bool = False


#: How every line begins, and how one does that tells of a mended tear.
_START, _MENDED = b'{"v": ', b'{"v": 1, "entry": "mended"'


def is_torn(data: bytes) -> bool:
    """Whether the last line is not whole, so that it must be mended before the next is written."""
    lines = _lines(data)
    return bool(lines) and (not data.endswith(b"\n") or isinstance(_attempt(lines[-1]), Damaged))


def runs_of(data: bytes) -> tuple[RecordedRun, ...]:
    """The runs of a journal, in their order. Raises JournalDamaged.

    A torn last line is passed over, and so is one that was mended: what it was to say was never relied on. Damage
    anywhere else is not, for what it hides may be what has to be undone.
    """
    drafts: dict[str, _Draft] = {}
    for number, entry in _entries(_lines(data)):
        fault = _add(drafts, entry)
        if fault:
            raise JournalDamaged(f"line {number}: {fault}")
    return tuple(_finished(draft) for draft in drafts.values())


def _lines(data: bytes) -> list[bytes]:
    """Without ends; the last may lack it."""
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _attempt(line: bytes) -> Entry | Damaged:
    try:
        return entry_of(line)
    except Damaged as damage:
        return damage
    except OtherFormat as error:
        raise JournalDamaged(str(error)) from error


def _entries(lines: Sequence[bytes]) -> Iterator[tuple[int, Entry]]:
    """Numbers of lines, and entries. A line is torn if it looks so, and is the last or followed by one that says so."""
    for number, line in enumerate(lines, 1):
        try:
            entry = _attempt(line)
        except JournalDamaged as error:
            raise JournalDamaged(f"line {number}: {error}") from error
        if not isinstance(entry, Damaged):
            yield number, entry
        elif not (_looks_torn(line) and _is_last(lines[number:])):
            raise JournalDamaged(f"line {number}: {entry}")


def _looks_torn(line: bytes) -> bool:
    """A line of ours that was cut off, or that the file system filled with zeros after a loss of power."""
    return line.startswith(_START) or _START.startswith(line) or not line.strip(b"\0") or line.endswith(b"\0")


def _is_last(after: Sequence[bytes]) -> bool:
    """Whether nothing follows, or what mends the line; which may be torn itself, and mended by the next."""
    if not after:
        return True
    first = after[0]
    if first.startswith(_MENDED) and first.endswith(b"}"):
        return True
    return (first.startswith(_MENDED) or _MENDED.startswith(first)) and _is_last(after[1:])


def _add(drafts: dict[str, _Draft], entry: Entry) -> str:
    """Why the entry cannot be where it is, or empty."""
    if isinstance(entry, Mended):
        return ""
    draft = drafts.get(entry.run)
    if isinstance(entry, Begun):
        drafts.setdefault(entry.run, _Draft(entry))
        return f"run {entry.run} begins a second time" if draft else ""
    if draft is None:
        return f"run {entry.run} has not begun"
    if isinstance(entry, Ended):
        draft.ended = True
        return ""
    if isinstance(entry, Sent):
        known = entry.number in draft.sent
        draft.sent.setdefault(entry.number, entry)
        return f"write {entry.number} of run {entry.run} is sent a second time" if known else ""
    known = entry.number in draft.states
    draft.states.setdefault(entry.number, entry.state)
    if entry.number not in draft.sent:
        return f"write {entry.number} of run {entry.run} is answered and was not sent"
    return f"write {entry.number} of run {entry.run} is answered a second time" if known else ""


def _finished(draft: _Draft) -> RecordedRun:
    writes = tuple(Write(sent, draft.states.get(number, WriteState.IN_DOUBT)) for number, sent in draft.sent.items())
    return RecordedRun(draft.begun, writes, draft.ended)


def chosen(runs: Iterable[RecordedRun], name: str) -> RecordedRun | None:
    """The run of that id; without a name the last that may have changed something and is no restore; else None."""
    if name:
        return next((run for run in runs if run.id == name), None)
    found = [run for run in runs if run.may_have_changed and not run.is_restore]
    return found[-1] if found else None
