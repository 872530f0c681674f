//! What a check of some files tells, in short.

use skillcheck::check::{Outcome, Request, check};
use skillcheck::rules::Finding;

use super::folder;

/// What a check of these files comes to.
pub(crate) fn checked(files: &[(&str, &str)]) -> Outcome {
    told(files, |_| false).0
}

/// The same, with the findings that are asked for, sorted, as `rule file:line`.
pub(crate) fn told(files: &[(&str, &str)], is_wanted: impl Fn(&Finding) -> bool) -> (Outcome, Vec<String>) {
    let folder = folder(files);
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let short = |finding: &Finding| {
        let path = &outcome.tree.file(finding.place.file).path;
        super::languages::assert_one(finding.rule, path);
        let text = std::fs::read_to_string(folder.path().join(path)).unwrap();
        let line = text[..finding.place.span.start as usize].matches('\n').count() + 1;
        format!("{} {}:{line}", finding.rule.rsplit('/').next().unwrap(), path.rsplit('/').next().unwrap())
    };
    let mut found: Vec<String> = outcome.findings.iter().filter(|f| is_wanted(f)).map(short).collect();
    found.sort();
    (outcome, found)
}
