# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are found in texts however they are written there, and the rest of a text stays."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.log import LogTail
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.redaction import (
    HIDDEN,
    redacted,
    secrets_in,
)
from hypothesis import given
from hypothesis import strategies as st

SECRET = 'Pa"ss <wörd>\\ & 7%/+'


def encoded(before: str, after: str, encoding: str) -> str:
    return base64.b64encode((before + SECRET + after).encode(encoding)).decode()


WRITTEN = {
    "as it is": SECRET,
    "in JSON": json.dumps({"p": SECRET}),
    "in JSON of UTF-8": json.dumps({"p": SECRET}, ensure_ascii=False),
    "in Python": repr({"p": SECRET}),
    "in XML": "<p>Pa&quot;ss &lt;wörd&gt;\\ &amp; 7%/+</p>",
    "in an address": quote(SECRET, safe=""),
    "in UTF-16": SECRET.encode("utf-16-le").decode("latin-1"),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_secret_is_found(text: str) -> None:
    hidden = redacted(f"before {text} after", [SECRET])
    assert HIDDEN in hidden
    assert "rd" not in hidden.replace(HIDDEN, "")
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")


@given(before=st.text(st.characters(max_codepoint=127), max_size=9), after=st.text(max_size=5))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_secret_is_found_in_base64_wherever_it_begins(encoding: str, before: str, after: str) -> None:
    assert HIDDEN in redacted(encoded(before, after.encode("utf-8", "ignore").decode(), encoding), [SECRET])


def test_what_is_as_long_as_a_token_is_taken_for_one() -> None:
    token = ".".join(["eyJ0" + "a" * 200, "b" * 300])
    assert redacted(f"Bearer {token}, rejected") == f"Bearer {HIDDEN}.{HIDDEN}, rejected"


def test_a_secret_is_found_across_the_end_of_a_line() -> None:
    assert redacted("Line |\nCorrect-Hor\r\n   se-7 was wrong", ["Correct-Horse-7"]) == f"Line |\n{HIDDEN} was wrong"


def test_the_rest_of_a_text_stays() -> None:
    text = "AADSTS700016: Application with identifier '00000000-0000-0000-0000-000000000000' was not found " * 20
    assert redacted(text, [SECRET, ""]) == text


@pytest.mark.parametrize("hidden", [True, False])
def test_the_log_of_a_process_forgets_what_it_must_hide_before_it_is_cut(hidden: bool) -> None:
    """Cut first, half of a secret would stay."""
    log = LogTail()
    if hidden:
        log.hide([SECRET])
    log.add_line(f"said {SECRET} {'a ' * 990}")
    log.add_stderr(f"{SECRET[:5]}\r\n{SECRET[5:]} {'b ' * 985}".encode())
    assert len(log.text()) > 1900
    pieces = [piece for piece in (SECRET[4:12], SECRET[-8:]) if piece in log.text() or piece in "".join(log._lines)]
    assert bool(pieces) != hidden


def test_the_secrets_of_a_sign_in() -> None:
    sign_in = {"way": "certificate_file", "app_id": "a", "certificate_pfx": "eA==", "certificate_password": ""}
    assert secrets_in(sign_in) == {"eA=="}
    assert secrets_in(None) == frozenset()
