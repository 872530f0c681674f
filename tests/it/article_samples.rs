//! Samples as articles and skills in Java, Kotlin, Go and C# show them, one file or one page alone.

use crate::support::{folder, skillcheck_in};

/// All findings about some files, as `line rule`, in order.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|f| format!("{} {}", f["line"], f["rule"].as_str().unwrap())).collect()
}

fn says(files: &[(&str, &str)], rule: &str) -> Vec<String> {
    found(files).into_iter().filter(|f| f.ends_with(rule)).collect()
}

const PAGE: &str = r#"# Sending mail

A queue keeps what has to be sent:

1. Publish:

   ```java
   import com.rabbitmq.client.Channel;

   class Mails {
       private final Channel channel;
       Mails(Channel channel) { this.channel = channel; }
       void send(byte[] body) throws Exception {
           channel.basicPublish("", "mails", null, body);
       }
   }
   ```

### Don't do this

```java
import com.rabbitmq.client.Channel;

class Bad {
    private final Channel channel;
    Bad(Channel channel) { this.channel = channel; }
    void send(byte[] body) throws Exception {
        channel.basicPublish("", "mails", null, body);
    }
}
```
"#;

#[test]
fn a_page_alone_is_read_for_its_samples() {
    let unconfirmed = says(&[("article.md", PAGE)], "unconfirmed-publish");
    assert_eq!(unconfirmed, ["14 message-queue/unconfirmed-publish"], "what is shown as wrong is known to be");
    let skill = says(&[("mails/SKILL.md", PAGE), ("mails/scripts/new.py", "print('new')\n")], "unconfirmed-publish");
    assert_eq!(skill, ["14 message-queue/unconfirmed-publish"]);
}

#[test]
fn a_test_on_a_page_calls_what_it_starts() {
    let page = |before: &str| {
        format!(
            "# Health\n\n```csharp\nusing System.Net.Http;\n\npublic class Checks\n{{\n    {before}\n    public async Task Answers()\n    {{\n        var client = new HttpClient();\n        await client.GetAsync(\"http://shop/health\");\n    }}\n}}\n```\n"
        )
    };
    let rule = "client-per-call";
    assert_eq!(says(&[("page.md", &page("[Fact]"))], rule), [""; 0]);
    assert_eq!(says(&[("page.md", &page(""))], rule), ["11 rest-client/client-per-call"]);
}

#[test]
fn the_documentation_of_code_is_no_code() {
    assert_eq!(found(&[("README.md", PAGE), ("app/main.py", "import json\n")]), [""; 0]);
}

#[test]
fn a_kafka_broker_is_written_into_go() {
    let text = |address: &str| {
        format!(
            r#"package main

import (
	"context"
	"os"

	"github.com/segmentio/kafka-go"
)

func main() {{
	writer := &kafka.Writer{{Addr: kafka.TCP({address}), Topic: "orders", RequiredAcks: kafka.RequireAll}}
	defer writer.Close()
	if err := writer.WriteMessages(context.Background(), kafka.Message{{Value: []byte("x")}}); err != nil {{
		os.Exit(1)
	}}
}}
"#
        )
    };
    let rule = "hard-coded-broker";
    assert_eq!(says(&[("main.go", &text("\"kafka:9092\""))], rule), ["11 message-queue/hard-coded-broker"]);
    assert_eq!(says(&[("main.go", &text("os.Getenv(\"KAFKA\")"))], rule), [""; 0]);
    let sarama = "package main\n\nimport \"github.com/IBM/sarama\"\n\nfunc producer() (sarama.SyncProducer, error) {\n\treturn sarama.NewSyncProducer([]string{\"kafka:9092\"}, nil)\n}\n";
    assert_eq!(says(&[("main.go", sarama)], rule), ["6 message-queue/hard-coded-broker"]);
}

const FEIGN: &str = r#"import org.springframework.cloud.openfeign.FeignClient;
import org.springframework.retry.annotation.Backoff;
import org.springframework.retry.annotation.Retryable;
import org.springframework.stereotype.Service;
import org.springframework.web.bind.annotation.GetMapping;

@Service
@Retryable(maxAttempts = 3, backoff = BACKOFF)
class StockService {
    private final StockClient client;
    StockService(StockClient client) { this.client = client; }
    Stock get(String id) { return client.get(id); }
}

@FeignClient(name = "stock", url = "${stock.url}")
interface StockClient {
    @GetMapping("/stock/{id}")
    Stock get(String id);
}
"#;

#[test]
fn an_annotation_of_the_class_retries_its_methods() {
    let with = |backoff: &str| found(&[("StockService.java", &FEIGN.replace("BACKOFF", backoff))]);
    let breaker = "15 rest-client/missing-circuit-breaker".to_string();
    assert_eq!(with("@Backoff(delay = 1000)"), ["8 rest-client/retry-without-backoff".to_string(), breaker.clone()]);
    assert_eq!(
        with("@Backoff(delay = 500, multiplier = 2)"),
        ["8 rest-client/retry-without-jitter".to_string(), breaker.clone()]
    );
    assert_eq!(with("@Backoff(delay = 500, multiplier = 2, random = true)"), [breaker]);
}

#[test]
fn polly_takes_an_answer_of_404_for_a_failure() {
    let text = |test: &str| {
        format!(
            r#"using Polly;
using System.Net.Http;
public class Payments
{{
    private readonly HttpClient _http;
    private readonly IAsyncPolicy<HttpResponseMessage> _breaker;
    public Payments(HttpClient http)
    {{
        _http = http;
        _breaker = Policy.Handle<HttpRequestException>()
            .OrResult<HttpResponseMessage>({test})
            .CircuitBreakerAsync(2, TimeSpan.FromMinutes(1));
    }}
    public Task<HttpResponseMessage> List() => _breaker.ExecuteAsync(() => _http.GetAsync("/payments"));
}}
"#
        )
    };
    let rule = "breaker-counts-client-errors";
    assert_eq!(
        says(&[("Payments.cs", &text("r => !r.IsSuccessStatusCode"))], rule),
        ["11 rest-client/breaker-counts-client-errors"]
    );
    assert_eq!(says(&[("Payments.cs", &text("r => (int)r.StatusCode >= 500"))], rule), [""; 0]);
}

#[test]
fn a_loop_that_ends_when_the_answer_is_good_repeats_the_request() {
    let text = |body: &str| {
        format!(
            r#"using System.Net.Http;
public class StockClient
{{
    private readonly HttpClient _http;
    public StockClient(HttpClient http) => _http = http;
    public async Task<HttpResponseMessage> ListAsync(string[] hosts)
    {{
        for (var attempt = 0; attempt < 3; attempt++)
        {{
            {body}
            if (response.IsSuccessStatusCode) return response;
        }}
        return null;
    }}
}}
"#
        )
    };
    let repeated = text("var response = await _http.GetAsync(\"/stock\");");
    assert_eq!(
        says(&[("StockClient.cs", &repeated)], "retry-without-backoff"),
        ["8 rest-client/retry-without-backoff"]
    );
    let others = text("var response = await _http.GetAsync(hosts[attempt]);");
    assert_eq!(says(&[("StockClient.cs", &others)], "retry-without-backoff"), [""; 0]);
}

#[test]
fn a_breaker_in_go_lets_everybody_through() {
    let text = |half_open: &str| {
        format!(
            r#"package breaker

import (
	"errors"
	"sync"
)

type State int

const (
	StateClosed State = iota
	StateOpen
	StateHalfOpen
)

type CircuitBreaker struct {{
	mu     sync.Mutex
	state  State
	probes int
}}

func (b *CircuitBreaker) before() error {{
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.state {{
	case StateOpen:
		return errors.New("open")
	case StateHalfOpen:
		{half_open}
	}}
	return nil
}}
"#
        )
    };
    let rule = "unbounded-half-open";
    assert_eq!(says(&[("breaker.go", &text("return nil"))], rule), ["29 rest-client/unbounded-half-open"]);
    let bounded = "b.probes++\n\t\tif b.probes > 1 {\n\t\t\treturn errors.New(\"busy\")\n\t\t}\n\t\treturn nil";
    assert_eq!(says(&[("breaker.go", &text(bounded))], rule), [""; 0]);
}

#[test]
fn calls_written_out_in_java_have_neither_a_limit_nor_a_second_attempt() {
    let text = r#"public class OrderSaga {
    private final OrderService orders;
    private final PaymentService payments;

    public OrderSaga(OrderService orders, PaymentService payments) {
        this.orders = orders;
        this.payments = payments;
    }

    public void place(Order order) {
        try {
            orders.createOrder(order);
            payments.chargeCard(order);
        } catch (Exception e) {
            payments.refundPayment(order);
            orders.cancelOrder(order);
        }
    }
}
"#;
    let all = found(&[("OrderSaga.java", text)]);
    let saga = ["missing-step-retry", "missing-step-timeout", "unretried-compensation", "volatile-state"];
    for rule in saga {
        assert!(all.iter().any(|f| f.ends_with(rule)), "{rule}: {all:?}");
    }
    // With the clients at hand nothing is said of them here: they are configured in settings.
    let clients = "package clients;\n\npublic class OrderService {\n    public void createOrder(Object order) {}\n}\n";
    let both = found(&[("OrderSaga.java", text), ("clients/OrderService.java", clients)]);
    assert!(!both.iter().any(|f| f.ends_with("missing-step-timeout") || f.ends_with("missing-step-retry")), "{both:?}");
}

#[test]
fn undos_on_a_list_in_go() {
    let text = r#"package saga

type Orchestrator struct {
	orders OrderService
	stock  StockService
	pay    PayService
}

func (s *Orchestrator) Execute(orderID string) error {
	var compensations []func() error
	if err := s.orders.CreateOrder(orderID); err != nil {
		return err
	}
	compensations = append(compensations, s.orders.CancelOrder)
	if err := s.stock.ReserveStock(orderID); err != nil {
		s.undo(compensations)
		return err
	}
	compensations = append(compensations, s.stock.ReleaseStock)
	if err := s.pay.ChargeCard(orderID); err != nil {
		s.undo(compensations)
		return err
	}
	return nil
}

func (s *Orchestrator) undo(compensations []func() error) {
	for i := len(compensations) - 1; i >= 0; i-- {
		_ = compensations[i]()
	}
}
"#;
    assert_eq!(
        found(&[("saga.go", text)]),
        [
            "9 saga/volatile-state",
            "11 saga/missing-step-retry",
            "11 saga/missing-step-timeout",
            "14 saga/uncompensated-failing-step",
            "29 saga/swallowed-compensation-failure",
            "29 saga/unretried-compensation",
        ]
    );
}

#[test]
fn the_state_of_a_saga_knows_what_it_was_told() {
    let text = r#"using NServiceBus;

public class OrderSagaData : ContainSagaData
{
    public Guid OrderId { get; set; }
}

public class OrderSaga : Saga<OrderSagaData>, IAmStartedByMessages<OrderPlaced>, IHandleMessages<OrderBilled>
{
    public Task Handle(OrderPlaced message, IMessageHandlerContext context) =>
        context.Send(new BillOrder { OrderId = message.OrderId });

    public Task Handle(OrderBilled message, IMessageHandlerContext context) =>
        context.Publish(new OrderCompleted { OrderId = message.OrderId });
}
"#;
    assert_eq!(says(&[("OrderSaga.cs", text)], "non-idempotent-consumer"), [""; 0]);
}

#[test]
fn a_repository_that_is_not_shown_stores() {
    let text = |ty: &str| {
        format!(
            r#"import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.stereotype.Service;

@Service
class OrderService {{
    private final KafkaTemplate<String, Object> kafka;
    private final {ty} orders;

    void place(Order order) throws Exception {{
        orders.save(order);
        kafka.send("orders.placed", order).get();
    }}
}}
"#
        )
    };
    assert_eq!(says(&[("OrderService.java", &text("OrderRepository"))], "dual-write"), ["11 message-queue/dual-write"]);
    assert_eq!(says(&[("OrderService.java", &text("OrderDrafts"))], "dual-write"), [""; 0]);
}
