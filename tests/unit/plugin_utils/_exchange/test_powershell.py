# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session over a runner in memory: sign-in and its errors, calls and answers, the ways in which it ends."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.powershell import (
    MINIMUM_MODULE,
    PowerShellSession,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    WRITERS,
    Answer,
    Call,
    CmdletError,
    Session,
    SessionError,
    SessionLost,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import rpc
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelError,
    ChannelInterrupted,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.rpc import RpcClient
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.fake_channel import (
    FakeChannel,
    FakeRunner,
    OnReceive,
    Request,
    echo,
)

SIGN_IN = {
    "way": "certificate_file",
    "organization": "contoso.onmicrosoft.com",
    "app_id": "0000-app",
    "certificate_pfx": "cGZ4",
    "certificate_password": "hunter2",
}
CMDLETS = {"Get-MailboxPermission": ("Identity", "ResultSize"), "Set-Mailbox": ["GrantSendOnBehalfTo"]}
CONNECTED = {"module_version": "3.9.2", "connection_id": "c", "missing": []}
READ = Call("Get-MailboxPermission", {"Identity": "1"}, ("User", "Deny"))


def runner(connect: dict[str, Any] | None = None, **invoke: Any) -> FakeRunner:
    """A runner with one answer to ``connect`` and one to every cmdlet."""

    def answer(request: Request) -> dict[str, Any]:
        if request["op"] == "connect":
            return connect or {"ok": True, "result": CONNECTED}
        return invoke or echo(request)

    return FakeRunner(answer)


def refusing(code: str, text: str, type_name: str = "") -> FakeRunner:
    error = {"code": code, "type": type_name, "text": text, "category": "", "fqid": ""}
    return runner({"ok": False, "error": error})


def opened(channel: FakeChannel, sign_in: dict[str, str] | None = None, **options: Any) -> PowerShellSession:
    return PowerShellSession.open(
        channel, "powershell.exe", sign_in or SIGN_IN, CMDLETS, **{"read_only": True, **options}
    )


def refused(far_end: FakeRunner, sign_in: dict[str, str] | None = None) -> str:
    channel = FakeChannel(far_end)
    with pytest.raises(SessionError) as caught:
        opened(channel, sign_in)
    assert channel.calls[-2:] == ["terminate", "close"], "nothing is left open"
    assert channel.runner.quit, "whoever was greeted may say good-bye"
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


class TestOpen:
    def test_starts_greets_and_signs_in(self) -> None:
        channel = FakeChannel(runner())
        session: Session = opened(channel)
        hello, connect = channel.runner.executed
        assert hello["read_only"] is True
        assert connect == {
            "id": 2,
            "ack": 1,
            "op": "connect",
            "minimum_module": MINIMUM_MODULE,
            "cmdlets": {"Get-MailboxPermission": ["Identity", "ResultSize"], "Set-Mailbox": ["GrantSendOnBehalfTo"]},
            "sign_in": SIGN_IN,
        }
        assert session.info.hello["host"] == "HOST"
        assert session.info.connection == CONNECTED

    def test_counts_what_it_costs(self) -> None:
        channel = FakeChannel(runner())
        session = opened(channel)
        assert session.rpc.requests == 2
        assert session.channel is channel.statistics

    def test_the_environment_of_the_organisation_is_passed_on(self) -> None:
        channel = FakeChannel(runner())
        opened(channel, read_only=False, environment="O365China", minimum_module="3.7.0")
        hello, connect = channel.runner.executed
        assert hello["read_only"] is False
        assert connect["environment"] == "O365China"
        assert connect["minimum_module"] == "3.7.0"

    def test_a_channel_that_does_not_open_is_a_session_error(self) -> None:
        channel = FakeChannel()
        with (
            mock.patch.object(channel, "open", side_effect=ChannelError("no such host")),
            pytest.raises(SessionError, match="no such host"),
        ):
            opened(channel)
        assert channel.calls == ["terminate", "close"]

    def test_a_process_that_ends_is_a_session_error(self) -> None:
        with pytest.raises(SessionError, match="Constrained Language Mode"):
            opened(FakeChannel(dies_with=(3, b'\n@exo {"seq":0,"fatal":"language_mode"}\n', b"")))

    def test_a_sign_in_that_hangs_is_given_up(self) -> None:
        channel = FakeChannel(runner(), on_receive=[OnReceive.ARRIVES, *[OnReceive.NOTHING] * 100])
        began = channel.clock.now
        with pytest.raises(SessionError, match=r"connect within 300 seconds\. Signing in hangs: .*app_id"):
            opened(channel, speak=partial(RpcClient, clock=channel.clock))
        assert channel.clock.now - began < 400

    def test_whoever_interrupts_the_start_leaves_nothing_open(self) -> None:
        channel = FakeChannel(runner())
        with mock.patch.object(channel, "receive", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
            opened(channel)
        assert channel.calls[-2:] == ["terminate", "close"]

    @pytest.mark.parametrize(
        ("code", "remedy"),
        [
            ("module_missing", "Install-Module ExchangeOnlineManagement"),
            ("module_too_old", "Update-Module ExchangeOnlineManagement"),
            ("certificate_not_found", "certificate_thumbprint"),
            ("certificate_key_missing", "with its private key"),
            ("certificate_key_unusable", "CNG"),
            ("certificate_unreadable", "certificate_password"),
            ("internal", "what the runner said"),
        ],
    )
    def test_an_error_of_the_runner_says_where_and_how_to_mend_it(self, code: str, remedy: str) -> None:
        text = refused(refusing(code, "what the runner said."))
        assert text.startswith("PowerShell on HOST (user U): what the runner said")
        assert remedy in text

    def test_a_failed_sign_in_says_who_and_where_and_how_to_mend_it(self) -> None:
        said = "AADSTS700016: Application with identifier '0000-app' was not found.\r\nTrace ID: 123"
        text = refused(refusing("connect_failed", said, "MsalServiceException"))
        assert "application 0000-app, organization contoso.onmicrosoft.com" in text
        assert "Application with identifier" in text
        assert "Check app_id" in text
        assert "Trace ID" not in text

    def test_a_failed_sign_in_without_an_application_names_the_way(self) -> None:
        sign_in = {"way": "managed_identity", "organization": "contoso.onmicrosoft.com"}
        assert "(managed_identity, organization" in refused(refusing("connect_failed", "", "Oops"), sign_in)

    def test_cmdlets_that_are_missing_are_named_with_the_role_that_has_them(self) -> None:
        connected = {**CONNECTED, "missing": ["Get-RecipientPermission", "Set-Mailbox -GrantSendOnBehalfTo"]}
        text = refused(runner({"ok": True, "result": connected}))
        assert "Get-RecipientPermission, Set-Mailbox -GrantSendOnBehalfTo" in text
        assert "application 0000-app" in text
        assert "Mail Recipients" in text
        assert "An audit (check mode) needs only" in text

    def test_optional_cmdlets_are_asked_for_and_may_be_missing(self) -> None:
        connected = {**CONNECTED, "missing": ["Get-Group", "Get-User -Filter"]}
        channel = FakeChannel(runner({"ok": True, "result": connected}))
        session = opened(channel, optional={"Get-Group": ["Filter"], "Get-User": ["Filter"]})
        _hello, connect = channel.runner.executed
        assert connect["cmdlets"].keys() == {*CMDLETS, "Get-Group", "Get-User"}
        assert session.info.connection["missing"] == connected["missing"]

    def test_optional_cmdlets_excuse_no_other(self) -> None:
        connected = {**CONNECTED, "missing": ["Get-Group", "Get-User"]}
        with pytest.raises(SessionError, match="may not use Get-User in"):
            opened(FakeChannel(runner({"ok": True, "result": connected})), optional={"Get-Group": []})

    def test_only_where_a_writer_is_missing_an_audit_would_help(self) -> None:
        text = refused(runner({"ok": True, "result": {**CONNECTED, "missing": ["Get-RecipientPermission"]}}))
        assert "audit" not in text


class TestInvoke:
    def test_a_call_becomes_a_request_and_its_answer_comes_with_it(self) -> None:
        rows = [{"User": "a", "Deny": False}]
        channel = FakeChannel(runner(ok=True, rows=rows, warnings=["w"], ms=12))
        session = opened(channel)
        assert list(session.invoke([READ])) == [(READ, Answer(({"User": "a", "Deny": False},), ("w",), None, 12))]
        request = channel.runner.executed[-1]
        assert {key: request[key] for key in ("op", "cmdlet", "parameters", "select")} == {
            "op": "invoke",
            "cmdlet": "Get-MailboxPermission",
            "parameters": {"Identity": "1"},
            "select": ["User", "Deny"],
        }

    def test_an_error_of_the_cmdlet_is_an_answer(self) -> None:
        error = {"code": "Ex6F9304", "type": "X.NotFound", "text": "gone", "category": "c", "fqid": "f"}
        session = opened(FakeChannel(runner(ok=False, error=error, warnings=["w"], ms=3)))
        ((_call, answer),) = session.invoke([READ])
        assert answer == Answer((), ("w",), CmdletError("gone", "X.NotFound", "Ex6F9304", "c", "f"), 3)

    @pytest.mark.parametrize("rows", [{}, {"rows": None}, {"rows": "x"}, {"rows": [1]}, {"rows": {"a": 1}}])
    def test_an_answer_without_rows_is_never_an_empty_result(self, rows: dict[str, Any]) -> None:
        session = opened(FakeChannel(runner(ok=True, **rows)))
        ((_call, answer),) = session.invoke([READ])
        assert answer.error is not None
        assert answer.error.code == "internal"

    def test_equal_calls_get_an_answer_each(self) -> None:
        assert len(list(opened(FakeChannel(runner())).invoke([READ] * 200))) == 200

    @pytest.mark.parametrize("cmdlet", sorted(WRITERS))
    def test_every_writer_goes_alone(self, cmdlet: str) -> None:
        channel = FakeChannel(runner())
        session = opened(channel)
        write = Call(cmdlet, {"Identity": "2"})
        sends = len(channel.sends)
        assert len(list(session.invoke([READ, write, write, READ]))) == 4
        assert [sent.count(b'"invoke"') for sent in channel.sends[sends:]] == [1, 1, 1, 1]

    def test_what_was_taken_and_not_answered_is_listed_when_the_session_is_lost(self) -> None:
        channel = FakeChannel(runner())
        session = opened(channel)
        calls = [Call("Get-MailboxPermission", {"Identity": str(number)}) for number in range(100)]
        taken: list[Call] = []

        def source() -> Iterator[Call]:
            for call in calls:
                taken.append(call)
                yield call

        answers = session.invoke(source())
        answered = [next(answers)[0]]
        channel.dies_with = (1, b"", b"crash")
        with pytest.raises(SessionLost, match="crash") as caught:
            answered.extend(call for call, _answer in answers)
        assert set(map(id, taken)) == set(map(id, [*answered, *caught.value.unanswered]))

    def test_leaving_early_does_not_disturb_the_next(self) -> None:
        session = opened(FakeChannel(runner()))
        next(session.invoke([READ] * 100))
        other = Call("Get-MailboxPermission", {"Identity": "other"})
        ((call, answer),) = session.invoke([other])
        assert call is other
        assert answer.rows == ({"Echo": "other"},)


class TestEnd:
    def test_keep_alive_pings_and_tells_of_a_lost_session(self) -> None:
        channel = FakeChannel(runner())
        session = opened(channel)
        with mock.patch.object(rpc, "PING_AFTER", 0.0):
            session.keep_alive()
            assert b"ping" in channel.sends[-1]
            with (
                mock.patch.object(channel, "send", side_effect=ChannelError("gone")),
                pytest.raises(SessionLost, match="gone"),
            ):
                session.keep_alive()

    def test_an_interruption_is_not_the_end(self) -> None:
        channel = FakeChannel(runner())
        session = opened(channel)
        receive = channel.receive
        with mock.patch.object(channel, "receive", side_effect=[ChannelInterrupted("once"), receive()]):
            assert len(list(session.invoke([]))) == 0
        assert len(list(session.invoke([READ] * 10))) == 10

    def test_close_signs_out_and_may_come_twice(self) -> None:
        channel = FakeChannel(runner())
        session = opened(channel)
        session.close()
        session.close()
        assert channel.runner.quit
