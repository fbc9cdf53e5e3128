# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs PowerShell as a host with application control does, in Constrained Language Mode: ``constrained.py PWSH …``."""

from __future__ import annotations

import base64
import os
import sys

_SWITCH = "-encodedcommand"
_CONSTRAIN = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'\n"


def constrained(arguments: list[str]) -> list[str]:
    """Puts the change of mode before the script of ``-EncodedCommand``; raises ValueError where there is none."""
    place = [argument.lower() for argument in arguments].index(_SWITCH) + 1
    script = _CONSTRAIN + base64.b64decode(arguments[place]).decode("utf-16-le")
    return [*arguments[:place], base64.b64encode(script.encode("utf-16-le")).decode(), *arguments[place + 1 :]]


if __name__ == "__main__":
    os.execv(sys.argv[1], [sys.argv[1], *constrained(sys.argv[2:])])
