# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading policies: every key, and everything that may be wrong in a file, with its line."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.document import (
    AccountRule,
    Cap,
    Most,
    ProtectedRule,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.reader import LARGEST, read_policy

from .samples import FILE, policy

WHOLE = """\
version: 1
accounts:                       # whoever is granted something is here
  - account: crmrouter@contoso.com
    rights: [send_as, send_on_behalf]
    mailboxes: ["*@contoso.com"]
    most_mailboxes: 200
  - account: S-1-5-21-1004336348-1177238915-682003330-1107
    rights: [full_access]
protected:
  - mailboxes:
      - board-*@contoso.com
      - ceo@contoso.com
    rights: [full_access]
    reason: "decision  2026-14"
    revocations: false
  - mailboxes: ["*@secret.contoso.com"]
caps:
  grants: 50
  revocations: 0
"""


#: Content, the line that is at fault, and what is said of it.
WRONG = [
    ("", 1, "it is empty"),
    ("# nothing but a comment\n", 1, "it is empty"),
    ("~\n", 1, "this is nothing, but must be keys with values"),
    ("- version: 1\n", 1, "this is a list, but must be keys with values"),
    ("accounts: any\n", 1, "version is missing"),
    ("version: 2\n", 1, "it is of version 2, and this collection knows 1: update it"),
    ('version: "1"\n', 1, "this is a text, but must be a whole number"),
    ("version: 1.0\n", 1, "this is a number with a point, but must be a whole number"),
    ("version: 1\nversion: 1\n", 2, "version stands here a second time"),
    ("version: 1\nprotect:\n  - x\n", 2, "there is no key 'protect' (keys: version, accounts, protected, caps)"),
    ("version: 1\n? [a]\n: 1\n", 2, "there is no key '?'"),
    ("version: 1\naccounts:\n", 2, "this is nothing, but must be a list"),
    ("version: 1\nprotected: ceo@contoso.com\n", 2, "this is a text, but must be a list"),
    ("version: 1\nprotected:\n  - ceo@contoso.com\n", 3, "this is a text, but must be keys with values"),
    ("version: 1\nprotected:\n  - rights: [send_as]\n", 3, "mailboxes is missing"),
    ("version: 1\nprotected:\n  - mailboxes: []\n", 3, "mailboxes is empty: name at least one"),
    ("version: 1\nprotected:\n  - mailboxes: [ceo]\n", 3, "the address has not the form name@domain ('ceo')"),
    ("version: 1\nprotected:\n  - mailboxes: [7]\n", 3, "this is a number, but must be a text in quotes"),
    ("version: 1\nprotected:\n  - mailboxes: [a@b.c, '']\n", 3, "it is empty"),
    ("version: 1\nprotected:\n  - mailboxes: [a@b.c]\n    rights: []\n", 4, "rights is empty"),
    ("version: 1\nprotected:\n  - mailboxes: [a@b.c]\n    rights: [sendas]\n", 4, "'sendas' is none of send_as,"),
    ("version: 1\nprotected:\n  - mailboxes: [a@b.c]\n    reason: 2026-11-28\n", 4, "this is a date, but must be"),
    ("version: 1\nprotected:\n  - mailboxes: [a@b.c]\n    revocations: no\n", 4, "write true or false rather than"),
    (
        "version: 1\nprotected:\n  - mailboxes: [a@b.c]\n    revocations: 0\n",
        4,
        "this is a number, but must be true",
    ),
    ("version: 1\nprotected:\n  - mailboxes: [a@b.c]\n    mailbox: [d@e.f]\n", 4, "there is no key 'mailbox'"),
    ("version: 1\naccounts:\n  - account: a@b.c\n", 3, "rights is missing"),
    ("version: 1\naccounts:\n  - rights: [send_as]\n", 3, "account is missing"),
    ("version: 1\naccounts:\n  - account: Router\n    rights: [send_as]\n", 3, "an account is named by its user"),
    ("version: 1\naccounts:\n  - account: '*@b.c'\n    rights: [send_as]\n", 3, "this holds the character '*'"),
    ("version: 1\naccounts:\n  - {account: a@b.c, rights: [send_as], most_mailboxes: -1}\n", 3, "-1 is no whole"),
    ("version: 1\ncaps: 50\n", 2, "this is a number, but must be keys with values"),
    ("version: 1\ncaps: {grants: 5%}\n", 2, "this is a text, but must be a whole number"),
    ("version: 1\ncaps: {grants: 010}\n", 2, "010 is no whole number in plain decimal digits"),
    ("version: 1\ncaps: {grants: 1:30}\n", 2, "1:30 is no whole number in plain decimal digits"),
    ("version: 1\ncaps: {grants: 9999999999}\n", 2, "9999999999 is no whole number"),
    ("version: 1\ncaps: {max_grants: 5}\n", 2, "there is no key 'max_grants' (keys: grants, revocations)"),
    ("version: &v 1\n", 1, "anchors (&) and aliases (*) are not allowed"),
    ("version: 1\ncaps: *v\n", 2, "anchors (&) and aliases (*) are not allowed"),
    ("version: !!int 1\n", 1, "tags are not allowed (tag:yaml.org,2002:int)"),
    ("version: 1\ncaps: !!python/object/apply:os.system ['true']\n", 2, "tags are not allowed"),
    ("version: 1\ncaps: !unsafe {grants: 1}\n", 2, "tags are not allowed (!unsafe)"),
    ("version: 1\n<<: {accounts: any}\n", 2, "there is no key '<<'"),
    ("version: 1\nprotected:\n  - mailboxes: [*@b.c]\n", 3, "a pattern that begins with * stands in quotes"),
    ("version: 1\nprotected: [\n", 3, "it is no YAML"),
    ("version: 1\n\tcaps: 1\n", 2, "it is no YAML"),
    ("version: 1\n---\nversion: 1\n", 2, "it is no YAML"),
    ("version: 1\n# \x00\n", 2, "it holds a character that YAML does not allow ('\\x00')"),
    ("version: 1\ncaps: " + "[" * 5000 + "\n", 2, "it is nested too deep"),
    ("version: 1\naccounts: {{ accounts }}\n", 2, "this is keys with values, but must be a list"),
]


def faults(content: str | bytes) -> list[str]:
    """What is said of a file, without its name: ``LINE: fault``."""
    with pytest.raises(InputError) as raised:
        read_policy(FILE, content.encode() if isinstance(content, str) else content)
    begin = f"policy {FILE}:"
    assert all(one.startswith(begin) for one in raised.value.faults)
    return [one.removeprefix(begin) for one in raised.value.faults]


def test_every_key_is_read_with_its_line() -> None:
    read = policy(WHOLE)
    sid = "S-1-5-21-1004336348-1177238915-682003330-1107"
    sending = (Right.SEND_AS, Right.SEND_ON_BEHALF)
    assert read.accounts == (
        AccountRule("crmrouter@contoso.com", sending, 3, ("*@contoso.com",), Most(200, 6)),
        AccountRule(sid, (Right.FULL_ACCESS,), 7),
    )
    board = ("board-*@contoso.com", "ceo@contoso.com")
    assert read.protected == (
        ProtectedRule(board, (Right.FULL_ACCESS,), 10, "decision 2026-14", revocations=False),
        ProtectedRule(("*@secret.contoso.com",), tuple(Right), 16),
    )
    assert read.caps == (Cap(Verb.GRANT, Most(50, 18)), Cap(Verb.REVOKE, Most(0, 19)))
    assert (read.accounts_line, read.anybody, read.counts) == (2, False, (6, 18, 19))


def test_the_digest_is_the_one_that_sha256sum_shows() -> None:
    assert policy("version: 1\n").digest == "09bfcc6a14b83e2192b8673677725c84883ee9cd0c70e45c9ec09daa8f2b2847"


def test_accounts_may_be_anybody_in_this_word_alone() -> None:
    assert policy("version: 1\naccounts: any\n").anybody
    assert faults("version: 1\naccounts: all\n") == ["2: this is a text, but must be a list"]
    assert not policy("version: 1\naccounts: []\n").anybody
    assert not policy("version: 1\n").anybody


@pytest.mark.parametrize(("text", "line", "fault"), WRONG)
def test_whatever_is_wrong_is_refused_with_its_line(text: str, line: int, fault: str) -> None:
    (said,) = faults(text)
    assert said.startswith(f"{line}: ")
    assert fault in said


def test_all_that_is_wrong_is_named_in_the_order_of_the_file() -> None:
    text = (
        WHOLE.replace("full_access", "everything").replace("ceo@contoso.com", "ceo").replace("grants: 50", "grant: 5")
    )
    lines = [one.partition(":")[0] for one in faults(text)]
    assert lines == ["8", "12", "13", "18"]


def test_what_is_no_text_or_no_policy_by_its_size_is_refused() -> None:
    assert faults(b"version: 1\nprotected: \xff\n") == ["2: it is no text in UTF-8"]
    assert faults("version: 1\n" + "#" * LARGEST) == [f"1: the file is larger than {LARGEST} bytes"]


def test_a_byte_order_mark_and_the_line_ends_of_windows_make_no_difference() -> None:
    read = read_policy(FILE, b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert (read.accounts, read.protected, read.caps) == (policy(WHOLE).accounts, policy(WHOLE).protected, read.caps)


def test_a_template_is_text_like_any_other() -> None:
    text = "version: 1\nprotected:\n  - {mailboxes: [a@b.c], reason: \"{{ lookup('pipe', 'id') }}\"}\n"
    assert policy(text).protected[0].reason == "{{ lookup('pipe', 'id') }}"
