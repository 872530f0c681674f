//! Fingerprints: the same finding keeps its fingerprint when lines are inserted above it or the code
//! is indented or wrapped differently.

use std::collections::HashMap;

use super::sources::Sources;
use crate::files::Tree;
use crate::rules::Finding;

/// Spans over more lines than this are recognised by their first line only: the body of a class may
/// change without making its finding a new one.
const MAX_LINES: usize = 6;

/// The fingerprints of findings that stand in reporting order: 16 hexadecimal digits of rapidhash v3
/// (its output is the same for every version and platform) over rule, path below the root of the
/// repository (whatever part of it is linted), the text of the lines without blanks, and a count for
/// findings that are equal in all of these.
///
/// With each comes a hash of the same without the count: what equal findings have in common.
pub(super) fn fingerprints(findings: &[Finding], tree: &Tree, sources: &Sources) -> Vec<(String, u64)> {
    let mut seen: HashMap<Vec<u8>, u64> = HashMap::new();
    let root = tree.project_root();
    findings
        .iter()
        .map(|finding| {
            let mut key = Vec::with_capacity(160);
            key.extend(finding.rule.as_bytes());
            key.push(0);
            if let Some(other) = tree.other(finding.place.file) {
                // Its text is not here; the message says what it is about.
                for part in [&*other.repository, &other.path, &finding.message] {
                    key.extend(part.as_bytes());
                    key.push(0);
                }
            } else {
                key.extend(tree.path_below(root.as_deref(), finding.place.file).as_bytes());
                key.push(0);
            }
            if let Some(source) = sources.get(finding.place.file) {
                let span = finding.place.span;
                let first = source.line_of(span.start as usize);
                let last = source.line_of(span.end.max(span.start.saturating_add(1)) as usize - 1);
                let last = if last - first < MAX_LINES { last } else { first };
                let lines = source.line_range(first).start..source.line_range(last).end;
                let text = source.text().as_bytes().get(lines).unwrap_or_default();
                key.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
            }
            let kind = rapidhash::v3::rapidhash_v3(&key);
            let count = seen.entry(key.clone()).or_default();
            key.push(0);
            key.extend(count.to_string().as_bytes());
            *count += 1;
            (format!("{:016x}", rapidhash::v3::rapidhash_v3(&key)), kind)
        })
        .collect()
}
