# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated organisation as data: its applications, settings, recipients and access lists, to and from plain JSON."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Union
from uuid import UUID

from .access import ACCESS_KEYS, EMPTY, AccessList, access_list, to_dict
from .quirks import Quirk
from .recipients import RECIPIENT_KEYS, Place, Recipient, recipient

TENANT_ID = "11111111-2222-3333-4444-555555555555"
APP_ID = "00000000-0000-0000-0000-000000000000"
THUMBPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"

#: "enforce": every cmdlet; "audit": those that read; or cmdlet → its parameters, or True for all of them.
Role = Union[str, dict[str, Union[bool, list[str]]]]


@dataclass(frozen=True)
class App:
    """An application registered in Entra ID, and what it may do.

    ``directory_role`` false: E26. ``consent`` false: E25. ``sign_in_error``: the text with which Entra ID refuses
    it (E37 to E40).
    """

    app_id: str = APP_ID
    thumbprints: tuple[str, ...] = (THUMBPRINT,)
    expired_thumbprints: tuple[str, ...] = ()
    access_tokens: tuple[str, ...] = ()
    managed_identity: bool = False
    role: Role = "enforce"
    directory_role: bool = True
    consent: bool = True
    sign_in_error: str = ""


@dataclass(frozen=True)
class Settings:
    """``replication_lag``: how many reads of an object still show what was before a write to it.
    ``filter_limit``: the longest -Filter that is accepted, in characters; 0: any.
    ``most_sessions``: how many may be signed in at once; 0: any, for no number is published (exchange facts 6.4).
    ``custom_domains``: names of the organisation that are no good for -Organization (exchange facts 3.3).
    """

    replication_lag: int = 0
    filter_limit: int = 0
    most_sessions: int = 0
    custom_domains: tuple[str, ...] = ()


@dataclass
class Organisation:
    """``access`` maps the GUID of a recipient to its access lists; a recipient without any is not in it."""

    organization: str = "contoso.onmicrosoft.com"
    tenant_id: str = TENANT_ID
    apps: tuple[App, ...] = (App(),)
    settings: Settings = field(default_factory=Settings)
    quirks: frozenset[Quirk] = frozenset()
    recipients: tuple[Recipient, ...] = ()
    access: dict[str, AccessList] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> Organisation:
        """Raises OSError, and ValueError where the file is no organisation."""
        return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> Organisation:
        """From plain JSON; what is left out is filled in. Raises ValueError naming what is wrong."""
        _check_keys("organisation", raw, ("organization", "tenant_id", "apps", "settings", "quirks", "recipients"))
        organization = str(raw.get("organization", cls.organization))
        tenant_id = str(UUID(str(raw.get("tenant_id", cls.tenant_id))))
        objects = _objects(raw, "recipients")
        recipients = tuple(
            _recipient(each, Place(organization, tenant_id, position)) for position, each in enumerate(objects)
        )
        recipients = distinct(recipients)
        names = _Names(recipients)
        access = {
            each.guid: access_list(source, names.sid, names.guid)
            for each, source in zip(recipients, objects, strict=True)
            if any(source.get(key) for key in ACCESS_KEYS)
        }
        return cls(
            organization,
            tenant_id,
            tuple(_app(each) for each in _objects(raw, "apps")) or cls.apps,
            _settings(raw.get("settings", {})),
            frozenset(Quirk(each) for each in _texts(raw.get("quirks", []))),
            recipients,
            access,
        )

    def to_dict(self) -> dict[str, object]:
        """Plain JSON that ``from_dict`` takes back."""
        return {
            "organization": self.organization,
            "tenant_id": self.tenant_id,
            "apps": [_jsonable(vars(app)) for app in self.apps],
            "settings": _jsonable(vars(self.settings)),
            "quirks": sorted(quirk.value for quirk in self.quirks),
            "recipients": [
                {**each.to_dict(), **to_dict(self.access.get(each.guid, EMPTY))} for each in self.recipients
            ],
        }

    def save(self, path: str | Path) -> None:
        """Whole or not at all, and readable by its owner only: it tells who may do what."""
        save(self.to_dict(), path)

    def has(self, quirk: Quirk, each: Recipient | None = None) -> bool:
        """Whether a quirk holds: for the whole organisation, or for this recipient."""
        return quirk in self.quirks or (each is not None and quirk in each.quirks)


def save(raw: Mapping[str, object], path: str | Path) -> None:
    """Plain JSON into a file: whole or not at all, and readable by its owner only. Raises OSError."""
    target = Path(path).resolve()
    descriptor, fresh = tempfile.mkstemp(prefix=".organisation.", dir=target.parent)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(target)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


class _Names:
    """Finds the object that a hand-written entry names by any of its names; the first one where several bear it."""

    def __init__(self, recipients: Iterable[Recipient]) -> None:
        self._found: dict[str, Recipient] = {}
        for each in recipients:
            own = (each.guid, each.object_id, each.sid, each.address, *each.aliases, each.upn, each.name)
            for name in filter(None, (*own, each.display_name, each.alias)):
                self._found.setdefault(name.casefold(), each)

    def sid(self, name: str) -> str:
        found = self._one(name)
        if not found.sid:
            raise ValueError(f"an access list names {name!r}, which has no SID")
        return found.sid

    def guid(self, name: str) -> str:
        return self._one(name).guid

    def _one(self, name: str) -> Recipient:
        try:
            return self._found[name.casefold()]
        except KeyError:
            raise ValueError(f"an access list names {name!r}, which is no recipient; give its sid instead") from None


def distinct(recipients: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
    """The recipients with distinguished names made distinct where they share a Name, as a directory does.

    Raises ValueError where two have the same GUID.
    """
    if len({each.guid for each in recipients}) < len(recipients):
        raise ValueError("two recipients have the same guid")
    seen: set[str] = set()
    result = []
    for each in recipients:
        name = each.distinguished_name
        if name in seen:
            conflict = f"\\0ACNF:{each.guid},OU="
            each = replace(each, distinguished_name=name.replace(",OU=", conflict, 1))
        seen.add(name)
        result.append(each)
    return tuple(result)


def _recipient(raw: Mapping[str, object], place: Place) -> Recipient:
    _check_keys("recipient", raw, (*RECIPIENT_KEYS, *ACCESS_KEYS))
    return recipient(raw, place)


def _app(raw: Mapping[str, object]) -> App:
    _check_keys("app", raw, tuple(vars(App())))
    return App(**{key: _frozen(value) for key, value in raw.items()})  # type: ignore[arg-type]


def _settings(raw: object) -> Settings:
    if not isinstance(raw, dict):
        raise ValueError(f"settings is no object: {raw!r}")
    _check_keys("settings", raw, tuple(vars(Settings())))
    return Settings(**{key: _frozen(value) for key, value in raw.items()})  # type: ignore[arg-type]


def _check_keys(what: str, raw: Mapping[str, object], known: tuple[str, ...]) -> None:
    unknown = [key for key in raw if key not in known]
    if unknown:
        raise ValueError(f"unknown key in {what}: {', '.join(unknown)}")


def _objects(raw: Mapping[str, object], key: str) -> list[dict[str, object]]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"{key} is no list of objects")
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(f"no list of texts: {value!r}")
    return [str(each) for each in value]


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _jsonable(values: Mapping[str, object]) -> dict[str, object]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
