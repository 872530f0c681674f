//! Java and Kotlin: rows that a listener stores again when a message is delivered twice.

use crate::jvm_libraries::found;

/// `bill = bills.save(bill)`: what is saved is the new row, not what the call gives back.
#[test]
fn a_row_that_is_replaced_by_what_was_saved_is_stored_again() {
    let text = |save: &str| {
        format!(
            "package a;\nimport jakarta.persistence.*;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.kafka.core.KafkaTemplate;\n
@Entity class Bill {{ @Id @GeneratedValue Long id; String order; void setOrder(String order) {{ this.order = order; }} Long getId() {{ return id; }} }}
interface Bills extends JpaRepository<Bill, Long> {{}}
class Listener {{
    private final Bills bills;
    private final KafkaTemplate<String, Object> kafka;
    Listener(Bills bills, KafkaTemplate<String, Object> kafka) {{ this.bills = bills; this.kafka = kafka; }}
    @KafkaListener(topics = \"orders\")
    void on(String order) {{
        Bill bill = new Bill();
        bill.setOrder(order);
        {save}
        kafka.send(\"bills\", bill.getId());
    }}
}}\n"
        )
    };
    let rule = ["message-queue/non-idempotent-consumer"];
    let told = |save: &str| found(&rule, &[("src/main/java/a/Listener.java", &text(save))]);
    assert_eq!(told("bills.save(bill);"), ["non-idempotent-consumer Listener.java:13"]);
    assert_eq!(told("bill = bills.save(bill);"), ["non-idempotent-consumer Listener.java:13"]);
}

/// A record that gives a changed copy of itself hands no function over.
#[test]
fn an_accessor_of_a_record_is_no_function_that_was_passed() {
    let text = "package a;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.kafka.core.KafkaTemplate;\n
record Order(String id, String status) {
    Order withStatus(String status) {
        System.out.println(this.status());
        return new Order(id(), status);
    }
}
class Listener {
    private final KafkaTemplate<String, Object> kafka;
    Listener(KafkaTemplate<String, Object> kafka) { this.kafka = kafka; }
    @KafkaListener(topics = \"orders\")
    void on(Order order) {
        Order accepted = order.withStatus(\"ACCEPTED\").withStatus(\"SENT\");
        kafka.send(\"accepted\", accepted);
    }
}\n";
    assert_eq!(
        found(&["message-queue/non-idempotent-consumer"], &[("src/main/java/a/Listener.java", text)]),
        ["non-idempotent-consumer Listener.java:14"]
    );
}

/// `Stock stock = found.get()` of an `Optional` is the row that was looked up.
#[test]
fn what_an_optional_holds_was_looked_up() {
    let text = |change: &str| {
        format!(
            "package a;\nimport jakarta.persistence.*;\nimport java.util.Optional;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.annotation.KafkaListener;\n
@Entity class Stock {{ @Id String article; int left; int getLeft() {{ return left; }} void setLeft(int left) {{ this.left = left; }} }}
interface Stocks extends JpaRepository<Stock, String> {{}}
record Placed(String article, int quantity) {{}}
class Listener {{
    private final Stocks stocks;
    Listener(Stocks stocks) {{ this.stocks = stocks; }}
    @KafkaListener(topics = \"orders\")
    void on(Placed order) {{
        Optional<Stock> found = stocks.findById(order.article());
        if (found.isPresent()) {{
            Stock stock = found.get();
            {change}
            stocks.save(stock);
        }}
    }}
}}\n"
        )
    };
    let rule = ["message-queue/non-idempotent-consumer"];
    let told = |change: &str| found(&rule, &[("src/main/java/a/Listener.java", &text(change))]);
    assert_eq!(
        told("stock.setLeft(stock.getLeft() - order.quantity());"),
        ["non-idempotent-consumer Listener.java:13"]
    );
    assert_eq!(told("stock.setLeft(order.quantity());"), [""; 0]);
}

/// `PAID.equals(bill.status)` and an id that is looked up where there is one recognise what was done before.
#[test]
fn states_that_are_compared_by_equals_and_ids_that_may_be_missing_recognise_duplicates() {
    let text = |test: &str| {
        format!(
            "package a;\nimport jakarta.persistence.*;\nimport java.util.*;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.annotation.KafkaListener;\n
@Entity class Bill {{ @Id Long id; String status; }}
@Entity class Entry {{ @Id @GeneratedValue Long id; String event; Entry(String event) {{ this.event = event; }} }}
interface Bills extends JpaRepository<Bill, Long> {{}}
interface Entries extends JpaRepository<Entry, Long> {{ Optional<Entry> findByEvent(String event); }}
record Paid(String id, Long bill) {{}}
class Listener {{
    private final Bills bills;
    private final Entries entries;
    Listener(Bills bills, Entries entries) {{ this.bills = bills; this.entries = entries; }}
    @KafkaListener(topics = \"payments\")
    void on(Paid paid) {{
        Bill bill = load(paid.bill());
        if ({test}) {{
            return;
        }}
        bill.status = \"paid\";
        entries.save(new Entry(paid.id()));
    }}
    private Bill load(Long id) {{ return bills.findById(id).orElseThrow(() -> new IllegalStateException(\"none\")); }}
}}\n"
        )
    };
    let rule = ["message-queue/non-idempotent-consumer"];
    let told = |test: &str| found(&rule, &[("src/main/java/a/Listener.java", &text(test))]);
    for test in [
        "\"paid\".equals(bill.status)",
        "Objects.equals(bill.status, \"paid\")",
        "Set.of(\"paid\", \"refunded\").contains(bill.status)",
        "paid.id() != null && entries.findByEvent(paid.id()).isPresent()",
    ] {
        assert_eq!(told(test), [""; 0], "{test}");
    }
    for test in ["\"x\".equals(paid.id())", "paid.id() == null", "paid.id() != null && paid.bill() != null"] {
        assert_eq!(told(test), ["non-idempotent-consumer Listener.java:16"], "{test}");
    }
}

#[test]
fn a_checker_that_answers_with_a_type_may_know_the_message() {
    let text = |test: &str| {
        format!(
            "package a\nimport org.springframework.kafka.annotation.KafkaListener\nimport org.springframework.data.jpa.repository.JpaRepository\nimport org.springframework.stereotype.Component\nimport jakarta.persistence.*\n\
@Entity class Entry(@Id @GeneratedValue var id: Long? = null, var bill: String = \"\")\n\
interface Entries : JpaRepository<Entry, Long>\n\
@Component\nclass Listener(private val entries: Entries, private val idempotency: Checker) {{\n\
    @KafkaListener(topics = [\"payments\"])\n\
    fun on(paid: Paid) {{\n\
        if ({test}) return\n\
        entries.save(Entry(bill = paid.bill))\n\
    }}\n}}\n"
        )
    };
    let rule = ["message-queue/non-idempotent-consumer"];
    let told = |test: &str| found(&rule, &[("src/main/kotlin/a/Listener.kt", &text(test))]);
    assert_eq!(told("idempotency.begin(paid.id) is Checker.Completed"), [""; 0]);
    assert_eq!(told("paid.kind is Paid.Refund"), ["non-idempotent-consumer Listener.kt:10"]);
}
