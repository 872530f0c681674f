//! "Did you mean …": the nearest known name.

/// Number of edits (insert, delete, replace, swap of neighbours) from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let width = b.len() + 1;
    let mut rows: Vec<usize> = (0..width).collect();
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (vec![0; width], rows.clone());
    for (i, ca) in a.iter().enumerate() {
        rows[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = usize::from(ca != cb);
            let mut best = (last[j + 1] + 1).min(rows[j] + 1).min(last[j] + cost);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                best = best.min(before[j - 1] + 1);
            }
            rows[j + 1] = best;
        }
        std::mem::swap(&mut before, &mut last);
        last.copy_from_slice(&rows);
    }
    last[b.len()]
}

/// The candidate nearest to `name`, if one is near enough to be what was meant. A candidate with a
/// slash also matches by the part after it: `missing-timeout` finds `rest-client/missing-timeout`.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Names are short; hostile input need not cost a quadratic table.
    if name.is_empty() || name.len() > 100 {
        return None;
    }
    let lower = name.to_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let tail = candidate.rsplit('/').next().unwrap_or(candidate);
            let whole = distance(&lower, candidate);
            let by_tail = if lower.contains('/') { whole } else { distance(&lower, tail) };
            let best = whole.min(by_tail);
            (best <= 1 + lower.chars().count() / 4).then_some((best, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("rulse", "rules"), 1);
    }

    #[test]
    fn finds_what_was_meant() {
        let ids = ["rest-client/missing-timeout", "rest-client/missing-retry", "saga/volatile-state"];
        assert_eq!(nearest("rest-client/mising-timeout", ids), Some(ids[0]));
        assert_eq!(nearest("missing_retry", ids), Some(ids[1]));
        assert_eq!(nearest("unrelated-name", ids), None);
        assert_eq!(nearest("", ids), None);
    }
}
