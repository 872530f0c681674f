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

async def on_order(message):
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
