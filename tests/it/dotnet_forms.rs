//! Forms in which C# services are written that lie between a rule and its evidence: files in, findings out.

use skillcheck::rules::Finding;

use crate::support;

const RECORDS: &str = "public class Parcel { public int Id { get; set; } public string Code { get; set; } }\n";

/// The findings about messages of one worker, sorted, as `rule file:line`.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let base = [
        ("docker-compose.yml", "services:\n  depot:\n    build: ./Depot\n"),
        ("Depot/Dockerfile", "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"Depot.dll\"]\n"),
        ("Depot/Depot.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Worker\"></Project>\n"),
    ];
    let is_wanted = |f: &Finding| f.rule.starts_with("message-queue/") || f.rule.starts_with("event-schema/");
    support::told::told(&[&base[..], files].concat(), is_wanted).1
}

#[test]
fn the_context_of_identity_is_one_of_ef_core() {
    let context = |base: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.AspNetCore.Identity;\nusing Microsoft.AspNetCore.Identity.EntityFrameworkCore;\nnamespace Depot;\npublic record ParcelStoredV1(int Id);\n{RECORDS}public class Clerk : IdentityUser {{ }}\npublic class Db : {base} {{ public DbSet<Parcel> Parcels => Set<Parcel>(); }}\npublic class Store(Db db, IPublishEndpoint bus) {{\n    public async Task Run(Parcel parcel) {{\n        db.Parcels.Add(parcel);\n        await db.SaveChangesAsync();\n        await bus.Publish(new ParcelStoredV1(parcel.Id));\n    }}\n}}\n"
        );
        told(&[("Depot/Store.cs", &text)])
    };
    assert_eq!(context("IdentityDbContext<Clerk>"), ["dual-write Store.cs:13"]);
    assert_eq!(context("SomethingElse<Clerk>"), [""; 0]);
}

#[test]
fn the_older_client_of_azure_service_bus_sends_events() {
    let bus = |fields: &str| {
        let text = format!(
            "using Microsoft.Azure.ServiceBus;\nusing Newtonsoft.Json;\nusing System.Text;\nnamespace Depot;\npublic class ParcelStored {{ public int Id {{ get; set; }} {fields} }}\npublic class Topic {{\n    private ITopicClient _topic = new TopicClient(\"x\", \"parcels\");\n    public ITopicClient Open() {{ return _topic; }}\n}}\npublic class Bus(Topic topic) {{\n    public void Publish(ParcelStored stored) {{\n        var json = JsonConvert.SerializeObject(stored);\n        var message = new Message {{ MessageId = Guid.NewGuid().ToString(), Body = Encoding.UTF8.GetBytes(json), Label = \"stored\" }};\n        var client = topic.Open();\n        client.SendAsync(message).GetAwaiter().GetResult();\n    }}\n}}\n"
        );
        told(&[("Depot/Bus.cs", &text)])
    };
    assert_eq!(bus(""), ["unversioned-event Bus.cs:15"]);
    assert_eq!(bus("public int SchemaVersion { get; set; }"), [""; 0]);
}

#[test]
fn handlers_of_the_older_client_of_azure_service_bus_are_consumers() {
    let handler = |options: &str, first: &str| {
        let text = format!(
            "using Microsoft.Azure.ServiceBus;\nusing Microsoft.EntityFrameworkCore;\nnamespace Depot;\n{RECORDS}public class Db : DbContext {{ public DbSet<Parcel> Parcels {{ get; set; }} }}\npublic class Listener {{\n    private readonly QueueClient _queue = new QueueClient(\"x\", \"parcels\");\n    private readonly Db _db;\n    public Listener(Db db) {{ _db = db; }}\n    public void Start() {{\n        _queue.RegisterMessageHandler(Store, new MessageHandlerOptions(Failed) {{ {options} }});\n    }}\n    public Task Stop() {{ return _queue.CloseAsync(); }}\n    private async Task Store(Message message, CancellationToken token) {{\n        {first}\n        _db.Parcels.Add(new Parcel {{ Code = \"new\" }});\n        await _db.SaveChangesAsync();\n    }}\n    private Task Failed(ExceptionReceivedEventArgs args) {{ return Task.CompletedTask; }}\n}}\n"
        );
        told(&[("Depot/Listener.cs", &text)])
    };
    let twice = "non-idempotent-consumer Listener.cs:11";
    assert_eq!(handler("AutoComplete = true", ""), [twice]);
    let early = "await _queue.CompleteAsync(message.SystemProperties.LockToken);";
    assert_eq!(handler("AutoComplete = false", early), ["early-acknowledgement Listener.cs:11", twice]);
}

#[test]
fn domain_events_are_what_the_entities_of_the_process_add() {
    let interceptor = |fields: &str, list: &str| {
        let text = format!(
            "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nusing Microsoft.EntityFrameworkCore.Diagnostics;\nnamespace Depot;\npublic interface IRoot {{ {list} Raised {{ get; }} }}\npublic record ParcelStored(int Id{fields});\npublic abstract class Entity : IRoot {{\n    private readonly List<object> _raised = new();\n    public {list} Raised => _raised.AsReadOnly();\n    protected void Raise(object raised) => _raised.Add(raised);\n}}\npublic class Shelf : Entity {{\n    public int Id {{ get; set; }}\n    public void Store(int id) {{ Raise(new ParcelStored(id)); }}\n}}\npublic class Dispatch(IPublishEndpoint bus) : SaveChangesInterceptor {{\n    public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData data, InterceptionResult<int> result, CancellationToken token = default) {{\n        var roots = data.Context.ChangeTracker.Entries<IRoot>().Select(e => e.Entity).ToList();\n        var raised = roots.SelectMany(r => r.Raised).ToList();\n        foreach (var one in raised) {{\n            await bus.Publish(one, token);\n        }}\n        return result;\n    }}\n}}\n"
        );
        told(&[("Depot/Dispatch.cs", &text)])
    };
    assert_eq!(interceptor("", "IReadOnlyList<object>"), ["unversioned-event Dispatch.cs:21"]);
    assert_eq!(interceptor("", "IReadOnlyCollection<INotification>"), ["unversioned-event Dispatch.cs:21"]);
    assert_eq!(interceptor(", int SchemaVersion = 1", "IReadOnlyList<object>"), [""; 0]);
}

#[test]
fn rows_in_memory_recognise_no_duplicate_after_a_restart() {
    let consumer = |options: &str| {
        let program = format!(
            "using Microsoft.EntityFrameworkCore;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddDbContext<Depot.Db>(o => o.{options});\n"
        );
        let text = format!(
            "using MassTransit;\nusing Microsoft.EntityFrameworkCore;\nnamespace Depot;\npublic record ParcelStored(string Code);\n{RECORDS}public class Db : DbContext {{ public DbSet<Parcel> Parcels {{ get; set; }} }}\npublic class Stored(Db db) : IConsumer<ParcelStored> {{\n    public async Task Consume(ConsumeContext<ParcelStored> context) {{\n        var known = await db.Parcels.FirstOrDefaultAsync(p => p.Code == context.Message.Code);\n        if (known != null) return;\n        db.Parcels.Add(new Parcel {{ Code = context.Message.Code }});\n        await db.SaveChangesAsync();\n    }}\n}}\n"
        );
        told(&[("Depot/Program.cs", &program), ("Depot/Stored.cs", &text)])
    };
    assert_eq!(consumer("UseInMemoryDatabase(\"depot\")"), ["non-idempotent-consumer Stored.cs:7"]);
    assert_eq!(consumer("UseNpgsql(\"Host=db;Database=depot\")"), [""; 0]);
    let either = "Configure(test => { if (test) o.UseInMemoryDatabase(\"depot\"); else o.UseNpgsql(\"Host=db\"); })";
    assert_eq!(consumer(either), [""; 0], "another environment has a database");
}

#[test]
fn steps_that_are_bound_to_a_result_are_those_of_the_function() {
    let place = |steps: &str| {
        let text = format!(
            "using MassTransit;\nusing MongoDB.Driver;\nusing Depot.Results;\nnamespace Depot;\npublic record ParcelStoredV1(string Code);\npublic class Store(IMongoCollection<Parcel> parcels, IPublishEndpoint bus) {{\n    public async Task<Result<Parcel>> Run(Parcel parcel) {{\n        return await Checked(parcel)\n            {steps};\n    }}\n    private Result<Parcel> Checked(Parcel parcel) {{ return parcel; }}\n    private async Task<Result<Parcel>> Save(Parcel parcel) {{ await parcels.InsertOneAsync(parcel); return parcel; }}\n    private async Task<Result<Parcel>> Tell(Parcel parcel) {{ await bus.Publish(new ParcelStoredV1(parcel.Code)); return parcel; }}\n}}\n{RECORDS}"
        );
        told(&[("Depot/Store.cs", &text)])
    };
    let found = ["dual-write Store.cs:8"];
    assert_eq!(place(".Bind(Save)\n            .Bind(Tell)"), found);
    assert_eq!(place(".Bind(x => Save(x))\n            .Then(x => Tell(x))"), ["dual-write Store.cs:10"]);
    assert_eq!(place(".Bind(Tell)"), [""; 0]);
}

#[test]
fn a_key_that_is_made_for_each_message_tells_a_duplicate() {
    let publish = |key: &str| {
        let text = format!(
            "using Confluent.Kafka;\nusing System.Text.Json;\nnamespace Depot;\npublic record ParcelStoredV1(string Code);\npublic class Bus(IProducer<string, string> producer) {{\n    public async Task Publish(ParcelStoredV1 stored) {{\n        await producer.ProduceAsync(\"parcels\", new Message<string, string> {{ Key = {key}, Value = JsonSerializer.Serialize(stored) }});\n    }}\n}}\n"
        );
        told(&[("Depot/Bus.cs", &text)])
    };
    assert_eq!(publish("stored.Code"), ["missing-event-id Bus.cs:7"]);
    assert_eq!(publish("Guid.NewGuid().ToString()"), [""; 0]);
}

#[test]
fn an_id_that_is_made_for_the_event_itself_tells_a_duplicate() {
    let publish = |id: &str| {
        let text = format!(
            "using Confluent.Kafka;\nnamespace Depot;\npublic class StoredV1 {{ public string? Id {{ get; set; }} public string? Code {{ get; set; }} }}\npublic class Bus(IProducer<int, StoredV1> producer) {{\n    public async Task Publish(Parcel parcel) {{\n        await producer.ProduceAsync(\"parcels\", new Message<int, StoredV1> {{ Key = 1, Value = new StoredV1() {{ Id = {id}, Code = parcel.Code }} }});\n    }}\n}}\n"
        );
        told(&[("Depot/Bus.cs", &text)])
    };
    assert_eq!(publish("parcel.Id"), ["missing-event-id Bus.cs:6"]);
    assert_eq!(publish("Guid.NewGuid().ToString()"), [""; 0]);
}

#[test]
fn what_an_aspire_host_starts_in_other_languages_are_services() {
    let host = "var builder = DistributedApplication.CreateBuilder(args);\nvar api = builder.AddProject<Projects.Depot_Api>(\"api\");\nbuilder.AddViteApp(\"desk\", \"../desk\").WithReference(api);\nbuilder.AddNodeApp(\"labels\", \"../labels/server.js\");\nbuilder.AddPythonApp(\"gone\", \"../gone\", \"main.py\");\nbuilder.Build().Run();\n";
    let graph = support::graph(&[
        ("docker-compose.yml", "services:\n  api:\n    build: ./Depot.Api\n"),
        (
            "Depot.Api/Dockerfile",
            "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"Depot.Api.dll\"]\n",
        ),
        ("Depot.Api/Depot.Api.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n"),
        (
            "Depot.Host/Depot.Host.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk\"><IsAspireHost>true</IsAspireHost></Project>\n",
        ),
        ("Depot.Host/AppHost.cs", host),
        (
            "desk/package.json",
            "{\"name\": \"desk\", \"scripts\": {\"dev\": \"vite\"}, \"devDependencies\": {\"vite\": \"7\"}}\n",
        ),
        ("desk/src/main.ts", "console.log(1);\n"),
        ("labels/package.json", "{\"name\": \"labels\"}\n"),
        ("labels/server.js", "require('http').createServer((q, r) => r.end()).listen(80);\n"),
    ]);
    let services = graph["services"].as_array().unwrap().iter();
    let found: Vec<String> =
        services.map(|s| format!("{} in {}", s["name"].as_str().unwrap(), s["root"].as_str().unwrap())).collect();
    assert_eq!(found, ["api in Depot.Api", "desk in desk", "labels in labels"]);
}

#[test]
fn what_a_type_parameter_is_bound_to_is_sent() {
    let bus = |bound: &str, version: &str| {
        let text = format!(
            "using MassTransit;\nnamespace Depot;\npublic interface IEvent {{ Guid EventId {{ get; }} {version} }}\npublic class Bus(IPublishEndpoint bus) {{\n    public async Task Send<T>(T message, string from) {bound} {{\n        await bus.Publish(message);\n    }}\n}}\n"
        );
        told(&[("Depot/Bus.cs", &text)])
    };
    assert_eq!(bus("where T : class, IEvent", ""), ["unversioned-event Bus.cs:6"]);
    assert_eq!(bus("where T : class, IEvent", "int Version { get; }"), [""; 0]);
}

#[test]
fn what_a_guard_hands_on_is_what_the_field_says() {
    let bus = |set: &str, guard: &str| {
        let text = format!(
            "using MassTransit;\nnamespace Depot;\npublic record ParcelStored(int Id);\n{guard}public class Bus {{\n    private readonly IPublishEndpoint _bus;\n    public Bus(IPublishEndpoint bus) {{ _bus = {set}; }}\n    public Task Send(ParcelStored stored) => _bus.Publish(stored);\n}}\n"
        );
        told(&[("Depot/Bus.cs", &text)])
    };
    assert_eq!(bus("bus.ThrowIfNull()", ""), ["unversioned-event Bus.cs:7"]);
    let own = "public static class Guards { public static T ThrowIfNull<T>(this T value) => value; }\n";
    assert_eq!(bus("bus.ThrowIfNull()", own), ["unversioned-event Bus.cs:8"]);
    assert_eq!(bus("Guard.Against.Null(bus, nameof(bus))", ""), ["unversioned-event Bus.cs:7"]);
}

#[test]
fn messages_that_a_request_takes_have_no_consumer() {
    let program =
        |endpoint: &str| format!("using Amazon.SQS;\nvar app = WebApplication.Create();\n{endpoint}\napp.Run();\n");
    let take = "var taken = await sqs.ReceiveMessageAsync(\"queue\");\nforeach (var one in taken.Messages) {\nawait sqs.SendMessageAsync(\"other\", \"again\");\nawait sqs.DeleteMessageAsync(\"queue\", one.ReceiptHandle);\n}\n";
    let is_consumed =
        |text: &str| told(&[("Depot/Program.cs", text)]).iter().any(|f| f.starts_with("non-idempotent-consumer"));
    assert!(!is_consumed(&program(&format!("app.MapPost(\"/redrive\", async (IAmazonSQS sqs) => {{\n{take}}});"))));
    assert!(is_consumed(&program(&format!("var sqs = new AmazonSQSClient();\nwhile (true) {{\n{take}}}"))));
}
