//! What is published against its schema, and who publishes what somebody consumes.

use crate::support::{folder, skillcheck_in};
use serde_json::{Value, json};

/// The messages of a rule, sorted.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--preview", "--rule", rule, "--output", "json"]);
    let output: Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = output["findings"].as_array().unwrap();
    let told = |f: &Value| format!("{} {}", f["severity"].as_str().unwrap(), f["message"].as_str().unwrap());
    let mut out: Vec<String> = findings.iter().map(told).collect();
    out.sort();
    out
}

const PATH: &str = "schemas/order.placed.schema.json";

fn schema(closed: bool) -> String {
    json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
        "required": ["type", "order_id", "total"], "additionalProperties": !closed,
        "properties": {"type": {"const": "order.placed"}, "order_id": {"type": "string"},
            "total": {"type": "integer"}, "note": {"type": ["string", "null"]},
            "address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}}})
    .to_string()
}

/// A publisher of the members given.
fn publisher(members: &str) -> String {
    format!(
        "import json\nimport pika\n\nchannel = pika.BlockingConnection().channel()\n\n\ndef placed(order, address):\n    event = {{\"type\": \"order.placed\", {members}}}\n    channel.basic_publish(exchange=\"orders\", routing_key=\"x\", body=json.dumps(event))\n"
    )
}

fn mismatch(schema: &str, members: &str) -> Vec<String> {
    let rule = "event-schema/payload-mismatch";
    found(rule, &[(PATH, schema), ("orders/app.py", &publisher(members))])
}

#[test]
fn a_payload_that_is_what_its_schema_says() {
    let same = r#""order_id": order.id, "total": 3, "note": None, "address": {"city": address.city}"#;
    assert_eq!(mismatch(&schema(true), same), [""; 0]);
    // What is spread into it may be anything.
    assert_eq!(mismatch(&schema(true), r#""order_id": order.id, **order.extra"#), [""; 0]);
    // Nothing in common: the schema of something else.
    assert_eq!(mismatch(&schema(true), r#""a": 1, "b": 2, "c": 3, "d": 4"#), [""; 0]);
}

#[test]
fn a_payload_that_is_not() {
    assert_eq!(
        mismatch(&schema(false), r#""order_id": order.id"#),
        ["error event `order.placed` lacks `total`, which the schema requires"]
    );
    assert_eq!(
        mismatch(&schema(false), r#""orderId": order.id, "total": 3"#),
        ["error event `order.placed` sends `orderId` where the schema requires `order_id`"]
    );
    assert_eq!(
        mismatch(&schema(false), r#""order_id": order.id, "total": float(order.total)"#),
        ["error event `order.placed` sends a floating-point number as `total` where the schema says `integer`"]
    );
    let more = r#""order_id": order.id, "total": 3, "email": order.email"#;
    assert_eq!(
        mismatch(&schema(true), more),
        ["error event `order.placed` sends `email`, which the schema does not allow"]
    );
    assert_eq!(
        mismatch(&schema(false), more),
        ["warning event `order.placed` sends `email`, which the schema does not declare"]
    );
    assert_eq!(
        mismatch(&schema(false), r#""order_id": order.id, "total": 3, "address": {"town": address.city}"#),
        [
            "error event `order.placed` lacks `address.city`, which the schema requires; sends `address.town`, which the schema does not declare"
        ]
    );
}

#[test]
fn the_caller_that_passes_the_type_passes_the_data() {
    let data = |name: &str| {
        json!({"type": "object", "required": [name], "properties": {name: {"type": "string"}},
            "additionalProperties": false})
        .to_string()
    };
    let bus = "import json\nimport pika\n\nchannel = pika.BlockingConnection().channel()\n\n\ndef publish(event_type, payload):\n    body = {\"event_type\": event_type, \"payload\": payload}\n    channel.basic_publish(exchange=\"orders\", routing_key=event_type, body=json.dumps(body))\n";
    let code = |second: &str| {
        format!(
            "from bus import publish\n\n\ndef placed(order):\n    publish(\"order.placed\", {{\"order_id\": order.id}})\n\n\ndef cancelled(order):\n    publish(\"order.cancelled\", {{\"{second}\": order.reason}})\n"
        )
    };
    let lint = |second: &str| {
        let files = [
            ("schemas/order.placed.schema.json", data("order_id")),
            ("schemas/order.cancelled.schema.json", data("reason")),
            ("orders/bus.py", bus.to_owned()),
            ("orders/app.py", code(second)),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        found("event-schema/payload-mismatch", &files)
    };
    assert_eq!(lint("reason"), [""; 0]);
    assert_eq!(lint("Reason"), ["error event `order.cancelled` sends `Reason` where the schema requires `reason`"]);
}

#[test]
fn of_two_versions_the_one_that_is_published_counts() {
    let schema = |version: u32, field: &str| {
        let text = format!("order.placed.v{version}");
        json!({"type": "object", "required": ["type", field], "properties": {"type": {"const": text}, field: {}}})
            .to_string()
    };
    let lint = |ty: &str| {
        let code = publisher(r#""total": 3"#).replace("order.placed", ty);
        let files = [
            ("schemas/order.placed.v1.schema.json", schema(1, "total")),
            ("schemas/order.placed.v2.schema.json", schema(2, "total_cents")),
            ("orders/app.py", code),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        found("event-schema/payload-mismatch", &files)
    };
    assert_eq!(lint("order.placed.v1"), [""; 0]);
    assert!(lint("order.placed.v2")[0].contains("lacks `total_cents`"));
    // Which one is meant can't be told.
    assert_eq!(lint("order.placed"), [""; 0]);
}

#[test]
fn a_schema_is_missed_where_others_have_one() {
    let code = |ty: &str, name: &str| {
        publisher(r#""order_id": order.id, "total": 3"#).replace("order.placed", ty).replace("placed(", name)
    };
    let files = [
        ("orders/placed.py", code("order.placed", "placed(")),
        ("orders/cancelled.py", code("order.cancelled", "cancelled(")),
        (PATH, schema(false)),
    ];
    let lint = |files: &[(&str, String)]| {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        found("event-schema/missing-schema", &files)
    };
    assert_eq!(lint(&files), ["warning event `order.cancelled` has no schema"]);
    assert_eq!(lint(&files[..2]), [""; 0], "without any schema it is for the team to decide");
    let asyncapi = "asyncapi: 3.0.0\ncomponents:\n  messages:\n    OrderCancelled: {payload: {type: object}}\n";
    let mut all = files.to_vec();
    all.push(("docs/asyncapi.yaml", asyncapi.to_owned()));
    assert_eq!(lint(&all), [""; 0]);
}

#[test]
fn a_topic_that_is_misspelt() {
    let publisher = "import { Kafka } from 'kafkajs';\nconst producer = new Kafka({ brokers: [] }).producer();\nexport const send = (o) => producer.send({ topic: 'order-events', messages: [{ value: JSON.stringify(o) }] });\n";
    let consumer = |topic: &str| {
        format!(
            "import {{ Kafka }} from 'kafkajs';\nconst consumer = new Kafka({{ brokers: [] }}).consumer({{ groupId: 'x' }});\nawait consumer.subscribe({{ topic: '{topic}' }});\nawait consumer.run({{ eachMessage: async ({{ message }}) => console.log(message) }});\n"
        )
    };
    let lint = |topics: &[&str]| {
        let mut files = vec![("orders/events.ts".to_owned(), publisher.to_owned())];
        files.extend(topics.iter().enumerate().map(|(n, topic)| (format!("stock{n}/consumer.ts"), consumer(topic))));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        found("event-schema/unpublished-event", &files)
    };
    assert_eq!(lint(&["orders-events"]), ["error nobody publishes `orders-events`"]);
    assert_eq!(lint(&["order-events"]), [""; 0]);
    // Somebody reads what is published, and the other name may come from elsewhere.
    assert_eq!(lint(&["orders-events", "order-events"]), [""; 0]);
    assert_eq!(lint(&["customers"]), [""; 0]);
}

#[test]
fn what_a_test_passes_is_not_what_is_published() {
    let publisher = "import json\nimport pika\n\nclass Publisher:\n    def __init__(self, channel):\n        self.channel = channel\n\n    \
                     def send(self, event):\n        self.channel.basic_publish(exchange=\"orders\", routing_key=\"x\", body=json.dumps(event))\n";
    let call = "import pika\nfrom publisher import Publisher\n\nPublisher(pika.BlockingConnection().channel()).send({\"name\": \"a\"})\n";
    let told =
        |caller: &str| found("event-schema/unversioned-event", &[("orders/publisher.py", publisher), (caller, call)]);
    assert_eq!(told("orders/app.py"), ["warning event `x` has no version: the payload has `name`"]);
    assert_eq!(told("orders/tests/app.py"), ["warning event `x` has no version"]);
}
