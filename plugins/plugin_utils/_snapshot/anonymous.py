# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot with nothing in it by which anybody could be known, on which the tool behaves alike.

What is the same stays the same, and what differs differs: accounts with a SID history, objects that share a Name, an
address of one that is the UPN of another. The key is random and thrown away, so that nobody can turn it back.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

from .._exchange.identities import SELF_SID, is_guid, is_sid
from .._tenant.access import AccessList, Entry
from .._tenant.organisation import Organisation
from .._tenant.recipients import Recipient
from .contents import Fate, Gap, Snapshot

#: What the initial domain of an organisation ends in, which tells no more than the cloud that it is in.
_SUFFIXES = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")
#: Signs that filters treat in ways of their own, so they stay, at the end.
_QUOTES = "'\u2018\u2019\u201a\u201b\"\u201c\u201d\u201e"
#: SIDs of this many parts or fewer are of no account and the same everywhere, such as S-1-5-32-544.
_WELL_KNOWN = 5
_REASON = "it could not be read"


def anonymized(snapshot: Snapshot) -> Snapshot:
    """Whatever a person or a machine called anything is replaced; kinds, rights, counts and the time stay."""
    veil = _Veil()
    organisation = snapshot.organisation
    recipients = sorted((veil.recipient(one) for one in organisation.recipients), key=lambda one: one.guid)
    return replace(
        snapshot,
        organisation=Organisation(
            organization=veil.domain(organisation.organization),
            tenant_id=veil.guid(organisation.tenant_id),
            recipients=tuple(recipients),
            access={veil.guid(guid): veil.lists(lists) for guid, lists in organisation.access.items()},
        ),
        mailboxes=_named(snapshot.mailboxes.items(), veil),
        accounts=_named(snapshot.accounts.items(), veil),
        others={veil.guid(guid): rights for guid, rights in snapshot.others.items()},
        gaps=tuple(Gap(one.subject, veil.text(one.of), _REASON, one.may_pass) for one in snapshot.gaps),
        anonymized=True,
    )


def _named(looked_up: Iterable[tuple[str, Fate]], veil: _Veil) -> dict[str, Fate]:
    return {veil.text(name): fate for name, fate in looked_up}


@dataclass(frozen=True)
class _Veil:
    """Gives every text another one, without regard to case, as Exchange compares them."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def text(self, text: str) -> str:
        """Of whatever sort it is: what looks like a GUID, a SID, an address or a distinguished name still does."""
        if not text:
            return text
        if is_guid(text):
            return self.guid(text)
        if is_sid(text):
            return self.sid(text)
        if text.upper().startswith("CN="):
            return self.distinguished_name(text)
        for sign in "/\\":
            before, found, after = text.rpartition(sign)
            if found:
                return f"{self.text(before)}{sign}{self.text(after)}"
        local, found, domain = text.rpartition("@")
        return f"{self._word(local)}@{self.domain(domain)}" if found else self._word(text)

    def guid(self, guid: str) -> str:
        return str(UUID(bytes=self._digest(guid)[:16], version=4))

    def sid(self, sid: str) -> str:
        parts = sid.split("-")
        if len(parts) <= _WELL_KNOWN or sid.upper() == SELF_SID:
            return sid
        digest = self._digest(sid)
        numbers = (int.from_bytes(digest[at : at + 4], "big") for at in range(0, 16, 4))
        return "-".join(["S-1-5-21", *map(str, numbers)])

    def domain(self, domain: str) -> str:
        suffix = next((one for one in _SUFFIXES if domain.lower().endswith(one)), "")
        rest = domain[: -len(suffix)] if suffix else domain
        return self._word(rest) + (suffix or ".example") if domain else domain

    def distinguished_name(self, name: str) -> str:
        return f"CN={self._word(name)},DC=example" if name else name

    def recipient(self, one: Recipient) -> Recipient:
        return replace(
            one,
            name=self.text(one.name),
            display_name=self.text(one.display_name),
            alias=self.text(one.alias),
            upn=self.text(one.upn),
            address=self.text(one.address),
            aliases=tuple(sorted(self.text(alias) for alias in one.aliases)),
            sid=self.text(one.sid),
            sid_history=tuple(self.text(sid) for sid in one.sid_history),
            guid=self.guid(one.guid),
            object_id=self.text(one.object_id),
            distinguished_name=self.distinguished_name(one.distinguished_name),
        )

    def lists(self, lists: AccessList) -> AccessList:
        return AccessList(
            full_access=tuple(self._entry(one) for one in lists.full_access),
            send_as=tuple(self._entry(one) for one in lists.send_as),
            send_on_behalf=tuple(self.guid(guid) for guid in lists.send_on_behalf),
        )

    def _entry(self, entry: Entry) -> Entry:
        return replace(entry, sid=self.text(entry.sid), user=self.text(entry.user))

    def _word(self, word: str) -> str:
        kept = "".join(sign for sign in _QUOTES if sign in word)
        return self._digest(word).hex()[:16] + kept if word else word

    def _digest(self, text: str) -> bytes:
        return hmac.new(self.key, text.casefold().encode("utf-8", "surrogatepass"), sha256).digest()
