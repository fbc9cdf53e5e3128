# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organisation as JSON: what may be left out, what is refused, and that nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.recipients import Kind

from .desk import ADA, ROUTER, SALES, Desk, an_organisation


def test_an_address_is_enough_for_a_mailbox() -> None:
    each = Organisation.from_dict({"recipients": [{"address": "old.sales-queue@contoso.com"}]}).recipients[0]
    assert (each.kind, each.name, each.alias) == (Kind.USER_MAILBOX, "old.sales-queue", "old.sales-queue")
    assert (each.display_name, each.upn) == ("Old Sales Queue", "old.sales-queue@contoso.com")
    assert each.sid.startswith("S-1-5-21-")
    assert each.distinguished_name.startswith("CN=old.sales-queue,OU=contoso.onmicrosoft.com,")


@pytest.mark.parametrize(
    ("kind", "address", "upn", "has_sid"),
    [
        ("SharedMailbox", "info@contoso.onmicrosoft.com", "info@contoso.onmicrosoft.com", True),
        ("MailUser", "info@contoso.onmicrosoft.com", "info@contoso.onmicrosoft.com", True),
        ("MailContact", "info@contoso.onmicrosoft.com", "", False),
        ("DynamicDistributionGroup", "info@contoso.onmicrosoft.com", "", False),
        ("MailUniversalSecurityGroup", "info@contoso.onmicrosoft.com", "", True),
        ("User", "", "info@contoso.onmicrosoft.com", True),
        ("UniversalSecurityGroup", "", "", True),
    ],
)
def test_what_a_name_becomes_depends_on_the_kind(kind: str, address: str, upn: str, has_sid: bool) -> None:
    each = Organisation.from_dict({"recipients": [{"kind": kind, "name": "info"}]}).recipients[0]
    assert (each.address, each.upn, bool(each.sid)) == (address, upn, has_sid)


def test_what_is_derived_is_the_same_every_time() -> None:
    assert an_organisation() == an_organisation()


def test_two_of_one_name_have_distinct_distinguished_names() -> None:
    twins = Organisation.from_dict({"recipients": [{"name": "Info", "address": f"{each}@x.com"} for each in "ab"]})
    assert len({each.distinguished_name for each in twins.recipients}) == 2


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"recipients": [{"kind": "UserMailbox"}]}, "neither address nor upn nor name"),
        ({"recipients": [{"address": "a@x.com", "kind": "Mailbox"}]}, "'Mailbox' is not a valid Kind"),
        ({"recipients": [{"address": "a@x.com", "adress": "b@x.com"}]}, "unknown key in recipient: adress"),
        ({"recipients": [{"address": "a@x.com", "aliases": "b@x.com"}]}, "aliases is no list"),
        ({"recipients": [{"address": f"{each}@x.com", "guid": "1"} for each in "ab"]}, "the same guid"),
        ({"recipients": [{"address": "a@x.com", "send_as": ["b@x.com"]}]}, "'b@x.com', which is no recipient"),
        ({"recipients": [{"address": "a@x.com", "send_as": [{"who": "a@x.com"}]}]}, "access entry: who"),
        ({"recipients": [{"kind": "MailContact", "address": "a@x.com", "send_as": ["a@x.com"]}]}, "has no SID"),
        ({"recipients": {}}, "recipients is no list"),
        ({"settings": {"lag": 1}}, "unknown key in settings: lag"),
        ({"quirks": ["double"]}, "'double' is not a valid Quirk"),
        ({"apps": [{"id": "1"}]}, "unknown key in app: id"),
        ({"tenant_id": "contoso"}, "badly formed"),
    ],
)
def test_a_slip_in_a_hand_written_organisation_is_named(raw: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Organisation.from_dict(raw)


def test_everything_survives_a_file(tmp_path: Path) -> None:
    entry = {
        "sid": "S-1-5-21-9-9-9-9",
        "rights": ["FullAccess", "ReadPermission"],
        "inheritance_type": "Children",
        "user": "Discovery Management",
        "deny": True,
        "inherited": True,
        "auto_mapping": True,
    }
    before = an_organisation(
        sales={"full_access": [entry, ROUTER], "send_as": [ADA], "send_on_behalf": [ROUTER], "quirks": ["no_self"]},
        apps=[{"thumbprints": ["AA"], "role": {"Get-Mailbox": ["Identity"], "Get-User": True}}],
        settings={"replication_lag": 2, "custom_domains": ["contoso.com"]},
        quirks=["text_booleans"],
    )
    before.save(tmp_path / "organisation.json")
    assert Organisation.load(tmp_path / "organisation.json") == before


def test_a_generated_organisation_survives_a_file(tmp_path: Path) -> None:
    before = generate(40, seed=7, quirks=True)
    before.save(tmp_path / "organisation.json")
    assert Organisation.load(tmp_path / "organisation.json") == before


@pytest.mark.parametrize("there", [True, False])
def test_a_file_is_for_its_owner_only(tmp_path: Path, there: bool) -> None:
    file = tmp_path / "organisation.json"
    if there:
        file.write_text("{}")
        file.chmod(0o644)
    an_organisation().save(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "organisation.json"
    file.write_text("before")
    broken = an_organisation()
    broken.organization = "\ud800"
    with pytest.raises(UnicodeEncodeError):
        broken.save(file)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(file.name, "before")]


def test_a_trustee_may_be_named_in_any_way() -> None:
    organisation = an_organisation(sales={"send_as": ["CRMRouter", ADA.upper(), {"sid": "S-1-5-21-9-9-9-9"}]})
    sales = next(each for each in organisation.recipients if each.address == SALES)
    sids = [entry.sid for entry in organisation.access[sales.guid].send_as]
    assert sids == ["S-1-5-21-1-2-3-1", "S-1-5-21-1-2-3-3", "S-1-5-21-9-9-9-9"]


def test_what_is_not_known_of_a_real_object_is_not_made_up_on_the_way() -> None:
    """Given empty it stays empty; left out it follows from the rest."""
    unknown = dict.fromkeys(("upn", "sid", "alias", "display_name", "object_id", "distinguished_name"), "")
    organisation = Organisation.from_dict({"recipients": [{"name": "x", "address": "x@x.com", **unknown}]})
    again = Organisation.from_dict(organisation.to_dict())
    assert again == organisation
    each = again.recipients[0]
    assert {getattr(each, name) for name in unknown} == {""}


def test_an_object_of_a_kind_that_is_none_of_ours_shows_as_its_own_kind_and_works_as_the_nearest() -> None:
    raw = {"address": "day@contoso.com", "details": "SchedulingMailbox", "recipient_type": "SomeMailbox"}
    desk = Desk(Organisation.from_dict(an_organisation(raw).to_dict()))
    (row,) = desk.rows("Get-Mailbox", Identity="day@contoso.com")
    assert (row["RecipientTypeDetails"], row["RecipientType"]) == ("SchedulingMailbox", "SomeMailbox")
    for condition in ("RecipientTypeDetails -eq 'SchedulingMailbox'", "RecipientType -eq 'SomeMailbox'"):
        assert [one["Name"] for one in desk.rows("Get-Recipient", Filter=condition)] == ["day"]


def test_other_addresses_show_where_there_is_no_primary_one() -> None:
    raw = {"name": "x", "address": "", "aliases": ["old@contoso.com"]}
    desk = Desk(Organisation.from_dict({"recipients": [raw]}))
    (row,) = desk.rows("Get-Recipient", Filter="EmailAddresses -eq 'smtp:old@contoso.com'")
    assert row["EmailAddresses"] == ["smtp:old@contoso.com"]


def test_an_entry_of_which_a_read_showed_no_sid_shows_none_again() -> None:
    entry = {"sid": "", "user": "Somebody"}
    desk = Desk(Organisation.from_dict(an_organisation(sales={"full_access": [entry]}).to_dict()))
    rows = desk.rows("Get-MailboxPermission", Identity=SALES)
    assert ("Somebody", "") in [(row["User"], row["UserSid"]) for row in rows]
