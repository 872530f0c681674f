//! `skillcheck skills check`, as a user runs it.

use crate::support::{folder, skillcheck, skillcheck_in};

const SKILL: &str =
    "---\nname: orders\ndescription: Generates order clients. Use when code calls orders.\n---\n\n# Orders\n";

#[test]
fn our_own_pack_passes() {
    let run = skillcheck(&["skills", "check"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    let last = run.stdout.lines().last().unwrap_or_default();
    assert!(last.starts_with("Checked ") && last.ends_with(": nothing is wrong"), "{last}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let folder = folder(&[("skills/orders/SKILL.md", &format!("{SKILL}\nSee [a](references/a.md).\n"))]);
    let run = skillcheck_in(folder.path(), &["skills", "check"]);
    assert_eq!(run.code, 1, "{run:?}");
    insta::assert_snapshot!(run.stdout, @r"
    skills/orders/SKILL.md:1: info[skill/missing-evals] 0 evals found, 3 or more show whether the skill helps
    skills/orders/SKILL.md:8: error[skill/broken-link] `references/a.md` does not exist
    Checked 1 skill and 0 code samples: 1 error
    ");
    let run = skillcheck_in(folder.path(), &["skills", "check", "skills/orders", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(json["skills"], serde_json::json!(["orders"]));
    assert_eq!(json["remarks"][1]["check"], "skill/broken-link");
}

#[test]
fn a_folder_without_skills_is_nothing_to_check() {
    let folder = folder(&[("a.py", "")]);
    assert_eq!(skillcheck_in(folder.path(), &["skills", "check"]).code, 3);
    assert_eq!(skillcheck_in(folder.path(), &["skills", "check", "missing"]).code, 2);
}
