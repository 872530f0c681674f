"""A process that publishes the outbox and consumes from RabbitMQ, and ends in an orderly way on SIGTERM."""

import asyncio
import json
import logging
import os

import aio_pika
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from messages import PoisonMessage, Received, stop_on_signals
from outbox import Relay
from rabbitmq import RabbitConsumer, RabbitPublisher


async def handle(connection: AsyncConnection, message: Received) -> None:
    """Reserves stock for a placed order."""
    try:
        order = json.loads(message.body)["data"]
        order_id, sku, amount = order["order_id"], order["sku"], int(order["amount"])
    except (ValueError, KeyError, TypeError) as error:
        raise PoisonMessage(f"{message.type} {message.id} can't be read") from error
    await connection.execute(
        "INSERT INTO reservations (order_id, sku, amount) VALUES (%s, %s, %s)", (order_id, sku, amount)
    )


async def main() -> None:
    logging.basicConfig(level=logging.INFO)
    stop = stop_on_signals()
    connection = await aio_pika.connect_robust(os.environ["RABBITMQ_URL"], heartbeat=30)
    async with connection, AsyncConnectionPool(os.environ["DATABASE_URL"], open=False) as pool:
        relay = Relay(pool, RabbitPublisher(connection, app="stock"))
        consumer = RabbitConsumer(connection, pool, handle, queue="stock.orders", topics=["order.placed"])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(relay.run(stop))
            tasks.create_task(consumer.run(stop))


if __name__ == "__main__":
    asyncio.run(main())
