# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last lines that a process printed, made readable: what an error shows when the process is gone."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from .redaction import redacted

_LINES = 20
_CHARACTERS = 2000
_CLIXML = "#< CLIXML"
_ERROR_TEXT = re.compile(r'<S S="Error">(.*?)</S>', re.DOTALL)
_ESCAPE = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


class LogTail:
    """Keeps a little of what went by on standard error and between the replies; it never sees standard input."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._stderr = b""
        self._secrets: frozenset[str] = frozenset()

    def hide(self, secrets: Iterable[str]) -> None:
        """What is never to be shown, however it is written."""
        self._secrets |= frozenset(secrets)

    def add_line(self, text: str) -> None:
        """A line of standard output that was no reply."""
        if text.strip():
            self._lines.append(redacted(text.strip(), self._secrets)[-_CHARACTERS:])

    def add_stderr(self, data: bytes) -> None:
        """Standard error, in whatever pieces it comes; the last 64 KiB are kept."""
        self._stderr = (self._stderr + data)[-65536:]

    def text(self) -> str:
        """At most 2,000 characters, or empty."""
        lines = [*self._lines, *redacted(readable(self._stderr), self._secrets).splitlines()]
        kept = "\n".join(line.rstrip() for line in lines if line.strip())
        return kept[-_CHARACTERS:]


def readable(stderr: bytes) -> str:
    """Of CLIXML, which PowerShell writes when its standard error is a pipe, the error stream only (winrm facts 1.1)."""
    text = stderr.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    plain, found, clixml = text.partition(_CLIXML)
    if not found:
        return text
    return plain + "".join(_unescaped(part) for part in _ERROR_TEXT.findall(clixml))


def _unescaped(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return _ESCAPE.sub(_characters, text)


def _characters(match: re.Match[str]) -> str:
    """``_xD83D__xDE00_`` is one character outside the basic plane, in two halves."""
    units = bytes.fromhex("".join(match.group().replace("_x", "").split("_")))
    return units.decode("utf-16-be", "replace")
