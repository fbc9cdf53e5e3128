# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading journals: torn ends cost at most what was never relied on, and damage is never passed over."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.entries import (
    Answered,
    Begun,
    Ended,
    Entry,
    Mended,
    WriteState,
    line_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.file import JournalFile
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import (
    JournalDamaged,
    RecordedRun,
    chosen,
    is_torn,
    runs_of,
)

from .._access.samples import DONE, FORBIDDEN
from .samples import MODULE, ORGANIZATION, write_run
from .test_entries import SENT

STATES = [WriteState.DONE, WriteState.NO_EFFECT, WriteState.REFUSED, WriteState.IN_DOUBT, WriteState.IN_DOUBT]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is written need not survive the machine."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    return tmp_path / "journal"


def states(run: RecordedRun) -> list[WriteState]:
    return [write.state for write in run.writes]


def test_each_write_has_the_state_that_its_answer_gave_it(path: Path) -> None:
    first, second = write_run(path), write_run(path, ends=False)
    one, two = runs_of(path.read_bytes())
    assert (one.id, two.id) == (first, second)
    assert states(one) == states(two) == [*STATES[:1], WriteState.DONE, *STATES[2:]]
    assert (one.ended, two.ended) == (True, False)
    assert (one.begun.organization, one.begun.module) == (ORGANIZATION, MODULE)


def test_cut_off_at_any_byte_it_never_claims_more_than_was_written_and_can_be_gone_on_with(path: Path) -> None:
    write_run(path, (FORBIDDEN, None))
    write_run(path, (DONE,), ends=False)
    whole = path.read_bytes()
    every = {(write.sent.run, write.sent.number): write for run in runs_of(whole) for write in run.writes}
    seen = 0
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        part = runs_of(whole[:length])
        writes = [write for run in part for write in run.writes]
        for write in writes:
            known = every[write.sent.run, write.sent.number]
            assert write.sent == known.sent
            assert write.state in (known.state, WriteState.IN_DOUBT)
        assert len(writes) >= seen, "what was read of a shorter file is read of a longer one"
        seen = len(writes)
        assert is_torn(whole[:length]) is not (length == 0 or whole[:length].endswith(b"\n"))
        if length % 7 and b"\n" not in whole[length - 2 : length + 2]:
            continue
        after = write_run(path, (DONE,))
        again = runs_of(path.read_bytes())
        assert again[:-1] == part
        assert again[-1].id == after


def test_a_tear_in_what_mends_a_tear_is_mended_by_the_next(path: Path) -> None:
    write_run(path)
    torn = path.read_bytes()[:-20]
    before = runs_of(torn)
    mending = b"\n" + line_of(Mended("2026-11-28T11:00:00.000Z"))
    for first, second in itertools.product(range(len(mending)), (0, 1, 2, 10, 40, len(mending) - 1)):
        path.write_bytes(torn + mending[:first])
        _mend(path)
        data = path.read_bytes()
        path.write_bytes(data[: len(torn) + first] + data[len(torn) + first :][:second])
        _mend(path)
        assert not is_torn(path.read_bytes())
        assert runs_of(path.read_bytes()) == before


def _mend(path: Path) -> None:
    file = JournalFile(str(path))
    file.mend()
    file.close()


def test_what_the_power_left_as_zeros_is_a_tear(path: Path) -> None:
    write_run(path, (DONE,))
    whole = path.read_bytes()
    for tail in (b"\0" * 50, line_of(SENT)[:100] + b"\0" * 9):
        path.write_bytes(whole + tail)
        assert is_torn(whole + tail)
        assert len(runs_of(whole + tail)) == 1
        write_run(path, (DONE,))
        assert len(runs_of(path.read_bytes())) == 2


def test_damage_in_the_middle_is_an_error_that_names_the_line(path: Path) -> None:
    write_run(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines[:-1]):
        for broken in (line[: len(line) // 2] + b"\n", b"x" + line, line[:-2] + b"\n"):
            data = b"".join([*lines[:number], broken, *lines[number + 1 :]])
            with pytest.raises(JournalDamaged, match=f"line {number + 1}: "):
                runs_of(data)


@pytest.mark.parametrize("last", [b"hello", b"hello\n", b"[1]\n", b'{"a": 1}', b"\n\nx"])
def test_what_is_no_journal_is_not_taken_for_a_torn_one(last: bytes) -> None:
    with pytest.raises(JournalDamaged, match="line "):
        runs_of(last)
    with pytest.raises(JournalDamaged, match="line 2: "):
        runs_of(line_of(Begun("r", "t", "o", "m")) + last)


def test_a_later_format_is_an_error_wherever_it_stands() -> None:
    line = line_of(Ended("r", "t")).replace(b'"v": 1', b'"v": 2')
    with pytest.raises(JournalDamaged, match="line 2: it is in format 2"):
        runs_of(line_of(Begun("r", "t", "o", "m")) + line)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ((SENT,), "line 1: run r has not begun"),
        ((Begun("r", "t", "o", "m"), Begun("r", "t", "o", "m")), "line 2: run r begins a second time"),
        ((Begun("r", "t", "o", "m"), SENT, SENT), "line 3: write 1 of run r is sent a second time"),
        (
            (Begun("r", "t", "o", "m"), Answered("r", 1, "t", WriteState.DONE)),
            "line 2: write 1 of run r is answered and was not sent",
        ),
        (
            (Begun("r", "t", "o", "m"), SENT, *[Answered("r", 1, "t", WriteState.DONE)] * 2),
            "line 4: write 1 of run r is answered a second time",
        ),
    ],
)
def test_lines_that_do_not_go_together_are_an_error(entries: tuple[Entry, ...], says: str) -> None:
    with pytest.raises(JournalDamaged, match=says):
        runs_of(b"".join(map(line_of, entries)))


def test_the_last_run_that_may_have_changed_something_and_is_no_restore_is_chosen(path: Path) -> None:
    first = write_run(path, (DONE,))
    second = write_run(path, (None,), ends=False)
    refused = write_run(path, (FORBIDDEN,))
    write_run(path, ())
    restore = write_run(path, (DONE,), of=second)
    runs = runs_of(path.read_bytes())
    assert [run.id for run in runs if (found := chosen(runs, "")) and run.id == found.id] == [second]
    for name in (first, second, refused, restore):
        found = chosen(runs, name)
        assert found is not None
        assert found.id == name
    assert chosen(runs, "other") is None
    assert chosen(runs[2:], "") is None
    assert str(runs[-1]).endswith(f", restores {second}, writes: 1)")
