//! Clients of queues that few services use, and of which each has its own idea of a handler: files in,
//! findings out.

use crate::support::{folder, skillcheck_in};

/// The findings about messages in one file, as `rule line`.
fn found(path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap().iter();
    let rules = findings.map(|f| (f["rule"].as_str().unwrap(), f["line"].as_u64().unwrap()));
    rules
        .filter(|(rule, _)| rule.starts_with("message-queue"))
        .map(|(r, line)| format!("{} {line}", &r[14..]))
        .collect()
}

#[test]
fn nats_streaming_is_acknowledged_by_hand() {
    let text = |first: &str, last: &str, told: &str| {
        format!(
            "import nats, {{ Message, Stan }} from 'node-nats-streaming';\nimport mongoose from 'mongoose';\n\
             const Order = mongoose.model('Order', new mongoose.Schema({{ title: String }}));\n\
             const stan = nats.connect('shop', 'orders', {{ url: process.env.NATS_URL }});\n\
             const sub = stan.subscribe('ticket:created', 'orders', stan.subscriptionOptions().setManualAckMode(true));\n\
             sub.on('message', async (msg: Message) => {{\n  {first}\n  await new Order(JSON.parse(msg.getData() as string)).save();\n  {last}\n}});\n\
             export function created(client: Stan, body: string) {{\n  client.publish('ticket:created', body{told});\n}}\n\
             process.on('SIGTERM', () => stan.close());\n"
        )
    };
    let handled = ["missing-dead-letter 6", "non-idempotent-consumer 6"];
    let kept = text("", "msg.ack();", ", (failed) => { if (failed) throw failed; }");
    assert_eq!(found("a.ts", &kept), handled);
    let lost = text("msg.ack();", "", "");
    let all =
        ["early-acknowledgement 6", "missing-dead-letter 6", "non-idempotent-consumer 6", "unconfirmed-publish 12"];
    assert_eq!(found("a.ts", &lost), all);
}

#[test]
fn rabbitmq_client_confirms_when_it_is_told_to() {
    let text = |queue: &str, publisher: &str, durable: &str| {
        format!(
            "import {{ Connection }} from 'rabbitmq-client';\nconst rabbit = new Connection(process.env.RABBIT_URL);\n\
             const sub = rabbit.createConsumer({{ queue: 'orders', qos: {{ prefetchCount: 5 }}, queueOptions: {{ durable: true{queue} }} }}, async (msg) => {{\n  await ship(msg.body);\n}});\n\
             const pub = rabbit.createPublisher({{ exchanges: [{{ exchange: 'orders', type: 'topic' }}]{publisher} }});\n\
             export const placed = async (order: object) => {{\n  await pub.send({{ exchange: 'orders', routingKey: 'placed'{durable} }}, order);\n}};\n\
             process.on('SIGTERM', async () => {{ await pub.close(); await sub.close(); await rabbit.close(); }});\n"
        )
    };
    let plain = ["missing-dead-letter 3", "transient-message 8", "unconfirmed-publish 8"];
    assert_eq!(found("a.ts", &text("", "", "")), plain);
    let dead = ", arguments: { 'x-dead-letter-exchange': 'dead' }";
    assert_eq!(found("a.ts", &text(dead, ", confirm: true", ", durable: true")), [""; 0]);
}

#[test]
fn amqp_ts_confirms_nothing_and_acknowledges_by_hand() {
    let text = |queue: &str, options: &str, last: &str| {
        format!(
            "const amqp = require('amqp-ts');\nconst connection = new amqp.Connection(process.env.RABBIT_URL);\n\
             const exchange = connection.declareExchange('orders', 'fanout', {{ durable: true }});\n\
             const queue = connection.declareQueue('orders.mails', {{ durable: true{queue} }});\n\
             queue.bind(exchange);\nqueue.prefetch(5);\n\
             queue.activateConsumer((message) => {{\n  console.log(message.getContent());\n  message.ack();\n}}{last});\n\
             exports.placed = (order) => {{\n  exchange.send(new amqp.Message(JSON.stringify(order){options}));\n}};\n\
             process.on('SIGTERM', () => connection.close());\n"
        )
    };
    let plain = ["missing-dead-letter 7", "transient-message 12", "unconfirmed-publish 12"];
    assert_eq!(found("a.js", &text("", "", "")), plain);
    let dead = ", deadLetterExchange: 'dead'";
    assert_eq!(found("a.js", &text(dead, ", { persistent: true }", "")), ["unconfirmed-publish 12"]);
    let early = ["early-acknowledgement 7", "unconfirmed-publish 12"];
    assert_eq!(found("a.js", &text(dead, ", { persistent: true }", ", { noAck: true }")), early);
}

#[test]
fn go_rabbitmq_takes_its_options_as_functions() {
    let text = |arguments: &str| {
        format!(
            "package main\n\nimport (\n\t\"log\"\n\n\trabbitmq \"github.com/wagslane/go-rabbitmq\"\n)\n\nfunc listen(conn *rabbitmq.Conn) error {{\n\tconsumer, err := rabbitmq.NewConsumer(conn, \"orders\", rabbitmq.WithConsumerOptionsRoutingKey(\"placed\"){arguments})\n\tif err != nil {{\n\t\treturn err\n\t}}\n\treturn consumer.Run(func(d rabbitmq.Delivery) rabbitmq.Action {{\n\t\tship(d.Body)\n\t\treturn rabbitmq.Ack\n\t}})\n}}\n"
        )
    };
    assert_eq!(found("main.go", &text("")), ["missing-dead-letter 14"]);
    let dead = ", rabbitmq.WithConsumerOptionsQueueArgs(rabbitmq.Table{\"x-dead-letter-exchange\": \"dead\"})";
    assert_eq!(found("main.go", &text(dead)), [""; 0]);
}

/// The library repeats a task a bounded number of times, keeps what failed and stops on SIGTERM.
#[test]
fn asynq_tasks_are_jobs() {
    let text = |work: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\t\"github.com/hibiken/asynq\"\n)\n\nvar db *sql.DB\n\nfunc place(ctx context.Context, client *asynq.Client, body []byte) error {{\n\t{work}\n\t_, err := client.EnqueueContext(ctx, asynq.NewTask(\"order:bill\", body))\n\treturn err\n}}\n\nfunc bill(ctx context.Context, t *asynq.Task) error {{\n\t_, err := db.ExecContext(ctx, \"INSERT INTO bills (body) VALUES ($1)\", t.Payload())\n\treturn err\n}}\n\nfunc main() {{\n\tmux := asynq.NewServeMux()\n\tmux.HandleFunc(\"order:bill\", bill)\n\tasynq.NewServer(asynq.RedisClientOpt{{}}, asynq.Config{{}}).Run(mux)\n}}\n"
        )
    };
    assert_eq!(found("main.go", &text("")), ["non-idempotent-consumer 25"]);
    let stores = "if _, err := db.ExecContext(ctx, \"INSERT INTO orders (body) VALUES ($1)\", body); err != nil {\n\t\treturn err\n\t}";
    assert_eq!(found("main.go", &text(stores)), ["dual-write 16", "non-idempotent-consumer 27"]);
}

#[test]
fn arq_jobs_beside_a_commit_are_two_writes() {
    let text = |work: &str| {
        format!(
            "import psycopg\nfrom arq.connections import ArqRedis\n\n\nasync def place(redis: ArqRedis, db: psycopg.AsyncConnection, order: dict):\n    {work}\n    await redis.enqueue_job('bill', order['id'])\n"
        )
    };
    assert_eq!(found("a.py", &text("pass")), [""; 0]);
    let stores = "await db.execute('INSERT INTO orders (id) VALUES (%s)', (order['id'],))\n    await db.commit()";
    assert_eq!(found("a.py", &text(stores)), ["dual-write 8"]);
}

#[test]
fn streams_of_redis_in_node_are_events_with_the_fields_behind_the_star() {
    let text = |fields: &str| {
        format!(
            "const Redis = require('ioredis');\nconst redis = new Redis(process.env.REDIS_URL);\n\
             exports.placed = async (order) => {{\n  await redis.xadd('orders', 'MAXLEN', '~', 1000, '*', {fields});\n}};\n"
        )
    };
    let events = |fields: &str| {
        let folder = folder(&[("placed.js", &text(fields))]);
        let rules = ["--rule", "event-schema/unversioned-event", "--rule", "event-schema/missing-event-id"];
        let run = skillcheck_in(folder.path(), &[&["lint", "--output", "json"][..], &rules].concat());
        let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let findings = output["findings"].as_array().unwrap().iter();
        findings.map(|f| f["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        events("'orderId', order.id, 'total', `${order.total}`"),
        [
            "event `orders` has no id of its own: the payload has `orderId`, `total`",
            "event `orders` has no version: the payload has `orderId`, `total`"
        ]
    );
    assert_eq!(events("'eventId', crypto.randomUUID(), 'version', 1, 'orderId', order.id"), [""; 0]);
    // Whatever somebody hands over.
    assert_eq!(events("...Object.entries(order).flat()"), [""; 0]);
}

#[test]
fn the_connection_of_redis_om_is_one_of_redis() {
    let text = |connection: &str| {
        format!(
            "from redis_om import HashModel, get_redis_connection\n\nredis = {connection}\n\n\nclass Order(HashModel):\n    status: str\n\n\n\
             def refund(order: Order, key):\n    order.status = \"refunded\"\n    order.save()\n    redis.xadd(\"refunded\", {{\"order\": key}})\n\n\n\
             def consume():\n    while True:\n        for result in redis.xreadgroup(\"orders\", \"one\", {{\"refund\": \">\"}}):\n            refund(Order.get(\"1\"), result[1][0][1][\"pk\"])\n\n\nconsume()\n"
        )
    };
    assert_eq!(
        found("main.py", &text("get_redis_connection(host=\"redis\")")),
        ["dual-write 13", "missing-dead-letter 18", "missing-graceful-shutdown 18", "non-idempotent-consumer 18"]
    );
}

#[test]
fn clients_of_nest_are_those_that_their_own_application_registers() {
    let module = |options: &str| {
        format!(
            "import {{ Module }} from '@nestjs/common';\nimport {{ ClientsModule, Transport }} from '@nestjs/microservices';\n\
             @Module({{ imports: [ClientsModule.register([{{ name: 'ORDERS', transport: Transport.RMQ, options: {{ queue: 'orders'{options} }} }}])] }})\nexport class AppModule {{}}\n"
        )
    };
    let service = |sent: &str| {
        format!(
            "import {{ Inject, Injectable }} from '@nestjs/common';\nimport {{ ClientProxy }} from '@nestjs/microservices';\nimport {{ lastValueFrom }} from 'rxjs';\n\
             @Injectable()\nexport class Orders {{\n  constructor(@Inject('ORDERS') private client: ClientProxy) {{}}\n  async placed(order: object) {{\n    await {sent};\n  }}\n}}\n"
        )
    };
    let folder = folder(&[
        ("admin/app.module.ts", &module(", persistent: true")),
        ("admin/orders.ts", &service("lastValueFrom(this.client.emit('placed', order))")),
        // An observable has no `then`: `await` waits for nothing.
        ("shop/app.module.ts", &module("")),
        ("shop/orders.ts", &service("this.client.emit('placed', order)")),
    ]);
    let rules = ["--rule", "message-queue/transient-message", "--rule", "message-queue/unconfirmed-publish"];
    let run = skillcheck_in(folder.path(), &[&["lint", "--output", "json"][..], &rules].concat());
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = output["findings"].as_array().unwrap().iter();
    let told: Vec<String> =
        findings.map(|f| format!("{} {}", f["rule"].as_str().unwrap(), f["path"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        ["message-queue/transient-message shop/orders.ts", "message-queue/unconfirmed-publish shop/orders.ts"]
    );
}

/// <https://redis.io/docs/latest/integrate/redisom-for-python/>
#[test]
fn the_connection_of_redis_om_reads_streams() {
    let text = |made: &str, failed: &str| {
        format!(
            "import time\n{made}\n\nwhile True:\n    try:\n        for _, entries in redis.xreadgroup('vans', 'one', {{'parcels': '>'}}):\n            print(entries)\n    except Exception as e:\n        {failed}\n    time.sleep(1)\n"
        )
    };
    let om = "from redis_om import get_redis_connection\nredis = get_redis_connection(host='streams')";
    assert_eq!(found("a.py", &text(om, "print(e)")), ["missing-dead-letter 7", "missing-graceful-shutdown 7"]);
    let kept = found("a.py", &text(om, "redis.xadd('parcels-dead-letter', {'why': str(e)})"));
    assert_eq!(kept, ["missing-graceful-shutdown 7"]);
}

#[test]
fn mails_and_payments_are_made_again_but_under_the_key_of_the_first_time() {
    let text = |client: &str, made: &str| {
        format!(
            "const amqp = require('amqplib');\n{client}\nasync function main() {{\n  const channel = await (await amqp.connect(process.env.RABBIT_URL)).createChannel();\n  await channel.prefetch(5);\n\
             \x20 await channel.consume('orders', async (message) => {{\n    const order = JSON.parse(message.content.toString());\n    await {made};\n    channel.ack(message);\n  }});\n}}\nmain();\n"
        )
    };
    let repeated = |client: &str, made: &str| {
        found("a.js", &text(client, made)).iter().any(|told| told.starts_with("non-idempotent-consumer"))
    };
    let resend = "const { Resend } = require('resend');\nconst resend = new Resend(process.env.KEY);";
    assert!(repeated(resend, "resend.emails.send({ to: order.email, subject: 'placed' })"));
    let stripe = "const Stripe = require('stripe');\nconst stripe = new Stripe(process.env.KEY);";
    assert!(repeated(stripe, "stripe.paymentIntents.create({ amount: order.total })"));
    assert!(!repeated(stripe, "stripe.paymentIntents.create({ amount: order.total }, { idempotencyKey: order.id })"));
}
