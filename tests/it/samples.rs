//! Code as articles and skills show it: one file, without its imports, without the making of its objects. What
//! a reviewer would say is reported, and nothing that the missing part may answer.

use crate::support::{folder, skillcheck_in};

/// The rules that a single file breaks, each once, with the first line.
fn broken(path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", path, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let mut rules: Vec<String> = Vec::new();
    for finding in output["findings"].as_array().unwrap() {
        let rule = finding["rule"].as_str().unwrap();
        if !rules.iter().any(|known| known.starts_with(&format!("{rule}:"))) {
            rules.push(format!("{rule}:{}", finding["line"]));
        }
    }
    rules.sort();
    rules
}

#[test]
fn a_client_in_java_without_its_imports() {
    let text = "@Service\npublic class StockClient {\n    private final WebClient client;\n\n    public StockClient(WebClient.Builder builder) {\n        this.client = builder.baseUrl(\"http://stock-service\").build();\n    }\n\n    public Mono<Stock> stock(String sku) {\n        return client.get().uri(\"/items/{sku}\", sku).retrieve().bodyToMono(Stock.class)\n            .timeout(Duration.ofSeconds(2)).retry(3);\n    }\n}\n";
    assert_eq!(
        broken("StockClient.java", text),
        [
            "rest-client/hard-coded-address:6",
            "rest-client/missing-circuit-breaker:6",
            "rest-client/retry-without-backoff:10"
        ]
    );
    // Which library's annotations these are is not shown; that they are there is.
    let guarded = "@Service\n@RequiredArgsConstructor\npublic class StockClient {\n    private final WebClient client;\n\n    @CircuitBreaker(name = \"stock\")\n    @Retry(name = \"stock\")\n    public Mono<Stock> stock(String sku) {\n        return client.get().uri(\"/items/{sku}\", sku).retrieve().bodyToMono(Stock.class).timeout(LIMIT);\n    }\n}\n";
    assert_eq!(broken("StockClient.java", guarded), [""; 0]);
}

#[test]
fn a_consumer_in_python_without_its_connection() {
    let text = "channel.queue_declare(queue=\"orders\", durable=True)\n\n\ndef on_message(ch, method, properties, body):\n    save(json.loads(body))\n\n\nchannel.basic_consume(queue=\"orders\", on_message_callback=on_message, auto_ack=True)\nchannel.start_consuming()\n";
    let rules = broken("consumer.py", text);
    assert!(rules.contains(&"message-queue/early-acknowledgement:8".to_owned()), "{rules:?}");
    assert!(rules.contains(&"message-queue/missing-dead-letter:8".to_owned()), "{rules:?}");
}

#[test]
fn a_channel_of_a_connection_that_is_not_shown() {
    let text = "class Worker {\n  constructor(connection) {\n    this.connection = connection;\n  }\n\n  async setup(queue) {\n    const channel = this.connection.channel();\n    await channel.assertQueue(queue, { durable: true });\n  }\n\n  async consume(queue, handler) {\n    const channel = this.connection.channel();\n    await channel.consume(queue, async (msg) => {\n      try {\n        await handler(JSON.parse(msg.content.toString()));\n        channel.ack(msg);\n      } catch (error) {\n        console.error(error);\n        channel.nack(msg, false, true);\n      }\n    });\n  }\n}\n";
    let rules = broken("worker.js", text);
    assert!(rules.contains(&"message-queue/unbounded-redelivery:13".to_owned()), "{rules:?}");
}

#[test]
fn guards_that_are_not_shown_are_taken_at_their_word() {
    let python = "import httpx\n\nclient = httpx.AsyncClient(timeout=3)\n\n\n@retry(stop=stop_after_attempt(3))\n@circuit\nasync def stock():\n    return await client.get(f\"{BASE}/stock\")\n";
    assert_eq!(broken("client.py", python), [""; 0]);
    let typescript =
        "export const stock = () =>\n  withRetry(() => stockBreaker.execute(() => fetch(`${BASE}/stock`)));\n";
    assert_eq!(broken("client.ts", typescript), [""; 0]);
    // What only sounds like it is none.
    let later = "setTimeout(() => fetch(`${BASE}/stock`), 1000);\n";
    assert_eq!(
        broken("client.ts", later),
        ["rest-client/missing-circuit-breaker:1", "rest-client/missing-retry:1", "rest-client/missing-timeout:1"]
    );
}

#[test]
fn a_function_that_calls_itself_after_a_failure_is_a_retry() {
    let call = |again: &str, guard: &str| {
        format!(
            "import axios from 'axios';\n\nexport async function load(url: string, left = 3): Promise<unknown> {{\n  try {{\n    return (await axios.get(url, {{ timeout: 1000 }})).data;\n  }} catch (error) {{\n    {guard}\n    await sleep(1000 * 2 ** (3 - left) * Math.random());\n    return {again};\n  }}\n}}\n"
        )
    };
    let bounded = call("load(url, left - 1)", "if (left === 0) throw error;");
    assert_eq!(broken("load.ts", &bounded), ["rest-client/missing-circuit-breaker:5"]);
    let status = "export async function load(url: string) {\n  const response = await fetch(url, { signal });\n  if (response.status === 503) {\n    await sleep(1000);\n    return load(url);\n  }\n  return response;\n}\n";
    let rules = broken("load.ts", status);
    assert!(rules.iter().any(|rule| rule.starts_with("rest-client/unbounded-retry")), "{rules:?}");
    // The next page is no second attempt.
    let pages = "import axios from 'axios';\n\nexport async function all(url: string): Promise<unknown[]> {\n  const page = (await axios.get(url, { timeout: 1000 })).data;\n  return page.next ? [...page.items, ...(await all(page.next))] : page.items;\n}\n";
    assert!(broken("all.ts", pages).contains(&"rest-client/missing-retry:4".to_owned()));
}

#[test]
fn a_breaker_by_hand_that_keeps_what_it_runs() {
    let text = "import axios from 'axios';\n\nclass CircuitBreaker {\n  private state = 'CLOSED';\n\n  constructor(private run: (id: string) => Promise<unknown>) {}\n\n  async fire(id: string) {\n    if (this.state === 'OPEN') throw new Error('open');\n    try {\n      return await this.run(id);\n    } catch (error) {\n      this.state = 'OPEN';\n      setTimeout(() => (this.state = 'HALF_OPEN'), 30_000);\n      throw error;\n    }\n  }\n}\n\nconst breaker = new CircuitBreaker((id) => axios.get(`${BASE}/items/${encodeURIComponent(id)}`, { timeout: 1000 }));\nexport const item = (id: string) => breaker.fire(id);\n";
    let rules = broken("breaker.ts", text);
    assert!(!rules.iter().any(|rule| rule.starts_with("rest-client/missing-circuit-breaker")), "{rules:?}");
    assert!(rules.contains(&"rest-client/unbounded-half-open:14".to_owned()), "{rules:?}");
}

#[test]
fn a_text_to_a_quorum_queue_is_stored_and_is_no_event() {
    let text = |kind: &str| {
        format!(
            "import os\n\nimport pika\n\nconnection = pika.BlockingConnection(pika.URLParameters(os.environ[\"AMQP_URL\"]))\nchannel = connection.channel()\nchannel.queue_declare(queue=\"hello\", durable=True, arguments={{\"x-queue-type\": \"{kind}\"}})\nchannel.basic_publish(exchange=\"\", routing_key=\"hello\", body=\"Hello World!\")\n"
        )
    };
    assert_eq!(broken("send.py", &text("quorum")), ["message-queue/unconfirmed-publish:8"]);
    assert_eq!(
        broken("send.py", &text("classic")),
        ["message-queue/transient-message:8", "message-queue/unconfirmed-publish:8"]
    );
}

#[test]
fn the_address_of_a_broker_in_java_and_csharp() {
    let java = "import com.rabbitmq.client.*;\nimport java.util.Map;\n\npublic class Worker {\n    public static void main(String[] argv) throws Exception {\n        ConnectionFactory factory = new ConnectionFactory();\n        factory.setHost(\"rabbit\");\n        Channel channel = factory.newConnection().createChannel();\n        channel.queueDeclare(\"tasks\", true, false, false, Map.of(\"x-queue-type\", \"quorum\"));\n        channel.basicQos(1);\n        channel.basicConsume(\"tasks\", false, (tag, delivery) -> {\n            work(delivery.getBody());\n            channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);\n        }, tag -> { });\n    }\n}\n";
    assert_eq!(
        broken("Worker.java", java),
        [
            "message-queue/hard-coded-broker:7",
            "message-queue/missing-dead-letter:11",
            "message-queue/missing-graceful-shutdown:11"
        ]
    );
    let csharp = "using RabbitMQ.Client;\n\nvar factory = new ConnectionFactory { HostName = \"rabbit\" };\nusing var connection = await factory.CreateConnectionAsync();\n";
    assert_eq!(broken("Send.cs", csharp), ["message-queue/hard-coded-broker:3"]);
}

#[test]
fn a_tutorial_may_have_its_broker_on_the_same_machine() {
    let text = |address: &str| {
        format!(
            "import pika\n\nconnection = pika.BlockingConnection(pika.URLParameters(\"{address}\"))\nchannel = connection.channel()\nchannel.basic_consume(\"hello\", print)\nchannel.start_consuming()\n"
        )
    };
    for address in ["amqp://localhost", "amqp://guest:guest@127.0.0.1:5672/%2F"] {
        let told = broken("hello.py", &text(address));
        assert!(!told.iter().any(|finding| finding.contains("hard-coded-broker")), "{told:?}");
        // What an image runs is no tutorial.
        let image = ("Dockerfile", "FROM python:3.13\nCOPY hello.py .\nCMD [\"python\", \"hello.py\"]\n");
        let service = folder(&[("hello.py", &text(address)), image]);
        let run =
            skillcheck_in(service.path(), &["lint", "--rule", "message-queue/hard-coded-broker", "-o", "concise"]);
        assert!(run.stdout.contains("hello.py:3:"), "{address}: {}", run.stdout);
    }
    let told = broken("hello.py", &text("amqp://shop:s3cret@localhost"));
    assert!(told.contains(&"message-queue/hard-coded-broker:3".to_string()), "{told:?}");
}

#[test]
fn a_request_to_a_path_alone_is_made_by_a_page() {
    assert_eq!(
        broken("page.ts", "export const settings = await fetch(\"/settings.json\").then((r) => r.json());\n"),
        [""; 0]
    );
}

/// A field that the sample leaves out is called like its type.
#[test]
fn a_template_that_nothing_declares() {
    let text = "@Service\npublic class RateClient {\n    public Rate rate(String currency) {\n        return restTemplate.getForObject(\"http://rates/latest\", Rate.class);\n    }\n}\n";
    assert!(broken("RateClient.java", text).contains(&"rest-client/hard-coded-address:4".to_string()));
    let packaged = format!("package shop.rates;\n\n{text}");
    assert_eq!(broken("RateClient.java", &packaged), [""; 0]);
}

/// A filter of requests logs; it neither limits nor repeats them.
#[test]
fn a_filter_that_only_looks() {
    let client = |filter: &str| {
        format!(
            "@Configuration\nclass Clients {{\n    @Bean\n    fun rates(): WebClient = WebClient.builder()\n        .baseUrl(\"https://rates.example.com\")\n        .filter({filter})\n        .build()\n}}\n\n@Service\nclass Rates(private val client: WebClient) {{\n    suspend fun latest(): Rate = client.get().uri(\"/latest\").retrieve().awaitBody()\n}}\n"
        )
    };
    let told =
        |filter: &str| broken("Rates.kt", &client(filter)).iter().any(|f| f.starts_with("rest-client/missing-timeout"));
    assert!(told("ExchangeFilterFunction.ofRequestProcessor { request -> Mono.just(request) }"));
    assert!(!told("limits"));
}

#[test]
fn repetition_by_a_function_that_a_decorator_hands_on_to() {
    let text = r#"import asyncio
import functools
import random

import aiohttp


async def again(fn, *args, attempts=3, **kwargs):
    for attempt in range(attempts + 1):
        try:
            return await fn(*args, **kwargs)
        except Exception:
            if attempt == attempts:
                raise
            await asyncio.sleep(random.uniform(0, 2**attempt))


def repeated(attempts=3):
    def decorate(fn):
        @functools.wraps(fn)
        async def wrapper(*args, **kwargs):
            return await again(fn, *args, attempts=attempts, **kwargs)

        return wrapper

    return decorate


session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3))


@repeated(attempts=3)
async def rate(currency):
    async with session.get(RATES_URL, params={"currency": currency}) as response:
        return await response.json()
"#;
    assert_eq!(broken("rates.py", text), ["rest-client/missing-circuit-breaker:29"]);
}

#[test]
fn a_loop_that_goes_on_before_it_gives_up() {
    let text = r#"import random
import time

import requests


class StockClient:
    def __init__(self, base_url, attempts=3):
        self.base_url = base_url
        self.attempts = attempts
        self.session = requests.Session()

    def stock(self):
        for attempt in range(self.attempts + 1):
            try:
                response = self.session.get(f"{self.base_url}/stock", timeout=3)
                if response.status_code == 503:
                    if attempt < self.attempts:
                        time.sleep(random.uniform(0, 2**attempt))
                        continue
                    raise StockUnavailable(response)
                return response
            except requests.ConnectionError:
                if attempt < self.attempts:
                    time.sleep(random.uniform(0, 2**attempt))
                    continue
                raise
"#;
    assert_eq!(broken("stock.py", text), ["rest-client/missing-circuit-breaker:11"]);
}

#[test]
fn a_loop_that_asks_a_list_of_statuses() {
    let text = r#"class PatientHttp {
  constructor(private retryableStatuses: number[] = [408, 429, 503]) {}

  async get(url: string): Promise<Response> {
    for (let attempt = 0; attempt < 4; attempt++) {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      if (!this.retryableStatuses.includes(response.status)) return response;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 ** attempt * 100));
    }
    throw new Error("no answer");
  }
}
"#;
    let rules = broken("http.ts", text);
    assert!(!rules.iter().any(|r| r.starts_with("rest-client/missing-retry")), "{rules:?}");
    assert!(rules.iter().any(|r| r.starts_with("rest-client/ignored-retry-after")), "{rules:?}");
}

#[test]
fn work_for_one_program_is_no_event() {
    let text = r#"import amqp from 'amqplib';

const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createConfirmChannel();
await channel.assertQueue('email-queue', { durable: true });
channel.sendToQueue('email-queue', Buffer.from(JSON.stringify({ to: user.email, subject: 'Hello' })), { persistent: true, mandatory: true });
await channel.waitForConfirms();
"#;
    assert_eq!(broken("mails.ts", text), [""; 0]);
}

#[test]
fn handlers_that_let_the_refusals_of_a_peer_pass() {
    let text = r#"import requests
from circuitbreaker import circuit


@circuit(failure_threshold=5, recovery_timeout=30)
def stock(sku_id: int):
    try:
        response = requests.get(f"{STOCK_URL}/stock/{sku_id}", timeout=3)
        response.raise_for_status()
        return response.json()
    except requests.Timeout as error:
        raise StockSlow(sku_id) from error
    except requests.ConnectionError as error:
        raise StockDown(sku_id) from error
"#;
    assert_eq!(
        broken("charge.py", text),
        ["rest-client/breaker-counts-client-errors:5", "rest-client/missing-retry:8"]
    );
}

#[test]
fn an_event_of_a_sample_without_the_imports_of_the_standard_library() {
    let text = r#"import json

from aiokafka import AIOKafkaProducer


@dataclass
class RoomBooked:
    event_id: str
    room_id: str
    booked_at: datetime


class Bus:
    def __init__(self, servers):
        self.producer = AIOKafkaProducer(
            bootstrap_servers=servers,
            enable_idempotence=True,
            value_serializer=lambda value: json.dumps(value).encode(),
        )

    async def publish(self, event: RoomBooked):
        await self.producer.send_and_wait("rooms.v1", value=asdict(event), key=event.room_id.encode())
"#;
    assert_eq!(broken("bus.py", text), ["message-queue/unserializable-payload:18"]);
}

#[test]
fn a_loop_in_a_decorator_that_lets_refusals_out() {
    let text = r#"import functools
import random
import time

import httpx

REPEATED = (502, 503, 504)


def with_patience(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        last = None
        for attempt in range(3):
            try:
                return fn(*args, **kwargs)
            except httpx.TransportError as error:
                last = error
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in REPEATED:
                    raise
                last = error
            time.sleep(random.uniform(0, 2**attempt))
        raise GaveUp() from last

    return wrapper


@with_patience
def stock():
    response = httpx.get(STOCK_URL, timeout=3)
    response.raise_for_status()
    return response.json()
"#;
    let rules = broken("stock.py", text);
    assert!(!rules.iter().any(|r| r.starts_with("rest-client/retry")), "{rules:?}");
    assert!(!rules.iter().any(|r| r.starts_with("rest-client/missing-retry")), "{rules:?}");
}

#[test]
fn tests_and_pages_of_an_article_are_no_service() {
    let tests = "describe('GET /stock', () => {\n  it('answers', async () => {\n    const answer = await fetch('http://stock:8080/stock');\n    expect(answer.status).toBe(200);\n  });\n});\n";
    assert_eq!(broken("sample.ts", tests), [""; 0]);
    let pytest = "import pytest\nimport requests\n\n\ndef test_stock():\n    assert requests.get('http://stock:8080/stock').ok\n";
    assert_eq!(broken("sample.py", pytest), [""; 0]);
    let page = "export function Stock({ url }) {\n  const [stock, setStock] = useState(null);\n  useEffect(() => {\n    fetch(url).then((answer) => answer.json()).then(setStock);\n  }, [url]);\n  return stock;\n}\n";
    assert_eq!(broken("sample.ts", page), [""; 0]);
}

/// The findings of one rule in a sample: the line, and the lines of what belongs to it.
fn told(rule: &str, path: &str, text: &str) -> Vec<(u64, Vec<u64>)> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", path, "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let line = |value: &serde_json::Value| value["line"].as_u64().unwrap();
    let found = output["findings"].as_array().unwrap().iter();
    found.map(|f| (line(f), f["related"].as_array().into_iter().flatten().map(line).collect())).collect()
}

#[test]
fn a_consumer_that_only_prints_needs_no_dead_letters_in_a_sample() {
    let text = |work: &str| {
        format!(
            "package main\n\nimport (\n\t\"log\"\n\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\nfunc main() {{\n\tconn, err := amqp.Dial(\"amqp://localhost\")\n\tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\tch, _ := conn.Channel()\n\tq, _ := ch.QueueDeclare(\"parcels\", true, false, false, false, nil)\n\tmsgs, _ := ch.Consume(q.Name, \"\", false, false, false, false, nil)\n\tfor msg := range msgs {{\n\t\t{work}\n\t\tmsg.Ack(false)\n\t}}\n}}\n"
        )
    };
    let rule = "message-queue/missing-dead-letter";
    assert_eq!(told(rule, "main.go", &text("log.Printf(\"got %s\", msg.Body)")), []);
    // What is done with a message may fail.
    assert_eq!(told(rule, "main.go", &text("deliver(msg.Body)")), [(16, vec![9, 15])]);
    // A program that is built and deployed is no sample, though what it does is still small.
    let built = folder(&[
        ("main.go", &text("log.Printf(\"got %s\", msg.Body)")),
        ("go.mod", "module parcels\n\ngo 1.24\n\nrequire github.com/rabbitmq/amqp091-go v1.10.0\n"),
    ]);
    let run = skillcheck_in(built.path(), &["lint", "--rule", rule, "-o", "concise"]);
    assert!(run.stdout.contains("main.go:16:"), "{}", run.stdout);
}

#[test]
fn a_script_that_takes_some_messages_and_closes_is_no_service() {
    let text = |rest: &str| {
        format!(
            "import asyncio\n\nimport nats\n\n\nasync def main():\n    nc = await nats.connect(\"localhost\")\n    js = nc.jetstream()\n    sub = await js.subscribe(\"parcels\", durable=\"desk\")\n{rest}    await nc.close()\n\n\nif __name__ == \"__main__\":\n    asyncio.run(main())\n"
        )
    };
    let rule = "message-queue/missing-graceful-shutdown";
    let once = "    msg = await sub.next_msg()\n    await msg.ack()\n";
    assert_eq!(told(rule, "desk.py", &text(once)), []);
    let until_empty = "    while True:\n        try:\n            msg = await sub.next_msg()\n            await msg.ack()\n        except TimeoutError:\n            break\n";
    assert_eq!(told(rule, "desk.py", &text(until_empty)), []);
    let for_ever = "    while True:\n        msg = await sub.next_msg()\n        await msg.ack()\n";
    assert_eq!(told(rule, "desk.py", &text(for_ever)).len(), 1);
}

#[test]
fn a_command_is_no_event() {
    let text = |name: &str| {
        format!(
            "using MassTransit;\n\npublic class Desk(IPublishEndpoint bus)\n{{\n    public Task Book(Guid parcelId) => bus.Publish(new {name}(parcelId, 3));\n}}\n\npublic record {name}(Guid ParcelId, int Weight);\n"
        )
    };
    let rule = "event-schema/unversioned-event";
    assert_eq!(told(rule, "Desk.cs", &text("WeighParcelCommand")), []);
    assert_eq!(told(rule, "Desk.cs", &text("ParcelWeighed")).len(), 1);
}

#[test]
fn a_saga_names_the_list_of_what_is_done_and_where_a_run_begins() {
    let text = |context: &str| {
        format!(
            "type Step struct {{\n\tName       string\n\tExecute    func(ctx context.Context) error\n\tCompensate func(ctx context.Context) error\n}}\n\ntype Trips struct {{\n\tsteps []Step\n}}\n\nfunc (t *Trips) Run(ctx context.Context) error {{\n\tdone := make([]Step, 0)\n\tfor _, step := range t.steps {{\n\t\tif err := step.Execute({context}); err != nil {{\n\t\t\tfor i := len(done) - 1; i >= 0; i-- {{\n\t\t\t\tdone[i].Compensate({context})\n\t\t\t}}\n\t\t\treturn err\n\t\t}}\n\t\tdone = append(done, step)\n\t}}\n\treturn nil\n}}\n"
        )
    };
    let volatile = told("saga/volatile-state", "trips.go", &text("ctx"));
    assert!(volatile.len() == 1 && volatile[0].1.contains(&12), "{volatile:?}");
    let nameless = told("saga/missing-saga-id", "trips.go", &text("ctx"));
    assert!(nameless.len() == 1 && nameless[0].1.contains(&11), "{nameless:?}");
    // The context of the caller may have a deadline; the one of nobody has none.
    assert_eq!(told("saga/missing-step-timeout", "trips.go", &text("ctx")), []);
    assert_eq!(told("saga/missing-step-timeout", "trips.go", &text("context.Background()")).len(), 1);
}

#[test]
fn a_client_that_nothing_repeats_names_its_requests() {
    let text = "import httpx\n\nclient = httpx.Client(timeout=3)\n\n\ndef parcel(number):\n    return client.get(f\"https://parcels.example.com/{number}\")\n";
    assert_eq!(told("rest-client/missing-retry", "desk.py", text), [(3, vec![7])]);
    assert_eq!(told("rest-client/missing-circuit-breaker", "desk.py", text), [(3, vec![7])]);
}

#[test]
fn a_list_of_what_is_done_is_not_turned_round() {
    let text = |round: &str| {
        format!(
            "class TripSaga {{\n  private steps: Step[] = [\n    {{ execute: (t) => hotels.book(t), compensate: (t) => hotels.cancel(t) }},\n    {{ execute: (t) => flights.book(t), compensate: (t) => flights.cancel(t) }},\n  ];\n\n  async run(trip: Trip): Promise<void> {{\n    const completed: Step[] = [];\n    for (const step of this.steps) {{\n      try {{\n        await step.execute(trip);\n        completed.push(step);\n      }} catch (error) {{\n        for (const done of {round}) {{\n          await done.compensate(trip);\n        }}\n        throw error;\n      }}\n    }}\n  }}\n}}\n"
        )
    };
    let lines = |round: &str| told("saga/mutated-log", "trip.ts", &text(round)).iter().map(|f| f.0).collect::<Vec<_>>();
    assert_eq!(lines("completed.reverse()"), [14]);
    for copy in ["[...completed].reverse()", "completed.slice().reverse()", "completed.toReversed()"] {
        assert!(lines(copy).is_empty(), "{copy}");
    }
}
