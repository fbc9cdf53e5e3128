# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools behind the Makefile."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.tests.tools import (
    checkout,
    debian,
    gates,
    kerberos,
    newest,
    package,
    sanity,
    venv,
)


def test_the_first_gate_that_fails_ends_the_run_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Makefile").write_text("one:\n\t@echo first\ntwo:\n\t@exit 3\nthree:\n\t@echo third\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ending:
        gates.main(["one", "two", "three"])
    shown = capfd.readouterr()
    assert ending.value.code
    assert "first" in shown.out
    assert "third" not in shown.out
    assert "make two" in shown.err


def test_gates_that_all_open_end_the_run_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Makefile").write_text("one two:\n\t@echo $@\n")
    monkeypatch.chdir(tmp_path)
    gates.main(["one", "two"])
    assert "All 2 gates" in capfd.readouterr().out


def test_sanity_finds_every_program_but_pwsh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("pwsh", "exo-other"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    path = sanity.search_path(tmp_path / "environment", tmp_path / "stand_ins")
    assert path.startswith(f"{tmp_path}/environment/bin{os.pathsep}")
    assert shutil.which("exo-other", path=path)
    assert shutil.which("pwsh", path=path) is None


def test_pip_below_ansible_test_keeps_an_index_that_only_a_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert sanity.pip_settings()["global"]["index-url"] == "http://127.0.0.1:9/simple"


def test_an_environment_is_made_anew_when_any_version_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    wanted, versions = tmp_path / "requirements-x.txt", tmp_path / "constraints.txt"
    wanted.write_text("-c constraints.txt\none\n")
    versions.write_text("one==1\n")
    before = venv.digest(wanted)
    assert venv.digest(wanted) == before
    versions.write_text("one==2\n")
    assert venv.digest(wanted) != before


def test_the_archive_is_to_hold_the_plugins_with_their_scripts_and_no_tests() -> None:
    names = package.expected()
    assert names >= {
        "meta/runtime.yml",
        "plugins/plugin_utils/_remote/runner.ps1",
        "plugins/action/mailbox_delegation.py",
    }
    assert not [name for name in names if name.startswith(("tests", ".", "changelogs/fragments"))]


def test_a_copy_of_the_checkout_holds_its_files_and_nothing_that_lay_there_before(tmp_path: Path) -> None:
    place = tmp_path / "copy"
    place.mkdir()
    (place / "stale").touch()
    checkout.copy_to(place)
    held = {path.relative_to(place) for path in place.rglob("*") if path.is_file()}
    assert Path("galaxy.yml") in held
    assert held == set(checkout.files())


@pytest.fixture
def place(tmp_path: Path) -> debian.Place:
    """Nothing is in it."""
    return debian.Place(tmp_path / "place", title="Kerberos", target="kerberos", content="for this Python\n")


def test_what_cannot_be_had_is_said_with_its_reason_and_the_run_goes_on(
    place: debian.Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "make kerberos" in place.missing()
    monkeypatch.setenv("PATH", str(place.directory / "nothing"))
    place.fill(lambda: debian.need("apt-get"))
    assert "Kerberos: NOT TESTED, this machine has no apt-get" in capfd.readouterr().out
    assert place.missing() == "this machine has no apt-get"


def test_what_was_made_for_another_place_or_python_is_made_anew(
    place: debian.Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.fill(lambda: None)
    assert place.missing() == ""
    capfd.readouterr()
    place.fill(lambda: None)
    assert capfd.readouterr().out == "", "it is there"
    other = replace(place, content="for another Python\n")
    assert other.missing()
    other.fill(lambda: None)
    assert "ready" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        *((name, True) for name in kerberos.WANTED),
        *((name, True) for name in ("krb5-multidev", "comerr-dev", "libgssapi-krb5-2", "libkrb5support0", "libss2")),
        *(
            (name, True)
            for name in ("libkadm5srv-mit12", "libev4t64", "libverto1t64", "libverto-libev1", "libcom-err2")
        ),
        *(
            (name, False)
            for name in ("libc6", "krb5-config", "krb5-locales", "bind9-host", "libverto-glib1", "debconf")
        ),
    ],
)
def test_of_what_kerberos_depends_on_only_its_own_packages_are_unpacked(name: str, ours: bool) -> None:
    """A C library beside that of the system would break every program."""
    assert bool(kerberos.OURS.fullmatch(name)) is ours


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "sources.list",
            "# deb http://old.example/debian x main\ndeb [arch=amd64 trusted=yes] http://one.example/debian x main\n",
        ),
        ("sources.list.d/x.list", "deb-src http://one.example/debian x main\ndeb http://one.example/debian x main\n"),
        ("sources.list.d/x.sources", "Types: deb\nURIs: http://one.example/debian\nSuites: x\nComponents: main\n"),
    ],
)
def test_a_mirror_of_debian_is_found_however_apt_has_it(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "APT", tmp_path)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "other.sources").write_text("URIs: http://one.example/debian-security/\nSuites: x\n")
    (tmp_path / "sources.list.d" / "third.list").write_text("deb https://two.example/node_20.x nodistro main\n")
    assert list(newest.mirrors()) == []
    with pytest.raises(debian.CannotBeHad, match="no mirror of Debian"):
        newest.for_an_empty_machine()
    (tmp_path / name).write_text(text)
    assert list(newest.mirrors()) == ["http://one.example/debian"]


def test_an_environment_that_has_more_than_is_wanted_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `make demo` needs is part of what `make setup` installs; the other way round there is more to install."""
    ran: list[list[object]] = []
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr("subprocess.run", lambda command, check: ran.append(command))
    (tmp_path / "constraints.txt").touch()
    few, all_of_them = tmp_path / "requirements-few.txt", tmp_path / "requirements-all.txt"
    few.write_text("one==1\n")
    all_of_them.write_text("-r requirements-few.txt\ntwo==2\n")
    (tmp_path / ".venv").mkdir()

    def installs(requirements: Path) -> bool:
        ran.clear()
        venv.fill(tmp_path / ".venv", requirements)
        return bool(ran)

    assert [installs(each) for each in (few, few, all_of_them, few, all_of_them)] == [True, False, True, False, False]
    few.write_text("one==2\n")
    assert installs(few)
