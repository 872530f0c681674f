//! Services of Node: what reaches a call by way of classes, parameters and shared configurations.

use crate::support::told::told;

fn found(files: &[(&str, &str)], rule: &str) -> Vec<String> {
    told(files, |finding| finding.rule == rule).1
}

#[test]
fn an_accessor_that_hides_a_model_is_that_model() {
    let prisma = "import { PrismaClient } from '@prisma/client';
export class Database extends PrismaClient {
  private _order: any;
  get order(): any { return this._order; }
  set order(value: any) { this._order = value; }
}
";
    let orders = |call: &str| {
        format!(
            "import {{ Kafka }} from 'kafkajs';
import {{ Database }} from './database';
const producer = new Kafka({{ brokers: ['kafka:9092'] }}).producer();
export class Orders {{
  constructor(private readonly db: Database) {{}}
  async place(order: any) {{
    await this.db.order.{call};
    await producer.send({{ topic: 'orders', messages: [{{ value: JSON.stringify(order) }}] }});
  }}
}}
"
        )
    };
    let told = |call: &str| {
        let orders = orders(call);
        found(&[("src/database.ts", prisma), ("src/orders.ts", &orders)], "message-queue/dual-write")
    };
    assert_eq!(told("create({ data: order })"), ["dual-write orders.ts:8"]);
    assert_eq!(told("findMany()"), [""; 0]);
}

#[test]
fn a_parameter_that_no_caller_gives_is_undefined() {
    let client = "import axios, { AxiosRequestConfig } from 'axios';
export class Stock {
  reserve(order: string, config?: AxiosRequestConfig) {
    return axios.post('http://stock/reservations', { order }, config);
  }
}
";
    let index = |given: &str| {
        format!("import {{ Stock }} from './stock';\nexport const run = () => new Stock().reserve('1'{given});\n")
    };
    let told = |given: &str| {
        found(&[("src/stock.ts", client), ("src/index.ts", &index(given))], "rest-client/missing-timeout")
    };
    assert_eq!(told(""), ["missing-timeout stock.ts:4"]);
    assert_eq!(told(", { timeout: 2000 }"), [""; 0]);
    // Nobody in sight calls it: what is given then is not known.
    assert_eq!(found(&[("src/stock.ts", client)], "rest-client/missing-timeout"), [""; 0]);
}

/// A Nest application for each name, with handlers whose transport one class of the repository describes.
fn nest(no_ack: &str) -> Vec<(String, String)> {
    let mut files = vec![
        (
            "package.json".to_string(),
            r#"{"name": "shop", "dependencies": {"@nestjs/microservices": "11"}}"#.to_string(),
        ),
        (
            "src/rmq.service.ts".to_string(),
            format!(
                "import {{ Injectable }} from '@nestjs/common';
import {{ RmqOptions, Transport }} from '@nestjs/microservices';
@Injectable()
export class RmqService {{
  options(queue: string): RmqOptions {{
    return {{
      transport: Transport.RMQ,
      options: {{ urls: ['amqp://rabbitmq'], queue, noAck: {no_ack}, queueOptions: {{ durable: true }} }},
    }};
  }}
}}
"
            ),
        ),
    ];
    for name in ["orders", "payments"] {
        files.push((
            format!("src/{name}/main.ts"),
            format!(
                "import {{ NestFactory }} from '@nestjs/core';
import {{ AppModule }} from './app.module';
import {{ RmqService }} from '../rmq.service';
async function bootstrap() {{
  const app = await NestFactory.createMicroservice(AppModule, {{
    useFactory: (rmq: RmqService) => rmq.options('{name}'),
    inject: [RmqService],
  }});
  await app.listen();
}}
bootstrap();
"
            ),
        ));
        files.push((
            format!("src/{name}/app.module.ts"),
            "import { Module } from '@nestjs/common';\nimport { Handlers } from './handlers';\n@Module({ controllers: [Handlers] })\nexport class AppModule {}\n".to_string(),
        ));
        files.push((
            format!("src/{name}/handlers.ts"),
            format!(
                "import {{ Controller }} from '@nestjs/common';
import {{ EventPattern, Payload }} from '@nestjs/microservices';
import {{ readFile }} from 'fs/promises';
@Controller()
export class Handlers {{
  @EventPattern('{name}.placed')
  placed(@Payload() event: any) {{ return readFile(event.path); }}
  @EventPattern('{name}.cancelled')
  cancelled(@Payload() event: any) {{ return readFile(event.path); }}
}}
"
            ),
        ));
    }
    files
}

#[test]
fn a_transport_that_a_class_describes_is_told_there_once() {
    let told = |no_ack: &str, rule: &str| {
        let files = nest(no_ack);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        found(&files, rule)
    };
    assert_eq!(told("true", "message-queue/early-acknowledgement"), ["early-acknowledgement rmq.service.ts:6"]);
    assert_eq!(told("false", "message-queue/early-acknowledgement"), [""; 0]);
    assert_eq!(told("false", "message-queue/missing-dead-letter"), ["missing-dead-letter rmq.service.ts:6"]);
    // Each process has to be told to stop by itself.
    assert_eq!(
        told("false", "message-queue/missing-graceful-shutdown"),
        ["missing-graceful-shutdown main.ts:5", "missing-graceful-shutdown main.ts:5"]
    );
}

#[test]
fn what_an_application_says_of_its_own_transport_is_told_at_its_handlers() {
    let factory = "{\n    useFactory: (rmq: RmqService) => rmq.options('orders'),\n    inject: [RmqService],\n  }";
    let own = "{ transport: 'RMQ', options: { urls: ['amqp://rabbitmq'], queue: 'orders' } }";
    let files: Vec<(String, String)> =
        nest("true").into_iter().map(|(path, text)| (path, text.replace(factory, own))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    for rule in ["early-acknowledgement", "missing-dead-letter"] {
        let at_handlers = found(&files, &format!("message-queue/{rule}"));
        let expected =
            [format!("{rule} handlers.ts:6"), format!("{rule} handlers.ts:8"), format!("{rule} rmq.service.ts:6")];
        assert_eq!(at_handlers, expected);
    }
}

#[test]
fn a_handler_that_answers_everything_answers_health_checks() {
    let told = |last: &str| {
        let server = format!(
            "import express from 'express';
const app = express();
app.get('/orders', (req, res) => res.json([]));
app.use({last});
app.listen(3000);
"
        );
        let docker = ("Dockerfile", "FROM node:22\nCOPY . .\nCMD [\"node\", \"dist/index.js\"]\n");
        let package = ("package.json", r#"{"name": "orders", "dependencies": {"express": "4"}}"#);
        found(&[docker, package, ("src/index.ts", &server)], "service-health/missing-health-endpoint").len()
    };
    assert_eq!(told("'/', (req, res) => { res.status(200).json({ message: 'up' }); }"), 0);
    assert_eq!(told("(req, res) => { res.send('up'); }"), 0);
    assert_eq!(told("(req, res) => { res.status(404).json({ message: 'not found' }); }"), 1);
    assert_eq!(told("(req, res, next) => { next(); }"), 1);
    assert_eq!(told("'/admin', (req, res) => { res.json({}); }"), 1);
}

#[test]
fn a_request_whose_answer_nobody_takes_is_a_message() {
    let service = |send: &str| {
        format!(
            "import {{ Inject, Injectable }} from '@nestjs/common';
import {{ ClientProxy }} from '@nestjs/microservices';
import {{ InjectRepository }} from '@nestjs/typeorm';
import {{ firstValueFrom }} from 'rxjs';
import {{ Repository }} from 'typeorm';
import {{ Order }} from './order';
@Injectable()
export class Orders {{
  constructor(@Inject('BILLING') private readonly billing: ClientProxy, @InjectRepository(Order) private readonly orders: Repository<Order>) {{}}
  async place(order: Order) {{
    const row = await this.orders.save(order);
    {send}
  }}
}}
"
        )
    };
    let module = |transport: &str| {
        format!(
            "import {{ Module }} from '@nestjs/common';
import {{ ClientProxyFactory, Transport }} from '@nestjs/microservices';
import {{ Orders }} from './orders';
@Module({{ providers: [Orders, {{ provide: 'BILLING', useFactory: () => ClientProxyFactory.create({{ transport: Transport.{transport}, options: {{ queue: 'billing' }} }}) }}] }})
export class OrdersModule {{}}
"
        )
    };
    let told = |transport: &str, send: &str| {
        let (service, module) = (service(send), module(transport));
        let files = [
            ("src/orders.ts", service.as_str()),
            ("src/module.ts", &module),
            ("src/order.ts", "export class Order {}\n"),
        ];
        let rules = ["dual-write", "transient-message", "unconfirmed-publish"];
        told(&files, |finding| rules.iter().any(|rule| finding.rule.ends_with(rule))).1
    };
    let all = ["dual-write orders.ts:12", "transient-message orders.ts:12", "unconfirmed-publish orders.ts:12"];
    assert_eq!(told("RMQ", "firstValueFrom(this.billing.send('charge', row));"), all);
    assert_eq!(told("RMQ", "this.billing.send('charge', row).subscribe();"), all);
    assert_eq!(told("RMQ", "return await firstValueFrom(this.billing.send('charge', row));"), [""; 0]);
    assert_eq!(told("TCP", "firstValueFrom(this.billing.send('charge', row));"), [""; 0]);
    // Nobody subscribes: it is never sent.
    assert_eq!(told("RMQ", "this.billing.send('charge', row);"), [""; 0]);
}

#[test]
fn rows_of_lowdb_are_written() {
    let server = "import amqp from 'amqplib';
import low from 'lowdb';
import FileSync from 'lowdb/adapters/FileSync';
const db = low(new FileSync('orders.json'));
export async function place(order) {
  const channel = await (await amqp.connect('amqp://rabbitmq')).createConfirmChannel();
  db.get('orders').push(order).write();
  channel.publish('orders', 'placed', Buffer.from(JSON.stringify(order)));
}
";
    assert_eq!(found(&[("src/index.ts", server)], "message-queue/dual-write"), ["dual-write index.ts:8"]);
    let reads = server.replace("push(order).write()", "value()");
    assert_eq!(found(&[("src/index.ts", &reads)], "message-queue/dual-write"), [""; 0]);
}

#[test]
fn a_base_class_takes_messages_from_what_its_heirs_are_made_with() {
    let broker = "import amqp, { Channel } from 'amqplib';
class Broker {
  private current?: Channel;
  get channel() {
    if (!this.current) throw new Error('not connected');
    return this.current;
  }
  async connect(url: string) {
    this.current = await (await amqp.connect(url)).createChannel();
  }
}
export const broker = new Broker();
";
    let base = "export abstract class Listener {
  abstract queue: string;
  abstract handle(data: any): Promise<void>;
  constructor(private channel: any) {}
  async listen() {
    await this.channel.assertQueue(this.queue);
    this.channel.consume(this.queue, async (message: any) => {
      await this.handle(JSON.parse(message.content.toString()));
      this.channel.ack(message);
    });
  }
}
";
    let parcels = "import { Listener } from './listener';
export class ParcelListener extends Listener {
  queue = 'parcels';
  async handle(data: any) {}
}
";
    let main = "import { broker } from './broker';
import { ParcelListener } from './parcels';
async function main() {
  await broker.connect(process.env.BROKER!);
  await new ParcelListener(broker.channel).listen();
}
main();
";
    let files = [
        ("package.json", r#"{"name": "vans", "dependencies": {"amqplib": "0.10"}}"#),
        ("src/broker.ts", broker),
        ("src/listener.ts", base),
        ("src/main.ts", main),
        ("src/parcels.ts", parcels),
    ];
    assert_eq!(found(&files, "message-queue/missing-dead-letter"), ["missing-dead-letter listener.ts:7"]);
}

#[test]
fn a_generic_base_class_calls_what_its_heirs_implement() {
    let text = |base: &str, heir: &str| {
        format!(
            "import {{ Worker, Job }} from 'bullmq';
import nodemailer from 'nodemailer';
const transport = nodemailer.createTransport({{ host: 'mail' }});
interface Parcel {{ number: string }}
abstract class Jobs{base} {{
  static names() {{ return ['parcels']; }}
  constructor(queue: string) {{
    new Worker(queue, async (job: Job) => this.work(job));
  }}
  abstract work(job: Job): Promise<void>;
}}
class Mails extends Jobs{heir} {{
  async work(job: Job) {{ await transport.sendMail(job.data); }}
}}
new Mails('parcels');
"
        )
    };
    for (base, heir) in [("", ""), ("<T>", "<any>"), ("<T>", "<Parcel>"), ("<T = any>", "<{ number: string }>")] {
        let text = text(base, heir);
        let files =
            [("package.json", r#"{"name": "vans", "dependencies": {"bullmq": "5"}}"#), ("main.ts", text.as_str())];
        let told = found(&files, "message-queue/non-idempotent-consumer");
        assert_eq!(told, ["non-idempotent-consumer main.ts:8"], "{base} {heir}");
    }
}

#[test]
fn what_a_container_makes_of_a_class_is_an_object_of_it() {
    let connection = "import * as amqp from 'amqplib';
export class Connection {
  private channel: amqp.Channel;
  async getChannel(): Promise<amqp.Channel> {
    if (!this.channel) {
      const connection = await amqp.connect(process.env.RABBIT_URL);
      this.channel = await connection.createChannel();
    }
    return this.channel;
  }
}
";
    let publisher = |import: &str, resolved: &str| {
        format!(
            "import {{ {import} }} from '{}';
import {{ Connection }} from './connection';
export class Publisher {{
  async publish(body: string) {{
    const channel = await {resolved}.getChannel();
    channel.publish('orders', 'placed', Buffer.from(body));
  }}
}}
",
            if import == "container" { "tsyringe" } else { "typedi" }
        )
    };
    let told = |import: &str, resolved: &str| {
        let publisher = publisher(import, resolved);
        let files = [("src/connection.ts", connection), ("src/publisher.ts", publisher.as_str())];
        found(&files, "message-queue/unconfirmed-publish")
    };
    assert_eq!(told("container", "container.resolve(Connection)"), ["unconfirmed-publish publisher.ts:6"]);
    assert_eq!(told("Container", "Container.get(Connection)"), ["unconfirmed-publish publisher.ts:6"]);
    // What is registered under a token is not known.
    assert_eq!(told("container", "container.resolve<any>('Connection')"), [""; 0]);
}

#[test]
fn what_the_compiler_writes_beside_its_source_is_not_told_again() {
    let client = "import axios from 'axios';\nexport const stock = () => axios.get('http://stock/items');\n";
    let compiled = "const axios = require('axios');\nexports.stock = () => axios.get('http://stock/items');\n";
    let both = [("src/stock.ts", client), ("src/stock.js", compiled)];
    assert_eq!(found(&both, "rest-client/missing-timeout"), ["missing-timeout stock.ts:2"]);
    assert_eq!(found(&[("src/stock.js", compiled)], "rest-client/missing-timeout"), ["missing-timeout stock.js:2"]);
}

#[test]
fn what_is_published_with_the_position_in_one_transaction_is_published_once() {
    let prices = |offsets: &str| {
        format!(
            "import {{ Kafka }} from 'kafkajs';
const kafka = new Kafka({{ brokers: ['kafka:9092'] }});
const consumer = kafka.consumer({{ groupId: 'prices' }});
const producer = kafka.producer({{ transactionalId: 'prices', idempotent: true, maxInFlightRequests: 1 }});
await consumer.subscribe({{ topic: 'orders' }});
await consumer.run({{
  autoCommit: false,
  eachMessage: async ({{ topic, partition, message }}) => {{
    const transaction = await producer.transaction();
    await transaction.send({{ topic: 'priced', messages: [{{ value: JSON.stringify({{ priced: String(message.value) }}) }}] }});
    {offsets}
    await transaction.commit();
  }},
}});
"
        )
    };
    let told = |offsets: &str| found(&[("src/prices.ts", &prices(offsets))], "message-queue/non-idempotent-consumer");
    let stored = "await transaction.sendOffsets({ consumerGroupId: 'prices', topics: [{ topic, partitions: [{ partition, offset: '2' }] }] });";
    assert_eq!(told(""), ["non-idempotent-consumer prices.ts:6"]);
    assert_eq!(told(stored), [""; 0]);
}

#[test]
fn a_function_that_is_called_where_it_stands_is_in_order_among_itself() {
    let told_of = |handled: &str| {
        let queue = format!(
            "import amqp from 'amqplib';
export async function consume(callback: (data: any) => Promise<void>) {{
  const connection = await amqp.connect(process.env.AMQP_URL);
  const channel = await connection.createChannel();
  await channel.consume('mail', (msg) => {{
    if (!msg) return;
    {handled}
  }});
}}
"
        );
        let main = "import { consume } from './queue';
import nodemailer from 'nodemailer';
const transport = nodemailer.createTransport({});
consume(async (data) => { await transport.sendMail(data); });
";
        let files = [("src/queue.ts", queue.as_str()), ("src/main.ts", main)];
        found(&files, "message-queue/early-acknowledgement")
    };
    let content = "JSON.parse(msg.content.toString())";
    assert_eq!(told_of(&format!("(async () => {{ await callback({content}); channel.ack(msg); }})();")), [""; 0]);
    assert_eq!(told_of(&format!("callback({content}); channel.ack(msg);")), ["early-acknowledgement queue.ts:5"]);
}

#[test]
fn a_push_message_is_sent_again() {
    let told_of = |sends: &str| {
        let main = format!(
            "import amqp from 'amqplib';
import admin from 'firebase-admin';
import {{ getMessaging }} from 'firebase-admin/messaging';
let app: admin.app.App | null = null;
const firebase = (): admin.app.App => (app ??= admin.initializeApp({{}}));
const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createChannel();
channel.consume('push', async (msg) => {{
  await {sends}({{ token: msg.content.toString() }});
  channel.ack(msg);
}});
"
        );
        found(&[("src/main.ts", main.as_str())], "message-queue/non-idempotent-consumer")
    };
    for sends in ["firebase().messaging().send", "admin.messaging().send", "getMessaging().sendEachForMulticast"] {
        assert_eq!(told_of(sends), ["non-idempotent-consumer main.ts:8"], "{sends}");
    }
}

#[test]
fn a_channel_of_the_connection_manager_is_one_of_amqplib() {
    let main = "import amqp, { Channel } from 'amqp-connection-manager';
const connection = amqp.connect([process.env.AMQP_URL]);
const setup = async (channel: Channel) => {
  await channel.assertQueue('parcels', { durable: true });
  await channel.consume('parcels', async (message) => {
    console.log(message.content.toString());
    channel.ack(message);
  });
};
connection.createChannel({ setup });
";
    assert_eq!(found(&[("src/main.ts", main)], "message-queue/missing-prefetch"), ["missing-prefetch main.ts:5"]);
}

#[test]
fn a_function_that_is_returned_is_called_by_the_name_of_what_holds_it() {
    let bus = "import { Kafka } from 'kafkajs';
const producer = new Kafka({ brokers: [process.env.KAFKA] }).producer();
export const publisherOf = (topic: string) => {
  const publish = async (event: any) => {
    await producer.send({ topic, messages: [{ value: JSON.stringify(event) }] });
  };
  return publish;
};
export function logged(topic: string) {
  return async (event: any) => { await producer.send({ topic, messages: [{ value: JSON.stringify(event) }] }); };
}
";
    let events = "import { publisherOf } from './bus';
export let orderPlaced: (event: any) => Promise<void>;
export const init = async () => { orderPlaced = await publisherOf('orders'); };
";
    let orders = "import { PrismaClient } from '@prisma/client';
import { logged } from './bus';
import { orderPlaced } from './events';
const prisma = new PrismaClient();
const orderShipped = logged('shipped');
export async function place(order: any) {
  await prisma.order.create({ data: order });
  await orderPlaced({ id: order.id });
}
export async function ship(order: any) {
  await prisma.order.update({ where: { id: order.id }, data: { shipped: true } });
  await orderShipped({ id: order.id });
}
";
    let files = [("src/bus.ts", bus), ("src/events.ts", events), ("src/orders.ts", orders)];
    assert_eq!(found(&files, "message-queue/dual-write"), ["dual-write orders.ts:12", "dual-write orders.ts:8"]);
    assert_eq!(
        found(&files, "event-schema/unversioned-event"),
        ["unversioned-event bus.ts:10", "unversioned-event bus.ts:5"]
    );
}

#[test]
fn handlers_that_are_listed_are_called() {
    let told_of = |called: &str| {
        let main = format!(
            "import {{ Kafka }} from 'kafkajs';
import {{ PrismaClient }} from '@prisma/client';
const prisma = new PrismaClient();
class Bus {{
  private handlers: Map<string, ((event: any) => Promise<void>)[]> = new Map();
  on(kind: string, handler: (event: any) => Promise<void>) {{
    const list = this.handlers.get(kind) || [];
    list.push(handler);
    this.handlers.set(kind, list);
  }}
  async run() {{
    const consumer = new Kafka({{ brokers: [process.env.KAFKA] }}).consumer({{ groupId: 'bills' }});
    await consumer.run({{ eachMessage: async ({{ message }}) => {{
      const event = JSON.parse(message.value.toString());
      const handlers = this.handlers.get(event.type) ?? [];
      {called}
    }} }});
  }}
}}
const bus = new Bus();
bus.on('order.placed', async (event) => {{ await prisma.bill.create({{ data: {{ orderId: event.id }} }}); }});
bus.run();
"
        );
        found(&[("src/main.ts", main.as_str())], "message-queue/non-idempotent-consumer")
    };
    let expected = ["non-idempotent-consumer main.ts:13"];
    assert_eq!(told_of("for (const handler of handlers) await handler(event);"), expected);
    assert_eq!(told_of("await Promise.all(handlers.map((handler) => handler(event)));"), expected);
    assert_eq!(told_of("console.log(handlers.length);"), [""; 0]);
}

#[test]
fn what_an_entry_of_a_stream_holds_is_passed_on() {
    let told = |value: &str| {
        let relay = format!(
            "import {{ Kafka }} from 'kafkajs';
import Redis from 'ioredis';
const redis = new Redis();
const producer = new Kafka({{ brokers: ['kafka:9092'] }}).producer();
export async function poll() {{
  const results = await redis.xreadgroup('GROUP', 'relay', 'one', 'STREAMS', 'outbox', '>');
  const [, entries] = results[0] as any;
  for (const [id, fields] of entries) {{
    const payload = fields[3];
    await producer.send({{ topic: 'orders', messages: [{{ key: 'k', value: {value} }}] }});
    await redis.xack('outbox', 'relay', id);
  }}
}}
setInterval(poll, 1000);
"
        );
        let package = r#"{"name": "orders", "dependencies": {"kafkajs": "2", "ioredis": "5"}}"#;
        found(&[("package.json", package), ("src/relay.ts", &relay)], "message-queue/non-idempotent-consumer")
    };
    assert_eq!(told("payload"), [""; 0]);
    assert_eq!(told("JSON.stringify({ id, text: payload })"), ["non-idempotent-consumer relay.ts:6"]);
}
