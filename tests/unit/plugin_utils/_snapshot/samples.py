# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots as the tests take them, and runs on them and on the organisation that they were taken of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Report,
    State,
    Wish,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Session
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import Detail, Snapshot
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.document import save
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.source import Source, load
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.taking import Taken, Wanted, take
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.session import TenantSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._access.runs import FakeWatch

TAKEN = "2026-01-05T09:00:00Z"
RIGHTS = tuple(Right)


def session_with(tenant: Tenant, read_only: bool = True) -> TenantSession:
    return TenantSession(tenant, tenant.admit().connection_id, read_only)


def taken_of(
    session: Session, mailboxes: Iterable[str], accounts: Iterable[str], detail: Detail = Detail.MINIMAL
) -> Taken:
    return take(session, Wanted(tuple(mailboxes), tuple(accounts), detail), FakeWatch(), TAKEN, "0.1.0")[0]


def filed(snapshot: Snapshot, directory: Path) -> Source:
    """By way of its file."""
    path = directory / "snapshot.json"
    save(snapshot, path)
    return load(str(path))


def raw_of(directory: Path) -> dict[str, object]:
    raw: dict[str, object] = json.loads((directory / "snapshot.json").read_text(encoding="utf-8"))
    return raw


def wishes(
    mailboxes: Iterable[str],
    accounts: Iterable[str],
    state: State = State.PRESENT,
    rights: Iterable[Right] = RIGHTS,
) -> tuple[Wish, ...]:
    rights = tuple(rights)
    return tuple(Wish(one, one, account, right, state) for one in mailboxes for account in accounts for right in rights)


def checked(session: Session, scope: Scope, check_mode: bool = True) -> Report:
    return ensure(session, scope, Options(check_mode), FakeWatch())[0]


def rehearsed(source: Source, scope: Scope, check_mode: bool = True) -> Report:
    with source.opened(check_mode, False) as session:
        return checked(session, scope, check_mode)


def rows(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """All that a person reads of them."""
    return sorted(
        (one.host, one.address, one.account, one.right.value, one.state.value, one.before, one.outcome.value, one.cause)
        for one in findings
    )
