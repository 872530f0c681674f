//! Programs in memory, and the findings of the saga rules in them.

use skillcheck::catalog::Catalog;
use skillcheck::extract::saga::{self, ReplyDriven, Saga};
use skillcheck::facts::module::Language;
use skillcheck::facts::{csharp, golang, javascript, jvm, python};
use skillcheck::files;
use skillcheck::program::{Evaluator, Index, Program, Unit, resolve::Packages};
use skillcheck::rules;
use skillcheck::syntax::FileId;
use skillcheck::system::System;

/// The sagas of some files.
pub(crate) fn sagas(sources: &[(&str, &str)]) -> Vec<Saga> {
    extracted(sources).0
}

fn extracted(sources: &[(&str, &str)]) -> (Vec<Saga>, Vec<ReplyDriven>) {
    let units = sources.iter().enumerate().map(|(i, (path, text))| {
        let module = match files::classify(path) {
            files::FileKind::Code(Language::Python) => python::lower(text).unwrap(),
            files::FileKind::Code(Language::Go) => golang::lower(text).unwrap(),
            files::FileKind::Code(Language::CSharp) => csharp::lower(text).unwrap(),
            files::FileKind::Code(Language::Java) => jvm::java::lower(text).unwrap(),
            files::FileKind::Code(Language::TypeScript) => javascript::lower(text, javascript::Dialect::Ts).unwrap(),
            _ => javascript::lower(text, javascript::Dialect::Js).unwrap(),
        };
        let index = Index::build(&module);
        Unit { file: FileId(i as u32), path: (*path).to_string(), module, index }
    });
    let program = Program::link(units.collect(), &Packages::default(), &[]);
    let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
    let production = |unit| files::zone(&program.unit(unit).path) == files::Zone::Production;
    saga::extract(&ev, &production)
}

/// What the rules about steps, state and failing compensations find, sorted: `missing-compensation
/// orders/app/saga.py:66`.
pub(crate) fn findings(sources: &[(&str, &str)]) -> Vec<String> {
    let told = ["missing-compensation ", "swallowed-compensation-failure ", "volatile-state "];
    let all = all_findings(sources);
    all.into_iter().filter(|f| told.iter().any(|rule| f.starts_with(rule))).collect()
}

/// What all rules about sagas find.
pub(crate) fn all_findings(sources: &[(&str, &str)]) -> Vec<String> {
    let (sagas, reply_driven) = extracted(sources);
    let system = System { sagas, reply_driven, ..System::default() };
    let mut found = Vec::new();
    for rule in rules::all().iter().filter(|r| r.skill() == "saga") {
        (rule.check)(&system, &mut found);
    }
    let mut out: Vec<String> = found
        .iter()
        .map(|f| {
            let (path, text) = sources[f.place.file.0 as usize];
            let line = text[..f.place.span.start as usize].matches('\n').count() + 1;
            format!("{} {path}:{line}", f.rule.trim_start_matches("saga/"))
        })
        .collect();
    out.sort();
    out
}

/// An example of a skill's rules: the rule, whether it is a good one, the file and its text.
pub(crate) struct Example {
    pub(crate) rule: String,
    pub(crate) good: bool,
    pub(crate) file: String,
    pub(crate) text: String,
}

/// The examples in `references/rules.md` of a skill.
pub(crate) fn examples(markdown: &str) -> Vec<Example> {
    let (mut rule, mut good, mut open) = (String::new(), false, None::<Example>);
    let mut out = Vec::new();
    for line in markdown.lines() {
        if let Some(example) = &mut open {
            if line == "```" {
                out.extend(open.take());
            } else {
                example.text.push_str(line);
                example.text.push('\n');
            }
        } else if let Some(name) = line.strip_prefix("## ") {
            rule = name.to_string();
        } else if let Some(kind) = line.strip_prefix("### ") {
            good = kind == "Good";
        } else if let Some((_, file)) = line.strip_prefix("```").and_then(|l| l.split_once("file=")) {
            open = Some(Example { rule: rule.clone(), good, file: file.to_string(), text: String::new() });
        }
    }
    out
}
