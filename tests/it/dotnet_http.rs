//! Outgoing HTTP of C# services, as a user sees it: files in, findings out.

use skillcheck::rules::Finding;

use crate::support;

const HOST: &str = "var builder = DistributedApplication.CreateBuilder(args);\nvar orders = builder.AddProject<Projects.Orders>(\"orders\");\nvar stock = builder.AddProject<Projects.Stock>(\"stock\");\nbuilder.Build().Run();\n";
const WEB: &str = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n";

/// The findings about HTTP clients, sorted, as `rule file:line`; and the calls between services.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let base = [
        ("host/AppHost/Program.cs", HOST),
        ("Orders/Orders.csproj", WEB),
        ("Stock/Stock.csproj", WEB),
        (
            "Stock/Program.cs",
            "var app = WebApplication.CreateBuilder(args).Build();\napp.MapHealthChecks(\"/health\");\n",
        ),
    ];
    let is_wanted = |f: &Finding| f.rule.starts_with("rest-client/") && f.rule != "rest-client/hard-coded-address";
    let (outcome, mut out) = support::told::told(&[&base[..], files].concat(), is_wanted);
    out.extend(outcome.system.calls.iter().map(|c| {
        let (method, path) = (c.method.as_deref().unwrap_or("?"), c.path.as_deref().unwrap_or(""));
        format!("{} -> {}: {method} {path}", c.from, c.to)
    }));
    out
}

const CLIENT: &str = "namespace Orders;\npublic interface IStock { Task<string> Get(int id); }\npublic class Stock(HttpClient http) : IStock { public Task<string> Get(int id) => http.GetStringAsync($\"/items/{id}\"); }\n";

/// What is told of a typed client that is registered like this.
fn registered(text: &str) -> Vec<String> {
    let program = format!(
        "using Orders; var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient<IStock, Stock>(c => c.BaseAddress = new Uri(\"http://stock\")){text};\nvar app = builder.Build();\napp.Run();\n"
    );
    told(&[("Orders/Program.cs", &program), ("Orders/Stock.cs", CLIENT)])
}

const CALL: &str = "orders -> stock: GET /items/{}";
const NOTHING: [&str; 4] =
    ["missing-circuit-breaker Program.cs:2", "missing-retry Program.cs:2", "missing-timeout Program.cs:2", CALL];

#[test]
fn a_typed_client_is_judged_by_its_registration() {
    assert_eq!(registered(""), NOTHING);
    assert_eq!(registered(".AddStandardResilienceHandler()"), [CALL]);
    assert_eq!(
        registered(".ConfigureHttpClient(c => c.Timeout = TimeSpan.FromSeconds(3))"),
        ["missing-circuit-breaker Program.cs:2", "missing-retry Program.cs:2", CALL]
    );
    assert_eq!(
        registered(
            ".AddResilienceHandler(\"x\", b => b.AddRetry(new HttpRetryStrategyOptions { MaxRetryAttempts = 3 }).AddTimeout(TimeSpan.FromSeconds(2)))"
        ),
        ["missing-circuit-breaker Program.cs:2", CALL]
    );
}

#[test]
fn another_token_is_no_harm_when_the_first_one_was_lost() {
    let posts = |method: &str| {
        let client = format!(
            "namespace Orders;\npublic interface IStock {{ Task {method}(); }}\npublic class Stock(HttpClient http, IConfiguration settings) : IStock {{ public Task {method}() => http.PostAsync(settings[\"Partner:Address\"], new FormUrlEncodedContent(new Dictionary<string, string>())); }}\n"
        );
        let program = "using Orders; var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient<IStock, Stock>().AddStandardResilienceHandler();\nvar app = builder.Build();\napp.Run();\n";
        let found = told(&[("Orders/Program.cs", program), ("Orders/Stock.cs", &client)]);
        found.into_iter().filter(|f| f.starts_with("unsafe-retry")).collect::<Vec<_>>()
    };
    assert_eq!(posts("Reserve"), ["unsafe-retry Stock.cs:3"]);
    assert_eq!(posts("RequestAccessToken"), [""; 0]);
}

#[test]
fn policies_of_polly_are_read_where_they_are_made() {
    let policies = "namespace Orders;\npublic static class Policies {\n    public static IAsyncPolicy<HttpResponseMessage> Retry() => HttpPolicyExtensions.HandleTransientHttpError().WaitAndRetryAsync(5, n => TimeSpan.FromSeconds(Math.Pow(2, n)));\n    public static IAsyncPolicy<HttpResponseMessage> Break() => HttpPolicyExtensions.HandleTransientHttpError().CircuitBreakerAsync(5, TimeSpan.FromSeconds(30));\n    public static IAsyncPolicy<HttpResponseMessage> Again() => Policy.Handle<HttpRequestException>().RetryForeverAsync();\n}\n";
    let with = |chain: &str| {
        let program = format!(
            "using Orders;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient<IStock, Stock>(c => c.BaseAddress = new Uri(\"http://stock\")){chain};\n"
        );
        told(&[("Orders/Program.cs", &program), ("Orders/Stock.cs", CLIENT), ("Orders/Policies.cs", policies)])
    };
    assert_eq!(
        with(".AddPolicyHandler(Policies.Retry()).AddPolicyHandler(Policies.Break())"),
        ["missing-timeout Program.cs:3", CALL]
    );
    assert_eq!(
        with(
            ".AddTransientHttpErrorPolicy(p => p.WaitAndRetryAsync(3, _ => TimeSpan.FromMilliseconds(600))).AddPolicyHandler(Policies.Break()).AddPolicyHandler(Policy.TimeoutAsync<HttpResponseMessage>(5))"
        ),
        ["retry-without-backoff Program.cs:3", CALL]
    );
    assert_eq!(
        with(".AddPolicyHandler(Policies.Again()).AddPolicyHandler(Policies.Break())"),
        ["missing-timeout Program.cs:3", "retry-without-backoff Policies.cs:5", "unbounded-retry Policies.cs:5", CALL]
    );
}

#[test]
fn defaults_of_a_shared_project_count_for_the_services_that_call_them() {
    let defaults = "namespace Microsoft.Extensions.Hosting;\npublic static class Extensions {\n    public static IHostApplicationBuilder AddServiceDefaults(this IHostApplicationBuilder builder) { builder.Services.ConfigureHttpClientDefaults(http => { http.AddStandardResilienceHandler(); }); return builder; }\n}\n";
    let program = |first: &str| {
        format!(
            "using Orders; var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient<IStock, Stock>(c => c.BaseAddress = new(\"https+http://stock\"));\n{first}\n"
        )
    };
    let library = "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>\n";
    let with = |first: &str| {
        told(&[
            ("Orders/Program.cs", &program(first)),
            ("Orders/Stock.cs", CLIENT),
            ("Defaults/Defaults.csproj", library),
            ("Defaults/Extensions.cs", defaults),
        ])
    };
    assert_eq!(with("builder.AddServiceDefaults();"), [CALL]);
    assert_eq!(with(""), NOTHING);
}

#[test]
fn named_clients_and_plain_ones() {
    let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient(\"stock\", c => { c.BaseAddress = new Uri(\"http://stock\"); c.Timeout = TimeSpan.FromSeconds(3); }).AddPolicyHandler(Policy.Handle<Exception>().RetryAsync(3).WrapAsync(Policy.Handle<Exception>().CircuitBreakerAsync(3, TimeSpan.FromSeconds(1))));\n";
    let service = "namespace Orders;\npublic class A(IHttpClientFactory factory) {\n    public async Task Put() { var client = factory.CreateClient(\"stock\"); await client.PutAsync(\"/items/1\", null); }\n    public async Task Other() { var client = factory.CreateClient(); await client.GetAsync(\"http://stock/other\"); }\n    private static readonly HttpClient Own = new HttpClient { Timeout = TimeSpan.FromSeconds(1) };\n    public Task Plain() => Own.GetAsync(\"http://stock/plain\");\n}\n";
    assert_eq!(
        told(&[("Orders/Program.cs", program), ("Orders/A.cs", service)]),
        [
            "missing-circuit-breaker A.cs:4",
            "missing-circuit-breaker A.cs:5",
            "missing-retry A.cs:4",
            "missing-retry A.cs:5",
            "missing-timeout A.cs:4",
            "retry-without-backoff Program.cs:2",
            "orders -> stock: GET /other",
            "orders -> stock: GET /plain",
            "orders -> stock: PUT /items/1",
        ]
    );
}

#[test]
fn a_pipeline_around_the_call_protects_it() {
    let with = |body: &str| {
        let class = format!(
            "namespace Orders;\npublic class A {{\n    private readonly HttpClient _http = new HttpClient();\n    private readonly ResiliencePipeline _pipeline = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions {{ BackoffType = DelayBackoffType.Exponential }}).AddCircuitBreaker(new()).AddTimeout(TimeSpan.FromSeconds(1)).Build();\n    {body}\n}}\n"
        );
        told(&[("Orders/A.cs", &class)])
    };
    assert_eq!(
        with(
            "public Task<string> Get() => _pipeline.ExecuteAsync(async ct => await _http.GetStringAsync(\"http://stock/a\", ct));"
        ),
        ["orders -> stock: GET /a"]
    );
    assert_eq!(
        with(
            "public async Task Send() { var message = new HttpRequestMessage(HttpMethod.Post, \"http://stock/b\"); using var cts = new CancellationTokenSource(TimeSpan.FromSeconds(2)); await _http.SendAsync(message, cts.Token); }"
        ),
        ["missing-circuit-breaker A.cs:3", "missing-retry A.cs:3", "orders -> stock: POST /b"]
    );
}

#[test]
fn interfaces_of_refit_and_strings_of_flurl_are_clients() {
    let program = "using Orders; var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddRefitClient<IStockApi>().ConfigureHttpClient(c => c.BaseAddress = new Uri(\"http://stock\"));\n";
    let api = "using Refit;\nnamespace Orders;\npublic interface IStockApi { [Get(\"/items/{id}\")] Task<string> Item(int id); }\npublic class Use(IStockApi api) { public Task<string> F() => api.Item(1); }\n";
    assert_eq!(
        told(&[("Orders/Program.cs", program), ("Orders/Api.cs", api)]),
        [
            "missing-circuit-breaker Program.cs:2",
            "missing-retry Program.cs:2",
            "missing-timeout Program.cs:2",
            "orders -> stock: GET /items/{id}",
        ]
    );
    let flurl = "using Flurl.Http;\nnamespace Orders;\npublic class F {\n    public Task<string> A() => \"http://stock/a\".GetStringAsync();\n    public Task<string> B() => \"http://stock\".AppendPathSegment(\"b\").WithTimeout(3).GetJsonAsync<string>();\n}\n";
    assert_eq!(
        told(&[("Orders/F.cs", flurl)])[..5],
        [
            "missing-circuit-breaker F.cs:4",
            "missing-circuit-breaker F.cs:5",
            "missing-retry F.cs:4",
            "missing-retry F.cs:5",
            "missing-timeout F.cs:4",
        ]
    );
}

#[test]
fn an_interface_of_refit_is_used_in_pages_where_the_project_names_the_package_once() {
    let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddRefitClient<IStockApi>().ConfigureHttpClient(c => c.BaseAddress = new Uri(\"http://stock\"));\n";
    let api = "namespace Orders.Services;\npublic interface IStockApi {\n    [Post(\"/items\")]\n    Task<string> Add(string item);\n}\n";
    let page = "namespace Orders.Pages;\npublic class Index(IStockApi api) : PageModel { public async Task OnPost() => await api.Add(\"a\"); }\n";
    let found = told(&[
        ("Orders/GlobalUsings.cs", "global using Refit;\nglobal using Orders.Services;\n"),
        ("Orders/Program.cs", program),
        ("Orders/Services/IStockApi.cs", api),
        ("Orders/Pages/Index.cshtml.cs", page),
    ]);
    assert_eq!(found.last().map(String::as_str), Some("orders -> stock: POST /items"), "{found:?}");
}

#[test]
fn functions_that_pass_their_own_parameters_on_have_an_end() {
    let class = "namespace Orders;\npublic static class Extensions {\n    public static Task<string> Fetch(this HttpClient http, string url) { url = url + url; return http.Fetch(url) ?? http.GetStringAsync(url); }\n}\npublic class A(HttpClient http) { public Task<string> F(string path) => http.Fetch(path); }\n";
    assert_eq!(told(&[("Orders/A.cs", class)]), [""; 0]);
}

#[test]
fn clients_of_derived_classes_are_used_through_their_base() {
    let base = "namespace Orders;\npublic class ApiBase {\n    private HttpClient HttpClient { get; }\n    protected ApiBase(HttpClient client) { HttpClient = client; }\n    protected async Task<string> Send(HttpRequestMessage message) { var answer = await HttpClient.SendAsync(message); return await answer.Content.ReadAsStringAsync(); }\n}\npublic interface IItems { Task<string> Get(); }\npublic class Items(HttpClient client) : ApiBase(client), IItems { public Task<string> Get() => Send(new HttpRequestMessage(HttpMethod.Get, \"/items\")); }\npublic interface IShelves { Task<string> Get(); }\npublic class Shelves(HttpClient client) : ApiBase(client), IShelves { public Task<string> Get() => Send(new HttpRequestMessage(HttpMethod.Get, \"/shelves\")); }\n";
    let program = "using Orders;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient<IItems, Items>(c => c.Timeout = TimeSpan.FromSeconds(3));\nbuilder.Services.AddHttpClient<IShelves, Shelves>(c => c.Timeout = TimeSpan.FromSeconds(3));\nvar app = builder.Build();\napp.Run();\n";
    let found = told(&[("Orders/Program.cs", program), ("Orders/ApiBase.cs", base)]);
    let of = |rule: &str| found.iter().filter(|f| f.starts_with(rule)).cloned().collect::<Vec<_>>();
    assert_eq!(
        of("missing-circuit-breaker"),
        ["missing-circuit-breaker Program.cs:3", "missing-circuit-breaker Program.cs:4"]
    );
    assert_eq!(of("missing-timeout"), [""; 0]);
}

#[test]
fn dapr_makes_clients_of_other_applications() {
    let program = "using Dapr.Client;\nusing Orders;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddSingleton<Stock>(_ => new Stock(DaprClient.CreateInvokeHttpClient(\"stock\")));\nvar app = builder.Build();\napp.Run();\n";
    let client = "namespace Orders;\npublic class Stock { private HttpClient _client; public Stock(HttpClient client) { _client = client; }\npublic Task<string> Get(int id) => _client.GetStringAsync($\"items/{id}\"); }\n";
    let found = told(&[("Orders/Program.cs", program), ("Orders/Stock.cs", client)]);
    assert!(found.contains(&"missing-timeout Program.cs:4".to_string()), "{found:?}");
}

#[test]
fn an_address_is_looked_up_in_the_environment_and_then_in_the_settings() {
    let program = "using Orders; var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient<IStock, Stock>(c => c.BaseAddress = new Uri(Environment.GetEnvironmentVariable(\"Stock__Url\") ?? builder.Configuration[\"Stock:Url\"]!));\nvar app = builder.Build();\napp.Run();\n";
    let settings = "{ \"Stock\": { \"Url\": \"http://stock\" } }\n";
    let files = [("Orders/Program.cs", program), ("Orders/Stock.cs", CLIENT), ("Orders/appsettings.json", settings)];
    assert!(told(&files).contains(&CALL.to_string()));
}

#[test]
fn channels_of_grpc_lead_to_services() {
    let program = "using Grpc.Net.Client;\nvar builder = WebApplication.CreateBuilder(args);\nvar channel = GrpcChannel.ForAddress(builder.Configuration[\"Stock\"]);\nvar app = builder.Build();\napp.Run();\n";
    let found =
        told(&[("Orders/Program.cs", program), ("Orders/appsettings.json", "{ \"Stock\": \"http://stock\" }\n")]);
    assert!(found.contains(&"orders -> stock: ? ".to_string()), "{found:?}");
}

#[test]
fn an_address_may_be_set_after_the_client_was_made() {
    let gateway = |method: &str| {
        let text = format!(
            "namespace Orders;\npublic class Gateway(IHttpClientFactory clients, IConfiguration configuration) {{\n    public async Task<string> Get() {{ {method} }}\n}}\n"
        );
        let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient();\nbuilder.Build().Run();\n";
        let settings = "{ \"Stock\": \"http://stock\" }";
        let found = told(&[
            ("Orders/Program.cs", program),
            ("Orders/Gateway.cs", &text),
            ("Orders/appsettings.json", settings),
        ]);
        found.into_iter().filter(|f| f.contains("->")).collect::<Vec<_>>()
    };
    let made =
        "var http = clients.CreateClient(); http.BaseAddress = new Uri(configuration.GetValue<string>(\"Stock\")!);";
    let found = ["orders -> stock: GET /items"];
    assert_eq!(gateway(&format!("{made} return await http.GetStringAsync(\"/items\");")), found);
    assert_eq!(gateway(&format!("{made} return await http.GetStringAsync(\"items\");")), found);
    let set = format!("{made} return await http.GetStringAsync(configuration.GetValue(\"Path\", \"/items\"));");
    assert_eq!(gateway(&set), found);
    let other = "var http = clients.CreateClient(); var peer = clients.CreateClient(); peer.BaseAddress = new Uri(\"http://stock\"); return await http.GetStringAsync(\"/items\");";
    assert_eq!(gateway(other), [""; 0], "another client's address");
}

#[test]
fn chains_and_objects_that_stand_for_a_request_have_a_path() {
    let calls = |text: &str| {
        let text = format!("using RestSharp;\nnamespace Orders;\npublic class Peer {{\n{text}\n}}\n");
        let found = told(&[("Orders/Peer.cs", &text)]);
        found.into_iter().filter(|f| f.contains("->")).collect::<Vec<_>>()
    };
    let flurl = |chain: &str| {
        let text = format!(
            "using Flurl;\nusing Flurl.Http;\nnamespace Orders;\npublic class Peer {{ public Task<string> Get(int id) => {chain}.GetStringAsync(); }}\n"
        );
        let found = told(&[("Orders/Peer.cs", &text)]);
        found.into_iter().filter(|f| f.contains("->")).collect::<Vec<_>>()
    };
    assert_eq!(
        flurl("\"http://stock\".AppendPathSegment(\"items\").AppendPathSegments(id, \"lines\").WithTimeout(3)"),
        ["orders -> stock: GET /items/{}/lines"]
    );
    assert_eq!(flurl("\"http://stock\".Somewhere()"), ["orders -> stock: GET /{}"]);
    let rest = "private readonly RestClient _http = new RestClient(new RestClientOptions(\"http://stock\"));\npublic async Task Put() { var request = new RestRequest(\"items/{id}\", Method.Put); await _http.ExecuteAsync(request); }\npublic async Task<string> Get() => await _http.GetAsync<string>(new RestRequest(\"items\"));";
    assert_eq!(calls(rest), ["orders -> stock: GET /items", "orders -> stock: PUT /items/{id}"]);
}

#[test]
fn a_client_of_rest_sharp_is_told_its_limit_in_the_options() {
    let client = |options: &str| {
        let text = format!(
            "using RestSharp;\nnamespace Orders;\npublic class Peer {{\nprivate readonly RestClient _http = new RestClient(new RestClientOptions(\"http://stock\"){options});\npublic async Task<string> Get() => await _http.GetAsync<string>(new RestRequest(\"items\"));\n}}\n"
        );
        let found = told(&[("Orders/Peer.cs", &text)]);
        found.into_iter().any(|f| f.starts_with("missing-timeout"))
    };
    assert!(!client(" { Timeout = TimeSpan.FromSeconds(3) }"));
}

#[test]
fn a_client_that_a_constructor_is_given_is_the_one_that_sends() {
    let peer = "namespace Orders;\npublic class Peer {\n    private readonly HttpClient _http;\n    public Peer(HttpClient http) { _http = http; }\n    public async Task<string> Get() { return await _http.GetStringAsync(\"items\"); }\n}\n";
    let found = |made: &str| {
        let program = format!(
            "using Dapr.Client;\nusing Orders;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddSingleton<Peer>(_ => new Peer({made}));\nbuilder.Build().Run();\n"
        );
        told(&[("Orders/Program.cs", &program), ("Orders/Peer.cs", peer)])
    };
    let plain = found("new HttpClient { BaseAddress = new Uri(\"http://stock\"), Timeout = TimeSpan.FromSeconds(2) }");
    assert_eq!(
        plain,
        ["missing-circuit-breaker Program.cs:4", "missing-retry Program.cs:4", "orders -> stock: GET /items"]
    );
    let dapr = found("DaprClient.CreateInvokeHttpClient(\"stock\")");
    assert!(dapr.contains(&"missing-timeout Program.cs:4".to_owned()), "{dapr:?}");
    assert!(dapr.contains(&"orders -> stock: GET /items".to_owned()), "{dapr:?}");
}

#[test]
fn a_factory_alone_makes_no_client() {
    let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHttpClient();\n";
    let service = |set: &str| {
        let text = format!(
            "namespace Orders;\npublic class Prices(IHttpClientFactory factory) {{\n    public async Task<string> Get() {{\n        var client = factory.CreateClient();\n        {set}\n        return await client.GetStringAsync(\"http://stock/prices\");\n    }}\n}}\n"
        );
        let mut found = told(&[("Orders/Program.cs", program), ("Orders/Prices.cs", &text)]);
        found.retain(|line| line.starts_with("missing"));
        found
    };
    let others = ["missing-circuit-breaker Prices.cs:4", "missing-retry Prices.cs:4"];
    assert_eq!(service(""), [&others[..], &["missing-timeout Prices.cs:4"]].concat());
    assert_eq!(service("client.Timeout = TimeSpan.FromSeconds(3);"), others);
}
