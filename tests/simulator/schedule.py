# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of Exchange Online strewn over a run by a seed, each marked as one that passes or one that stays."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum

from .effects import Effect
from .faults import ANY, ANY_READER, ANY_WRITER, CONNECT, FOREVER, Fault
from .trouble import Throttling, Trouble

#: Seconds that a throttled call is told to wait: no test shall wait for a minute.
HINT = 1
#: How often in a row a passing fault strikes at most: fewer times than a client tries.
BURST = 3
#: The errors that a client may get back for a write that has worked for all that.
_IN_DOUBT = (
    Trouble.TIMED_OUT, Trouble.CONNECTION_CLOSED, Trouble.GATEWAY_TIMEOUT, Trouble.SERVER_SIDE, Trouble.DIRECTORY,
    Trouble.THROTTLED, Trouble.SESSION_LOST,
)  # fmt: skip
_GATEWAY = (Trouble.BAD_GATEWAY, Trouble.SERVICE_UNAVAILABLE, Trouble.GATEWAY_TIMEOUT)
_NETWORK = (Trouble.TIMED_OUT, Trouble.CONNECTION_CLOSED, Trouble.NAME_UNRESOLVED)
_READ = "Get-MailboxPermission"

Make = Callable[[random.Random], Fault]


def _passing(cmdlet: str, *troubles: Trouble, effect: Effect = Effect.REFUSED, burst: int = BURST) -> Make:
    return lambda dice: Fault(cmdlet, dice.choice(troubles), effect, times=dice.randint(1, burst))


def _lying(effect: Effect, cmdlet: str = _READ) -> Make:
    """Once: the one who asks again hears the truth."""
    return lambda dice: Fault(cmdlet, effect=effect, reads=dice.randint(1, 2))


def _throttled_with_hint(dice: random.Random) -> Fault:
    return Fault(ANY, Throttling(HINT), times=dice.randint(1, BURST))


def _lasting(cmdlet: str, trouble: Trouble = Trouble.SERVER_SIDE, effect: Effect = Effect.REFUSED) -> Make:
    return lambda dice: Fault(cmdlet, trouble, effect, times=FOREVER)


class Kind(Enum):
    """How such a fault is made. A kind that stays is for one mailbox, if it is among :data:`OF_A_MAILBOX`."""

    THROTTLED = (_passing(ANY, Trouble.THROTTLED),)
    THROTTLED_WITH_HINT = (_throttled_with_hint,)
    SERVER_BUSY = (_passing(ANY, Trouble.SERVER_BUSY),)
    SLOWED = (_lying(Effect.SLOWED, ANY),)
    REPLICATION = (_passing(ANY, Trouble.REPLICATION),)
    DIRECTORY = (_passing(ANY, Trouble.DIRECTORY),)
    UNAVAILABLE = (_passing(ANY, Trouble.UNAVAILABLE),)
    GATEWAY = (_passing(ANY, *_GATEWAY),)
    # Once each: more often they look like a missing role, or a wrong -Organization (exchange facts E19, E20).
    SERVER_SIDE = (_passing(ANY, Trouble.SERVER_SIDE, burst=1),)
    PAGE_EXPIRED = (_passing(ANY_READER, Trouble.PAGE_EXPIRED, burst=1),)
    NETWORK = (_passing(ANY, *_NETWORK),)
    SESSION_LOST = (_passing(ANY, Trouble.SESSION_LOST, burst=1),)
    TOKEN_EXPIRED = (_passing(ANY, Trouble.TOKEN_EXPIRED, burst=1),)
    DONE_YET_FAILED = (_passing(ANY_WRITER, *_IN_DOUBT, effect=Effect.DONE_YET_FAILED, burst=1),)
    PRETENDED = (_lying(Effect.PRETENDED, ANY_WRITER),)
    LATE = (_lying(Effect.LATE, ANY_WRITER),)
    EMPTY = (_lying(Effect.EMPTY),)
    TRUNCATED = (_lying(Effect.TRUNCATED, ANY_READER),)
    WITHOUT_SELF = (_lying(Effect.WITHOUT_SELF),)
    ANOTHERS = (_lying(Effect.ANOTHERS),)
    SILENT = (_passing(ANY, Trouble.TIMED_OUT, effect=Effect.SILENT, burst=1),)
    DONE_YET_SILENT = (_passing(ANY_WRITER, Trouble.TIMED_OUT, effect=Effect.DONE_YET_SILENT, burst=1),)
    SIGN_IN_BUSY = (_passing(CONNECT, Trouble.ENTRA_BUSY, burst=1),)
    REFUSED_FOR_GOOD = (_lasting(ANY_WRITER, Trouble.OUT_OF_SCOPE),)
    UNREADABLE_FOR_GOOD = (_lasting(_READ, Trouble.DIRECTORY),)
    PRETENDED_FOR_GOOD = (_lasting(ANY_WRITER, effect=Effect.PRETENDED),)
    THROTTLED_FOR_GOOD = (_lasting(ANY, Trouble.THROTTLED),)
    SIGN_IN_REFUSED = (_lasting(CONNECT, Trouble.ENTRA_REFUSES),)

    def fault(self, dice: random.Random) -> Fault:
        """One of this kind; when and on what it strikes is up to who asks."""
        make: Make = self.value[0]
        return replace(make(dice), kind=self.name.lower(), lasting=self in LASTING, alone=self not in LASTING)


OF_A_MAILBOX = (Kind.REFUSED_FOR_GOOD, Kind.UNREADABLE_FOR_GOOD, Kind.PRETENDED_FOR_GOOD)
LASTING = (*OF_A_MAILBOX, Kind.THROTTLED_FOR_GOOD, Kind.SIGN_IN_REFUSED)
#: A client that waits, asks again, signs in again and reads back gets over them: in the end nothing is unknown.
PASSING = tuple(kind for kind in Kind if kind not in LASTING)


def random_faults(
    seed: int, mailboxes: Sequence[str] = (), *, kinds: Sequence[Kind] = tuple(Kind), most: int = 4, span: int = 30
) -> tuple[Fault, ...]:
    """One to ``most`` faults, the same ones for the same arguments.

    Each strikes first somewhere among the first ``span`` calls that it concerns. Those that pass do not strike a call
    that another has struck, so that no call fails more than BURST times. ``mailboxes``: by any unique name, those that
    a fault may choose for its own; without any, the kinds of :data:`OF_A_MAILBOX` are left out.
    Raises ValueError where no kind is left.
    """
    dice = random.Random(seed)
    usable = [kind for kind in kinds if mailboxes or kind not in OF_A_MAILBOX]
    if not usable:
        raise ValueError("no kind of fault to choose from")
    chosen = dice.sample(usable, min(len(usable), dice.randint(1, most)))
    return tuple(_placed(kind.fault(dice), kind, dice, mailboxes, span) for kind in chosen)


def _placed(fault: Fault, kind: Kind, dice: random.Random, mailboxes: Sequence[str], span: int) -> Fault:
    if kind in OF_A_MAILBOX:
        return replace(fault, identity=dice.choice(mailboxes))
    if fault.cmdlet == CONNECT:
        return replace(fault, first=dice.randint(1, 3))
    return replace(fault, first=dice.randint(1, span))
