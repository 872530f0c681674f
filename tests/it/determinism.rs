//! The same answer for any number of threads, any order of files, with and without the prefilter; and
//! how much is read for it, in counts.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{generated, skillcheck_in, write};
use skillcheck::check::{Outcome, Request, check};
use skillcheck::files::{FileKind, classify};
use skillcheck::skills;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn json(folder: &Path, threads: &str) -> String {
    skillcheck_in(folder, &["lint", "--no-config", "--threads", threads, "--output", "json"]).stdout
}

#[test]
fn one_thread_and_eight_give_the_same_bytes() {
    for folder in [fixture("shop"), fixture("shop-broken")] {
        let one = json(&folder, "1");
        assert!(one.contains("\"summary\""), "{one}");
        for _ in 0..3 {
            assert_eq!(one, json(&folder, "8"), "{}", folder.display());
        }
    }
}

#[test]
fn the_order_in_which_files_were_made_does_not_matter() {
    let files: Vec<(String, String)> = generated::repository(60);
    let pairs: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut backwards = pairs.clone();
    backwards.reverse();
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(first.path(), &pairs);
    write(second.path(), &backwards);
    let one = json(first.path(), "2");
    assert!(one.contains("\"rule\""), "{one}");
    assert_eq!(one, json(second.path(), "2"));
}

/// What was found, in a form that can be compared and read.
fn found(outcome: &Outcome) -> BTreeSet<String> {
    let place =
        |place: skillcheck::syntax::Place| format!("{}:{}", outcome.tree.file(place.file).path, place.span.start);
    let findings = outcome.findings.iter();
    findings
        .map(|finding| {
            let related: Vec<_> = finding.related.iter().map(|related| place(related.place)).collect();
            format!("{} at {}: {} {related:?}", finding.rule, place(finding.place), finding.message)
        })
        .collect()
}

fn run(folder: &Path, every_file: bool) -> Outcome {
    check(Request { paths: vec![folder.to_owned()], every_file, ..Request::default() }).unwrap()
}

/// The prefilter may only save work.
#[track_caller]
fn assert_same_with_every_file(folder: &Path, what: &str) {
    let (filtered, all) = (run(folder, false), run(folder, true));
    let (few, many) = (found(&filtered), found(&all));
    let lost: Vec<_> = many.difference(&few).collect();
    let invented: Vec<_> = few.difference(&many).collect();
    assert!(lost.is_empty() && invented.is_empty(), "{what}: lost {lost:#?}, invented {invented:#?}");
    assert!(filtered.stats.files_parsed <= all.stats.files_parsed, "{what}");
}

#[test]
fn the_prefilter_changes_nothing_on_the_fixtures() {
    for name in ["shop", "shop-broken", "readme"] {
        assert_same_with_every_file(&fixture(name), name);
    }
}

#[test]
fn the_prefilter_changes_nothing_on_the_examples_of_the_skills() {
    for doc in skills::docs() {
        for example in doc.bad.iter().chain(&doc.good) {
            let folder = tempfile::tempdir().unwrap();
            for file in &example.files {
                write(folder.path(), &[(file.path.as_str(), file.text.as_str())]);
            }
            assert_same_with_every_file(folder.path(), &doc.id);
        }
    }
}

#[test]
fn files_that_use_a_client_of_another_file_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        (
            "web/src/api.ts",
            "import axios from 'axios';\nexport const api = axios.create({ baseURL: 'http://stock' });\n",
        ),
        ("web/src/index.ts", "export { api } from './api';\n"),
        ("web/src/stock.ts", "import { api } from '.';\nexport const stock = (sku: string) => api.get(`/${sku}`);\n"),
        ("web/src/unrelated.ts", "export const rate = 0.19;\n"),
        ("orders/app/__init__.py", ""),
        ("orders/app/peers.py", "import httpx\n\nclient = httpx.Client(timeout=None)\n"),
        (
            "orders/app/stock.py",
            "from app import peers\n\n\ndef stock(sku):\n    return peers.client.get(\"/\" + sku)\n",
        ),
        ("orders/app/unrelated.py", "RATE = 0.19\n"),
    ];
    write(folder.path(), &files);
    // So many that it is no sample, of which all is read.
    for n in 0..8 {
        write(folder.path(), &[(&format!("orders/app/rate_{n}.py"), "RATE = 0.19\n")]);
    }
    assert_same_with_every_file(folder.path(), "clients used elsewhere");
    let outcome = run(folder.path(), false);
    assert_eq!(outcome.stats.files_parsed, 6, "the unrelated ones are not read");
    let told = format!("{:?}", found(&outcome));
    assert!(told.contains("web/src/api.ts") && told.contains("orders/app/peers.py"), "{told}");
}

/// Speed is pinned by counts, never by time.
#[test]
fn only_files_that_name_a_library_are_parsed_and_what_they_import() {
    let files = generated::repository(300);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>());
    let outcome = run(folder.path(), false);
    let code = |path: &str| matches!(classify(path), FileKind::Code(_));
    let wanted = files.iter().filter(|(path, _)| generated::is_parsed(path)).count() as u64;
    let sources = files.iter().filter(|(path, _)| code(path)).count() as u64;
    assert_eq!(outcome.stats.files_walked, files.len() as u64);
    assert_eq!(outcome.stats.files_parsed, wanted);
    assert!(wanted * 3 < sources, "{wanted} of {sources}: the filter has nothing to do here");
    assert_eq!(run(folder.path(), true).stats.files_parsed, sources);
}
