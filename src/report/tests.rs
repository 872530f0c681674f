use std::path::Path;

use serde_json::Value;

use super::{Format, Report};
use crate::check::Stats;
use crate::config::Config;
use crate::files::{File, Tree};
use crate::findings::{self, Date, Settings, Settled};
use crate::problem::Problem;
use crate::rules::{Confidence, Finding, Related, Severity};
use crate::syntax::{Place, Span};
use crate::system::{Service, System};

const FILES: [(&str, &str); 4] = [
    (
        "compose.yaml",
        "services:\n  orders:\n    environment:\n      DATABASE_URL: postgres://db/shop\n  payments:\n    environment:\n      DATABASE_URL: postgres://db/shop\n",
    ),
    (
        "orders/app/client one.py",
        "import httpx\n\n\ndef stock(sku: str) -> dict:\n\tclient = httpx.Client(\n\t\ttimeout=None,\n\t)\n\treturn client.get(f\"{URL}/ü/{sku}\", timeout=None).json()\n",
    ),
    ("payments/broken.py", "def f(:\n"),
    (
        "payments/db.py",
        "engine = create_engine(settings.database_url)\nprint('\x1b[31m')  # skillcheck: allow(rest-client/x)\n",
    ),
];

struct World {
    folder: tempfile::TempDir,
    tree: Tree,
    system: System,
    settled: Settled,
    problems: Vec<Problem>,
    stats: Stats,
}

impl World {
    // The system grows; what is not shown here does not matter here.
    #[allow(clippy::needless_update)]
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree { roots: vec![folder.path().to_owned()], files: vec![], others: vec![] };
        for (path, text) in FILES {
            let absolute = folder.path().join(path);
            std::fs::create_dir_all(absolute.parent().unwrap()).unwrap();
            std::fs::write(&absolute, text).unwrap();
            tree.files.push(File { path: path.into(), absolute, size: text.len() as u64, ..File::default() });
        }
        let place = |path: &str, needle: &str, nth: usize| {
            let file = tree.find(path).unwrap();
            let text = FILES[file.0 as usize].1;
            let start = text.match_indices(needle).nth(nth).unwrap().0;
            Place::new(file, Span::new(start, start + needle.len()))
        };
        let url = "postgres://db/shop";
        let related = |place, message: &str| Related { place, message: message.into() };
        let shared = Finding {
            rule: "data-ownership/shared-database",
            severity: Severity::Error,
            confidence: Confidence::Medium,
            services: vec!["payments".into(), "orders".into()],
            message: "services `payments` and `orders` share the database `shop` on `db`".into(),
            why: "Neither can change its tables without breaking the other".into(),
            help: "give each service its own database, and ask the owner over its API for what it knows, as `skillcheck explain data-ownership/shared-database` shows".into(),
            place: place("compose.yaml", url, 1),
            related: vec![
                related(place("compose.yaml", url, 0), "`orders` reaches it here"),
                related(place("payments/db.py", "create_engine(settings.database_url)", 0), "and opens it here"),
            ],
        };
        let client = "orders/app/client one.py";
        let timeout = Finding {
            rule: "rest-client/missing-timeout",
            severity: Severity::Warning,
            confidence: Confidence::High,
            services: vec!["orders".into()],
            message: "`client.get` has `timeout=None`\nand waits for ever".into(),
            why: "100% of the workers hang when the peer does: one slow service stops all".into(),
            help: "pass `timeout=2.0`, or set it on the client".into(),
            place: place(client, "client.get(f\"{URL}/ü/{sku}\", timeout=None)", 0),
            related: vec![related(
                place(client, "httpx.Client(\n\t\ttimeout=None,\n\t)", 0),
                "built without a timeout here",
            )],
        };
        let problems = vec![
            Problem {
                path: String::new(),
                place: None,
                reason: "the rule `saga/x` panicked: oops".into(),
                incomplete: true,
            },
            Problem {
                path: "payments/broken.py".into(),
                place: Some(place("payments/broken.py", ":", 0)),
                reason: "syntax error".into(),
                incomplete: true,
            },
        ];
        let suppressions: Vec<_> = FILES
            .iter()
            .enumerate()
            .flat_map(|(i, (_, text))| findings::scan(text, crate::syntax::FileId(i as u32)))
            .collect();
        let config = Config::default();
        let settings = Settings {
            config: &config,
            rules: findings::own_rules(),
            today: Date::parse("2026-11-21").unwrap(),
            preview: false,
            only: &[],
            min_severity: Severity::Info,
            also_load: &[tree.find("payments/broken.py").unwrap()],
            complete: true,
            elsewhere: &[],
        };
        let settled = findings::settle(&tree, vec![timeout, shared], &suppressions, &settings);
        let service = |name: &str| Service { name: name.into(), root: name.into(), ..Service::default() };
        let system = System { services: vec![service("orders"), service("payments")], ..System::default() };
        let stats = Stats {
            files_walked: 4,
            files_parsed: 3,
            bytes: 500,
            unknown: vec![
                (
                    "timeout of an HTTP client".into(),
                    vec![place(client, "client.get", 0), place("payments/db.py", "create_engine", 0)],
                ),
                ("database URL".into(), vec![place("compose.yaml", url, 0)]),
            ],
        };
        World { folder, tree, system, settled, problems, stats }
    }

    fn render(&self, format: Format, current: Option<&Path>) -> String {
        let report = Report {
            tree: &self.tree,
            system: &self.system,
            settled: &self.settled,
            problems: &self.problems,
            stats: &self.stats,
            current_dir: current,
            width: 100,
            quiet: false,
        };
        let mut out = Vec::new();
        report.write(format, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        anstream::adapter::strip_str(&text).to_string()
    }

    fn here(&self, format: Format) -> String {
        self.render(format, Some(self.folder.path()))
    }
}

fn valid(schema: &str, text: &str) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
}

#[test]
fn human() {
    insta::assert_snapshot!(World::new().here(Format::Human));
}

#[test]
fn concise() {
    insta::assert_snapshot!(World::new().here(Format::Concise));
}

#[test]
fn github() {
    insta::assert_snapshot!(World::new().here(Format::Github));
}

#[test]
fn agent() {
    insta::assert_snapshot!(World::new().here(Format::Agent));
}

#[test]
fn gitlab() {
    insta::assert_snapshot!(World::new().here(Format::Gitlab));
}

#[test]
fn junit() {
    insta::assert_snapshot!(World::new().here(Format::Junit));
}

#[test]
fn job_summary() {
    insta::assert_snapshot!(World::new().here(Format::Markdown));
}

#[test]
fn rdjson_counts_columns_in_bytes() {
    let text = World::new().here(Format::Rdjson);
    insta::assert_snapshot!(text);
    let json: Value = serde_json::from_str(&World::new().here(Format::Json)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let end = &value["diagnostics"][1]["location"]["range"]["end"]["column"];
    assert_eq!(end.as_u64().unwrap(), json["findings"][1]["end_column"].as_u64().unwrap() + 1, "`ü` has two bytes");
}

#[test]
fn json_is_valid_against_its_schema() {
    let text = World::new().here(Format::Json);
    valid(include_str!("../../schemas/findings.schema.json"), &text);
    insta::assert_snapshot!(text);
}

#[test]
fn sarif_is_valid_against_the_official_schema() {
    let text = World::new().here(Format::Sarif);
    // The official schema has one pattern (of `language`, which we don't write) that is no regular
    // expression: a bracket too much.
    let schema = include_str!("../../tests/schemas/sarif-2.1.0.schema.json").replace("{2}]?$", "{2}$");
    valid(&schema, &text);
    let mut sarif: Value = serde_json::from_str(&text).unwrap();
    let rules = sarif.pointer_mut("/runs/0/tool/driver/rules").unwrap().take();
    let unknown = rules.as_array().unwrap().iter().find(|rule| rule["id"] == "suppression/unknown-rule").unwrap();
    assert_eq!(unknown["name"], "SuppressionUnknownRule");
    assert!(unknown["help"]["markdown"].as_str().unwrap().starts_with("## suppression/unknown-rule\n"));
    // The texts of the skills change more often than the format.
    let text = serde_json::to_string_pretty(&sarif).unwrap();
    insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]"));
}

#[test]
fn programs_get_the_same_bytes_from_every_folder() {
    let world = World::new();
    for format in Format::ALL.into_iter().filter(|format| !format.is_text()) {
        let elsewhere = world.render(format, Some(Path::new("/somewhere/else")));
        assert_eq!(elsewhere, world.here(format));
        assert!(!elsewhere.contains(&world.folder.path().display().to_string()), "{elsewhere}");
    }
}

#[test]
fn people_get_a_path_they_can_open() {
    let world = World::new();
    let absolute = world.folder.path().join("compose.yaml").display().to_string();
    assert!(world.render(Format::Concise, None).contains(&absolute));
    let below = world.render(Format::Concise, Some(&world.folder.path().join("payments")));
    assert!(below.contains("db.py:2:") && below.contains(&absolute), "{below}");
}

#[test]
fn a_clean_run_says_so_and_an_incomplete_one_does_not() {
    let mut world = World::new();
    world.settled = Settled::default();
    assert!(world.here(Format::Human).contains("no findings in what was checked"));
    world.problems.clear();
    assert!(world.here(Format::Human).contains("Found no findings\n"));
    assert_eq!(world.here(Format::Concise), "");
}

#[test]
fn what_decides_nothing_is_named_last_and_only_a_few_times() {
    let mut world = World::new();
    let minified = |n: usize| Problem {
        path: format!("assets/{n}.min.js"),
        place: None,
        reason: "has a line of 30000 bytes".into(),
        incomplete: false,
    };
    world.problems = (0..20).map(minified).chain(world.problems).collect();
    let concise = world.here(Format::Concise);
    let told: Vec<&str> = concise.lines().filter(|line| line.contains("not checked")).collect();
    assert!(told[0].contains("the rule `saga/x` panicked") && told[1].contains("broken.py"), "{concise}");
    assert_eq!(told[2..].iter().filter(|line| line.contains(".min.js")).count(), 3, "{concise}");
    assert_eq!(told.last(), Some(&"skillcheck: not checked: 17 places more; `--show-files` lists all"));
    assert_eq!(world.here(Format::Github).matches("could not check").count(), 6);
    assert_eq!(world.here(Format::Json).matches(".min.js").count(), 20);
}
