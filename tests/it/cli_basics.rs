//! Help, version, rules, explain, completions: what needs no files.

use crate::support::{Run, skillcheck};

#[test]
fn help_shows_examples_and_exit_codes() {
    let run = skillcheck(&["--help"]);
    assert_eq!(run.code, 0);
    for text in ["Examples:", "skillcheck lint --skill rest-client", "4  incomplete", "completions"] {
        assert!(run.stdout.contains(text), "{text} is missing in\n{}", run.stdout);
    }
    assert!(skillcheck(&["lint", "--help"]).stdout.contains("Read every file anew"));
}

#[test]
fn version() {
    assert_eq!(skillcheck(&["--version"]).stdout, format!("skillcheck {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_exits_with_2() {
    for args in [
        &[][..],
        &["lnt"],
        &["lint", "--output", "xml"],
        &["lint", "--output", "json="],
        &["lint", "--fail-on", "fatal"],
        &["lint", "--config", "a", "--no-config"],
        &["lint", "--threads", "0"],
    ] {
        let run = skillcheck(args);
        assert_eq!(run.code, 2, "{args:?}: {run:?}");
        assert!(!run.stderr.is_empty());
    }
    assert!(skillcheck(&["lint", "--output", "jsn"]).stderr.contains("did you mean `json`?"));
}

#[test]
fn rules_lists_every_rule_with_its_summary() {
    let run = skillcheck(&["rules"]);
    assert_eq!(run.code, 0);
    let line = run.stdout.lines().find(|line| line.starts_with("suppression/unused")).unwrap();
    assert!(
        line.contains("warning") && line.contains("stable") && line.contains("A suppression comment covers"),
        "{line}"
    );
}

#[test]
fn rules_as_json() {
    let list: serde_json::Value = serde_json::from_str(&skillcheck(&["rules", "--format", "json"]).stdout).unwrap();
    let rule = list.as_array().unwrap().iter().find(|rule| rule["id"] == "suppression/expired").unwrap();
    assert_eq!(
        (&rule["skill"], &rule["severity"], &rule["stage"]),
        (&"suppression".into(), &"warning".into(), &"stable".into())
    );
    assert!(rule["summary"].as_str().unwrap().starts_with("The date after `until=`"));
}

#[test]
fn explain_renders_the_section() {
    let run = skillcheck(&["explain", "suppression/unused"]);
    assert_eq!(run.code, 0);
    for text in ["suppression/unused\n", "Why\n", "Fix\n", "    # skillcheck: allow("] {
        assert!(run.stdout.contains(text), "{text} is missing in\n{}", run.stdout);
    }
    assert!(!run.stdout.contains("###") && !run.stdout.contains('\x1b'), "{}", run.stdout);
}

#[test]
fn explain_lists_the_rules_of_a_skill() {
    let run = skillcheck(&["explain", "suppression"]);
    assert_eq!(run.code, 0);
    assert_eq!(run.stdout.matches("suppression/").count(), 5, "{}", run.stdout);
}

#[test]
fn explain_suggests_what_was_meant() {
    let run = skillcheck(&["explain", "suppression/unusd"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("no rule or skill `suppression/unusd`"), "{}", run.stderr);
    assert!(run.stderr.contains("did you mean `suppression/unused`?"), "{}", run.stderr);
    assert!(skillcheck(&["explain", "zzzzzz"]).stderr.contains("`skillcheck rules` lists the rules"));
}

#[test]
fn colours_are_for_terminals_or_on_request() {
    let always = skillcheck(&["rules", "--color", "always"]).stdout;
    assert!(always.contains("\x1b["));
    assert!(!skillcheck(&["rules"]).stdout.contains('\x1b'));
    assert_eq!(Run::plain(&always), skillcheck(&["rules", "--color", "never"]).stdout);
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = skillcheck(&["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("skillcheck") && run.stdout.contains("fail-on"), "{shell}");
    }
}
