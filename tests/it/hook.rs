//! `skillcheck hook`, as agents run it: recorded events of each agent, and a whole session.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::write;
use serde_json::{Value, json};

/// A call without a timeout and nothing else wrong.
const BAD: &str = "\
import os

import requests
from circuitbreaker import circuit
from tenacity import retry, stop_after_attempt, wait_random_exponential

URL = os.environ[\"STOCK_URL\"]


@circuit(failure_threshold=5)
@retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=5))
def stock(sku: str) -> dict:
    return requests.get(URL + \"/stock\", params={\"sku\": sku}).json()
";

fn good() -> String {
    BAD.replace("params={\"sku\": sku})", "params={\"sku\": sku}, timeout=2)")
}

/// A repository, and a place for what the hook remembers.
struct Desk {
    root: PathBuf,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("shop");
        std::fs::create_dir(&root).unwrap();
        let desk = Desk { root, folder };
        desk.git(&["init", "-q", "-b", "main"]);
        desk.write(files);
        desk.git(&["add", "."]);
        desk.git(&["commit", "-q", "--allow-empty", "-m", "start"]);
        desk
    }

    fn git(&self, args: &[&str]) {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").arg("-C").arg(&self.root).args(identity).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn write(&self, files: &[(&str, &str)]) {
        write(&self.root, files);
    }

    fn path(&self, name: &str) -> String {
        self.root.join(name).to_str().unwrap().to_owned()
    }

    /// Runs the hook; `Null` when it says nothing.
    fn raw(&self, args: &[&str], input: &str) -> Value {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_skillcheck"));
        command.env("XDG_CACHE_HOME", self.folder.path().join("cache")).env_remove("CLAUDE_PLUGIN_DATA");
        let output = command.current_dir(&self.root).arg("hook").args(args).write_stdin(input).output().unwrap();
        let (out, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!((output.status.code(), error.as_str()), (Some(0), ""), "{input}\n{out}");
        if out.is_empty() { Value::Null } else { serde_json::from_str(&out).unwrap() }
    }

    fn send(&self, event: &Value) -> Value {
        self.raw(&[], &event.to_string())
    }

    /// Replays a recorded event: `$ROOT` stands for the repository.
    fn replay(&self, recorded: &str) -> Value {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hook").join(recorded));
        self.raw(&[], &text.unwrap().replace("$ROOT", self.root.to_str().unwrap()))
    }

    // Claude Code's events.

    fn event(&self, name: &str, more: Value) -> Value {
        let mut event = json!({
            "session_id": "5f0c", "transcript_path": "/home/dev/.claude/projects/shop/5f0c.jsonl",
            "cwd": self.root, "permission_mode": "default", "hook_event_name": name,
        });
        if let Value::Object(more) = more {
            event.as_object_mut().unwrap().extend(more);
        }
        event
    }

    fn start(&self) -> Value {
        self.send(&self.event("SessionStart", json!({"source": "startup"})))
    }

    fn prompt(&self) -> Value {
        self.send(&self.event("UserPromptSubmit", json!({"prompt": "go on"})))
    }

    fn save(&self, name: &str, text: &str) -> Value {
        self.write(&[(name, text)]);
        let path = self.path(name);
        self.send(&self.event(
            "PostToolUse",
            json!({
                "tool_name": "Write", "tool_use_id": "toolu_1", "tool_input": {"file_path": path, "content": text},
                "tool_response": {"type": "create", "filePath": path, "content": text, "structuredPatch": []},
            }),
        ))
    }

    fn bash(&self, command: &str) -> Value {
        let status = Command::new("sh").current_dir(&self.root).args(["-c", command]).status().unwrap();
        assert!(status.success(), "{command}");
        self.send(&self.event(
            "PostToolUse",
            json!({
                "tool_name": "Bash", "tool_use_id": "toolu_2", "tool_input": {"command": command},
                "tool_response": {"stdout": "", "stderr": "", "interrupted": false, "isImage": false},
            }),
        ))
    }

    fn stop(&self, active: bool) -> Value {
        self.send(&self.event("Stop", json!({"stop_hook_active": active})))
    }
}

fn reason(answer: &Value) -> &str {
    assert_eq!(answer["decision"], "block", "{answer}");
    answer["reason"].as_str().unwrap()
}

#[test]
fn a_session_from_start_to_end() {
    let desk = Desk::new(&[("old/client.py", BAD)]);
    assert_eq!(desk.start(), Value::Null);
    assert_eq!(desk.prompt(), Value::Null);

    assert_eq!(desk.save("orders/ok.py", &good()), Value::Null, "nothing is wrong with it");
    assert_eq!(desk.save("README.md", "# Shop\n"), Value::Null);

    let answer = desk.save("orders/stock.py", BAD);
    insta::assert_snapshot!(reason(&answer), @r#"
    skillcheck: 1 error new since this session began
    orders/stock.py:13:12 error rest-client/missing-timeout: No timeout on GET `{}/stock`: requests waits for ever unless each call has a `timeout`
      fix: Pass `timeout=` in seconds, shorter than the caller's own timeout
    Why, with examples: `skillcheck explain rest-client/missing-timeout`
    "#);
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    assert_eq!(desk.save("orders/stock.py", &format!("# Stock.\n{BAD}")), Value::Null, "it was told");

    let answer = desk.bash("cp orders/stock.py orders/copy.py");
    assert!(reason(&answer).contains("orders/copy.py:14:12 error"), "{answer}");
    assert_eq!(desk.bash("ls > /dev/null"), Value::Null);

    // It ignored both: it is kept once, and never while it goes on because of that.
    let answer = desk.stop(false);
    assert!(reason(&answer).starts_with("skillcheck: 2 errors new"), "{answer}");
    assert!(!reason(&answer).contains("old/client.py"), "{answer}");
    let left = json!({"systemMessage": "skillcheck: 2 errors left in what this session changed"});
    assert_eq!(desk.stop(true), left);
    assert_eq!(desk.prompt(), Value::Null);
    assert_eq!(desk.stop(false), left, "each thing once");

    desk.save("orders/stock.py", &good());
    desk.bash("rm orders/copy.py");
    assert_eq!(desk.stop(false), Value::Null);
}

#[test]
fn what_the_user_writes_is_the_users() {
    let desk = Desk::new(&[]);
    desk.start();
    desk.write(&[("users/stock.py", BAD)]);
    assert_eq!(desk.prompt(), Value::Null);
    assert_eq!(desk.bash("touch orders.txt"), Value::Null);
    assert_eq!(desk.stop(false), Value::Null);
}

#[test]
fn what_another_branch_brings_is_not_the_agents() {
    let desk = Desk::new(&[]);
    desk.git(&["checkout", "-q", "-b", "other"]);
    desk.write(&[("theirs/stock.py", BAD)]);
    desk.git(&["add", "."]);
    desk.git(&["commit", "-q", "-m", "theirs"]);
    desk.git(&["checkout", "-q", "main"]);
    desk.start();
    assert_eq!(desk.bash("git merge -q --no-edit other"), Value::Null);
    assert_eq!(desk.stop(false), Value::Null);
    // Its own commits do not make its errors those of others.
    desk.write(&[("mine/stock.py", BAD)]);
    let commit = "git add . && git -c user.name=t -c user.email=t@example.com commit -q -m mine";
    assert!(reason(&desk.bash(commit)).contains("mine/stock.py"));
}

#[test]
fn rules_about_the_whole_system_wait_for_the_end() {
    let desk = Desk::new(&[]);
    desk.start();
    let app = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/orders\")\nasync def orders() -> list:\n    return []\n";
    let dockerfile = "FROM python:3.12-slim\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n";
    let compose = "services:\n  orders:\n    build: ./orders\n";
    assert_eq!(desk.save("orders/main.py", app), Value::Null);
    assert_eq!(desk.save("orders/Dockerfile", dockerfile), Value::Null);
    assert_eq!(desk.save("compose.yaml", compose), Value::Null);
    let answer = desk.stop(false);
    let context = answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    assert!(context.contains("warning service-health/missing-health-endpoint"), "{answer}");
    assert_eq!(answer["hookSpecificOutput"]["hookEventName"], "Stop");
    assert_eq!(answer.get("decision"), None, "warnings keep nobody: {answer}");
    assert_eq!(desk.stop(false), Value::Null);
}

#[test]
fn an_edit_can_break_another_file() {
    let client = "import os\n\nimport httpx\n\nclient = httpx.Client(base_url=os.environ[\"STOCK_URL\"], timeout=2)\n";
    let user = BAD
        .replace("import requests\n", "from orders.http import client\n")
        .replace("requests.get(URL + \"/stock\"", "client.get(\"/stock\"");
    let desk = Desk::new(&[("orders/__init__.py", ""), ("orders/http.py", client), ("orders/stock.py", &user)]);
    desk.start();
    let answer = desk.save("orders/http.py", &client.replace("timeout=2", "timeout=None"));
    assert!(reason(&answer).contains("rest-client/missing-timeout"), "{answer}");
}

#[test]
fn without_a_start_only_the_lines_of_the_edit_count() {
    let two =
        format!("{BAD}\n\n{}", BAD.replace("import", "# import").replace("stock", "price").replace("# import os", ""));
    let desk = Desk::new(&[("orders/stock.py", BAD)]);
    desk.write(&[("orders/stock.py", &two)]);
    let path = desk.path("orders/stock.py");
    let line = "    return requests.get(URL + \"/price\", params={\"sku\": sku}).json()";
    let answer = desk.send(&desk.event("PostToolUse", json!({
        "tool_name": "Edit", "tool_input": {"file_path": path, "old_string": "", "new_string": line, "replace_all": false},
    })));
    assert_eq!(reason(&answer).matches("error rest-client/missing-timeout").count(), 1, "{answer}");
    assert!(reason(&answer).contains("/price"), "{answer}");
    assert_eq!(desk.stop(true), json!({"systemMessage": "skillcheck: 1 error left in what this session changed"}));
}

#[test]
fn work_in_the_background_and_subagents() {
    let desk = Desk::new(&[]);
    desk.start();
    desk.save("orders/stock.py", BAD);
    let waiting =
        json!({"stop_hook_active": false, "background_tasks": [{"id": "b1", "type": "shell", "status": "running"}]});
    assert!(desk.send(&desk.event("Stop", waiting))["systemMessage"].is_string());
    let sub = json!({"stop_hook_active": false, "agent_id": "a1", "agent_type": "general-purpose"});
    let answer = desk.send(&desk.event("SubagentStop", sub.clone()));
    assert!(reason(&answer).contains("orders/stock.py"));
    assert!(desk.send(&desk.event("SubagentStop", sub))["systemMessage"].is_string(), "the subagent was kept once");
    assert!(reason(&desk.stop(false)).contains("orders/stock.py"), "the main agent not yet");
}

#[test]
fn a_file_that_is_not_understood_is_told_once() {
    let desk = Desk::new(&[]);
    desk.start();
    let broken = "import requests\n\ndef stock(:\n";
    let answer = desk.save("orders/stock.py", broken);
    let context = answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    assert!(context.starts_with("skillcheck could not check orders/stock.py: "), "{context}");
    assert_eq!(desk.save("orders/stock.py", broken), Value::Null);
}

#[test]
fn at_most_ten_findings_and_four_thousand_characters() {
    let desk = Desk::new(&[]);
    desk.start();
    let mut many = "import requests\n".to_owned();
    for n in 0..40 {
        many.push_str(&format!(
            "\n\ndef f{n}():\n    return requests.get(\"https://stock/{}{n}\")\n",
            "x".repeat(n * 9)
        ));
    }
    let mut seen = 0;
    for _ in 0..3 {
        let answer = desk.save("orders/stock.py", &many);
        let context = answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap_or_default();
        let texts = format!("{}{context}", reason(&answer));
        assert!(texts.chars().count() <= 4_000, "{}", texts.len());
        let told = texts.matches("orders/stock.py:").count();
        assert!((1..=10).contains(&told), "{texts}");
        assert!(texts.contains("more: run `skillcheck lint`"), "{texts}");
        seen += told;
    }
    assert!(seen > 10, "what was left out comes with the next edit");
}

#[test]
fn faults_break_no_session() {
    let desk = Desk::new(&[("skillcheck.yaml", "fail-onn: error\n")]);
    for input in ["", "no json", "{}", "{\"hook_event_name\": \"Stop\"}", "[1]"] {
        desk.raw(&[], input);
    }
    let answer = desk.start();
    let message = answer["systemMessage"].as_str().unwrap();
    assert!(
        message.starts_with("skillcheck: `skillcheck.yaml` is wrong, so nothing is checked: line 1: "),
        "{message}"
    );
    assert_eq!(desk.save("orders/stock.py", BAD), Value::Null, "it was said when the session began");
    assert_eq!(desk.stop(false), Value::Null);

    // A place that can't be written: told, and nobody is kept.
    let desk = Desk::new(&[]);
    std::fs::write(desk.folder.path().join("cache"), "a file").unwrap();
    desk.write(&[("orders/stock.py", BAD)]);
    let message = desk.stop(false)["systemMessage"].as_str().unwrap().to_owned();
    assert!(message.contains("can't remember this session"), "{message}");
}

#[test]
fn on_a_folder_that_does_not_exist_it_is_silent() {
    let desk = Desk::new(&[]);
    let event =
        json!({"session_id": "s", "cwd": "/no/such/folder", "hook_event_name": "Stop", "stop_hook_active": false});
    assert_eq!(desk.send(&event), Value::Null);
}

/// The same session, as each agent tells it. `tests/hook/README.md` says where the shapes come from.
#[test]
fn recorded_sessions_of_each_agent() {
    for agent in ["claude", "codex", "gemini", "cursor"] {
        let desk = Desk::new(&[("old/client.py", BAD)]);
        let mut told = String::new();
        let mut step = |name: &str| {
            let answer = desk.replay(&format!("{agent}/{name}.json"));
            told.push_str(&format!("{name}: {}\n", serde_json::to_string_pretty(&answer).unwrap()));
        };
        step("start");
        step("prompt");
        desk.write(&[("orders/stock.py", BAD)]);
        step("write");
        desk.write(&[("orders/price.py", &BAD.replace("stock", "price"))]);
        step("shell");
        step("end");
        step("end-again");
        insta::assert_snapshot!(format!("recorded_session_{agent}"), told);
    }
}
