//! How fast each station is: `cargo bench`. docs/performance.md says how to read it.

// Outside of tests clippy wants faults handled; a bench that can't read its input has nothing to measure.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/it/support/facts.rs"]
mod facts;
#[path = "../tests/it/support/generated.rs"]
mod generated;
#[path = "../tests/it/support/schemas.rs"]
mod schemas;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use skillcheck::cache::Cache;
use skillcheck::catalog::Catalog;
use skillcheck::check::{Before, Request, State, check};
use skillcheck::exchange;
use skillcheck::facts::{javascript, python};
use skillcheck::files;
use skillcheck::program::load::{Prefilter, load};
use skillcheck::syntax::code::{Grammar, parse};
use skillcheck::syntax::data::yaml;
use skillcheck::system::deployment::Deployment;

/// Source files of the generated repository.
const SOURCES: usize = 1_500;

/// The generated repository on disk, and its size in bytes.
static REPOSITORY: LazyLock<(tempfile::TempDir, usize)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let files = generated::repository(SOURCES);
    for (path, text) in &files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    (folder, files.iter().map(|(_, text)| text.len()).sum())
});

fn main() {
    divan::main();
}

fn roots() -> Vec<PathBuf> {
    vec![REPOSITORY.0.path().to_owned()]
}

/// The bytes of the source files that are parsed with the prefilter.
fn parsed_bytes() -> usize {
    let files = generated::repository(SOURCES);
    files.iter().filter(|(path, _)| generated::is_parsed(path)).map(|(_, text)| text.len()).sum()
}

/// One generated file with this ending.
fn source(ending: &str) -> String {
    generated::repository(SOURCES).into_iter().find(|(path, _)| path.ends_with(ending)).unwrap().1
}

#[divan::bench(sample_count = 20)]
fn walk(bencher: Bencher<'_, '_>) {
    let roots = roots();
    bencher
        .counter(BytesCount::new(REPOSITORY.1))
        .bench_local(|| files::walk(black_box(&roots), &globset::GlobSet::empty()));
}

/// All of 500 schemas have changed; both states are read from disk.
#[divan::bench(sample_count = 5)]
fn breaking_500_schemas(bencher: Bencher<'_, '_>) {
    let state = |changed: bool| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("events")).unwrap();
        for (path, text) in schemas::schemas(500, 25, changed) {
            std::fs::write(folder.path().join(path), text).unwrap();
        }
        folder
    };
    let (old, new) = (state(false), state(true));
    bencher.bench_local(|| {
        let before = Before { state: State::Folder(old.path().to_owned()), terms: Default::default() };
        check(Request { paths: vec![new.path().to_owned()], before: Some(before), ..Request::default() }).unwrap()
    });
}

#[divan::bench]
fn parse_python(bencher: Bencher<'_, '_>) {
    let text = source("client0.py");
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| parse(Grammar::Python, black_box(&text)));
}

#[divan::bench]
fn parse_and_lower_python(bencher: Bencher<'_, '_>) {
    let text = source("client0.py");
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| python::lower(black_box(&text)));
}

#[divan::bench]
fn parse_typescript(bencher: Bencher<'_, '_>) {
    let text = source("client0.ts");
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| parse(Grammar::TypeScript, black_box(&text)));
}

#[divan::bench]
fn parse_and_lower_typescript(bencher: Bencher<'_, '_>) {
    let text = source("client0.ts");
    bencher
        .counter(BytesCount::of_str(&text))
        .bench_local(|| javascript::lower(black_box(&text), javascript::Dialect::Ts));
}

#[divan::bench]
fn parse_yaml(bencher: Bencher<'_, '_>) {
    let text = source("compose.yaml");
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| yaml(black_box(&text)));
}

/// Read, choose, parse, lower, link: everything before the extractors. Bytes of the files parsed.
#[divan::bench(sample_count = 10)]
fn load_and_link(bencher: Bencher<'_, '_>) {
    let tree = files::walk(&roots(), &globset::GlobSet::empty()).tree;
    let packages = Deployment::read(&tree).packages(&tree);
    let catalog = Catalog::embedded().unwrap();
    bencher
        .counter(BytesCount::new(parsed_bytes()))
        .bench_local(|| load(black_box(&tree), catalog, &packages, Prefilter::On, &Cache::in_memory()));
}

/// The whole run, bytes of all files walked: this is the number with a budget.
#[divan::bench(sample_count = 10)]
fn whole_run(bencher: Bencher<'_, '_>) {
    let roots = roots();
    bencher
        .counter(BytesCount::new(REPOSITORY.1))
        .bench_local(|| check(Request { paths: black_box(roots.clone()), ..Request::default() }));
}

/// The same without the prefilter: what it saves.
#[divan::bench(sample_count = 5)]
fn whole_run_every_file(bencher: Bencher<'_, '_>) {
    let roots = roots();
    bencher
        .counter(BytesCount::new(REPOSITORY.1))
        .bench_local(|| check(Request { paths: black_box(roots.clone()), every_file: true, ..Request::default() }));
}

/// The exported facts of ten thousand services in a thousand repositories: read, joined, checked. The
/// budget is five seconds.
#[divan::bench(sample_count = 5)]
fn join_ten_thousand_services(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let files = facts::repositories(1_000);
    for (name, text) in &files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let given = [folder.path().to_owned()];
    bencher.counter(BytesCount::new(files.iter().map(|(_, text)| text.len()).sum::<usize>())).bench_local(|| {
        let with = exchange::gather(black_box(&given)).unwrap();
        check(Request { with, facts_only: true, ..Request::default() })
    });
}

/// The whole run on a repository of about 500 files of which everything is known but one: the number with a
/// budget of 50 ms.
#[divan::bench(sample_count = 10)]
fn one_changed_file_with_a_cache(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let files = generated::repository(460);
    for (path, text) in &files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    // Beyond the tick of the clock within which a file may change unseen.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let caches = tempfile::tempdir().unwrap();
    let place = caches.path().join("bench.skillcheck-cache");
    let run = || {
        let cache = Arc::new(Cache::at(place.clone()));
        let paths = vec![folder.path().to_owned()];
        let outcome = check(Request { paths, cache: Arc::clone(&cache), ..Request::default() });
        cache.save();
        outcome
    };
    run().unwrap();
    let (path, text) = files.iter().find(|(path, _)| path.ends_with("client0.py")).unwrap();
    let mut edits = 0;
    bencher
        .with_inputs(|| {
            edits += 1;
            std::fs::write(folder.path().join(path), format!("{text}# {edits}\n")).unwrap();
        })
        .bench_local_values(|()| run());
}

/// A repository of 500 source files in which an agent works: its session has begun.
static SESSION: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in generated::repository(500) {
        let path = folder.path().join("repository").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    send(&folder, "SessionStart");
    folder
});

/// Sends an event of Claude Code: the first client was written.
fn send(folder: &tempfile::TempDir, event: &str) {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let root = folder.path().join("repository");
    let event = format!(
        "{{\"session_id\": \"1\", \"cwd\": {root:?}, \"hook_event_name\": \"{event}\", \"tool_name\": \"Write\", \
         \"tool_input\": {{\"file_path\": {:?}}}}}",
        root.join("service000/app/client0.py")
    );
    let mut hook = Command::new(env!("CARGO_BIN_EXE_skillcheck"))
        .arg("hook")
        .env("XDG_CACHE_HOME", folder.path().join("cache"))
        .env_remove("CLAUDE_PLUGIN_DATA")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    hook.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    assert!(hook.wait().unwrap().success());
}

/// The whole process, from the event to the answer.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn hook_after_an_edit(bencher: Bencher<'_, '_>) {
    let file = SESSION.path().join("repository/service000/app/client0.py");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut edits = 0;
    bencher.bench_local(|| {
        edits += 1;
        std::fs::write(&file, format!("{text}\n# {edits}\n")).unwrap();
        send(&SESSION, "PostToolUse");
    });
    std::fs::write(&file, text).unwrap();
}
