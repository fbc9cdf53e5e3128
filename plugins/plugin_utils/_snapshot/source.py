# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``snapshot``: a snapshot that was taken, or an organisation written by hand, and how old it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Union

from .._exchange.session import Session
from .._tenant.organisation import Organisation
from .._tenant.session import TenantSession
from .._tenant.tenant import Tenant
from .._wording import counted_noun
from .contents import Snapshot, SnapshotError
from .document import from_dict, moment_of
from .held import HeldSession, with_others


@dataclass(frozen=True)
class Source:
    """``content``: a Snapshot, or a plain Organisation, which is of no time."""

    path: str
    content: Union[Snapshot, Organisation]

    @property
    def snapshot(self) -> Union[Snapshot, None]:
        return self.content if isinstance(self.content, Snapshot) else None

    @property
    def taken(self) -> str:
        """RFC 3339; empty where nobody took it."""
        return self.content.taken if isinstance(self.content, Snapshot) else ""

    def age(self, now: datetime) -> Union[float, None]:
        """Hours, never less than none: clocks differ."""
        if not self.taken:
            return None
        return max(0.0, (now - moment_of(self.taken)).total_seconds() / 3600)

    @contextmanager
    def opened(self, read_only: bool, update: bool) -> Iterator[Session]:
        """A rehearsal: the organisation lives in this process. ``update``: what was done to it is kept in the file, of
        an organisation written by hand only."""
        if isinstance(self.content, Snapshot):
            tenant = Tenant(with_others(self.content))
            session = TenantSession(tenant, tenant.admit().connection_id, read_only)
            yield HeldSession(session, self.content, tenant.organisation)
            return
        tenant = Tenant(self.content)
        yield TenantSession(tenant, tenant.admit().connection_id, read_only)
        if update and not read_only:
            tenant.organisation.save(self.path)


def load(path: str) -> Source:
    """Raises SnapshotError, whose message says what is wrong with the file."""
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SnapshotError(f"snapshot {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"snapshot {path}: it is damaged, or no JSON: {error}") from error
    try:
        return Source(path, _content(raw))
    except (ValueError, TypeError, AttributeError) as error:
        raise SnapshotError(f"snapshot {path}: {error}") from error


def _content(raw: object) -> Union[Snapshot, Organisation]:
    if not isinstance(raw, Mapping):
        raise SnapshotError("it holds no object, as a snapshot and an organisation do")
    return from_dict(raw) if "format" in raw else Organisation.from_dict(raw)


def age_in_words(hours: float) -> str:
    """``less than an hour old``, ``5 hours old``, ``3 days old``."""
    if hours < 1:
        return "less than an hour old"
    return f"{counted_noun(int(hours), 'hour') if hours < 48 else counted_noun(int(hours / 24), 'day')} old"
