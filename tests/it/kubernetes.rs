//! Systems that are declared for Kubernetes, as a user sees them: files in, services and findings out.

use skillcheck::check::{Outcome, Request, check};

type Files<'f> = Vec<(&'f str, String)>;

fn run(files: &Files<'_>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap()
}

/// The services as `name@root kind`.
fn services(files: &Files<'_>) -> Vec<String> {
    let outcome = run(files);
    outcome.system.services.iter().map(|s| format!("{}@{} {}", s.name, s.root, s.kind.name())).collect()
}

/// The messages of a rule.
fn messages(files: &Files<'_>, rule: &str) -> Vec<String> {
    run(files).findings.iter().filter(|f| f.rule == rule).map(|f| f.message.clone()).collect()
}

fn deployment(name: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    metadata:\n      \
         labels: {{app: {name}}}\n    spec:\n      containers:\n      - name: {name}\n        image: {image}\n{more}---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {name}}}}}\n"
    )
}

fn env(name: &str, value: &str) -> String {
    format!("        env: [{{name: {name}, value: '{value}'}}]\n")
}

const SERVER: &str =
    "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/items\")\ndef items():\n    return []\n";
const DOCKERFILE: &str = "FROM python:3.13\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n";
const CALLER: &str = "import os\n\nimport requests\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/health\")\n\
                      def health():\n    return {}\n\n\ndef stock(sku: str):\n    return requests.get(f\"{os.environ['STOCK_URL']}/{sku}\").json()\n";

/// Two services with a call from `orders` to `stock`.
fn shop() -> Files<'static> {
    vec![
        ("orders/main.py", CALLER.into()),
        ("orders/Dockerfile", DOCKERFILE.into()),
        ("stock/main.py", SERVER.into()),
        ("stock/Dockerfile", DOCKERFILE.into()),
        (
            "k8s/orders.yaml",
            deployment("orders", "acme/orders:1", &env("STOCK_URL", "http://stock.shop.svc.cluster.local:80")),
        ),
        ("k8s/stock.yaml", deployment("stock", "acme/stock:1", "")),
    ]
}

#[test]
fn workloads_are_joined_with_their_code_and_third_parties_are_none() {
    let mut files = shop();
    files.push(("k8s/redis.yaml", deployment("redis", "redis:7", "")));
    files.push(("k8s/db.yaml", deployment("orders-db", "bitnami/postgresql:16", "")));
    files.push(("k8s/grafana.yaml", deployment("grafana", "grafana/grafana", "")));
    files.push(("k8s/jaeger.yaml", deployment("jaeger", "jaegertracing/all-in-one", "")));
    let commented = deployment("old", "acme/old", "");
    files.push(("k8s/old.yaml", commented.lines().map(|line| format!("# {line}\n")).collect()));
    assert_eq!(services(&files), ["orders@orders http", "stock@stock http"]);
}

#[test]
fn several_workloads_of_one_image_are_processes_of_one_code_base() {
    let worker = deployment("orders-worker", "acme/orders:1", "        command: [celery, -A, main, worker]\n");
    let mut files = shop();
    files.push(("k8s/worker.yaml", worker));
    assert_eq!(services(&files), ["orders@orders http", "orders-worker@orders worker", "stock@stock http"]);
}

#[test]
fn compose_and_kubernetes_are_one_system() {
    let mut files = shop();
    files.push((
        "compose.yaml",
        "services:\n  orders:\n    build: orders\n    image: acme/orders\n  inventory:\n    build: stock\n    image: acme/stock\n".into(),
    ));
    assert_eq!(services(&files), ["inventory@stock http", "orders@orders http"]);
}

#[test]
fn skaffold_says_where_an_image_is_built() {
    let files = vec![
        (
            "skaffold.yaml",
            "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n  artifacts:\n  - image: gcr.io/acme/ledger\n    context: backend/accounting\n".into(),
        ),
        ("backend/accounting/main.py", SERVER.into()),
        ("backend/accounting/Dockerfile", DOCKERFILE.into()),
        ("k8s/ledger.yaml", deployment("ledger", "gcr.io/acme/ledger", "")),
    ];
    assert_eq!(services(&files), ["ledger@backend/accounting http"]);
}

#[test]
fn images_that_commands_build_of_the_whole_are_the_parts_called_like_the_containers() {
    let artifact = |name: &str| {
        format!("  - image: acme/shop-{name}\n    context: .\n    custom: {{buildCommand: npx nx run {name}:image}}\n")
    };
    let skaffold = format!(
        "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n  artifacts:\n{}{}{}",
        artifact("orders"),
        artifact("stock"),
        artifact("portal")
    );
    let package = |name: &str| format!("{{\"name\": \"{name}\", \"dependencies\": {{\"express\": \"4\"}}}}");
    let server = "const app = require('express')();\napp.get('/', () => {});\napp.listen(3000);\n";
    let files = vec![
        ("skaffold.yaml", skaffold),
        ("apps/orders/package.json", package("orders")),
        ("apps/orders/src/main.js", server.into()),
        ("apps/stock/package.json", package("stock")),
        ("apps/stock/src/main.js", server.into()),
        ("k8s/orders.yaml", deployment("orders", "acme/shop-orders", "")),
        ("k8s/stock.yaml", deployment("stock", "acme/shop-stock", "")),
        // Which part this is nobody knows.
        ("k8s/portal.yaml", deployment("portal", "acme/shop-portal", "")),
    ];
    assert_eq!(services(&files), ["orders@apps/orders http", "stock@apps/stock http"]);
}

#[test]
fn a_manifest_beside_its_code_belongs_to_it() {
    let files = vec![
        ("services/a/main.py", SERVER.into()),
        ("services/a/requirements.txt", "fastapi\n".into()),
        ("services/a/k8s/deployment.yaml", deployment("billing-deployment", "registry.acme.dev/x123", "")),
    ];
    assert_eq!(services(&files), ["billing@services/a http"]);
}

#[test]
fn calls_follow_the_variables_of_the_cluster() {
    let outcome = run(&shop());
    let calls: Vec<_> = outcome.system.calls.iter().map(|c| (c.from.as_str(), c.to.as_str())).collect();
    assert_eq!(calls, [("orders", "stock")]);
}

#[test]
fn calls_through_the_sidecar_of_dapr_are_followed() {
    let caller = "import requests\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\ndef stock():\n    \
                  return requests.get(\"http://localhost:3500/v1.0/invoke/stock/method/items\", timeout=2)\n";
    let mut files = shop();
    files[0].1 = caller.into();
    let outcome = run(&files);
    let calls: Vec<_> = outcome.system.calls.iter().map(|c| (c.to.as_str(), c.path.as_deref())).collect();
    assert_eq!(calls, [("stock", Some("/items"))]);
}

const ISTIO: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: stock}\nspec:\n  hosts: [stock]\n  \
                     http:\n  - timeout: 2s\n    retries: {attempts: 3}\n    route: [{destination: {host: stock}}]\n---\n\
                     apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: stock}\nspec:\n  host: stock\n  \
                     trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}}\n";
const PROTECTION: [&str; 3] =
    ["rest-client/missing-timeout", "rest-client/missing-retry", "rest-client/missing-circuit-breaker"];

#[test]
fn a_mesh_protects_the_calls_it_covers() {
    let plain = shop();
    let mut covered = shop();
    covered.push(("k8s/istio.yaml", ISTIO.into()));
    let mut other = shop();
    other.push(("k8s/istio.yaml", ISTIO.replace("stock", "billing")));
    for rule in PROTECTION {
        assert_eq!(messages(&plain, rule).len(), 1, "{rule}");
        assert_eq!(messages(&covered, rule), [""; 0], "{rule}");
        assert_eq!(messages(&other, rule).len(), 1, "{rule}: another host is covered");
    }
}

#[test]
fn the_sidecar_of_dapr_repeats_what_did_not_arrive() {
    let told = |request: &str| {
        let caller = format!(
            "import os\nimport requests\nfrom fastapi import FastAPI\n\napp = FastAPI()\nPORT = os.getenv(\"DAPR_HTTP_PORT\", 3500)\n\n\n\
             @app.get(\"/stock\")\ndef stock():\n    return requests.get({request})\n"
        );
        let mut files = shop();
        files[0].1 = caller;
        PROTECTION.map(|rule| messages(&files, rule).len())
    };
    assert_eq!(told("\"http://localhost:3500/v1.0/invoke/stock/method/items\""), [1, 0, 1]);
    assert_eq!(told("f\"http://localhost:{PORT}/items\", headers={\"dapr-app-id\": \"stock\"}"), [1, 0, 1]);
    assert_eq!(told("\"http://stock/items\""), [1, 1, 1]);
}

#[test]
fn a_call_to_an_unknown_host_may_be_covered() {
    let mut files = shop();
    files.push(("k8s/istio.yaml", ISTIO.into()));
    files[4].1 = deployment("orders", "acme/orders:1", "");
    for rule in PROTECTION {
        assert_eq!(messages(&files, rule), [""; 0], "{rule}");
    }
    assert!(run(&files).stats.unknown.iter().any(|(what, _)| what.contains("timeout")));
}

#[test]
fn a_probe_that_nothing_answers_names_its_environment() {
    let probe = "        readinessProbe: {httpGet: {path: /ready, port: 80}}\n";
    let mut files = shop();
    files[5].1 = deployment("stock", "acme/stock:1", probe);
    assert_eq!(
        messages(&files, "service-health/probe-without-route"),
        ["the readiness probe of the environment `kubernetes` asks `stock` for `/ready`, which it does not serve"]
    );
    let outcome = run(&files);
    assert!(outcome.system.map.endpoints.iter().all(|endpoint| endpoint.path != "/ready"), "a probe is no endpoint");
    files[5].1 = deployment("stock", "acme/stock:1", &probe.replace("/ready", "/items"));
    assert_eq!(messages(&files, "service-health/probe-without-route"), [""; 0]);
    assert_eq!(messages(&files, "service-health/missing-health-endpoint"), [""; 0], "the probe makes it a health path");
}

const STORE: &str = "import os\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ[\"DATABASE_URL\"])\napp = FastAPI()\n";

/// Two services with the databases that Compose and Kubernetes give them.
fn stores(compose: [&str; 2], cluster: [&str; 2]) -> Vec<String> {
    let names = ["orders", "billing"];
    let mut files: Files<'_> = vec![
        ("orders/main.py", STORE.into()),
        ("orders/Dockerfile", DOCKERFILE.into()),
        ("billing/main.py", STORE.into()),
        ("billing/Dockerfile", DOCKERFILE.into()),
    ];
    let mut text = "services:\n".to_owned();
    for (name, database) in names.iter().zip(compose) {
        text +=
            &format!("  {name}:\n    build: {name}\n    environment: {{DATABASE_URL: 'postgres://db/{database}'}}\n");
    }
    files.push(("compose.yaml", text + "  db:\n    image: postgres:17\n"));
    for (path, (name, database)) in ["k8s/orders.yaml", "k8s/billing.yaml"].into_iter().zip(names.iter().zip(cluster)) {
        let url = format!("postgres://pg.shop.svc.cluster.local/{database}");
        files.push((path, deployment(name, &format!("acme/{name}"), &env("DATABASE_URL", &url))));
    }
    files.push(("k8s/pg.yaml", deployment("pg", "postgres:17", "")));
    messages(&files, "data-ownership/shared-database")
}

#[test]
fn a_shared_database_names_the_environment_that_shares_it() {
    let own = ["orders", "billing"];
    let shared = ["shop", "shop"];
    assert_eq!(stores(own, own), [""; 0]);
    assert_eq!(
        stores(own, shared),
        [
            "`billing` and `orders` keep their data in the same PostgreSQL database `shop` on `pg` in the environment `kubernetes`"
        ]
    );
    assert_eq!(
        stores(shared, own),
        [
            "`billing` and `orders` keep their data in the same PostgreSQL database `shop` on `db` where Compose runs them"
        ]
    );
    assert_eq!(
        stores(shared, shared),
        ["`billing` and `orders` keep their data in the same PostgreSQL database `shop` on `db`"]
    );
}

#[test]
fn a_repository_that_only_deploys_says_so() {
    let files = vec![("k8s/orders.yaml", deployment("orders", "acme/orders", ""))];
    let outcome = run(&files);
    assert!(outcome.system.services.is_empty());
    let reasons: Vec<&str> = outcome.problems.iter().map(|problem| problem.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "this repository only deploys: 1 container is declared and no source code is here; check it together with the \
          repositories of the code: `skillcheck lint . ../orders`"
        ]
    );
    assert!(outcome.problems.iter().all(|problem| !problem.incomplete));
    assert!(run(&shop()).problems.is_empty());
}

/// `{{ .Release.Name }}` alone says nothing about a service; its chart does.
#[test]
fn a_workload_that_is_called_like_the_release_has_the_name_of_its_chart() {
    let workload = deployment("'{{ .Release.Name }}'", "acme/stock:1", "");
    let files = vec![
        ("stock/main.py", SERVER.into()),
        ("stock/Dockerfile", DOCKERFILE.into()),
        ("charts/stock-api/Chart.yaml", "apiVersion: v2\nname: stock-api\nversion: 1.0.0\n".into()),
        ("charts/stock-api/templates/deployment.yaml", workload),
    ];
    assert_eq!(services(&files), ["stock-api@stock http"]);
}
