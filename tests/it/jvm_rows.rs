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
