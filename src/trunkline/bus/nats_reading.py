"""Reading the journal stream of NATS: one log from a position on, or all logs for a durable reader.

Both are pull consumers of the stream: a request for a batch stands open, idle heartbeats show that it is still known to the
server, and whatever goes wrong (connection, leader, consumer gone) ends in a new request on a new connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

import nats.errors
import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import api

from trunkline.bus.port import Delivery, Entry

STREAM = "CALLS"

BATCH = 200
EXPIRES_S, HEARTBEAT_S = 30, 5
SILENCE_S = 12.0
"""Two heartbeats missed: the request is not known to the server any more."""
ACK_WAIT_S = 5
UNACKNOWLEDGED = 2_000
"""How many entries a durable reader may have in hand; more than that are not delivered."""
FORGOTTEN_S = 60
RETRY_S = 0.25

HEARTBEAT, NONE_LEFT, EXPIRED = "100", "404", "408"

Queue = asyncio.Queue[Msg | None]
Connected = Callable[[], Awaitable[Client]]
log_ = structlog.get_logger(__name__)
TROUBLE = (nats.errors.Error, OSError, TimeoutError)


@dataclass(slots=True)
class NatsDelivery:
    entry: Entry
    message: Msg

    async def done(self) -> None:
        with suppress(*TROUBLE):  # an acknowledgement that is lost means one more delivery
            await self.message.ack()

    async def again(self, delay_s: float) -> None:
        with suppress(*TROUBLE):
            await self.message.nak(delay=delay_s)


async def follow(connected: Connected, queue: Queue, log: str, after: int) -> AsyncGenerator[Entry, None]:
    position = after
    while True:
        client = await connected()
        name = ""
        try:
            name = await _ephemeral(client, log, position)
            async with aclosing(_pull(client, queue, name)) as messages:
                count = 0
                async for message in messages:
                    count += 1
                    if message.metadata.sequence.consumer != count:
                        break  # one was lost on the way: begin anew behind the last one seen
                    position = message.metadata.sequence.stream
                    yield Entry(log, position, message.data)
        except TROUBLE as error:
            log_.info("bus.follows_again", log=log, error=str(error))
            await asyncio.sleep(RETRY_S)
        finally:
            await _forget(client, name)


async def consume(connected: Connected, queue: Queue, reader: str, replicas: int) -> AsyncGenerator[Delivery, None]:
    while True:
        client = await connected()
        try:
            await _durable(client, reader, replicas)
            async with aclosing(_pull(client, queue, reader)) as messages:
                async for message in messages:
                    entry = Entry(message.subject, message.metadata.sequence.stream, message.data)
                    yield NatsDelivery(entry, message)
        except TROUBLE as error:
            log_.info("bus.consumes_again", reader=reader, error=str(error))
        await asyncio.sleep(RETRY_S)


async def _pull(client: Client, queue: Queue, consumer: str) -> AsyncGenerator[Msg, None]:
    """Messages of one consumer until the connection, or the consumer, is lost."""
    while not queue.empty():
        queue.get_nowait()  # of an earlier connection
    inbox = client.new_inbox()

    async def take(message: Msg) -> None:
        queue.put_nowait(message)

    subscription = await client.subscribe(inbox, cb=take)
    try:
        wanted = 0
        while True:
            if wanted <= 0:
                await _ask_for(client, consumer, inbox)
                wanted = BATCH
            message = await _next(queue)
            status = "" if message is None else status_of(message)
            if message is not None and not status:
                wanted -= 1
                yield message
            elif status in (NONE_LEFT, EXPIRED):
                wanted = 0
            elif status != HEARTBEAT:
                return  # the connection is lost, or the consumer is (409: deleted, leader changed; 503: nobody there)
    finally:
        with suppress(*TROUBLE):
            await subscription.unsubscribe()


async def _ask_for(client: Client, consumer: str, inbox: str) -> None:
    ask = {"batch": BATCH, "expires": EXPIRES_S * 10**9, "idle_heartbeat": HEARTBEAT_S * 10**9}
    await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}", orjson.dumps(ask), reply=inbox)


async def _next(queue: Queue) -> Msg | None:
    if not queue.empty():
        return queue.get_nowait()
    try:
        async with asyncio.timeout(SILENCE_S):
            return await queue.get()
    except TimeoutError:
        return None


async def _ephemeral(client: Client, log: str, after: int) -> str:
    info = await client.jetstream().add_consumer(
        STREAM,
        api.ConsumerConfig(
            filter_subject=log,
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=after + 1,
            ack_policy=api.AckPolicy.NONE,
            inactive_threshold=FORGOTTEN_S,
            mem_storage=True,
            num_replicas=1,
        ),
    )
    return info.name


async def _forget(client: Client, name: str) -> None:
    if name and client.is_connected:
        with suppress(*TROUBLE):
            async with asyncio.timeout(1):
                await client.jetstream().delete_consumer(STREAM, name)


async def _durable(client: Client, reader: str, replicas: int) -> None:
    await client.jetstream().add_consumer(
        STREAM,
        api.ConsumerConfig(
            durable_name=reader,
            deliver_policy=api.DeliverPolicy.ALL,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_ack_pending=UNACKNOWLEDGED,
            num_replicas=replicas,
        ),
    )


def status_of(message: Msg) -> str:
    """JetStream's status where it is a status message, else empty."""
    return message.headers.get(api.Header.STATUS.value, "") if message.headers and not message.data else ""


def more_follows(message: Msg) -> bool:
    """At the end of a batch: does the log go on?"""
    return int((message.headers or {}).get("Nats-Num-Pending", 0)) > 0


def stored(log: str, message: Msg) -> Entry:
    return Entry(log, int((message.headers or {})["Nats-Sequence"]), message.data)
