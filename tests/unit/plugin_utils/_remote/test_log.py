# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last words of a process, readable."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.log import LogTail, readable

CLIXML = (
    '#< CLIXML\r\n<Objs Version="1.1.0.1"><Obj S="progress" RefId="0"><S>Preparing modules for first use.</S></Obj>'
    '<S S="Error">Zugriff verweigert &lt;dir&gt; &amp;amp;_x000D__x000A_</S><S S="warning">warned</S>'
    '<S S="Error">_xD83D__xDE00_ end_x000D__x000A_</S></Objs>'
)


@pytest.mark.parametrize(
    ("stderr", "text"),
    [
        (b"", ""),
        (b"plain\r\n", "plain\r\n"),
        (b"\xef\xbb\xbfplain", "plain"),
        (b"\xff", "\ufffd"),
        (CLIXML.encode(), "Zugriff verweigert <dir> &amp;\r\n\U0001f600 end\r\n"),
        (b"before\n" + CLIXML.encode(), "before\nZugriff verweigert <dir> &amp;\r\n\U0001f600 end\r\n"),
        (b"#< CLIXML\r\n<Objs><Obj S='progress'/></Objs>", ""),
    ],
)
def test_readable(stderr: bytes, text: str) -> None:
    assert readable(stderr) == text


def test_holds_the_last_lines_of_both_streams() -> None:
    log = LogTail()
    for number in range(100):
        log.add_line(f"line {number}")
    log.add_line("   ")
    log.add_stderr(b"one\r\n\r\ntw")
    log.add_stderr(b"o\r\n")
    lines = log.text().splitlines()
    assert lines[0] == "line 80"
    assert lines[-3:] == ["line 99", "one", "two"]


def test_is_never_long() -> None:
    log = LogTail()
    log.add_line("y " * 500_000)
    assert sum(map(len, log._lines)) == 2000
    log.add_stderr(b"x " * 500_000 + b"end")
    assert len(log.text()) == 2000
    assert log.text().endswith("end")
