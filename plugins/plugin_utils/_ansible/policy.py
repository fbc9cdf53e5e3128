# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies that hold for a task that writes: of its option, and of whoever runs the controller."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._access.brakes import Brakes
from .._access.desired import InputError
from .._policy.caps import capped
from .._policy.document import Policy
from .._policy.gate import PolicyGate
from .._policy.reader import LARGEST, read_policy
from .._regular import NotRegular, opened
from .result import FAILED_ROWS

#: Of the controller's own process: a task's ``environment`` is for whoever writes the play to say.
VARIABLE = "EXCHANGE_ONLINE_POLICY"


@dataclass(frozen=True)
class Policies:
    """``held``: the policies. ``gate``: which asks them all."""

    held: tuple[Policy, ...]
    gate: PolicyGate

    def brakes(self, brakes: Brakes) -> Brakes:
        """The brakes of the task, and the caps of the policies."""
        return capped(brakes, self.held) if self.held else brakes

    def told(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """A settled result with the policies that held, and what they refused.

        A task that fails is printed whole, so it carries no more refusals than a person reads.
        """
        told: dict[str, Any] = {"policy": [{"file": one.file, "digest": one.digest} for one in self.held]}
        if self.gate.refusals:
            refusals = list(self.gate.refusals)
            left = len(refusals) - FAILED_ROWS if result.get("failed") else 0
            told["refusals"] = [*refusals[:FAILED_ROWS], f"and {left} more"] if left > 0 else refusals
        return {**result, **told} if self.held else dict(result)


def policies_of(arguments: Mapping[str, Any], options: Mapping[str, Any], is_serial: bool) -> Policies:
    """Raises InputError for a policy that cannot be read, or that could not hold over the batches of a ``serial``
    play: never is there none instead. ``arguments``: of the task, where null is no leaving out."""
    named = {}
    if (place := os.environ.get(VARIABLE)) is not None:
        named[_absolute(place)] = VARIABLE
    if "policy" in arguments:
        named.setdefault(options["policy"] or "", "policy")
    held = tuple(read_policy(file, _content(file, source)) for file, source in named.items())
    if is_serial and (faults := [_uncountable(one) for one in held if one.counts]):
        raise InputError(faults)
    return Policies(held, PolicyGate(held))


def _absolute(file: str) -> str:
    """The folder that a playbook is started in may be its author's."""
    if not os.path.isabs(file):
        remedy = "name the file by its whole path, or take the variable away"
        raise InputError([f"environment variable {VARIABLE}: {file!r} is no absolute path ({remedy})"])
    return file


def _uncountable(policy: Policy) -> str:
    return (
        f"policy {policy.at(policy.counts[0])}: what it caps cannot be counted in a serial play, where each batch "
        "would count anew: take serial away"
    )


def _content(file: str, source: str) -> bytes:
    """The bytes of a regular file, and not many more than may be. Raises InputError."""
    if not file:
        raise InputError([f"{source} is empty: name a file, or leave it out"])
    try:
        with opened(file) as content:
            return content.read(LARGEST + 1)
    except NotRegular as error:
        raise InputError([f"{source} {file}: it is no regular file, so nothing was written"]) from error
    except OSError as error:
        reason = error.strerror or error
        raise InputError([f"{source} {file} cannot be read, so nothing was written: {reason}"]) from error
