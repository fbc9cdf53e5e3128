# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of an event text, field by field, and the text that is left without the subject."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._diagnosis.header import (
    Header,
    parse,
    token_pattern,
)

from . import texts

TOKEN = token_pattern("CRM")


def header(text: str) -> Header:
    return parse(text, TOKEN)[0]


def test_an_event_of_the_router_by_smtp() -> None:
    assert header(texts.ROUTER_SMTP + "Failure sending mail." + texts.TRACE) == Header(
        code="61042",
        provider="SMTP",
        organization_url="https://crm01:5555/Contoso",
        server="smtp.office365.com",
        exception="System.Net.Mail.SmtpException",
        tracking_token="CRM:0001011",
        subject=texts.SUBJECT,
    )


def test_an_event_of_the_router_by_ews() -> None:
    assert header(texts.ROUTER_EWS + texts.KB_SEND_AS) == Header(
        time="10/01/2012 04:04:12",
        code="61042",
        provider="ExchangeOnline",
        organization_url="https://contoso.crm.dynamics.com/",
        server="https://pod51043.outlook.com/ews/exchange.asmx",
        exception="Microsoft.Crm.Tools.Email.Providers.EmailException",
        tracking_token="CRM:0001011",
        subject=texts.SUBJECT,
    )


def test_an_event_about_looking_for_mail() -> None:
    assert header(texts.ROUTER_CRM) == Header(
        organization_url="https://disco.crm.dynamics.com/Contoso", exception="System.ServiceModel.FaultException"
    )


@pytest.mark.parametrize("text", ["", texts.KB_SEND_AS, texts.SMTP_PAIR, texts.GRAPH_SEND_AS, texts.TEST_ACCESS_401])
def test_a_text_without_a_head_has_no_fields(text: str) -> None:
    assert header(text) == Header()


@pytest.mark.parametrize(
    ("text", "code", "time"),
    [
        ("Event ID:0\nDescription: #61042 - An error", "61042", ""),
        ('Error\tMSCRMEmail\t0\tNone\t"#61042 - An error', "61042", ""),
        ("1/2/2014 4:04:12 PM: #7 - An error", "7", "1/2/2014 4:04:12 PM"),
        ("1/2/2014 4:04:12 PM An error", "", ""),
        ("Ticket #123 - An error", "", ""),
        ("#1234567 - An error", "", ""),
        (f'An error with the message with subject "#12 - x" for SMTP: u for delivery through s. {texts.TRACE}', "", ""),
    ],
)
def test_the_code_is_the_one_that_begins_the_event_text(text: str, code: str, time: str) -> None:
    assert (header(text).code, header(text).time) == (code, time)


@pytest.mark.parametrize(
    "subject",
    ["", 'a "b" c', 'for you" for me', 'x" for SMTP: u for delivery through s. y', "\u201cquoted\u201d #12 - x"],
)
def test_the_subject_goes_to_the_last_place_that_looks_like_its_end(subject: str) -> None:
    found, rest = parse(texts.ROUTER_SMTP.replace(texts.SUBJECT, subject) + "Failure.", TOKEN)
    assert found.subject == subject.replace("\u201c", '"').replace("\u201d", '"')
    assert (found.provider, found.server) == ("SMTP", "smtp.office365.com")
    assert rest == texts.ROUTER_SMTP.replace(texts.SUBJECT, "") + "Failure."


def test_the_subject_of_a_report_of_non_delivery_is_taken_out_too() -> None:
    found, rest = parse("Failed.\nSubject: Offer\n  to Zoë CRM:0001011\nDate: today\nsubject: again", TOKEN)
    assert (found.subject, found.tracking_token) == ("Offer to Zoë CRM:0001011", "CRM:0001011")
    assert rest == "Failed. Date: today"


@pytest.mark.parametrize(
    ("prefix", "text", "token"),
    [
        ("CRM", "CRM:0001", "CRM:0001"),
        ("CRM", "Re: Offer [CRM:0001011]", "CRM:0001011"),
        ("CRM:", "CRM:0001011", "CRM:0001011"),
        ("Contoso-", "Offer Contoso-12345.", "Contoso-12345"),
        ("C.R", "CxR:0001011", ""),
        ("CRM", "crm:0001011", ""),
        ("CRM", "CRM:001", ""),
        ("CRM", "CRM 2016", ""),
        ("CRM", "CRM:0001011b", ""),
        ("CRM", "MYCRM:0001011", ""),
        ("CRM", "https://CRM:5555/Contoso", ""),
        ("CRM", "https://user@CRM:5555/Contoso", ""),
    ],
)
def test_a_tracking_token_is_its_prefix_and_a_number(prefix: str, text: str, token: str) -> None:
    assert parse(text, token_pattern(prefix))[0].tracking_token == token


def test_a_token_is_looked_for_in_the_subject_where_there_is_one() -> None:
    event = texts.ROUTER_SMTP.replace(texts.SUBJECT, "Offer").replace("https://crm01:5555/Contoso", "CRM:5555/Contoso")
    assert header(event).tracking_token == ""
