# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans in files: written for their owner alone, refused if anything about them is odd, and never stale."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan import file
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.build import render
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.file import clear, load, save

from .plans import HELD, edited, plan_with, row

PLAN = plan_with(row(), row("help@contoso.com", **HELD))


def fault(path: Path) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(InputError) as caught:
        load(str(path))
    (said,) = caught.value.faults
    assert str(path) in said
    assert "\n" not in said
    return said


def holding(directory: Path, content: str | bytes) -> Path:
    path = directory / "plan.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_what_is_written_is_read_again_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "plan.json"
    save(str(path), PLAN)
    assert load(str(path)) == PLAN
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_plan_with_any_text_stays_ascii(tmp_path: Path) -> None:
    odd = plan_with(row("zo\u00eb\u2028\ud83d@contoso.com", cause='"\x00\n'))
    save(str(tmp_path / "plan.json"), odd)
    assert (tmp_path / "plan.json").read_bytes().isascii()
    assert load(str(tmp_path / "plan.json")) == odd


def test_the_order_of_its_rows_and_a_field_of_a_later_version_do_no_harm(tmp_path: Path) -> None:
    turned: Any = {**PLAN, "rows": PLAN["rows"][::-1]}
    assert load(str(holding(tmp_path, json.dumps(turned))))["hashes"] == PLAN["hashes"]
    assert load(str(holding(tmp_path, edited(PLAN, comment="of a later version"))))["rows"] == PLAN["rows"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda plan: plan.update(created="2027-11-26T12:00:00Z"),
        lambda plan: plan.update(organization="fabrikam.onmicrosoft.com"),
        lambda plan: plan["settings"].update(auto_mapping=True),
        lambda plan: plan["rows"].pop(),
        lambda plan: plan["rows"].append(plan["rows"][0]),
        lambda plan: plan["rows"][0].update(state="absent"),
        lambda plan: plan["rows"][0].update(before="held"),
        lambda plan: plan["rows"][0].update(action="revoke"),
        lambda plan: plan["rows"][0].update(comment="anything"),
        lambda plan: plan["hashes"].update(desired="0" * 64),
    ],
    ids=["created", "organization", "settings", "less", "twice", "wanted", "seen", "action", "comment", "hash"],
)
def test_whatever_is_edited_is_noticed(tmp_path: Path, edit: Callable[[Any], object]) -> None:
    made = json.loads(render(PLAN))
    edit(made)
    said = fault(holding(tmp_path, json.dumps(made)))
    assert "its hashes are not those of what it holds" in said
    assert "make a new plan" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is no JSON"),
        (b"{", "it is no JSON"),
        (render(PLAN)[:-40], "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b'{"format": 1, "format": 1}', "it is no JSON"),
        (b"\xff\xfe", "it is no JSON in ASCII"),
        ('{"a": "\u00eb"}', "it is no JSON in ASCII"),
        (b"null", "it is no plan in the format"),
        (b"[]", "it is no plan in the format"),
        (b'{"format": "email_router.exchange_online/access-report", "version": 1}', "it is no plan in the format"),
        (edited(PLAN, version=2), "it is of version 2 of the format, and this collection knows 1: update it"),
        (edited(PLAN, version=True), "it is of version"),
        (edited(PLAN, version="1"), "it is of version unknown"),
        (edited(PLAN, created="yesterday"), "created is no moment"),
        (edited(PLAN, created=1), "created is no text"),
        (edited(PLAN, created="2026-13-26T12:00:00Z"), "created is no moment"),
        (edited(PLAN, organization=None), "organization is no text"),
        (edited(PLAN, rehearsal=0), "rehearsal is neither true nor false"),
        (edited(PLAN, settings={"auto_mapping": "no"}), "settings is not what it must be"),
        (edited(PLAN, coverage=[]), "coverage is not what it must be"),
        (json.dumps({**PLAN, "rows": {}}), "rows is no list"),
        (json.dumps({**PLAN, "hashes": {"plan": "0"}}), "hashes is not what it must be"),
        (json.dumps({**PLAN, "hashes": [1]}), "hashes is not what it must be"),
        (json.dumps({**PLAN, "rows": [row(), None]}), "row 2 is none"),
        (edited(PLAN, rows=[row(right="own")]), "row 1 is none"),
        (edited(PLAN, rows=[row(action="purge")]), "row 1 is none"),
        (edited(PLAN, rows=[row(after="abc")]), "row 1 is none"),
        (edited(PLAN, rows=[row(entries=[["one"]])]), "row 1 is none"),
        (edited(PLAN, rows=[row(entries=[[1, 2]])]), "row 1 is none"),
        (edited(PLAN, rows=[row(inherited="no")]), "row 1 is none"),
        (edited(PLAN, rows=[row(before=["held"])]), "row 1 is none"),
        (edited(PLAN, rows=[{**row(), "mailbox": None}]), "row 1 is none"),
    ],
)
def test_what_is_no_sound_plan_is_refused_in_one_sentence(tmp_path: Path, content: str | bytes, words: str) -> None:
    assert words in fault(holding(tmp_path, content))


def test_what_is_no_file_is_refused_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "it is no file" in fault(tmp_path / "pipe")
    assert "cannot be read" in fault(tmp_path)
    assert "cannot be read: No such file or directory" in fault(tmp_path / "gone.json")
    assert "it is no file" in fault(Path("/dev/zero"))


def test_a_file_that_is_too_large_is_not_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = holding(tmp_path, render(PLAN))
    monkeypatch.setattr(file, "LARGEST", path.stat().st_size)
    assert load(str(path)) == PLAN
    monkeypatch.setattr(file, "LARGEST", path.stat().st_size - 1)
    assert "which no plan does" in fault(path)


def test_the_plan_before_is_taken_away_whole_or_damaged_and_a_link_stays(tmp_path: Path) -> None:
    path, link = tmp_path / "plan.json", tmp_path / "link.json"
    link.symlink_to(path)
    for content in (render(PLAN), render(PLAN)[:-40], "", "\n"):
        path.write_text(content, encoding="ascii")
        clear(str(link))
        assert (path.exists(), link.is_symlink()) == (False, True)
    clear(str(path))
    save(str(link), PLAN)
    assert load(str(path)) == PLAN


def test_what_is_no_plan_is_not_taken_away(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("crm_mailboxes: {}\n", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (inventory, "is there, and is no plan"),
        (tmp_path, "cannot be"),
        (tmp_path / "pipe", "it is no file"),
    ):
        with pytest.raises(InputError, match=words):
            clear(str(path))
        assert path.exists()


def test_a_plan_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        save(str(tmp_path / "file" / "plan.json"), PLAN)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
