//! Brokers of the clouds in Java and Go: what is published and consumed, by what a user sees.

use crate::support::{folder, skillcheck_in};

/// The findings of these rules in one file, as `rule line`.
fn found(rules: &[&str], path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let mut arguments = vec!["lint", "--output", "json"];
    for rule in rules {
        arguments.extend(["--rule", rule]);
    }
    let run = skillcheck_in(folder.path(), &arguments);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap().iter();
    findings.map(|f| format!("{} {}", f["rule"].as_str().unwrap().rsplit('/').next().unwrap(), f["line"])).collect()
}

const EVENTS: [&str; 2] = ["event-schema/missing-event-id", "event-schema/unversioned-event"];
const UNCONFIRMED: [&str; 1] = ["message-queue/unconfirmed-publish"];

#[test]
fn sqs_of_the_java_sdk() {
    let text = |payload: &str| {
        format!(
            "package a;\nimport com.fasterxml.jackson.databind.ObjectMapper;\nimport software.amazon.awssdk.services.sqs.SqsClient;\nimport software.amazon.awssdk.services.sqs.model.SendMessageRequest;\nclass Orders {{\n  private final SqsClient sqs = SqsClient.create();\n  private final ObjectMapper json = new ObjectMapper();\n  record Placed({payload}) {{}}\n  void place(Placed placed) throws Exception {{\n    sqs.sendMessage(SendMessageRequest.builder().queueUrl(\"https://sqs/orders\").messageBody(json.writeValueAsString(placed)).build());\n  }}\n}}\n"
        )
    };
    let path = "src/main/java/a/Orders.java";
    assert_eq!(found(&EVENTS, path, &text("String orderId")), ["missing-event-id 10", "unversioned-event 10"]);
    assert_eq!(found(&EVENTS, path, &text("String eventId, int version, String orderId")), [""; 0]);
}

#[test]
fn pubsub_in_go() {
    let text = |result: &str| {
        format!(
            "package a\n\nimport (\n\t\"context\"\n\n\t\"cloud.google.com/go/pubsub\"\n)\n\nfunc Place(ctx context.Context, topic *pubsub.Topic, body []byte) error {{\n\t{result}\n}}\n"
        )
    };
    let lost = "topic.Publish(ctx, &pubsub.Message{Data: body})\n\treturn nil";
    let kept = "_, err := topic.Publish(ctx, &pubsub.Message{Data: body}).Get(ctx)\n\treturn err";
    assert_eq!(found(&UNCONFIRMED, "a/a.go", &text(lost)), ["unconfirmed-publish 10"]);
    assert_eq!(found(&UNCONFIRMED, "a/a.go", &text(kept)), [""; 0]);
}

#[test]
fn pubsub_acknowledges_by_hand_in_go() {
    let text = |first: &str, last: &str| {
        format!(
            "package a\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\t\"cloud.google.com/go/pubsub\"\n)\n\nfunc Listen(ctx context.Context, sub *pubsub.Subscription, db *sql.DB) error {{\n\treturn sub.Receive(ctx, func(ctx context.Context, msg *pubsub.Message) {{\n\t\t{first}\n\t\tif _, err := db.ExecContext(ctx, \"INSERT INTO orders (body) VALUES ($1)\", msg.Data); err != nil {{\n\t\t\tmsg.Nack()\n\t\t\treturn\n\t\t}}\n\t\t{last}\n\t}})\n}}\n"
        )
    };
    let rule = ["message-queue/early-acknowledgement"];
    assert_eq!(found(&rule, "a/a.go", &text("msg.Ack()", "")), ["early-acknowledgement 11"]);
    assert_eq!(found(&rule, "a/a.go", &text("", "msg.Ack()")), [""; 0]);
}

#[test]
fn service_bus_in_go() {
    let text = |id: &str| {
        format!(
            "package a\n\nimport (\n\t\"context\"\n\t\"encoding/json\"\n\n\t\"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus\"\n)\n\ntype Placed struct {{\n\tOrderID string `json:\"order_id\"`\n}}\n\nfunc Place(ctx context.Context, sender *azservicebus.Sender, placed Placed, id string) error {{\n\tbody, err := json.Marshal(placed)\n\tif err != nil {{\n\t\treturn err\n\t}}\n\treturn sender.SendMessage(ctx, &azservicebus.Message{{Body: body{id}}}, nil)\n}}\n"
        )
    };
    let rule = ["event-schema/missing-event-id"];
    assert_eq!(found(&rule, "a/a.go", &text("")), ["missing-event-id 19"]);
    assert_eq!(found(&rule, "a/a.go", &text(", MessageID: &id")), [""; 0]);
}

#[test]
fn the_mongodb_driver_writes() {
    let text = |work: &str| {
        format!(
            "package a\nimport com.mongodb.client.MongoClient\nimport org.springframework.kafka.core.KafkaTemplate\nclass Sale(val id: String, val amount: Long)\nclass Sales(private val client: MongoClient, private val kafka: KafkaTemplate<String, Sale>) {{\n  fun sell(sale: Sale) {{\n    {work}\n    kafka.send(\"sales\", sale)\n  }}\n  private fun sales() = client.getDatabase(\"shop\").getCollection(\"sale\", Sale::class.java)\n}}\n"
        )
    };
    let path = "src/main/kotlin/a/Sales.kt";
    let rule = ["message-queue/dual-write"];
    assert_eq!(found(&rule, path, &text("sales().insertOne(sale)")), ["dual-write 8"]);
    assert_eq!(found(&rule, path, &text("println(sale)")), [""; 0]);
}

#[test]
fn sns_of_the_java_sdk() {
    let text = |payload: &str| {
        format!(
            "package a;\nimport com.fasterxml.jackson.databind.ObjectMapper;\nimport software.amazon.awssdk.services.sns.SnsClient;\nimport software.amazon.awssdk.services.sns.model.PublishRequest;\nclass Orders {{\n  private final SnsClient sns = SnsClient.create();\n  private final ObjectMapper json = new ObjectMapper();\n  record Placed({payload}) {{}}\n  void place(Placed placed) throws Exception {{\n    sns.publish(PublishRequest.builder().topicArn(\"arn:aws:sns:orders\").message(json.writeValueAsString(placed)).build());\n  }}\n}}\n"
        )
    };
    let path = "src/main/java/a/Orders.java";
    assert_eq!(found(&EVENTS, path, &text("String orderId")), ["missing-event-id 10", "unversioned-event 10"]);
    assert_eq!(found(&EVENTS, path, &text("String eventId, int version, String orderId")), [""; 0]);
}

#[test]
fn pubsub_in_java() {
    let plain = |tail: &str| {
        format!(
            "package a;\nimport com.google.cloud.pubsub.v1.Publisher;\nimport com.google.pubsub.v1.PubsubMessage;\nclass Orders {{\n  private final Publisher publisher;\n  Orders(Publisher publisher) {{ this.publisher = publisher; }}\n  void place(PubsubMessage message) throws Exception {{\n    publisher.publish(message){tail};\n  }}\n}}\n"
        )
    };
    let path = "src/main/java/a/Orders.java";
    assert_eq!(found(&UNCONFIRMED, path, &plain("")), ["unconfirmed-publish 8"]);
    assert_eq!(found(&UNCONFIRMED, path, &plain(".get()")), [""; 0]);
    let spring = |tail: &str| {
        format!(
            "package a;\nimport com.google.cloud.spring.pubsub.core.PubSubTemplate;\nclass Orders {{\n  private final PubSubTemplate pubsub;\n  Orders(PubSubTemplate pubsub) {{ this.pubsub = pubsub; }}\n  void place(String order) throws Exception {{\n    pubsub.publish(\"orders\", order){tail};\n  }}\n}}\n"
        )
    };
    assert_eq!(found(&UNCONFIRMED, path, &spring("")), ["unconfirmed-publish 7"]);
    assert_eq!(found(&UNCONFIRMED, path, &spring(".join()")), [""; 0]);
}

#[test]
fn pubsub_acknowledges_by_hand_in_java() {
    let text = |first: &str, last: &str| {
        format!(
            "package a;\nimport com.google.cloud.spring.pubsub.core.PubSubTemplate;\nimport org.springframework.jdbc.core.JdbcTemplate;\nclass Orders {{\n  private final PubSubTemplate pubsub;\n  private final JdbcTemplate jdbc;\n  Orders(PubSubTemplate pubsub, JdbcTemplate jdbc) {{ this.pubsub = pubsub; this.jdbc = jdbc; }}\n  void listen() {{\n    pubsub.subscribe(\"orders\", message -> {{\n      {first}\n      jdbc.update(\"INSERT INTO orders (body) VALUES (?)\", message.getPubsubMessage());\n      {last}\n    }});\n  }}\n}}\n"
        )
    };
    let rule = ["message-queue/early-acknowledgement"];
    let path = "src/main/java/a/Orders.java";
    assert_eq!(found(&rule, path, &text("message.ack();", "")), ["early-acknowledgement 9"]);
    assert_eq!(found(&rule, path, &text("", "message.ack();")), [""; 0]);
}

#[test]
fn service_bus_in_java() {
    let sender = |payload: &str| {
        format!(
            "package a;\nimport com.azure.messaging.servicebus.*;\nimport com.fasterxml.jackson.databind.ObjectMapper;\nclass Orders {{\n  private final ServiceBusSenderClient sender = new ServiceBusClientBuilder().connectionString(\"x\").sender().queueName(\"orders\").buildClient();\n  private final ObjectMapper json = new ObjectMapper();\n  record Placed({payload}) {{}}\n  void place(Placed placed) throws Exception {{\n    sender.sendMessage(new ServiceBusMessage(json.writeValueAsString(placed)));\n  }}\n}}\n"
        )
    };
    let path = "src/main/java/a/Orders.java";
    assert_eq!(found(&EVENTS, path, &sender("String orderId")), ["missing-event-id 9", "unversioned-event 9"]);
    assert_eq!(found(&EVENTS, path, &sender("String eventId, int version")), [""; 0]);
    let listener = |work: &str| {
        format!(
            "package a;\nimport com.azure.messaging.servicebus.*;\nimport org.springframework.mail.javamail.JavaMailSender;\nclass Listener {{\n  private final JavaMailSender mail;\n  Listener(JavaMailSender mail) {{ this.mail = mail; }}\n  void listen() {{\n    ServiceBusProcessorClient client = new ServiceBusClientBuilder().connectionString(\"x\").processor().queueName(\"orders\").processMessage(context -> {{ {work} }}).processError(context -> {{}}).buildProcessorClient();\n    client.start();\n  }}\n}}\n"
        )
    };
    let rule = ["message-queue/non-idempotent-consumer"];
    let path = "src/main/java/a/Listener.java";
    assert_eq!(found(&rule, path, &listener("mail.send(context.getMessage());")), ["non-idempotent-consumer 8"]);
    assert_eq!(found(&rule, path, &listener("System.out.println(context.getMessage());")), [""; 0]);
}
