# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening a session for a task: with PowerShell over the task's connection, or with a snapshot of an organisation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from .._access.desired import InputError
from .._access.meter import Statistics
from .._exchange.powershell import PowerShellSession
from .._exchange.session import Session
from .._remote.channel import ChannelStatistics
from .._tenant.organisation import Organisation
from .._tenant.session import TenantSession
from .._tenant.tenant import Tenant
from .channels import channel_of
from .sign_in import SignIn


@dataclass(frozen=True)
class Opened:
    """A session, the seconds that signing in took, and what went over the wire."""

    session: Session
    seconds: float = 0.0
    wire: ChannelStatistics = field(default_factory=ChannelStatistics)

    def figures(self, statistics: Statistics) -> dict[str, Any]:
        """What the run cost, for its result."""
        return {
            "calls": dict(sorted(statistics.calls.items())),
            "calls_total": statistics.calls.total(),
            "writes": statistics.writes,
            "sessions": 1,
            "seconds": {"sign_in": round(self.seconds, 3), **statistics.seconds},
            "requests": self.wire.requests,
            "bytes_sent": self.wire.bytes_sent,
            "bytes_received": self.wire.bytes_received,
        }


@contextmanager
def opened(
    connection: Any,
    options: Mapping[str, Any],
    sign_in: SignIn,
    cmdlets: Mapping[str, Sequence[str]],
    read_only: bool,
    optional: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Opened]:
    """The session of a task, closed at the end. ``options``: with those of the fragments powershell and exchange.

    ``optional``: cmdlets besides, without which the session will do.
    """
    with ExitStack() as stack:
        if options.get("snapshot"):
            yield Opened(stack.enter_context(_from_snapshot(options, read_only)))
            return
        began = time.monotonic()
        channel, program = channel_of(connection, options["executable"])
        session = PowerShellSession.open(
            channel,
            program,
            read_only=read_only,
            sign_in=sign_in.request,
            environment=sign_in.environment,
            cmdlets=cmdlets,
            optional=optional,
        )
        stack.callback(session.close)
        yield Opened(session, time.monotonic() - began, channel.statistics)


@contextmanager
def _from_snapshot(options: Mapping[str, Any], read_only: bool) -> Iterator[TenantSession]:
    """A rehearsal: the organisation lives in this process; what is done to it is kept only if asked for."""
    path = options["snapshot"]
    try:
        organisation = Organisation.load(path)
    except (OSError, ValueError) as error:
        raise InputError([f"snapshot {path}: {error}"]) from error
    tenant = Tenant(organisation)
    yield TenantSession(tenant, tenant.admit().connection_id, read_only)
    if options["snapshot_update"] and not read_only:
        tenant.organisation.save(path)
