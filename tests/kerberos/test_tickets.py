# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel with tickets of a real KDC: got by kinit for it alone, or there already; spent, refused, not there."""

from __future__ import annotations

import os
import re
import struct
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import LoginRefused, NoTicket
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.rpc import RpcClient
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, Authority, Endpoint
from ansible_collections.email_router.exchange_online.tests.simulator.wsman.authentication import (
    Authenticator,
    Verdict,
)
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.fake_channel import LAUNCH
from ansible_collections.email_router.exchange_online.tests.wsman.client import wait_until

from .conftest import Reach, Serve
from .realm import OTHER_USER, PASSWORD, STALE_USER, USER, Realm, Spy

READ = {"op": "invoke", "cmdlet": "Get-MailboxPermission"}


def started(channel: WinRMChannel) -> RpcClient:
    """A runner that has answered hello."""
    client = RpcClient(channel, lambda _fields: False)
    assert client.start("powershell.exe", LAUNCH, read_only=True)
    return client


def ask(client: RpcClient, numbers: range = range(3)) -> int:
    """Gives how many of the requests were answered."""
    requests = [(number, {**READ, "parameters": {"Identity": str(number)}}) for number in numbers]
    return sum(reply.body["ok"] for _number, reply in client.stream(requests, 20.0))


def refused(channel: WinRMChannel, *says: str) -> None:
    """It opens nothing, says so, and leaves nothing."""
    with pytest.raises(ChannelError) as caught:
        channel.open("powershell.exe", LAUNCH.arguments)
    for phrase in says:
        assert phrase in str(caught.value)
    if isinstance(caught.value, LoginRefused):
        assert isinstance(caught.value, NoTicket) is (not channel.statistics.requests)
    assert PASSWORD not in str(caught.value)
    channel.close()


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_kinit_gets_a_ticket_for_the_channel_alone(
    serve: Serve, reach: Reach, spy: Spy, authority: Authority, tls: bool
) -> None:
    endpoint = serve(authority=authority if tls else None)
    before = dict(os.environ)
    client = started(reach(endpoint))
    assert ask(client) == 3
    (call,), (cache,) = spy.calls, spy.caches
    assert (cache.stat().st_mode & 0o777, cache.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert dict(os.environ) == before, "other programs and plugins keep their tickets"
    client.close()
    assert not cache.parent.exists()
    assert call["arguments"] == [USER]
    assert call["leads_session"], "else it could ask for the password at a terminal"
    assert PASSWORD not in call["command_lines"]
    assert USER in call["command_lines"], "its own command line was looked at"


def test_messages_in_the_clear_are_refused_before_anything_is_sent(serve: Serve, reach: Reach) -> None:
    endpoint = serve()
    with pytest.raises(ChannelError, match="would go in plain text over http"):
        reach(endpoint, message_encryption="never").open("powershell.exe", LAUNCH.arguments)
    assert not endpoint.requests


def test_a_keytab_stands_in_for_the_password(
    serve: Serve, reach: Reach, realm: Realm, spy: Spy, tmp_path: Path
) -> None:
    keytab = {"kinit_mode": "managed", "kinit_args": f"-k -t '{realm.keys(tmp_path / 'user.keytab')}'"}
    client = started(reach(serve(), username=OTHER_USER, password=None, **keytab))
    assert ask(client) == 3
    client.close()
    assert spy.calls[0]["arguments"] == ["-k", "-t", str(tmp_path / "user.keytab"), OTHER_USER]


@pytest.mark.parametrize("user", [USER, None])
def test_a_ticket_that_exists_already_is_used_without_kinit(
    serve: Serve, reach: Reach, realm: Realm, spy: Spy, tmp_path: Path, user: str | None
) -> None:
    realm.kinit(tmp_path / "of-the-user")
    client = started(reach(serve(), username=user, password=None))
    assert ask(client) == 3
    client.close()
    assert spy.calls == []
    assert realm.is_valid(tmp_path / "of-the-user"), "it is the user's, and stays"


def test_manual_mode_leaves_the_password_alone(serve: Serve, reach: Reach, spy: Spy) -> None:
    endpoint = serve()
    channel = reach(endpoint, kinit_mode="manual")
    refused(channel, "there is no Kerberos ticket of the user. Run kinit, or set ansible_password")
    assert (spy.calls, endpoint.rejections) == ([], 0)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"password": "Falsch-9"}, f"got no ticket for {USER}: kinit: Password incorrect while getting"),
        ({"username": "nobody@EXO.TEST"}, "kinit: Client 'nobody@EXO.TEST' not found in Kerberos database"),
        ({"username": "svc-exo@ELSEWHERE.TEST"}, 'kinit: Cannot find KDC for realm "ELSEWHERE.TEST"'),
        ({"username": STALE_USER}, "Password expired. You must change it now. kinit: Cannot read password"),
        ({"kinit_args": "-l soon"}, "Bad lifetime value soon"),
    ],
)
def test_a_kinit_that_fails_is_told_with_what_it_said_and_not_repeated(
    serve: Serve, reach: Reach, spy: Spy, options: dict[str, str], says: str
) -> None:
    endpoint = serve()
    channel = reach(endpoint, **options)
    refused(channel, "WinRM on 127.0.0.1", "transport kerberos, user", says, "Check ansible_user (user@REALM")
    assert options.get("password", PASSWORD) not in str(spy.calls)
    assert len(spy.calls) == 1, "accounts lock out"
    assert not spy.caches[0].parent.exists()
    assert not endpoint.requests, "the host was not troubled"


def test_a_service_that_the_realm_does_not_know(serve: Serve, reach: Reach, spy: Spy) -> None:
    channel = reach(serve(), kerberos_hostname_override="elsewhere.exo.test")
    refused(channel, "the realm does not know the service on this host", "ansible_winrm_kerberos_hostname_override")
    refused(reach(serve(), service="WSMAN"), "the realm does not know the service", "ansible_winrm_service")


def test_a_ticket_that_expired_just_now(serve: Serve, reach: Reach, realm: Realm, tmp_path: Path) -> None:
    """KDC and host take it for some minutes yet."""
    cache = tmp_path / "of-the-user"
    realm.kinit(cache, "-l", "1s")
    wait_until(lambda: not realm.is_valid(cache))
    refused(
        reach(serve(), password=None), "did not prove who it is to Kerberos. The ticket may have expired: run kinit"
    )


def test_a_ticket_that_expired_long_ago(serve: Serve, reach: Reach, realm: Realm, tmp_path: Path) -> None:
    cache = tmp_path / "of-the-user"
    realm.kinit(cache)
    _believe_that_the_kdc_is_ahead(cache, seconds=48 * 3600)
    refused(reach(serve(), password=None), "the Kerberos ticket has expired. Run kinit, or set ansible_password")


def test_clocks_that_differ(serve: Serve, reach: Reach, realm: Realm, tmp_path: Path) -> None:
    cache = tmp_path / "of-the-user"
    realm.kinit(cache)
    _believe_that_the_kdc_is_ahead(cache, seconds=3600)
    refused(reach(serve(), password=None), "the clocks differ, says Kerberos. Set the clock of this machine")


def test_no_kdc_that_answers(
    serve: Serve, reach: Reach, realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    realm.kinit(tmp_path / "of-the-user")
    elsewhere = tmp_path / "krb5.conf"
    elsewhere.write_text(re.sub(r"kdc = .*", "kdc = 127.0.0.1:1", realm.configuration.read_text()))
    monkeypatch.setenv("KRB5_CONFIG", str(elsewhere))
    refused(reach(serve(), password=None), "no domain controller (KDC) of the realm can be reached")
    refused(reach(serve()), "kinit: Cannot contact any KDC for realm 'EXO.TEST'")


@pytest.mark.parametrize(
    ("options", "arguments", "forwardable"),
    [
        ({}, [USER], False),
        ({"kerberos_delegation": True}, ["-f", USER], True),
        ({"kerberos_delegation": True, "kinit_args": "-F -l '1h'"}, ["-F", "-l", "1h", USER], False),
    ],
)
def test_delegation_asks_for_a_ticket_that_can_be_forwarded_unless_the_arguments_are_given(
    serve: Serve,
    reach: Reach,
    realm: Realm,
    spy: Spy,
    options: dict[str, Any],
    arguments: list[str],
    forwardable: bool,
) -> None:
    client = started(reach(serve(), **options))
    assert spy.calls[0]["arguments"] == arguments
    assert ("F" in realm.flags(spy.caches[0])) is forwardable
    client.close()


def test_a_ticket_that_expires_on_the_way_is_renewed(serve: Serve, reach: Reach, realm: Realm, spy: Spy) -> None:
    endpoint = serve()
    client = started(reach(endpoint, kinit_args="-l 2s"))
    wait_until(lambda: not realm.is_valid(spy.caches[0]))
    endpoint.drop_connections()
    assert ask(client) == 3
    assert len(spy.calls) == 2
    assert spy.caches[0] == spy.caches[1]
    client.close()
    assert not spy.caches[0].parent.exists()


def test_a_new_connection_needs_no_new_ticket(serve: Serve, reach: Reach, spy: Spy) -> None:
    endpoint = serve()
    client = started(reach(endpoint))
    for _time in range(3):
        endpoint.drop_connections()
        assert ask(client) == 3
    assert endpoint.requests[Action.HANDSHAKE] > 3
    assert len(spy.calls) == 1
    client.close()


@pytest.mark.parametrize(
    ("times", "recovers", "kinits"),
    [(1, True, 1), (3, True, 2), (99, False, 2)],
    ids=["asked again with the same ticket", "with a new ticket", "and no more"],
)
def test_a_ticket_refused_on_the_way_is_replaced_once(
    serve: Serve, reach: Reach, spy: Spy, monkeypatch: pytest.MonkeyPatch, times: int, recovers: bool, kinits: int
) -> None:
    endpoint = serve()
    client = started(reach(endpoint))
    _refuse_sign_ins(monkeypatch, times)
    endpoint.drop_connections()
    if recovers:
        assert ask(client) == 3
    else:
        with pytest.raises(ChannelError, match="the sign-in was refused"):
            ask(client)
    assert len(spy.calls) == kinits
    client.close()


def test_a_user_that_the_host_does_not_let_in_is_tried_once(serve: Serve, reach: Reach, spy: Spy) -> None:
    endpoint = serve(passwords={})
    channel = reach(endpoint)
    with pytest.raises(LoginRefused, match="the sign-in was refused"):
        channel.open("powershell.exe", LAUNCH.arguments)
    assert len(spy.calls) == 1


def test_channels_side_by_side_share_no_tickets(serve: Serve, reach: Reach, spy: Spy) -> None:
    """Each endpoint knows one user: a ticket of the other one would be refused."""
    users = [USER, OTHER_USER] * 2
    endpoints = [serve(passwords={user: "unused"}) for user in users]
    clients = [started(reach(endpoint, username=user)) for user, endpoint in zip(users, endpoints, strict=True)]
    assert len(set(spy.caches)) == len(users)
    answered: list[int] = []

    def work(client: RpcClient, endpoint: Endpoint) -> None:
        for _time in range(5):
            endpoint.drop_connections()
            answered.append(ask(client))
        client.close()

    threads = [threading.Thread(target=work, args=pair) for pair in zip(clients, endpoints, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answered == [3] * 5 * len(users)
    assert not any(cache.parent.exists() for cache in spy.caches)


def test_over_tls_a_ticket_must_be_bound_to_the_channel(serve: Serve, reach: Reach, authority: Authority) -> None:
    endpoint = serve(authority=authority)
    refused(reach(endpoint, send_cbt=False), "the sign-in was refused", "channel binding")
    unchecked = serve(authority=authority, check_channel_binding=False)
    started(reach(unchecked, send_cbt=False)).close()


def _believe_that_the_kdc_is_ahead(cache: Path, seconds: int) -> None:
    """Writes the difference into the header of the cache, from where the library takes it into every time it tells."""
    content = cache.read_bytes()
    version, length = struct.unpack(">HH", content[:4])
    assert version == 0x0504
    header = struct.pack(">HHii", 1, 8, seconds, 0)
    cache.write_bytes(struct.pack(">HH", version, len(header)) + header + content[4 + length :])


def _refuse_sign_ins(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    accept, left = Authenticator.accept, [times]

    def refusing(self: Authenticator, header: str | None) -> Verdict:
        verdict = accept(self, header)
        if header and verdict.user and left[0]:
            left[0] -= 1
            self.user = self.context = None
            return Verdict(headers=("Negotiate",), rejected=True)
        return verdict

    monkeypatch.setattr(Authenticator, "accept", refusing)
