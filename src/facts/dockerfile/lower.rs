//! Instructions to [`Dockerfile`].

use std::collections::HashMap;

use super::lines::{Instruction, Text, instructions};
use super::{Copy, Dockerfile, Stage};
use crate::facts::command::Command;
use crate::facts::compose::{Healthcheck, Setting, interpolate};
use crate::syntax::data::DataError;
use crate::syntax::{Span, Spanned};

/// Reads the text of a Dockerfile. Unknown instructions are listed in [`Dockerfile::errors`].
pub fn dockerfile(text: &str) -> Dockerfile {
    let mut file = Dockerfile::default();
    // The defaults of the ARGs in front of the first FROM.
    let mut defaults = HashMap::new();
    for instruction in instructions(text) {
        let is_full = file.stages.len() >= MAX_STAGES;
        match (instruction.keyword.as_str(), file.stages.last_mut()) {
            ("FROM", _) if is_full => {
                let message = format!("more than {MAX_STAGES} stages; the rest is not read");
                file.errors.push(DataError::new(message, instruction.span));
                break;
            }
            ("FROM", _) => from(&mut file, &defaults, &instruction),
            ("ARG", None) => {
                for arg in settings(&instruction.rest, false) {
                    if let Some(value) = &arg.value {
                        defaults.insert(arg.key.value.clone(), value.value.clone());
                    }
                    file.args.push(arg);
                }
            }
            (_, None) => file.errors.push(DataError::new(
                format!("`{}` stands in front of the first FROM", instruction.keyword),
                instruction.span,
            )),
            (_, Some(stage)) => {
                if let Some(error) = apply(stage, &instruction) {
                    file.errors.push(error);
                }
            }
        }
    }
    if file.stages.is_empty() && file.errors.is_empty() {
        file.errors.push(DataError::new("no FROM in the Dockerfile", Span::new(0, 0)));
    }
    file
}

/// Every FROM looks through the stages before it.
const MAX_STAGES: usize = 500;

fn from(file: &mut Dockerfile, defaults: &HashMap<String, String>, instruction: &Instruction) {
    let rest = &instruction.rest;
    let words = rest.words(flags(rest).1);
    let word = |i: usize| words.get(i).map(|&(start, end)| &rest.text[start..end]);
    let Some(image) = words.first().map(|&range| spanned(rest, range)) else {
        return file.errors.push(DataError::new("FROM without an image", instruction.span));
    };
    let name = match word(1) {
        Some(word) if word.eq_ignore_ascii_case("as") => words.get(2).map(|&range| spanned(rest, range)),
        _ => None,
    };
    let resolved_image = interpolate(&image.value, &|name| defaults.get(name).cloned()).known();
    let base = resolved_image.as_deref().and_then(|image| {
        let named = |stage: &Stage| stage.name.as_ref().is_some_and(|name| name.value.eq_ignore_ascii_case(image));
        file.stages.iter().rposition(named)
    });
    file.stages.push(Stage { name, image, resolved_image, base, span: instruction.span, ..Stage::default() });
}

fn apply(stage: &mut Stage, instruction: &Instruction) -> Option<DataError> {
    let rest = &instruction.rest;
    let whole = || whole(rest);
    match instruction.keyword.as_str() {
        "WORKDIR" => stage.workdirs.extend(whole()),
        "USER" => stage.user = whole(),
        "STOPSIGNAL" => stage.stop_signal = whole(),
        "ENV" => stage.env.extend(settings(rest, true)),
        "ARG" => stage.args.extend(settings(rest, false)),
        "EXPOSE" => stage.expose.extend(rest.words(0).into_iter().map(|range| {
            let mut port = spanned(rest, range);
            port.value.truncate(port.value.find('/').unwrap_or(port.value.len()));
            port
        })),
        "RUN" => stage.runs.push(run(instruction)),
        "CMD" => stage.cmd = Some(command(rest, 0)),
        "ENTRYPOINT" => stage.entrypoint = Some(command(rest, 0)),
        "COPY" | "ADD" => stage.copies.extend(copy(instruction)),
        "HEALTHCHECK" => stage.healthcheck = Some(healthcheck(instruction)),
        "LABEL" | "VOLUME" | "SHELL" | "ONBUILD" | "MAINTAINER" => {}
        other => {
            let message = format!("`{other}` is no Dockerfile instruction");
            return Some(DataError::new(message, instruction.span));
        }
    }
    None
}

fn spanned(text: &Text, (start, end): (usize, usize)) -> Spanned<String> {
    Spanned::new(unquote(&text.text[start..end]), text.span(start, end))
}

fn whole(text: &Text) -> Option<Spanned<String>> {
    let trimmed = text.text.trim();
    let start = text.text.len() - text.text.trim_start().len();
    (!trimmed.is_empty()).then(|| Spanned::new(unquote(trimmed), text.span(start, start + trimmed.len())))
}

fn unquote(text: &str) -> String {
    match crate::facts::command::split(text).as_slice() {
        [one] => one.clone(),
        _ => text.to_owned(),
    }
}

/// The leading `--flag=value`s, and where what follows them begins.
fn flags(text: &Text) -> (Vec<(String, Spanned<String>)>, usize) {
    let mut flags = Vec::new();
    for (start, end) in text.words(0) {
        let Some(flag) = text.text[start..end].strip_prefix("--") else { return (flags, start) };
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        flags.push((name.to_owned(), Spanned::new(unquote(value), text.span(end - value.len(), end))));
    }
    (flags, text.text.len())
}

/// Exec form (a JSON list) or shell form.
fn command(text: &Text, from: usize) -> Command {
    let body = &text.text[from..];
    let start = from + body.len() - body.trim_start().len();
    let body = body.trim();
    let span = text.span(start, start + body.len());
    match body.starts_with('[').then(|| serde_json::from_str::<Vec<String>>(body)) {
        Some(Ok(words)) => Command::exec(words, span),
        _ => Command::shell(body, span),
    }
}

fn run(instruction: &Instruction) -> Command {
    let mut command = command(&instruction.rest, flags(&instruction.rest).1);
    if !instruction.heredocs.is_empty() {
        command = Command::shell(format!("{}\n{}", command.text(), instruction.heredocs.concat()), instruction.span);
    }
    command
}

/// `K=v K2="v 2"`, and for `ENV` also the old `K value with blanks`; `ARG K` has no value.
fn settings(text: &Text, old_form: bool) -> Vec<Setting> {
    let words = text.words(0);
    if let (true, Some(&(start, end))) = (old_form, words.first())
        && !text.text[start..end].contains('=')
    {
        let key = Spanned::new(text.text[start..end].to_owned(), text.span(start, end));
        let value_start = words.get(1).map_or(end, |&(start, _)| start);
        let value = text.text[value_start..].trim_end();
        let span = text.span(value_start, value_start + value.len());
        let value = Some(Spanned::new(value.to_owned(), span));
        return vec![Setting { key, value, span: text.span(start, text.text.len()) }];
    }
    let one = |(start, end): (usize, usize)| {
        let word = &text.text[start..end];
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key, Some(spanned(text, (end - value.len(), end)))),
            None => (word, None),
        };
        let key = Spanned::new(key.to_owned(), text.span(start, start + key.len()));
        Setting { key, value, span: text.span(start, end) }
    };
    words.into_iter().map(one).collect()
}

fn copy(instruction: &Instruction) -> Option<Copy> {
    let rest = &instruction.rest;
    let (flags, from) = flags(rest);
    let body = rest.text[from..].trim();
    let mut paths: Vec<Spanned<String>> = match serde_json::from_str::<Vec<String>>(body) {
        Ok(paths) => {
            let span = rest.span(from, from + body.len());
            paths.into_iter().map(|path| Spanned::new(path, span)).collect()
        }
        Err(_) => rest.words(from).into_iter().map(|range| spanned(rest, range)).collect(),
    };
    let destination = paths.pop()?;
    paths.retain(|path| !path.value.starts_with("<<"));
    let from = flags.into_iter().find(|(name, _)| name == "from").map(|(_, value)| value.value);
    Some(Copy { from, sources: paths, destination, span: instruction.span })
}

fn healthcheck(instruction: &Instruction) -> Healthcheck {
    let rest = &instruction.rest;
    let (mut flags, from) = flags(rest);
    let mut check = Healthcheck { span: instruction.span, ..Healthcheck::default() };
    let mut take = |name: &str| {
        let index = flags.iter().position(|(flag, _)| flag == name)?;
        Some(flags.swap_remove(index).1)
    };
    check.interval = take("interval");
    check.timeout = take("timeout");
    check.retries = take("retries");
    check.start_period = take("start-period");
    let body = &rest.text[from.min(rest.text.len())..];
    let word = body.split_whitespace().next().unwrap_or("");
    if word.eq_ignore_ascii_case("NONE") {
        check.disabled = true;
    } else if word.eq_ignore_ascii_case("CMD") {
        let at = from + body.find(word).unwrap_or(0) + word.len();
        check.test = Some(command(rest, at));
    }
    check
}
