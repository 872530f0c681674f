//! Messages of C# services, as a user sees them: files in, findings out.

use skillcheck::check::{Request, check};

/// The findings about messages, sorted, as `rule file:line`.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let base = [
        ("docker-compose.yml", "services:\n  orders:\n    build: ./Orders\n"),
        ("Orders/Dockerfile", "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"Orders.dll\"]\n"),
        ("Orders/Orders.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Worker\"></Project>\n"),
    ];
    for (path, text) in base.iter().chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let mut out: Vec<String> = outcome
        .findings
        .iter()
        .filter(|f| f.rule.starts_with("message-queue/") || f.rule.starts_with("event-schema/"))
        .map(|f| {
            let path = &outcome.tree.file(f.place.file).path;
            let text = std::fs::read_to_string(folder.path().join(path)).unwrap();
            let line = text[..f.place.span.start as usize].matches('\n').count() + 1;
            format!("{} {}:{line}", f.rule.rsplit('/').next().unwrap(), path.rsplit('/').next().unwrap())
        })
        .collect();
    out.sort();
    out
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
