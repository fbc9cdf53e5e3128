# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: crm_mailboxes
short_description: Mailboxes from exports of Dynamics CRM
version_added: 0.1.0
description:
  - Reads exports of mailboxes, users or queues from Dynamics CRM (Dynamics 365). Every mailbox that CRM sends as
    becomes a host of the inventory, ready for M(email_router.exchange_online.mailbox_delegation).
  - An export is CSV, XLSX, or JSON as the Web API answers, with labels or with option numbers. Its content tells
    which it is, not its name. Exports that are encrypted with Ansible Vault are decrypted.
  - The name of a host is the address in lower case. Rows with the same address are joined into one host.
  - Rows that do not meet O(filters) are left out. Rows that cannot be understood are rejected, and one warning
    counts them by reason. With C(-v) each row that was left out or rejected is listed.
  - Exports without a single mailbox are an error.
  - Every value from an export stays text, even if it looks like a template.
  - The name of the inventory file must end in C(crm_mailboxes.yml) or C(crm_mailboxes.yaml).
author:
  - email_router.exchange_online contributors (!UNKNOWN)
requirements:
  - openpyxl, for XLSX only
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: Says that the inventory file is for this plugin.
    type: str
    required: true
    choices: [email_router.exchange_online.crm_mailboxes]
  source:
    description:
      - The export, or a list of exports. Relative paths start from the directory of the inventory file.
      - Of XLSX the first visible sheet is read, with the rows that a filter of Excel hides.
    type: list
    elements: str
    required: true
  entity:
    description:
      - What the exports list. By default each export tells by itself, by the column that CRM puts before all others,
        or by the heading of the addresses.
    type: str
    choices: [mailboxes, users, queues]
  headings:
    description:
      - Headings in addition to CRM's own, which are known in English and by the names of the Web API. A dictionary
        with a heading, or a list of headings, for each field.
      - The fields C(address), C(outgoing) (how mail is sent), C(approval) (of the address), C(status) and
        C(forward) (whether it is a forward mailbox) decide whether a row is a mailbox.
      - The fields C(id), C(name), C(user_name), C(owner), C(regarding) and C(server_profile) become host variables.
      - Case, spaces and hyphens make no difference.
    type: dict
    default: {}
  labels:
    description:
      - Values in addition to CRM's own, which are known in English and as numbers. A dictionary with a label, or a
        list of labels, for each meaning.
      - The field C(outgoing) can mean C(email_router), C(outlook) or C(none); C(approval) can mean C(approved),
        C(empty), C(pending) or C(rejected); C(status) can mean C(active) or C(inactive); C(forward) can mean
        C(not_forward) or C(forward).
    type: dict
    default: {}
  filters:
    description:
      - What a row must be to count. An export that lacks the column for it is an error, so leave out what the view
        that was exported sees to by itself.
      - V(active) looks at the field C(status).
      - V(approved) looks at C(approval). CRM does not send as an address that is not approved.
      - V(outgoing) looks at C(outgoing), for server-side synchronization or Email Router. CRM has one option for both.
      - V(not_forward) looks at C(forward), of mailboxes only.
    type: list
    elements: str
    choices: [active, approved, outgoing, not_forward]
    default: [active, approved, outgoing, not_forward]
  profile_column:
    description:
      - Heading of a column that holds the profiles of a mailbox, separated by commas or semicolons.
    type: str
  profile_rules:
    description:
      - The profiles of mailboxes for which O(profile_column) names none. The first rule that fits counts.
      - A rule has C(profile), a name or a list of names; C(column) and C(value), if the cell in a column must fit a
        pattern; and C(address), if the address must fit one. A rule with C(profile) alone fits every mailbox.
      - Patterns are those of file names, with C(*) and C(?). Case makes no difference.
    type: list
    elements: dict
    default: []
  group:
    description: The group of the mailboxes.
    type: str
    default: crm_mailboxes
  delimiter:
    description:
      - What separates the cells of CSV, a character, or V(comma), V(semicolon) or V(tab). By default the one of
        these three that splits the headings into the most columns.
    type: str
  encoding:
    description:
      - The encoding of CSV and JSON, by its name in Python. By default UTF-16 if the file begins with a byte order
        mark of it, else UTF-8, else Windows-1252.
    type: str
  strict:
    description:
      - Fail if a row is rejected, or if O(compose), O(groups) or O(keyed_groups) cannot be evaluated.
    type: bool
    default: false
  cache:
    description:
      - Whether to keep what was read in the cache. It is read again when an export or an option has changed.
    type: bool
    default: false
notes:
  - For M(email_router.exchange_online.mailbox_delegation) a host has the variables C(mailbox_delegation_profile), a
    list, if O(profile_column) or O(profile_rules) name a profile; and C(mailbox_delegation_mailbox), if the address
    cannot be the name of a host.
  - From the export it has C(crm_entity), C(crm_id), C(crm_name), C(crm_user_name), C(crm_owner), C(crm_regarding) and
    C(crm_server_profile), which are empty if the export does not tell; and C(crm_sources), a list of the file and
    row of each of its records.
  - The group has the variable C(crm_rejected_rows), a number. Each of these rows may be a mailbox that is missing.
seealso:
  - module: email_router.exchange_online.mailbox_delegation
"""

EXAMPLES = r"""
# crm_mailboxes.yml, for an export to Excel of a view of mailboxes with the columns Email Address, Outgoing Email,
# Email Address Status, Status and Is Forward Mailbox.
plugin: email_router.exchange_online.crm_mailboxes
source: active_mailboxes.xlsx
---
# The view Active Mailboxes, of which CRM exports active ones only. It has no columns Status and Is Forward Mailbox.
plugin: email_router.exchange_online.crm_mailboxes
source: active_mailboxes.csv
filters: [outgoing, approved]
---
# Users and queues, as Dynamics CRM 2011 has no records of mailboxes, each with the profile that it needs.
plugin: email_router.exchange_online.crm_mailboxes
source: [users.csv, queues.csv]
profile_column: Delegation Profile
profile_rules:
  - {column: Owner, value: Support*, profile: [sender, reader]}
  - {address: "*@fabrikam.com", profile: fabrikam}
  - {profile: sender}
strict: true
keyed_groups:
  - {key: crm_entity, prefix: crm}
---
# Both pages of an answer of the Web API, kept in a cache. It was asked for
# mailboxes?$select=name,emailaddress,emailrouteraccessapproval,_ownerid_value
# &$filter=outgoingemaildeliverymethod eq 2 and statecode eq 0 and isforwardmailbox eq false
plugin: email_router.exchange_online.crm_mailboxes
source: [page-1.json, page-2.json]
filters: [approved]
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/crm_mailboxes
---
# An export in German.
plugin: email_router.exchange_online.crm_mailboxes
source: postfaecher.csv
entity: mailboxes
headings:
  address: E-Mail-Adresse
  outgoing: Ausgehende E-Mail
  approval: Status der E-Mail-Adresse
labels:
  email_router: Serverseitige Synchronisierung oder E-Mail-Router
  none: Keine
  approved: Genehmigt
  pending: Genehmigung ausstehend
filters: [outgoing, approved]
"""

import hashlib
import os
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._crm.files import read_table
from ..plugin_utils._crm.mailboxes import Listing, listing_of
from ..plugin_utils._crm.settings import settings_of
from ..plugin_utils._crm.tables import ExportError, MissingLibrary, OptionError

_READING = ("entity", "headings", "labels", "filters", "profile_column", "profile_rules", "delimiter", "encoding")
#: Rejected rows that an error lists.
_ENOUGH = 20


def _safe_group_name(name: str) -> str:
    """Whatever ansible is set to: a group may be called by what is in a cell."""
    return str(to_safe_group_name(name, force=True, silent=True))


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Files to bytes, the listing of these to hosts; how they are read is plugin_utils/_crm."""

    NAME = "email_router.exchange_online.crm_mailboxes"
    _sanitize_group_name = staticmethod(_safe_group_name)

    def verify_file(self, path: str) -> bool:
        named = path.endswith(("crm_mailboxes.yml", "crm_mailboxes.yaml"))
        return named and bool(super().verify_file(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            listing = self._listing(loader, path, cache)
        except MissingLibrary as error:
            told = missing_required_lib(error.library, reason=f"for {error.purpose}")
            raise AnsibleParserError(f"{told}. Or {error.instead}.") from error.__cause__
        except (ExportError, OptionError) as error:
            raise AnsibleParserError(str(error)) from error
        self._tell(listing)
        self._populate(inventory, listing)

    def _listing(self, loader: Any, path: str, cache: bool) -> dict[str, Any]:
        """What the exports list as plain data; from the cache if the files, this inventory's own too, are the same."""
        files = {str(source): _content(loader, path, source) for source in self.get_option("source")}
        if not self.get_option("cache"):
            return self._read(files)
        mark = hashlib.sha256(b"".join(map(_digest, [_content(loader, path, path), *files.values()]))).hexdigest()
        key = self.get_cache_key(path)
        kept = self._cache.get(key) if cache else None
        if not kept or kept["mark"] != mark:
            kept = {"mark": mark, "listing": self._read(files)}
            self._cache[key] = kept
        return dict(kept["listing"])

    def _read(self, files: dict[str, bytes]) -> dict[str, Any]:
        options = {name: self.get_option(name) for name in _READING}
        settings = settings_of(options)
        tables = [
            read_table(source, content, options["delimiter"], options["encoding"]) for source, content in files.items()
        ]
        return _plain(listing_of(tables, settings))

    def _tell(self, listing: dict[str, Any]) -> None:
        """One line of what was read, a warning if rows were rejected; each row at ``-v``. Fails where it must."""
        summary, rejected = listing["summary"], listing["rejected"]
        for word in ("left_out", "rejected"):
            for line in listing[word]:
                self.display.v(f"{word.replace('_', ' ')}: {line}")
        if rejected and self.get_option("strict"):
            raise AnsibleParserError("\n".join(_listed(summary, rejected)))
        if not listing["hosts"]:
            raise AnsibleParserError("\n".join(_listed(f"there is no mailbox in {summary}", rejected)))
        if rejected:
            self.display.warning(f"{summary}. Run it with -v to see which.")
        else:
            self.display.v(summary)

    def _populate(self, inventory: Any, listing: dict[str, Any]) -> None:
        group = inventory.add_group(self.get_option("group"))
        before = inventory.groups[group].get_vars().get("crm_rejected_rows", 0)
        inventory.set_variable(group, "crm_rejected_rows", before + len(listing["rejected"]))
        strict, compose, groups, keyed = (
            self.get_option(name) for name in ("strict", "compose", "groups", "keyed_groups")
        )
        for host, variables in listing["hosts"].items():
            inventory.add_host(host, group=group)
            for name, value in variables.items():
                inventory.set_variable(host, name, wrap_var(value))
            known = inventory.get_host(host).get_vars() if compose or groups or keyed else {}
            self._set_composite_vars(compose, known, host, strict)
            self._add_host_to_composed_groups(groups, known, host, strict)
            self._add_host_to_keyed_groups(keyed, known, host, strict)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _content(loader: Any, path: str, source: str) -> bytes:
    """The bytes of an export, decrypted if they need be."""
    place = os.path.join(os.path.dirname(os.path.abspath(path)), os.path.expanduser(source))
    try:
        real = loader.get_real_file(place)
        with open(real, "rb") as file:
            content = file.read()
        loader.cleanup_tmp_file(real)
    except (AnsibleError, OSError) as error:
        raise AnsibleParserError(f"{source} cannot be read: {error}: correct source in {path}") from error
    return content


def _plain(listing: Listing) -> dict[str, Any]:
    """The listing as a cache can keep it."""
    hosts = {mailbox.host: mailbox.variables for mailbox in listing.mailboxes.values()}
    return {
        "hosts": hosts,
        "summary": listing.summary,
        "left_out": listing.left_out,
        "rejected": listing.rejected,
    }


def _listed(summary: str, rejected: list[str]) -> Iterator[str]:
    yield summary
    yield from rejected[:_ENOUGH]
    if len(rejected) > _ENOUGH:
        yield f"and {len(rejected) - _ENOUGH} more (run it with -v)"
