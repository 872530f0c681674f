//! Events as articles and skill packs show them: what a reviewer of the payload would list is reported, and
//! nothing else.

use crate::support::{folder, skillcheck_in};

/// The findings about the content of events, as `rule:line`, sorted.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--skill", "event-schema", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let rule = |f: &serde_json::Value| f["rule"].as_str().unwrap().trim_start_matches("event-schema/").to_string();
    let findings = output["findings"].as_array().unwrap();
    let mut out: Vec<String> = findings.iter().map(|f| format!("{}:{}", rule(f), f["line"])).collect();
    out.sort();
    out
}

#[test]
fn a_dictionary_with_a_naive_time_a_float_and_neither_id_nor_version() {
    let text = r#"import json
from datetime import datetime

import pika

connection = pika.BlockingConnection(pika.ConnectionParameters("rabbitmq"))
channel = connection.channel()
channel.exchange_declare(exchange="orders", exchange_type="topic")


def publish_order_created(order):
    message = {
        "event": "order.created",
        "order_id": order.id,
        "total": float(order.total),
        "timestamp": datetime.utcnow().isoformat(),
    }
    channel.basic_publish(exchange="orders", routing_key="order.created", body=json.dumps(message))
"#;
    let all = ["float-money:15", "missing-event-id:18", "naive-timestamp:16", "unversioned-event:18"];
    assert_eq!(found(&[("orders/publisher.py", text)]), all);
    let good = text
        .replace("datetime.utcnow()", "datetime.now(timezone.utc)")
        .replace("import datetime", "import datetime, timezone")
        .replace("\"total\": float(order.total)", "\"total_cents\": order.total_cents")
        .replace("\"event\": \"order", "\"event_id\": str(uuid4()), \"version\": 1, \"event\": \"order");
    assert_eq!(found(&[("orders/publisher.py", &good)]), [""; 0]);
}

#[test]
fn an_event_bus_with_a_base_class() {
    let text = r#"import uuid
from datetime import datetime

from aiokafka import AIOKafkaProducer
from pydantic import BaseModel, Field


class DomainEvent(BaseModel):
    event_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    occurred_at: datetime = Field(default_factory=datetime.utcnow)
    version: int = 1


class OrderCreated(DomainEvent):
    order_id: str
    amount: float
    discount_rate: float


class EventBus:
    def __init__(self, servers: str):
        self.producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)

    async def order_created(self, event: OrderCreated) -> None:
        await self.producer.send_and_wait("orders", event.model_dump_json().encode(), key=event.order_id.encode())
"#;
    assert_eq!(found(&[("orders/bus.py", text)]), ["float-money:16", "naive-timestamp:10"]);
    // The time is given where the event is made.
    let given = text.replace(
        "    async def order_created(self, event: OrderCreated) -> None:\n",
        "    async def order_created(self, order) -> None:\n        event = OrderCreated(order_id=order.id, amount=1, discount_rate=0, occurred_at=order.placed_at)\n",
    );
    assert_eq!(found(&[("orders/bus.py", &given)]), ["float-money:16"]);
}

#[test]
fn a_wrapper_that_writes_the_envelope() {
    let text = r#"import { Kafka } from "kafkajs";

const kafka = new Kafka({ brokers: ["kafka:9092"] });
const producer = kafka.producer();

async function publishEvent(topic: string, type: string, data: object) {
  await producer.send({
    topic,
    messages: [{ value: JSON.stringify({ type, data, timestamp: new Date().toISOString() }) }],
  });
}

export async function orderCreated(orderId: string, price: string) {
  await publishEvent("orders", "order.created", { orderId, price: parseFloat(price) });
}

export async function orderShipped(orderId: string) {
  await publishEvent("orders", "order.shipped", { orderId, shippedAt: new Date().toLocaleString() });
}
"#;
    assert_eq!(
        found(&[("orders/src/events.ts", text)]),
        ["float-money:14", "missing-event-id:7", "naive-timestamp:18", "unversioned-event:7"]
    );
}

#[test]
fn a_class_of_spring_with_a_local_time_and_a_double() {
    let text = r#"package shop;

import java.time.LocalDateTime;
import org.springframework.kafka.core.KafkaTemplate;

class OrderCreatedEvent {
  private String eventId;
  private int version;
  private String orderId;
  private Double totalPrice;
  private Double weight;
  private LocalDateTime createdAt;
}

class OrderProducer {
  private final KafkaTemplate<String, OrderCreatedEvent> template;

  OrderProducer(KafkaTemplate<String, OrderCreatedEvent> template) {
    this.template = template;
  }

  void send(OrderCreatedEvent event) {
    template.send("orders", event);
  }
}
"#;
    let found = found(&[("orders/src/main/java/shop/OrderProducer.java", text)]);
    assert_eq!(found, ["float-money:10", "naive-timestamp:12"]);
}

#[test]
fn a_cloud_event_by_hand() {
    let text = |attributes: &str| {
        format!(
            "const {{ randomUUID }} = require('node:crypto');\nconst {{ Kafka }} = require('kafkajs');\n\nconst producer = new Kafka({{ brokers: ['kafka:9092'] }}).producer();\n\nasync function placed(order) {{\n  const event = {{\n    specversion: '1.0',\n    type: 'com.shop.order.placed.v1',\n{attributes}\n    data: order,\n  }};\n  await producer.send({{ topic: 'orders', messages: [{{ value: JSON.stringify(event) }}] }});\n}}\n"
        )
    };
    let lint = |attributes: &str| found(&[("orders/events.js", &text(attributes))]);
    assert_eq!(lint("    id: randomUUID(),"), ["invalid-cloudevent:8"]);
    assert_eq!(lint("    id: randomUUID(), source: '/orders',\n    dataContentType: 'x',"), ["invalid-cloudevent:11"]);
    assert_eq!(lint("    id: randomUUID(), source: '/orders', datacontenttype: 'x',"), [""; 0]);
    // What the rest holds is not known.
    assert_eq!(lint("    ...order.attributes,"), [""; 0]);
}

#[test]
fn a_schema_as_generators_write_it() {
    let text = r#"{
  "type": "object",
  "properties": {
    "event": { "const": "order.created" },
    "price": { "type": "number" },
    "tax": { "type": "number", "multipleOf": 0.01 }
  },
  "examples": [{ "event": "order.created", "price": "12.50" }]
}
"#;
    let found = found(&[("events/order-created.schema.json", text), ("app.py", "import pika\n")]);
    assert_eq!(found, ["float-money:5", "incomplete-schema:1", "invalid-example:8"]);
}

#[test]
fn types_of_events_of_which_a_sample_shows_no_publisher() {
    let python = "from datetime import datetime\n\nfrom pydantic import BaseModel, Field\n\n\nclass BaseEvent(BaseModel):\n    event_id: str\n    occurred_at: datetime = Field(default_factory=datetime.utcnow)\n\n\nclass ParcelSent(BaseEvent):\n    parcel_id: str\n    fee: float\n\n\nclass Parcel(BaseModel):\n    fee: float\n";
    assert_eq!(found(&[("events.py", python)]), ["float-money:13", "naive-timestamp:8"]);
    let go = "package parcels\n\ntype ParcelSentEvent struct {\n\tParcelID string  `json:\"parcel_id\"`\n\tFee      float64 `json:\"fee\"`\n}\n\ntype Parcel struct {\n\tFee float64 `json:\"fee\"`\n}\n";
    assert_eq!(found(&[("parcels/events.go", go)]), ["float-money:5"]);
    let java = "package parcels;\n\nimport java.time.LocalDateTime;\n\npublic record ParcelSentEvent(String eventId, LocalDateTime occurredAt) {}\n";
    assert_eq!(found(&[("ParcelSentEvent.java", java)]), ["naive-timestamp:5"]);
    let csharp = "namespace Parcels;\n\npublic record ParcelSentEvent(Guid EventId, double Fee);\n";
    assert_eq!(found(&[("ParcelSentEvent.cs", csharp)]), ["float-money:3"]);
    // In a service an event is what somebody publishes.
    let service = [
        ("Dockerfile", "FROM python:3.13\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n"),
        ("main.py", "from fastapi import FastAPI\n\nfrom events import ParcelSent\n\napp = FastAPI()\n"),
        ("events.py", python),
    ];
    assert_eq!(found(&service), [""; 0]);
}

#[test]
fn a_schema_that_asks_for_the_id_of_an_event() {
    let schema = |id: &str| {
        format!(
            "{{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"ParcelSent\",\n  \"type\": \"object\",\n  \"properties\": {{\n    \"{id}\": {{ \"type\": \"string\" }},\n    \"postagePrice\": {{ \"type\": \"number\" }}\n  }},\n  \"required\": [\"{id}\", \"postagePrice\"]\n}}\n"
        )
    };
    let told = |id: &str| found(&[("parcel-sent.schema.json", &schema(id))]);
    assert_eq!(told("eventId"), ["float-money:7", "incomplete-schema:1"]);
    assert_eq!(told("event_id"), ["float-money:7", "incomplete-schema:1"]);
    // What a request or a form looks like is no event.
    assert_eq!(told("parcelId"), [""; 0]);
}
