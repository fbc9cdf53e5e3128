# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs against a simulated organisation, as the tests of this layer put them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import WriteSettings
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    MailboxItem,
    wishes_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.estimate import Estimate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.meter import Statistics
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Outcome,
    Profile,
    Report,
    State,
    Wish,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    WRITERS,
    Answer,
    Call,
    Session,
    SessionLost,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, ScriptedSession, signed_in, watched


class FakeWatch:
    """A clock that moves only when somebody sleeps. ``told``: phase, done, total of every progress."""

    def __init__(self, on_sleep: Callable[[], object] | None = None) -> None:
        self.slept: list[float] = []
        self.told: list[tuple[str, int, int]] = []
        self._on_sleep = on_sleep

    def now(self) -> float:
        return 1000.0 + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._on_sleep:
            self._on_sleep()

    def estimated(self, estimate: Estimate) -> None:
        self.estimate = estimate

    def progress(self, phase: str, done: int, total: int) -> None:
        self.told.append((phase, done, total))


@dataclass
class Run:
    """What a run came to, and what it cost the organisation."""

    report: Report
    statistics: Statistics
    check_mode: bool
    watch: FakeWatch = field(default_factory=FakeWatch)

    @property
    def outcomes(self) -> list[Outcome]:
        return [one.outcome for one in self.report.findings]

    @property
    def changed(self) -> bool:
        return any(one.changes(self.check_mode) for one in self.report.findings)

    @property
    def fails(self) -> bool:
        return any(one.outcome.fails(self.check_mode) for one in self.report.findings)

    @property
    def only(self) -> Finding:
        """The one finding that there is."""
        (finding,) = self.report.findings
        return finding


def wishes(
    addresses: Iterable[str],
    rights: Sequence[Right] = (Right.SEND_AS,),
    state: State = State.PRESENT,
    account: str = ROUTER,
) -> tuple[Wish, ...]:
    """For each mailbox the rights of one account."""
    profile = Profile("default", account, tuple(rights))
    items = [MailboxItem(address, address, ("default",), State.PRESENT) for address in addresses]
    made = wishes_of(items, {"default": profile})
    return tuple(Wish(one.host, one.address, one.account, one.right, state) for one in made)


def run(
    tenant: Tenant,
    wanted: Iterable[Wish],
    check_mode: bool = False,
    session: Session | None = None,
    watch: FakeWatch | None = None,
    verify: float = 120.0,
) -> Run:
    """Ensures the wishes over a session of its own, in check mode a read-only one, and without waiting for real."""
    watch = watch or FakeWatch()
    options = Options(check_mode, WriteSettings(verify=verify))
    opened = session or signed_in(tenant, read_only=check_mode)
    report, statistics = ensure(opened, Scope(tuple(wanted)), options, watch)
    return Run(report, statistics, check_mode, watch)


def is_write(call: Call) -> bool:
    return call.cmdlet in WRITERS


class BreakingSession(ScriptedSession):
    """A session with the organisation whose contact breaks at the first call that ``breaks`` says so of.

    ``carried_out``: that call reaches the organisation all the same; nobody hears of it.
    """

    def __init__(self, tenant: Tenant, breaks: Callable[[Call], bool], carried_out: bool = False) -> None:
        inner = watched(tenant)

        def answer(call: Call) -> Answer:
            if breaks(call):
                if carried_out:
                    inner.script(call)
                raise SessionLost("the connection broke", (call,))
            return inner.script(call)

        super().__init__(answer)


def writes(tenant: Tenant) -> list[str]:
    """The writing cmdlets that reached the organisation, in order."""
    return [call.cmdlet for call in tenant.calls if call.writes]
