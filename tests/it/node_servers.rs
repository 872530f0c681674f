//! Servers of Node: what they hand to their handlers under a name.

use crate::support::told::told;

fn dual_writes(server: &str, handler: &str) -> Vec<String> {
    let bus = "import { Kafka } from 'kafkajs';
import { PrismaClient } from '@prisma/client';
export const prisma = new PrismaClient();
const producer = new Kafka({ brokers: [process.env.KAFKA] }).producer();
export class Bus {
  async publish(topic: string, event: object) {
    await producer.send({ topic, messages: [{ value: JSON.stringify(event) }] });
  }
}
";
    let main = format!("import {{ prisma, Bus }} from './bus';\n{server}\n");
    let orders = format!(
        "export const place = async (app: any, req: any, c: any) => {{
  {handler}
}};
"
    );
    let files = [("src/bus.ts", bus), ("src/main.ts", main.as_str()), ("src/orders.ts", orders.as_str())];
    told(&files, |finding| finding.rule == "message-queue/dual-write").1
}

#[test]
fn decorators_of_fastify() {
    let server = "import Fastify from 'fastify';
const app = Fastify();
app.decorate('prisma', prisma);
app.decorate('bus', new Bus());
app.listen({ port: 3000 });";
    let writes = |app: &str, server: &str| {
        format!("await {app}.prisma.order.create({{ data: req.body }});\n  await {server}.bus.publish('orders', {{}});")
    };
    assert_eq!(dual_writes(server, &writes("app", "req.server")), ["dual-write orders.ts:3"]);
    // Nobody decorated what is asked there.
    assert_eq!(dual_writes(server, &writes("app", "req.other")), [""; 0]);
    assert_eq!(dual_writes("", &writes("app", "req.server")), [""; 0]);
}

#[test]
fn settings_of_express_and_variables_of_hono() {
    let express = "import express from 'express';
const app = express();
app.set('prisma', prisma);
app.set('bus', new Bus());
app.listen(3000);";
    let hono = "import { Hono } from 'hono';
const app = new Hono();
app.use('*', async (c, next) => { c.set('prisma', prisma); c.set('bus', new Bus()); await next(); });";
    let writes = |prisma: &str, bus: &str| {
        format!(
            "const db = {prisma};\n  await db.order.create({{ data: {{}} }});\n  await {bus}.publish('orders', {{}});"
        )
    };
    let told = dual_writes(express, &writes("req.app.get('prisma')", "req.app.get('bus')"));
    assert_eq!(told, ["dual-write orders.ts:4"]);
    assert_eq!(dual_writes(hono, &writes("c.get('prisma')", "c.get('bus')")), ["dual-write orders.ts:4"]);
    assert_eq!(dual_writes(hono, &writes("c.var.prisma", "c.var.bus")), ["dual-write orders.ts:4"]);
    assert_eq!(dual_writes(hono, &writes("c.get('prisma')", "c.get('other')")), [""; 0]);
}
