# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/faults.md is held against the code: its rows, its words, its classes, and the tests that it names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange import errors, sign_in_errors
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import FailureClass
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import faults
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
TABLE_ROWS = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in PAGE.splitlines() if "::" in line]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
#: Words of the page; an ellipsis stands for what depends on the run.
QUOTED = sorted({part.strip() for cells in TABLE_ROWS for quote in re.findall(r'"([^"]+)"', " ".join(cells[1:4]))
                 for part in quote.split("…") if part.strip(" .:;,()")})  # fmt: skip


def _cells_of(letter: str) -> set[str]:
    """The faults that a row of a table begins with."""
    return {name for cells in TABLE_ROWS for name in re.findall(rf"\b{letter}\d+\b", cells[0])}


@cache
def _texts() -> str:
    """Every text in the code of the plugins, neighbouring ones joined as Python joins them, one a line."""
    files = sorted((ROOT / "plugins" / "plugin_utils").rglob("*.py"))
    texts = (text for file in files for text in _texts_in(ast.parse(file.read_text(encoding="utf-8"))))
    return "\n".join(texts)


def _texts_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def _functions(file: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in _functions(ROOT / "tests" / file)


def test_every_row_names_a_test() -> None:
    assert len(NAMED) > 20
    assert [cells[0] for cells in TABLE_ROWS if len(cells) != 5 or "::" not in cells[4]] == []


def test_every_fault_of_the_way_there_has_a_row() -> None:
    known = {faults.FOREIGN, faults.NO_SERVICE_TICKET, *faults._BY_CODE.values(), *faults._BY_STATUS.values()}
    rows = {fault.row for fault in known} | {fault.row for _name, fault in faults._BY_CLASS}
    assert rows <= _cells_of("F")
    assert _cells_of("F") == {f"F{number}" for number in range(1, 23)}


def test_every_error_of_exchange_and_of_the_sign_in_has_a_row() -> None:
    rows = {row for row, *_rest in errors._TABLE} | {row for row, *_rest in sign_in_errors._BY_TEXT}
    rows |= {row for row, _remedy in sign_in_errors._BY_AADSTS.values()}
    assert rows <= _cells_of("E")
    assert _cells_of("E") == {f"E{number}" for number in range(1, 47)}


@pytest.mark.parametrize("words", QUOTED)
def test_the_words_are_those_of_the_code(words: str) -> None:
    """Between the pieces stand names and numbers of the run, and joints that no text of the code holds."""
    pieces = re.split(
        r"(?<=PowerShell ended) |MaxShellsPerUser|Get-MailboxPermission|Too many requests\.|\b\d+\b", words
    )
    assert [piece for piece in pieces if not _is_said(piece)] == []


def _is_said(piece: str) -> bool:
    """As one text of the code, or as several that it joins."""
    bare = piece.strip(" .:;,()")
    cuts = [(bare[: cut.start()], bare[cut.end() :]) for cut in re.finditer(r"\. | \(|: |, ", bare)]
    return bare in _texts() or any(_is_said(left) and _is_said(right) for left, right in cuts)


def test_every_class_of_failure_is_explained_and_no_other() -> None:
    begin = PAGE.index("| `failure_class` |")
    table = PAGE[begin : PAGE.index("\n\n", begin)].splitlines()[2:]
    named = [line.split("|")[1].strip(" `") for line in table]
    assert {"" if name == "(empty)" else name for name in named} == {one.value for one in FailureClass}


def test_the_classes_in_the_tables_exist() -> None:
    values = {one.value for one in FailureClass if one.value}
    used = {word for cells in TABLE_ROWS for word in re.findall(r"`(\w+)`", cells[3])}
    assert used - values == set()


def test_the_readme_names_every_class() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("### When something breaks") :].split("- `retry_safe`", 1)[0]
    values = {one.value for one in FailureClass if one.value}
    assert set(re.findall(r"`(\w+)`", section)) - {"failure_class"} == values
