# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot in a file: what is in it comes back, and whatever is damaged, of another format or newer is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import (
    Count,
    Detail,
    Fate,
    Gap,
    Snapshot,
    SnapshotError,
    Subject,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.document import (
    from_dict,
    save,
    to_dict,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.source import age_in_words, load
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT
from jsonschema import Draft202012Validator

SCHEMA = json.loads((ROOT / "docs" / "schemas" / "snapshot-1.json").read_text(encoding="utf-8"))
GUID = "11111111-0000-4000-8000-000000000001"
SNAPSHOT = Snapshot(
    taken="2026-01-05T09:00:00Z",
    collection_version="0.1.0",
    detail=Detail.MINIMAL,
    organisation=Organisation.from_dict(
        {
            "recipients": [
                {"address": "sales@contoso.com", "guid": GUID, "sid": "", "upn": "", "details": "SchedulingMailbox"},
                {"address": "router@contoso.com", "full_access": [{"sid": "", "user": "a"}], "send_on_behalf": [GUID]},
            ]
        }
    ),
    mailboxes={"sales@contoso.com": Fate.FOUND, "gone@contoso.com": Fate.NOT_FOUND},
    accounts={"router@contoso.com": Fate.FOUND},
    others={GUID: {Right.FULL_ACCESS: Count(allow=2, inherited=1), Right.SEND_ON_BEHALF: Count()}},
    gaps=(Gap(Subject.SEND_AS, GUID, "Access is denied"),),
)


def changed(**values: object) -> dict[str, Any]:
    raw = {**json.loads(json.dumps(to_dict(SNAPSHOT))), **values}
    return {key: value for key, value in raw.items() if value is not None}


def test_what_was_put_into_a_file_comes_back_and_keeps_to_the_schema(tmp_path: Path) -> None:
    save(SNAPSHOT, tmp_path / "snapshot.json")
    assert (tmp_path / "snapshot.json").stat().st_mode & 0o777 == 0o600
    assert load(str(tmp_path / "snapshot.json")).content == SNAPSHOT
    raw = json.loads((tmp_path / "snapshot.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(raw)] == []


def test_what_only_a_simulated_organisation_has_is_not_in_it() -> None:
    assert not {"apps", "settings", "quirks"} & set(changed()["organisation"])


def test_a_file_that_cannot_be_put_in_its_place_leaves_the_one_before(tmp_path: Path) -> None:
    place = tmp_path / "snapshot.json"
    place.mkdir()
    with pytest.raises(OSError, match="directory"):
        save(SNAPSHOT, place)
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (changed(format="some/access-plan"), "its format is 'some/access-plan', and not 'email_router"),
        (changed(version=2), "it is of version 2, and this collection reads 1: update the collection"),
        (changed(version="1"), "it is damaged: version is '1'"),
        (changed(version=True), "it is damaged: version is True"),
        (changed(taken=None), "it is damaged: taken is missing"),
        (changed(taken="yesterday"), "it is damaged"),
        (changed(taken="2026-01-05T09:00:00"), "it is damaged: taken is"),
        (changed(surprise=1), "it is damaged: unknown key surprise"),
        (changed(detail="some"), "it is damaged: 'some' is not a valid Detail"),
        (changed(anonymized="no"), "it is damaged: anonymized is 'no'"),
        (changed(organisation=[]), "it is damaged: organisation is no object"),
        (changed(organisation={"recipients": [{"kind": "Nothing", "name": "x"}]}), "it is damaged"),
        (changed(organisation={"recipients": [{"name": "x", "aliases": 5}]}), "it is damaged: aliases is no list"),
        (changed(mailboxes={"a@b.c": "lost"}), "it is damaged: 'lost' is not a valid Fate"),
        (changed(others={GUID: {"full_access": {"allow": -1}}}), "it is damaged: no counts"),
        (changed(others={GUID: {"full_access": {"allow": True}}}), "it is damaged: no counts"),
        (changed(others={GUID: {"read": {}}}), "it is damaged"),
        (changed(gaps={}), "it is damaged: no list"),
        (changed(gaps=["x"]), "it is damaged: no object"),
    ],
)
def test_whatever_is_no_snapshot_of_this_version_is_refused(raw: Mapping[str, object], fault: str) -> None:
    with pytest.raises(SnapshotError) as raised:
        from_dict(raw)
    assert str(raised.value).startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is damaged, or no JSON"),
        ('{"format": "email_router.exchange_online/snap', "it is damaged, or no JSON"),
        ("[]", "it holds no object"),
        ("[" * 100_000, "it is damaged, or no JSON"),
        ('{"recipients": 5}', "recipients is no list of objects"),
        ('{"hosts": []}', "unknown key in organisation: hosts"),
    ],
)
def test_a_file_that_is_neither_a_snapshot_nor_an_organisation_is_refused_by_its_name(
    tmp_path: Path, text: str, fault: str
) -> None:
    path = tmp_path / "file.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SnapshotError) as raised:
        load(str(path))
    assert str(raised.value).startswith(f"snapshot {path}: {fault}")


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"snapshot .*/nothing.json: No such file"):
        load(str(tmp_path / "nothing.json"))


def test_an_organisation_written_by_hand_is_of_no_time(tmp_path: Path) -> None:
    path = tmp_path / "organisation.json"
    path.write_text('{"recipients": [{"address": "a@b.c"}]}', encoding="utf-8")
    source = load(str(path))
    assert isinstance(source.content, Organisation)
    assert (source.snapshot, source.taken) == (None, "")


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.0, "less than an hour old"),
        (0.99, "less than an hour old"),
        (1.0, "1 hour old"),
        (47.9, "47 hours old"),
        (48.0, "2 days old"),
        (24 * 30.0, "30 days old"),
    ],
)
def test_an_age_is_told_in_words(hours: float, words: str) -> None:
    assert age_in_words(hours) == words
