//! Routes of C# servers, each framework by an example in the manner of its documentation.

use crate::support::servers::{routes, served};

use skillcheck::extract::routes::{GapKind, HealthKind};

#[test]
fn controllers_compose_templates_and_replace_tokens() {
    let base = r#"
namespace Shop;
[ApiController]
[Route("api/v{version:apiVersion}/[controller]")]
public abstract class ApiControllerBase : ControllerBase
{
    [HttpGet("ping")] public IActionResult Ping() => Ok();
}
"#;
    let orders = r#"
namespace Shop;
public class OrdersController : ApiControllerBase
{
    private const string ById = "{id:guid}";
    [HttpGet] public IEnumerable<Order> List() => [];
    [HttpGet(ById)] public async Task<ActionResult<Order>> Get(Guid id) => Ok();
    [HttpPost("[action]")] public Task<IActionResult> PlaceAsync(Order order) => null;
    [Route("{id}/lines/{line?}"), HttpPut, HttpPatch] public IActionResult Lines(int id) => Ok();
    [HttpDelete("~/admin/orders/{*path}")] public IActionResult Purge() => NoContent();
    [HttpHead("/direct")] public IActionResult Direct() => NoContent();
    [AcceptVerbs("GET", "HEAD"), Route("search")] public IActionResult Search() => Ok();
    [Route("any")] public IActionResult Any() => Ok();
    [NonAction] public void Helper() {}
    private int Count() => 1;
}
[Area("admin"), Route("[area]/[controller]/[action]")]
public class ReportsController : Controller { [HttpGet] public IActionResult Daily() => View(); }
public class Plain { [Obsolete] public void Get() {} }
"#;
    assert_eq!(
        routes(&[("a/ApiControllerBase.cs", base), ("a/OrdersController.cs", orders)]),
        [
            "ANY /api/v{version}/Orders/any",
            "DELETE /admin/orders/{*path}",
            "GET /admin/Reports/Daily",
            "GET /api/v{version}/Orders",
            "GET /api/v{version}/Orders/ping",
            "GET /api/v{version}/Orders/search",
            "GET /api/v{version}/Orders/{id}",
            "HEAD /api/v{version}/Orders/search",
            "HEAD /direct",
            "PATCH /api/v{version}/Orders/{id}/lines/{line}",
            "POST /api/v{version}/Orders/Place",
            "PUT /api/v{version}/Orders/{id}/lines/{line}",
        ]
    );
}

#[test]
fn conventional_routes_need_a_convention() {
    let home = "public class HomeController : Controller { public IActionResult Index() => View(); public ViewResult Privacy() => View(); [HttpPost] public IActionResult Send() => View(); }\n";
    let program =
        |map: &str| format!("var app = WebApplication.CreateBuilder(args).Build();\napp.{map};\napp.Run();\n");
    assert_eq!(routes(&[("a/HomeController.cs", home), ("a/Program.cs", &program("MapControllers()"))]), [""; 0]);
    assert_eq!(
        routes(&[("a/HomeController.cs", home), ("a/Program.cs", &program("MapDefaultControllerRoute()"))]),
        ["GET /Home", "GET /Home/Privacy", "POST /Home/Send"]
    );
}

#[test]
fn minimal_apis_nest_groups_through_variables_and_extension_methods() {
    let program = r#"
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddHealthChecks();
var app = builder.Build();
app.MapHealthChecks("/healthz");
app.MapGet("/", () => "Hello");
app.MapMethods("/both", new[] { "GET", "POST" }, Handle);
var todos = app.MapGroup("/todos").WithTags("x").RequireAuthorization();
todos.MapGet("{id}", Get).WithName("one");
todos.MapGroup("/{id:int}/notes").MapPost("/", Add);
app.MapOrders();
app.MapGroup("/v2").MapOrders();
app.MapHub<Chat>("/chat");
app.Run();
static IResult Get(int id) => Results.Ok();
"#;
    let orders = r#"
namespace Orders;
public static class OrdersApi
{
    public static RouteGroupBuilder MapOrders(this IEndpointRouteBuilder routes)
    {
        var versioned = routes.NewVersionedApi("Orders");
        var group = versioned.MapGroup("api/orders").HasApiVersion(1.0);
        group.MapPut("/cancel", CancelAsync);
        group.MapDelete(pattern: "{id:guid}", handler: CancelAsync);
        return group;
    }
}
"#;
    assert_eq!(
        routes(&[("a/Program.cs", program), ("a/OrdersApi.cs", orders)]),
        [
            "ANY /chat",
            "DELETE /api/orders/{id}",
            "DELETE /v2/api/orders/{id}",
            "GET /",
            "GET /both",
            "GET /healthz",
            "GET /todos/{id}",
            "POST /both",
            "POST /todos/{id}/notes",
            "PUT /api/orders/cancel",
            "PUT /v2/api/orders/cancel",
        ]
    );
}

#[test]
fn startup_classes_and_modules_get_the_application() {
    let startup = r#"
public class Startup
{
    public void Configure(IApplicationBuilder app, IWebHostEnvironment env)
    {
        app.UseHealthChecks("/hc");
        app.UseEndpoints(endpoints =>
        {
            endpoints.MapHealthChecks("/liveness", new HealthCheckOptions());
            endpoints.MapGet("/a", async context => await context.Response.WriteAsync("a"));
            endpoints.MapControllers();
        });
    }
}
"#;
    let module = r#"
public class Basket : ICarterModule { public void AddRoutes(IEndpointRouteBuilder app) { app.MapGet("/basket/{user}", () => 1); } }
public class Catalog : CarterModule
{
    public Catalog() : base("/catalog") {}
    public override void AddRoutes(IEndpointRouteBuilder app) { app.MapPost("/items", () => 1); }
}
"#;
    assert_eq!(
        routes(&[("a/Startup.cs", startup), ("b/Modules.cs", module)]),
        ["GET /a", "GET /basket/{user}", "GET /hc", "GET /liveness", "POST /catalog/items"]
    );
}

#[test]
fn the_page_of_health_checks_is_served_where_its_options_say() {
    let gaps = |call: &str| {
        let program = format!("var app = WebApplication.CreateBuilder(args).Build();\n{call}\napp.Run();\n");
        let served = served(&[("a/Program.cs", program.as_str())]);
        served.gaps.iter().map(|gap| (gap.prefix.clone(), gap.kind)).collect::<Vec<_>>()
    };
    let pages = |path: &str| [(path.to_owned(), GapKind::Pages)];
    assert_eq!(gaps("app.UseHealthChecksUI(options => { options.UIPath = \"/fleet\"; });"), pages("/fleet"));
    assert_eq!(gaps("app.MapHealthChecksUI(options => options.UIPath = \"/fleet\");"), pages("/fleet"));
    assert_eq!(gaps("app.MapHealthChecksUI();"), pages("/healthchecks-ui"));
    assert_eq!(gaps("app.MapHealthChecksUI(options => options.UIPath = Paths.Fleet);"), pages("/"));
}

#[test]
fn fast_endpoints_and_what_libraries_answer() {
    let endpoint = "public class Create : Endpoint<Request, Response> { public override void Configure() { Post(\"/orders/{id}\"); AllowAnonymous(); } }\npublic class All : EndpointWithoutRequest { public override void Configure() { Get(\"orders\", \"sales\"); } }\n";
    let program = "var app = WebApplication.CreateBuilder(args).Build();\napp.UseFastEndpoints(c => { c.Endpoints.RoutePrefix = \"api\"; });\napp.MapReverseProxy();\napp.MapGrpcHealthChecksService();\napp.MapRazorPages();\n";
    let files = [("a/Endpoints.cs", endpoint), ("a/Program.cs", program)];
    assert_eq!(routes(&files), ["GET /api/orders", "GET /api/sales", "POST /api/orders/{id}"]);
    let served = served(&files);
    assert_eq!(served.gaps.iter().map(|g| g.kind).collect::<Vec<_>>(), [GapKind::External, GapKind::Pages]);
    assert_eq!(served.health[0].kind, HealthKind::Grpc);
}

#[test]
fn verbs_that_are_listed_count() {
    let controller = "using Microsoft.AspNetCore.Mvc;\n[ApiController]\n[Route(\"lots\")]\npublic class LotsController : ControllerBase\n{\n    [AcceptVerbs(\"PUT\", \"PATCH\", Route = \"{id}/state\")] public IActionResult State() => Ok();\n}\n";
    assert_eq!(routes(&[("A/Lots.cs", controller)]), ["PATCH /lots/{id}/state", "PUT /lots/{id}/state"]);
    let endpoints = "using FastEndpoints;\npublic class Many : EndpointWithoutRequest\n{\n    public override void Configure() { Verbs(Http.GET, Http.HEAD); Routes(\"/a\", \"/b\"); }\n}\n[HttpDelete(\"/lots/{id}\")]\npublic class Drop : Endpoint<Request> { }\n";
    assert_eq!(routes(&[("A/Many.cs", endpoints)]), ["DELETE /lots/{id}", "GET /a", "GET /b", "HEAD /a", "HEAD /b"]);
}

#[test]
fn extension_methods_that_nothing_calls_register_nothing() {
    let program = |call: &str| format!("var app = WebApplication.CreateBuilder(args).Build();\n{call}\napp.Run();\n");
    let endpoints = "public static class Orders { public static void MapOrders(this IEndpointRouteBuilder app) { app.MapGet(\"/orders\", () => 1); } }\npublic static class Search { public static void MapSearch(this IEndpointRouteBuilder app) { app.MapGet(\"/search\", () => 1); } }\n";
    let found = |call: &str| routes(&[("a/Program.cs", &program(call)), ("a/Endpoints.cs", endpoints)]);
    assert_eq!(found("app.MapOrders();"), ["GET /orders"]);
    assert_eq!(found("app.MapOrders();\napp.UseEndpoints(Search.MapSearch);"), ["GET /orders", "GET /search"]);
    // A library on its own is called by whoever uses it.
    assert_eq!(routes(&[("a/Endpoints.cs", endpoints)]), ["GET /orders ?", "GET /search ?"]);
}

#[test]
fn helpers_of_a_base_controller_are_no_actions() {
    let base = "public abstract class MainController : Controller { protected ActionResult CustomResponse(object result = null) => Ok(result); public IActionResult Version() => Ok(); }\n";
    let orders =
        "public class OrdersController : MainController { public IActionResult Mine() => CustomResponse(); }\n";
    let program =
        "var app = WebApplication.CreateBuilder(args).Build();\napp.MapDefaultControllerRoute();\napp.Run();\n";
    let files = [("shared/MainController.cs", base), ("a/OrdersController.cs", orders), ("a/Program.cs", program)];
    assert_eq!(routes(&files), ["GET /Orders/Mine", "GET /Orders/Version"]);
    // The convention of one process says nothing of the controllers of another one.
    let other = "var app = WebApplication.CreateBuilder(args).Build();\napp.MapControllers();\napp.Run();\n";
    let stock = "public class StockController : Controller { public IActionResult All() => View(); }\n";
    let both = [&files[..], &[("b/StockController.cs", stock), ("b/Program.cs", other)]].concat();
    assert_eq!(routes(&both), ["GET /Orders/Mine", "GET /Orders/Version"]);
    let place = served(&files).routes.iter().map(|r| r.place.file).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(place.len(), 1, "an inherited action is one of the controller that inherits it");
}

#[test]
fn endpoints_that_are_found_by_their_interface_stand_below_the_group_that_is_passed() {
    let endpoint = "public interface IEndpoint { void MapEndpoint(IEndpointRouteBuilder app); }\n";
    let place = "public class Place : IEndpoint { public void MapEndpoint(IEndpointRouteBuilder app) { app.MapPost(\"orders\", () => 1); } }\n";
    let extensions = |each: &str| {
        format!(
            "public static class Endpoints {{\n    public static IApplicationBuilder MapEndpoints(this WebApplication app, RouteGroupBuilder? group = null) {{\n        IEnumerable<IEndpoint> endpoints = app.Services.GetRequiredService<IEnumerable<IEndpoint>>();\n        IEndpointRouteBuilder builder = group is null ? app : group;\n        foreach ({each} endpoint in endpoints) {{ endpoint.MapEndpoint(builder); }}\n        return app;\n    }}\n}}\n"
        )
    };
    let program = |call: &str| {
        format!(
            "var app = WebApplication.CreateBuilder(args).Build();\nvar group = app.MapGroup(\"api/v1\");\n{call}\napp.Run();\n"
        )
    };
    let found = |each: &str, call: &str| {
        let files = [
            ("shared/IEndpoint.cs", endpoint),
            ("shared/Endpoints.cs", &extensions(each)),
            ("a/Place.cs", place),
            ("a/Program.cs", &program(call)),
        ];
        routes(&files)
    };
    assert_eq!(found("IEndpoint", "app.MapEndpoints(group);"), ["POST /api/v1/orders"]);
    assert_eq!(found("var", "app.MapEndpoints(group);"), ["POST /api/v1/orders"]);
    assert_eq!(found("var", "app.MapEndpoints();"), ["POST /orders"]);
    // Another service that calls the same function answers for its own endpoints only.
    let files = [
        ("shared/IEndpoint.cs", endpoint),
        ("shared/Endpoints.cs", &extensions("var")),
        ("a/Place.cs", place),
        ("a/Program.cs", &program("app.MapEndpoints(group);")),
        ("b/Program.cs", &program("app.MapEndpoints();")),
    ];
    assert_eq!(routes(&files), ["POST /api/v1/orders"]);
}

#[test]
fn fast_endpoints_may_be_used_everywhere_in_a_project() {
    let global = "global using FastEndpoints;\n";
    let place = "public class Place : EndpointWithoutRequest { public override void Configure() { Post(\"/orders/{id}\"); } }\n";
    assert_eq!(routes(&[("a/GlobalUsings.cs", global), ("a/Place.cs", place)]), ["POST /orders/{id}"]);
}
