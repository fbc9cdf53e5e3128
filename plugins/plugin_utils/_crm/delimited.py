# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV as Excel, CRM and people write it: three encodings, three delimiters."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from .tables import ExportError, OptionError, Table, table_of

_DELIMITERS = (",", ";", "\t")
_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t"}
#: Characters of a file that hold its headings; a cell may be twice as long.
_ENOUGH = 65536
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def decoded(source: str, content: bytes, encoding: str | None = None) -> str:
    """The text of a file: as told, else by its byte order mark, else UTF-8, else what Windows programs write.

    Raises ExportError if it is none of them.
    """
    tried = [encoding] if encoding else ["utf-16"] if content.startswith(_UTF16) else ["utf-8-sig", "cp1252"]
    for name in tried:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            raise OptionError("encoding", f"Python knows no encoding {encoding!r}") from error
        if "\0" in text:
            break
        return text.removeprefix("\ufeff")
    raise ExportError(source, f"it is no text in {' or '.join(tried)}", "set the option encoding, or save it as UTF-8")


def read_delimited(source: str, text: str, delimiter: str | None = None) -> Table:
    """The table in a text with one line a row; raises ExportError that names the line where it ends to be one."""
    text, said = _without_excels_first_line(text)
    chosen = _NAMES.get(delimiter, delimiter) if delimiter else said or _likely(text)
    if len(chosen) != 1:
        raise OptionError("delimiter", f"{delimiter!r} is not one character, nor one of {', '.join(_NAMES)}")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=chosen, strict=True)
    try:
        return table_of(source, enumerate(reader, 1))
    except csv.Error as error:
        remedy = "close the quotation mark in it or before it, and double those inside quoted cells"
        raise ExportError(f"{source}, line {reader.line_num}", f"it is no CSV ({error})", remedy) from error


def _without_excels_first_line(text: str) -> tuple[str, str]:
    """Excel takes the delimiter from a first line ``sep=;``, which it counts as no row. Gives the rest and that."""
    first, _end, rest = text.partition("\n")
    first = first.strip("\r")
    return (rest, first[4]) if first.lower().startswith("sep=") and len(first) == 5 else (text, "")


def _likely(text: str) -> str:
    """The delimiter that makes the most of the headings."""
    start = text[:_ENOUGH]
    return max(_DELIMITERS, key=lambda delimiter: len(next(_records(start, delimiter), ())))


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    return (record for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(record))
