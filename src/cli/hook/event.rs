//! What an agent tells a hook, read into one form for all agents.
//!
//! Claude Code: <https://code.claude.com/docs/en/hooks>. Codex: the JSON schemas in `codex-rs/hooks/schema`
//! of its repository. Gemini CLI: <https://geminicli.com/docs/hooks/reference>. Cursor:
//! <https://cursor.com/docs/hooks>. Fields are read leniently: what an agent adds or leaves out in a new
//! version must not break a session.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::Value;

use super::patch;

/// Whose hook this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Agent {
    /// Claude Code
    Claude,
    /// Codex
    Codex,
    /// Gemini CLI
    Gemini,
    /// Cursor
    Cursor,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    /// Who sends it.
    pub(super) agent: Agent,
    /// The event's name as the agent writes it; answers repeat it.
    pub(super) name: String,
    /// The session (Cursor: the conversation).
    pub(super) session: String,
    /// The subagent that acts, empty for the main one.
    pub(super) subagent: String,
    /// Where the agent works.
    pub(super) folder: PathBuf,
    /// What happened.
    pub(super) moment: Moment,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Moment {
    /// A session begins, or goes on after a pause.
    Start,
    /// The user wrote something.
    Prompt,
    /// Files were written.
    Edited(Vec<Edit>),
    /// A command ran, which may have written anything.
    Ran,
    /// The agent wants to stop.
    End {
        /// It goes on only because this hook asked for it.
        active: bool,
        /// Stopping is not the agent's decision, or it only waits: work goes on in the background, the
        /// user aborted.
        busy: bool,
    },
    /// Nothing that concerns us.
    Other,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edit {
    /// Its path, absolute.
    pub(super) path: PathBuf,
    /// Which part of it is new.
    pub(super) lines: Lines,
}

/// Which lines of a file an edit wrote.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lines {
    /// All of them, as far as the event says.
    All,
    /// From line to line, counted from 1, both inclusive.
    Ranges(Vec<(usize, usize)>),
    /// The lines of these texts.
    Texts(Vec<String>),
}

impl Lines {
    /// True when a finding on these lines (counted from 1, inclusive) stands on what the edit wrote.
    pub(super) fn touch(&self, first: usize, last: usize, text: &str) -> bool {
        match self {
            Lines::All => true,
            Lines::Ranges(ranges) => ranges.iter().any(|&(from, to)| from <= last && first <= to),
            Lines::Texts(texts) => {
                let written = |line: &str| {
                    !line.trim().is_empty()
                        && texts.iter().any(|text| text.lines().any(|new| new.trim() == line.trim()))
                };
                text.lines().skip(first.saturating_sub(1)).take(last + 1 - first.min(last)).any(written)
            }
        }
    }
}

/// Reads an event; `agent` when the command line says whose it is.
///
/// # Errors
/// When the input is no event, and why.
pub(super) fn read(input: &str, agent: Option<Agent>) -> Result<Event, String> {
    let value: Value = serde_json::from_str(input).map_err(|error| format!("the input is no JSON: {error}"))?;
    let name = text(&value, "hook_event_name").ok_or("the input names no `hook_event_name`")?;
    let agent = agent.unwrap_or_else(|| recognise(&value, name));
    let folder = folder(&value);
    let moment = moment(agent, name, &value, &folder);
    let session = ["conversation_id", "session_id"].into_iter().find_map(|key| text(&value, key));
    Ok(Event {
        agent,
        name: name.to_owned(),
        session: session.unwrap_or("unnamed").to_owned(),
        subagent: text(&value, "agent_id").unwrap_or_default().to_owned(),
        folder,
        moment,
    })
}

/// Whose event it is: Cursor writes names in camel case and speaks of conversations, Gemini CLI has names
/// of its own and a time, Codex numbers its turns.
fn recognise(value: &Value, name: &str) -> Agent {
    if value.get("conversation_id").is_some() || value.get("cursor_version").is_some() {
        Agent::Cursor
    } else if matches!(name, "BeforeAgent" | "AfterAgent" | "BeforeTool" | "AfterTool")
        || value.get("timestamp").is_some()
    {
        Agent::Gemini
    } else if value.get("turn_id").is_some() {
        Agent::Codex
    } else {
        Agent::Claude
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Where the agent works: Cursor names the roots of its workspace, and the folder only where a command ran.
fn folder(value: &Value) -> PathBuf {
    let root = || value.get("workspace_roots")?.as_array()?.first()?.as_str();
    let named = root().or_else(|| text(value, "cwd"));
    named.map(PathBuf::from).or_else(|| std::env::current_dir().ok()).unwrap_or_default()
}

fn moment(agent: Agent, name: &str, value: &Value, folder: &Path) -> Moment {
    let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    match name {
        "SessionStart" | "sessionStart" => Moment::Start,
        "UserPromptSubmit" | "BeforeAgent" | "beforeSubmitPrompt" => Moment::Prompt,
        "PostToolUse" | "AfterTool" | "postToolUse" => tool(value, folder),
        "afterFileEdit" => edits(value, value, folder),
        "afterShellExecution" => Moment::Ran,
        "Stop" | "SubagentStop" | "AfterAgent" => {
            let background = value.get("background_tasks").and_then(Value::as_array);
            Moment::End { active: flag("stop_hook_active"), busy: background.is_some_and(|tasks| !tasks.is_empty()) }
        }
        "stop" | "subagentStop" if agent == Agent::Cursor => Moment::End {
            active: value.get("loop_count").and_then(Value::as_u64).unwrap_or(0) > 0,
            busy: text(value, "status").is_some_and(|status| status != "completed"),
        },
        _ => Moment::Other,
    }
}

/// A tool ran.
fn tool(value: &Value, folder: &Path) -> Moment {
    let (Some(name), Some(input)) = (text(value, "tool_name"), value.get("tool_input")) else { return Moment::Other };
    match name {
        "Bash" | "PowerShell" | "Shell" | "shell" | "exec_command" | "run_shell_command" => Moment::Ran,
        "apply_patch" => {
            let command = input.get("command").or(Some(input));
            let patch = command.map(joined).unwrap_or_default();
            match patch::edits(&patch, folder) {
                // A patch that names no file is one we can't read; it wrote something all the same.
                edits if edits.is_empty() => Moment::Ran,
                edits => Moment::Edited(edits),
            }
        }
        _ => edits(value, input, folder),
    }
}

/// A command as text; some agents send its words.
fn joined(command: &Value) -> String {
    match command {
        Value::String(text) => text.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// The file that a tool's input names.
fn edits(value: &Value, input: &Value, folder: &Path) -> Moment {
    let path = ["file_path", "notebook_path", "path"].into_iter().find_map(|key| text(input, key));
    let Some(path) = path else { return Moment::Other };
    let lines = hunks(value.get("tool_response")).or_else(|| replaced(input)).unwrap_or(Lines::All);
    Moment::Edited(vec![Edit { path: folder.join(path), lines }])
}

/// Claude Code says which lines its tools changed.
fn hunks(response: Option<&Value>) -> Option<Lines> {
    let number = |hunk: &Value, key: &str| hunk.get(key)?.as_u64().and_then(|number| usize::try_from(number).ok());
    let ranges: Vec<(usize, usize)> = response?
        .get("structuredPatch")?
        .as_array()?
        .iter()
        .filter_map(|hunk| {
            let (start, lines) = (number(hunk, "newStart")?, number(hunk, "newLines")?);
            Some((start, (start + lines).saturating_sub(1)))
        })
        .collect();
    (!ranges.is_empty()).then_some(Lines::Ranges(ranges))
}

/// What was put in the place of something else.
fn replaced(input: &Value) -> Option<Lines> {
    let new = |edit: &Value| text(edit, "new_string").map(str::to_owned);
    let texts: Vec<String> = match input.get("edits").and_then(Value::as_array) {
        Some(edits) => edits.iter().filter_map(new).collect(),
        None => new(input).into_iter().collect(),
    };
    (!texts.is_empty()).then_some(Lines::Texts(texts))
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
