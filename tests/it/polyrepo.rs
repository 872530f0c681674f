//! Several repositories as one system: by their exported facts, and as several roots.

use skillcheck::check::{Request, check};
use skillcheck::exchange;

use crate::support::{Run, folder, skillcheck_in, write};
use serde_json::{Value, json};

const FASTAPI: &str = "from fastapi import FastAPI\n\napp = FastAPI()\n";
const IMAGE: &str = "FROM python:3.12\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n";

/// Three repositories: `orders` and `billing` keep their data in one database, `orders` calls `billing`
/// and publishes what `billing` consumes; `users` has nothing to do with them.
fn repositories() -> tempfile::TempDir {
    let orders = format!(
        "import httpx\nimport psycopg\nfrom aiokafka import AIOKafkaProducer\n{FASTAPI}\
         db = psycopg.connect('postgresql://u:secret@shop.db.internal:5432/shop')\n\n\n\
         @app.get('/health')\ndef health():\n    return 'ok'\n\n\n\
         @app.post('/orders')\nasync def create():\n    \
         httpx.post('http://billing:8000/invoices', timeout=2)\n    \
         producer = AIOKafkaProducer()\n    \
         await producer.send_and_wait('orders.created', b'{{}}')\n"
    );
    let billing = format!(
        "import psycopg\nfrom aiokafka import AIOKafkaConsumer\n{FASTAPI}\
         db = psycopg.connect('postgresql://u:secret@shop.db.internal:5432/shop')\n\n\n\
         @app.post('/invoices')\ndef create():\n    pass\n\n\n\
         async def consume():\n    consumer = AIOKafkaConsumer('orders.created')\n    \
         async for message in consumer:\n        print(message)\n"
    );
    folder(&[
        ("orders/Dockerfile", IMAGE),
        ("orders/requirements.txt", "fastapi\nhttpx\npsycopg\naiokafka\n"),
        ("orders/main.py", &orders),
        ("billing/Dockerfile", IMAGE),
        ("billing/requirements.txt", "fastapi\npsycopg\naiokafka\n"),
        ("billing/main.py", &billing),
        ("users/Dockerfile", IMAGE),
        ("users/requirements.txt", "fastapi\n"),
        ("users/main.py", FASTAPI),
    ])
}

fn run(at: &tempfile::TempDir, args: &[&str]) -> Run {
    skillcheck_in(at.path(), args)
}

fn export(at: &tempfile::TempDir, names: &[&str]) {
    for name in names {
        let run = run(at, &["facts", name, "-o", &format!("facts/{name}.jsonl")]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{name}");
    }
}

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", run.stdout, run.stderr))
}

fn findings(run: &Run) -> Vec<Value> {
    json_of(run)["findings"].as_array().cloned().unwrap_or_default()
}

const SHARED: [&str; 4] = ["--rule", "data-ownership/shared-database", "--output", "json"];

#[test]
fn facts_say_what_others_need_and_where_it_stands() {
    let at = repositories();
    let exported = run(&at, &["facts", "orders"]);
    let lines: Vec<Value> = exported.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines[0],
        json!({"format": "skillcheck-facts", "version": 1, "repository": "orders",
               "skillcheck": env!("CARGO_PKG_VERSION"), "facts": lines.len() - 1})
    );
    let of = |kind: &str| lines.iter().filter(|line| line["fact"] == kind).cloned().collect::<Vec<_>>();
    assert_eq!(of("service")[0]["name"], "orders");
    assert_eq!(of("service")[0]["health"], json!({"verdict": "present", "path": "/health"}));
    let store = &of("datastore")[0];
    assert_eq!((&store["host"], &store["database"]), (&json!("shop.db.internal"), &json!("shop")));
    assert_eq!(store["used_by"][0]["at"], json!({"file": "main.py", "line": 7, "column": 22}));
    let request = &of("request")[0];
    assert_eq!(
        (&request["host"], &request["method"], &request["path"]),
        (&json!("billing:8000"), &json!("POST"), &json!("/invoices"))
    );
    let channel = &of("channel")[0];
    assert_eq!((&channel["name"], &channel["producers"]), (&json!("orders.created"), &json!(["orders"])));
    let endpoints: Vec<_> = of("endpoint").iter().map(|e| format!("{} {}", e["method"], e["path"])).collect();
    assert_eq!(endpoints, ["\"GET\" \"/health\"", "\"POST\" \"/orders\""]);
    assert!(!exported.stdout.contains("secret"), "credentials leave the repository");
}

#[test]
fn facts_do_not_depend_on_threads_or_order_and_leave_no_trace_of_the_machine() {
    let at = repositories();
    let one = run(&at, &["facts", "orders", "--threads", "1"]);
    let many = run(&at, &["facts", "orders", "--threads", "8"]);
    assert_eq!(one.stdout, many.stdout);
    assert_eq!(one.stdout, run(&at, &["facts", "orders", "-o", "-"]).stdout);
    assert!(!at.path().join("-").exists());
    let mut sorted: Vec<&str> = one.stdout.lines().skip(1).collect();
    sorted.dedup();
    assert_eq!(sorted.len(), one.stdout.lines().count() - 1, "no line twice");
    assert!(!one.stdout.contains(&*at.path().to_string_lossy()));
    let inside = skillcheck_in(&at.path().join("orders"), &["facts"]);
    assert_eq!(inside.stdout, one.stdout);
    let named = run(&at, &["facts", "orders", "users", "--repository", "shop"]);
    assert!(named.stdout.starts_with("{\"format\":\"skillcheck-facts\",\"version\":1,\"repository\":\"shop\""));
    let unnamed = run(&at, &["facts", "orders", "users"]);
    assert_eq!(unnamed.code, 2);
    assert!(unnamed.stderr.contains("--repository NAME"), "{}", unnamed.stderr);
}

#[test]
fn a_database_that_is_shared_with_another_repository_is_found_in_both() {
    let at = repositories();
    export(&at, &["orders", "billing", "users"]);
    let alone = run(&at, &[&["lint", "orders"], &SHARED[..]].concat());
    assert_eq!(findings(&alone).len(), 0);
    let joined =
        run(&at, &[&["lint", "orders", "--with", "facts/billing.jsonl", "facts/users.jsonl"], &SHARED[..]].concat());
    let found = findings(&joined);
    assert_eq!((joined.code, found.len()), (1, 1), "{}", joined.stderr);
    assert_eq!(found[0]["path"], "main.py");
    assert_eq!(found[0].get("repository"), None);
    assert_eq!(found[0]["services"], json!(["billing", "orders"]));
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("`billing` (of billing) and `orders` keep their data in the same PostgreSQL"),
        "{message}"
    );
    let elsewhere: Vec<&Value> =
        found[0]["related"].as_array().unwrap().iter().filter(|r| r["repository"] == "billing").collect();
    assert_eq!((&elsewhere[0]["path"], &elsewhere[0]["line"]), (&json!("main.py"), &json!(6)));
    let services: Vec<Value> =
        json_of(&joined)["services"].as_array().unwrap().iter().map(|s| s["name"].clone()).collect();
    assert_eq!(services, ["orders"], "only what was linted");
    let other = run(&at, &[&["lint", "billing", "--with", "facts/orders.jsonl"], &SHARED[..]].concat());
    assert_eq!(findings(&other).len(), 1);

    let text = Run::plain(&run(&at, &["lint", "orders", "--with", "facts", "--rule", SHARED[1]]).stdout);
    assert!(text.contains("in billing: main.py:6:"), "{text}");
    assert!(text.contains("with the facts of 2 other repositories"), "{text}");
}

#[test]
fn fact_files_are_joined_without_any_repository() {
    let at = repositories();
    export(&at, &["orders", "billing", "users"]);
    let run_ = |order: [&str; 3]| {
        let with = [&["lint", "--facts-only", "--with"], &order[..], &SHARED[..]].concat();
        run(&at, &with)
    };
    let joined = run_(["facts/orders.jsonl", "facts/billing.jsonl", "facts/users.jsonl"]);
    let found = findings(&joined);
    assert_eq!((joined.code, found.len()), (1, 1), "{}", joined.stderr);
    assert_eq!((&found[0]["repository"], &found[0]["path"]), (&json!("billing"), &json!("main.py")));
    assert_eq!(json_of(&joined)["services"].as_array().unwrap().len(), 3);
    assert_eq!(run_(["facts/users.jsonl", "facts/billing.jsonl", "facts/orders.jsonl"]).stdout, joined.stdout);
    let all = run(&at, &[&["lint", "--facts-only", "--with", "facts"], &SHARED[..]].concat());
    assert_eq!(all.stdout, joined.stdout, "a folder is all its *.jsonl");
    for format in ["human", "concise", "github", "sarif"] {
        let out = run(&at, &["lint", "--facts-only", "--with", "facts", "--output", format]);
        assert_eq!(out.code, 1);
        assert!(out.stdout.contains("billing: main.py"), "{format}: {}", out.stdout);
    }
    let empty = at.path().join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    let nothing = skillcheck_in(&empty, &["lint", "--with", "../facts"]);
    assert_eq!(nothing.code, 3);
    assert!(nothing.stderr.contains("--facts-only"), "{}", nothing.stderr);
    assert_eq!(run(&at, &["lint", "--facts-only"]).code, 2, "without --with there is nothing to join");
}

#[test]
fn the_graph_shows_calls_and_channels_between_repositories() {
    let at = repositories();
    export(&at, &["orders", "billing"]);
    let graph = json_of(&run(&at, &["graph", "orders", "--with", "facts/billing.jsonl", "--format", "json"]));
    assert_eq!(
        graph["calls"],
        json!([{"from": "orders", "to": "billing", "method": "POST", "path": "/invoices", "file": "main.py", "line": 17}])
    );
    let channel = &graph["channels"][0];
    assert_eq!((&channel["producers"], &channel["consumers"]), (&json!(["orders"]), &json!(["billing"])));
    let billing = graph["services"].as_array().unwrap().iter().find(|s| s["name"] == "billing").unwrap();
    assert_eq!(billing["repository"], "billing");
    assert_eq!(
        billing["endpoints"],
        json!([{"method": "POST", "path": "/invoices", "file": "main.py", "line": 9, "repository": "billing"}])
    );
    let other_way = json_of(&run(&at, &["graph", "billing", "--with", "facts/orders.jsonl", "--format", "json"]));
    assert_eq!(other_way["calls"][0]["to"], "billing");
    assert_eq!(other_way["calls"][0]["repository"], "orders");
}

#[test]
fn services_of_the_same_name_are_told_apart() {
    let at = folder(&[]);
    for (repository, database) in [("acme/orders", "orders"), ("acme/billing", "billing"), ("acme/users", "orders")] {
        let code = format!(
            "import psycopg\n{FASTAPI}\ndb = psycopg.connect('postgresql://u:p@{database}.db.internal/{database}')\n"
        );
        let root = format!("{repository}/api");
        write(
            at.path(),
            &[
                (&format!("{root}/main.py"), &code),
                (&format!("{root}/Dockerfile"), IMAGE),
                (&format!("{root}/requirements.txt"), "fastapi\npsycopg\n"),
            ],
        );
        let file = format!("facts/{}.jsonl", repository.replace('/', "-"));
        assert_eq!(run(&at, &["facts", repository, "--repository", repository, "-o", &file]).code, 0);
    }
    let graph = json_of(&run(&at, &["graph", "--facts-only", "--with", "facts", "--format", "json"]));
    let names: Vec<&str> = graph["services"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["acme/billing/api", "acme/orders/api", "acme/users/api"]);
    let found = findings(&run(&at, &[&["lint", "--facts-only", "--with", "facts"], &SHARED[..]].concat()));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["services"], json!(["acme/users/api", "acme/orders/api"]));
    let one = json_of(&run(&at, &["graph", "acme/orders", "--with", "facts/acme-users.jsonl", "--format", "json"]));
    let names: Vec<&str> = one["services"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["api", "acme/users/api"]);
}

#[test]
fn what_others_allow_is_allowed() {
    let at = repositories();
    let path = at.path().join("billing/main.py");
    let code = std::fs::read_to_string(&path).unwrap();
    let allowed = code.replace(
        "db = psycopg",
        "# skillcheck: allow(data-ownership/shared-database) moves out next quarter until=2999-01-01\ndb = psycopg",
    );
    std::fs::write(&path, &allowed).unwrap();
    export(&at, &["orders", "billing"]);
    let lint = |root: &str, other: &str| {
        run(&at, &[&["lint", root, "--with", &format!("facts/{other}.jsonl")], &SHARED[..]].concat())
    };
    assert_eq!(findings(&lint("orders", "billing")).len(), 0);
    assert_eq!(json_of(&lint("billing", "orders"))["summary"]["suppressed"], 1);
    std::fs::write(&path, allowed.replace("2999", "2020")).unwrap();
    export(&at, &["billing"]);
    assert_eq!(findings(&lint("orders", "billing")).len(), 1, "the exception is over");
    let alone = run(&at, &["lint", "billing", "--output", "concise"]);
    std::fs::write(&path, allowed).unwrap();
    let waiting = run(&at, &["lint", "billing", "--output", "concise"]);
    assert!(alone.stdout.contains("suppression/expired"), "{}", alone.stdout);
    assert!(!waiting.stdout.contains("suppression/unused"), "{}", waiting.stdout);
}

#[test]
fn own_facts_are_left_out_and_that_is_said() {
    let at = repositories();
    export(&at, &["orders", "billing"]);
    let all = run(&at, &[&["lint", "orders", "--with", "facts"], &SHARED[..]].concat());
    assert_eq!(findings(&all).len(), 1);
    assert!(all.stderr.contains("note: facts/orders.jsonl is left out"), "{}", all.stderr);
    // A clone has another folder, and the same origin.
    for clone in ["orders", "elsewhere"] {
        write(
            at.path(),
            &[(&format!("{clone}/.git/config"), "[remote \"origin\"]\n\turl = https://git.acme.io/acme/orders.git\n")],
        );
    }
    export(&at, &["orders"]);
    std::fs::copy(at.path().join("orders/main.py"), at.path().join("elsewhere/main.py")).unwrap();
    let clone = run(&at, &["graph", "elsewhere", "--with", "facts/orders.jsonl"]);
    assert!(clone.stderr.contains("the facts of `acme/orders`"), "{}", clone.stderr);
}

/// Facts that can't be used: code 2, and file and line on standard error.
#[track_caller]
fn refused(at: &tempfile::TempDir, text: &str, expected: &[&str]) {
    write(at.path(), &[("bad.jsonl", text)]);
    for command in ["lint", "graph"] {
        let run = run(at, &[command, "users", "--with", "bad.jsonl"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        for part in expected {
            assert!(run.stderr.contains(part), "`{part}` is not in: {}", run.stderr);
        }
    }
}

#[test]
fn damaged_facts_are_errors() {
    let at = repositories();
    export(&at, &["orders"]);
    let good = std::fs::read_to_string(at.path().join("facts/orders.jsonl")).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let number = lines.len();

    refused(&at, "", &["bad.jsonl:1: the file is empty"]);
    refused(&at, "hello\n", &["bad.jsonl:1: the first line is not that of an export", "skillcheck facts PATH -o FILE"]);
    refused(&at, "{\"format\":\"other\",\"version\":1}\n", &["bad.jsonl:1: the first line is not that"]);
    let newer = good.replacen("\"version\":1", "\"version\":3", 1).replacen(env!("CARGO_PKG_VERSION"), "9.9.9", 1);
    refused(&at, &newer, &["bad.jsonl:1:", "skillcheck 9.9.9 wrote them in version 3", "update this skillcheck"]);
    refused(&at, &lines[..number - 1].join("\n"), &[&format!("bad.jsonl:{}: the file ends after", number - 1)]);
    let cut = &good[..good.len() - 20];
    refused(&at, cut, &[&format!("bad.jsonl:{number}: no fact:")]);
    refused(&at, &format!("{good}{good}"), &[&format!("bad.jsonl:{}: there are more lines", number + 1)]);
    let twice = lines.iter().take(2).chain(&lines[1..number - 1]).copied().collect::<Vec<_>>().join("\n");
    refused(&at, &twice, &["bad.jsonl:3: the line is there twice"]);
    refused(&at, &good.replacen("\"fact\":\"endpoint\"", "\"fact\":\"endpiont\"", 1), &["unknown variant `endpiont`"]);
    refused(
        &at,
        &good.replacen("\"from\":\"orders\"", "\"from\":\"order\"", 1),
        &["no line declares the service `order`"],
    );
    refused(&at, &good.replacen("\"main.py\"", "\"/etc/passwd\"", 1), &["`/etc/passwd` is no path in a repository"]);
    refused(&at, &good.replacen("\"line\":7", "\"line\":0", 1), &["lines and columns count from 1"]);
    refused(
        &at,
        &good.replacen("\"repository\":\"orders\"", "\"repository\":\"\"", 1),
        &["the repository has no name"],
    );

    write(at.path(), &[("again.jsonl", &good)]);
    let twice = run(&at, &["lint", "users", "--with", "facts/orders.jsonl", "--with", "again.jsonl"]);
    assert_eq!(twice.code, 2);
    assert!(twice.stderr.contains("again.jsonl:1: they are of the repository `orders`"), "{}", twice.stderr);
    for missing in ["none.jsonl", "users"] {
        assert_eq!(run(&at, &["lint", "users", "--with", missing]).code, 2, "{missing}");
    }
}

#[test]
fn incomplete_facts_are_told() {
    let at = repositories();
    write(at.path(), &[("users/broken.py", "import httpx\n\ndef (:\n    httpx.get(\n")]);
    let exported = run(&at, &["facts", "users", "-o", "facts/users.jsonl"]);
    assert_eq!(exported.code, 4);
    assert!(exported.stderr.contains("not checked: broken.py"), "{}", exported.stderr);
    let joined = Run::plain(&run(&at, &["lint", "orders", "--with", "facts"]).stdout);
    assert!(joined.contains("facts/users.jsonl: some files of `users` could not be read"), "{joined}");
}

#[test]
fn ten_thousand_services_of_a_thousand_repositories_are_one_system() {
    let at = tempfile::tempdir().unwrap();
    for (name, text) in crate::support::facts::repositories(1_000) {
        std::fs::write(at.path().join(name), text).unwrap();
    }
    let with = exchange::gather(&[at.path().to_owned()]).unwrap();
    let outcome = check(Request { with, facts_only: true, ..Request::default() }).unwrap();
    let system = &outcome.system;
    assert_eq!(system.services.len(), 10_000);
    assert_eq!(system.map.endpoints.len(), 100_000);
    // One inside of the repository, three to others.
    assert_eq!((system.calls.len(), system.outgoing.len()), (40_000, 0));
    assert_eq!(system.map.channels.len(), 10_000);
    assert!(system.map.channels.iter().all(|channel| channel.producers.len() == 1 && channel.consumers.len() == 1));
    // Each has its own but for those that share; and there are fifty caches.
    assert_eq!(system.datastores.len(), 10_000 - 100 + 50);
    assert_eq!(outcome.findings.len(), 100);
    assert_eq!(outcome.findings[0].services.len(), 2);
    assert!(outcome.problems.is_empty());
}

#[test]
fn several_roots_are_one_system() {
    let at = repositories();
    let both = run(&at, &[&["lint", "orders", "billing"], &SHARED[..]].concat());
    let found = findings(&both);
    assert_eq!((both.code, found.len()), (1, 1), "{}", both.stderr);
    assert_eq!((&found[0]["path"], &found[0]["services"]), (&json!("billing/main.py"), &json!(["billing", "orders"])));
    let graph = json_of(&run(&at, &["graph", "billing", "orders", "--format", "json"]));
    let call = &graph["calls"][0];
    assert_eq!(
        (&call["from"], &call["to"], &call["file"]),
        (&json!("orders"), &json!("billing"), &json!("orders/main.py"))
    );
    // A deployment of its own, beside the code.
    write(
        at.path(),
        &[("deploy/compose.yaml", "services:\n  bills:\n    build: ../billing\n  orders:\n    build: ../orders\n")],
    );
    let deployed = json_of(&run(&at, &["graph", "billing", "deploy", "orders", "--format", "json"]));
    let named: Vec<_> =
        deployed["services"].as_array().unwrap().iter().map(|s| format!("{} {}", s["name"], s["root"])).collect();
    assert_eq!(named, ["\"bills\" \"billing\"", "\"orders\" \"orders\""]);
}

#[test]
fn roots_of_the_same_name_keep_their_services_and_paths() {
    let at = folder(&[]);
    for team in ["one", "two"] {
        let call = "import requests\nrequests.get('http://x.example.com/')\n";
        write(
            at.path(),
            &[
                (&format!("{team}/shop/api/main.py"), &format!("{call}{FASTAPI}")),
                (&format!("{team}/shop/api/requirements.txt"), "fastapi\n"),
                (&format!("{team}/shop/api/Dockerfile"), IMAGE),
            ],
        );
    }
    let lint = run(&at, &["lint", "one/shop", "two/shop", "--rule", "rest-client/missing-timeout", "--output", "json"]);
    let paths: Vec<Value> = findings(&lint).iter().map(|finding| finding["path"].clone()).collect();
    assert_eq!(paths, ["one/shop/api/main.py", "two/shop/api/main.py"]);
    let services: Vec<Value> = findings(&lint).iter().map(|finding| finding["services"].clone()).collect();
    assert_ne!(services[0], services[1]);
    assert_eq!(json_of(&lint)["services"].as_array().unwrap().len(), 2);
}

#[test]
fn each_root_keeps_its_own_configuration() {
    let at = folder(&[]);
    for root in ["strict", "lenient", "plain"] {
        let call = "import requests\nrequests.get('http://x.example.com/')\n";
        write(
            at.path(),
            &[
                (&format!("{root}/main.py"), &format!("{call}{FASTAPI}")),
                (&format!("{root}/old/main.py"), call),
                (&format!("{root}/requirements.txt"), "fastapi\n"),
                (&format!("{root}/Dockerfile"), IMAGE),
            ],
        );
    }
    write(
        at.path(),
        &[
            (
                "lenient/skillcheck.yaml",
                "fail-on: none\nexclude: [old]\nrules:\n  rest-client/missing-retry: off\nservices:\n  lenient: {name: kind}\n",
            ),
            ("strict/skillcheck.yaml", "rules:\n  rest-client/missing-timeout: off\n"),
        ],
    );
    let lint = |roots: &[&str]| run(&at, &[&["lint"], roots, &["--output", "json", "--skill", "rest-client"]].concat());
    let told = |run: &Run| -> Vec<String> {
        let skip = ["rest-client/missing-circuit-breaker", "rest-client/hard-coded-address"];
        let found = findings(run).into_iter().filter(|f| !skip.contains(&f["rule"].as_str().unwrap()));
        found.map(|f| format!("{} {}", f["path"].as_str().unwrap(), f["rule"].as_str().unwrap())).collect()
    };
    let all = lint(&["strict", "lenient", "plain"]);
    assert_eq!(
        told(&all),
        [
            "lenient/main.py rest-client/missing-timeout",
            "plain/main.py rest-client/missing-retry",
            "plain/main.py rest-client/missing-timeout",
            "plain/old/main.py rest-client/missing-retry",
            "plain/old/main.py rest-client/missing-timeout",
            "strict/main.py rest-client/missing-retry",
            "strict/old/main.py rest-client/missing-retry",
        ]
    );
    assert_eq!(all.code, 1);
    let services: Vec<Value> =
        json_of(&all)["services"].as_array().unwrap().iter().map(|s| s["name"].clone()).collect();
    assert_eq!(services, ["kind", "plain", "strict"]);
    assert_eq!(lint(&["lenient"]).code, 0, "fail-on: none");
    write(at.path(), &[("common.yaml", "rules:\n  rest-client: off\n")]);
    let common =
        run(&at, &["lint", "strict", "plain", "--config", "common.yaml", "--skill", "rest-client", "--output", "json"]);
    assert_eq!(findings(&common).len(), 0, "--config is for all");
}

#[test]
fn the_commands_of_the_readme_run() {
    let at = repositories();
    export(&at, &["orders", "billing", "users"]);
    let here = at.path().join("orders");
    std::fs::copy(at.path().join("facts/billing.jsonl"), here.join("billing.jsonl")).unwrap();
    std::fs::create_dir(here.join("facts")).unwrap();
    for name in ["orders", "billing"] {
        std::fs::copy(at.path().join(format!("facts/{name}.jsonl")), here.join(format!("facts/{name}.jsonl"))).unwrap();
    }
    let readme = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let block = readme.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let codes = block.lines().map(|line| {
        let words = line.split('#').next().unwrap().split_whitespace().skip(1);
        skillcheck_in(&here, &words.collect::<Vec<_>>()).code
    });
    assert_eq!(codes.collect::<Vec<_>>(), [0, 1, 1]);
}
