use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Agent, Edit, Lines, Moment, read};

fn moment(value: &Value) -> (Agent, Moment) {
    let event = read(&value.to_string(), None).unwrap();
    (event.agent, event.moment)
}

fn edited(path: &str, lines: Lines) -> Moment {
    Moment::Edited(vec![Edit { path: PathBuf::from(path), lines }])
}

#[test]
fn claude_code() {
    let common = |name: &str| json!({"session_id": "s", "transcript_path": "/t", "cwd": "/r", "hook_event_name": name});
    let with = |name: &str, more: Value| {
        let mut value = common(name);
        for (key, more) in more.as_object().unwrap() {
            value[key] = more.clone();
        }
        moment(&value).1
    };
    assert_eq!(moment(&common("SessionStart")), (Agent::Claude, Moment::Start));
    assert_eq!(moment(&common("UserPromptSubmit")).1, Moment::Prompt);
    assert_eq!(moment(&common("PreCompact")).1, Moment::Other);
    let write = json!({"tool_name": "Write", "tool_input": {"file_path": "/r/a.py", "content": "x"},
        "tool_response": {"type": "create", "filePath": "/r/a.py", "structuredPatch": [], "originalFile": null}});
    assert_eq!(with("PostToolUse", write), edited("/r/a.py", Lines::All));
    let edit = json!({"tool_name": "Edit", "tool_input": {"file_path": "/r/a.py", "old_string": "a", "new_string": "b"},
        "tool_response": {"structuredPatch": [{"oldStart": 1, "oldLines": 1, "newStart": 4, "newLines": 3, "lines": []}]}});
    assert_eq!(with("PostToolUse", edit), edited("/r/a.py", Lines::Ranges(vec![(4, 6)])));
    let bare =
        json!({"tool_name": "Edit", "tool_input": {"file_path": "/r/a.py", "old_string": "a", "new_string": "b"}});
    assert_eq!(with("PostToolUse", bare), edited("/r/a.py", Lines::Texts(vec!["b".into()])));
    let notebook =
        json!({"tool_name": "NotebookEdit", "tool_input": {"notebook_path": "/r/a.ipynb", "new_source": ""}});
    assert_eq!(with("PostToolUse", notebook), edited("/r/a.ipynb", Lines::All));
    for shell in ["Bash", "PowerShell"] {
        let value = json!({"tool_name": shell, "tool_input": {"command": "sed -i s/a/b/ a.py"}});
        assert_eq!(with("PostToolUse", value), Moment::Ran);
    }
    assert_eq!(with("PostToolUse", json!({"tool_name": "Read"})), Moment::Other);
    assert_eq!(with("Stop", json!({"stop_hook_active": true})), Moment::End { active: true, busy: false });
    let busy = json!({"stop_hook_active": false, "background_tasks": [{"id": "1"}]});
    assert_eq!(with("SubagentStop", busy), Moment::End { active: false, busy: true });
}

#[test]
fn codex() {
    let patch = "*** Begin Patch\n*** Update File: a.py\n@@\n+x\n*** End Patch";
    let value = json!({"session_id": "s", "turn_id": "t", "cwd": "/r", "hook_event_name": "PostToolUse", "model": "m",
        "tool_name": "apply_patch", "tool_input": {"command": patch}, "tool_response": "ok"});
    let expected = edited("/r/a.py", Lines::Texts(vec!["x".into()]));
    assert_eq!(moment(&value), (Agent::Codex, expected.clone()));
    let mut words = value.clone();
    words["tool_input"]["command"] = json!(["apply_patch", patch]);
    assert_eq!(moment(&words).1, expected);
    let mut other = value;
    other["tool_input"] = json!({"command": "something else"});
    assert_eq!(moment(&other).1, Moment::Ran);
}

#[test]
fn gemini() {
    let value = json!({"session_id": "s", "cwd": "/r", "hook_event_name": "AfterTool", "timestamp": "2026-01-01T00:00:00Z",
        "tool_name": "replace", "tool_input": {"file_path": "/r/a.py", "old_string": "", "new_string": "y"}});
    assert_eq!(moment(&value), (Agent::Gemini, edited("/r/a.py", Lines::Texts(vec!["y".into()]))));
    let end = json!({"session_id": "s", "cwd": "/r", "hook_event_name": "AfterAgent", "stop_hook_active": true});
    assert_eq!(moment(&end), (Agent::Gemini, Moment::End { active: true, busy: false }));
    let prompt = json!({"session_id": "s", "cwd": "/r", "hook_event_name": "BeforeAgent", "prompt": "p"});
    assert_eq!(moment(&prompt).1, Moment::Prompt);
}

#[test]
fn cursor() {
    let value = json!({"conversation_id": "c", "generation_id": "g", "workspace_roots": ["/r"], "cursor_version": "3",
        "hook_event_name": "afterFileEdit", "file_path": "/r/a.py", "edits": [{"old_string": "", "new_string": "z"}]});
    let event = read(&value.to_string(), None).unwrap();
    assert_eq!((event.agent, event.session.as_str(), event.folder.to_str()), (Agent::Cursor, "c", Some("/r")));
    assert_eq!(event.moment, edited("/r/a.py", Lines::Texts(vec!["z".into()])));
    let stop = |status: &str, count: u64| {
        let value = json!({"conversation_id": "c", "workspace_roots": ["/r"], "hook_event_name": "stop",
            "status": status, "loop_count": count});
        moment(&value).1
    };
    assert_eq!(stop("completed", 0), Moment::End { active: false, busy: false });
    assert_eq!(stop("completed", 1), Moment::End { active: true, busy: false });
    assert_eq!(stop("aborted", 0), Moment::End { active: false, busy: true });
}

#[test]
fn the_command_line_decides_whose_event_it_is() {
    let value = json!({"session_id": "s", "cwd": "/r", "hook_event_name": "Stop"}).to_string();
    assert_eq!(read(&value, Some(Agent::Codex)).unwrap().agent, Agent::Codex);
}

#[test]
fn what_is_no_event_is_an_error() {
    for input in ["", "{", "[]", "{}", "{\"hook_event_name\": 1}"] {
        assert!(read(input, None).is_err(), "{input}");
    }
}

#[test]
fn lines_that_an_edit_touches() {
    let text = "a\nb\n\nc\n";
    assert!(Lines::All.touch(9, 9, text));
    assert!(Lines::Ranges(vec![(2, 3)]).touch(3, 5, text) && !Lines::Ranges(vec![(2, 3)]).touch(4, 5, text));
    let texts = Lines::Texts(vec!["x\n  b".into()]);
    assert!(texts.touch(2, 2, text) && texts.touch(1, 4, text));
    assert!(!texts.touch(3, 4, text), "blank lines touch nothing");
}
