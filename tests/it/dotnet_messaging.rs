//! Messages of C# services, as a user sees them: files in, findings out.

use skillcheck::rules::Finding;

use crate::support;

/// The findings about messages, sorted, as `rule file:line`.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let base = [
        ("docker-compose.yml", "services:\n  orders:\n    build: ./Orders\n"),
        ("Orders/Dockerfile", "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"Orders.dll\"]\n"),
        ("Orders/Orders.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Worker\"></Project>\n"),
    ];
    let is_wanted = |f: &Finding| f.rule.starts_with("message-queue/") || f.rule.starts_with("event-schema/");
    support::told::told(&[&base[..], files].concat(), is_wanted).1
}

fn class(body: &str) -> Vec<String> {
    let text = format!(
        "using RabbitMQ.Client;\nusing System.Text.Json;\nnamespace Orders;\npublic record OrderPlaced(Guid EventId, int SchemaVersion, string Id);\npublic class Bus(IConnection connection) {{\n{body}\n}}\n"
    );
    told(&[("Orders/Bus.cs", &text)])
}

#[test]
fn rabbitmq_messages_are_persistent_and_confirmed_when_told_so() {
    let publish = |channel: &str, properties: &str| {
        class(&format!(
            "public async Task Publish(OrderPlaced e) {{ using var channel = await connection.CreateChannelAsync({channel});\nvar properties = {properties};\nawait channel.BasicPublishAsync(exchange: \"orders\", routingKey: \"placed\", mandatory: true, basicProperties: properties, body: JsonSerializer.SerializeToUtf8Bytes(e)); }}"
        ))
    };
    assert_eq!(publish("", "new BasicProperties()"), ["transient-message Bus.cs:8", "unconfirmed-publish Bus.cs:8"]);
    assert_eq!(
        publish(
            "new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)",
            "new BasicProperties { DeliveryMode = DeliveryModes.Persistent }"
        ),
        [""; 0]
    );
}

#[test]
fn properties_are_also_set_one_by_one() {
    let publish = |set: &str| {
        class(&format!(
            "public void Publish(OrderPlaced e) {{ using var channel = connection.CreateModel();\nchannel.ConfirmSelect();\nvar properties = channel.CreateBasicProperties();\n{set}\nchannel.BasicPublish(exchange: \"orders\", routingKey: \"placed\", basicProperties: properties, body: JsonSerializer.SerializeToUtf8Bytes(e)); channel.WaitForConfirmsOrDie(); }}"
        ))
    };
    assert_eq!(publish("properties.Persistent = true;"), [""; 0]);
    assert_eq!(publish("properties.DeliveryMode = 2;"), [""; 0]);
    assert_eq!(publish(""), ["transient-message Bus.cs:10"]);
}

#[test]
fn the_overloads_of_a_publish_have_the_body_at_different_places() {
    let publish = |args: &str| {
        class(&format!(
            "public void Publish(OrderPlaced e) {{ using var channel = connection.CreateModel();\nchannel.ConfirmSelect();\nvar properties = channel.CreateBasicProperties();\nvar kept = channel.CreateBasicProperties(); kept.Persistent = true;\nvar body = JsonSerializer.SerializeToUtf8Bytes(e);\nchannel.BasicPublish({args}); channel.WaitForConfirmsOrDie(); }}"
        ))
    };
    let transient = ["transient-message Bus.cs:11"];
    assert_eq!(publish("\"orders\", \"placed\", properties, body"), transient);
    assert_eq!(publish("\"orders\", \"placed\", kept, body"), [""; 0]);
    assert_eq!(publish("\"orders\", \"placed\", true, properties, body"), transient);
    assert_eq!(publish("\"orders\", \"placed\", true, kept, body"), [""; 0]);
}

#[test]
fn consumers_of_rabbitmq_are_attached_as_events() {
    let consume = |auto: &str, arguments: &str| {
        class(&format!(
            "private IChannel _channel;\npublic async Task Start() {{ _channel = await connection.CreateChannelAsync(); await _channel.BasicQosAsync(0, 20, false);\nawait _channel.QueueDeclareAsync(queue: \"orders\", durable: true, exclusive: false, autoDelete: false, arguments: {arguments});\nvar consumer = new AsyncEventingBasicConsumer(_channel);\nconsumer.ReceivedAsync += OnMessage;\nawait _channel.BasicConsumeAsync(queue: \"orders\", autoAck: {auto}, consumer: consumer); }}\nprivate async Task OnMessage(object sender, BasicDeliverEventArgs e) {{ await _channel.BasicAckAsync(e.DeliveryTag, false); }}"
        ))
    };
    assert_eq!(consume("false", "null"), ["missing-dead-letter Bus.cs:11"]);
    assert_eq!(
        consume("false", "new Dictionary<string, object> { { \"x-dead-letter-exchange\", \"dead\" } }"),
        [""; 0]
    );
    assert_eq!(consume("true", "null"), ["early-acknowledgement Bus.cs:11", "missing-dead-letter Bus.cs:11"]);
}

#[test]
fn frameworks_confirm_and_acknowledge_themselves() {
    let text = "using MassTransit;\nnamespace Orders;\npublic record OrderPlaced(string OrderId);\npublic class Placed(IPublishEndpoint publish) : IConsumer<OrderPlaced> {\n    public async Task Consume(ConsumeContext<OrderPlaced> context) { await context.Publish(new OrderPlaced(\"1\")); }\n}\n";
    assert_eq!(
        told(&[("Orders/Placed.cs", text)]),
        ["non-idempotent-consumer Placed.cs:4", "unversioned-event Placed.cs:5"]
    );
}

#[test]
fn a_commit_and_a_publish_are_two_without_an_outbox() {
    let text = "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlacedV1(string OrderId);\npublic class Db : DbContext { public DbSet<Order> Orders { get; set; } }\npublic class Place(Db db, IPublishEndpoint publish) {\n    public async Task Run() {\n        db.Orders.Add(new Order());\n        await db.SaveChangesAsync();\n        await publish.Publish(new OrderPlacedV1(\"1\"));\n    }\n}\npublic class Order { public int Id { get; set; } }\n";
    assert_eq!(told(&[("Orders/Place.cs", text)]), ["dual-write Place.cs:10"]);
    let outbox = "using MassTransit;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddMassTransit(x => x.AddEntityFrameworkOutbox<Orders.Db>(o => o.UseBusOutbox()));\n";
    assert_eq!(told(&[("Orders/Place.cs", text), ("Orders/Program.cs", outbox)]), [""; 0]);
}

#[test]
fn what_a_mediator_runs_belongs_to_the_caller() {
    let controller = |handler: &str| {
        let text = format!(
            "using MassTransit;\nusing MediatR;\nusing MongoDB.Driver;\nnamespace Orders;\npublic record OrderPlaced(Guid EventId, int SchemaVersion);\npublic class PlaceOrder : IRequest {{ public string Id {{ get; set; }} }}\npublic class OrderController(IMediator mediator, IPublishEndpoint bus) {{\npublic async Task Place(PlaceOrder command) {{\nawait mediator.Send(command);\nawait bus.Publish(new OrderPlaced(Guid.NewGuid(), 1));\n}}\n}}\npublic class PlaceOrderHandler(IMongoCollection<PlaceOrder> orders) : IRequestHandler<PlaceOrder> {{\npublic async Task Handle(PlaceOrder request, CancellationToken token) {{ {handler} }}\n}}\n"
        );
        told(&[("Orders/Order.cs", &text)])
    };
    assert_eq!(controller("await orders.InsertOneAsync(request);"), ["dual-write Order.cs:10"]);
    assert_eq!(controller("Console.WriteLine(request.Id);"), [""; 0]);
}

#[test]
fn handlers_of_wolverine_are_found_by_their_names() {
    let host = |listen: &str| {
        let program = format!(
            "using Wolverine;\nvar builder = Host.CreateApplicationBuilder(args);\nbuilder.UseWolverine(options => {{ {listen} }});\nbuilder.Build().Run();\n"
        );
        let contract = "namespace Contracts;\npublic record OrderPlaced(string Id, int Amount);\n";
        let handler = "using Contracts;\nusing MongoDB.Driver;\nnamespace Orders;\npublic class Line { public string Sku { get; set; } }\npublic class OrderPlacedHandler(IMongoCollection<Line> lines) {\npublic async Task Handle(OrderPlaced message) { await lines.InsertOneAsync(new Line { Sku = message.Id }); }\n}\n";
        told(&[
            ("Contracts/Contracts.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>\n"),
            ("Contracts/OrderPlaced.cs", contract),
            ("Orders/Program.cs", &program),
            ("Orders/OrderPlacedHandler.cs", handler),
        ])
    };
    assert_eq!(host("options.ListenToRabbitQueue(\"orders\");"), ["non-idempotent-consumer OrderPlacedHandler.cs:6"]);
    assert_eq!(host("options.Discovery.IncludeType<Line>();"), [""; 0]);
}

#[test]
fn handlers_of_cap_are_known_by_their_attribute() {
    let handler = |set: &str| {
        let text = format!(
            "using DotNetCore.CAP;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlaced(string Id);\npublic class Stock {{ public int Id {{ get; set; }} public int Count {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Stock> Stocks {{ get; set; }} }}\npublic class Placed : ICapSubscribe\n{{\n    private readonly Db _db;\n    public Placed(Db db) {{ _db = db; }}\n    [CapSubscribe(\"order.placed\")]\n    public async Task On(OrderPlaced placed)\n    {{\n        var stock = await _db.Stocks.FirstAsync(s => s.Id == 1);\n        {set}\n        await _db.SaveChangesAsync();\n    }}\n}}\n"
        );
        told(&[("Orders/Placed.cs", &text)])
    };
    assert_eq!(handler("stock.Count -= 1;"), ["non-idempotent-consumer Placed.cs:11"]);
    assert_eq!(handler("stock.Count = 1;"), [""; 0]);
}

#[test]
fn consumers_of_kafka_are_told_by_the_settings_of_their_builder() {
    let worker = |fields: &str, config: &str, commit: &str| {
        let text = format!(
            "using Confluent.Kafka;\nusing MongoDB.Driver;\nnamespace Orders;\npublic class Line {{ public string Sku {{ get; set; }} }}\npublic class Worker : BackgroundService {{\nprivate readonly IConsumer<string, string> _consumer; private readonly IMongoCollection<Line> _lines;\n{fields}\n{config}\n_consumer = new ConsumerBuilder<string, string>(config).SetErrorHandler((_, e) => Console.WriteLine(e)).Build(); _lines = lines; }}\nprotected override async Task ExecuteAsync(CancellationToken token) {{\n_consumer.Subscribe(\"orders\");\nwhile (!token.IsCancellationRequested) {{\nvar result = _consumer.Consume(token);\nawait _lines.ReplaceOneAsync(l => l.Sku == result.Message.Key, new Line {{ Sku = result.Message.Key }});\n{commit}\n}}\n}}\n}}\n"
        );
        told(&[("Orders/Worker.cs", &text)])
    };
    let own = "public Worker(IMongoCollection<Line> lines) {";
    let made = |set: &str| format!("var config = new ConsumerConfig {{ GroupId = \"orders\"{set} }};");
    assert_eq!(
        worker(own, &made(""), ""),
        ["early-acknowledgement Worker.cs:9", "missing-dead-letter Worker.cs:9"],
        "the client commits in the background by default"
    );
    assert_eq!(
        worker(own, &made(", EnableAutoCommit = false"), "_consumer.Commit(result);"),
        ["missing-dead-letter Worker.cs:9"]
    );
    assert_eq!(
        worker("public Worker(IMongoCollection<Line> lines, ConsumerConfig config) {", "", ""),
        ["missing-dead-letter Worker.cs:9"],
        "settings that were not read may say anything"
    );
}

#[test]
fn a_hosted_service_closes_the_channel_that_it_has_made() {
    let service = |more: &str| {
        let text = format!(
            "using RabbitMQ.Client;\nnamespace Orders;\npublic class Worker : BackgroundService {{\nprivate IModel _channel;\nprotected override Task ExecuteAsync(CancellationToken token) {{\nvar connection = new ConnectionFactory {{ HostName = Environment.GetEnvironmentVariable(\"RABBIT\") }}.CreateConnection();\n_channel = connection.CreateModel();\n_channel.BasicQos(0, 10, false);\nvar consumer = new EventingBasicConsumer(_channel);\nconsumer.Received += (sender, e) => {{ Console.WriteLine(e.Body); _channel.BasicAck(e.DeliveryTag, false); }};\n_channel.BasicConsume(queue: \"orders\", autoAck: false, consumer: consumer);\nreturn Task.CompletedTask;\n}}\n{more}\n}}\n"
        );
        told(&[("Orders/Worker.cs", &text)])
    };
    assert_eq!(service(""), ["missing-graceful-shutdown Worker.cs:11"]);
    assert_eq!(service("public override void Dispose() { _channel.Close(); base.Dispose(); }"), [""; 0]);
}

/// What is told of a consumer of MassTransit that does this with a row.
fn stock(body: &str) -> Vec<String> {
    let text = format!(
        "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlaced(int Product, int Quantity);\npublic class Product {{ public int Id {{ get; set; }} public int Stock {{ get; private set; }} public string State {{ get; set; }}\npublic void Take(int quantity) {{ Stock -= quantity; }}\npublic void Close(int quantity) {{ if (State == \"closed\") return; State = \"closed\"; Stock -= quantity; }}\n}}\npublic class Mail {{ public int Id {{ get; set; }} public string Text {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Product> Products {{ get; set; }} public DbSet<Mail> Mails {{ get; set; }} public override Task<int> SaveChangesAsync(CancellationToken token = default) {{ return base.SaveChangesAsync(token); }} }}\npublic interface IProducts {{ Task<Product> Get(int id); Task Update(Product product); }}\npublic class Products(Db db) : IProducts {{\npublic async Task<Product> Get(int id) {{ return await db.Products.FindAsync(id); }}\npublic async Task Update(Product product) {{ await db.SaveChangesAsync(); }}\n}}\npublic class Placed(Db db, IProducts products) : IConsumer<OrderPlaced> {{\npublic async Task Consume(ConsumeContext<OrderPlaced> context) {{\nvar message = context.Message;\n{body}\n}}\n}}\n"
    );
    told(&[("Orders/Placed.cs", &text)])
}

#[test]
fn numbers_of_loaded_rows_are_taken_from_twice() {
    let found = ["non-idempotent-consumer Placed.cs:16"];
    let here = |change: &str| {
        format!("var product = await db.Products.FindAsync(message.Product);\n{change}\nawait db.SaveChangesAsync();")
    };
    assert_eq!(stock(&here("product?.Take(message.Quantity);")), found);
    assert_eq!(stock(&here("product.Close(message.Quantity);")), [""; 0], "the state tells the second delivery");
    let elsewhere = |change: &str| {
        format!("var product = await products.Get(message.Product);\n{change}\nawait products.Update(product);")
    };
    assert_eq!(stock(&elsewhere("product.Take(message.Quantity);")), found);
    assert_eq!(stock(&elsewhere("product.State = \"ordered\";")), [""; 0]);
}

#[test]
fn rows_are_stored_twice_where_nothing_was_asked() {
    let mail = |before: &str| {
        stock(&format!("{before}db.Mails.Add(new Mail {{ Text = \"sent\" }});\nawait db.SaveChangesAsync();"))
    };
    assert_eq!(mail(""), ["non-idempotent-consumer Placed.cs:16"]);
    assert_eq!(mail("if (await db.Mails.AnyAsync(m => m.Text == \"sent\")) return;\n"), [""; 0]);
}

#[test]
fn each_class_that_inherits_how_messages_are_handled_is_judged_for_itself() {
    let consumers = |before: &str| {
        let text = format!(
            "using MassTransit;
using Microsoft.EntityFrameworkCore;
namespace Orders;
public record OrderPlaced(int Quantity);
public record OrderClosed(int Quantity);
public class Mail {{ public int Id {{ get; set; }} public string Text {{ get; set; }} }}
public class Seen {{ public Guid Id {{ get; set; }} }}
public class Db : DbContext {{ public DbSet<Mail> Mails {{ get; set; }} public DbSet<Seen> Seen {{ get; set; }} }}
public abstract class Base<TMessage>(Db db) : IConsumer<TMessage> where TMessage : class {{
    public async Task Consume(ConsumeContext<TMessage> context) {{
        {before}
        await Handle(context.Message);
        await db.SaveChangesAsync();
    }}
    protected abstract Task Handle(TMessage message);
}}
public class Placed(Db db) : Base<OrderPlaced>(db) {{
    protected override Task Handle(OrderPlaced message) {{ db.Mails.Add(new Mail {{ Text = \"placed\" }}); return Task.CompletedTask; }}
}}
public class Closed(Db db) : Base<OrderClosed>(db) {{
    protected override Task Handle(OrderClosed message) {{ Console.WriteLine(message.Quantity); return Task.CompletedTask; }}
}}
"
        );
        told(&[("Orders/Consumers.cs", &text)])
    };
    // What one of them stores, the other one does not.
    assert_eq!(consumers(""), ["non-idempotent-consumer Consumers.cs:17"]);
    let asked = "if (await db.Seen.AnyAsync(s => s.Id == context.MessageId)) return;\ndb.Seen.Add(new Seen { Id = context.MessageId.Value });";
    assert_eq!(consumers(asked), [""; 0]);
}

#[test]
fn counters_of_redis_are_counted_up_twice() {
    let consumer = |change: &str| {
        let text = format!(
            "using MassTransit;\nusing StackExchange.Redis;\nnamespace Orders;\npublic record OrderPlaced(string Id);\npublic class Placed(IConnectionMultiplexer redis) : IConsumer<OrderPlaced> {{\npublic async Task Consume(ConsumeContext<OrderPlaced> context) {{\nvar db = redis.GetDatabase();\n{change}\n}}\n}}\n"
        );
        told(&[("Orders/Placed.cs", &text)])
    };
    let found = ["non-idempotent-consumer Placed.cs:5"];
    assert_eq!(consumer("await db.StringIncrementAsync(\"orders\");"), found);
    assert_eq!(
        consumer(
            "if (!await db.StringSetAsync(context.Message.Id, \"1\", null, When.NotExists)) return;\nawait db.StringIncrementAsync(\"orders\");"
        ),
        [""; 0]
    );
}

#[test]
fn what_a_class_above_commits_is_a_commit() {
    let text = "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlacedV1(string OrderId);\npublic class Order { public int Id { get; set; } }\npublic class Db : DbContext {\n    public DbSet<Order> Orders { get; set; }\n    public override Task<int> SaveChangesAsync(CancellationToken token = default) => base.SaveChangesAsync(token);\n    public static Db Open(DbContextOptions options) => new(options);\n}\npublic class Place(DbContextOptions options, IPublishEndpoint publish) {\n    public async Task Run() {\n        var db = Db.Open(options);\n        await db.SaveChangesAsync();\n        await publish.Publish(new OrderPlacedV1(\"1\"));\n    }\n}\n";
    assert_eq!(told(&[("Orders/Place.cs", text)]), ["dual-write Place.cs:15"]);
}

#[test]
fn messages_of_mqtt_are_put_together_by_a_builder() {
    let text = "using MQTTnet;\nusing System.Text.Json;\nnamespace Orders;\npublic record Passed(string Plate, DateTime At);\npublic class Camera(IMqttClient client) {\n    public async Task Send(Passed passed) {\n        var message = new MqttApplicationMessageBuilder()\n            .WithTopic(\"cameras/entry\")\n            .WithPayload(JsonSerializer.Serialize(passed))\n            .Build();\n        await client.PublishAsync(message);\n    }\n}\n";
    assert_eq!(
        told(&[("Orders/Camera.cs", text)]),
        ["missing-event-id Camera.cs:11", "unversioned-event Camera.cs:11"]
    );
}

#[test]
fn state_of_dapr_is_written_beside_its_messages() {
    let text = "using Dapr.Client;\nnamespace Orders;\npublic record OrderPlacedV1(string OrderId);\npublic class Place(DaprClient dapr) {\n    public async Task Run(string id) {\n        await dapr.SaveStateAsync(\"orders\", id, \"placed\");\n        await dapr.PublishEventAsync(\"pubsub\", \"placed\", new OrderPlacedV1(id));\n    }\n}\n";
    assert_eq!(told(&[("Orders/Place.cs", text)]), ["dual-write Place.cs:7"]);
}

#[test]
fn an_outbox_of_another_process_is_none_of_this_one() {
    let text = "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlacedV1(string OrderId);\npublic class Db : DbContext { public DbSet<Order> Orders { get; set; } }\npublic class Place(Db db, IPublishEndpoint publish) {\n    public async Task Run() {\n        await db.SaveChangesAsync();\n        await publish.Publish(new OrderPlacedV1(\"1\"));\n    }\n}\npublic class Order { public int Id { get; set; } }\n";
    let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Build().Run();\n";
    let outbox = "using MassTransit;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddMassTransit(x => x.AddEntityFrameworkOutbox<Stock.Db>(o => o.UseBusOutbox()));\n";
    let files = [("Orders/Place.cs", text), ("Orders/Program.cs", program), ("Stock/Program.cs", outbox)];
    assert_eq!(told(&files), ["dual-write Place.cs:9"]);
}

#[test]
fn documents_of_mongodb_entities_are_written_by_themselves() {
    let text = "using MassTransit;\nusing MongoDB.Entities;\nnamespace Orders;\npublic record BidPlacedV1(string BidId);\npublic class Bid : Entity { public int Amount { get; set; } }\npublic class Place(IPublishEndpoint publish) {\n    public async Task First(Bid bid) {\n        await DB.SaveAsync(bid);\n        await publish.Publish(new BidPlacedV1(bid.ID));\n    }\n    public async Task Second() {\n        foreach (var bid in await DB.Find<Bid>().ExecuteAsync()) {\n            await bid.SaveAsync();\n            await publish.Publish(new BidPlacedV1(bid.ID));\n        }\n    }\n}\n";
    assert_eq!(told(&[("Orders/Place.cs", text)]), ["dual-write Place.cs:14", "dual-write Place.cs:9"]);
}

#[test]
fn the_payload_is_what_a_mapper_makes_whatever_interfaces_it_has() {
    let publish = |members: &str| {
        let text = format!(
            "using AutoMapper;\nusing MassTransit;\nusing MediatR;\nnamespace Orders;\npublic abstract class Event : INotification {{ {members} }}\npublic class OrderPlaced : Event {{ public string OrderId {{ get; set; }} }}\npublic class Place(IMapper mapper, IPublishEndpoint publish) {{\n    public Task First(Order order) => publish.Publish(mapper.Map<OrderPlaced>(order));\n    public Task Second() => publish.Publish(new OrderPlaced());\n}}\npublic class Order {{ }}\n"
        );
        told(&[("Orders/Place.cs", &text)])
    };
    assert_eq!(publish(""), ["unversioned-event Place.cs:8", "unversioned-event Place.cs:9"]);
    assert_eq!(publish("public int SchemaVersion => 1;"), [""; 0]);
}

#[test]
fn entries_of_redis_streams_are_events() {
    let publish = |entry: &str| {
        let text = format!(
            "using StackExchange.Redis;\nnamespace Orders;\npublic class Bus(IConnectionMultiplexer connection) {{\n    public async Task Placed(string id) {{\n        var db = connection.GetDatabase();\n        await db.StreamAddAsync(\"orders\", {entry});\n    }}\n}}\n"
        );
        told(&[("Orders/Bus.cs", &text)])
    };
    assert_eq!(
        publish("[new NameValueEntry(\"orderId\", id), new NameValueEntry(\"type\", \"placed\")]"),
        ["missing-event-id Bus.cs:6", "unversioned-event Bus.cs:6"]
    );
    assert_eq!(
        publish("new NameValueEntry[] { new(\"eventId\", Guid.NewGuid().ToString()), new(\"version\", 1) }"),
        [""; 0]
    );
    let consume = |ack: &str| {
        let text = format!(
            "using StackExchange.Redis;\nnamespace Orders;\npublic class Worker(IConnectionMultiplexer connection) : BackgroundService {{\n    protected override async Task ExecuteAsync(CancellationToken token) {{\n        var db = connection.GetDatabase();\n        while (!token.IsCancellationRequested) {{\n            foreach (var entry in await db.StreamReadGroupAsync(\"orders\", \"billing\", \"one\", \">\")) {{\n                {ack}\n            }}\n        }}\n    }}\n    void Pay(string id) => throw new NotSupportedException(id);\n}}\n"
        );
        told(&[("Orders/Worker.cs", &text)])
    };
    assert_eq!(
        consume("Pay(entry[\"orderId\"]); await db.StreamAcknowledgeAsync(\"orders\", \"billing\", entry.Id);"),
        ["missing-dead-letter Worker.cs:7"]
    );
    assert!(
        consume("await db.StreamAcknowledgeAsync(\"orders\", \"billing\", entry.Id); await db.StringIncrementAsync(\"paid\");")
            .contains(&"early-acknowledgement Worker.cs:7".to_string())
    );
}

#[test]
fn messages_of_nservicebus_need_no_using_and_repositories_may_be_those_of_a_package() {
    let text = "using Ardalis.SharedKernel;\nnamespace Orders;\npublic class OrderPlaced : IEvent { public int OrderId { get; init; } }\npublic class Order : EntityBase, IAggregateRoot { public string Name { get; set; } }\npublic class PlaceHandler(IRepository<Order> orders) : IHandleMessages<PlaceOrder> {\n    public async Task Handle(PlaceOrder message, IMessageHandlerContext context) {\n        var order = await orders.AddAsync(new Order { Name = message.Name });\n        await context.Publish(new OrderPlaced { OrderId = order.Id });\n    }\n}\npublic class PlaceOrder : ICommand { public string Name { get; set; } }\n";
    let found = told(&[("Orders/Place.cs", text)]);
    assert_eq!(found, ["dual-write Place.cs:8", "non-idempotent-consumer Place.cs:5", "unversioned-event Place.cs:8"]);
}

#[test]
fn an_overload_that_leaves_a_default_out_is_the_one_whose_types_fit() {
    let text = "using Confluent.Kafka;\nusing System.Text.Json;\nnamespace Orders;\npublic abstract class Event { public Guid EventId { get; set; } public int Version { get; set; } }\npublic class OrderPlaced : Event { public string OrderId { get; set; } }\npublic class Bus(IProducer<string, string> producer) {\n    public async Task Send<T>(string topic, T message, CancellationToken token = default) where T : Event =>\n        await producer.ProduceAsync(topic, new Message<string, string> { Value = JsonSerializer.Serialize(message) }, token);\n    public async Task Send<T>(string topic, string key, T message, CancellationToken token = default) where T : Event =>\n        await producer.ProduceAsync(topic, new Message<string, string> { Key = key, Value = JsonSerializer.Serialize(message) }, token);\n}\npublic class Place(Bus bus) {\n    public Task Run(CancellationToken token) { var placed = new OrderPlaced(); return bus.Send(\"orders\", placed, token); }\n}\n";
    assert_eq!(told(&[("Orders/Place.cs", text)]), [""; 0]);
}

#[test]
fn the_position_in_a_stream_is_kept_after_the_acknowledgement() {
    let consumer = |name: &str| {
        let text = format!(
            "using RabbitMQ.Client;\nusing RabbitMQ.Client.Events;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic class Row {{ public int Id {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Row> Rows {{ get; set; }} }}\npublic class Worker(IChannel channel, Db db) : BackgroundService {{\n    protected override async Task ExecuteAsync(CancellationToken token) {{\n        var consumer = new AsyncEventingBasicConsumer(channel);\n        consumer.ReceivedAsync += Received;\n        await channel.BasicConsumeAsync(\"orders\", false, consumer);\n    }}\n    async Task Received(object sender, BasicDeliverEventArgs args) {{\n        await channel.BasicAckAsync(args.DeliveryTag, false);\n        await {name}();\n    }}\n    async Task {name}() {{ db.Rows.Add(new Row()); await db.SaveChangesAsync(); }}\n}}\n"
        );
        told(&[("Orders/Worker.cs", &text)]).into_iter().filter(|f| f.starts_with("early")).collect::<Vec<_>>()
    };
    assert_eq!(consumer("Store"), ["early-acknowledgement Worker.cs:11"]);
    assert_eq!(consumer("SaveCheckpoint"), [""; 0]);
}

#[test]
fn a_question_about_the_message_recognises_no_duplicate() {
    let consumer = |ask: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic class OrderPlaced {{ public int SchemaVersion {{ get; set; }} public List<int> Lines {{ get; set; }} }}\npublic abstract class Entity {{ public Guid Id {{ get; set; }} = Guid.NewGuid(); }}\npublic class Payment : Entity, IAggregateRoot {{ public int Amount {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Payment> Payments {{ get; set; }} }}\npublic class Placed(Db db) : IConsumer<OrderPlaced> {{\n    public async Task Consume(ConsumeContext<OrderPlaced> context) => await Pay(context.Message);\n    private async Task Pay(OrderPlaced message) {{\n        {ask}\n        db.Payments.Add(new Payment {{ Amount = 1 }});\n        await db.SaveChangesAsync();\n    }}\n}}\n"
        );
        told(&[("Orders/Placed.cs", &text)])
    };
    assert_eq!(consumer("var first = message.Lines.FirstOrDefault();"), ["non-idempotent-consumer Placed.cs:8"]);
    assert_eq!(consumer("if (await db.Payments.AnyAsync(p => p.Amount == 1)) return;"), [""; 0]);
}

#[test]
fn sets_of_rows_may_be_properties_that_give_them() {
    let consumer = |body: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlaced(int Product, int Quantity);\npublic class Product {{ public int Id {{ get; private set; }} public int Stock {{ get; private set; }} public int Take(int quantity) {{ Stock -= quantity; return quantity; }} }}\npublic class Line {{ public Guid Id {{ get; set; }} public int Product {{ get; set; }} }}\npublic class Db(DbContextOptions<Db> options) : DbContext(options) {{\n    public DbSet<Product> Products => Set<Product>();\n    public DbSet<Line> Lines => Set<Line>();\n}}\npublic class Placed(Db db) : IConsumer<OrderPlaced> {{\n    public async Task Consume(ConsumeContext<OrderPlaced> context) {{\n        var message = context.Message;\n        {body}\n        await db.SaveChangesAsync();\n    }}\n}}\n"
        );
        told(&[("Orders/Placed.cs", &text)])
    };
    let found = ["non-idempotent-consumer Placed.cs:11"];
    assert_eq!(consumer("var product = db.Products.Find(message.Product); product.Take(message.Quantity);"), found);
    let add = "db.Lines.Add(new Line { Id = Guid.NewGuid(), Product = message.Product });";
    assert_eq!(consumer(add), found);
    let asked = format!("if (await db.Lines.AnyAsync(l => l.Product == message.Product)) return;\n        {add}");
    assert_eq!(consumer(&asked), [""; 0]);
}

#[test]
fn a_message_that_a_project_of_wolverine_declares_comes_from_outside_when_nothing_in_it_sends_one() {
    let host = |more: &str| {
        let program = format!(
            "using Wolverine;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Host.UseWolverine(options => {{ options.ListenToRabbitQueue(\"orders\"); }});\nvar app = builder.Build();\n{more}\napp.Run();\n"
        );
        let handler = "using MongoDB.Driver;\nnamespace Orders;\npublic record OrderPlaced(string Id);\npublic class Line { public string Sku { get; set; } }\npublic class OrderPlacedHandler(IMongoCollection<Line> lines) {\npublic async Task Handle(OrderPlaced message) { await lines.InsertOneAsync(new Line { Sku = message.Id }); }\n}\n";
        told(&[("Orders/Program.cs", &program), ("Orders/OrderPlacedHandler.cs", handler)])
    };
    assert_eq!(host(""), ["non-idempotent-consumer OrderPlacedHandler.cs:6"]);
    let passed = "app.MapPost(\"/orders\", (Orders.OrderPlaced placed, IMessageBus bus) => bus.InvokeAsync(placed));";
    assert_eq!(host(passed), [""; 0]);
    assert_eq!(
        host("app.MapPost(\"/orders\", (IMessageBus bus) => bus.InvokeAsync(new Orders.OrderPlaced(\"1\")));"),
        [""; 0]
    );
}

/// What is told of a consumer that gives a command to a mediator, whose handler does this with an order.
fn ordered(mediator: &str, create: &str, more: &str) -> Vec<String> {
    let consumer = format!(
        "using MassTransit;\n{mediator}\nnamespace Orders;\npublic record Checkout(int Customer, int Total);\npublic class CheckoutConsumer(ISender sender) : IConsumer<Checkout> {{\n    public async Task Consume(ConsumeContext<Checkout> context) {{\n        await sender.SendAsync(new Place.Command {{ Customer = context.Message.Customer }});\n    }}\n}}\n"
    )
    .replace("SendAsync", if mediator.contains("MediatR") { "Send" } else { "SendAsync" });
    let handle = if mediator.contains("MediatR") { "Handle" } else { "HandleAsync" };
    let handler = format!(
        "using Microsoft.EntityFrameworkCore;\n{mediator}\nnamespace Orders;\npublic record OrderId(Guid Value) {{ public static OrderId Of(Guid value) => new OrderId(value); }}\npublic class Order {{\n    public OrderId Id {{ get; set; }} public int Customer {{ get; set; }}\n    public static Order Create(OrderId id, int customer) {{ var order = new Order {{ Id = id, Customer = customer }}; return order; }}\n}}\npublic class Db : DbContext {{ public DbSet<Order> Orders {{ get; set; }} }}\npublic class Place {{\n    public class Command : IRequest {{ public int Customer {{ get; set; }} public Guid Number {{ get; set; }} }}\n    public class Handler(Db db) : IRequestHandler<Command> {{\n        public async Task {handle}(Command request, CancellationToken token) {{ var order = {create}; db.Orders.Add(order); await db.SaveChangesAsync(token); }}\n    }}\n}}\npublic class Forget {{\n    public class Command : IRequest {{ }}\n    public class Handler(Db db) : IRequestHandler<Command> {{ public Task {handle}(Command request, CancellationToken token) => Task.CompletedTask; }}\n}}\n"
    );
    told(&[("Orders/CheckoutConsumer.cs", &consumer), ("Orders/Place.cs", &handler), ("Orders/More.cs", more)])
}

#[test]
fn rows_that_the_handler_of_a_command_adds_are_added_by_the_consumer() {
    let found = ["non-idempotent-consumer CheckoutConsumer.cs:5"];
    let made = "Order.Create(OrderId.Of(Guid.NewGuid()), request.Customer)";
    assert_eq!(ordered("using MediatR;", made, ""), found);
    let kept = "Order.Create(OrderId.Of(request.Number), request.Customer)";
    assert_eq!(ordered("using MediatR;", kept, ""), [""; 0], "the key comes from the message");
    let own = "namespace Orders;\npublic interface IRequest { }\npublic interface IRequestHandler<T> { Task HandleAsync(T request, CancellationToken token); }\npublic interface ISender { Task SendAsync(IRequest request); }\npublic class Sender(IServiceProvider services) : ISender { public async Task SendAsync(IRequest request) { var type = typeof(IRequestHandler<>).MakeGenericType(request.GetType()); await ((dynamic)services.GetService(type)).HandleAsync((dynamic)request, default); } }\n";
    assert_eq!(ordered("", made, own), found, "a mediator of the repository");
    let behaviour = "using MediatR;\nnamespace Orders;\npublic class OnceBehavior<T, R>(Db db) : IPipelineBehavior<T, R> {\n    public async Task<R> Handle(T request, RequestHandlerDelegate<R> next, CancellationToken token) { if (await IsProcessedAsync(request)) return default; return await next(); }\n    private Task<bool> IsProcessedAsync(T request) => db.Set<Order>().AnyAsync();\n}\n";
    assert_eq!(ordered("using MediatR;", made, behaviour), [""; 0], "the pipeline may know the command");
}

#[test]
fn an_outbox_that_is_only_registered_recognises_no_message() {
    let consumer = "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlaced(int Total);\npublic class Line { public int Id { get; set; } public int Total { get; set; } }\npublic class Db : DbContext { public DbSet<Line> Lines { get; set; } }\npublic class Placed(Db db) : IConsumer<OrderPlaced> {\n    public async Task Consume(ConsumeContext<OrderPlaced> context) { db.Lines.Add(new Line { Total = context.Message.Total }); await db.SaveChangesAsync(); }\n}\n";
    let host = |uses: &str| {
        let program = format!(
            "using MassTransit;\nvar builder = Host.CreateApplicationBuilder(args);\nbuilder.Services.AddMassTransit(x => {{ x.AddEntityFrameworkOutbox<Orders.Db>(o => o.UseBusOutbox());\nx.AddConfigureEndpointsCallback((context, name, endpoint) => {{ {uses} }}); }});\nbuilder.Build().Run();\n"
        );
        told(&[("Orders/Program.cs", &program), ("Orders/Placed.cs", consumer)])
    };
    assert_eq!(host(""), ["non-idempotent-consumer Placed.cs:7"]);
    assert_eq!(host("endpoint.UseEntityFrameworkOutbox<Orders.Db>(context);"), [""; 0]);
}

#[test]
fn events_that_say_what_they_belong_to_are_read() {
    let publish = |version: &str| {
        let text = format!(
            "using MassTransit;\nnamespace Orders;\npublic interface IPaid : CorrelatedBy<Guid> {{ }}\npublic class Paid : IPaid {{ public Guid CorrelationId {{ get; set; }} {version} }}\npublic class Pay(IPublishEndpoint bus) {{\n    public Task Run() => bus.Publish(new Paid {{ CorrelationId = Guid.NewGuid() }});\n}}\n"
        );
        told(&[("Orders/Paid.cs", &text)])
    };
    assert_eq!(publish(""), ["unversioned-event Paid.cs:6"]);
    assert_eq!(publish("public int SchemaVersion { get; set; }"), [""; 0]);
}

#[test]
fn types_of_namespaces_that_a_linked_file_uses_are_found_by_their_name() {
    let bus = "using RabbitMQ.Client;\nnamespace Shop.Bus;\npublic interface IEvents { Task Publish(object message); }\npublic class Events(IChannel channel) : IEvents { public async Task Publish(object message) { await channel.BasicPublishAsync(exchange: \"orders\", routingKey: \"placed\", mandatory: true, basicProperties: new BasicProperties { Persistent = true }, body: null); } }\n";
    let handler = |usings: &str| {
        let text = format!(
            "{usings}namespace Shop.Orders;\npublic record OrderPlaced(Guid EventId, int SchemaVersion);\npublic class Line {{ public string Sku {{ get; set; }} }}\npublic class PlaceOrder(MongoDB.Driver.IMongoCollection<Line> lines, IEvents events) {{\n    public async Task Run() {{\n        await lines.InsertOneAsync(new Line {{ Sku = \"1\" }});\n        await events.Publish(new OrderPlaced(Guid.NewGuid(), 1));\n    }}\n}}\n"
        );
        let mut found = told(&[("Bus/Events.cs", bus), ("Orders/PlaceOrder.cs", &text)]);
        found.retain(|line| line.starts_with("dual-write"));
        found
    };
    assert_eq!(handler(""), ["dual-write PlaceOrder.cs:7"]);
    assert_eq!(handler("using Acme.Events;\n"), [""; 0], "a package may have a type of that name");
}

#[test]
fn a_channel_that_only_variables_hold_is_never_closed() {
    let consume = |using: &str, body: &str| {
        let text = format!(
            "using RabbitMQ.Client;\nnamespace Orders;\npublic class Orders(ConnectionFactory factory) {{\n    public void Start() {{\n        {using}var connection = factory.CreateConnection();\n        {using}var channel = connection.CreateModel();\n        {body}\n    }}\n}}\n"
        );
        let mut found = told(&[("Orders/Orders.cs", &text)]);
        found.retain(|line| line.starts_with("missing-graceful-shutdown"));
        found
    };
    let listen =
        "channel.BasicConsume(queue: \"orders\", autoAck: false, consumer: new EventingBasicConsumer(channel));";
    assert_eq!(consume("", listen), ["missing-graceful-shutdown Orders.cs:7"]);
    assert_eq!(consume("using ", listen), [""; 0]);
    assert_eq!(
        consume("", &format!("{listen} AppDomain.CurrentDomain.ProcessExit += (s, e) => channel.Close();")),
        [""; 0]
    );
    assert_eq!(consume("", "var next = channel.BasicGet(\"orders\", true);"), [""; 0], "it does not go on listening");
}

#[test]
fn what_runs_after_a_failure_may_be_a_log_or_a_list() {
    let consumer = |failed: &str| {
        let text = format!(
            "using Confluent.Kafka;\nnamespace Orders;\npublic static class Results {{ public static readonly HashSet<string> All = [\"ok\"]; }}\npublic static partial class Log {{ [LoggerMessage(Level = LogLevel.Error, Message = \"failed\")] public static partial void Failed(ILogger logger, Exception e); }}\npublic interface IFallback {{ Task KeepAsync(object message, Exception e); }}\npublic class Orders(ILogger logger, IFallback fallback) : BackgroundService {{\n    protected override async Task ExecuteAsync(CancellationToken token) {{\n        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig {{ EnableAutoCommit = false }}).Build();\n        consumer.Subscribe(\"orders\");\n        while (true) {{\n            var result = consumer.Consume(token);\n            try {{ logger.LogInformation(result.Message.Value); }}\n            catch (Exception e) {{ {failed} }}\n            consumer.Commit(result);\n        }}\n    }}\n}}\n"
        );
        let mut found = told(&[("Orders/Orders.cs", &text)]);
        found.retain(|line| line.starts_with("missing-dead-letter"));
        found
    };
    let found = ["missing-dead-letter Orders.cs:8"];
    assert_eq!(consumer("Log.Failed(logger, e);"), found);
    assert_eq!(consumer("if (Results.All.Contains(e.Message)) logger.LogError(e.Message);"), found);
    assert_eq!(consumer("await fallback.KeepAsync(result, e);"), [""; 0], "it may keep the message");
}

#[test]
fn endpoints_and_connections_may_come_out_of_tasks() {
    let place = |endpoint: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record PlaceOrderV1(string Id);\npublic class Order {{ public int Id {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Order> Orders {{ get; set; }} }}\npublic class Place {{\n    private readonly ISendEndpoint _orders; private readonly Db _db;\n    public Place(ISendEndpointProvider provider, Db db) {{ _db = db; _orders = {endpoint}; }}\n    public async Task Run() {{\n        await _db.SaveChangesAsync();\n        await _orders.Send(new PlaceOrderV1(\"1\"));\n    }}\n}}\n"
        );
        told(&[("Orders/Place.cs", &text)])
    };
    let found = ["dual-write Place.cs:12"];
    assert_eq!(place("provider.GetSendEndpoint(new Uri(\"queue:orders\")).Result"), found);
    assert_eq!(
        place("provider.GetSendEndpoint(new Uri(\"queue:orders\")).ConfigureAwait(false).GetAwaiter().GetResult()"),
        found
    );
}

#[test]
fn a_namespace_that_all_files_use_stands_in_a_file_of_any_of_these_names() {
    let text = "namespace Orders;\npublic record OrderPlacedV1(string Id);\npublic class Cart { public string Id { get; set; } }\npublic class Checkout(IDocumentSession session, IPublishEndpoint bus) {\n    public async Task Run(string id) {\n        await bus.Publish(new OrderPlacedV1(id));\n        session.Delete<Cart>(id);\n        await session.SaveChangesAsync();\n    }\n}\n";
    for name in ["GlobalUsings.cs", "GlobalUsing.cs", "Usings.cs"] {
        let file = format!("Orders/{name}");
        let usings = "global using Marten;\nglobal using MassTransit;\n";
        assert_eq!(told(&[(&file, usings), ("Orders/Checkout.cs", text)]), ["dual-write Checkout.cs:6"], "{name}");
    }
}

#[test]
fn an_entry_of_dapr_is_saved_beside_its_message() {
    let text = "using Dapr.Client;\nnamespace Orders;\npublic record OrderPlacedV1(string Id);\npublic class Cart { public string Id { get; set; } }\npublic class Checkout(DaprClient dapr) {\n    public async Task Run(string id) {\n        var cart = await dapr.GetStateEntryAsync<Cart>(\"carts\", id);\n        await dapr.PublishEventAsync(\"pubsub\", \"orders\", new OrderPlacedV1(id));\n        await cart.SaveAsync();\n    }\n}\n";
    assert_eq!(told(&[("Orders/Checkout.cs", text)]), ["dual-write Checkout.cs:8"]);
}

#[test]
fn what_a_state_machine_publishes_is_made_by_functions() {
    let machine = |publish: &str| {
        let text = format!(
            "using MassTransit;\nnamespace Orders;\npublic record Paid(Guid CorrelationId, int SchemaVersion);\npublic class Accepted {{ public Guid Order {{ get; set; }} }}\npublic class AcceptedV2 {{ public Guid Order {{ get; set; }} }}\npublic class OrderState : SagaStateMachineInstance {{ public Guid CorrelationId {{ get; set; }} public string CurrentState {{ get; set; }} }}\npublic class OrderMachine : MassTransitStateMachine<OrderState> {{\n    public OrderMachine() {{\n        InstanceState(x => x.CurrentState);\n        Initially(When(PaidEvent)\n            .Then(context => Console.WriteLine(context.Message))\n            .TransitionTo(Done)\n            {publish});\n    }}\n    public State Done {{ get; private set; }}\n    public Event<Paid> PaidEvent {{ get; private set; }}\n}}\n"
        );
        let mut found = told(&[("Orders/OrderMachine.cs", &text)]);
        found.retain(|line| line.starts_with("unversioned-event"));
        found
    };
    assert_eq!(
        machine(".Publish(context => new Accepted { Order = context.Saga.CorrelationId })"),
        ["unversioned-event OrderMachine.cs:10"]
    );
    assert_eq!(
        machine(".PublishAsync(context => context.Init<Accepted>(new { Order = context.Saga.CorrelationId }))"),
        ["unversioned-event OrderMachine.cs:10"]
    );
    assert_eq!(machine(".Publish(context => new AcceptedV2 { Order = context.Saga.CorrelationId })"), [""; 0]);
    assert_eq!(machine(".Publish(context => Make(context))"), [""; 0], "it could not be read");
}

#[test]
fn a_loop_that_marks_its_rows_and_saves_them_all_is_a_relay() {
    let relay = |rows: &str, done: &str, behind: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlacedV1(string OrderId);\npublic class Pending {{ public int Id {{ get; set; }} public bool Sent {{ get; set; }} public OrderPlacedV1 Body {{ get; set; }} public void MarkAsSent() {{ Sent = true; }} public void Look() {{ }} }}\npublic class Db : DbContext {{ public DbSet<Pending> Pending {{ get; set; }} }}\npublic class Sender(Db db, IPublishEndpoint publish) {{\npublic async Task Run(List<Pending> given) {{\nvar rows = db.Pending.Where(p => !p.Sent).OrderBy(p => p.Id).ToList();\nforeach (var row in {rows}) {{\nawait publish.Publish(row.Body);\n{done}\n}}\n{behind}\n}}\n}}\n"
        );
        told(&[("Orders/Sender.cs", &text)])
    };
    let wrong = ["dual-write Sender.cs:11"];
    assert_eq!(relay("rows", "row.MarkAsSent();\ndb.SaveChanges();", ""), [""; 0]);
    assert_eq!(relay("rows", "row.Sent = true;", "await db.SaveChangesAsync();"), [""; 0]);
    assert_eq!(relay("rows", "db.Pending.Remove(row);", "db.SaveChanges();"), [""; 0]);
    assert_eq!(relay("rows", "row.Look();\ndb.SaveChanges();", ""), wrong, "the next run does not know");
    assert_eq!(relay("given", "row.MarkAsSent();\ndb.SaveChanges();", ""), wrong, "nobody publishes them again");
}

#[test]
fn a_user_of_identity_is_stored_when_it_is_made() {
    let register = |call: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.AspNetCore.Identity;\nnamespace Orders;\npublic record UserRegisteredV1(string Mail);\npublic class User : IdentityUser {{ }}\npublic interface IAccounts {{ Task<string> Register(string mail); }}\npublic class Accounts(UserManager<User> users) : IAccounts {{\npublic async Task<string> Register(string mail) {{\nvar user = new User {{ UserName = mail }};\nvar result = {call};\nreturn result.Succeeded ? \"\" : \"taken\";\n}}\n}}\npublic class Door(IAccounts accounts, IPublishEndpoint publish) {{\npublic async Task<string> Register(string mail) {{\nvar error = await accounts.Register(mail);\nif (!string.IsNullOrEmpty(error)) {{ return error; }}\nawait publish.Publish(new UserRegisteredV1(mail));\nreturn \"\";\n}}\n}}\n"
        );
        told(&[("Orders/Accounts.cs", &text)])
    };
    assert_eq!(register("await users.CreateAsync(user, \"secret\")"), ["dual-write Accounts.cs:18"]);
    assert_eq!(register("await users.CheckPasswordAsync(user, \"secret\")"), [""; 0]);
}
