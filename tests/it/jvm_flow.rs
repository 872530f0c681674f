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
