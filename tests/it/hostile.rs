//! Bad input: a clear message, the right exit code, an end within seconds; no panic, no silent pass.
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Run, folder, skillcheck_in, write};

/// Far more than any of these takes, far less than a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file that breaks a rule, so that a run which sees it can't be mistaken for one that sees nothing.
const WRONG: (&str, &str) = ("shop/client.py", "import requests\nrequests.get('https://' + peer + '/stock')\n");

/// Lints a folder, in time and without a panic.
fn lint(folder: &Path, args: &[&str]) -> Run {
    let start = Instant::now();
    let run = skillcheck_in(folder, &[&["lint", "--no-config"], args].concat());
    assert!(start.elapsed() < PATIENCE, "{:?} for {run:?}", start.elapsed());
    assert!(!run.stderr.contains("panicked") && !run.stdout.contains("panicked"), "{run:?}");
    assert!((0..=4).contains(&run.code), "{run:?}");
    run
}

/// The entry of `not_checked` that names this file, as `path:line:column: reason`.
#[track_caller]
fn not_checked(folder: &Path, path: &str) -> String {
    let run = lint(folder, &["--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let entries = output["summary"]["not_checked"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["path"] == path).unwrap_or_else(|| panic!("{path} in {entries:#?}"));
    assert_eq!(output["summary"]["incomplete"], entry["incomplete"], "{entry}");
    let at = entry["line"].as_u64().map(|line| format!(":{line}:{}", entry["column"])).unwrap_or_default();
    format!("{path}{at}: {}", entry["reason"].as_str().unwrap())
}

/// Alone the file makes the run incomplete, and the reader is told; findings elsewhere stay certain.
#[track_caller]
fn is_incomplete(folder: &Path, path: &str, reason: &str) {
    let run = lint(folder, &[]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.stdout.contains("Could not check") && run.stdout.contains(path), "{}", run.stdout);
    let told = not_checked(folder, path);
    assert!(told.contains(reason), "{told}");
    write(folder, &[WRONG]);
    let run = lint(folder, &["--output", "concise"]);
    assert_eq!(run.code, 1, "what was found is certain: {run:?}");
    assert!(run.stdout.contains("shop/client.py:2"), "{}", run.stdout);
}

#[test]
fn broken_compose() {
    let text = "services:\n  orders:\n    image: \"orders\n  stock: [\n";
    let folder = folder(&[("compose.yaml", text)]);
    is_incomplete(folder.path(), "compose.yaml", "compose.yaml:");
}

#[test]
fn half_a_python_file() {
    let text = "import requests\n\n\ndef stock(sku):\n    return requests.get(f\"http://stock/{sku}\", timeout=(1,\n";
    let folder = folder(&[("orders/client.py", text)]);
    let told = not_checked(folder.path(), "orders/client.py");
    assert!(told.contains("the syntax is not understood here"), "{told}");
    assert_ne!(lint(folder.path(), &[]).code, 0);
}

#[test]
fn half_a_typescript_file() {
    let text = "import axios from \"axios\";\nexport class Stock {\n  async of(sku: string) {\n    return axios.get(`";
    let folder = folder(&[("orders/src/stock.ts", text)]);
    let told = not_checked(folder.path(), "orders/src/stock.ts");
    assert!(told.contains("the syntax is not understood here"), "{told}");
    assert_ne!(lint(folder.path(), &[]).code, 0);
}

#[test]
fn one_line_of_50_megabytes() {
    let folder = folder(&[]);
    let text = format!("import requests; x = [{}]\n", "'a', ".repeat(10 << 20));
    fs::write(folder.path().join("data.py"), text).unwrap();
    is_incomplete(folder.path(), "data.py", "more than the 1048576 that are read");
}

#[test]
fn one_line_of_50_megabytes_of_other_kinds() {
    let folder = folder(&[("a.py", "x = 1\n")]);
    let text = format!("{{\"a\": [{}1]}}", "1, ".repeat(17 << 20));
    for name in ["data.json", "data.yaml", "notes.md", "trace.txt"] {
        fs::write(folder.path().join(name), &text).unwrap();
    }
    assert_eq!(lint(folder.path(), &[]).code, 0, "none of them decides anything");
    fs::write(folder.path().join("compose.yaml"), &text).unwrap();
    is_incomplete(folder.path(), "compose.yaml", "more than the 8388608 that are read");
}

#[test]
fn minified_code() {
    let text = format!("import axios from 'axios';{}\n", "axios.get(u);".repeat(5_000));
    let folder = folder(&[("web/app.js", &text)]);
    is_incomplete(folder.path(), "web/app.js", "minified or generated");
}

#[test]
fn yaml_nested_10_000_deep() {
    let block: String = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let flow = format!("a: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    for text in [block, flow] {
        let folder = folder(&[("compose.yaml", &text)]);
        is_incomplete(folder.path(), "compose.yaml", "compose.yaml:");
    }
}

#[test]
fn an_alias_bomb() {
    let mut text = "x0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for n in 1..40 {
        let aliases = vec![format!("*x{}", n - 1); 9].join(", ");
        text.push_str(&format!("x{n}: &x{n} [{aliases}]\n"));
    }
    let folder = folder(&[("compose.yaml", &format!("{text}services:\n  orders:\n    environment: *x39\n"))]);
    is_incomplete(folder.path(), "compose.yaml", "compose.yaml:");
}

#[test]
fn brackets_nested_100_000_deep() {
    for name in ["deep.py", "deep.js", "deep.ts", "deep.tsx"] {
        let text = format!("import axios\nimport requests\n{}\n", "f(\n".repeat(100_000));
        let folder = folder(&[(name, &text)]);
        is_incomplete(folder.path(), name, "nested more than 1000 deep");
    }
}

#[test]
fn code_that_makes_a_parser_slow() {
    let folder = folder(&[("slow.ts", &format!("import axios from 'axios';\n{}", "/* \n".repeat(200_000)))]);
    is_incomplete(folder.path(), "slow.ts", "slow.ts");
}

#[test]
fn a_variable_that_is_made_of_itself_again_and_again() {
    let again = "        written = written.put(\"tenant\", \"1\")\n".repeat(12);
    let code = format!(
        "import org.springframework.kafka.annotation.KafkaListener\nimport reactor.util.context.Context\n\nclass Contexts {{\n    fun write(context: Context): Context {{\n        var written = context\n{again}        return written\n    }}\n}}\n"
    );
    assert_eq!(lint(folder(&[("Contexts.kt", &code)]).path(), &[]).code, 0);
}

#[test]
fn source_that_is_not_utf_8() {
    let folder = folder(&[]);
    fs::write(folder.path().join("latin.py"), b"import requests\nname = 'M\xfcller'\n").unwrap();
    is_incomplete(folder.path(), "latin.py", "is not UTF-8: byte 25 is invalid");
}

#[test]
fn source_that_is_binary() {
    let folder = folder(&[("app.py", "import requests\n\0\0\0")]);
    is_incomplete(folder.path(), "app.py", "is binary");
}

#[test]
fn a_configuration_with_three_errors_shows_all_at_once() {
    let config = "rules:\n  rest-client/missing-timeot: error\nfail-on: always\nunknown: 1\n";
    let folder = folder(&[WRONG, ("skillcheck.yaml", config)]);
    let run = skillcheck_in(folder.path(), &["lint"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    for text in ["missing-timeot", "did you mean `rest-client/missing-timeout`", "always", "unknown"] {
        assert!(run.stderr.contains(text), "{text} is missing in\n{}", run.stderr);
    }
}

#[test]
fn an_empty_folder_and_one_where_everything_is_ignored() {
    let empty = folder(&[]);
    let run = lint(empty.path(), &[]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("nothing to check in `.`"), "{}", run.stderr);

    let ignored = folder(&[(".gitignore", "*\n"), WRONG]);
    assert_eq!(lint(ignored.path(), &[]).code, 3);
}

#[test]
fn paths_that_do_not_exist() {
    let folder = folder(&[WRONG]);
    for paths in [&["gone"][..], &["shop", "gone"], &["shop/client.py/gone"]] {
        let run = lint(folder.path(), paths);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{paths:?}");
        assert!(run.stderr.contains("can't check `"), "{}", run.stderr);
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn loops_of_links() {
        let folder = folder(&[WRONG]);
        symlink(".", folder.path().join("self")).unwrap();
        symlink("../..", folder.path().join("shop/up")).unwrap();
        symlink("b.py", folder.path().join("a.py")).unwrap();
        symlink("a.py", folder.path().join("b.py")).unwrap();
        let run = lint(folder.path(), &["--output", "concise", "--rule", "rest-client/missing-timeout"]);
        assert_eq!(run.code, 1);
        assert_eq!(run.stdout.matches("error[").count(), 1, "each file once: {}", run.stdout);
        let told = not_checked_paths(folder.path());
        for path in ["self", "shop/up", "a.py", "b.py"] {
            assert!(told.iter().any(|other| other == path), "{path} is not told of in {told:?}");
        }
    }

    #[test]
    fn a_pipe_is_never_opened() {
        let folder = folder(&[]);
        for name in ["pipe.py", "compose.yaml", ".env", "skillcheck-pipe"] {
            assert!(Command::new("mkfifo").arg(folder.path().join(name)).status().unwrap().success());
        }
        let run = lint(folder.path(), &[]);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "there is nothing else");
        write(folder.path(), &[WRONG]);
        assert_eq!(lint(folder.path(), &[]).code, 1);
        assert!(not_checked_paths(folder.path()).contains(&"pipe.py".to_owned()));
    }

    #[test]
    fn what_may_not_be_read() {
        let folder = folder(&[("locked.py", "import requests\n"), ("closed/a.py", "import requests\n")]);
        let (file, inner) = (folder.path().join("locked.py"), folder.path().join("closed"));
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        set(&file, 0o000);
        set(&inner, 0o000);
        // The administrator reads everything, and then there is nothing to complain about.
        let allowed = fs::read(&file).is_ok();
        let run = lint(folder.path(), &["--output", "json"]);
        set(&inner, 0o755);
        if allowed {
            assert_eq!(run.code, 0, "{run:?}");
            assert!(run.stdout.contains("\"parsed\": 2"), "{}", run.stdout);
        } else {
            assert_eq!(run.code, 4, "{run:?}");
            assert!(run.stdout.contains("locked.py") && run.stdout.contains("closed"), "{}", run.stdout);
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_although_it_is_one() {
        // Reading this one fails for everybody, the administrator included.
        let memory = Path::new("/proc/self/mem");
        if !memory.exists() {
            return;
        }
        let folder = folder(&[]);
        symlink(memory, folder.path().join("memory.py")).unwrap();
        is_incomplete(folder.path(), "memory.py", "can't be read");
    }

    #[test]
    fn names_that_are_no_text() {
        use std::os::unix::ffi::OsStrExt;
        let folder = folder(&[WRONG]);
        let name = std::ffi::OsStr::from_bytes(b"odd\xff\x1b[31m\n.py");
        fs::write(folder.path().join(name), WRONG.1).unwrap();
        for format in ["human", "concise", "json", "sarif", "github"] {
            let run = lint(folder.path(), &["--output", format, "--color", "never"]);
            assert_eq!(run.code, 1, "{run:?}");
            assert!(!run.stdout.contains('\x1b'), "{format}: a file name steers the terminal");
        }
    }

    fn not_checked_paths(folder: &Path) -> Vec<String> {
        let run = lint(folder, &["--output", "json"]);
        let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let entries = output["summary"]["not_checked"].as_array().unwrap();
        entries.iter().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
    }
}
