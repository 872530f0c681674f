//! The templates of the skills do what the skills promise: they are run against a real RabbitMQ, Kafka and
//! PostgreSQL and an HTTP server that fails on purpose, they hold under faults, and the linter finds nothing
//! in them.
//!
//! The suites are those of the languages, below `tests/templates`. `.ci/tools` installs what they need below
//! `target/tools`, and servers from the distribution's packages where it may. What is missing is an error.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::support::{VARIABLES, folder, skillcheck_in};
use skillcheck::skills;

/// The servers and their addresses. They end with this process, however it ends: their own process waits
/// for the end of its standard input.
struct Servers {
    /// Held open.
    _process: Child,
    addresses: Vec<(String, String)>,
}

static SERVERS: LazyLock<Result<Servers, String>> = LazyLock::new(|| {
    install("templates-servers")?;
    let mut process = command("python3")
        .args(["tests/templates/servers.py", "target/templates/servers"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("python3 is missing: {error}"))?;
    let mut line = String::new();
    let read = process.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(&line);
    match (read, parsed) {
        (Some(Ok(_)), Ok(addresses)) => {
            let text = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let addresses = addresses.into_iter().map(|(name, value)| (name, text(value))).collect();
            Ok(Servers { _process: process, addresses })
        }
        _ => {
            let output = process.wait_with_output().map_err(|error| error.to_string())?;
            Err(format!("the servers did not start: {}", String::from_utf8_lossy(&output.stderr)))
        }
    }
});

/// One suite at a time: they measure time, on a machine that runs other tests too.
static ONE: Mutex<()> = Mutex::new(());

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    VARIABLES.iter().for_each(|name| {
        command.env_remove(name);
    });
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn install(what: &str) -> Result<(), String> {
    let output = command(".ci/tools").arg(what).output().map_err(|error| format!(".ci/tools: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))),
    }
}

#[track_caller]
fn suite(language: &str, tools: &str) {
    install(tools).unwrap_or_else(|error| panic!("{error}"));
    let servers = SERVERS.as_ref().unwrap_or_else(|error| panic!("{error}"));
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let output = command("tests/templates/run")
        .arg(language)
        .envs(servers.addresses.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_python_templates_hold_under_faults() {
    suite("python", "templates-python");
}

#[test]
fn the_typescript_templates_hold_under_faults() {
    suite("typescript", "templates-node");
}

#[test]
fn the_go_templates_hold_under_faults() {
    suite("go", "templates-go");
}

#[test]
fn the_java_templates_hold_under_faults() {
    suite("java", "templates-java");
}

/// Lays the templates out as services: one for each skill and language, with the tables beside them.
#[test]
fn the_linter_finds_nothing_in_the_templates() {
    let mut files: Vec<(String, &str)> = Vec::new();
    for file in skills::files() {
        let text = std::str::from_utf8(file.bytes).unwrap();
        let parts: Vec<&str> = file.path.split('/').collect();
        let [skill, "assets", kind, path @ ..] = parts.as_slice() else { continue };
        let path = path.join("/");
        match *kind {
            "python" | "typescript" | "java" | "go" => files.push((format!("{skill}-{kind}/src/{path}"), text)),
            other => files.push((format!("{skill}-{other}/{path}"), text)),
        }
    }
    assert!(files.len() > 10, "{files:?}");
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let at = folder(&files);
    let run = skillcheck_in(at.path(), &["lint", "--preview", "--output", "concise"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
}

/// What is copied to users is text, and small.
#[test]
fn the_templates_are_small_text_files() {
    for file in skills::files().iter().filter(|file| file.path.contains("/assets/")) {
        assert!(std::str::from_utf8(file.bytes).is_ok(), "{} is no text", file.path);
        assert!(file.bytes.len() < 20_000, "{} has {} bytes", file.path, file.bytes.len());
        let name = Path::new(file.path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        assert!(!name.ends_with(".pyc") && name != "package-lock.json", "{} is made, not written", file.path);
    }
}
