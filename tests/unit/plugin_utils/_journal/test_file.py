# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a journal: private, one run's at a time, on disk before it is relied on, and clear where it cannot be."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.journal import (
    Journal,
    JournalError,
    NoJournal,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.entries import WriteState
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.file import JournalFile
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import runs_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.recorder import recorded

from .._access.samples import DONE, TIMED_OUT, calls_of, step
from .samples import MODULE, ORGANIZATION, PLACE, FailingDisk, write_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def send(journal: Journal) -> int:
    made = step()
    return journal.sending(made, calls_of(made)[0], PLACE)


def test_it_is_made_for_its_owner_only_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        write_run(path)
    finally:
        os.umask(before)
    assert mode(path) == 0o600


def test_one_that_others_can_read_is_made_private_and_what_is_in_it_stays(path: Path) -> None:
    first = write_run(path)
    path.chmod(0o644)
    second = write_run(path)
    assert mode(path) == 0o600
    assert [run.id for run in runs_of(path.read_bytes())] == [first, second]


def test_one_that_others_can_write_is_refused(path: Path) -> None:
    write_run(path)
    path.chmod(0o620)
    with pytest.raises(JournalError, match=r"other users may write it.*chmod 600"):
        JournalFile(str(path))


def test_a_look_changes_nothing(path: Path) -> None:
    write_run(path)
    path.chmod(0o640)
    before = path.read_bytes()
    JournalFile(str(path), writes=False).close()
    assert (mode(path), path.read_bytes()) == (0o640, before)


def test_what_is_no_file_of_ones_own_is_refused_with_what_to_do(tmp_path: Path, path: Path) -> None:
    write_run(path)
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, says in {
        "link": "symbolic link: name the file itself",
        "pipe": "no regular file",
        ".": "it is a directory: name a file",
        "none/journal": "make the directory first",
    }.items():
        with pytest.raises(JournalError, match=says):
            JournalFile(str(tmp_path / name))
    with pytest.raises(JournalError, match="there is no such file"):
        JournalFile(str(tmp_path / "new"), create=False)
    assert not (tmp_path / "new").exists()


def test_another_users_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(JournalError, match="belongs to another user"):
        JournalFile(str(path))


def test_two_runs_never_share_one_and_a_look_waits_for_neither(path: Path) -> None:
    first = JournalFile(str(path))
    for writes in (True, False):
        with pytest.raises(JournalError, match=f"journal {path}: another run is writing it"):
            JournalFile(str(path), writes=writes)
    first.close()
    looks = [JournalFile(str(path), writes=False) for _number in range(2)]
    with pytest.raises(JournalError, match="another run"):
        JournalFile(str(path))
    for look in looks:
        look.close()
    JournalFile(str(path)).close()


def test_a_run_without_a_file_keeps_none(tmp_path: Path) -> None:
    with recorded(None, ORGANIZATION, MODULE) as journal:
        assert isinstance(journal, NoJournal)
        assert send(journal) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_breaks_off_has_no_end_and_gives_the_file_back(path: Path) -> None:
    def break_off() -> None:
        with recorded(str(path), ORGANIZATION, MODULE, rehearsal=True) as journal:
            send(journal)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    (run,) = runs_of(path.read_bytes())
    assert (run.ended, run.begun.rehearsal, [write.state for write in run.writes]) == (
        False,
        True,
        [WriteState.IN_DOUBT],
    )
    with recorded(str(path), ORGANIZATION, MODULE) as journal:
        journal.answered(send(journal), TIMED_OUT)
    assert runs_of(path.read_bytes())[1].ended


def test_nothing_is_appended_to_what_is_no_journal(path: Path) -> None:
    path.write_text("dear diary\n", encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(JournalError, match=r"line 1: it is no JSON. Name another file"), recorded(str(path), "o", "m"):
        raise AssertionError("it must not begin")
    assert path.read_text(encoding="utf-8") == "dear diary\n"


def test_every_line_is_on_disk_before_the_write_is_sent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FailingDisk(monkeypatch, 0)
    with recorded(str(path), ORGANIZATION, MODULE) as journal:
        assert disk.asked[-5:] == ["open", "fsync", "read", "write", "fsync"], "the directory, then what is in it"
        for act in (partial(send, journal), partial(journal.answered, 1, DONE)):
            disk.asked.clear()
            act()
            assert disk.asked == ["write", "fsync"]


@contextmanager
def disk_that_fails_at(number: int, code: int) -> Iterator[FailingDisk]:
    with pytest.MonkeyPatch.context() as patch:
        yield FailingDisk(patch, number, code)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO], ids=os.strerror)
def test_wherever_the_disk_fails_no_write_is_sent_that_is_not_on_it(tmp_path: Path, code: int) -> None:
    for fail_at in range(1, 40):
        path = tmp_path / f"journal{fail_at}"
        sent: list[int] = []
        failed: list[JournalError] = []
        with disk_that_fails_at(fail_at, code) as disk:
            try:
                with recorded(str(path), ORGANIZATION, MODULE) as journal:
                    for _write in range(4):
                        sent.append(send(journal))
                        journal.answered(sent[-1], DONE)
            except JournalError as error:
                failed.append(error)
        if not failed:
            assert len(disk.asked) < fail_at or disk.asked[-1] in ("write", "fsync"), "only the end may be missing"
            assert sent == [1, 2, 3, 4]
            continue
        assert str(failed[0]).startswith(f"journal {path} cannot be ")
        told = runs_of(path.read_bytes()) if path.exists() else ()
        numbers = [write.sent.number for run in told for write in run.writes]
        assert set(sent) <= set(numbers), "a write was sent that the journal does not tell of"
        assert len(numbers) <= len(sent) + 1
    assert not failed, "the last of them had no step left to fail at"


def test_after_a_failure_nothing_more_is_told_to_the_file(path: Path) -> None:
    with recorded(str(path), ORGANIZATION, MODULE) as journal:
        send(journal)
        with disk_that_fails_at(1, errno.ENOSPC), pytest.raises(JournalError, match="make room on its file system"):
            journal.answered(1, DONE)
        before = path.read_bytes()
        with pytest.raises(JournalError, match="cannot be written"):
            send(journal)
        with pytest.raises(JournalError, match="cannot be written"):
            journal.answered(1, DONE)
    assert path.read_bytes() == before
    (run,) = runs_of(before)
    assert [write.sent.number for write in run.writes] == [1]
    assert not run.ended


def test_lines_of_two_threads_do_not_tear_each_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is nearly full takes half a line; what another lane says meanwhile comes after the other half."""
    write, others = os.write, list[threading.Thread]()

    def by_halves(descriptor: int, data: bytes) -> int:
        if others:
            return write(descriptor, data)
        others.append(threading.Thread(target=send, args=[journal]))
        written = write(descriptor, data[: len(data) // 2])
        others[0].start()
        others[0].join(0.2)  # it cannot end before this write has; that it has not, shows in the file
        return written

    with recorded(str(path), ORGANIZATION, MODULE) as journal:
        number = send(journal)
        monkeypatch.setattr(os, "write", by_halves)
        journal.answered(number, DONE)
        others[0].join()
    (run,) = runs_of(path.read_bytes())
    assert [write.state for write in run.writes] == [WriteState.DONE, WriteState.IN_DOUBT]
