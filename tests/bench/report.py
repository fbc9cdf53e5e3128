# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contenders' section of docs/bench.md: ratios first, then every figure, and how they came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...plugins.plugin_utils._exchange.directory import BATCH
from . import latencies
from .measure import CONTENDERS, SIZES, Cost, Estimate, Key, estimate, limit
from .pages import table
from .site import BENCH, Situation

OURS = "e3"
LIMIT = "limit"
NAMES = {contender.letter: contender.name for contender in CONTENDERS} | {LIMIT: "Exchange's own time for e1's calls"}
RIGHTS = {False: "Send As alone", True: "Send As and Full Access"}
_HEADER = [
    "", "mailboxes", "measured", "cmdlet calls", "writes", "sign-ins", "HTTP requests", "MB", "at scale", "real time",
    "× limit", "× e3",
]  # fmt: skip


@dataclass(frozen=True)
class Book:
    """Everything that was measured, and what follows from it."""

    costs: Mapping[Key, Mapping[int, Cost]]

    def of(self, letter: str, both: bool, situation: Situation, size: int) -> Estimate:
        """A contender's cost, or the limit."""
        if letter == LIMIT:
            return limit(self.of("e1", both, situation, size))
        return estimate(self.costs, (letter, both, situation), size)

    def wall(self, letter: str, both: bool, situation: Situation, size: int) -> float:
        return self.of(letter, both, situation, size).cost.wall

    def against(self, other: str, letter: str, both: bool, situation: Situation, size: int) -> float:
        """How many times as long as the other one."""
        return self.wall(letter, both, situation, size) / self.wall(other, both, situation, size)


def section(costs: Mapping[Key, Mapping[int, Cost]], mode: str) -> str:
    """The whole section. ``mode``: what was run."""
    book = Book(costs)
    parts = ["## Side by side", _INTRODUCTION, _contenders(), "![Wall clock by number of mailboxes](bench.svg)"]
    parts += ["### How many times as long as Exchange itself takes", _LIMIT, *_ratios(book, LIMIT)]
    parts += ["### How many times as long as this collection (e3)", *_ratios(book, OURS)]
    parts += ["### Where another way is quicker", _QUICKER.format(times=_break_even())]
    parts += ["### Every figure", _MARKS, *_figures(book)]
    parts += ["### How it was measured", _method(mode)]
    return "\n\n".join(parts)


_INTRODUCTION = """\
One service account is to hold its rights on N mailboxes of one organisation. Every contender really does it, through
the same simulated WinRM endpoint, in the same simulated organisation, which counts what it is asked. *First run*:
nothing is granted. *Steady run*: everything is. *1 % drift*: one mailbox in a hundred has lost its rights (of 10
mailboxes: one)."""
_LIMIT = """\
The limit is the time that Exchange takes for the calls which this collection makes in one session, sign-in included, as
if nothing else took any time. Several sessions can be faster than that."""
_MARKS = """\
*At scale*: seconds of the bench; *real time*: those of the bench by its scale. Where *measured* names sizes, the row is
the straight line through what was measured there; that this collection renews a session after some thousands of calls
is not on it."""


_QUICKER = """\
- (c) for Send As alone, where little is to be written: it lists all mailboxes of the organisation once, this collection
  asks for twenty of the list at a time, by address and then by name. With the seconds assumed here, listing is the
  quicker way until the organisation is about {times} times as large as the list.
- (b) and (c) against one session (e1) where much is to be granted: they do not read back what they have written, which
  takes a read of Full Access for each mailbox. Three sessions make up for it.
- (c) against one session at rest, by some hundredths: it does not ask whose an address or a name is.
- Ten mailboxes: the time is that of the sign-in, and of what the simulator and the controller compute for some twenty
  more HTTP requests, which weighs twenty times as much as it should."""


def _break_even() -> int:
    """How many times the list the organisation may be, until a listing of it costs what two filtered reads do."""
    filtered = 2 * latencies.seconds_of("Get-EXORecipient", {"Filter": ""}, BATCH) / BATCH
    return round(filtered / (latencies.PAGE_SECONDS / latencies.PAGE))


def _contenders() -> str:
    rows = [[letter, name] for letter, name in NAMES.items()]
    return table(["", "what"], rows, left=2)


def _ratios(book: Book, other: str) -> Iterator[str]:
    letters = [letter for letter in NAMES if letter != other and (other == LIMIT or letter != LIMIT)]
    for both, rights in RIGHTS.items():
        header = [rights, *(f"{situation.value}, N = {size:,}" for situation in Situation for size in SIZES)]
        rows = [
            [letter, *(_ratio(book, other, letter, both, situation, size) for situation in Situation for size in SIZES)]
            for letter in letters
        ]
        yield table(header, rows)


def _ratio(book: Book, other: str, letter: str, both: bool, situation: Situation, size: int) -> str:
    mark = "~" if book.of(letter, both, situation, size).measured_at else ""
    return f"{mark}{_short(book.against(other, letter, both, situation, size))}"


def _figures(book: Book) -> Iterator[str]:
    for both, rights in RIGHTS.items():
        for situation in Situation:
            rows = [_row(book, letter, both, situation, size) for size in SIZES for letter in NAMES]
            yield f"#### {rights}, {situation.value}"
            yield table(_HEADER, rows)


def _row(book: Book, letter: str, both: bool, situation: Situation, size: int) -> list[str]:
    one = book.of(letter, both, situation, size)
    cost = one.cost
    way = [f"{cost.requests:,.0f}", f"{cost.bytes / 1e6:,.1f}"] if letter != LIMIT else ["", ""]
    counts = [f"{count:,.0f}" for count in (cost.calls, cost.writes, cost.sign_ins)]
    ratios = [_short(book.against(other, letter, both, situation, size)) for other in (LIMIT, OURS)]
    how = "from " + ", ".join(f"{each:,}" for each in one.measured_at) if one.measured_at else "yes"
    return [letter, f"{size:,}", how, *counts, *way, f"{cost.wall * BENCH:,.1f} s", duration(cost.wall), *ratios]


def _short(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 20 else f"{ratio:.1f}" if ratio >= 3 else f"{ratio:.2f}"


def duration(seconds: float) -> str:
    """As people say it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _method(mode: str) -> str:
    rows = [
        ["Connect-ExchangeOnline", latencies.SIGN_IN, "one published measurement, 7.9 s"],
        ["Get-MailboxPermission of one mailbox", latencies.seconds_of("Get-MailboxPermission", {"Identity": ""}, 1),
         "published: 0.75 s over 4,000 mailboxes, 0.85 s elsewhere"],
        ["Get-RecipientPermission of one mailbox", latencies.SEND_AS_OF_ONE, "published: 0.60 s"],
        ["Get-EXORecipient with a filter", latencies.seconds_of("Get-EXORecipient", {"Filter": ""}, 1),
         "published for Get-Recipient: 0.49 s"],
        ["Get-User", latencies.seconds_of("Get-User", {"Filter": ""}, 1), "published: 0.21 s"],
        ["any other small Get", latencies.SMALL, "published: 0.09 to 0.21 s"],
        ["a list of the organisation, each page of 1,000", latencies.PAGE_SECONDS,
         "assumed: the one long list that is published takes so long"],
        ["a write", latencies.WRITE, "assumed: nothing is published"],
        ["powershell.exe until it works", latencies.POWERSHELL, "assumed"],
        ["an HTTP request to the Windows host", latencies.ROUND_TRIP, "assumed"],
    ]  # fmt: skip
    seconds = table(["what", "seconds", "where from"], [[str(cell) for cell in row] for row in rows])
    return _METHOD.format(mode=mode, scale=round(1 / BENCH), seconds=seconds)


_METHOD = """\
`{mode}`. All seconds of the table below are divided by {scale}, and so are this collection's own (how long answers
gather, how much is sent in advance, after how much work more sessions are opened); what the controller and the
simulator compute is not, so it weighs {scale} times as much here as it would in earnest, on every contender.

{seconds}

- Up to three sessions at once do not slow each other: that is what administrators report; nothing is published.
- PowerShell is a stand-in that makes the calls of the scripts in `tests/bench/scripts`; a test with a real PowerShell 7
  and the stub of ExchangeOnlineManagement holds its calls against those that the scripts make there.
- (a) is a `run_ps` of pywinrm for each mailbox, without the payload that ansible wraps around a script. (d) reads as
  Microsoft365DSC of about 2026 does: 3 calls for each mailbox at rest, 6 where nothing is granted.
- The organisation is as large as the list. (c) lists every mailbox of the organisation to learn their names: in an
  organisation that is larger than the list, it reads more than is shown here. It writes what no read has confirmed: of
  the contenders only this collection compares by SID, looks at the names that are not unique, and reads back what it
  wrote.
- Counts do not depend on the machine. Ratios hold as far as the machine was quiet; so do seconds."""
