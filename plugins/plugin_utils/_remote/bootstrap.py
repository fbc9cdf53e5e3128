# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How PowerShell is started: bootstrap.ps1 on the command line, the runner's source on standard input."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from .channel import ChannelError

#: cmd.exe refuses 8,191 characters, and may do so without a word (winrm facts 3.1).
COMMAND_LINE_LIMIT = 8000

_SWITCHES = ("-NoProfile", "-NonInteractive", "-InputFormat", "None", "-ExecutionPolicy", "Bypass")
_HERE = Path(__file__).parent
#: One script in three files, which stand on each other in this order.
_RUNNER = ("exchange.ps1", "diagnose.ps1", "runner.ps1")


@dataclass(frozen=True)
class Launch:
    """``preamble``: what standard input begins with. ``sha256``: what ``hello`` must answer for the runner's source."""

    arguments: list[str]
    preamble: bytes
    sha256: str


def launch(executable: str, scripts: Path = _HERE) -> Launch:
    """All that starting a runner takes. Raises ChannelError if the command line is too long for cmd.exe."""
    arguments = [*_SWITCHES, "-EncodedCommand", _encoded(_condensed(_read(scripts / "bootstrap.ps1")))]
    length = len(" ".join((executable, *arguments)))
    if length >= COMMAND_LINE_LIMIT:
        raise ChannelError(
            f"The command line that starts PowerShell has {length} characters, {COMMAND_LINE_LIMIT} are too many for "
            "cmd.exe; name a shorter path in the option executable"
        )
    lines = "".join(_read(scripts / name) for name in _RUNNER).rstrip("\n").split("\n")
    source = "\n".join(lines).encode("utf-8")
    return Launch(arguments, b"%d\n%s\n" % (len(lines), source), hashlib.sha256(source).hexdigest())


def _read(script: Path) -> str:
    return script.read_text(encoding="utf-8-sig").replace("\r\n", "\n")


def _condensed(script: str) -> str:
    """Without blank lines and lines that are only a comment: each character costs 2.7 on the command line."""
    lines = (line.strip() for line in script.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def _encoded(script: str) -> str:
    return base64.b64encode(script.encode("utf-16-le")).decode("ascii")
