# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text has the class, the cure and the ends that the facts give it, whatever it is wrapped in; others have none."""

from __future__ import annotations

import time
from itertools import chain, combinations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._diagnosis.classes import (
    MEANINGS,
    PHRASES,
    ErrorClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._diagnosis.diagnosis import (
    LONGEST_TEXT,
    Diagnosis,
    Pair,
    Reader,
    counts_of,
    pairs_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._diagnosis.entries import Entry
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._diagnosis.phrases import Phrase
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from hypothesis import given
from hypothesis import strategies as st

from . import texts
from .texts import MAILBOX, TRACE, TRUSTEE

READER = Reader.with_phrases({}, "CRM")
#: Seconds for a text of the greatest length; a search that goes back and forth would take hours.
PATIENCE = 2.0


def diagnose(text: str) -> Diagnosis:
    return READER.diagnose(Entry("texts[0]", text))


def class_of(text: str) -> str:
    return diagnose(text).error_class.value


KNOWN = {
    "S1, refused": (texts.ROUTER_SMTP + texts.SMTP_DENIED + TRACE, "exchange_send_as_denied"),
    "S1, unreachable": (texts.ROUTER_SMTP + "Failure sending mail." + TRACE, "unknown"),
    "S2": (texts.ROUTER_EWS + texts.KB_SEND_AS + TRACE, "exchange_send_as_denied"),
    "S2, delegate": (texts.ROUTER_EWS + texts.KB_DELEGATE, "exchange_delegate_insufficient"),
    "S3": (texts.ROUTER_CRM + TRACE, "crm_send_as_privilege"),
    "S3, code alone": ("An error occurred. ErrorCode: 0x8004480d", "crm_send_as_privilege"),
    "S4": (texts.TEST_ACCESS_401, "auth"),
    "S5": (texts.TEST_ACCESS_440, "auth"),
    "KB 2708727, first": (texts.KB_SEND_AS, "exchange_send_as_denied"),
    "KB 2708727, second": (texts.KB_DELEGATE, "exchange_delegate_insufficient"),
    "the second as email": (texts.KB_DELEGATE.replace("e-mail", "email"), "exchange_delegate_insufficient"),
    "SMTP 5.7.60": (f"550 {texts.SMTP_DENIED} [AM0PR01.prod.outlook.com]", "exchange_send_as_denied"),
    "SMTP 5.7.1": ("550 5.7.1 Client does not have permissions to send as this sender", "exchange_send_as_denied"),
    "SMTP, from address": (
        "5.7.1 Client does not have permissions to send on behalf of the from address",
        "exchange_send_as_denied",
    ),
    "SMTP 5.2.252": (texts.SMTP_PAIR, "exchange_send_as_denied"),
    "SMTP 5.2.0": (texts.SMTP_OLD, "exchange_send_as_denied"),
    "report of non-delivery": (texts.OUTLOOK_NDR, "exchange_send_as_denied"),
    "its code alone": ("[0x80070005-0x000004dc-0x00000524]", "exchange_send_as_denied"),
    "Graph, send as": (texts.GRAPH_SEND_AS, "exchange_send_as_denied"),
    "Graph, access": (texts.GRAPH_ACCESS, "access_denied"),
    "EWS, access": (texts.ROUTER_EWS + "Access is denied. Check credentials and try again.", "access_denied"),
    "EWS, impersonation": (texts.EWS_IMPERSONATION, "exchange_impersonation"),
    "EWS, its sentence": (texts.ROUTER_EWS + texts.EWS_IMPERSONATION.partition(": ")[2], "exchange_impersonation"),
    "EWS, 401": ("The request failed with HTTP status 401: Unauthorized.", "auth"),
    "router, 401": (
        texts.ROUTER_EWS + "The remote server returned an error: (401) Unauthorized." + TRACE,
        "auth",
    ),
    "SMTP, basic": (texts.BASIC_AUTH_GONE, "auth"),
    "SMTP, tenant": (
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        "auth",
    ),
    "SMTP, password": ("535 5.7.3 Authentication unsuccessful [AM0PR01.eurprd.prod.outlook.com]", "auth"),
    "SMTP, anonymous": ("5.7.1 Anonymous client does not have permissions to send as this sender", "auth"),
    "SMTP, no sign-in": ("5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", "auth"),
}


@pytest.mark.parametrize(("text", "expected"), KNOWN.values(), ids=KNOWN)
def test_a_text_has_the_class_of_the_facts(text: str, expected: str) -> None:
    assert class_of(text) == expected


@pytest.mark.parametrize(("text", "expected"), KNOWN.values(), ids=KNOWN)
def test_case_and_line_breaks_do_not_matter(text: str, expected: str) -> None:
    assert class_of(text.upper()) == class_of(text.replace(" ", "\r\n\t ")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "#61042 - An error occurred.",
        "Event ID: 26234",
        "0x8004480",
        "0x8004480DF",
        "Message: User does not have send-as privileges yet",
        "ErrorSendAsDeniedByPolicy",
        "NotErrorAccessDenied",
        "5.7.60",
        "5.7.600 Client does not have permissions to send as this sender",
        "15.7.60 Client does not have permissions to send as this sender",
        "550 5.7.1 Unable to relay",
        "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized",
        "5.7.1 Client does not have permissions to submit to this server",
        "the right to send mail on behalf of the specified sending account was granted",
        "insufficient delegate permissions",
        "0x80070005-0x000004dc-0x00000525",
        "0x80070005 Access is denied.",
        "at Send():line 401",
        "#401 - An error occurred: Unauthorized",
        "https://pod401.outlook.com/ews Unauthorized",
        "(407) Proxy Authentication Required",
        "(403) Forbidden",
        "(4401) Unauthorized",
        "Impersonation of the requested user is off",
    ],
)
def test_what_only_looks_alike_stays_unknown(text: str) -> None:
    assert class_of(text) == "unknown"


@pytest.mark.parametrize("code", ["0", "26234", "51424", "26235", "61042", "16192"])
def test_no_id_of_an_event_makes_a_class(code: str) -> None:
    text = f"Event ID: {code}\nDescription: #{code} - An error occurred."
    assert class_of(text) == "unknown"
    assert class_of(f"{text} {texts.KB_SEND_AS}") == "exchange_send_as_denied"


@pytest.mark.parametrize(("first", "second"), list(combinations(PHRASES, 2)), ids=lambda each: each.value)
def test_a_text_of_two_classes_is_of_the_one_that_is_tested_first(first: ErrorClass, second: ErrorClass) -> None:
    said = [PHRASES[each][0].text for each in (first, second)]
    assert class_of(". ".join(said)) == class_of(". ".join(reversed(said))) == first.value


def test_crm_is_tested_before_exchange_and_signing_in_last() -> None:
    assert [each.value for each in PHRASES] == [
        "crm_send_as_privilege",
        "exchange_send_as_denied",
        "exchange_delegate_insufficient",
        "exchange_impersonation",
        "access_denied",
        "auth",
    ]
    assert list(PHRASES) == [each for each in ErrorClass if each is not ErrorClass.UNKNOWN]


@pytest.mark.parametrize(
    ("error_class", "phrase"), [(each, phrase) for each, phrases in PHRASES.items() for phrase in phrases], ids=str
)
def test_each_phrase_alone_is_known_and_told_as_evidence(error_class: ErrorClass, phrase: Phrase) -> None:
    found = diagnose(f"Error: {phrase.text}.")
    assert phrase.fault is None
    assert (found.error_class, phrase.text in found.evidence) == (error_class, True)


@pytest.mark.parametrize(
    ("name", "right", "says"),
    [
        ("crm_send_as_privilege", None, "No grant in Exchange helps"),
        ("exchange_send_as_denied", Right.SEND_AS, "rights [send_as]"),
        ("exchange_delegate_insufficient", Right.FULL_ACCESS, "rights [full_access]"),
        ("exchange_impersonation", None, "None of Send As, Full Access and Send on Behalf helps"),
        ("access_denied", None, "Grant nothing on this text alone"),
        ("auth", None, "No grant helps"),
        ("unknown", None, "extra_patterns"),
    ],
)
def test_the_remedy_is_a_grant_only_where_one_cures_it(name: str, right: Right | None, says: str) -> None:
    meaning = MEANINGS[ErrorClass(name)]
    assert meaning.right is right
    assert says in meaning.remedy
    assert ("mailbox_permission with" in meaning.remedy) == (right is not None)


def test_both_ends_are_told_where_the_text_names_them() -> None:
    assert diagnose(texts.SMTP_PAIR).pair == Pair(TRUSTEE, MAILBOX)
    assert diagnose(f"The server said: {texts.SMTP_PAIR}\n\n{texts.SMTP_PAIR.upper()}").pair is not None


@pytest.mark.parametrize(
    ("ends", "pair"),
    [
        ("<a@contoso.com> not allowed to send as 'o'neil@contoso.com'", Pair("a@contoso.com", "o'neil@contoso.com")),
        ("zoë@bücher.de not allowed to send as b@contoso.com.", Pair("zoë@bücher.de", "b@contoso.com")),
        ("a@contoso.com\r\n  not allowed to send as\r\n  b@contoso.com", Pair("a@contoso.com", "b@contoso.com")),
        ("CONTOSO\\router not allowed to send as b@contoso.com", None),
        ("a@contoso.com not allowed to send as Sales", None),
        ("a@contoso.com not allowed to send as", None),
        ("a@b@contoso.com not allowed to send as b@contoso.com", None),
        ("a@contoso.com not allowed to send as b@contoso.com\\r\\n", None),
        (f"a@contoso.com not allowed to send as {'b' * 400}@contoso.com", None),
        (f"a@contoso.com not allowed to send as b@{'contoso.' * 50}com", None),
        ("a@contoso.com is not allowed to send as b@contoso.com", None),
        ("a@x.com not allowed to send as b@x.com; SendAsDenied; a@x.com not allowed to send as c@x.com", None),
    ],
)
def test_ends_are_told_only_if_they_are_two_whole_addresses_and_no_others(ends: str, pair: Pair | None) -> None:
    found = diagnose(f"554 5.2.252 SendAsDenied; {ends}")
    assert (found.error_class, found.pair) == (ErrorClass.EXCHANGE_SEND_AS_DENIED, pair)


def test_a_text_that_another_class_claims_names_nobody_to_grant_to() -> None:
    assert diagnose(f"{texts.SMTP_PAIR} {texts.ROUTER_CRM}").pair is None


def test_an_address_that_a_cut_would_shorten_is_not_told() -> None:
    padding = "x " * LONGEST_TEXT
    text = texts.SMTP_PAIR.partition("; STOREDRV")[0]
    for shown in range(len(text) - len(MAILBOX), len(text) + 1):
        found = diagnose(padding[: LONGEST_TEXT - shown - 1] + " " + text + "es.example")
        assert (found.truncated, found.pair) == (True, None)
    assert diagnose(text).pair == Pair(TRUSTEE, MAILBOX)


FORGED = [
    texts.KB_SEND_AS,
    texts.SMTP_PAIR,
    "0x8004480D",
    '" for SMTP: x for delivery through y. ' + texts.SMTP_PAIR,
    '" for SMTP: ErrorSendAsDenied for delivery through ',
]


@pytest.mark.parametrize("subject", FORGED)
def test_no_sender_can_write_an_error_into_a_subject(subject: str) -> None:
    event = texts.ROUTER_SMTP.replace(texts.SUBJECT, subject)
    folded = subject.replace(" ", "\n ", 5)
    report = f"Delivery has failed.\nSubject: {folded}\nTo: b@contoso.com"
    for text in (event, event + "Failure sending mail." + TRACE, report):
        assert (class_of(text), diagnose(text).pair) == ("unknown", None)


@pytest.mark.parametrize("end", ["", '"', '" for SMTP: https://crm01', " is the subject and has no end"])
def test_a_subject_whose_end_is_not_found_is_not_looked_at_either(end: str) -> None:
    assert class_of(f'#1 - Failed with the message with subject "{texts.KB_SEND_AS}{end}') == "unknown"


def test_a_text_in_another_language_is_unknown_until_its_phrase_is_added() -> None:
    german = (
        "Diese Nachricht konnte nicht gesendet werden. Sie verfügen nicht über die Berechtigung, die Nachricht\n"
        "im Namen des angegebenen Benutzers zu senden."
    )
    phrase = Phrase("BERECHTIGUNG, die Nachricht im Namen * Benutzers zu senden")
    reader = Reader.with_phrases({ErrorClass.EXCHANGE_SEND_AS_DENIED: [phrase]}, "CRM")
    assert class_of(german) == "unknown"
    found = reader.diagnose(Entry("texts[0]", german))
    assert (found.error_class, found.evidence) == (ErrorClass.EXCHANGE_SEND_AS_DENIED, (phrase.text,))
    assert reader.diagnose(Entry("texts[0]", texts.ROUTER_CRM)).error_class is ErrorClass.CRM_SEND_AS_PRIVILEGE


def test_pairs_are_told_once_and_counts_hold_every_class() -> None:
    other = texts.SMTP_PAIR.replace(MAILBOX, "info@contoso.com")
    found = [diagnose(each) for each in (texts.SMTP_PAIR, texts.KB_SEND_AS, other, texts.SMTP_PAIR.upper(), "?")]
    assert pairs_of(found) == [
        (Right.SEND_AS, Pair(TRUSTEE, MAILBOX)),
        (Right.SEND_AS, Pair(TRUSTEE, "info@contoso.com")),
    ]
    counts = dict.fromkeys(ErrorClass, 0) | {ErrorClass.EXCHANGE_SEND_AS_DENIED: 4, ErrorClass.UNKNOWN: 1}
    assert counts_of(found) == counts


PIECES = st.sampled_from(
    [
        *(phrase.text for phrase in chain.from_iterable(PHRASES.values())),
        *(texts.ROUTER_SMTP, texts.ROUTER_EWS, texts.ROUTER_CRM, texts.SMTP_PAIR, texts.OUTLOOK_NDR, TRACE),
        *('message with subject "', '" for ', " for delivery through ", "SendAsDenied; ", " not allowed to send as "),
        *("#1 - ", "Subject:", "a@contoso.com", "@", ";", "\n", "\n\n ", "\ud800", "\x00", "\u201c", "İ"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=12), max_size=12).map("".join))
def test_no_text_makes_it_fail_or_name_what_is_not_in_it(text: str) -> None:
    found = diagnose(text)
    named = (found.pair.trustee, found.pair.mailbox) if found.pair else ()
    assert all(end in text and end.count("@") == 1 for end in named)
    assert bool(found.evidence) == (found.error_class is not ErrorClass.UNKNOWN)
    header = found.header
    for said in (header.code, header.provider, header.organization_url, header.server, header.exception):
        assert said in text.translate(str.maketrans("\u201c", '"'))
    assert found == diagnose(text)


HOSTILE = [
    "a",
    "a ",
    "a.",
    "a@",
    "\n ",
    "\n \n",
    '"',
    "#1 - ",
    "AException.",
    "A.AException",
    "1/1/2000 1:1:1 : ",
    "CRM:000",
    "0x8004480D1",
    "5.7.60 SMTP; Client does not have permissions to send as this senders ",
    "Subject:",
    "Subject: x\n ",
    'message with subject "',
    'message with subject "" for ',
    '" for a: b for delivery through ',
    '" for a:',
    "SendAsDenied; ",
    "SendAsDenied; a@b not allowed to send as ",
    "outgoing email messages to process: ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_of_any_length_makes_it_slow(piece: str) -> None:
    many = Reader.with_phrases({each: [Phrase("aaaa*a*a*a*b")] for each in PHRASES}, "CRM")
    for start in ("", 'message with subject "', "SendAsDenied; "):
        text = start + piece * (4 * LONGEST_TEXT // len(piece))
        began = time.perf_counter()
        found = many.diagnose(Entry("texts[0]", text))
        assert time.perf_counter() - began < PATIENCE
        assert found.truncated
