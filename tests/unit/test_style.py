# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house that no linter knows: sizes, licence headers, who may import ansible, what is not named."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT, files

LONGEST_FILE = 350
LONGEST_FUNCTION = 60
HEADER = (
    "Copyright (c) 2026, email_router.exchange_online contributors\n"
    "GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)\n"
    "SPDX-License-Identifier: GPL-3.0-or-later\n"
)
KNOWS_ANSIBLE = ("plugins/action", "plugins/inventory", "plugins/modules", "plugins/plugin_utils/_ansible")
#: A file of data for the tests is read by a program, not by people.
DATA = ("tests/**/data/*", "tests/**/data/**/*")
POWERSHELL_FUNCTION = re.compile(r"^(?P<indent>[ \t]*)(?:function|filter)\s+(?P<name>[\w:-]+)", re.IGNORECASE)
#: Written so that the patterns do not match themselves.
NOT_TO_BE_NAMED = {
    "a path of one machine": re.compile(r"(?<![\w.~}/-])/(?:root|work|opt|home)/[\w.]"),
    "the host of a package registry": re.compile(
        r"\b(?:pypi|pythonhosted|npmjs|galaxy\.ansible|debian|powershellgallery)\.(?:org|com|net)\b"
    ),
}

FILES = files()
CODE = [path for path in FILES if path.suffix in {".py", ".ps1", ".psm1"}]
PYTHON = [path for path in CODE if path.suffix == ".py"]
TEXT = [path for path in FILES if path.name != "LICENSE" and not any(path.match(data) for data in DATA)]


def offences(paths: list[Path], judge: Callable[[Path], object]) -> dict[str, object]:
    """What the judge finds, by file; a file without fault is left out."""
    return {str(path): fault for path in paths if (fault := judge(path))}


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def parse(path: Path) -> ast.Module:
    return ast.parse(read(path), str(path))


def python_functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Name and number of lines of each function, decorators and docstring included."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
            first = min(part.lineno for part in [node, *node.decorator_list])
            yield node.name, node.end_lineno - first + 1


def powershell_functions(text: str) -> Iterator[tuple[str, int]]:
    """Name and number of lines of each function: it ends with the next brace that stands as far left as it began."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if opening := POWERSHELL_FUNCTION.match(line):
            closing = opening["indent"] + "}"
            end = next((at for at, text in enumerate(lines[number:], 1) if text.rstrip() == closing), 1)
            yield opening["name"], end


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module named by an absolute import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_there_is_code_to_judge() -> None:
    assert Path("plugins/plugin_utils/_exchange/session.py") in PYTHON
    assert {path.suffix for path in CODE} >= {".py", ".ps1"}


def test_files_are_short() -> None:
    assert offences(CODE, lambda path: max(0, len(read(path).splitlines()) - LONGEST_FILE)) == {}


def long_functions(path: Path) -> dict[str, int]:
    functions = python_functions(parse(path)) if path.suffix == ".py" else powershell_functions(read(path))
    return {name: lines for name, lines in functions if lines > LONGEST_FUNCTION}


def test_functions_are_short() -> None:
    assert offences(CODE, long_functions) == {}


def wrong_header(path: Path) -> str:
    """The first lines where they are not the licence's; an empty file needs none."""
    lines = [line for line in read(path).splitlines() if not line.startswith("#!")]
    header = "".join(f"{line.removeprefix('# ')}\n" for line in lines[:3])
    return "" if not lines or header == HEADER else header


def test_files_open_with_the_licence() -> None:
    assert offences(CODE, wrong_header) == {}


def says_nothing(path: Path) -> bool:
    tree = parse(path)
    return bool(tree.body) and not ast.get_docstring(tree) and "DOCUMENTATION" not in read(path)


def test_files_say_what_lives_there() -> None:
    assert offences(PYTHON, says_nothing) == {}


def ansible_imports(path: Path) -> list[str]:
    return [name for name in imported(parse(path)) if name.split(".")[0] in {"ansible", "ansible_collections"}]


def test_only_the_outer_rooms_know_ansible() -> None:
    inner = [path for path in PYTHON if path.parts[0] == "plugins" and not str(path).startswith(KNOWS_ANSIBLE)]
    assert offences(inner, ansible_imports) == {}


def refused_by_older_cores(path: Path) -> list[str]:
    """Sanity tests of older cores refuse one-line stubs (E704) and the bare name ``_`` (disallowed-name)."""
    nodes = list(ast.walk(parse(path)))
    stubs = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.body[0].lineno == node.lineno]
    return stubs + [f"_ in line {node.lineno}" for node in nodes if isinstance(node, ast.Name) and node.id == "_"]


def test_methods_of_protocols_have_a_docstring_for_a_body_and_names_say_something() -> None:
    assert offences(PYTHON, refused_by_older_cores) == {}


def machine_names(path: Path) -> list[str]:
    text = read(path)
    return [match.group() for pattern in NOT_TO_BE_NAMED.values() for match in pattern.finditer(text)]


def test_nothing_is_named_that_only_one_machine_has() -> None:
    assert offences(TEXT, machine_names) == {}


def test_the_limits_see_what_is_too_long() -> None:
    body = "    $x = 1\n" * LONGEST_FUNCTION
    assert list(powershell_functions(f"function Get-It {{\n{body}}}\n")) == [("Get-It", LONGEST_FUNCTION + 2)]
    body = "    x = 1\n" * LONGEST_FUNCTION
    assert list(python_functions(ast.parse(f"@cache\ndef get():\n{body}"))) == [("get", LONGEST_FUNCTION + 2)]


@pytest.mark.parametrize("text", ["see /root" + "/.cache", "pip -i https://pypi" + ".org/simple", "cd /work" + "/main"])
def test_what_only_one_machine_has_is_seen(text: str) -> None:
    assert any(pattern.search(text) for pattern in NOT_TO_BE_NAMED.values())
