# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are there whole or not at all, readable for their owner, and nothing is lost that was there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.files import (
    check_paths,
    mode_of,
    write,
)


def test_a_file_is_written_with_its_directories_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "reports" / "today" / "access.json"
    write(str(file), "é\n", 0o600)
    assert file.read_bytes() == "é\n".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(file.parent) == ["access.json"]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_its_permissions_are_those_asked_for_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "access.json"
    before = os.umask(umask)
    try:
        write(str(file), "x", 0o640)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_file_is_replaced_as_a_whole_so_that_who_reads_the_old_one_reads_on(tmp_path: Path) -> None:
    file = tmp_path / "access.json"
    file.write_text("old" * 1000)
    with file.open() as reader:
        write(str(file), "new", 0o600)
        assert reader.read() == "old" * 1000
    assert file.read_text() == "new"


def test_a_name_may_be_as_long_as_the_file_system_lets_it(tmp_path: Path) -> None:
    """Limits are in bytes, and what stands beside it for a moment has a name, too."""
    file = tmp_path / ("\U0001f389" * 62 + ".json")
    write(str(file), "new", 0o600)
    assert file.read_text() == "new"


@pytest.mark.parametrize("broken", ["replace", "fsync", "fchmod"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    file = tmp_path / "access.json"
    file.write_text("old")

    def full(*_arguments: Any, **_more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OSError, match="No space left"):
        write(str(file), "new", 0o600)
    monkeypatch.undo()
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["access.json"]


def test_it_is_on_the_disk_before_it_takes_the_place_of_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def watched(name: str) -> Callable[..., None]:
        real = getattr(os, name)

        def call(*arguments: Any) -> None:
            done.append(name)
            real(*arguments)

        return call

    monkeypatch.setattr(os, "fsync", watched("fsync"))
    monkeypatch.setattr(os, "replace", watched("replace"))
    write(str(tmp_path / "access.json"), "new", 0o600)
    assert done == ["fsync", "replace", "fsync"]


def test_where_a_link_is_what_it_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "latest.json").symlink_to("access.json")
    write(str(tmp_path / "latest.json"), "new", 0o600)
    assert (tmp_path / "access.json").read_text() == "new"
    assert (tmp_path / "latest.json").is_symlink()


def test_what_is_there_and_no_file_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(OSError, match="is no file"):
            write(str(tmp_path / name), "new", 0o600)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_below_a_file_there_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "access.json").write_text("old")
    with pytest.raises(OSError, match="access"):
        write(str(tmp_path / "access.json" / "more.json"), "new", 0o600)


def test_half_a_character_does_not_keep_the_rest_from_being_written(tmp_path: Path) -> None:
    write(str(tmp_path / "access.json"), "a\ud800b", 0o600)
    assert (tmp_path / "access.json").read_text() == "a?b"


def test_a_long_name_leaves_room_for_that_of_the_file_in_the_making(tmp_path: Path) -> None:
    name = "a" * 250 + ".json"
    write(str(tmp_path / name), "x", 0o600)
    assert os.listdir(tmp_path) == [name]


def test_two_formats_are_not_written_over_each_other(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a.json")
    file = str(tmp_path / "a.json")
    check_paths({"json": file, "csv": str(tmp_path / "a.csv")})
    for other in (file, str(tmp_path / "link"), f"{tmp_path}/./a.json"):
        with pytest.raises(InputError, match="json and csv are the same file"):
            check_paths({"json": file, "csv": other})


@pytest.mark.parametrize(("value", "mode"), [("0600", 0o600), ("640", 0o640)])
def test_permissions_are_octal_digits(value: object, mode: int) -> None:
    assert mode_of(value) == mode


@pytest.mark.parametrize("value", ["u=rw", "0999", "01777", "6", "0o600", "-600", -1, 440, True, None, "", 6.5])
def test_permissions_that_are_none_are_refused(value: object) -> None:
    """Of a number nobody knows whether YAML has read it as octal: 440 without quotes would let everybody write."""
    with pytest.raises(InputError, match="in quotes"):
        mode_of(value)
