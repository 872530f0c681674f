//! What is published in Java and Kotlin: overloads, envelopes, headers, types, settings.

use super::*;
use crate::catalog::Catalog;
use crate::program::load;
use crate::program::resolve::Packages;
use crate::syntax::FileId;

const JAVA: &str = "shop/src/main/java/a/Publisher.java";
const KOTLIN: &str = "shop/src/main/kotlin/a/Publisher.kt";

fn publishing(files: &[(&str, &str)], settings: &str) -> Publishing {
    let program = load::from_sources(files, &Packages::default());
    let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
    let mut found = Settings::default();
    found.add("shop/src/main/resources/application.properties", FileId(99), settings);
    extract(&ev, &|_| true, &Tree::default(), &found)
}

/// Where it goes, then confirmed, persistent, version, id: `+` told, `d` by default, `-` absent, `?` unknown.
fn facts(files: &[(&str, &str)], settings: &str) -> Vec<String> {
    let mark = |p: &Presence| match p {
        Presence::Present(_) => '+',
        Presence::Default => 'd',
        Presence::Absent => '-',
        Presence::Unknown(_) => '?',
    };
    let publishers = publishing(files, settings).publishers;
    let of = |p: &Publisher| {
        let to: Vec<String> = p.destinations.iter().chain(&p.keys).map(Text::pattern).collect();
        let marks: String = [&p.confirmed, &p.persistent, &p.version, &p.event_id].map(mark).iter().collect();
        format!("{} {marks}", to.join("/"))
    };
    publishers.iter().map(of).collect()
}

const EVENT: &str = "record Placed(String orderId, int total) {}";

fn kafka(send: &str, event: &str) -> String {
    format!(
        "package a;\nimport java.util.*;\nimport org.apache.kafka.clients.producer.ProducerRecord;\nimport org.springframework.kafka.core.KafkaTemplate;\nimport org.springframework.kafka.support.KafkaHeaders;\nimport org.springframework.messaging.support.MessageBuilder;\n{event}\nclass Publisher {{\n  private final KafkaTemplate<String, Placed> kafka;\n  Publisher(KafkaTemplate<String, Placed> kafka) {{ this.kafka = kafka; }}\n  void publish(Placed e) {{ {send} }}\n}}\n"
    )
}

fn one(send: &str, event: &str) -> String {
    facts(&[(JAVA, &kafka(send, event))], "topics.orders=orders.v2").join(", ")
}

#[test]
fn every_overload_of_send_says_its_topic_and_payload() {
    for send in [
        "kafka.send(\"orders\", e);",
        "kafka.send(\"orders\", e.orderId(), e);",
        "kafka.send(\"orders\", 0, e.orderId(), e);",
        "kafka.send(new ProducerRecord<>(\"orders\", e));",
        "kafka.send(new ProducerRecord<>(\"orders\", e.orderId(), e));",
        "var message = MessageBuilder.withPayload(e).setHeader(KafkaHeaders.TOPIC, \"orders\").build(); kafka.send(message);",
    ] {
        assert_eq!(one(send, EVENT), "orders -d--", "{send}");
    }
}

#[test]
fn headers_on_the_way_count() {
    let id = "var r = new ProducerRecord<>(\"orders\", e); r.headers().add(\"event-id\", UUID.randomUUID().toString().getBytes()); kafka.send(r);";
    assert_eq!(one(id, EVENT), "orders -d-+");
    let message = "kafka.send(MessageBuilder.withPayload(e).setHeader(KafkaHeaders.TOPIC, \"orders\").setHeader(\"schemaVersion\", 1).build());";
    assert_eq!(one(message, EVENT), "orders -d+-");
    let interceptor =
        format!("{EVENT}\nclass Ids implements org.apache.kafka.clients.producer.ProducerInterceptor {{}}");
    assert_eq!(one("kafka.send(\"orders\", e);", &interceptor), "orders -d??", "it may add anything");
}

#[test]
fn the_type_of_a_payload_says_what_is_in_it() {
    let send = "kafka.send(\"orders\", e);";
    assert_eq!(one(send, "class Placed { private String orderId; static final int VERSION = 1; }"), "orders -d--");
    assert_eq!(one(send, "class Placed { private UUID eventId; private int schemaVersion; }"), "orders -ddd");
    assert_eq!(
        one(send, "class Base { final UUID id = UUID.randomUUID(); }\nclass Placed extends Base { String orderId; }"),
        "orders -d-+"
    );
    // The version of the row is not that of the event.
    assert_eq!(one(send, "class Placed { @Version Long version; String orderId; }"), "orders -d--");
    // What is passed can be any class below the declared one.
    assert_eq!(
        one(send, "class Placed { String orderId; }\nclass PlacedV2 extends Placed { int eventVersion; }"),
        "orders -dd-"
    );
    assert_eq!(one(send, "interface Placed { String orderId(); }"), "orders -d??");
}

#[test]
fn payloads_are_maps_texts_and_builders_too() {
    let of = |send: &str| one(send, EVENT);
    assert_eq!(of("kafka.send(\"orders\", Map.of(\"orderId\", e.orderId()));"), "orders -d--");
    assert_eq!(
        of("var m = new HashMap<String, Object>(); m.put(\"eventId\", UUID.randomUUID()); kafka.send(\"orders\", m);"),
        "orders -d-+"
    );
    let mapper =
        "com.fasterxml.jackson.databind.ObjectMapper mapper = new com.fasterxml.jackson.databind.ObjectMapper();";
    assert_eq!(of(&format!("{mapper} kafka.send(\"orders\", mapper.writeValueAsString(e));")), "orders -d--");
    // Fields that are not set have the default of the schema: it may be a version.
    assert_eq!(
        of("kafka.send(\"orders\", com.shop.avro.Order.newBuilder().setOrderId(\"1\").build());"),
        "orders -d?-"
    );
}

#[test]
fn topics_come_from_settings() {
    let event = format!("{EVENT}\nclass Topics {{ @Value(\"${{topics.orders}}\") String orders; }}");
    let text = kafka("kafka.send(topics.orders, e);", &event)
        .replace("  void publish", "  @Value(\"${topics.orders:x}\") private String topic;\n  void publish")
        .replace("topics.orders, e", "topic, e");
    assert_eq!(facts(&[(JAVA, &text)], "topics.orders=orders.v2"), ["orders.v2 -d+-"]);
}

#[test]
fn rabbit_confirms_by_a_setting_and_forgets_with_a_fragile_queue() {
    let text = |queue: &str, send: &str| {
        format!(
            "package a\nimport org.springframework.amqp.core.Queue\nimport org.springframework.amqp.rabbit.core.RabbitTemplate\ndata class Placed(val orderId: String)\nclass Publisher(private val rabbit: RabbitTemplate) {{\n  fun queue() = {queue}\n  fun publish(e: Placed) {{ {send} }}\n}}\n"
        )
    };
    let plain = text("Queue(\"orders\")", "rabbit.convertAndSend(\"orders\", e)");
    assert_eq!(facts(&[(KOTLIN, &plain)], ""), ["orders -d--"]);
    assert_eq!(facts(&[(KOTLIN, &plain)], "spring.rabbitmq.publisher-confirm-type=correlated"), ["orders +d--"]);
    assert!(publishing(&[(KOTLIN, &plain)], "").publishers[0].fragile_queue.is_none());
    let fragile = text("Queue(\"orders\", false)", "rabbit.convertAndSend(\"orders\", e)");
    assert!(publishing(&[(KOTLIN, &fragile)], "").publishers[0].fragile_queue.is_some());
    let exchange = text(
        "Queue(\"orders\")",
        "rabbit.convertAndSend(\"shop\", \"order.placed\", e) { m -> m.messageProperties.setMessageId(\"1\"); m }",
    );
    assert_eq!(facts(&[(KOTLIN, &exchange)], ""), ["shop/order.placed -d-+"]);
}

#[test]
fn eventuate_publishes_through_its_table_whatever_class_the_event_is() {
    let text = |event: &str| {
        format!(
            "package a;\nimport io.eventuate.tram.events.common.DomainEvent;\nimport io.eventuate.tram.events.publisher.DomainEventPublisher;\nimport io.eventuate.tram.events.aggregates.AbstractAggregateDomainEventPublisher;\nimport org.springframework.data.repository.CrudRepository;\n{event}\nclass Order {{ Long id; }}\ninterface OrderEvent extends DomainEvent {{}}\ninterface Orders extends CrudRepository<Order, Long> {{}}\nclass OrderEvents extends AbstractAggregateDomainEventPublisher<Order, OrderEvent> {{ OrderEvents(DomainEventPublisher p) {{ super(p, Order.class, o -> o.id); }} }}\nclass Service {{\n  private final Orders orders; private final DomainEventPublisher events; private final OrderEvents own;\n  Service(Orders orders, DomainEventPublisher events, OrderEvents own) {{ this.orders = orders; this.events = events; this.own = own; }}\n  void place(Order o, java.util.List<DomainEvent> made) {{ orders.save(o); events.publish(Order.class, o.id, made); own.publish(o, o.events()); }}\n}}\n"
        )
    };
    let plain = text("class Placed implements OrderEvent { String customer; }");
    assert_eq!(facts(&[(JAVA, &plain)], ""), ["a.Order dd-d", "a.Order dd-d"]);
    assert!(publishing(&[(JAVA, &plain)], "").dual_writes.is_empty(), "both are in one transaction");
    let versioned = text("class Placed implements OrderEvent { int eventVersion; }");
    assert!(facts(&[(JAVA, &versioned)], "").iter().all(|f| f == "a.Order dddd"));
}

#[test]
fn a_repository_and_a_template_in_one_function_are_a_dual_write() {
    let text = "package a\nimport org.springframework.data.mongodb.repository.MongoRepository\nimport org.springframework.kafka.core.KafkaTemplate\ninterface Orders : MongoRepository<Order, String>\nclass Service(private val orders: Orders, private val kafka: KafkaTemplate<String, Order>) {\n  fun place(o: Order) {\n    val saved = orders.save(o)\n    if (saved.ok) {\n      try { tell(saved) } catch (e: Exception) { println(e) }\n      return\n    }\n  }\n  private fun tell(o: Order) { kafka.send(\"orders\", o) }\n  fun read(id: String) { orders.findById(id); kafka.send(\"reads\", null) }\n}\n";
    let found = publishing(&[(KOTLIN, text)], "").dual_writes;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].write_name, "save");
    assert!(found[0].broker_call.is_some());
}

#[test]
fn a_bridge_of_spring_does_not_wait_unless_the_settings_say_so() {
    let text = "package a;\nimport org.springframework.cloud.stream.function.StreamBridge;\nrecord Placed(String orderId) {}\nclass Publisher {\n  private final StreamBridge bridge;\n  Publisher(StreamBridge bridge) { this.bridge = bridge; }\n  void publish(Placed e) { bridge.send(\"placed-out-0\", e); }\n}\n";
    let of = |settings: &str| facts(&[(JAVA, text)], settings).join("");
    let kafka = "spring.cloud.stream.kafka.binder.brokers=kafka:9092\n";
    assert_eq!(of(kafka), "placed-out-0 -d--");
    let waits = "spring.cloud.stream.kafka.bindings.placed-out-0.producer.sync=true\n";
    assert_eq!(of(&format!("{kafka}{waits}")), "placed-out-0 +d--");
    assert_eq!(of(""), "placed-out-0 ?d--", "the binder is not known");
    let both = format!("{kafka}spring.rabbitmq.host=rabbit\n");
    assert_eq!(of(&both), "placed-out-0 -d--", "neither waits");
    let correlated = "spring.rabbitmq.publisher-confirm-type=correlated\n";
    assert_eq!(of(&format!("{both}{correlated}")), "placed-out-0 ?d--", "one of them does");
    let broker = |settings: &str| publishing(&[(JAVA, text)], settings).publishers[0].broker.clone();
    let named = "spring.cloud.stream.default-binder=rabbit\n";
    let told = [kafka.to_string(), both.clone(), format!("{both}{named}")];
    assert_eq!(told.map(|settings| broker(&settings)), ["kafka", "binder", "rabbitmq"]);
}

#[test]
fn a_header_of_the_library_that_is_imported_by_its_name_is_none_of_the_program() {
    let of = |header: &str| {
        let text = format!(
            "package a;\nimport static org.springframework.kafka.support.KafkaHeaders.TOPIC;\nimport org.springframework.kafka.core.KafkaTemplate;\nimport org.springframework.messaging.Message;\nimport org.springframework.messaging.support.MessageBuilder;\nrecord Placed(String orderId) {{}}\nclass Publisher {{\n  private final KafkaTemplate<String, Placed> kafka;\n  Publisher(KafkaTemplate<String, Placed> kafka) {{ this.kafka = kafka; }}\n  void publish(Placed placed) {{\n    Message<Placed> message = MessageBuilder.withPayload(placed).setHeader({header}, \"orders\").build();\n    kafka.send(message);\n  }}\n}}\n"
        );
        facts(&[(JAVA, &text)], "").join("")
    };
    assert!(of("TOPIC").ends_with("-d--"), "{}", of("TOPIC"));
    assert!(of("Names.KIND").ends_with("-d??"), "{}", of("Names.KIND"));
}

#[test]
fn a_class_that_avro_has_made_has_a_version_and_the_fields_of_its_schema() {
    let of = |fields: &str| {
        let event = format!(
            "class Placed extends org.apache.avro.specific.SpecificRecordBase implements org.apache.avro.specific.SpecificRecord {{ public static final Object SCHEMA$ = null; {fields} }}"
        );
        facts(&[(JAVA, &kafka("kafka.send(\"orders\", e);", &event))], "").join("")
    };
    assert_eq!(of("private CharSequence orderId;"), "orders -dd-");
    assert_eq!(of("private CharSequence eventId;"), "orders -ddd");
}

#[test]
fn a_loop_that_publishes_rows_and_deletes_or_marks_them_is_a_relay() {
    let found = |rows: &str, write: &str| {
        let text = format!(
            "package a;\nimport java.util.List;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.core.KafkaTemplate;\ninterface Events extends JpaRepository<Event, Long> {{}}\nclass Service {{\n  private final Events events;\n  private final KafkaTemplate<String, Event> kafka;\n  Service(Events events, KafkaTemplate<String, Event> kafka) {{ this.events = events; this.kafka = kafka; }}\n  void run(List<Event> given) {{\n    List<Event> rows = events.findAll();\n    for (Event event : {rows}) {{\n      tell(event);\n      {write}\n    }}\n  }}\n  private void tell(Event event) {{ kafka.send(\"orders\", event); }}\n}}\n"
        );
        publishing(&[(JAVA, &text)], "").dual_writes.len()
    };
    assert_eq!(found("rows", "events.delete(event);"), 0);
    assert_eq!(found("events.findAll()", "event.setPublishedAt(now()); events.save(event);"), 0);
    assert_eq!(found("given", "events.delete(event);"), 1, "nobody publishes them again");
    assert_eq!(found("rows", "events.save(event);"), 1, "the next run does not know");
    assert_eq!(found("rows", "events.delete(other);"), 1);
}

#[test]
fn an_emitter_sends_where_the_settings_say() {
    let text = "package a;\nimport org.eclipse.microprofile.reactive.messaging.*;\nrecord Placed(String orderId) {}\nclass Publisher {\n  @Channel(\"orders-out\") Emitter<Placed> emitter;\n  void publish(Placed e) { emitter.send(e); }\n}\n";
    let settings =
        "mp.messaging.outgoing.orders-out.connector=smallrye-kafka\nmp.messaging.outgoing.orders-out.topic=orders\n";
    assert_eq!(facts(&[(JAVA, text)], settings), ["orders -d--"]);
    assert!(facts(&[(JAVA, text)], "").is_empty(), "it stays in the process");
    let built = |sources: &[(&str, &str)], artifacts: &[&str]| {
        let program = load::from_sources(sources, &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let mut found = Settings::default();
        found.add_build("shop/pom.xml", &artifacts.join("\n"));
        let channels = |p: Publisher| p.destinations.iter().map(Text::pattern).collect::<Vec<_>>().join("+");
        extract(&ev, &|_| true, &Tree::default(), &found).publishers.into_iter().map(channels).collect::<Vec<_>>()
    };
    let (kafka, amqp) =
        ("<artifactId>quarkus-messaging-kafka</artifactId>", "<artifactId>quarkus-messaging-amqp</artifactId>");
    assert_eq!(built(&[(JAVA, text)], &[kafka]), ["orders-out"], "the one connector has it");
    assert!(built(&[(JAVA, text)], &[kafka, amqp]).is_empty(), "which one is not known");
    let inner = "package a;\nimport org.eclipse.microprofile.reactive.messaging.*;\nclass Inner {\n  @Incoming(\"orders-out\") void on(Placed e) {}\n}\n";
    assert!(built(&[(JAVA, text), ("shop/src/main/java/a/Inner.java", inner)], &[kafka]).is_empty());
}

#[test]
fn the_java_client_sends_transient_messages_unless_told_otherwise() {
    let text = |properties: &str| {
        format!(
            "package a;\nimport com.rabbitmq.client.*;\nclass Publisher {{\n  void publish(ConnectionFactory f, String id) throws Exception {{\n    Channel channel = f.newConnection().createChannel();\n    channel.basicPublish(\"shop\", \"orders\", {properties}, id.getBytes());\n  }}\n}}\n"
        )
    };
    let of = |properties: &str| facts(&[(JAVA, &text(properties))], "").join("");
    assert!(of("null").starts_with("shop/orders --"), "{}", of("null"));
    assert!(of("MessageProperties.PERSISTENT_TEXT_PLAIN").starts_with("shop/orders -+"));
}
