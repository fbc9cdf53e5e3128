# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking: who holds what, what accounts hold, and that nothing which was not seen goes without a word."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.inquiry import (
    Inquiry,
    Overview,
    inquire,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.meter import Statistics
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.notebook import Permission
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, THROTTLED, TRUNCATION, mailbox, signed_in, tenant_of
from .runs import FakeWatch

SALES, SUPPORT, EVE = "sales@contoso.com", "support@contoso.com", "eve@contoso.com"
LIST, PARTNER = "list@contoso.com", "partner@contoso.com"
GONE = "S-1-5-21-9-9-9-500"
ONLY_SEND_AS = (Right.SEND_AS,)


def ask(tenant: Tenant, inquiry: Inquiry, watch: FakeWatch | None = None) -> tuple[Overview, Statistics]:
    """Over a session that cannot write."""
    answer = inquire(signed_in(tenant, read_only=True), inquiry, watch or FakeWatch())
    assert not any(call.writes for call in tenant.calls)
    return answer


def look(tenant: Tenant, *mailboxes: str, trustees: tuple[str, ...] = (), **more: object) -> Overview:
    inquiry = Inquiry(mailboxes, trustees, **more)  # type: ignore[arg-type]
    return ask(tenant, inquiry)[0]


def in_words(permission: Permission) -> str:
    """All that is told of an entry but its SID."""
    told = [permission.mailbox, permission.right.value, permission.trustee, "allow" if permission.allows else "deny"]
    flags = {"inherited": permission.inherited, "orphan": permission.orphan, "self": permission.is_self}
    return " ".join([*told, *(name for name, flag in flags.items() if flag)])


def shown(overview: Overview) -> list[str]:
    return [in_words(permission) for permission in overview.permissions]


def gaps(overview: Overview) -> list[tuple[str, str, str]]:
    """What each gap is about."""
    return [(gap.mailbox, gap.trustee, gap.right.value if gap.right else "") for gap in overview.gaps]


def contoso(**more: object) -> Tenant:
    """Every sort of entry there is."""
    return tenant_of(
        mailbox(EVE, display_name="Eve"),
        mailbox("team@contoso.com", kind="MailUniversalSecurityGroup", display_name="The Team"),
        mailbox(
            SALES,
            send_as=[ROUTER, {"trustee": EVE, "deny": True}, {"sid": GONE}],
            full_access=[
                {"trustee": ROUTER, "rights": ["FullAccess", "ReadPermission"]},
                {"trustee": EVE, "rights": ["ReadPermission"]},
                {"sid": GONE},
                "team@contoso.com",
            ],
            send_on_behalf=[ROUTER, EVE],
        ),
        mailbox(SUPPORT, full_access=[{"trustee": ROUTER, "inherited": True}, {"trustee": EVE, "deny": True}]),
        mailbox(LIST, kind="MailUniversalDistributionGroup", send_as=[ROUTER]),
        mailbox(PARTNER, kind="MailContact"),
        **more,
    )


ON_SALES = [
    f"{SALES} full_access {ROUTER} allow",
    f"{SALES} full_access {GONE} allow orphan",
    f"{SALES} full_access The Team allow",
    f"{SALES} send_as {EVE} deny",
    f"{SALES} send_as {ROUTER} allow",
    f"{SALES} send_as {GONE} allow orphan",
    f"{SALES} send_on_behalf {EVE} allow",
    f"{SALES} send_on_behalf {ROUTER} allow",
]
ON_SUPPORT = [f"{SUPPORT} full_access {EVE} deny", f"{SUPPORT} full_access {ROUTER} allow inherited"]
OF_ROUTER = [
    f"{LIST} send_as {ROUTER} allow",
    f"{SALES} full_access {ROUTER} allow",
    f"{SALES} send_as {ROUTER} allow",
    f"{SALES} send_on_behalf {ROUTER} allow",
    f"{SUPPORT} full_access {ROUTER} allow inherited",
]


def test_the_holders_of_mailboxes_are_shown_with_denials_inheritance_and_orphans_told_apart() -> None:
    overview = look(contoso(), SUPPORT, SALES)
    assert shown(overview) == [*ON_SALES, *ON_SUPPORT]
    assert (overview.gaps, overview.warnings) == ((), ())
    full = {right.value: "2 of 2 mailboxes" for right in Right}
    assert overview.coverage == {**full, "send_as": "2 of 2 recipients"}


def test_what_an_entry_is_under_is_told_by_sid_and_inheritance_type() -> None:
    tenant = tenant_of(mailbox(SALES, full_access=[{"sid": GONE, "inheritance_type": "Children"}], send_as=[ROUTER]))
    orphan, router = look(tenant, SALES).permissions
    assert (orphan.sid, orphan.inheritance_type) == (GONE, "Children")
    assert router.sid == tenant.organisation.recipients[0].sid
    assert (router.recipient.address, router.recipient.kind) == (SALES, "UserMailbox")


@pytest.mark.parametrize("right", list(Right))
def test_only_the_rights_that_are_asked_for_are_looked_at(right: Right) -> None:
    tenant = contoso()
    overview, statistics = ask(tenant, Inquiry((SALES,), rights=(right,)))
    assert shown(overview) == [row for row in ON_SALES if row.split()[1] == right.value]
    assert list(overview.coverage) == [right.value]
    readers = {"Get-RecipientPermission", "Get-MailboxPermission", "Get-EXOMailbox"}
    assert len(readers & set(statistics.calls)) == 1


def test_self_is_shown_only_where_asked_for_once_and_never_with_send_as_in_its_mailbox_rights() -> None:
    """Exchange facts Q2, peers D6: the rows of SELF in a mailbox's own list carry the word SendAs, too."""
    tenant = tenant_of(mailbox(SALES, quirks=["double_self"]))
    assert look(tenant, SALES).permissions == ()
    assert shown(look(tenant, SALES, include_self=True)) == [
        f"{SALES} full_access NT AUTHORITY\\SELF allow self",
        f"{SALES} send_as NT AUTHORITY\\SELF allow self",
    ]


@pytest.mark.parametrize(
    "quirk",
    [
        "joined_rights", "double_self", "text_booleans", "delegates_by_upn", "delegates_by_guid", "look_alikes",
        "upper_case_users", "display_names", "domain_prefix",
    ],
)  # fmt: skip
def test_whatever_the_quirk_the_entries_and_what_the_account_holds_are_the_same(quirk: str) -> None:
    plain, odd = contoso(), contoso(quirks=[quirk])
    entries = [
        [(one.mailbox, one.right, one.sid, one.allows, one.inherited, one.orphan) for one in overview.permissions]
        for overview in (look(plain, SALES, SUPPORT), look(odd, SALES, SUPPORT))
    ]
    assert sorted(entries[0]) == sorted(entries[1])
    assert shown(look(odd, SALES, SUPPORT, trustees=(ROUTER,))) == OF_ROUTER


def test_what_an_account_holds_is_looked_for_everywhere_but_full_access_on_the_mailboxes_named() -> None:
    tenant = contoso()
    overview, statistics = ask(tenant, Inquiry((SALES,), (ROUTER,)))
    assert shown(overview) == [row for row in OF_ROUTER if not row.startswith(SUPPORT)]
    assert overview.coverage == {
        "send_as": "the whole organisation",
        "full_access": "1 of 1 mailboxes",
        "send_on_behalf": "the whole organisation",
    }
    assert statistics.calls["Get-MailboxPermission"] == 1


def test_full_access_of_an_account_is_not_looked_at_where_no_mailbox_is_named_and_that_is_said() -> None:
    overview, statistics = ask(contoso(), Inquiry(trustees=(ROUTER,)))
    assert shown(overview) == [row for row in OF_ROUTER if "full_access" not in row]
    assert overview.coverage["full_access"] == "not looked at: give mailboxes or all_mailboxes"
    assert "Get-MailboxPermission" not in statistics.calls


def test_full_access_of_an_account_is_looked_for_on_all_mailboxes_where_asked() -> None:
    overview, statistics = ask(contoso(), Inquiry(trustees=(ROUTER,), all_mailboxes=True))
    assert shown(overview) == OF_ROUTER
    assert overview.coverage["full_access"] == "4 of 4 mailboxes"
    assert statistics.calls["Get-MailboxPermission"] == 4


def test_mailboxes_are_not_listed_where_nothing_has_to_be_read_of_them() -> None:
    tenant = contoso()
    overview, _none = ask(tenant, Inquiry(trustees=(ROUTER,), all_mailboxes=True, rights=ONLY_SEND_AS))
    assert shown(overview) == [row for row in OF_ROUTER if "send_as" in row]
    assert not any(call.cmdlet == "Get-EXORecipient" and "Filter" not in call.parameters for call in tenant.calls)


@pytest.mark.parametrize("asked", [GONE, GONE.lower()])
def test_an_account_that_was_deleted_is_found_by_its_sid_alone(asked: str) -> None:
    overview = look(contoso(), SALES, trustees=(asked,))
    assert shown(overview) == [f"{SALES} full_access {GONE} allow orphan", f"{SALES} send_as {GONE} allow orphan"]
    assert {permission.sid for permission in overview.permissions} == {GONE}


def test_an_account_that_was_deleted_a_short_time_ago_is_found_by_its_sid_too() -> None:
    """It can be restored for a month, with all its rights."""
    late = {"address": EVE, "sid": GONE, "soft_deleted": True}
    tenant = tenant_of(mailbox(**late), mailbox(SALES, full_access=[{"sid": GONE}], send_as=[{"sid": GONE}]))  # type: ignore[arg-type]
    found = [f"{SALES} full_access {GONE} allow orphan", f"{SALES} send_as {GONE} allow orphan"]
    assert shown(look(tenant, SALES, trustees=(GONE,))) == found
    assert shown(look(tenant, SALES)) == found


def test_entries_of_an_accounts_old_sid_are_its_own() -> None:
    old = "S-1-5-21-7-7-7-700"
    tenant = tenant_of(mailbox(EVE, sid_history=[old]), mailbox(SALES, send_as=[{"sid": old}], full_access=[EVE]))
    overview = look(tenant, SALES, trustees=(EVE,))
    assert shown(overview) == [f"{SALES} full_access {EVE} allow", f"{SALES} send_as {EVE} allow"]
    assert old in {permission.sid for permission in overview.permissions}


def test_an_account_named_twice_is_one() -> None:
    tenant = contoso()
    router = tenant.organisation.recipients[0]
    once = look(tenant, SALES, trustees=(ROUTER,))
    assert look(tenant, SALES, trustees=(ROUTER, router.object_id, router.sid, ROUTER.upper())) == once


def test_a_mailbox_named_twice_is_shown_once_by_the_first_name() -> None:
    tenant = tenant_of(mailbox(SALES, aliases=["shop@contoso.com"], send_as=[ROUTER]))
    overview = look(tenant, "Shop@contoso.com", SALES)
    assert shown(overview) == [f"Shop@contoso.com send_as {ROUTER} allow"]
    assert overview.permissions[0].recipient.address == SALES
    assert overview.coverage["send_as"] == "1 of 1 recipients"


def test_all_mailboxes_show_the_same_as_each_of_them_named() -> None:
    tenant = contoso()
    named = look(tenant, EVE, ROUTER, SALES, SUPPORT, LIST, PARTNER, "team@contoso.com")
    overview, statistics = ask(tenant, Inquiry(all_mailboxes=True))
    assert overview.permissions == named.permissions
    assert shown(overview) == [f"{LIST} send_as {ROUTER} allow", *ON_SALES, *ON_SUPPORT]
    assert (statistics.calls["Get-RecipientPermission"], statistics.calls["Get-EXOMailbox"]) == (1, 1)
    assert overview.coverage == {
        "send_as": "7 of 7 recipients",
        "full_access": "4 of 4 mailboxes",
        "send_on_behalf": "4 of 4 mailboxes",
    }


def test_a_sown_organisation_is_shown_as_its_books_have_it() -> None:
    """Whatever names, quirks and odd entries the generator sows: by SID, nothing is missed and nothing made up."""
    organisation = generate(120, seed=4, quirks=True)
    overview = look(Tenant(organisation), all_mailboxes=True)
    assert overview.gaps == ()
    assert direct(overview) == on_the_books(organisation)


def direct(overview: Overview) -> dict[str, set[tuple[str, str]]]:
    """By right: GUIDs of mailboxes, and the SIDs that have an entry there, of whatever sort."""
    found: dict[str, set[tuple[str, str]]] = {"send_as": set(), "full_access": set()}
    for one in overview.permissions:
        found.get(one.right.value, set()).add((one.recipient.guid, one.sid))
    return found


def on_the_books(organisation: Organisation) -> dict[str, set[tuple[str, str]]]:
    there = {each.guid for each in organisation.recipients if each.traits.mail and not each.soft_deleted}
    rows = [(guid, access) for guid, access in organisation.access.items() if guid in there]
    return {
        "send_as": {(guid, entry.sid) for guid, access in rows for entry in access.send_as},
        "full_access": {
            (guid, entry.sid) for guid, access in rows for entry in access.full_access if "FullAccess" in entry.rights
        },
    }


@pytest.mark.parametrize("name", ["nobody@contoso.com", "twins@contoso.com", "not an address", "gone@contoso.com"])
def test_a_mailbox_that_cannot_be_looked_at_is_a_gap_and_stops_nothing_else(name: str) -> None:
    tenant = tenant_of(
        mailbox("twin1@contoso.com", aliases=["twins@contoso.com"]),
        mailbox("twin2@contoso.com", aliases=["twins@contoso.com"]),
        mailbox("gone@contoso.com", soft_deleted=True),
        mailbox(SALES, send_as=[ROUTER]),
    )
    overview = look(tenant, name, SALES)
    assert gaps(overview) == [(name, "", "")]
    assert overview.gaps[0].cause
    assert overview.gaps[0].next_step
    assert shown(overview) == [f"{SALES} send_as {ROUTER} allow"]
    assert overview.coverage["full_access"] == "1 of 2 mailboxes"


def test_an_account_that_is_not_found_is_a_gap_and_stops_nothing_else() -> None:
    overview = look(contoso(), SALES, trustees=("Nobody@contoso.com", ROUTER))
    assert gaps(overview) == [("", "Nobody@contoso.com", "")]
    assert len(overview.permissions) == 4


def test_where_no_account_is_found_nothing_was_looked_at() -> None:
    overview = look(contoso(), SALES, trustees=("nobody@contoso.com",))
    assert set(overview.coverage.values()) == {"not looked at: none of the accounts was found"}


READS = {
    Right.SEND_AS: "Get-RecipientPermission",
    Right.FULL_ACCESS: "Get-MailboxPermission",
    Right.SEND_ON_BEHALF: "Get-EXOMailbox",
}


def failing(tenant: Tenant, answer: Answer, cmdlet: str, identity: str = "") -> Tenant:
    """That cmdlet fails, for this GUID alone if there is one."""

    def hook(name: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        return answer if name == cmdlet and identity in str(parameters) else None

    tenant.before_invoke = hook
    return tenant


@pytest.mark.parametrize("answer", [THROTTLED, Answer(warnings=(TRUNCATION,))])
@pytest.mark.parametrize("right", list(Right))
def test_a_list_that_cannot_be_read_is_a_gap_and_never_an_empty_list(right: Right, answer: Answer) -> None:
    tenant = contoso()
    sales = next(each for each in tenant.organisation.recipients if each.address == SALES)
    overview = look(failing(tenant, answer, READS[right], sales.guid), SALES, SUPPORT)
    assert (SALES, "", right.value) in gaps(overview)
    assert shown(overview) == [row for row in [*ON_SALES, *ON_SUPPORT] if f"{SALES} {right.value}" not in row]
    read = 0 if right is Right.SEND_ON_BEHALF else 1  # one call asks for the delegates of both
    assert overview.coverage[right.value].startswith(f"{read} of 2 ")


@pytest.mark.parametrize("right", [Right.SEND_AS, Right.SEND_ON_BEHALF])
def test_a_read_of_the_whole_organisation_that_fails_is_a_gap_of_the_account(right: Right) -> None:
    overview = look(failing(contoso(), THROTTLED, READS[right]), SALES, trustees=(ROUTER,))
    assert gaps(overview) == [("the whole organisation", ROUTER, right.value)]
    assert overview.coverage[right.value] == "the whole organisation, but for 1 places: see unresolved"
    assert shown(overview) == [row for row in OF_ROUTER if right.value not in row and not row.startswith(SUPPORT)]


def test_a_mailbox_whose_full_access_cannot_be_read_is_a_gap_of_each_account() -> None:
    overview = look(failing(contoso(), THROTTLED, READS[Right.FULL_ACCESS]), SALES, trustees=(ROUTER, GONE))
    assert gaps(overview) == [(SALES, ROUTER, "full_access"), (SALES, GONE, "full_access")]
    assert overview.coverage["full_access"] == "0 of 1 mailboxes"


@pytest.mark.parametrize("trustees", [(), (ROUTER,)])
def test_an_organisation_that_cannot_be_listed_is_a_gap_and_no_empty_one(trustees: tuple[str, ...]) -> None:
    tenant = contoso()
    tenant.before_invoke = lambda cmdlet, parameters: (
        THROTTLED if cmdlet == "Get-EXORecipient" and "Filter" not in parameters else None
    )
    overview = look(tenant, trustees=trustees, all_mailboxes=True)
    assert gaps(overview) == [("the whole organisation", "", "")]
    assert overview.coverage["full_access"] == "no mailboxes"


def test_all_send_as_entries_that_cannot_be_read_are_a_gap() -> None:
    tenant = contoso()
    tenant.before_invoke = lambda cmdlet, parameters: (
        THROTTLED if cmdlet == "Get-RecipientPermission" and "Identity" not in parameters else None
    )
    overview = look(tenant, all_mailboxes=True)
    assert gaps(overview) == [("the whole organisation", "", "send_as")]
    assert shown(overview) == [row for row in [*ON_SALES, *ON_SUPPORT] if "send_as" not in row]


def test_a_delegate_that_cannot_be_looked_up_is_shown_as_exchange_shows_it() -> None:
    tenant = tenant_of(
        mailbox("twin1@contoso.com", name="twin"),
        mailbox("twin2@contoso.com", name="twin"),
        mailbox(SALES, send_on_behalf=["twin1@contoso.com"]),
    )
    assert shown(look(tenant, SALES)) == [f"{SALES} send_on_behalf twin allow"]


def test_a_list_without_its_self_entry_is_believed_with_a_warning() -> None:
    tenant = tenant_of(mailbox(SALES, full_access=[ROUTER], quirks=["no_self"]))
    for trustees in ((), (ROUTER,)):
        overview = look(tenant, SALES, trustees=trustees, rights=(Right.FULL_ACCESS,))
        assert shown(overview) == [f"{SALES} full_access {ROUTER} allow"]
        assert overview.warnings == (
            f"1 access lists came without the entry of SELF, twice, and were believed: {SALES}",
        )


def test_what_has_no_mailbox_shows_send_as_and_is_said_to_have_shown_no_more() -> None:
    overview = look(contoso(), LIST, PARTNER, SALES)
    assert [row for row in shown(overview) if SALES not in row] == [f"{LIST} send_as {ROUTER} allow"]
    assert overview.coverage == {
        "send_as": "3 of 3 recipients",
        "full_access": "1 of 1 mailboxes",
        "send_on_behalf": "1 of 1 mailboxes",
    }
    (warning,) = overview.warnings
    assert warning.startswith("Full Access and Send on Behalf: read of mailboxes alone, so not of 2 recipients: ")
    assert f"{LIST} (MailUniversalDistributionGroup)" in warning
    assert look(contoso(), LIST, rights=ONLY_SEND_AS).warnings == ()


def test_progress_knows_how_many_mailboxes_there_are() -> None:
    watch = FakeWatch()
    ask(tenant_of(*(mailbox(f"m{number}@contoso.com") for number in range(30))), Inquiry(all_mailboxes=True), watch)
    reading = [(done, total) for phase, done, total in watch.told if phase == "read"]
    assert (30, 32) in reading or (31, 32) in reading
