//! Output formats as their readers see them, the choice of a format, and what passes the gate.
use crate::support::{folder, skillcheck, skillcheck_in, skillcheck_with, write};
use roxmltree::{Document, Node};
use serde_json::Value;

const TWO: &str = "import requests\n\nrequests.get(\"https://stock/items\")\n";

/// An element: its name, required attributes, optional attributes, children.
type Element = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// Which children and attributes an element has: name, required, optional, children.
const JUNIT: [Element; 5] = [
    ("testsuites", &[], &["name", "tests", "failures", "errors"], &["testsuite"]),
    ("testsuite", &["name", "tests", "failures", "errors"], &[], &["testcase"]),
    ("testcase", &["name"], &["classname"], &["failure", "error"]),
    ("failure", &[], &["type", "message"], &[]),
    ("error", &[], &["type", "message"], &[]),
];

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// What keeps an element from being what CI servers read.
fn junit_faults(node: Node<'_, '_>, faults: &mut Vec<String>) {
    let name = node.tag_name().name();
    let Some((_, required, optional, children)) = JUNIT.iter().find(|known| known.0 == name) else {
        return faults.push(format!("<{name}>"));
    };
    faults.extend(required.iter().filter(|a| !node.has_attribute(**a)).map(|a| format!("<{name}> has no {a}")));
    let known = |attribute: &str| required.contains(&attribute) || optional.contains(&attribute);
    faults.extend(node.attributes().filter(|a| !known(a.name())).map(|a| format!("<{name} {}>", a.name())));
    let number = |attribute: &str| node.attribute(attribute).and_then(|text| text.parse::<usize>().ok());
    let count = |what: &str| node.descendants().filter(|d| d.has_tag_name(what)).count();
    if name.starts_with("testsuite") {
        for (attribute, what) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")] {
            if number(attribute) != Some(count(what)) {
                faults.push(format!("{attribute} of <{name}> is not {}", count(what)));
            }
        }
        if elements(node).count() == 0 {
            faults.push(format!("<{name}> is empty"));
        }
    }
    for child in elements(node) {
        match children.contains(&child.tag_name().name()) {
            true => junit_faults(child, faults),
            false => faults.push(format!("<{}> in <{name}>", child.tag_name().name())),
        }
    }
}

#[test]
fn junit_is_what_ci_servers_read() {
    let broken = folder(&[("a<&>\".py", TWO), ("b.py", "def f(:\n requests\n")]);
    let empty = folder(&[("a.py", "x = 1\n")]);
    let runs = [
        (skillcheck(&["lint", "fixtures/shop-broken", "--output", "junit"]), 20),
        (skillcheck_in(broken.path(), &["lint", "--output", "junit"]), 2),
        (skillcheck_in(empty.path(), &["lint", "--output", "junit"]), 1),
    ];
    for (run, least) in runs {
        let document = Document::parse(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.stdout));
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "testsuites");
        let mut faults = Vec::new();
        junit_faults(root, &mut faults);
        assert_eq!(faults, [""; 0], "{}", run.stdout);
        assert!(document.descendants().filter(|node| node.has_tag_name("testcase")).count() >= least);
    }
    let mut faults = Vec::new();
    junit_faults(Document::parse("<testsuite tests='1'><b/></testsuite>").unwrap().root_element(), &mut faults);
    assert!(faults.len() > 3, "it refuses nothing: {faults:?}");
}

#[test]
fn an_agent_gets_its_own_format_and_an_explicit_one_wins() {
    let folder = folder(&[("a.py", TWO)]);
    let agent = skillcheck_with(folder.path(), &[("CLAUDECODE", "1")], &["lint"]);
    assert_eq!(agent.code, 1);
    assert!(agent.stdout.starts_with("a.py\n  3:1 "), "{}", agent.stdout);
    assert!(agent.stdout.contains("\n    fix: ") && !agent.stdout.contains('│'), "{}", agent.stdout);
    assert_eq!(agent.stdout, skillcheck_in(folder.path(), &["lint", "--output", "agent"]).stdout);
    let human = skillcheck_with(folder.path(), &[("CLAUDECODE", "1")], &["lint", "--output", "human"]);
    assert!(human.stdout.contains('│'));
}

#[test]
fn an_agent_is_not_flooded() {
    let files: Vec<(String, &str)> = (0..60).map(|n| (format!("f{n}.py"), TWO)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let folder = folder(&files);
    let text = skillcheck_in(folder.path(), &["lint", "--output", "agent"]).stdout;
    assert_eq!(text.matches("\n    fix: ").count(), 50, "{text}");
    assert_eq!(text.matches(" error ").count(), 50, "errors come first");
    assert!(text.contains("more: run `skillcheck lint <path>` on a part"), "{text}");
}

#[test]
fn several_outputs_come_from_one_run() {
    let folder = folder(&[("a.py", TWO)]);
    let formats = ["json", "sarif", "github", "gitlab", "junit", "markdown", "rdjson", "concise"];
    let outputs: Vec<String> = formats.iter().map(|format| format!("--output={format}=out/{format}")).collect();
    let mut args = vec!["lint", "--output", "agent"];
    args.extend(outputs.iter().map(String::as_str));
    let run = skillcheck_in(folder.path(), &args);
    assert_eq!(run.code, 1);
    for format in formats {
        let alone = skillcheck_in(folder.path(), &["lint", "--output", format, "a.py"]);
        let text = std::fs::read_to_string(folder.path().join("out").join(format)).unwrap();
        assert!(text.contains("rest-client/missing-timeout"), "{format}: {text}");
        assert!(alone.stdout.contains("rest-client/missing-timeout"), "{format}");
    }
    assert!(run.stdout.starts_with("a.py\n"));
}

#[test]
fn the_job_summary_has_a_table_for_each_service() {
    let text = skillcheck(&["lint", "fixtures/shop-broken", "--output", "markdown"]).stdout;
    assert!(text.starts_with("## skillcheck: "), "{text}");
    for service in ["orders", "payments"] {
        let table = format!("\n### {service}\n\n| severity | rule | place | finding |\n|---|---|---|---|\n| ");
        assert!(text.contains(&table), "{text}");
    }
    // Every row has four cells.
    for row in text.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    }
}

#[test]
fn fail_on_decides_the_exit_code_and_hides_nothing() {
    let folder = folder(&[("a.py", TWO)]);
    let run = |args: &[&str]| skillcheck_in(folder.path(), &[&["lint", "--output", "json"], args].concat());
    let number = |args: &[&str]| {
        let value: Value = serde_json::from_str(&run(args).stdout).unwrap();
        value["findings"].as_array().unwrap().len()
    };
    let all = number(&[]);
    assert!(all >= 2);
    for (level, code) in [("error", 1), ("warning", 1), ("info", 1), ("none", 0)] {
        assert_eq!((run(&["--fail-on", level]).code, number(&["--fail-on", level])), (code, all), "{level}");
    }
    assert_eq!(number(&["--min-severity", "error"]), 1);
    let rules = ["--rule", "rest-client/missing-retry", "--fail-on", "error"];
    assert_eq!(run(&rules).code, 0, "a warning does not fail on error");
    // A file that can't be parsed is never clean.
    write(folder.path(), &[("b.py", "import requests\ndef f(:\n")]);
    assert_eq!(run(&["--fail-on", "none"]).code, 4);
}

#[test]
fn less_sure_findings_can_be_hidden() {
    let run = |least: &str| {
        let args = ["lint", "fixtures/shop-broken", "--output", "json", "--min-confidence", least];
        let value: Value = serde_json::from_str(&skillcheck(&args).stdout).unwrap();
        let sure = |f: &Value| f["confidence"].as_str().unwrap().to_owned();
        let all: Vec<String> = value["findings"].as_array().unwrap().iter().map(sure).collect();
        (all, value["summary"]["hidden"].as_u64().unwrap())
    };
    let (all, hidden) = run("low");
    assert!(all.iter().any(|sure| sure != "high") && hidden == 0, "the fixture has no finding that is less sure");
    let (sure, hidden) = run("high");
    assert!(sure.iter().all(|sure| sure == "high") && sure.len() + hidden as usize == all.len());
}

#[test]
fn statistics_count_rules_and_services() {
    let text = skillcheck(&["lint", "fixtures/shop-broken", "--output", "human", "--statistics"]).stdout;
    assert!(text.contains("  error    rest-client/missing-timeout\n"), "{text}");
    assert!(text.contains("\nBy service\n") && text.contains("  orders\n"), "{text}");
    assert!(!text.contains('│'), "{text}");
}
