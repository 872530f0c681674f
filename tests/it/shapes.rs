//! Shapes of code that are common in whole systems and easy to lose: what publishes, writes or requests stands
//! behind an interface, a lambda, a model of a factory or a framework that implements what is declared. By
//! what a user sees: files in, findings out.

use crate::support::{folder, skillcheck_in};

/// The findings of one rule, as `file:line`.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let name = |f: &serde_json::Value| f["path"].as_str().unwrap().rsplit('/').next().unwrap().to_string();
    output["findings"].as_array().unwrap().iter().map(|f| format!("{}:{}", name(f), f["line"])).collect()
}

const NONE: [&str; 0] = [];

const BUS: &str = "using RabbitMQ.Client;\nusing System.Text.Json;\nnamespace Shop;\npublic interface IBus { Task Publish(object message); }\n\
    public class Message { public Guid MessageId = Guid.NewGuid(); }\n\
    public class OrderPlaced : Message { public string OrderId; }\n\
    public class RabbitBus(IChannel channel) : IBus {\n  public Task Publish(object message) {\n    return Task.Run(async () => {\n\
    \x20     var body = JsonSerializer.SerializeToUtf8Bytes(message);\n\
    \x20     await channel.BasicPublishAsync(\"orders\", \"\", false, new BasicProperties(), body);\n    });\n  }\n}\n";

#[test]
fn a_lambda_that_a_task_runs_belongs_to_the_function_around_it() {
    let orders = |saves: &str| {
        format!(
            "using Microsoft.EntityFrameworkCore;\nnamespace Shop;\npublic class ShopContext : DbContext {{}}\n\
             public class Orders(ShopContext db, IBus bus) {{\n  public async Task Place(string id) {{\n    {saves}\n\
             \x20   await bus.Publish(new OrderPlaced {{ OrderId = id }});\n  }}\n}}\n"
        )
    };
    let dual = |text: &str| found("message-queue/dual-write", &[("src/Bus.cs", BUS), ("src/Orders.cs", text)]);
    assert_eq!(dual(&orders("await db.SaveChangesAsync();")), ["Orders.cs:7"]);
    assert_eq!(dual(&orders("")), NONE);
}

#[test]
fn events_of_a_collection_are_those_of_its_declared_type() {
    let bus = BUS.replace("public class OrderPlaced : Message { public string OrderId; }\n", "");
    let orders = |version: &str| {
        format!(
            "namespace Shop;\npublic class OrderPlaced : Message {{ public string OrderId; {version} }}\n\
             public class Orders(IBus bus, IStore store) {{\n  public async Task Place(string id) {{\n\
             \x20   IEnumerable<Message> events = store.Pending(id);\n\
             \x20   foreach (var e in events) {{ await bus.Publish(e); }}\n  }}\n}}\n"
        )
    };
    let unversioned =
        |text: &str| found("event-schema/unversioned-event", &[("src/Bus.cs", &bus), ("src/Orders.cs", text)]);
    assert_eq!(unversioned(&orders("")), ["Bus.cs:10"]);
    assert_eq!(unversioned(&orders("public int SchemaVersion = 1;")), NONE);
}

#[test]
fn an_interface_over_a_client_that_is_passed_in_makes_its_requests() {
    let api = |library: &str, call: &str| {
        format!(
            "using {library};\nnamespace Shop;\npublic interface IStock {{ [Get(\"/items/{{id}}\")] Task<string> Item(int id); }}\n\
             public class Stock : IStock {{\n  private readonly IStock _client;\n\
             \x20 public Stock(HttpClient http) {{ _client = {call}; }}\n\
             \x20 public Task<string> Item(int id) => _client.Item(id);\n}}\n"
        )
    };
    let program = |policy: &str| {
        format!(
            "using Shop;\nvar builder = WebApplication.CreateBuilder(args);\n\
             builder.Services.AddHttpClient<IStock, Stock>(){policy};\nbuilder.Build().Run();\n"
        )
    };
    for (library, call) in
        [("Refit", "RestService.For<IStock>(http, new RefitSettings())"), ("RestEase", "RestClient.For<IStock>(http)")]
    {
        let files = |policy: &str| [("src/Program.cs", program(policy)), ("src/Stock.cs", api(library, call))];
        for rule in ["rest-client/missing-retry", "rest-client/missing-circuit-breaker"] {
            let of = |policy: &str| {
                let files = files(policy);
                found(rule, &files.each_ref().map(|(path, text)| (*path, text.as_str())))
            };
            assert_eq!(of(""), ["Program.cs:3"], "{rule} {library}");
            assert_eq!(of(".AddStandardResilienceHandler()"), NONE, "{rule} {library}");
        }
    }
}

#[test]
fn a_declared_client_has_the_operations_of_the_interfaces_above_it() {
    let api = "package shop.api;\nimport io.micronaut.http.annotation.Get;\npublic interface StockOperations {\n\
               \x20 @Get(\"/items/{id}\")\n  String item(String id);\n}\n";
    let client = |annotation: &str| {
        format!(
            "package shop.gateway;\nimport io.micronaut.http.client.annotation.Client;\nimport io.micronaut.retry.annotation.*;\n\
             import shop.api.StockOperations;\n@Client(id = \"stock\")\n{annotation}\npublic interface StockClient extends StockOperations {{}}\n"
        )
    };
    let user = "package shop.gateway;\nimport jakarta.inject.Singleton;\n@Singleton\npublic class Items {\n\
                \x20 private final StockClient stock;\n  public Items(StockClient stock) { this.stock = stock; }\n\
                \x20 public String item(String id) { return stock.item(id); }\n}\n";
    let of = |rule: &str, annotation: &str| {
        let client = client(annotation);
        let files = [
            ("api/src/main/java/shop/api/StockOperations.java", api),
            ("gateway/src/main/java/shop/gateway/StockClient.java", client.as_str()),
            ("gateway/src/main/java/shop/gateway/Items.java", user),
        ];
        found(rule, &files)
    };
    assert_eq!(of("rest-client/missing-circuit-breaker", "@Retryable"), ["StockClient.java:5"]);
    assert_eq!(of("rest-client/missing-retry", "@Retryable"), NONE);
    assert_eq!(of("rest-client/missing-retry", ""), ["StockClient.java:5"]);
    assert_eq!(of("rest-client/missing-circuit-breaker", "@CircuitBreaker"), NONE);
}

#[test]
fn a_publisher_that_is_declared_as_an_interface() {
    let events = |topic: &str, header: &str| {
        format!(
            "package shop;\nimport io.micronaut.configuration.kafka.annotation.*;\n@KafkaClient\npublic interface Events {{\n\
             \x20 @Topic(\"{topic}\")\n  {header}void placed(@KafkaKey String id, OrderPlaced event);\n}}\n"
        )
    };
    let placed = "package shop;\npublic class OrderPlaced {\n  private String orderId;\n\
                  \x20 public OrderPlaced(String orderId) { this.orderId = orderId; }\n}\n";
    let store = "package shop;\nimport io.micronaut.data.repository.GenericRepository;\n\
                 public interface Orders extends GenericRepository<Order, Long> {\n  Order save(Order order);\n}\n";
    let service = "package shop;\nimport jakarta.inject.Singleton;\n@Singleton\npublic class Shop {\n\
                   \x20 private final Orders orders;\n  private final Events events;\n\
                   \x20 public Shop(Orders orders, Events events) { this.orders = orders; this.events = events; }\n\
                   \x20 public void place(Order order) {\n    orders.save(order);\n\
                   \x20   events.placed(order.getId(), new OrderPlaced(order.getId()));\n  }\n}\n";
    let of = |rule: &str, events: &str| {
        let files = [
            ("shop/src/main/java/shop/Events.java", events),
            ("shop/src/main/java/shop/OrderPlaced.java", placed),
            ("shop/src/main/java/shop/Orders.java", store),
            ("shop/src/main/java/shop/Shop.java", service),
        ];
        found(rule, &files)
    };
    let plain = events("orders", "");
    assert_eq!(of("message-queue/dual-write", &plain), ["Shop.java:10"]);
    assert_eq!(of("event-schema/unversioned-event", &plain), ["Events.java:5"]);
    assert_eq!(of("event-schema/unversioned-event", &events("orders.v1", "")), NONE);
    assert_eq!(of("event-schema/missing-event-id", &plain), ["Events.java:5"]);
    // What comes out of a query is known by the type that the interface declares.
    let stored = service.replace("new OrderPlaced(order.getId())", "cache.find(order).get()");
    let files = [
        ("shop/src/main/java/shop/Events.java", plain.as_str()),
        ("shop/src/main/java/shop/OrderPlaced.java", placed),
        ("shop/src/main/java/shop/Orders.java", store),
        ("shop/src/main/java/shop/Shop.java", stored.as_str()),
    ];
    assert_eq!(found("event-schema/missing-event-id", &files), ["Events.java:5"]);
    let header = "@MessageHeader(name = \"event-id\", value = \"${random.uuid}\")\n  ";
    assert_eq!(of("event-schema/missing-event-id", &events("orders", header)), NONE);
}

#[test]
fn a_publisher_of_reactor_runs_in_the_breaker_it_is_handed_to() {
    let adapter = |call: &str| {
        format!(
            "package shop;\nimport org.springframework.cloud.client.circuitbreaker.ReactiveCircuitBreakerFactory;\n\
             import org.springframework.web.reactive.function.client.WebClient;\nimport reactor.core.publisher.Mono;\n\
             public class Stock {{\n  private final WebClient client = WebClient.create(\"http://stock\");\n\
             \x20 private final ReactiveCircuitBreakerFactory factory;\n\
             \x20 public Stock(ReactiveCircuitBreakerFactory factory) {{ this.factory = factory; }}\n\
             \x20 public Mono<String> item(String id) {{ return {call}; }}\n\
             \x20 private Mono<String> request(String id) {{ return client.get().uri(\"/items/\" + id).retrieve().bodyToMono(String.class); }}\n}}\n"
        )
    };
    let of = |call: &str| {
        found("rest-client/missing-circuit-breaker", &[("shop/src/main/java/shop/Stock.java", adapter(call).as_str())])
    };
    assert_eq!(of("factory.create(\"stock\").run(request(id), e -> Mono.empty())"), NONE);
    assert_eq!(of("request(id)"), ["Stock.java:6"]);
}

#[test]
fn a_number_that_is_read_changed_and_saved_counts_twice() {
    let listener = |change: &str| {
        format!(
            "package shop;\nimport org.springframework.data.repository.CrudRepository;\n\
             import org.springframework.kafka.annotation.KafkaListener;\n\
             interface Products extends CrudRepository<Product, Long> {{}}\n\
             class Product {{ int stock; int getStock() {{ return stock; }} void setStock(int s) {{ stock = s; }} }}\n\
             class Order {{ Long productId; int count; Long getProductId() {{ return productId; }} int getCount() {{ return count; }} }}\n\
             class Listener {{\n  private final Products products;\n  Listener(Products products) {{ this.products = products; }}\n\
             \x20 @KafkaListener(topics = \"orders\", groupId = \"stock\")\n  public void on(Order order) {{\n\
             \x20   Product product = products.findById(order.getProductId()).orElseThrow();\n    {change}\n\
             \x20   products.save(product);\n  }}\n}}\n"
        )
    };
    let of = |change: &str| {
        let text = listener(change);
        found("message-queue/non-idempotent-consumer", &[("stock/src/main/java/shop/Listener.java", text.as_str())])
    };
    assert_eq!(of("product.setStock(product.getStock() - order.getCount());"), ["Listener.java:10"]);
    assert_eq!(of("product.setStock(order.getCount());"), NONE);
}

#[test]
fn a_router_without_a_poison_queue_has_no_dead_letters() {
    let subscriber = "package stock\n\nimport \"github.com/ThreeDotsLabs/watermill/message\"\n\n\
                      func Register(router *message.Router, sub message.Subscriber) {\n\
                      \trouter.AddNoPublisherHandler(\"stock\", \"orders\", sub, handle)\n}\n\n\
                      func handle(msg *message.Message) error {\n\tif err := reserve(msg.Payload); err != nil {\n\
                      \t\tslog.Error(err.Error())\n\t\treturn err\n\t}\n\treturn nil\n}\n\n\
                      func reserve(payload []byte) error {\n\treturn store.Reserve(payload)\n}\n";
    let router = |middleware: &str| {
        format!(
            "package infra\n\nimport (\n\t\"github.com/ThreeDotsLabs/watermill/message\"\n\
             \t\"github.com/ThreeDotsLabs/watermill/message/router/middleware\"\n)\n\n\
             func Router(pub message.Publisher) *message.Router {{\n\trouter, _ := message.NewRouter(message.RouterConfig{{}}, nil)\n\
             \t{middleware}\n\treturn router\n}}\n"
        )
    };
    let of = |middleware: &str| {
        let router = router(middleware);
        let files = [("go.mod", "module shop\n"), ("stock/sub.go", subscriber), ("infra/router.go", router.as_str())];
        found("message-queue/missing-dead-letter", &files)
    };
    assert_eq!(of("router.AddMiddleware(middleware.Recoverer)"), ["sub.go:6"]);
    assert_eq!(of("poison, _ := middleware.PoisonQueue(pub, \"dead\")\n\trouter.AddMiddleware(poison)"), NONE);
}

#[test]
fn methods_that_return_something_else_satisfy_no_interface() {
    let store = "package orders\n\nimport \"database/sql\"\n\ntype Store struct{ db *sql.DB }\n\n\
                 func (s *Store) Create(id string) error {\n\t_, err := s.db.Exec(\"INSERT INTO orders (id) VALUES ($1)\", id)\n\treturn err\n}\n";
    let service = |result: &str| {
        format!(
            "package checkout\n\nimport \"github.com/segmentio/kafka-go\"\n\n\
             type Remote interface {{\n\tCreate(id string) {result}\n}}\n\n\
             type Service struct {{\n\tremote Remote\n\tw *kafka.Writer\n}}\n\n\
             func (s *Service) Place(ctx context.Context, id string) error {{\n\ts.remote.Create(id)\n\
             \treturn s.w.WriteMessages(ctx, kafka.Message{{Topic: \"orders\", Value: []byte(id)}})\n}}\n"
        )
    };
    let of = |result: &str| {
        let service = service(result);
        let files =
            [("go.mod", "module shop\n"), ("orders/store.go", store), ("checkout/service.go", service.as_str())];
        found("message-queue/dual-write", &files)
    };
    assert_eq!(of("error"), ["service.go:16"]);
    assert_eq!(of("(string, error)"), NONE);
}

#[test]
fn models_of_sequelize_are_handed_on_by_one_object() {
    let files = [
        (
            "orders/models/index.js",
            "const Sequelize = require('sequelize');\nconst sequelize = new Sequelize(process.env.DATABASE_URL);\n\
             const db = {};\ndb.sequelize = sequelize;\ndb.orders = require('./order.model.js')(sequelize, Sequelize);\nmodule.exports = db;\n",
        ),
        (
            "orders/models/order.model.js",
            "module.exports = (sequelize, Sequelize) => {\n  const Order = sequelize.define('order', { item: { type: Sequelize.STRING } });\n  return Order;\n};\n",
        ),
        (
            "orders/kafka.js",
            "const { Kafka } = require('kafkajs');\nconst producer = new Kafka({ brokers: ['kafka:9092'] }).producer();\n\
             const send = async (data) => {\n  await producer.send({ topic: 'orders', messages: [{ value: JSON.stringify(data) }] });\n};\nmodule.exports = { send };\n",
        ),
        (
            "orders/orders.js",
            "const db = require('./models');\nconst { send } = require('./kafka');\nconst place = async (item) => {\n\
             \x20 const row = await db.orders.create({ item });\n  await send(row);\n};\nmodule.exports = { place };\n",
        ),
    ];
    assert_eq!(found("message-queue/dual-write", &files), ["orders.js:5"]);
    assert_eq!(found("event-schema/unversioned-event", &files), ["kafka.js:4"]);
    assert_eq!(found("event-schema/missing-event-id", &files), ["kafka.js:4"]);
    // As `sequelize-cli init` writes it: every file of the folder is loaded when the program runs.
    let loaded = "const fs = require('fs');\nconst path = require('path');\nconst Sequelize = require('sequelize');\nconst db = {};\n\
                  const sequelize = new Sequelize(process.env.DATABASE_URL);\n\
                  fs.readdirSync(__dirname).forEach(file => {\n  const model = require(path.join(__dirname, file))(sequelize, Sequelize.DataTypes);\n\
                  \x20 db[model.name] = model;\n});\ndb.sequelize = sequelize;\nmodule.exports = db;\n";
    let place = |call: &str| {
        format!(
            "const {{ Order }} = require('./models');\nconst {{ send }} = require('./kafka');\nconst place = async (item) => {{\n\
             \x20 const row = await Order.{call};\n  await send(row);\n}};\nmodule.exports = {{ place }};\n"
        )
    };
    let (writes, reads) = (place("create({ item })"), place("findByPk(item)"));
    let of = |orders: &str| {
        found("message-queue/dual-write", &[("orders/models/index.js", loaded), files[2], ("orders/orders.js", orders)])
    };
    assert_eq!(of(&writes), ["orders.js:5"]);
    assert_eq!(of(&reads), NONE);
}

#[test]
fn writes_and_messages_of_more_libraries_of_dotnet() {
    let service = |usings: &str, fields: &str, write: &str, publish: &str| {
        format!(
            "{usings}\nnamespace Shop;\npublic record OrderPlaced(string OrderId);\npublic class Orders({fields}) {{\n\
             \x20 public async Task Place(string id) {{\n    {write}\n    {publish}\n  }}\n}}\n"
        )
    };
    let dual = |text: String| found("message-queue/dual-write", &[("src/Orders.cs", text.as_str())]);
    let dapper = |sql: &str| {
        service(
            "using Dapper;\nusing Microsoft.Data.SqlClient;\nusing EasyNetQ;",
            "IBus bus",
            &format!(
                "using (SqlConnection db = new SqlConnection(\"x\")) {{ await db.ExecuteAsync(\"{sql}\", new {{ id }}); }}"
            ),
            "await bus.PubSub.PublishAsync(new OrderPlaced(id));",
        )
    };
    assert_eq!(dual(dapper("insert into Orders (Id) values (@id)")), ["Orders.cs:9"]);
    assert_eq!(dual(dapper("select 1")), NONE);
    let wolverine = service(
        "using Microsoft.EntityFrameworkCore;\nusing Wolverine;",
        "DbContext db, IMessageBus bus",
        "await db.SaveChangesAsync();",
        "await bus.PublishAsync(new OrderPlaced(id));",
    );
    assert_eq!(dual(wolverine), ["Orders.cs:8"]);
}

#[test]
fn a_row_of_cassandra_and_a_message_are_two_writes() {
    let service = |statement: &str| {
        format!(
            "package orders\n\nimport (\n\t\"github.com/gocql/gocql\"\n\t\"github.com/segmentio/kafka-go\"\n)\n\n\
             type Service struct {{\n\ts *gocql.Session\n\tw *kafka.Writer\n}}\n\n\
             func (s *Service) Place(ctx context.Context, id string) error {{\n\
             \tif err := s.s.Query(\"{statement}\", id).Exec(); err != nil {{\n\t\treturn err\n\t}}\n\
             \treturn s.w.WriteMessages(ctx, kafka.Message{{Topic: \"orders\", Value: []byte(id)}})\n}}\n"
        )
    };
    let of = |statement: &str| {
        let text = service(statement);
        found("message-queue/dual-write", &[("go.mod", "module shop\n"), ("orders/service.go", text.as_str())])
    };
    assert_eq!(of("INSERT INTO orders (id) VALUES (?)"), ["service.go:17"]);
    assert_eq!(of("SELECT id FROM orders WHERE id = ?"), NONE);
}

#[test]
fn a_pause_that_a_function_makes_of_the_attempt_is_not_called_fixed() {
    let client = |pause: &str| {
        format!(
            "import time\nimport requests\nfrom pauses import delay_of\n\n\ndef stock(sku: int):\n    for attempt in range(3):\n        try:\n\
             \x20           return requests.get(\"https://stock.example.com/items\", timeout=2)\n        except requests.ConnectionError:\n\
             \x20           {pause}\n    raise TimeoutError(sku)\n"
        )
    };
    let found = |pause: &str| found("rest-client/retry-without-backoff", &[("app.py", &client(pause))]);
    assert_eq!(found("time.sleep(2)"), ["app.py:7"]);
    assert_eq!(found("retry_delay = 2\n            time.sleep(retry_delay + 1)"), ["app.py:7"]);
    assert_eq!(found("time.sleep(delay_of(attempt))"), NONE);
    assert_eq!(found("time.sleep(attempt + 1)"), NONE);
    assert_eq!(found("delay = delay_of(attempt)\n            time.sleep(delay)"), NONE);
}

#[test]
fn a_breaker_that_is_asked_before_the_request_stands_before_it() {
    let client = |before: &str| {
        format!(
            "import requests\nfrom shop.guards import Circuits\n\n\nclass Stock:\n    def __init__(self):\n        self.circuit = Circuits.of('stock')\n\n\
             \x20   def of(self, sku: str):\n        {before}\n        return self._send(sku)\n\n\
             \x20   def _send(self, sku: str):\n        return requests.get('https://stock.example.com/items', timeout=2)\n"
        )
    };
    let found = |before: &str| found("rest-client/missing-circuit-breaker", &[("app.py", &client(before))]);
    assert_eq!(found("print(self.circuit)"), ["app.py:14"]);
    assert_eq!(found("if self.circuit is None: raise ValueError(sku)"), ["app.py:14"]);
    assert_eq!(found("if not self.circuit.can_execute(): raise ConnectionError(sku)"), NONE);
    assert_eq!(found("if self.circuit.is_open: return None"), NONE);
    assert_eq!(found("self.circuit.check()"), NONE);
    assert_eq!(found("state = self.circuit.before_call()"), NONE);
}

#[test]
fn a_breaker_is_one_by_its_class_whatever_the_object_is_called() {
    let client = |before: &str| {
        format!(
            "import requests\n\n\nclass CircuitBreaker:\n    def before_call(self):\n        if self.failures > 5:\n            raise RuntimeError('open')\n        return self.failures\n\n\
             \x20   def describe(self):\n        return 'breaker'\n\n\n_stock = CircuitBreaker()\n\n\ndef of(sku: str):\n    {before}\n    return requests.get('https://stock.example.com/items', timeout=2)\n"
        )
    };
    let found = |before: &str| found("rest-client/missing-circuit-breaker", &[("app.py", &client(before))]);
    assert_eq!(found("state = _stock.before_call()"), NONE);
    assert_eq!(found("_stock.before_call()"), NONE);
    assert_eq!(found("print(_stock.describe())"), ["app.py:19"]);
}

/// A parser by recursive descent: each function has many ways through all others.
#[test]
fn functions_that_call_each_other_in_circles_end() {
    let mut text = String::from("import requests\n\n\nclass Parser:\n");
    for at in 0..30 {
        let next = |step: usize| (at + step) % 30;
        text.push_str(&format!(
            "    def rule{at}(self, tokens):\n        left = self.rule{}(tokens.strip())\n        if tokens:\n            return self.rule{}(left.rest())\n\
             \x20       return self.rule{}(left).join(self.rule{}(tokens))\n\n",
            next(1), next(2), next(3), next(7)
        ));
    }
    text.push_str("\ndef load(query):\n    return requests.get(Parser().rule0(query), timeout=2)\n");
    assert_eq!(found("rest-client/missing-timeout", &[("app.py", &text)]), NONE);
}

#[test]
fn a_record_of_kafka_has_its_payload_under_value() {
    let service = |payload: &str| {
        format!(
            "import {{ Injectable }} from '@nestjs/common';\nimport {{ Client, ClientKafka, Transport }} from '@nestjs/microservices';\nimport {{ randomUUID }} from 'crypto';\n\
             class OrderPlaced {{ orderId: string; }}\n@Injectable()\nexport class Orders {{\n\
             \x20 @Client({{ transport: Transport.KAFKA, options: {{ client: {{ brokers: ['kafka:9092'] }} }} }})\n  private kafka: ClientKafka;\n\
             \x20 place(order: OrderPlaced) {{\n    this.kafka.emit('orders', {payload});\n  }}\n}}\n"
        )
    };
    let of =
        |payload: &str| found("event-schema/unversioned-event", &[("orders/orders.ts", service(payload).as_str())]);
    assert_eq!(of("{ key: order.orderId, value: JSON.stringify({ version: 1, order }) }"), NONE);
    assert_eq!(of("{ key: order.orderId, value: JSON.stringify({ order }) }"), ["orders.ts:10"]);
    assert_eq!(of("{ value: { order }, headers: { 'schema-version': '1' } }"), NONE);
    assert_eq!(of("order"), ["orders.ts:10"]);
    // An id that is made for this message alone tells duplicates apart, unlike one that is handed on.
    let traced = |id: &str| {
        let payload = format!("{{ value: JSON.stringify({{ type: 'placed', correlationId: {id}, order }}) }}");
        found("event-schema/missing-event-id", &[("orders/orders.ts", service(&payload).as_str())])
    };
    assert_eq!((traced("randomUUID()"), traced("order.correlationId")), (Vec::new(), vec!["orders.ts:10".to_owned()]));
}

#[test]
fn what_is_looked_for_first_or_has_an_id_already_is_stored_once() {
    let repository = "class Bills:\n    def __init__(self, rows):\n        self.rows = rows\n\n    def save(self, bill):\n        if bill.id:\n            self.rows.replace_one({\"_id\": bill.id}, bill.__dict__)\n        else:\n            self.rows.insert_one(bill.__dict__)\n\n    def add(self, bill):\n        self.rows.insert_one(bill.__dict__)\n\n    def of_order(self, order_id):\n        row = self.rows.find_one({\"order_id\": order_id})\n        if row:\n            return Bill(row[\"order_id\"])\n        return None\n\n\nclass Bill:\n    def __init__(self, order_id):\n        self.id = None\n        self.order_id = order_id\n";
    let consumer = |handle: &str| {
        format!(
            "import json\nimport pika\nfrom pymongo import MongoClient\nfrom bills import Bill, Bills\n\nbills = Bills(MongoClient(\"db\").shop.bills)\n\n\ndef on_message(ch, method, properties, body):\n    order_id = json.loads(body)[\"order_id\"]\n{handle}    ch.basic_ack(method.delivery_tag)\n\n\nchannel = pika.BlockingConnection().channel()\nchannel.basic_consume(\"orders\", on_message)\nchannel.start_consuming()\n"
        )
    };
    let of = |handle: &str| {
        let main = consumer(handle);
        found(
            "message-queue/non-idempotent-consumer",
            &[("bills/bills.py", repository), ("bills/main.py", main.as_str())],
        )
    };
    assert_eq!(of("    bills.add(Bill(order_id))\n"), ["main.py:16"]);
    assert_eq!(
        of("    if bills.of_order(order_id):\n        raise ValueError(order_id)\n    bills.add(Bill(order_id))\n"),
        NONE
    );
    assert_eq!(of("    bill = bills.of_order(order_id)\n    bill.paid = True\n    bills.save(bill)\n"), NONE);
    // What belongs to the row is taken away first.
    assert_eq!(of("    bills.rows.delete_many({\"order_id\": order_id})\n    bills.add(Bill(order_id))\n"), NONE);
    // A state that the handler itself leaves.
    let cancel = |test: &str| {
        format!(
            "    bill = bills.of_order(order_id)\n    if {test}:\n        return\n    bill.state = \"canceled\"\n    bills.add(bill)\n"
        )
    };
    assert_eq!(of(&cancel("bill.state in [\"canceled\", \"refunded\"]")), NONE);
    assert_eq!(of(&cancel("order_id in [1, 2]")), ["main.py:20"]);
}

#[test]
fn a_protocol_is_followed_by_what_has_its_methods() {
    let bus = "import json\nimport pika\n\n\nclass Bus:\n    def __init__(self):\n        self.channel = pika.BlockingConnection().channel()\n\n    def publish(self, queue, message):\n        self.channel.basic_publish(exchange=\"\", routing_key=queue, body=json.dumps(message))\n";
    let port = |method: &str| {
        format!(
            "from typing import Protocol\n\n\nclass IBus(Protocol):\n    def {method}(self, queue: str, message: dict):\n        \"\"\"Publishes.\"\"\"\n"
        )
    };
    let logic = |method: &str| {
        format!(
            "from .ports import IBus\n\n\nclass Payments:\n    def __init__(self, bus: IBus):\n        self.bus = bus\n\n    def settled(self, order):\n        self.bus.{method}(queue=order.queue, message={{\"type\": \"payment.settled\", \"version\": 1}})\n"
        )
    };
    let api = "from .bus import Bus\nfrom .logic import Payments\n\n\ndef settle(order):\n    Payments(Bus()).settled(order)\n";
    let unversioned = |method: &str, port: &str, api: &str| {
        let logic = logic(method);
        let files = [
            ("src/__init__.py", ""),
            ("src/bus.py", bus),
            ("src/ports.py", port),
            ("src/logic.py", &logic),
            ("src/api.py", api),
        ];
        found("event-schema/unversioned-event", &files)
    };
    // The version stands where the message is made.
    assert_eq!(unversioned("publish", &port("publish"), api), NONE);
    // Another method, other parameters, and a protocol that nobody knows together with the class.
    let lost = ["bus.py:10"];
    assert_eq!(unversioned("send", &port("send"), api), lost);
    let other = port("publish").replace("queue: str", "topic: str");
    assert_eq!(unversioned("publish", &other, api), lost);
    assert_eq!(unversioned("publish", &port("publish"), &api.replace("from .bus import Bus\n", "")), lost);
}
