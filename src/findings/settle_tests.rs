use super::{Settings, Settled, settle};
use crate::config::{self, Config};
use crate::files::{File, Tree};
use crate::findings::{Date, own_rules, scan};
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::syntax::{FileId, Place, Span};

const TIMEOUT: &str = "rest-client/missing-timeout";
const RETRY: &str = "rest-client/missing-retry";

/// A tree of files on disk, findings by the text they stand on.
struct World {
    folder: tempfile::TempDir,
    tree: Tree,
    texts: Vec<String>,
    config: Config,
    complete: bool,
    only: Vec<String>,
    min: Severity,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::default();
        let mut files = files.to_vec();
        files.sort();
        for (path, text) in &files {
            let absolute = folder.path().join(path);
            std::fs::create_dir_all(absolute.parent().unwrap()).unwrap();
            std::fs::write(&absolute, text).unwrap();
            tree.files.push(File { path: (*path).into(), absolute, size: text.len() as u64, ..File::default() });
        }
        let texts = files.iter().map(|(_, text)| (*text).to_owned()).collect();
        World { folder, tree, texts, config: Config::default(), complete: true, only: vec![], min: Severity::Info }
    }

    fn config(mut self, text: &str) -> Self {
        self.config = config::parse(text, &crate::rules::Names::new([TIMEOUT, RETRY])).unwrap();
        self.config.folder = Some(self.folder.path().canonicalize().unwrap());
        self
    }

    fn place(&self, path: &str, needle: &str, nth: usize) -> Place {
        let file = self.tree.find(path).unwrap();
        let text = &self.texts[file.0 as usize];
        let (start, _) = text.match_indices(needle).nth(nth).unwrap();
        Place::new(file, Span::new(start, start + needle.len()))
    }

    fn settle(&self, findings: Vec<Finding>) -> Settled {
        let rule = |id| Rule { id, severity: Severity::Warning, stage: Stage::Stable, check: |_, _| {} };
        let rules: Vec<Rule> = [rule(TIMEOUT), rule(RETRY)].into_iter().chain(own_rules().iter().copied()).collect();
        let suppressions: Vec<_> =
            self.texts.iter().enumerate().flat_map(|(i, text)| scan(text, FileId(i as u32))).collect();
        let settings = Settings {
            config: &self.config,
            rules: &rules,
            today: Date::parse("2026-11-21").unwrap(),
            preview: false,
            only: &self.only,
            min_severity: self.min,
            also_load: &[],
            complete: self.complete,
            elsewhere: &[],
        };
        settle(&self.tree, findings, &suppressions, &settings)
    }
}

fn finding(rule: &'static str, place: Place) -> Finding {
    Finding {
        rule,
        severity: Severity::Warning,
        confidence: Confidence::High,
        services: vec![],
        message: "m".into(),
        why: "w".into(),
        help: "h".into(),
        place,
        related: vec![],
    }
}

fn rules(settled: &Settled) -> Vec<&str> {
    settled.findings.iter().map(|r| r.finding.rule).collect()
}

fn messages(settled: &Settled) -> Vec<&str> {
    settled.findings.iter().map(|r| r.finding.message.as_str()).collect()
}

#[test]
fn a_comment_suppresses_its_rule_only() {
    let world = World::new(&[("a.py", "get() # skillcheck: allow(rest-client/missing-timeout) local\nput()\n")]);
    let settled = world.settle(vec![
        finding(TIMEOUT, world.place("a.py", "get()", 0)),
        finding(RETRY, world.place("a.py", "get()", 0)),
        finding(TIMEOUT, world.place("a.py", "put()", 0)),
    ]);
    assert_eq!(rules(&settled), [RETRY, TIMEOUT]);
    assert_eq!(settled.suppressed, 1);
}

#[test]
fn a_comment_reaches_a_finding_through_any_place_a_whole_file_and_a_whole_skill() {
    let world = World::new(&[
        ("a.py", "get()\n"),
        ("b.py", "# skillcheck: allow(rest-client) the proxy bounds it\n\nclient()\n"),
        ("c.py", "# skillcheck: allow-file(rest-client) generated\nx()\ny()\n"),
    ]);
    let mut far = finding(TIMEOUT, world.place("a.py", "get()", 0));
    far.related = vec![Related { place: world.place("b.py", "client()", 0), message: "built here".into() }];
    let settled = world.settle(vec![far, finding(RETRY, world.place("c.py", "y()", 0))]);
    assert_eq!(rules(&settled), [] as [&str; 0]);
    assert_eq!(settled.suppressed, 2);
}

#[test]
fn a_comment_behind_the_last_line_of_a_call_counts() {
    let text = "get(\n  1,\n)  # skillcheck: allow(rest-client/missing-timeout) local\n";
    let world = World::new(&[("a.py", text)]);
    let settled = world.settle(vec![finding(TIMEOUT, world.place("a.py", "get(\n  1,\n)", 0))]);
    assert_eq!(settled.suppressed, 1);
    assert!(settled.findings.is_empty());
}

#[test]
fn wrong_comments_are_findings() {
    let text = "a() # skillcheck: allow(rest-client/missing-timeout)
b() # skillcheck: allow(rest-client/mising-retry) x
c() # skillcheck: allow(rest-client/missing-retry) x
d() # skillcheck: allow(rest-client/missing-timeout) x until=2026-11-20
e() # skillcheck: allow(rest-client/missing-timeout) x until=2026-11-21
f() # skillcheck: allow(rest-client/missing-timeout) x until=soon
g() # skillcheck: disable(rest-client)
h() # skillcheck: allow(suppression/unused) x
";
    let world = World::new(&[("a.py", text)]);
    let found = ["a()", "d()", "e()", "f()"].map(|call| finding(TIMEOUT, world.place("a.py", call, 0)));
    let settled = world.settle(found.to_vec());
    insta::assert_snapshot!(
        settled.findings.iter().map(|r| format!("{} {} | {}", r.finding.rule, r.finding.message, r.finding.help)).collect::<Vec<_>>().join("\n"),
        @r"
    suppression/missing-reason suppression of `rest-client/missing-timeout` gives no reason | write `skillcheck: allow(<rule>) <reason>`
    suppression/unknown-rule suppression of unknown rule `rest-client/mising-retry` | did you mean `rest-client/missing-retry`?
    suppression/unused suppression of `rest-client/missing-retry` is not used | delete `rest-client/missing-retry` from the comment, or the comment
    rest-client/missing-timeout m | h
    suppression/expired suppression of `rest-client/missing-timeout` expired on 2026-11-20 | repair what it allowed and delete it, or set a new date and say why
    rest-client/missing-timeout m | h
    suppression/malformed not a suppression: `until=soon` is no date | write `until=YYYY-MM-DD`
    suppression/malformed not a suppression: `disable` is not `allow` | write `skillcheck: allow(<rule>) <reason>`
    suppression/unknown-rule `suppression/unused` can't be suppressed by a comment | turn the rule off under `rules:` in the configuration: `suppression/unused: off`
    "
    );
}

#[test]
fn an_unused_comment_is_reported_only_when_its_rule_ran_everywhere() {
    let files = [("a.py", "a() # skillcheck: allow(rest-client/missing-timeout) x\n")];
    assert_eq!(rules(&World::new(&files).settle(vec![])), ["suppression/unused"]);
    let mut part = World::new(&files);
    part.complete = false;
    assert!(part.settle(vec![]).findings.is_empty());
    let off = World::new(&files).config("rules: {rest-client/missing-timeout: off}");
    assert!(off.settle(vec![]).findings.is_empty());
    let mut filtered = World::new(&files);
    filtered.only = vec![RETRY.to_owned(), "suppression".to_owned()];
    assert!(filtered.settle(vec![]).findings.is_empty());
}

#[test]
fn levels_filters_order_and_duplicates() {
    let world = World::new(&[("a.py", "a()\nb()\n"), ("z.py", "c()\n")]).config(
        "rules: {rest-client/missing-retry: error}\noverrides: [{paths: [z.py], rules: {rest-client: off}, reason: old}]",
    );
    let raw = vec![
        finding(TIMEOUT, world.place("z.py", "c()", 0)),
        finding(TIMEOUT, world.place("a.py", "b()", 0)),
        finding(TIMEOUT, world.place("a.py", "b()", 0)),
        finding(RETRY, world.place("a.py", "b()", 0)),
    ];
    let settled = world.settle(raw.clone());
    assert_eq!(rules(&settled), [RETRY, TIMEOUT]);
    assert_eq!(settled.findings[0].finding.severity, Severity::Error);
    let hidden = World { min: Severity::Error, ..world };
    let settled = hidden.settle(raw);
    assert_eq!((rules(&settled), settled.hidden), (vec![RETRY], 1));
}

#[test]
fn fingerprints_survive_other_lines_and_indentation() {
    let prints = |text: &str| {
        let world = World::new(&[("a.py", text)]);
        let found = (0..2).map(|n| finding(TIMEOUT, world.place("a.py", "get(x)", n))).collect();
        world.settle(found).findings.into_iter().map(|r| r.fingerprint).collect::<Vec<_>>()
    };
    let before = prints("get(x)\nget(x)\n");
    assert_eq!(before, prints("import a\n\n    get(x)\n\n        get(x)\n"));
    assert_ne!(before[0], before[1], "equal lines are told apart");
    assert!(before.iter().all(|print| print.len() == 16));
    assert_ne!(before, prints("y = get(x)\nz = get(x)\n"));
}

#[test]
fn a_new_comment_changes_no_other_fingerprint() {
    let second = |text: &str| {
        let world = World::new(&[("a.py", text)]);
        let found = (0..2).map(|n| finding(TIMEOUT, world.place("a.py", "get(x)", n))).collect();
        world.settle(found).findings.pop().unwrap().fingerprint
    };
    let plain = second("get(x)\nget(x)\n");
    let commented = second("# skillcheck: allow(rest-client/missing-timeout) local\nget(x)\nget(x)\n");
    assert_eq!(plain, commented);
    assert!(messages(&World::new(&[("a.py", "")]).settle(vec![])).is_empty());
}

#[test]
fn the_examples_of_the_explanations_are_true() {
    for doc in crate::skills::of_skill("suppression") {
        let run = |example: &crate::skills::Example| {
            let files: Vec<_> = example.files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
            let world = World::new(&files);
            // What the rule of the examples would find.
            let call = "timeout=None";
            let raw = world.texts[0].contains(call).then(|| finding(TIMEOUT, world.place("app/client.py", call, 0)));
            let settled = world.settle(raw.into_iter().collect());
            rules(&settled).into_iter().filter(|rule| *rule != TIMEOUT).collect::<Vec<_>>().join(", ")
        };
        for bad in &doc.bad {
            assert_eq!(run(bad), doc.id);
        }
        for good in &doc.good {
            assert_eq!(run(good), "");
        }
    }
}

#[test]
fn a_wrong_place_is_survived() {
    let world = World::new(&[("a.py", "get()\n")]);
    let place = |file, start, end| Place::new(FileId(file), Span { start, end });
    let mut far = finding(TIMEOUT, place(0, u32::MAX, u32::MAX));
    far.related = vec![Related { place: place(9, 0, 1), message: "nowhere".into() }];
    let settled = world.settle(vec![far, finding(RETRY, place(7, 0, 1)), finding(RETRY, place(0, 3, 1))]);
    assert_eq!(rules(&settled), [RETRY, TIMEOUT]);
    assert!(settled.findings.iter().all(|r| r.finding.related.is_empty()));
}
