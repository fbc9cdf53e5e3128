# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with the simulated organisation in the same process: for rehearsals and for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .._exchange.session import WRITERS, Answer, Call, CmdletError, SessionInfo
from .cmdlets import spelled
from .tenant import Tenant


class TenantSession:
    """Implements ``_exchange.session.Session``. A read-only one refuses every writing cmdlet, as the runner does."""

    def __init__(self, tenant: Tenant, connection_id: str, read_only: bool = False) -> None:
        self._tenant = tenant
        self._connection_id = connection_id
        self._read_only = read_only
        organisation = tenant.organisation
        self.info = SessionInfo(
            {"read_only": read_only},
            {
                "connection_id": connection_id,
                "organization": organisation.organization,
                "tenant_id": organisation.tenant_id,
                "missing": [],
            },
        )

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        """One after the other, in the order given."""
        for call in calls:
            yield call, self._answer(call)

    def close(self) -> None:
        self._tenant.disconnect(self._connection_id)

    def _answer(self, call: Call) -> Answer:
        if self._read_only and spelled(call.cmdlet) in WRITERS:
            return Answer(error=CmdletError(f"{call.cmdlet} writes, and this session is read-only.", code="read_only"))
        answer = self._tenant.invoke(self._connection_id, call.cmdlet, call.parameters)
        rows = tuple({name: row.get(name) for name in call.select} for row in answer.rows if call.select)
        return replace(answer, rows=rows, error=answer.error and _taken_apart(answer.error))


def _taken_apart(error: CmdletError) -> CmdletError:
    """The record that a Get-EXO* hides in its JSON, as the runner takes it out (docs/wire-protocol.md, Answers)."""
    body = error.text.partition(" ErrorMessage=")[2]
    record = json.loads(body)["error"]["message"].split("|", 2) if body else []
    return replace(error, code=record[0], type=record[1], text=record[2]) if len(record) == 3 else error
