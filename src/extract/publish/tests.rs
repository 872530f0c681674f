use super::*;
use crate::catalog::Catalog;
use crate::program::load;
use crate::program::resolve::Packages;

mod rows;

fn publishing(files: &[(&str, &str)]) -> Publishing {
    let program = load::from_sources(files, &Packages::default());
    let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
    extract(&ev, &|_| true, &Tree::default(), &Settings::default())
}

/// One word for each publisher: confirmed, persistent, version, id; `+` told, `d` by default, `-`
/// absent, `?` unknown.
fn facts(path: &str, text: &str) -> Vec<String> {
    let mark = |p: &Presence| match p {
        Presence::Present(_) => '+',
        Presence::Default => 'd',
        Presence::Absent => '-',
        Presence::Unknown(_) => '?',
    };
    let found = publishing(&[(path, text)]);
    found
        .publishers
        .iter()
        .map(|p| [&p.confirmed, &p.persistent, &p.version, &p.event_id].map(mark).iter().collect())
        .collect()
}

fn one(path: &str, text: &str) -> String {
    let facts = facts(path, text);
    assert_eq!(facts.len(), 1, "{text}");
    facts.into_iter().next().unwrap()
}

/// The lines with a dual write.
fn dual(files: &[(&str, &str)]) -> Vec<(String, usize)> {
    publishing(files)
        .dual_writes
        .iter()
        .map(|d| {
            let (path, text) = files[d.place.file.0 as usize];
            (path.to_string(), text[..d.place.span.start as usize].matches('\n').count() + 1)
        })
        .collect()
}

fn dual_lines(path: &str, text: &str) -> Vec<usize> {
    dual(&[(path, text)]).into_iter().map(|(_, line)| line).collect()
}

#[test]
fn pika_needs_confirms_on_the_channel_and_a_delivery_mode() {
    let head = "import json, uuid, pika\nc = pika.BlockingConnection().channel()\n";
    let bare = "c.basic_publish('', 'orders', json.dumps({'order_id': 1}).encode())\n";
    assert_eq!(one("a.py", &format!("{head}{bare}")), "----");
    let good = "c.confirm_delivery()\nc.basic_publish(exchange='', routing_key='orders', body=json.dumps({'event_version': 1}), properties=pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent, message_id=str(uuid.uuid4())))\n";
    assert_eq!(one("a.py", &format!("{head}{good}")), "++++");
    let other = "d = pika.BlockingConnection().channel()\nd.confirm_delivery()\n";
    assert_eq!(one("a.py", &format!("{head}{other}{bare}")), "----");
    let transient = "c.basic_publish('', 'q', b'', pika.BasicProperties(delivery_mode=1))\n";
    assert_eq!(one("a.py", &format!("{head}{transient}")), "----");
}

#[test]
fn a_channel_of_unknown_origin_is_not_judged_when_some_channel_has_confirms() {
    let text = "import pika\ndef publish(channel, body):\n    channel.basic_publish('', 'q', body)\ndef setup(channel):\n    channel.confirm_delivery()\n";
    assert_eq!(&one("a.py", text)[..2], "?-");
}

#[test]
fn a_channel_from_a_factory_in_another_module_is_followed() {
    let factory = "import pika\ndef channel():\n    ch = pika.BlockingConnection().channel()\n    ch.confirm_delivery()\n    return ch\n";
    let user = "from mq import channel\nclass P:\n    def __init__(self):\n        self.ch = channel()\n    def go(self):\n        self.ch.basic_publish('', 'q', b'')\n";
    let found = publishing(&[("mq.py", factory), ("user.py", user)]);
    assert!(found.publishers[0].confirmed.is_present());
}

#[test]
fn aio_pika_confirms_by_default_and_is_transient() {
    let head = "import aio_pika\nasync def go(conn: aio_pika.abc.AbstractRobustConnection):\n";
    let bare = "    ch = await conn.channel()\n    await ch.default_exchange.publish(aio_pika.Message(b'x'), routing_key='q')\n";
    assert_eq!(&one("a.py", &format!("{head}{bare}"))[..2], "d-");
    let off = "    ch = await conn.channel(publisher_confirms=False)\n    ex = await ch.declare_exchange('e')\n    await ex.publish(aio_pika.Message(b'x', delivery_mode=aio_pika.DeliveryMode.PERSISTENT, message_id='1'), 'q')\n";
    assert_eq!(one("a.py", &format!("{head}{off}")), "-+-+");
}

#[test]
fn amqplib_needs_a_confirm_channel_that_is_waited_for() {
    let head = "import amqp from 'amqplib';\nconst conn = await amqp.connect('x');\n";
    let plain =
        "const ch = await conn.createChannel();\nch.publish('e', 'k', Buffer.from(JSON.stringify({ a: 1 })));\n";
    assert_eq!(one("a.ts", &format!("{head}{plain}")), "----");
    let dropped =
        "const ch = await conn.createConfirmChannel();\nch.sendToQueue('q', Buffer.from('x'), { persistent: true });\n";
    assert_eq!(&one("a.ts", &format!("{head}{dropped}"))[..2], "-+");
    let waited = "const ch = await conn.createConfirmChannel();\nch.sendToQueue('q', Buffer.from('x'), { deliveryMode: 2, messageId: id });\nawait ch.waitForConfirms();\n";
    assert_eq!(one("a.ts", &format!("{head}{waited}")), "++-+");
    let callback = "const ch = await conn.createConfirmChannel();\nch.sendToQueue('q', Buffer.from('x'), {}, (err) => { if (err) throw err; });\n";
    assert_eq!(&one("a.ts", &format!("{head}{callback}"))[..2], "+-");
}

#[test]
fn amqp_connection_manager_confirms_what_is_awaited() {
    let head = "import * as amqp from 'amqp-connection-manager';\nconst w = amqp.connect(['x']).createChannel({ json: true });\n";
    assert_eq!(&one("a.ts", &format!("{head}await w.publish('e', 'k', {{}}, {{ persistent: true }});\n"))[..2], "d+");
    assert_eq!(&one("a.ts", &format!("{head}w.publish('e', 'k', {{}});\n"))[..2], "--");
    assert_eq!(&one("a.ts", &format!("{head}w.sendToQueue('q', {{}}).catch(log);\n"))[..2], "d-");
}

#[test]
fn kafka_producers_are_confirmed_when_the_outcome_is_looked_at() {
    let head = "import asyncio\nfrom aiokafka import AIOKafkaProducer\nasync def go(p: AIOKafkaProducer):\n";
    assert_eq!(&one("a.py", &format!("{head}    await p.send_and_wait('t', b'')\n"))[..1], "d");
    assert_eq!(&one("a.py", &format!("{head}    await p.send('t', b'')\n"))[..1], "-");
    assert_eq!(&one("a.py", &format!("{head}    f = await p.send('t', b'')\n    await f\n"))[..1], "+");
    assert_eq!(&one("a.py", &format!("{head}    asyncio.create_task(p.send_and_wait('t', b''))\n"))[..1], "?");
    let head = "from kafka import KafkaProducer\np = KafkaProducer(acks='all')\n";
    assert_eq!(&one("a.py", &format!("{head}p.send('t', b'')\np.flush()\n"))[..1], "-");
    assert_eq!(&one("a.py", &format!("{head}p.send('t', b'').get(timeout=5)\n"))[..1], "+");
    assert_eq!(&one("a.py", &format!("{head}f = p.send('t', b'')\nf.add_errback(failed)\n"))[..1], "+");
    let off = "from kafka import KafkaProducer\nKafkaProducer(acks=0).send('t', b'').get()\n";
    assert_eq!(&one("a.py", off)[..1], "-");
}

#[test]
fn confluent_needs_a_callback_that_looks_or_a_flush() {
    let head = "from confluent_kafka import Producer\np = Producer({'bootstrap.servers': 'x'})\n";
    let go = |body: &str| {
        one(
            "a.py",
            &format!(
                "{head}def done(err, msg):\n    if err: raise err\ndef blind(err, msg):\n    pass\ndef go():\n{body}"
            ),
        )
    };
    assert_eq!(&go("    p.produce('t', b'')\n")[..1], "-");
    assert_eq!(&go("    p.produce('t', b'', on_delivery=done)\n")[..1], "+");
    assert_eq!(&go("    p.produce('t', b'', callback=blind)\n")[..1], "-");
    assert_eq!(&go("    p.produce('t', b'')\n    p.flush()\n")[..1], "+");
    assert_eq!(&go("    p.produce('t', b'')\ndef close():\n    p.flush()\n")[..1], "-");
    assert_eq!(&go("    p.produce('t', b'')\ndef send_all():\n    p.flush()\n")[..1], "?");
}

#[test]
fn kafkajs_sends_are_awaited_with_acks() {
    let head = "import { Kafka } from 'kafkajs';\nconst p = new Kafka({}).producer();\n";
    let send = |options: &str| {
        format!(
            "p.send({{ topic: 'orders', {options} messages: [{{ key: 'k', value: JSON.stringify({{ orderId: 1 }}) }}] }})"
        )
    };
    assert_eq!(one("a.ts", &format!("{head}await {};\n", send(""))), "dd--");
    assert_eq!(one("a.ts", &format!("{head}{};\n", send(""))), "-d--");
    assert_eq!(one("a.ts", &format!("{head}await {};\n", send("acks: 0,"))), "-d--");
    assert_eq!(one("a.ts", &format!("{head}await Promise.all([{}]);\n", send(""))), "dd--");
    let mapped = "await p.send({ topic: 't', messages: events.map((e) => ({ value: JSON.stringify({ eventId: e.id, version: 1 }) })) });\n";
    assert_eq!(one("a.ts", &format!("{head}{mapped}")), "dd++");
}

#[test]
fn nats_is_confirmed_through_jetstream_only() {
    let text = "import nats\nasync def go():\n    nc = await nats.connect()\n    js = nc.jetstream()\n    await nc.publish('a', b'')\n    await js.publish('b', b'', headers={'Nats-Msg-Id': '1'})\n";
    assert_eq!(facts("a.py", text), ["-d--", "dd-+"]);
}

#[test]
fn queues_over_http_confirm_and_store_by_themselves() {
    let text = "import json, boto3\nsqs = boto3.client('sqs')\nsqs.send_message(QueueUrl='u', MessageBody=json.dumps({'a': 1}))\n";
    assert_eq!(one("a.py", text), "dd--");
    let text = "import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';\nawait new SQSClient({}).send(new SendMessageCommand({ QueueUrl: 'u', MessageBody: '{}', MessageDeduplicationId: id }));\n";
    assert_eq!(one("a.ts", text), "dd-+");
}

#[test]
fn jobs_are_no_events() {
    let text = "import { Queue } from 'bullmq';\nconst q = new Queue('mail');\nawait q.add('send', { to: 'x' });\n";
    assert_eq!(one("a.ts", text), "dddd");
    let text = "from celery import shared_task\n@shared_task\ndef mail(x):\n    pass\ndef go():\n    mail.delay(1)\n";
    let found = publishing(&[("a.py", text)]);
    assert_eq!(found.publishers.len(), 1);
    assert_eq!(found.publishers[0].kind, Kind::Job);
}

#[test]
fn a_nest_client_is_judged_by_its_registration() {
    let service = "import { ClientProxy } from '@nestjs/microservices';\nimport { lastValueFrom } from 'rxjs';\nexport class S {\n  constructor(@Inject('ORDERS') private readonly client: ClientProxy) {}\n  async go() { await lastValueFrom(this.client.emit('order.created', { orderId: 1 })); }\n  async forget() { this.client.emit('order.created', { orderId: 1 }); }\n}\n";
    let module = |transport: &str, options: &str| {
        format!(
            "import {{ ClientsModule, Transport }} from '@nestjs/microservices';\n@Module({{ imports: [ClientsModule.register([{{ name: 'ORDERS', transport: Transport.{transport}, options: {{ {options} }} }}])] }})\nexport class M {{}}\n"
        )
    };
    let read = |transport: &str, options: &str| {
        publishing(&[("m.ts", &module(transport, options)), ("s.ts", service)]).publishers
    };
    let rmq = read("RMQ", "urls: [u]");
    assert_eq!(rmq.len(), 2);
    assert!(rmq[0].confirmed.is_present() && rmq[1].confirmed.is_absent());
    assert!(rmq[0].persistent.is_absent());
    assert!(read("RMQ", "persistent: true")[0].persistent.is_present());
    assert!(!read("KAFKA", "")[0].persistent.is_absent());
    assert!(read("TCP", "").is_empty());
}

#[test]
fn a_field_that_is_initialised_from_another_is_typed() {
    let text = "import { ClientProxyFactory, Transport } from '@nestjs/microservices';\nclass Clients { orders() { return ClientProxyFactory.create({ transport: Transport.RMQ, options: {} }); } }\nclass S {\n  private client = this.clients.orders();\n  constructor(private clients: Clients) {}\n  go() { this.client.emit('x', { a: 1 }); }\n}\n";
    assert_eq!(one("a.ts", text), "----");
}

#[test]
fn emitters_inside_the_process_are_no_brokers() {
    let text = "import { EventEmitter2 } from '@nestjs/event-emitter';\nimport { PubSub } from 'graphql-subscriptions';\nimport amqp from 'amqplib';\nconst pubsub = new PubSub();\npubsub.publish('x', {});\nclass A { constructor(private e: EventEmitter2) { this.e.emit('x', {}); } }\n";
    assert_eq!(facts("a.ts", text), Vec::<String>::new());
}

#[test]
fn replies_may_be_transient_and_are_no_events() {
    let text = "import pika\ndef on_request(ch, method, props, body):\n    ch.basic_publish(exchange='', routing_key=props.reply_to, body=b'')\n";
    let found = publishing(&[("a.py", text)]);
    assert_eq!(found.publishers[0].kind, Kind::Reply);
    assert!(!found.publishers[0].persistent.is_absent() && !found.publishers[0].version.is_absent());
}

fn payload(text: &str) -> String {
    let head = "import json, uuid\nfrom dataclasses import dataclass, asdict\nfrom pydantic import BaseModel, Field\nfrom aiokafka import AIOKafkaProducer\np = AIOKafkaProducer()\n";
    one("a.py", &format!("{head}{text}"))[2..].to_string()
}

#[test]
fn python_payloads_are_read_in_every_form() {
    assert_eq!(payload("await p.send_and_wait('t', json.dumps({'order_id': 1}).encode('utf-8'))\n"), "--");
    assert_eq!(
        payload(
            "d = {'order_id': 1}\nd['event_id'] = 'x'\nd.update(schema_version=2)\nawait p.send_and_wait('t', json.dumps(d).encode())\n"
        ),
        "++"
    );
    assert_eq!(payload("await p.send_and_wait('t', json.dumps({**base, 'a': 1}).encode())\n"), "??");
    let class = "class Base(BaseModel):\n    event_id: str = Field(default_factory=uuid.uuid4)\n    event_version: int = 1\nclass Created(Base):\n    order_id: str\n";
    assert_eq!(
        payload(&format!("{class}await p.send_and_wait('t', Created(order_id='1').model_dump_json().encode())\n")),
        "++"
    );
    let data = "@dataclass\nclass Created:\n    order_id: str\ne = Created('1')\n";
    assert_eq!(payload(&format!("{data}await p.send_and_wait('t', json.dumps(asdict(e)).encode())\n")), "--");
    assert_eq!(
        payload("async def go(order):\n    await p.send_and_wait('t', json.dumps(order.to_event()).encode())\n"),
        "??"
    );
    assert_eq!(
        payload(
            "class P:\n    def __init__(self):\n        self.version = 1\n        self.message_id = 'x'\nawait p.send_and_wait('t', json.dumps(P().__dict__).encode())\n"
        ),
        "??"
    );
}

#[test]
fn a_version_is_that_of_the_event_and_an_id_is_its_own() {
    assert_eq!(payload("await p.send_and_wait('order.created.v1', json.dumps({'order_id': 1}).encode())\n"), "+-");
    assert_eq!(
        payload("await p.send_and_wait('t', json.dumps({'type': 'OrderCreatedV2', 'id': 'x'}).encode())\n"),
        "++"
    );
    assert_eq!(
        payload(
            "class OrderCreatedV1(BaseModel):\n    order_id: str\nawait p.send_and_wait('t', OrderCreatedV1(order_id='').model_dump_json())\n"
        ),
        "d-"
    );
    assert_eq!(payload("await p.send_and_wait('t', json.dumps({'id': order.id, 'total': 1}).encode())\n"), "--");
    assert_eq!(
        payload("await p.send_and_wait('t', json.dumps({'id': str(uuid.uuid4()), 'total': 1}).encode())\n"),
        "-+"
    );
    assert_eq!(
        payload("await p.send_and_wait('t', json.dumps({'version': order.version, 'order_id': 1}).encode())\n"),
        "--"
    );
    assert_eq!(
        payload(
            "await p.send_and_wait('t', json.dumps({'app_version': 1, 'specversion': '1.0', 'correlation_id': 2}).encode())\n"
        ),
        "--"
    );
    assert_eq!(
        payload(
            "await p.send_and_wait('t', json.dumps({'meta': {'schemaVersion': 1, 'messageId': 'x'}, 'a': 1}).encode())\n"
        ),
        "++"
    );
    assert_eq!(
        payload("await p.send_and_wait('t', b'x', headers=[('event-id', b'1'), ('x-schema-version', b'2')])\n"),
        "++"
    );
}

#[test]
fn a_registered_schema_has_a_version_and_a_cloud_event_an_id() {
    assert_eq!(
        payload(
            "from confluent_kafka.schema_registry.avro import AvroSerializer\ns = AvroSerializer(c, x)\nawait p.send_and_wait('t', s({'order_id': 1}, ctx))\n"
        ),
        "d-"
    );
    assert_eq!(
        payload(
            "from cloudevents.http import CloudEvent, to_structured\ne = CloudEvent({'type': 'order.created', 'source': 's'}, {'a': 1})\nawait p.send_and_wait('t', to_structured(e)[1])\n"
        ),
        "??"
    );
    assert_eq!(
        payload(
            "from cloudevents.http import CloudEvent, to_json\nawait p.send_and_wait('t', to_json(CloudEvent({'type': 'order.created', 'source': 's'}, {'a': 1})))\n"
        ),
        "-d"
    );
}

#[test]
fn a_wrapper_is_judged_once_with_what_its_callers_pass() {
    let bus = "import amqp from 'amqplib';\nexport class Bus {\n  private ch: amqp.Channel;\n  async publish<T>(key: string, payload: T) {\n    this.ch.publish('e', key, Buffer.from(JSON.stringify({ ...payload, sentAt: 1 })));\n  }\n}\n";
    let user = |payload: &str| {
        format!(
            "import {{ Bus }} from './bus';\nexport class S {{ constructor(private bus: Bus) {{}} async go(x: any) {{ await this.bus.publish('a', {payload}); }} }}\n"
        )
    };
    let read = |payload: &str| {
        let found = publishing(&[("bus.ts", bus), ("s.ts", &user(payload))]);
        assert_eq!(found.publishers.len(), 1);
        let p = &found.publishers[0];
        (p.version.is_absent(), p.event_id.is_absent())
    };
    assert_eq!(read("{ orderId: 1 }"), (true, true));
    assert_eq!(read("{ orderId: 1, version: 1, eventId: 'x' }"), (false, false));
    assert_eq!(read("x"), (false, false));
    let unused = publishing(&[("bus.ts", bus)]);
    assert!(unused.publishers[0].version.is_absent());
}

#[test]
fn a_typed_parameter_says_what_is_in_it() {
    let text = "import amqp from 'amqplib';\ninterface Base { eventId: string }\ninterface Created extends Base { orderId: string }\nexport async function publish(ch: amqp.Channel, event: Created) { ch.publish('e', 'k', Buffer.from(JSON.stringify(event))); }\n";
    assert_eq!(&one("a.ts", text)[2..], "-d");
    let open =
        text.replace("event: Created", "event: any").replace("export async", "process.on('x', publish);\nexport async");
    assert_eq!(&one("a.ts", &open)[2..], "??");
}

#[test]
fn an_envelope_of_a_dead_letter_is_an_event_and_a_forwarded_message_is_not() {
    let head = "from aiokafka import AIOKafkaProducer\nimport json\np = AIOKafkaProducer()\nasync def go(msg):\n";
    let found = publishing(&[("a.py", &format!("{head}    await p.send_and_wait('orders.dlq', msg.value)\n"))]);
    assert_eq!(found.publishers[0].kind, Kind::DeadLetter);
    assert!(!found.publishers[0].version.is_absent());
    let text = format!("{head}    await p.send_and_wait('orders.dlq', json.dumps({{'error': 'x'}}).encode())\n");
    assert!(publishing(&[("a.py", &text)]).publishers[0].version.is_absent());
}

#[test]
fn measurements_may_be_lost() {
    let text = "import pika, json\nc = pika.BlockingConnection().channel()\nc.basic_publish('', 'app.metrics', json.dumps({'a': 1}))\n";
    let found = publishing(&[("a.py", text)]);
    assert_eq!(found.publishers[0].kind, Kind::Telemetry);
    assert!(!found.publishers[0].persistent.is_absent());
    assert!(!is_telemetry("catalog.updated") && !is_telemetry("login.failed"));
}

#[test]
fn dead_letter_names_are_whole_words() {
    for name in ["orders.dlq", "order-dead-letter", "deadLetterTopic", "DLQ_TOPIC", "payments.DLT", "poison"] {
        assert!(is_dead_letter(name), "{name}");
    }
    for name in ["deadline.passed", "orders", "undead"] {
        assert!(!is_dead_letter(name), "{name}");
    }
}

const ALCHEMY: &str = "from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker\nfrom aiokafka import AIOKafkaProducer\np = AIOKafkaProducer()\nSession = async_sessionmaker(engine)\n";

#[test]
fn a_commit_and_a_publish_in_one_function_are_a_dual_write() {
    let text = format!(
        "{ALCHEMY}async def go(db: AsyncSession):\n    db.add(o)\n    await db.commit()\n    await p.send_and_wait('t', b'')\n"
    );
    assert_eq!(dual_lines("a.py", &text), [8]);
    let text = format!(
        "{ALCHEMY}async def go():\n    async with Session() as db:\n        await p.send_and_wait('t', b'')\n        await db.commit()\n"
    );
    assert_eq!(dual_lines("a.py", &text), [7]);
    let text = format!(
        "{ALCHEMY}async def go():\n    async with Session.begin() as db:\n        db.add(o)\n    await p.send_and_wait('t', b'')\n"
    );
    assert_eq!(dual_lines("a.py", &text), [8]);
    let text = format!(
        "{ALCHEMY}async def go(db: AsyncSession):\n    await db.execute(q)\n    await p.send_and_wait('t', b'')\n"
    );
    assert_eq!(dual_lines("a.py", &text), [] as [usize; 0]);
}

#[test]
fn an_outbox_a_dead_letter_and_another_branch_are_no_dual_write() {
    let none: [usize; 0] = [];
    let text = format!(
        "{ALCHEMY}async def relay(db: AsyncSession):\n    for row in await load(db, OutboxMessage):\n        await p.send_and_wait(row.topic, row.payload)\n    await db.commit()\n"
    );
    assert_eq!(dual_lines("a.py", &text), none);
    let text = format!(
        "{ALCHEMY}async def go(db: AsyncSession, m):\n    await db.commit()\n    await p.send_and_wait('orders.dlq', m.value)\n"
    );
    assert_eq!(dual_lines("a.py", &text), none);
    let text = format!(
        "{ALCHEMY}async def go(db: AsyncSession, m):\n    if m:\n        await p.send_and_wait('t', b'')\n        return\n    await db.commit()\n"
    );
    assert_eq!(dual_lines("a.py", &text), none);
    let text = format!(
        "{ALCHEMY}async def go(db: AsyncSession, m):\n    if m:\n        await p.send_and_wait('t', b'')\n    else:\n        await db.commit()\n"
    );
    assert_eq!(dual_lines("a.py", &text), none);
    let text = format!(
        "{ALCHEMY}import redis.asyncio as redis\nasync def go():\n    await redis.Redis().set('a', 1)\n    await p.send_and_wait('t', b'')\n"
    );
    assert_eq!(dual_lines("a.py", &text), none);
}

#[test]
fn repositories_and_buses_behind_interfaces_are_seen_through() {
    let repo = "import { Repository } from 'typeorm';\nimport { Order } from './order';\nexport interface IOrders { add(o: any): Promise<void>; list(): Promise<void>; }\nexport class Orders implements IOrders {\n  constructor(@InjectRepository(Order) private readonly rows: Repository<Order>) {}\n  async add(o: any) { await this.rows.save(o); }\n  async list() { return this.rows.find(); }\n}\n";
    let bus = "import { Kafka, Producer } from 'kafkajs';\nexport interface IBus { send(topic: string, e: any): Promise<void>; }\nexport class Bus implements IBus {\n  private producer: Producer;\n  async send(topic: string, e: any) { await this.producer.send({ topic, messages: [{ value: JSON.stringify(e) }] }); }\n}\n";
    let service = "import { IOrders } from './repo';\nimport { IBus } from './bus';\nexport class S {\n  constructor(@Inject('O') private orders: IOrders, @Inject('B') private bus: IBus) {}\n  async create(x: any) {\n    await this.orders.add(x);\n    await this.bus.send('t', { a: 1 });\n  }\n  async notify(x: any) {\n    await this.orders.list();\n    await this.bus.send('t', { a: 1 });\n  }\n}\n";
    assert_eq!(dual(&[("repo.ts", repo), ("bus.ts", bus), ("s.ts", service)]), [("s.ts".to_string(), 7)]);
}

#[test]
fn every_usual_store_is_known() {
    let bus = "import { Queue } from 'bullmq';\nconst q = new Queue('x');\n";
    for (head, write) in [
        ("import { model } from 'mongoose';\nconst A = model<IA>('A', s);\n", "const d = new A({}); await d.save();"),
        ("import mongoose from 'mongoose';\nconst A = mongoose.model('A', s);\n", "await A.updateOne({}, {});"),
        (
            "import { PrismaClient } from '@prisma/client';\nconst p = new PrismaClient();\n",
            "await p.order.create({ data });",
        ),
        ("import { Pool } from 'pg';\nconst p = new Pool();\n", "await p.query('INSERT INTO a VALUES ($1)', [1]);"),
        ("import knex from 'knex';\nconst db = knex({});\n", "await db('a').insert({});"),
        (
            "import { MongoClient } from 'mongodb';\nconst c = new MongoClient(u);\n",
            "await c.db('a').collection('b').insertOne({});",
        ),
        (
            "import { DataSource } from 'typeorm';\nconst ds = new DataSource({});\n",
            "await ds.transaction(async (m) => { await m.save(x); });",
        ),
        ("import { Model } from 'sequelize';\nclass A extends Model {}\n", "await A.create({});"),
    ] {
        let text = format!("{head}{bus}async function go() {{\n  {write}\n  await q.add('j', {{}});\n}}\n");
        assert_eq!(dual_lines("a.ts", &text).len(), 1, "{text}");
        let read = text.replace(write, "await log(1);");
        assert_eq!(dual_lines("a.ts", &read).len(), 0, "{read}");
    }
    let text = format!(
        "import {{ Model }} from 'mongoose';\n{bus}class S {{\n  constructor(@InjectModel('A') private m: Model<A>) {{}}\n  async go() {{\n    const d = new this.m({{}});\n    await d.save();\n    await q.add('j', {{}});\n  }}\n}}\n"
    );
    assert_eq!(dual_lines("a.ts", &text), [9]);
    let bus = "from celery import shared_task\n@shared_task\ndef job(x): pass\n";
    for (head, write) in [
        ("from django.db import models\nclass A(models.Model): pass\n", "A.objects.create(x=1)"),
        ("from django.db import models\nclass A(models.Model): pass\n", "a = A.objects.get(id=1)\n    a.save()"),
        ("import psycopg2\nc = psycopg2.connect(u)\n", "c.cursor().execute('UPDATE a SET b = 1')\n    c.commit()"),
        ("from pymongo import MongoClient\nc = MongoClient(u)\n", "c.shop.orders.insert_one({})"),
        (
            "from motor.motor_asyncio import AsyncIOMotorClient\nc = AsyncIOMotorClient(u)\n",
            "c['shop']['orders'].update_one({}, {})",
        ),
        ("from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n", "db.session.commit()"),
        ("import sqlite3\nc = sqlite3.connect('x')\n", "c.execute('INSERT INTO a VALUES (1)')"),
    ] {
        let text = format!("{head}{bus}def go():\n    {write}\n    job.delay(1)\n");
        assert_eq!(dual_lines("a.py", &text).len(), 1, "{text}");
    }
}

#[test]
fn the_finding_stands_where_both_happen() {
    let text = "import { Repository } from 'typeorm';\nimport { Kafka } from 'kafkajs';\nconst producer = new Kafka({}).producer();\nclass S {\n  constructor(private rows: Repository<any>) {}\n  private async announce(o: any) {\n    await producer.send({ topic: 'x', messages: [{ value: JSON.stringify(o) }] });\n  }\n  async create(o: any) {\n    await this.rows.save(o);\n    await this.announce(o);\n  }\n  private async recount(id: string) {\n    const rows = await this.rows.find();\n    await this.announce(rows);\n  }\n  async close(o: any) {\n    await this.rows.save(o);\n    await this.recount('1');\n  }\n}\n";
    assert_eq!(dual_lines("a.ts", text), [11]);
}

#[test]
fn what_runs_in_the_background_is_called_too() {
    let text = format!(
        "{ALCHEMY}import json\nasync def announce(topic, event):\n    await p.send_and_wait(topic, json.dumps(event).encode())\nasync def go(db: AsyncSession, tasks):\n    await db.commit()\n    tasks.add_task(announce, 'order.created', {{'order_id': 1}})\n"
    );
    assert_eq!(dual_lines("a.py", &text), [10]);
    let found = publishing(&[("a.py", &text)]);
    assert_eq!(found.publishers[0].channel().as_deref(), Some("order.created"));
    assert!(found.publishers[0].event_id.is_absent());
}

#[test]
fn injected_clients_are_followed_through_type_aliases() {
    let deps = "from typing import Annotated, Any\nfrom fastapi import Depends\nfrom sqlalchemy.orm import Session\nimport boto3\ndef get_sqs():\n    return boto3.client('sqs')\ndef get_db():\n    yield Session()\nSqs = Annotated[Any, Depends(get_sqs)]\nDb = Annotated[Session, Depends(get_db)]\n";
    let routes = "from deps import Sqs, Db\ndef announce(client):\n    client.send_message(QueueUrl='q', MessageBody='{}')\ndef create(sqs: Sqs, db: Db):\n    db.commit()\n    announce(sqs)\n";
    assert_eq!(dual(&[("deps.py", deps), ("routes.py", routes)]), [("routes.py".to_string(), 6)]);
}

#[test]
fn what_is_passed_as_one_object_is_taken_apart() {
    for (param, topic, body) in
        [("data: any", "data.topic", "data.message"), ("{ topic, message }: Options", "topic", "message")]
    {
        let bus = format!(
            "import {{ Kafka }} from 'kafkajs';\nconst producer = new Kafka({{}}).producer();\ninterface Options {{ topic: string; message: Record<string, unknown> }}\nexport const publish = async ({param}) => {{\n  await producer.send({{ topic: {topic}, messages: [{{ value: JSON.stringify({body}) }}] }});\n}};\nexport const Broker = {{ publish }};\n"
        );
        let user = "import { Broker } from './bus';\nawait Broker.publish({ topic: 'orders', message: { orderId: 1, eventId: 'x' } });\n";
        let found = publishing(&[("bus.ts", &bus), ("user.ts", user)]);
        let p = &found.publishers[0];
        assert_eq!(p.channel().as_deref(), Some("orders"), "{param}");
        assert!(p.version.is_absent() && p.event_id.is_present(), "{param}: {:?}", p.payloads);
    }
}

#[test]
fn what_spring_sends_is_confirmed_when_somebody_looks() {
    let kafka = |send: &str| {
        format!(
            "package a;\nimport org.springframework.kafka.core.KafkaTemplate;\nclass P {{\n  private final KafkaTemplate<String, String> template;\n  P(KafkaTemplate<String, String> template) {{ this.template = template; }}\n  void publish(String id) {{ {send} }}\n}}\n"
        )
    };
    assert_eq!(one("a/P.java", &kafka("template.send(\"orders\", id);")), "-d??");
    assert_eq!(one("a/P.java", &kafka("template.send(\"orders\", id).whenComplete((r, e) -> {});")), "+d??");
    assert_eq!(one("a/P.java", &kafka("var sent = template.send(\"orders\", id); sent.get();")), "+d??");
    // Nobody is told that it failed.
    assert_eq!(one("a/P.java", &kafka("template.send(\"orders\", id).thenRun(() -> {});")), "-d??");
    assert_eq!(
        one("a/P.java", &kafka("template.send(\"orders\", id).thenAccept(r -> {}).exceptionally(e -> null);")),
        "+d??"
    );
    let rabbit = |extra: &str| {
        format!(
            "package a;\nimport org.springframework.amqp.rabbit.core.RabbitTemplate;\nclass P {{\n  private final RabbitTemplate template;\n  P(RabbitTemplate template) {{ this.template = template; }}\n  void publish(String id) {{ {extra} template.convertAndSend(\"orders\", id); }}\n}}\n"
        )
    };
    assert_eq!(one("a/P.java", &rabbit("")), "-d??");
    assert_eq!(one("a/P.java", &rabbit("template.setConfirmCallback((c, ack, why) -> {});")), "?d??");
}

const KAFKA_WRITER: &str = "package a\nimport (\n\"context\"\n\"encoding/json\"\n\"github.com/segmentio/kafka-go\"\n)\ntype Writer struct { writer *kafka.Writer }\nfunc New() *Writer { return &Writer{writer: kafka.NewWriter(kafka.WriterConfig{Topic: \"orders\"})} }\n";

#[test]
fn a_message_that_a_go_wrapper_is_handed_is_read_where_it_is_made() {
    let one_of = |wrapper: &str, message: &str| {
        let text = format!(
            "{KAFKA_WRITER}{wrapper}\ntype Event struct {{ OrderID string `json:\"order_id\"` }}\ntype Versioned struct {{ EventID string `json:\"event_id\"`; Version int `json:\"version\"` }}\nfunc save(ctx context.Context) {{\n\tbody, _ := json.Marshal({message})\n\tNew().Send(ctx, kafka.Message{{Value: body}})\n}}\n"
        );
        one("a/a.go", &text)[2..].to_string()
    };
    let single =
        "func (w *Writer) Send(ctx context.Context, m kafka.Message) error { return w.writer.WriteMessages(ctx, m) }";
    let several = "func (w *Writer) Send(ctx context.Context, m ...kafka.Message) error { return w.writer.WriteMessages(ctx, m...) }";
    for wrapper in [single, several] {
        assert_eq!(one_of(wrapper, "Event{}"), "--", "{wrapper}");
        assert_eq!(one_of(wrapper, "Versioned{}"), "++".replace('+', "d"), "{wrapper}");
    }
}

#[test]
fn a_message_for_the_input_of_an_asynchronous_producer_is_published() {
    let text = "package a\nimport \"github.com/IBM/sarama\"\nfunc send() {\n\tproducer, _ := sarama.NewAsyncProducer([]string{\"b:9092\"}, nil)\n\tproducer.Input() <- &sarama.ProducerMessage{Topic: \"orders\", Value: sarama.StringEncoder(`{\"order_id\": 1}`)}\n}\nfunc own(jobs chan string) { jobs <- \"x\" }\n";
    let found = publishing(&[("a/a.go", text)]);
    let channels: Vec<_> = found.publishers.iter().map(Publisher::channel).collect();
    assert_eq!(channels, [Some("orders".to_string())]);
    assert_eq!(one("a/a.go", text)[2..], *"--");
}

#[test]
fn options_that_the_callers_of_a_wrapper_pass() {
    let wrapper = |options: &str| {
        let text = format!(
            "import amqp, {{ Options }} from 'amqplib';\nexport async function send(queue: string, options: Options.Publish, body: any) {{\n const channel = await (await amqp.connect('x')).createChannel();\n channel.sendToQueue(queue, Buffer.from(JSON.stringify(body)), options);\n}}\nsend('q', {options}, {{ a: 1 }});\n"
        );
        one("a.ts", &text)
    };
    assert_eq!(wrapper("{}"), "----");
    assert_eq!(wrapper("{ persistent: true, messageId: '1' }"), "-+-+");
}

#[test]
fn a_request_that_waits_for_its_answer_is_no_event() {
    let text = "import pika, json\nc = pika.BlockingConnection().channel()\nc.basic_publish('', 'users', json.dumps({'a': 1}), pika.BasicProperties(reply_to='answers', correlation_id='1'))\n";
    assert_eq!(&one("a.py", text)[2..], "dd");
}

#[test]
fn json_iterator_writes_what_encoding_json_does() {
    let with = |marshal: &str| {
        format!(
            "package a\nimport (\n\"github.com/IBM/sarama\"\njsoniter \"github.com/json-iterator/go\"\n)\ntype Created struct {{ OrderID string `json:\"order_id\"` }}\nfunc send() {{\n\tproducer, _ := sarama.NewSyncProducer([]string{{\"b:9092\"}}, nil)\n\tbody, _ := {marshal}(Created{{OrderID: \"1\"}})\n\tproducer.SendMessage(&sarama.ProducerMessage{{Topic: \"orders\", Value: sarama.ByteEncoder(body)}})\n}}\n"
        )
    };
    for marshal in ["jsoniter.Marshal", "jsoniter.ConfigCompatibleWithStandardLibrary.Marshal"] {
        assert_eq!(one("a/a.go", &with(marshal))[2..], *"--", "{marshal}");
    }
}

#[test]
fn headers_that_only_carry_a_trace_hold_no_id() {
    let with = |more: &str| {
        let text = format!(
            "package a\nimport (\n\"encoding/json\"\namqp \"github.com/rabbitmq/amqp091-go\"\n)\ntype Carrier map[string]interface{{}}\nfunc (c Carrier) Get(k string) string {{ return \"\" }}\nfunc (c Carrier) Set(k string, v string) {{ c[k] = v }}\nfunc (c Carrier) Keys() []string {{ return nil }}\nfunc inject() map[string]interface{{}} {{\n\tcarrier := make(Carrier)\n{more}\treturn carrier\n}}\ntype Order struct {{ OrderID string `json:\"order_id\"` }}\nfunc send(ch *amqp.Channel) {{\n\tbody, _ := json.Marshal(Order{{OrderID: \"1\"}})\n\theaders := inject()\n\tch.Publish(\"\", \"orders\", false, false, amqp.Publishing{{Body: body, Headers: headers}})\n}}\n"
        );
        one("a/a.go", &text)[2..].to_string()
    };
    assert_eq!(with(""), "--");
}

#[test]
fn a_publish_after_a_write_that_failed_is_no_dual_write() {
    let with = |body: &str| {
        let text = format!(
            "package a\nimport (\n\"context\"\n\"github.com/segmentio/kafka-go\"\n\"gorm.io/gorm\"\n)\ntype Order struct {{ ID int }}\ntype Store struct {{ db *gorm.DB; writer *kafka.Writer }}\nfunc (s *Store) publish(value string) {{ s.writer.WriteMessages(context.Background(), kafka.Message{{Value: []byte(value)}}) }}\nfunc (s *Store) save(o *Order) error {{ return s.db.Create(o).Error }}\nfunc (s *Store) run(o *Order) error {{\n{body}\n\treturn nil\n}}\n"
        );
        dual(&[("a/a.go", &text)]).into_iter().map(|(_, line)| line).collect::<Vec<_>>()
    };
    assert_eq!(
        with("\tif err := s.db.Create(o).Error; err != nil {\n\t\ts.publish(\"failed\")\n\t\treturn err\n\t}"),
        [0; 0]
    );
    assert_eq!(with("\terr := s.save(o)\n\tif err != nil {\n\t\ts.publish(\"failed\")\n\t}"), [0; 0]);
    assert_eq!(with("\tif err := s.save(o); err != nil { return err }\n\ts.publish(\"saved\")"), [13]);
    assert_eq!(with("\tif err := s.save(o); err != nil { return err }\n\tgo func() { s.publish(\"saved\") }()"), [13]);
}

#[test]
fn rows_of_typeorm_are_published_as_they_are() {
    let service = |fields: &str, body: &str| {
        one(
            "orders.service.ts",
            &format!(
                "import * as amqp from 'amqplib';\nimport {{ Repository }} from 'typeorm';\nclass Order {{ id: string; total: number;{fields} }}\nexport class Orders {{\n  private channel: amqp.Channel;\n  constructor(private readonly repo: Repository<Order>) {{}}\n  async place(data: Partial<Order>) {{\n{body}  }}\n}}\n"
            ),
        )
    };
    let send =
        "    this.channel.sendToQueue('order_placed', Buffer.from(JSON.stringify(saved)), { persistent: true });\n";
    let saved = format!("    const saved = await this.repo.save(data);\n{send}");
    assert_eq!(service("", &saved), "-+--");
    assert_eq!(service(" eventId: string; schemaVersion: number;", &saved), "-+dd");
    assert_eq!(
        service("", &format!("    const saved = await this.repo.findOne({{ where: {{ id: 1 }} }});\n{send}")),
        "-+--"
    );
    // What is saved comes back.
    let with_id =
        format!("    const saved = await this.repo.save({{ ...data, eventId: crypto.randomUUID() }});\n{send}");
    assert_eq!(service("", &with_id), "-+-+");
}

#[test]
fn rows_of_django_and_keys_of_rows() {
    let view = |meta: &str, published: &str| {
        facts(
            "views.py",
            &format!(
                "import json\nimport pika\nfrom django.db import models\nfrom rest_framework import serializers, viewsets\nchannel = pika.BlockingConnection().channel()\nclass Product(models.Model):\n    title = models.CharField()\n    likes = models.IntegerField()\nclass ProductSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Product\n        {meta}\ndef publish(method, body):\n    channel.basic_publish(exchange='', routing_key='main', body=json.dumps(body), properties=pika.BasicProperties(method))\nclass ProductViewSet(viewsets.ViewSet):\n    def create(self, request, pk=None):\n        serializer = ProductSerializer(data=request.data)\n        serializer.is_valid(raise_exception=True)\n        serializer.save()\n        publish('product_created', {published})\n"
            ),
        )
        .remove(0)
    };
    assert_eq!(view("fields = '__all__'", "serializer.data"), "----");
    assert_eq!(view("fields = ['id', 'title']", "serializer.data"), "----");
    assert_eq!(view("fields = ['event_id', 'event_version']", "serializer.data"), "--dd");
    assert_eq!(view("fields = FIELDS", "serializer.data"), "--??");
    // The key of a row has no fields.
    assert_eq!(view("fields = '__all__'", "pk"), "----");
    assert_eq!(view("fields = '__all__'", "request.data"), "--??");
}

#[test]
fn properties_that_a_method_takes_from_its_class() {
    let publisher = |properties: &str| {
        one(
            "publisher.py",
            &format!(
                "import json\nimport pika\nclass Publish:\n    DEFAULT = pika.BasicProperties({properties})\n    def __init__(self):\n        self.channel = pika.BlockingConnection().channel()\n    def publish(self, msg, properties=DEFAULT):\n        self.channel.basic_publish(exchange='e', routing_key='r', body=json.dumps(msg), properties=properties)\npublisher = Publish()\npublisher.publish(msg={{'email': 'a'}})\n"
            ),
        )
    };
    assert_eq!(publisher("content_type='application/json'"), "----");
    assert_eq!(publisher("delivery_mode=2, message_id='x', headers={'event_version': 1}"), "-+++");
}
