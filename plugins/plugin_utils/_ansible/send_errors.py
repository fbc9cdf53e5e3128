# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action send_error_info: options and files to texts, diagnoses to a result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .._access.desired import InputError
from .._diagnosis.classes import ErrorClass
from .._diagnosis.diagnosis import LONGEST_TEXT, Diagnosis, Reader, counts_of, pairs_of
from .._diagnosis.entries import Entry, decoded, entries_of
from .._diagnosis.phrases import Phrase
from .._wording import counted_noun
from .action import CollectionAction
from .arguments import ArgumentSpec

#: Together for texts and files; what is more is refused, since half a diagnosis would look like a whole one.
MOST_TEXTS = 10_000
LARGEST_FILE = 16 * 1024 * 1024
MOST_PHRASES = 200
LONGEST_PREFIX = 20
WITHHELD = "(withheld)"
CLASSES = [each.value for each in ErrorClass if each is not ErrorClass.UNKNOWN]

SEND_ERROR_ARGUMENTS: ArgumentSpec = {
    "texts": {"type": "list", "elements": "str"},
    "files": {"type": "list", "elements": "path"},
    "separator": {"type": "str"},
    "extra_patterns": {"type": "dict", "default": {}},
    "tracking_token_prefix": {"type": "str", "default": "CRM"},
    "keep_subjects": {"type": "bool", "default": False},
}


class SendErrorAction(CollectionAction):
    """Runs for each host, as the texts may be the host's own; connects to none, and changes nothing."""

    _requires_connection = False

    ARGUMENTS = SEND_ERROR_ARGUMENTS

    def arguments(self) -> Mapping[str, Any]:
        """A single text stays whole; ansible would take it for a list parted by commas."""
        given = dict(super().arguments())
        if isinstance(given.get("texts"), str):
            given["texts"] = [given["texts"]]
        return given

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The result of the module. Raises InputError, and AnsibleError for a file that is not found."""
        reader = _reader_of(options)
        diagnoses = [reader.diagnose(entry) for entry in self._entries(options)]
        return {"changed": False, **as_result(diagnoses, keep_subjects=bool(options["keep_subjects"]))}

    def _entries(self, options: Mapping[str, Any]) -> list[Entry]:
        if options["texts"] is None and options["files"] is None:
            raise InputError(["nothing to look at: set texts, files, or both"])
        entries = [Entry(f"texts[{number}]", text) for number, text in enumerate(options["texts"] or [])]
        for name in options["files"] or []:
            entries.extend(entries_of(name, read(Path(self._find_needle("files", name))), options["separator"]))
        if len(entries) > MOST_TEXTS:
            raise InputError([f"{len(entries)} texts are more than {MOST_TEXTS:,}: give those of a shorter time"])
        return entries


def read(path: Path) -> str:
    """The text of a file of the controller. Raises InputError."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            limit = LARGEST_FILE // 1024 // 1024
            raise InputError([f"{path} holds {size:,} bytes, more than {limit} MiB: part it, or give texts"])
        return decoded(path.read_bytes())
    except OSError as error:
        raise InputError([f"{path}: {error.strerror or error}"]) from error


def _reader_of(options: Mapping[str, Any]) -> Reader:
    prefix = options["tracking_token_prefix"]
    faults = []
    if not prefix.strip() or len(prefix) > LONGEST_PREFIX:
        faults.append(f"tracking_token_prefix must hold 1 to {LONGEST_PREFIX} characters")
    faults.extend(_faults_of(options["extra_patterns"]))
    if faults:
        raise InputError(faults)
    extra = {ErrorClass(name): _phrases(texts) for name, texts in options["extra_patterns"].items()}
    return Reader.with_phrases(extra, prefix)


def _faults_of(extra: Mapping[Any, Any]) -> Iterator[str]:
    for name, texts in extra.items():
        if name not in CLASSES:
            yield f"extra_patterns: there is no class {name!r} ({', '.join(CLASSES)})"
        elif not isinstance(texts, Sequence) or isinstance(texts, str) or len(texts) > MOST_PHRASES:
            yield f"extra_patterns: {name} must be a list of at most {MOST_PHRASES} phrases"
        else:
            for phrase in _phrases(texts):
                if phrase.fault:
                    yield f"extra_patterns: {name}: {phrase.text[:60]!r}: {phrase.fault}"


def _phrases(texts: Iterable[Any]) -> tuple[Phrase, ...]:
    return tuple(Phrase(str(text)) for text in texts)


def as_result(diagnoses: Sequence[Diagnosis], *, keep_subjects: bool) -> dict[str, Any]:
    """The result of the module, documented as its RETURN."""
    counts = {error_class.value: count for error_class, count in counts_of(diagnoses).items()}
    found = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    many = counted_noun(len(diagnoses), "text")
    result: dict[str, Any] = {
        "diagnoses": [_row(each, keep_subjects=keep_subjects) for each in diagnoses],
        "summary": {"total": len(diagnoses), **counts},
        "pairs": [{**asdict(pair), "right": right.value} for right, pair in pairs_of(diagnoses)],
        "msg": f"{many}: {found}" if found else many,
    }
    truncated = sum(each.truncated for each in diagnoses)
    if truncated:
        result["warnings"] = [f"{truncated} of {many}: only the first {LONGEST_TEXT:,} characters were looked at"]
    return result


def _row(each: Diagnosis, *, keep_subjects: bool) -> dict[str, Any]:
    meaning = each.meaning
    pair = asdict(each.pair) if each.pair else {"trustee": None, "mailbox": None}
    parsed = asdict(each.header)
    if parsed["subject"] and not keep_subjects:
        parsed["subject"] = WITHHELD
    return {
        "source": each.source,
        "class": each.error_class.value,
        "explanation": meaning.explanation,
        "remedy": meaning.remedy,
        "grant": {"right": meaning.right.value, **pair} if meaning.right else None,
        "evidence": list(each.evidence),
        "parsed": parsed,
    }
