//! The text of a template to [`Node`]s.

use std::collections::BTreeMap;

use super::expression::{Expression, Token, pipeline, tokens};
use crate::syntax::Span;

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text that stays as it is.
    Text(Span),
    /// `{{ pipeline }}`
    Put(Expression, Span),
    /// `{{ $x := pipeline }}`, `{{ $x = pipeline }}`
    Set(String, Expression),
    /// `if`, with every `else if`.
    If {
        /// The conditions with what stands under each.
        arms: Vec<(Expression, Vec<Node>)>,
        /// `else`.
        other: Vec<Node>,
    },
    /// `with`
    With {
        /// `$x := `
        variable: Option<String>,
        /// What `.` becomes.
        value: Expression,
        /// The body.
        body: Vec<Node>,
        /// `else`.
        other: Vec<Node>,
    },
    /// `range`
    Range {
        /// `$k, $v := `: one name is that of the value.
        variables: Vec<String>,
        /// What is gone through.
        over: Expression,
        /// The body.
        body: Vec<Node>,
        /// `else`.
        other: Vec<Node>,
    },
}

/// A template, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// What it puts out.
    pub body: Vec<Node>,
    /// What it defines under a name.
    pub defines: BTreeMap<String, Vec<Node>>,
}

/// How deeply blocks may nest.
const MAX_DEPTH: usize = 60;

enum Opener {
    If { arms: Vec<(Expression, Vec<Node>)>, condition: Option<Expression> },
    With { variable: Option<String>, value: Expression, body: Option<Vec<Node>> },
    Range { variables: Vec<String>, over: Expression, body: Option<Vec<Node>> },
    Define(String),
}

struct Frame {
    opener: Opener,
    nodes: Vec<Node>,
}

/// Reads a template. Blocks that are not closed end with the text; what closes nothing is passed over.
pub fn parse(text: &str) -> Template {
    let mut template = Template::default();
    let mut stack: Vec<Frame> = Vec::new();
    let mut top: Vec<Node> = Vec::new();
    let mut at = 0;
    let mut trim_next = false;
    // Blocks that nest too deeply are only counted.
    let mut too_deep = 0_usize;
    while at <= text.len() {
        let open = text[at..].find("{{").map_or(text.len(), |n| at + n);
        let action = Action::read(text, open);
        let mut start = at;
        let mut end = open;
        if trim_next {
            start = end - text[start..end].trim_start().len();
        }
        if action.as_ref().is_some_and(|action| action.trim_before) {
            end = start + text[start..end].trim_end().len();
        }
        let nodes = stack.last_mut().map_or(&mut top, |frame| &mut frame.nodes);
        if start < end {
            nodes.push(Node::Text(Span::new(start, end)));
        }
        let Some(action) = action else { break };
        at = action.end;
        trim_next = action.trim_after;
        if !action.inner.starts_with("/*") {
            step(&action, &mut stack, &mut top, &mut template, &mut too_deep);
        }
    }
    while let Some(frame) = stack.pop() {
        close(frame, &mut stack, &mut top, &mut template);
    }
    template.body = top;
    template
}

/// `{{- inner -}}`
struct Action<'t> {
    inner: &'t str,
    span: Span,
    end: usize,
    trim_before: bool,
    trim_after: bool,
}

impl<'t> Action<'t> {
    fn read(text: &'t str, open: usize) -> Option<Action<'t>> {
        let rest = text.get(open..)?.strip_prefix("{{")?;
        let trim_before =
            rest.starts_with("- ") || rest.starts_with("-\n") || rest.starts_with("-\t") || rest.starts_with("-\r");
        let from = open + 2 + usize::from(trim_before);
        let close = Self::close(&text[from..]).map_or(text.len(), |n| from + n);
        let whole = text.get(from..close)?;
        let trim_after = whole.ends_with(" -") || whole.ends_with("\n-") || whole.ends_with("\t-");
        let inner = whole[..whole.len() - usize::from(trim_after)].trim();
        let end = (close + 2).min(text.len());
        Some(Action { inner, span: Span::new(open, end), end, trim_before, trim_after })
    }

    /// Where `}}` stands outside of quotes and comments.
    fn close(text: &str) -> Option<usize> {
        let trimmed = text.trim_start();
        if trimmed.starts_with("/*") {
            let end = text.find("*/")?;
            return text[end..].find("}}").map(|n| end + n);
        }
        let mut quote = None;
        let mut skip = false;
        for (at, c) in text.char_indices() {
            match quote {
                _ if skip => skip = false,
                Some(_) if c == '\n' && quote != Some('`') => quote = None,
                Some(q) if c == q => quote = None,
                Some(q) => skip = c == '\\' && q != '`',
                None if matches!(c, '"' | '`') => quote = Some(c),
                None if text[at..].starts_with("}}") => return Some(at),
                None => {}
            }
        }
        None
    }
}

fn step(
    action: &Action<'_>,
    stack: &mut Vec<Frame>,
    top: &mut Vec<Node>,
    template: &mut Template,
    too_deep: &mut usize,
) {
    let words = tokens(action.inner);
    let (keyword, rest) = match words.split_first() {
        Some((Token::Word(word), rest)) => (word.as_str(), rest),
        Some(_) => ("", words.as_slice()),
        None => return,
    };
    let opener = match keyword {
        "if" => Some(Opener::If { arms: Vec::new(), condition: Some(pipeline(rest)) }),
        "with" => {
            let (mut variables, value) = declared(rest);
            Some(Opener::With { variable: variables.pop(), value: pipeline(value), body: None })
        }
        "range" => {
            let (variables, over) = declared(rest);
            Some(Opener::Range { variables, over: pipeline(over), body: None })
        }
        "define" | "block" => match rest.first() {
            Some(Token::Text(name)) => Some(Opener::Define(name.clone())),
            _ => Some(Opener::Define(String::new())),
        },
        _ => None,
    };
    if let Some(opener) = opener {
        if stack.len() >= MAX_DEPTH {
            *too_deep += 1;
        } else {
            stack.push(Frame { opener, nodes: Vec::new() });
        }
        return;
    }
    match keyword {
        "else" if *too_deep == 0 => otherwise(stack, rest),
        "end" if *too_deep > 0 => *too_deep -= 1,
        "end" => {
            if let Some(frame) = stack.pop() {
                close(frame, stack, top, template);
            }
        }
        "else" => {}
        _ => {
            let nodes = stack.last_mut().map_or(top, |frame| &mut frame.nodes);
            let (variables, value) = declared(&words);
            match variables.first() {
                Some(name) => nodes.push(Node::Set(name.clone(), pipeline(value))),
                None if keyword == "template" => {
                    let mut call = vec![Token::Word("include".to_owned())];
                    call.extend(rest.iter().cloned());
                    nodes.push(Node::Put(pipeline(&call), action.span));
                }
                None => nodes.push(Node::Put(pipeline(&words), action.span)),
            }
        }
    }
}

/// `$k, $v := rest`: the names, and what is behind them.
fn declared(words: &[Token]) -> (Vec<String>, &[Token]) {
    let Some(at) = words.iter().take(4).position(|w| matches!(w, Token::Declare | Token::Assign)) else {
        return (Vec::new(), words);
    };
    let name = |word: &Token| match word {
        Token::Variable(name, _) => Some(name.clone()),
        _ => None,
    };
    (words[..at].iter().filter_map(name).collect(), &words[at + 1..])
}

fn otherwise(stack: &mut [Frame], rest: &[Token]) {
    let Some(frame) = stack.last_mut() else { return };
    let nodes = std::mem::take(&mut frame.nodes);
    match &mut frame.opener {
        Opener::If { arms, condition } => {
            if let Some(condition) = condition.take() {
                arms.push((condition, nodes));
            }
            // `else if`; `else` has no condition.
            if let Some((Token::Word(word), rest)) = rest.split_first()
                && word == "if"
            {
                *condition = Some(pipeline(rest));
            }
        }
        Opener::With { body, .. } | Opener::Range { body, .. } => {
            body.get_or_insert(nodes);
        }
        Opener::Define(_) => frame.nodes = nodes,
    }
}

fn close(frame: Frame, stack: &mut [Frame], top: &mut Vec<Node>, template: &mut Template) {
    let nodes = frame.nodes;
    let node = match frame.opener {
        Opener::If { mut arms, condition } => match condition {
            Some(condition) => {
                arms.push((condition, nodes));
                Node::If { arms, other: Vec::new() }
            }
            None => Node::If { arms, other: nodes },
        },
        Opener::With { variable, value, body } => match body {
            Some(body) => Node::With { variable, value, body, other: nodes },
            None => Node::With { variable, value, body: nodes, other: Vec::new() },
        },
        Opener::Range { variables, over, body } => match body {
            Some(body) => Node::Range { variables, over, body, other: nodes },
            None => Node::Range { variables, over, body: nodes, other: Vec::new() },
        },
        Opener::Define(name) => {
            template.defines.insert(name, nodes);
            return;
        }
    };
    stack.last_mut().map_or(top, |frame| &mut frame.nodes).push(node);
}
