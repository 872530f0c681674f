//! Java and Kotlin: what is followed from one class to another, and what of it recognises a message that comes twice.

use crate::jvm_libraries::found;

const AGAIN: [&str; 1] = ["message-queue/non-idempotent-consumer"];

/// A row of which a caller hands over one column is no store: `orderId.toString()` asks no database.
#[test]
fn what_a_publisher_is_given_of_a_row_is_no_store() {
    let publisher = "package a;\nimport java.util.UUID;\nimport org.springframework.kafka.core.KafkaTemplate;\n
class Publisher {
    private final KafkaTemplate<String, Object> kafka;
    Publisher(KafkaTemplate<String, Object> kafka) { this.kafka = kafka; }
    void shipped(UUID order) { kafka.send(\"shipped\", order.toString(), new Shipped(order)); }
}
record Shipped(UUID order) {}\n";
    let service = "package a;\nimport jakarta.persistence.*;\nimport java.util.UUID;\nimport org.springframework.data.jpa.repository.JpaRepository;\n
@Entity class Parcel { @Id UUID id; UUID order; UUID getOrder() { return order; } }
interface Parcels extends JpaRepository<Parcel, UUID> {}
class Shipping {
    private final Parcels parcels;
    private final Publisher publisher;
    Shipping(Parcels parcels, Publisher publisher) { this.parcels = parcels; this.publisher = publisher; }
    void ship(UUID id) {
        Parcel sent = parcels.save(parcels.findById(id).orElseThrow());
        publisher.shipped(sent.getOrder());
    }
}\n";
    let files = [("src/main/java/a/Publisher.java", publisher), ("src/main/java/a/Shipping.java", service)];
    assert_eq!(found(&["message-queue/dual-write"], &files), ["dual-write Shipping.java:14"]);
}

fn stored(table: &str, column: &str) -> Vec<String> {
    let text = format!(
        "package a;\nimport jakarta.persistence.*;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.annotation.KafkaListener;\n
@Entity @Table(name = \"failures\"{table}) class Failure {{ @Id @GeneratedValue @Column(unique = true) Long id; {column} String orderId; void setOrderId(String order) {{ this.orderId = order; }} }}
interface Failures extends JpaRepository<Failure, Long> {{}}
class Listener {{
    private final Failures failures;
    Listener(Failures failures) {{ this.failures = failures; }}
    @KafkaListener(topics = \"failed\")
    void on(String order) {{
        Failure failure = new Failure();
        failure.setOrderId(order);
        failures.save(failure);
    }}
}}\n"
    );
    found(&AGAIN, &[("src/main/java/a/Listener.java", &text)])
}

/// An index makes a search fast; only a unique one refuses the second row. A key that the store makes is always new.
#[test]
fn an_index_recognises_a_duplicate_when_it_is_unique() {
    let told = ["non-idempotent-consumer Listener.java:11"];
    assert_eq!(stored("", ""), told);
    assert_eq!(stored(", indexes = {@Index(columnList = \"order_id\"), @Index(columnList = \"at\")}", ""), told);
    assert_eq!(stored(", indexes = @Index(columnList = \"order_id\", unique = false)", ""), told);
    assert_eq!(stored(", indexes = {@Index(columnList = \"order_id\", unique = true)}", ""), [""; 0]);
    assert_eq!(stored(", uniqueConstraints = @UniqueConstraint(columnNames = \"order_id\")", ""), [""; 0]);
    assert_eq!(stored("", "@Column(unique = true)"), [""; 0]);
}

fn answered(lookup: &str, test: &str, change: &str) -> Vec<String> {
    let text = format!(
        "package a;\nimport io.micronaut.configuration.kafka.annotation.*;\nimport java.util.*;\n
record Trip(String driver, int price) {{}}
class Driver {{ String id; }}
@KafkaClient interface Payments {{ @Topic(\"payments\") void send(Trip trip); }}
class Drivers {{
    private final Map<String, Driver> drivers = new HashMap<>();
    Optional<Driver> {lookup}(String id) {{ return Optional.ofNullable(drivers.get(id)); }}
    void removeById(String id) {{ drivers.remove(id); }}
}}
@KafkaListener class Listener {{
    private final Drivers drivers;
    private final Payments payments;
    Listener(Drivers drivers, Payments payments) {{ this.drivers = drivers; this.payments = payments; }}
    @Topic(\"trips\")
    void on(Trip trip) {{
        Optional<Driver> driver = drivers.{lookup}(trip.driver());
        {test}
        {change}
        payments.send(trip);
        }}
    }}
}}\n"
    );
    found(&AGAIN, &[("src/main/java/a/Listener.java", &text)])
}

/// A declared client of Micronaut publishes. That there is the row which the message is about recognises no duplicate.
#[test]
fn what_is_there_to_be_worked_on_is_there_again() {
    let told = ["non-idempotent-consumer Listener.java:17"];
    assert_eq!(answered("findById", "if (driver.isPresent()) {", ""), told);
    assert_eq!(answered("findById", "if (driver.isEmpty()) { return; } {", ""), told);
    assert_eq!(answered("findById", "if (!driver.isPresent()) { throw new IllegalStateException(); } {", ""), told);
    // It is the other way round: what was found is a duplicate.
    assert_eq!(answered("findById", "if (driver.isEmpty()) {", ""), [""; 0]);
    // It may be gone the second time.
    assert_eq!(answered("findById", "if (driver.isPresent()) {", "drivers.removeById(trip.driver());"), [""; 0]);
    assert_eq!(answered("findByIdAndStatus", "if (driver.isPresent()) {", ""), [""; 0]);
}

/// `event.getOrderId()` in a `catch` sends nothing anywhere, also where the class of the event is not found.
#[test]
fn a_getter_in_an_error_handler_is_no_dead_letter() {
    let text = |caught: &str| {
        format!(
            "package a;\nimport java.util.function.Consumer;\nimport org.springframework.context.annotation.Bean;\nimport shop.events.OrderPlaced;\n
class Config {{
    private final Orders orders;
    Config(Orders orders) {{ this.orders = orders; }}
    @Bean Consumer<String> placed() {{
        return text -> {{
            OrderPlaced order = orders.read(text, OrderPlaced.class);
            try {{
                orders.add(order.getOrderId());
            }} catch (RuntimeException e) {{
                {caught}
                throw e;
            }}
        }};
    }}
}}
class Orders {{
    <T> T read(String text, Class<T> type) {{ return null; }}
    void add(String order) {{ System.out.println(order); }}
}}\n"
        )
    };
    let settings = "spring:\n  cloud:\n    stream:\n      bindings:\n        placed-in-0:\n          destination: orders\n      pulsar:\n        bindings:\n          placed-in-0:\n            consumer:\n              subscription-name: billing\n";
    let told = |caught: &str| {
        let files = [("src/main/java/a/Config.java", &*text(caught)), ("src/main/resources/application.yml", settings)];
        found(&["message-queue/missing-dead-letter"], &files)
    };
    assert_eq!(told("System.err.println(order.getOrderId());"), ["missing-dead-letter Config.java:9"]);
    assert_eq!(told("order.getFailures().keep(text);"), [""; 0]);
}

fn binder(broker: &str) -> String {
    format!(
        "<project><dependencies><dependency><artifactId>spring-cloud-stream-binder-{broker}</artifactId></dependency></dependencies></project>\n"
    )
}

const PUBLISHED: [&str; 2] = ["event-schema/unversioned-event", "message-queue/unconfirmed-publish"];

fn sent(imports: &str, channels: &str, send: &str, settings: &str) -> Vec<String> {
    let text = format!(
        "package a;\nimport org.springframework.messaging.MessageChannel;\nimport org.springframework.messaging.support.MessageBuilder;\n{imports}\n
{channels}
record OrderPlaced(String orderId, int quantity) {{}}
class Orders {{
    private final Channels channels;
    Orders(Channels channels) {{ this.channels = channels; }}
    void place(String id) {{
        channels.{send}.send(MessageBuilder.withPayload(new OrderPlaced(id, 1)).build());
    }}
}}\n"
    );
    let files = [
        ("orders/pom.xml", &*binder("rabbit")),
        ("orders/src/main/java/a/Orders.java", &text),
        ("orders/src/main/resources/application.properties", settings),
    ];
    found(&PUBLISHED, &files)
}

/// The annotation model of Spring Cloud Stream: a channel of an interface is bound to a broker.
#[test]
fn channels_that_are_bound_publish() {
    let told = ["unconfirmed-publish Orders.java:12", "unversioned-event Orders.java:12"];
    let own = |annotation: &str| {
        let channels = format!("interface Channels {{ {annotation} MessageChannel placed(); }}");
        let settings = "spring.cloud.stream.bindings.placed.destination=orders\n";
        sent("import org.springframework.cloud.stream.annotation.Output;", &channels, "placed()", settings)
    };
    assert_eq!(own("@Output"), told);
    assert_eq!(own("@Output(\"placed-orders\")"), told);
    // A channel of Spring Integration stays in the process.
    assert_eq!(own(""), [""; 0]);
    let confirmed = "spring.rabbitmq.publisher-confirm-type=correlated\n";
    let channels = "interface Channels { @Output MessageChannel placed(); }";
    assert_eq!(
        sent("import org.springframework.cloud.stream.annotation.Output;", channels, "placed()", confirmed),
        ["unversioned-event Orders.java:12"]
    );
    let source = "import org.springframework.cloud.stream.messaging.Source;";
    assert_eq!(sent(source, "interface Channels extends Source {}", "output()", "server.port=80\n"), told);
}

fn bound(bean: &str, settings: &str, pom: &str) -> Vec<String> {
    let text = format!(
        "package a;\nimport java.util.function.*;\nimport org.springframework.context.annotation.Bean;\n
record Placed(String order) {{}}
record Billed(String order, int amount) {{}}
class Config {{
    @Bean {bean}
}}\n"
    );
    let files = [
        ("billing/pom.xml", pom),
        ("billing/src/main/java/a/Config.java", &text),
        ("billing/src/main/resources/application.properties", settings),
    ];
    found(&PUBLISHED, &files)
}

/// What a function gives that is bound to an output is published.
#[test]
fn what_a_bound_function_gives_is_published() {
    let bill = "Function<Placed, Billed> bill() { return placed -> new Billed(placed.order(), 1); }";
    let settings = "spring.cloud.stream.bindings.bill-out-0.destination=bills\n";
    let kafka = binder("kafka");
    let told = ["unconfirmed-publish Config.java:8", "unversioned-event Config.java:8"];
    assert_eq!(bound(bill, settings, &kafka), told);
    let tick = "Supplier<Billed> bill() { return () -> new Billed(\"1\", 1); }";
    assert_eq!(bound(tick, settings, &kafka), told);
    // Nothing binds it, it only takes, or the producer waits.
    assert_eq!(bound(bill, "server.port=80\n", &kafka), [""; 0]);
    let take = "Consumer<Placed> bill() { return placed -> System.out.println(placed); }";
    assert_eq!(bound(take, settings, &kafka), [""; 0]);
    let waits = format!("{settings}spring.cloud.stream.kafka.bindings.bill-out-0.producer.sync=true\n");
    assert_eq!(bound(bill, &waits, &kafka), ["unversioned-event Config.java:8"]);
}

/// A bound pipeline publishes what its last step makes, one element after the other.
#[test]
fn what_a_bound_pipeline_gives_is_published() {
    let settings = "spring.cloud.stream.bindings.bill-out-0.destination=bills\n";
    let pipeline = |steps: &str| {
        let bill = format!(
            "Function<reactor.core.publisher.Flux<Placed>, reactor.core.publisher.Flux<Billed>> bill() {{ return orders -> orders{steps}; }}
    Billed toBill(Placed placed) {{ return new Billed(placed.order(), 1); }}"
        );
        bound(&bill, settings, &binder("kafka"))
    };
    let told = ["unversioned-event Config.java:8"];
    assert_eq!(pipeline(".map(this::toBill)"), told);
    assert_eq!(pipeline(".filter(o -> o.order() != null).map(o -> new Billed(o.order(), 2)).log()"), told);
    // A pipeline that only takes publishes nothing, whatever is bound to its name.
    let take = "Function<reactor.core.publisher.Flux<Placed>, reactor.core.publisher.Mono<Void>> bill() { return orders -> orders.log().then(); }";
    assert_eq!(bound(take, settings, &binder("kafka")), [""; 0]);
    // What another operator makes of it is not known.
    assert_eq!(pipeline(".map(this::toBill).transform(bills -> stamped(bills))"), [""; 0]);
}

/// A publisher that is handed to the function which writes is called in its transaction.
#[test]
fn a_callback_of_what_writes_publishes_with_the_write() {
    let text = |run: &str| {
        format!(
            "package a;\nimport java.util.function.Consumer;\nimport org.springframework.data.r2dbc.core.R2dbcEntityTemplate;\nimport org.springframework.kafka.core.KafkaTemplate;\nimport reactor.core.publisher.Mono;\n
record Order(String id) {{}}
class Store {{
    private final R2dbcEntityTemplate template;
    Store(R2dbcEntityTemplate template) {{ this.template = template; }}
    Mono<Order> add(Order order, Consumer<Order> added) {{
        return template.insert(order){run};
    }}
}}
class Orders {{
    private final Store store;
    private final KafkaTemplate<String, Order> kafka;
    Orders(Store store, KafkaTemplate<String, Order> kafka) {{ this.store = store; this.kafka = kafka; }}
    Mono<Order> place(Order order) {{
        return store.add(order, added -> {{
            kafka.send(\"orders\", added.id(), added);
        }});
    }}
}}\n"
        )
    };
    let told = |run: &str| found(&["message-queue/dual-write"], &[("src/main/java/a/Orders.java", &text(run))]);
    assert_eq!(told(".doOnNext(o -> added.accept(o))"), ["dual-write Orders.java:21"]);
    assert_eq!(told(""), [""; 0]);
}

/// What runs when the transaction has ended is no second write of it.
#[test]
fn what_is_registered_with_the_transaction_is_sent_behind_it() {
    let service = |produce: &str| {
        format!(
            "package a;\nimport jakarta.persistence.*;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.core.KafkaTemplate;\nimport org.springframework.transaction.support.*;\n
@Entity class Parcel {{ @Id Long id; }}
interface Parcels extends JpaRepository<Parcel, Long> {{}}
class Events {{
    private final KafkaTemplate<String, Object> kafka;
    Events(KafkaTemplate<String, Object> kafka) {{ this.kafka = kafka; }}
    void produce(Parcel parcel) {{ {produce} }}
    private void doSend(Parcel parcel) {{ kafka.send(\"parcels\", parcel); }}
}}
class Shipping {{
    private final Parcels parcels;
    private final Events events;
    Shipping(Parcels parcels, Events events) {{ this.parcels = parcels; this.events = events; }}
    void ship(Parcel parcel) {{
        parcels.save(parcel);
        events.produce(parcel);
    }}
}}\n"
        )
    };
    let told =
        |produce: &str| found(&["message-queue/dual-write"], &[("src/main/java/a/Shipping.java", &service(produce))]);
    assert_eq!(told("doSend(parcel);"), ["dual-write Shipping.java:21"]);
    let registered = "if (TransactionSynchronizationManager.isSynchronizationActive()) { TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() { @Override public void afterCommit() { doSend(parcel); } }); } else { doSend(parcel); }";
    assert_eq!(told(registered), [""; 0]);
}

/// Quarkus with Hibernate Reactive: what a transaction is handed writes, by a method that is referred to and by a
/// setter on a row that was looked up in it; what runs when that fails does not follow it.
#[test]
fn a_transaction_of_panache_writes_what_it_is_handed() {
    let service = |run: &str| {
        format!(
            "package a;\nimport io.quarkus.hibernate.reactive.panache.Panache;\nimport io.quarkus.hibernate.reactive.panache.PanacheEntityBase;\nimport io.smallrye.mutiny.Uni;\nimport io.smallrye.reactive.messaging.MutinyEmitter;\nimport jakarta.persistence.*;\nimport org.eclipse.microprofile.reactive.messaging.Channel;\n
@Entity class Parcel extends PanacheEntityBase {{ @Id @GeneratedValue Long id; String state; void setState(String state) {{ this.state = state; }} }}
class Parcels {{
    Uni<Parcel> ship(Parcel parcel) {{
        return {run};
    }}
}}
class Shipping {{
    private final Parcels parcels;
    @Channel(\"parcels\") MutinyEmitter<String> emitter;
    Shipping(Parcels parcels) {{ this.parcels = parcels; }}
    Uni<Void> ship(Parcel parcel) {{
        return parcels.ship(parcel)
            .onItem().ifNotNull().call(shipped -> send(shipped))
            .replaceWithVoid();
    }}
    Uni<Void> cancel(Parcel parcel) {{
        return parcels.ship(parcel)
            .onFailure().call(failure -> send(parcel))
            .replaceWithVoid();
    }}
    private Uni<Void> send(Parcel parcel) {{ return emitter.send(\"shipped\"); }}
}}\n"
        )
    };
    let settings =
        ("src/main/resources/application.properties", "mp.messaging.outgoing.parcels.connector=smallrye-kafka\n");
    let told =
        |run: &str| found(&["message-queue/dual-write"], &[settings, ("src/main/java/a/Shipping.java", &service(run))]);
    let both = ["dual-write Shipping.java:21"];
    assert_eq!(told("Panache.withTransaction(parcel::persistAndFlush)"), both);
    assert_eq!(told("Panache.withTransaction(() -> parcel.persistAndFlush())"), both);
    let found = "Parcel.<Parcel>findById(parcel.id).onItem().ifNotNull()";
    let set = format!("Panache.withTransaction(() -> {found}.invoke(row -> row.setState(\"SENT\")))");
    assert_eq!(told(&set), both);
    let all = "Panache.withTransaction(() -> Parcel.list(\"id\", 1).invoke(rows -> rows.stream().forEach(row -> ((Parcel) row).setState(\"SENT\"))))";
    assert_eq!(told(all), both);
    // What no transaction is around, and what is only read.
    assert_eq!(told(&format!("{found}.invoke(row -> row.setState(\"SENT\"))")), [""; 0]);
    assert_eq!(told(&format!("Panache.withTransaction(() -> {found}.transform(row -> row))")), [""; 0]);
}

/// JPA writes what a setter changed when the transaction ends: no `save` is needed.
#[test]
fn a_row_that_is_changed_in_a_transaction_is_written_at_its_end() {
    let service = |transaction: &str, entity: &str, change: &str| {
        format!(
            "package a;\nimport jakarta.persistence.*;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.core.KafkaTemplate;\nimport org.springframework.transaction.annotation.Transactional;\n
{entity} class Parcel {{ @Id Long id; String state; void setState(String state) {{ this.state = state; }} }}
interface Parcels extends JpaRepository<Parcel, Long> {{}}
class Shipping {{
    private final Parcels parcels;
    private final KafkaTemplate<String, String> kafka;
    Shipping(Parcels parcels, KafkaTemplate<String, String> kafka) {{ this.parcels = parcels; this.kafka = kafka; }}
    {transaction}
    void ship(Long id) {{
        Parcel parcel = {change};
        parcel.setState(\"SENT\");
        kafka.send(\"shipped\", parcel.state);
    }}
}}\n"
        )
    };
    let told = |transaction: &str, entity: &str, change: &str| {
        let text = service(transaction, entity, change);
        found(&["message-queue/dual-write"], &[("src/main/java/a/Shipping.java", &text)])
    };
    let looked_up = "parcels.findById(id).orElseThrow()";
    assert_eq!(told("@Transactional", "@Entity", looked_up), ["dual-write Shipping.java:17"]);
    // Nothing is written without a transaction that writes, to what is no row, and to a row that is only made.
    assert_eq!(told("", "@Entity", looked_up), [""; 0]);
    assert_eq!(told("@Transactional(readOnly = true)", "@Entity", looked_up), [""; 0]);
    assert_eq!(told("@Transactional", "", looked_up), [""; 0]);
    assert_eq!(told("@Transactional", "@Entity", "new Parcel()"), [""; 0]);
}
