use std::path::Path;

use super::check;
use crate::rules::Severity;

/// A pack with one skill `orders` of these files.
fn remarks(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join("orders").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let checked = check(folder.path()).unwrap();
    let told = checked.remarks.into_iter().filter(|remark| remark.severity > Severity::Info);
    told.map(|r| format!("{}:{} {} {}: {}", r.path, r.line, r.severity.as_str(), r.check, r.message)).collect()
}

fn skill(head: &str, body: &str) -> String {
    format!("---\n{head}\n---\n\n# Orders\n\n{body}\n")
}

const HEAD: &str = "name: orders\ndescription: Generates order clients. Use when code calls the order service.";

/// The checks that fire on a front matter.
fn head(text: &str) -> Vec<String> {
    remarks(&[("SKILL.md", &skill(text, ""))])
}

#[test]
fn a_right_skill_has_no_remarks() {
    let text = skill(
        &format!("{HEAD}\nlicense: MIT\nmetadata:\n  version: \"1\"\nallowed-tools: Bash(git:*) Read"),
        "Read [references/a.md](references/a.md) when it is Python.\n\n```python\nx = 1\n```",
    );
    assert_eq!(remarks(&[("SKILL.md", &text), ("references/a.md", "# A\n")]), [""; 0]);
}

#[test]
fn the_front_matter_follows_the_specification() {
    assert_eq!(
        remarks(&[("SKILL.md", "# No front matter\n")]),
        [
            "orders/SKILL.md:1 error skill/frontmatter: no front matter: begin the file with `---`, `name`, `description` and `---`"
        ]
    );
    assert!(remarks(&[("SKILL.md", "---\nname: orders\n")])[0].contains("has no end"));
    let wrong_name = head("name: Orders--Claude\ndescription: Does things. Use when needed.");
    let parts = ["other characters", "two in a row", "not that of the folder"];
    assert!(parts.iter().all(|part| wrong_name.iter().any(|remark| remark.contains(part))), "{wrong_name:?}");
    assert!(
        head("name: claude-orders\ndescription: X. Use when y.").iter().any(|r| r.contains("reserved word `claude`"))
    );
    assert_eq!(
        head("name: orders\ndescription: I help with <b>orders</b>."),
        [
            "orders/SKILL.md:3 warning skill/description: the description begins with `i`; write it in the third person",
            "orders/SKILL.md:3 error skill/description: the description has `<` or `>`; uploads refuse it",
        ]
    );
    assert!(head("name: orders\ndescription: Generates clients.")[0].contains("does not say `Use when …`"));
    assert!(head(&format!("name: orders\ndescription: Use when {}", "x".repeat(1100)))[0].contains("1 to 1024"));
    assert!(head(&format!("{HEAD}\nallowed-tools: [Read, Bash]")).iter().any(|r| r.contains("in brackets")));
    assert!(head(&format!("{HEAD}\nname: orders")).iter().any(|r| r.contains("`name` stands there twice")));
    assert!(
        head(&format!("{HEAD}\npaths: src")).iter().any(|r| r.contains("`paths` is no field of the specification"))
    );
    assert!(head("name: [").iter().any(|r| r.contains("is no YAML")));
}

#[test]
fn links_lead_somewhere_and_files_are_named() {
    let body = "See [a](references/missing.md), [b](../other/SKILL.md), [c](#nowhere) and [d](#orders). `rest-client/no-such`.";
    let found = remarks(&[("SKILL.md", &skill(HEAD, body)), ("references/lost.md", "# Lost\n")]);
    assert_eq!(
        found,
        [
            "orders/SKILL.md:8 error skill/broken-link: `../other/SKILL.md` leads out of the skill's folder, which is copied alone",
            "orders/SKILL.md:8 error skill/broken-link: `references/missing.md` does not exist",
            "orders/SKILL.md:8 error skill/broken-link: no heading for `#nowhere`",
            "orders/SKILL.md:8 error skill/unknown-rule: no rule `rest-client/no-such` exists; `skillcheck rules` lists them",
            "orders/references/lost.md:1 warning skill/unmentioned-file: `SKILL.md` does not name it, so no agent finds it",
        ]
    );
}

#[test]
fn samples_parse_and_pass_the_linter() {
    let call = "import requests\n\nrequests.get(\"https://stock.example.com/\" + sku)\n";
    let body = format!(
        "```python\ndef broken(:\n```\n\n### Bad\n\n```python\n{call}```\n\n### Good\n\n```python\n{call}```\n\n```json file=a.json\n{{\"a\": \
         1\n```\n\n```json\n{{ … }}\n```\n"
    );
    let found = remarks(&[("SKILL.md", &skill(HEAD, &body))]);
    let of = |check: &str| found.iter().filter(|remark| remark.contains(check)).collect::<Vec<_>>();
    assert_eq!(of("rest-client/missing-timeout").len(), 1, "{found:#?}");
    assert!(of("rest-client/missing-timeout")[0].contains("SKILL.md:25 error"), "{found:#?}");
    let parse = of("does not parse");
    assert!(parse[0].contains("SKILL.md:9 warning") && parse[1].contains(" error "), "{found:#?}");
    assert_eq!(parse.len(), 2, "{found:#?}");
}

#[test]
fn templates_are_checked_as_files() {
    let body = "Copy [assets/client.py](assets/client.py).";
    let client = "import requests\n\n\ndef get(url: str) -> str:\n    return requests.get(url).text\n";
    let found = remarks(&[("SKILL.md", &skill(HEAD, body)), ("assets/client.py", client)]);
    assert!(
        found.iter().any(|r| r.starts_with("orders/assets/client.py:5 error rest-client/missing-timeout")),
        "{found:#?}"
    );
}

#[test]
fn pages_scripts_and_what_nobody_sees() {
    let body = "Read references/long.md when needed, run scripts/ask.py for the rest.\u{200b}";
    let long = "# Long\n\ntext\n".repeat(60);
    let ask = "#!/usr/bin/env python3\nname = input(\"Which? \")\n";
    let secret = format!("key = {}{}", "ghp_", "a".repeat(36));
    let found = remarks(&[
        ("SKILL.md", &skill(HEAD, &format!("{body}\n{secret}"))),
        ("references/long.md", &long),
        ("scripts/ask.py", ask),
    ]);
    for part in [
        "SKILL.md:8 error skill/hidden-text: the invisible character U+200B",
        "SKILL.md:9 error skill/secret: a token of GitHub",
        "references/long.md:1 warning skill/missing-contents",
        "scripts/ask.py:2 warning skill/script: `input` waits for an answer",
        "scripts/ask.py:1 warning skill/script: it knows no `--help`",
    ] {
        assert!(found.iter().any(|remark| remark.contains(part)), "{part}\n{found:#?}");
    }
    let long = skill(HEAD, &"line\n".repeat(600));
    assert!(remarks(&[("SKILL.md", &long)])[0].contains("skill/too-long"));
}

#[test]
fn our_own_pack_passes() {
    let checked = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("skills")).unwrap();
    let wrong: Vec<_> = checked.remarks.iter().filter(|remark| remark.severity > Severity::Info).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(checked.skills, crate::skills::skills());
    assert!(checked.samples > 100, "{}", checked.samples);
}
