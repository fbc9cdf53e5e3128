# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection itself, put together as a task puts it together, with its own seconds as short as the bench's."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from ...plugins.plugin_utils._access.apply import WriteSettings
from ...plugins.plugin_utils._access.desired import MailboxItem, wishes_of
from ...plugins.plugin_utils._access.engine import Options, Scope, ensure
from ...plugins.plugin_utils._access.estimate import Estimate
from ...plugins.plugin_utils._access.meter import SilentWatch, Watch
from ...plugins.plugin_utils._access.model import Profile, Report, State
from ...plugins.plugin_utils._exchange.deadline import Deadline
from ...plugins.plugin_utils._exchange.lanes import PATIENCE
from ...plugins.plugin_utils._exchange.needs import needed_cmdlets
from ...plugins.plugin_utils._exchange.powershell import PowerShellSession
from ...plugins.plugin_utils._exchange.resilience import ResilientSession
from ...plugins.plugin_utils._exchange.rights import Right
from ...plugins.plugin_utils._exchange.session import Session
from ...plugins.plugin_utils._remote.process import ProcessChannel
from ...plugins.plugin_utils._remote.rpc import RpcClient
from ...plugins.plugin_utils._remote.window import AHEAD, PACE, Window
from ...plugins.plugin_utils._remote.winrm import WinRMChannel
from .site import Place

_SILENT = SilentWatch()


def run(lanes: int, place: Place, local: bool = False) -> None:
    """One run over all mailboxes, with so many sessions at most; over WinRM, or with a PowerShell of this machine."""
    shorter = place.case.scale or 1.0
    rights = (Right.SEND_AS, Right.FULL_ACCESS) if place.case.both else (Right.SEND_AS,)

    def open_lane(_number: int) -> PowerShellSession:
        return PowerShellSession.open(
            ProcessChannel() if local else _over_winrm(place),
            place.pwsh if local else "powershell.exe",
            _sign_in(place),
            needed_cmdlets(rights, (), read_only=False),
            read_only=False,
            speak=partial(RpcClient, window=Window(ahead=AHEAD * shorter, pace=PACE * shorter)),
        )

    session = ResilientSession(open_lane, Deadline(), _pause, lanes=lanes, lane_after=PATIENCE * shorter)
    try:
        watch = _Expecting(lambda seconds: session.expect(seconds * shorter))
        report = enforce(session, place.account, place.mailboxes, rights, watch)
    finally:
        session.close()
    bad = [one for one in report.findings if one.outcome.fails(False)]
    if bad or session.trouble:
        raise RuntimeError(f"{len(bad)} rows failed: {bad[:1]} {session.trouble}")


class _Expecting(SilentWatch):
    """Tells the session how long the run will be, as that of a task does."""

    def __init__(self, expect: Callable[[float], None]) -> None:
        self._expect = expect

    def estimated(self, estimate: Estimate) -> None:
        self._expect(estimate.seconds)


def enforce(
    session: Session, account: str, mailboxes: tuple[str, ...], rights: tuple[Right, ...], watch: Watch = _SILENT
) -> Report:
    """These rights for the account on every mailbox."""
    items = [MailboxItem(one, one, ("default",), State.PRESENT) for one in mailboxes]
    wishes = wishes_of(items, {"default": Profile("default", account, rights)})
    report, _statistics = ensure(session, Scope(wishes), Options(False, WriteSettings()), watch)
    return report


def _over_winrm(place: Place) -> WinRMChannel:
    return WinRMChannel(endpoint=place.url, transport="ntlm", username=place.user, password=place.password)


def _sign_in(place: Place) -> dict[str, str]:
    return {
        "way": "certificate_thumbprint",
        "organization": place.organization,
        "app_id": place.app_id,
        "certificate_thumbprint": place.thumbprint,
    }


def _pause(seconds: float, _why: str) -> None:
    time.sleep(seconds)


one_lane = partial(run, 1)
three_lanes = partial(run, 3)
