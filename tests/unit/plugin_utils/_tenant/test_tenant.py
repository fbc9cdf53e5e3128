# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant as a whole: connections, the call log, the hook, threads, the books, and a session in the same process."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    WRITERS,
    Answer,
    Call,
    CmdletError,
    Parameter,
    Session,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import APP_ID
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.session import TenantSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import CallRecord, Tenant

from .desk import ADA, ROUTER, SALES, SID, SIGN_IN, Desk, a_desk, an_organisation


def test_the_log_has_every_call_in_order() -> None:
    begun = time.time()
    desk = a_desk()
    desk.names("Get-Mailbox", Identity=SALES)
    desk.error("get-mailbox", Identity="nobody")
    desk.grant()
    assert desk.tenant.calls == [
        CallRecord("Get-Mailbox", {"Identity": SALES}, False, "ok", desk.connection.connection_id),
        CallRecord("get-mailbox", {"Identity": "nobody"}, False, "error", desk.connection.connection_id),
        CallRecord(
            "Add-MailboxPermission",
            {"Identity": SALES, "User": ROUTER, "AccessRights": ["FullAccess"], "Confirm": False},
            True,
            "ok",
            desk.connection.connection_id,
            changed=True,
        ),
    ]
    times = [call.at for call in desk.tenant.calls]
    assert times == sorted(times)
    assert begun <= times[0] <= time.time()


def test_a_write_is_logged_as_one_in_any_case_of_its_name() -> None:
    desk = a_desk()
    desk.run("set-mailbox", Identity=SALES)
    assert [call.writes for call in desk.tenant.calls] == [True]


@pytest.mark.parametrize(("quirk", "changed"), [("write_answers_error", True), ("write_without_effect", False)])
def test_the_log_says_whether_a_write_changed_something_whatever_its_answer(quirk: str, changed: bool) -> None:
    desk = a_desk(sales={"quirks": [quirk]})
    given: dict[str, Parameter] = {"Identity": SALES, "User": ROUTER, "AccessRights": ["FullAccess"]}
    desk.run("Add-MailboxPermission", **given)
    desk.run("Add-MailboxPermission", **given)
    assert [call.changed for call in desk.tenant.calls] == [changed, False]


def test_a_write_that_finds_nothing_to_change_has_changed_nothing() -> None:
    desk = a_desk()
    for switch in ("ResetDefault", "ClearAutoMapping"):
        desk.rows("Remove-MailboxPermission", Identity=SALES, Confirm=False, **{switch: True})
    assert [(call.writes, call.changed) for call in desk.tenant.calls] == [(True, False)] * 2


def test_the_log_says_how_an_answer_was_falsified_and_the_books_are_late_for_readers() -> None:
    desk = a_desk()
    given: dict[str, Parameter] = {"Identity": SALES, "Trustee": ROUTER, "AccessRights": ["SendAs"], "Confirm": False}
    where = desk.connection.connection_id
    assert desk.tenant.invoke(where, "Add-RecipientPermission", given, lag=1, falsified="late").error is None
    assert desk.rows("Get-RecipientPermission", Trustee=ROUTER) == []
    assert len(desk.rows("Get-RecipientPermission", Trustee=ROUTER)) == 1
    assert [call.falsified for call in desk.tenant.calls] == ["late", "", ""]


def test_the_books_of_connections_tell_which_were_left_open() -> None:
    tenant = Tenant(an_organisation())
    first, second = tenant.connect(SIGN_IN), tenant.admit()
    tenant.disconnect(first.connection_id)
    tenant.disconnect(first.connection_id)
    assert (tenant.sign_ins, tenant.left_open) == (2, (second.connection_id,))
    closed, open_still = (tenant.connections[one.connection_id] for one in (first, second))
    assert (closed.app_id, open_still.app_id) == (APP_ID, "")
    assert closed.signed_out is not None
    assert closed.signed_in <= closed.signed_out
    assert open_still.signed_out is None


def test_e22_without_a_connection_nothing_runs() -> None:
    desk = a_desk()
    desk.tenant.disconnect(desk.connection.connection_id)
    desk.tenant.disconnect(desk.connection.connection_id)
    assert "Please re-establish the connection" in desk.error("Get-Mailbox").text
    assert desk.tenant.calls[-1].outcome == "error"


def test_connections_are_told_apart() -> None:
    tenant = Tenant(an_organisation())
    first, second = tenant.connect(SIGN_IN), tenant.connect(SIGN_IN)
    assert first.connection_id != second.connection_id
    tenant.disconnect(first.connection_id)
    row = tenant.invoke(second.connection_id, "Get-ConnectionInformation", {}).rows[0]
    assert (row["ConnectionId"], row["State"], row["TokenStatus"]) == (second.connection_id, "Connected", "Active")
    assert (row["Organization"], row["AppId"]) == ("contoso.onmicrosoft.com", APP_ID)
    assert (row["CertificateAuthentication"], row["TokenExpiryTimeUTC"]) == (True, second.token_expires)
    assert tenant.sign_ins == 2


def test_the_hook_may_answer_instead_of_the_tenant() -> None:
    desk = a_desk()
    busy = CmdletError("Server Busy", "ServerBusyException")

    def hook(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        return Answer(error=busy) if parameters.get("Identity") == SALES else None

    desk.tenant.before_invoke = hook
    assert desk.error("Get-Mailbox", Identity=SALES) == busy
    assert desk.names("Get-Mailbox", Identity=ADA) == ["ada"]
    assert [call.outcome for call in desk.tenant.calls] == ["error", "ok"]


def test_threads_do_not_lose_writes() -> None:
    people = [{"address": f"p{number}@contoso.com"} for number in range(40)]
    desk = a_desk(*people)

    def grant(each: str) -> None:
        desk.grant(User=each)

    threads = [threading.Thread(target=grant, args=(person["address"],)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.tenant.holders(SALES, "full_access") == {person["address"] for person in people}
    assert len(desk.tenant.calls) == 40


@pytest.mark.parametrize("right", ["send_as", "full_access"])
def test_the_books_count_direct_allows_only(right: str) -> None:
    entries = [
        ROUTER, {"sid": SID.format(404)}, {"trustee": ADA, "deny": True}, {"sid": SID.format(405), "inherited": True},
        {"sid": SID.format(406), "rights": ["ReadPermission"]},
    ]  # fmt: skip
    assert a_desk(sales={right: entries}).tenant.holders(SALES, right) == {ROUTER, SID.format(404)}


def test_the_books_know_an_account_by_its_old_sid_and_a_mailbox_by_any_address() -> None:
    desk = a_desk(sales={"send_as": [{"sid": SID.format(91)}], "aliases": ["info@contoso.com"]})
    assert desk.tenant.holders("info@contoso.com", "send_as") == {ROUTER}
    assert desk.tenant.holders(SALES, "send_on_behalf") == set()
    with pytest.raises(KeyError):
        desk.tenant.holders("nobody@contoso.com", "send_as")
    with pytest.raises(KeyError):
        desk.tenant.holders(SALES, "sendas")


def session(desk: Desk, read_only: bool) -> Session:
    return TenantSession(desk.tenant, desk.connection.connection_id, read_only)


def test_a_session_shows_the_selected_properties_only() -> None:
    call = Call("Get-Mailbox", {"Identity": SALES}, ("Name", "Guid2"))
    answers = list(session(a_desk(), False).invoke([call]))
    assert answers == [(call, Answer(({"Name": "sales", "Guid2": None},)))]


@pytest.mark.parametrize("cmdlet", [*sorted(WRITERS), "set-mailbox"])
def test_a_read_only_session_cannot_write(cmdlet: str) -> None:
    desk = a_desk()
    ((_call, answer),) = session(desk, True).invoke([Call(cmdlet, {"Identity": SALES})])
    assert answer.error is not None
    assert answer.error.code == "read_only"
    assert desk.tenant.calls == []


def test_a_read_only_session_reads() -> None:
    ((_call, answer),) = session(a_desk(), True).invoke([Call("Get-Mailbox", {"Identity": SALES}, ("Name",))])
    assert answer.rows == ({"Name": "sales"},)


def test_a_session_runs_calls_as_they_are_asked_for_and_says_who_it_is() -> None:
    desk = a_desk()
    opened = session(desk, False)
    answers = opened.invoke(Call("Get-Mailbox", {"Identity": each}) for each in (SALES, ADA))
    next(answers)
    assert len(desk.tenant.calls) == 1
    assert opened.info.connection["organization"] == "contoso.onmicrosoft.com"
    opened.close()
    ((_call, answer),) = answers
    assert answer.error is not None
