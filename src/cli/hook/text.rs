//! What an agent reads: facts, few and short.

use super::look::Seen;
use crate::report::{count, one_line};

/// How many findings are written out.
const MAX_FINDINGS: usize = 10;

/// How long all texts of an answer are together, in characters.
const MAX_CHARS: usize = 4_000;

/// How long a message or a help may be, in characters. They quote code, which may be of any length.
const MAX_LINE: usize = 400;

/// What is kept free for the heads and the last lines, in characters.
const RESERVE: usize = 500;

/// Texts for an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The errors; empty when there are none.
    pub(super) errors: String,
    /// The warnings; empty when there are none.
    pub(super) warnings: String,
    /// The fingerprints of what was written out.
    pub(super) fingerprints: Vec<String>,
}

/// Writes out findings, errors first, as many as there is room for.
pub(super) fn tell(findings: &[&Seen], new: &str) -> Told {
    let mut told = Told::default();
    let (errors, warnings): (Vec<&Seen>, Vec<&Seen>) = findings.iter().partition(|finding| finding.is_error);
    let mut room = MAX_CHARS - RESERVE;
    let mut left_out = 0;
    for (list, noun, text) in [(&errors, "error", &mut told.errors), (&warnings, "warning", &mut told.warnings)] {
        let mut body = String::new();
        for finding in list {
            let entry = entry(finding);
            let length = entry.chars().count();
            if told.fingerprints.len() == MAX_FINDINGS || length > room {
                left_out += 1;
                continue;
            }
            room -= length;
            body.push_str(&entry);
            told.fingerprints.push(finding.fingerprint.clone());
        }
        if !body.is_empty() {
            *text = format!("skillcheck: {} {new}\n{body}", count(list.len(), noun));
        }
    }
    let last = match told.warnings.is_empty() {
        true => &mut told.errors,
        false => &mut told.warnings,
    };
    if left_out > 0 {
        last.push_str(&format!("… and {left_out} more: run `skillcheck lint`\n"));
    }
    if let Some(first) = errors.first().or(warnings.first()) {
        last.push_str(&format!("Why, with examples: `skillcheck explain {}`", first.rule));
    }
    told
}

fn entry(finding: &Seen) -> String {
    let place = format!("{}:{}:{}", finding.path, finding.lines.0, finding.column);
    let severity = if finding.is_error { "error" } else { "warning" };
    let mut text = format!("{} {severity} {}: {}\n", line(&place), finding.rule, line(&finding.message));
    if !finding.help.is_empty() {
        text.push_str(&format!("  fix: {}\n", line(&finding.help)));
    }
    text
}

/// On one line, safe to print, and not too long.
pub(super) fn line(text: &str) -> String {
    let text = one_line(text);
    match text.char_indices().nth(MAX_LINE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, Told, tell};
    use crate::cli::hook::look::Seen;

    fn finding(n: usize, is_error: bool) -> Seen {
        Seen {
            fingerprint: n.to_string(),
            rule: "rest-client/missing-timeout",
            is_error,
            path: "orders/client.py".to_owned(),
            lines: (n, n),
            column: 5,
            message: "No timeout on GET `https://stock`".to_owned(),
            help: "Pass `timeout=`".to_owned(),
            ..Seen::default()
        }
    }

    #[test]
    fn errors_and_warnings_are_apart() {
        let (error, warning) = (finding(3, true), finding(7, false));
        let told = tell(&[&warning, &error], "new since this session began");
        insta::assert_snapshot!(told.errors, @r"
        skillcheck: 1 error new since this session began
        orders/client.py:3:5 error rest-client/missing-timeout: No timeout on GET `https://stock`
          fix: Pass `timeout=`
        ");
        insta::assert_snapshot!(told.warnings, @r"
        skillcheck: 1 warning new since this session began
        orders/client.py:7:5 warning rest-client/missing-timeout: No timeout on GET `https://stock`
          fix: Pass `timeout=`
        Why, with examples: `skillcheck explain rest-client/missing-timeout`
        ");
        assert_eq!(told.fingerprints, ["3", "7"]);
        assert_eq!(tell(&[], "new"), Told::default());
    }

    #[test]
    fn there_is_an_end() {
        let many: Vec<Seen> = (0..40).map(|n| finding(n, n % 2 == 0)).collect();
        let told = tell(&many.iter().collect::<Vec<_>>(), "new");
        assert_eq!(told.fingerprints.len(), 10);
        assert!(told.errors.contains("skillcheck: 20 errors new"), "{}", told.errors);
        assert!(told.errors.contains("… and 30 more: run `skillcheck lint`"), "{}", told.errors);
    }

    #[test]
    fn long_quotes_and_control_characters_are_cut() {
        let mut long: Vec<Seen> = (0..10).map(|n| finding(n, true)).collect();
        for finding in &mut long {
            finding.message = "\u{1b}[31mé\n".repeat(900);
            finding.path = "a/".repeat(900);
        }
        let told = tell(&long.iter().collect::<Vec<_>>(), "new");
        assert!(told.errors.chars().count() <= MAX_CHARS, "{}", told.errors.chars().count());
        assert!(!told.errors.contains('\u{1b}'));
        assert!((1..10).contains(&told.fingerprints.len()));
    }
}
