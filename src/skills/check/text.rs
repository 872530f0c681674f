//! The length of pages, and what nobody sees in them.

use super::{Remark, Skill, frontmatter, line_at};

/// Limits of the specification for `SKILL.md`: lines and tokens, a token taken for four characters.
const MAX_LINES: usize = 500;
const MAX_TOKENS: usize = 5_000;
const CHARS_A_TOKEN: usize = 4;

/// A page that is longer needs a table of contents: an agent reads its first lines only.
const MAX_WITHOUT_CONTENTS: usize = 100;
/// Where the table of contents has to be, in lines.
const CONTENTS_WITHIN: usize = 30;

pub(super) fn check(skill: &Skill) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let body =
        frontmatter::split(&skill.text).map_or(skill.text.as_str(), |(start, yaml)| &skill.text[start + yaml.len()..]);
    let (lines, tokens) = (body.lines().count(), body.chars().count() / CHARS_A_TOKEN);
    if lines > MAX_LINES || tokens > MAX_TOKENS {
        let message = format!(
            "{lines} lines, about {tokens} tokens; at most {MAX_LINES} and {MAX_TOKENS}: move what is not always needed \
             to references/"
        );
        remarks.push(skill.warning(&skill.file, 1, "too-long", message));
    }
    for (page, text) in skill.pages() {
        if page != skill.file && text.lines().count() > MAX_WITHOUT_CONTENTS && !has_contents(&text) {
            let message = format!("more than {MAX_WITHOUT_CONTENTS} lines and no table of contents at the top");
            remarks.push(skill.warning(page, 1, "missing-contents", message));
        }
        if let Some((offset, c)) =
            text.char_indices().find(|(offset, c)| is_hidden(*c) && (*offset > 0 || *c != '\u{feff}'))
        {
            let message = format!("the invisible character U+{:04X}: agents read it, people don't", c as u32);
            remarks.push(skill.error(page, line_at(&text, offset), "hidden-text", message));
        }
        if let Some((offset, what)) = secret(&text) {
            let message = format!("{what}: take it out and revoke it");
            remarks.push(skill.error(page, line_at(&text, offset), "secret", message));
        }
    }
    remarks
}

/// Two links into the page itself near its top, or a heading that says so.
fn has_contents(text: &str) -> bool {
    let top = || text.lines().take(CONTENTS_WITHIN);
    let links = top().map(|line| line.matches("](#").count()).sum::<usize>();
    links >= 2 || top().any(|line| line.starts_with('#') && line.to_lowercase().contains("contents"))
}

/// Zero-width characters, marks that turn the direction of text, and tags.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{e0000}'..='\u{e007f}')
}

/// What looks like a credential of a well-known kind: how it begins and how long it is at least.
fn secret(text: &str) -> Option<(usize, &'static str)> {
    const KINDS: [(&str, usize, &str); 6] = [
        ("AKIA", 16, "an access key of AWS"),
        ("ghp_", 36, "a token of GitHub"),
        ("github_pat_", 40, "a token of GitHub"),
        ("sk-ant-", 40, "a key of Anthropic"),
        ("xoxb-", 30, "a token of Slack"),
        ("sk_live_", 20, "a key of Stripe"),
    ];
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let found = KINDS.iter().find_map(|(begin, length, what)| {
        text.match_indices(begin).find_map(|(at, _)| {
            let rest = text[at + begin.len()..].chars().take_while(|c| is_part(*c)).count();
            (rest >= *length && !text[at..].starts_with("AKIAIOSFODNN7EXAMPLE")).then_some((at, *what))
        })
    });
    found.or_else(|| {
        let at = text.find("-----BEGIN ")?;
        let line = text[at..].lines().next()?;
        let body = text[at..].lines().nth(1).unwrap_or_default();
        (line.contains("PRIVATE KEY") && body.len() >= 60).then_some((at, "a private key"))
    })
}
