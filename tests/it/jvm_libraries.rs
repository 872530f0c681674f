//! Libraries of Java and Kotlin in whole services, by what a user sees: what is right, and what goes wrong.

use crate::support::{folder, skillcheck_in};

const POM: &str = "<project><artifactId>orders</artifactId><dependencies><dependency><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>";
const APP: &str = "package a;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\n@SpringBootApplication\nclass App { public static void main(String[] a) {} }\n";

fn json(files: &[(&str, &str)], args: &[&str]) -> serde_json::Value {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), args);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", run.stdout, run.stderr))
}

/// The findings of some rules, as `rule file:line`.
pub(crate) fn found(rules: &[&str], files: &[(&str, &str)]) -> Vec<String> {
    let mut args = vec!["lint", "--output", "json"];
    for rule in rules {
        args.extend(["--rule", rule]);
    }
    let output = json(files, &args);
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let show = |finding: &serde_json::Value| {
        let text =
            |key: &str| finding[key].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_string();
        format!("{} {}:{}", text("rule"), text("path"), finding["line"])
    };
    let mut out: Vec<String> = output["findings"].as_array().unwrap().iter().map(show).collect();
    out.sort();
    out
}

/// The routes of all services, and those of code that no service owns, as `GET /path`.
fn routes(files: &[(&str, &str)]) -> Vec<String> {
    let graph = json(files, &["graph", "--format", "json"]);
    let services = graph["services"].as_array().unwrap();
    let endpoints = services.iter().flat_map(|service| service["endpoints"].as_array().unwrap());
    let endpoints = endpoints.chain(graph["unassigned_endpoints"].as_array().unwrap());
    endpoints.map(|e| format!("{} {}", e["method"].as_str().unwrap(), e["path"].as_str().unwrap())).collect()
}

/// The calls between services, as `from > to`.
fn calls(files: &[(&str, &str)]) -> Vec<String> {
    let graph = json(files, &["graph", "--format", "json"]);
    let show = |call: &serde_json::Value| {
        let path = call["path"].as_str().unwrap_or_default();
        format!("{} > {} {path}", call["from"].as_str().unwrap(), call["to"].as_str().unwrap()).trim_end().to_string()
    };
    graph["calls"].as_array().unwrap().iter().map(show).collect()
}

const GUARDS: [&str; 2] = ["rest-client/missing-retry", "rest-client/missing-circuit-breaker"];

#[test]
fn what_several_star_imports_bring_is_known_by_the_library_that_has_it() {
    let client = |annotations: &str| {
        format!(
            "package a;\nimport io.micronaut.http.annotation.*;\nimport io.micronaut.http.client.annotation.*;\nimport io.micronaut.retry.annotation.*;\n
@Client(\"stock\") {annotations}
public interface Stock {{ @Get(\"/items/{{id}}\") String find(String id); }}
@Controller(\"/orders\")
class Orders {{
    private final Stock stock;
    Orders(Stock stock) {{ this.stock = stock; }}
    @Get(\"/{{id}}\") String one(String id) {{ return stock.find(id); }}
}}\n"
        )
    };
    let path = "src/main/java/a/Stock.java";
    assert_eq!(
        found(&GUARDS, &[(path, &client(""))]),
        ["missing-circuit-breaker Stock.java:6", "missing-retry Stock.java:6"]
    );
    assert_eq!(found(&GUARDS, &[(path, &client("@Retryable(attempts = \"3\") @CircuitBreaker"))]), [""; 0]);

    let consumer = "package a;\nimport java.time.*;\nimport java.util.*;\nimport org.apache.kafka.clients.consumer.*;\nimport org.apache.kafka.clients.producer.*;\n
class Main {
    public static void main(String[] args) {
        Properties settings = new Properties();
        KafkaProducer<String, String> producer = new KafkaProducer<>(settings);
        producer.send(new ProducerRecord<>(\"orders\", \"1\", \"placed\"));
    }
}\n";
    assert_eq!(
        found(&["message-queue/unconfirmed-publish"], &[("src/main/java/a/Main.java", consumer)]),
        ["unconfirmed-publish Main.java:11"]
    );

    let price = "package a;\nimport io.github.resilience4j.retry.annotation.*;\nimport org.springframework.boot.web.client.*;\nimport org.springframework.web.client.*;\nimport java.time.*;\n
class Price {
    private final RestTemplate rest = new RestTemplateBuilder().setReadTimeout(Duration.ofSeconds(2)).build();
    @Retry(name = \"price\")
    String find(String id) { return rest.getForObject(\"http://price/{id}\", String.class, id); }
}\n";
    assert_eq!(found(&GUARDS, &[("src/main/java/a/Price.java", price)]), ["missing-circuit-breaker Price.java:8"]);
}

#[test]
fn a_secondary_constructor_has_parameters_of_its_own() {
    let event = |call: &str| {
        format!(
            "package a
import java.time.LocalDateTime
import org.springframework.kafka.core.KafkaTemplate
enum class Status {{ PLACED, PAID }}
class Order(val id: String, val customer: String, val createdAt: LocalDateTime)
data class OrderEvent(val status: Status, val orderId: String, val customer: String) {{
    constructor(order: Order, status: Status) : this(status = status, orderId = order.id, customer = order.customer)
}}
class Publisher(private val kafka: KafkaTemplate<String, OrderEvent>) {{
    fun placed(order: Order, createdAt: LocalDateTime) {{
        kafka.send(\"orders\", order.id, {call})
    }}
}}\n"
        )
    };
    let path = "src/main/kotlin/a/Publisher.kt";
    let rule = ["event-schema/naive-timestamp"];
    assert_eq!(found(&rule, &[(path, &event("OrderEvent(order, Status.PLACED)"))]), [""; 0]);
    // A field that is a time without offset is told wherever it stands.
    let naive =
        event("OrderEvent(order, Status.PLACED)").replace("val customer: String) {", "val customer: LocalDateTime) {");
    assert_eq!(found(&rule, &[(path, &naive)]), ["naive-timestamp Publisher.kt:6"]);
}

#[test]
fn a_limit_of_zero_is_none() {
    let client = |limit: &str| {
        format!(
            "package a;\nimport java.time.Duration;\nimport java.util.concurrent.TimeUnit;\nimport okhttp3.OkHttpClient;\nimport okhttp3.Request;\n
class Stock {{
    private final OkHttpClient client = new OkHttpClient.Builder(){limit}.build();
    String find() throws Exception {{
        return client.newCall(new Request.Builder().url(\"http://stock/items\").build()).execute().body().string();
    }}
}}\n"
        )
    };
    let told = |limit: &str| found(&["rest-client/missing-timeout"], &[("src/main/java/a/Stock.java", &client(limit))]);
    assert_eq!(told(".readTimeout(0, TimeUnit.SECONDS)"), ["missing-timeout Stock.java:8"]);
    assert_eq!(told(".readTimeout(Duration.ZERO)"), ["missing-timeout Stock.java:8"]);
    assert_eq!(told(".readTimeout(2, TimeUnit.SECONDS)"), [""; 0]);
    // Ten seconds without a byte is what OkHttp allows by itself.
    assert_eq!(told(""), [""; 0]);
    assert_eq!(told(".callTimeout(Duration.ZERO)"), [""; 0]);
    assert_eq!(told(".readTimeout(Duration.ZERO).callTimeout(Duration.ofSeconds(2))"), [""; 0]);
}

#[test]
fn operators_of_reactive_streams_end_or_do_not() {
    let client = |operator: &str| {
        format!(
            "package a;\nimport java.time.Duration;\nimport org.springframework.web.reactive.function.client.WebClient;\nimport reactor.core.publisher.Mono;\nimport reactor.util.retry.Retry;\n
class Stock {{
    private final WebClient client = WebClient.create(System.getenv(\"STOCK\"));
    Mono<String> find() {{
        return client.get().uri(\"/items\").retrieve().bodyToMono(String.class){operator};
    }}
}}\n"
        )
    };
    let rules = ["rest-client/unbounded-retry", "rest-client/retry-without-backoff", "rest-client/missing-retry"];
    let told = |operator: &str| found(&rules, &[("src/main/java/a/Stock.java", &client(operator))]);
    let unbounded = ["retry-without-backoff Stock.java:10", "unbounded-retry Stock.java:10"];
    assert_eq!(told(".retry()"), unbounded);
    assert_eq!(told(".retry(Long.MAX_VALUE)"), unbounded);
    assert_eq!(told(".retryWhen(Retry.indefinitely())"), unbounded);
    assert_eq!(told(".retry(3)"), ["retry-without-backoff Stock.java:10"]);
    assert_eq!(told(".retryWhen(Retry.fixedDelay(3, Duration.ofSeconds(1)))"), ["retry-without-backoff Stock.java:10"]);
    assert_eq!(told(".retryWhen(Retry.backoff(3, Duration.ofMillis(100)).maxBackoff(Duration.ofSeconds(2)))"), [""; 0]);
    assert_eq!(told(""), ["missing-retry Stock.java:8"]);
}

#[test]
fn what_another_client_of_the_class_is_made_with_does_not_count() {
    let text = "package a;\nimport okhttp3.OkHttpClient;\nimport okhttp3.Request;\n
class Peers {
    private final OkHttpClient stock = new OkHttpClient();
    private final OkHttpClient price = new OkHttpClient.Builder().addInterceptor(new RetryInterceptor()).build();
    void find() throws Exception {
        stock.newCall(new Request.Builder().url(System.getenv(\"STOCK\")).build()).execute();
        price.newCall(new Request.Builder().url(System.getenv(\"PRICE\")).build()).execute();
    }
}\n";
    assert_eq!(
        found(&["rest-client/missing-retry"], &[("src/main/java/a/Peers.java", text)]),
        ["missing-retry Peers.java:6"]
    );
}

#[test]
fn spring_amqp_says_in_the_call_what_it_does_not_keep() {
    let publisher = |extra: &str| {
        format!(
            "package a;\nimport org.springframework.amqp.core.MessageDeliveryMode;\nimport org.springframework.amqp.rabbit.core.RabbitTemplate;\n
class Publisher {{
    private final RabbitTemplate rabbit;
    Publisher(RabbitTemplate rabbit) {{ this.rabbit = rabbit; }}
    void placed(Placed event) {{ rabbit.convertAndSend(\"orders\", \"placed\", event{extra}); }}
    record Placed(String eventId, int version, String order) {{}}
}}\n"
        )
    };
    let path = "src/main/java/a/Publisher.java";
    let rule = ["message-queue/transient-message"];
    let mode = |mode: &str| {
        publisher(&format!(
            ", m -> {{ m.getMessageProperties().setDeliveryMode(MessageDeliveryMode.{mode}); return m; }}"
        ))
    };
    assert_eq!(found(&rule, &[(path, &mode("NON_PERSISTENT"))]), ["transient-message Publisher.java:8"]);
    assert_eq!(found(&rule, &[(path, &mode("PERSISTENT"))]), [""; 0]);
    assert_eq!(found(&rule, &[(path, &publisher(""))]), [""; 0]);

    let listener = |mode: &str| {
        format!(
            "package a;\nimport org.springframework.amqp.rabbit.annotation.RabbitListener;\n
class Listener {{
    @RabbitListener(queues = \"orders\"{mode})
    void on(String order) {{ System.out.println(order); }}
}}\n"
        )
    };
    let path = "src/main/java/a/Listener.java";
    let rule = ["message-queue/early-acknowledgement"];
    assert_eq!(found(&rule, &[(path, &listener(", ackMode = \"NONE\""))]), ["early-acknowledgement Listener.java:5"]);
    assert_eq!(found(&rule, &[(path, &listener(", ackMode = \"AUTO\""))]), [""; 0]);
    assert_eq!(found(&rule, &[(path, &listener(""))]), [""; 0]);
}

#[test]
fn a_stream_bridge_on_rabbitmq_is_confirmed_by_a_setting() {
    let publisher = "package a;\nimport org.springframework.cloud.stream.function.StreamBridge;\n
class Publisher {
    private final StreamBridge bridge;
    Publisher(StreamBridge bridge) { this.bridge = bridge; }
    void placed(Placed event) { bridge.send(\"placed-out-0\", event); }
    record Placed(String eventId, int version, String order) {}
}\n";
    let told = |settings: &str| {
        let rabbit = format!("spring.cloud.stream.bindings.placed-out-0.destination=orders\n{settings}");
        let files = [
            ("pom.xml", POM),
            ("src/main/java/a/Publisher.java", publisher),
            ("src/main/resources/application.properties", rabbit.as_str()),
        ];
        found(&["message-queue/unconfirmed-publish"], &files)
    };
    assert_eq!(told("spring.rabbitmq.host=rabbit\n"), ["unconfirmed-publish Publisher.java:7"]);
    assert_eq!(told("spring.rabbitmq.host=rabbit\nspring.rabbitmq.publisher-confirm-type=correlated\n"), [""; 0]);
    // Which binder it is cannot be told.
    assert_eq!(told(""), [""; 0]);
}

#[test]
fn repositories_of_spring_data_rest_are_routes() {
    let pom = POM.replace("starter-web", "starter-data-rest");
    let files = [
        ("pom.xml", pom.as_str()),
        ("src/main/java/a/App.java", APP),
        ("src/main/resources/application.properties", "spring.data.rest.base-path=/api\n"),
        (
            "src/main/java/a/Categories.java",
            "package a;\nimport java.util.List;\nimport org.springframework.data.jpa.repository.JpaRepository;\npublic interface Categories extends JpaRepository<ProductCategory, Long> {\n  List<ProductCategory> findByName(String name);\n  void deleteByName(String name);\n}\n",
        ),
        (
            "src/main/java/a/Prices.java",
            "package a;\nimport org.springframework.data.repository.CrudRepository;\nimport org.springframework.data.rest.core.annotation.RepositoryRestResource;\n@RepositoryRestResource(path = \"price-list\")\npublic interface Prices extends CrudRepository<Price, Long> {}\n",
        ),
        (
            "src/main/java/a/Hidden.java",
            "package a;\nimport org.springframework.data.repository.CrudRepository;\nimport org.springframework.data.rest.core.annotation.RepositoryRestResource;\n@RepositoryRestResource(exported = false)\npublic interface Hidden extends CrudRepository<Secret, Long> {}\n",
        ),
    ];
    let mut expected = vec!["GET /api/productCategories/search/findByName".to_string()];
    for path in ["/api/price-list", "/api/productCategories"] {
        expected.extend([format!("GET {path}"), format!("POST {path}")]);
        expected.extend(["GET", "PUT", "PATCH", "DELETE"].map(|verb| format!("{verb} {path}/{{id}}")));
    }
    expected.sort();
    let mut shown = routes(&files);
    shown.sort();
    assert_eq!(shown, expected);
    let mut without = files;
    without[0].1 = POM;
    assert_eq!(routes(&without), [""; 0]);
}

const COMPOSE: &str = "services:\n  orders:\n    build: ./orders\n  stock:\n    build: ./stock\n";
const DOCKER: &str = "FROM eclipse-temurin:21\nCOPY app.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n";

#[test]
fn names_of_stork_lead_to_the_addresses_that_are_listed() {
    let client = "package a;\nimport jakarta.ws.rs.*;\nimport org.eclipse.microprofile.rest.client.inject.*;\n
@RegisterRestClient(configKey = \"stock-client\") @Path(\"/items\")
interface Stock { @GET @Path(\"/{id}\") String find(@PathParam(\"id\") String id); }
@Path(\"/orders\")
class Orders {
    @RestClient Stock stock;
    @GET String all() { return stock.find(\"1\"); }
}\n";
    let settings = "quarkus.rest-client.stock-client.url=stork://stock-service\nquarkus.stork.stock-service.service-discovery.address-list=stock:8080\n";
    let files = [
        ("docker-compose.yml", COMPOSE),
        ("orders/Dockerfile", DOCKER),
        ("orders/pom.xml", POM),
        ("orders/src/main/java/a/Orders.java", client),
        ("orders/src/main/resources/application.properties", settings),
        ("stock/Dockerfile", DOCKER),
        ("stock/pom.xml", POM),
    ];
    assert_eq!(calls(&files), ["orders > stock /items/{id}"]);
}

#[test]
fn a_stub_of_grpc_leads_to_whoever_implements_the_service() {
    let server = "package b;\nimport acme.StockGrpc;\nimport io.grpc.stub.StreamObserver;\n
class StockService extends StockGrpc.StockImplBase {
    @Override public void find(Item request, StreamObserver<Item> response) { response.onCompleted(); }
}\n";
    let files = |client| {
        calls(&[
            ("docker-compose.yml", COMPOSE),
            ("orders/Dockerfile", DOCKER),
            ("orders/pom.xml", POM),
            client,
            ("stock/Dockerfile", DOCKER),
            ("stock/pom.xml", POM),
            ("stock/src/main/java/b/StockService.java", server),
        ])
    };
    let java = "package a;\nimport acme.StockGrpc;\nimport net.devh.boot.grpc.client.inject.GrpcClient;\n
class Orders {
    @GrpcClient(\"stock-service\") private StockGrpc.StockBlockingStub stock;
    Item find(Item item) { return stock.find(item); }
}\n";
    assert_eq!(files(("orders/src/main/java/a/Orders.java", java)), ["orders > stock"]);
    let made = "package a;\nimport acme.StockGrpc;\nimport io.grpc.ManagedChannelBuilder;\n
class Orders {
    Item find(Item item) {
        return StockGrpc.newBlockingStub(ManagedChannelBuilder.forTarget(System.getenv(\"STOCK\")).build()).find(item);
    }
}\n";
    assert_eq!(files(("orders/src/main/java/a/Orders.java", made)), ["orders > stock"]);
    let kotlin = "package a\nimport acme.StockGrpcKt.StockCoroutineStub\nimport io.grpc.ManagedChannel\n
class Orders(channel: ManagedChannel) {
    private val stock = StockCoroutineStub(channel)
    suspend fun find(item: Item) = stock.find(item)
}\n";
    assert_eq!(files(("orders/src/main/kotlin/a/Orders.kt", kotlin)), ["orders > stock"]);
    assert_eq!(files(("orders/src/main/java/a/Orders.java", "package a;\nclass Orders {}\n")), [""; 0]);
}

#[test]
fn methods_of_generated_interfaces_are_the_operations_of_the_document() {
    let document = "openapi: 3.0.3\ninfo: {title: orders, version: 1.0.0}\npaths:\n  /orders:\n    get: {operationId: list-orders, responses: {'200': {description: all}}}\n    post: {operationId: createOrder, responses: {'201': {description: made}}}\n  /orders/{id}:\n    get: {operationId: getOrder, responses: {'200': {description: one}}}\n    delete: {operationId: dropOrder, responses: {'204': {description: gone}}}\n";
    let controller = "package com.acme.orders;\nimport com.acme.orders.api.OrdersApi;\nimport org.springframework.web.bind.annotation.RestController;\n
@RestController
public class OrdersController implements OrdersApi {
    @Override public Orders listOrders() { return null; }
    @Override public Order createOrder(Order order) { return order; }
    @Override public Order getOrder(String id) { return find(id); }
    private Order find(String id) { return null; }
}\n";
    let resource =
        "package com.acme.orders;\nimport com.acme.orders.api.OrdersResource;\nimport io.smallrye.mutiny.Uni;\n
public class OrderResource implements OrdersResource {
    @Override public Uni<Orders> listOrders() { return null; }
}\n";
    let shown = |path: &str, text: &str| {
        routes(&[
            ("pom.xml", POM),
            ("src/main/java/a/App.java", APP),
            ("src/main/resources/openapi.yaml", document),
            (path, text),
        ])
    };
    assert_eq!(
        shown("src/main/java/com/acme/orders/OrdersController.java", controller),
        ["GET /orders", "POST /orders", "GET /orders/{id}"]
    );
    assert_eq!(shown("src/main/java/com/acme/orders/OrderResource.java", resource), ["GET /orders"]);
    // What implements something of a library has nothing to do with the document.
    let other = resource.replace("com.acme.orders.api.OrdersResource", "org.other.OrdersResource");
    assert_eq!(shown("src/main/java/com/acme/orders/OrderResource.java", &other), [""; 0]);
}

#[test]
fn an_operation_of_a_generated_interface_is_not_unknown() {
    let document = "openapi: 3.0.3\ninfo: {title: stock, version: 1.0.0}\npaths:\n  /items/{id}:\n    get: {operationId: findItem, responses: {'200': {description: one}}}\n";
    let resource = "package com.acme.stock;\nimport com.acme.stock.api.ItemsResource;\nimport io.smallrye.mutiny.Uni;\n
public class ItemResource implements ItemsResource {
    @Override public Uni<Item> findItem(String id) { return null; }
}\n";
    let page = "package com.acme.stock;\nimport jakarta.ws.rs.*;\n@Path(\"/\")\npublic class Page { @GET public String page() { return \"\"; } }\n";
    let client = "package a;\nimport jakarta.ws.rs.*;\nimport org.eclipse.microprofile.rest.client.inject.*;\n
@RegisterRestClient(baseUri = \"http://stock:8080\") @Path(\"/items\")
interface Stock { @GET @Path(\"/{id}\") String find(@PathParam(\"id\") String id); }
@Path(\"/orders\")
class Orders {
    @RestClient Stock stock;
    @GET String all() { return stock.find(\"1\"); }
}\n";
    let files = [
        ("docker-compose.yml", COMPOSE),
        ("orders/Dockerfile", DOCKER),
        ("orders/pom.xml", POM),
        ("orders/src/main/java/a/Orders.java", client),
        ("stock/Dockerfile", DOCKER),
        ("stock/pom.xml", POM),
        ("stock/src/main/java/com/acme/stock/ItemResource.java", resource),
        ("stock/src/main/java/com/acme/stock/Page.java", page),
        ("stock/src/main/resources/openapi.yaml", document),
    ];
    let rule = ["api-contract/unknown-operation"];
    assert_eq!(found(&rule, &files), [""; 0]);
    let mut other = files;
    let wrong = client.replace("@Path(\"/{id}\")", "@Path(\"/{id}/price\")");
    other[3].1 = &wrong;
    // Nothing is certain while the interface may have more than the document.
    assert_eq!(found(&rule, &other), [""; 0]);
    assert_eq!(calls(&files), ["orders > stock /items/{id}"]);
}

/// The findings of a rule in a class that publishes to the channel `orders` of SmallRye.
fn of_publisher(rule: &str, service: &str) -> Vec<String> {
    let settings = "mp.messaging.outgoing.orders.connector=smallrye-kafka\n";
    let files = [
        ("pom.xml", POM),
        ("src/main/java/a/Orders.java", service),
        ("src/main/resources/application.properties", settings),
    ];
    found(&[rule], &files)
}

#[test]
fn a_method_that_is_handed_to_a_stream_is_called_with_each_value() {
    let service = |step: &str| {
        format!(
            "package a;\nimport io.smallrye.mutiny.Uni;\nimport io.smallrye.reactive.messaging.MutinyEmitter;\nimport org.eclipse.microprofile.reactive.messaging.Channel;\n
class Orders {{
    @Channel(\"orders\") MutinyEmitter<Placed> emitter;
    Uni<Placed> place(Uni<Placed> placed) {{
        return placed{step};
    }}
    record Placed(String eventId, int version, String order) {{}}
}}\n"
        )
    };
    let told = |step: &str| of_publisher("message-queue/unconfirmed-publish", &service(step));
    assert_eq!(told(".invoke(this.emitter::sendAndForget)"), ["unconfirmed-publish Orders.java:9"]);
    assert_eq!(told(".invoke(emitter::sendAndForget)"), ["unconfirmed-publish Orders.java:9"]);
    assert_eq!(told(".invoke(order -> emitter.sendAndForget(order))"), ["unconfirmed-publish Orders.java:9"]);
    assert_eq!(told(".invoke(emitter::sendAndAwait)"), [""; 0]);
    assert_eq!(told(""), [""; 0]);
}

#[test]
fn what_a_stream_writes_and_then_publishes_is_one_function() {
    let service = |run: &str| {
        format!(
            "package a;\nimport io.quarkus.mongodb.panache.reactive.ReactivePanacheMongoEntity;\nimport io.smallrye.mutiny.Uni;\nimport io.smallrye.reactive.messaging.MutinyEmitter;\nimport org.eclipse.microprofile.reactive.messaging.Channel;\n
class Orders {{
    @Channel(\"orders\") MutinyEmitter<Order> emitter;
    Uni<Order> place(Order order) {{
        return {run};
    }}
    static class Order extends ReactivePanacheMongoEntity {{ public String customer; }}
}}\n"
        )
    };
    let told = |run: &str| of_publisher("message-queue/dual-write", &service(run));
    let both = ["dual-write Orders.java:10"];
    assert_eq!(told("Order.persist(order).replaceWith(order).invoke(this.emitter::sendAndForget)"), both);
    assert_eq!(told("Order.persist(order).replaceWith(order).invoke(x -> emitter.sendAndForget(x))"), both);
    assert_eq!(told("Order.persist(order).replaceWith(order)"), [""; 0]);
}

#[test]
fn rows_that_mapstruct_makes_are_new_unless_the_message_brings_their_key() {
    let service = |event: &str, mapping: &str| {
        format!(
            "package a;\nimport jakarta.persistence.Entity;\nimport jakarta.persistence.GeneratedValue;\nimport jakarta.persistence.Id;\nimport org.mapstruct.Mapper;\nimport org.mapstruct.Mapping;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.stereotype.Component;\n
@Entity class Invoice {{ @Id @GeneratedValue Long id; String order; }}
interface Invoices extends JpaRepository<Invoice, Long> {{}}
{event}
@Mapper interface InvoiceMapper {{ {mapping} Invoice toInvoice(Placed event); }}
@Component class Billing {{
    private final Invoices invoices;
    private final InvoiceMapper mapper;
    Billing(Invoices invoices, InvoiceMapper mapper) {{ this.invoices = invoices; this.mapper = mapper; }}
    @KafkaListener(topics = \"orders\")
    void placed(Placed event) {{
        Invoice invoice = mapper.toInvoice(event);
        invoices.save(invoice);
    }}
}}\n"
        )
    };
    let told = |event: &str, mapping: &str| {
        let service = service(event, mapping);
        found(&["message-queue/non-idempotent-consumer"], &[("src/main/java/a/Billing.java", service.as_str())])
    };
    let again = ["non-idempotent-consumer Billing.java:19"];
    assert_eq!(told("record Placed(String order) {}", ""), again);
    assert_eq!(told("record Placed(Long id, String order) {}", "@Mapping(target = \"id\", ignore = true)"), again);
    assert_eq!(told("record Placed(Long id, String order) {}", ""), [""; 0]);
    assert_eq!(told("record Placed(Long number) {}", "@Mapping(source = \"number\", target = \"id\")"), [""; 0]);
}

#[test]
fn a_supplier_of_resilience4j_may_stand_in_a_variable() {
    let service = |run: &str| {
        format!(
            "package a;\nimport io.github.resilience4j.circuitbreaker.CircuitBreaker;\nimport io.github.resilience4j.decorators.Decorators;\nimport io.github.resilience4j.retry.Retry;\nimport java.util.function.Supplier;\nimport org.springframework.web.client.RestTemplate;\n
class Stock {{
    private final RestTemplate rest = new RestTemplate();
    private final CircuitBreaker breaker = CircuitBreaker.ofDefaults(\"stock\");
    private final Retry retry = Retry.ofDefaults(\"stock\");
    String find(String id) {{
        Supplier<String> call = () -> rest.getForObject(\"http://stock/{{id}}\", String.class, id);
        {run}
    }}
}}\n"
        )
    };
    let told = |run: &str| found(&GUARDS, &[("src/main/java/a/Stock.java", service(run).as_str())]);
    assert_eq!(told("return Decorators.ofSupplier(call).withCircuitBreaker(breaker).withRetry(retry).get();"), [""; 0]);
    assert_eq!(
        told("return Retry.decorateSupplier(retry, CircuitBreaker.decorateSupplier(breaker, call)).get();"),
        [""; 0]
    );
    assert_eq!(told("return retry.executeSupplier(call);"), ["missing-circuit-breaker Stock.java:9"]);
    assert_eq!(told("return call.get();"), ["missing-circuit-breaker Stock.java:9", "missing-retry Stock.java:9"]);
}

#[test]
fn retries_by_topics_are_those_of_the_listener_that_asks_for_them() {
    let text = "package a;\nimport org.springframework.kafka.annotation.KafkaListener;\nimport org.springframework.kafka.annotation.RetryableTopic;\n
class Listener {
    @RetryableTopic(attempts = \"4\")
    @KafkaListener(topics = \"paid\")
    void paid(String order) { System.out.println(order); }
    @KafkaListener(topics = \"placed\")
    void placed(String order) { System.out.println(order); }
}\n";
    let rule = ["message-queue/missing-dead-letter"];
    let path = "src/main/java/a/Listener.java";
    assert_eq!(found(&rule, &[(path, text)]), ["missing-dead-letter Listener.java:9"]);
    let all = text.replace("class Listener", "@RetryableTopic\nclass Listener");
    assert_eq!(found(&rule, &[(path, &all)]), [""; 0]);
}

#[test]
fn an_overload_is_chosen_by_what_a_local_variable_holds() {
    let text = "package a
import jakarta.persistence.*
import org.springframework.data.jpa.repository.JpaRepository
import org.springframework.kafka.annotation.KafkaListener
import org.springframework.stereotype.Component
import org.springframework.stereotype.Service
import java.util.UUID
@Entity class Payment(@Id @GeneratedValue var id: Long?, var order: UUID)
interface Payments : JpaRepository<Payment, Long>
data class Dto(val number: Long)
data class Placed(val order: UUID)
@Service class PaymentService(private val payments: Payments) {
    fun create(dto: Dto) = println(dto)
    fun create(order: UUID) { payments.save(Payment(null, order)) }
}
@Component class Listener(private val service: PaymentService) {
    @KafkaListener(topics = [\"orders\"])
    fun on(event: Placed) {
        val order = event.order
        service.create(order)
    }
}\n";
    let rule = ["message-queue/non-idempotent-consumer"];
    let path = "src/main/kotlin/a/Listener.kt";
    assert_eq!(found(&rule, &[(path, text)]), ["non-idempotent-consumer Listener.kt:17"]);
    let other = text.replace("val order: UUID)\n@Service", "val order: Dto)\n@Service");
    assert_eq!(found(&rule, &[(path, &other)]), [""; 0]);
}

#[test]
fn annotations_of_ours_stand_for_those_that_stand_at_them() {
    let controller = |annotation: &str| {
        format!(
            "package a;\nimport io.micronaut.http.annotation.Controller;\nimport io.micronaut.http.annotation.Get;\nimport io.micronaut.http.client.annotation.Client;\nimport io.micronaut.retry.annotation.CircuitBreaker;\n
@CircuitBreaker @Controller(\"/api\") @interface Guarded {{}}
@Client(\"stock\") interface Stock {{ @Get(\"/items/{{id}}\") String find(String id); }}
{annotation}
class Orders {{
    private final Stock stock;
    Orders(Stock stock) {{ this.stock = stock; }}
    @Get(\"/orders/{{id}}\") String one(String id) {{ return stock.find(id); }}
}}\n"
        )
    };
    let path = "src/main/java/a/Orders.java";
    let build = ("build.gradle", "dependencies { implementation('io.micronaut:micronaut-http-server-netty') }\n");
    assert_eq!(found(&GUARDS, &[build, (path, &controller("@Guarded"))]), [""; 0]);
    assert_eq!(routes(&[build, (path, &controller("@Guarded"))]), ["GET /api/orders/{id}"]);
    let plain = controller("@Controller(\"/plain\")");
    assert_eq!(
        found(&GUARDS, &[build, (path, &plain)]),
        ["missing-circuit-breaker Orders.java:8", "missing-retry Orders.java:8"]
    );
    assert_eq!(routes(&[build, (path, &plain)]), ["GET /plain/orders/{id}"]);
}

#[test]
fn what_a_stream_of_kafka_does_for_each_record_is_followed() {
    let topology = |failed: &str| {
        format!(
            "package a;\nimport org.apache.kafka.streams.StreamsBuilder;\nimport org.apache.kafka.streams.kstream.KStream;\nimport org.springframework.context.annotation.Bean;\nimport org.springframework.kafka.core.KafkaTemplate;\nimport org.springframework.stereotype.Component;\n
@Component
class Topology {{
    private final KafkaTemplate<String, String> kafka;
    Topology(KafkaTemplate<String, String> kafka) {{ this.kafka = kafka; }}
    @Bean KStream<String, String> orders(StreamsBuilder builder) {{
        KStream<String, String> stream = builder.stream(\"orders\");
        stream.foreach((key, value) -> {{
            try {{ Shipping.start(value); }} catch (Exception e) {{ {failed} }}
        }});
        return stream;
    }}
}}\n"
        )
    };
    let rule = ["message-queue/missing-dead-letter"];
    let path = "src/main/java/a/Topology.java";
    assert_eq!(found(&rule, &[(path, &topology("System.err.println(e);"))]), ["missing-dead-letter Topology.java:13"]);
    assert_eq!(found(&rule, &[(path, &topology("kafka.send(\"orders-dlt\", key, value);"))]), [""; 0]);
    let setting = topology("kafka.send(failed, key, value);").replace(
        "    @Bean",
        "    @org.springframework.beans.factory.annotation.Value(\"${app.topic.dlt}\") private String failed;\n    @Bean",
    );
    assert_eq!(found(&rule, &[(path, &setting)]), [""; 0]);
}

#[test]
fn a_client_that_micronaut_hands_over_is_bounded_by_its_settings() {
    let text = "package a;\nimport io.micronaut.http.HttpRequest;\nimport io.micronaut.http.client.HttpClient;\nimport io.micronaut.http.client.annotation.Client;\nimport jakarta.inject.Singleton;\nimport reactor.core.publisher.Mono;\n
@Singleton
class Users {
    private final HttpClient users;
    Users(@Client(\"users\") HttpClient users) { this.users = users; }
    Mono<String> one(String id) { return Mono.from(users.retrieve(HttpRequest.GET(\"/customers/\" + id), String.class)); }
    String card(String id) { return users.toBlocking().retrieve(HttpRequest.GET(\"/cards/\" + id), String.class); }
}\n";
    let build = ("build.gradle", "dependencies { implementation('io.micronaut:micronaut-http-server-netty') }\n");
    // One client, however many requests are sent by it.
    assert_eq!(
        found(&GUARDS, &[build, ("src/main/java/a/Users.java", text)]),
        ["missing-circuit-breaker Users.java:11", "missing-retry Users.java:11"]
    );
}

#[test]
fn clients_of_nats_are_publishers() {
    let publisher =
        "package a;\nimport io.micronaut.nats.annotation.NatsClient;\nimport io.micronaut.nats.annotation.Subject;\n
@NatsClient interface Publisher { @Subject(\"orders\") void placed(Placed event); }
record Placed(String order) {}
class Orders {
    private final Publisher publisher;
    Orders(Publisher publisher) { this.publisher = publisher; }
    void place() { publisher.placed(new Placed(\"1\")); }
}\n";
    let rules =
        ["message-queue/unconfirmed-publish", "event-schema/missing-event-id", "event-schema/unversioned-event"];
    assert_eq!(
        found(&rules, &[("src/main/java/a/Publisher.java", publisher)]),
        [
            "missing-event-id Publisher.java:5",
            "unconfirmed-publish Publisher.java:5",
            "unversioned-event Publisher.java:5"
        ]
    );
}
