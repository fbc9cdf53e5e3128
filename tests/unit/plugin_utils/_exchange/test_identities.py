# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who: addresses, identifiers, and the ways in which Exchange writes them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Recipient,
    address_fault,
    is_guid,
    is_self,
    is_sid,
    is_true,
    list_of,
    recipient_of,
    smtp_addresses,
    text_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from .sessions import ACCOUNT, SALES

SID = ACCOUNT.sids[0]
OLD = "S-1-5-21-9-9-9-500"
sids = st.integers(1, 99).map(lambda number: f"S-1-5-21-1-2-3-{number}")
#: The machine that runs the tests may be busy.
steady = settings(derandomize=True)
names = st.text("abcXYZ@. '\\", max_size=12)


@pytest.mark.parametrize(
    "address",
    [
        "sales@contoso.com",
        "o'neil@contoso.com",
        "müller@contoso.com",
        "a+b@contoso.com",
        "first.last@sub.contoso.co.uk",
        "用户@例子.com",
    ],
)
def test_an_address_that_may_be_sent_has_no_fault(address: str) -> None:
    assert address_fault(address) is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("sales team@contoso.com", "white space"),
        ("sales@contoso.com ", "white space"),
        ("sales\t@contoso.com", "white space"),
        ('sa"les@contoso.com', "the character '\"'"),
        ("*@contoso.com", "the character '*'"),
        ("$sales@contoso.com", "the character '$'"),
        ("(sales)@contoso.com", "the character '('"),
        ("a@contoso.com;b@contoso.com", "the character ';'"),
        ("a@contoso.com,b@contoso.com", "the character ','"),
        ("smtp:sales@contoso.com", "the character ':'"),
        ("CONTOSO\\sales@contoso.com", "the character '\\\\'"),
        ("sales\x00@contoso.com", "the character '\\x00'"),
        ("sales\u2028@contoso.com", "white space"),
        ("sales\u2019s@contoso.com", "the character '\\u2019'"),
        ("\u201csales\u201d@contoso.com", "the character '\\u201c'"),
        ("sales\u2013team@contoso.com", "the character '\\u2013'"),
        ("sales\u200f@contoso.com", "the character '\\u200f'"),
        ("sales\u200b@contoso.com", "the character '\\u200b'"),
        ("sales\ud800@contoso.com", "the character '\\ud800'"),
        ("sales\U0001f4e7@contoso.com", "the character '\\U0001f4e7'"),
        (f"{'x' * 600}@contoso.com", "612 characters"),
        ("{{ undefined }}", "white space"),
        ("sales", "the form name@domain"),
        ("@contoso.com", "the form name@domain"),
        ("sales@", "the form name@domain"),
        ("sales@contoso", "the form name@domain"),
        ("sales@.com", "the form name@domain"),
    ],
)
def test_an_address_that_means_something_else_to_exchange_is_named_for_what_it_is(address: str, said: str) -> None:
    fault = address_fault(address)
    assert fault is not None
    assert said in fault


def test_an_account_holds_the_entries_of_its_sid_and_of_every_sid_of_its_history() -> None:
    moved = replace(ACCOUNT, sids=(SID, OLD))
    assert moved.holds(SID, "whoever")
    assert moved.holds(OLD.lower(), "whoever")
    assert not ACCOUNT.holds(OLD, "whoever")


def test_without_a_sid_an_account_is_known_by_its_upn_in_any_letter_case() -> None:
    assert ACCOUNT.holds("", "ROUTER@CONTOSO.COM")


@pytest.mark.parametrize(
    "trustee",
    ["Router", "router", "NAMPR05A001\\router", "router@contoso.com.evil.com", "router@contoso.co", "", "outer"],
)
def test_an_account_is_never_known_by_display_name_alias_or_prefix(trustee: str) -> None:
    assert not ACCOUNT.holds("S-1-5-21-7-7-7-7", trustee)
    assert not ACCOUNT.holds("", trustee)


def test_an_account_without_a_upn_holds_nothing_by_an_empty_name() -> None:
    group = replace(ACCOUNT, upn="")
    assert not group.holds("", "")
    assert not group.holds("S-1-5-21-7-7-7-7", "")


@steady
@given(mine=st.lists(sids, min_size=1, max_size=3), sid=sids, trustee=names)
def test_with_a_sid_on_both_sides_only_the_sid_or_the_whole_upn_counts(mine: list[str], sid: str, trustee: str) -> None:
    principal = Principal(asked="x", sids=tuple(mine), guid="g", upn="a@b.c", name="X", alias="a")
    assert principal.holds(sid, trustee) == (sid in mine or trustee.lower() == "a@b.c")


@steady
@given(sid=sids, trustee=names)
def test_matching_does_not_depend_on_letter_case(sid: str, trustee: str) -> None:
    principal = Principal(asked="x", sids=("S-1-5-21-1-2-3-7",), guid="g", upn="a@b.c")
    assert principal.holds(sid.lower(), trustee.upper()) == principal.holds(sid, trustee.lower())


@pytest.mark.parametrize(
    ("kind", "upn", "reason"),
    [
        ("UserMailbox", "a@b.c", None),
        ("SharedMailbox", "a@b.c", None),
        ("RoomMailbox", "a@b.c", None),
        ("EquipmentMailbox", "a@b.c", None),
        ("MailUser", "a@b.c", None),
        ("GuestMailUser", "a@b.c", None),
        ("MailUniversalSecurityGroup", "", None),
        ("MailUser", "", "mail user without an account"),
        ("User", "a@b.c", "of the kind User"),
        ("DisabledUser", "a@b.c", "of the kind DisabledUser"),
        ("UniversalSecurityGroup", "", "of the kind UniversalSecurityGroup"),
        ("MailUniversalDistributionGroup", "", "of the kind MailUniversalDistributionGroup"),
        ("DynamicDistributionGroup", "", "of the kind DynamicDistributionGroup"),
        ("GroupMailbox", "", "of the kind GroupMailbox"),
        ("MailContact", "", "of the kind MailContact"),
        ("PublicFolderMailbox", "", "of the kind PublicFolderMailbox"),
        ("", "", "of the kind unknown"),
    ],
)
def test_only_who_can_use_a_right_can_be_granted_one(kind: str, upn: str, reason: str | None) -> None:
    said = replace(ACCOUNT, kind=kind, upn=upn).why_it_cannot_hold()
    assert (said is None) == (reason is None)
    assert (reason or "") in (said or "")


def test_the_sid_of_a_deleted_account_cannot_be_granted_anything() -> None:
    gone = Principal(asked=OLD, sids=(OLD,))
    assert gone.is_bare_sid
    assert gone.label == OLD
    assert gone.key == OLD
    assert "no account that exists" in (gone.why_it_cannot_hold() or "")


def test_an_account_is_called_by_its_upn_before_its_address_before_its_name() -> None:
    assert ACCOUNT.label == "Router@contoso.com"
    assert replace(ACCOUNT, upn="").label == "router@contoso.com"
    assert replace(ACCOUNT, upn="", address="").label == "Router"


@pytest.mark.parametrize(
    ("kind", "recipient_type", "works"),
    [
        ("UserMailbox", "UserMailbox", True),
        ("SharedMailbox", "UserMailbox", True),
        ("RoomMailbox", "usermailbox", True),
        ("DiscoveryMailbox", "UserMailbox", False),
        ("GroupMailbox", "MailUniversalDistributionGroup", False),
        ("MailUser", "MailUser", False),
        ("MailContact", "MailContact", False),
        ("PublicFolderMailbox", "UserMailbox", False),
    ],
)
def test_only_a_mailbox_of_its_own_can_be_worked_on(kind: str, recipient_type: str, works: bool) -> None:
    assert replace(SALES, kind=kind, recipient_type=recipient_type).is_mailbox is works


@pytest.mark.parametrize(
    "identity",
    [
        "Sales Desk",
        "SALES DESK",
        SALES.guid.upper(),
        SALES.object_id,
        "sales",
        "Sales@Contoso.com",
        "cn=sales desk,dc=contoso",
        "contoso.onmicrosoft.com/Sales Desk",
    ],
)
def test_a_row_may_call_a_mailbox_by_any_of_its_names(identity: str) -> None:
    assert SALES.is_called(identity)


@pytest.mark.parametrize(
    ("recipient_type", "has"),
    [("UserMailbox", True), ("MailUser", True), ("MailContact", False), ("DynamicDistributionGroup", False)],
)
def test_only_a_user_has_an_entry_of_self_for_certain(recipient_type: str, has: bool) -> None:
    assert replace(SALES, recipient_type=recipient_type).has_self is has


@pytest.mark.parametrize("identity", ["", "  ", "Sal", "Sales Desk 2", "Other Sales Desk", "x/Sales Desk 2"])
def test_a_row_of_a_look_alike_is_not_the_mailboxs(identity: str) -> None:
    assert not SALES.is_called(identity)


def test_an_object_without_a_name_is_not_called_by_a_path_that_ends_in_nothing() -> None:
    assert not replace(SALES, name="").is_called("contoso.onmicrosoft.com/")
    assert not replace(ACCOUNT, name="").is_called("contoso.onmicrosoft.com/")


@pytest.mark.parametrize("text", ["Router", "ROUTER@contoso.com", ACCOUNT.guid, ACCOUNT.object_id, "contoso/Router"])
def test_a_delegate_of_send_on_behalf_may_be_named_in_many_ways(text: str) -> None:
    assert ACCOUNT.is_called(text)


@pytest.mark.parametrize("text", ["", "Router 2", "contoso/Router 2", "router@contoso.com.evil.com"])
def test_another_delegate_is_not_the_account(text: str) -> None:
    assert not ACCOUNT.is_called(text)


@pytest.mark.parametrize(
    ("value", "true"),
    [
        (True, True),
        ("True", True),
        ("true ", True),
        (False, False),
        ("False", False),
        ("", False),
        (None, False),
        (1, False),
        ("1", False),
        (["True"], False),
    ],
)
def test_a_boolean_is_true_as_text_too_and_the_text_false_is_not_true(value: object, true: bool) -> None:
    assert is_true(value) is true


@pytest.mark.parametrize(
    ("value", "texts"), [(None, []), ("", []), ("a", ["a"]), (["a", None], ["a", ""]), (("a", 1), ["a", "1"])]
)
def test_one_value_is_a_list_of_one_and_nothing_is_none(value: object, texts: list[str]) -> None:
    assert list_of(value) == texts


def test_an_empty_property_is_empty_text() -> None:
    assert (text_of(None), text_of("a"), text_of(7)) == ("", "a", "7")


@pytest.mark.parametrize(
    ("text", "guid", "sid"),
    [
        ("11111111-0000-4000-8000-00000000000A", True, False),
        ("11111111-0000-4000-8000-00000000000", False, False),
        ("{11111111-0000-4000-8000-000000000001}", False, False),
        ("S-1-5-21-1-2-3-1000", False, True),
        ("s-1-5-10", False, True),
        ("S-1-5", False, False),
        ("S-1-5-21-x", False, False),
        ("router@contoso.com", False, False),
    ],
)
def test_what_is_a_guid_and_what_a_sid(text: str, guid: bool, sid: bool) -> None:
    assert (is_guid(text), is_sid(text)) == (guid, sid)


@pytest.mark.parametrize(
    ("sid", "trustee", "is_it"),
    [
        ("S-1-5-10", "", True),
        ("s-1-5-10", "NT-AUTORITÄT\\SELBST", True),
        ("", "nt authority\\self", True),
        ("S-1-5-21-1-2-3-10", "SELF", False),
        ("", "", False),
    ],
)
def test_self_is_known_by_sid_or_name(sid: str, trustee: str, is_it: bool) -> None:
    assert is_self(sid, trustee) is is_it


def test_smtp_addresses_are_those_of_mail_and_in_lower_case() -> None:
    proxies = [
        "SMTP:Sales@Contoso.com",
        "smtp:old@contoso.com",
        "X500:/o=contoso",
        "SIP:sales@contoso.com",
        "Plain@x.y",
    ]
    assert smtp_addresses(proxies) == {"sales@contoso.com", "old@contoso.com", "plain@x.y"}
    assert smtp_addresses([], "Primary@contoso.com") == {"primary@contoso.com"}
    assert smtp_addresses([]) == frozenset()


def test_a_row_becomes_a_recipient_whatever_is_empty_in_it() -> None:
    row = {
        "Guid": SALES.guid.upper(),
        "Name": "Sales Desk",
        "Alias": None,
        "PrimarySmtpAddress": "sales@contoso.com",
        "EmailAddresses": "SMTP:sales@contoso.com",
        "RecipientType": "UserMailbox",
        "RecipientTypeDetails": "SharedMailbox",
        "ExternalDirectoryObjectId": SALES.object_id,
        "HiddenFromAddressListsEnabled": "True",
    }
    made = recipient_of(row)
    assert made == replace(SALES, alias="", distinguished_name="", hidden=True)
    assert made.ids == {SALES.guid, SALES.object_id}
    assert recipient_of({}) == Recipient(guid="", name="", address="", kind="")
