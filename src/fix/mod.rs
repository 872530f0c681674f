//! Repairs that are mechanical: edits of a few bytes, which leave comments and layout alone. Whether they
//! help is decided by checking the repaired files again (`cli::fix`), not here.

mod acknowledgement;
mod call;
mod confirm;
mod edit;
mod timeout;

pub use edit::{Edit, apply};

use crate::files::{FileKind, Tree, classify};
use crate::findings::{Reported, Settled};
use crate::syntax::FileId;
use crate::syntax::code::Grammar;
use crate::system::System;

/// A repair of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The rule whose finding it repairs.
    pub rule: &'static str,
    /// The file it changes.
    pub file: FileId,
    /// What it changes there.
    pub edits: Vec<Edit>,
    /// True when the code does the same as before, but for what the finding is about. Otherwise a person
    /// has to look at what else depends on it.
    pub is_safe: bool,
}

/// The repairs of the findings that have one.
pub fn plan(tree: &Tree, system: &System, settled: &Settled) -> Vec<Fix> {
    settled.findings.iter().filter_map(|reported| plan_one(tree, system, settled, reported)).collect()
}

fn plan_one(tree: &Tree, system: &System, settled: &Settled, reported: &Reported) -> Option<Fix> {
    let finding = &reported.finding;
    let file = finding.place.file;
    let path = &tree.files.get(file.0 as usize)?.path;
    let text = settled.sources.get(file)?.text();
    let FileKind::Code(language) = classify(path) else { return None };
    let grammar = Grammar::of(language, path.rsplit('.').next().unwrap_or_default());
    let (edits, is_safe) = match finding.rule {
        "rest-client/missing-timeout" => (timeout::edits(system, finding, grammar, text)?, true),
        "message-queue/unconfirmed-publish" => (confirm::edits(finding, grammar, text)?, true),
        "message-queue/early-acknowledgement" => (acknowledgement::edits(finding, text)?, false),
        _ => return None,
    };
    Some(Fix { rule: finding.rule, file, edits, is_safe })
}
