"""A consumer process for the tests: worker.py rabbitmq|kafka NAME TOPIC. What it does with a message is
what the message's body says."""

import asyncio
import json
import os
import sys

import conftest  # noqa: F401  (where the templates are)
from psycopg_pool import AsyncConnectionPool

from messages import PoisonMessage, stop_on_signals

BROKER, NAME, TOPIC = sys.argv[1:4]


async def handle(connection, message):
    try:
        body = json.loads(message.body)
    except ValueError as error:
        raise PoisonMessage("no JSON") from error
    do = body.get("do")
    print("begin", body["n"], message.attempt, flush=True)
    if do == "die":
        os._exit(9)
    if do == "fail" or (do == "fail-once" and message.attempt == 1):
        raise ConnectionError("made to fail")
    if do == "slow":
        await asyncio.sleep(1.5)
    await connection.execute(
        "INSERT INTO effects (n, attempt, traceparent) VALUES (%s, %s, %s)",
        (body["n"], message.attempt, message.headers.get("traceparent")),
    )
    if do == "die-before-commit" and not os.path.exists(os.environ["MARK"]):
        open(os.environ["MARK"], "w").close()
        os._exit(9)


def die_instead_of(function):
    """The process ends after the commit and before the acknowledgement."""
    if os.environ.get("DIE_BEFORE_ACK"):

        async def die(*_, **__):
            os._exit(9)

        return die
    return function


async def rabbitmq(pool, stop):
    import aio_pika

    from rabbitmq import RabbitConsumer

    aio_pika.IncomingMessage.ack = die_instead_of(aio_pika.IncomingMessage.ack)
    connection = await aio_pika.connect_robust(os.environ["RABBITMQ_URL"])
    async with connection:
        consumer = RabbitConsumer(
            connection, pool, handle, queue=NAME, topics=[TOPIC], delays=(0.2, 0.4), delivery_limit=2
        )
        await consumer.run(stop)


async def kafka(pool, stop):
    import aiokafka

    from kafka_broker import KafkaConsumer

    aiokafka.AIOKafkaConsumer.commit = die_instead_of(aiokafka.AIOKafkaConsumer.commit)
    consumer = KafkaConsumer(os.environ["KAFKA_BROKERS"], pool, handle, group=NAME, topics=[TOPIC], delays=(0.2, 0.4))
    await consumer.run(stop)


async def main():
    stop = stop_on_signals()
    async with AsyncConnectionPool(os.environ["DATABASE_URL"], open=False, max_size=5) as pool:
        print("ready", flush=True)
        await {"rabbitmq": rabbitmq, "kafka": kafka}[BROKER](pool, stop)
    print("ended", flush=True)


asyncio.run(main())
