//! `skillcheck rules`.

use super::Exit;
use super::args::{RulesArgs, TextOrJson};
use super::output::Terminal;
use crate::rules::Rule;
use crate::skills::RuleDoc;
use crate::{findings, report, rules, skills};

/// Runs the command.
pub(super) fn run(args: &RulesArgs, terminal: &Terminal) -> Exit {
    let list = with_docs(rules::all().iter().chain(findings::own_rules()).copied());
    let printed = terminal.print(|out| match args.format {
        TextOrJson::Text => report::rules::text(&list, terminal.width(), out),
        TextOrJson::Json => report::rules::json(&list, out),
    });
    printed.map_or_else(|exit| exit, |()| Exit::Clean)
}

/// Each rule with what its skill says; every skill is read once.
pub(super) fn with_docs(rules: impl Iterator<Item = Rule>) -> Vec<(Rule, Option<RuleDoc>)> {
    let mut docs: Vec<RuleDoc> = skills::docs().into_iter().chain(skills::of_skill("suppression")).collect();
    docs.sort_by(|a, b| a.id.cmp(&b.id));
    let find = |id: &str| docs.binary_search_by(|doc| doc.id.as_str().cmp(id)).ok().map(|at| docs[at].clone());
    rules.map(|rule| (rule, find(rule.id))).collect()
}
