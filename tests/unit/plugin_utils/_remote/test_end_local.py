# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local process that an earlier run left: found by its place, ended if it is the one meant, left alone if not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import process
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError, Ending
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.process import (
    ProcessChannel,
    end_local,
)

from .test_process import drain, ended, read_until, run, watch

READS = "import sys; print(1, flush=True); sys.stdin.read()"
STUBBORN = (
    "import signal, subprocess, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print(subprocess.Popen(['sleep', '60']).pid, flush=True)\n"
    "time.sleep(60)"
)


#: A client that tells where PowerShell runs, and then waits to be killed.
CLIENT = (
    "import json, sys, time\n"
    f"from {process.__name__} import ProcessChannel\n"
    "channel = ProcessChannel()\n"
    "channel.open(sys.executable, ['-S', '-c', sys.argv[1]])\n"
    "channel.receive()\n"
    "print(json.dumps(dict(channel.place)), flush=True)\n"
    "time.sleep(60)\n"
)


@pytest.fixture
def channel() -> Iterator[ProcessChannel]:
    made = ProcessChannel(poll=0.2, grace=1.0)
    yield made
    made.close()


def journalled(channel: ProcessChannel) -> dict[str, Any]:
    """As it comes back from a file."""
    place: dict[str, Any] = json.loads(json.dumps(dict(channel.place)))
    return place


def test_the_place_is_told_while_it_is_open_and_only_then(channel: ProcessChannel) -> None:
    assert channel.place == {}
    run(channel, READS)
    place = channel.place
    assert (place["channel"], place["host"]) == ("local", socket.gethostname())
    assert str(place["started"]).endswith(Path(f"/proc/{place['pid']}/stat").read_text().split()[21])
    channel.close()
    assert channel.place == {}


def test_one_that_ends_by_itself_is_only_waited_for(channel: ProcessChannel) -> None:
    run(channel, "import time; print(1, flush=True); time.sleep(0.5); print('signed out')")
    read_until(channel, b"1\n")
    with mock.patch.object(os, "killpg", side_effect=AssertionError):
        assert end_local(journalled(channel), grace=5.0) is Ending.ENDED
    assert drain(channel).stdout == b"signed out\n"


def test_one_that_does_not_is_ended_with_all_that_it_started(channel: ProcessChannel) -> None:
    run(channel, STUBBORN)
    child = watch(int(read_until(channel, b"\n")))
    assert end_local(journalled(channel), grace=0.3) is Ending.ENDED
    assert ended(child)


@pytest.mark.parametrize("program", [READS, STUBBORN])
def test_what_a_killed_client_left_is_ended(program: str) -> None:
    with subprocess.Popen([sys.executable, "-c", CLIENT, program], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        place = json.loads(client.stdout.readline())
        client.kill()
    assert end_local(place, grace=0.5) in (Ending.ENDED, Ending.WAS_GONE)
    assert process._seen(place["pid"]).over, "whoever inherits it may take its time to reap it"
    assert end_local(place) is Ending.WAS_GONE


def test_one_that_is_gone_was_gone(channel: ProcessChannel) -> None:
    run(channel, "pass")
    place = journalled(channel)
    drain(channel)
    assert end_local(place) is Ending.WAS_GONE
    assert end_local({**place, "pid": 2**22 + 1}) is Ending.WAS_GONE


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"started": "another-boot 17"}, Ending.WAS_GONE),
        ({"started": "another-boot 17", "host": "elsewhere"}, Ending.ELSEWHERE),
        ({"started": ""}, Ending.ELSEWHERE),
    ],
    ids=str,
)
def test_what_cannot_be_shown_to_be_it_is_left_alone(
    channel: ProcessChannel, changed: dict[str, str], found: Ending
) -> None:
    run(channel, READS)
    assert end_local({**journalled(channel), **changed}, grace=0.1) is found
    assert not drain_now(channel)


def drain_now(channel: ProcessChannel) -> bool:
    """Whether it has ended."""
    read_until(channel, b"1\n")
    return channel.receive().ended


def test_another_process_under_the_same_number_is_left_alone(channel: ProcessChannel) -> None:
    run(channel, READS)
    place = journalled(channel)
    boot, ticks = str(place["started"]).split()
    assert end_local({**place, "started": f"{boot} {int(ticks) - 1}"}, grace=0.1) is Ending.WAS_GONE
    assert not drain_now(channel)


def test_one_that_leads_no_session_is_not_one_that_a_channel_started() -> None:
    """The number and the time of start are right, and yet no group of ours stands behind it."""
    seen = process._seen(os.getpid())
    place = {"channel": "local", "host": socket.gethostname(), "pid": os.getpid(), "started": seen.started}
    with mock.patch.object(process, "_seen", return_value=process._Seen(seen.started, False, 1, os.getuid())):
        assert end_local(place, grace=0.1) is Ending.LIVES


@pytest.mark.parametrize("pid", [0, 1, -5, "17", None, True])
def test_a_number_that_would_mean_other_groups_is_refused(pid: Any) -> None:
    with pytest.raises(ChannelError, match="no process"):
        end_local({"channel": "local", "pid": pid, "started": "x 1"})


def test_without_proc_a_process_that_is_there_is_left_alone(channel: ProcessChannel) -> None:
    with mock.patch.object(process, "_seen", return_value=process._Seen()):
        run(channel, READS)
    place = journalled(channel)
    assert place["started"] == ""
    assert end_local(place, grace=0.1) is Ending.ELSEWHERE
    channel.close()
    assert end_local(place, grace=0.1) is Ending.WAS_GONE


def test_the_end_of_one_that_cannot_be_killed_is_told() -> None:
    place = {"channel": "local", "host": socket.gethostname(), "pid": 4242, "started": f"{process._boot_id()} 17"}
    stuck = process._Seen(str(place["started"]), False, 4242, os.getuid())
    with mock.patch.object(process, "_seen", return_value=stuck), mock.patch.object(os, "killpg") as killed:
        assert end_local(place, grace=0.05) is Ending.LIVES
    assert killed.call_count == 2
