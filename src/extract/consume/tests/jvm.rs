//! Consumers in Java and Kotlin: listeners of frameworks, functions that settings bind, builders.

use super::*;
use crate::extract::settings::Settings;

const JAVA: &str = "billing/src/main/java/a/Listener.java";
const KOTLIN: &str = "billing/src/main/kotlin/a/Listener.kt";
const SETTINGS: &str = "billing/src/main/resources/application.properties";

/// The consumers of a program with settings files.
fn configured(sources: &[(&str, &str)], settings: &[(&str, &str)]) -> Vec<Consumer> {
    let program = from_sources(sources, &Packages::default());
    let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
    let mut found = Settings::default();
    for (i, (path, text)) in settings.iter().enumerate() {
        if path.ends_with("pom.xml") {
            found.add_build(path, text);
        }
        found.add(path, crate::syntax::FileId((sources.len() + i) as u32), text);
    }
    let mut evidence = Evidence::default();
    evidence.settings = found;
    extract(&ev, &|_| true, &evidence)
}

/// Channels, dead letter and redelivery in words.
fn facts(consumers: &[Consumer]) -> Vec<String> {
    consumers
        .iter()
        .map(|c| {
            let redelivery = match c.redelivery {
                Redelivery::Bounded => "bounded",
                Redelivery::Unbounded { .. } => "unbounded",
                Redelivery::None => "none",
                Redelivery::Unknown => "unknown",
            };
            format!("{} {} {} {redelivery}", c.broker, c.channels.join("+"), word(&c.dead_letter))
        })
        .collect()
}

#[test]
fn a_class_listens_through_its_handler_methods() {
    let text = "package a;\nimport org.springframework.kafka.annotation.*;\n@KafkaListener(topics = {\"orders\", \"returns\"})\nclass Listener {\n  @KafkaHandler void on(Placed p) {}\n  @KafkaHandler void on(Returned r) {}\n}\n";
    assert_eq!(facts(&configured(&[(JAVA, text)], &[])), ["kafka orders+returns absent bounded"]);
}

#[test]
fn an_error_handler_without_a_recoverer_logs_and_skips() {
    let text = |handler: &str| {
        format!(
            "package a;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.kafka.listener.*;\nimport org.springframework.util.backoff.FixedBackOff;\nclass Listener {{\n  DefaultErrorHandler handler(Own own) {{ return new DefaultErrorHandler({handler}); }}\n  @KafkaListener(topics = \"${{topics.orders:orders}}\") void on(String id) {{}}\n}}\n"
        )
    };
    let of = |handler: &str| facts(&configured(&[(JAVA, &text(handler))], &[]));
    assert_eq!(of("new FixedBackOff(1000L, 3L)"), ["kafka orders absent bounded"]);
    assert_eq!(of("own, new FixedBackOff(1000L, 3L)"), ["kafka orders unknown bounded"]);
    assert_eq!(of("new DeadLetterPublishingRecoverer(own)"), ["kafka orders present bounded"]);
    let topic = [(SETTINGS, "topics.orders=orders.v2\nspring.kafka.retry.topic.enabled=true\n")];
    assert_eq!(facts(&configured(&[(JAVA, &text(""))], &topic)), ["kafka orders.v2 present bounded"]);
}

#[test]
fn a_rabbit_listener_that_throws_is_asked_again_for_ever() {
    let text = |body: &str| {
        format!(
            "package a\nimport org.springframework.amqp.core.Queue\nimport org.springframework.amqp.rabbit.annotation.RabbitListener\nclass Listener(val bills: Bills) {{\n  fun queue() = Queue(\"orders\")\n  @RabbitListener(queues = [\"orders\"])\n  fun on(id: String) {{ {body} }}\n}}\n"
        )
    };
    let of = |body: &str, settings: &str| facts(&configured(&[(KOTLIN, &text(body))], &[(SETTINGS, settings)]));
    assert_eq!(of("bills.add(id)", ""), ["rabbitmq orders absent unbounded"]);
    assert_eq!(
        of("bills.add(id)", "spring.rabbitmq.listener.simple.retry.enabled=true"),
        ["rabbitmq orders absent bounded"]
    );
    let reject = "spring.rabbitmq.listener.simple.default-requeue-rejected=false";
    assert_eq!(of("bills.add(id)", reject), ["rabbitmq orders absent none"]);
    // What catches everything is never asked again.
    assert_eq!(of("try { bills.add(id) } catch (e: Exception) { println(e) }", ""), ["rabbitmq orders absent unknown"]);
}

#[test]
fn a_container_is_built_with_its_queue_and_listener() {
    let text = "package a;\nimport org.springframework.amqp.core.Queue;\nimport org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;\nimport org.springframework.amqp.rabbit.listener.adapter.MessageListenerAdapter;\nclass Config {\n  Queue queue() { return new Queue(\"orders\"); }\n  SimpleMessageListenerContainer container(Handler handler) {\n    SimpleMessageListenerContainer c = new SimpleMessageListenerContainer();\n    c.setQueueNames(\"orders\");\n    c.setMessageListener(new MessageListenerAdapter(handler, \"take\"));\n    return c;\n  }\n}\nclass Handler { void take(String id) { System.out.println(id); } }\n";
    let found = configured(&[(JAVA, text)], &[]);
    assert_eq!(facts(&found), ["rabbitmq orders absent unbounded"]);
    assert_eq!(found[0].handlers[0].function.as_ref().unwrap().0, "take");
}

#[test]
fn a_function_is_bound_by_its_name() {
    let java = "package a;\nimport java.util.function.Consumer;\nimport org.springframework.context.annotation.Bean;\nclass Config {\n  @Bean public Consumer<String> bill() { return id -> System.out.println(id); }\n  @Bean public Consumer<String> local() { return id -> {}; }\n}\n";
    let kotlin = "package a\nimport org.springframework.context.annotation.Bean\nclass Config {\n  @Bean fun bill(): (String) -> Unit = { println(it) }\n}\n";
    let binding =
        "spring.cloud.stream.bindings.bill-in-0.destination=orders\nspring.cloud.stream.kafka.binder.brokers=k:9092\n";
    let dlq = format!("{binding}spring.cloud.stream.kafka.bindings.bill-in-0.consumer.enable-dlq=true\n");
    for (path, text) in [(JAVA, java), (KOTLIN, kotlin)] {
        assert_eq!(facts(&configured(&[(path, text)], &[(SETTINGS, binding)])), ["kafka orders absent bounded"]);
        assert_eq!(facts(&configured(&[(path, text)], &[(SETTINGS, &dlq)])), ["kafka orders present bounded"]);
        assert!(configured(&[(path, text)], &[]).is_empty(), "nothing binds it");
    }
}

#[test]
fn quarkus_says_in_its_settings_where_failures_go() {
    let text = "package a\nimport org.eclipse.microprofile.reactive.messaging.Incoming\nclass Listener {\n  @Incoming(\"orders\")\n  fun on(id: String) { println(id) }\n}\n";
    let of = |settings: &str| facts(&configured(&[(KOTLIN, text)], &[(SETTINGS, settings)]));
    let base = "mp.messaging.incoming.orders.connector=smallrye-rabbitmq\nmp.messaging.incoming.orders.queue.name=shop-orders\n";
    assert_eq!(of(base), ["rabbitmq shop-orders absent bounded"]);
    let kafka = "%prod.mp.messaging.incoming.orders.connector=smallrye-kafka\nmp.messaging.incoming.orders.failure-strategy=dead-letter-queue\n";
    assert_eq!(of(kafka), ["kafka orders present bounded"]);
    assert_eq!(of(""), ["kafka orders unknown bounded"]);
    // With one connector and nothing in the application that fills it, the channel is the connector's.
    let pom = ("billing/pom.xml", "<artifactId>quarkus-smallrye-reactive-messaging-rabbitmq</artifactId>");
    assert_eq!(facts(&configured(&[(KOTLIN, text)], &[pom])), ["rabbitmq orders absent bounded"]);
    let filled = "package a\nimport org.eclipse.microprofile.reactive.messaging.*\nclass Source {\n  @Outgoing(\"orders\")\n  fun make(): String = \"x\"\n}\n";
    let both = [(KOTLIN, text), ("billing/src/main/kotlin/a/Source.kt", filled)];
    assert_eq!(facts(&configured(&both, &[pom])), ["kafka orders unknown bounded"]);
}

#[test]
fn micronaut_listens_with_the_topics_of_its_methods() {
    let text = "package a;\nimport io.micronaut.configuration.kafka.annotation.*;\n@KafkaListener(groupId = \"billing\")\nclass Listener {\n  @Topic(\"orders\") void on(String id) { System.out.println(id); }\n}\n@KafkaClient\ninterface Client { @Topic(\"bills\") void send(String id); }\n";
    assert_eq!(facts(&configured(&[(JAVA, text)], &[])), ["kafka orders absent bounded"]);
}

#[test]
fn eventuate_recognises_duplicates_unless_that_is_switched_off() {
    let text = "package a;\nimport io.eventuate.tram.events.subscriber.*;\nclass Consumer {\n  DomainEventHandlers handlers() {\n    return DomainEventHandlersBuilder.forAggregateType(\"shop.Order\").onEvent(Placed.class, this::placed).andForAggregateType(\"shop.Ticket\").onEvent(Done.class, this::placed).build();\n  }\n  void placed(DomainEventEnvelope<Placed> e) { System.out.println(e); }\n}\n";
    let found = configured(&[(JAVA, text)], &[]);
    assert_eq!(facts(&found), ["kafka shop.Order+shop.Ticket absent bounded"]);
    assert!(matches!(found[0].handlers[0].idempotency, Idempotency::Durable(_)));
    let off = "package a;\nimport io.eventuate.tram.spring.consumer.common.TramNoopDuplicateMessageDetectorConfiguration;\n@Import(TramNoopDuplicateMessageDetectorConfiguration.class)\nclass Config {}\n";
    let found = configured(&[(JAVA, text), ("billing/src/main/java/a/Config.java", off)], &[]);
    assert!(matches!(found[0].handlers[0].idempotency, Idempotency::Unknown));
}

#[test]
fn a_topology_counts_a_repeated_record_again_unless_it_is_exactly_once() {
    let text = |setting: &str| {
        format!(
            "package a;\nimport org.apache.kafka.streams.*;\nclass Topology {{\n  void build(StreamsBuilder builder, java.util.Properties p) {{\n    {setting}\n    builder.stream(\"orders\").groupByKey().count();\n    builder.stream(\"returns\").to(\"archive\");\n  }}\n}}\n"
        )
    };
    let found = configured(&[(JAVA, &text(""))], &[]);
    assert_eq!(facts(&found), ["kafka orders absent bounded", "kafka returns unknown bounded"]);
    assert!(matches!(found[0].handlers[0].idempotency, Idempotency::No { .. }));
    let exactly = text("p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);");
    let found = configured(&[(JAVA, &exactly)], &[]);
    assert!(!matches!(found[0].handlers[0].idempotency, Idempotency::No { .. }));
}

#[test]
fn the_handlers_of_a_projection_are_one_consumer() {
    let text = "package a;\nimport org.axonframework.eventhandling.EventHandler;\nclass Projection {\n  @EventHandler void on(Placed e) {}\n  @EventHandler void on(Paid e) {}\n}\n";
    assert_eq!(facts(&configured(&[(JAVA, text)], &[])), ["axon  absent bounded"]);
    let dlq = [(SETTINGS, "axon.eventhandling.processors.bills.dlq.enabled=true\n")];
    assert_eq!(facts(&configured(&[(JAVA, text)], &dlq)), ["axon  present bounded"]);
}

#[test]
fn jms_has_a_dead_letter_queue_of_its_broker() {
    let text = "package a;\nimport org.springframework.jms.annotation.JmsListener;\nclass Listener {\n  @JmsListener(destination = \"orders\") void on(String id) {}\n}\n";
    assert_eq!(facts(&configured(&[(JAVA, text)], &[])), ["jms orders default bounded"]);
}

#[test]
fn the_java_client_acknowledges_on_delivery_when_it_is_told_to() {
    let text = |auto: &str| {
        format!(
            "package a;\nimport com.rabbitmq.client.*;\nclass Listener {{\n  void listen(ConnectionFactory f) throws Exception {{\n    Channel channel = f.newConnection().createChannel();\n    channel.queueDeclare(\"orders\", true, false, false, null);\n    channel.basicConsume(\"orders\", {auto}, (tag, d) -> System.out.println(d), tag -> {{}});\n  }}\n}}\n"
        )
    };
    let auto = configured(&[(JAVA, &text("true"))], &[]);
    assert!(matches!(auto[0].ack, Ack::Auto { .. }), "{:?}", auto[0].ack);
    assert_eq!(word(&auto[0].dead_letter), "absent");
    assert!(!matches!(configured(&[(JAVA, &text("false"))], &[])[0].ack, Ack::Auto { .. }));
}

/// A listener that saves what it is told, with the entity and its repository.
fn saving(body: &str, entity: &str) -> Vec<Consumer> {
    let listener = format!(
        "package a\nimport org.springframework.kafka.annotation.KafkaListener\nclass Listener(private val bills: Bills) {{\n  @KafkaListener(topics = [\"orders\"])\n  fun on(order: Order) {{ {body} }}\n}}\n"
    );
    let entity = format!(
        "package a\nimport jakarta.persistence.*\nimport org.springframework.data.jpa.repository.JpaRepository\ninterface Bills : JpaRepository<Bill, String> {{ fun existsByOrderId(id: String): Boolean\n fun findAllByOrderId(id: String): List<Bill> }}\n{entity}\n"
    );
    configured(&[(KOTLIN, &listener), ("billing/src/main/kotlin/a/Bill.kt", &entity)], &[])
}

#[test]
fn a_row_with_a_key_of_its_own_is_stored_again() {
    let generated = "@Entity class Bill(@Id @GeneratedValue var id: Long? = null, var orderId: String = \"\")";
    let new = "bills.save(Bill(null, order.id))";
    let word = |consumers: Vec<Consumer>| match &consumers[0].handlers[0].idempotency {
        Idempotency::No { what, .. } => what.clone(),
        Idempotency::Durable(_) => "durable".into(),
        other => format!("{other:?}"),
    };
    assert_eq!(word(saving(new, generated)), "stores a new row");
    let asked = format!("if (bills.existsByOrderId(order.id)) return\n{new}");
    assert_eq!(word(saving(&asked, generated)), "durable");
    let asked = "if (bills.findAllByOrderId(order.id).isEmpty()) { bills.save(Bill(null, order.id)) }";
    assert_eq!(word(saving(asked, generated)), "durable");
    let unique = "@Entity class Bill(@Id @GeneratedValue var id: Long? = null, @Column(unique = true) var orderId: String = \"\")";
    assert_eq!(word(saving(new, unique)), "durable");
    let natural = "@Entity class Bill(@Id var orderId: String)";
    assert_eq!(word(saving("bills.save(Bill(order.id))", natural)), "durable");
    assert_eq!(word(saving("bills.save(Bill(UUID.randomUUID().toString()))", natural)), "stores a new row");
}

#[test]
fn a_queue_of_dead_letters_needs_none_itself() {
    let text = "package a;\nimport org.springframework.kafka.annotation.KafkaListener;\nclass Listener {\n  @KafkaListener(topics = \"orders-dlt\") void on(String id) {}\n}\n";
    assert_eq!(facts(&configured(&[(JAVA, text)], &[])), ["kafka orders-dlt default bounded"]);
}

/// The verdict about duplicates of a listener with these members, beside an entity and a repository.
fn handled(members: &str) -> String {
    let text = format!(
        "package a;\nimport jakarta.persistence.*;\nimport lombok.Builder;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.mail.javamail.JavaMailSender;\nimport org.springframework.kafka.core.KafkaTemplate;\nrecord Placed(String customer, Long orderId, String type) {{}}\n@Entity @Builder class Note {{ @Id @GeneratedValue Long id; String text; String state;\n  String getState() {{ return state; }}\n  void setState(String s) {{ state = s; }} }}\ninterface Notes extends JpaRepository<Note, Long> {{}}\nclass Listener {{\n  private final Notes notes;\n  private final JavaMailSender mail;\n  private final KafkaTemplate<String, String> kafka;\n  Listener(Notes notes, JavaMailSender mail, KafkaTemplate<String, String> kafka) {{ this.notes = notes; this.mail = mail; this.kafka = kafka; }}\n  {members}\n}}\n"
    );
    let sources = [(JAVA, text.as_str())];
    let program = from_sources(&sources, &Packages::default());
    let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
    let mut evidence = Evidence::default();
    evidence.add(crate::syntax::FileId(1), "schema.sql", "CREATE TABLE note (id BIGINT PRIMARY KEY, text TEXT);");
    let consumers = extract(&ev, &|_| true, &evidence);
    Read { consumers, texts: vec![text.clone()] }.duplicates()
}

#[test]
fn what_a_builder_of_lombok_makes_is_a_new_row() {
    let saved = |chain: &str| {
        handled(&format!(
            "@KafkaListener(topics = \"orders\") void on(Placed p) {{ notes.save(Note.builder(){chain}.build()); }}"
        ))
    };
    assert_eq!(saved(".text(p.customer())"), "no: notes.save(Note.builder().text(p.customer()).build())");
    assert_eq!(
        saved(".id(p.orderId()).text(p.customer())"),
        "durable: notes.save(Note.builder().id(p.orderId()).text(p.customer()).build())"
    );
    // A method of its own asks, and throws when the message was handled before.
    let asked = "private void fresh(Placed p) { if (notes.existsById(p.orderId())) { throw new IllegalStateException(); } }\n  \
        @KafkaListener(topics = \"orders\") void on(Placed p) { fresh(p); notes.save(Note.builder().text(p.customer()).build()); }";
    assert_eq!(handled(asked), "unknown");
}

#[test]
fn a_row_has_the_key_of_the_class_above_it() {
    let of = |base: &str, columns: &str| {
        handled(&format!(
            "@MappedSuperclass static abstract class Base {{ @Id {base} Long id; }}\n  @Entity static class Paid extends Base {{ {columns} Long orderId; void setOrderId(Long id) {{ this.orderId = id; }} }}\n  \
             interface Payments extends JpaRepository<Paid, Long> {{}}\n  private Payments payments;\n  \
             @KafkaListener(topics = \"orders\") void on(Placed p) {{ Paid paid = new Paid(); paid.setOrderId(p.orderId()); payments.save(paid); }}"
        ))
    };
    assert_eq!(of("@GeneratedValue", "@Column"), "no: payments.save(paid)");
    assert!(of("@GeneratedValue", "@Column(unique = true)").starts_with("durable"));
    assert_eq!(of("", "@Column"), "unknown", "who makes the key is not known");
}

#[test]
fn a_function_that_is_given_only_the_message_asks_only_the_message() {
    let on = |body: &str| {
        handled(&format!(
            "private final ObjectMapper mapper = new ObjectMapper();\n  private final Set<Long> seen = load();\n  \
             @KafkaListener(topics = \"orders\") void on(String text) throws Exception {{ Placed p = mapper.readValue(text, Placed.class); {body} }}\n  \
             private void tell(Placed p) {{ if (p.customer() == null || p.customer().isBlank()) {{ return; }} post(p.customer(), \"Order %d\".formatted(p.orderId())); }}\n  \
             private void tell(Placed p, boolean known) {{ if (known) {{ return; }} mail.send(p.customer()); }}\n  \
             private void post(String to, String text) {{ mail.send(text); }}"
        ))
    };
    assert_eq!(on("if (\"placed\".equals(p.type())) { tell(p); }"), "no: mail.send(text)");
    assert_eq!(on("tell(p, seen.contains(p.orderId()));"), "unknown", "it is told what was there before");
}

#[test]
fn a_mail_for_each_message_is_sent_again() {
    let on = |body: &str| handled(&format!("@KafkaListener(topics = \"orders\") void on(Placed p) {{ {body} }}"));
    assert_eq!(on("mail.send(p.customer());"), "no: mail.send(p.customer())");
    // Which message it is decides, not what happened before.
    assert_eq!(on("if (p.type().equals(\"placed\")) { mail.send(p.customer()); }"), "no: mail.send(p.customer())");
    // What is asked or cannot be followed may recognise a duplicate.
    assert_eq!(
        on("if (notes.existsById(p.orderId())) { return; } mail.send(p.customer());"),
        "durable: notes.existsById(p.orderId())"
    );
    assert_eq!(on("if (fresh(p)) { mail.send(p.customer()); }"), "unknown");
    assert_eq!(on("other.check(p); mail.send(p.customer());"), "unknown");
    // It asks for a state that it leaves.
    let state = "Note n = notes.findById(p.orderId()).orElseThrow(); if (n.getState().equals(\"x\")) { return; } if (n.getState() != null) { return; } n.setState(\"sent\"); mail.send(p.customer());";
    assert!(on(state).starts_with("durable"), "{}", on(state));
}
