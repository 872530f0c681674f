//! `graph --format json` lists the calls between services with target, method, path, file and line.
use crate::support::graph;

const PYTHON: &str = "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"main.py\"]\n";
const NODE: &str = "FROM node:22\nCOPY . .\nCMD [\"node\", \"main.js\"]\n";

fn calls(files: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(files);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let call = |c: &serde_json::Value| {
        let (from, to, method) = (text(&c["from"]), text(&c["to"]), text(&c["method"]));
        format!("{from} -> {to} {method} {} {}:{}", text(&c["path"]), text(&c["file"]), c["line"])
    };
    graph["calls"].as_array().unwrap().iter().map(call).collect()
}

#[test]
fn addresses_come_from_variables_settings_base_urls_and_names_in_the_cluster() {
    let found = calls(&[
        (
            "compose.yaml",
            r#"services:
  gateway:
    build: ./gateway
    environment:
      ORDERS_URL: http://orders:8000
  orders:
    build: ./orders
    environment:
      USERS_HOST: users
  users:
    build: ./users
    ports: ["9001:8000"]
"#,
        ),
        ("users/Dockerfile", PYTHON),
        ("users/requirements.txt", "fastapi\n"),
        ("users/main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
        ("orders/Dockerfile", PYTHON),
        ("orders/requirements.txt", "fastapi\nhttpx\n"),
        (
            "orders/settings.py",
            "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    users_url: str = \"http://users:8000/api\"\nsettings = Settings()\n",
        ),
        (
            "orders/main.py",
            r#"import os
import httpx
import requests
from fastapi import FastAPI
from settings import settings
app = FastAPI()
USERS = f"http://{os.environ['USERS_HOST']}:{os.getenv('USERS_PORT', '8000')}"
client = httpx.AsyncClient(base_url=settings.users_url)

def get(path):
    return requests.get(USERS + path, timeout=2)

@app.get("/orders/{id}")
async def order(id: int):
    get(f"/users/{id}")
    get("/users")
    await client.post("/users", json={})
    requests.delete("http://users.shop.svc.cluster.local:8000/users/%s" % id, timeout=1)
    requests.put("http://localhost:9001/x", timeout=1)
    requests.get("https://api.stripe.com/v1", timeout=1)
"#,
        ),
        ("gateway/Dockerfile", NODE),
        (
            "gateway/package.json",
            r#"{"name":"gateway","main":"main.js","dependencies":{"express":"4","http-proxy-middleware":"2","axios":"1"}}"#,
        ),
        (
            "gateway/main.js",
            r#"const express = require('express')
const axios = require('axios')
const { createProxyMiddleware } = require('http-proxy-middleware')
const app = express()
const users = axios.create({ baseURL: process.env.USERS_URL || 'http://users:8000', timeout: 1000 })
app.use('/orders', createProxyMiddleware({ target: process.env.ORDERS_URL, changeOrigin: true }))
const routes = { '/u': 'http://users:8000' }
app.use('/multi', createProxyMiddleware({ target: 'http://users:8000', pathRewrite: { '^/multi': '' } }))
app.get('/me/:id', async (req, res) => {
  const me = await users.get(`/users/${req.params.id}`)
  const o = await fetch(`${process.env.ORDERS_URL}/orders/${req.params.id}`, { method: 'POST' })
  await axios({ method: 'patch', url: 'http://orders:8000' + '/x/' + req.params.id, timeout: 3 })
  res.json(me)
})
app.listen(3000)
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "gateway -> orders - - gateway/main.js:6",
            "gateway -> orders PATCH /x/{} gateway/main.js:12",
            "gateway -> orders POST /orders/{} gateway/main.js:11",
            "gateway -> users - - gateway/main.js:8",
            "gateway -> users GET /users/{} gateway/main.js:10",
            "orders -> users DELETE /users/{} orders/main.py:18",
            "orders -> users GET /{} orders/main.py:11",
            "orders -> users POST /api/users orders/main.py:17",
            "orders -> users PUT /x orders/main.py:19",
        ]
    );
}

#[test]
fn strings_that_javascript_puts_together_are_addresses() {
    let found = calls(&[
        ("compose.yaml", "services:\n  web:\n    build: ./web\n  catalogue:\n    build: ./catalogue\n"),
        ("catalogue/Dockerfile", NODE),
        ("catalogue/package.json", r#"{"name":"catalogue","main":"main.js","dependencies":{"express":"4"}}"#),
        ("catalogue/main.js", "require('express')().listen(80)\n"),
        ("web/Dockerfile", NODE),
        ("web/package.json", r#"{"name":"web","main":"main.js","dependencies":{"express":"4","request":"2"}}"#),
        (
            "web/main.js",
            r#"
const util = require('util')
const request = require('request')
const app = require('express')()
const where = { items: util.format('http://catalogue:%s', 80), tags: 'http://catalogue/' + encodeURIComponent(name()) }
app.get('/items*', (req, res) => {
  request.get(where.items + req.url.toString()).pipe(res)
  request.get(where.tags, () => {})
})
"#,
        ),
    ]);
    assert_eq!(found, ["web -> catalogue GET /{} web/main.js:7", "web -> catalogue GET /{} web/main.js:8"]);
}

#[test]
fn objects_of_one_wrapper_keep_their_addresses() {
    let found = calls(&[
        (
            "compose.yaml",
            "services:\n  web:\n    build: ./web\n  users:\n    build: ./users\n  stock:\n    build: ./stock\n",
        ),
        ("users/Dockerfile", NODE),
        ("users/package.json", r#"{"name":"users","main":"main.js","dependencies":{"express":"4"}}"#),
        ("users/main.js", "require('express')().listen(80)\n"),
        ("stock/Dockerfile", NODE),
        ("stock/package.json", r#"{"name":"stock","main":"main.js","dependencies":{"express":"4"}}"#),
        ("stock/main.js", "require('express')().listen(80)\n"),
        ("web/Dockerfile", NODE),
        ("web/package.json", r#"{"name":"web","main":"main.ts","dependencies":{"express":"4","axios":"1"}}"#),
        (
            "web/main.ts",
            r#"import axios from 'axios';
import express from 'express';

class Client {
  http;
  constructor(baseURL: string) {
    this.http = axios.create({ baseURL, timeout: 1000 });
  }
  get(path: string) {
    return this.http.get(path);
  }
}

const users = new Client('http://users');
const stock = new Client('http://stock');
const app = express();
app.get('/', async () => {
  await users.get('/users/1');
  await stock.get('/items');
});
app.listen(80);
"#,
        ),
    ]);
    assert_eq!(found, ["web -> stock GET /items web/main.ts:19", "web -> users GET /users/1 web/main.ts:18"]);
}

#[test]
fn an_address_in_a_field_is_what_the_constructor_gets_in_go() {
    const GO: &str = "FROM golang:1.24\nCOPY . .\nRUN go build -o /app .\nCMD [\"/app\"]\n";
    let found = calls(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: ./orders\n    environment:\n      STOCK_URL: http://stock:8080\n  stock:\n    build: ./stock\n  edge:\n    build: ./edge\n    environment:\n      STOCK_URL: http://stock:8080\n",
        ),
        ("orders/Dockerfile", GO),
        ("orders/go.mod", "module example.com/orders\n"),
        (
            "orders/main.go",
            r#"package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
)

type stockClient struct {
	baseURL string
	client  *http.Client
}

func newStockClient(baseURL string) *stockClient {
	return &stockClient{baseURL: baseURL, client: &http.Client{}}
}

func (c *stockClient) get(ctx context.Context, id string) error {
	url := fmt.Sprintf("%s/items/%s", c.baseURL, id)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	_, err = c.client.Do(req)
	return err
}

func getEnv(key, fallback string) string {
	if value, ok := os.LookupEnv(key); ok {
		return value
	}
	return fallback
}

func main() {
	client := newStockClient(getEnv("STOCK_URL", "http://localhost:8080"))
	client.get(context.Background(), "1")
	http.ListenAndServe(":8080", nil)
}
"#,
        ),
        ("stock/Dockerfile", GO),
        ("stock/go.mod", "module example.com/stock\n"),
        (
            "stock/main.go",
            "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":8080\", nil) }\n",
        ),
        ("edge/Dockerfile", GO),
        ("edge/go.mod", "module example.com/edge\n"),
        (
            "edge/main.go",
            r#"package main

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func proxy(target string) http.Handler {
	to, _ := url.Parse(target)
	return httputil.NewSingleHostReverseProxy(to)
}

func main() {
	for path, target := range map[string]string{"/stock/": os.Getenv("STOCK_URL")} {
		http.Handle(path, proxy(target))
	}
	grpc.NewClient("orders:50051", grpc.WithTransportCredentials(insecure.NewCredentials()))
	http.ListenAndServe(":8080", nil)
}
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "edge -> orders - - edge/main.go:22",
            "edge -> stock - - edge/main.go:15",
            "orders -> stock GET /items/{} orders/main.go:25"
        ]
    );
}

#[test]
fn on_one_machine_the_configured_port_tells_who_listens() {
    let pom = "<project><artifactId>a</artifactId><dependencies><dependency><artifactId>micronaut-http-server-netty</artifactId></dependency></dependencies></project>";
    let app = "package a\nimport io.micronaut.runtime.Micronaut.build\nfun main(args: Array<String>) { build().args(*args).start() }\n";
    let port = |port: u16| format!("micronaut:\n  application:\n    name: app{port}\n  server:\n    port: {port}\n");
    let found = calls(&[
        ("shop/pom.xml", pom),
        ("shop/src/main/kotlin/a/App.kt", app),
        ("shop/src/main/resources/application.yml", &port(8082)),
        (
            "shop/src/main/kotlin/a/Cars.kt",
            "package a\nimport io.micronaut.http.annotation.Get\nimport io.micronaut.http.client.annotation.Client\n@Client(\"http://localhost:8081\")\ninterface Cars {\n  @Get(\"/cars/{id}\")\n  fun car(id: Long): String\n}\n",
        ),
        (
            "shop/src/main/kotlin/a/Sale.kt",
            "package a\nclass Sale(private val cars: Cars) {\n  fun sell(id: Long) = cars.car(id)\n}\n",
        ),
        ("cars/pom.xml", pom),
        ("cars/src/main/kotlin/a/App.kt", app),
        ("cars/src/main/resources/application.yml", &port(8081)),
    ]);
    assert_eq!(found, ["shop -> cars GET /cars/{id} shop/src/main/kotlin/a/Sale.kt:3"]);
}

const WEB: &str = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n";
const PROGRAM: &str = "var app = WebApplication.CreateBuilder(args).Build();\napp.Run();\n";

#[test]
fn routes_of_ocelot_lead_to_the_ports_that_projects_listen_on() {
    let found = calls(&[
        ("Gateway/Gateway.csproj", WEB),
        (
            "Gateway/Program.cs",
            "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddOcelot();\nvar app = builder.Build();\nawait app.UseOcelot();\napp.Run();\n",
        ),
        (
            "Gateway/ocelot.json",
            r#"{
  "Routes": [
    // one route
    {
      "DownstreamPathTemplate": "/api/orders/{id}",
      "DownstreamHostAndPorts": [ { "Host": "localhost", "Port": 7195 } ],
      "UpstreamPathTemplate": "/orders/{id}",
      "UpstreamHttpMethod": [ "Get", "Delete" ]
    },
    {
      "DownstreamPathTemplate": "/api/parcels/{everything}",
      "DownstreamHostAndPorts": [ { "Host": "localhost", "Port": 7195 } ],
      "UpstreamPathTemplate": "/parcels/{everything}",
      "UpstreamHttpMethod": [ "Post" ]
    }
  ]
}
"#,
        ),
        ("Orders/Orders.csproj", WEB),
        ("Orders/Program.cs", PROGRAM),
        (
            "Orders/Properties/launchSettings.json",
            r#"{"profiles": {"Orders": {"applicationUrl": "https://localhost:7195;http://localhost:5195"}}}"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "Gateway -> Orders DELETE /api/orders/{} Gateway/ocelot.json:5",
            "Gateway -> Orders GET /api/orders/{} Gateway/ocelot.json:5",
            "Gateway -> Orders POST /api/parcels{} Gateway/ocelot.json:11"
        ]
    );
}

#[test]
fn clusters_of_yarp_lead_to_projects_by_their_names_in_the_aspire_host() {
    let found = calls(&[
        ("AppHost/AppHost.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><IsAspireHost>true</IsAspireHost></Project>\n"),
        (
            "AppHost/Program.cs",
            "var builder = DistributedApplication.CreateBuilder(args);\nvar orders = builder.AddProject<Projects.Shop_Orders>(\"orders-api\");\nbuilder.AddProject<Projects.Shop_Gateway>(\"gateway\").WithReference(orders);\nbuilder.Build().Run();\n",
        ),
        (
            "docker-compose.yml",
            "services:\n  orders.api:\n    build:\n      context: .\n      dockerfile: Shop.Orders/Dockerfile\n",
        ),
        (
            "Shop.Orders/Dockerfile",
            "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nCOPY Shop.Orders/ .\nENTRYPOINT [\"dotnet\", \"Shop.Orders.dll\"]\n",
        ),
        ("Shop.Orders/Shop.Orders.csproj", WEB),
        ("Shop.Orders/Program.cs", PROGRAM),
        ("Shop.Gateway/Shop.Gateway.csproj", WEB),
        (
            "Shop.Gateway/Program.cs",
            "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddReverseProxy();\nvar app = builder.Build();\napp.MapReverseProxy();\napp.Run();\n",
        ),
        (
            "Shop.Gateway/appsettings.json",
            r#"{
  "ReverseProxy": {
    "Routes": { "orders": { "ClusterId": "orders", "Match": { "Path": "/api/orders/{**catch-all}" } } },
    "Clusters": { "orders": { "Destinations": { "one": { "Address": "https+http://orders-api" } } } }
  }
}
"#,
        ),
    ]);
    assert_eq!(found, ["gateway -> orders.api - - Shop.Gateway/appsettings.json:4"]);
}

#[test]
fn a_reference_in_the_aspire_host_is_a_call_where_the_request_itself_is_not_seen() {
    let found = calls(&[
        ("AppHost/AppHost.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><IsAspireHost>true</IsAspireHost></Project>\n"),
        (
            "AppHost/Program.cs",
            "var builder = DistributedApplication.CreateBuilder(args);\nvar orders = builder.AddProject<Projects.Shop_Orders>(\"orders\");\nbuilder.AddProject<Projects.Shop_Web>(\"web\")\n    .WithReference(orders);\nbuilder.Build().Run();\n",
        ),
        ("Shop.Orders/Shop.Orders.csproj", WEB),
        ("Shop.Orders/Program.cs", PROGRAM),
        ("Shop.Web/Shop.Web.csproj", WEB),
        ("Shop.Web/Program.cs", PROGRAM),
    ]);
    assert_eq!(found, ["web -> orders - - AppHost/Program.cs:3"]);
}

#[test]
fn without_any_container_the_port_on_this_machine_leads_to_who_listens_there() {
    let package = |name: &str| {
        format!("{{\"name\":\"{name}\",\"main\":\"main.js\",\"dependencies\":{{\"express\":\"4\",\"axios\":\"1\"}}}}")
    };
    let server = |port: &str| {
        format!(
            "const express = require('express')\nconst app = express()\nconst PORT = process.env.PORT || {port}\napp.get('/', (req, res) => res.end())\napp.listen(PORT)\n"
        )
    };
    let (catalog, orders, users) = (package("catalog"), package("orders"), package("users"));
    let (of_catalog, of_users) = (server("5000"), server("5001"));
    let client = "const axios = require('axios')\nconst express = require('express')\nconst app = express()\nconst CATALOG = process.env.CATALOG_URL || 'http://localhost:5000'\napp.get('/orders/:id', async () => axios.get(`${CATALOG}/products/1`, { timeout: 1000 }))\napp.get('/me', async () => axios.get('http://127.0.0.1:5001/me', { timeout: 1000 }))\napp.listen({ port: 5002 })\n";
    let found = calls(&[
        ("catalog/package.json", &catalog),
        ("catalog/main.js", &of_catalog),
        ("orders/package.json", &orders),
        ("orders/main.js", client),
        ("users/package.json", &users),
        ("users/main.js", &of_users),
    ]);
    assert_eq!(
        found,
        ["orders -> catalog GET /products/1 orders/main.js:5", "orders -> users GET /me orders/main.js:6"]
    );
}

#[test]
fn routes_of_yarp_are_joined_across_the_files_of_its_environments() {
    let settings = r#"{ "ReverseProxy": { "Routes": {
        "read": { "ClusterId": "orders", "Match": { "Path": "/orders/{**rest}", "Methods": ["GET"] } },
        "login": { "ClusterId": "identity", "Match": { "Path": "api/login" } } } } }"#;
    let addresses = r#"{ "Services": { "identity": { "https": ["localhost:7101"] } },
      "ReverseProxy": { "Clusters": {
        "orders": { "Destinations": { "one": { "Address": "https://localhost:7195" } } },
        "identity": { "Destinations": { "one": { "Address": "https://identity" } } } } } }"#;
    let ports = |port: u32| format!(r#"{{"profiles": {{"https": {{"applicationUrl": "https://localhost:{port}"}}}}}}"#);
    let gateway = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection(\"ReverseProxy\"));\nvar app = builder.Build();\napp.MapReverseProxy();\napp.Run();\n";
    let graph = graph(&[
        ("Gateway/Gateway.csproj", WEB),
        ("Gateway/Program.cs", gateway),
        ("Gateway/appsettings.json", settings),
        ("Gateway/appsettings.Development.json", addresses),
        ("Orders/Orders.csproj", WEB),
        ("Orders/Program.cs", PROGRAM),
        ("Orders/Properties/launchSettings.json", &ports(7195)),
        ("Users/Users.csproj", WEB),
        ("Users/Program.cs", PROGRAM),
        ("Users/Properties/launchSettings.json", &ports(7101)),
    ]);
    let calls: Vec<String> =
        graph["calls"].as_array().unwrap().iter().map(|c| format!("{} -> {}", c["from"], c["to"])).collect();
    assert_eq!(calls, ["\"Gateway\" -> \"Orders\"", "\"Gateway\" -> \"Users\""]);
    let gateway = &graph["services"].as_array().unwrap()[0];
    let endpoint = |e: &serde_json::Value| format!("{} {} {}:{}", e["method"], e["path"], e["file"], e["line"]);
    let routes: Vec<String> = gateway["endpoints"].as_array().unwrap().iter().map(endpoint).collect();
    assert_eq!(
        routes,
        [r#""*" "/api/login" "Gateway/appsettings.json":3"#, r#""GET" "/orders/{*rest}" "Gateway/appsettings.json":2"#]
    );
    assert_eq!(gateway["health"]["verdict"], "missing", "it answers nothing but what it passes on");
}

/// A gateway lets through what it is asked; that a service answers other methods is no mistake of its own. A path
/// without a host goes wherever the client's address leads, not to a service that is called like its beginning.
#[test]
fn what_a_gateway_hands_on_and_paths_without_a_host_are_no_unknown_operations() {
    let gateway = r#"{"Routes": [{"DownstreamPathTemplate": "/orders/{id}", "DownstreamHostAndPorts": [{"Host": "localhost", "Port": 7195}], "UpstreamPathTemplate": "/orders/{id}", "UpstreamHttpMethod": ["Get", "Delete", "Options"]}]}"#;
    let client = |address: &str| {
        format!(
            "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddOcelot();\nvar app = builder.Build();\nawait app.UseOcelot();\napp.Run();\npublic class Client {{ private readonly HttpClient _http; public Client(HttpClient http) {{ _http = http; }} public Task<HttpResponseMessage> Ask() => _http.GetAsync(\"{address}\"); }}\n"
        )
    };
    let told = |address: &str| {
        let folder = crate::support::folder(&[
            ("Gateway/Gateway.csproj", WEB),
            ("Gateway/Program.cs", &client(address)),
            ("Gateway/ocelot.json", gateway),
            ("Orders/Orders.csproj", WEB),
            (
                "Orders/Program.cs",
                "var app = WebApplication.CreateBuilder(args).Build();\napp.MapGet(\"/orders/{id}\", (string id) => id);\napp.Run();\n",
            ),
            (
                "Orders/Properties/launchSettings.json",
                r#"{"profiles": {"Orders": {"applicationUrl": "http://localhost:7195"}}}"#,
            ),
        ]);
        let arguments = ["lint", "--rule", "api-contract/unknown-operation", "--output", "concise"];
        let run = crate::support::skillcheck_in(folder.path(), &arguments);
        run.stdout.lines().filter(|line| line.contains("unknown-operation")).count()
    };
    assert_eq!(told("orders/bills"), 0);
    assert_eq!(told("http://orders/bills"), 1);
}

#[test]
fn a_file_of_ocelot_that_nothing_loads_leads_nowhere() {
    let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Configuration.AddJsonFile($\"ocelot.{builder.Environment.EnvironmentName}.json\");\nbuilder.Services.AddOcelot();\nvar app = builder.Build();\nawait app.UseOcelot();\napp.Run();\n";
    let routes = r#"{ "Routes": [ { "DownstreamPathTemplate": "/api", "DownstreamHostAndPorts": [ { "Host": "localhost", "Port": 7195 } ], "UpstreamPathTemplate": "/api", "UpstreamHttpMethod": [ "Get" ] } ] }"#;
    let found = |file: &str| {
        calls(&[
            ("Gateway/Gateway.csproj", WEB),
            ("Gateway/Program.cs", program),
            (file, routes),
            ("Orders/Orders.csproj", WEB),
            ("Orders/Program.cs", PROGRAM),
            (
                "Orders/Properties/launchSettings.json",
                r#"{"profiles": {"Orders": {"applicationUrl": "https://localhost:7195"}}}"#,
            ),
        ])
    };
    let docker = "Gateway/ocelot.Docker.json";
    assert_eq!(found(docker), [format!("Gateway -> Orders GET /api {docker}:1")]);
    assert_eq!(found("Gateway/old-ocelot.json"), [""; 0]);
}

#[test]
fn options_may_be_the_top_of_the_settings() {
    let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.Configure<Peers>(builder.Configuration);\nbuilder.Services.AddHttpClient<Stock>();\nvar app = builder.Build();\napp.Run();\npublic class Peers { public string StockUrl { get; set; } }\npublic class Stock {\n    private readonly HttpClient _http;\n    public Stock(HttpClient http, IOptions<Peers> peers) { _http = http; _http.BaseAddress = new Uri(peers.Value.StockUrl); }\n    public Task Get(string id) => _http.GetAsync($\"/items/{id}\");\n}\n";
    let found = calls(&[
        ("Orders/Orders.csproj", WEB),
        ("Orders/Program.cs", program),
        ("Orders/appsettings.json", r#"{ "StockUrl": "https://localhost:7101" }"#),
        ("Stock/Stock.csproj", WEB),
        ("Stock/Program.cs", PROGRAM),
        (
            "Stock/Properties/launchSettings.json",
            r#"{"profiles": {"Stock": {"applicationUrl": "https://localhost:7101"}}}"#,
        ),
    ]);
    assert_eq!(found, ["Orders -> Stock GET /items/{} Orders/Program.cs:10"]);
}

#[test]
fn requests_by_a_pattern_lead_to_the_service_that_answers_it() {
    let manifest = "{\"dependencies\":{\"@nestjs/core\":\"11\",\"@nestjs/microservices\":\"11\"}}";
    let main = "import { NestFactory } from '@nestjs/core';\nimport { Transport } from '@nestjs/microservices';\nimport { AppModule } from './app.module';\nasync function bootstrap() {\n  const app = await NestFactory.createMicroservice(AppModule, { transport: Transport.TCP, options: { host: '0.0.0.0', port: 4000 } });\n  await app.listen();\n}\nbootstrap();\n";
    let controller = |methods: &str| {
        format!(
            "import {{ Controller }} from '@nestjs/common';\nimport {{ EventPattern, MessagePattern }} from '@nestjs/microservices';\nimport {{ STOCK }} from './patterns';\n@Controller()\nexport class AppController {{\n{methods}}}\n"
        )
    };
    let patterns =
        "export const STOCK = { take: { cmd: 'take', role: 'stock' } };\nexport enum Bill { Make = 'make-bill' }\n";
    let stock = controller(
        "  @MessagePattern(STOCK.take)\n  take() {}\n  @MessagePattern('find')\n  find() {}\n  @EventPattern('moved')\n  moved() {}\n",
    );
    let bills = controller(
        "  @MessagePattern(['make-bill', 'redo-bill'])\n  make() {}\n  @MessagePattern('find')\n  find() {}\n",
    );
    let orders = r"import { Controller, Get, Inject } from '@nestjs/common';
import { ClientProxy } from '@nestjs/microservices';
import { Bill } from './patterns';
@Controller('orders')
export class OrdersController {
  constructor(@Inject('STOCK') private stock: ClientProxy, @Inject('BILLS') private bills: ClientProxy) {}
  @Get()
  all() {
    this.stock.emit('moved', {});
    this.stock.send('find', {});
    this.bills.send('unheard', {});
    this.bills.send('find', {});
    return this.bills.send(Bill.Make, {});
  }
  @Get('one')
  one() {
    return this.stock.send({ role: 'stock', cmd: 'take' }, {});
  }
}
";
    let module = r"import { Module } from '@nestjs/common';
import { ClientProxyFactory, ClientsModule, Transport } from '@nestjs/microservices';
import { OrdersController } from './orders.controller';
@Module({
  imports: [ClientsModule.register([{ name: 'STOCK', transport: Transport.TCP, options: { host: process.env.STOCK_HOST, port: 4000 } }])],
  providers: [{ provide: 'BILLS', useFactory: (config) => ClientProxyFactory.create(config.get('bills')) }],
  controllers: [OrdersController],
})
export class AppModule {}
";
    let http = "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nasync function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n  await app.listen(3000);\n}\nbootstrap();\n";
    let answering = "import { Module } from '@nestjs/common';\nimport { AppController } from './app.controller';\n@Module({ controllers: [AppController] })\nexport class AppModule {}\n";
    let found = calls(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: orders\n    environment: {STOCK_HOST: stock}\n  stock:\n    build: stock\n  bills:\n    build: bills\n",
        ),
        ("orders/Dockerfile", NODE),
        ("orders/package.json", manifest),
        ("orders/src/main.ts", http),
        ("orders/src/app.module.ts", module),
        ("orders/src/patterns.ts", patterns),
        ("orders/src/orders.controller.ts", orders),
        ("stock/Dockerfile", NODE),
        ("stock/package.json", manifest),
        ("stock/src/main.ts", main),
        ("stock/src/app.module.ts", answering),
        ("stock/src/patterns.ts", patterns),
        ("stock/src/app.controller.ts", &stock),
        ("bills/Dockerfile", NODE),
        ("bills/package.json", manifest),
        ("bills/src/main.ts", main),
        ("bills/src/app.module.ts", answering),
        ("bills/src/patterns.ts", patterns),
        ("bills/src/app.controller.ts", &bills),
    ]);
    // Two services answer `find`: where the client connects to decides, and nobody knows it of the other one.
    assert_eq!(
        found,
        [
            "orders -> bills - - orders/src/orders.controller.ts:13",
            "orders -> stock - - orders/src/orders.controller.ts:9",
            "orders -> stock - - orders/src/orders.controller.ts:10",
            "orders -> stock - - orders/src/orders.controller.ts:17",
        ]
    );
}

#[test]
fn clients_of_grpc_lead_to_the_service_that_serves_what_they_name() {
    let manifest = "{\"dependencies\":{\"@nestjs/core\":\"11\",\"@nestjs/microservices\":\"11\"}}";
    let gateway = r"import { Controller, Get, Inject, Module, OnModuleInit } from '@nestjs/common';
import { ClientGrpc, ClientsModule, Transport } from '@nestjs/microservices';
import { NestFactory } from '@nestjs/core';
@Controller('stock')
export class StockController implements OnModuleInit {
  private stock: any;
  private bills: any;
  constructor(@Inject('STOCK') private client: ClientGrpc, @Inject('BILLS') private other: ClientGrpc) {}
  onModuleInit() {
    this.stock = this.client.getService('StockService');
    this.bills = this.other.getService('BillService');
  }
  @Get()
  all() {
    return this.stock.all({});
  }
}
@Module({
  imports: [ClientsModule.register([{ name: 'BILLS', transport: Transport.GRPC, options: { url: 'bills:50051', package: 'bills' } }])],
  controllers: [StockController],
})
export class AppModule {}
async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
";
    let server = |decorated: &str| {
        format!(
            "import {{ Controller, Module }} from '@nestjs/common';\nimport {{ GrpcMethod, Transport }} from '@nestjs/microservices';\nimport {{ NestFactory }} from '@nestjs/core';\nimport {{ BillServiceControllerMethods }} from './bills.pb';\n{decorated}\n@Module({{ controllers: [Served] }})\nexport class AppModule {{}}\nasync function bootstrap() {{\n  const app = await NestFactory.createMicroservice(AppModule, {{ transport: Transport.GRPC, options: {{ package: 'shop' }} }});\n  await app.listen();\n}}\nbootstrap();\n"
        )
    };
    let stock = server("@Controller()\nexport class Served {\n  @GrpcMethod('StockService', 'All')\n  all() {}\n}");
    let bills = server("@Controller()\n@BillServiceControllerMethods()\nexport class Served {\n  all() {}\n}");
    let found = calls(&[
        (
            "compose.yaml",
            "services:\n  gateway:\n    build: gateway\n  stock:\n    build: stock\n  bills:\n    build: bills\n",
        ),
        ("gateway/Dockerfile", NODE),
        ("gateway/package.json", manifest),
        ("gateway/src/main.ts", gateway),
        ("stock/Dockerfile", NODE),
        ("stock/package.json", manifest),
        ("stock/src/main.ts", &stock),
        ("bills/Dockerfile", NODE),
        ("bills/package.json", manifest),
        ("bills/src/main.ts", &bills),
    ]);
    assert_eq!(found, ["gateway -> bills - - gateway/src/main.ts:11", "gateway -> stock - - gateway/src/main.ts:10"]);
}
