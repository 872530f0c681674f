//! A Dockerfile's instructions: continuation lines joined, comments dropped, heredocs attached.

use crate::syntax::Span;

/// One instruction.
pub(super) struct Instruction {
    /// The keyword in capitals.
    pub(super) keyword: String,
    /// What stands behind it, continuation lines joined by nothing, as the builder does.
    pub(super) rest: Text,
    /// The bodies of its heredocs.
    pub(super) heredocs: Vec<String>,
    /// All of it.
    pub(super) span: Span,
}

/// Text put together from several lines, that knows where its bytes come from.
#[derive(Default)]
pub(super) struct Text {
    pub(super) text: String,
    /// (offset in `text`, offset in the file), ascending.
    pieces: Vec<(usize, usize)>,
}

impl Text {
    fn push(&mut self, text: &str, at: usize) {
        self.pieces.push((self.text.len(), at));
        self.text.push_str(text);
    }

    /// Where a byte of the text stands in the file.
    fn offset(&self, at: usize) -> usize {
        let index = self.pieces.partition_point(|&(start, _)| start <= at);
        match index.checked_sub(1).and_then(|i| self.pieces.get(i)) {
            Some(&(start, file)) => file + (at - start),
            None => 0,
        }
    }

    /// Where a range of the text stands in the file.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        match end > start {
            true => Span::new(self.offset(start), self.offset(end - 1) + 1),
            false => Span::new(self.offset(start), self.offset(start)),
        }
    }

    /// The words with their ranges, split at blanks outside quotes.
    pub(super) fn words(&self, from: usize) -> Vec<(usize, usize)> {
        let mut words = Vec::new();
        let mut start = None;
        let mut quote = None;
        for (i, c) in self.text.char_indices().skip_while(|&(i, _)| i < from) {
            match (quote, c) {
                (Some(q), c) if c == q => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => {
                    quote = Some(c);
                    start.get_or_insert(i);
                }
                (None, c) if c.is_whitespace() => words.extend(start.take().map(|start| (start, i))),
                (None, _) => {
                    start.get_or_insert(i);
                }
            }
        }
        words.extend(start.map(|start| (start, self.text.len())));
        words
    }
}

/// All instructions of a Dockerfile.
pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let escape = escape_character(text);
    let mut lines = Lines { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let mut found = Vec::new();
    while let Some((start, line)) = lines.next() {
        let trimmed = line.trim_start();
        if trimmed.trim().is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let start = start + line.len() - trimmed.len();
        let keyword_len = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        // `CMD\` at the end of a line belongs to the next one.
        let keyword = trimmed[..keyword_len].trim_end_matches(escape);
        let rest_text = &trimmed[keyword.len()..];
        let blanks = rest_text.len() - rest_text.trim_start_matches([' ', '\t']).len();
        let mut rest = Text::default();
        let mut piece = &rest_text[blanks..];
        let mut piece_at = start + keyword.len() + blanks;
        let mut end = piece_at + piece.trim_end().len();
        loop {
            let body = piece.trim_end();
            let Some(body) = body.strip_suffix(escape) else {
                rest.push(body, piece_at);
                break;
            };
            rest.push(body, piece_at);
            // Comments and blank lines inside a continued instruction are dropped.
            let next = std::iter::from_fn(|| lines.next())
                .find(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
            let Some((at, line)) = next else { break };
            (piece, piece_at) = (line, at);
            end = at + line.trim_end().len();
        }
        let keyword = keyword.to_ascii_uppercase();
        let mut heredocs = Vec::new();
        if matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
            for (delimiter, tabs) in heredoc_delimiters(&rest.text) {
                let (body, body_end) = lines.heredoc(&delimiter, tabs);
                end = body_end.max(end);
                heredocs.push(body);
            }
        }
        found.push(Instruction { keyword, rest, heredocs, span: Span::new(start, end) });
    }
    found
}

/// The parser directive `# escape=` + a backtick, which Windows images use.
fn escape_character(text: &str) -> char {
    let directives = text.trim_start_matches('\u{feff}').lines().take_while(|line| line.starts_with('#'));
    for line in directives {
        let Some((name, value)) = line[1..].split_once('=') else { break };
        if name.trim().eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    /// The next line without its end, and where it starts.
    fn next(&mut self) -> Option<(usize, &'a str)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find('\n').unwrap_or(rest.len());
        let start = self.at;
        self.at = start + end + 1;
        Some((start, rest[..end].trim_end_matches('\r')))
    }

    /// The lines up to the delimiter, or to the end of the file, and where the last one ends.
    fn heredoc(&mut self, delimiter: &str, tabs: bool) -> (String, usize) {
        let mut body = String::new();
        let mut end = 0;
        while let Some((start, line)) = self.next() {
            end = start + line.len();
            let line = if tabs { line.trim_start_matches('\t') } else { line };
            if line == delimiter {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        (body, end)
    }
}

/// `<<EOF`, `<<-EOF`, `<<"EOF"`: the delimiters, and whether leading tabs are dropped.
fn heredoc_delimiters(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("<<") {
        rest = &rest[at + 2..];
        // `<<<` is a here-string of the shell.
        if rest.starts_with('<') {
            rest = rest.trim_start_matches('<');
            continue;
        }
        let (tabs, word) = rest.strip_prefix('-').map_or((false, rest), |word| (true, word));
        let word = word.trim_start_matches(['"', '\'']);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        if end > 0 && !word.starts_with(|c: char| c.is_ascii_digit()) {
            found.push((word[..end].to_owned(), tabs));
        }
    }
    found
}
