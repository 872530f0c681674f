//! What a module contains after lowering: one snapshot a sample, and what hostile texts do.

use proptest::prelude::*;

use super::lower;
use crate::facts::dump::dump;
use crate::facts::module::ExprKind;
use crate::facts::walk::testing::{cases, check, samples, texts};
use crate::syntax::code::ParseRefusal;

samples! {
    usings_and_namespaces: r#"
global using System.Net.Http;
using Acme.Orders.Domain;
using static Acme.Topics;
using Json = System.Text.Json.JsonSerializer;
using global::Acme.Common;
namespace Acme.Orders { namespace Api { class A {} } class B {} }
"#;
    file_scoped_namespace: r#"
namespace Acme.Orders.Api;
public sealed class Orders<T> : Base<T>, IOrders where T : class, new() {}
"#;
    controller: r#"
[ApiController, Route("api/[controller]")]
public class OrdersController(IOrders orders, ILogger<OrdersController> logger) : ControllerBase
{
    [HttpGet("{id:int}", Name = "get")]
    [ProducesResponseType(typeof(Order), 200)]
    public async Task<ActionResult<Order>> Get([FromRoute] int id, CancellationToken ct = default)
        => Ok(await orders.FindAsync(id, ct));
    [HttpPost] public IActionResult Post([FromBody] Order order) { logger.LogInformation("x"); return NotFound(); }
}
"#;
    constructors: r#"
class A : B {
    private readonly HttpClient _client;
    public A(HttpClient client, string url = "http://b") : base(url) { _client = client ?? throw new ArgumentNullException(nameof(client)); }
    public A() : this(new HttpClient()) {}
    static A() => Init();
    ~A() { Close(); }
}
"#;
    records: r#"
public record OrderCreated(Guid Id, [property: Key] string Name) : IntegrationEvent(Id), IEvent { public int N { get; init; } = 1; }
public readonly record struct Money(decimal Amount);
struct P { public int X; }
"#;
    properties_and_fields: r#"
class A {
    public const string Topic = "orders", Other = "x";
    private static readonly Dictionary<string, int> Map = new() { ["a"] = 1, ["b"] = Two() };
    public string Url { get; set; } = "http://b";
    [Required] public string? Name { get; init; }
    public int Size => items.Count();
    public int Full { get { return Load(); } set { Save(value); } }
    public string this[int i] => items[i];
    public event EventHandler<Args> Changed;
    HttpClient client = new(handler) { Timeout = TimeSpan.FromSeconds(5) };
}
"#;
    enums_interfaces_delegates: r#"
[Flags] enum Status { Created = 1, [Description("p")] Paid, Sent = Created << 2 }
interface IOrders : IDisposable { Task<Order> Find(int id); int Count { get; } void Log() => Write(); }
delegate Task Handler<T>(T message, CancellationToken ct);
"#;
    nested_types: r#"
class A { enum Kind { X } class B { void F() { new C(); } class C {} } record D(int X); }
"#;
    extension_methods: r#"
static class Extensions {
    public static IHostApplicationBuilder AddDefaults(this IHostApplicationBuilder builder, params string[] names) { builder.Services.AddHttpClient(); return builder; }
}
"#;
    object_and_collection_initialisers: r#"
var a = new Order { Id = 1, Lines = { new Line(2) }, Address = { City = "x" } };
var b = new List<string> { "a", F() };
var c = new Dictionary<string, int> { { "a", 1 }, { "b", 2 } };
var d = new ConsumerConfig(settings) { GroupId = "g" };
var e = new { id, Name = f(), order.Total };
int[] g = { 1, 2 }, h = new int[N()], i = new[] { 3 };
List<int> j = [1, ..g];
Foo k = new();
Send(new() { X = 1 });
var l = new string[] { "a" };
"#;
    top_level_statements: r#"
using Acme;
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddHttpClient<IBasket, Basket>(o => o.BaseAddress = new("http://basket-api"))
    .AddStandardResilienceHandler();
var app = builder.Build();
app.MapGet("/orders/{id}", async (int id, [FromServices] Db db) => await db.Orders.FindAsync(id));
app.MapGroup("/api").MapPost("/", Create);
await app.RunAsync();
static IResult Create(Order order) => Results.Ok();
class Marker {}
"#;
    calls_and_chains: r#"
class A { async Task F() {
    await this.client!.GetAsync($"{url}/x").ConfigureAwait(false);
    var x = a?.B()?.C[0]?.D ?? e;
    services.Configure<Options>(cfg.GetSection("X")).AddScoped<IA, A>();
    base.F(); Get<int>(name: "n", out var y, ref z, in w);
    cfg["Url"] = cfg.GetValue<string>("Y"); m[1, 2] = 3;
    global::Acme.X.Run(); int.Parse("1");
    (await G()).H(); ((IA)b).I(); (b as IA)!.J();
} }
"#;
    strings: r####"
var a = "tab\t\u0041\"";
var b = @"c:\x ""q""";
var c = $"http://{host}:{port:D4}/{{x}}/{(ok ? "a" : "b")}\n";
var d = $@"C:\{name}";
var e = """
    select *
      from t
    """;
var f = $"""raw {x}""";
var g = 'c';
var h = "u8"u8;
var i = "a" + b + 1;
"####;
    numbers_and_operators: r#"
var a = 10_000L + 0xFF - 1.5m * -2;
var b = !c && d || e ?? f;
var g = ~h & i | j ^ 1 << 2;
var k = l == null ? m : default(int);
var n = typeof(Order); var o = nameof(a.B.C); var p = sizeof(int); var q = xs[^1]; var r = xs[1..2];
x ??= y; x += 1; i++; --i; var s = i++;
"#;
    tuples: r#"
var (a, (b, _)) = F();
(c, var d) = (1, G());
(string name, int n) e = ("x", 2);
foreach (var (k, v) in map) { H(k, v); }
(int, string) I() => (1, "a");
_ = J();
"#;
    control_flow: r#"
class A { void F() {
    if (a) B(); else if (c) { D(); } else E();
    for (int i = 0, j = 1; i < N(); i++, j--) { G(i); }
    for (;;) { break; }
    while (true) { if (x) continue; await Task.Delay(100); }
    do { H(); } while (I());
    foreach (var x in Items()) J(x);
    await foreach (Order o in stream.WithCancellation(ct)) { K(o); }
    lock (gate) { L(); }
    checked { M(); } unsafe { N(); }
    end: goto end;
} }
"#;
    switches: r#"
class A { int F(object x) {
    switch (x) {
        case 1: case 2: B(); break;
        case string s when s.Length > C(): return 1;
        case Order { Total: > 100 } o: D(o); break;
        case null: default: E(); break;
    }
    switch (Next()) { case "a": return 2; }
    return x switch { 1 or 2 => G(), string { Length: > 3 } s => H(s), not null when I() => 3, _ => throw new X() };
} }
"#;
    patterns: r#"
class A { void F() {
    if (x is Order o && o.Ok()) {}
    if (Get() is { Name: "a", Id: var id } y) {}
    if (await Load() is not null) {}
    if (x is not (1 or 2)) {}
    if (x is [1, .., var z]) {}
    if (x is string) {}
    if (x is null || x.Done && y) {}
    if (x is not null && x.Done) {}
} }
"#;
    try_and_using: r#"
class A { async Task F() {
    using var a = Open();
    try { B(); }
    catch (HttpRequestException e) when (e.StatusCode == Code()) { C(e); throw; }
    catch (Exception) { throw new X("y", e); }
    catch { }
    finally { D(); }
    await using var scope = provider.CreateAsyncScope();
    using (var c = E()) using (G()) { H(c); }
    I(a);
} }
"#;
    lambdas_and_local_functions: r#"
class A { void F() {
    Func<int, int> a = x => x + 1;
    b.Handle(async (m, ct) => { await c.Send(m, ct); });
    d += delegate (object s, Args e) { G(e); };
    var h = static (int x, string y = "z") => Call(x);
    e.Add(x => x.Name = "n");
    int Local(int n) => Local(n - 1);
    async Task Other() { await K(); }
} }
"#;
    linq: r#"
var q = from o in db.Orders
        join c in Customers() on o.Id equals c.Id
        let t = Total(o)
        where t > 3
        orderby o.Date descending
        group o by o.Kind into g
        select new { g.Key, N = g.Count() };
var m = db.Orders.Where(o => o.Id == 1).Select(o => o.Name).ToList();
"#;
    masstransit_consumer: r#"
namespace Acme;
public class OrderConsumer : IConsumer<OrderCreated> {
    public async Task Consume(ConsumeContext<OrderCreated> context) {
        await context.Publish<OrderAccepted>(new { context.Message.OrderId });
    }
}
"#;
    preprocessor: r#"
#region x
class A {
#if DEBUG
    void F() { G(); }
#else
    void F() { H(); }
#endif
    void I() {
#if X
        J();
#endif
        K();
    }
}
#endregion
"#;
    partial_and_generic_members: r#"
partial class A<T> where T : IB { T Make<U>(U u) where U : new() => new T(); public static A<T> operator +(A<T> a, A<T> b) => Add(a, b); public static implicit operator string(A<T> a) => a.ToString(); void IB.Run() {} }
"#;
    iterators_and_events: r#"
class A { IEnumerable<int> F() { yield return G(); yield break; } event Action E { add { H(); } remove { I(); } } }
"#;
    aspire_app_host: r#"
var builder = DistributedApplication.CreateBuilder(args);
var db = builder.AddPostgres("pg").AddDatabase("orders");
builder.AddProject<Projects.Orders_Api>("orders-api").WithReference(db).WithEnvironment("Url", () => x);
builder.Build().Run();
"#;
    syntax_error_keeps_the_rest: r#"
class A { void F( { broken }
  void G() { Kept(); } }
"#;
}

#[test]
fn deep_texts_are_cut_and_said_so() {
    let calls = |text: &str| {
        let module = lower(text).unwrap();
        module.exprs.iter().filter(|e| matches!(e.kind, ExprKind::Call(_))).count()
    };
    assert_eq!(calls(&format!("var a = {};\n", vec!["F()"; 900].join(" + "))), 900);
    assert_eq!(calls(&format!("a{};\n", ".B()".repeat(900))), 900);
    assert_eq!(calls(&"using var x = F();\n".repeat(2_000)), 2_000);
    for text in [
        format!("var a = {}1{};\n", "F(".repeat(900), ")".repeat(900)),
        format!("void F() {{ {}{} }}\n", "if (a) { ".repeat(900), "}".repeat(900)),
        format!("{}{}", "class A { ".repeat(900), "}".repeat(900)),
    ] {
        let module = lower(&text).unwrap();
        assert!(!module.syntax_errors.is_empty(), "{}", &text[..40]);
        dump(&module, &text);
    }
    let too_deep = format!("var a = {}", "(\n".repeat(5_000));
    assert!(matches!(lower(&too_deep), Err(ParseRefusal::TooDeep(_))));
}

/// What the grammar knows.
const WORDS: &[&str] = &[
    "using ",
    "namespace ",
    "class ",
    "record ",
    "interface ",
    "enum ",
    "A",
    "b",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ",",
    ";",
    ":",
    "=",
    "=>",
    "+",
    "?",
    "?.",
    "??",
    "!",
    ".",
    "..",
    "\"x\"",
    "$\"{",
    "}\"",
    "@\"",
    "\"\"\"",
    "'c'",
    "1",
    "is ",
    "as ",
    "not ",
    "or ",
    "switch ",
    "case ",
    "default",
    "when ",
    "new ",
    "new(",
    "await ",
    "async ",
    "static ",
    "public ",
    "this ",
    "base",
    "var ",
    "int ",
    "return ",
    "yield return ",
    "throw ",
    "try ",
    "catch ",
    "finally ",
    "for ",
    "foreach ",
    "in ",
    "while ",
    "if ",
    "else ",
    "lock ",
    "from ",
    "select ",
    "_",
    "#if X\n",
    "#else\n",
    "#endif\n",
    "#region\n",
    "\n",
    "\\",
    "é",
    "😀",
    "//\n",
    "/*",
    "where ",
    "nameof(",
    "out ",
];

#[test]
fn a_list_of_one_name_is_no_syntax_error_where_the_grammar_expects_an_attribute() {
    let module = lower("class A { void F() { route.Methods = [method]; Do([type]); } }").unwrap();
    assert_eq!(module.syntax_errors, []);
    assert_ne!(lower("class A { void F() { x = [; } }").unwrap().syntax_errors, []);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_text_is_lowered_without_a_panic_and_with_spans_inside_it(text in texts(WORDS)) {
        if let Ok(module) = lower(&text) {
            check(&module, &text);
        }
    }
}
