//! The answer in the words of each agent. Documentation: see `event`.

use serde_json::{Map, Value, json};

use super::event::{Agent, Event, Moment};

/// What is to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Errors for the agent; at an end they keep it from stopping.
    pub(super) errors: String,
    /// Softer text for the agent.
    pub(super) context: String,
    /// One line for the user.
    pub(super) note: String,
}

impl Answer {
    /// A line for the user.
    pub(super) fn note(text: impl Into<String>) -> Self {
        Answer { note: text.into(), ..Answer::default() }
    }

    fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.context.is_empty() && self.note.is_empty()
    }

    /// Both texts for the agent.
    fn all(&self) -> String {
        match (self.errors.is_empty(), self.context.is_empty()) {
            (false, false) => format!("{}\n{}", self.errors.trim_end(), self.context),
            (false, true) => self.errors.clone(),
            _ => self.context.clone(),
        }
    }
}

/// What goes to standard output; `None` for nothing.
pub(super) fn render(event: &Event, answer: &Answer) -> Option<Value> {
    let value = match event.agent {
        Agent::Claude => claude(event, answer),
        Agent::Codex => codex(event, answer),
        Agent::Gemini => gemini(event, answer),
        Agent::Cursor => cursor(event, answer),
    };
    // Claude Code and Codex take silence; the others want an object.
    let silent = matches!(event.agent, Agent::Claude | Agent::Codex);
    (!(silent && (answer.is_empty() || value.is_empty()))).then_some(Value::Object(value))
}

/// A fault before it is known who asks: every agent takes this or ignores it.
pub(super) fn fault(text: &str) -> Value {
    json!({"systemMessage": text})
}

type Fields = Map<String, Value>;

fn put(fields: &mut Fields, key: &str, text: &str) {
    if !text.is_empty() {
        fields.insert(key.to_owned(), Value::from(text.trim_end()));
    }
}

fn block(fields: &mut Fields, decision: &str, reason: &str) {
    if !reason.is_empty() {
        fields.insert("decision".to_owned(), Value::from(decision));
        put(fields, "reason", reason);
    }
}

/// `hookSpecificOutput` with context for the agent.
fn context(fields: &mut Fields, event: &Event, text: &str) {
    if !text.is_empty() {
        let output = json!({"hookEventName": event.name, "additionalContext": text.trim_end()});
        fields.insert("hookSpecificOutput".to_owned(), output);
    }
}

fn claude(event: &Event, answer: &Answer) -> Fields {
    let mut fields = Fields::new();
    block(&mut fields, "block", &answer.errors);
    context(&mut fields, event, &answer.context);
    put(&mut fields, "systemMessage", &answer.note);
    fields
}

/// Like Claude Code, but an end knows no context: what does not block is for the user.
fn codex(event: &Event, answer: &Answer) -> Fields {
    if !matches!(event.moment, Moment::End { .. }) {
        return claude(event, answer);
    }
    at_end(answer, "block")
}

/// A decision after a tool would replace the tool's result, so everything is context there.
fn gemini(event: &Event, answer: &Answer) -> Fields {
    if matches!(event.moment, Moment::End { .. }) {
        return at_end(answer, "deny");
    }
    let mut fields = Fields::new();
    context(&mut fields, event, &answer.all());
    put(&mut fields, "systemMessage", &answer.note);
    fields
}

/// Where errors can only block and warnings only be shown.
fn at_end(answer: &Answer, decision: &str) -> Fields {
    let mut fields = Fields::new();
    if answer.errors.is_empty() {
        let note = [answer.note.as_str(), answer.context.as_str()].into_iter().find(|text| !text.is_empty());
        put(&mut fields, "systemMessage", note.unwrap_or_default());
    } else {
        block(&mut fields, decision, &answer.all());
        put(&mut fields, "systemMessage", &answer.note);
    }
    fields
}

fn cursor(event: &Event, answer: &Answer) -> Fields {
    let mut fields = Fields::new();
    match event.moment {
        Moment::End { .. } if !answer.errors.is_empty() => put(&mut fields, "followup_message", &answer.all()),
        Moment::End { .. } => {}
        Moment::Prompt => {
            fields.insert("continue".to_owned(), Value::Bool(true));
        }
        // Nobody reads the answer to `afterFileEdit` and `afterShellExecution`.
        _ if matches!(event.name.as_str(), "postToolUse" | "sessionStart") => {
            let text = if answer.note.is_empty() { answer.all() } else { answer.note.clone() };
            put(&mut fields, "additional_context", &text);
        }
        _ => {}
    }
    fields
}

/// True when the agent hears an answer to this event.
pub(super) fn is_heard(event: &Event) -> bool {
    !matches!(event.name.as_str(), "afterFileEdit" | "afterShellExecution")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::{Answer, render};
    use crate::cli::hook::event::{Agent, Event, Moment};

    fn said(agent: Agent, name: &str, moment: Moment, answer: &[&str; 3]) -> Value {
        let event = Event {
            agent,
            name: name.to_owned(),
            session: "s".to_owned(),
            subagent: String::new(),
            folder: PathBuf::new(),
            moment,
        };
        let [errors, context, note] = answer.map(str::to_owned);
        render(&event, &Answer { errors, context, note }).unwrap_or(Value::Null)
    }

    const END: Moment = Moment::End { active: false, busy: false };

    #[test]
    fn claude_code() {
        let tool = |answer| said(Agent::Claude, "PostToolUse", Moment::Ran, answer);
        assert_eq!(
            tool(&["E\n", "W\n", ""]),
            json!({"decision": "block", "reason": "E",
                   "hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": "W"}})
        );
        assert_eq!(
            tool(&["", "W", ""]),
            json!({"hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": "W"}})
        );
        assert_eq!(tool(&["", "", ""]), Value::Null);
        let end = |answer| said(Agent::Claude, "Stop", END, answer);
        assert_eq!(end(&["E", "", ""]), json!({"decision": "block", "reason": "E"}));
        assert_eq!(end(&["", "", "N"]), json!({"systemMessage": "N"}));
        assert_eq!(
            said(Agent::Claude, "SubagentStop", END, &["", "W", ""]),
            json!({"hookSpecificOutput": {"hookEventName": "SubagentStop", "additionalContext": "W"}})
        );
    }

    #[test]
    fn codex() {
        assert_eq!(
            said(Agent::Codex, "PostToolUse", Moment::Ran, &["E", "W", ""]),
            json!({"decision": "block", "reason": "E",
                   "hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": "W"}})
        );
        let end = |answer| said(Agent::Codex, "Stop", END, answer);
        assert_eq!(end(&["E", "W", ""]), json!({"decision": "block", "reason": "E\nW"}));
        assert_eq!(end(&["", "W", ""]), json!({"systemMessage": "W"}));
    }

    #[test]
    fn gemini() {
        assert_eq!(
            said(Agent::Gemini, "AfterTool", Moment::Ran, &["E", "W", ""]),
            json!({"hookSpecificOutput": {"hookEventName": "AfterTool", "additionalContext": "E\nW"}})
        );
        let end = |answer| said(Agent::Gemini, "AfterAgent", END, answer);
        assert_eq!(end(&["E", "", ""]), json!({"decision": "deny", "reason": "E"}));
        assert_eq!(end(&["", "", ""]), json!({}), "silence is an empty object");
    }

    #[test]
    fn cursor() {
        let said = |name, moment, answer| said(Agent::Cursor, name, moment, answer);
        assert_eq!(said("postToolUse", Moment::Ran, &["E", "W", ""]), json!({"additional_context": "E\nW"}));
        assert_eq!(said("stop", END, &["E", "", ""]), json!({"followup_message": "E"}));
        assert_eq!(said("stop", END, &["", "W", "N"]), json!({}));
        assert_eq!(said("beforeSubmitPrompt", Moment::Prompt, &["", "", ""]), json!({"continue": true}));
        assert_eq!(said("sessionStart", Moment::Start, &["", "", "N"]), json!({"additional_context": "N"}));
        assert_eq!(said("afterFileEdit", Moment::Ran, &["E", "W", ""]), json!({}));
    }
}
