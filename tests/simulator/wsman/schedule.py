# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults by chance, the same ones for the same seed: for runs that must end well, or say how they ended."""

from __future__ import annotations

import random

from .fault import Code
from .injection import (
    BadMic,
    CloseCommand,
    CutSend,
    DropIdle,
    Fault,
    ForgetSignIn,
    HttpAnswer,
    KillProcess,
    Kind,
    LoseExitCode,
    LoseShell,
    OrphanReceive,
    Reboot,
    Refuse,
    Reset,
    Slow,
    SoapFault,
)
from .soap import Action

#: Requests of one action between two faults of a schedule: what is tried again must not meet the next one.
_APART = 6
_PAGE = b"<html><p>Sign in"

#: What a client outlives, each with the actions that it may strike.
_TRANSIENT: tuple[tuple[Kind, tuple[Action, ...]], ...] = (
    (SoapFault(Code.OPERATION_TIMEOUT), (Action.SEND, Action.RECEIVE)),
    (SoapFault(Code.PLUGIN_TIMEOUT), (Action.SEND,)),
    (SoapFault(Code.BUSY), (Action.SEND,)),
    (SoapFault(Code.CONCURRENCY), (Action.RECEIVE,)),
    (SoapFault(Code.OPERATION_ABORTED), (Action.SEND, Action.RECEIVE)),
    (SoapFault(4711), (Action.SEND, Action.RECEIVE)),
    (HttpAnswer(400), (Action.SEND, Action.RECEIVE)),
    (HttpAnswer(401), (Action.SEND, Action.RECEIVE)),
    (HttpAnswer(500), (Action.SEND, Action.RECEIVE)),
    (HttpAnswer(502, _PAGE), (Action.SEND, Action.RECEIVE, Action.HANDSHAKE)),
    (HttpAnswer(503), (Action.SEND, Action.RECEIVE, Action.HANDSHAKE)),
    (HttpAnswer(504), (Action.SEND, Action.RECEIVE)),
    (Reset(), (Action.SEND, Action.RECEIVE, Action.HANDSHAKE)),
    (Refuse(0.2), (Action.SEND, Action.RECEIVE)),
    (BadMic(), (Action.SEND, Action.RECEIVE)),
    (Slow(0.3, pieces=5), (Action.SEND, Action.RECEIVE)),
    (DropIdle(), (Action.SEND, Action.RECEIVE)),
    (ForgetSignIn(), (Action.SEND, Action.RECEIVE)),
    (CutSend(0.5), (Action.SEND,)),
    (CutSend(0.9, silent=True), (Action.SEND,)),
    (OrphanReceive(), (Action.RECEIVE,)),
)
#: What ends the shell, its process, or the conversation with it.
_ENDS: tuple[tuple[Kind, tuple[Action, ...]], ...] = (
    (KillProcess(), (Action.SEND, Action.RECEIVE)),
    (LoseExitCode(), (Action.SEND, Action.RECEIVE)),
    (CloseCommand(), (Action.SEND, Action.RECEIVE)),
    (LoseShell(), (Action.SEND, Action.RECEIVE)),
    (Reboot(0.2), (Action.SEND, Action.RECEIVE)),
    (HttpAnswer(404), (Action.SEND, Action.RECEIVE)),
    (HttpAnswer(403), (Action.SEND, Action.RECEIVE)),
    (HttpAnswer(200, _PAGE), (Action.RECEIVE,)),
    (SoapFault(Code.USER_QUOTA), (Action.SEND, Action.RECEIVE)),
    (SoapFault(Code.ACCESS_DENIED), (Action.SEND, Action.RECEIVE)),
)
_ACTING = (Reset, HttpAnswer, SoapFault)
#: Of these the host says that it has not done what was asked (winrm facts 6).
_REFUSALS = (
    *map(SoapFault, (Code.BUSY, Code.CONCURRENCY, Code.USER_QUOTA, Code.ACCESS_DENIED)),
    *map(HttpAnswer, (400, 401, 403, 404)),
)


def is_transient(fault: Fault) -> bool:
    """Whether a client outlives it, as it comes in a schedule of this file: once, and well apart from others."""
    return not any(fault.kind == kind for kind, _actions in _ENDS)


def random_faults(seed: int, count: int = 6, span: int = 60, end: bool | None = None) -> list[Fault]:
    """``count`` different faults within the first ``span`` requests of each action after they are added.

    ``end``: whether the last one ends the shell; None: for every other seed. The same seed gives the same faults. Times
    are short: a client for them has an operation timeout of a second or two.
    """
    chance = random.Random(seed)
    ends = seed % 2 == 1 if end is None else end
    kinds = chance.sample(_TRANSIENT, count - ends) + chance.sample(_ENDS, int(ends))
    free: dict[Action, list[int]] = {}
    return [_placed(kind, chance.choice(actions), free, span, chance) for kind, actions in kinds]


def _placed(kind: Kind, action: Action, free: dict[Action, list[int]], span: int, chance: random.Random) -> Fault:
    places = free.setdefault(action, [1, 2, 3] if action is Action.HANDSHAKE else list(range(2, span, _APART)))
    nth = places.pop(chance.randrange(len(places))) + (0 if action is Action.HANDSHAKE else chance.randrange(2))
    acted = isinstance(kind, _ACTING) and kind not in _REFUSALS and chance.random() < 0.5
    return Fault(kind, action, nth, acted=acted)
