//! Whether a second delivery does harm.

use super::*;

fn nest(body: &str) -> Read {
    typescript(&format!(
        "import {{ Worker }} from 'bullmq';\nimport {{ Repository }} from 'typeorm';\nimport Redis from 'ioredis';\nimport nodemailer from 'nodemailer';\nconst mail = nodemailer.createTransport({{}});\nconst redis = new Redis('x');\nclass Order {{}}\nexport class Service {{\n private seen = new Set<string>();\n constructor(private readonly orders: Repository<Order>) {{ new Worker('q', async (job) => this.handle(job.data)); }}\n {body}\n}}\n"
    ))
}

#[test]
fn a_new_row_for_each_delivery() {
    assert_eq!(
        nest("async handle(m) { await this.orders.save(this.orders.create({ total: m.total })); }").duplicates(),
        "no: this.orders.save(this.orders.create({ total: m.total }))"
    );
    assert_eq!(nest("async handle(m) { await this.store({ total: m.total }); }\n async store(o) { await this.orders.insert(o); }").duplicates(), "no: this.orders.insert(o)");
}

#[test]
fn a_look_up_by_the_message_before_the_work() {
    let guarded = nest(
        "async handle(m) { const existing = await this.orders.findOne({ where: { ref: m.id } }); if (existing) { return existing; } await this.orders.save(this.orders.create(m)); await mail.sendMail(m); }",
    );
    assert_eq!(guarded.duplicates(), "durable: this.orders.findOne({ where: { ref: m.id } })");
    let negated =
        nest("async handle(m) { if (!(await this.orders.existsBy({ ref: m.id }))) { await mail.sendMail(m); } }");
    assert_eq!(negated.duplicates(), "durable: this.orders.existsBy({ ref: m.id })");
    let helper = nest(
        "async handle(m) { if (await this.known(m.id)) return; await mail.sendMail(m); }\n async known(id) { const n = await this.orders.count({ where: { id } }); return n > 0; }",
    );
    assert!(helper.duplicates().starts_with("durable"), "{}", helper.duplicates());
}

#[test]
fn a_look_up_that_only_asks_whether_there_is_anything_to_do_is_no_guard() {
    assert_eq!(nest("async handle(m) { const order = await this.orders.findOne({ where: { id: m.id } }); if (!order) return; await mail.sendMail(m); }").duplicates(), "no: mail.sendMail(m)");
    // A setting of the recipient says nothing about the message.
    assert_eq!(nest("async handle(m) { const quiet = await this.quiet(m.user); if (quiet && m.kind === 'push') return; await mail.sendMail(m); }\n async quiet(u) { const p = await this.orders.findOne({ where: { u } }); return p !== null; }").duplicates(), "no: mail.sendMail(m)");
}

#[test]
fn a_state_guards_only_when_the_handler_leaves_it() {
    let moved = nest(
        "async handle(m) { const o = await this.orders.findOne({ where: { id: m.id } }); if (o.status !== 'OPEN') return; o.status = 'DONE'; await this.orders.save(o); await mail.sendMail(m); }",
    );
    assert!(moved.duplicates().starts_with("durable"), "{}", moved.duplicates());
    let kept = nest(
        "async handle(m) { const o = await this.orders.findOne({ where: { id: m.id } }); if (o.status !== 'OPEN') return; o.history.push({ at: 1 }); await this.orders.save(o); }",
    );
    assert_eq!(kept.duplicates(), "no: this.orders.save(o)");
}

#[test]
fn saving_what_was_loaded_changes_nothing_new() {
    assert_eq!(nest("async handle(m) { const o = await this.orders.findOne({ where: { id: m.id } }); o.name = m.name; await this.orders.save(o); }").duplicates(), "not needed");
    assert_eq!(nest("async handle(m) { const o = await this.orders.findOne({ where: { id: m.id } }); o.total += m.total; await this.orders.save(o); }").duplicates(), "no: this.orders.save(o)");
}

#[test]
fn a_collection_in_memory_is_named() {
    assert_eq!(
        nest("async handle(m) { if (this.seen.has(m.id)) return; this.seen.add(m.id); await mail.sendMail(m); }")
            .duplicates(),
        "in memory: mail.sendMail(m)"
    );
    // A set that lives for one call recognises nothing.
    assert_eq!(
        nest("async handle(m) { const seen = new Set(); if (seen.has(m.id)) return; await mail.sendMail(m); }")
            .duplicates(),
        "no: mail.sendMail(m)"
    );
    let module = python(
        "from celery import shared_task\nimport smtplib\nprocessed = set()\n@shared_task\ndef on(m):\n    if m['id'] in processed:\n        return\n    processed.add(m['id'])\n    smtplib.SMTP().send_message(m)\n",
    );
    assert_eq!(module.duplicates(), "in memory: smtplib.SMTP().send_message(m)");
}

#[test]
fn a_key_that_is_taken_once() {
    assert!(nest("async handle(m) { const ok = await redis.set(m.id, '1', 'EX', 60, 'NX'); if (!ok) return; await mail.sendMail(m); }").duplicates().starts_with("durable"));
    assert_eq!(
        nest("async handle(m) { await redis.set(m.id, '1'); await mail.sendMail(m); }").duplicates(),
        "no: mail.sendMail(m)"
    );
}

#[test]
fn the_database_recognises_duplicates() {
    let caught = python(
        "from celery import shared_task\nfrom sqlalchemy.orm import Session\nfrom sqlalchemy.exc import IntegrityError\nclass Event:\n    pass\n@shared_task\ndef on(m, db: Session):\n    try:\n        db.add(Event(ref=m['id']))\n        db.commit()\n    except IntegrityError:\n        return\n",
    );
    assert!(caught.duplicates().starts_with("durable"), "{}", caught.duplicates());
    let sql = |statement: &str| {
        python(&format!("from celery import shared_task\nimport psycopg2\n@shared_task\ndef on(m):\n    cur = psycopg2.connect('x').cursor()\n    cur.execute(\"{statement}\", m)\n")).duplicates()
    };
    assert!(sql("INSERT INTO e (id) VALUES (%s)").starts_with("no"));
    assert!(sql("INSERT INTO e (id) VALUES (%s) ON CONFLICT DO NOTHING").starts_with("durable"));
    assert!(sql("UPDATE a SET balance = balance - %s WHERE id = %s").starts_with("no"));
    assert_eq!(sql("UPDATE a SET status = 'x' WHERE id = %s"), "not needed");
    assert_eq!(sql("DELETE FROM a WHERE id = %s"), "not needed");
}

#[test]
fn a_helper_that_does_the_work_once() {
    let read = nest(
        "async handle(m) { await this.once(m.id, () => mail.sendMail(m)); }\n async once(id, work) { const claimed = await this.orders.query('INSERT INTO seen (id) VALUES ($1) ON CONFLICT DO NOTHING', [id]); if (claimed.rowCount === 1) { await work(); } }",
    );
    assert!(read.duplicates().starts_with("durable"), "{}", read.duplicates());
    // The helper is no registration of a handler: there is one, the consumer's own.
    assert_eq!(read.one().handlers.len(), 1);
    assert_eq!(read.one().handlers[0].place, read.one().place);
}

#[test]
fn rows_of_sqlalchemy() {
    let handler = |body: &str| {
        python(&format!("from celery import shared_task\nfrom sqlalchemy import select\nfrom sqlalchemy.orm import sessionmaker\nSession = sessionmaker()\nclass Order:\n    pass\n@shared_task\ndef on(m):\n    with Session() as db:\n{body}\n")).duplicates()
    };
    assert_eq!(
        handler("        db.add(Order(total=m['total']))\n        db.commit()"),
        "no: db.add(Order(total=m['total']))"
    );
    assert!(handler("        found = db.execute(select(Order).where(Order.ref == m['id']))\n        if found.scalars().first() is not None:\n            return\n        db.add(Order(ref=m['id']))\n        db.commit()").starts_with("durable"));
    // The key comes with the message: a second row cannot be stored.
    assert!(handler("        db.add(Order(id=m['id']))\n        db.commit()").starts_with("durable"));
    assert!(handler("        db.add(Order(id=uuid4()))\n        db.commit()").starts_with("no"));
}

#[test]
fn requests_to_others() {
    let handler = |body: &str| {
        python(&format!("from celery import shared_task\nimport requests\n@shared_task\ndef on(m):\n    {body}\n"))
            .duplicates()
    };
    assert!(handler("requests.post('http://payments/charges', json=m)").starts_with("no"));
    assert_eq!(handler("requests.put('http://payments/charges/1', json=m)"), "not needed");
    assert_eq!(handler("requests.post('http://auth/oauth/token', json=m)"), "not needed");
    assert_eq!(
        handler("requests.post('http://payments/charges', json=m, headers={'Idempotency-Key': m['id']})"),
        "not needed"
    );
}

#[test]
fn what_cannot_be_followed_is_not_judged() {
    assert_eq!(nest("async handle(m) { await m.anything(); await helper.go(m); }").duplicates(), "unknown");
    assert_eq!(
        nest("async handle(m) { if (await store.alreadyProcessed(m.id)) return; await mail.sendMail(m); }")
            .duplicates(),
        "unknown"
    );
    assert_eq!(
        nest("async handle(m) { await withIdempotency(m.id, async () => { await mail.sendMail(m); }); }").duplicates(),
        "unknown"
    );
    assert_eq!(nest("async handle(m) { console.log(m); }").duplicates(), "not needed");
}

#[test]
fn mail_that_django_sends_is_sent_twice() {
    let text = "from kafka import KafkaConsumer\nfrom django.core.mail import send_mail\nconsumer = KafkaConsumer('orders')\nwhile True:\n    for _, messages in consumer.poll(timeout_ms=1000).items():\n        for message in messages:\n            send_mail('Paid', '', 'a@b.c', [message.value])\n";
    let read = python(text);
    assert!(matches!(read.one().handlers[0].idempotency, Idempotency::No { .. }), "{:?}", read.one().handlers);
}

#[test]
fn a_unique_column_that_the_message_fills_refuses_the_second_row() {
    let handler = |column: &str, value: &str| {
        python(&format!(
            "import aio_pika\nfrom sqlalchemy import Column, String\nfrom sqlalchemy.orm import DeclarativeBase, Session, mapped_column\nclass Base(DeclarativeBase): ...\nclass User(Base):\n    name = {column}\n    total = Column(String)\nasync def on(message, db: Session):\n    row = User(name={value}, total=message.total)\n    db.add(row)\n    db.commit()\nasync def main():\n    queue = await (await (await aio_pika.connect('x')).channel()).declare_queue('q')\n    await queue.consume(on)\n"
        ))
        .duplicates()
    };
    assert_eq!(handler("mapped_column(String(50), unique=True)", "message.name"), "durable: db.add(row)");
    assert_eq!(handler("Column(String, unique=True)", "uuid.uuid4()"), "no: db.add(row)");
    assert_eq!(handler("Column(String)", "message.name"), "no: db.add(row)");
}

#[test]
fn an_answer_to_a_request_and_a_patch_may_be_repeated() {
    let rpc = |key: &str| {
        python(&format!(
            "import pika\nchannel = pika.BlockingConnection().channel()\ndef on(ch, method, props, body):\n    ch.basic_publish(exchange='', routing_key={key}, body=b'')\n    ch.basic_ack(method.delivery_tag)\nchannel.basic_consume('q', on)\n"
        ))
        .duplicates()
    };
    assert_eq!(rpc("props.reply_to"), "not needed");
    assert!(rpc("'orders'").starts_with("no"), "{}", rpc("'orders'"));
    let patch = typescript(
        "import axios from 'axios';\nimport { Worker } from 'bullmq';\nnew Worker('q', async (job) => { await axios.patch(`http://users/${job.data.id}`, { active: true }); });\n",
    );
    assert_eq!(patch.duplicates(), "unknown");
}

#[test]
fn a_promise_is_what_it_resolves_to() {
    let repository = |guard: &str| {
        typescript(&format!(
            "import amqp from 'amqplib';\nimport knex from 'knex';\nconst db = knex({{}});\nclass Users {{\n byMail(mail) {{ return new Promise((resolve, reject) => {{ db('users').select().where('mail', mail).first().then((row) => {{ resolve(row); }}).catch(reject); }}); }}\n add(user) {{ return new Promise((resolve) => {{ db('users').insert(user).then(() => resolve(1)); }}); }}\n}}\nconst users = new Users();\nclass Bus {{\n static async connect() {{ return new Promise(async (resolve, reject) => {{ try {{ resolve(await amqp.connect('x')); }} catch (e) {{ reject(e); }} }}); }}\n static async on(queue) {{ const channel = await (await this.connect()).createChannel(); await channel.consume(queue, async (m) => {{ {guard} await users.add({{ mail: m.mail }}); channel.ack(m); }}); }}\n}}\nBus.on('q');\n"
        ))
        .duplicates()
    };
    assert!(repository("").starts_with("no: "), "{}", repository(""));
    let guarded = repository("if (await users.byMail(m.mail)) throw new Error('known');");
    assert!(guarded.starts_with("durable"), "{guarded}");
}

#[test]
fn lines_of_a_log_may_be_sent_twice() {
    let sends = |what: &str| {
        python(&format!(
            "import pika\nchannel = pika.BlockingConnection().channel()\ndef on(ch, method, props, body):\n    ch.basic_publish({what})\n    ch.basic_ack(method.delivery_tag)\nchannel.basic_consume('q', on)\n"
        ))
        .duplicates()
    };
    assert_eq!(sends("exchange='', routing_key='service-logs', body=b''"), "not needed");
    assert_eq!(sends("exchange='logs', routing_key='', body=b''"), "not needed");
    assert!(sends("exchange='logs', routing_key='orders', body=b''").starts_with("no: "));
    let emits = |pattern: &str| {
        typescript(&format!(
            "import {{ Worker }} from 'bullmq';\nimport {{ ClientProxy }} from '@nestjs/microservices';\nexport class S {{\n constructor(private client: ClientProxy) {{ new Worker('q', async (job) => {{ this.client.emit({pattern}, {{ text: job.data.id }}); }}); }}\n}}\n"
        ))
        .duplicates()
    };
    assert_eq!(emits("'create-log'"), "not needed");
    assert!(emits("'catalog.changed'").starts_with("no: "));
}
