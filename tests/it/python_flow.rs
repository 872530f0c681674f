//! Python: what rows of a session become before they are committed.

use crate::support::told::told;

/// How often the handler of a consumer with aio-pika is told to repeat what it does.
fn repeats(handler: &str) -> Vec<String> {
    let main = "import asyncio
import json
import aio_pika
from app.stock import on_order_placed

async def main():
    connection = await aio_pika.connect_robust('amqp://rabbitmq/')
    channel = await connection.channel()
    queue = await channel.declare_queue('orders', durable=True)
    async with queue.iterator() as messages:
        async for message in messages:
            async with message.process():
                await on_order_placed(json.loads(message.body))

asyncio.run(main())
";
    let stock = format!(
        "from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker, create_engine
from app.models import Product

Sessions = sessionmaker(create_engine('postgresql://db/stock'))

def find_product(db: Session, number):
    return db.query(Product).filter(Product.id == number).first()

def take(product: Product, quantity):
    product.take(quantity)

{handler}"
    );
    let models = "from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()

class Product(Base):
    __tablename__ = 'products'
    id = Column(Integer, primary_key=True)
    stock = Column(Integer)

    def take(self, quantity):
        self.stock -= quantity
";
    let files = [
        ("requirements.txt", "aio-pika\nsqlalchemy\n"),
        ("app/main.py", main),
        ("app/stock.py", stock.as_str()),
        ("app/models.py", models),
    ];
    told(&files, |finding| finding.rule == "message-queue/non-idempotent-consumer").1
}

#[test]
fn a_number_of_a_row_is_added_to_again() {
    let handler = |lines: &str| {
        repeats(&format!("async def on_order_placed(order, db: Session = Sessions()):\n    {lines}\n    db.commit()\n"))
    };
    let given = "product = db.query(Product).filter(Product.id == order['product']).first()";
    let one = |lines: &str| assert_eq!(handler(lines).len(), 1, "{lines}");
    let none = |lines: &str| assert_eq!(handler(lines), [""; 0], "{lines}");
    one(&format!("{given}\n    product.stock -= order['quantity']"));
    one(&format!("{given}\n    product.stock = product.stock - order['quantity']"));
    // That there is enough says nothing of what was taken before.
    one(&format!(
        "{given}\n    if product.stock < order['quantity']:\n        return\n    product.stock -= order['quantity']"
    ));
    one("product = find_product(db, order['product'])\n    product.stock -= order['quantity']");
    one("take(find_product(db, order['product']), order['quantity'])");
    one("for product in db.query(Product).all():\n        product.stock += 1");
    one("result = db.execute(select(Product))\n    product = result.scalar_one()\n    product.stock += 1");
    none(&format!("{given}\n    product.stock = order['left']"));
    none(&format!("{given}\n    product.attempts += 1"));
    none(&format!(
        "{given}\n    if product.state == 'taken':\n        return\n    product.state = 'taken'\n    product.stock -= 1"
    ));
    // What the handler counts for itself is in no row.
    none("class Sum:\n        total = 0\n    total = Sum()\n    total.total += order['quantity']");
}

#[test]
fn what_a_context_manager_yields_is_what_the_block_works_with() {
    let told_of = |yields: &str| {
        let text = format!(
            "from contextlib import contextmanager
import pika

@contextmanager
def broker():
    connection = pika.BlockingConnection(pika.ConnectionParameters('rabbitmq'))
    {yields}

def on_parcel(channel, method, properties, body):
    print(body)
    channel.basic_ack(method.delivery_tag)

def main():
    with broker() as given:
        given.basic_consume('parcels', on_parcel)
        given.start_consuming()

main()
"
        );
        told(&[("main.py", text.as_str())], |f| f.rule == "message-queue/missing-prefetch").1
    };
    assert_eq!(told_of("yield connection.channel()"), ["missing-prefetch main.py:15"]);
    assert_eq!(told_of("channel = connection.channel()\n    yield channel"), ["missing-prefetch main.py:16"]);
    // What is only looked at is not given.
    assert_eq!(told_of("assert connection.channel()\n    yield connection"), [""; 0]);
}

#[test]
fn what_partial_binds_is_given_to_the_function() {
    let told_of = |registered: &str, handler: &str| {
        let text = format!(
            "import asyncio
import json
from functools import partial
import aio_pika
import psycopg2

db = psycopg2.connect('postgresql://db/bills')

class Consumer:
    async def start(self, callback, name):
        connection = await aio_pika.connect_robust('amqp://rabbitmq')
        channel = await connection.channel()
        queue = await channel.declare_queue(name, durable=True)
        await queue.consume({registered})

    async def _process(self, message, callback):
        async with message.process(ignore_processed=True):
            await callback(message)

async def on_order(message: aio_pika.IncomingMessage):
    {handler}

async def main():
    await Consumer().start(on_order, 'orders')

asyncio.run(main())
"
        );
        let of = ["early-acknowledgement", "non-idempotent-consumer", "poison-message"];
        told(&[("main.py", text.as_str())], |f| of.iter().any(|rule| f.rule.ends_with(rule))).1
    };
    let stores = "order = json.loads(message.body)
    db.cursor().execute('INSERT INTO bills (order_id) VALUES (%s)', (order['id'],))
    db.commit()";
    let early = format!("await message.ack()\n    {stores}");
    for registered in ["partial(self._process, callback=callback)", "lambda m: self._process(m, callback)"] {
        assert_eq!(told_of(registered, stores), ["non-idempotent-consumer main.py:26"], "{registered}");
    }
    assert_eq!(
        told_of("partial(self._process, callback=callback)", &early),
        ["early-acknowledgement main.py:14", "non-idempotent-consumer main.py:27"]
    );
}

#[test]
fn what_is_handed_to_a_thread_is_called_there() {
    let told_of = |handed: &str| {
        let text = format!(
            "import asyncio
import threading
from functools import partial
import boto3
import requests
from asgiref.sync import sync_to_async
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

sqs = boto3.client('sqs')
QUEUE = 'https://sqs.eu-west-1.amazonaws.com/1/orders'

async def place(db: Session, loop):
    {handed}
"
        );
        let of = ["rest-client/missing-timeout", "message-queue/dual-write", "rest-client/blocking-call-in-async"];
        told(&[("main.py", text.as_str())], |f| of.contains(&f.rule)).1
    };
    let send = "QueueUrl=QUEUE, MessageBody='{}'";
    for handed in [
        format!("await asyncio.to_thread(sqs.send_message, {send})"),
        format!("await run_in_threadpool(sqs.send_message, {send})"),
        format!("await loop.run_in_executor(None, partial(sqs.send_message, {send}))"),
        format!("await sync_to_async(sqs.send_message)({send})"),
    ] {
        assert_eq!(told_of(&format!("db.commit()\n    {handed}")), ["dual-write main.py:15"], "{handed}");
        assert_eq!(
            told_of(&format!("await asyncio.to_thread(lambda: db.commit())\n    {handed}")),
            ["dual-write main.py:15"],
            "{handed}"
        );
    }
    let late = |call: &str| told_of(&format!("return await {call}"));
    assert_eq!(late("asyncio.to_thread(requests.get, 'https://stock/items')"), ["missing-timeout main.py:14"]);
    assert_eq!(late("asyncio.to_thread(requests.get, 'https://stock/items', timeout=2)"), [""; 0]);
    assert_eq!(late("loop.run_in_executor(None, requests.get, 'https://stock/items')"), ["missing-timeout main.py:14"]);
    assert_eq!(
        told_of("threading.Thread(target=requests.get, args=('https://stock/items',), daemon=True).start()"),
        ["missing-timeout main.py:14"]
    );
}

#[test]
fn an_attribute_by_its_name_is_that_attribute() {
    let told_of = |client: &str| {
        let text = format!(
            "from contextlib import asynccontextmanager
import httpx
from fastapi import FastAPI, Request

@asynccontextmanager
async def lifespan(app):
    app.state.stock = httpx.AsyncClient(base_url='http://stock', timeout=None)
    yield
    await app.state.stock.aclose()

app = FastAPI(lifespan=lifespan)

@app.get('/health')
async def items(request: Request):
    client = {client}
    return (await client.get('/items')).json()
"
        );
        told(&[("main.py", text.as_str())], |f| f.rule == "rest-client/missing-timeout").1
    };
    for client in ["request.app.state.stock", "getattr(request.app.state, 'stock', None)"] {
        assert_eq!(told_of(client), ["missing-timeout main.py:7"], "{client}");
    }
}

#[test]
fn what_pika_hands_to_its_callbacks_is_known() {
    let text = "import pika
from pika.adapters.asyncio_connection import AsyncioConnection

class Consumer:
    def connect(self):
        self.connection = AsyncioConnection(pika.ConnectionParameters('rabbitmq'), on_open_callback=self.on_open)

    def on_open(self, connection):
        connection.channel(on_open_callback=self.on_channel)

    def on_channel(self, opened):
        opened.queue_declare('parcels', durable=True)
        opened.basic_consume('parcels', on_message_callback=self.on_message)

    def on_message(self, channel, method, properties, body):
        print(body)
        channel.basic_ack(method.delivery_tag)

Consumer().connect()
";
    let told = told(&[("main.py", text)], |f| f.rule == "message-queue/missing-prefetch").1;
    assert_eq!(told, ["missing-prefetch main.py:13"]);
}

#[test]
fn a_factory_that_is_named_by_the_caller_makes_what_is_named() {
    let told_of = |made: &str| {
        let files = [
            (
                "app/aws.py",
                "from typing import Any
import boto3

def client_of(service: str, region: str) -> Any:
    options = {'region_name': region}
    return boto3.client(service, **options)
",
            ),
            (
                "app/orders.py",
                &format!(
                    "from app.aws import client_of
from sqlalchemy.orm import Session

class Events:
    def __init__(self):
        self._client = None

    @property
    def client(self):
        if self._client is None:
            self._client = {made}
        return self._client

    def placed(self, db: Session):
        db.commit()
        self.client.send_message(QueueUrl='https://sqs/1/orders', MessageBody='{{}}')
"
                ),
            ),
        ];
        told(&files, |f| f.rule == "message-queue/dual-write").1
    };
    assert_eq!(told_of("client_of('sqs', 'eu-west-1')"), ["dual-write orders.py:16"]);
    assert_eq!(told_of("client_of(region='eu-west-1', service='sqs')"), ["dual-write orders.py:16"]);
    assert_eq!(told_of("client_of('s3', 'eu-west-1')"), [""; 0]);
}

/// How often a consumer of aiokafka is told to repeat what the handler does that its bus calls.
fn repeats_by(registered: &str, called: &str, handler: &str) -> Vec<String> {
    let text = format!(
        "import asyncio
import json
from aiokafka import AIOKafkaConsumer
import psycopg2

db = psycopg2.connect('postgresql://db/bills')
HANDLERS = {{}}

def on(kind):
    def register(function):
        HANDLERS[kind] = function
        return function
    return register

class Bus:
    def __init__(self):
        self.handlers = {{}}

    def subscribe(self, kind, handler):
        {registered}

    async def run(self):
        consumer = AIOKafkaConsumer('orders', bootstrap_servers='kafka:9092', group_id='bills')
        async for message in consumer:
            event = json.loads(message.value)
            {called}

{handler}
async def on_order(event):
    db.cursor().execute('INSERT INTO bills (order_id) VALUES (%s)', (event['id'],))
    db.commit()

bus = Bus()
bus.subscribe('order.placed', on_order)
asyncio.run(bus.run())
"
    );
    told(&[("main.py", text.as_str())], |f| f.rule == "message-queue/non-idempotent-consumer").1
}

#[test]
fn handlers_that_are_listed_or_decorated_are_called() {
    let listed = "self.handlers.setdefault(kind, []).append(handler)";
    let each = "for handler in self.handlers.get(event['type'], []):\n                await handler(event)";
    assert_eq!(repeats_by(listed, each, ""), ["non-idempotent-consumer main.py:23"]);
    assert_eq!(repeats_by("self.others[kind].append(handler)", each, ""), [""; 0]);
    let found = "handler = HANDLERS.get(event['type'])\n            await handler(event)";
    assert_eq!(repeats_by("pass", found, "@on('order.placed')"), ["non-idempotent-consumer main.py:23"]);
    assert_eq!(repeats_by("pass", found, ""), [""; 0]);
}

#[test]
fn jobs_that_are_enqueued_after_a_commit() {
    let told_of = |sends: &str| {
        let text = format!(
            "import dramatiq
import redis
from rq import Queue
from sqlalchemy.orm import Session

jobs = Queue(connection=redis.Redis())

@dramatiq.actor
def mail(order):
    print(order)

def place(db: Session, order):
    db.commit()
    {sends}
"
        );
        told(&[("main.py", text.as_str())], |f| f.rule == "message-queue/dual-write").1
    };
    for sends in ["mail.send(order.id)", "mail.send_with_options(args=(order.id,))", "jobs.enqueue(print, order.id)"] {
        assert_eq!(told_of(sends), ["dual-write main.py:14"], "{sends}");
    }
    assert_eq!(told_of("mail(order.id)"), [""; 0]);
}
