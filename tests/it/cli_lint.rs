//! `lint`: exit codes, configuration errors, outputs, filters.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::{folder, skillcheck_in, write};

const EXPIRED: &str = "get()  # skillcheck: allow(suppression/x) was slow until=2001-01-31\n";
const MALFORMED: &str = "get()  # skillcheck: ignore(rest-client)\n";

#[test]
fn a_clean_folder_exits_with_0() {
    let folder = folder(&[("app/main.py", "x = 1\n")]);
    let run = skillcheck_in(folder.path(), &["lint"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("no findings"), "{}", run.stdout);
}

#[test]
fn findings_exit_with_1_from_the_level_of_fail_on() {
    let folder = folder(&[("app/main.py", EXPIRED), ("b.py", "f() # skillcheck: allow(suppression/unused)\n")]);
    let code = |args: &[&str]| {
        skillcheck_in(folder.path(), &[&["lint", "--rule", "suppression/missing-reason"], args].concat()).code
    };
    assert_eq!(code(&[]), 1, "a warning fails by default");
    assert_eq!(code(&["--fail-on", "error"]), 0);
    assert_eq!(code(&["--fail-on", "info"]), 1);
    assert_eq!(code(&["--fail-on", "none"]), 0);
    assert_eq!(code(&["--min-severity", "error"]), 0, "what is hidden does not fail");
    write(folder.path(), &[("skillcheck.yaml", "fail-on: error\n")]);
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&["--fail-on", "warning"]), 1, "the command line wins");
    assert_eq!(code(&["--no-config"]), 1);
}

#[test]
fn a_path_that_does_not_exist_exits_with_2() {
    let folder = folder(&[]);
    let run = skillcheck_in(folder.path(), &["lint", "no/such"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert_eq!(run.stderr, "error: can't check `no/such`: no such file or folder\n");
}

#[test]
fn an_empty_folder_exits_with_3() {
    let folder = folder(&[]);
    let run = skillcheck_in(folder.path(), &["lint"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("nothing to check in `.`"), "{}", run.stderr);
}

#[test]
fn a_configuration_with_three_errors_shows_all_three() {
    let config = "rulse: {}\nrules:\n  suppression/unusd: warning\nfail-on: never\n";
    let folder = folder(&[("a.py", ""), ("skillcheck.yaml", config)]);
    let run = skillcheck_in(folder.path(), &["lint"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn the_configuration_is_found_upwards_to_the_repository() {
    let outer = folder(&[("skillcheck.yaml", "wrong: 1\n"), ("repo/.git/HEAD", ""), ("repo/app/a.py", "")]);
    assert_eq!(skillcheck_in(outer.path(), &["lint", "repo/app"]).code, 0, "not beyond `.git`");
    write(outer.path(), &[("repo/.skillcheck.yaml", "wrong: 1\n")]);
    assert_eq!(skillcheck_in(outer.path(), &["lint", "repo/app"]).code, 2);
    assert_eq!(skillcheck_in(outer.path(), &["lint", "repo/app", "--no-config"]).code, 0);
    let run = skillcheck_in(outer.path(), &["lint", "repo", "--config", "no.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("can't read the configuration `no.yaml`"), "{}", run.stderr);
}

#[test]
fn a_configuration_that_is_no_text_or_too_deep_is_refused() {
    let folder = folder(&[("a.py", ""), ("deep.yaml", &"[".repeat(10_000)), ("bomb.yaml", "a: &a [1]\nb: [*a, *a]\n")]);
    std::fs::write(folder.path().join("binary.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    for (file, message) in [
        ("binary.yaml", "the file is not UTF-8 text"),
        ("deep.yaml", "recursion limit exceeded"),
        ("bomb.yaml", "aliases (`*name`) are not supported here"),
        (".", "can't read the configuration `.`"),
    ] {
        let run = skillcheck_in(folder.path(), &["lint", "--config", file]);
        assert_eq!(run.code, 2, "{file}");
        assert!(run.stderr.contains(message), "{file}: {}", run.stderr);
    }
}

#[test]
fn paths_with_different_configurations_each_keep_theirs() {
    let off = "rules: {suppression: off}\n";
    let folder =
        folder(&[("a/skillcheck.yaml", ""), ("a/x.py", MALFORMED), ("b/skillcheck.yaml", off), ("b/x.py", MALFORMED)]);
    let run = skillcheck_in(folder.path(), &["lint", "a", "b", "--output", "concise"]);
    assert_eq!(run.code, 1);
    assert_eq!(run.stdout, "a/x.py:1:10: error[suppression/malformed] not a suppression: `ignore` is not `allow`\n");
    std::fs::write(folder.path().join("b/skillcheck.yaml"), "rule: {}\n").unwrap();
    let wrong = skillcheck_in(folder.path(), &["lint", "a", "b"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("b/skillcheck.yaml"), "{}", wrong.stderr);
}

#[test]
fn configuration_turns_rules_off_by_path() {
    let config = "overrides: [{paths: [old], rules: {suppression: off}, reason: frozen}]\n";
    let folder = folder(&[("new/a.py", MALFORMED), ("old/a.py", MALFORMED), ("skillcheck.yaml", config)]);
    let run = skillcheck_in(folder.path(), &["lint", "--output", "concise"]);
    assert_eq!(run.stdout, "new/a.py:1:10: error[suppression/malformed] not a suppression: `ignore` is not `allow`\n");
    let run = skillcheck_in(&folder.path().join("old"), &["lint", "--output", "concise"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "globs are relative to the configuration");
}

#[test]
fn several_outputs_in_one_run() {
    let folder = folder(&[("a.py", MALFORMED)]);
    let run = skillcheck_in(
        folder.path(),
        &["lint", "--output", "json=out/findings.json", "--output", "sarif=findings.sarif", "--output", "concise"],
    );
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(run.stdout.lines().count(), 1);
    let read = |path: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(folder.path().join(path)).unwrap()).unwrap()
    };
    assert_eq!(read("out/findings.json")["findings"][0]["rule"], "suppression/malformed");
    let result = &read("findings.sarif")["runs"][0]["results"][0];
    assert_eq!(result["partialFingerprints"]["skillcheck/v1"], read("out/findings.json")["findings"][0]["fingerprint"]);

    let run = skillcheck_in(folder.path(), &["lint", "--output", "json", "--output", "human"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("several outputs would mix"), "{}", run.stderr);
    let run = skillcheck_in(folder.path(), &["lint", "--output", "json=a.py/x.json"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("can't write `a.py/x.json`"), "{}", run.stderr);
}

#[test]
fn filters_must_name_what_exists() {
    let folder = folder(&[("a.py", MALFORMED)]);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", "suppression/malformd"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("did you mean `suppression/malformed`?"), "{}", run.stderr);
    assert_eq!(skillcheck_in(folder.path(), &["lint", "--skill", "suppresion"]).code, 2);
    assert_eq!(skillcheck_in(folder.path(), &["lint", "--rule", "suppression/expired"]).code, 0);
    assert_eq!(skillcheck_in(folder.path(), &["lint", "--skill", "suppression"]).code, 1);
}

#[test]
fn show_files_lists_what_became_of_each() {
    let folder = folder(&[("a.py", ""), ("b/c.txt", ""), (".gitignore", "*.log\n"), ("x.log", ""), (".git/HEAD", "")]);
    let run = skillcheck_in(folder.path(), &["lint", "--show-files"]);
    assert_eq!(run.code, 0);
    for path in ["a.py", "b/c.txt"] {
        assert!(run.stdout.lines().any(|line| line.contains(path)), "{}", run.stdout);
    }
    assert!(!run.stdout.contains("x.log"));
}

#[test]
fn quiet_prints_findings_only() {
    let folder = folder(&[("a.py", "")]);
    let run = skillcheck_in(folder.path(), &["lint", "--quiet"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
}

#[test]
fn one_thread_and_many_give_the_same_bytes() {
    let files: Vec<(String, String)> = (0..40).map(|n| (format!("f{n}.py"), MALFORMED.repeat(3))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let folder = folder(&files);
    let run = |threads| {
        skillcheck_in(folder.path(), &["lint", "--no-cache", "--threads", threads, "--output", "json"]).stdout
    };
    let one = run("1");
    assert_eq!(one.matches("\"rule\"").count(), 120);
    assert_eq!(one, run("8"));
}

#[test]
fn a_reader_that_goes_away_is_a_normal_end() {
    let files: Vec<(String, String)> = (0..50).map(|n| (format!("f{n}.py"), MALFORMED.repeat(50))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let folder = folder(&files);
    let mut child = Command::new(env!("CARGO_BIN_EXE_skillcheck"))
        .args(["lint", "--no-cache", "--output", "human"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn graph_prints_the_services() {
    let folder = folder(&[("a.py", "")]);
    let run = skillcheck_in(folder.path(), &["graph", "--format", "json"]);
    assert_eq!(run.code, 0);
    let map: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(map["services"].is_array());
    assert!(skillcheck_in(folder.path(), &["graph"]).stdout.contains("service"));
}
