# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which policies hold for a task: never none where one is named."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.brakes import Brakes
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.policy import (
    VARIABLE,
    Policies,
    policies_of,
)

from .._policy.samples import box, decided, want

ANYBODY = "version: 1\naccounts: any\n"
CAPPED = (
    "version: 1\naccounts:\n  - account: a@x.com\n    rights: [send_as]\n    most_mailboxes: 5\ncaps: {grants: 7}\n"
)


@pytest.fixture(autouse=True)
def _no_policy_of_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def written(directory: Path, text: str, name: str = "policy.yml") -> str:
    file = directory / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def policies(policy: str | None, is_serial: bool = False) -> Policies:
    return policies_of({} if policy is None else {"policy": policy}, {"policy": policy}, is_serial)


def fault(policy: str | None, is_serial: bool = False) -> str:
    with pytest.raises(InputError) as raised:
        policies(policy, is_serial)
    return str(raised.value)


def test_where_none_is_named_none_holds_and_nothing_is_told() -> None:
    none = policies(None)
    assert none.held == ()
    assert none.told({"msg": "fine"}) == {"msg": "fine"}
    assert none.brakes(Brakes()) == Brakes()


def test_option_and_variable_hold_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, written(tmp_path, "version: 1\n", "of the runner.yml"))
    both = policies(written(tmp_path, ANYBODY))
    assert [Path(one.file).name for one in both.held] == ["of the runner.yml", "policy.yml"]
    assert both.gate.why_not(decided([want(box("box@contoso.com"))])) is not None


def test_the_same_file_holds_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, ANYBODY)
    monkeypatch.setenv(VARIABLE, file)
    assert len(policies(file).held) == 1


@pytest.mark.parametrize("file", ["", "policy.yml", "./policy.yml", "~/policy.yml"])
def test_the_variable_names_a_whole_path_for_the_folder_of_the_run_may_be_anybodys(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, ANYBODY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, file)
    assert f"environment variable {VARIABLE}: {file!r} is no absolute path" in fault(None)


def test_a_file_that_cannot_be_read_is_no_policy_and_no_leave(tmp_path: Path) -> None:
    assert fault("") == "policy is empty: name a file, or leave it out"
    with pytest.raises(InputError, match=r"^policy is empty: name a file, or leave it out$"):
        policies_of({"policy": None}, {"policy": None}, False)
    assert "cannot be read, so nothing was written: No such file or directory" in fault(str(tmp_path / "none"))
    assert "it is no regular file" in fault(str(tmp_path))
    assert f"policy {tmp_path}/policy.yml:1: it is empty" in fault(written(tmp_path, ""))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "it is no regular file" in fault(str(tmp_path / "pipe"))


def test_what_is_counted_cannot_hold_in_a_serial_play(tmp_path: Path) -> None:
    file = written(tmp_path, CAPPED)
    assert f"policy {file}:5: what it caps cannot be counted in a serial play" in fault(file, is_serial=True)
    assert policies(file).held
    assert policies(written(tmp_path, ANYBODY), is_serial=True).held


def test_a_result_says_which_policies_held_as_sha256sum_would(tmp_path: Path) -> None:
    file = written(tmp_path, ANYBODY)
    told = policies(file).told({"msg": "fine"})
    assert told == {"msg": "fine", "policy": [{"file": file, "digest": sha256(ANYBODY.encode()).hexdigest()}]}


@pytest.mark.parametrize(("failed", "shown"), [(True, 51), (False, 60)])
def test_a_failed_task_shows_no_more_refusals_than_a_person_reads(tmp_path: Path, failed: bool, shown: int) -> None:
    made = policies(written(tmp_path, "version: 1\n"))
    assert made.gate.why_not(decided(want(box(f"box{number}@contoso.com")) for number in range(60))) is not None
    result: dict[str, Any] = made.told({"failed": failed})
    assert len(result["refusals"]) == shown
    assert (result["refusals"][-1] == "and 10 more") is failed
