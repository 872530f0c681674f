//! Buses of C# that are started by hand, and namespaces that lie within one of a library.

use skillcheck::rules::Finding;

use crate::support;

/// The findings about messages, sorted, as `rule file:line`.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let base = [
        ("docker-compose.yml", "services:\n  orders:\n    build: ./Orders\n"),
        ("Orders/Dockerfile", "FROM mcr.microsoft.com/dotnet/runtime:9.0\nENTRYPOINT [\"dotnet\", \"Orders.dll\"]\n"),
        ("Orders/Orders.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>\n"),
    ];
    let is_wanted = |f: &Finding| f.rule.starts_with("message-queue/") || f.rule.starts_with("event-schema/");
    support::told::told(&[&base[..], files].concat(), is_wanted).1
}

const CONSUMERS: &str = "using MassTransit;\nnamespace Orders;\npublic record Placed(string Id);\npublic record Paid(string Id);\npublic class PlacedConsumer : IConsumer<Placed> { public Task Consume(ConsumeContext<Placed> context) { Console.WriteLine(context.Message.Id); return Task.CompletedTask; } }\npublic class PaidConsumer(string name) : IConsumer<Paid> { public Task Consume(ConsumeContext<Paid> context) { Console.WriteLine(name); return Task.CompletedTask; } }\n";

#[test]
fn a_bus_that_a_program_starts_by_hand_is_stopped_by_nobody() {
    let run = |behind: &str| {
        let text = format!(
            "using MassTransit;\nnamespace Orders;\npublic class Program {{\npublic static async Task Main() {{\nvar bus = Bus.Factory.CreateUsingRabbitMq(configure => {{\nconfigure.ReceiveEndpoint(\"placed\", e => e.Consumer<PlacedConsumer>());\nconfigure.ReceiveEndpoint(\"paid\", e => {{ e.Consumer(() => new PaidConsumer(\"paid\")); }});\n}});\nawait bus.StartAsync();\n{behind}\n}}\n}}\n"
        );
        told(&[("Orders/Consumers.cs", CONSUMERS), ("Orders/Program.cs", &text)])
    };
    let found = ["missing-graceful-shutdown Program.cs:9"];
    assert_eq!(run("Console.ReadLine();\nawait bus.StopAsync();"), found, "once for both");
    assert_eq!(run("try { await Task.Run(() => Console.ReadKey()); } finally { await bus.StopAsync(); }"), found);
    assert_eq!(run("await done.Task;\nawait bus.StopAsync();"), [""; 0], "it waits for something else");
    assert_eq!(run("Console.CancelKeyPress += (_, e) => stop.Cancel();\nConsole.ReadLine();"), [""; 0]);
}

#[test]
fn a_bus_of_the_container_is_stopped_by_its_host() {
    let text = "using MassTransit;\nnamespace Orders;\npublic class Program {\npublic static async Task Main(string[] args) {\nvar host = Host.CreateDefaultBuilder(args).ConfigureServices(services => services.AddMassTransit(x => x.UsingRabbitMq((context, configure) => {\nconfigure.ReceiveEndpoint(\"placed\", e => e.Consumer<PlacedConsumer>());\n}))).Build();\nawait host.StartAsync();\nConsole.ReadLine();\n}\n}\n";
    assert_eq!(told(&[("Orders/Consumers.cs", CONSUMERS), ("Orders/Program.cs", text)]), [""; 0]);
}

#[test]
fn types_of_a_library_need_no_using_within_its_namespace() {
    let publish = |namespace: &str| {
        let text = format!(
            "using System.Text;\nnamespace {namespace};\npublic class OrderPlaced {{ public string Id {{ get; set; }} }}\npublic class Checkout(IPublishEndpoint publish) {{\npublic Task Run(string id) => publish.Publish<OrderPlaced>(new {{ Id = id }});\n}}\n"
        );
        told(&[("Orders/Checkout.cs", &text)])
    };
    assert_eq!(publish("MassTransit.Samples.Orders"), ["unversioned-event Checkout.cs:5"]);
    assert_eq!(publish("Shop.Orders"), [""; 0], "another `IPublishEndpoint`");
}

#[test]
fn what_is_published_where_nothing_was_written_is_no_second_write() {
    let answer = |save: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record RefusedV1(string Id);\npublic record AcceptedV1(string Id);\npublic class Order {{ public int Id {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Order> Orders {{ get; set; }} }}\npublic class Checkout(Db db, IPublishEndpoint publish) {{\npublic async Task Run(string id) {{\n{save}\nawait publish.Publish(new RefusedV1(id));\n}} else {{\nawait publish.Publish(new AcceptedV1(id));\n}}\n}}\n}}\n"
        );
        told(&[("Orders/Checkout.cs", &text)])
    };
    let (refused, accepted) = ("dual-write Checkout.cs:11", "dual-write Checkout.cs:13");
    assert_eq!(answer("if (await db.SaveChangesAsync() < 1) {"), [accepted]);
    assert_eq!(answer("if (db.SaveChanges() == 0) {"), [accepted]);
    assert_eq!(answer("var saved = await db.SaveChangesAsync() > 0;\nif (!saved) {"), ["dual-write Checkout.cs:14"]);
    assert_eq!(answer("if (await db.SaveChangesAsync() > 0) {"), [refused]);
    assert_eq!(
        answer("await db.SaveChangesAsync();\nif (id == \"\") {"),
        ["dual-write Checkout.cs:12", "dual-write Checkout.cs:14"]
    );
}

#[test]
fn rows_that_a_controller_brings_are_others_than_those_of_the_message() {
    let given = |row: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.AspNetCore.Mvc;\nusing Microsoft.EntityFrameworkCore;\nnamespace Orders;\npublic record Paid(int Order, int Number);\npublic class Entry {{ public int Id {{ get; set; }} public int Order {{ get; set; }} }}\npublic class Db : DbContext {{ public DbSet<Entry> Entries {{ get; set; }} }}\npublic class Book(Db db) {{ public async Task Add(Entry entry) {{ db.Entries.Add(entry); await db.SaveChangesAsync(); }} }}\npublic class Door(Book book) : ControllerBase {{ [HttpPost] public Task Post(Entry entry) => book.Add(entry); }}\npublic class PaidConsumer(Book book) : IConsumer<Paid> {{\npublic Task Consume(ConsumeContext<Paid> context) => book.Add({row});\n}}\n"
        );
        told(&[("Orders/Book.cs", &text)])
    };
    let found = ["non-idempotent-consumer Book.cs:10"];
    assert_eq!(given("new Entry { Order = context.Message.Order }"), found);
    assert_eq!(given("new Entry { Id = context.Message.Number }"), [""; 0], "the key comes from the message");
}
