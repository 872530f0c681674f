//! Rows with a unique column that the message fills: a second delivery stores no second one.

use crate::support::told::told;

/// How often a handler is told to store again what a model keeps.
fn told_with(handler: &str, files: &[(&str, &str)]) -> usize {
    let index = format!(
        "import {{ Kafka }} from 'kafkajs';
{handler}
const kafka = new Kafka({{ brokers: ['kafka:9092'], clientId: 'payments' }});
async function main() {{
  const consumer = kafka.consumer({{ groupId: 'payments' }});
  await consumer.subscribe({{ topic: 'orders' }});
  await consumer.run({{ eachMessage: async ({{ message }}) => onOrderPlaced(JSON.parse(message.value!.toString())) }});
}}
main();
"
    );
    let package = r#"{"name": "payments", "dependencies": {"kafkajs": "2"}}"#;
    let mut all = vec![("package.json", package), ("src/index.ts", index.as_str())];
    all.extend(files);
    told(&all, |finding| finding.rule == "message-queue/non-idempotent-consumer").1.len()
}

#[test]
fn models_of_mongoose() {
    let handler = "import { Payment } from './payment';
async function onOrderPlaced(event) {
  await Payment.create({ orderId: event.order });
}";
    let saves = "import { Payment } from './payment';
async function onOrderPlaced(event) {
  const payment = new Payment({ orderId: event.order });
  await payment.save();
}";
    let model = |column: &str, more: &str| {
        format!(
            "import mongoose from 'mongoose';
const schema = new mongoose.Schema({{ orderId: {column}, state: String }});
{more}
export const Payment = mongoose.model('Payment', schema);
"
        )
    };
    for handler in [handler, saves] {
        let told = |model: &str| told_with(handler, &[("src/payment.ts", model)]);
        assert_eq!(told(&model("{ type: String, required: true }", "")), 1);
        assert_eq!(told(&model("{ type: String, unique: true }", "")), 0);
        assert_eq!(told(&model("String", "schema.index({ orderId: 1 }, { unique: true });")), 0);
        assert_eq!(told(&model("String", "schema.index({ orderId: 1 });")), 1);
    }
}

#[test]
fn entities_of_typeorm() {
    let handler = "import { DataSource, Repository } from 'typeorm';
import { Payment } from './payment';
const source = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL });
const payments: Repository<Payment> = source.getRepository(Payment);
async function onOrderPlaced(event) {
  await payments.save(payments.create({ orderId: event.order }));
}";
    let entity = |class: &str, column: &str| {
        format!(
            "import {{ Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn, Unique }} from 'typeorm';
{class}
@Entity()
export class Payment {{
  @PrimaryGeneratedColumn() id: number;
  {column} orderId: string;
}}
"
        )
    };
    let told = |class: &str, column: &str| told_with(handler, &[("src/payment.ts", &entity(class, column))]);
    assert_eq!(told("", "@Column()"), 1);
    assert_eq!(told("", "@Column({ unique: true })"), 0);
    assert_eq!(told("@Unique(['orderId'])", "@Column()"), 0);
    assert_eq!(told("@Index(['orderId'])", "@Column()"), 1);
    assert_eq!(told("@Index(['orderId'], { unique: true })", "@Column()"), 0);
    // The row lacks one of the two.
    assert_eq!(told("@Unique(['orderId', 'attempt'])", "@Column()"), 1);
}

#[test]
fn models_of_prisma() {
    let handler = |value: &str| {
        format!(
            "import {{ PrismaClient }} from '@prisma/client';
const prisma = new PrismaClient();
async function onOrderPlaced(event) {{
  await prisma.payment.create({{ data: {{ orderId: {value} }} }});
}}"
        )
    };
    let schema = |columns: &str| {
        format!(
            "datasource db {{\n  provider = \"postgresql\"\n  url = env(\"DATABASE_URL\")\n}}\n\nmodel Order {{\n  orderId String @id\n}}\n\nmodel Payment {{\n{columns}}}\n"
        )
    };
    let told = |value: &str, columns: &str| told_with(&handler(value), &[("prisma/schema.prisma", &schema(columns))]);
    let id = "  id Int @id @default(autoincrement())\n";
    assert_eq!(told("event.order", &format!("{id}  orderId String\n")), 1);
    assert_eq!(told("event.order", &format!("{id}  orderId String @unique\n")), 0);
    assert_eq!(told("event.order", &format!("{id}  orderId String\n\n  @@unique([orderId])\n")), 0);
    assert_eq!(told("event.order", "  orderId String @id\n"), 0);
    // Each delivery has another one.
    assert_eq!(told("crypto.randomUUID()", &format!("{id}  orderId String @unique\n")), 1);
}

#[test]
fn models_of_sequelize_and_tables_of_sql() {
    let handler = "import { Payment } from './payment';
async function onOrderPlaced(event) {
  await Payment.create({ orderId: event.order });
}";
    let model = |column: &str| {
        format!(
            "import {{ Sequelize, DataTypes }} from 'sequelize';
const sequelize = new Sequelize(process.env.DATABASE_URL);
export const Payment = sequelize.define('Payment', {{ orderId: {{ type: DataTypes.STRING{column} }} }});
"
        )
    };
    assert_eq!(told_with(handler, &[("src/payment.ts", &model(""))]), 1);
    assert_eq!(told_with(handler, &[("src/payment.ts", &model(", unique: true"))]), 0);
    assert_eq!(told_with(handler, &[("src/payment.ts", &model(", primaryKey: true"))]), 0);

    let inserts = "import { Pool } from 'pg';
const pool = new Pool();
async function onOrderPlaced(event) {
  await pool.query('INSERT INTO payments (order_id, amount) VALUES ($1, $2)', [event.order, event.amount]);
}";
    let table =
        |columns: &str| format!("CREATE TABLE IF NOT EXISTS payments (\n  id SERIAL PRIMARY KEY,\n{columns}\n);\n");
    let told = |columns: &str| told_with(inserts, &[("db/init.sql", &table(columns))]);
    assert_eq!(told("  order_id UUID NOT NULL,\n  amount NUMERIC(10, 2)"), 1);
    assert_eq!(told("  order_id UUID NOT NULL UNIQUE, -- one for each order\n  amount NUMERIC(10, 2)"), 0);
    assert_eq!(told("  order_id UUID NOT NULL,\n  amount INT,\n  UNIQUE (order_id)"), 0);
    assert_eq!(told("  order_id UUID NOT NULL,\n  attempt INT,\n  UNIQUE (order_id, attempt)"), 1);
    let index = |more: &str| {
        let statements =
            format!("{}CREATE UNIQUE INDEX once ON payments (order_id){more};\n", table("  order_id TEXT"));
        told_with(inserts, &[("db/init.sql", &statements)])
    };
    assert_eq!(index(""), 0);
    assert_eq!(index(" WHERE state = 'open'"), 1);
}

/// What is said of a handler of Python that stores a row.
fn told_of_rows(imports: &str, model: &str, stores: &str) -> usize {
    let worker = format!(
        "import json
import pika
{imports}

{model}

def on_placed(ch, method, props, body):
    event = json.loads(body)
{stores}
    ch.basic_ack(method.delivery_tag)

channel = pika.BlockingConnection().channel()
channel.basic_consume('orders', on_placed)
"
    );
    let files = [("requirements.txt", "pika\nsqlalchemy\ndjango\n"), ("worker.py", worker.as_str())];
    told(&files, |finding| finding.rule == "message-queue/non-idempotent-consumer").1.len()
}

#[test]
fn rows_that_are_filled_field_by_field() {
    let imports = "from sqlalchemy import Column, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column";
    let model = |column: &str, more: &str| {
        format!(
            "class Base(DeclarativeBase): ...\nclass Keyed(Base):\n    key = {column}\nclass Payment(Keyed):\n    number = Column(Integer)\n    order = Column(String)\n    part = Column(String)\n{more}"
        )
    };
    let stores =
        |fields: &str| format!("    row = Payment()\n{fields}\n    db = Session()\n    db.add(row)\n    db.commit()");
    let at = |column: &str, more: &str, fields: &str| told_of_rows(imports, &model(column, more), &stores(fields));
    let key = "    row.key = event['order']";
    assert_eq!(at("mapped_column(String, unique=True)", "", key), 0);
    assert_eq!(at("Column(String, primary_key=True)", "", key), 0);
    assert_eq!(at("Column(String)", "", key), 1);
    assert_eq!(at("Column(String, unique=True)", "", "    row.order = event['order']"), 1, "another column");
    assert_eq!(at("Column(String, unique=True)", "", "    row.key = make_random_key()"), 1, "another value each time");
    let both = "    row.order = event['order']\n    row.part = event['part']";
    let together = "    __table_args__ = (UniqueConstraint('order', 'part', name='once'),)\n";
    assert_eq!(at("Column(String)", together, both), 0);
    assert_eq!(at("Column(String)", together, "    row.order = event['order']"), 1, "a part of the key");
    assert_eq!(at("Column(String)", "    __table_args__ = (Index('once', 'order', unique=True),)\n", both), 0);
    assert_eq!(at("Column(String)", "    __table_args__ = (Index('often', 'order'),)\n", both), 1);
}

#[test]
fn rows_of_django() {
    let at = |column: &str, stores: &str| {
        let model = format!(
            "class Payment(models.Model):\n    order = models.CharField({column})\n    amount = models.IntegerField()\n"
        );
        told_of_rows("from django.db import models", &model, stores)
    };
    let creates = "    Payment.objects.create(order=event['order'], amount=1)";
    let saves = "    row = Payment(order=event['order'], amount=1)\n    row.save()";
    for stores in [creates, saves] {
        assert_eq!(at("max_length=40, unique=True", stores), 0, "{stores}");
        assert_eq!(at("max_length=40", stores), 1, "{stores}");
    }
}

#[test]
fn a_key_of_another_service_is_none_of_this_one() {
    let handler = "import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
async function onOrderPlaced(event) {
  await prisma.payment.create({ data: { orderId: event.order } });
}";
    let schema = |column: &str| {
        format!(
            "datasource db {{\n  provider = \"postgresql\"\n  url = env(\"DATABASE_URL\")\n}}\n\nmodel Payment {{\n  id Int @id @default(autoincrement())\n  {column}\n}}\n"
        )
    };
    let (unique, plain) = (schema("orderId String @unique"), schema("orderId String"));
    let other = ("ledger/package.json", r#"{"name": "ledger"}"#);
    let own = |own: &str, its: &str| {
        told_with(handler, &[("prisma/schema.prisma", own), other, ("ledger/prisma/schema.prisma", its)])
    };
    assert_eq!(own(&plain, &unique), 1);
    assert_eq!(own(&unique, &plain), 0);
    // A package for all of them keeps the models.
    assert_eq!(told_with(handler, &[other, ("ledger/prisma/schema.prisma", &unique)]), 0);
}

#[test]
fn a_table_of_another_service_is_none_of_this_one() {
    let handler = "import { Pool } from 'pg';
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
async function onOrderPlaced(event) {
  await pool.query('INSERT INTO payments (order_id) VALUES ($1)', [event.order]);
}";
    let table =
        |column: &str| format!("CREATE TABLE payments (id SERIAL PRIMARY KEY, order_id TEXT NOT NULL{column});\n");
    let (unique, plain) = (table(" UNIQUE"), table(""));
    let other = ("ledger/package.json", r#"{"name": "ledger"}"#);
    let told = |own: &str, its: &str| told_with(handler, &[("db/init.sql", own), other, ("ledger/db/init.sql", its)]);
    assert_eq!(told(&plain, &unique), 1);
    assert_eq!(told(&unique, &plain), 0);
}

#[test]
fn tables_of_knex() {
    let handler = |value: &str| {
        format!(
            "import {{ savePayment }} from './payments';
async function onOrderPlaced(event) {{
  await savePayment({{ order_id: {value}, state: 'open' }});
}}"
        )
    };
    let payments = "import knex from 'knex';
const db = knex({ client: 'pg', connection: process.env.DATABASE_URL });
export async function savePayment(payment) {
  await db('payments').insert(payment);
}";
    let told = |value: &str, column: &str| {
        let migration = format!(
            "export async function up(knex) {{
  await knex.schema.createTable('payments', (table) => {{
    table.bigIncrements('id').primary();
    {column};
  }});
}}"
        );
        told_with(&handler(value), &[("src/payments.ts", payments), ("migrations/payments.js", &migration)])
    };
    let unique = "table.bigInteger('order_id').unsigned().notNullable().unique()";
    assert_eq!(told("event.order", unique), 0);
    assert_eq!(told("event.order", "table.bigInteger('order_id').unsigned().notNullable()"), 1);
    assert_eq!(told("crypto.randomUUID()", unique), 1);
    // A column of another service is unique, and this one has tables of its own.
    let table = |column: &str| {
        format!("export const up = (knex) => knex.schema.createTable('t', (table) => {{ {column}; }});\n")
    };
    let plain = "table.bigInteger('order_id')";
    let other = |own: &str| {
        let files = [
            ("src/payments.ts", payments.to_string()),
            ("migrations/payments.js", table(own)),
            ("ledger/package.json", r#"{"name": "ledger"}"#.to_string()),
            ("ledger/migrations/payments.js", table(unique)),
        ];
        told_with(&handler("event.order"), &files.each_ref().map(|(path, text)| (*path, text.as_str())))
    };
    assert_eq!(other(plain), 1);
    assert_eq!(other(unique), 0);
}

#[test]
fn a_number_that_only_a_new_message_adds_to() {
    let handler = |data: &str| {
        format!(
            "import {{ PrismaClient }} from '@prisma/client';
const prisma = new PrismaClient();
async function onOrderPlaced(event) {{
  const known = await prisma.payment.findUnique({{ where: {{ orderId: event.order }} }});
  await prisma.customer.update({{ where: {{ id: event.customer }}, data: {{ last: event.order, {data} }} }});
}}"
        )
    };
    let told = |data: &str| told_with(&handler(data), &[]);
    assert_eq!(told("orders: { increment: 1 }"), 1);
    assert_eq!(told("...(known ? {} : { orders: { increment: 1 } })"), 0);
    assert_eq!(told("...(!known && { orders: { increment: 1 } })"), 0);
    assert_eq!(told("...(known ? { orders: { increment: 1 } } : {})"), 1);
}

/// What a model of pydantic is dumped as brings its fields and no others.
#[test]
fn rows_that_are_filled_with_a_dumped_model() {
    let imports = "from pydantic import BaseModel
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import DeclarativeBase, Session";
    let at = |fields: &str| {
        let model = format!(
            "class Base(DeclarativeBase): ...\nclass Payment(Base):\n    id = Column(Integer, primary_key=True)\n    number = Column(Integer)\nclass Placed(BaseModel):\n{fields}"
        );
        let stores = "    placed = Placed(**event)\n    db = Session()\n    db.add(Payment(**placed.model_dump()))\n    db.commit()";
        told_of_rows(imports, &model, stores)
    };
    assert_eq!(at("    number: int"), 1);
    assert_eq!(at("    id: int\n    number: int"), 0);
}
