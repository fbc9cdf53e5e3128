# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening a session for a task: with PowerShell over the task's connection, or with a snapshot of an organisation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from .._access.desired import InputError
from .._access.meter import Statistics
from .._access.model import Report, Stop
from .._access.writing import OUT_OF_TIME
from .._exchange.deadline import Deadline
from .._exchange.powershell import PowerShellSession
from .._exchange.resilience import ResilientSession
from .._exchange.session import WRITERS, Session
from .._remote.channel import ChannelStatistics
from .._snapshot.source import Source
from .channels import channel_of
from .expiry import expiry_warnings
from .progress import ProgressWatch
from .sign_in import SignIn


@dataclass(frozen=True)
class Opened:
    """A session, the seconds that signing in first took, and what went over the wire of every PowerShell it took."""

    session: Session
    seconds: float = 0.0
    wires: list[ChannelStatistics] = field(default_factory=list)
    resilient: ResilientSession | None = None

    def figures(self, statistics: Statistics) -> dict[str, Any]:
        """What the run cost, for its result."""
        calls, waited, sessions = statistics.calls.copy(), 0.0, 1
        if self.resilient is not None:
            calls += self.resilient.repeats
            calls -= self.resilient.not_reached
            waited, sessions = self.resilient.waited, self.resilient.opened
        return {
            "calls": dict(sorted(calls.items())),
            "calls_total": calls.total(),
            "repeats": self.resilient.repeats.total() if self.resilient else 0,
            "writes": sum(calls[cmdlet] for cmdlet in WRITERS),
            "sessions": sessions,
            "seconds": {"sign_in": round(self.seconds, 3), **statistics.seconds, "waiting": round(waited, 3)},
            "requests": sum(wire.requests for wire in self.wires),
            "bytes_sent": sum(wire.bytes_sent for wire in self.wires),
            "bytes_received": sum(wire.bytes_received for wire in self.wires),
        }

    @property
    def stop(self) -> Stop | None:
        """That the time of the run was over before its end, if it was."""
        return OUT_OF_TIME if self.resilient is not None and self.resilient.not_reached else None

    @property
    def warnings(self) -> list[str]:
        """Of a certificate that expires soon, and of sessions that were to work side by side and did not."""
        trouble = self.resilient.trouble if self.resilient is not None else ""
        fewer = [f"fewer sessions than the option sessions allows, so it took longer: {trouble}"] if trouble else []
        return [*expiry_warnings(self.session.info), *fewer]

    def in_full(self, report: Report) -> Report:
        """The report with the warnings of the session, which says so if the time of the run was over before its end."""
        return replace(report, stop=report.stop or self.stop, warnings=(*self.warnings, *report.warnings))


@contextmanager
def opened(
    connection: Any,
    options: Mapping[str, Any],
    sign_in: SignIn,
    cmdlets: Mapping[str, Sequence[str]],
    read_only: bool,
    watch: ProgressWatch,
    optional: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Opened]:
    """The session of a task, closed at the end. ``options``: with those of the fragments powershell, run and exchange,
    ``snapshot`` as the content of its file.

    ``optional``: cmdlets besides, without which the session will do.
    """
    with ExitStack() as stack:
        source: Source | None = options.get("snapshot")
        if source:
            yield Opened(stack.enter_context(source.opened(read_only, options["snapshot_update"])))
            return
        _check_times(options)
        deadline = Deadline(options["max_runtime"])
        wires: list[ChannelStatistics] = []

        def sign_in_lane(lane: int) -> PowerShellSession:
            channel, program = channel_of(connection, options["executable"])
            wires.append(channel.statistics)
            session = PowerShellSession.open(
                channel,
                program,
                read_only=read_only,
                sign_in=sign_in.request,
                environment=sign_in.environment,
                cmdlets=cmdlets,
                optional=optional,
                patience=float(options["request_timeout"]),
                deadline=deadline,
            )
            session.info = replace(session.info, place={"lane": lane, **session.info.place})
            return session

        began = time.monotonic()
        session = ResilientSession(sign_in_lane, deadline, watch.pause, lanes=options["sessions"])
        stack.callback(session.close)
        watch.sessions, watch.expect = options["sessions"], session.expect
        watch.token_expires = _token_expires(session.info.connection) if sign_in.way == "access_token" else None
        yield Opened(session, time.monotonic() - began, wires, session)


def _token_expires(connection: Mapping[str, object]) -> datetime | None:
    """As the module says it, in UTC; None where it says nothing that could be read."""
    try:
        return datetime.fromisoformat(str(connection.get("token_expires", ""))[:19]).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _check_times(options: Mapping[str, Any]) -> None:
    times = {name: options[name] for name in ("max_runtime", "request_timeout") if options[name] is not None}
    faults = [f"{name}: {seconds} is no time, give at least 1 second" for name, seconds in times.items() if seconds < 1]
    if faults:
        raise InputError(faults)
