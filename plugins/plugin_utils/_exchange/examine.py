# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight at work: starts PowerShell, asks it, signs in, reads; each step only if those before it allow it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .._remote.bootstrap import launch
from .._remote.channel import Channel, ChannelError
from .._remote.errors import AnswerOverdue, RunnerError
from .._remote.rpc import RpcClient
from . import filters
from .accounts import find_accounts
from .directory import ask_all, find_by_id
from .identities import Principal
from .needs import needed_cmdlets
from .powershell import HANGS, SIGN_IN_PATIENCE, PowerShellSession, connect_fields, explained, failure_of_refusal
from .preflight import Point, Purpose, Row, blocker, complete, lost, skipped, without_sign_in
from .preflight_exchange import judge_account, judge_roles, judge_sign_in, no_account
from .preflight_host import judge_contact, judge_host
from .rights import Right
from .session import Call, Session, SessionInfo, SessionLost

#: Value of -ExchangeEnvironmentName → what the PowerShell host must reach: where tokens come from, and Exchange
#: (exchange facts 6.5; connect-exchangeonline.md names the others').
ENDPOINTS = {
    "O365Default": ("login.microsoftonline.com:443", "outlook.office365.com:443"),
    "O365China": ("login.chinacloudapi.cn:443", "partner.outlook.cn:443"),
    "O365USGovGCCHigh": ("login.microsoftonline.us:443", "outlook.office365.us:443"),
    "O365USGovDoD": ("login.microsoftonline.us:443", "webmail.apps.mil:443"),
}
#: Come with the module, so only the service says whether they are granted.
_NATIVE = ("Get-EXORecipient", "Get-EXOMailbox")
#: What nobody has.
_NOBODY = filters.has_address("preflight@nobody.invalid")


@dataclass(frozen=True)
class Examination:
    """What is to be looked at. ``sign_in``: as for ``connect``. ``today``: by which certificates are judged."""

    sign_in: Mapping[str, str] = field(repr=False)
    environment: str
    endpoints: tuple[str, ...]
    purpose: Purpose
    rights: frozenset[Right]
    accounts: tuple[str, ...]
    today: date

    @property
    def way(self) -> str:
        return self.sign_in["way"]

    @property
    def cmdlets(self) -> dict[str, list[str]]:
        return needed_cmdlets(self.rights, self.rights, self.purpose is Purpose.AUDIT)


def examine(channel: Channel, executable: str, wanted: Examination, is_local: bool) -> tuple[Row, ...]:
    """Every point, in order. Never raises for what goes wrong on the way: that is a row. Writes nothing."""
    client = RpcClient(channel)
    rows: list[Row] = []
    try:
        hello = _contact(client, executable, is_local, rows)
        if hello is not None:
            rows += judge_host(hello, _facts(client, wanted), wanted.way, wanted.today)
        if hello is not None and blocker(Point.SIGN_IN, rows) is None:
            if wanted.purpose is Purpose.HOST:
                rows += without_sign_in()
            else:
                _exchange(client, channel, hello, wanted, rows)
    except (ChannelError, SessionLost) as error:
        rows = lost(rows, str(error), "Run it again; if it stays, look at the host's event log")
    finally:
        client.close()
    return complete(rows)


def examine_accounts(session: Session, asked: Iterable[str]) -> list[Row]:
    """Each account: found, of a kind that can hold the rights, shown in address lists, with a mailbox."""
    accounts = find_accounts(session, asked)
    guids = {name: one.guid for name, one in accounts.items() if isinstance(one, Principal) and one.guid}
    mailboxes = find_by_id(session, guids.values())
    rows: list[Row] = []
    for name, account in accounts.items():
        rows += judge_account(name, account, mailboxes.get(guids.get(name, "")))
    return rows or list(no_account())


def rehearsed(session: Session, asked: Iterable[str]) -> tuple[Row, ...]:
    """The preflight of a rehearsal: there is no host and no sign-in, so only the accounts can be looked at."""
    rows = examine_accounts(session, asked)
    looked_at = {row.point for row in rows}
    rows += [skipped(point, "a rehearsal on a snapshot needs none") for point in Point if point not in looked_at]
    return complete(rows)


def _contact(client: RpcClient, executable: str, is_local: bool, rows: list[Row]) -> dict[str, Any] | None:
    """The answer to ``hello``, or None."""
    try:
        hello = client.start(executable, launch(executable), read_only=True)
    except (ChannelError, RunnerError) as error:
        rows += judge_contact(error, {}, is_local)
        return None
    rows += judge_contact(None, hello, is_local)
    return hello


def _facts(client: RpcClient, wanted: Examination) -> dict[str, Any]:
    """The answer to ``diagnose``; empty where the runner itself stumbled."""
    fields: dict[str, Any] = {"endpoints": list(wanted.endpoints)}
    if wanted.way.startswith("certificate_"):
        fields["sign_in"] = dict(wanted.sign_in)
    try:
        return client.request("diagnose", **fields)
    except RunnerError:
        return {}


def _exchange(
    client: RpcClient, channel: Channel, hello: Mapping[str, Any], wanted: Examination, rows: list[Row]
) -> None:
    connect = connect_fields(wanted.sign_in, wanted.cmdlets, wanted.environment)
    try:
        connection = client.request("connect", SIGN_IN_PATIENCE, **connect)
    except RunnerError as error:
        rows.append(judge_sign_in({}, explained(error, hello, wanted.sign_in), failure_of_refusal(error)))
        return
    except AnswerOverdue as error:
        rows.append(judge_sign_in({}, (str(error), HANGS)))
        return
    rows.append(judge_sign_in(connection, None))
    session = PowerShellSession(client, channel, SessionInfo(hello, connection))
    probes = {name: _probe(name) for name in _NATIVE if name in wanted.cmdlets}
    errors = {name: answer.error for name, answer in ask_all(session, probes).items()}
    rows += judge_roles(connection.get("missing") or (), errors, wanted.purpose)
    if blocker(Point.ACCOUNT, rows) is None:
        rows += examine_accounts(session, wanted.accounts)


def _probe(cmdlet: str) -> Call:
    return Call(cmdlet, {"Filter": _NOBODY, "ResultSize": "Unlimited"}, ("Guid",))
