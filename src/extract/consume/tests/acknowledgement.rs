//! When a message is acknowledged.

use super::*;

fn amqplib(body: &str) -> Read {
    typescript(&format!(
        "import amqp from 'amqplib';\nimport nodemailer from 'nodemailer';\nconst mail = nodemailer.createTransport({{}});\nconst NO_ACK = true;\nasync function work(m) {{ await mail.sendMail(m); }}\nasync function main() {{\n const ch = await (await amqp.connect('x')).createChannel();\n {body}\n}}\nmain();\n"
    ))
}

#[test]
fn after_the_work() {
    assert_eq!(amqplib("ch.consume('q', async (m) => { await work(m); ch.ack(m); });").ack(), "after");
    assert_eq!(
        amqplib("ch.consume('q', (m) => { work(m).then(() => ch.ack(m)).catch(() => ch.nack(m, false, false)); });")
            .ack(),
        "after"
    );
    assert_eq!(amqplib("ch.consume('q', async (m) => { try { await work(m); } catch (e) { ch.nack(m, false, false); return; } ch.ack(m); });").ack(), "after");
}

#[test]
fn an_empty_message_may_be_acknowledged_at_once() {
    assert_eq!(
        amqplib("ch.consume('q', async (m) => { if (!m.content) { ch.ack(m); return; } await work(m); ch.ack(m); });")
            .ack(),
        "after"
    );
}

#[test]
fn before_the_work() {
    let read = amqplib("ch.consume('q', async (m) => { ch.ack(m); await work(m); });");
    let Ack::Before { place, work, .. } = &read.one().ack else { panic!("{:?}", read.one().ack) };
    assert_eq!(read.at(*place), "ch.ack(m)");
    assert_eq!(read.at(work.unwrap()), "mail.sendMail(m)");
}

#[test]
fn work_that_nothing_waits_for() {
    assert_eq!(amqplib("ch.consume('q', (m) => { work(m); ch.ack(m); });").ack(), "before");
    assert_eq!(amqplib("ch.consume('q', (m) => { work(m).catch(console.error); ch.ack(m); });").ack(), "before");
    assert_eq!(amqplib("ch.consume('q', (m) => { setImmediate(() => work(m)); ch.ack(m); });").ack(), "before");
    let task = python(
        "import asyncio, aio_pika, smtplib\nasync def work(m):\n    smtplib.SMTP().send_message(m)\nasync def on(m):\n    asyncio.create_task(work(m))\n    await m.ack()\nasync def main():\n    q = await (await (await aio_pika.connect('x')).channel()).declare_queue('q')\n    await q.consume(on)\n",
    );
    assert_eq!(task.ack(), "before");
}

#[test]
fn a_framework_acknowledges_after_a_handler_that_does_not_wait() {
    let kafkajs = |handler: &str| {
        typescript(&format!(
            "import {{ Kafka }} from 'kafkajs';\nimport {{ Pool }} from 'pg';\nconst pool = new Pool();\nconst c = new Kafka({{}}).consumer({{ groupId: 'g' }});\nconst waiting = [];\nasync function keep(m) {{ await pool.query('INSERT INTO log (text) VALUES ($1)', [m]); }}\nasync function flush() {{ for (const m of waiting.splice(0)) await keep(m); }}\nc.run({{ eachMessage: async ({{ message }}) => {{ {handler} }} }});\n"
        ))
    };
    assert_eq!(kafkajs("await keep(message.value);").ack(), "framework");
    assert_eq!(kafkajs("return keep(message.value);").ack(), "framework");
    assert_eq!(kafkajs("keep(message.value);").ack(), "unawaited");
    assert_eq!(kafkajs("waiting.push(message.value); if (waiting.length > 99) void flush();").ack(), "unawaited");
    // What is stored before it returns is safe, and a log line may be lost.
    assert_eq!(kafkajs("await keep(message.value); keep('seen');").ack(), "framework");
    assert_eq!(kafkajs("setImmediate(() => console.log(message.value));").ack(), "framework");
    let read = kafkajs("keep(message.value);");
    let Ack::Unawaited { call, work } = &read.one().ack else { panic!("{:?}", read.one().ack) };
    assert_eq!(read.at(*call), "keep(message.value)");
    assert_eq!(read.at(*work), "pool.query('INSERT INTO log (text) VALUES ($1)', [m])");
}

#[test]
fn a_wrapper_hands_over_the_means_to_acknowledge() {
    let handler = |body: &str| {
        typescript(&format!(
            "import amqp from 'amqplib';\nimport nodemailer from 'nodemailer';\nconst mail = nodemailer.createTransport({{}});\nclass Bus {{\n private ch: amqp.Channel;\n async on(q: string, handle: (m: any, done: () => void) => Promise<void>) {{\n  await this.ch.consume(q, async (m) => {{ const done = () => this.ch.ack(m); await handle(m.content, done); }});\n }}\n}}\nnew Bus().on('q', async (m, done) => {{ {body} }});\n"
        ))
    };
    assert_eq!(handler("await mail.sendMail(m); done();").ack(), "after");
    assert_eq!(handler("done(); await mail.sendMail(m);").ack(), "before");
    assert_eq!(handler("await mail.sendMail(m);").ack(), "unknown");
}

#[test]
fn an_async_handler_that_a_wrapper_does_not_await() {
    let wrapper = |call: &str| {
        read(&[
            (
                "svc/bus.ts",
                &format!(
                    "import amqp from 'amqplib';\nexport class Bus {{ constructor(private ch: amqp.Channel) {{}}\n async on(q: string, handler: (m: any) => void) {{ await this.ch.consume(q, {call}); }} }}\n"
                ),
            ),
            (
                "svc/main.ts",
                "import { Bus } from './bus';\nimport nodemailer from 'nodemailer';\nconst mail = nodemailer.createTransport({});\nexport class App { constructor(private bus: Bus) {}\n start() { this.bus.on('orders', async (m) => { await mail.sendMail(m); }); } }\n",
            ),
        ])
    };
    assert_eq!(wrapper("(m) => { handler(m); this.ch.ack(m); }").ack(), "before");
    let awaited = wrapper("async (m) => { await handler(m); this.ch.ack(m); }");
    assert_eq!(awaited.ack(), "after");
    // The registration carries the verdict about duplicates.
    assert_eq!(awaited.at(awaited.one().handlers[0].place).split('(').next(), Some("this.bus.on"));
    assert_eq!(awaited.duplicates(), "no: mail.sendMail(m)");
    assert_eq!(awaited.one().channels, ["orders"]);
}

#[test]
fn settings_of_the_broker_are_followed_through_constants() {
    assert_eq!(amqplib("ch.consume('q', work, { noAck: NO_ACK });").ack(), "auto set");
    assert_eq!(
        amqplib("ch.consume('q', async (m) => { await work(m); ch.ack(m); }, { noAck: false });").ack(),
        "after"
    );
    assert_eq!(amqplib("ch.consume('q', work, options());").ack(), "unknown");
    let pika = |arguments: &str| {
        python(&format!(
            "import pika\nch = pika.BlockingConnection().channel()\ndef on(c, m, p, b):\n    pass\nch.basic_consume('q', on{arguments})\n"
        ))
    };
    assert_eq!(pika(", auto_ack=True").ack(), "auto set");
    assert_eq!(pika(", True").ack(), "auto set");
    assert_eq!(pika("").ack(), "unknown");
}

#[test]
fn kafka_positions() {
    let aiokafka = |arguments: &str| {
        python(&format!(
            "from aiokafka import AIOKafkaConsumer\nasync def main():\n    c = AIOKafkaConsumer('t'{arguments})\n    async for m in c:\n        print(m)\n"
        ))
    };
    assert_eq!(aiokafka(", group_id='g'").ack(), "auto default");
    assert_eq!(aiokafka(", group_id='g', enable_auto_commit=True").ack(), "auto set");
    // Without a group there is nothing to commit.
    assert_eq!(aiokafka("").ack(), "unknown");
    assert_eq!(aiokafka(", group_id='g', **options").ack(), "unknown");
    let confluent = |options: &str| {
        python(&format!(
            "from confluent_kafka import Consumer\nc = Consumer({{'group.id': 'g'{options}}})\nwhile True:\n    m = c.poll(1)\n    print(m)\n    c.store_offsets(m)\n"
        ))
    };
    assert_eq!(confluent("").ack(), "auto default");
    assert_eq!(confluent(", 'enable.auto.offset.store': False").ack(), "after");
    let js = typescript(
        "import { Kafka } from 'kafkajs';\nconst c = new Kafka({}).consumer({ groupId: 'g' });\nc.run({ eachMessage: async () => {} });\n",
    );
    assert_eq!(js.ack(), "framework");
}

#[test]
fn celery_tasks() {
    let task = |arguments: &str, after: &str| {
        python(&format!(
            "from celery import Celery\nimport smtplib\napp = Celery('x')\n@app.task{arguments}\ndef mail(m):\n    smtplib.SMTP().send_message(m)\n{after}"
        ))
    };
    assert_eq!(task("", "").ack(), "auto default");
    assert_eq!(task("(acks_late=True)", "").ack(), "framework");
    assert_eq!(task("", "app.conf.task_acks_late = True\n").ack(), "framework");
    assert_eq!(task("", "app.conf.update(task_acks_late=True)\n").ack(), "framework");
    // Whatever it does: what a worker took is gone when it dies.
    assert_eq!(
        python("from celery import shared_task\n@shared_task\ndef warm():\n    print(1)\n").ack(),
        "auto default"
    );
}

#[test]
fn queues_that_forget_on_reading() {
    assert_eq!(
        python("import redis\nr = redis.Redis()\nwhile True:\n    print(r.blpop('jobs'))\n").ack(),
        "auto default"
    );
    assert_eq!(
        python(
            "import redis\nr = redis.Redis()\nwhile True:\n    print(r.xreadgroup('g', 'c', {'s': '>'}, noack=True))\n"
        )
        .ack(),
        "auto set"
    );
    let sqs = |order: &str| {
        python(&format!(
            "import boto3, smtplib\nsqs = boto3.client('sqs')\ndef main():\n    while True:\n        for m in sqs.receive_message(QueueUrl='u')['Messages']:\n{order}\n"
        ))
    };
    let (delete, work) = (
        "            sqs.delete_message(QueueUrl='u', ReceiptHandle=m['r'])",
        "            smtplib.SMTP().send_message(m)",
    );
    assert_eq!(sqs(&format!("{work}\n{delete}")).ack(), "after");
    assert_eq!(sqs(&format!("{delete}\n{work}")).ack(), "before");
}

#[test]
fn faststream_commits_kafka_messages_first() {
    let subscriber = |module: &str, class: &str, arguments: &str| {
        python(&format!(
            "from faststream import AckPolicy\nfrom faststream.{module} import {class}\nbroker = {class}('x')\n@broker.subscriber('t'{arguments})\nasync def on(m):\n    print(m)\n"
        ))
    };
    assert_eq!(subscriber("kafka", "KafkaBroker", ", group_id='g'").ack(), "auto default");
    assert_eq!(
        subscriber("kafka", "KafkaBroker", ", group_id='g', ack_policy=AckPolicy.NACK_ON_ERROR").ack(),
        "framework"
    );
    assert_eq!(subscriber("rabbit", "RabbitBroker", "").ack(), "framework");
}

#[test]
fn options_that_the_callers_of_a_wrapper_pass() {
    let wrapper = |options: &str| {
        typescript(&format!(
            "import amqp, {{ Options }} from 'amqplib';\nexport async function listen(ch: amqp.Channel, queue: string, declared: Options.AssertQueue, options: Options.Consume, work: (m: any) => any) {{\n await ch.assertQueue(queue, declared);\n await ch.consume(queue, async (m) => {{ await work(m); }}, options);\n}}\nlisten(null, 'q', {options}, (m) => 1);\n"
        ))
    };
    assert_eq!(wrapper("{}, { noAck: true }").ack(), "auto set");
    assert_ne!(wrapper("{}, {}").ack(), "auto set");
    assert_eq!(wrapper("{}, {}").dead_letter(), "absent");
    assert_eq!(wrapper("{ deadLetterExchange: 'dead' }, {}").dead_letter(), "present");
}
