//! The hooks of each agent, merged into the settings that it has.

use std::path::Path;

use serde_json::{Value, json};

use super::json_edit::{add, items, keys, remove_item, remove_member};
use super::plan::{Change, Fault, read_text};
use crate::cli::hook::Agent;

/// Where an agent's settings for a repository are.
pub(super) fn file(agent: Agent) -> &'static Path {
    Path::new(match agent {
        Agent::Claude => ".claude/settings.json",
        Agent::Codex => ".codex/hooks.json",
        Agent::Gemini => ".gemini/settings.json",
        Agent::Cursor => ".cursor/hooks.json",
    })
}

/// The entries: event and what is registered for it. Times are seconds, Gemini CLI's are milliseconds.
fn entries(agent: Agent) -> Vec<(&'static str, Value)> {
    let exec =
        |timeout: u64| json!([{"type": "command", "command": "skillcheck", "args": ["hook"], "timeout": timeout}]);
    let shell = |timeout: u64| json!([{"type": "command", "command": "skillcheck hook", "timeout": timeout}]);
    match agent {
        Agent::Claude => vec![
            ("SessionStart", json!({"hooks": exec(30)})),
            ("UserPromptSubmit", json!({"hooks": exec(30)})),
            ("PostToolUse", json!({"matcher": "Edit|Write|NotebookEdit|Bash|PowerShell", "hooks": exec(10)})),
            ("Stop", json!({"hooks": exec(30)})),
            ("SubagentStop", json!({"hooks": exec(30)})),
        ],
        Agent::Codex => vec![
            ("SessionStart", json!({"hooks": shell(30)})),
            ("UserPromptSubmit", json!({"hooks": shell(30)})),
            ("PostToolUse", json!({"matcher": "apply_patch|Bash", "hooks": shell(10)})),
            ("Stop", json!({"hooks": shell(30)})),
            ("SubagentStop", json!({"hooks": shell(30)})),
        ],
        Agent::Gemini => vec![
            ("SessionStart", json!({"hooks": shell(30_000)})),
            ("BeforeAgent", json!({"hooks": shell(30_000)})),
            ("AfterTool", json!({"matcher": "write_file|replace|run_shell_command", "hooks": shell(10_000)})),
            ("AfterAgent", json!({"hooks": shell(30_000)})),
        ],
        Agent::Cursor => vec![
            ("sessionStart", json!({"command": "skillcheck hook", "timeout": 30})),
            ("beforeSubmitPrompt", json!({"command": "skillcheck hook", "timeout": 30})),
            ("postToolUse", json!({"command": "skillcheck hook", "matcher": "Write|Shell", "timeout": 10})),
            ("stop", json!({"command": "skillcheck hook", "timeout": 30, "loop_limit": 2})),
            ("subagentStop", json!({"command": "skillcheck hook", "timeout": 30, "loop_limit": 2})),
        ],
    }
}

/// The hooks of Claude Code as a plugin declares them.
#[cfg(test)]
pub(super) fn of_the_plugin() -> Value {
    let events = entries(Agent::Claude).into_iter().map(|(event, entry)| (event.to_owned(), json!([entry])));
    Value::Object(events.collect())
}

/// True for a handler that runs `skillcheck hook`, whatever else it sets.
fn is_ours(handler: &Value) -> bool {
    let command = handler.get("command").and_then(Value::as_str).unwrap_or_default();
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let args = handler.get("args").and_then(Value::as_array);
    let first = words.next().or_else(|| args?.first()?.as_str());
    program.trim_end_matches(".exe") == "skillcheck" && first == Some("hook")
}

/// How many of the handlers of an entry are ours, and how many there are. Cursor's entries are handlers
/// themselves.
fn share(entry: &Value) -> (Vec<usize>, usize) {
    match entry.get("hooks").and_then(Value::as_array) {
        Some(handlers) => {
            let ours = handlers.iter().enumerate().filter(|(_, handler)| is_ours(handler)).map(|(index, _)| index);
            (ours.collect(), handlers.len())
        }
        None => (if is_ours(entry) { vec![0] } else { vec![] }, 1),
    }
}

/// What happens to the settings of an agent.
///
/// # Errors
/// When they can't be read or are not what they should be.
pub(super) fn change(agent: Agent, remove: bool) -> Result<Change, Fault> {
    let path = file(agent);
    let before = read_text(path)?;
    if remove && before.is_none() {
        return Ok(Change::text(path, None, String::new()));
    }
    let empty = if agent == Agent::Cursor { "{\n  \"version\": 1\n}\n" } else { "{}\n" };
    let start = before.clone().filter(|text| !text.trim().is_empty()).unwrap_or_else(|| empty.to_owned());
    let after = if remove { without(&start, agent) } else { with(&start, agent) };
    let mut after = after.map_err(|reason| Fault::new(path, reason))?;
    if remove && after != start && [empty.trim(), "{}"].contains(&after.trim()) {
        after = String::new();
    }
    Ok(Change::text(path, before, after))
}

fn with(text: &str, agent: Agent) -> Result<String, String> {
    let mut text = text.to_owned();
    for (event, entry) in entries(agent) {
        let there = items(&text, &["hooks", event])?;
        if !there.iter().any(|entry| !share(entry).0.is_empty()) {
            text = add(&text, &["hooks", event], None, &entry)?;
        }
    }
    Ok(text)
}

fn without(text: &str, agent: Agent) -> Result<String, String> {
    let mut text = text.to_owned();
    for (event, _) in entries(agent) {
        let there = items(&text, &["hooks", event])?;
        let mut left = there.len();
        for (index, entry) in there.iter().enumerate().rev() {
            let (ours, all) = share(entry);
            if ours.is_empty() {
                continue;
            }
            if ours.len() == all {
                text = remove_item(&text, &["hooks", event], index)?;
                left -= 1;
            } else {
                text = without_handlers(&text, event, index, &ours)?;
            }
        }
        if left == 0 && !there.is_empty() {
            text = remove_member(&text, &["hooks"], event)?;
        }
    }
    if keys(&text, &[])?.iter().any(|key| key == "hooks") && keys(&text, &["hooks"])?.is_empty() {
        text = remove_member(&text, &[], "hooks")?;
    }
    Ok(text)
}

/// An entry that runs other programs too keeps them: it is written anew, the rest of the file is not.
fn without_handlers(text: &str, event: &str, index: usize, ours: &[usize]) -> Result<String, String> {
    let mut entry = items(text, &["hooks", event])?.swap_remove(index);
    if let Some(handlers) = entry.get_mut("hooks").and_then(Value::as_array_mut) {
        let mut at = 0;
        handlers.retain(|_| {
            at += 1;
            !ours.contains(&(at - 1))
        });
    }
    let text = remove_item(text, &["hooks", event], index)?;
    add(&text, &["hooks", event], None, &entry)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{is_ours, of_the_plugin, with, without};
    use crate::cli::hook::Agent;

    const ALL: [Agent; 4] = [Agent::Claude, Agent::Codex, Agent::Gemini, Agent::Cursor];

    #[test]
    fn merged_once_and_undone_without_a_trace() {
        let texts = [
            "{}\n",
            "{\n  \"model\": \"x\",\n  \"permissions\": {\n    \"allow\": [\"Bash(ls)\"]\n  }\n}\n",
            "{\n    // mine\n    \"hooks\": {\n        \"Other\": [{\"hooks\": [{\"type\": \"command\", \"command\": \
             \"x\"}]}],\n        \"Stop\": [\n            {\"hooks\": [{\"type\": \"command\", \"command\": \"say\"}]}\n     \
             \u{20}  ]\n    }\n}\n",
        ];
        for (agent, text) in ALL.into_iter().flat_map(|agent| texts.map(|text| (agent, text))) {
            let once = with(text, agent).unwrap();
            assert_ne!(once, text);
            assert_eq!(with(&once, agent).unwrap(), once, "twice is once");
            assert_eq!(without(&once, agent).unwrap(), text, "{once}");
        }
    }

    #[test]
    fn a_shared_entry_keeps_the_others() {
        let text = json!({"hooks": {"Stop": [{"hooks": [
            {"type": "command", "command": "skillcheck hook"}, {"type": "command", "command": "say done"}]}]}});
        let left: Value = serde_json::from_str(&without(&text.to_string(), Agent::Claude).unwrap()).unwrap();
        assert_eq!(left, json!({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}}));
    }

    #[test]
    fn commands_that_are_ours() {
        let ours = |command: &str| is_ours(&json!({"command": command}));
        assert!(ours("skillcheck hook") && ours("/usr/bin/skillcheck hook --agent codex"));
        assert!(is_ours(&json!({"command": "C:\\bin\\skillcheck.exe", "args": ["hook"]})));
        assert!(!ours("skillcheck lint") && !ours("other hook") && !is_ours(&json!({})));
    }

    #[test]
    fn the_plugin_registers_the_same_hooks() {
        let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/hooks/hooks.json")).unwrap();
        let plugin: Value = serde_json::from_str(&file).unwrap();
        let mut hooks = plugin["hooks"].clone();
        // The plugin says besides how to get the binary when it is missing.
        let start = hooks["SessionStart"].as_array_mut().unwrap();
        assert_eq!(start.len(), 2);
        start.pop();
        assert_eq!(hooks, of_the_plugin());
    }
}
