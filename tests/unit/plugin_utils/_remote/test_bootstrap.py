# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How PowerShell is started: the length of the command line, and what goes in first."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import bootstrap
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.bootstrap import (
    COMMAND_LINE_LIMIT,
    launch,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes scripts in place of those of the collection: the runner is one line of another file and ``runner``."""
    monkeypatch.setattr(bootstrap, "_RUNNER", ("first.ps1", "runner.ps1"))

    def write(script: str = "exit", runner: str = "# runner\n") -> Path:
        for name, text in {"bootstrap": script, "first": "# first\n", "runner": runner}.items():
            (tmp_path / f"{name}.ps1").write_bytes(text.encode())
        return tmp_path

    return write


def script_of(arguments: list[str]) -> str:
    return base64.b64decode(arguments[-1]).decode("utf-16-le")


def test_the_scripts_of_the_collection_fit_on_the_command_line() -> None:
    made = launch(r"C:\Program Files\PowerShell\7\pwsh.exe")
    assert len(" ".join(made.arguments)) < COMMAND_LINE_LIMIT - 100
    assert made.arguments[:-1] == [
        "-NoProfile", "-NonInteractive", "-InputFormat", "None", "-ExecutionPolicy", "Bypass", "-EncodedCommand",
    ]  # fmt: skip
    assert "OpenStandardInput" in script_of(made.arguments)


def test_the_script_on_the_command_line_does_not_touch_the_pipeline_input() -> None:
    """Winrm facts 3.2: the host would read standard input itself."""
    assert "$input" not in script_of(launch("powershell.exe").arguments).lower()


def test_the_preamble_says_how_many_lines_follow_and_the_hash_is_theirs() -> None:
    made = launch("pwsh")
    count, source = made.preamble.split(b"\n", 1)
    assert source.count(b"\n") == int(count)
    assert made.sha256 == hashlib.sha256(source.removesuffix(b"\n")).hexdigest()


def test_comments_and_blank_lines_are_left_out(scripts: Callable[..., Path]) -> None:
    script = "# licence\n\n$a = 1 # why\n    # more\n    $b = '#2'\n"
    assert script_of(launch("pwsh", scripts(script)).arguments) == "$a = 1 # why\n$b = '#2'"


def test_line_ends_and_byte_order_marks_of_a_checkout_do_not_matter(scripts: Callable[..., Path]) -> None:
    one = launch("pwsh", scripts(runner="'ü'\n\n$x\n"))
    other = launch("pwsh", scripts(runner="\ufeff'ü'\r\n\r\n$x"))
    assert one == other
    assert one.preamble == "4\n# first\n'ü'\n\n$x\n".encode()


def test_a_command_line_that_is_too_long_is_refused(scripts: Callable[..., Path]) -> None:
    with pytest.raises(ChannelError, match=r"8000 are too many for cmd\.exe"):
        launch("pwsh", scripts("x" * 3000))
