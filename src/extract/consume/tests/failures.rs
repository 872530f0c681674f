//! Dead letters, redelivery and shutdown.

use super::*;

fn rabbit(declare: &str, failed: &str) -> Read {
    typescript(&format!(
        "import amqp from 'amqplib';\nconst QUEUE = 'orders';\nasync function main() {{\n const ch = await (await amqp.connect('x')).createChannel();\n {declare}\n await ch.consume(QUEUE, async (m) => {{ try {{ console.log(m); ch.ack(m); }} catch (e) {{ {failed} }} }});\n}}\nmain();\n"
    ))
}

const DROP: &str = "ch.nack(m, false, false);";

#[test]
fn the_declaration_of_the_queue_decides() {
    assert_eq!(rabbit("await ch.assertQueue(QUEUE, { durable: true });", DROP).dead_letter(), "absent");
    assert_eq!(rabbit("await ch.assertQueue(QUEUE);", DROP).dead_letter(), "absent");
    assert_eq!(rabbit("await ch.assertQueue(QUEUE, { deadLetterExchange: 'dlx' });", DROP).dead_letter(), "present");
    assert_eq!(
        rabbit("await ch.assertQueue('orders', { arguments: { 'x-dead-letter-exchange': 'dlx' } });", DROP)
            .dead_letter(),
        "present"
    );
    // Another queue's declaration says nothing.
    assert_eq!(rabbit("await ch.assertQueue('other', { deadLetterExchange: 'dlx' });", DROP).dead_letter(), "unknown");
    assert_eq!(rabbit("await ch.assertQueue(QUEUE, options());", DROP).dead_letter(), "unknown");
    assert_eq!(rabbit("", DROP).dead_letter(), "unknown");
    assert_eq!(
        rabbit("await ch.assertQueue(QUEUE);", "ch.sendToQueue('orders.dlq', m.content); ch.ack(m);").dead_letter(),
        "present"
    );
}

#[test]
fn a_queue_that_is_declared_with_the_consumer() {
    let pika = |arguments: &str| {
        python(&format!("import pika\nch = pika.BlockingConnection().channel()\nch.queue_declare(queue='orders', durable=True{arguments})\ndef on(c, m, p, b):\n    c.basic_ack(m.delivery_tag)\nch.basic_consume('orders', on)\n")).dead_letter()
    };
    assert_eq!(pika(""), "absent");
    assert_eq!(pika(", arguments={'x-dead-letter-exchange': 'dlx'}"), "present");
    assert_eq!(pika(", passive=True"), "unknown");
    let aio = |arguments: &str| {
        python(&format!("import aio_pika\nasync def main():\n    ch = await (await aio_pika.connect('x')).channel()\n    other = await ch.declare_queue('dead')\n    q = await ch.declare_queue('orders'{arguments})\n    await q.consume(on)\nasync def on(m):\n    async with m.process():\n        print(m)\n")).dead_letter()
    };
    assert_eq!(aio(""), "absent");
    assert_eq!(aio(", arguments={'x-dead-letter-exchange': 'dlx'}"), "present");
}

#[test]
fn policies_and_infrastructure_count() {
    let source = "import amqp from 'amqplib';\nasync function main() { const ch = await (await amqp.connect('x')).createChannel(); await ch.assertQueue('orders'); ch.consume('orders', (m) => ch.ack(m)); }\n";
    let policy = r#"{"policies": [{"pattern": "^orders$", "definition": {"dead-letter-exchange": "dlx"}}]}"#;
    assert_eq!(word(&read_with(&[("a.ts", source)], &[("definitions.json", policy)]).one().dead_letter), "present");
    assert_eq!(word(&read_with(&[("a.ts", source)], &[("definitions.json", "{}")]).one().dead_letter), "absent");
    let sqs = "import boto3\nsqs = boto3.client('sqs')\nwhile True:\n    print(sqs.receive_message(QueueUrl='q'))\n";
    let of = |terraform: &str| word(&read_with(&[("a.py", sqs)], &[("main.tf", terraform)]).one().dead_letter);
    assert_eq!(of("resource \"aws_sqs_queue\" \"q\" { redrive_policy = 1 }"), "present");
    assert_eq!(of("resource \"aws_sqs_queue\" \"q\" {}"), "absent");
    // The queue is made somewhere else.
    assert_eq!(of(""), "unknown");
}

#[test]
fn kafka_needs_a_topic_in_the_error_path() {
    let consumer = |failed: &str| {
        typescript(&format!("import {{ Kafka }} from 'kafkajs';\nconst kafka = new Kafka({{}});\nconst c = kafka.consumer({{ groupId: 'g' }});\nconst p = kafka.producer();\nclass Failures {{ async toDlq(m) {{ await p.send({{ topic: 'x', messages: [m] }}); }} }}\nconst failures = new Failures();\nc.run({{ eachMessage: async ({{ message }}) => {{ try {{ console.log(message); }} catch (e) {{ {failed} }} }} }});\n")).dead_letter()
    };
    assert_eq!(consumer("console.error(e);"), "absent");
    assert_eq!(consumer("await p.send({ topic: 'orders.DLQ', messages: [message] });"), "present");
    assert_eq!(consumer("await p.send({ topic: `${topic}-dead-letter`, messages: [message] });"), "present");
    assert_eq!(consumer("await failures.toDlq(message);"), "present");
    assert_eq!(consumer("await handleFailure(message);"), "unknown");
}

#[test]
fn a_table_may_keep_what_failed() {
    let django = |caught: &str, failed: &str| {
        python(&format!("from confluent_kafka import Consumer\nfrom django.db import models\nclass Failed(models.Model):\n    value = models.TextField()\nclass Order(models.Model):\n    state = models.TextField()\nc = Consumer({{'group.id': 'g'}})\nc.subscribe(['orders'])\nwhile True:\n    msg = c.poll(1.0)\n    if msg is None:\n        continue\n    try:\n        print(msg.value())\n    except {caught} as e:\n        {failed}\n")).dead_letter()
    };
    assert_eq!(django("Exception", "Failed.objects.create(value=msg.value(), error=str(e))"), "present");
    assert_eq!(django("Exception", "Failed.objects.create(value=msg.value(), error=e)"), "present");
    // Not every failure, not the message, not what went wrong.
    assert_eq!(django("ValueError", "Failed.objects.create(value=msg.value(), error=e)"), "absent");
    assert_eq!(django("Exception", "Order.objects.create(state='failed', error=e)"), "absent");
    assert_eq!(django("Exception", "print(msg.value(), e)"), "absent");
}

#[test]
fn job_queues_keep_what_failed() {
    assert_eq!(
        typescript("import { Worker } from 'bullmq';\nnew Worker('q', async (j) => j);\n").dead_letter(),
        "default"
    );
}

#[test]
fn a_requeue_without_end() {
    let failing = |failed: &str| rabbit("await ch.assertQueue(QUEUE);", failed);
    assert_eq!(failing("ch.nack(m);").redelivery(), "unbounded");
    assert_eq!(failing("ch.nack(m, false, true);").redelivery(), "unbounded");
    assert_eq!(failing("ch.reject(m);").redelivery(), "unbounded");
    assert_eq!(failing(DROP).redelivery(), "none");
    assert_eq!(failing("ch.nack(m, false, !m.fields.redelivered);").redelivery(), "bounded");
    assert_eq!(
        failing("if (m.fields.redelivered) { ch.nack(m, false, false); } else { ch.nack(m, false, true); }")
            .redelivery(),
        "bounded"
    );
    assert_eq!(
        failing("if (isTransient(e)) { ch.nack(m, false, true); } else { ch.nack(m, false, false); }").redelivery(),
        "unknown"
    );
}

#[test]
fn a_requeue_beside_a_reject_for_good() {
    let failing = |failed: &str| rabbit("await ch.assertQueue(QUEUE);", failed).redelivery();
    let either = |test: &str| failing(&format!("if ({test}) {{ ch.nack(m, false, true); }} else {{ {DROP} }}"));
    assert_eq!(either("e instanceof ConnectionLost"), "unknown");
    assert_eq!(
        failing(&format!("if (e instanceof Malformed) {{ {DROP} }} else {{ ch.nack(m, false, true); }}")),
        "unbounded"
    );
    let parked = "try { park(m); ch.nack(m, false, false); } catch (again) { ch.nack(m, false, true); }";
    assert_eq!(failing(parked), "unknown");
}

#[test]
fn a_quorum_queue_counts_deliveries_itself() {
    let read = rabbit("await ch.assertQueue(QUEUE, { arguments: { 'x-queue-type': 'quorum' } });", "ch.nack(m);");
    assert_eq!(read.redelivery(), "bounded");
}

#[test]
fn a_header_that_nobody_counts() {
    let read = rabbit(
        "await ch.assertQueue(QUEUE);",
        "const n = (m.properties.headers['x-retry-count'] as number) || 0; if (n < 3) { ch.nack(m, false, true); } else { ch.nack(m, false, false); }",
    );
    let Redelivery::Unbounded { why, place } = &read.one().redelivery else { panic!("{:?}", read.one().redelivery) };
    assert!(why.contains("`x-retry-count`"), "{why}");
    assert_eq!(read.at(*place), "ch.nack(m, false, true)");
    let flag = rabbit(
        "await ch.assertQueue(QUEUE);",
        "const n = m.properties.headers?.['x-retry-count'] ?? 0; const again = n < 3; ch.nack(m, false, again);",
    );
    assert_eq!(flag.redelivery(), "unbounded");
    let counted = rabbit(
        "await ch.assertQueue(QUEUE);",
        "const n = m.properties.headers['x-death']?.[0].count ?? 0; if (n < 3) { ch.nack(m, false, true); } else { ch.nack(m, false, false); }",
    );
    assert_eq!(counted.redelivery(), "bounded");
}

#[test]
fn frameworks_that_requeue_or_retry() {
    let golevelup = |options: &str| {
        typescript(&format!(
            "import {{ RabbitSubscribe }} from '@golevelup/nestjs-rabbitmq';\nclass A {{ @RabbitSubscribe({{ queue: 'q'{options} }}) async on(m) {{ console.log(m); }} }}\n"
        ))
    };
    assert_eq!(golevelup("").redelivery(), "unbounded");
    assert_eq!(golevelup(", errorBehavior: MessageHandlerErrorBehavior.NACK").redelivery(), "unknown");
    let celery = |arguments: &str| {
        python(&format!("from celery import shared_task\n@shared_task({arguments})\ndef on(m):\n    print(m)\n"))
            .redelivery()
    };
    assert_eq!(celery("autoretry_for=(Exception,)"), "bounded");
    assert_eq!(celery("autoretry_for=(Exception,), max_retries=None"), "unbounded");
    let aio = python(
        "import aio_pika\nasync def main():\n    q = await (await (await aio_pika.connect('x')).channel()).declare_queue('q')\n    await q.consume(on)\nasync def on(m):\n    async with m.process(requeue=True):\n        print(m)\n",
    );
    assert_eq!((aio.redelivery(), aio.ack()), ("unbounded", "after"));
}

#[test]
fn python_processes_and_signals() {
    let consumer = "from aiokafka import AIOKafkaConsumer\nimport asyncio, signal\nasync def main():\n    c = AIOKafkaConsumer('t', group_id='g')\n    try:\n        async for m in c:\n            print(m)\n    finally:\n        await c.stop()\n";
    assert_eq!(python(&format!("{consumer}asyncio.run(main())\n")).shutdown(), "absent");
    assert_eq!(
        python(&format!("{consumer}signal.signal(signal.SIGTERM, stop)\nasyncio.run(main())\n")).shutdown(),
        "present"
    );
    assert_eq!(
        python(&format!("{consumer}signal.signal(signal.SIGINT, stop)\nasyncio.run(main())\n")).shutdown(),
        "absent"
    );
    // A library that no process of the repository starts.
    assert_eq!(python(consumer).shutdown(), "unknown");
    let lifespan = read(&[
        (
            "svc/main.py",
            "from contextlib import asynccontextmanager\nfrom fastapi import FastAPI\nimport asyncio\nfrom worker import main\n@asynccontextmanager\nasync def lifespan(app):\n    task = asyncio.create_task(main())\n    yield\n    task.cancel()\napp = FastAPI(lifespan=lifespan)\n",
        ),
        ("svc/worker.py", consumer),
    ]);
    assert_eq!(lifespan.shutdown(), "present");
    // The application is an object of a class of the service; the consumer stops nothing by itself.
    let bare = "from aiokafka import AIOKafkaConsumer\nasync def main():\n    async for m in AIOKafkaConsumer('t', group_id='g'):\n        print(m)\n";
    let ended = |ending: &str| {
        let main = format!(
            "from contextlib import asynccontextmanager\nfrom fastapi import FastAPI\nimport asyncio\nfrom worker import main\nclass Service(FastAPI):\n    pass\n@asynccontextmanager\nasync def lifespan(service):\n    task = asyncio.create_task(main())\n    yield\n    {ending}\napp = Service(lifespan=lifespan)\n"
        );
        read(&[("svc/main.py", main.as_str()), ("svc/worker.py", bare)]).shutdown()
    };
    assert_eq!(ended("task.cancel()"), "present");
    assert_ne!(ended("print(task)"), "present");
    // What ends there is something else.
    let other = |imports: &str, made: &str, ending: &str| {
        let main = format!(
            "{imports}\nfrom fastapi import FastAPI\nimport asyncio\nfrom worker import main\nother = {made}\napp = FastAPI()\n@app.on_event('startup')\nasync def started():\n    asyncio.create_task(main())\n@app.on_event('shutdown')\nasync def ended():\n    {ending}\n"
        );
        read(&[("svc/main.py", main.as_str()), ("svc/worker.py", bare)]).shutdown()
    };
    assert_eq!(other("import httpx", "httpx.AsyncClient()", "await other.aclose()"), "absent");
    assert_eq!(other("import redis", "redis.Redis()", "other.close()"), "absent");
    assert_eq!(other("from aiokafka import AIOKafkaProducer", "AIOKafkaProducer()", "await other.stop()"), "absent");
    assert_eq!(other("from bus import bus", "bus", "await other.stop()"), "present");
    // Django starts commands and applications.
    let command = "from django.core.management.base import BaseCommand\nfrom worker import main\nclass Command(BaseCommand):\n    def handle(self, *args, **options):\n        main()\n";
    assert_eq!(
        read(&[("svc/orders/management/commands/consume.py", command), ("svc/worker.py", bare)]).shutdown(),
        "absent"
    );
    // aiohttp runs what is listed for its end when SIGTERM comes.
    let aiohttp = |list: &str| {
        let main = format!(
            "from aiohttp import web\nimport asyncio\nfrom worker import main\nasync def start(app):\n    app['task'] = asyncio.create_task(main())\nasync def stop(app):\n    app['task'].cancel()\napp = web.Application()\napp.on_startup.append(start)\n{list}\nweb.run_app(app)\n"
        );
        read(&[("svc/main.py", main.as_str()), ("svc/worker.py", consumer)]).shutdown()
    };
    assert_eq!(aiohttp("app.on_cleanup.append(stop)"), "present");
    assert_ne!(aiohttp("print(stop)"), "present");
}

#[test]
fn node_processes_and_signals() {
    let consumer = "import { Kafka } from 'kafkajs';\nimport { sdk } from './tracing';\nconst consumer = new Kafka({}).consumer({ groupId: 'g' });\nasync function main() { await consumer.run({ eachMessage: async () => {} }); }\nmain();\n";
    let with = |more: &str| typescript(&format!("{consumer}{more}")).shutdown();
    assert_eq!(with(""), "absent");
    assert_eq!(with("process.on('SIGTERM', async () => { await consumer.disconnect(); });\n"), "present");
    assert_eq!(
        with("['SIGTERM', 'SIGINT'].forEach((s) => process.once(s, async () => { await consumer.disconnect(); }));\n"),
        "present"
    );
    assert_eq!(with("process.on('SIGINT', async () => { await consumer.disconnect(); });\n"), "absent");
    assert_eq!(with("process.on('SIGTERM', () => process.exit(0));\n"), "absent");
    assert_eq!(with("process.on('SIGTERM', () => sdk.shutdown());\n"), "absent");
    assert_eq!(
        with(
            "const tasks = [{ cleanup: () => consumer.stop() }];\nprocess.on('SIGTERM', () => tasks.forEach((task) => task.cleanup()));\n"
        ),
        "present"
    );
    let other = "import express from 'express';\nimport Redis from 'ioredis';\nconst redis = new Redis();\nconst server = express().listen(80);\n";
    assert_eq!(with(&format!("{other}process.on('SIGTERM', () => {{ redis.quit(); server.close(); }});\n")), "absent");
    assert_eq!(
        with(&format!(
            "{other}process.on('SIGTERM', () => {{ redis.quit(); stop(); }});\nconst stop = () => consumer.stop();\n"
        )),
        "present"
    );
}

#[test]
fn nest_hooks_need_to_be_enabled() {
    let app = |bootstrap: &str| {
        read(&[
            (
                "svc/main.ts",
                &format!(
                    "import {{ NestFactory }} from '@nestjs/core';\nimport {{ P }} from './p';\nasync function bootstrap() {{ const app = await NestFactory.create(P); {bootstrap} await app.listen(3000); }}\nbootstrap();\n"
                ),
            ),
            (
                "svc/p.ts",
                "import { Processor, WorkerHost } from '@nestjs/bullmq';\n@Processor('q')\nexport class P extends WorkerHost { async process(job) {} async onModuleDestroy() {} }\n",
            ),
        ])
    };
    assert_eq!(app("").shutdown(), "absent");
    assert_eq!(app("app.enableShutdownHooks();").shutdown(), "present");
}

#[test]
fn a_consumer_that_starts_with_its_module_is_its_own_process() {
    let module = |starts: &str| {
        let text = format!(
            "import {{ Kafka }} from 'kafkajs';\nimport {{ createConnection }} from 'typeorm';\nimport {{ servers }} from './servers';\nconst consumer = new Kafka({{ brokers: servers }}).consumer({{ groupId: 'parcels' }});\n{starts}"
        );
        read(&[("svc/main.ts", text.as_str()), ("svc/servers.ts", "export const servers = ['kafka:9092'];\n")])
            .shutdown()
    };
    let run = "await consumer.run({ eachMessage: async ({ message }) => console.log(message) });";
    assert_eq!(module(&format!("createConnection().then(async () => {{ {run} }});\n")), "absent");
    assert_eq!(module(&format!("(async () => {{ {run} }})();\n")), "absent");
    // Who calls it does not show.
    assert_eq!(module(&format!("export const start = async () => {{ {run} }};\n")), "unknown");
}
