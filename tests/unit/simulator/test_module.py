# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stub module as files: where it is put, and that it knows every cmdlet of the simulated organisation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import WRITERS
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.cmdlets import CMDLETS
from ansible_collections.email_router.exchange_online.tests.simulator.powershell.module import MODULE, write_module


def test_the_folder_and_the_manifest_bear_the_version(tmp_path: Path) -> None:
    write_module(tmp_path, "3.4.0")
    assert "ModuleVersion = '3.4.0'" in (tmp_path / MODULE / "3.4.0" / f"{MODULE}.psd1").read_text()


def test_the_environment_chooses_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXO_MODULE_VERSION", "3.10.1")
    assert [each.name for each in (write_module(tmp_path) / MODULE).iterdir()] == ["3.10.1"]


def test_none_stands_for_a_host_without_the_module(tmp_path: Path) -> None:
    write_module(tmp_path, "none")
    assert not list(tmp_path.iterdir())


def test_the_stub_has_every_cmdlet_and_parameter_of_the_simulated_organisation(tmp_path: Path) -> None:
    table = json.loads((write_module(tmp_path, "3.9.2") / MODULE / "3.9.2" / "cmdlets.json").read_text())
    made_by_the_engine = {"Confirm", "WhatIf"}
    for name, cmdlet in CMDLETS.items():
        assert set(cmdlet.parameters) - made_by_the_engine <= set(table[name]["parameters"]), name
        assert cmdlet.prompts == (table[name].get("confirm_impact") == "High"), name
        assert (name in WRITERS) == ("confirm_impact" in table[name]), name
