# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that finds or unpacks a Chromium for the tests of the HTML report."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.tests.tools import chromium
from ansible_collections.email_router.exchange_online.tests.tools.debian import Place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Where the tool puts a browser, empty; and a machine that has no program at all."""
    empty = Place(tmp_path / "chromium", "The HTML report in Chromium", "browser", "content")
    monkeypatch.setattr(chromium, "PLACE", empty)
    monkeypatch.setattr(chromium, "DIRECTORY", empty.directory)
    monkeypatch.setattr(chromium, "FILES", empty.directory / "root")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return empty


def test_where_no_browser_can_be_had_the_run_says_why_and_goes_on(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "make browser" in chromium.missing()
    place.fill(chromium.fill)
    assert "The HTML report in Chromium: NOT TESTED, this machine has no apt-get" in capfd.readouterr().out
    assert chromium.missing() == "this machine has no apt-get"


def test_a_browser_that_the_machine_has_is_used_as_it_is(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tmp_path / "google-chrome"
    found.write_text("#!/bin/sh\n")
    found.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.missing() == ""
    assert chromium.program() == str(found)
    assert chromium.environment() == {}


def test_of_what_chromium_needs_the_system_s_own_packages_are_not_unpacked() -> None:
    """A C library beside that of the system would break the browser."""
    plan = "Reading state...\n" + "".join(
        f"Inst {name} (1.0 Debian:12 [amd64])\n" for name in ("libc6", "libgcc-s1", "libnss3", "xdg-utils", "libopus0")
    )
    assert chromium.lacking(plan) == ["chromium-headless-shell", "fonts-dejavu-core", "libnss3", "libopus0"]
    assert chromium.lacking("") == list(chromium.WANTED), "what is installed is wanted where the tests look for it, too"
