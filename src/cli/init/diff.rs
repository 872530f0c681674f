//! A unified diff of two texts, for `--dry-run`.

use std::io::{self, Write};

use crate::findings::printable;
use crate::report::style::RESET;

/// Lines that go.
const DELETED: &str = "\x1b[31m";
/// Lines that come.
const INSERTED: &str = "\x1b[32m";

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// How many pairs of lines are compared at most; beyond it everything between the first and the last
/// change is shown as replaced.
const MAX_PAIRS: usize = 4_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Same,
    Deleted,
    Inserted,
}

/// Writes the difference; nothing when there is none. `None` is a file that does not exist.
pub(super) fn write(name: &str, old: Option<&str>, new: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let lines = |text: Option<&str>| text.unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(old), lines(new));
    let steps = steps(&before, &after);
    if steps.iter().all(|(kind, _)| *kind == Kind::Same) {
        return Ok(());
    }
    let side = |text: Option<&str>, side: &str| text.map_or("/dev/null".to_owned(), |_| format!("{side}/{name}"));
    writeln!(out, "--- {}", side(old, "a"))?;
    writeln!(out, "+++ {}", side(new, "b"))?;
    for hunk in hunks(&steps) {
        let count = |kinds: [Kind; 2]| steps[hunk.clone()].iter().filter(|(kind, _)| kinds.contains(kind)).count();
        let first = |kinds: [Kind; 2]| steps[..hunk.start].iter().filter(|(kind, _)| kinds.contains(kind)).count();
        let range = |kinds: [Kind; 2]| match count(kinds) {
            0 => format!("{},0", first(kinds)),
            1 => format!("{}", first(kinds) + 1),
            lines => format!("{},{lines}", first(kinds) + 1),
        };
        let (a, b) = (range([Kind::Same, Kind::Deleted]), range([Kind::Same, Kind::Inserted]));
        writeln!(out, "@@ -{a} +{b} @@")?;
        for (kind, line) in &steps[hunk] {
            let line = printable(line);
            match kind {
                Kind::Same => writeln!(out, " {line}")?,
                Kind::Deleted => writeln!(out, "{DELETED}-{line}{RESET}")?,
                Kind::Inserted => writeln!(out, "{INSERTED}+{line}{RESET}")?,
            }
        }
    }
    Ok(())
}

/// The steps from one text to the other, by the longest common subsequence of what is not common at
/// both ends.
fn steps<'l>(a: &'l [String], b: &'l [String]) -> Vec<(Kind, &'l str)> {
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let suffix = a[prefix..].iter().rev().zip(b[prefix..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (mid_a, mid_b) = (&a[prefix..a.len() - suffix], &b[prefix..b.len() - suffix]);
    let same = |lines: &'l [String]| lines.iter().map(|line| (Kind::Same, line.as_str()));
    let mut steps: Vec<_> = same(&a[..prefix]).collect();
    if mid_a.len().saturating_mul(mid_b.len()) > MAX_PAIRS {
        steps.extend(mid_a.iter().map(|line| (Kind::Deleted, line.as_str())));
        steps.extend(mid_b.iter().map(|line| (Kind::Inserted, line.as_str())));
    } else {
        steps.extend(middle(mid_a, mid_b));
    }
    steps.extend(same(&a[a.len() - suffix..]));
    steps
}

fn middle<'l>(a: &'l [String], b: &'l [String]) -> Vec<(Kind, &'l str)> {
    let width = b.len() + 1;
    let mut length = vec![0usize; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            length[i * width + j] = match a[i] == b[j] {
                true => length[(i + 1) * width + j + 1] + 1,
                false => length[(i + 1) * width + j].max(length[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut steps) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            steps.push((Kind::Same, a[i].as_str()));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && length[(i + 1) * width + j] >= length[i * width + j + 1]) {
            steps.push((Kind::Deleted, a[i].as_str()));
            i += 1;
        } else {
            steps.push((Kind::Inserted, b[j].as_str()));
            j += 1;
        }
    }
    steps
}

/// The ranges of steps that are shown.
fn hunks(steps: &[(Kind, &str)]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    for at in (0..steps.len()).filter(|at| steps[*at].0 != Kind::Same) {
        let (start, end) = (at.saturating_sub(CONTEXT), (at + 1 + CONTEXT).min(steps.len()));
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::write;

    fn diff(old: Option<&str>, new: Option<&str>) -> String {
        let mut out = Vec::new();
        write("f", old, new, &mut out).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn hunks_with_context() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let new = old.replace("2\n3", "two\n3").replace("12\n", "12\n13\n");
        assert_eq!(
            diff(Some(old), Some(&new)),
            "--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -10,3 +10,4 @@\n 10\n 11\n 12\n+13\n"
        );
        assert_eq!(diff(Some(old), Some(old)), "");
    }

    #[test]
    fn new_and_removed_files() {
        assert_eq!(diff(None, Some("a\n")), "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n");
        assert_eq!(diff(Some("a\nb\n"), None), "--- a/f\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n");
    }
}
