//! Messages between services in Java and Kotlin, as `graph` shows them: files in, the map out.

use skillcheck::check::{Request, check};
use skillcheck::system::System;

const COMPOSE: &str = "services:\n  orders:\n    build: ./orders\n  billing:\n    build: ./billing\n";
const DOCKER: &str = "FROM eclipse-temurin:21\nCOPY app.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n";
const POM: &str = "<project><artifactId>a</artifactId><dependencies><dependency><artifactId>spring-boot-starter</artifactId></dependency></dependencies></project>";

fn system(files: &[(&str, &str)]) -> System {
    let folder = tempfile::tempdir().unwrap();
    let base = [
        ("docker-compose.yml", COMPOSE),
        ("orders/Dockerfile", DOCKER),
        ("orders/pom.xml", POM),
        ("billing/Dockerfile", DOCKER),
        ("billing/pom.xml", POM),
    ];
    for (path, text) in base.iter().chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap().system
}

/// `broker channel: producers > consumers`, then `event of channel by producers`.
fn shown(system: &System) -> Vec<String> {
    let channels = system
        .map
        .channels
        .iter()
        .map(|c| format!("{} {}: {} > {}", c.broker, c.name, c.producers.join("+"), c.consumers.join("+")));
    let events = system.map.events.iter().map(|e| {
        let versioned = e.versioned.map_or("?", |v| if v { "versioned" } else { "unversioned" });
        format!("{} of {} by {}, {versioned}", e.name, e.channel.as_deref().unwrap_or("?"), e.producers.join("+"))
    });
    channels.chain(events).collect()
}

#[test]
fn a_topic_of_the_settings_joins_a_template_and_a_listener() {
    let publisher = "package a\nimport org.springframework.beans.factory.annotation.Value\nimport org.springframework.kafka.core.KafkaTemplate\ndata class OrderPlaced(val orderId: String)\nclass Publisher(private val kafka: KafkaTemplate<String, OrderPlaced>, @Value(\"\\${topics.orders}\") private val topic: String) {\n  fun publish(e: OrderPlaced) = kafka.send(topic, e.orderId, e)\n}\n";
    let listener = "package b;\nimport org.springframework.kafka.annotation.KafkaListener;\nclass Listener {\n  @KafkaListener(topics = \"${topics.orders:none}\")\n  void on(String e) { System.out.println(e); }\n}\n";
    let found = system(&[
        ("orders/src/main/kotlin/a/Publisher.kt", publisher),
        ("orders/src/main/resources/application.yml", "topics:\n  orders: shop-orders\n"),
        ("billing/src/main/java/b/Listener.java", listener),
        ("billing/src/main/resources/application.properties", "topics.orders=shop-orders\n"),
    ]);
    assert_eq!(
        shown(&found),
        ["kafka shop-orders: orders > billing", "OrderPlaced of shop-orders by orders, unversioned"]
    );
    assert_eq!(found.map.brokers.iter().map(|b| b.kind.as_str()).collect::<Vec<_>>(), ["kafka"]);
}

#[test]
fn bindings_join_a_bridge_and_a_function() {
    let publisher = "package a;\nimport org.springframework.cloud.stream.function.StreamBridge;\nrecord OrderPlacedV2(String orderId) {}\nclass Publisher {\n  private final StreamBridge bridge;\n  Publisher(StreamBridge bridge) { this.bridge = bridge; }\n  void publish(String id) { bridge.send(\"placed-out-0\", new OrderPlacedV2(id)); }\n}\n";
    let listener = "package b;\nimport java.util.function.Consumer;\nimport org.springframework.context.annotation.Bean;\nclass Config {\n  @Bean Consumer<String> bill() { return e -> System.out.println(e); }\n}\n";
    let found = system(&[
        ("orders/src/main/java/a/Publisher.java", publisher),
        (
            "orders/src/main/resources/application.yml",
            "spring.cloud.stream.bindings.placed-out-0.destination: orders\n",
        ),
        ("billing/src/main/java/b/Config.java", listener),
        (
            "billing/src/main/resources/application.yml",
            "spring:\n  cloud:\n    stream:\n      bindings:\n        bill-in-0:\n          destination: orders\n  kafka:\n    bootstrap-servers: kafka:9092\n",
        ),
    ]);
    assert_eq!(shown(&found), ["kafka orders: orders > billing", "OrderPlacedV2 of orders by orders, versioned"]);
}

#[test]
fn the_class_of_an_aggregate_is_its_channel() {
    let publisher = "package a;\nimport io.eventuate.tram.events.common.DomainEvent;\nimport io.eventuate.tram.events.publisher.DomainEventPublisher;\nclass Order {}\nclass OrderPlaced implements DomainEvent { String customer; }\nclass Publisher {\n  private final DomainEventPublisher events;\n  Publisher(DomainEventPublisher events) { this.events = events; }\n  void publish(String id) { events.publish(Order.class, id, java.util.Collections.singletonList(new OrderPlaced())); }\n}\n";
    let listener = "package b;\nimport io.eventuate.tram.events.subscriber.*;\nclass Listener {\n  DomainEventHandlers handlers() { return DomainEventHandlersBuilder.forAggregateType(\"a.Order\").onEvent(Placed.class, this::on).build(); }\n  void on(DomainEventEnvelope<Placed> e) { System.out.println(e); }\n}\n";
    let found = system(&[
        ("orders/src/main/java/a/Publisher.java", publisher),
        ("billing/src/main/java/b/Listener.java", listener),
    ]);
    assert_eq!(shown(&found)[0], "kafka a.Order: orders > billing");
}

/// A service that saves, announces and has a listener with an annotation, which sends what it hears.
fn announced(annotation: &str) -> usize {
    let service = "package a;\nimport org.springframework.context.ApplicationEventPublisher;\nimport org.springframework.transaction.annotation.Transactional;\nclass Orders {\n  private final OrderRepository repository;\n  private final ApplicationEventPublisher events;\n  Orders(OrderRepository repository, ApplicationEventPublisher events) { this.repository = repository; this.events = events; }\n  @Transactional\n  void place(Order order) {\n    repository.save(order);\n    events.publishEvent(new OrderPlaced(order.id()));\n  }\n}\n";
    let model = "package a;\nimport org.springframework.data.repository.CrudRepository;\nrecord Order(String id) {}\nrecord OrderPlaced(String id) implements OrderEvent {}\ninterface OrderEvent {}\ninterface OrderRepository extends CrudRepository<Order, String> {}\n";
    let listener = format!(
        "package a;\nimport org.springframework.context.event.EventListener;\nimport org.springframework.transaction.event.TransactionalEventListener;\nimport org.springframework.kafka.core.KafkaTemplate;\nclass Listener {{\n  private final KafkaTemplate<String, OrderEvent> kafka;\n  Listener(KafkaTemplate<String, OrderEvent> kafka) {{ this.kafka = kafka; }}\n  {annotation}\n  void on(OrderEvent event) {{ kafka.send(\"orders\", event); }}\n}}\n"
    );
    let found = system(&[
        ("orders/src/main/java/a/Orders.java", service),
        ("orders/src/main/java/a/Model.java", model),
        ("orders/src/main/java/a/Listener.java", &listener),
    ]);
    found.dual_writes.len()
}

#[test]
fn what_a_listener_sends_in_the_transaction_is_sent_by_who_announces() {
    assert_eq!(announced("@EventListener"), 1);
    assert_eq!(announced("@TransactionalEventListener"), 0);
    assert_eq!(announced("@Async @EventListener"), 0);
}

#[test]
fn a_template_and_a_listener_of_spring_cloud_aws_share_a_queue() {
    let publisher = "package a;\nimport io.awspring.cloud.sqs.operations.SqsTemplate;\nrecord OrderPlaced(String orderId) {}\nclass Publisher {\n  private final SqsTemplate sqs;\n  Publisher(SqsTemplate sqs) { this.sqs = sqs; }\n  void publish(OrderPlaced event) { sqs.send(\"shop-orders\", event); }\n}\n";
    let listener = "package b;\nimport io.awspring.cloud.sqs.annotation.SqsListener;\nclass Listener {\n  @SqsListener(\"shop-orders\")\n  void on(String e) { System.out.println(e); }\n}\n";
    let found = system(&[
        ("orders/src/main/java/a/Publisher.java", publisher),
        ("billing/src/main/java/b/Listener.java", listener),
    ]);
    assert_eq!(
        shown(&found),
        ["sqs shop-orders: orders > billing", "OrderPlaced of shop-orders by orders, unversioned"]
    );
}

#[test]
fn a_listener_of_the_template_is_told_what_was_not_taken() {
    let source = |listener: &str| {
        format!(
            "package shop;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.support.ProducerListener;
import org.springframework.stereotype.Component;

@Component
public class Sender {{
    private final KafkaTemplate<String, Object> template;

    public Sender(KafkaTemplate<String, Object> template) {{
        this.template = template;
    }}

    public void send(String topic, String key, Object event, ProducerListener<String, Object> listener) {{
        {listener}template.send(topic, key, event);
    }}
}}
"
        )
    };
    let told = |listener: &str| {
        let text = source(listener);
        let folder = crate::support::folder(&[("src/main/java/shop/Sender.java", text.as_str())]);
        let args = ["lint", "--rule", "message-queue/unconfirmed-publish", "--output", "concise"];
        crate::support::skillcheck_in(folder.path(), &args).stdout.contains("unconfirmed-publish")
    };
    assert!(told(""));
    assert!(!told("template.setProducerListener(listener);\n        "));
}

#[test]
fn what_a_function_makes_of_the_text_is_the_message() {
    let source = |parse: &str| {
        format!(
            "package shop;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.mail.SimpleMailMessage;
import org.springframework.mail.javamail.JavaMailSender;
import org.springframework.stereotype.Component;

@Component
public class Mails {{
    private final JavaMailSender sender;
    private final ObjectMapper mapper;
    private final Known known;

    public Mails(JavaMailSender sender, ObjectMapper mapper, Known known) {{
        this.sender = sender;
        this.mapper = mapper;
        this.known = known;
    }}

    @KafkaListener(topics = \"bookings\")
    public void on(String text) {{
        Booking booking = read(text);
        switch (booking.getState()) {{
            case BOOKED -> sender.send(new SimpleMailMessage());
        }}
    }}

    private Booking read(String text) {{
        return {parse};
    }}
}}
"
        )
    };
    let told = |parse: &str| {
        let text = source(parse);
        let folder = crate::support::folder(&[("src/main/java/shop/Mails.java", text.as_str())]);
        let args = ["lint", "--rule", "message-queue/non-idempotent-consumer", "--output", "concise"];
        crate::support::skillcheck_in(folder.path(), &args).stdout.contains("non-idempotent")
    };
    assert!(told("mapper.readValue(text, Booking.class)"));
    // What something else answers may know of the message.
    assert!(!told("known.find(text)"));
}

#[test]
fn rows_of_an_outbox_that_debezium_reads_are_events() {
    let row = "package shop;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import lombok.Builder;

@Entity
@Builder
public class OutboxEvent {
    @Id
    private UUID id;
    private String aggregateType;
    private String aggregateId;
    private String type;
    private String payload;
}
";
    let booking = "package shop;\n\npublic record Booking(UUID id, String room) {}\n";
    let service = "package shop;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.springframework.stereotype.Service;

@Service
public class Bookings {
    private final OutboxRepository outbox;
    private final ObjectMapper mapper;

    public Bookings(OutboxRepository outbox, ObjectMapper mapper) {
        this.outbox = outbox;
        this.mapper = mapper;
    }

    public void book(Booking booking) {
        outbox.save(OutboxEvent.builder()
            .aggregateType(\"Booking\")
            .aggregateId(booking.id().toString())
            .type(\"Booked\")
            .payload(mapper.writeValueAsString(booking))
            .build());
    }
}
";
    let told = |connector: &str, booking: &str| {
        let folder = crate::support::folder(&[
            ("debezium/outbox-connector.json", connector),
            ("src/main/java/shop/OutboxEvent.java", row),
            ("src/main/java/shop/Booking.java", booking),
            ("src/main/java/shop/Bookings.java", service),
        ]);
        let args = ["lint", "--rule", "event-schema/unversioned-event", "--output", "concise"];
        crate::support::skillcheck_in(folder.path(), &args).stdout.contains("Bookings.java:16")
    };
    let router = r#"{"config": {"transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter"}}"#;
    assert!(told(router, booking));
    assert!(!told("{}", booking), "nothing says that the rows are published");
    assert!(!told(router, &booking.replace("String room", "String room, int schemaVersion")));
    // A helper that nobody calls publishes nothing.
    let unused =
        service.replace("public void book(Booking booking)", "public void book(Booking booking, String payload)");
    let unused = unused.replace("mapper.writeValueAsString(booking)", "payload");
    let folder = crate::support::folder(&[
        ("debezium/outbox-connector.json", router),
        ("src/main/java/shop/OutboxEvent.java", row),
        ("src/main/java/shop/Bookings.java", unused.as_str()),
    ]);
    let run = crate::support::skillcheck_in(folder.path(), &["lint", "--output", "concise"]);
    assert!(!run.stdout.contains("event-schema/"), "{}", run.stdout);
}
