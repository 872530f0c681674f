//! Suppression comments: `skillcheck: allow(<rule>[, <rule>]) <reason> [until=YYYY-MM-DD]`.
//!
//! They are found in the text, not in a syntax tree, so that they work alike in every kind of file.

use std::ops::Range;

use memchr::{memchr, memmem};
use serde::{Deserialize, Serialize};

use crate::suggest;
use crate::syntax::{FileId, Span};

const MARK: &str = "skillcheck:";

/// `allow-file` must stand before this line, where a reader looks for it.
const FILE_LINES: usize = 20;

/// How many blank lines and comments may stand between a comment and the code it is about.
const MAX_GAP: usize = 40;

/// A comment is read to this many bytes: no reason is longer, and a minified line can't make the scan
/// slow.
const MAX_COMMENT: usize = 1000;

/// A suppression comment, right or wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The file.
    pub file: FileId,
    /// From `skillcheck:` to the end of the comment.
    pub span: Span,
    /// What it covers.
    pub scope: Scope,
    /// The rules or skills it allows.
    pub selectors: Vec<Selector>,
    /// Why; required.
    pub reason: Option<String>,
    /// `until=`, as written.
    pub until: Option<String>,
    /// What is wrong with its form, when something is; it then suppresses nothing.
    pub fault: Option<String>,
}

/// What a suppression covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// The whole file.
    File,
    /// The line of the comment, which stands behind code.
    Line(Span),
    /// The comment, on a line of its own, and the next line of code.
    Next(Span),
}

/// A name in the parentheses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// A rule id or a skill name, as written.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// All suppression comments of a text. Linear in its length.
pub fn scan(text: &str, file: FileId) -> Vec<Suppression> {
    let mut found = Vec::new();
    let mut line = Line { number: 0, range: 0..line_end(text, 0) };
    let mut covered: Option<(usize, Scope)> = None;
    for at in memmem::find_iter(text.as_bytes(), MARK) {
        while at >= line.range.end && line.range.end < text.len() {
            let start = line.range.end + 1;
            line = Line { number: line.number + 1, range: start..line_end(text, start) };
        }
        let Some(comment) = comment_before(text, line.range.start, at) else { continue };
        let content = comment.content(text, at, line.range.end);
        let Some(directive) = directive(text, content.clone()) else { continue };
        let span = Span::new(at, content.end);
        let mut suppression = Suppression {
            file,
            span,
            scope: Scope::File,
            selectors: Vec::new(),
            reason: None,
            until: None,
            fault: None,
        };
        match directive {
            Directive::Fault(fault) => suppression.fault = Some(fault),
            Directive::Allow { whole_file, selectors, reason, until } => {
                if whole_file && line.number >= FILE_LINES {
                    suppression.fault = Some(format!("`allow-file` stands after line {FILE_LINES}"));
                }
                suppression.selectors = selectors;
                suppression.reason = reason;
                suppression.until = until;
                if !whole_file {
                    let scope = match covered {
                        Some((number, scope)) if number == line.number => scope,
                        _ => line.covered(text, comment.start),
                    };
                    covered = Some((line.number, scope));
                    suppression.scope = scope;
                }
            }
        }
        found.push(suppression);
    }
    found
}

struct Line {
    number: usize,
    range: Range<usize>,
}

impl Line {
    /// What a comment that begins at `comment` on this line is about.
    fn covered(&self, text: &str, comment: usize) -> Scope {
        let before = text.get(self.range.start..comment).unwrap_or_default();
        if !before.trim().trim_start_matches('{').is_empty() {
            return Scope::Line(Span::new(self.range.start, self.range.end));
        }
        let mut end = self.range.end;
        for _ in 0..MAX_GAP {
            if end >= text.len() {
                break;
            }
            let start = end + 1;
            end = line_end(text, start);
            let code = text.get(start..end).unwrap_or_default().trim();
            // Decorators and annotations belong to the definition below them.
            if !(code.is_empty() || is_comment(code) || code.starts_with('@') || code.starts_with("#[")) {
                break;
            }
        }
        Scope::Next(Span::new(self.range.start, end))
    }
}

fn is_comment(code: &str) -> bool {
    let continued = |rest: &str| rest.is_empty() || rest.starts_with([' ', '/']);
    code.starts_with("//")
        || code.starts_with("/*")
        || code.starts_with("--")
        || code.starts_with("<!--")
        || code.starts_with("{/*")
        || (code.starts_with('#') && !code.starts_with("#["))
        || code.strip_prefix('*').is_some_and(continued)
}

struct Comment {
    /// Where its opener begins.
    start: usize,
    /// What ends it before the end of the line.
    close: Option<&'static str>,
}

impl Comment {
    /// What stands after the mark, without the end of the comment and surrounding blanks.
    fn content(&self, text: &str, mark: usize, line_end: usize) -> Range<usize> {
        let start = mark + MARK.len();
        let mut end = line_end.min(start + MAX_COMMENT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let rest = text.get(start..end).unwrap_or_default();
        let rest = self.close.and_then(|close| rest.split_once(close)).map_or(rest, |(inside, _)| inside);
        // Several on one line: each ends where the next one begins.
        let rest = rest.split_once(MARK).map_or(rest, |(own, _)| own.trim_end().trim_end_matches(['#', '/', '*', '-']));
        start..start + rest.trim_end().len()
    }
}

/// The comment whose opener stands directly before `at` on the line.
fn comment_before(text: &str, line_start: usize, at: usize) -> Option<Comment> {
    let mut from = at.saturating_sub(80).max(line_start);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = text.get(from..at)?.trim_end();
    let end = from + before.len();
    for (opener, close) in
        [("<!--", Some("-->")), ("//", None), ("/*", Some("*/")), ("/**", Some("*/")), ("#", None), ("--", None)]
    {
        if before.ends_with(opener) {
            return Some(Comment { start: end - opener.len(), close });
        }
    }
    // A further line of a block comment.
    (before.trim() == "*" && from == line_start).then(|| Comment { start: end - 1, close: Some("*/") })
}

enum Directive {
    Allow { whole_file: bool, selectors: Vec<Selector>, reason: Option<String>, until: Option<String> },
    Fault(String),
}

/// Reads what stands after `skillcheck:`; `None` when it is prose.
fn directive(text: &str, content: Range<usize>) -> Option<Directive> {
    let body = text.get(content.clone())?;
    let trimmed = body.trim_start();
    let begin = content.end - trimmed.len();
    let word_len =
        trimmed.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(trimmed.len());
    let (word, rest) = trimmed.split_at(word_len);
    if !matches!(word, "allow" | "allow-file") {
        let meant = ["allow", "allow-file", "ignore", "disable", "disable-next-line", "suppress", "noqa", "nolint"];
        let near = suggest::nearest(word, meant).is_some() && !word.is_empty();
        return near.then(|| Directive::Fault(format!("`{word}` is not `allow`")));
    }
    let Some(inside) = rest.trim_start().strip_prefix('(') else {
        return Some(Directive::Fault(format!("`{word}` names no rule in parentheses")));
    };
    let Some((list, after)) = inside.split_once(')') else {
        return Some(Directive::Fault(format!("`{word}(` is not closed")));
    };
    let mut at = begin + trimmed.len() - inside.len();
    let mut selectors = Vec::new();
    for part in list.split(',') {
        let name = part.trim();
        if !name.is_empty() {
            let start = at + (part.len() - part.trim_start().len());
            selectors.push(Selector { name: name.to_owned(), span: Span::new(start, start + name.len()) });
        }
        at += part.len() + 1;
    }
    if selectors.is_empty() {
        return Some(Directive::Fault(format!("`{word}()` names no rule")));
    }
    let (mut until, mut words) = (None, Vec::new());
    for token in after.split_whitespace() {
        match token.strip_prefix("until=") {
            Some(date) => until = Some(date.trim_end_matches([',', '.', ';', ')']).to_owned()),
            None => words.push(token),
        }
    }
    let reason = words.join(" ");
    let reason = reason.trim_matches(|c: char| c == ':' || c == '-' || c == '–' || c == '—' || c.is_whitespace());
    let reason = reason.chars().any(char::is_alphanumeric).then(|| reason.to_owned());
    Some(Directive::Allow { whole_file: word == "allow-file", selectors, reason, until })
}

/// The end of the line that begins at `start`, without the newline.
fn line_end(text: &str, start: usize) -> usize {
    text.as_bytes().get(start..).and_then(|rest| memchr(b'\n', rest)).map_or(text.len(), |at| start + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Scope, Suppression, scan};
    use crate::syntax::FileId;

    fn one(text: &str) -> Suppression {
        let mut found = scan(text, FileId(0));
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.remove(0)
    }

    fn covered<'t>(text: &'t str, suppression: &Suppression) -> &'t str {
        match suppression.scope {
            Scope::Line(span) | Scope::Next(span) => &text[span.start as usize..span.end as usize],
            Scope::File => "file",
        }
    }

    #[test]
    fn every_kind_of_comment() {
        for text in [
            "x = 1  # skillcheck: allow(a/b) because",
            "x = 1; // skillcheck: allow(a/b) because",
            "x = 1; /* skillcheck: allow(a/b) because */ y()",
            "SELECT 1 -- skillcheck: allow(a/b) because",
            "<p/> <!-- skillcheck: allow(a/b) because -->",
            "{/* skillcheck: allow(a/b) because */}",
            " * skillcheck: allow(a/b) because",
            "x # noqa: E501 # skillcheck: allow( a/b ) because",
        ] {
            let found = one(text);
            assert_eq!(found.selectors[0].name, "a/b", "{text}");
            assert_eq!(found.reason.as_deref(), Some("because"), "{text}");
            assert_eq!(found.fault, None);
        }
    }

    #[test]
    fn what_is_no_comment_is_left_alone() {
        for text in [
            "skillcheck: allow(a/b) x",
            "s = \"skillcheck: allow(a/b) x\"",
            "# skillcheck: see the docs",
            "# skillcheck:",
        ] {
            assert_eq!(scan(text, FileId(0)), [], "{text}");
        }
    }

    #[test]
    fn reads_rules_reason_and_date() {
        let text = "f() # skillcheck: allow(a/b, saga) — the peer is local until=2027-01-31.";
        let found = one(text);
        let names: Vec<_> = found.selectors.iter().map(|s| &text[s.span.start as usize..s.span.end as usize]).collect();
        assert_eq!(names, ["a/b", "saga"]);
        assert_eq!(found.reason.as_deref(), Some("the peer is local"));
        assert_eq!(found.until.as_deref(), Some("2027-01-31"));
        assert_eq!(one("f() # skillcheck: allow(a/b) - until=2027-01-31").reason, None);
    }

    #[test]
    fn covers_its_line_or_the_next_code() {
        let text = "a()\nb() # skillcheck: allow(a/b) x\nc()\n";
        assert_eq!(covered(text, &one(text)), "b() # skillcheck: allow(a/b) x");
        let text = "a()\n  # skillcheck: allow(a/b) x\n\n  # more\n  @retry\n  def b():\n    c()\n";
        assert!(covered(text, &one(text)).ends_with("  def b():"));
        let text = "# skillcheck: allow-file(a/b) x\nc()\n";
        assert_eq!(covered(text, &one(text)), "file");
    }

    #[test]
    fn wrong_forms_are_faults_not_silence() {
        for (text, fault) in [
            ("# skillcheck: alow(a/b) x", "`alow` is not `allow`"),
            ("# skillcheck: ignore[a/b]", "`ignore` is not `allow`"),
            ("# skillcheck: allow a/b x", "`allow` names no rule in parentheses"),
            ("# skillcheck: allow(a/b x", "`allow(` is not closed"),
            ("# skillcheck: allow( , ) x", "`allow()` names no rule"),
        ] {
            assert_eq!(one(text).fault.as_deref(), Some(fault));
        }
        let text = format!("{}# skillcheck: allow-file(a/b) x", "\n".repeat(20));
        assert_eq!(one(&text).fault.as_deref(), Some("`allow-file` stands after line 20"));
    }

    #[test]
    fn a_million_marks_on_one_line_take_no_time() {
        let text = format!("{}\n{}", "# skillcheck: allow(a/b) x ".repeat(100_000), "y".repeat(1 << 20));
        assert_eq!(scan(&text, FileId(0)).len(), 100_000);
    }

    proptest! {
        #[test]
        fn any_text_is_scanned(text in "(\\PC|\n|skillcheck: ?|allow(-file)?\\(|#|//|/\\*|until=){0,60}") {
            for found in scan(&text, FileId(0)) {
                prop_assert!(found.span.end as usize <= text.len());
                prop_assert!(text.is_char_boundary(found.span.start as usize));
                prop_assert!(text.is_char_boundary(found.span.end as usize));
                for selector in found.selectors {
                    let range = selector.span.start as usize..selector.span.end as usize;
                    prop_assert_eq!(text.get(range), Some(selector.name.as_str()));
                }
            }
        }
    }
}
