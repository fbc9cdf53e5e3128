# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of the wire protocol: bytes of standard output to replies and log, requests to batches of bytes."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

MARKER = "@exo "
#: The most that one Send carries, so that its envelope stays under 150 KB on every server (winrm facts 4).
BATCH_BYTES = 96 * 1024


@dataclass(frozen=True)
class Reply:
    """An answer of the runner. ``body`` is the whole object: ``rows`` or ``result``, ``warnings``, ``error``."""

    seq: int
    id: int
    ok: bool
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Fatal:
    """The process says why it ends without having served anything."""

    reason: str


@dataclass(frozen=True)
class LogLine:
    """Any other line of output, without its line end."""

    text: str


#: A line that is longer is no answer of ours, whatever writes it: tens of thousands of rows have less.
LONGEST_LINE = 256 * 1024 * 1024

Event = Union[Reply, Fatal, LogLine]


class Decoder:
    """Takes standard output in whatever pieces it comes, gives the events of each line that is complete."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._parts: list[bytes] = []
        self._length = 0
        self._longest = longest
        self._skipping = False

    def feed(self, data: bytes) -> list[Event]:
        """Bytes in, events out, in order. Lines are cut as bytes: no character of UTF-8 holds a line feed."""
        *complete, rest = data.split(b"\n")
        events: list[Event] = []
        for piece in complete:
            events.extend(self._finish(piece))
        if rest and not self._skipping:
            self._parts.append(rest)
            self._length += len(rest)
        if self._length > self._longest:
            self.skip_line()
        return events

    def skip_line(self) -> None:
        """Output may be missing from here on: what follows must not be read as the end of a line begun before."""
        self._skipping = self._skipping or bool(self._parts)
        self._forget()

    def _finish(self, piece: bytes) -> list[Event]:
        line = b"".join((*self._parts, piece))
        self._forget()
        if self._skipping:
            self._skipping = False
            return []
        text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").rstrip("\r")
        return [_event(text)] if text else []

    def _forget(self) -> None:
        self._parts.clear()
        self._length = 0


def _event(text: str) -> Event:
    if not text.startswith(MARKER):
        return LogLine(text)
    try:
        body = json.loads(text[len(MARKER) :], object_hook=_unwrapped)
    except ValueError:
        return LogLine(text)
    if not isinstance(body, dict) or not _is_integer(body.get("seq")):
        return LogLine(text)
    if isinstance(body.get("fatal"), str):
        return Fatal(body["fatal"])
    if not _is_integer(body.get("id")) or not isinstance(body.get("ok"), bool):
        return LogLine(text)
    return Reply(body["seq"], body["id"], body["ok"], body)


def _unwrapped(found: dict[str, Any]) -> Any:
    """Windows PowerShell 5.1 may write an array as an object with its value and its Count."""
    value = found.get("value")
    if found.keys() == {"value", "Count"} and isinstance(value, list) and found["Count"] == len(value):
        return value
    return found


def encode(request: Mapping[str, Any]) -> bytes:
    """One line of ASCII, so that no code page matters (winrm facts 0, row 4)."""
    return json.dumps(request, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def batches(lines: Iterable[bytes], limit: int = BATCH_BYTES) -> Iterator[bytes]:
    """Whole lines, as many as fit in ``limit`` bytes; a line that is longer is cut.

    Each batch begins with a line feed, so that a batch which arrived by half damages no line but its own (F22).
    """
    batch = b"\n"
    for line in lines:
        if len(batch) + len(line) > limit and batch.strip(b"\n"):
            yield batch
            batch = b"\n"
        batch += line
        while len(batch) > limit:
            yield batch[:limit]
            batch = batch[limit:]
    if batch.strip(b"\n"):
        yield batch


def _is_integer(value: object) -> bool:
    """Truth values of JSON are no numbers, though Python takes them for such."""
    return isinstance(value, int) and not isinstance(value, bool)
