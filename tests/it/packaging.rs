//! What reaches those who do not build: one version everywhere, a hook that pre-commit runs, an action
//! whose steps work, an npm package that finds its binary.
//!
//! Needs git, bash and Python 3 with venv; `.ci/tools` installs the rest below `target/tools` on the first
//! run, from the package registries. What is missing is an error, never a test that is left out.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{VARIABLES, skillcheck_in, write};
use serde_json::Value;

const VERSION: &str = env!("CARGO_PKG_VERSION");

const GOOD: &str = "import os\n\nfrom urllib.request import urlopen\n\nSTOCK = os.environ[\"STOCK_URL\"]\n";

/// Without a timeout, which is an error, and nothing else.
const BAD: &str = "\
import os

import requests
from circuitbreaker import circuit
from tenacity import retry, stop_after_attempt, wait_random_exponential


@circuit(failure_threshold=5)
@retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=5))
def stock() -> dict:
    return requests.get(os.environ[\"STOCK_URL\"]).json()
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Runs a program in a folder; its code and everything it said.
fn run(folder: &Path, variables: &BTreeMap<&str, String>, program: &str, args: &[&str]) -> (i32, String) {
    let mut command = Command::new(program);
    VARIABLES.iter().chain(&["GIT_DIR", "GIT_INDEX_FILE", "GITHUB_BASE_REF"]).for_each(|name| {
        command.env_remove(name);
    });
    let output = command.current_dir(folder).envs(variables).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("can't run {program}: {error}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

/// A program that has to end well.
fn must(folder: &Path, variables: &BTreeMap<&str, String>, program: &str, args: &[&str]) -> String {
    let (code, said) = run(folder, variables, program, args);
    assert_eq!(code, 0, "{program} {args:?}: {said}");
    said
}

/// Installs a tool of others and says where it is.
fn tool(what: &str) -> PathBuf {
    must(root(), &BTreeMap::new(), root().join(".ci/tools").to_str().unwrap(), &[what]);
    root().join("target/tools/python/bin")
}

/// `PATH` with further folders in front.
fn path(first: &[&Path]) -> String {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = first.iter().map(|path| path.to_path_buf()).chain(std::env::split_paths(&old));
    std::env::join_paths(all).unwrap().into_string().unwrap()
}

fn git(folder: &Path, args: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    must(folder, &BTreeMap::new(), "git", &[&identity, args].concat())
}

fn repository(folder: &Path, files: &[(&str, &str)]) {
    std::fs::create_dir_all(folder).unwrap();
    git(folder, &["init", "-q", "-b", "main"]);
    write(folder, files);
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "start"]);
}

#[test]
fn there_is_one_version() {
    let json = |path: &str| serde_json::from_str::<Value>(&file(path)).unwrap();
    let toml = |path: &str| file(path).parse::<toml::Table>().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (npm, hook, wheel) =
        (json("npm/package.json"), toml("pyproject.toml"), toml("packaging/python/pyproject.toml"));
    let mut found = vec![
        ("plugin.json", text(&json(".claude-plugin/plugin.json")["version"])),
        ("marketplace.json", text(&json(".claude-plugin/marketplace.json")["plugins"][0]["version"])),
        ("npm/package.json", text(&npm["version"])),
        ("pyproject.toml", hook["project"]["version"].as_str().unwrap().to_owned()),
        ("packaging/python/pyproject.toml", wheel["project"]["version"].as_str().unwrap().to_owned()),
    ];
    found.extend(
        npm["optionalDependencies"].as_object().unwrap().values().map(|value| ("npm/package.json", text(value))),
    );
    let wheel = hook["project"]["dependencies"][0].as_str().unwrap().strip_prefix("skillcheck-lint==").unwrap();
    found.push(("pyproject.toml", wheel.to_owned()));
    let action = file("action.yml");
    let default = action.split("description: The version of skillcheck\n").nth(1).unwrap().lines().next().unwrap();
    found.push(("action.yml", default.trim().trim_start_matches("default: ").trim_matches('"').to_owned()));
    for (path, version) in found {
        assert_eq!(version, VERSION, "{path}");
    }
}

#[test]
fn the_platforms_of_npm_are_those_of_the_release() {
    let release = file(".github/workflows/release.yml");
    let built: Vec<&str> = release.lines().filter_map(|l| l.split(", npm: ").nth(1)?.strip_suffix(" }")).collect();
    assert_eq!(built.len(), 5);
    let npm: Value = serde_json::from_str(&file("npm/package.json")).unwrap();
    let named = npm["optionalDependencies"].as_object().unwrap();
    assert_eq!(named.len(), built.len());
    assert!(built.iter().all(|platform| named.contains_key(&format!("skillcheck-lint-{platform}"))), "{built:?}");
    // The archives that the action asks for are those that are built.
    let install = file("packaging/action/install.sh");
    for line in install.lines().filter(|line| line.contains(") target=")) {
        let target = line.split("target=").nth(1).unwrap().split(' ').next().unwrap();
        assert!(release.contains(&format!("target: {target},")), "{target}");
    }
}

#[test]
fn pre_commit_stops_what_a_commit_makes_worse() {
    let bin = tool("python");
    let folder = tempfile::tempdir().unwrap();
    let (ours, shop) = (folder.path().join("skillcheck"), folder.path().join("shop"));
    repository(
        &ours,
        &[(".pre-commit-hooks.yaml", &file(".pre-commit-hooks.yaml")), ("pyproject.toml", &file("pyproject.toml"))],
    );
    git(&ours, &["tag", &format!("v{VERSION}")]);
    crate::support::wheel::write(&folder.path().join("wheels"), &bin.join("python"));

    repository(&shop, &[("old/stock.py", BAD), ("orders/stock.py", GOOD)]);
    assert_eq!(skillcheck_in(&shop, &["init", "--pre-commit"]).code, 0);
    let config = shop.join(".pre-commit-config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let local = text.replace("https://github.com/skillcheck/skillcheck", ours.to_str().unwrap());
    assert_ne!(local, text);
    std::fs::write(&config, local).unwrap();
    git(&shop, &["add", "."]);

    let mut variables = BTreeMap::from([
        ("PATH", path(&[&bin])),
        ("PRE_COMMIT_HOME", folder.path().join("cache").to_str().unwrap().to_owned()),
        ("PIP_FIND_LINKS", folder.path().join("wheels").to_str().unwrap().to_owned()),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1".to_owned()),
    ]);
    must(&shop, &variables, "pre-commit", &["install"]);
    let commit = |message: &str| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        run(&shop, &variables, "git", &[&identity[..], &["commit", "-q", "-m", message]].concat())
    };
    let (code, said) = commit("The hook itself; what was there before passes");
    assert_eq!(code, 0, "{said}");

    write(&shop, &[("orders/stock.py", BAD)]);
    git(&shop, &["add", "."]);
    let (code, said) = commit("Worse");
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("rest-client/missing-timeout") && said.contains("orders/stock.py:11:12"), "{said}");
    assert!(!said.contains("old/stock.py"), "{said}");

    // What is staged counts, not what the work tree says.
    write(&shop, &[("orders/stock.py", &BAD.replace("_URL\"])", "_URL\"], timeout=2)"))]);
    git(&shop, &["add", "."]);
    let (code, said) = commit("Right");
    assert_eq!(code, 0, "{said}");

    // The other id takes the binary from PATH.
    let binary = Path::new(env!("CARGO_BIN_EXE_skillcheck")).parent().unwrap();
    variables.insert("PATH", path(&[binary, &bin]));
    write(&shop, &[("orders/stock.py", BAD)]);
    git(&shop, &["add", "."]);
    let args = ["try-repo", ours.to_str().unwrap(), "skillcheck-lint-system"];
    let (code, said) = run(&shop, &variables, "pre-commit", &args);
    assert!(code == 1 && said.contains("rest-client/missing-timeout"), "{said}");
}

/// What the runner gives a step.
fn runner(folder: &Path) -> BTreeMap<&'static str, String> {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::create_dir_all(folder.join("temp")).unwrap();
    let mut variables = BTreeMap::from([
        ("RUNNER_TEMP", at("temp")),
        ("GITHUB_OUTPUT", at("output")),
        ("GITHUB_STEP_SUMMARY", at("summary")),
        ("GITHUB_PATH", at("path")),
    ]);
    variables.insert("VERSION", VERSION.to_owned());
    for (name, value) in [("PATHS", "."), ("SINCE", ""), ("FAIL_ON", ""), ("UPLOAD_SARIF", "true")] {
        variables.insert(name, value.to_owned());
    }
    variables
}

#[test]
fn the_action_annotates_what_a_pull_request_makes_worse() {
    let folder = tempfile::tempdir().unwrap();
    let (origin, shop) = (folder.path().join("origin"), folder.path().join("shop"));
    repository(&origin, &[("old/stock.py", BAD)]);
    git(folder.path(), &["clone", "-q", origin.to_str().unwrap(), "shop"]);
    git(&shop, &["checkout", "-q", "-b", "change"]);
    write(&shop, &[("orders/stock.py", BAD)]);
    git(&shop, &["add", "."]);
    git(&shop, &["commit", "-q", "-m", "change"]);

    let mut variables = runner(folder.path());
    let binary = Path::new(env!("CARGO_BIN_EXE_skillcheck")).parent().unwrap();
    variables.insert("PATH", path(&[binary]));
    variables.insert("GITHUB_BASE_REF", "main".to_owned());
    let lint = root().join("packaging/action/lint.sh");
    let (code, said) = run(&shop, &variables, lint.to_str().unwrap(), &[]);
    assert_eq!(code, 1, "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("::error ")).count(), 1, "{said}");
    assert!(said.contains("file=orders/stock.py,line=11") && !said.contains("old/stock.py"), "{said}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("summary").contains("rest-client/missing-timeout"), "{}", read("summary"));
    let sarif = format!("sarif={}\n", folder.path().join("temp/skillcheck.sarif").display());
    assert_eq!(read("output"), format!("{sarif}exit-code=1\n"));
    let sarif: Value = serde_json::from_str(&read("temp/skillcheck.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 2, "code scanning knows the old ones too");

    git(&shop, &["rm", "-q", "-r", "orders"]);
    git(&shop, &["commit", "-q", "-m", "undone"]);
    let (code, said) = run(&shop, &variables, lint.to_str().unwrap(), &[]);
    assert_eq!(code, 0, "{said}");
    variables.remove("GITHUB_BASE_REF");
    assert_eq!(run(&shop, &variables, lint.to_str().unwrap(), &[]).0, 1, "without a base everything counts");
}

#[test]
fn the_action_installs_the_binary_that_the_release_holds() {
    let folder = tempfile::tempdir().unwrap();
    let release = folder.path().join(format!("releases/v{VERSION}"));
    std::fs::create_dir_all(&release).unwrap();
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    if cfg!(not(target_os = "linux")) {
        return; // The archive's name is another one there; the script is the same.
    }
    let fake = folder.path().join("skillcheck");
    std::fs::write(&fake, format!("#!/bin/sh\necho skillcheck {VERSION}\n")).unwrap();
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let name = format!("skillcheck-{VERSION}-{target}.tar.gz");
    let archive = release.join(&name);
    let none = BTreeMap::new();
    must(folder.path(), &none, "tar", &["-czf", archive.to_str().unwrap(), "skillcheck"]);
    let sum = must(&release, &none, "sha256sum", &[&name]);
    std::fs::write(release.join(format!("{name}.sha256")), &sum).unwrap();

    let mut variables = runner(folder.path());
    variables.insert("RELEASES", format!("file://{}", folder.path().join("releases").display()));
    let install = root().join("packaging/action/install.sh");
    must(folder.path(), &variables, install.to_str().unwrap(), &[]);
    let added = std::fs::read_to_string(folder.path().join("path")).unwrap();
    let said = must(folder.path(), &none, Path::new(added.trim()).join("skillcheck").to_str().unwrap(), &[]);
    assert_eq!(said, format!("skillcheck {VERSION}\n"));

    // Another archive under that name is not taken.
    std::fs::write(&archive, "something else").unwrap();
    assert_ne!(run(folder.path(), &variables, install.to_str().unwrap(), &[]).0, 0);
}

#[test]
fn the_npm_package_runs_the_binary_of_its_platform() {
    let bin = tool("node");
    let folder = tempfile::tempdir().unwrap();
    let variables = BTreeMap::from([
        ("PATH", path(&[]) + ":" + bin.to_str().unwrap()),
        ("npm_config_cache", folder.path().join("cache").to_str().unwrap().to_owned()),
    ]);
    let platform = must(folder.path(), &variables, "node", &["-p", "`${process.platform}-${process.arch}`"]);
    let platform = platform.trim();
    let modules = folder.path().join("node_modules");
    let ours = modules.join(format!("skillcheck-lint-{platform}"));
    let script = root().join("npm/platform.mjs");
    let make = |platform: &str, to: &Path| {
        let binary = env!("CARGO_BIN_EXE_skillcheck");
        run(folder.path(), &variables, "node", &[script.to_str().unwrap(), platform, binary, to.to_str().unwrap()])
    };
    assert_eq!(make(platform, &ours).0, 0);
    let (code, said) = make("amiga-m68k", &folder.path().join("x"));
    assert!(code == 2 && said.contains("linux-x64"), "{said}");

    // As npm lays it out, made from what the package would hold.
    let packed = must(&root().join("npm"), &variables, "npm", &["pack", "--dry-run", "--json", "--loglevel=error"]);
    let packed: Value = serde_json::from_str(&packed).unwrap();
    let files: Vec<&str> = packed[0]["files"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
    assert_eq!(files, ["README.md", "bin/skillcheck.js", "package.json"]);
    let main = modules.join("skillcheck-lint");
    for name in files {
        write(&main, &[(name, &file(&format!("npm/{name}")))]);
    }
    write(folder.path(), &[("orders/stock.py", BAD)]);
    let program = main.join("bin/skillcheck.js");
    let lint = |args: &[&str]| run(folder.path(), &variables, "node", &[&[program.to_str().unwrap()], args].concat());
    assert_eq!(lint(&["--version"]), (0, format!("skillcheck {VERSION}\n")));
    assert_eq!(lint(&["lint", "orders"]).0, 1, "the exit code comes through");
    std::fs::remove_dir_all(&ours).unwrap();
    let (code, said) = lint(&["--version"]);
    assert!(code == 2 && said.contains("there is no binary for"), "{said}");
}

#[test]
fn the_reference_validator_accepts_every_skill() {
    let agentskills = tool("python").join("agentskills");
    for skill in skillcheck::skills::skills() {
        let folder = root().join("skills").join(skill);
        must(root(), &BTreeMap::new(), agentskills.to_str().unwrap(), &["validate", folder.to_str().unwrap()]);
    }
}

#[test]
fn docs_show_what_init_writes() {
    let page = file("docs/ci.md");
    let mut seen = 0;
    for block in page.split("\n```yaml file=").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let shown = rest.split("```").next().unwrap();
        let template = file(&format!("src/cli/init/templates/{name}"));
        assert_eq!(shown, template.replace("{{version}}", VERSION), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 3);
    assert!(page.contains(&format!("skillcheck-lint=={VERSION}\n")));
}
