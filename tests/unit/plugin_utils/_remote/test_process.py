# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local process as a channel: small Python programs stand for PowerShell."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError, Output
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.process import ProcessChannel
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.rpc import RpcClient

from .fake_channel import LAUNCH
from .test_rpc import calls, echoes, wanted

ECHO = "import os\nwhile data := os.read(0, 65536): os.write(1, data)"
RUNNER = str(Path(__file__).with_name("runner_process.py"))


@pytest.fixture
def channel() -> Iterator[ProcessChannel]:
    made = ProcessChannel(poll=0.2, grace=2.0)
    yield made
    made.close()


def run(channel: ProcessChannel, program: str) -> None:
    channel.open(sys.executable, ["-S", "-c", program])


def read_until(channel: ProcessChannel, ending: bytes) -> bytes:
    received = b""
    while not received.endswith(ending):
        output = channel.receive()
        assert not output.ended
        received += output.stdout
    return received


def drain(channel: ProcessChannel) -> Output:
    """Everything until the end, in one piece."""
    stdout = stderr = b""
    while True:
        output = channel.receive()
        stdout, stderr = stdout + output.stdout, stderr + output.stderr
        if output.ended:
            return Output(stdout, stderr, output.exit_code, ended=True)


def watch(pid: int) -> int:
    """A descriptor that becomes readable when the process ends."""
    return os.pidfd_open(pid)


def ended(descriptor: int) -> bool:
    """Whether it ends within some seconds."""
    readable = select.select([descriptor], [], [], 5)[0]
    os.close(descriptor)
    return bool(readable)


def test_carries_a_conversation() -> None:
    channel = ProcessChannel()
    client = RpcClient(channel)
    assert client.start(sys.executable, LAUNCH_OF_RUNNER, read_only=True)["host"] == "HOST"
    assert echoes(client.stream(calls(range(300)))) == wanted(range(300))
    client.close()
    assert channel.statistics.bytes_sent > 10_000
    assert channel.statistics.bytes_received > 10_000
    assert channel.statistics.requests == 0


LAUNCH_OF_RUNNER = type(LAUNCH)([RUNNER], LAUNCH.preamble, LAUNCH.sha256)


def test_neither_side_waits_for_the_other_with_full_pipes(channel: ProcessChannel) -> None:
    run(channel, ECHO)
    data = bytes(range(256)) * 16 * 1024  # 4 MiB
    channel.send(data)
    channel.send(b"END")
    assert read_until(channel, b"END") == data + b"END"


def test_an_empty_output_means_that_nothing_came(channel: ProcessChannel) -> None:
    run(channel, ECHO)
    begun = time.monotonic()
    assert channel.receive() == Output()
    assert time.monotonic() - begun >= 0.2


def test_the_end_comes_with_exit_code_and_last_words(channel: ProcessChannel) -> None:
    run(channel, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert drain(channel) == Output(b"out\n", b"err\n", 3, ended=True)
    assert channel.receive().ended, "also when asked again"


def test_last_words_that_are_still_on_their_way_are_waited_for(channel: ProcessChannel) -> None:
    """The process is seen to be gone before its pipes have been read."""
    release = threading.Event()
    read = channel._read

    def late(stream: str, pipe: IO[bytes] | None) -> None:
        release.wait(5)
        read(stream, pipe)

    with mock.patch.object(channel, "_read", late):
        run(channel, "print('out')")
    threading.Timer(0.6, release.set).start()
    assert drain(channel).stdout == b"out\n"


def test_sending_to_a_process_that_has_ended_is_no_error(channel: ProcessChannel) -> None:
    run(channel, "pass")
    drain(channel)
    channel.send(b"too late\n")
    assert channel.receive().ended


def test_an_end_is_noticed_though_a_grandchild_holds_the_pipes(channel: ProcessChannel) -> None:
    run(channel, "import subprocess, sys; subprocess.Popen(['sleep', '60']); sys.exit(5)")
    assert drain(channel).exit_code == 5
    os.killpg(channel_pid(channel), signal.SIGKILL)


def channel_pid(channel: ProcessChannel) -> int:
    assert channel._process is not None
    return channel._process.pid


def test_the_environment_is_passed_on() -> None:
    channel = ProcessChannel({"GREETING": "hello"})
    run(channel, "import os; print(os.environ['GREETING'], len(os.environ) < 5)")
    assert drain(channel).stdout == b"hello True\n"
    channel.close()


def test_the_process_has_a_session_of_its_own(channel: ProcessChannel) -> None:
    run(channel, "import os; print(os.getsid(0) == os.getpid(), flush=True); input()")
    assert read_until(channel, b"\n") == b"True\n"


def test_terminate_lets_the_process_end_by_itself(channel: ProcessChannel) -> None:
    run(channel, "import sys; sys.stdin.read(); print('signed out', flush=True)")
    channel.terminate()
    assert drain(channel) == Output(b"signed out\n", b"", 0, ended=True)


def test_terminate_kills_what_does_not_end_and_all_that_it_started() -> None:
    channel = ProcessChannel(poll=0.2, grace=0.2)
    program = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    run(channel, program)
    child = int(read_until(channel, b"\n"))
    watched = [watch(channel_pid(channel)), watch(child)]
    channel.close()
    assert [ended(descriptor) for descriptor in watched] == [True, True]


def test_close_waits_for_what_holds_the_pipes_only_so_long() -> None:
    channel = ProcessChannel(poll=0.2, grace=0.5)
    program = (
        "import subprocess, sys\n"
        "print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True)\n"
        "sys.stdin.read()"
    )
    run(channel, program)
    stray = int(read_until(channel, b"\n"))
    begun = time.monotonic()
    channel.close()
    assert time.monotonic() - begun < 2 * 0.5
    os.kill(stray, signal.SIGKILL)


def test_terminate_and_close_may_come_at_any_time_and_twice() -> None:
    channel = ProcessChannel(grace=2.0)
    channel.terminate()
    channel.close()
    run(channel, ECHO)
    for _time in range(2):
        channel.terminate()
        channel.close()
    with pytest.raises(ChannelError):
        channel.receive()


def test_a_program_that_is_not_there_says_what_to_install(channel: ProcessChannel) -> None:
    with pytest.raises(ChannelError, match=r"no PowerShell no-such-pwsh .* Install PowerShell 7.* option executable"):
        channel.open("no-such-pwsh", [])


def test_a_program_that_is_none_names_the_option(channel: ProcessChannel, tmp_path: Path) -> None:
    file = tmp_path / "pwsh"
    file.write_text("not a program")
    with pytest.raises(ChannelError, match="option executable"):
        channel.open(str(file), [])
