//! Every way in which a library hands messages over is found.

use super::*;

/// Library and channels of what is found.
fn found(read: &Read) -> Vec<(String, Vec<String>)> {
    read.consumers.iter().map(|c| (c.library.clone(), c.channels.clone())).collect()
}

fn is(read: &Read, library: &str, channels: &[&str]) {
    let channels: Vec<String> = channels.iter().map(ToString::to_string).collect();
    assert_eq!(found(read), [(library.to_string(), channels)]);
}

#[test]
fn pika_callbacks_and_generators() {
    let callback = python(
        "import pika\nchannel = pika.BlockingConnection().channel()\ndef on(ch, method, props, body):\n    ch.basic_ack(method.delivery_tag)\nchannel.basic_consume(queue='orders', on_message_callback=on)\nchannel.start_consuming()\n",
    );
    is(&callback, "pika", &["orders"]);
    assert_eq!(callback.one().handlers[0].function.as_ref().unwrap().0, "on");
    let generator = python(
        "import pika\nchannel = pika.BlockingConnection().channel()\nfor method, props, body in channel.consume('orders'):\n    print(body)\n    channel.basic_ack(method.delivery_tag)\n",
    );
    is(&generator, "pika", &["orders"]);
}

#[test]
fn aio_pika_callbacks_and_iterators() {
    is(
        &python(
            "import aio_pika\nasync def main():\n    c = await aio_pika.connect_robust('x')\n    ch = await c.channel()\n    q = await ch.declare_queue('orders')\n    await q.consume(on)\nasync def on(m):\n    async with m.process():\n        print(m)\n",
        ),
        "aio-pika",
        &["orders"],
    );
    is(
        &python(
            "import aio_pika\nasync def main():\n    c = await aio_pika.connect_robust('x')\n    ch = await c.channel()\n    q = await ch.declare_queue('orders')\n    async with q.iterator() as it:\n        async for m in it:\n            await m.ack()\n",
        ),
        "aio-pika",
        &["orders"],
    );
    let queue = |made: &str| {
        let text = format!(
            "import aio_pika\nasync def main():\n    c = await aio_pika.connect_robust('amqp://rabbit')\n    ch = await c.channel()\n    q = await ch.{made}\n    await q.consume(on)\nasync def on(m):\n    await m.ack()\n"
        );
        python(&text).one().channels.clone()
    };
    assert_eq!(queue("get_queue('orders')"), ["orders"]);
    assert_eq!(queue("declare_queue(name='orders', durable=True)"), ["orders"]);
    assert_eq!(queue("declare_queue(exclusive=True)"), [""; 0], "the broker gives it a name");
}

#[test]
fn kafka_consumers_are_joined_with_the_loops_that_use_them() {
    let read = read(&[
        (
            "svc/main.py",
            "from aiokafka import AIOKafkaConsumer\nfrom loop import run\nasync def main():\n    consumer = AIOKafkaConsumer('orders', group_id='g', enable_auto_commit=False)\n    await run(consumer)\n",
        ),
        (
            "svc/loop.py",
            "from aiokafka import AIOKafkaConsumer\nfrom smtplib import SMTP\nasync def run(consumer: AIOKafkaConsumer):\n    async for m in consumer:\n        SMTP().send_message(m)\n        await consumer.commit()\n",
        ),
    ]);
    is(&read, "aiokafka", &["orders"]);
    assert_eq!(read.ack(), "after");
    assert_eq!(read.duplicates(), "no: SMTP().send_message(m)");
}

#[test]
fn polling_loops_belong_to_their_consumer() {
    let read = python(
        "from confluent_kafka import Consumer\nimport smtplib\nclass Worker:\n    def __init__(self):\n        self.consumer = Consumer({'group.id': 'g', 'enable.auto.commit': False})\n    def run(self):\n        while True:\n            m = self.consumer.poll(1.0)\n            smtplib.SMTP().send_message(m)\n            self.consumer.commit(m)\n",
    );
    is(&read, "confluent-kafka", &[]);
    assert_eq!(read.ack(), "after");
}

#[test]
fn decorated_functions_of_frameworks() {
    is(
        &read(&[
            (
                "svc/consumers.py",
                "from stream import broker\nfrom faststream import Logger\n@broker.subscriber('orders', group_id='g')\nasync def handle(m, logger: Logger):\n    logger.info(m)\n",
            ),
            (
                "svc/stream.py",
                "from faststream import FastStream\nfrom faststream.kafka import KafkaBroker\nbroker = KafkaBroker('x')\napp = FastStream(broker)\n",
            ),
        ]),
        "FastStream",
        &["orders"],
    );
    is(
        &python("from celery import Celery\napp = Celery('x')\n@app.task(name='mail')\ndef mail(to):\n    pass\n"),
        "celery",
        &["mail"],
    );
    is(&python("from celery import shared_task\n@shared_task\ndef mail(to):\n    pass\n"), "celery", &[]);
}

#[test]
fn queues_in_the_cloud_and_in_redis() {
    is(
        &python(
            "import boto3\nsqs = boto3.client('sqs')\nwhile True:\n    r = sqs.receive_message(QueueUrl='https://sqs/orders')\n    for m in r['Messages']:\n        print(m)\n        sqs.delete_message(QueueUrl='https://sqs/orders', ReceiptHandle=m['ReceiptHandle'])\n",
        ),
        "boto3",
        &["https://sqs/orders"],
    );
    is(
        &python(
            "import redis\nr = redis.Redis()\nwhile True:\n    for s, ms in r.xreadgroup('g', 'c', {'orders': '>'}):\n        print(ms)\n",
        ),
        "redis-py",
        &[],
    );
}

#[test]
fn streams_of_redis_on_the_jvm() {
    let lettuce = "package a\nimport io.lettuce.core.*\nimport io.lettuce.core.api.sync.RedisCommands\nclass Worker(private val client: RedisClient) {\n  fun run() {\n    val sync = client.connect().sync()\n    while (true) {\n      for (m in sync.xreadgroup(Consumer.from(\"g\", \"c\"), XReadArgs.StreamOffset.lastConsumed(\"orders\"))) {\n        println(m.body)\n        sync.xack(\"orders\", \"g\", m.id)\n      }\n    }\n  }\n}\n";
    let found = read(&[("svc/src/main/kotlin/a/Worker.kt", lettuce)]);
    assert_eq!((found.one().library.as_str(), found.ack(), found.dead_letter()), ("Lettuce", "after", "absent"));
    let jedis = "package a;\nimport redis.clients.jedis.Jedis;\nclass Worker {\n  void run(Jedis jedis) {\n    while (true) {\n      for (var m : jedis.xreadGroup(\"g\", \"c\", params, streams)) {\n        System.out.println(m);\n        jedis.xack(\"orders\", \"g\", m.id());\n      }\n    }\n  }\n}\n";
    let found = read(&[("svc/src/main/java/a/Worker.java", jedis)]);
    assert_eq!((found.one().library.as_str(), found.ack()), ("Jedis", "after"));
}

#[test]
fn amqplib_with_callbacks_promises_and_a_manager() {
    is(
        &typescript(
            "const amqp = require('amqplib/callback_api');\namqp.connect('x', (e, conn) => conn.createChannel((e2, ch) => { ch.consume('orders', (m) => { ch.ack(m); }); }));\n",
        ),
        "amqplib",
        &["orders"],
    );
    is(
        &typescript(
            "import * as amqp from 'amqp-connection-manager';\nconst w = amqp.connect(['x']).createChannel({});\nw.consume('orders', async (m) => { w.ack(m); });\n",
        ),
        "amqp-connection-manager",
        &["orders"],
    );
}

#[test]
fn javascript_kafka_jobs_and_streams() {
    is(
        &typescript(
            "import { Kafka } from 'kafkajs';\nconst c = new Kafka({}).consumer({ groupId: 'g' });\nawait c.run({ eachMessage: async ({ message }) => { console.log(message); } });\n",
        ),
        "kafkajs",
        &[],
    );
    is(
        &typescript("import { Worker } from 'bullmq';\nnew Worker('mail', async (job) => { console.log(job); });\n"),
        "bullmq",
        &["mail"],
    );
    is(
        &typescript(
            "import { Processor, WorkerHost } from '@nestjs/bullmq';\n@Processor('mail')\nexport class P extends WorkerHost { async process(job) { console.log(job); } }\n",
        ),
        "@nestjs/bullmq",
        &["mail"],
    );
    for decorator in ["RabbitSubscribe", "RabbitRPC"] {
        let text = format!(
            "import {{ {decorator} }} from '@golevelup/nestjs-rabbitmq';\nclass A {{ @{decorator}({{ exchange: 'e', queue: 'orders' }}) async on(m) {{ console.log(m); }} }}\n"
        );
        is(&typescript(&text), "@golevelup/nestjs-rabbitmq", &["orders"]);
    }
    is(
        &typescript(
            "import { Consumer } from 'sqs-consumer';\nConsumer.create({ queueUrl: 'https://sqs/orders', handleMessage: async (m) => m }).start();\n",
        ),
        "sqs-consumer",
        &["https://sqs/orders"],
    );
}

#[test]
fn nest_handlers_are_consumers_only_behind_a_broker() {
    let app = |transport: &str| {
        read(&[
            (
                "svc/main.ts",
                &format!(
                    "import {{ NestFactory }} from '@nestjs/core';\nimport {{ Transport }} from '@nestjs/microservices';\nimport {{ C }} from './c';\nasync function bootstrap() {{ const app = await NestFactory.createMicroservice(C, {{ {transport} }}); await app.listen(); }}\nbootstrap();\n"
                ),
            ),
            (
                "svc/c.ts",
                "import { EventPattern } from '@nestjs/microservices';\nexport class C { @EventPattern('orders') async on(m) { console.log(m); } }\n",
            ),
        ])
    };
    assert!(app("transport: Transport.TCP").consumers.is_empty());
    // Delivered once or not at all: the map shows who listens, and nothing is asked of it.
    let redis = app("transport: Transport.REDIS");
    assert_eq!(
        (redis.one().broker.as_str(), redis.ack(), redis.dead_letter()),
        ("redis pub/sub", "unknown", "unknown")
    );
    let rabbit = app("transport: Transport.RMQ, options: { urls: ['x'], queue: 'q' }");
    assert_eq!(
        (rabbit.one().broker.as_str(), rabbit.ack(), rabbit.dead_letter()),
        ("rabbitmq", "auto default", "absent")
    );
    let manual = app(
        "transport: Transport.RMQ, options: { noAck: false, queueOptions: { arguments: { 'x-dead-letter-exchange': 'dlx' } } }",
    );
    assert_eq!((manual.ack(), manual.dead_letter()), ("framework", "present"));
    assert_eq!(app("transport: Transport.KAFKA, options: {}").ack(), "framework");
}

#[test]
fn a_nest_application_that_is_called_directly_as_well_takes_its_events_from_the_broker() {
    let app = |direct: &str, decorator: &str| {
        read(&[
            (
                "svc/main.ts",
                &format!(
                    "import {{ NestFactory }} from '@nestjs/core';\nimport {{ Transport }} from '@nestjs/microservices';\nimport {{ C }} from './c';\nasync function bootstrap() {{ const app = await NestFactory.create(C); app.connectMicroservice({{ transport: Transport.{direct} }}); app.connectMicroservice({{ transport: Transport.RMQ, options: {{ urls: ['x'], queue: 'q' }} }}); await app.startAllMicroservices(); }}\nbootstrap();\n"
                ),
            ),
            (
                "svc/c.ts",
                &format!(
                    "import {{ {decorator} }} from '@nestjs/microservices';\nexport class C {{ @{decorator}('orders') async on(m) {{ console.log(m); }} }}\n"
                ),
            ),
        ])
    };
    let both = app("TCP", "EventPattern");
    assert_eq!((both.one().broker.as_str(), both.ack(), both.dead_letter()), ("rabbitmq", "auto default", "absent"));
    // A request may be one of those that come directly, and an event of two brokers is of either.
    assert!(app("TCP", "MessagePattern").consumers.is_empty());
    assert!(app("REDIS", "EventPattern").consumers.is_empty());
}

#[test]
fn other_things_with_the_same_names_are_no_consumers() {
    assert!(
        typescript("class Bus { consume(q, f) { f(q); } }\nnew Bus().consume('orders', (m) => m);\n")
            .consumers
            .is_empty()
    );
    assert!(
        python("class App:\n    def task(self, f):\n        return f\napp = App()\n@app.task\ndef x():\n    pass\n")
            .consumers
            .is_empty()
    );
}

#[test]
fn who_waits_for_the_answer_to_its_own_request_is_no_consumer() {
    let pika = "import pika\nclass Rpc:\n    def __init__(self):\n        self.ch = pika.BlockingConnection().channel()\n        self.replies = self.ch.queue_declare(queue='', exclusive=True).method.queue\n        self.ch.basic_consume(self.replies, on_message_callback=self.on_reply, auto_ack=True)\n    def on_reply(self, ch, method, props, body):\n        self.answer = body\n    def call(self, body):\n        self.ch.basic_publish('', 'orders', body, pika.BasicProperties(reply_to=self.replies))\n";
    assert!(python(pika).consumers.is_empty());
    let aio = "import aio_pika\nclass Rpc:\n    async def start(self, url):\n        self.ch = await (await aio_pika.connect_robust(url)).channel()\n        self.replies = await self.ch.declare_queue(exclusive=True)\n        await self.replies.consume(self.on_reply)\n    def on_reply(self, message):\n        self.answer = message.body\n    async def call(self, body):\n        await self.ch.default_exchange.publish(aio_pika.Message(body, reply_to=self.replies.name), 'orders')\n";
    assert!(python(aio).consumers.is_empty());
    let js = "const amqp = require('amqplib');\nasync function call(body) {\n  const ch = await (await amqp.connect(url)).createChannel();\n  const q = await ch.assertQueue('', { exclusive: true });\n  ch.consume(q.queue, (m) => done(m), { noAck: true });\n  ch.sendToQueue('orders', body, { replyTo: q.queue });\n}\n";
    assert!(typescript(js).consumers.is_empty());
    let server = "import pika\nch = pika.BlockingConnection().channel()\ndef serve(ch, method, props, body):\n    ch.basic_publish('', props.reply_to, body)\nch.basic_consume('orders', serve, auto_ack=True)\n";
    assert_eq!(python(server).consumers.len(), 1);
}

#[test]
fn go_takes_messages_in_a_select() {
    let text = "package a\nimport (\n\"context\"\namqp \"github.com/rabbitmq/amqp091-go\"\n)\nfunc run(ctx context.Context, ch *amqp.Channel, handle func([]byte) error) {\n\tmsgs, _ := ch.Consume(\"orders\", \"\", false, false, false, false, nil)\n\tfor {\n\t\tselect {\n\t\tcase <-ctx.Done(): return\n\t\tcase m, ok := <-msgs:\n\t\t\tif !ok { return }\n\t\t\tif err := handle(m.Body); err != nil { m.Nack(false, false); continue }\n\t\t\tm.Ack(false)\n\t\t}\n\t}\n}\n";
    assert_eq!(read(&[("svc/main.go", text)]).ack(), "after");
}

#[test]
fn functions_of_lambda_that_take_a_queue() {
    let typed = "import type { SQSHandler } from 'aws-lambda';\nexport const handler: SQSHandler = async (event) => {\n  for (const record of event.Records) {\n    console.log(record.body);\n  }\n};\n";
    is(&typescript(typed), "AWS Lambda", &[]);
    assert_eq!(typescript(typed).ack(), "framework");
    let event = "import { SQSEvent } from 'aws-lambda';\nexport async function handler(event: SQSEvent) {\n  await Promise.all(event.Records.map((r) => console.log(r.body)));\n}\n";
    is(&typescript(event), "AWS Lambda", &[]);
    // Changes in a bucket are no messages of a queue.
    let bucket = "import { S3Event } from 'aws-lambda';\nexport async function handler(event: S3Event) {\n  for (const r of event.Records) console.log(r.s3.bucket.name);\n}\n";
    assert_eq!(found(&typescript(bucket)), []);
    let of_python = "import json\ndef handler(event, context):\n    for record in event['Records']:\n        print(json.loads(record['body']))\n";
    is(&python(of_python), "AWS Lambda", &[]);
    assert_eq!(found(&python(&of_python.replace("record['body']", "record['s3']"))), []);
}

#[test]
fn mqtt_messages() {
    is(
        &typescript(
            "import * as mqtt from 'mqtt';\nconst client = mqtt.connect('mqtt://x');\nclient.on('connect', () => client.subscribe('orders'));\nclient.on('message', (topic, payload) => { console.log(topic); });\n",
        ),
        "mqtt",
        &[],
    );
}

#[test]
fn each_file_that_a_factory_makes_a_consumer_for_has_one_of_its_own() {
    let kafka = "from confluent_kafka import Consumer, Producer\ndef open_kafka(group):\n    producer = Producer({})\n    consumer = Consumer({'group.id': group, 'enable.auto.commit': False})\n    return producer, consumer\n";
    let worker = |group: &str, work: &str| {
        format!(
            "import smtplib\nfrom common.kafka import open_kafka\n_, CONSUMER = open_kafka('{group}')\nCONSUMER.subscribe(['{group}'])\nwhile True:\n    m = CONSUMER.poll(1)\n    {work}\n    CONSUMER.commit(m)\n"
        )
    };
    let read = read(&[
        ("common/kafka.py", kafka),
        ("bake.py", &worker("bake", "smtplib.SMTP().send_message(m)")),
        ("serve.py", &worker("serve", "print(m)")),
    ]);
    let verdicts: Vec<_> = read.consumers.iter().map(|c| c.handlers[0].idempotency.clone()).collect();
    assert_eq!(verdicts.len(), 2);
    assert!(matches!(verdicts[0], Idempotency::No { .. }), "{verdicts:?}");
    assert_eq!(verdicts[1], Idempotency::NotNeeded);
    assert_ne!(read.consumers[0].place.file, read.consumers[1].place.file);
    assert!(read.consumers.iter().all(|c| c.place.file != crate::syntax::FileId(0)));
}
