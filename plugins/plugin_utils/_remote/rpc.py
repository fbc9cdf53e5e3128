# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the wire protocol: requests go in lazily, answers come out, whatever the channel loses on the way."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from .._wording import counted_noun
from .bootstrap import Launch
from .channel import Channel, ChannelError, ChannelInterrupted, Output
from .errors import AnswerOverdue, LanguageModeRefused, ProcessEnded, RunnerError, RunnerMismatch
from .frames import BATCH_BYTES, Decoder, Fatal, LogLine, Reply, batches
from .ledger import Fields, Inbox, Ledger
from .log import LogTail
from .redaction import redacted, secrets_in
from .source import Source
from .window import Window

T = TypeVar("T")

#: One cmdlet may block for many minutes, retries of the module included (exchange facts 5.1).
PATIENCE = 1200.0
#: A loaded host takes its time to start PowerShell.
START_PATIENCE = 180.0
#: The runner ends after 60 seconds without a line.
PING_AFTER = 20.0
#: A Send that takes this long shows that the far pipe is full: keep less in it.
SLOW_SEND = 5.0
MAX_LOSSES = 10
DRAIN_QUIET, DRAIN_AT_MOST = 15.0, 60.0
#: It is told again to quit if contact breaks within so many seconds: a host that says nothing is not waited for twice.
QUIT_AGAIN = 2.0
#: Seconds that another thread has to let go of a client that is closed: an interrupted run has ten for all.
LET_GO = 4.0


@dataclass
class RpcStatistics:
    """``batches``: sends, each of one or more requests. ``losses``: how often something had to be said again."""

    requests: int = 0
    batches: int = 0
    losses: int = 0


def nothing_writes(fields: Fields) -> bool:
    """Every request may accompany others."""
    return False


class RpcClient:
    """One runner at the far end of a channel. Not for use by several threads, but for ``close``.

    ``writes`` says of a request's fields whether it writes: such a request is sent only when no other is under way,
    and none is sent until it has been answered. All methods but ``close`` raise ChannelError or one of errors.py.
    """

    def __init__(
        self,
        channel: Channel,
        writes: Callable[[Fields], bool] = nothing_writes,
        window: Window | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.statistics = RpcStatistics()
        self._channel = channel
        self._writes = writes
        self._window = window or Window()
        self._clock = clock
        self._sleep = sleep
        self._ledger = Ledger()
        self._decoder = Decoder()
        self._log = LogTail()
        self._ended: ChannelError | None = None
        self._greeted = self._is_closed = False
        self._use = threading.RLock()
        self._until = math.inf
        self._losses_in_a_row = 0
        self._last_sent = self._last_received = self._last_progress = clock()

    @property
    def place(self) -> Mapping[str, object]:
        """That of the channel."""
        return self._channel.place

    def give_up_after(self, seconds: float) -> None:
        """From then on whatever is not answered is overdue, however long it may take by itself."""
        self._until = self._clock() + seconds

    def start(self, executable: str, launch: Launch, read_only: bool) -> dict[str, Any]:
        """Starts PowerShell and its runner; gives the answer to ``hello``."""
        self._channel.open(executable, launch.arguments)
        try:
            for begin in range(0, len(launch.preamble), BATCH_BYTES):
                self._channel.send(launch.preamble[begin : begin + BATCH_BYTES])
        except ChannelInterrupted as cause:
            raise ChannelError(
                f"Contact was lost while PowerShell was being started: {cause}", may_pass=True
            ) from cause
        hello = self.request("hello", START_PATIENCE, read_only=read_only)
        self._greeted = True
        if hello.get("runner_sha256") != launch.sha256:
            raise RunnerMismatch(f"The runner that answered on {hello.get('host')} is not the one that was sent to it")
        return hello

    def request(self, op: str, patience: float = PATIENCE, **fields: object) -> dict[str, Any]:
        """One request, its ``result``. Raises RunnerError if it was answered with an error."""
        secrets = secrets_in(fields.get("sign_in"))
        self._log.hide(secrets)
        ((_token, reply),) = self.stream([(None, {"op": op, **fields})], patience)
        if not reply.ok:
            error = reply.body.get("error") or {}
            text = redacted(str(error.get("text", "")), secrets)
            raise RunnerError(op, str(error.get("code", "")), str(error.get("type", "")), text)
        return dict(reply.body.get("result") or {})

    def stream(
        self, requests: Iterable[tuple[T, Fields]], patience: float = PATIENCE
    ) -> Generator[tuple[T, Reply], None, None]:
        """Sends each (token, fields), gives each token with its answer, in the order of the answers.

        Requests are taken as room arises; taking one must not use this client, but to keep it alive where that takes
        long. ``patience``: seconds in which the runner must answer the request that it works on. Other streams may run
        between two answers, and a stream may be left early: what is under way then is served, and not delivered.
        """
        source, inbox = Source(requests), Inbox()
        while True:
            while inbox:  # first: a source may wait for what its reader makes of an answer
                yield inbox.popleft()
                self._last_progress = self._clock()  # the time that its reader takes is not the runner's
            with self._use:
                if self._is_closed:
                    raise self._ended or ChannelError("PowerShell was told to end, though answers were due")
                self._top_up(source, inbox, patience)
                if not self._ledger.expects(inbox) and source.peek() is None:
                    return
                self._turn()

    def keep_alive(self) -> None:
        """Pings if nothing was sent for 20 seconds; whoever pauses between streams calls this now and then."""
        if self._ended:
            raise self._ended
        if self._clock() - self._last_sent >= PING_AFTER:
            self._send([self._ledger.ping()])

    def close(self) -> None:
        """Lets PowerShell sign out and end, or ends it. Never raises.

        Where a stream is at work in another thread, that ends with a ChannelError as soon as it has heard something.
        """
        self._is_closed = True
        held = self._use.acquire(timeout=LET_GO)
        for step in (self._quit, self._channel.terminate, self._channel.close):
            with suppress(Exception):
                step()
        if held:
            self._use.release()

    def _top_up(self, source: Source[Any], inbox: Inbox, patience: float) -> None:
        """Fills the window once it wants more."""
        ledger = self._ledger
        if self._ended or not self._window.wants_more(ledger.in_flight, ledger.bytes_in_flight):
            return
        lines: list[bytes] = []
        try:
            while (request := self._admitted(source)) is not None:
                if not ledger.in_flight:
                    self._last_progress = self._clock()
                token, fields = request
                lines.append(ledger.enter(fields, token, inbox, patience, self._writes(fields)))
        finally:
            self.statistics.requests += len(lines)
            self._send(lines)

    def _admitted(self, source: Source[T]) -> tuple[T, Fields] | None:
        """The next request, if it may go now: a write only alone, others while the window has room."""
        ledger = self._ledger
        if ledger.alone or not self._window.has_room(ledger.in_flight, ledger.bytes_in_flight):
            return None
        ahead = source.peek()
        if ahead is None or self._ended or (ledger.in_flight and self._writes(ahead[1])):
            return None  # ended: while the source was waiting
        return source.pop()

    def _turn(self) -> None:
        """Waits once for output, and mends what turns out to be lost."""
        self.keep_alive()
        self._pace()
        try:
            self._take(self._heard())
        except ChannelInterrupted as cause:
            self._decoder.skip_line()
            self._recover(cause)
        if self._ledger.damaged and not self._ended:
            self._recover(None)
        self._check_patience()

    def _pace(self) -> None:
        due = self._last_received + self._window.pause(self._ledger.in_flight) - self._clock()
        if due > 0:
            self._sleep(due)
        self._last_received = self._clock()

    def _take(self, output: Output) -> None:
        self._log.add_stderr(output.stderr)
        if not output.stdout:
            self._decoder.skip_line()  # nobody pauses in the middle of a line: its rest went to an orphaned Receive
        for event in self._decoder.feed(output.stdout + (b"\n" if output.ended else b"")):
            if isinstance(event, LogLine):
                self._log.add_line(event.text)
            elif isinstance(event, Fatal):
                self._ended = self._refusal(event.reason)
            elif self._ledger.settle(event):
                self._last_progress = self._clock()
                self._losses_in_a_row = 0
                if "ms" in event.body:  # a greeting or a sign-in is no cmdlet
                    self._window.learn(float(event.body["ms"] or 0) / 1000)
        if output.ended and not self._ended:
            self._ended = self._obituary(output.exit_code)

    def _check_patience(self) -> None:
        head = self._ledger.head
        now = self._clock()
        if head is None or self._ended or (now - self._last_progress <= head.patience and now <= self._until):
            return
        what = head.fields.get("cmdlet") or head.fields["op"]
        limit = (
            f"within {counted_noun(round(head.patience), 'second')}"
            if now <= self._until
            else "before the run had to end"
        )
        raise self._over(AnswerOverdue(f"PowerShell did not answer {what} {limit}"))

    def _send(self, lines: list[bytes]) -> None:
        try:
            self._transmit(lines)
        except ChannelInterrupted as cause:
            self._recover(cause)

    def _recover(self, cause: ChannelError | None) -> None:
        """Says everything again that may not have arrived; the runner drops what it had."""
        while True:
            self.statistics.losses += 1
            self._losses_in_a_row += 1
            if self._losses_in_a_row > MAX_LOSSES:
                why = cause or "what was sent or answered did not arrive whole"
                text = f"Contact with PowerShell was lost {MAX_LOSSES} times in a row: {why}"
                raise self._over(ChannelError(text, may_pass=True)) from cause
            try:
                self._transmit(self._ledger.again())
                break
            except ChannelInterrupted as interruption:
                cause = interruption
        if not self._ledger.in_flight:
            self._losses_in_a_row = 0

    def _transmit(self, lines: list[bytes]) -> None:
        for batch in batches(lines):
            begun = self._clock()
            self._say(batch)
            self._last_sent = self._clock()
            self.statistics.batches += 1
            if self._last_sent - begun > SLOW_SEND:
                self._window.halve()

    def _say(self, batch: bytes) -> None:
        try:
            self._channel.send(batch)
        except ChannelInterrupted:
            raise
        except ChannelError as error:
            raise self._over(error) from error.__cause__

    def _heard(self) -> Output:
        try:
            return self._channel.receive()
        except ChannelInterrupted:
            raise
        except ChannelError as error:
            raise self._over(error) from error.__cause__

    def _over(self, error: ChannelError) -> ChannelError:
        """From now on every request fails at once, and the end waits for nothing."""
        self._ended = self._ended or error
        return error

    def _quit(self) -> None:
        """Only where somebody may listen: the end of a run must not wait for a host that is gone."""
        if (self._ended and not self._ended.lives) or not self._greeted or self._losses_in_a_row:
            return
        self._ended = None  # by a page of a proxy, or a refusal: the next connection may be the host's again
        begun = self._clock()
        try:
            self._let_go()
        except ChannelInterrupted:
            self._decoder.skip_line()
            if self._clock() - begun < QUIT_AGAIN:
                self._let_go()

    def _let_go(self) -> None:
        """Waits until it has signed out and ended, or says nothing more."""
        self._transmit([b"\n" + self._ledger.control({"op": "quit"})])  # half a line may have arrived before
        begun = heard = self._clock()
        while not self._ended and self._clock() - heard < DRAIN_QUIET and self._clock() - begun < DRAIN_AT_MOST:
            output = self._channel.receive()
            self._take(output)
            heard = self._clock() if output.stdout else heard

    def _obituary(self, exit_code: int | None) -> ProcessEnded:
        when = "before it had answered" if self._greeted else "while it was being started"
        known = {None: "", 4: ", exit code 4: it had heard nothing for 60 seconds"}
        reason = known.get(exit_code, f", exit code {exit_code}")
        log = self._log.text()
        printed = f". It printed: {log}" if log else ""
        return ProcessEnded(f"PowerShell ended {when}{reason}{printed}", exit_code, log)

    def _refusal(self, reason: str) -> ChannelError:
        if reason == "language_mode":
            return LanguageModeRefused(
                "PowerShell runs in Constrained Language Mode (AppLocker or App Control for Business), in which the "
                "runner cannot work; allow full language for this account, or use another PowerShell host"
            )
        return ProcessEnded(f"PowerShell ended while it was being started: {reason}", None, self._log.text())
