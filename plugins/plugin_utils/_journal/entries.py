# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a journal: what each tells, and how it is written and read. One JSON object a line, ASCII only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Union

from .._access.plan import Verb
from .._exchange.rights import Right

#: Of the format. A reader refuses every other.
FORMAT = 1
#: Of the collection, as in galaxy.yml.
VERSION = "0.1.0"


class WriteState(str, Enum):
    """What is known of a write that was about to be sent. ``NO_EFFECT``: Exchange said that it was so already."""

    DONE = "ok"
    NO_EFFECT = "no_effect"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"

    @property
    def may_have_changed(self) -> bool:
        return self in (WriteState.DONE, WriteState.IN_DOUBT)


@dataclass(frozen=True)
class Begun:
    """A run begins. ``rehearsal``: on a snapshot. ``of``: the run that this one restores, or empty."""

    run: str
    time: str
    organization: str
    module: str
    version: str = VERSION
    rehearsal: bool = False
    of: str = ""


@dataclass(frozen=True)
class Box:
    """The mailbox of a write."""

    guid: str
    address: str
    name: str


@dataclass(frozen=True)
class Holder:
    """The account of a write. ``named``: as the user wrote it. One long deleted has no ``guid``."""

    named: str
    guid: str
    sids: tuple[str, ...]
    upn: str

    @property
    def key(self) -> str:
        return self.guid or self.sids[0]

    @property
    def label(self) -> str:
        return self.upn or self.named or self.key


@dataclass(frozen=True)
class Place:
    """One entry of an access list: the SID that it stands under, and its InheritanceType where it has one."""

    sid: str
    inheritance_type: str = ""


@dataclass(frozen=True)
class Sent:
    """A write that is about to be sent, with what is needed to undo it.

    ``trustee``, ``inheritance_type``: as sent. ``held``, ``denied``, ``entries``: as read before. ``place``: of the
    PowerShell, as its channel tells it.
    """

    run: str
    number: int
    time: str
    verb: Verb
    right: Right
    mailbox: Box
    account: Holder
    cmdlet: str
    trustee: str
    inheritance_type: str = ""
    held: bool = False
    denied: bool = False
    entries: tuple[Place, ...] = ()
    place: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    """What became of a write; ``text``: the words of Exchange, if there are any."""

    run: str
    number: int
    time: str
    state: WriteState
    text: str = ""


@dataclass(frozen=True)
class Ended:
    """A run came to its end."""

    run: str
    time: str


@dataclass(frozen=True)
class Mended:
    """The line before this one is torn: whoever wrote it was killed, or the power failed."""

    time: str


Entry = Union[Begun, Sent, Answered, Ended, Mended]
_KINDS: dict[str, type[Entry]] = {"run": Begun, "before": Sent, "after": Answered, "end": Ended, "mended": Mended}
_NAMES = {kind: name for name, kind in _KINDS.items()}


class Damaged(ValueError):
    """A line that is no entry; says why."""


class OtherFormat(ValueError):
    """A line in a format that this version does not know."""


def line_of(entry: Entry) -> bytes:
    """The line, with its end."""
    fields = {name: _plain(value) for name, value in vars(entry).items()}
    return json.dumps({"v": FORMAT, "entry": _NAMES[type(entry)], **fields}).encode("ascii") + b"\n"


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Box, Holder, Place)):
        return {name: _plain(each) for name, each in vars(value).items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def entry_of(line: bytes) -> Entry:
    """The entry of a line. Raises Damaged, and OtherFormat for what another version wrote."""
    try:
        raw = json.loads(line)
    except ValueError as error:
        raise Damaged("it is no JSON") from error
    if not isinstance(raw, dict) or "v" not in raw:
        raise Damaged("it is no entry of a journal")
    if raw["v"] != FORMAT:
        raise OtherFormat(f"it is in format {raw['v']!r}, and this version of the collection reads format {FORMAT}")
    try:
        return _entry(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"it lacks what such an entry has, or has it otherwise ({error!r})") from error


def _entry(raw: Mapping[str, Any]) -> Entry:
    kind = _KINDS[raw["entry"]]
    values = {name: value for name, value in raw.items() if name not in ("v", "entry")}
    if kind is Sent:
        values.update(
            verb=Verb(values["verb"]),
            right=Right(values["right"]),
            mailbox=Box(**_texts(values["mailbox"])),
            account=_holder(values["account"]),
            entries=tuple(Place(**_texts(one)) for one in values["entries"]),
            place=dict(values["place"]),
        )
    if kind is Answered:
        values["state"] = WriteState(values["state"])
    _check(values)
    return kind(**values)


def _holder(raw: Any) -> Holder:
    sids = raw["sids"]
    if not isinstance(sids, list) or not (sids or raw["guid"]):
        raise ValueError("an account without SID and GUID")
    rest = {name: value for name, value in raw.items() if name != "sids"}
    return Holder(sids=tuple(_text(sid) for sid in sids), **_texts(rest))


def _texts(raw: object) -> dict[str, str]:
    if not isinstance(raw, Mapping):
        raise TypeError(f"no object: {raw!r}")
    return {name: _text(value) for name, value in raw.items()}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"no text: {value!r}")
    return value


_FLAGS = ("rehearsal", "held", "denied")
_OBJECTS = ("verb", "right", "mailbox", "account", "entries", "place", "state")


def _check(values: Mapping[str, Any]) -> None:
    """Raises TypeError where a value has not the type of its field."""
    for name, value in values.items():
        if name == "number":
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"no number: {value!r}")
        elif name in _FLAGS:
            if not isinstance(value, bool):
                raise TypeError(f"neither true nor false: {value!r}")
        elif name not in _OBJECTS:
            _text(value)
