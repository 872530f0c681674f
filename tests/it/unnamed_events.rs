//! Events whose payload cannot be followed, in services that say nowhere what a version or an id would be.

use crate::support::{folder, skillcheck_in};
use serde_json::Value;

const COMPOSE: &str = "services:\n  orders:\n    build: orders\n";
const DOCKERFILE: &str = "FROM python:3.13\nCOPY . .\nCMD [\"python\", \"main.py\"]\n";
/// Hands on whatever a library outside of the repository makes of a row.
const BUS: &str = "import json\n\nimport pika\n\nfrom mapping import to_payload\n\n\nclass Bus:\n    def __init__(self, channel: pika.adapters.blocking_connection.BlockingChannel):\n        self.channel = channel\n\n    def send(self, row):\n        self.channel.basic_publish(exchange=\"orders\", routing_key=\"order.placed\", body=json.dumps(to_payload(row)))\n";

/// The messages of the rules of versions and ids for `orders/bus.py` beside other files.
fn told(bus: &str, others: &[(&str, &str)]) -> Vec<String> {
    let mut files = vec![
        ("compose.yaml", COMPOSE),
        ("orders/Dockerfile", DOCKERFILE),
        ("orders/bus.py", bus),
        ("orders/main.py", ""),
    ];
    files.extend(others);
    let folder = folder(&files);
    let rules = ["--rule", "event-schema/unversioned-event", "--rule", "event-schema/missing-event-id"];
    let run = skillcheck_in(folder.path(), &[&["lint", "--output", "json"][..], &rules].concat());
    let output: Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|f| f["message"].as_str().unwrap().to_owned()).collect()
}

const UNVERSIONED: &str = "event `order.placed` has no version: nothing in the code of `orders` names one";
const WITHOUT_ID: &str =
    "event `order.placed` has no id of its own: nothing in the code of `orders` names or makes one";

#[test]
fn no_word_of_a_version_or_an_id_in_the_service() {
    assert_eq!(told(BUS, &[]), [WITHOUT_ID, UNVERSIONED]);
    // What other services say, and tests, and comments, is nothing to this one.
    let elsewhere = "event = {\"event_version\": 1, \"event_id\": \"x\"}\n";
    let comment = "# the event_version is to come, with a uuid as event_id\nSIZE = 3\n";
    let others = [
        ("billing/events.py", elsewhere),
        ("orders/tests/test_bus.py", elsewhere),
        ("orders/size.py", comment),
        ("orders/pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  v8-compile-cache-v2@1.0.0: {}\n"),
    ];
    assert_eq!(told(BUS, &others), [WITHOUT_ID, UNVERSIONED]);
}

#[test]
fn a_word_of_it_anywhere_leaves_it_unknown() {
    // Nothing imports these files: they may be meant all the same.
    assert_eq!(told(BUS, &[("orders/rows.py", "COLUMNS = {\"event_version\": 1}\n")]), [WITHOUT_ID]);
    assert_eq!(told(BUS, &[("orders/rows.py", "COLUMNS = [\"event_id\"]\n")]), [UNVERSIONED]);
    assert_eq!(told(BUS, &[("orders/ids.py", "from uuid import uuid4\n\nfresh = uuid4\n")]), [UNVERSIONED]);
    assert_eq!(told(BUS, &[("orders/names.py", "PLACED = \"order.placed.v1\"\n")]), [WITHOUT_ID]);
    assert_eq!(told(BUS, &[("orders/settings.yaml", "topic: orders.v2\n")]), [WITHOUT_ID]);
    assert_eq!(told(BUS, &[("orders/rows.py", "import fastavro\n")]), [""; 0]);
}

#[test]
fn versions_of_something_else_do_not_count() {
    let api = "from fastapi import FastAPI\n\napp = FastAPI(\n    title=\"Orders\",\n    version=\"1.0.0\",\n)\n\n\n@app.get(\"/api/v1/health\")\ndef health():\n    return {}\n";
    assert_eq!(told(BUS, &[("orders/api.py", api)]), [WITHOUT_ID, UNVERSIONED]);
    let module = "__version__ = \"1.2.0\"\n";
    assert_eq!(told(BUS, &[("orders/about.py", module)]), [WITHOUT_ID, UNVERSIONED]);
}

#[test]
fn what_is_only_passed_on_is_no_new_event() {
    let again = BUS.replace("def send", "def replay");
    assert_eq!(told(&again, &[]), [""; 0]);
    // Its messages are declared in a package that nobody shows.
    let foreign = BUS.replace("from mapping", "from acme.contracts");
    assert_eq!(told(&foreign, &[]), [""; 0]);
}

/// The bytes of a delivery, put back by hand: who wrote the message chose what is in it.
#[test]
fn a_delivery_that_is_sent_again_is_no_new_event() {
    let send = "    def send(self, row):\n        self.channel.basic_publish(exchange=\"orders\", routing_key=\"order.placed\", body=json.dumps(to_payload(row)))\n";
    assert!(BUS.contains(send));
    let bus = |what: &str| {
        BUS.replace(
            send,
            &format!("    def put(self, message, row):\n        self.channel.basic_publish(exchange=\"orders\", routing_key=\"order.placed\", body={what})\n"),
        )
    };
    assert_eq!(told(&bus("message.body"), &[]), [""; 0]);
    assert_eq!(told(&bus("json.dumps(to_payload(row.body))"), &[]), [WITHOUT_ID, UNVERSIONED]);
}
