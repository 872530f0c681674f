//! Systems in C# as people write them: objects that the container hands out, generic hosts, types that stand in a
//! file of another name, projects that are used as packages.

use crate::support::{self, graph};
use skillcheck::rules::Finding;

const DOCKER: &str = "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"App.dll\"]\n";
const COMPOSE: &str = "services:\n  orders:\n    build: ./Orders\n  stock:\n    build: ./Stock\n";

/// The findings of the skills, sorted, as `rule file:line`, with the services that have to act.
fn told(skills: &[&str], files: &[(&str, &str)]) -> Vec<String> {
    let base = [("docker-compose.yml", COMPOSE), ("Orders/Dockerfile", DOCKER)];
    let is_wanted = |finding: &Finding| skills.iter().any(|skill| finding.rule.starts_with(skill));
    support::told::told(&[&base[..], files].concat(), is_wanted).1
}

/// The services of the map with what they are, and the ends of channels.
fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let base = [("docker-compose.yml", COMPOSE), ("Orders/Dockerfile", DOCKER), ("Stock/Dockerfile", DOCKER)];
    let graph = graph(&[&base[..], files].concat());
    let names = |list: &serde_json::Value| {
        let list = list.as_array().unwrap().iter();
        list.map(|name| name.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("+")
    };
    let services = graph["services"].as_array().unwrap().iter();
    let services = services.map(|s| format!("{} is {}", s["name"].as_str().unwrap(), s["kind"].as_str().unwrap()));
    let channels = graph["channels"].as_array().unwrap().iter();
    let channels = channels
        .map(|c| format!("{} > {} > {}", names(&c["producers"]), c["name"].as_str().unwrap(), names(&c["consumers"])));
    services.chain(channels).collect()
}

const WORKER: &str = "using Confluent.Kafka;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic class Line { public Guid Id { get; set; } public string Sku { get; set; } }\npublic class Db : DbContext { public DbSet<Line> Lines { get; set; } }\npublic class Worker(IConsumer<string, string> consumer, Db db) : BackgroundService {\n    protected override async Task ExecuteAsync(CancellationToken token) {\n        consumer.Subscribe(\"orders\");\n        while (!token.IsCancellationRequested) {\n            var result = consumer.Consume(token);\n            try { db.Lines.Add(new Line { Id = Guid.NewGuid(), Sku = result.Message.Key }); await db.SaveChangesAsync(); }\n            catch (Exception e) { Console.WriteLine(e); }\n        }\n    }\n}\n";

/// A program that registers a consumer with these settings.
fn registers(settings: &str) -> String {
    format!(
        "using Confluent.Kafka;\nusing Orders;\nvar builder = Host.CreateApplicationBuilder(args);\nbuilder.Services.AddSingleton<IConsumer<string, string>>(_ =>\n    new ConsumerBuilder<string, string>(new ConsumerConfig {{ GroupId = \"orders\"{settings} }}).Build());\nbuilder.Services.AddHostedService<Worker>();\nbuilder.Build().Run();\n"
    )
}

#[test]
fn a_consumer_of_the_container_is_judged_where_it_takes_messages() {
    let found = |settings: &str| {
        told(&["message-queue/"], &[("Orders/Program.cs", &registers(settings)), ("Orders/Worker.cs", WORKER)])
    };
    assert_eq!(
        found(""),
        [
            "early-acknowledgement Worker.cs:10",
            "missing-dead-letter Worker.cs:10",
            "non-idempotent-consumer Worker.cs:10"
        ]
    );
    // The settings in the registration are those of the consumer.
    let manual = found(", EnableAutoCommit = false");
    assert!(!manual.iter().any(|f| f.starts_with("early")), "{manual:?}");
    assert!(manual.contains(&"missing-dead-letter Worker.cs:10".to_owned()), "{manual:?}");
}

#[test]
fn messages_that_are_sent_by_mail_go_out_twice() {
    let mail = |send: &str| {
        let text = format!(
            "using MassTransit;\nusing System.Net.Mail;\nnamespace Orders;\npublic record OrderPlaced(string OrderId);\npublic interface IMail {{ bool Send(string text); }}\npublic class Mail : IMail {{ public bool Send(string text) {{ var client = new SmtpClient(\"mail\"); {send}; return true; }} }}\npublic class Placed(IMail mail, IMapper mapper) : IConsumer<OrderPlaced> {{\n    public async Task Consume(ConsumeContext<OrderPlaced> context) {{ var text = mapper.Map<string>(context.Message); mail.Send(text); }}\n}}\n"
        );
        told(&["message-queue/"], &[("Orders/Placed.cs", &text)])
    };
    assert_eq!(mail("client.Send(\"a\", \"b\", \"c\", text)"), ["non-idempotent-consumer Placed.cs:7"]);
    assert_eq!(mail("Console.WriteLine(text)"), [""; 0]);
}

#[test]
fn cap_keeps_messages_with_the_data_in_a_transaction_that_it_joins() {
    let place = |begin: &str| {
        let text = format!(
            "using DotNetCore.CAP;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record OrderPlacedV1(string OrderId);\npublic class Order {{ public int Id {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Order> Orders {{ get; set; }} }}\npublic class Place(Db db, ICapPublisher bus) {{\n    public async Task Run() {{\n        {begin}\n        db.Orders.Add(new Order());\n        await db.SaveChangesAsync();\n        await bus.PublishAsync(\"orders.placed\", new OrderPlacedV1(\"1\"));\n    }}\n}}\n"
        );
        let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddCap(x => x.UseEntityFramework<Orders.Db>());\n";
        told(&["message-queue/dual-write"], &[("Orders/Place.cs", &text), ("Orders/Program.cs", program)])
    };
    assert_eq!(place(""), ["dual-write Place.cs:12"]);
    assert_eq!(place("using var all = db.Database.BeginTransaction(bus, autoCommit: true);"), [""; 0]);
    assert_eq!(place("using var own = db.Database.BeginTransaction();"), ["dual-write Place.cs:12"]);
}

#[test]
fn what_a_session_of_marten_saves_is_written() {
    let place = |save: &str| {
        let text = format!(
            "using MassTransit;\nusing Marten;\nnamespace Orders;\npublic record OrderPlacedV1(string OrderId);\npublic class Order {{ public Guid Id {{ get; set; }} }}\npublic class Place(IDocumentSession session, IPublishEndpoint bus) {{\n    public async Task Run() {{\n        session.Store(new Order());\n        {save}\n        await bus.Publish(new OrderPlacedV1(\"1\"));\n    }}\n}}\n"
        );
        told(&["message-queue/"], &[("Orders/Place.cs", &text)])
    };
    assert_eq!(place("await session.SaveChangesAsync();"), ["dual-write Place.cs:10"]);
    assert_eq!(place(""), [""; 0]);
}

#[test]
fn types_stand_in_files_of_any_name() {
    let text = "using MassTransit;\nusing Orders.Contracts;\nnamespace Orders;\npublic class Place(IPublishEndpoint bus) { public Task Run() => bus.Publish(new OrderPlaced(\"1\")); }\n";
    let events = |version: &str| {
        let events = format!("namespace Orders.Contracts;\npublic record OrderPlaced(string OrderId{version});\n");
        told(&["event-schema/"], &[("Orders/Place.cs", text), ("Orders/Contracts/Events.cs", &events)])
    };
    assert_eq!(events(""), ["unversioned-event Place.cs:4"]);
    assert_eq!(events(", int SchemaVersion = 1"), [""; 0]);
}

#[test]
fn libraries_that_route_by_type_have_a_channel_for_each() {
    let publish = "using MassTransit;\nnamespace Orders;\npublic record OrderPlaced(string OrderId);\npublic class Place(IPublishEndpoint bus) { public Task Run() => bus.Publish(new OrderPlaced(\"1\")); }\n";
    let consume = "using MassTransit;\nnamespace Stock;\npublic record OrderPlaced(string OrderId);\npublic class Placed : IConsumer<OrderPlaced> { public Task Consume(ConsumeContext<OrderPlaced> context) => Task.CompletedTask; }\n";
    assert_eq!(
        shown(&[("Orders/Place.cs", publish), ("Stock/Placed.cs", consume)]),
        ["orders is worker", "stock is worker", "orders > OrderPlaced > stock"]
    );
}

#[test]
fn a_message_without_a_class_goes_out_as_the_type_that_the_call_names() {
    let publish = "using MassTransit;\nnamespace Orders;\npublic interface OrderPlaced { string OrderId { get; } }\npublic class Place(IPublishEndpoint bus) { public Task Run(string id) => bus.Publish<OrderPlaced>(new { OrderId = id }); }\n";
    let consume = "using MassTransit;\nnamespace Stock;\npublic interface OrderPlaced { string OrderId { get; } }\npublic class Placed : IConsumer<OrderPlaced> { public Task Consume(ConsumeContext<OrderPlaced> context) => Task.CompletedTask; }\n";
    let found = shown(&[("Orders/Place.cs", publish), ("Stock/Placed.cs", consume)]);
    assert_eq!(found, ["orders is worker", "stock is worker", "orders > OrderPlaced > stock"]);
}

#[test]
fn classes_that_inherit_how_messages_are_handled_consume_what_they_name() {
    let publish = "using MassTransit;\nnamespace Orders;\npublic record OrderPlaced(string OrderId);\npublic class Place(IPublishEndpoint bus) { public Task Run() => bus.Publish(new OrderPlaced(\"1\")); }\n";
    let shared = "using MassTransit;\nnamespace Shared;\npublic abstract class Base<TDb, TMessage> : IConsumer<TMessage> where TMessage : class { public Task Consume(ConsumeContext<TMessage> context) => Handle(context.Message); protected abstract Task Handle(TMessage message); }\npublic abstract class Named<T> : Base<string, T> where T : class { }\n";
    let consume = "using Shared;\nnamespace Stock;\npublic record OrderPlaced(string OrderId);\npublic class Placed : Named<OrderPlaced> { protected override Task Handle(OrderPlaced message) => Task.CompletedTask; }\n";
    let files = [("Orders/Place.cs", publish), ("Shared/Base.cs", shared), ("Stock/Placed.cs", consume)];
    assert_eq!(shown(&files), ["orders is worker", "stock is worker", "orders > OrderPlaced > stock"]);
}

#[test]
fn a_topic_of_dapr_is_the_channel_and_not_the_component() {
    let publish = "using Dapr.Client;\nnamespace Orders;\npublic record OrderPlaced(string OrderId);\npublic class Place(DaprClient dapr) { public Task Run() => dapr.PublishEventAsync(\"pubsub\", \"orders\", new OrderPlaced(\"1\")); }\n";
    let consume = "using Dapr;\nnamespace Stock;\npublic class PlacedController : ControllerBase { [Topic(\"pubsub\", \"orders\")] [HttpPost(\"placed\")] public void Placed(string order) {} }\n";
    let found = shown(&[("Orders/Place.cs", publish), ("Stock/PlacedController.cs", consume)]);
    assert!(found.contains(&"orders > orders > stock".to_owned()), "{found:?}");
}

#[test]
fn a_generic_host_is_a_worker_and_its_settings_are_read() {
    let program = |end: &str| {
        format!(
            "using Orders;\nIHost host = Host\n    .CreateDefaultBuilder(args)\n    .ConfigureServices((context, services) =>\n    {{\n        services.AddTransient<Lines>(_ => new Lines(context.Configuration.GetConnectionString(\"Orders\")));\n    }})\n    {end}\n    .Build();\nawait host.RunAsync();\n"
        )
    };
    let lines = "using Microsoft.Data.SqlClient;\nnamespace Orders;\npublic class Lines {\n    private readonly string _address;\n    public Lines(string address) { _address = address; }\n    public SqlConnection Open() => new SqlConnection(_address);\n}\n";
    let settings = "{ \"ConnectionStrings\": { \"Orders\": \"server=sql;database=Orders;user id=sa;password=x\" } }";
    let files = |program: &str| {
        crate::dotnet_stores::stores(&[
            ("docker-compose.yml", COMPOSE),
            ("Orders/Dockerfile", DOCKER),
            ("Orders/Program.cs", program),
            ("Orders/Lines.cs", lines),
            ("Orders/appsettings.json", settings),
        ])
    };
    assert_eq!(files(&program(".UseConsoleLifetime()")), ["mssql sql/Orders store by orders"]);
    let host = program(".UseConsoleLifetime()");
    assert_eq!(shown(&[("Orders/Program.cs", &host)])[0], "orders is worker");
    let web = program(".ConfigureWebHostDefaults(web => web.UseStartup<Startup>())");
    assert_eq!(shown(&[("Orders/Program.cs", &web)])[0], "orders is http");
}

#[test]
fn a_project_that_is_used_as_a_package_runs_in_the_services_that_name_it() {
    let bus = "using RabbitMQ.Client;\nnamespace Shop.Messaging;\npublic class Bus(IChannel channel) { public async Task Send(byte[] body) => await channel.BasicPublishAsync(\"orders\", \"\", true, new BasicProperties { Persistent = true }, body); }\n";
    let by = |reference: &str| {
        let project = format!("<Project Sdk=\"Microsoft.NET.Sdk\"><ItemGroup>{reference}</ItemGroup></Project>\n");
        let outcome = support::told::checked(&[
            ("docker-compose.yml", COMPOSE),
            ("Orders/Dockerfile", DOCKER),
            ("Orders/Orders.csproj", project.as_str()),
            ("Orders/Program.cs", "await Host.CreateApplicationBuilder(args).Build().RunAsync();\n"),
            (
                "Messaging/Messaging.csproj",
                "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><PackageId>Shop.Messaging</PackageId></PropertyGroup></Project>\n",
            ),
            ("Messaging/Bus.cs", bus),
        ]);
        let found = outcome.findings.iter().find(|f| f.rule.ends_with("unconfirmed-publish")).unwrap();
        found.services.clone()
    };
    assert_eq!(by("<PackageReference Include=\"Shop.Messaging\" Version=\"1.0.0\" />"), ["orders"]);
    assert_eq!(by("<PackageReference Include=\"Serilog\" />"), [""; 0]);
}

#[test]
fn processes_of_one_context_share_a_database_however_their_names_are_spelled() {
    let compose = |second: &str| {
        format!(
            "services:\n  stockcontrolapi:\n    build: ./StockControlApi\n  {}:\n    build: ./{second}\n  sql:\n    image: mcr.microsoft.com/mssql/server\n",
            second.to_lowercase()
        )
    };
    let program = "using Microsoft.EntityFrameworkCore;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddDbContext<Db>(o => o.UseSqlServer(builder.Configuration.GetConnectionString(\"Stock\")));\nbuilder.Build().Run();\npublic class Db : DbContext {}\n";
    let settings =
        "{ \"ConnectionStrings\": { \"Stock\": \"server=sql;database=StockControl;user id=sa;password=x\" } }";
    let found = |second: &str| {
        let compose = compose(second);
        let path = |file: &str| format!("{second}/{file}");
        let (docker, code, json) = (path("Dockerfile"), path("Program.cs"), path("appsettings.json"));
        told(
            &["data-ownership/"],
            &[
                ("docker-compose.yml", &compose),
                ("StockControlApi/Dockerfile", DOCKER),
                ("StockControlApi/Program.cs", program),
                ("StockControlApi/appsettings.json", settings),
                (&docker, DOCKER),
                (&code, program),
                (&json, settings),
            ],
        )
    };
    assert_eq!(found("StockControlEventHandler"), [""; 0]);
    assert_eq!(found("BillingApi").len(), 1);
}

#[test]
fn a_producer_of_the_container_has_the_settings_of_its_registration() {
    let place = "using Confluent.Kafka;\nnamespace Orders;\npublic class Place(IProducer<string, string> producer) {\n    public async Task Run() => await producer.ProduceAsync(\"orders\", new Message<string, string> { Value = \"{}\" });\n}\n";
    let found = |settings: &str, types: &str| {
        let program = format!(
            "using Confluent.Kafka;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddSingleton{types}(_ => new ProducerBuilder<string, string>(new ProducerConfig {{ {settings} }}).Build());\n"
        );
        let all = told(&["message-queue/"], &[("Orders/Program.cs", &program), ("Orders/Place.cs", place)]);
        all.into_iter().filter(|f| f.starts_with("unconfirmed")).collect::<Vec<_>>()
    };
    let typed = "<IProducer<string, string>>";
    assert_eq!(found("Acks = Acks.None", typed), ["unconfirmed-publish Place.cs:4"]);
    assert_eq!(found("Acks = Acks.None", ""), ["unconfirmed-publish Place.cs:4"]);
    assert_eq!(found("Acks = Acks.All", typed), [""; 0]);
    assert_eq!(found("BootstrapServers = \"kafka\"", typed), [""; 0]);
}

#[test]
fn what_is_told_to_a_trace_hides_nothing_of_a_handler() {
    let traced = WORKER
        .replace("Console.WriteLine(e);", "System.Diagnostics.Activity.Current?.SetStatus(1); trace?.AddException(e);");
    let found = told(&["message-queue/"], &[("Orders/Program.cs", &registers("")), ("Orders/Worker.cs", &traced)]);
    assert!(found.contains(&"missing-dead-letter Worker.cs:10".to_owned()), "{found:?}");
}

#[test]
fn a_dockerfile_may_lie_above_the_project_that_it_builds() {
    let docker =
        |name: &str| format!("FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"{name}.dll\"]\n");
    let program =
        "var app = WebApplication.CreateBuilder(args).Build();\napp.MapGet(\"/orders\", () => 1);\napp.Run();\n";
    let project = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n";
    let services = |library: &str| {
        let graph = graph(&[
            ("Orders/Dockerfile", &docker(library)),
            ("Orders/Orders.Api/Orders.Api.csproj", project),
            ("Orders/Orders.Api/Program.cs", program),
            ("Orders/Orders.Core/Orders.Core.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>\n"),
            ("Orders/Orders.Core/Order.cs", "public class Order {}\n"),
            ("Stock/Dockerfile", &docker("Stock")),
            ("Stock/Stock.csproj", project),
            ("Stock/Program.cs", program),
        ]);
        let services = graph["services"].as_array().unwrap().iter();
        services.map(|s| s["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(services("Orders.Api"), ["Orders", "Stock"]);
    assert_eq!(services("Elsewhere"), ["Stock"]);
}

#[test]
fn what_is_counted_hides_nothing_of_a_handler() {
    let counted = WORKER.replace("Console.WriteLine(e);", "metrics.Failed();").replace(
        "IConsumer<string, string> consumer, Db db",
        "IConsumer<string, string> consumer, Db db, IMetrics metrics",
    );
    let metrics = "using System.Diagnostics.Metrics;\nnamespace Orders;\npublic interface IMetrics { void Failed(); }\npublic class Metrics : IMetrics {\n    private readonly Counter<long> _failures;\n    public Metrics(Meter meter) { _failures = meter.CreateCounter<long>(\"failures\"); }\n    public void Failed() { _failures.Add(1); }\n}\n";
    let files = [
        ("Orders/Program.cs", registers("")),
        ("Orders/Worker.cs", counted),
        ("Orders/Metrics.cs", metrics.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let found = told(&["message-queue/"], &files);
    assert!(found.contains(&"missing-dead-letter Worker.cs:10".to_owned()), "{found:?}");
}
