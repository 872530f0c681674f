//! Go, by what a user sees: a snippet that goes wrong and one that is right.

use crate::support::{folder, skillcheck_in};

/// The findings of one rule in these files, as `line: message`.
fn found_in(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|finding| format!("{}: {}", finding["line"], finding["message"].as_str().unwrap())).collect()
}

fn found(rule: &str, text: &str) -> Vec<String> {
    found_in(rule, &[("stock/stock.go", text)])
}

const TIMEOUT: &str = "rest-client/missing-timeout";

#[test]
fn functions_of_net_http_have_no_timeout() {
    let text = "package stock\n\nimport \"net/http\"\n\nfunc Items() (*http.Response, error) {\n\treturn http.Get(\"https://stock/items\")\n}\n";
    assert_eq!(
        found(TIMEOUT, text),
        [
            "6: No timeout on GET `https://stock/items`: net/http waits for ever unless the `http.Client` has a `Timeout` or the request a context with a deadline"
        ]
    );
}

/// A request with a context; `before` makes it, and `caller` is another function.
fn with_context(before: &str, context: &str, caller: &str) -> Vec<String> {
    let text = format!(
        "package stock\n\nimport (\n\t\"context\"\n\t\"net/http\"\n\t\"time\"\n)\n\nfunc items(ctx context.Context) (*http.Response, error) {{\n\t{before}\n\treq, err := http.NewRequestWithContext({context}, http.MethodGet, \"https://stock/items\", nil)\n\tif err != nil {{\n\t\treturn nil, err\n\t}}\n\treturn http.DefaultClient.Do(req)\n}}\n\n{caller}\n"
    );
    found(TIMEOUT, &text)
}

#[test]
fn a_context_with_a_deadline_is_a_timeout() {
    let none = [""; 0];
    assert_eq!(with_context("ctx, cancel := context.WithTimeout(ctx, time.Second)\n\tdefer cancel()", "ctx", ""), none);
    assert_eq!(with_context("", "context.Background()", "").len(), 1);
    // Nobody in sight calls it: the context may have a deadline.
    assert_eq!(with_context("", "ctx", ""), none);
    let handler = "func handle(w http.ResponseWriter, r *http.Request) { items(r.Context()) }";
    assert_eq!(with_context("", "ctx", handler).len(), 1);
    let bounded = "func handle(w http.ResponseWriter, r *http.Request) {\n\tctx, cancel := context.WithTimeout(r.Context(), time.Second)\n\tdefer cancel()\n\titems(ctx)\n}";
    assert_eq!(with_context("", "ctx", bounded), none);
}

#[test]
fn the_timeout_of_a_client_in_a_struct_counts() {
    let text = |client: &str| {
        format!(
            "package stock\n\nimport (\n\t\"net/http\"\n\t\"time\"\n)\n\ntype Client struct{{ http *http.Client }}\n\nfunc New() *Client {{ return &Client{{http: {client}}} }}\n\nfunc (c *Client) Items() (*http.Response, error) {{ return c.http.Get(\"https://stock/items\") }}\n"
        )
    };
    assert_eq!(found(TIMEOUT, &text("&http.Client{Timeout: time.Second}")), [""; 0]);
    let wrong = found(TIMEOUT, &text("&http.Client{Transport: http.DefaultTransport}"));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("10: No timeout on the net/http client"), "{wrong:?}");
}

#[test]
fn a_client_that_a_constructor_is_handed_is_the_one_that_sends() {
    let text = |client: &str| {
        format!(
            "package main\n\nimport (\n\t\"net/http\"\n\t\"time\"\n)\n\ntype Handler struct{{ client *http.Client }}\n\nfunc NewHandler(client *http.Client) *Handler {{ return &Handler{{client: client}} }}\n\nfunc (h *Handler) Store() (*http.Response, error) {{\n\treq, err := http.NewRequest(\"POST\", \"https://stock/items\", nil)\n\tif err != nil {{\n\t\treturn nil, err\n\t}}\n\treturn h.client.Do(req)\n}}\n\nfunc main() {{\n\tclient := {client}\n\th := NewHandler(client)\n\th.Store()\n\ttime.Sleep(time.Second)\n}}\n"
        )
    };
    assert_eq!(found(TIMEOUT, &text("&http.Client{Timeout: time.Second}")), [""; 0]);
    let wrong = found(TIMEOUT, &text("&http.Client{}"));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("21: No timeout on the net/http client"), "{wrong:?}");
}

#[test]
fn a_reverse_proxy_waits_as_long_as_its_transport_does() {
    let text = |transport: &str| {
        format!(
            "package main\n\nimport (\n\t\"net/http\"\n\t\"net/http/httputil\"\n\t\"net/url\"\n\t\"time\"\n)\n\nfunc orders() http.Handler {{\n\ttarget, _ := url.Parse(\"http://orders:8080\")\n\tproxy := httputil.NewSingleHostReverseProxy(target)\n\t{transport}\n\treturn proxy\n}}\n"
        )
    };
    let wrong = found(TIMEOUT, &text(""));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("12: No timeout on the httputil.ReverseProxy client"), "{wrong:?}");
    let transport = "proxy.Transport = &http.Transport{ResponseHeaderTimeout: 5 * time.Second}";
    assert_eq!(found(TIMEOUT, &text(transport)), [""; 0]);
}

#[test]
fn the_health_check_of_a_container_is_no_call_of_a_peer() {
    let text = |url: &str| {
        format!(
            "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc main() {{\n\tif _, err := http.Get(\"{url}\"); err != nil {{\n\t\tos.Exit(1)\n\t}}\n}}\n"
        )
    };
    for rule in ["rest-client/missing-retry", "rest-client/missing-circuit-breaker"] {
        assert_eq!(found(rule, &text("http://127.0.0.1:8080/health")), [""; 0]);
        assert_eq!(found(rule, &text("http://stock:8080/health")).len(), 1);
    }
}

#[test]
fn setters_of_resty_count() {
    let text = |setters: &str| {
        format!(
            "package stock\n\nimport (\n\t\"time\"\n\n\t\"github.com/go-resty/resty/v2\"\n)\n\nfunc Items() error {{\n\tclient := resty.New()\n\t{setters}\n\t_, err := client.R().Get(\"https://stock/items\")\n\treturn err\n}}\n"
        )
    };
    assert_eq!(found(TIMEOUT, &text("")).len(), 1);
    assert_eq!(found("rest-client/missing-retry", &text("")).len(), 1);
    let set = text("client.SetTimeout(time.Second).SetRetryCount(3)");
    assert_eq!(found(TIMEOUT, &set), [""; 0]);
    assert_eq!(found("rest-client/missing-retry", &set), [""; 0]);
}

#[test]
fn a_counted_loop_that_ends_on_success_is_a_retry() {
    let text = |wait: &str| {
        format!(
            "package stock\n\nimport (\n\t\"net/http\"\n\t\"time\"\n)\n\nfunc Items() (response *http.Response, err error) {{\n\tfor attempt := 0; attempt < 3; attempt++ {{\n\t\tresponse, err = http.Get(\"https://stock/items\")\n\t\tif err == nil {{\n\t\t\treturn response, nil\n\t\t}}\n\t\t{wait}\n\t}}\n\treturn nil, err\n}}\n"
        )
    };
    assert_eq!(found("rest-client/missing-retry", &text("")), [""; 0]);
    assert_eq!(found("rest-client/retry-without-backoff", &text("")).len(), 1);
    let growing = text("time.Sleep(time.Duration(1<<attempt) * 100 * time.Millisecond)");
    assert_eq!(found("rest-client/retry-without-backoff", &growing), [""; 0]);
    let linear = text("pause := time.Duration(attempt) * time.Second\n\t\ttime.Sleep(pause)");
    assert_eq!(found("rest-client/retry-without-backoff", &linear), [""; 0]);
}

#[test]
fn kafka_go_commits_what_it_reads() {
    let text = |group: &str, read: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\nfunc consume(ctx context.Context, db *sql.DB) {{\n\treader := kafka.NewReader(kafka.ReaderConfig{{Brokers: []string{{\"kafka:9092\"}}, Topic: \"orders\"{group}}})\n\tfor {{\n\t\tmessage, err := reader.{read}(ctx)\n\t\tif err != nil {{\n\t\t\treturn\n\t\t}}\n\t\tdb.ExecContext(ctx, \"UPDATE stock SET reserved = true WHERE sku = $1\", string(message.Value))\n\t\treader.CommitMessages(ctx, message)\n\t}}\n}}\n"
        )
    };
    let rule = "message-queue/early-acknowledgement";
    let wrong = found(rule, &text(", GroupID: \"stock\"", "ReadMessage"));
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].starts_with("13: the kafka-go consumer from `orders` acknowledges before messages"), "{wrong:?}");
    assert_eq!(found(rule, &text(", GroupID: \"stock\"", "FetchMessage")), [""; 0]);
    // Without a group nothing is committed.
    assert_eq!(found(rule, &text("", "ReadMessage")), [""; 0]);
}

#[test]
fn sarama_marks_after_the_work() {
    let text = |first: &str, last: &str| {
        format!(
            "package main\n\nimport (\n\t\"database/sql\"\n\n\t\"github.com/IBM/sarama\"\n)\n\ntype handler struct{{ db *sql.DB }}\n\nfunc (h *handler) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {{\n\tfor message := range claim.Messages() {{\n\t\t{first}\n\t\th.db.Exec(\"UPDATE stock SET reserved = true WHERE sku = $1\", string(message.Value))\n\t\t{last}\n\t}}\n\treturn nil\n}}\n"
        )
    };
    let rule = "message-queue/early-acknowledgement";
    let mark = "session.MarkMessage(message, \"\")";
    assert_eq!(found(rule, &text(mark, "")).len(), 1);
    assert_eq!(found(rule, &text("", mark)), [""; 0]);
}

#[test]
fn a_literal_writer_of_kafka_go_waits_for_nobody() {
    let text = |options: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\nfunc publish(ctx context.Context) error {{\n\twriter := &kafka.Writer{{Addr: kafka.TCP(\"kafka:9092\"), Topic: \"orders.v1\"{options}}}\n\treturn writer.WriteMessages(ctx, kafka.Message{{Value: []byte(`{{\"event_id\": \"7\"}}`)}})\n}}\n"
        )
    };
    let rule = "message-queue/unconfirmed-publish";
    assert_eq!(found(rule, &text("")).len(), 1);
    assert_eq!(found(rule, &text(", RequiredAcks: kafka.RequireAll")), [""; 0]);
}

#[test]
fn a_commit_and_a_publish_behind_interfaces_are_a_dual_write() {
    let files = |method: &str| {
        vec![
            ("go.mod".to_string(), "module example.com/shop\n\ngo 1.24\n".to_string()),
            (
                "orders/service.go".to_string(),
                "package orders\n\nimport \"context\"\n\ntype Repo interface{ Create(ctx context.Context, id string) error }\n\ntype Publisher interface{ Publish(ctx context.Context, body []byte) error }\n\ntype Service struct {\n\trepo Repo\n\tbus  Publisher\n}\n\nfunc (s *Service) Place(ctx context.Context, id string) error {\n\tif err := s.repo.Create(ctx, id); err != nil {\n\t\treturn err\n\t}\n\treturn s.bus.Publish(ctx, []byte(id))\n}\n".to_string(),
            ),
            (
                "orders/repo.go".to_string(),
                "package orders\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n)\n\ntype repo struct{ db *sql.DB }\n\nfunc (r *repo) Create(ctx context.Context, id string) error {\n\t_, err := r.db.ExecContext(ctx, \"INSERT INTO orders (id) VALUES ($1)\", id)\n\treturn err\n}\n".to_string(),
            ),
            (
                "orders/bus.go".to_string(),
                format!("package orders\n\nimport (\n\t\"context\"\n\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\ntype bus struct{{ channel *amqp.Channel }}\n\nfunc (b *bus) {method}(ctx context.Context, body []byte) error {{\n\treturn b.channel.PublishWithContext(ctx, \"orders\", \"order.placed\", false, false, amqp.Publishing{{Body: body}})\n}}\n"),
            ),
        ]
    };
    let found = |method: &str| {
        let files = files(method);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        found_in("message-queue/dual-write", &files)
    };
    assert_eq!(found("Publish"), ["18: publishes after `Create` writes to the database, without an outbox"]);
    // Another method satisfies no interface.
    assert_eq!(found("Send"), [""; 0]);
}

#[test]
fn fasthttp_has_no_limit_of_its_own() {
    let text = |client: &str| {
        format!(
            "package stock\n\nimport (\n\t\"time\"\n\n\t\"github.com/valyala/fasthttp\"\n)\n\nvar client = &fasthttp.Client{{{client}}}\n\nfunc Items() (int, []byte, error) {{ return client.Get(nil, \"https://stock/items\") }}\n"
        )
    };
    let wrong = found(TIMEOUT, &text("Name: \"orders\""));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("9: No timeout on the fasthttp client"), "{wrong:?}");
    assert_eq!(found(TIMEOUT, &text("ReadTimeout: time.Second")), [""; 0]);
}

#[test]
fn packages_are_known_by_the_name_in_their_clause() {
    let files = |folder: &str| {
        [
            (format!("{folder}/orders.go"), "package repos\n\nimport (\n\t\"context\"\n\n\t\"github.com/jackc/pgx/v5/pgxpool\"\n)\n\ntype Orders struct{ pool *pgxpool.Pool }\n\nfunc (r *Orders) Pay(ctx context.Context, id int) error {\n\t_, err := r.pool.Exec(ctx, \"update orders set paid = true where id = $1\", id)\n\treturn err\n}\n".to_owned()),
            ("handle.go".to_owned(), format!("package main\n\nimport (\n\t\"context\"\n\n\t\"acme.com/shop/{folder}\"\n\t\"github.com/IBM/sarama\"\n)\n\nfunc Pay(ctx context.Context, orders *repos.Orders, producer sarama.SyncProducer) error {{\n\tif err := orders.Pay(ctx, 1); err != nil {{\n\t\treturn err\n\t}}\n\t_, _, err := producer.SendMessage(&sarama.ProducerMessage{{Topic: \"orders.paid\"}})\n\treturn err\n}}\n")),
            ("go.mod".to_owned(), "module acme.com/shop\n".to_owned()),
        ]
    };
    for folder in ["repos", "order_repository", "internal/user-repo"] {
        let files = files(folder);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let expected = ["14: publishes after `Pay` writes to the database, without an outbox"];
        assert_eq!(found_in("message-queue/dual-write", &files), expected, "{folder}");
    }
}

#[test]
fn messages_that_sarama_sends_together_are_published() {
    let text = |acks: &str, messages: &str| {
        format!(
            "package orders\n\nimport \"github.com/IBM/sarama\"\n\nfunc Send(body string) error {{\n\tconfig := sarama.NewConfig()\n\tconfig.Producer.RequiredAcks = sarama.{acks}\n\tproducer, err := sarama.NewSyncProducer([]string{{\"kafka:9092\"}}, config)\n\tif err != nil {{\n\t\treturn err\n\t}}\n\t{messages}\n\treturn producer.SendMessages(messages)\n}}\n"
        )
    };
    let message = "&sarama.ProducerMessage{Topic: \"placed\", Value: sarama.StringEncoder(body)}";
    let literal = format!("messages := []*sarama.ProducerMessage{{{message}}}");
    let appended = format!("var messages []*sarama.ProducerMessage\n\tmessages = append(messages, {message})");
    for messages in [literal, appended] {
        let wrong = found("message-queue/unconfirmed-publish", &text("NoResponse", &messages));
        assert_eq!(wrong.len(), 1, "{messages}: {wrong:?}");
        assert_eq!(found("message-queue/unconfirmed-publish", &text("WaitForAll", &messages)), [""; 0], "{messages}");
    }
}

#[test]
fn the_proxy_of_fiber_waits_as_long_as_its_client() {
    let text = |before: &str, call: &str| {
        format!(
            "package gateway\n\nimport (\n\t\"time\"\n\n\t\"github.com/gofiber/fiber/v3\"\n\t\"github.com/gofiber/fiber/v3/middleware/proxy\"\n\t\"github.com/valyala/fasthttp\"\n)\n\nvar client = &fasthttp.Client{{ReadTimeout: time.Second}}\n\nfunc Routes(app *fiber.App) {{\n\t{before}\n\tapp.All(\"/stock/*\", {call})\n}}\n"
        )
    };
    let handler = |call: &str| format!("func(c fiber.Ctx) error {{ return {call} }}");
    let url = "\"http://stock:8080\" + c.Path()";
    for call in [
        handler(&format!("proxy.Do(c, {url})")),
        "proxy.Forward(\"http://stock:8080\")".to_owned(),
        "proxy.BalancerForward([]string{\"http://stock:8080\"})".to_owned(),
    ] {
        let wrong = found(TIMEOUT, &text("", &call));
        assert_eq!(wrong.len(), 1, "{call}: {wrong:?}");
        assert!(wrong[0].contains("fiber's proxy waits for ever"), "{wrong:?}");
        assert_eq!(found(TIMEOUT, &text("proxy.WithClient(client)", &call)), [""; 0], "{call}");
    }
    assert_eq!(found(TIMEOUT, &text("", &handler(&format!("proxy.DoTimeout(c, {url}, time.Second)")))), [""; 0]);
    assert_eq!(found(TIMEOUT, &text("", &handler(&format!("proxy.Do(c, {url}, client)")))), [""; 0]);
    assert_eq!(found(TIMEOUT, &text("", "proxy.Forward(\"http://stock:8080\", client)")), [""; 0]);
}

#[test]
fn a_library_that_is_called_a_retry_repeats_what_it_is_handed() {
    let text = |library: &str| {
        format!(
            "package stock\n\nimport (\n\t\"context\"\n\t\"net/http\"\n\t\"time\"\n\n\tagain \"{library}\"\n)\n\nvar client = &http.Client{{Timeout: time.Second}}\n\nfunc Items(ctx context.Context) error {{\n\treturn again.Do(ctx, func(ctx context.Context) error {{\n\t\t_, err := client.Get(\"https://stock/items\")\n\t\treturn err\n\t}})\n}}\n"
        )
    };
    assert_eq!(found("rest-client/missing-retry", &text("github.com/acme/retry-it")), [""; 0]);
    assert_eq!(found("rest-client/missing-retry", &text("github.com/acme/worker")).len(), 1);
}

#[test]
fn the_default_of_a_variable_is_not_written_into_the_code() {
    let text = |value: &str| {
        format!(
            "package stock\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc getEnv(key, fallback string) string {{\n\tif value, ok := os.LookupEnv(key); ok {{\n\t\treturn value\n\t}}\n\treturn fallback\n}}\n\nfunc Stock() {{\n\thttp.Get({value} + \"/items\")\n}}\n"
        )
    };
    let rule = "rest-client/hard-coded-address";
    assert_eq!(found(rule, &text("getEnv(\"STOCK_URL\", \"http://stock:8080\")")), [""; 0]);
    assert_eq!(found(rule, &text("\"http://stock:8080\"")).len(), 1);
}

#[test]
fn a_closure_that_a_variable_holds_is_repeated_where_it_is_handed_over() {
    let text = |run: &str| {
        format!(
            "package stock\n\nimport (\n\t\"net/http\"\n\t\"time\"\n\n\t\"github.com/cenkalti/backoff/v4\"\n)\n\nvar client = &http.Client{{Timeout: time.Second}}\n\nfunc Items() error {{\n\toperation := func() error {{\n\t\tres, err := client.Get(\"https://stock/items\")\n\t\tif err != nil {{\n\t\t\treturn err\n\t\t}}\n\t\treturn res.Body.Close()\n\t}}\n\t{run}\n}}\n"
        )
    };
    let retry = "rest-client/missing-retry";
    assert_eq!(found(retry, &text("return backoff.Retry(operation, backoff.NewExponentialBackOff())")), [""; 0]);
    assert_eq!(found(retry, &text("return operation()")).len(), 1);
}

#[test]
fn requests_of_resty_are_built_by_setters() {
    let text = |made: &str| {
        format!(
            "package stock\n\nimport (\n\t\"time\"\n\n\t\"github.com/go-resty/resty/v2\"\n)\n\nvar client = {made}\n\nfunc Items() error {{\n\t_, err := client.R().SetHeader(\"Accept\", \"application/json\").SetQueryParam(\"page\", \"1\").Get(\"https://stock/items\")\n\treturn err\n}}\n\nvar pause = time.Second\n"
        )
    };
    assert_eq!(found(TIMEOUT, &text("resty.New()")).len(), 1);
    assert_eq!(found(TIMEOUT, &text("resty.New().SetHeader(\"X-From\", \"orders\").SetTimeout(time.Second)")), [""; 0]);
}

#[test]
fn an_endpoint_of_go_kit_is_as_patient_as_its_client() {
    let text = |options: &str, wrapped: &str| {
        format!(
            "package stock\n\nimport (\n\t\"net/http\"\n\t\"net/url\"\n\t\"time\"\n\n\t\"github.com/go-kit/kit/circuitbreaker\"\n\t\"github.com/go-kit/kit/endpoint\"\n\tkithttp \"github.com/go-kit/kit/transport/http\"\n\t\"github.com/sony/gobreaker\"\n)\n\nfunc Items(u *url.URL) endpoint.Endpoint {{\n\titems := kithttp.NewClient(\"GET\", u, encode, decode{options}).Endpoint()\n\t{wrapped}\n\treturn items\n}}\n\nvar client = &http.Client{{Timeout: time.Second}}\n\nvar _ = circuitbreaker.Gobreaker\n\nvar settings gobreaker.Settings\n"
        )
    };
    let breaker = "rest-client/missing-circuit-breaker";
    assert_eq!(found(TIMEOUT, &text("", "")).len(), 1);
    assert_eq!(found(TIMEOUT, &text(", kithttp.SetClient(client)", "")), [""; 0]);
    assert_eq!(found(breaker, &text("", "")).len(), 1);
    let wrapped = "items = circuitbreaker.Gobreaker(gobreaker.NewCircuitBreaker(settings))(items)";
    assert_eq!(found(breaker, &text("", wrapped)), [""; 0]);
}

#[test]
fn policies_of_failsafe_go_do_what_they_are() {
    let text = |policies: &str| {
        format!(
            "package stock\n\nimport (\n\t\"net/http\"\n\t\"time\"\n\n\t\"github.com/failsafe-go/failsafe-go\"\n\t\"github.com/failsafe-go/failsafe-go/circuitbreaker\"\n\t\"github.com/failsafe-go/failsafe-go/retrypolicy\"\n)\n\nvar client = &http.Client{{Timeout: time.Second}}\n\nfunc Items() (*http.Response, error) {{\n\tretry := retrypolicy.NewBuilder[*http.Response]().WithMaxRetries(3).Build()\n\tbreaker := circuitbreaker.NewWithDefaults[*http.Response]()\n\treturn failsafe.With({policies}).Get(func() (*http.Response, error) {{\n\t\treturn client.Get(\"https://stock/items\")\n\t}})\n}}\n"
        )
    };
    let rules = ["rest-client/missing-retry", "rest-client/missing-circuit-breaker"];
    let counts = |policies: &str| rules.map(|rule| found(rule, &text(policies)).len());
    assert_eq!(counts("retry"), [0, 1]);
    assert_eq!(counts("breaker"), [1, 0]);
    assert_eq!(counts("retry, breaker"), [0, 0]);
}

/// A loop over batches of JetStream; `work` stands behind the acknowledgement.
fn batches(api: &str, work: &str) -> String {
    let (made, received, data) = match api {
        "old" => (
            "js, _ := nc.JetStream()\n\tsub, _ := js.PullSubscribe(\"ORDERS.placed\", \"shipping\")",
            "msgs, _ := sub.Fetch(10)\n\t\tfor _, msg := range msgs {",
            "msg.Data",
        ),
        _ => (
            "js, _ := jetstream.New(nc)\n\tsub, _ := js.CreateOrUpdateConsumer(ctx, \"ORDERS\", jetstream.ConsumerConfig{Durable: \"shipping\", FilterSubject: \"ORDERS.placed\"})",
            "batch, _ := sub.Fetch(10)\n\t\tfor msg := range batch.Messages() {",
            "msg.Data()",
        ),
    };
    let (before, after) = if work == "first" { ("", "\n\t\t\tmsg.Ack()") } else { ("msg.Ack()\n\t\t\t", "") };
    format!(
        "package shipping\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\t\"github.com/nats-io/nats.go\"\n\t\"github.com/nats-io/nats.go/jetstream\"\n)\n\nfunc Run(ctx context.Context, db *sql.DB, nc *nats.Conn) {{\n\t{made}\n\tfor {{\n\t\t{received}\n\t\t\t{before}db.Exec(\"INSERT INTO shipments (body) VALUES ($1)\", {data}){after}\n\t\t}}\n\t}}\n}}\n\nvar _ jetstream.Msg\n"
    )
}

#[test]
fn batches_of_jetstream_are_acknowledged_after_the_work() {
    for api in ["old", "new"] {
        assert_eq!(found("message-queue/early-acknowledgement", &batches(api, "first")), [""; 0], "{api}");
        let early = found("message-queue/early-acknowledgement", &batches(api, "last"));
        let told =
            "acknowledges messages from `ORDERS.placed` before they are handled: the work follows the acknowledgement";
        assert!(early.len() == 1 && early[0].ends_with(told), "{api}: {early:?}");
    }
}

#[test]
fn core_nats_confirms_nothing_and_delivers_nothing_again() {
    let text = "package main\n\nimport (\n\t\"database/sql\"\n\n\t\"github.com/nats-io/nats.go\"\n)\n\ntype MailSent struct {\n\tMail string\n}\n\nfunc Run(db *sql.DB, nc *nats.Conn) error {\n\tec, err := nats.NewEncodedConn(nc, nats.JSON_ENCODER)\n\tif err != nil {\n\t\treturn err\n\t}\n\tec.QueueSubscribe(\"orders.placed\", \"mails\", func(m *MailSent) {\n\t\tdb.Exec(\"INSERT INTO mails (mail) VALUES ($1)\", m.Mail)\n\t})\n\treturn ec.Publish(\"mails.sent\", MailSent{Mail: \"x\"})\n}\n\nfunc main() {\n\tnc, _ := nats.Connect(\"nats://mails\")\n\tRun(nil, nc)\n\tselect {}\n}\n";
    assert_eq!(found("message-queue/unconfirmed-publish", text).len(), 1);
    assert_eq!(found("event-schema/missing-event-id", text).len(), 1);
    assert_eq!(found("message-queue/missing-graceful-shutdown", text).len(), 1);
    assert_eq!(found("message-queue/non-idempotent-consumer", text), [""; 0]);
    assert_eq!(found("message-queue/missing-dead-letter", text), [""; 0]);
}

/// The futures of `PublishAsync` may be asked all at once elsewhere (`PublishAsyncComplete`): whether
/// anybody looks at them is not known, what is sent is.
#[test]
fn nats_publishes_without_waiting() {
    for (path, of, call) in [
        ("nats.go", "nats.JetStreamContext", "js.PublishAsync(\"orders.placed\", body)"),
        ("nats.go", "nats.JetStreamContext", "js.PublishMsgAsync(&nats.Msg{Subject: \"orders.placed\", Data: body})"),
        ("nats.go/jetstream", "jetstream.JetStream", "js.PublishAsync(\"orders.placed\", body)"),
    ] {
        let text = format!(
            "package main\n\nimport (\n\t\"encoding/json\"\n\n\t\"github.com/nats-io/{path}\"\n)\n\ntype OrderPlaced struct {{\n\tOrder string `json:\"order\"`\n}}\n\nfunc place(js {of}) error {{\n\tbody, err := json.Marshal(OrderPlaced{{Order: \"x\"}})\n\tif err != nil {{\n\t\treturn err\n\t}}\n\t_, err = {call}\n\treturn err\n}}\n"
        );
        let ids = found("event-schema/missing-event-id", &text);
        assert!(ids.len() == 1 && ids[0].contains("orders.placed"), "{call}: {ids:?}");
        assert_eq!(found("message-queue/unconfirmed-publish", &text), [""; 0], "{call}");
        let id = if of.starts_with("nats.") { "nats.MsgId(\"1\")" } else { "jetstream.WithMsgID(\"1\")" };
        let named = text.replace(call, &format!("{}, {id})", call.strip_suffix(')').unwrap()));
        assert_eq!(found("event-schema/missing-event-id", &named), [""; 0], "{call} with {id}");
    }
}

#[test]
fn a_writer_of_kafka_go_has_its_topic_by_its_literal() {
    let text = |topic: &str| {
        format!(
            "package shipping\n\nimport (\n\t\"context\"\n\n\t\"github.com/segmentio/kafka-go\"\n)\n\nfunc Run(ctx context.Context, r *kafka.Reader) {{\n\tfailed := &kafka.Writer{{Addr: kafka.TCP(\"kafka:9092\"), Topic: \"{topic}\", RequiredAcks: kafka.RequireAll}}\n\tfor {{\n\t\tm, err := r.FetchMessage(ctx)\n\t\tif err != nil {{\n\t\t\treturn\n\t\t}}\n\t\tif err := ship(m); err != nil {{\n\t\t\tfailed.WriteMessages(ctx, kafka.Message{{Value: m.Value}})\n\t\t}}\n\t\tr.CommitMessages(ctx, m)\n\t}}\n}}\n"
        )
    };
    assert_eq!(found("message-queue/missing-dead-letter", &text("orders.dlq")), [""; 0]);
    assert_eq!(found("message-queue/missing-dead-letter", &text("orders.seen")).len(), 1);
}

#[test]
fn the_gravity_of_a_log_is_no_subject_where_the_exchange_is_one() {
    let text = |exchange: &str, key: &str| {
        format!(
            "package main\n\nimport amqp \"github.com/rabbitmq/amqp091-go\"\n\nfunc publish(channel *amqp.Channel, body []byte) error {{\n\treturn channel.Publish(\"{exchange}\", \"{key}\", false, false, amqp.Publishing{{Body: body}})\n}}\n"
        )
    };
    let rule = "message-queue/unconfirmed-publish";
    assert_eq!(found(rule, &text("signups", "log.INFO")).len(), 1);
    assert_eq!(found(rule, &text("logs", "log.INFO")), [""; 0]);
    assert_eq!(found(rule, &text("events", "metrics.cpu")), [""; 0]);
}

/// A consumer that leaves the work to what it is handed.
fn handler_of(ty: &str, imports: &str, work: &str) -> String {
    format!(
        "package main\n\nimport (\n\t\"database/sql\"\n{imports}\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\ntype Handler func(amqp.Delivery) error\n\nfunc consume(ch *amqp.Channel, queue string, handler {ty}) error {{\n\tmessages, err := ch.Consume(queue, \"\", false, false, false, false, nil)\n\tif err != nil {{\n\t\treturn err\n\t}}\n\tfor message := range messages {{\n\t\tif err := handler(message); err != nil {{\n\t\t\tmessage.Reject(false)\n\t\t\tcontinue\n\t\t}}\n\t\tmessage.Ack(false)\n\t}}\n\treturn nil\n}}\n\nfunc listen(ch *amqp.Channel, db *sql.DB) error {{\n\treturn consume(ch, \"trips\", func(message amqp.Delivery) error {{\n{work}\n\t}})\n}}\n"
    )
}

#[test]
fn a_named_type_of_functions_hides_no_handler() {
    let rule = "message-queue/non-idempotent-consumer";
    let work = "\t\t_, err := db.Exec(\"INSERT INTO trips (owner) VALUES ($1)\", message.Body)\n\t\treturn err";
    assert_eq!(found(rule, &handler_of("func(amqp.Delivery) error", "", work)).len(), 1);
    assert_eq!(found(rule, &handler_of("Handler", "", work)).len(), 1);
}

#[test]
fn a_letter_is_sent_twice_when_its_message_is() {
    let rule = "message-queue/non-idempotent-consumer";
    let smtp =
        "\t\treturn smtp.SendMail(\"mail:25\", nil, \"shop@example.com\", []string{\"a@example.com\"}, message.Body)";
    assert_eq!(found(rule, &handler_of("Handler", "\t\"net/smtp\"\n", smtp)).len(), 1);
    let simple = "\t\treturn mail.NewMSG().SetFrom(\"shop@example.com\").AddTo(\"a@example.com\").Send(client)";
    let imports = "\n\tmail \"github.com/xhit/go-simple-mail/v2\"\n";
    assert_eq!(found(rule, &handler_of("Handler", imports, simple)).len(), 1);
    let idle = "\t\tprintln(string(message.Body))\n\t\treturn nil";
    assert_eq!(found(rule, &handler_of("Handler", "", idle)), [""; 0]);
}

#[test]
fn what_a_wrapper_publishes_comes_apart_from_the_commit_too() {
    let text = |call: &str| {
        format!(
            "package main\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\n\tamqp \"github.com/rabbitmq/amqp091-go\"\n)\n\ntype bus struct{{ channel *amqp.Channel }}\n\nfunc (b *bus) publish(ctx context.Context, key string, message amqp.Publishing) error {{\n\treturn b.channel.PublishWithContext(ctx, \"trips\", key, false, false, message)\n}}\n\nfunc traced(ctx context.Context, key string, message amqp.Publishing, publish func(context.Context, string, amqp.Publishing) error) error {{\n\treturn publish({call})\n}}\n\nfunc (b *bus) Publish(ctx context.Context, key string, body []byte) error {{\n\treturn traced(ctx, key, amqp.Publishing{{Body: body}}, b.publish)\n}}\n\nfunc create(ctx context.Context, db *sql.DB, b *bus, body []byte) error {{\n\tif _, err := db.ExecContext(ctx, \"INSERT INTO trips (body) VALUES ($1)\", body); err != nil {{\n\t\treturn err\n\t}}\n\treturn b.Publish(ctx, \"trip.created\", body)\n}}\n"
        )
    };
    let rule = "message-queue/dual-write";
    assert_eq!(
        found(rule, &text("ctx, key, message")),
        ["28: publishes after `ExecContext` writes to the database, without an outbox"]
    );
    assert_eq!(found(rule, &text("ctx, \"tick\", amqp.Publishing{}")), [""; 0]);
}

#[test]
fn a_row_with_the_key_of_the_message_keeps_a_letter_from_being_sent_twice() {
    let rule = "message-queue/non-idempotent-consumer";
    let work = |columns: &str| {
        format!(
            "\t\tif _, err := db.Exec(\"INSERT INTO trips ({columns}) VALUES ($1)\", message.Body); err != nil {{\n\t\t\treturn err\n\t\t}}\n\t\treturn smtp.SendMail(\"mail:25\", nil, \"shop@example.com\", []string{{\"a@example.com\"}}, message.Body)"
        )
    };
    let with = |columns: &str| found(rule, &handler_of("Handler", "\t\"net/smtp\"\n", &work(columns))).len();
    assert_eq!((with("owner"), with("id")), (1, 0));
}
