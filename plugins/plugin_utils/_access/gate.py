# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may keep a run from its first write: gates, which are shown all that it found and would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .._exchange.identities import Principal
from .model import Finding, Grant, Observed, Stop, Want
from .plan import Step


@dataclass(frozen=True)
class Decided:
    """All that a run is about, found, and would do.

    ``observed``: of every grant of ``wants``. ``steps``: the writes that are called for, in their order, those for
    surplus and for others' grants included. ``rest``: what came of wishes that are no wants, and of surplus.
    ``accounts``: of the wishes, by the names that the wishes have for them, in lower case.
    """

    wants: tuple[Want, ...]
    observed: Mapping[Grant, Observed]
    steps: tuple[Step, ...]
    rest: tuple[Finding, ...]
    accounts: Mapping[str, Principal] = field(default_factory=dict)


class Gate(Protocol):
    """Asked once in a run, in check mode, too."""

    def why_not(self, decided: Decided) -> Stop | None:
        """None where all of it may be done; else nothing of it is."""


def first_stop(gates: Iterable[Gate], decided: Decided) -> Stop | None:
    """What the first gate says that says no."""
    return next((stop for gate in gates if (stop := gate.why_not(decided))), None)
