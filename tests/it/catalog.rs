//! Libraries of the catalog, each by what a user sees: a snippet that goes wrong with it and one that
//! is right.

use crate::support::{folder, skillcheck_in};

/// The findings of one rule in one file, as `line: message`.
fn found(rule: &str, path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|finding| format!("{}: {}", finding["line"], finding["message"].as_str().unwrap())).collect()
}

#[test]
fn urllib() {
    let call = |arguments: &str| {
        format!("from urllib.request import urlopen\n\nurlopen(\"https://stock/items\"{arguments})\n")
    };
    assert_eq!(
        found("rest-client/missing-timeout", "stock.py", &call("")),
        ["3: No timeout on a request to `https://stock/items`: urlopen waits for ever unless it has a `timeout`"]
    );
    assert_eq!(found("rest-client/missing-timeout", "stock.py", &call(", timeout=2")), [""; 0]);
}

#[test]
fn ofetch() {
    let client = |options: &str| {
        format!(
            "import {{ ofetch }} from \"ofetch\";\nconst stock = ofetch.create({{ baseURL: process.env.STOCK{options} }});\nstock(\"/items\");\n"
        )
    };
    let wrong = found("rest-client/missing-timeout", "stock.ts", &client(""));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("2: No timeout on the ofetch client"), "{wrong:?}");
    assert_eq!(found("rest-client/missing-timeout", "stock.ts", &client(", timeout: 2000")), [""; 0]);
}

#[test]
fn stamina() {
    let call = |decorator: &str| {
        format!(
            "import httpx\nimport stamina\n\n\n{decorator}\ndef stock():\n    return httpx.get(\"https://stock/items\", timeout=2)\n"
        )
    };
    assert_eq!(found("rest-client/missing-retry", "stock.py", &call("")).len(), 1);
    let retried = call("@stamina.retry(on=httpx.TransportError, attempts=3)");
    for rule in ["rest-client/missing-retry", "rest-client/unbounded-retry", "rest-client/retry-without-backoff"] {
        assert_eq!(found(rule, "stock.py", &retried), [""; 0], "{rule}");
    }
}

#[test]
fn dramatiq() {
    let actor = |work: &str| {
        format!(
            "import dramatiq\nimport psycopg\n\nconnection = psycopg.connect(\"postgresql://db/orders\")\n\n\n@dramatiq.actor\ndef book(amount, order_id):\n    connection.execute(\"{work}\")\n"
        )
    };
    let rule = "message-queue/non-idempotent-consumer";
    let wrong = found(rule, "worker.py", &actor("UPDATE accounts SET balance = balance + 1"));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(found(rule, "worker.py", &actor("UPDATE accounts SET balance = 1")), [""; 0]);
}

#[test]
fn faust() {
    let agent = |work: &str| {
        format!(
            "import faust\nimport psycopg\n\napp = faust.App(\"orders\")\nplaced = app.topic(\"placed\")\nconnection = psycopg.connect(\"postgresql://db/orders\")\n\n\n@app.agent(placed)\nasync def book(events):\n    async for event in events:\n        connection.execute(\"{work}\")\n"
        )
    };
    let rule = "message-queue/non-idempotent-consumer";
    let wrong = found(rule, "worker.py", &agent("UPDATE accounts SET balance = balance + 1"));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(found(rule, "worker.py", &agent("UPDATE accounts SET balance = 1")), [""; 0]);
}

#[test]
fn kombu_consumers_of_a_mixin() {
    let worker = |arguments: &str| {
        format!(
            "from kombu import Connection, Exchange, Queue\nfrom kombu.mixins import ConsumerMixin\n\nqueue = Queue(\"orders\", Exchange(\"orders\"){arguments})\n\n\nclass Worker(ConsumerMixin):\n    def __init__(self, connection):\n        self.connection = connection\n\n    def get_consumers(self, Consumer, channel):\n        return [Consumer(queues=[queue], callbacks=[self.on_order])]\n\n    def on_order(self, body, message):\n        print(body)\n        message.ack()\n"
        )
    };
    let rule = "message-queue/missing-dead-letter";
    assert_eq!(found(rule, "worker.py", &worker("")).len(), 1);
    assert_eq!(found(rule, "worker.py", &worker(", queue_arguments={\"x-dead-letter-exchange\": \"dead\"}")), [""; 0]);
}
