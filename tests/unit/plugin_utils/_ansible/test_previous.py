# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mailboxes an earlier run had no time for, read from its result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.previous import not_reached_by
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import FORMAT

ROWS = [
    {"mailbox": "a", "outcome": "unknown", "cause": "not reached: max_runtime, 5 seconds, was over"},
    {"mailbox": "b", "outcome": "missing", "cause": "not reached: the time of the run (max_runtime) was over"},
    {"mailbox": "c", "outcome": "unknown", "cause": "Exchange answered: busy"},
    {"mailbox": "d", "outcome": "compliant", "cause": ""},
]


def test_those_are_first_whose_rows_say_that_they_were_not_reached(tmp_path: Path) -> None:
    file = tmp_path / "access.json"
    file.write_text(json.dumps({"grants": ROWS}))
    assert not_reached_by(str(file)) == {"a", "b"}


def test_a_report_tells_it_as_well(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"format": FORMAT, "version": 1, "rows": ROWS}))
    assert not_reached_by(str(file)) == {"a", "b"}


def test_without_an_earlier_run_nothing_comes_first(tmp_path: Path) -> None:
    assert not_reached_by(None) == not_reached_by(str(tmp_path / "not there yet")) == frozenset()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"grants": 7}', '{"grants": [{}]}', '{"rows": []}', "\x00"])
def test_a_file_that_holds_no_result_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "access.json"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        not_reached_by(str(file))
    assert "access.json" in str(error.value.faults)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        not_reached_by(str(tmp_path))
