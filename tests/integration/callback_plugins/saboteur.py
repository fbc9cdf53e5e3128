# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks the collection from within, with everything that is secret at hand: no message may give it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.powershell import PowerShellSession

DOCUMENTATION = r"""
name: saboteur
type: notification
short_description: Lets the collection crash as it signs in
description:
  - It is for the tests of this collection.
author:
  - email_router.exchange_online contributors (!UNKNOWN)
"""


class CallbackModule(CallbackBase):
    """Works by being loaded: what it changes is inherited by the workers."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "saboteur"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        PowerShellSession.open = classmethod(_crash)  # type: ignore[assignment,method-assign]


def _crash(cls: type, channel: Any, executable: str, sign_in: Mapping[str, str], *more: Any, **named: Any) -> None:
    """The secrets are in a local variable, in an exception, and in another one before it."""
    everything = dict(sign_in)
    try:
        raise KeyError(str(everything))
    except KeyError as cause:
        raise RuntimeError(f"injected: {everything} {vars(channel)}") from cause
