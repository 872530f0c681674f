//! `healthcheck`, of Compose.

use serde::{Deserialize, Serialize};

use super::lower::{command, text};
use crate::facts::command::{Command, CommandForm};
use crate::syntax::data::Node;
use crate::syntax::{Span, Spanned};

/// `healthcheck`, of Compose; `HEALTHCHECK` of a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Healthcheck {
    /// The command, `CMD` or `CMD-SHELL` in front removed; none when the image's own is kept or when
    /// it is disabled.
    pub test: Option<Command>,
    /// `disable: true`, `test: ["NONE"]`, `HEALTHCHECK NONE`.
    pub disabled: bool,
    /// `interval`, as written.
    pub interval: Option<Spanned<String>>,
    /// `timeout`, as written.
    pub timeout: Option<Spanned<String>>,
    /// `retries`, as written.
    pub retries: Option<Spanned<String>>,
    /// `start_period`, as written.
    pub start_period: Option<Spanned<String>>,
    /// All of it.
    pub span: Span,
}

pub(super) fn healthcheck(node: &Node) -> Healthcheck {
    let (test, none) = node.get("test").map_or((None, false), test);
    let disabled = none || node.get("disable").and_then(Node::as_bool) == Some(true);
    Healthcheck {
        test: test.filter(|_| !disabled),
        disabled,
        interval: text(node, "interval"),
        timeout: text(node, "timeout"),
        retries: text(node, "retries"),
        start_period: text(node, "start_period"),
        span: node.span,
    }
}

/// The command, and whether it is `NONE`.
fn test(node: &Node) -> (Option<Command>, bool) {
    let Some(mut test) = command(node) else { return (None, false) };
    if let CommandForm::Exec(words) = &test.form {
        match words.split_first() {
            Some((first, _)) if first == "NONE" => return (None, true),
            Some((first, rest)) if first == "CMD-SHELL" => test.form = CommandForm::Shell(rest.join(" ")),
            Some((first, rest)) if first == "CMD" => test.form = CommandForm::Exec(rest.to_vec()),
            _ => {}
        }
    } else if test.text().trim() == "NONE" {
        return (None, true);
    }
    (Some(test), false)
}
