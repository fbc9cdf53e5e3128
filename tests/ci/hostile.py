# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of an inventory as a contributor may propose them: plain ones, and each hostile change that docs/security.md
speaks of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

MAILBOXES = """\
crm_mailboxes:
  hosts:
    sales@contoso.com:
    support@contoso.com: {mailbox_delegation_profile: [sender, reader]}
    old.queue@contoso.com:
      mailbox_delegation_state: absent
      mailbox_delegation_until: 2026-12-31
      mailbox_delegation_reason: "told by {service desk}: #jinja, 50 % of it"
  vars:
    mailbox_delegation_default_profile: sender
    mailbox_delegation_profiles:
      sender: {account: crmrouter@contoso.com, access_type: send_as}
      reader: {account: crmrouter@contoso.com, rights: [send_as, full_access]}
  children:
    emea:
      hosts:
        info@contoso.com:
"""
#: What a template would do that is not meant well.
LOOKUP = "{{ lookup('ansible.builtin.pipe', 'id') }}"
#: The signs of a template by other names: it runs without two braces.
HEADER = "#jinja2: variable_start_string:'[[', variable_end_string:']]'\\n[[ lookup('ansible.builtin.pipe', 'id') ]]"

#: Puts something into a folder that holds an inventory.
Change = Callable[[Path], object]


def file(name: str, text: str, mode: int = 0o644) -> Change:
    """A file beside the others."""

    def put(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(mode)

    return put


def host(variables: str) -> Change:
    """A mailbox with these variables."""
    return file("more.yml", f"crm_mailboxes:\n  hosts:\n    sales@contoso.com: {variables}\n")


def link(name: str, to: str) -> Change:
    return lambda folder: (folder / name).symlink_to(to)


#: What → the change, and what the check says of it.
HOSTILE: dict[str, tuple[Change, str]] = {
    "a template in group_vars": (file("group_vars/all.yml", f'x: "{LOOKUP}"\n'), "all.yml:1: a template"),
    "a template in host_vars": (file("host_vars/sales@contoso.com.yml", f'\nx: "{LOOKUP}"\n'), "com.yml:2: a template"),
    "a statement": (host('{mailbox_delegation_reason: "{% set x = 1 %}"}'), "more.yml:3: a template"),
    "a template behind escapes": (host('{mailbox_delegation_reason: "\\x7b\\x7b 1 }}"}'), "more.yml:3: a template"),
    "a template by other signs": (host(f'{{mailbox_delegation_reason: "{HEADER}"}}'), "more.yml:3: a template"),
    "a template in a name": (host('{"{{ x }}": 1}'), "a template"),
    "a template in an export": (file("export.csv", f"Name,E-Mail\nSales,{LOOKUP}\n"), "export.csv:2: a template"),
    "a text that is called a vault": (host("{mailbox_delegation_reason: !vault x}"), "the tag !vault"),
    "a text that is called unsafe": (host("{mailbox_delegation_reason: !unsafe x}"), "the tag !unsafe"),
    "an object": (host("{mailbox_delegation_reason: !!python/name:os.system x}"), "the tag tag:yaml.org,2002:python"),
    "another interpreter": (host("{ansible_python_interpreter: ./evil}"), "the variable 'ansible_python_interpreter'"),
    "another host to sign in to": (
        file("m.yml", "management:\n  hosts:\n    exo-mgmt01: {ansible_host: evil.example.com}\n"),
        "m.yml:3: the variable 'ansible_host'",
    ),
    "another connection": (file("group_vars/all.yml", "ansible_connection: local\n"), "the variable 'ansible_connect"),
    "another host of PowerShell": (
        file("group_vars/crm_mailboxes.yml", "exchange_powershell_host: elsewhere\n"),
        "the variable 'exchange_powershell_host'",
    ),
    "another PowerShell": (file("group_vars/all.yml", "exchange_powershell: ./evil\n"), "the variable 'exchange_power"),
    "another organisation": (
        file("group_vars/all/one.yml", "exchange_organization: evil.onmicrosoft.com\n"),
        "one.yml:1: the variable 'exchange_organization'",
    ),
    "a brake that one mailbox loosens": (host("{mailbox_delegation_max_grants: 100000}"), "_max_grants'"),
    "profiles of one mailbox, taken for all": (host("{mailbox_delegation_profiles: {}}"), "_profiles'"),
    "profiles in host_vars": (file("host_vars/a.yml", "mailbox_delegation_profiles: {}\n"), "_profiles'"),
    "a report over another file": (file("group_vars/all.yml", "mailbox_delegation_journal: ~/.bashrc\n"), "_journal'"),
    "another policy": (file("group_vars/all.yml", "mailbox_delegation_policy: none.yml\n"), "_policy'"),
    "variables of an anchor": (host("&x {mailbox_delegation_state: absent}"), "an anchor or an alias"),
    "variables that are merged in": (host("{<<: {ansible_host: evil}}"), "a key that is no text"),
    "groups that are merged in": (
        file("m.yml", "<<: {all: {vars: {ansible_host: evil}}}\n"),
        "m.yml:1: it is no YAML that can be read (a key that is no text",
    ),
    "a key twice": (host("{mailbox_delegation_state: present, ansible_host: a, ansible_host: b}"), "'ansible_host'"),
    "an inventory plugin": (file("m.yml", "plugin: ansible.builtin.constructed\n"), "m.yml:1: the key plugin"),
    "requirements": (file("requirements.yml", "collections: [evil.evil]\n"), "it is no YAML that can be read"),
    "a playbook": (file("site.yml", "- hosts: all\n"), "here is a mapping expected"),
    "a range": (file("m.yml", "crm_mailboxes: {hosts: {'x[1:99999999]@contoso.com': }}\n"), "a range or a port"),
    "a port": (file("m.yml", "crm_mailboxes: {hosts: {'x@contoso.com:22': }}\n"), "a range or a port"),
    "two documents": (file("m.yml", "crm_mailboxes: {}\n---\nx: 1\n"), "it is not one document"),
    "no document": (file("m.yml", ""), "it is not one document"),
    "half a document": (file("m.yml", "crm_mailboxes: {"), "it is no YAML that can be read"),
    "no end of brackets": (file("m.yml", "[" * 100_000), "it is nested too deeply"),
    "half a character": (lambda folder: (folder / "m.yml").write_bytes(b"\xff\xfe"), "it cannot be read as UTF-8"),
    "a script": (file("hosts.yml", "#!/bin/sh\nid\n", 0o755), "hosts.yml: executable"),
    "settings of ansible": (file("ansible.cfg", "[defaults]\n"), "ansible.cfg: no file of data"),
    "a program": (file("hosts.py", "print()\n"), "hosts.py: no file of data"),
    "a file of no kind": (file("group_vars/all", "x: 1\n"), "all: no file of data"),
    "a file of INI": (file("hosts.ini", "[all]\n"), "hosts.ini: no file of data"),
    "a hidden file": (file(".hidden.yml", "x: 1\n"), "a name that data has no need of"),
    "a library": (file("library/evil.yml", "x: 1\n"), "library: a folder other than"),
    "filters": (file("filter_plugins/evil.yml", "x: 1\n"), "filter_plugins: a folder other than"),
    "callbacks": (file("callback_plugins/evil.yml", "x: 1\n"), "callback_plugins: a folder other than"),
    "roles": (file("roles/mailbox_delegation/tasks/main.yml", "x: 1\n"), "roles: a folder other than"),
    "collections": (file("collections/x.yml", "x: 1\n"), "collections: a folder other than"),
    "a link to a file": (link("secret.yml", "/etc/passwd"), "secret.yml: a link"),
    "a link to a folder": (link("group_vars", "/etc"), "group_vars: a link"),
}


def proposed(folder: Path, change: Change | None = None) -> Path:
    """A folder with the plain inventory, and a change to it."""
    folder.mkdir(parents=True)
    (folder / "mailboxes.yml").write_text(MAILBOXES, encoding="utf-8")
    if change:
        change(folder)
    return folder
