//! The cache changes how long a run takes, and nothing else.
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Run, generated, skillcheck_with, write};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn run(folder: &Path, caches: &Path, args: &[&str]) -> Run {
    skillcheck_with(folder, &[("SKILLCHECK_CACHE_DIR", caches.to_str().unwrap())], args)
}

fn lint(folder: &Path, caches: &Path, threads: &str) -> String {
    let run = run(folder, caches, &["lint", "--no-config", "--output", "json", "--threads", threads]);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    run.stdout
}

/// The cache files in a folder.
fn files(caches: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(caches).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// A repository of this size, older than the clock's ticks.
fn repository(sources: usize) -> tempfile::TempDir {
    let files = generated::repository(sources);
    let folder = tempfile::tempdir().unwrap();
    let pairs: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    write(folder.path(), &pairs);
    std::thread::sleep(Duration::from_millis(200));
    folder
}

#[test]
fn cold_and_warm_runs_give_the_same_bytes() {
    for name in ["shop", "shop-broken", "readme"] {
        let caches = tempfile::tempdir().unwrap();
        let folder = fixture(name);
        let cold = lint(&folder, caches.path(), "1");
        assert_eq!(files(caches.path()).len(), 1, "nothing was kept");
        for threads in ["1", "8", "8"] {
            assert_eq!(lint(&folder, caches.path(), threads), cold, "{name}");
        }
        let without = run(&folder, caches.path(), &["lint", "--no-config", "--output", "json", "--no-cache"]);
        assert_eq!(without.stdout, cold);
    }
}

#[test]
fn a_change_is_seen_whatever_it_is() {
    let folder = repository(64);
    let path = folder.path();
    let caches = tempfile::tempdir().unwrap();
    let same_as_cold = |what: &str| {
        let warm = lint(path, caches.path(), "2");
        let cold = lint(path, tempfile::tempdir().unwrap().path(), "2");
        assert_eq!(warm, cold, "{what}");
        warm
    };
    let first = same_as_cold("first run");
    let client = "service000/app/client8.py";
    let text = std::fs::read_to_string(path.join(client)).unwrap();
    write(path, &[(client, &text.replace(".json()", ".text"))]);
    same_as_cold("an edit");
    let modified = std::fs::metadata(path.join(client)).unwrap().modified().unwrap();
    // The same size and the same time: only the time of change tells.
    write(path, &[(client, &text.replace(".json()", ".TEXT"))]);
    std::fs::File::options().write(true).open(path.join(client)).unwrap().set_modified(modified).unwrap();
    same_as_cold("an edit that keeps size and time");
    std::fs::remove_file(path.join(client)).unwrap();
    assert_ne!(same_as_cold("a file is gone"), first);
    write(path, &[(client, &text), ("service000/app/more.py", &text)]);
    same_as_cold("a new file");
    std::fs::rename(path.join("service000"), path.join("renamed")).unwrap();
    same_as_cold("a folder moved");
    std::fs::rename(path.join("renamed"), path.join("service000")).unwrap();
    std::fs::remove_file(path.join("service000/app/more.py")).unwrap();
    assert_eq!(same_as_cold("all is as it was"), first);
}

#[test]
fn files_with_findings_and_suppressions_are_kept_too() {
    let caches = tempfile::tempdir().unwrap();
    let text = "import requests\n\n# skillcheck: allow(rest-client) for the test\nrequests.get(\"https://a/x\")\nrequests.get(\"https://b/x\")\n\n\n\n# skillcheck: allow(saga) unused\nx = 1\n";
    let folder = crate::support::folder(&[
        ("a.py", text),
        ("b.py", "def f(:\n import requests\n"),
        ("c.yaml", "# skillcheck: allow(saga)\n"),
    ]);
    std::fs::write(folder.path().join("d.py"), b"import requests\n\xff").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let cold = lint(folder.path(), caches.path(), "1");
    assert!(!cold.contains("\"suppressed\": 0") && cold.contains("suppression/missing-reason"), "{cold}");
    assert!(cold.contains("is not UTF-8") && cold.contains("the syntax is not understood"), "{cold}");
    assert_eq!(lint(folder.path(), caches.path(), "1"), cold);
}

#[test]
fn a_damaged_cache_is_repaired_silently() {
    let folder = repository(32);
    let caches = tempfile::tempdir().unwrap();
    let cold = lint(folder.path(), caches.path(), "2");
    let file = files(caches.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    for (what, bytes) in [
        ("cut off", whole[..whole.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("something else", b"not a cache".to_vec()),
        ("one bit", {
            let mut bytes = whole.clone();
            bytes[whole.len() / 2] ^= 4;
            bytes
        }),
    ] {
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(lint(folder.path(), caches.path(), "2"), cold, "{what}");
        assert_eq!(std::fs::read(&file).unwrap().len(), whole.len(), "{what}: not repaired");
    }
}

#[test]
fn a_run_that_is_killed_while_it_writes_leaves_a_working_cache() {
    let folder = repository(64);
    let caches = tempfile::tempdir().unwrap();
    let started = std::time::Instant::now();
    let cold = lint(folder.path(), caches.path(), "2");
    let whole = started.elapsed();
    for n in 0..6 {
        for file in files(caches.path()) {
            std::fs::remove_file(file).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_skillcheck"))
            .args(["lint", "--no-config", "--output", "json"])
            .env("SKILLCHECK_CACHE_DIR", caches.path())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * (n + 1) / 6);
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!(lint(folder.path(), caches.path(), "2"), cold);
    }
}

#[test]
fn runs_at_the_same_time_do_not_disturb_each_other() {
    let folder = repository(64);
    let caches = tempfile::tempdir().unwrap();
    let cold = lint(folder.path(), tempfile::tempdir().unwrap().path(), "1");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6).map(|_| scope.spawn(|| lint(folder.path(), caches.path(), "1"))).collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), cold);
        }
    });
    assert_eq!(files(caches.path()).len(), 1);
}

#[test]
fn nothing_is_written_into_the_repository_or_without_need() {
    let folder = repository(16);
    let count = || walk(folder.path());
    let before = count();
    let caches = tempfile::tempdir().unwrap();
    lint(folder.path(), caches.path(), "1");
    assert_eq!(count(), before);
    let none = tempfile::tempdir().unwrap();
    run(folder.path(), none.path(), &["lint", "--no-cache"]);
    assert_eq!(files(none.path()), Vec::<PathBuf>::new());
    // A folder that can't be made is no fault.
    let unwritable = run(folder.path(), Path::new("/dev/null/x"), &["lint", "--no-config", "--output", "json"]);
    assert_eq!(unwritable.stdout, lint(folder.path(), caches.path(), "1"));
    assert_eq!(unwritable.stderr, "");
}

fn walk(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}

#[test]
fn the_cache_can_be_looked_at_and_removed() {
    let folder = repository(16);
    let caches = tempfile::tempdir().unwrap();
    let said = |args: &[&str]| run(folder.path(), caches.path(), args).stdout;
    assert_eq!(said(&["cache", "path"]), format!("{}\n", caches.path().display()));
    assert!(said(&["cache", "info"]).contains("for this folder: nothing"));
    lint(folder.path(), caches.path(), "1");
    let info = said(&["cache", "info"]);
    assert!(info.contains(": 1 cache, ") && info.contains("for this folder: "), "{info}");
    std::fs::write(caches.path().join("mine.txt"), "x").unwrap();
    assert!(said(&["cache", "clean"]).starts_with("1 cache removed"));
    assert_eq!(files(caches.path()), [caches.path().join("mine.txt")], "what is not ours stays");
}
