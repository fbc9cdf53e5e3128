# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured, and what is extrapolated from it: quick, and in full."""

from __future__ import annotations

from .measure import Key, Sizes
from .site import Situation

_SEND_AS, _BOTH = False, True


def _plan(**sizes: dict[tuple[bool, Situation], tuple[int, ...]]) -> Sizes:
    keyed: dict[Key, tuple[int, ...]] = {}
    for letter, every in sizes.items():
        keyed |= {(letter, both, situation): counts for (both, situation), counts in every.items()}
    return keyed


def _same(
    steady: tuple[int, ...], first: tuple[int, ...], drift: tuple[int, ...]
) -> dict[tuple[bool, Situation], tuple[int, ...]]:
    """The same sizes for Send As alone and for both rights."""
    sizes = {Situation.STEADY: steady, Situation.FIRST: first, Situation.DRIFT: drift}
    return {(both, situation): counts for both in (_SEND_AS, _BOTH) for situation, counts in sizes.items()}


#: At most five minutes on two cores.
QUICK = _plan(
    a=_same((10,), (10,), ()),
    b=_same((10, 30), (10, 20), (10,)),
    c=_same((10, 30), (10, 20), (10,)) | {(_SEND_AS, Situation.STEADY): (10, 100, 1_000, 10_000)},
    d=_same((10, 30), (10, 20), (10,)),
    e1=_same((10, 100, 1_000), (10, 60), (100,)),
    e3=_same((10, 100, 1_000), (10, 100), (100,)) | {(_BOTH, Situation.FIRST): (10, 100, 300)},
)
#: About an hour and a half.
FULL = _plan(
    a=_same((10, 100), (10, 100), (100,)),
    b=_same((10, 100, 1_000), (10, 100, 1_000), (100, 1_000)),
    c=_same((10, 100, 1_000, 10_000), (10, 100, 1_000), (100, 1_000)),
    d=_same((10, 100, 1_000), (10, 100, 1_000), (100, 1_000)),
    e1=_same((10, 100, 1_000, 10_000), (10, 100, 1_000), (10, 100, 1_000, 10_000)),
    e3=_same((10, 100, 1_000, 10_000), (10, 100, 1_000), (10, 100, 1_000, 10_000)),
)
