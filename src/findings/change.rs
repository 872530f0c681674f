//! Which findings a change is answerable for: those on the lines it touched, and those it caused
//! elsewhere, that is, those that were not there before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::settle::{Reported, Settled};
use super::sources::Sources;
use crate::syntax::{FileId, Place};

/// The lines that a change touched.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// For each changed file its changed lines, counted from 0; `None` for a file that is new.
    pub files: BTreeMap<FileId, Option<BTreeSet<usize>>>,
}

impl Lines {
    /// True when a line of the place was touched.
    fn touch(&self, place: Place, sources: &Sources) -> bool {
        match (self.files.get(&place.file), sources.get(place.file)) {
            (Some(None), _) => true,
            (Some(Some(lines)), Some(source)) => {
                let first = source.line_of(place.span.start as usize);
                let last = source.line_of(place.span.end.max(place.span.start.saturating_add(1)) as usize - 1);
                lines.range(first..=last.max(first)).next().is_some()
            }
            _ => false,
        }
    }

    /// True when the finding, or a place that is part of its evidence, stands on a touched line.
    fn touch_finding(&self, reported: &Reported, sources: &Sources) -> bool {
        let finding = &reported.finding;
        let mut places = finding.related.iter().map(|related| related.place).chain([finding.place]);
        places.any(|place| self.touch(place, sources))
    }
}

/// Leaves the findings that the change is answerable for. `before` gives those of the old state; it is
/// asked only when a finding stands elsewhere than on touched lines.
///
/// # Errors
/// Those of `before`.
pub fn blame<E>(settled: &mut Settled, lines: &Lines, before: impl FnOnce() -> Result<Settled, E>) -> Result<(), E> {
    let touched: Vec<bool> = settled.findings.iter().map(|r| lines.touch_finding(r, &settled.sources)).collect();
    if touched.iter().all(|touched| *touched) {
        return Ok(());
    }
    // Equal findings can't be told apart. Where there are more of a kind than before, the touched ones are
    // the new ones, and of the others those that come last.
    let mut known: HashMap<u64, usize> = HashMap::new();
    for reported in before()?.findings {
        *known.entry(reported.kind).or_default() += 1;
    }
    let mut keep = touched;
    for (keep, reported) in keep.iter_mut().zip(&settled.findings).filter(|(keep, _)| !**keep) {
        match known.get_mut(&reported.kind).filter(|number| **number > 0) {
            Some(number) => *number -= 1,
            None => *keep = true,
        }
    }
    let before = settled.findings.len();
    let mut kept = keep.into_iter();
    settled.findings.retain(|_| kept.next().unwrap_or(true));
    settled.unchanged += before - settled.findings.len();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Lines, blame};
    use crate::files::{File, Tree};
    use crate::findings::{Reported, Settled, Sources};
    use crate::rules::{Confidence, Finding, Severity};
    use crate::syntax::{FileId, Place, Span};

    /// Findings of these kinds, one a line, in a file of which these lines changed.
    fn left(now: &[u64], before: &[u64], changed: &[usize]) -> Vec<usize> {
        let settled = |kinds: &[u64]| {
            let finding = |(line, kind): (usize, &u64)| Reported {
                finding: Finding {
                    rule: "a/b",
                    severity: Severity::Error,
                    confidence: Confidence::High,
                    services: vec![],
                    message: String::new(),
                    why: String::new(),
                    help: String::new(),
                    place: Place::new(FileId(0), Span::new(line * 2, line * 2 + 1)),
                    related: vec![],
                },
                fingerprint: String::new(),
                kind: *kind,
            };
            let content = Some("x\n".repeat(kinds.len()).into_bytes().into());
            let tree = Tree { roots: vec![], files: vec![File { content, ..File::default() }], ..Tree::default() };
            let sources = Sources::load(&tree, [FileId(0)]);
            Settled { findings: kinds.iter().enumerate().map(finding).collect(), sources, ..Settled::default() }
        };
        let lines = Lines { files: [(FileId(0), Some(changed.iter().copied().collect()))].into() };
        let mut now = settled(now);
        blame::<()>(&mut now, &lines, || Ok(settled(before))).unwrap();
        now.findings.iter().map(|reported| reported.finding.place.span.start as usize / 2).collect()
    }

    #[test]
    fn what_was_touched_or_was_not_there_before_is_left() {
        assert_eq!(left(&[1, 2, 3], &[1, 2, 3], &[1]), [1]);
        assert_eq!(left(&[1, 2, 3], &[1, 3], &[]), [1], "caused elsewhere");
        assert_eq!(left(&[1, 2], &[1, 2], &[]), [0; 0]);
        assert_eq!(left(&[1, 1], &[1], &[0]), [0], "the touched one is the new one");
        assert_eq!(left(&[1, 1], &[1], &[]), [1]);
    }
}
