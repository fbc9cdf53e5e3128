# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters hold whatever they are given as one text, however the far end reads quotes."""

from __future__ import annotations

import re

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange import filters
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.access_lists import (
    NoEvidence,
    read_send_on_behalf_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.delegates import find_delegates
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.directory import check_names
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import Principal
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant import opath
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.opath import Comparison
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.session import TenantSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from hypothesis import given
from hypothesis import strategies as st

QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e"
NASTY = st.text(st.sampled_from(f"'\"{QUOTES}\u2013\u2014`$(){{}}|&;*?-or eqN\n\r\u2028a"), max_size=12)
#: As a parser reads that knows the quotes of ASCII only.
PLAIN = re.compile(r"Name -(eq|like) '((?:[^']|'')*)'", re.DOTALL)


@given(value=NASTY)
def test_any_text_is_one_literal_to_either_reading(value: str) -> None:
    text = filters.equals("Name", value)
    plain = PLAIN.fullmatch(text)
    assert plain
    assert opath.parse(text) == Comparison("Name", plain[1], plain[2].replace("''", "'"))


@given(value=NASTY)
def test_it_means_the_text_or_something_that_covers_it(value: str) -> None:
    comparison = opath.parse(filters.equals("Name", value))
    assert isinstance(comparison, Comparison)
    wanted = str(comparison.value)
    if comparison.operator == "eq":
        assert wanted == value
    elif wanted.endswith("*"):
        assert value.startswith(wanted[:-1])
    else:
        assert value.endswith(wanted[1:])


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quote_that_may_be_read_as_one_is_never_sent(quote: str) -> None:
    assert filters.equals("Name", f"Anne d{quote}Arc") == "Name -like 'Anne d*'"
    assert filters.equals("Name", f"d{quote}Arc Anne") == "Name -like '*Arc Anne'"
    assert not filters.is_writable(f"a{quote}b")


def tenant(*names: str) -> TenantSession:
    recipients = [
        {"kind": "UserMailbox", "address": f"m{number}@contoso.com", "name": name} for number, name in enumerate(names)
    ]
    made = Tenant(Organisation.from_dict({"recipients": recipients}))
    return TenantSession(made, made.admit().connection_id)


def test_names_with_such_a_quote_are_told_apart_all_the_same() -> None:
    session = tenant("d\u2019Arc", "d\u2018Arc", "d'Arc", "Doe")
    check = check_names(session, ["d\u2019Arc", "d'Arc", "Doe"])
    assert {name: len(guids) for name, guids in check.owners.items()} == {"d\u2019arc": 1, "d'arc": 1, "doe": 1}
    (found,) = find_delegates(session, ["d\u2019Arc"]).values()
    assert isinstance(found, Principal)
    assert found.address == "m0@contoso.com"


def test_a_delegate_whose_name_cannot_be_written_is_not_taken_for_nobody() -> None:
    account = Principal("a", ("S-1-5-21-1-1-1-1",), guid="g", distinguished_name="CN=d\u2019Arc,OU=x")
    (read,) = read_send_on_behalf_of(tenant("Doe"), [account]).values()
    assert isinstance(read, NoEvidence)
    assert "typographic quote" in read.reason
