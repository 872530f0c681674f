//! What to say at an event: only what is new since the session began, each thing once.

use std::collections::BTreeSet;
use std::path::Path;

use super::answer::{self, Answer};
use super::event::{Edit, Event, Moment};
use super::look::{self, Look, Seen};
use super::repository;
use super::session::Session;
use super::text;
use crate::files::{self, FileKind};
use crate::report::count;

/// What stands behind the number of findings.
const NEW: &str = "new since this session began";

/// Decides what to say and notes it in the session.
///
/// # Errors
/// When the repository can't be checked; why, in one line.
pub(super) fn decide(event: &Event, root: &Path, session: &mut Session) -> Result<Answer, String> {
    match &event.moment {
        Moment::Other => Ok(Answer::default()),
        Moment::Start | Moment::Prompt => begin(event, root, session),
        Moment::Edited(edits) => edited(event, edits, root, session),
        Moment::Ran => ran(event, root, session),
        Moment::End { active, busy } => end(event, *active || *busy, root, session),
    }
}

/// Before the agent acts: what is there now and is not its doing is none of its business.
fn begin(event: &Event, root: &Path, session: &mut Session) -> Result<Answer, String> {
    if session.baseline.is_some() && session.stamp == Some(repository::stamp_now(root)) {
        return Ok(Answer::default());
    }
    let look = match look::look(root) {
        // It is said when a session begins, and not again at each prompt.
        Err(_) if event.moment == Moment::Prompt => return Ok(Answer::default()),
        other => other?,
    };
    let mut known = session.baseline.take().unwrap_or_default();
    known.extend(prints(&look.findings).filter(|print| !session.seen.contains(print)));
    session.baseline = Some(known);
    note(session, root, &look);
    Ok(Answer::default())
}

/// After files were written: what is wrong in them, and elsewhere because of them. What can't be told
/// before all parts are written waits for the end.
fn edited(event: &Event, edits: &[Edit], root: &Path, session: &mut Session) -> Result<Answer, String> {
    let edits: Vec<(String, &Edit)> = edits
        .iter()
        .filter_map(|edit| Some((below(root, &edit.path)?, edit)))
        .filter(|(path, _)| matters(path))
        .collect();
    if edits.is_empty() || !answer::is_heard(event) {
        return Ok(Answer::default());
    }
    let look = look::look(root)?;
    if session.baseline.is_none() {
        // Nobody looked before this edit; only what stands on its own lines is certainly its doing.
        let own = |finding: &Seen| {
            edits.iter().any(|(path, edit)| {
                *path == finding.path && {
                    let text = std::fs::read_to_string(&edit.path).unwrap_or_default();
                    edit.lines.touch(finding.lines.0, finding.lines.1, &text)
                }
            })
        };
        session.baseline = Some(prints(look.findings.iter().filter(|finding| !own(finding))).collect());
    }
    let new = note(session, root, &look);
    let here = |finding: &&Seen| {
        !finding.whole_system && edits.iter().any(|(path, _)| finding.files.iter().any(|file| file == path))
    };
    let mut answer = tell(session, new.into_iter().filter(here));
    for (path, reason) in look.unchecked.iter().filter(|(path, _)| edits.iter().any(|(edited, _)| edited == path)) {
        if session.told.insert(format!("{path}\0{reason}")) {
            let reason = text::line(reason);
            answer.context.push_str(&format!("\nskillcheck could not check {}: {reason}", text::line(path)));
        }
    }
    answer.context = answer.context.trim_start().to_owned();
    Ok(answer)
}

/// After a command: it may have written anything.
fn ran(event: &Event, root: &Path, session: &mut Session) -> Result<Answer, String> {
    if session.stamp == Some(repository::stamp_now(root)) || !answer::is_heard(event) {
        return Ok(Answer::default());
    }
    let look = look::look(root)?;
    if session.baseline.is_none() {
        session.baseline = Some(prints(&look.findings).collect());
    }
    let new = note(session, root, &look);
    Ok(tell(session, new.into_iter().filter(|finding| !finding.whole_system)))
}

/// When the agent wants to stop: everything that is left, errors once more. `go` is true when it must not
/// be kept.
fn end(event: &Event, go: bool, root: &Path, session: &mut Session) -> Result<Answer, String> {
    let nothing_new = session.seen.is_empty() && session.baseline.is_some();
    if nothing_new && session.stamp == Some(repository::stamp_now(root)) {
        return Ok(Answer::default());
    }
    let look = look::look(root)?;
    if session.baseline.is_none() {
        session.baseline = Some(prints(&look.findings).collect());
    }
    let new = note(session, root, &look);
    let errors = new.iter().filter(|finding| finding.is_error).count();
    let blocked = session.blocked.get(&event.subagent).cloned().unwrap_or_default();
    let open: Vec<&Seen> = new
        .iter()
        .copied()
        .filter(|finding| match finding.is_error {
            true => !blocked.contains(&finding.fingerprint),
            false => !session.told.contains(&finding.fingerprint),
        })
        .collect();
    if go || open.is_empty() {
        let left = match errors {
            0 => Answer::default(),
            number => Answer::note(format!("skillcheck: {} left in what this session changed", count(number, "error"))),
        };
        return Ok(left);
    }
    let told = text::tell(&open, NEW);
    session.blocked.entry(event.subagent.clone()).or_default().extend(told.fingerprints.iter().cloned());
    session.told.extend(told.fingerprints);
    Ok(Answer { errors: told.errors, context: told.warnings, note: String::new() })
}

/// Notes what a look found and gives what is the agent's doing. What a pull or another branch brought is
/// not.
fn note<'l>(session: &mut Session, root: &Path, look: &'l Look) -> Vec<&'l Seen> {
    let head = repository::head(root);
    let mut known = session.baseline.take().unwrap_or_default();
    if let (Some(before), Some(now)) = (&session.head, &head)
        && before != now
    {
        let fetched = repository::fetched(root, before);
        let foreign = |finding: &&Seen| fetched.contains(&finding.path) && !session.seen.contains(&finding.fingerprint);
        known.extend(prints(look.findings.iter().filter(foreign)));
    }
    let new: Vec<&Seen> = look.findings.iter().filter(|finding| !known.contains(&finding.fingerprint)).collect();
    session.baseline = Some(known);
    session.seen = prints(new.iter().copied()).collect();
    session.head = head;
    session.stamp = Some(look.stamp);
    new
}

/// What of this was not told yet.
fn tell<'l>(session: &mut Session, findings: impl Iterator<Item = &'l Seen>) -> Answer {
    let open: Vec<&Seen> = findings.filter(|finding| !session.told.contains(&finding.fingerprint)).collect();
    let told = text::tell(&open, NEW);
    session.told.extend(told.fingerprints);
    Answer { errors: told.errors, context: told.warnings, note: String::new() }
}

fn prints<'l>(findings: impl IntoIterator<Item = &'l Seen>) -> impl Iterator<Item = String> {
    findings.into_iter().map(|finding| finding.fingerprint.clone()).collect::<BTreeSet<_>>().into_iter()
}

/// A path relative to the root, with `/`; `None` when it lies elsewhere.
fn below(root: &Path, path: &Path) -> Option<String> {
    let relative = match path.strip_prefix(root) {
        Ok(relative) => relative.to_owned(),
        Err(_) => path.canonicalize().ok()?.strip_prefix(root).ok()?.to_owned(),
    };
    let parts = relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// True when a file can decide anything.
fn matters(path: &str) -> bool {
    !matches!(files::classify(path), FileKind::Other | FileKind::Markdown)
        || path.rsplit('/').next().is_some_and(|name| name.ends_with("ignore"))
}
