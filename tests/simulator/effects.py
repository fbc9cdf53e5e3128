# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may become of a call that a fault hits, and the answers that lie."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from ...plugins.plugin_utils._exchange.session import Answer, Row
from ...plugins.plugin_utils._tenant.errors import MORE_RESULTS
from ...plugins.plugin_utils._tenant.state import SELF_NAME
from .trouble import MICRO_DELAY


class Effect(Enum):
    """What becomes of the call that a fault hits."""

    REFUSED = "not carried out, answered with the error"
    DONE_YET_FAILED = "carried out, answered with the error"
    PRETENDED = "not carried out, answered as a success without rows"
    SILENT = "not carried out, never answered"
    DONE_YET_SILENT = "carried out, never answered"
    SLOWED = "carried out, answered with a warning of soft throttling besides"
    LATE = "carried out, and not seen by the next reads"
    EMPTY = "carried out, answered without its rows"
    TRUNCATED = "carried out, answered with half of the rows and the warning that there are more"
    WITHOUT_SELF = "carried out, answered without the rows of SELF"
    ANOTHERS = "answered with the rows of another object"

    @property
    def carried_out(self) -> bool:
        return self not in (Effect.REFUSED, Effect.PRETENDED, Effect.SILENT)

    @property
    def fails(self) -> bool:
        """Answered with an error."""
        return self in (Effect.REFUSED, Effect.DONE_YET_FAILED)

    @property
    def silent(self) -> bool:
        return self in (Effect.SILENT, Effect.DONE_YET_SILENT)

    @property
    def of_sign_in(self) -> bool:
        return self.fails or self.silent

    @property
    def of_reads(self) -> bool:
        """Whether only readers can meet it."""
        return self in (Effect.EMPTY, Effect.TRUNCATED, Effect.WITHOUT_SELF, Effect.ANOTHERS)


def falsified(answer: Answer, effect: Effect) -> Answer:
    """The answer as the caller gets it, where it is no error."""
    if effect is Effect.SLOWED:
        return replace(answer, warnings=(*answer.warnings, MICRO_DELAY))
    if effect is Effect.EMPTY:
        return replace(answer, rows=())
    if effect is Effect.TRUNCATED and answer.error is None:
        return replace(answer, rows=answer.rows[: len(answer.rows) // 2], warnings=(*answer.warnings, MORE_RESULTS))
    if effect is Effect.WITHOUT_SELF:
        return replace(answer, rows=tuple(row for row in answer.rows if not _is_of_self(row)))
    return answer


def _is_of_self(row: Row) -> bool:
    return SELF_NAME in (row.get("User"), row.get("Trustee"))
