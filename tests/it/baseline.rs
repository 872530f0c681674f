//! The baseline: an old repository begins today, new findings fail, and known ones stay known while the
//! code around them moves.
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{folder, skillcheck_in, write};
use serde_json::Value;

const NAME: &str = "skillcheck-baseline.json";

const CLIENT: &str = "import requests\n\n\ndef stock(sku):\n    return requests.get(\"https://stock/items/\" + sku).json()\n\n\ndef price(sku):\n    return requests.get(\"https://price/items/\" + sku).json()\n";

fn findings(folder: &Path, args: &[&str]) -> Vec<(String, u64)> {
    let run = skillcheck_in(folder, &[&["lint", "--output", "json"], args].concat());
    let output: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let found = output["findings"].as_array().unwrap().iter();
    found.map(|f| (f["rule"].as_str().unwrap().to_owned(), f["line"].as_u64().unwrap())).collect()
}

fn code(folder: &Path) -> i32 {
    skillcheck_in(folder, &["lint"]).code
}

fn baseline(folder: &Path) -> String {
    std::fs::read_to_string(folder.join(NAME)).unwrap()
}

#[test]
fn what_is_known_is_counted_and_what_is_new_fails() {
    let folder = folder(&[("a/client.py", CLIENT)]);
    let path = folder.path();
    let number = findings(path, &[]).len();
    assert!(number >= 4 && code(path) == 1);

    let run = skillcheck_in(path, &["baseline", "write"]);
    assert_eq!((run.code, run.stdout), (0, format!("{NAME}: {number} findings ({number} added, 0 removed)\n")));
    let run = skillcheck_in(path, &["lint"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains(&format!("Found no findings, {number} in the baseline")), "{}", run.stdout);
    assert_eq!(findings(path, &["--no-baseline"]).len(), number);
    assert_eq!(findings(path, &["--no-config"]).len(), number, "--no-config gives the same answer everywhere");
    // From another folder and for a part, the findings are the same ones.
    std::fs::create_dir(path.join(".git")).unwrap();
    assert_eq!(skillcheck_in(&path.join("a"), &["lint"]).code, 0);

    write(path, &[("a/new.py", "import requests\n\nrequests.get(\"https://new/x\", headers={\"a\": \"b\"})\n")]);
    assert_eq!(code(path), 1);
    assert!(findings(path, &[]).iter().all(|(_, line)| *line == 3));
}

#[test]
fn it_holds_while_the_code_around_moves() {
    let folder = folder(&[("client.py", CLIENT), ("other.py", "import requests\nrequests.get(\"https://o/x\")\n")]);
    let path = folder.path();
    skillcheck_in(path, &["baseline", "write"]);
    let text = baseline(path);
    let functions: Vec<&str> = CLIENT.split("\n\n\n").collect();
    let moved = [functions[0], functions[2].trim_end(), functions[1]].join("\n\n\n");
    let indented = CLIENT.replace("def ", "class A:\n    def ").replace("    return", "        return");
    for (what, changed) in [
        ("lines inserted above", CLIENT.replace("import requests\n", "import requests\nimport os\n\nX = 1\n")),
        ("reindented", indented),
        ("functions swapped", format!("{moved}\n")),
        ("line ends of Windows", CLIENT.replace('\n', "\r\n")),
    ] {
        write(path, &[("client.py", &changed)]);
        assert_eq!(findings(path, &[]), [], "{what}");
        skillcheck_in(path, &["baseline", "write"]);
        assert_eq!(baseline(path), text, "{what}: the file changed");
    }
    // The same mistake once more is a new finding, although it looks like a known one.
    write(
        path,
        &[(
            "client.py",
            &format!("{CLIENT}\n\ndef again(sku):\n    return requests.get(\"https://price/items/\" + sku).json()\n"),
        )],
    );
    assert!(!findings(path, &[]).is_empty());
}

#[test]
fn what_is_gone_is_pruned_by_a_full_run_only() {
    let folder = folder(&[("a/client.py", CLIENT), ("b/client.py", CLIENT), (".git/HEAD", "")]);
    let path = folder.path();
    skillcheck_in(path, &["baseline", "write"]);
    let before = baseline(path);
    write(path, &[("a/client.py", "x = 1\n")]);
    let run = skillcheck_in(path, &["lint"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("of the baseline did not come any more: skillcheck baseline prune"), "{}", run.stdout);
    assert_eq!(baseline(path), before, "lint changes nothing");
    let part = skillcheck_in(path, &["lint", "b"]);
    assert!(part.code == 0 && !part.stdout.contains("prune"), "{}", part.stdout);

    let run = skillcheck_in(path, &["baseline", "prune", "b"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("a baseline comes from a full run"), "{}", run.stderr);
    write(path, &[("a/broken.py", "def f(:\nimport requests\n")]);
    let run = skillcheck_in(path, &["baseline", "prune"]);
    assert_eq!((run.code, baseline(path)), (4, before.clone()));
    assert!(run.stderr.contains("is unchanged"), "{}", run.stderr);
    std::fs::remove_file(path.join("a/broken.py")).unwrap();

    write(path, &[("c.py", "import requests\nrequests.get(\"https://c/x\")\n")]);
    assert_eq!(skillcheck_in(path, &["baseline", "prune"]).code, 0);
    let after = baseline(path);
    assert!(!after.contains("a/client.py") && after.contains("b/client.py") && !after.contains("c.py"), "{after}");
    assert_eq!(code(path), 1, "pruning adds nothing");
}

#[test]
fn the_file_is_sorted_has_no_lines_and_keeps_its_schema() {
    let folder = folder(&[("z.py", CLIENT), ("a.py", CLIENT), ("m/b.py", CLIENT)]);
    let path = folder.path();
    skillcheck_in(path, &["baseline", "write"]);
    let text = baseline(path);
    let value: Value = serde_json::from_str(&text).unwrap();
    let schema = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/baseline.schema.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    assert!(jsonschema::is_valid(&schema, &value), "{text}");
    assert!(!jsonschema::is_valid(&schema, &serde_json::json!({"version": 1, "findings": {"a": {"x": []}}})));
    let paths: Vec<_> = value["findings"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["a.py", "m/b.py", "z.py"]);
    assert!(!text.contains("line"), "{text}");
    let shown = skillcheck_in(path, &["baseline", "show"]).stdout;
    assert!(shown.starts_with("a.py\n") && shown.contains("     2  rest-client/missing-timeout\n"), "{shown}");
}

#[test]
fn a_corrupt_or_newer_baseline_is_an_error() {
    let folder = folder(&[("a.py", CLIENT)]);
    let path = folder.path();
    for (text, reason) in [
        ("{\"version\": 1, \"findings\":", "is no baseline"),
        ("", "is no baseline"),
        ("{\"version\": 7, \"other\": []}", "has version 7, and this skillcheck reads version 1 at most"),
    ] {
        write(path, &[(NAME, text)]);
        for args in [&["lint"][..], &["baseline", "show"], &["baseline", "prune"]] {
            let run = skillcheck_in(path, args);
            assert_eq!(run.code, 2, "{text} {args:?}");
            assert!(run.stderr.contains(reason) && run.stdout.is_empty(), "{args:?}: {run:?}");
        }
    }
    assert_eq!(skillcheck_in(path, &["lint", "--baseline", "nowhere.json"]).code, 2);
    assert_eq!(skillcheck_in(path, &["baseline", "write"]).code, 0, "written anew");
    assert_eq!(code(path), 0);
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_file_or_the_new_one() {
    let files: Vec<(String, String)> = (0..12).map(|n| (format!("f{n}.py"), CLIENT.to_owned())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let path = folder.path();
    let started = std::time::Instant::now();
    skillcheck_in(path, &["baseline", "write"]);
    let whole = started.elapsed();
    let text = baseline(path);
    for n in 0..6 {
        if n % 2 == 0 {
            std::fs::remove_file(path.join(NAME)).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_skillcheck"));
        let mut child = command.args(["baseline", "write"]).current_dir(path).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (n + 1) / 6);
        let _ = child.kill();
        child.wait().unwrap();
        if path.join(NAME).exists() {
            assert_eq!(baseline(path), text);
        }
        assert_eq!(skillcheck_in(path, &["baseline", "write"]).code, 0);
        assert_eq!(baseline(path), text);
    }
}
