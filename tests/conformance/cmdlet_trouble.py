# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories in which Exchange Online has trouble, tells of what is not, or ends the session."""

from __future__ import annotations

from typing import Union

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Call
from ansible_collections.email_router.exchange_online.tests.simulator.faults import (
    ANY,
    ANY_READER,
    ANY_WRITER,
    Effect,
    Fault,
    Throttling,
    Trouble,
)

from .cmdlet_stories import ROUTER, SALES, SELF, Step, Story

_LOOK_UP = tuple(Call(name, {"Identity": SALES}, ("Name",)) for name in ("Get-Mailbox", "Get-EXOMailbox"))
_READ = Call("Get-MailboxPermission", {"Identity": SALES, "ResultSize": "Unlimited"}, ("Identity", "User"))
GRANT = Call(
    "Add-MailboxPermission", {"Identity": SALES, "User": ROUTER, "AccessRights": ["FullAccess"], "Confirm": False}
)
_OF_SELF, _OF_ROUTER = ("sales", SELF), ("sales", ROUTER)

_RULES: dict[Union[Trouble, Throttling], str] = {
    Trouble.SERVER_BUSY: "E14",
    Trouble.UNAVAILABLE: "E17",
    Trouble.BAD_GATEWAY: "E18",
    Trouble.SERVICE_UNAVAILABLE: "E18",
    Trouble.GATEWAY_TIMEOUT: "E18",
    Trouble.PAGE_EXPIRED: "E20",
    Trouble.CONNECTION_CLOSED: "E21",
    Trouble.NAME_UNRESOLVED: "E21",
    Trouble.OUT_OF_SCOPE: "E30",
    Throttling(3): "E13",
}
#: Every trouble that is not in the story TROUBLE.
MORE_TROUBLE = Story(
    "more-trouble",
    tuple(Step(call, error=rule) for rule in _RULES.values() for call in _LOOK_UP),
    faults=tuple(Fault(ANY, trouble, first=2 * number + 1, times=2) for number, trouble in enumerate(_RULES)),
)
LIES = Story(
    "lies",
    (
        Step(GRANT),
        Step(_READ, (_OF_SELF, _OF_ROUTER), warning="Micro delay applied"),
        Step(_READ),
        Step(_READ, (_OF_SELF,), warning="There are more results available"),
        Step(_READ, (_OF_ROUTER,)),
        Step(_READ, (("info", SELF),)),
        Step(_READ, (_OF_SELF, _OF_ROUTER)),
    ),
    faults=tuple(
        Fault(ANY_READER, effect=effect, first=number)
        for number, effect in enumerate(
            (Effect.SLOWED, Effect.EMPTY, Effect.TRUNCATED, Effect.WITHOUT_SELF, Effect.ANOTHERS), 1
        )
    ),
)
LATE = Story(
    "late",
    (
        Step(GRANT),
        Step(_READ, (_OF_SELF,)),
        Step(_READ, (_OF_SELF,)),
        Step(_READ, (_OF_SELF, _OF_ROUTER)),
    ),
    faults=(Fault(ANY_WRITER, effect=Effect.LATE, reads=2),),
)
EXPIRED = Story(
    "expired",
    (
        Step(_READ, (_OF_SELF,)),
        Step(GRANT, error="E23"),
        *(Step(call, error="E23") for call in (_READ, *_LOOK_UP)),
    ),
    faults=(Fault(ANY_WRITER, Trouble.TOKEN_EXPIRED, Effect.DONE_YET_FAILED, identity=SALES),),
)
TROUBLE_STORIES = (MORE_TROUBLE, LIES, LATE, EXPIRED)
