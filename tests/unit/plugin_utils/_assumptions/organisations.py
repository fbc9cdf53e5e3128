# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organisation of which every assumption can be told, and sessions with it whose answers are bent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._assumptions.catalogue import examine
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._assumptions.evidence import gather
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._assumptions.finding import Finding, Result
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
    Property,
    Session,
    SessionInfo,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import signed_in

ROUTER = "crmrouter@contoso.com"
HELLO = {"language_mode": "FullLanguage", "powershell": "7.4.6", "user": "CONTOSO\\svc", "host": "exo-mgmt01"}
Bend = Callable[[Call, Answer], Answer]


def organisation(*, quirks: Iterable[str] = (), **settings: object) -> Organisation:
    """Enough mailboxes for a long answer, and in the first few everything that is looked for."""
    named = [
        {"name": "Zoë Müller", "address": "zoe@contoso.com", "send_on_behalf": [ROUTER]},
        {"name": "Sales", "address": "sales@contoso.com", "send_as": [ROUTER], "full_access": [ROUTER]},
    ]
    others = [{"name": f"Box {number}", "address": f"box{number}@contoso.com"} for number in range(250)]
    account = {"name": "CRM Router", "display_name": "The Router", "address": ROUTER}
    raw = {"recipients": [account, *named, *others], "quirks": list(quirks), "settings": settings}
    return Organisation.from_dict(raw)


def same(_call: Call, answer: Answer) -> Answer:
    """Nothing is bent."""
    return answer


@dataclass
class BentSession:
    """A session over PowerShell, as far as it tells of itself; ``hello`` and ``connection`` go on top of that."""

    session: Session
    bend: Bend = same
    hello: dict[str, object] = field(default_factory=dict)
    connection: dict[str, object] = field(default_factory=dict)

    @property
    def info(self) -> SessionInfo:
        told = self.session.info
        return SessionInfo(
            {**told.hello, **HELLO, **self.hello},
            {**told.connection, "module_version": "3.9.2", **self.connection},
        )

    @info.setter
    def info(self, value: SessionInfo) -> None:
        raise AttributeError(value)

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        for call, answer in self.session.invoke(calls):
            yield call, self.bend(call, replace(answer, milliseconds=90))

    def close(self) -> None:
        self.session.close()


def findings(
    tenant: Tenant,
    bend: Bend = same,
    seconds: float = 8.0,
    sample: int = 20,
    hello: dict[str, object] | None = None,
    connection: dict[str, object] | None = None,
) -> tuple[Finding, ...]:
    """What becomes of every assumption."""
    session = BentSession(signed_in(tenant, read_only=True), bend, hello or {}, connection or {})
    return examine(gather(session, sample, seconds))


def with_result(found: Iterable[Finding], result: Result) -> set[str]:
    return {one.fact for one in found if one.verdict.result is result}


# Ways to bend an answer


def rows(cmdlet: str, **values: Property) -> Bend:
    """Every row of a cmdlet says something else, where it says anything of that."""

    def bend(call: Call, answer: Answer) -> Answer:
        if call.cmdlet != cmdlet:
            return answer
        return replace(
            answer, rows=tuple({**row, **{name: values[name] for name in values if name in row}} for row in answer.rows)
        )

    return bend


def where(condition: Callable[[Call], bool], bend: Bend) -> Bend:
    """Only the answers to some calls are bent."""
    return lambda call, answer: bend(call, answer) if condition(call) else answer


def empty(_call: Call, answer: Answer) -> Answer:
    """No rows, and no error."""
    return Answer(milliseconds=answer.milliseconds)


def error(text: str, kind: str = "", code: str = "") -> Bend:
    return lambda call, answer: Answer(error=CmdletError(text, kind, code), milliseconds=answer.milliseconds)


def filters_on(call: Call) -> str:
    return str(call.parameters.get("Filter", ""))
