"""The bus on NATS with JetStream: connection, requests, messages and logs. Reading logs is `nats_reading.py`'s.

The client library is used without its own reconnection: a lost client is thrown away and a new one is set up from what
this module knows (the stream, the inbox, the subscriptions). So nothing sent while NATS is away is silently kept and sent
later, and the first connection and the hundredth are one path. All logs are subjects of one stream.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import nats.errors
import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription
from nats.js import api
from nats.js.errors import NotFoundError

from trunkline import clock
from trunkline.bus import nats_reading as reading
from trunkline.bus.nats_reading import STREAM
from trunkline.bus.port import BusAway, BusError, Delivery, Entry, Handler, Moved, NoReply, NoResponder, Subscription

SUBJECTS = "calls.>"
KEPT_S = 30 * 24 * 3_600
REPEAT_WINDOW_S = 120
"""How long JetStream itself recognises a repeated entry id."""

APPEND_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
READ_BATCH = 500

CONNECT_TIMEOUT_S = 2
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 1.0
PATIENCE_S = 3.0
"""How long `connect` waits for the first connection before it returns without one."""
PING_S, PINGS = 5, 2
"""A server that answers no ping for PING_S × (PINGS + 1) is away."""
LOOK_S = 0.25

WRONG_LAST = frozenset({10_071, 10_164})
"""JetStream's error codes for an expected last sequence that is not the last (JSStreamWrongLastSequence)."""

log_ = structlog.get_logger(__name__)


class NatsBus:
    """Implements `port.Bus`. Made by `connect`; `close` when done."""

    def __init__(self, url: str, replicas: int) -> None:
        self._servers = [part.strip() for part in url.split(",")]
        self._replicas = replicas
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._since = 0.0
        self._inbox = ""
        self._tokens = itertools.count(1)
        self._waiting: dict[str, Callable[[Msg | None], None]] = {}
        """By token of our inbox: who takes the replies. None means that the connection is gone."""
        self._subscriptions: set[_Subscription] = set()
        self._pulls: set[asyncio.Queue[Msg | None]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False

    @classmethod
    async def connect(cls, url: str, *, replicas: int = 1) -> NatsBus:
        """`url` may name several servers, separated by commas. Returns at the latest after PATIENCE_S, connected or not:
        connecting goes on in the background for as long as the bus lives."""
        bus = cls(url, replicas)
        bus._keeper = asyncio.get_running_loop().create_task(bus._keep())
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await bus._up.wait()
        return bus

    async def close(self) -> None:
        self._closing = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        for subscription in tuple(self._subscriptions):
            await subscription.stop()

    # ---- the connection ------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    def connected_for(self) -> float:
        return clock.monotonic() - self._since if self.connected else 0.0

    async def _keep(self) -> None:
        wait = FIRST_WAIT_S
        while True:
            client, gone = Client(), asyncio.Event()
            try:
                await self._set_up(client, gone)
                wait = FIRST_WAIT_S
                await _until_gone(client, gone)
            except (OSError, nats.errors.Error, BusError, TimeoutError) as error:
                log_.debug("bus.not_connected", error=str(error))
            finally:
                self._tear_down()
                with suppress(OSError, nats.errors.Error):
                    await client.close()
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)

    async def _set_up(self, client: Client, gone: asyncio.Event) -> None:
        async def closed() -> None:
            gone.set()

        await client.connect(
            self._servers,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECT_TIMEOUT_S,
            ping_interval=PING_S,
            max_outstanding_pings=PINGS,
            error_cb=_note,
            closed_cb=closed,
        )
        await self._ensure_stream(client)
        self._inbox = client.new_inbox()
        await client.subscribe(f"{self._inbox}.*", cb=self._take_reply)
        for subscription in tuple(self._subscriptions):
            await subscription.attach(client)
        await _reached(client)
        self._client, self._since = client, clock.monotonic()
        self._up.set()
        log_.info("bus.connected")

    def _tear_down(self) -> None:
        if self._client is not None and not self._closing:
            log_.warning("bus.away")
        self._client = None
        self._up.clear()
        for take in tuple(self._waiting.values()):
            take(None)
        for queue in self._pulls:
            queue.put_nowait(None)

    async def _ensure_stream(self, client: Client) -> None:
        stream = client.jetstream()
        try:
            await stream.stream_info(STREAM)
        except NotFoundError:
            await stream.add_stream(
                api.StreamConfig(
                    name=STREAM,
                    subjects=[SUBJECTS],
                    storage=api.StorageType.FILE,
                    retention=api.RetentionPolicy.LIMITS,
                    max_age=KEPT_S,
                    duplicate_window=REPEAT_WINDOW_S,
                    num_replicas=self._replicas,
                    allow_direct=True,
                )
            )

    def _connection(self) -> Client:
        if self._client is None or not self._client.is_connected:
            raise BusAway("no connection to NATS")
        return self._client

    async def _connected(self) -> Client:
        """Waits for a connection."""
        while not self.connected:
            await self._up.wait()
            if not self.connected:
                await asyncio.sleep(LOOK_S)  # lost, and not noticed yet by `_keep`
        return self._connection()

    # ---- requests and messages ---------------------------------------------------------------

    async def request(self, subject: str, payload: bytes, timeout_s: float) -> bytes:
        return (await self._ask(subject, payload, timeout_s)).data

    async def publish(self, subject: str, payload: bytes) -> None:
        try:
            await self._connection().publish(subject, payload)
        except (nats.errors.Error, OSError) as error:
            raise BusAway(str(error)) from error

    async def subscribe(
        self, subject: str, handler: Handler, queue: str = "", *, in_effect: bool = True
    ) -> Subscription:
        """While NATS is away, the subscription begins when it is back."""
        subscription = _Subscription(subject, handler, queue, self._subscriptions)
        self._subscriptions.add(subscription)
        if self.connected:
            with suppress(nats.errors.Error, OSError):
                client = self._connection()
                await subscription.attach(client)
                if in_effect:
                    await _reached(client)
        return subscription

    async def _ask(self, subject: str, payload: bytes, timeout_s: float, headers: dict[str, str] | None = None) -> Msg:
        reply: asyncio.Future[Msg | None] = asyncio.get_running_loop().create_future()
        with self._replies(lambda message: None if reply.done() else reply.set_result(message)) as inbox:
            try:
                await self._connection().publish(subject, payload, reply=inbox, headers=headers)
            except (nats.errors.Error, OSError) as error:
                raise BusAway(str(error)) from error
            try:
                async with asyncio.timeout(timeout_s):
                    message = await reply
            except TimeoutError:
                raise NoReply(subject) from None
        if message is None:
            raise NoReply("the connection was lost before the reply")
        if reading.status_of(message) == "503":
            raise NoResponder(subject)
        return message

    def _replies(self, take: Callable[[Msg | None], None]) -> _Replies:
        return _Replies(self._waiting, str(next(self._tokens)), self._inbox, take)

    async def _take_reply(self, message: Msg) -> None:
        if (take := self._waiting.get(message.subject.rpartition(".")[2])) is not None:
            take(message)

    # ---- logs ----------------------------------------------------------------------------------

    async def append(self, log: str, payload: bytes, expected: int, entry_id: str) -> int:
        headers = {
            str(api.Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value): str(expected),
            str(api.Header.MSG_ID.value): entry_id,
        }
        try:
            answer = orjson.loads((await self._ask(log, payload, APPEND_TIMEOUT_S, headers)).data)
        except NoResponder:
            raise BusAway("JetStream does not answer") from None
        if (error := answer.get("error")) is None:
            return int(answer["seq"])
        if error.get("err_code") not in WRONG_LAST:
            raise BusAway(error.get("description", "")) if error.get("code") == 503 else BusError(str(error))
        next_id, position = await self._next_to(log, expected)
        if next_id == entry_id:
            return position
        raise Moved(f"{log} has an entry at {position} that is not ours, behind {expected}")

    async def _next_to(self, log: str, position: int) -> tuple[str, int]:
        """Entry id and position of the entry right behind `position`, from the stream's leader; ("", 0): there is none."""
        try:
            async with asyncio.timeout(APPEND_TIMEOUT_S):
                entry = await self._connection().jetstream().get_msg(STREAM, position + 1, log, next=True)
        except NotFoundError:
            return "", 0
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise NoReply(str(error)) from error
        return (entry.headers or {}).get(str(api.Header.MSG_ID.value), ""), entry.seq or 0

    async def read(self, log: str, after: int = 0) -> list[Entry]:
        entries: list[Entry] = []
        more = True
        while more:
            batch, more = await self._read_batch(log, entries[-1].position if entries else after)
            entries += batch
        return entries

    async def _read_batch(self, log: str, after: int) -> tuple[list[Entry], bool]:
        """At most READ_BATCH entries, and whether there are more."""
        ask = orjson.dumps({"seq": after + 1, "next_by_subj": log, "batch": READ_BATCH})
        replies: asyncio.Queue[Msg | None] = asyncio.Queue()
        entries: list[Entry] = []
        with self._replies(replies.put_nowait) as inbox:
            try:
                await self._connection().publish(f"$JS.API.DIRECT.GET.{STREAM}", ask, reply=inbox)
                async with asyncio.timeout(READ_TIMEOUT_S):
                    while (message := await replies.get()) is not None:
                        if reading.status_of(message):
                            return entries, reading.more_follows(message)
                        entries.append(reading.stored(log, message))
            except (nats.errors.Error, OSError, TimeoutError) as error:
                raise BusAway(str(error)) from error
        raise BusAway("the connection was lost while reading")

    @asynccontextmanager
    async def follow(self, log: str, after: int = 0) -> AsyncIterator[AsyncIterator[Entry]]:
        with self._pull() as queue:
            entries = reading.follow(self._connected, queue, log, after)
            try:
                yield entries
            finally:
                await entries.aclose()

    @asynccontextmanager
    async def consume(self, reader: str) -> AsyncIterator[AsyncIterator[Delivery]]:
        with self._pull() as queue:
            deliveries = reading.consume(self._connected, queue, reader, self._replicas)
            try:
                yield deliveries
            finally:
                await deliveries.aclose()

    def _pull(self) -> _Registered:
        return _Registered(self._pulls)


async def _until_gone(client: Client, gone: asyncio.Event) -> None:
    """The client says that it is closed; where its own clean-up fails it does not, so its state is looked at too."""
    while client.is_connected:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await gone.wait()


async def _reached(client: Client) -> None:
    """Returns when the server has taken all that was sent. The client's PING overtakes what it still has buffered: the
    first round trip lets that out, the second comes behind it."""
    await client.flush()
    await client.flush()


async def _note(error: Exception) -> None:
    log_.debug("bus.client_error", error=str(error))


class _Replies:
    """One token of the inbox, while somebody waits for what is sent to it."""

    def __init__(
        self,
        waiting: dict[str, Callable[[Msg | None], None]],
        token: str,
        inbox: str,
        take: Callable[[Msg | None], None],
    ) -> None:
        self._waiting, self._token, self._inbox, self._take = waiting, token, inbox, take

    def __enter__(self) -> str:
        self._waiting[self._token] = self._take
        return f"{self._inbox}.{self._token}"

    def __exit__(self, *_: object) -> None:
        del self._waiting[self._token]


class _Registered:
    """A queue that is told (None) when the connection is lost, while it is in use."""

    def __init__(self, pulls: set[asyncio.Queue[Msg | None]]) -> None:
        self._pulls = pulls
        self._queue: asyncio.Queue[Msg | None] = asyncio.Queue()

    def __enter__(self) -> asyncio.Queue[Msg | None]:
        self._pulls.add(self._queue)
        return self._queue

    def __exit__(self, *_: object) -> None:
        self._pulls.discard(self._queue)


class _Subscription:
    """What somebody wants to hear, for as long as they want it, over any number of connections."""

    def __init__(self, subject: str, handler: Handler, queue: str, kept_in: set[_Subscription]) -> None:
        self._subject, self._handler, self._queue, self._kept_in = subject, handler, queue, kept_in
        self._current: NatsSubscription | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def attach(self, client: Client) -> None:
        self._current = await client.subscribe(self._subject, queue=self._queue, cb=self._heard)

    async def stop(self) -> None:
        """Handlers that have begun are let finish."""
        self._kept_in.discard(self)
        if self._current is not None:
            with suppress(nats.errors.Error, OSError):
                await self._current.unsubscribe()

    async def _heard(self, message: Msg) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(message))
        self._running.add(task)
        task.add_done_callback(self._served)

    async def _serve(self, message: Msg) -> None:
        answer = await self._handler(message.data)
        if answer is not None and message.reply:
            with suppress(nats.errors.Error, OSError):
                await message.respond(answer)

    def _served(self, task: asyncio.Task[Any]) -> None:
        """A handler's failure is its own: the subscription goes on."""
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_.error("bus.handler_failed", subject=self._subject, exc_info=error)
