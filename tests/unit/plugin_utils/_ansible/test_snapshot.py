# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task exchange_snapshot: which mailboxes and accounts it means, its file, and what its result says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import snapshot as module
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.sessions import Opened
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.snapshot import (
    SnapshotAction,
    result_of,
    settled,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import (
    Detail,
    Fate,
    Gap,
    Snapshot,
    Subject,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.taking import Taken
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, mailbox, signed_in, tenant_of
from .._snapshot.samples import session_with

SALES, OTHER = "sales@contoso.com", "other@contoso.com"
ORGANISATION = {"recipients": [mailbox(ROUTER), mailbox(SALES, full_access=[OTHER]), mailbox(OTHER)]}


class Action(SnapshotAction):
    """On an organisation in a file, so that nobody signs in."""

    def __init__(self, directory: Path, **arguments: Any) -> None:
        organisation = directory / "organisation.json"
        organisation.write_text(json.dumps(ORGANISATION), encoding="utf-8")
        given = {"snapshot": str(organisation), "dest": str(directory / "snapshot.json"), **arguments}
        self._task: Any = SimpleNamespace(
            args=given, environment=None, check_mode=True, async_val=0, diff=False, action="x.y.z", delegate_to=None
        )
        self._connection: Any = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None), get_option=lambda name: None)
        self._templar: Any = SimpleNamespace(template=lambda value: value)
        self._loader: Any = None
        self._supports_check_mode = True


@pytest.fixture(autouse=True)
def _no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.play.load_extra_vars",
        lambda loader: {},
    )


def outcome(directory: Path, batch: list[str], whole: list[str] | None = None, **arguments: Any) -> dict[str, Any]:
    variables = {
        "hostvars": {host: {} for host in batch},
        "inventory_hostname": batch[0],
        "ansible_play_batch": batch,
        "ansible_play_hosts": whole or batch,
    }
    return Action(directory, **arguments).run(task_vars=variables)


def taken(directory: Path) -> Mapping[str, Any]:
    raw: Mapping[str, Any] = json.loads((directory / "snapshot.json").read_text(encoding="utf-8"))
    return raw


def test_the_hosts_of_the_play_and_the_accounts_of_the_profiles_are_taken(tmp_path: Path) -> None:
    profile = {"account": ROUTER, "access_type": "send_as", "replaces": OTHER}
    made = outcome(tmp_path, [SALES], profiles={"router": profile}, accounts=[" left@contoso.com "])
    assert not made.get("failed"), made
    assert taken(tmp_path)["mailboxes"] == {SALES: "found"}
    assert taken(tmp_path)["accounts"] == {ROUTER: "found", OTHER: "found", "left@contoso.com": "not_found"}
    assert made["absent"] == ["left@contoso.com"]
    assert made["counts"]["mailboxes"] == 1
    assert (made["changed"], made["failure_class"]) == (False, "")
    assert "snapshot (minimal) of 1 mailbox and 2 accounts" in made["msg"]
    assert made["statistics"]["writes"] == 0


def test_mailboxes_of_the_option_take_the_place_of_the_hosts(tmp_path: Path) -> None:
    outcome(tmp_path, [SALES], mailboxes=[{"mailbox": OTHER}])
    assert taken(tmp_path)["mailboxes"] == {OTHER: "found"}


def test_a_full_snapshot_asks_for_no_host(tmp_path: Path) -> None:
    outcome(tmp_path, ["localhost"], detail="full")
    assert taken(tmp_path)["mailboxes"] == {}
    assert len(taken(tmp_path)["organisation"]["recipients"]) == 3


def test_a_snapshot_of_a_snapshot_keeps_its_time(tmp_path: Path) -> None:
    outcome(tmp_path, [SALES], detail="full")
    first = taken(tmp_path)
    old = {**first, "taken": "2026-01-05T09:00:00Z"}
    (tmp_path / "old.json").write_text(json.dumps(old), encoding="utf-8")
    made = outcome(tmp_path, [SALES], snapshot=str(tmp_path / "old.json"), anonymize=True)
    assert (taken(tmp_path)["taken"], taken(tmp_path)["anonymized"]) == ("2026-01-05T09:00:00Z", True)
    assert SALES not in json.dumps(taken(tmp_path))
    assert made["msg"].startswith("Rehearsal on ")


def test_what_is_made_of_an_anonymized_snapshot_is_anonymized(tmp_path: Path) -> None:
    outcome(tmp_path, [SALES], detail="full", anonymize=True)
    (tmp_path / "first.json").write_text(json.dumps(taken(tmp_path)), encoding="utf-8")
    outcome(tmp_path, [SALES], detail="full", snapshot=str(tmp_path / "first.json"))
    assert taken(tmp_path)["anonymized"] is True


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"dest": "/nowhere/at/all.json"}, "there is no directory /nowhere/at in which a file can be made"),
        ({"dest": "/"}, "it is a directory: name a file"),
        ({"accounts": ["The Router"]}, "account 'The Router': an account is named by"),
        ({"mailboxes": []}, "there is nothing to take: name mailboxes, profiles or accounts"),
        ({"profiles": {"x": {"account": ROUTER}}}, "profile x: exactly one of access_type and rights"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_no_file_is_made(
    tmp_path: Path, options: dict[str, Any], fault: str
) -> None:
    made = outcome(tmp_path, [SALES], **options)
    assert (made["failed"], made["failure_class"]) == (True, "input")
    assert fault in made["msg"]
    assert not (tmp_path / "snapshot.json").exists()


def test_a_serial_play_is_refused_for_each_batch_would_write_it_anew(tmp_path: Path) -> None:
    made = outcome(tmp_path, [SALES], [SALES, OTHER])
    assert "take serial away" in made["msg"]


def made_of(*gaps: Gap) -> dict[str, Any]:
    organisation = Organisation.from_dict(ORGANISATION)
    snapshot = Snapshot("2026-01-05T09:00:00Z", "0.1.0", Detail.MINIMAL, organisation, {SALES: Fate.FOUND}, gaps=gaps)
    opened = Opened(signed_in(tenant_of()))
    return result_of(Taken(snapshot), opened, {"dest": "file", "anonymize": False})


def test_what_could_not_be_read_fails_unless_it_is_only_to_be_reported() -> None:
    guid = next(one.guid for one in Organisation.from_dict(ORGANISATION).recipients if one.address == SALES)
    gaps = [Gap(Subject.FULL_ACCESS, guid, "Access is denied", may_pass=False)]
    gaps += [Gap(Subject.MAILBOX, f"m{number}", "busy") for number in range(59)]
    result = made_of(*gaps)
    assert result["verdict"]["failed"] is True
    assert (result["failure_class"], result["retry_safe"]) == ("mailboxes", False)
    assert result["unresolved"][0] == {"subject": "full_access", "of": SALES, "cause": "Access is denied"}
    assert "a rehearsal will call unknown what could not be read: 60, the first full_access" in result["warnings"][0]
    failed = settled(result, "fail")
    assert (failed["failed"], len(failed["unresolved"]), failed["unresolved_omitted"]) == (True, 50, 10)
    reported = settled(result, "report")
    assert ("failed" in reported, len(reported["unresolved"])) == (False, 60)
    assert made_of(gaps[1])["retry_safe"] is True


def test_nothing_amiss_is_no_failure_and_no_warning() -> None:
    result = made_of()
    assert (result["verdict"]["failed"], result["failure_class"], "warnings" in result) == (False, "", False)


def test_a_file_that_cannot_be_written_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(snapshot: Snapshot, path: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save", full)
    made = outcome(tmp_path, [SALES])
    assert f"dest {tmp_path}/snapshot.json: No space left on device" in made["msg"]


def test_a_snapshot_is_of_the_organisation_that_the_task_signed_in_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name that the task has for it, for by that a rehearsal is held against it, whatever Exchange calls it."""
    session = session_with(Tenant(Organisation.from_dict({**ORGANISATION, "organization": "another.onmicrosoft.com"})))
    monkeypatch.setattr(module, "opened", lambda *arguments: nullcontext(Opened(session)))
    made = outcome(tmp_path, [SALES], snapshot="", organization="contoso.onmicrosoft.com", managed_identity=True)
    assert not made.get("failed"), made
    assert taken(tmp_path)["organisation"]["organization"] == "contoso.onmicrosoft.com"
