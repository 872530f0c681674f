//! The rules of the skill `service-health` on services of one folder each.

use skillcheck::rules::{self, Finding};
use skillcheck::syntax::{FileId, Place, Span};
use skillcheck::system::System;
use skillcheck::system::services::{Probe, Service, ServiceKind};

/// The findings for one service with this code and these health checks, as `rule: message`.
fn check(sources: &[(&str, &str)], probes: &[&str]) -> Vec<String> {
    findings(sources, probes).iter().map(|f| format!("{}: {}", f.rule, f.message)).collect()
}

fn findings(sources: &[(&str, &str)], probes: &[&str]) -> Vec<Finding> {
    of_kind(ServiceKind::default(), sources, probes)
}

fn of_kind(kind: ServiceKind, sources: &[(&str, &str)], probes: &[&str]) -> Vec<Finding> {
    let compose = Place::new(FileId(900), Span::new(10, 20));
    let probes = probes.iter().map(|command| {
        let words: Vec<String> = command.split_whitespace().map(str::to_string).collect();
        Probe::new(command.to_string(), words, Place::new(FileId(900), Span::new(30, 40)))
    });
    let service =
        Service { name: "orders".into(), kind, place: Some(compose), probes: probes.collect(), ..Service::default() };
    let mut system =
        System { services: vec![service], served: crate::support::servers::served(sources), ..System::default() };
    for i in 0..sources.len() {
        system.owners.insert(FileId(i as u32), vec![0]);
    }
    let mut out = Vec::new();
    for rule in rules::all().iter().filter(|r| r.skill() == "service-health") {
        (rule.check)(&system, &mut out);
    }
    out
}

const NO_HEALTH: &str = r#"
from fastapi import FastAPI
app = FastAPI()

@app.get("/orders/{order_id}/status")
def status(order_id: int): ...
"#;

const PREFIXED: &str = r#"
from fastapi import FastAPI, APIRouter
router = APIRouter(prefix="/api/v1")
app = FastAPI()

@router.get("/health")
def health(): ...

app.include_router(router)
"#;

#[test]
fn an_unknown_prefix_hides_no_health_check_behind_another_name() {
    let code = |path: &str| {
        format!(
            "from fastapi import FastAPI, APIRouter\nimport os\napp = FastAPI()\nrouter = APIRouter(prefix=os.environ[\"BASE\"])\n\n\
             @router.get(\"{path}\")\ndef answer(): ...\n\napp.include_router(router)\n"
        )
    };
    assert_eq!(findings(&[("main.py", &code("/orders"))], &[]).len(), 1);
    assert_eq!(findings(&[("main.py", &code("/status"))], &[]), []);
    assert_eq!(findings(&[("main.py", &code("/{name}"))], &[]), []);
}

#[test]
fn a_server_without_a_health_route_is_reported_where_it_is_declared() {
    let found = findings(&[("main.py", NO_HEALTH)], &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "`orders` serves `GET /orders/{order_id}/status` but no health endpoint");
    assert_eq!(found[0].place.file, FileId(900));
    assert_eq!(found[0].services, ["orders"]);
    assert_eq!(found[0].related[0].place.file, FileId(0));
    assert!(found[0].help.contains("@app.get(\"/health\")"));
}

#[test]
fn a_check_that_only_opens_a_port_is_no_health_endpoint() {
    let found = findings(&[("main.py", NO_HEALTH)], &["nc -z localhost 8000"]);
    assert_eq!(found.len(), 1);
    assert!(found[0].related.iter().any(|r| r.message.contains("only proves that a port is open")));
}

#[test]
fn a_conventional_path_under_any_prefix_is_a_health_endpoint() {
    assert_eq!(check(&[("main.py", PREFIXED)], &[]), [""; 0]);
}

#[test]
fn a_status_below_what_all_routes_share_is_not_told_apart() {
    let code = |paths: &[&str]| {
        let routes: Vec<String> =
            paths.iter().map(|path| format!("@app.get(\"{path}\")\ndef answer(): ...\n")).collect();
        format!("from fastapi import FastAPI\napp = FastAPI()\n\n{}", routes.join("\n"))
    };
    assert_eq!(check(&[("main.py", &code(&["/api/1.0/berths/status", "/api/1.0/berths/free"]))], &[]), [""; 0]);
    assert_eq!(check(&[("main.py", &code(&["/api/berths/status", "/api/ships"]))], &[]).len(), 1);
    assert_eq!(check(&[("main.py", &code(&["/api/berths/status"]))], &[]).len(), 1);
    assert_eq!(check(&[("main.py", &code(&["/berths/pier/status", "/berths/free", "/metrics"]))], &[]).len(), 1);
}

#[test]
fn a_path_that_a_health_check_names_counts_when_it_is_served() {
    let code =
        "from flask import Flask\napp = Flask(__name__)\n\n@app.route(\"/internal/are-you-there\")\ndef there(): ...\n";
    assert_eq!(check(&[("main.py", code)], &["curl -f http://localhost:5000/internal/are-you-there"]), [""; 0]);
    assert_eq!(check(&[("main.py", code)], &[]).len(), 1);
}

#[test]
fn a_probe_that_misses_the_prefix_is_reported_and_the_right_path_named() {
    let found = findings(&[("main.py", PREFIXED)], &["curl -f http://localhost:8000/health"]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, "service-health/probe-without-route");
    assert_eq!(found[0].message, "the health check asks `orders` for `/health`, which it does not serve");
    assert_eq!(found[0].help, "Ask for `/api/v1/health`, or serve `/health`");
    assert_eq!(found[0].place.span, Span::new(30, 40));
    assert_eq!(check(&[("main.py", PREFIXED)], &["curl -f http://localhost:8000/api/v1/health/"]), [""; 0]);
}

#[test]
fn a_probe_of_another_host_is_not_about_this_service() {
    assert_eq!(check(&[("main.py", PREFIXED)], &["curl -f http://payments:8000/health"]), [""; 0]);
    assert_eq!(check(&[("main.py", PREFIXED)], &["curl -f http://orders:8000/health"]).len(), 1);
}

#[test]
fn routes_that_could_not_be_read_make_both_rules_silent() {
    let code = "from fastapi import FastAPI\nfrom gone import prefix, routers\napp = FastAPI()\napp.include_router(routers[0])\n\n@app.get(\"/orders\")\ndef orders(): ...\n";
    assert_eq!(check(&[("main.py", code)], &["curl -f http://localhost:8000/health"]), [""; 0]);
}

#[test]
fn served_files_and_documentation_answer_probes() {
    let express = "const express = require('express');\nconst app = express();\napp.use(express.static('public'));\napp.get('/cart', (req, res) => {});\n";
    assert_eq!(check(&[("server.js", express)], &["curl -f http://localhost:3000/"]), [""; 0]);
    let found = check(&[("main.py", NO_HEALTH)], &["curl -f http://localhost:8000/docs"]);
    assert!(found.iter().all(|f| !f.starts_with("service-health/probe-without-route")), "{found:?}");
}

#[test]
fn a_proxied_prefix_hides_no_missing_health_endpoint() {
    let gateway = "const express = require('express');\nconst { createProxyMiddleware } = require('http-proxy-middleware');\nconst app = express();\napp.use('/api', createProxyMiddleware({ target: 'http://orders' }));\napp.get('/version', (req, res) => {});\n";
    assert_eq!(
        check(&[("server.js", gateway)], &[]),
        ["service-health/missing-health-endpoint: `orders` serves `GET /version` but no health endpoint"]
    );
}

#[test]
fn a_worker_without_a_server_and_a_grpc_health_service_are_fine() {
    assert_eq!(check(&[("worker.py", "import os\nprint(os.environ)\n")], &["celery inspect ping"]), [""; 0]);
    let grpc = "from grpc_health.v1 import health, health_pb2_grpc\nfrom http.server import BaseHTTPRequestHandler\n\nclass H(BaseHTTPRequestHandler):\n    def do_GET(self):\n        if self.path == \"/version\":\n            pass\n\ndef serve(server):\n    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)\n";
    assert_eq!(check(&[("server.py", grpc)], &[]), [""; 0]);
}

#[test]
fn a_page_application_without_the_probed_handler_breaks_both_rules() {
    let auth = "import NextAuth from 'next-auth';\nconst handler = NextAuth({});\nexport { handler as GET, handler as POST };\n";
    let sources = [("web/src/app/api/auth/[...nextauth]/route.ts", auth)];
    let found = check(&sources, &["wget -qO- http://localhost:4000/api/health"]);
    assert_eq!(
        found,
        [
            "service-health/missing-health-endpoint: `orders` serves 2 routes but no health endpoint",
            "service-health/probe-without-route: the health check asks `orders` for `/api/health`, which it does not serve",
        ]
    );
    assert_eq!(check(&sources, &["wget -qO- http://localhost:4000/login"]), [""; 0]);
}

#[test]
fn a_route_for_another_method_does_not_answer_a_probe() {
    let code = "from flask import Flask\napp = Flask(__name__)\n\n@app.post(\"/health\")\ndef health(): ...\n";
    let found = findings(&[("main.py", code)], &["curl -f http://localhost/health"]);
    let probe = found.iter().find(|f| f.rule.ends_with("probe-without-route")).unwrap();
    assert_eq!(probe.help, "Answer GET requests there too; it is registered for POST only");
}

#[test]
fn a_gateway_that_only_passes_on_has_no_health_endpoint() {
    let proxy = "const express = require('express');\nconst proxy = require('express-http-proxy');\nconst app = express();\napp.use('/orders', proxy('http://orders:3000'));\napp.listen(3000);\n";
    let told = |text: &str| of_kind(ServiceKind::Gateway, &[("server.js", text)], &[]).len();
    assert_eq!(told(proxy), 1);
    assert_eq!(told(&proxy.replace("'/orders', ", "")), 0);
}

#[test]
fn documentation_that_a_service_serves_itself_hides_nothing() {
    let docs = "\n@app.get(app.swagger_ui_oauth2_redirect_url, include_in_schema=False)\ndef redirect(): ...\n";
    assert_eq!(check(&[("main.py", &format!("{NO_HEALTH}{docs}"))], &[]).len(), 1);
}

/// The services that are said to have no health endpoint.
fn without_health(files: &[(&str, &str)]) -> Vec<String> {
    let folder = crate::support::folder(files);
    let rule = "service-health/missing-health-endpoint";
    let run = crate::support::skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|f| f["services"][0].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_worker_that_starts_another_file_of_the_same_folder_needs_no_route() {
    let found = without_health(&[
        (
            "docker-compose.yml",
            "services:\n  backend:\n    build: ./orders\n    command: python main.py\n    ports: ['8000:8000']\n  queue:\n    build: ./orders\n    command: python consumer.py\n",
        ),
        ("orders/Dockerfile", "FROM python:3.12\nCOPY . .\n"),
        ("orders/requirements.txt", "flask\npika\n"),
        (
            "orders/main.py",
            "from flask import Flask\napp = Flask(__name__)\n\n\n@app.route(\"/orders\")\ndef orders():\n    return []\n\n\nif __name__ == \"__main__\":\n    app.run()\n",
        ),
        (
            "orders/consumer.py",
            "import pika\nfrom main import app\nchannel = pika.BlockingConnection().channel()\nchannel.basic_consume(queue=\"orders\", on_message_callback=print, auto_ack=True)\nchannel.start_consuming()\n",
        ),
    ]);
    assert_eq!(found, ["backend"]);
}

#[test]
fn a_gateway_of_dotnet_answers_what_its_routes_take() {
    let gateway = |path: &str| {
        let routes = format!(
            r#"{{"Routes": [{{"DownstreamPathTemplate": "/api/{{x}}", "UpstreamPathTemplate": "{path}", "DownstreamHostAndPorts": [{{"Host": "orders", "Port": 80}}]}}]}}"#
        );
        without_health(&[
            ("ApiGateway/ApiGateway.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n"),
            (
                "ApiGateway/Program.cs",
                "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddOcelot();\nvar app = builder.Build();\nawait app.UseOcelot();\napp.Run();\n",
            ),
            ("ApiGateway/ocelot.json", &routes),
        ])
    };
    assert_eq!(gateway("/orders/{id}"), ["ApiGateway"]);
    assert_eq!(gateway("/{everything}"), [""; 0]);
}

#[test]
fn express_with_files_beside_its_routes() {
    let files = |routes: &str| {
        check(
            &[(
                "index.ts",
                &format!(
                    "import express from 'express';\nconst app = express();\napp.use(express.static('public'));\n{routes}app.listen(3000);\n"
                ),
            )],
            &[],
        )
    };
    // A site answers whoever asks for its first page.
    assert_eq!(files("app.get('/about', page);\n"), [""; 0]);
    assert_eq!(
        files("app.get('/orders', list);\napp.post('/orders', place);\n"),
        ["service-health/missing-health-endpoint: `orders` serves 2 routes but no health endpoint"]
    );
}

#[test]
fn a_web_server_of_dotnet_without_routes_has_no_health_check() {
    let program = |more: &str| {
        let text = format!(
            "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddHostedService<Prices>();\nvar app = builder.Build();\n{more}app.Run();\n"
        );
        check(&[("Prices/Program.cs", &text)], &[]).len()
    };
    assert_eq!(program(""), 1);
    assert_eq!(program("app.MapHealthChecks(\"/health\");\n"), 0);
    assert_eq!(program("app.UseStaticFiles();\n"), 0, "a site");
    assert_eq!(program("app.MapRazorPages();\n"), 1);
}

#[test]
fn a_dependency_that_promises_a_health_check_is_not_read() {
    let said = |adds: &str| {
        let text = format!(
            "package main\n\nimport (\n\t\"net/http\"\n\n\t\"github.com/acme/rest/api\"\n\t\"github.com/go-chi/chi/v5\"\n)\n\nfunc main() {{\n\trouter := chi.NewRouter()\n\trouter.Get(\"/seats\", nil)\n\tapi.{adds}(router, \"/health\")\n\thttp.ListenAndServe(\":80\", router)\n}}\n"
        );
        without_health(&[
            ("go.mod", "module example.com/seats\n\ngo 1.22\n"),
            ("main.go", &text),
            ("compose.yaml", "services:\n  seats:\n    build: .\n"),
            ("Dockerfile", "FROM golang\nCOPY . .\nRUN go build .\n"),
        ])
    };
    assert_eq!(said("AddHealthEndpoint"), [""; 0]);
    assert_eq!(said("AddTracing"), ["seats"]);
}

#[test]
fn an_application_of_nest_that_listens_answers_nobody_without_controllers() {
    let said = |imports: &str, modules: &str| {
        let module = format!(
            "import {{ Module }} from '@nestjs/common';\nimport {{ ScheduleModule }} from '@nestjs/schedule';\n{imports}\n@Module({{ imports: [ScheduleModule.forRoot(){modules}] }})\nexport class AppModule {{}}\n"
        );
        let main = "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nasync function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n  await app.listen(process.env.PORT);\n}\nbootstrap();\n";
        without_health(&[
            ("compose.yaml", "services:\n  mails:\n    build: .\n"),
            ("Dockerfile", "FROM node\nCOPY . .\nCMD [\"node\", \"dist/main.js\"]\n"),
            ("package.json", "{\"name\": \"mails\", \"dependencies\": {\"@nestjs/core\": \"10\"}}"),
            ("src/app.module.ts", &module),
            ("src/main.ts", main),
        ])
    };
    assert_eq!(said("", ""), ["mails"]);
    // What comes from elsewhere may bring a controller.
    assert_eq!(said("import { OwnModule } from '@acme/nest';", ", OwnModule"), [""; 0]);
}
