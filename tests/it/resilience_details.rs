//! Details of clients, publishers and consumers that decide what happens when something fails.

use crate::support::{folder, skillcheck_in};

const NONE: [&str; 0] = [];

/// The findings of one rule, as `file:line`.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--preview", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let name = |f: &serde_json::Value| f["path"].as_str().unwrap().rsplit('/').next().unwrap().to_string();
    output["findings"].as_array().unwrap().iter().map(|f| format!("{}:{}", name(f), f["line"])).collect()
}

#[test]
fn a_loop_that_repeats_a_request_in_go_waits_behind_its_last_attempt() {
    let client = |turn: &str, pause: &str| {
        format!(
            "package stock\n\nimport (\n\t\"net/http\"\n\t\"time\"\n)\n\nvar client = &http.Client{{Timeout: 2 * time.Second}}\n\n\
             func Get(url string) (*http.Response, error) {{\n\tvar failure error\n\tfor i := 0; i < 3; i++ {{\n\
             \t\tanswer, err := client.Get(url)\n\t\t{turn}\n\t\tfailure = err\n\t\t{pause}\n\t}}\n\treturn nil, failure\n}}\n"
        )
    };
    let found = |turn: &str, pause: &str| {
        found("rest-client/pause-after-last-attempt", &[("stock/client.go", client(turn, pause).as_str())])
    };
    let succeeds = "if err == nil {\n\t\t\treturn answer, nil\n\t\t}";
    assert_eq!(found(succeeds, "time.Sleep(time.Second)"), ["client.go:18"]);
    assert_eq!(found(succeeds, "if i < 2 {\n\t\t\ttime.Sleep(time.Second)\n\t\t}"), NONE);
    // The first failure ends it: what is repeated is an answer that is not ready.
    let ready = "if err != nil {\n\t\t\treturn nil, err\n\t\t}\n\t\tif answer.StatusCode == 200 {\n\t\t\treturn answer, nil\n\t\t}";
    assert_eq!(found(ready, "time.Sleep(time.Second)"), NONE);
}

#[test]
fn a_breaker_in_java_that_each_success_closes() {
    let breaker = |close: &str| {
        format!(
            "package shop;\n\nimport java.util.function.Supplier;\n\npublic class CircuitBreaker {{\n\
             \x20 enum State {{ CLOSED, OPEN, HALF_OPEN }}\n  private State state = State.CLOSED;\n  private int failures;\n\n\
             \x20 public <T> T call(Supplier<T> action) {{\n    if (this.state == State.OPEN) throw new IllegalStateException(\"open\");\n\
             \x20   try {{\n      T result = action.get();\n      onSuccess();\n      return result;\n    }} catch (RuntimeException e) {{\n\
             \x20     onFailure();\n      throw e;\n    }}\n  }}\n\n  private void onSuccess() {{\n    failures = 0;\n    {close}\n  }}\n\n\
             \x20 private void onFailure() {{\n    if (++failures > 4) this.state = State.OPEN;\n  }}\n}}\n"
        )
    };
    let found = |close: &str| {
        found("rest-client/late-success", &[("src/main/java/shop/CircuitBreaker.java", breaker(close).as_str())])
    };
    assert_eq!(found("this.state = State.CLOSED;"), ["CircuitBreaker.java:24"]);
    assert_eq!(found("if (this.state == State.HALF_OPEN) this.state = State.CLOSED;"), NONE);
}

#[test]
fn a_connection_beside_a_web_server_is_watched() {
    let service = |watch: &str| {
        format!(
            "package main\n\nimport (\n\t\"log\"\n\t\"net/http\"\n\t\"os\"\n\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\n\
             func main() {{\n\tconnection, err := amqp.Dial(os.Getenv(\"AMQP_URL\"))\n\tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\
             \tdefer connection.Close()\n{watch}\tlog.Fatal(http.ListenAndServe(\":8080\", nil))\n}}\n"
        )
    };
    let found = |watch: &str| found("message-queue/missing-reconnect", &[("orders/main.go", service(watch).as_str())]);
    assert_eq!(found(""), ["main.go:12"]);
    let watched = "\tgo func() {\n\t\tlog.Fatal(<-connection.NotifyClose(make(chan *amqp.Error, 1)))\n\t}()\n";
    assert_eq!(found(watched), NONE);
}

#[test]
fn a_listener_that_only_logs_watches_nothing() {
    let publisher = |rest: &str| {
        format!(
            "import amqp from \"amqplib\";\n\nexport class Publisher {{\n  async open() {{\n\
             \x20   this.connection = await amqp.connect(process.env.AMQP_URL);\n{rest}  }}\n}}\n"
        )
    };
    let found =
        |rest: &str| found("message-queue/missing-reconnect", &[("orders/publisher.js", publisher(rest).as_str())]);
    assert_eq!(found("    this.connection.on(\"error\", (error) => console.error(error));\n"), ["publisher.js:5"]);
    assert_eq!(found("    this.connection.on(\"close\", () => this.open());\n"), NONE);
    // Opened for one message and closed again.
    assert_eq!(found("    await this.connection.close();\n"), NONE);
}

#[test]
fn a_robust_connection_of_aio_pika_reconnects() {
    let service = |connect: &str| {
        format!(
            "import os\n\nimport aio_pika\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.on_event(\"startup\")\n\
             async def start():\n    app.state.broker = await aio_pika.{connect}(os.environ[\"AMQP_URL\"])\n\n\n\
             @app.get(\"/health\")\nasync def health():\n    return {{}}\n"
        )
    };
    let found =
        |connect: &str| found("message-queue/missing-reconnect", &[("orders/main.py", service(connect).as_str())]);
    assert_eq!(found("connect"), ["main.py:11"]);
    assert_eq!(found("connect_robust"), NONE);
}

#[test]
fn receiving_from_sqs_waits_in_the_call_or_by_the_queue() {
    let worker = |options: &str| {
        format!(
            "import {{ ReceiveMessageCommand, SQSClient }} from \"@aws-sdk/client-sqs\";\n\nconst sqs = new SQSClient({{}});\n\n\
             for (;;) {{\n  const answer = await sqs.send(new ReceiveMessageCommand({{ QueueUrl: process.env.QUEUE_URL{options} }}));\n\
             \x20 for (const message of answer.Messages ?? []) console.log(message.MessageId);\n}}\n"
        )
    };
    let rule = "message-queue/short-polling";
    let short = worker("");
    assert_eq!(found(rule, &[("stock/worker.ts", short.as_str())]), ["worker.ts:6"]);
    assert_eq!(found(rule, &[("stock/worker.ts", worker(", WaitTimeSeconds: 20").as_str())]), NONE);
    let queue = ("infra/queue.tf", "resource \"aws_sqs_queue\" \"stock\" {\n  receive_wait_time_seconds = 20\n}\n");
    assert_eq!(found(rule, &[("stock/worker.ts", short.as_str()), queue]), NONE);
}

#[test]
fn a_switch_over_types_of_messages_has_a_default() {
    let worker = |subject: &str, rest: &str| {
        format!(
            "package main\n\nimport (\n\t\"log\"\n\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\n\
             func consume(channel *amqp.Channel) {{\n\tdeliveries, _ := channel.Consume(\"stock\", \"\", false, false, false, false, nil)\n\
             \tfor d := range deliveries {{\n\t\thandle(d)\n\t\td.Ack(false)\n\t}}\n}}\n\n\
             func handle(d amqp.Delivery) {{\n\tswitch d.{subject} {{\n\tcase \"order.placed\":\n\t\tlog.Print(\"placed\")\n\
             \tcase \"order.cancelled\":\n\t\tlog.Print(\"cancelled\")\n{rest}\t}}\n}}\n"
        )
    };
    let found = |subject: &str, rest: &str| {
        found("message-queue/unhandled-type", &[("stock/main.go", worker(subject, rest).as_str())])
    };
    assert_eq!(found("RoutingKey", "").len(), 1);
    assert_eq!(found("RoutingKey", "\tdefault:\n\t\tlog.Print(d.RoutingKey)\n"), NONE);
    // What else is told apart is no type of message.
    assert_eq!(found("ContentType", ""), NONE);
}

#[test]
fn a_status_that_is_only_kept_decides_nothing_and_a_webhook_has_its_id() {
    let sender = |header: &str, caught: &str| {
        format!(
            r#"import axios from "axios";

export async function deliver(hook: Hook, event: Event) {{
  const attempts: Attempt[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {{
    try {{
      await axios.post(`https://hooks.example.com/parcels`, event, {{
        headers: {{ "{header}": event.id }},
        timeout: 2000,
      }});
      return attempts;
    }} catch (error: any) {{
      {caught}
      await sleep(2 ** attempt * 100 + Math.random() * 100);
    }}
  }}
  throw new Error("not delivered");
}}
"#
        )
    };
    let kept = "attempts.push({ status: error.response?.status });";
    let asked = "if (error.response?.status < 500) throw error;";
    let repeated = |caught: &str| {
        found("rest-client/retry-on-client-error", &[("deliver.ts", sender("X-Webhook-ID", caught).as_str())])
    };
    assert_eq!(repeated(kept).len(), 1);
    assert_eq!(repeated(asked), NONE);
    let unsafe_retry =
        |header: &str| found("rest-client/unsafe-retry", &[("deliver.ts", sender(header, kept).as_str())]);
    assert_eq!(unsafe_retry("X-Webhook-ID"), NONE);
    assert_eq!(unsafe_retry("X-Sender").len(), 1);
}

#[test]
fn who_repeats_a_429_looks_at_retry_after() {
    let told = |path: &str, text: &str| {
        let folder = crate::support::folder(&[(path, text)]);
        let args = ["lint", "--rule", "rest-client/ignored-retry-after", "--output", "concise"];
        crate::support::skillcheck_in(folder.path(), &args).stdout.contains("ignored-retry-after")
    };
    // What the loop throws it takes itself.
    let thrown = "import time
import requests


def ask(url):
    for attempt in range(3):
        try:
            response = requests.get(url, timeout=3)
            if response.status_code >= 500 or response.status_code == 429:
                raise requests.RequestException(str(response.status_code))
            return response.json()
        except requests.RequestException:
            time.sleep(2 ** attempt)
";
    assert!(told("a/client.py", thrown));
    let left = thrown.replace("time.sleep(2 ** attempt)", "raise");
    assert!(!told("a/client.py", &left));
    // A function says what is tried again.
    let asked = "import axios from 'axios';

const client = axios.create({ baseURL: process.env.URL, timeout: 3000 });

function isRetryable(error: { response?: { status: number } }) {
  return !error.response || error.response.status >= 500 || [408, 429].includes(error.response.status);
}

export async function ask(path: string) {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      return await client.get(path);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      await new Promise((done) => setTimeout(done, 100 * 2 ** attempt));
    }
  }
}
";
    assert!(told("a/client.ts", asked));
    assert!(!told("a/client.ts", &asked.replace("[408, 429]", "[408]")));
    let read = asked.replace("100 * 2 ** attempt", "Number(error.response.headers['retry-after']) * 1000");
    assert!(!told("a/client.ts", &read));
}
