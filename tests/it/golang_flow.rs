//! Go: where a variable ends, and functions that run what they are given.

use crate::support::{folder, skillcheck_in};

/// The lines at which a rule is told about a file beside others.
fn lines(rule: &str, path: &str, files: &[(&str, &str)]) -> Vec<u64> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap().iter();
    findings.filter(|f| f["path"] == path).map(|f| f["line"].as_u64().unwrap()).collect()
}

const MOD: (&str, &str) = ("go.mod", "module example.com/parcels\n\ngo 1.23\n");
const NOTICE: (&str, &str) = (
    "notice/notice.go",
    "package notice\n\ntype Moved struct {\n\tParcel string `json:\"parcel\"`\n}\n\ntype Tagged struct {\n\tEventID string `json:\"event_id\"`\n}\n",
);
const SENDER: (&str, &str) = (
    "sender/sender.go",
    "package sender\n\nimport (\n\t\"encoding/json\"\n\n\t\"github.com/nats-io/nats.go\"\n)\n\ntype Sender interface {\n\tSend(subject string, what any) error\n}\n\ntype jets struct {\n\tjs nats.JetStreamContext\n}\n\nfunc New(js nats.JetStreamContext) Sender {\n\treturn &jets{js: js}\n}\n\nfunc (j *jets) Send(subject string, what any) error {\n\tbody, err := json.Marshal(what)\n\tif err != nil {\n\t\treturn err\n\t}\n\t_, err = j.js.Publish(subject, body)\n\treturn err\n}\n",
);

#[test]
fn a_variable_that_is_called_as_its_package_ends_with_its_block() {
    let van = |second: &str| {
        format!(
            "package van\n\nimport (\n\t\"example.com/parcels/notice\"\n\t\"example.com/parcels/sender\"\n)\n\nfunc Move(out sender.Sender, lost bool) error {{\n\tif lost {{\n\t\tnotice := &notice.Moved{{Parcel: \"lost\"}}\n\t\treturn out.Send(\"parcel.lost\", notice)\n\t}}\n\tnotice := &notice.{second}\n\treturn out.Send(\"parcel.moved\", notice)\n}}\n"
        )
    };
    let told = |second: &str| {
        lines("event-schema/missing-event-id", "sender/sender.go", &[MOD, NOTICE, SENDER, ("van/van.go", &van(second))])
    };
    assert_eq!(told("Moved{Parcel: \"a\"}"), [26]);
    assert_eq!(told("Tagged{EventID: \"a\"}"), [0; 0]);
}

#[test]
fn what_logs_and_takes_back_hands_nothing_on() {
    let text = |failed: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\ntype Log interface {{\n\tWarnf(text string, rest ...any)\n}}\n\ntype Tx interface {{\n\tRollback() error\n}}\n\ntype Rest interface {{\n\tKeep(body []byte) error\n}}\n\nfunc consume(ctx context.Context, reader *kafka.Reader, log Log, tx Tx, rest Rest) {{\n\tfor {{\n\t\tmessage, err := reader.FetchMessage(ctx)\n\t\tif err != nil {{\n\t\t\treturn\n\t\t}}\n\t\tif err := handle(rest, message.Value); err != nil {{\n\t\t\t{failed}\n\t\t}}\n\t\treader.CommitMessages(ctx, message)\n\t}}\n}}\n\nfunc handle(rest Rest, body []byte) error {{\n\treturn rest.Keep(body)\n}}\n"
        )
    };
    let told =
        |failed: &str| lines("message-queue/missing-dead-letter", "main.go", &[("main.go", &text(failed))]).len();
    assert_eq!(told("log.Warnf(\"failed\", err)\n\t\t\ttx.Rollback()"), 1);
    assert_eq!(told("rest.Keep(message.Value)"), 0);
}

/// A function that writes a row in what `around` runs, and publishes.
fn keeper(around: &str, body: &str) -> String {
    format!(
        "package van\n\nimport (\n\t\"context\"\n\n\t\"example.com/parcels/sender\"\n\t\"github.com/georgysavva/scany/v2/pgxscan\"\n\t\"github.com/jackc/pgx/v5\"\n)\n\ntype Keeper struct {{\n\tout  sender.Sender\n\tconn *pgx.Conn\n}}\n\nfunc (k *Keeper) within(ctx context.Context, work func(tx pgx.Tx) error) error {{\n{around}\n}}\n\nfunc put(ctx context.Context, tx pgx.Tx, parcel *Parcel) error {{\n\treturn pgxscan.Get(ctx, tx, parcel, `INSERT INTO parcels (id) VALUES ($1) RETURNING moved_at`, parcel.ID)\n}}\n\ntype Parcel struct {{\n\tID string\n}}\n\nfunc (k *Keeper) Move(ctx context.Context, parcel *Parcel) error {{\n{body}\n}}\n"
    )
}

#[test]
fn a_function_that_runs_what_it_is_given_writes_before_its_caller_publishes() {
    let dual = |around: &str, body: &str| {
        let text = keeper(around, body);
        lines("message-queue/dual-write", "van/van.go", &[MOD, SENDER, ("van/van.go", &text)]).len()
    };
    let once = "\ttx, err := k.conn.Begin(ctx)\n\tif err != nil {\n\t\treturn err\n\t}\n\tif err := work(tx); err != nil {\n\t\treturn err\n\t}\n\treturn tx.Commit(ctx)";
    let write = "k.within(ctx, func(tx pgx.Tx) error {\n\t\terr := put(ctx, tx, parcel)\n\t\treturn err\n\t})";
    let publish = "k.out.Send(\"parcel.moved\", parcel)";
    let behind = format!("\tif err := {write}; err != nil {{\n\t\treturn err\n\t}}\n\treturn {publish}");
    assert_eq!(dual(once, &behind), 1);
    // What is said when it has failed was not written.
    let failed = format!("\tif err := {write}; err != nil {{\n\t\treturn {publish}\n\t}}\n\treturn nil");
    assert_eq!(dual(once, &failed), 0);
    // It runs later, or for each message that comes.
    let later = "\tgo work(nil)\n\treturn nil";
    assert_eq!(dual(later, &behind), 0);
    let each = "\tfor range ctx.Done() {\n\t\twork(nil)\n\t}\n\treturn nil";
    assert_eq!(dual(each, &behind), 0);
}

#[test]
fn a_transaction_tells_what_comes_behind_it_that_the_message_is_known() {
    let text = |set: &str, asks: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\nfunc within(db *sql.DB, work func(tx *sql.Tx) error) error {{\n\ttx, err := db.Begin()\n\tif err != nil {{\n\t\treturn err\n\t}}\n\tif err := work(tx); err != nil {{\n\t\treturn err\n\t}}\n\treturn tx.Commit()\n}}\n\nfunc handle(ctx context.Context, db *sql.DB, out *kafka.Writer, id string) error {{\n\tmoved := \"\"\n\terr := within(db, func(tx *sql.Tx) error {{\n\t\tvar seen int\n\t\tif err := tx.QueryRow(\"SELECT count(*) FROM moves WHERE id = $1\", id).Scan(&seen); err != nil {{\n\t\t\treturn err\n\t\t}}\n\t\tif seen > 0 {{\n\t\t\treturn nil\n\t\t}}\n\t\t{set}\n\t\t_, err := tx.Exec(\"INSERT INTO moves (id, at) VALUES ($1, now())\", id)\n\t\treturn err\n\t}})\n\tif err != nil {{\n\t\treturn err\n\t}}\n\tif {asks} {{\n\t\treturn nil\n\t}}\n\treturn out.WriteMessages(ctx, kafka.Message{{Value: []byte(id)}})\n}}\n\nfunc consume(ctx context.Context, reader *kafka.Reader, db *sql.DB, out *kafka.Writer) {{\n\tfor {{\n\t\tmessage, err := reader.FetchMessage(ctx)\n\t\tif err != nil {{\n\t\t\treturn\n\t\t}}\n\t\tif err := handle(ctx, db, out, string(message.Value)); err == nil {{\n\t\t\treader.CommitMessages(ctx, message)\n\t\t}}\n\t}}\n}}\n"
        )
    };
    let told = |set: &str, asks: &str| {
        lines("message-queue/non-idempotent-consumer", "main.go", &[("main.go", &text(set, asks))]).len()
    };
    assert_eq!(told("moved = id", "moved == \"\""), 0);
    assert_eq!(told("moved = id", "id == \"\""), 1);
}

/// A handler that puts a row with the columns and values given.
fn inserts(schema: &str, columns: &str, key: &str) -> Vec<u64> {
    let text = format!(
        "package main\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\t\"github.com/google/uuid\"\n\t\"github.com/segmentio/kafka-go\"\n)\n\ntype Parcel struct {{\n\tID    string\n\tOrder string\n}}\n\ntype rows struct {{\n\tdb *sql.DB\n}}\n\nfunc newKey() string {{\n\treturn uuid.New().String()\n}}\n\nfunc (r *rows) put(p Parcel) error {{\n\t_, err := r.db.Exec(\"INSERT INTO parcels ({columns}) VALUES ($1, $2)\", p.ID, p.Order)\n\treturn err\n}}\n\nfunc (r *rows) send(order string) error {{\n\tp := Parcel{{ID: {key}, Order: order}}\n\treturn r.put(p)\n}}\n\nfunc consume(ctx context.Context, reader *kafka.Reader, r *rows) {{\n\tfor {{\n\t\tmessage, err := reader.FetchMessage(ctx)\n\t\tif err != nil {{\n\t\t\treturn\n\t\t}}\n\t\tif err := r.send(string(message.Value)); err == nil {{\n\t\t\treader.CommitMessages(ctx, message)\n\t\t}}\n\t}}\n}}\n"
    );
    let files = [("migrations/1.sql", schema), ("main.go", &text)];
    lines("message-queue/non-idempotent-consumer", "main.go", &files)
}

#[test]
fn a_row_with_a_key_of_its_own_for_each_delivery_is_stored_again() {
    let plain = "CREATE TABLE parcels (id VARCHAR(36) PRIMARY KEY, order_id VARCHAR(36) NOT NULL);";
    assert_eq!(inserts(plain, "id, order_id", "newKey()").len(), 1);
    assert_eq!(inserts(plain, "id, order_id", "uuid.NewString()").len(), 1);
    // The message brings it, or what else it brings can stand there once.
    assert_eq!(inserts(plain, "id, order_id", "order").len(), 0);
    assert_eq!(inserts(plain, "id, order_id", "uuid.NewSHA1(uuid.Nil, []byte(order)).String()").len(), 0);
    let unique = "CREATE TABLE parcels (id VARCHAR(36) PRIMARY KEY, order_id VARCHAR(36) NOT NULL UNIQUE);";
    assert_eq!(inserts(unique, "id, order_id", "newKey()").len(), 0);
    assert_eq!(inserts(unique, "order_id, id", "newKey()").len(), 0);
    // Nobody says what is unique.
    assert_eq!(inserts("SELECT 1;", "id, order_id", "newKey()").len(), 0);
}
