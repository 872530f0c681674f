//! Messages that a function of the program takes and hands on, as a user sees them: who loops over it handles them.

use crate::support::{folder, skillcheck_in};

/// The findings of one rule as `path:line`.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|f| format!("{}:{}", f["path"].as_str().unwrap(), f["line"])).collect()
}

const MODULE: &str = "module example.com/parcels\n\ngo 1.24\n\nrequire github.com/segmentio/kafka-go v0.4.47\n";

/// A package that takes messages for others.
fn inbox(take: &str) -> String {
    format!(
        "package inbox\n\nimport (\n\t\"context\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\ntype Parcel struct {{\n\tBody []byte\n\traw  kafka.Message\n}}\n\ntype Inbox interface {{\n\tNext(ctx context.Context) (Parcel, error)\n\tDone(ctx context.Context, p Parcel) error\n}}\n\ntype reader struct{{ r *kafka.Reader }}\n\nfunc Open(topic string) Inbox {{\n\treturn &reader{{r: kafka.NewReader(kafka.ReaderConfig{{Brokers: []string{{\"kafka:9092\"}}, Topic: topic, GroupID: \"depot\"}})}}\n}}\n\nfunc (r *reader) Next(ctx context.Context) (Parcel, error) {{\n\tm, err := r.r.{take}(ctx)\n\tif err != nil {{\n\t\treturn Parcel{{}}, err\n\t}}\n\treturn Parcel{{Body: m.Value, raw: m}}, nil\n}}\n\nfunc (r *reader) Done(ctx context.Context, p Parcel) error {{\n\treturn r.r.CommitMessages(ctx, p.raw)\n}}\n"
    )
}

const MAIN: &str = "package main\n\nimport (\n\t\"context\"\n\n\t\"example.com/parcels/depot\"\n\t\"example.com/parcels/inbox\"\n)\n\nfunc main() {\n\tdepot.New(inbox.Open(\"parcels\")).Run(context.Background())\n}\n";

/// A loop over what it hands on, with what is done at the top of it and to each message.
fn depot(first: &str, last: &str) -> String {
    format!(
        "package depot\n\nimport (\n\t\"context\"\n\t\"net/http\"\n\n\t\"example.com/parcels/inbox\"\n)\n\ntype Depot struct{{ in inbox.Inbox }}\n\nfunc New(in inbox.Inbox) *Depot {{ return &Depot{{in: in}} }}\n\nfunc (d *Depot) Run(ctx context.Context) {{\n\tfor {{\n\t\tp, err := d.in.Next(ctx)\n\t\tif err != nil {{\n\t\t\tcontinue\n\t\t}}\n\t\t{first}\n\t\tif _, err := http.Post(\"http://crane/lifts\", \"text/plain\", nil); err != nil {{\n\t\t\tcontinue\n\t\t}}\n\t\t{last}\n\t}}\n}}\n"
    )
}

fn told(rule: &str, take: &str, first: &str, last: &str) -> Vec<String> {
    let (inbox, depot) = (inbox(take), depot(first, last));
    let files =
        [("go.mod", MODULE), ("main.go", MAIN), ("inbox/inbox.go", inbox.as_str()), ("depot/depot.go", depot.as_str())];
    found(rule, &files)
}

#[test]
fn the_loop_around_the_wrapper_is_what_handles_messages() {
    let done = "d.in.Done(ctx, p)";
    for rule in ["non-idempotent-consumer", "missing-dead-letter", "missing-graceful-shutdown"] {
        let rule = format!("message-queue/{rule}");
        assert_eq!(told(&rule, "FetchMessage", "", done), ["depot/depot.go:16"], "{rule}");
    }
    // Who acknowledges too early is the wrapper.
    let early = "message-queue/early-acknowledgement";
    assert_eq!(told(early, "ReadMessage", "", "_ = p"), ["inbox/inbox.go:26"]);
    assert_eq!(told(early, "FetchMessage", "", done), [""; 0]);
    assert_eq!(told(early, "FetchMessage", done, "_ = p"), ["depot/depot.go:16"]);
}

#[test]
fn a_function_that_keeps_the_message_handles_it() {
    let text = "package main\n\nimport (\n\t\"context\"\n\t\"net/http\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\nfunc one(ctx context.Context, r *kafka.Reader) error {\n\tm, err := r.FetchMessage(ctx)\n\tif err != nil {\n\t\treturn err\n\t}\n\tif _, err := http.Post(\"http://crane/lifts\", \"text/plain\", nil); err != nil {\n\t\treturn err\n\t}\n\treturn r.CommitMessages(ctx, m)\n}\n\nfunc main() {\n\tr := kafka.NewReader(kafka.ReaderConfig{Topic: \"parcels\", GroupID: \"depot\"})\n\tfor {\n\t\tone(context.Background(), r)\n\t}\n}\n";
    let rule = "message-queue/non-idempotent-consumer";
    assert_eq!(found(rule, &[("go.mod", MODULE), ("main.go", text)]), ["main.go:11"]);
}

#[test]
fn a_result_that_says_what_was_skipped_recognises_duplicates() {
    let text = |test: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\t\"net/http\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\ntype outcome struct{{ Skip bool }}\n\ntype clerk struct{{ db *sql.DB }}\n\nfunc (c *clerk) look(ctx context.Context, m kafka.Message) (outcome, error) {{\n\tif len(m.Value) == 0 {{\n\t\treturn outcome{{Skip: true}}, nil\n\t}}\n{test}\treturn outcome{{}}, nil\n}}\n\nfunc (c *clerk) seen(ctx context.Context, key string) (bool, error) {{\n\tvar there bool\n\terr := c.db.QueryRowContext(ctx, \"SELECT EXISTS (SELECT 1 FROM seen_parcels WHERE key = $1)\", key).Scan(&there)\n\treturn there, err\n}}\n\nfunc main() {{\n\tc := &clerk{{}}\n\tr := kafka.NewReader(kafka.ReaderConfig{{Topic: \"parcels\", GroupID: \"depot\"}})\n\tfor {{\n\t\tctx := context.Background()\n\t\tm, err := r.FetchMessage(ctx)\n\t\tif err != nil {{\n\t\t\tcontinue\n\t\t}}\n\t\tresult, err := c.look(ctx, m)\n\t\tif err != nil || result.Skip {{\n\t\t\tcontinue\n\t\t}}\n\t\thttp.Post(\"http://crane/lifts\", \"text/plain\", nil)\n\t\tr.CommitMessages(ctx, m)\n\t}}\n}}\n"
        )
    };
    let rule = "message-queue/non-idempotent-consumer";
    let asks = "\tthere, err := c.seen(ctx, string(m.Key))\n\tif err != nil {\n\t\treturn outcome{}, err\n\t}\n\tif there {\n\t\treturn outcome{Skip: true}, nil\n\t}\n";
    assert_eq!(found(rule, &[("go.mod", MODULE), ("main.go", &text(asks))]), [""; 0]);
    assert_eq!(found(rule, &[("go.mod", MODULE), ("main.go", &text(""))]).len(), 1);
}

/// The findings of one rule in a program of one file.
fn told_of(rule: &str, text: &str) -> usize {
    found(rule, &[("go.mod", MODULE), ("main.go", text)]).len()
}

#[test]
fn a_writer_that_is_handed_on_twice_keeps_its_topic() {
    let text = |topic: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\ntype crane struct{{ brokers []string }}\n\nfunc (c *crane) lift(body []byte) error {{ return nil }}\n\nfunc (c *crane) writer(topic string) *kafka.Writer {{\n\tw := &kafka.Writer{{Addr: kafka.TCP(c.brokers...), Topic: topic, RequiredAcks: -1}}\n\treturn w\n}}\n\nfunc (c *crane) put(ctx context.Context, w *kafka.Writer, m kafka.Message) error {{\n\treturn w.WriteMessages(ctx, kafka.Message{{Value: m.Value}})\n}}\n\nfunc (c *crane) work(ctx context.Context, r *kafka.Reader, w *kafka.Writer) {{\n\tfor {{\n\t\tm, err := r.FetchMessage(ctx)\n\t\tif err != nil {{\n\t\t\treturn\n\t\t}}\n\t\tif err := c.lift(m.Value); err != nil {{\n\t\t\tif err := c.put(ctx, w, m); err != nil {{\n\t\t\t\tcontinue\n\t\t\t}}\n\t\t}}\n\t\tr.CommitMessages(ctx, m)\n\t}}\n}}\n\nfunc main() {{\n\tc := &crane{{brokers: []string{{\"kafka:9092\"}}}}\n\tr := kafka.NewReader(kafka.ReaderConfig{{Topic: \"parcels\", GroupID: \"depot\"}})\n\tc.work(context.Background(), r, c.writer(\"{topic}\"))\n}}\n"
        )
    };
    let rule = "message-queue/missing-dead-letter";
    assert_eq!(told_of(rule, &text("parcels_dead_letter")), 0);
    assert_eq!(told_of(rule, &text("parcels_seen")), 1);
}

/// A program that sends what `before` leaves of a member to a queue.
fn sender(queue: &str, durable: bool, options: &str, before: &str, after: &str) -> String {
    format!(
        "package main\n\nimport (\n\t\"context\"\n\t\"encoding/json\"\n\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\ntype member struct {{\n\tName     string `json:\"name\"`\n\tPassword string `json:\"password\"`\n}}\n\nfunc send(ctx context.Context, ch *amqp.Channel, m *member) error {{\n\tif _, err := ch.QueueDeclare(\"{queue}\", {durable}, false, false, false, nil); err != nil {{\n\t\treturn err\n\t}}\n\t{before}\n\tbody, err := json.Marshal(m)\n\tif err != nil {{\n\t\treturn err\n\t}}\n\terr = ch.PublishWithContext(ctx, \"\", \"{queue}\", false, false, amqp.Publishing{{{options}Body: body}})\n\t{after}\n\treturn err\n}}\n\nfunc main() {{\n\tconn, _ := amqp.Dial(\"amqp://rabbit:5672\")\n\tch, _ := conn.Channel()\n\tsend(context.Background(), ch, &member{{Name: \"a\"}})\n}}\n"
    )
}

#[test]
fn what_is_emptied_before_it_is_sent_is_no_secret() {
    let rule = "event-schema/secret-in-event";
    assert_eq!(told_of(rule, &sender("members", true, "", "m.Password = \"\"", "")), 0);
    assert_eq!(told_of(rule, &sender("members", true, "", "", "")), 1);
    // Too late.
    assert_eq!(told_of(rule, &sender("members", true, "", "", "m.Password = \"\"")), 1);
    // Filled again.
    assert_eq!(told_of(rule, &sender("members", true, "", "m.Password = \"\"\n\tm.Password = m.Name", "")), 1);
}

#[test]
fn log_lines_need_no_durable_queue() {
    let rule = "message-queue/transient-message";
    assert_eq!(told_of(rule, &sender("q.members.log", false, "", "", "")), 0);
    let persistent = "DeliveryMode: amqp.Persistent, ";
    assert_eq!(told_of(rule, &sender("members", false, persistent, "", "")), 1);
    assert_eq!(told_of(rule, &sender("members", true, persistent, "", "")), 0);
}

#[test]
fn the_queue_of_answers_needs_no_dead_letters() {
    let text = |answers: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\nfunc ask(ctx context.Context, ch *amqp.Channel, key string) (string, error) {{\n\tq, err := ch.QueueDeclare(\"weights.answers\", true, false, false, false, nil)\n\tif err != nil {{\n\t\treturn \"\", err\n\t}}\n\tanswers, err := ch.Consume(q.Name, \"\", false, false, false, false, nil)\n\tif err != nil {{\n\t\treturn \"\", err\n\t}}\n\terr = ch.PublishWithContext(ctx, \"\", \"weights\", false, false, amqp.Publishing{{DeliveryMode: amqp.Persistent, CorrelationId: key, {answers}Body: []byte(key)}})\n\tif err != nil {{\n\t\treturn \"\", err\n\t}}\n\tfor d := range answers {{\n\t\tif d.CorrelationId != key {{\n\t\t\td.Nack(false, true)\n\t\t\tcontinue\n\t\t}}\n\t\td.Ack(false)\n\t\treturn string(d.Body), nil\n\t}}\n\treturn \"\", nil\n}}\n\nfunc main() {{\n\tconn, _ := amqp.Dial(\"amqp://rabbit:5672\")\n\tch, _ := conn.Channel()\n\task(context.Background(), ch, \"a\")\n}}\n"
        )
    };
    let rule = "message-queue/missing-dead-letter";
    assert_eq!(told_of(rule, &text("ReplyTo: q.Name, ")), 0);
    assert_eq!(told_of(rule, &text("")), 1);
}
