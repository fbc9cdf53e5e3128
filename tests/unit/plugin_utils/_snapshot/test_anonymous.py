# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Anonymized snapshots: nothing of the original is left, nobody can turn it back, and the tool behaves alike on it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Finding
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.anonymous import anonymized
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import (
    Detail,
    Gap,
    Subject,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.recipients import Recipient
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .samples import filed, rehearsed, session_with, taken_of, wishes

ACCOUNTS = ("crmrouter@contoso.com", "archiver@contoso.com")
HOSTILE: tuple[dict[str, object], ...] = (
    {
        "address": "o'brien+tag@Fabrikam.example",
        "name": "Zoë O'Brien, Müller & Søn",
        "aliases": ["mueller@contoso.com"],
    },
    {"address": "quoted@contoso.com", "name": "the \u2019typographic\u2018 one"},
    {"address": "dn@contoso.com", "name": 'CN=evil,OU=unit"quoted"', "alias": "evilalias"},
    {"address": "path@contoso.com", "name": "folder/sub\\leaf", "display_name": "S-1-5-21-77777-88888-99999-1001"},
    {"address": "looks@contoso.com", "name": "ceo@contoso.com"},
    {"address": "json@contoso.com", "name": '{"format": "injected"}'},
    {"address": "shared1@contoso.com", "name": "Twin"},
    {
        "address": "shared2@contoso.com",
        "name": "tWIN",
        "full_access": [{"sid": "S-1-5-21-5-6-7-4321", "user": "DOM\\ghost"}],
    },
    {"kind": "UserMailbox", "address": "ferry@contoso.com", "sid_history": ["S-1-5-21-31337-4-5-6"]},
)


def identifiers(organisation: Organisation) -> Iterator[str]:
    yield from (organisation.organization, organisation.tenant_id, "contoso", "fabrikam")
    for each in organisation.recipients:
        yield from (each.name, each.display_name, each.alias, each.upn, each.address, *each.aliases)
        yield from (each.guid, each.object_id, each.sid, *each.sid_history, each.distinguished_name)
        yield from (part for part in each.address.replace("@", " ").replace("+", " ").split() if len(part) > 3)
    for lists in organisation.access.values():
        for entry in (*lists.full_access, *lists.send_as):
            yield from (entry.sid, entry.user)


def left_of(text: str, organisation: Organisation) -> list[str]:
    """What stands in the file as it is, or as JSON would write it. Words of the file itself are no names."""
    forms = {form.lower() for one in identifiers(organisation) for form in (one, json.dumps(one)[1:-1])}
    return [form for form in forms if len(form) > 3 and form in text.lower()]


@pytest.mark.parametrize("detail", list(Detail))
def test_nothing_of_the_original_is_anywhere_in_the_file(tmp_path: Path, detail: Detail) -> None:
    organisation = Organisation.from_dict({"recipients": list(HOSTILE)})
    addresses = [str(one["address"]) for one in HOSTILE]
    session = session_with(Tenant(organisation))
    taken = taken_of(session, [*addresses, "gone@contoso.com"], ["ferry@contoso.com", "S-1-5-21-9-9-9-9"], detail)
    told = replace(taken.snapshot, gaps=(Gap(Subject.MAILBOX, "lost@contoso.com", "Zoë is not there"),))
    filed(anonymized(told), tmp_path)
    text = (tmp_path / "snapshot.json").read_text(encoding="utf-8")
    assert left_of(text, organisation) == []
    assert [
        word for word in ("gone", "lost@", "Zoë", "9-9-9", "ghost", "typographic", "injected") if word in text
    ] == []
    filed(told, tmp_path)
    assert len(left_of((tmp_path / "snapshot.json").read_text(encoding="utf-8"), organisation)) > 20


def test_two_times_give_two_files() -> None:
    organisation = Organisation.from_dict({"recipients": list(HOSTILE)})
    taken = taken_of(session_with(Tenant(organisation)), ["json@contoso.com"], [], Detail.FULL).snapshot
    first, second = ({one.guid for one in anonymized(taken).organisation.recipients} for _time in range(2))
    assert not first & second


def test_the_order_of_names_does_not_show_through() -> None:
    organisation = generate(200, seed=1)
    taken = taken_of(session_with(Tenant(organisation)), [], [], Detail.FULL).snapshot
    guids = [one.guid for one in anonymized(taken).organisation.recipients]
    assert guids == sorted(guids)


@pytest.mark.parametrize("detail", list(Detail))
@pytest.mark.parametrize("seed", range(4))
def test_the_tool_behaves_alike_on_it(tmp_path: Path, seed: int, detail: Detail) -> None:
    organisation = generate(60, seed=seed, quirks=True, accounts=ACCOUNTS)
    play = [each.address for each in organisation.recipients if each.address and not each.soft_deleted]
    taken = taken_of(session_with(Tenant(organisation)), play, ACCOUNTS, detail).snapshot
    hidden = anonymized(taken)
    there, here = taken.organisation.recipients, hidden.organisation.recipients
    assert Counter(map(shape, there)) == Counter(map(shape, here))
    assert bearers(there) == bearers(here)
    accounts = tuple(hidden.accounts)
    plain = rehearsed(filed(taken, tmp_path), Scope(wishes(play, ACCOUNTS)))
    veiled = rehearsed(filed(hidden, tmp_path), Scope(wishes(hidden.mailboxes, accounts)))
    assert outcomes(plain.findings) == outcomes(veiled.findings)
    assert len(outcomes(plain.findings)) > 2


def bearers(recipients: tuple[Recipient, ...]) -> list[int]:
    """How many share each Name."""
    return sorted(Counter(one.name.casefold() for one in recipients).values())


def shape(one: Recipient) -> tuple[object, ...]:
    return (one.kind, len(one.aliases), len(one.sid_history), one.hidden, one.soft_deleted)


def outcomes(findings: Iterable[Finding]) -> Counter[tuple[str, ...]]:
    return Counter((one.right.value, one.before, one.outcome.value) for one in findings)
