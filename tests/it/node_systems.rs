//! Services of Node as whole folders: what is found when the parts stand in different files.

use crate::support::{endpoints, folder, graph, skillcheck_in};

/// The findings of one skill, as `rule path:line`, sorted.
fn found(files: &[(&str, &str)], skill: &str) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--skill", skill, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    let rule = |f: &serde_json::Value| f["rule"].as_str().unwrap().rsplit('/').next().unwrap_or_default().to_string();
    let mut out: Vec<String> =
        findings.iter().map(|f| format!("{} {}:{}", rule(f), f["path"].as_str().unwrap(), f["line"])).collect();
    out.sort();
    out
}

/// A service whose routes and consumer are functions without a name that an index passes on, with an app and a
/// channel that are made elsewhere.
const MEMBERS: [(&str, &str); 7] = [
    ("Dockerfile", "FROM node:22\nCOPY . .\nCMD [\"node\", \"src/index.js\"]\n"),
    ("package.json", r#"{"name": "members", "dependencies": {"express": "4", "amqplib": "0.10"}}"#),
    (
        "src/index.js",
        r"const express = require('express');
const listen = require('./listen');
const start = async () => {
  const app = express();
  await listen(app);
  app.listen(8001);
};
start();
",
    ),
    (
        "src/listen.js",
        r"const { members } = require('./api');
const { createChannel } = require('./queue');
module.exports = async (app) => {
  const channel = await createChannel();
  members(app, channel);
};
",
    ),
    ("src/api/index.js", "module.exports = {\n  members: require('./members'),\n};\n"),
    (
        "src/api/members.js",
        r"const { subscribe } = require('../queue');
module.exports = (app, channel) => {
  subscribe(channel, (member) => store.insert(member));
  app.post('/members', async (req, res) => res.json({}));
};
",
    ),
    (
        "src/queue.js",
        r"const amqplib = require('amqplib');
module.exports.createChannel = async () => {
  const connection = await amqplib.connect(process.env.AMQP_URL);
  return await connection.createChannel();
};
module.exports.subscribe = async (channel, handle) => {
  await channel.assertQueue('members', { durable: true });
  channel.consume('members', (message) => handle(message.content.toString()), { noAck: true });
};
",
    ),
];

#[test]
fn functions_without_a_name_that_an_index_passes_on() {
    assert_eq!(endpoints(&MEMBERS), ["POST /members src/api/members.js:4"]);
    assert_eq!(
        found(&MEMBERS, "message-queue"),
        ["early-acknowledgement src/queue.js:8", "missing-graceful-shutdown src/queue.js:8"]
    );
    // What nobody calls with a channel consumes nothing.
    let mut uncalled = MEMBERS;
    uncalled[3].1 = "module.exports = async (app) => {};\n";
    assert_eq!(found(&uncalled, "message-queue"), [""; 0]);
}

/// A relay of rows: sent, then marked; a failure is logged and the next run sends them again.
const RELAY: &str = r"import { Kafka, Producer } from 'kafkajs';
import { Repository } from 'typeorm';

export class Relay {
  private producer: Producer = new Kafka({ brokers: [process.env.BROKER!] }).producer({ idempotent: true });
  constructor(private readonly rows: Repository<Row>) {}

  async run() {
    try {
      const rows = await this.rows.find({ where: { sent: false }, take: 50 });
      await this.producer.send({ topic: 'stock', messages: rows.map((row) => ({ value: JSON.stringify(row) })) });
      await this.rows.createQueryBuilder().update().set({ sent: true }).whereInIds(rows.map((r) => r.id)).execute();
    } catch (error) {
      console.error(error);
    }
  }
}
";

#[test]
fn a_relay_that_marks_its_rows_by_a_query_may_log_what_fails() {
    let swallowed = |text: &str| {
        let all = found(&[("relay.ts", text)], "message-queue");
        all.into_iter().filter(|f| f.starts_with("swallowed")).collect::<Vec<_>>()
    };
    assert_eq!(swallowed(RELAY), [""; 0]);
    let unmarked: String = RELAY.lines().filter(|l| !l.contains("whereInIds")).map(|l| format!("{l}\n")).collect();
    assert_eq!(swallowed(&unmarked), ["swallowed-publish-failure relay.ts:11"]);
}

/// A consumer that moves an order on, where there is one that is not there yet.
const MOVED_ON: &str = r"import { Kafka } from 'kafkajs';
import { DataSource } from 'typeorm';
import { Note, Order } from './entities';

const consumer = new Kafka({ brokers: [process.env.BROKER!] }).consumer({ groupId: 'orders' });

export async function listen(source: DataSource) {
  await consumer.run({
    eachMessage: async ({ message }) => {
      const { id, state } = JSON.parse(message.value!.toString());
      await source.transaction(async (manager) => {
        const order = await manager.findOneBy(Order, { id });
        if (order && order.state !== state) {
          order.state = state;
          await manager.save(Order, order);
          const note = new Note();
          note.text = `${id} is ${state}`;
          await manager.save(Note, note);
        }
      });
    },
  });
}
";

/// What it stores.
const ENTITIES: &str = r"import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
export class Note {
  @PrimaryGeneratedColumn() id: number;
  @Column() text: string;
}

@Entity()
export class Order {
  @PrimaryGeneratedColumn() id: number;
  @Column() state: string;
}
";

#[test]
fn a_state_that_is_left_guards_also_beside_another_condition() {
    let repeated = |text: &str| {
        let all = found(&[("orders.ts", text), ("entities.ts", ENTITIES)], "message-queue");
        all.iter().any(|f| f.starts_with("non-idempotent-consumer"))
    };
    assert!(!repeated(MOVED_ON));
    assert!(repeated(&MOVED_ON.replace("order.state = state;", "")));
}

/// A listener that others extend; it does not wait for what they do, and they acknowledge when they have done it.
const LISTENERS: [(&str, &str); 2] = [
    (
        "src/listener.ts",
        r"import { Message, Stan } from 'node-nats-streaming';

export abstract class Listener {
  abstract subject: string;
  abstract onMessage(data: any, message: Message): void;
  constructor(protected client: Stan) {}

  listen() {
    const options = this.client.subscriptionOptions().setManualAckMode(true);
    const subscription = this.client.subscribe(this.subject, 'bookings', options);
    subscription.on('message', (message: Message) => {
      this.onMessage(JSON.parse(message.getData() as string), message);
    });
  }
}
",
    ),
    (
        "src/seats.ts",
        r"import mongoose from 'mongoose';
import { Message } from 'node-nats-streaming';
import { Listener } from './listener';

const schema = new mongoose.Schema({ title: String });
schema.statics.build = (seat) => new Seat(seat);
const Seat = mongoose.model('Seat', schema);

export class SeatListener extends Listener {
  subject = 'seat:created';
  async onMessage(data: any, message: Message) {
    const seat = Seat.build({ title: data.title });
    await seat.save();
    message.ack();
  }
}
",
    ),
];

#[test]
fn what_nobody_waits_for_is_in_order_among_itself() {
    let of = |files: &[(&str, &str)], rule: &str| {
        found(files, "message-queue").into_iter().filter(|f| f.starts_with(rule)).collect::<Vec<_>>()
    };
    assert_eq!(of(&LISTENERS, "early-acknowledgement"), [""; 0]);
    // The schema has a function that makes a row: one more for each delivery.
    assert_eq!(of(&LISTENERS, "non-idempotent"), ["non-idempotent-consumer src/listener.ts:11"]);
    let early =
        LISTENERS[1].1.replace("    message.ack();\n", "").replace("const seat", "message.ack();\n    const seat");
    assert_eq!(of(&[LISTENERS[0], ("src/seats.ts", &early)], "early"), ["early-acknowledgement src/listener.ts:11"]);
    // Outside of it nothing waits.
    let outside = LISTENERS[0].1.replace("string), message);", "string), message);\n      message.ack();");
    let inside = LISTENERS[1].1.replace("    message.ack();\n", "");
    assert_eq!(
        of(&[("src/listener.ts", &outside), ("src/seats.ts", &inside)], "early"),
        ["early-acknowledgement src/listener.ts:11"]
    );
}

#[test]
fn a_function_that_is_bound_gets_the_rest_of_its_arguments() {
    let routes =
        "module.exports = ({ store }, app) => {\n  app.get('/seats/:id', (req, res) => res.json(store));\n};\n";
    let main = r"const express = require('express');
const seats = require('./seats');
const start = (store) => {
  const app = express();
  const api = seats.bind(null, { store });
  api(app);
  app.listen(3000);
};
start({});
";
    let image = "FROM node:22\nCOPY . .\nCMD [\"node\", \"main.js\"]\n";
    let found = endpoints(&[("Dockerfile", image), ("main.js", main), ("seats.js", routes)]);
    assert_eq!(found, ["GET /seats/{id} seats.js:2"]);
}

#[test]
fn proxies_that_are_the_module_itself() {
    let gateway = |arguments: &str| {
        format!(
            "const express = require('express');\nconst proxy = require('http-proxy-middleware');\nconst app = express();\n\
             app.use('/stock', proxy({arguments}));\napp.listen(80);\n"
        )
    };
    let timeouts = |arguments: &str| {
        let all = found(&[("gateway.js", &gateway(arguments))], "rest-client");
        all.iter().filter(|f| f.starts_with("missing-timeout")).count()
    };
    assert_eq!(timeouts("{ target: 'http://stock:8080' }"), 1);
    assert_eq!(timeouts("'/stock', { target: 'http://stock:8080' }"), 1);
    assert_eq!(timeouts("{ target: 'http://stock:8080', proxyTimeout: 3000 }"), 0);
    assert_eq!(timeouts("'/stock', { target: 'http://stock:8080', proxyTimeout: 3000 }"), 0);
}

#[test]
fn one_image_runs_the_program_that_its_build_argument_names() {
    let program = |port: u16, path: &str| {
        format!(
            "const app = require('express')();\napp.get('/{path}', (req, res) => res.json([]));\napp.listen({port});\n"
        )
    };
    let graph = graph(&[
        ("Dockerfile", "FROM node:22\nARG ENTRY\nENV ENTRY=$ENTRY\nCOPY . .\nCMD [\"sh\", \"-c\", \"node $ENTRY\"]\n"),
        ("package.json", r#"{"name": "depot", "dependencies": {"express": "^5"}}"#),
        ("parcels/index.js", &program(3000, "parcels")),
        ("routes/index.js", &program(3001, "routes")),
        (
            "compose.yaml",
            "services:\n  parcels:\n    build: {context: ., args: {ENTRY: parcels/index.js}}\n  routes:\n    build: {context: ., args: {ENTRY: routes/index.js}}\n",
        ),
    ]);
    let of = |name: &str| {
        let service = graph["services"].as_array().unwrap().iter().find(|s| s["name"] == name).unwrap();
        service["endpoints"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["path"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!((of("parcels"), of("routes")), (vec!["/parcels".into()], vec!["/routes".into()]));
}

#[test]
fn a_nest_application_gets_its_transport_from_a_factory() {
    let files = |acknowledged: &str| {
        let settings = format!(
            "import {{ Injectable }} from '@nestjs/common';\nimport {{ RmqOptions, Transport }} from '@nestjs/microservices';\n\n@Injectable()\nexport class Broker {{\n  of(queue: string): RmqOptions {{\n    return {{ transport: Transport.RMQ, options: {{ urls: [process.env.AMQP_URL], queue, {acknowledged} }} }};\n  }}\n}}\n"
        );
        vec![
            ("package.json", r#"{"name": "parcels", "dependencies": {"@nestjs/microservices": "^11"}}"#.to_owned()),
            ("src/broker.ts", settings),
            (
                "src/main.ts",
                "import { NestFactory } from '@nestjs/core';\nimport { AsyncMicroserviceOptions } from '@nestjs/microservices';\nimport { Broker } from './broker';\nimport { ParcelModule } from './parcel.module';\n\nasync function bootstrap() {\n  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(ParcelModule, {\n    useFactory: (broker: Broker) => broker.of('parcels'),\n    inject: [Broker],\n  });\n  await app.listen();\n}\nbootstrap();\n".to_owned(),
            ),
            (
                "src/parcel.module.ts",
                "import { Module } from '@nestjs/common';\nimport { Broker } from './broker';\nimport { ParcelController } from './parcel.controller';\n\n@Module({ controllers: [ParcelController], providers: [Broker] })\nexport class ParcelModule {}\n".to_owned(),
            ),
            (
                "src/parcel.controller.ts",
                "import { Controller } from '@nestjs/common';\nimport { EventPattern, Payload } from '@nestjs/microservices';\n\n@Controller()\nexport class ParcelController {\n  @EventPattern('parcel.sent')\n  sent(@Payload() parcel: { id: string }) {\n    console.log(parcel.id);\n  }\n}\n".to_owned(),
            ),
        ]
    };
    let told = |acknowledged: &str| {
        let files = files(acknowledged);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let folder = folder(&files);
        let args = ["lint", "--rule", "message-queue/early-acknowledgement", "--output", "concise"];
        skillcheck_in(folder.path(), &args).stdout
    };
    assert!(told("noAck: true").contains("src/broker.ts:7:"), "{}", told("noAck: true"));
    assert!(!told("noAck: false").contains("early-acknowledgement"), "{}", told("noAck: false"));
}

#[test]
fn what_a_query_of_mongoose_finds_is_written_when_it_saves_itself() {
    let told = |finds: &str| {
        let text = format!(
            "import mongoose from 'mongoose';\nimport {{ Kafka }} from 'kafkajs';\nconst Seat = mongoose.model('Seat', new mongoose.Schema({{ state: String }}));\nconst producer = new Kafka({{ brokers: [process.env.KAFKA] }}).producer();\nexport async function free(id: string) {{\n  {finds} {{\n    seat.state = 'free';\n    await seat.save();\n    await producer.send({{ topic: 'seats', messages: [{{ value: id }}] }});\n  }}\n}}\n"
        );
        found(&[("src/seats.ts", &text)], "message-queue").iter().filter(|f| f.starts_with("dual-write")).count()
    };
    assert_eq!(told("const seat = await Seat.findById(id).populate('row');\n  if (seat)"), 1);
    assert_eq!(told("for (const seat of await Seat.find({ state: 'held' }).sort({ row: 1 }).limit(10))"), 1);
    assert_eq!(told("for (const seat of await held(id))"), 0);
}
