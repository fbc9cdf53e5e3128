# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts of the other contenders, in a real PowerShell: the same calls as of what stands for them in the bench."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.email_router.exchange_online.tests.bench import competitors
from ansible_collections.email_router.exchange_online.tests.bench.site import Bill, Case, Place, Site, Situation
from ansible_collections.email_router.exchange_online.tests.conformance.cmdlet_powershell import required_powershell

SIZE = 3


def bill_of(pwsh: str | None, drive: Callable[[Place], None], case: Case) -> Bill:
    with Site(pwsh) as site:
        drive(site.stage(case))
        return site.bill()


@pytest.mark.powershell
@pytest.mark.parametrize("situation", [Situation.FIRST, Situation.DRIFT], ids=["first", "drift"])
@pytest.mark.parametrize(
    "drive",
    [competitors.one_by_one, competitors.foreach, competitors.trustee, competitors.states],
    ids=["one_by_one", "foreach", "trustee", "states"],
)
def test_the_stand_in_makes_the_calls_of_the_script(drive: Callable[[Place], None], situation: Situation) -> None:
    case = Case(SIZE, situation, both=True)
    real, stand_in = bill_of(required_powershell(), drive, case), bill_of(None, drive, case)
    assert real.calls == stand_in.calls
    assert (real.writes, real.sign_ins, real.undone, real.left_open) == (case.grants, stand_in.sign_ins, 0, 0)
