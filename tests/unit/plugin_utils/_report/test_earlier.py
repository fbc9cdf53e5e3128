# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report before is read, or refused with what to do: a wrong history is worse than none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report import plain
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.earlier import (
    UnfitReport,
    earlier_report,
)

from .results import given, night, report, result

RUN = result()["run"]


def kept(directory: Path, **changed: Any) -> str:
    """A report in a file, with something changed in it."""
    file = directory / "previous.json"
    told: dict[str, Any] = json.loads(plain.render(report(result(given("granted")))))
    file.write_text(json.dumps({**told, **changed}), encoding="utf-8")
    return str(file)


def head(**changed: Any) -> dict[str, Any]:
    return {**report(result(given("granted")))["head"], **changed}


def rows(**changed: Any) -> list[Any]:
    return [{**report(result(given("granted")))["rows"][0], **changed}]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    made = report(result(given("granted"), given("not_found", "é\u2028")), night(2))
    file = tmp_path / "previous.json"
    file.write_text(plain.render(made), encoding="utf-8")
    assert earlier_report(str(file), RUN) == made


def test_fields_that_a_later_collection_of_the_same_version_added_do_no_harm(tmp_path: Path) -> None:
    assert earlier_report(kept(tmp_path, more=7, rows=rows(more=[])), RUN) is not None


def test_the_name_of_an_organisation_is_the_same_in_capitals(tmp_path: Path) -> None:
    assert earlier_report(kept(tmp_path), {**RUN, "organization": "Contoso.onmicrosoft.com"}) is not None


def test_without_a_file_there_is_no_history(tmp_path: Path) -> None:
    assert earlier_report(None, RUN) is None
    assert earlier_report(str(tmp_path / "not there yet.json"), RUN) is None


UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "another format": ({"format": "cyclonedx"}, "no report in the format"),
    "a newer version": ({"version": 2}, "update it"),
    "no number of a version": ({"version": True}, "update it"),
    "no version": ({"version": None}, "update it"),
    "another organisation": ({"head": head(organization="fabrikam.onmicrosoft.com")}, "keep a file for each"),
    "a rehearsal": ({"head": head(rehearsal=True)}, "it is of a rehearsal on a snapshot"),
    "no head": ({"head": None}, "damaged"),
    "a head without a time": ({"head": head(created="yesterday")}, "damaged"),
    "a head of no day that there is": ({"head": head(created="2026-02-30T00:00:00Z")}, "damaged"),
    "no rows": ({"rows": None}, "damaged"),
    "a row that is none": ({"rows": [7]}, "damaged"),
    "a row without a time": ({"rows": rows(since="")}, "damaged"),
    "a row without a time of what stands": ({"rows": rows(standing_since="")}, "damaged"),
    "a row of which nothing stands": ({"rows": rows(standing=None)}, "damaged"),
    "a row of no day that there is": ({"rows": rows(since="0000-00-00T00:00:00Z")}, "damaged"),
    "a row of no hour that there is": ({"rows": rows(standing_since="2026-11-28T25:00:00Z")}, "damaged"),
    "a row without an account": ({"rows": rows(account=None)}, "damaged"),
    "no list of surplus that was not looked for": ({"surplus_unseen": None}, "damaged"),
    "surplus that is no row": ({"surplus_unseen": [7]}, "damaged"),
    "a row that does not count": ({"rows": rows(regranted="often")}, "damaged"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_cannot_be_the_history_is_refused_with_a_remedy(tmp_path: Path, name: str) -> None:
    changed, reason = UNFIT[name]
    with pytest.raises(UnfitReport, match=reason) as error:
        earlier_report(kept(tmp_path, **changed), RUN)
    assert "previous.json" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b'{"rows": []}'])
def test_what_is_no_report_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "previous.json"
    file.write_bytes(content)
    with pytest.raises(UnfitReport, match=r"it is no (JSON|report)"):
        earlier_report(str(file), RUN)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnfitReport, match="cannot be read"):
        earlier_report(str(tmp_path), RUN)
