//! The rules of the skill `api-contract` on small repositories.

use std::path::Path;

use skillcheck::check::{Outcome, Request, check};

fn lint(files: &[(&str, &str)]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    }
    check(Request { paths: vec![folder.path().to_owned()], preview: true, ..Request::default() }).unwrap()
}

/// `rule: message` of what is found of the skill, but for a rule that fires on nearly everything here.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let outcome = lint(files);
    let own = outcome.findings.iter().filter(|f| f.rule.starts_with("api-contract/"));
    let own = own.filter(|f| !matches!(f.rule, "api-contract/missing-openapi" | "api-contract/unversioned-api"));
    own.map(|f| format!("{}: {}", f.rule.trim_start_matches("api-contract/"), f.message)).collect()
}

const COMPOSE: &str = "\
services:
  shop:
    build: ./shop
    environment: {STOCK_URL: 'http://stock:8000'}
  stock:
    build: ./stock
";

const STOCK: &str = "\
from fastapi import APIRouter, FastAPI

app = FastAPI()
router = APIRouter(prefix=\"/items\")


@router.get(\"/{sku}\")
def item(sku: str): ...


@router.post(\"\")
def add(): ...


app.include_router(router, prefix=\"/api\")
";

fn client(call: &str) -> String {
    format!(
        "import os\n\nimport httpx\n\nhttp = httpx.Client(base_url=os.environ[\"STOCK_URL\"], timeout=2)\n\n\n\
         def ask(sku, params, rest):\n    return {call}\n"
    )
}

fn calls(call: &str) -> Vec<String> {
    found(&[("compose.yaml", COMPOSE), ("stock/main.py", STOCK), ("shop/client.py", &client(call))])
}

#[test]
fn a_call_is_compared_with_the_composed_routes() {
    for right in [
        "http.get(f\"/api/items/{sku}\")",
        "http.get(f\"/api/items/{sku}?full=1\")",
        "http.post(\"/api/items/\", json={})",
        "http.get(f\"/api/{rest}\")",
        "http.get(f\"/{rest}\")",
        "http.get(rest)",
        "http.get(\"/docs\")",
    ] {
        assert_eq!(calls(right), [""; 0], "{right}");
    }
    assert_eq!(
        calls("http.get(f\"/items/{sku}\")"),
        ["unknown-operation: `stock` has no operation for `GET /items/{…}`"]
    );
    assert_eq!(
        calls("http.delete(f\"/api/items/{sku}\")"),
        ["unknown-operation: `stock` answers GET at `/api/items/{sku}`, not `DELETE /api/items/{…}`"]
    );
}

#[test]
fn nothing_is_said_of_a_service_whose_routes_are_not_all_known() {
    let open = format!(
        "{STOCK}\nimport importlib\n\nfor name in (\"a\",):\n    app.include_router(importlib.import_module(name).router)\n"
    );
    let files =
        [("compose.yaml", COMPOSE), ("stock/main.py", &open), ("shop/client.py", &client("http.get(\"/x/y\")"))];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn this_machine_is_no_other_service_inside_of_a_container() {
    let compose = "services:\n  shop: {build: ./shop}\n  stock: {build: ./stock, ports: ['8000:8000']}\n";
    let shop = "import httpx\n\n\ndef ask():\n    return httpx.get(\"http://localhost:8000/orders\", timeout=2)\n";
    assert_eq!(found(&[("compose.yaml", compose), ("stock/main.py", STOCK), ("shop/client.py", shop)]), [""; 0]);
}

const DOCUMENT: &str = "\
openapi: 3.0.3
info: {title: Stock, version: 1.0.0}
servers: [{url: /api}]
paths:
  /items/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      parameters:
        - {name: at, in: query, required: true, schema: {type: string}}
        - {name: unit, in: query, required: true, schema: {type: string, default: kg}}
      responses: {'200': {description: an item}}
  /items:
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}
      responses: {'201': {description: added}}
components:
  schemas:
    Item:
      allOf: [{$ref: '#/components/schemas/Base'}]
      required: [id, name]
      properties: {id: {type: string, readOnly: true}, name: {type: string}}
    Base: {type: object, required: [sku], properties: {sku: {type: string}}}
";

fn documented(call: &str) -> Vec<String> {
    let shop = client(call);
    found(&[
        ("compose.yaml", COMPOSE),
        ("stock/main.py", STOCK),
        ("stock/openapi.yaml", DOCUMENT),
        ("shop/client.py", &shop),
    ])
}

#[test]
fn required_parameters_are_sent() {
    let told = ["missing-parameter: `GET /api/items/{…}` to `stock` sends no query parameter `at`, which is required"];
    assert_eq!(documented("http.get(f\"/api/items/{sku}\")"), told);
    assert_eq!(documented("http.get(f\"/api/items/{sku}\", params={\"until\": 1})"), told);
    for right in [
        "http.get(f\"/api/items/{sku}?at=1\")",
        "http.get(f\"/api/items/{sku}\", params={\"at\": 1})",
        "http.get(f\"/api/items/{sku}\", params=params)",
        "http.get(f\"/api/items/{sku}\", params={**params})",
        "http.get(f\"/api/items/{sku}?{rest}\")",
        "http.get(f\"/api/items/{sku}\", **params)",
    ] {
        assert_eq!(documented(right), [""; 0], "{right}");
    }
}

#[test]
fn required_fields_are_sent() {
    assert_eq!(
        documented("http.post(\"/api/items\", json={\"name\": 1, \"colour\": 2})"),
        [
            "missing-body-field: `POST /api/items` to `stock` sends a body with `name` and `colour`, without `sku`, which is required"
        ]
    );
    assert_eq!(
        documented("http.post(\"/api/items\")"),
        ["missing-body-field: `POST /api/items` to `stock` sends no body, which is required"]
    );
    for right in [
        "http.post(\"/api/items\", json={\"name\": 1, \"sku\": 2})",
        "http.post(\"/api/items\", json={\"name\": 1, **rest})",
        "http.post(\"/api/items\", json=rest)",
        "http.post(\"/api/items\", data={\"name\": 1})",
        "http.post(\"/api/items\", content=rest)",
    ] {
        assert_eq!(documented(right), [""; 0], "{right}");
    }
}

#[test]
fn a_body_that_is_filled_in_later_is_not_known() {
    let shop = "import os\n\nimport httpx\n\nhttp = httpx.Client(base_url=os.environ[\"STOCK_URL\"], timeout=2)\n\n\n\
                def ask(sku):\n    body = {\"name\": 1}\n    body[\"sku\"] = sku\n    return http.post(\"/api/items\", json=body)\n";
    let files = [
        ("compose.yaml", COMPOSE),
        ("stock/main.py", STOCK),
        ("stock/openapi.yaml", DOCUMENT),
        ("shop/client.py", shop),
    ];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn routes_and_document_are_compared_in_both_directions() {
    let document = DOCUMENT.replace("  /items:\n    post:", "  /items/{id}/parts:\n    post:").replace(
        "      requestBody",
        "      parameters: [{name: id, in: path, required: true, schema: {}}]\n      requestBody",
    );
    assert_eq!(
        found(&[("compose.yaml", COMPOSE), ("stock/main.py", STOCK), ("stock/openapi.yaml", &document)]),
        [
            "undocumented-route: `stock` answers `POST /api/items`, which its OpenAPI document does not have",
            "unimplemented-operation: `POST /items/{id}/parts` stands in the OpenAPI document of `stock`, and no route answers it",
        ]
    );
    // The prefix of a gateway in the document, or none.
    for server in ["/", "https://shop.example/stock", "https://shop.example/api/"] {
        let document = DOCUMENT.replace("{url: /api}", &format!("{{url: '{server}'}}"));
        let document = if server == "/" { document.replace("  /items", "  /api/items") } else { document };
        assert_eq!(found(&[("main.py", STOCK), ("openapi.yaml", &document)]), [""; 0], "{server}");
    }
}

#[test]
fn a_document_of_something_else_says_nothing_about_the_service() {
    let other = DOCUMENT.replace("/items", "/invoices");
    assert_eq!(found(&[("main.py", STOCK), ("openapi.yaml", &other)]), [""; 0]);
    // A client of stock keeps a copy of its document, from which its types are made.
    let files = [
        ("compose.yaml", COMPOSE),
        ("stock/main.py", STOCK),
        (
            "shop/main.py",
            "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/carts\")\ndef carts(): ...\n",
        ),
        ("shop/clients/stock.openapi.yaml", DOCUMENT),
    ];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn the_configuration_says_whose_a_document_is() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("compose.yaml", COMPOSE),
        ("stock/main.py", STOCK),
        ("contracts/x.yaml", &DOCUMENT.replace("    get:\n", "    get:\n      operationId: read\n")),
        ("skillcheck.yaml", "services:\n  stock:\n    openapi: [contracts/x.yaml]\n"),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let run = crate::support::skillcheck_in(folder.path(), &["lint", "--preview", "--output", "json"]);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let missing = |f: &&serde_json::Value| f["rule"] == "api-contract/missing-openapi";
    assert_eq!(told["findings"].as_array().unwrap().iter().filter(missing).count(), 0, "{}", run.stdout);
}

#[test]
fn broken_and_hostile_documents_are_told_and_end() {
    let deep = format!(
        "openapi: 3.0.0\ninfo: {{title: T, version: '1'}}\npaths: {}{}\n",
        "{/a: ".repeat(400),
        "}".repeat(400)
    );
    let circle = "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths: {/a: {$ref: '#/paths/~1a'}}\n";
    let outcome = lint(&[
        ("api/openapi.yaml", "openapi: 3.0.0\ninfo: [\n"),
        ("b/openapi.yaml", &deep),
        ("c/openapi.yaml", circle),
    ]);
    let told: Vec<&str> = outcome
        .findings
        .iter()
        .filter(|f| f.rule == "api-contract/invalid-openapi")
        .map(|f| f.message.as_str())
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|message| message.starts_with("the document can't be read: ")), "{told:?}");
}

#[test]
fn a_document_that_is_too_large_is_not_checked_and_that_is_told() {
    let large = format!("openapi: 3.0.0\n# {}\n", "x".repeat(9 << 20));
    let outcome = lint(&[("openapi.yaml", &large)]);
    assert!(
        outcome.problems.iter().any(|p| p.path == "openapi.yaml" && p.reason.contains("more than")),
        "{:?}",
        outcome.problems
    );
}

/// A Spring service, its settings, and another one that asks it.
fn spring(settings: &str, caller: &str) -> Vec<String> {
    let caller = format!(
        "package shop;\n\nimport org.springframework.stereotype.Service;\nimport org.springframework.web.client.RestTemplate;\n\n\
         @Service\npublic class StockClient {{\n    private final RestTemplate http = new RestTemplate();\n\n{caller}}}\n"
    );
    found(&[
        ("compose.yaml", "services:\n  shop:\n    build: ./shop\n  stock:\n    build: ./stock\n"),
        (
            "stock/pom.xml",
            "<project><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>",
        ),
        ("stock/src/main/resources/application.yml", settings),
        (
            "stock/src/main/java/stock/Items.java",
            "package stock;\n\nimport org.springframework.web.bind.annotation.*;\n\n@RestController\npublic class Items {\n    @GetMapping(\"/items/{sku}\")\n    public String item(@PathVariable String sku) { return sku; }\n}\n",
        ),
        ("shop/src/main/java/shop/StockClient.java", &caller),
        (
            "shop/src/main/java/shop/Wanted.java",
            "package shop;\n\npublic class Wanted {\n    private String sku;\n\n    public Wanted() { this.sku = \"\"; }\n\n    public String getSku() { return sku; }\n\n    public void setSku(String sku) { this.sku = sku; }\n}\n",
        ),
    ])
}

#[test]
fn a_prefix_that_a_configuration_server_may_have_is_not_known() {
    let call = "    public String ask(String sku) { return http.getForObject(\"http://stock:8080/api/items/\" + sku, String.class); }\n";
    let own = "spring:\n  application:\n    name: stock\n";
    assert_eq!(spring(own, call), ["unknown-operation: `stock` has no operation for `GET /api/items/{…}`"]);
    let remote = format!("{own}  config:\n    import: \"configserver:http://config:8888\"\n");
    assert_eq!(spring(&remote, call), [""; 0]);
}

#[test]
fn what_a_field_holds_before_it_is_set_is_no_part_of_a_path() {
    let call = "    public String ask(Wanted wanted) {\n        String sku = wanted.getSku();\n        return http.getForObject(\"http://stock:8080/items/\" + sku, String.class);\n    }\n";
    assert_eq!(spring("server:\n  port: 8080\n", call), [""; 0]);
}

#[test]
fn the_path_of_a_chain_is_what_its_step_says() {
    let own = "server:\n  servlet:\n    context-path: /stock\nspring:\n  application:\n    name: stock\n";
    let client = |path: &str| {
        format!(
            "    private final RestClient stock = RestClient.create(\"http://stock:8080/stock\");\n\n    \
             private String asked(String sku, String rest) {{\n        return stock.get().uri({path}).retrieve().body(String.class);\n    }}\n\n    \
             public String ask(String sku, String rest) {{\n        return asked(sku, rest);\n    }}\n"
        )
    };
    let ask = |path: &str| {
        spring(
            own,
            &client(path)
                .replace("RestClient ", "org.springframework.web.client.RestClient ")
                .replace("= RestClient.", "= org.springframework.web.client.RestClient."),
        )
    };
    assert_eq!(ask("\"/items/\" + sku"), [""; 0]);
    assert_eq!(ask("rest"), [""; 0], "it goes somewhere below");
    assert_eq!(ask("\"/item/\" + sku"), ["unknown-operation: `stock` has no operation for `GET /stock/item/{…}`"]);
}

#[test]
fn an_application_answers_below_its_root_path_too() {
    let stock = STOCK.replace("FastAPI()", "FastAPI(root_path=\"/stock\")");
    let found =
        |call: &str| found(&[("compose.yaml", COMPOSE), ("stock/main.py", &stock), ("shop/client.py", &client(call))]);
    assert_eq!(found("http.get(f\"/stock/api/items/{sku}\")"), [""; 0]);
    assert_eq!(found("http.get(f\"/api/items/{sku}\")"), [""; 0]);
    assert_eq!(
        found("http.get(f\"/items/{sku}\")"),
        ["unknown-operation: `stock` has no operation for `GET /items/{…}`"]
    );
}

#[test]
fn what_takes_all_below_a_prefix_may_answer_an_operation() {
    let code = "package main\n\nimport \"github.com/gorilla/mux\"\n\nfunc main() {\n\tr := mux.NewRouter()\n\t\
        r.Methods(\"GET\").PathPrefix(\"/items\").Handler(items)\n\tr.HandleFunc(\"/shelves\", shelves).Methods(\"GET\")\n\t\
        http.ListenAndServe(\":80\", r)\n}\n";
    let document = "openapi: 3.0.0\ninfo: {title: Stock, version: '1'}\npaths:\n  /items/{id}:\n    get:\n      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n      responses: {'200': {description: one}}\n  /shelves:\n    get:\n      responses: {'200': {description: all}}\n  /orders:\n    get:\n      responses: {'200': {description: all}}\n";
    let told = found(&[
        ("go.mod", "module stock\n\nrequire github.com/gorilla/mux v1.8.0\n"),
        ("main.go", code),
        ("openapi.yaml", document),
    ]);
    let told: Vec<&String> = told.iter().filter(|told| told.starts_with("unimplemented")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("GET /orders"), "{told:?}");
}

#[test]
fn a_document_in_the_folder_of_another_program_is_not_the_services() {
    let document = DOCUMENT.replace("/items", "/shelves");
    let folder = |manifest: &str| {
        found(&[
            ("Dockerfile", "FROM python\nCMD python main.py\n"),
            ("main.py", STOCK),
            (manifest, "{}"),
            ("tools/viewer/openapi.yaml", &document),
        ])
    };
    assert_eq!(folder("tools/viewer/package.json"), [""; 0]);
}
