# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of an inventory that contributors may change: data passes, whatever could run or redirect does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .hostile import HOSTILE, file, proposed
from .pipelines import COMMON


def check(*folders: Path) -> tuple[int, str]:
    """Exit status, and what it says."""
    command = [sys.executable, str(COMMON / "inventory_check.py"), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_plain_inventory_is_data(tmp_path: Path) -> None:
    folder = proposed(tmp_path / "inventory")
    file("emea.yaml", "crm_mailboxes:\n  hosts:\n    emea@contoso.com:\n")(folder)
    file("group_vars/emea.yml", "mailbox_delegation_profile: reader\n")(folder)
    file("group_vars/crm_mailboxes/profiles.yml", "mailbox_delegation_profiles: {}\n")(folder)
    file("host_vars/info@contoso.com.yml", "mailbox_delegation_state: absent\n")(folder)
    exports = tmp_path / "exports"
    exports.mkdir()
    file("active.csv", 'Name,E-Mail,Id\n"Müller, {A}",info@contoso.com,{0b7a}\n')(exports)
    assert check(folder, exports) == (0, f"{folder}, {exports}: data alone\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_change_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    change, said = HOSTILE[name]
    status, output = check(proposed(tmp_path / "inventory", change))
    assert status == 1
    assert said in output


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    folder = proposed(tmp_path / "inventory", HOSTILE["a script"][0])
    HOSTILE["a template in group_vars"][0](folder)
    status, output = check(folder)
    assert status == 1
    assert "hosts.yml: executable" in output
    assert "all.yml:1: a template" in output
    assert output.endswith("Not data alone: 2 found. Nothing may be run with it.\n")


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    """It would be waited for without end."""
    folder = proposed(tmp_path / "inventory", lambda folder: os.mkfifo(folder / "m.yml"))
    assert "m.yml: no plain file" in check(folder)[1]


@pytest.mark.parametrize("folder", ["nowhere", "empty", "link"])
def test_where_there_is_nothing_to_look_at_nothing_passes(folder: str, tmp_path: Path) -> None:
    proposed(tmp_path / "inventory")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("inventory")
    assert check(tmp_path / folder)[0] == 1
