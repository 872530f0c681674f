//! Consumers and producers of Go, by what a user sees.

use crate::support::{folder, skillcheck_in};

const TWICE: &str = "message-queue/non-idempotent-consumer";

/// How often a rule is told about one file.
fn told(rule: &str, text: &str) -> usize {
    let folder = folder(&[("parcels/main.go", text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    output["findings"].as_array().unwrap().len()
}

/// A consumer that hands each message to `work`.
fn consumer(imports: &str, work: &str, rest: &str) -> String {
    format!(
        "package main\n\nimport (\n\t\"context\"\n\n\t\"github.com/segmentio/kafka-go\"\n{imports}\n)\n\nfunc consume(ctx context.Context, reader *kafka.Reader, k *keeper) {{\n\tfor {{\n\t\tmessage, err := reader.FetchMessage(ctx)\n\t\tif err != nil {{\n\t\t\treturn\n\t\t}}\n\t\tif err := k.handle(ctx, message.Value); err == nil {{\n\t\t\treader.CommitMessages(ctx, message)\n\t\t}}\n\t}}\n}}\n\nfunc (k *keeper) handle(ctx context.Context, body []byte) error {{\n{work}\n}}\n\n{rest}\n"
    )
}

#[test]
fn a_request_that_is_made_first_is_sent_twice_too() {
    let text = |method: &str, path: &str| {
        consumer(
            "\t\"net/http\"",
            &format!(
                "\treq, err := http.NewRequest({method}, \"http://ledger{path}\", nil)\n\tif err != nil {{\n\t\treturn err\n\t}}\n\tclient := &http.Client{{}}\n\t_, err = client.Do(req)\n\treturn err"
            ),
            "type keeper struct{}",
        )
    };
    assert_eq!(told(TWICE, &text("http.MethodPost", "/bookings")), 1);
    assert_eq!(told(TWICE, &text("\"POST\"", "/bookings")), 1);
    assert_eq!(told(TWICE, &text("http.MethodPut", "/bookings/1")), 0);
    assert_eq!(told(TWICE, &text("http.MethodPost", "/bookings/search")), 0);
}

#[test]
fn the_key_of_another_row_is_none_of_its_own() {
    let text = |fields: &str, values: &str, migrate: &str| {
        consumer(
            "\t\"gorm.io/gorm\"",
            &format!("\treturn k.db.Create(&Notice{{{values}, Text: string(body)}}).Error"),
            &format!(
                "type keeper struct{{ db *gorm.DB }}\n\ntype Notice struct {{\n{fields}\n\tText string\n}}\n\nfunc start(db *gorm.DB) {{\n\t{migrate}\n}}"
            ),
        )
    };
    let migrate = "db.AutoMigrate(&Notice{})";
    let plain = "\tgorm.Model\n\tOwnerID string";
    assert_eq!(told(TWICE, &text(plain, "OwnerID: \"a\"", migrate)), 1);
    assert_eq!(told(TWICE, &text("\tID uint\n\tOwnerID string", "OwnerID: \"a\"", migrate)), 1);
    // A migration may say that it is unique.
    assert_eq!(told(TWICE, &text(plain, "OwnerID: \"a\"", "")), 0);
    assert_eq!(
        told(TWICE, &text("\tgorm.Model\n\tOwnerID string `gorm:\"uniqueIndex\"`", "OwnerID: \"a\"", migrate)),
        0
    );
    assert_eq!(told(TWICE, &text("\tgorm.Model\n\tEventID string", "EventID: \"a\"", migrate)), 0);
    assert_eq!(told(TWICE, &text("\tID string\n\tOwnerID string", "ID: string(body), OwnerID: \"a\"", migrate)), 0);
    assert_eq!(told(TWICE, &text("\tOwnerID string", "OwnerID: \"a\"", migrate)), 0);
}

#[test]
fn a_row_that_is_read_field_by_field_tells_what_was_done() {
    let text = |test: &str| {
        consumer(
            "\t\"database/sql\"",
            &format!(
                "\tparcel, err := k.find(ctx, string(body))\n\tif err != nil {{\n\t\treturn err\n\t}}\n\t{test}\n\tparcel.Status = \"lost\"\n\treturn k.writer.WriteMessages(ctx, kafka.Message{{Key: []byte(parcel.ID)}})"
            ),
            "type keeper struct {\n\tdb *sql.DB\n\twriter *kafka.Writer\n}\n\ntype Parcel struct {\n\tID string\n\tStatus string\n}\n\nfunc (k *keeper) find(ctx context.Context, id string) (*Parcel, error) {\n\tparcel := &Parcel{}\n\terr := k.db.QueryRowContext(ctx, \"SELECT id, status FROM parcels WHERE id = $1\", id).Scan(&parcel.ID, &parcel.Status)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn parcel, nil\n}",
        )
    };
    assert_eq!(told(TWICE, &text("if parcel.Status == lost || parcel.Status == found {\n\t\treturn nil\n\t}")), 0);
    assert_eq!(told(TWICE, &text("println(parcel.Status)")), 1);
}

#[test]
fn reports_that_nobody_looks_at_confirm_nothing() {
    let text = |report: &str| {
        format!(
            "package main\n\nimport (\n\t\"log\"\n\n\t\"github.com/confluentinc/confluent-kafka-go/v2/kafka\"\n)\n\ntype sender struct{{ producer *kafka.Producer }}\n\nfunc newSender() *sender {{\n\tp, err := kafka.NewProducer(&kafka.ConfigMap{{\"bootstrap.servers\": \"kafka:9092\"}})\n\tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\tgo func() {{\n\t\tfor e := range p.Events() {{\n\t\t\tswitch report := e.(type) {{\n\t\t\tcase *kafka.Message:\n\t\t\t\tif report.TopicPartition.Error != nil {{\n\t\t\t\t\t{report}\n\t\t\t\t}}\n\t\t\t}}\n\t\t}}\n\t}}()\n\treturn &sender{{producer: p}}\n}}\n\nfunc (s *sender) send(topic string, body []byte) error {{\n\treturn s.producer.Produce(&kafka.Message{{TopicPartition: kafka.TopicPartition{{Topic: &topic}}, Value: body}}, nil)\n}}\n"
        )
    };
    let rule = "message-queue/unconfirmed-publish";
    assert_eq!(told(rule, &text("")), 1);
    assert_eq!(told(rule, &text("log.Println(report.TopicPartition.Error)")), 0);
}

#[test]
fn errors_of_an_asynchronous_producer_come_out_of_a_channel() {
    let text = |reader: &str| {
        format!(
            "package main\n\nimport (\n\t\"log\"\n\n\t\"github.com/IBM/sarama\"\n)\n\ntype sender struct{{ producer sarama.AsyncProducer }}\n\nfunc newSender(brokers []string) *sender {{\n\tproducer, err := sarama.NewAsyncProducer(brokers, sarama.NewConfig())\n\tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\tgo func() {{\n\t\t{reader}\n\t}}()\n\treturn &sender{{producer: producer}}\n}}\n\nfunc (s *sender) send(body []byte) {{\n\ts.producer.Input() <- &sarama.ProducerMessage{{Topic: \"parcels\", Value: sarama.ByteEncoder(body)}}\n}}\n"
        )
    };
    let rule = "message-queue/unconfirmed-publish";
    assert_eq!(told(rule, &text("")), 1);
    // Those of a consumer are others.
    assert_eq!(
        told(
            rule,
            &text(
                "var consumer sarama.PartitionConsumer\n\t\tfor err := range consumer.Errors() {\n\t\t\tlog.Println(err)\n\t\t}"
            )
        ),
        1
    );
    // What is done with them is not judged.
    assert_eq!(told(rule, &text("for err := range producer.Errors() {\n\t\t\tlog.Println(err)\n\t\t}")), 0);
}

#[test]
fn partitions_that_are_read_one_by_one_have_consumers() {
    let text = |signals: &str| {
        format!(
            "package main\n\nimport (\n\t\"database/sql\"\n\t\"log\"\n\t\"os\"\n\t\"os/signal\"\n\t\"syscall\"\n\n\t\"github.com/IBM/sarama\"\n)\n\ntype intake struct {{\n\tmaster sarama.Consumer\n\tdb *sql.DB\n}}\n\nfunc (i *intake) start() error {{\n\tpartition, err := i.master.ConsumePartition(\"parcels\", 0, sarama.OffsetNewest)\n\tif err != nil {{\n\t\treturn err\n\t}}\n\tgo i.read(partition)\n\treturn nil\n}}\n\nfunc (i *intake) read(partition sarama.PartitionConsumer) {{\n\tfor message := range partition.Messages() {{\n\t\tif _, err := i.db.Exec(\"INSERT INTO arrivals (body) VALUES ($1)\", string(message.Value)); err != nil {{\n\t\t\tlog.Println(err)\n\t\t}}\n\t}}\n}}\n\nfunc main() {{\n\tmaster, err := sarama.NewConsumer([]string{{\"kafka:9092\"}}, nil)\n\tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\ti := &intake{{master: master}}\n\ti.start()\n\tends := make(chan os.Signal, 1)\n\tsignal.Notify(ends, {signals})\n\t<-ends\n\tmaster.Close()\n}}\n"
        )
    };
    assert_eq!(told("message-queue/missing-dead-letter", &text("syscall.SIGTERM")), 1);
    assert_eq!(told("message-queue/early-acknowledgement", &text("syscall.SIGTERM")), 0);
    assert_eq!(told("message-queue/missing-graceful-shutdown", &text("syscall.SIGTERM")), 0);
    // Ctrl+C is none of what a deployment sends.
    assert_eq!(told("message-queue/missing-graceful-shutdown", &text("syscall.SIGINT, os.Interrupt")), 1);
}

#[test]
fn a_number_of_a_row_that_is_added_to_and_written_back_counts_twice() {
    let gorm = |change: &str| {
        consumer(
            "\t\"gorm.io/gorm\"",
            &format!(
                "\tvar parcel Parcel\n\tif err := k.db.First(&parcel, \"id = ?\", string(body)).Error; err != nil {{\n\t\treturn err\n\t}}\n\t{change}\n\treturn k.db.Save(&parcel).Error"
            ),
            "type keeper struct{ db *gorm.DB }\n\ntype Parcel struct {\n\tID string\n\tStops int\n\tVersion int\n\tWeight float64\n\tState string\n}\n\nconst moved = \"moved\"",
        )
    };
    assert_eq!(told(TWICE, &gorm("parcel.Stops += 1")), 1);
    assert_eq!(told(TWICE, &gorm("parcel.Stops++")), 1);
    assert_eq!(told(TWICE, &gorm("parcel.Weight = parcel.Weight - 2.5")), 1);
    assert_eq!(told(TWICE, &gorm("parcel.Weight = 2.5")), 0);
    // How often it was changed is no number that anybody misses.
    assert_eq!(told(TWICE, &gorm("parcel.Version++")), 0);
    assert_eq!(
        told(
            TWICE,
            &gorm("if parcel.State == moved {\n\t\treturn nil\n\t}\n\tparcel.State = moved\n\tparcel.Weight += 2.5")
        ),
        0
    );
}

#[test]
fn a_sum_that_is_given_to_a_repository_counts_twice() {
    let rest = "type shelf struct {\n\tID   string\n\tLeft int\n}\n\ntype keeper struct{ db *sql.DB }\n\nfunc (k *keeper) find(ctx context.Context, id string) (*shelf, error) {\n\tvar s shelf\n\terr := k.db.QueryRowContext(ctx, \"SELECT id, free FROM shelves WHERE id = $1\", id).Scan(&s.ID, &s.Left)\n\treturn &s, err\n}\n\nfunc (k *keeper) set(ctx context.Context, id string, free int) error {\n\t_, err := k.db.ExecContext(ctx, \"UPDATE shelves SET free = $1 WHERE id = $2\", free, id)\n\treturn err\n}\n";
    let text = |work: &str| {
        let work =
            format!("\tshelf, err := k.find(ctx, string(body))\n\tif err != nil {{\n\t\treturn err\n\t}}\n{work}");
        consumer("\t\"database/sql\"", &work, rest)
    };
    assert_eq!(told(TWICE, &text("\treturn k.set(ctx, shelf.ID, shelf.Left-1)")), 1);
    assert_eq!(told(TWICE, &text("\tfree := shelf.Left - len(body)\n\treturn k.set(ctx, shelf.ID, free)")), 1);
    assert_eq!(told(TWICE, &text("\treturn k.set(ctx, shelf.ID, len(body)+1)")), 0);
    assert_eq!(told(TWICE, &text("\treturn k.set(ctx, shelf.ID, shelf.Left)")), 0);
}

#[test]
fn rows_that_a_repository_gives_and_takes_in_a_list_count_twice_too() {
    let text = |change: &str, written: &str| {
        consumer(
            "\t\"database/sql\"",
            &format!(
                "\tparcels, err := k.store.list(ctx, string(body))\n\tif err != nil {{\n\t\treturn err\n\t}}\n\tfor _, parcel := range parcels {{\n\t\t{change}\n\t}}\n\treturn k.store.write(ctx, parcels)"
            ),
            &format!(
                "type keeper struct{{ store store }}\n\ntype store interface {{\n\tlist(ctx context.Context, van string) ([]*Parcel, error)\n\twrite(ctx context.Context, parcels []*Parcel) error\n}}\n\ntype Parcel struct {{\n\tID string\n\tStops int\n\tOpened bool\n}}\n\ntype table struct{{ db *sql.DB }}\n\nfunc newStore(db *sql.DB) store {{\n\treturn &table{{db: db}}\n}}\n\nfunc (t *table) list(ctx context.Context, van string) ([]*Parcel, error) {{\n\trows, err := t.db.QueryContext(ctx, \"SELECT id, stops FROM parcels WHERE van = $1\", van)\n\tif err != nil {{\n\t\treturn nil, err\n\t}}\n\tfound := []*Parcel{{}}\n\tfor rows.Next() {{\n\t\tparcel := new(Parcel)\n\t\trows.Scan(&parcel.ID, &parcel.Stops)\n\t\tfound = append(found, parcel)\n\t}}\n\treturn found, nil\n}}\n\nfunc (t *table) write(ctx context.Context, parcels []*Parcel) error {{\n\targs := []any{{}}\n\tfor _, p := range parcels {{\n\t\targs = append(args, p.ID, {written})\n\t}}\n\t_, err := t.db.ExecContext(ctx, \"INSERT INTO parcels (id, stops) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET stops = EXCLUDED.stops\", args...)\n\treturn err\n}}"
            ),
        )
    };
    assert_eq!(told(TWICE, &text("parcel.Stops += 1", "p.Stops")), 1);
    assert_eq!(told(TWICE, &text("parcel.Opened = true", "p.Stops")), 0);
    assert_eq!(told(TWICE, &text("parcel.Stops += 1", "p.Opened")), 0);
}

#[test]
fn what_is_passed_on_as_it_came_is_for_its_receiver_to_know() {
    let text = |value: &str| {
        consumer(
            "",
            &format!("\treturn k.send(ctx, {value})"),
            "type keeper struct{ writer *kafka.Writer }\n\nfunc (k *keeper) send(ctx context.Context, value []byte) error {\n\treturn k.writer.WriteMessages(ctx, kafka.Message{Value: value})\n}",
        )
    };
    assert_eq!(told(TWICE, &text("body")), 0);
    assert_eq!(told(TWICE, &text("[]byte(\"parcel moved\")")), 1);
    assert_eq!(told(TWICE, &text("stamped(body)")), 1);
}

#[test]
fn what_is_sent_into_a_channel_is_handled_where_it_comes_out() {
    let pool = |channel: &str, statement: &str| {
        consumer(
            "\t\"database/sql\"",
            "\tk.jobs <- string(body)\n\treturn nil",
            &format!(
                "type keeper struct {{\n\tdb *sql.DB\n\tjobs chan string\n\tdone chan string\n}}\n\nfunc newKeeper(db *sql.DB) *keeper {{\n\tk := &keeper{{db: db, jobs: make(chan string, 10), done: make(chan string)}}\n\tfor i := 0; i < 4; i++ {{\n\t\tgo k.work()\n\t}}\n\treturn k\n}}\n\nfunc (k *keeper) work() {{\n\tfor job := range k.{channel} {{\n\t\tk.db.Exec(\"{statement}\", job)\n\t}}\n}}"
            ),
        )
    };
    assert_eq!(told(TWICE, &pool("jobs", "INSERT INTO moves (body) VALUES ($1)")), 1);
    assert_eq!(told(TWICE, &pool("jobs", "UPDATE parcels SET moved = true WHERE id = $1")), 0);
    assert_eq!(told(TWICE, &pool("done", "INSERT INTO moves (body) VALUES ($1)")), 0);
    // A consumer that gives a channel to whoever asks for its messages.
    let given = |statement: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\ntype source struct{{ reader *kafka.Reader }}\n\nfunc (s *source) messages(ctx context.Context) (chan string, error) {{\n\tout := make(chan string)\n\tgo func() {{\n\t\tfor {{\n\t\t\tmessage, err := s.reader.ReadMessage(ctx)\n\t\t\tif err != nil {{\n\t\t\t\treturn\n\t\t\t}}\n\t\t\tout <- string(message.Value)\n\t\t}}\n\t}}()\n\treturn out, nil\n}}\n\nfunc listen(ctx context.Context, s *source, db *sql.DB) {{\n\tmessages, err := s.messages(ctx)\n\tif err != nil {{\n\t\treturn\n\t}}\n\tfor {{\n\t\tselect {{\n\t\tcase <-ctx.Done():\n\t\t\treturn\n\t\tcase message := <-messages:\n\t\t\tdb.Exec(\"{statement}\", message)\n\t\t}}\n\t}}\n}}\n"
        )
    };
    assert_eq!(told(TWICE, &given("INSERT INTO moves (body) VALUES ($1)")), 1);
    assert_eq!(told(TWICE, &given("UPDATE parcels SET moved = true WHERE id = $1")), 0);
}

#[test]
fn what_workers_publish_is_sent_by_who_fills_their_channel() {
    let text = |write: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\ntype pool struct {{\n\tjobs chan string\n\twriter *kafka.Writer\n}}\n\nfunc newPool(writer *kafka.Writer) *pool {{\n\tp := &pool{{jobs: make(chan string, 10), writer: writer}}\n\tp.start()\n\treturn p\n}}\n\nfunc (p *pool) start() {{\n\tgo func() {{\n\t\tfor job := range p.jobs {{\n\t\t\tp.writer.WriteMessages(context.Background(), kafka.Message{{Value: []byte(job)}})\n\t\t}}\n\t}}()\n}}\n\nfunc (p *pool) submit(job string) {{\n\tp.jobs <- job\n}}\n\nfunc move(db *sql.DB, p *pool, id string) error {{\n\tif _, err := db.Exec(\"{write}\", id); err != nil {{\n\t\treturn err\n\t}}\n\tp.submit(id)\n\treturn nil\n}}\n\nfunc main() {{\n\tp := newPool(&kafka.Writer{{Topic: \"parcels\"}})\n\tmove(nil, p, \"1\")\n}}\n"
        )
    };
    let rule = "message-queue/dual-write";
    assert_eq!(told(rule, &text("UPDATE parcels SET moved = true WHERE id = $1")), 1);
    assert_eq!(told(rule, &text("SELECT 1 WHERE $1 = ''")), 0);
}

/// What a log shows of a message is no work of it.
#[test]
fn a_log_that_is_published_behind_the_acknowledgement_is_no_work() {
    let text = |work: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\n\t\"github.com/rabbitmq/amqp091-go\"\n)\n\ntype Mailer interface {{\n\tSendMail(body []byte) error\n}}\n\nfunc publishLog(ctx context.Context, ch *amqp091.Channel, body []byte) {{\n\tch.PublishWithContext(ctx, \"\", \"said\", false, false, amqp091.Publishing{{Body: body}})\n}}\n\nfunc tell(ctx context.Context, ch *amqp091.Channel, body []byte) {{\n\tch.PublishWithContext(ctx, \"\", \"said\", false, false, amqp091.Publishing{{Body: body}})\n}}\n\nfunc consume(ctx context.Context, ch *amqp091.Channel) {{\n\tdeliveries, _ := ch.Consume(\"parcels\", \"\", false, false, false, false, nil)\n\tfor d := range deliveries {{\n\t\td.Ack(false)\n\t\t{work}(ctx, ch, d.Body)\n\t}}\n}}\n"
        )
    };
    assert_eq!(told("message-queue/early-acknowledgement", &text("tell")), 1);
    assert_eq!(told("message-queue/early-acknowledgement", &text("publishLog")), 0);
}

#[test]
fn a_signal_that_ends_the_program_at_once_stops_nothing() {
    let rule = "message-queue/missing-graceful-shutdown";
    let text = |waits: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"log\"\n\t\"os\"\n\t\"os/signal\"\n\t\"syscall\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\nfunc consume(ctx context.Context, reader *kafka.Reader) {{\n\tfor {{\n\t\tmessage, err := reader.FetchMessage(ctx)\n\t\tif err != nil {{\n\t\t\treturn\n\t\t}}\n\t\tlog.Println(string(message.Value))\n\t\treader.CommitMessages(ctx, message)\n\t}}\n}}\n\nfunc main() {{\n\tctx, cancel := context.WithCancel(context.Background())\n\tgo consume(ctx, kafka.NewReader(kafka.ReaderConfig{{Topic: \"parcels\", GroupID: \"vans\"}}))\n\tends := make(chan os.Signal, 1)\n\tsignal.Notify(ends, syscall.SIGINT, syscall.SIGTERM)\n\t{waits}\n\tcancel()\n}}\n"
        )
    };
    let select = |leave: &str| {
        format!(
            "select {{\n\tcase <-ctx.Done():\n\t\tlog.Println(\"done\")\n\tcase <-ends:\n\t\tlog.Println(\"signal\"){leave}\n\t}}"
        )
    };
    assert_eq!(told(rule, &text("<-ends")), 0);
    assert_eq!(told(rule, &text("<-ends\n\tlog.Println(\"bye\")\n\tos.Exit(0)")), 1);
    assert_eq!(told(rule, &text("<-ends\n\tcancel()\n\tos.Exit(0)")), 0);
    assert_eq!(told(rule, &text(&select(""))), 0);
    assert_eq!(told(rule, &text(&select("\n\t\tos.Exit(0)"))), 1);
    assert_eq!(told(rule, &text("log.Println(<-ends)\n\tos.Exit(0)")), 1);
    assert_eq!(told(rule, &text("ended := <-ends\n\tlog.Println(ended.String())\n\tos.Exit(0)")), 1);
    // What stops is called like a log, stands in its arguments, takes the signal or waits for it elsewhere.
    assert_eq!(told(rule, &text("catalog := stock{cancel}\n\t<-ends\n\tcatalog.Close()\n\tos.Exit(0)")), 0);
    assert_eq!(told(rule, &text("<-ends\n\tlog.Println(\"left\", vans.Close())\n\tos.Exit(0)")), 0);
    assert_eq!(told(rule, &text("stop(<-ends)\n\tos.Exit(0)")), 0);
    assert_eq!(told(rule, &text("left := stop(<-ends)\n\tlog.Println(left)\n\tos.Exit(0)")), 0);
    assert_eq!(told(rule, &text("go hear(ends, cancel)\n\t<-ends\n\tos.Exit(0)")), 0);
}

#[test]
fn messages_of_protobuf_are_events_with_their_fields() {
    let text = |field: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\n\t\"github.com/segmentio/kafka-go\"\n\t\"google.golang.org/protobuf/proto\"\n)\n\ntype Sent struct {{\n\tParcel string\n\t{field}\n}}\n\nfunc tell(ctx context.Context, w *kafka.Writer, parcel string) error {{\n\tbody, err := proto.Marshal(&Sent{{Parcel: parcel}})\n\tif err != nil {{\n\t\treturn err\n\t}}\n\treturn w.WriteMessages(ctx, kafka.Message{{Topic: \"sent\", Value: body}})\n}}\n"
        )
    };
    assert_eq!(told("event-schema/unversioned-event", &text("Weight int32")), 1);
    assert_eq!(told("event-schema/unversioned-event", &text("SchemaVersion int32")), 0);
}

#[test]
fn a_producer_that_asks_for_no_answer_is_unconfirmed() {
    let text = |acks: &str| {
        format!(
            "package main\n\nimport (\n\t\"os\"\n\n\t\"github.com/IBM/sarama\"\n)\n\ntype van struct {{\n\tproducer sarama.SyncProducer\n}}\n\nfunc connect() (sarama.SyncProducer, error) {{\n\tconfig := sarama.NewConfig()\n\tconfig.Producer.Return.Successes = true\n\tconfig.Producer.RequiredAcks = sarama.{acks}\n\treturn sarama.NewSyncProducer([]string{{os.Getenv(\"KAFKA\")}}, config)\n}}\n\nfunc main() {{\n\tproducer, err := connect()\n\tif err != nil {{\n\t\tpanic(err)\n\t}}\n\tv := &van{{producer: producer}}\n\tv.tell([]byte(\"sent\"))\n}}\n\nfunc (v *van) tell(body []byte) error {{\n\t_, _, err := v.producer.SendMessage(&sarama.ProducerMessage{{Topic: \"parcels\", Value: sarama.ByteEncoder(body)}})\n\treturn err\n}}\n"
        )
    };
    assert_eq!(told("message-queue/unconfirmed-publish", &text("NoResponse")), 1);
    assert_eq!(told("message-queue/unconfirmed-publish", &text("WaitForAll")), 0);
}

#[test]
fn what_a_field_is_set_to_through_a_variable_is_known() {
    let text = |set: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"os\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\ntype van struct {{\n\twriter *kafka.Writer\n}}\n\nfunc connect() (*kafka.Writer, error) {{\n\treturn &kafka.Writer{{Addr: kafka.TCP(os.Getenv(\"KAFKA\")), RequiredAcks: kafka.RequireNone}}, nil\n}}\n\nfunc main() {{\n\tv := new(van)\n{set}\n\tv.tell([]byte(\"sent\"))\n}}\n\nfunc (v *van) tell(body []byte) error {{\n\treturn v.writer.WriteMessages(context.Background(), kafka.Message{{Topic: \"parcels\", Value: body}})\n}}\n"
        )
    };
    let rule = "message-queue/unconfirmed-publish";
    assert_eq!(
        told(rule, &text("\tvar err error\n\tv.writer, err = connect()\n\tif err != nil {\n\t\tpanic(err)\n\t}")),
        1
    );
    assert_eq!(told(rule, &text("\tv.writer = &kafka.Writer{RequiredAcks: kafka.RequireAll}")), 0);
}

#[test]
fn a_confirmation_that_the_channel_was_never_asked_for_is_none() {
    let text = |open: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\nfunc send(ctx context.Context, conn *amqp.Connection, body []byte) error {{\n\tch, err := conn.Channel()\n\tif err != nil {{\n\t\treturn err\n\t}}\n{open}\t_, err = ch.PublishWithDeferredConfirmWithContext(ctx, \"\", \"parcels\", false, false, amqp.Publishing{{Body: body, DeliveryMode: amqp.Persistent}})\n\treturn err\n}}\n"
        )
    };
    let rule = "message-queue/unconfirmed-publish";
    assert_eq!(told(rule, &text("")), 1);
    assert_eq!(told(rule, &text("\tif err := ch.Confirm(false); err != nil {\n\t\treturn err\n\t}\n")), 0);
}

#[test]
fn what_a_context_keeps_is_what_it_is_asserted_to_be() {
    let rest = "type shelves interface {\n\ttake(ctx context.Context, id string) error\n}\n\ntype table struct{ db *sql.DB }\n\nfunc (t *table) take(ctx context.Context, id string) error {\n\t_, err := t.db.ExecContext(ctx, \"UPDATE shelves SET free = free - 1 WHERE id = $1\", id)\n\treturn err\n}\n\ntype keeper struct{}\n\nfunc from(ctx context.Context) shelves {\n\treturn ctx.Value(\"shelves\").(shelves)\n}\n";
    let text = consumer("\t\"database/sql\"", "\treturn from(ctx).take(ctx, string(body))", rest);
    assert_eq!(told(TWICE, &text), 1);
}

#[test]
fn a_failure_that_is_told_while_the_session_is_aborted_is_no_second_write() {
    let text = |failed: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\n\t\"github.com/segmentio/kafka-go\"\n\t\"go.mongodb.org/mongo-driver/mongo\"\n)\n\nfunc keep(ctx context.Context, session mongo.Session, rows *mongo.Collection, w *kafka.Writer, check func() error) error {{\n\terr := mongo.WithSession(ctx, session, func(sc mongo.SessionContext) error {{\n\t\t_, err := rows.InsertOne(sc, 1)\n\t\treturn err\n\t}})\n\tif err != nil {{\n\t\treturn err\n\t}}\n\tif err = check(); err != nil {{\n\t\tw.WriteMessages(ctx, kafka.Message{{Topic: \"failed\"}})\n\t\t{failed}\n\t}}\n\treturn session.CommitTransaction(ctx)\n}}\n"
        )
    };
    let rule = "message-queue/dual-write";
    assert_eq!(told(rule, &text("return session.AbortTransaction(ctx)")), 0);
    assert_eq!(told(rule, &text("println(err)")), 1);
}

#[test]
fn writers_that_stand_in_a_map_or_list_publish() {
    let source = |body: &str| {
        format!(
            "package orders

import (
	\"context\"
	\"encoding/json\"

	\"github.com/segmentio/kafka-go\"
)

type Orders struct {{
	writers map[string]*kafka.Writer
	all     []*kafka.Writer
}}

func New(writers map[string]*kafka.Writer) *Orders {{
	return &Orders{{writers: writers}}
}}

func (o *Orders) Tell(ctx context.Context, topic string) error {{
	value, _ := json.Marshal(map[string]any{{\"orderId\": 1, \"total\": 2}})
	{body}
}}
"
        )
    };
    let told = |body: &str| {
        let text = source(body);
        let folder = crate::support::folder(&[("go.mod", "module shop\n"), ("orders/orders.go", text.as_str())]);
        let args = ["lint", "--rule", "event-schema/unversioned-event", "--output", "concise"];
        crate::support::skillcheck_in(folder.path(), &args).stdout.contains("unversioned-event")
    };
    let send = "WriteMessages(ctx, kafka.Message{Value: value})";
    assert!(told(&format!(
        "writer, ok := o.writers[topic]\n\tif !ok {{\n\t\treturn nil\n\t}}\n\treturn writer.{send}"
    )));
    assert!(told(&format!("return o.writers[topic].{send}")));
    assert!(told(&format!("return o.all[0].{send}")));
    assert!(told(&format!("for _, writer := range o.writers {{\n\t\twriter.{send}\n\t}}\n\treturn nil")));
    assert!(!told("return nil"));
}

#[test]
fn a_relay_that_takes_one_row_at_a_time_writes_nothing_twice() {
    let source = |turn: &str| {
        format!(
            "package relay

import (
	\"context\"
	\"encoding/json\"
	\"time\"

	\"github.com/jackc/pgx/v5\"
	\"github.com/segmentio/kafka-go\"
)

type Relay struct {{
	db     *pgx.Conn
	writer *kafka.Writer
}}

func (r *Relay) takeNext(ctx context.Context) (int64, []byte, error) {{
	var id int64
	var payload []byte
	err := r.db.QueryRow(ctx, \"UPDATE events SET locked_at = now() WHERE id = (SELECT id FROM events WHERE sent_at IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, payload\").Scan(&id, &payload)
	return id, payload, err
}}

func (r *Relay) markSent(ctx context.Context, id int64) error {{
	_, err := r.db.Exec(ctx, \"UPDATE events SET sent_at = now() WHERE id = $1\", id)
	return err
}}

func (r *Relay) Run(ctx context.Context) {{
	ticker := time.NewTicker(time.Second)
	for {{
		<-ticker.C
{turn}
	}}
}}
"
        )
    };
    let relay = "\t\tid, payload, err := r.takeNext(ctx)
		if err != nil {
			continue
		}
		value, err := json.Marshal(payload)
		if err != nil {
			continue
		}
		if err := r.writer.WriteMessages(ctx, kafka.Message{Value: value}); err != nil {
			continue
		}
		r.markSent(ctx, id)";
    assert_eq!(told("message-queue/dual-write", &source(relay)), 0);
    // What is published is no row that was taken.
    let other = relay.replace("json.Marshal(payload)", "json.Marshal(time.Now())");
    assert_eq!(told("message-queue/dual-write", &source(&other)), 1);
}
