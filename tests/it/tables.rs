//! Handlers that stand in a table, asked by what only the message says: what any of them does counts.

use crate::support::told::told;

fn repeated(files: &[(&str, &str)]) -> Vec<String> {
    told(files, |finding| finding.rule == "message-queue/non-idempotent-consumer").1
}

const PACKAGE: (&str, &str) =
    ("package.json", r#"{"name": "stock", "dependencies": {"kafkajs": "2", "@prisma/client": "5"}}"#);

const HANDLERS: (&str, &str) = (
    "src/handlers.ts",
    "import { PrismaClient } from '@prisma/client';

const prisma = new PrismaClient();

export async function onOrderPlaced(event: { product: string; quantity: number }) {
  await prisma.stock.update({ where: { product: event.product }, data: { reserved: { increment: event.quantity } } });
}

export async function onProductRenamed(event: { product: string; name: string }) {
  await prisma.stock.update({ where: { product: event.product }, data: { name: event.name } });
}
",
);

/// A consumer that runs `run`, behind what stands before it.
fn node(before: &str, run: &str) -> String {
    format!(
        "import {{ Kafka }} from 'kafkajs';
import {{ onOrderPlaced, onProductRenamed }} from './handlers';
const kafka = new Kafka({{ brokers: ['kafka:9092'], clientId: 'stock' }});
{before}
export async function start() {{
  const consumer = kafka.consumer({{ groupId: 'stock' }});
  await consumer.connect();
  await consumer.subscribe({{ topic: 'orders' }});
  await consumer.run({{
    eachMessage: async ({{ topic, message }}) => {{
      const event = JSON.parse(message.value!.toString());
      {run}
    }},
  }});
}}
start();
"
    )
}

#[test]
fn a_table_of_node_runs_any_of_its_handlers() {
    let both = |before: &str, run: &str| repeated(&[PACKAGE, HANDLERS, ("src/index.ts", &node(before, run))]).len();
    let tables = [
        ("const handlers = { placed: onOrderPlaced };", "await handlers[event.type](event);"),
        ("const handlers: any = {};\nhandlers['placed'] = onOrderPlaced;", "await handlers[topic](event);"),
        (
            "const handlers = new Map([['placed', onOrderPlaced]]);",
            "const handle = handlers.get(topic);\n      if (handle) await handle(event);",
        ),
        (
            "const handlers = new Map<string, any>();\nfunction on(type: string, handler: any) { handlers.set(type, handler); }\non('placed', onOrderPlaced);",
            "await handlers.get(event.type)?.(event);",
        ),
    ];
    for (before, run) in tables {
        assert_eq!(both(before, run), 1, "{before}");
        assert_eq!(both(&before.replace("onOrderPlaced", "onProductRenamed"), run), 0, "{before}");
    }
    // Which one it is may be known.
    let class = |work: &str| {
        format!("class Handlers {{\n  static async changed(event: any) {{\n    await {work}(event);\n  }}\n}}")
    };
    assert_eq!(both(&class("onOrderPlaced"), "await Handlers[event.type](event);"), 1);
    assert_eq!(both(&class("onProductRenamed"), "await Handlers[event.type](event);"), 0);
    let table = "const handlers = { placed: onOrderPlaced, renamed: onProductRenamed };";
    assert_eq!(both(table, "await handlers['renamed'](event);"), 0);
    assert_eq!(both(table, "await handlers['placed'](event);"), 1);
}

#[test]
fn a_bus_runs_what_is_registered_with_it() {
    let bus = |handler: &str| {
        format!(
            "import {{ Kafka }} from 'kafkajs';
import {{ onOrderPlaced, onProductRenamed }} from './handlers';
const kafka = new Kafka({{ brokers: ['kafka:9092'], clientId: 'stock' }});
class Bus {{
  private handlers: Map<string, (event: any) => Promise<void>> = new Map();
  on(topic: string, handler: (event: any) => Promise<void>) {{ this.handlers.set(topic, handler); }}
  async start() {{
    const consumer = kafka.consumer({{ groupId: 'stock' }});
    await consumer.subscribe({{ topic: 'orders' }});
    await consumer.run({{
      eachMessage: async ({{ topic, message }}) => {{
        const handler = this.handlers.get(topic);
        if (handler) await handler(JSON.parse(message.value!.toString()));
      }},
    }});
  }}
}}
const bus = new Bus();
bus.on('orders', {handler});
bus.start();
"
        )
    };
    assert_eq!(repeated(&[PACKAGE, HANDLERS, ("src/index.ts", &bus("onOrderPlaced"))]).len(), 1);
    assert_eq!(repeated(&[PACKAGE, HANDLERS, ("src/index.ts", &bus("onProductRenamed"))]).len(), 0);
}

#[test]
fn a_dictionary_of_python_runs_any_of_its_handlers() {
    let worker = |statement: &str, ask: &str| {
        format!(
            "import json
from kafka import KafkaConsumer
from sqlalchemy import create_engine, text

engine = create_engine('postgresql://stock/stock')

def on_order_placed(event):
    with engine.begin() as connection:
        connection.execute(text('{statement}'), event)

HANDLERS = {{'placed': on_order_placed}}
consumer = KafkaConsumer('orders', bootstrap_servers='kafka:9092', group_id='stock')
for message in consumer:
    event = json.loads(message.value)
    {ask}
"
        )
    };
    for ask in ["HANDLERS[event['type']](event)", "HANDLERS.get(event['type'])(event)"] {
        let adds = worker("UPDATE stock SET reserved = reserved + :quantity WHERE product = :product", ask);
        assert_eq!(repeated(&[("main.py", &adds)]).len(), 1, "{ask}");
        let sets = worker("UPDATE stock SET name = :name WHERE product = :product", ask);
        assert_eq!(repeated(&[("main.py", &sets)]).len(), 0, "{ask}");
    }
}

#[test]
fn a_map_of_go_runs_any_of_its_handlers() {
    let program = |table: &str, run: &str, statement: &str| {
        format!(
            "package main

import (
	\"context\"
	\"database/sql\"
	\"encoding/json\"

	\"github.com/segmentio/kafka-go\"
)

type Event struct {{ Type, Product string; Quantity int }}

type Handler func(ctx context.Context, e Event) error

type Router struct {{ handlers map[string]Handler }}

func (r *Router) On(kind string, handler Handler) {{ r.handlers[kind] = handler }}

func (r *Router) Run(ctx context.Context, e Event) error {{
	handle, ok := r.handlers[e.Type]
	if !ok {{
		return nil
	}}
	return handle(ctx, e)
}}

type Stock struct {{ db *sql.DB }}

func (s *Stock) onOrderPlaced(ctx context.Context, e Event) error {{
	_, err := s.db.ExecContext(ctx, \"{statement}\", e.Quantity, e.Product)
	return err
}}

func main() {{
	ctx := context.Background()
	db, _ := sql.Open(\"postgres\", \"postgres://stock\")
	s := &Stock{{db: db}}
	{table}
	r := kafka.NewReader(kafka.ReaderConfig{{Brokers: []string{{\"kafka:9092\"}}, Topic: \"orders\", GroupID: \"stock\"}})
	for {{
		m, _ := r.FetchMessage(ctx)
		var e Event
		json.Unmarshal(m.Value, &e)
		if err := {run}(ctx, e); err == nil {{
			r.CommitMessages(ctx, m)
		}}
	}}
}}
"
        )
    };
    let module = ("go.mod", "module example.com/stock\n\ngo 1.22\n\nrequire github.com/segmentio/kafka-go v0.4.47\n");
    let tables = [
        ("handlers := map[string]Handler{\"placed\": s.onOrderPlaced}", "handlers[e.Type]"),
        (
            "router := &Router{handlers: make(map[string]Handler)}\n\trouter.On(\"placed\", s.onOrderPlaced)",
            "router.Run",
        ),
    ];
    for (table, run) in tables {
        let adds = program(table, run, "UPDATE stock SET reserved = reserved + $1 WHERE product = $2");
        assert_eq!(repeated(&[module, ("main.go", &adds)]).len(), 1, "{table}");
        let sets = program(table, run, "UPDATE stock SET reserved = $1 WHERE product = $2");
        assert_eq!(repeated(&[module, ("main.go", &sets)]).len(), 0, "{table}");
    }
}

#[test]
fn a_map_of_java_runs_any_of_its_handlers() {
    let listener = |table: &str, statement: &str| {
        format!(
            "package stock;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.stereotype.Component;

@Component
public class Listener {{
    private final JdbcTemplate jdbc;
    {table}

    @KafkaListener(topics = \"orders\", groupId = \"stock\")
    public void handle(Event event) {{
        handlers.get(event.type()).accept(event);
    }}

    private void onOrderPlaced(Event event) {{
        jdbc.update(\"{statement}\", event.quantity(), event.product());
    }}
}}

record Event(String type, String product, int quantity) {{}}
"
        )
    };
    let constructor = |rest: &str| format!("public Listener(JdbcTemplate jdbc) {{ this.jdbc = jdbc;{rest} }}");
    let tables = [
        format!(
            "private final Map<String, Consumer<Event>> handlers = Map.of(\"placed\", this::onOrderPlaced);\n    {}",
            constructor("")
        ),
        format!(
            "private final Map<String, Consumer<Event>> handlers = new HashMap<>();\n    {}",
            constructor(" handlers.put(\"placed\", this::onOrderPlaced);")
        ),
    ];
    for table in &tables {
        let path = "src/main/java/stock/Listener.java";
        let adds = listener(table, "UPDATE stock SET reserved = reserved + ? WHERE product = ?");
        assert_eq!(repeated(&[(path, &adds)]).len(), 1, "{table}");
        let sets = listener(table, "UPDATE stock SET reserved = ? WHERE product = ?");
        assert_eq!(repeated(&[(path, &sets)]).len(), 0, "{table}");
    }
}

#[test]
fn clients_that_are_kept_in_a_map_make_the_requests_of_what_it_gives() {
    let service = |keep: &str| {
        format!(
            "import axios, {{ AxiosInstance }} from 'axios';

export class Depots {{
  private readonly clients: Map<string, AxiosInstance>;

  constructor(addresses: Record<string, string>) {{
    this.clients = new Map();
    Object.entries(addresses).forEach(([depot, baseURL]) => {{
      const client = axios.create({{ baseURL, timeout: 3000 }});
      {keep}
    }});
  }}

  async items(depot: string) {{
    const client = this.clients.get(depot);
    if (!client) throw new Error(depot);
    return (await client.get('/items')).data;
  }}
}}
"
        )
    };
    let package = ("package.json", r#"{"name": "stock", "dependencies": {"axios": "1"}}"#);
    let lines =
        |keep: &str| told(&[package, ("src/depots.ts", &service(keep))], |f| f.rule == "rest-client/missing-retry").1;
    assert_eq!(lines("this.clients.set(depot, client);"), ["missing-retry depots.ts:9"]);
    assert_eq!(lines("console.log(client.defaults.baseURL);"), [""; 0]);
}

#[test]
fn a_table_that_is_handed_to_a_client_runs_its_handlers() {
    let client = "import { Kafka } from 'kafkajs';
interface Options { groupId: string; handlers: Record<string, (event: any) => Promise<void>> }
export class Client {
  private kafka = new Kafka({ brokers: ['kafka:9092'], clientId: 'stock' });
  async run({ groupId, handlers }: Options) {
    const consumer = this.kafka.consumer({ groupId });
    await consumer.run({
      eachMessage: async ({ message }) => {
        const event = JSON.parse(message.value!.toString());
        const handler = handlers[event.type];
        if (handler) await handler(event);
      },
    });
  }
}
";
    let told = |handler: &str| {
        let main = format!(
            "import {{ Client }} from './client';
import {{ onOrderPlaced, onProductRenamed }} from './handlers';
const client = new Client();
async function main() {{
  await client.run({{ groupId: 'stock', handlers: {{ 'order.event': {handler} }} }});
}}
main();
"
        );
        repeated(&[PACKAGE, HANDLERS, ("src/client.ts", client), ("src/main.ts", &main)]).len()
    };
    assert_eq!(told("onOrderPlaced"), 1);
    assert_eq!(told("onProductRenamed"), 0);
}
