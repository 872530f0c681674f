//! Runs the binary as a user does.
// Outside of `#[test]` clippy does not know that these are tests.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::Path;

use serde_json::Value;

pub(crate) mod facts;
pub(crate) mod generated;
pub(crate) mod languages;
pub(crate) mod saga;
pub(crate) mod schemas;
pub(crate) mod servers;
pub(crate) mod told;
pub(crate) mod wheel;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// A text without styles.
    pub(crate) fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }
}

/// Runs the binary in the folder of this package.
pub(crate) fn skillcheck(args: &[&str]) -> Run {
    skillcheck_in(Path::new(env!("CARGO_MANIFEST_DIR")), args)
}

/// Variables that would change what the binary says.
pub(crate) const VARIABLES: [&str; 10] = [
    "COLUMNS",
    "CLICOLOR_FORCE",
    "AI_AGENT",
    "CLAUDECODE",
    "CLAUDE_CODE",
    "CODEX_SANDBOX",
    "COPILOT_CLI",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "OPENCODE",
];

/// A folder that can't be made: nothing is kept.
pub(crate) const NO_CACHE: &str = "/dev/null/cache";

/// Runs the binary in a folder.
pub(crate) fn skillcheck_in(folder: &Path, args: &[&str]) -> Run {
    skillcheck_with(folder, &[], args)
}

/// Runs the binary in a folder with these environment variables.
pub(crate) fn skillcheck_with(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_skillcheck"));
    VARIABLES.iter().for_each(|name| {
        command.env_remove(name);
    });
    // No test depends on what another one left behind.
    command.env("SKILLCHECK_CACHE_DIR", NO_CACHE);
    let output = command.current_dir(folder).envs(variables.iter().copied()).args(args).output().unwrap();
    languages::assert_named(&String::from_utf8_lossy(&output.stdout));
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Writes files below a folder.
pub(crate) fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A new folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    folder
}

/// The endpoints that `graph` shows of a repository: `GET /orders/{id} app/main.py:7`.
#[track_caller]
pub(crate) fn endpoints(files: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(files);
    let of_services = graph["services"].as_array().unwrap().iter().flat_map(|s| s["endpoints"].as_array().unwrap());
    let all = of_services.chain(graph["unassigned_endpoints"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|e| format!("{} {} {}:{}", text(&e["method"]), text(&e["path"]), text(&e["file"]), e["line"])).collect()
}

/// The map of a repository.
#[track_caller]
pub(crate) fn graph(files: &[(&str, &str)]) -> Value {
    let at = folder(files);
    let run = skillcheck_in(at.path(), &["graph", "--no-config", "--format", "json"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    serde_json::from_str(&run.stdout).unwrap()
}
