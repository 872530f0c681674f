//! Publishers and consumers as tutorials and skill packs show them: what a reviewer would list is reported,
//! and nothing else.

use crate::support::{folder, skillcheck_in};

/// The findings about messages in one file, as `rule:line`, sorted.
fn found(path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--skill", "message-queue", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    let rule = |f: &serde_json::Value| f["rule"].as_str().unwrap().trim_start_matches("message-queue/").to_string();
    let mut out: Vec<String> = findings.iter().map(|f| format!("{}:{}", rule(f), f["line"])).collect();
    out.sort();
    out
}

#[test]
fn an_event_bus_that_dumps_a_dataclass_with_a_time() {
    let text = r#"import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import uuid4

from aiokafka import AIOKafkaProducer


@dataclass
class DomainEvent:
    event_type: str
    aggregate_id: str
    event_id: str = field(default_factory=lambda: str(uuid4()))
    timestamp: datetime = field(default_factory=datetime.utcnow)
    version: int = 1


class EventBus:
    def __init__(self, servers: str):
        self.producer = AIOKafkaProducer(
            bootstrap_servers=servers,
            enable_idempotence=True,
            value_serializer=lambda v: json.dumps(v).encode(),
        )

    async def publish(self, event: DomainEvent):
        await self.producer.send_and_wait(event.event_type, value=asdict(event), key=event.aggregate_id.encode())
"#;
    assert_eq!(found("bus/event_bus.py", text), ["unserializable-payload:23"]);
    let dumped = text.replace("json.dumps(v)", "json.dumps(v, default=str)");
    assert_eq!(found("bus/event_bus.py", &dumped), [""; 0]);
}

#[test]
fn a_publisher_that_answers_false_when_it_fails() {
    let text = r#"import json
import logging

import pika


class Publisher:
    def __init__(self):
        parameters = pika.URLParameters("amqp://guest:guest@rabbitmq:5672/")
        self.connection = pika.BlockingConnection(parameters)
        self.channel = self.connection.channel()
        self.channel.exchange_declare("orders", exchange_type="topic", durable=True)

    def publish(self, routing_key, event):
        try:
            self.channel.basic_publish(exchange="orders", routing_key=routing_key, body=json.dumps(event))
            return True
        except Exception as error:
            logging.error("not published: %s", error)
            return False
"#;
    assert_eq!(
        found("orders/publisher.py", text),
        ["hard-coded-broker:9", "swallowed-publish-failure:16", "transient-message:16", "unconfirmed-publish:16"]
    );
    // Who calls it looks at the answer.
    let asked = format!(
        "{text}\n\ndef place(order):\n    if not Publisher().publish(\"order.placed\", order):\n        raise RuntimeError(\"not sent\")\n"
    );
    assert!(!found("orders/publisher.py", &asked).iter().any(|f| f.starts_with("swallowed")));
}

#[test]
fn a_publisher_whose_handler_is_for_something_else() {
    let text = |caught: &str| {
        format!(
            "import json\nimport logging\n\nimport pika\n\n\ndef publish(channel: pika.channel.Channel, event):\n    try:\n        channel.basic_publish(\"orders\", \"order.placed\", json.dumps(event))\n    except {caught}:\n        logging.exception(\"order.placed\")\n"
        )
    };
    let swallowed =
        |caught: &str| found("orders/publisher.py", &text(caught)).contains(&"swallowed-publish-failure:9".into());
    assert!(swallowed("Exception"));
    assert!(swallowed("(TypeError, pika.exceptions.AMQPError)"));
    assert!(!swallowed("TypeError"));
}

#[test]
fn a_consumer_that_decodes_outside_and_prefetches_without_end() {
    let text = r#"import json
import os

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.queue_declare("orders", durable=True, arguments={"x-dead-letter-exchange": "dead"})


def on_message(ch, method, properties, body):
    event = json.loads(body)
    try:
        print(event["order_id"])
        ch.basic_ack(method.delivery_tag)
    except KeyError:
        ch.basic_reject(method.delivery_tag, requeue=False)


channel.basic_consume("orders", on_message)
channel.start_consuming()
"#;
    let of = |text: &str| {
        let mut all = found("stock/consumer.py", text);
        all.retain(|f| !f.starts_with("missing-graceful-shutdown"));
        all
    };
    assert_eq!(of(text), ["missing-prefetch:20", "poison-message:20"]);
    let good = text
        .replace("    event = json.loads(body)\n    try:\n", "    try:\n        event = json.loads(body)\n")
        .replace("except KeyError", "except (KeyError, ValueError)")
        .replace("channel.basic_consume", "channel.basic_qos(prefetch_count=10)\nchannel.basic_consume");
    assert_eq!(of(&good), [""; 0]);
    // A handler for missing keys does not catch a malformed text.
    let other = good.replace("(KeyError, ValueError)", "KeyError");
    assert_eq!(of(&other), ["poison-message:21"]);
}

#[test]
fn a_deserializer_that_raises_ends_the_loop() {
    let text = |deserializer: &str| {
        format!(
            "import json\n\nfrom kafka import KafkaConsumer\n\nconsumer = KafkaConsumer(\"orders\", value_deserializer={deserializer})\nfor message in consumer:\n    try:\n        print(message.value)\n    except Exception:\n        pass\n"
        )
    };
    let poisoned =
        |deserializer: &str| found("stock/consumer.py", &text(deserializer)).contains(&"poison-message:5".into());
    assert!(poisoned("lambda v: json.loads(v.decode())"));
    assert!(!poisoned("bytes.decode"));
}

#[test]
fn duplicates_that_are_looked_up_by_a_hash_of_the_payload() {
    let text = |key: &str| {
        format!(
            "import hashlib\nimport json\nimport os\n\nimport pika\nimport redis\n\nseen = redis.Redis.from_url(os.environ[\"REDIS_URL\"])\nchannel = pika.BlockingConnection(pika.URLParameters(os.environ[\"AMQP_URL\"])).channel()\n\n\ndef on_message(ch, method, properties, body):\n    key = {key}\n    if not seen.set(key, 1, nx=True, ex=86400):\n        return\n    print(body)\n    ch.basic_ack(method.delivery_tag)\n\n\nchannel.basic_consume(\"orders\", on_message)\n"
        )
    };
    let hashed = |key: &str| found("stock/consumer.py", &text(key)).iter().any(|f| f.starts_with("payload-hash-key"));
    assert!(hashed("hashlib.md5(body).hexdigest()"));
    assert!(hashed("\"seen:\" + hashlib.sha256(json.dumps(json.loads(body), sort_keys=True).encode()).hexdigest()"));
    assert!(!hashed("properties.message_id"));
    assert!(!hashed("hashlib.sha256(properties.message_id.encode()).hexdigest()"));
}

#[test]
fn a_queue_that_the_two_sides_declare_differently() {
    let publisher = |options: &str| {
        format!(
            "import amqp from \"amqplib\";\n\nconst connection = await amqp.connect(process.env.AMQP_URL!);\nconst channel = await connection.createConfirmChannel();\nawait channel.assertQueue(\"orders\"{options});\n"
        )
    };
    let consumer = "import os\n\nimport pika\n\nchannel = pika.BlockingConnection(pika.URLParameters(os.environ[\"AMQP_URL\"])).channel()\nchannel.queue_declare(\"orders\", durable=True, arguments={\"x-dead-letter-exchange\": \"dead\"})\n";
    let differs = |options: &str| {
        let folder = folder(&[("orders/src/publisher.ts", &publisher(options)), ("stock/consumer.py", consumer)]);
        let run =
            skillcheck_in(folder.path(), &["lint", "--rule", "message-queue/mismatched-topology", "--output", "json"]);
        let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        output["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["message"].as_str().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(differs(", { deadLetterExchange: \"dead\" }"), [""; 0]);
    assert_eq!(differs(""), ["queue `orders` is declared with `x-dead-letter-exchange`, elsewhere without it"]);
    assert_eq!(
        differs(", { durable: false, deadLetterExchange: \"dead\" }"),
        ["queue `orders` is declared with `durable` true, elsewhere false"]
    );
    // What cannot be read is not compared.
    assert_eq!(differs(", options"), [""; 0]);
}

/// By default this client commits what it has fetched before it is handled, and the leader alone answers.
#[test]
fn a_stream_of_platformatic_kafka_that_commits_by_itself() {
    let text = r#"import { Consumer, ProduceAcks, Producer } from "@platformatic/kafka";
import { charge } from "./payments.js";

const brokers = [process.env.KAFKA_BROKER ?? ""];
const producer = new Producer({ clientId: "billing", bootstrapBrokers: brokers });
const consumer = new Consumer({ groupId: "billing", clientId: "billing", bootstrapBrokers: brokers });
const stream = await consumer.consume({ topics: ["order.placed"] });
for await (const message of stream) {
  await charge(message.value);
  producer.send({ messages: [{ topic: "order.paid", key: message.key, value: message.value }] });
}
"#;
    let left = ["missing-dead-letter:7", "missing-graceful-shutdown:7", "non-idempotent-consumer:7"];
    let mut all = [&left[..], &["early-acknowledgement:7", "unconfirmed-publish:10"]].concat();
    all.sort_unstable();
    assert_eq!(found("billing/consumer.ts", text), all);
    let by_hand = text
        .replace("topics: [\"order.placed\"]", "topics: [\"order.placed\"], autocommit: false")
        .replace("  producer.send(", "  await producer.send(")
        .replace("});\n}", "});\n  await message.commit();\n}");
    assert_eq!(found("billing/consumer.ts", &by_hand), [&left[..], &["non-idempotent-producer:5"]].concat());
}

#[test]
fn an_address_that_the_only_wrapper_is_made_with() {
    let bus = |made: &str| {
        format!(
            "const amqp = require('amqplib');

class Bus {{
  constructor(url) {{
    this.url = url;
  }}

  async connect() {{
    this.connection = await amqp.connect(this.url);
  }}
}}

const bus = new Bus({made});
"
        )
    };
    assert_eq!(found("bus.js", &bus("'amqp://broker'")), ["hard-coded-broker:13"]);
    assert_eq!(found("bus.js", &bus("process.env.AMQP_URL || 'amqp://localhost'")), [""; 0]);
}

/// A file alone has no entry point to look for; it is one, or nothing ever stops the worker.
#[test]
fn a_worker_that_nothing_in_the_only_file_stops() {
    let text = r#"import { Worker } from "bullmq";

export function startWorker(): void {
  new Worker("mails", async (job) => {
    console.log(job.name);
  }, { connection: { url: process.env.REDIS_URL } });
}
"#;
    assert_eq!(found("worker.ts", text), ["missing-graceful-shutdown:4"]);
    let stops = text
        .replace("void {", "Stop {")
        .replace("  new Worker", "  const worker = new Worker")
        .replace("URL } });", "URL } });\n  return () => worker.close();");
    assert_eq!(found("worker.ts", &stops), [""; 0]);
}
