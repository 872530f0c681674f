//! Listeners of Spring.

use super::*;

const PATH: &str = "billing/src/main/java/a/Listener.java";

fn listener(body: &str) -> String {
    format!(
        "package a;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.kafka.core.KafkaTemplate;\nclass Listener {{\n  private final KafkaTemplate<String, String> template;\n  private final Seen seen;\n  Listener(KafkaTemplate<String, String> template, Seen seen) {{ this.template = template; this.seen = seen; }}\n  @KafkaListener(topics = \"orders\")\n  void on(String id) {{ {body} }}\n}}\n"
    )
}

#[test]
fn a_kafka_listener_commits_after_the_work_and_skips_what_fails() {
    let text = listener("System.out.println(id);");
    let read = read(&[(PATH, &text)]);
    assert_eq!(read.one().channels, ["orders"]);
    assert_eq!(read.ack(), "framework");
    assert_eq!(read.dead_letter(), "absent");
    assert_eq!(read.redelivery(), "bounded");
    assert!(!read.one().shutdown.is_absent());
}

#[test]
fn a_recoverer_of_the_same_application_is_a_dead_letter_topic() {
    let text = listener("System.out.println(id);");
    let config = "package a;\nimport org.springframework.kafka.listener.*;\nclass Config {\n  DefaultErrorHandler handler(KafkaTemplate t) { return new DefaultErrorHandler(new DeadLetterPublishingRecoverer(t)); }\n}\n";
    let near = read(&[(PATH, &text), ("billing/src/main/java/a/Config.java", config)]);
    assert_eq!(near.dead_letter(), "present");
    // An error handler elsewhere may be the one that is used.
    let far = read(&[(PATH, &text), ("common/src/main/java/b/Config.java", config)]);
    assert_eq!(far.dead_letter(), "unknown");
    // Between two applications it is not.
    let started = |package: &str| format!("package {package};\n@SpringBootApplication\nclass App {{}}\n");
    let (own, other) = (started("a"), started("b"));
    let apart = read(&[
        (PATH, &text),
        ("billing/src/main/java/a/App.java", &own),
        ("users/src/main/java/b/Config.java", config),
        ("users/src/main/java/b/App.java", &other),
    ]);
    assert_eq!(apart.dead_letter(), "absent");
}

#[test]
fn only_ids_in_a_map_of_the_process_are_surely_forgotten() {
    let text = listener("if (seen.contains(id)) { return; } template.send(\"paid\", id); seen.mark(id);");
    let map = "package a;\nimport java.util.concurrent.ConcurrentHashMap;\nclass Seen {\n  private final ConcurrentHashMap<String, Boolean> ids = new ConcurrentHashMap<>();\n  boolean contains(String id) { return ids.containsKey(id); }\n  void mark(String id) { ids.put(id, true); }\n}\n";
    let found = read(&[(PATH, &text), ("billing/src/main/java/a/Seen.java", map)]);
    assert!(matches!(found.one().handlers[0].idempotency, Idempotency::InMemory { .. }), "{:?}", found.one().handlers);
    let table = "package a;\nimport org.springframework.data.jpa.repository.JpaRepository;\ninterface Seen extends JpaRepository<String, String> { boolean contains(String id); void mark(String id); }\n";
    let found = read(&[(PATH, &text), ("billing/src/main/java/a/Seen.java", table)]);
    assert!(matches!(found.one().handlers[0].idempotency, Idempotency::Unknown), "{:?}", found.one().handlers);
}

#[test]
fn a_rabbit_listener_has_a_dead_letter_exchange_or_not() {
    let text = |arguments: &str| {
        format!(
            "package a;\nimport org.springframework.amqp.core.*;\nimport org.springframework.amqp.rabbit.annotation.RabbitListener;\nclass Listener {{\n  Queue queue() {{ return QueueBuilder.durable(\"orders\"){arguments}.build(); }}\n  @RabbitListener(queues = \"orders\")\n  void on(String id) {{ System.out.println(id); }}\n}}\n"
        )
    };
    assert_eq!(read(&[(PATH, &text(""))]).dead_letter(), "absent");
    assert_eq!(read(&[(PATH, &text(".deadLetterExchange(\"failed\")"))]).dead_letter(), "present");
}

#[test]
fn the_dead_letter_exchange_of_another_queue_does_not_help() {
    let text = "package a;\nimport org.springframework.amqp.core.*;\nimport org.springframework.amqp.rabbit.annotation.RabbitListener;\nclass Listener {\n  Queue paid() { return QueueBuilder.durable(\"paid\").deadLetterExchange(\"failed\").build(); }\n  Queue orders() { return new Queue(\"orders\", true); }\n  @RabbitListener(queues = \"QUEUE\")\n  void on(String id) { System.out.println(id); }\n}\n";
    let of = |queue: &str| read(&[(PATH, &text.replace("QUEUE", queue))]).dead_letter();
    assert_eq!(of("orders"), "absent");
    assert_eq!(of("paid"), "present");
    // Nobody in sight declares it: the exchange may be meant for it.
    assert_eq!(of("stock"), "present");
}

#[test]
fn a_number_that_an_entity_changes_itself_is_changed_twice() {
    let of = |method: &str| {
        let text = format!(
            "package a;\nimport jakarta.persistence.*;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.annotation.KafkaListener;\nrecord Placed(String item, int quantity) {{}}\n@Entity class Stock {{\n  @Id private String id;\n  private int available;\n  private String status;\n  {method}\n}}\ninterface Stocks extends JpaRepository<Stock, String> {{}}\nclass Listener {{\n  private final Stocks stocks;\n  Listener(Stocks stocks) {{ this.stocks = stocks; }}\n  @KafkaListener(topics = \"orders\")\n  void on(Placed e) {{\n    Stock stock = stocks.findById(e.item()).orElseThrow();\n    stock.take(e.quantity());\n    stocks.save(stock);\n  }}\n}}\n"
        );
        matches!(read(&[(PATH, &text)]).one().handlers[0].idempotency, Idempotency::No { .. })
    };
    assert!(of("void take(int n) { this.available -= n; }"));
    assert!(of(
        "void take(int n) { if (n > available) throw new IllegalStateException(); available = available - n; }"
    ));
    assert!(!of("void take(int n) { this.available = n; }"));
    assert!(!of("void take(int n) { if (status.equals(\"TAKEN\")) return; available -= n; status = \"TAKEN\"; }"));
}

/// True when a second delivery surely does harm in a listener with this body; `stocks` and `mail` are at hand.
fn harms(body: &str) -> bool {
    let text = format!(
        "package a;\nimport jakarta.persistence.*;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.data.jpa.repository.Modifying;\nimport org.springframework.data.jpa.repository.Query;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.mail.javamail.JavaMailSender;\nrecord Placed(String item, int quantity) {{}}\n@Entity class Stock {{\n  @Id private String id;\n  private int sold;\n  int getSold() {{ return sold; }}\n  void setSold(int sold) {{ this.sold = sold; }}\n}}\ninterface Stocks extends JpaRepository<Stock, String> {{\n  @Modifying @Query(\"update Stock s set s.sold = s.sold + :n where s.id = :id\") void sell(String id, int n);\n  @Modifying @Query(\"update Stock s set s.sold = :n where s.id = :id\") void set(String id, int n);\n}}\nclass Listener {{\n  private final Stocks stocks;\n  private final JavaMailSender mail;\n  private final Texts texts;\n  Listener(Stocks stocks, JavaMailSender mail, Texts texts) {{ this.stocks = stocks; this.mail = mail; this.texts = texts; }}\n  @KafkaListener(topics = \"orders\")\n  void on(Placed e) {{ {body} }}\n}}\n"
    );
    matches!(read(&[(PATH, &text)]).one().handlers[0].idempotency, Idempotency::No { .. })
}

#[test]
fn a_statement_of_a_repository_says_whether_it_counts() {
    assert!(harms("stocks.sell(e.item(), e.quantity());"));
    assert!(!harms("stocks.set(e.item(), e.quantity());"));
}

#[test]
fn a_row_that_a_lambda_is_given_was_looked_up() {
    assert!(harms(
        "stocks.findById(e.item()).ifPresent(s -> { s.setSold(s.getSold() + e.quantity()); stocks.save(s); });"
    ));
    assert!(harms(
        "stocks.findById(e.item()).ifPresent(s -> { int now = s.getSold() + e.quantity(); s.setSold(now); stocks.save(s); });"
    ));
    assert!(!harms("stocks.findById(e.item()).ifPresent(s -> { s.setSold(e.quantity()); stocks.save(s); });"));
}

#[test]
fn a_mail_goes_out_twice_unless_something_may_have_refused() {
    assert!(harms("mail.send(texts.message(e));"));
    assert!(!harms("if (!texts.isNew(e)) { return; } mail.send(texts.message(e));"));
}

/// A listener whose service describes what it stores, for R2DBC.
fn reactive(body: &str, kept: &str) -> Read {
    let text = format!(
        "package a;\nimport org.springframework.data.annotation.Id;\nimport org.springframework.data.r2dbc.repository.R2dbcRepository;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.kafka.support.Acknowledgment;\nimport reactor.core.publisher.Mono;\nclass Note {{\n  @Id private Long id;\n  private String text;\n  Note(String text) {{ this.text = text; }}\n}}\ninterface Notes extends R2dbcRepository<Note, Long> {{}}\nclass Kept {{\n  private final Notes notes;\n  Kept(Notes notes) {{ this.notes = notes; }}\n  Mono<Note> keep(String text) {{ return {kept}; }}\n}}\nclass Listener {{\n  private final Kept kept;\n  Listener(Kept kept) {{ this.kept = kept; }}\n  @KafkaListener(topics = \"orders\")\n  void on(String text, Acknowledgment ack) {{ {body} }}\n}}\n"
    );
    read(&[(PATH, &text)])
}

#[test]
fn a_chain_that_is_subscribed_to_begins_and_nothing_waits_for_it() {
    let of = |body: &str| reactive(body, "notes.save(new Note(text))").ack();
    assert_eq!(of("kept.keep(text).subscribe();"), "unawaited");
    assert_eq!(of("kept.keep(text).doOnSuccess(n -> ack.acknowledge()).subscribe();"), "framework");
    assert_eq!(of("kept.keep(text).subscribe(); ack.acknowledge();"), "before");
    assert_eq!(of("kept.keep(text).block();"), "framework");
    // What blocks has been done when `subscribe` returns.
    let blocking =
        reactive("kept.keep(text).subscribe();", "Mono.fromCallable(() -> notes.save(new Note(text)).block())");
    assert_eq!(blocking.ack(), "framework");
}

#[test]
fn a_row_without_an_id_is_inserted() {
    let found = reactive("kept.keep(text).block();", "notes.save(new Note(text))");
    let handler = &found.one().handlers[0];
    assert!(matches!(handler.idempotency, Idempotency::No { .. }), "{:?}", handler.idempotency);
}

#[test]
fn what_lombok_writes_sends_no_failed_message_away() {
    let text = listener("try { template.send(\"paid\", id).get(); } catch (Exception e) { seen.setStatus(id); }");
    let row = "package a;\nimport lombok.Data;\n@Data class Seen { private String status; }\n";
    assert_eq!(read(&[(PATH, &text), ("billing/src/main/java/a/Seen.java", row)]).dead_letter(), "absent");
    let other = listener("try { template.send(\"paid\", id).get(); } catch (Exception e) { seen.remember(id); }");
    assert_eq!(read(&[(PATH, &other), ("billing/src/main/java/a/Seen.java", row)]).dead_letter(), "unknown");
}

#[test]
fn rows_that_are_saved_together_count_one_by_one() {
    let find = "java.util.List<Stock> all = stocks.findAllById(texts.ids(e));";
    let looped = |change: &str| harms(&format!("{find} for (Stock s : all) {{ {change} }} stocks.saveAll(all);"));
    assert!(looped("s.setSold(s.getSold() + e.quantity());"));
    assert!(looped(
        "int sold = s.getSold(); int now; if (sold > 9) { now = 9; } else { now = sold + 1; } s.setSold(now);"
    ));
    assert!(!looped("s.setSold(e.quantity());"));
    assert!(harms(&format!("{find} all.forEach(s -> s.setSold(s.getSold() + 1)); stocks.saveAll(all);")));
    let collect =
        "java.util.List<Stock> all = new java.util.ArrayList<>(); Stock s = stocks.findById(e.item()).orElseThrow();";
    assert!(harms(&format!("{collect} s.setSold(s.getSold() + 1); all.add(s); stocks.saveAll(all);")));
}

#[test]
fn a_loaded_object_that_is_asked_for_its_own_phase_may_tell_a_duplicate() {
    let text = |guard: &str| {
        let body = format!(
            "Order order = orders.findById(id).orElseThrow(); {guard} {{ Bill bill = new Bill(); bills.save(bill); order.pay(); orders.save(order); }}"
        );
        let text =
            listener(&body).replace("Seen seen;", "Seen seen; private final Orders orders; private final Bills bills;");
        text + "interface Orders extends org.springframework.data.jpa.repository.JpaRepository<Order, String> {}\ninterface Bills extends org.springframework.data.jpa.repository.JpaRepository<Bill, Long> {}\n@jakarta.persistence.Entity class Bill { @jakarta.persistence.Id @jakarta.persistence.GeneratedValue private Long id; }\nenum Phase { OPEN, PAID }\nclass Order {\n  private Phase phase; private String owner;\n  boolean isOpen() { return phase == Phase.OPEN; }\n  boolean isBig() { return owner == Names.BIG; }\n  void pay() { this.phase = Phase.PAID; }\n}\n"
    };
    let verdict = |guard: &str| format!("{:?}", read(&[(PATH, &text(guard))]).one().handlers[0].idempotency);
    assert_eq!(verdict("if (order.isOpen())"), "Unknown");
    assert!(verdict("if (order.isBig())").starts_with("No"), "{}", verdict("if (order.isBig())"));
}
