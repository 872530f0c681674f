//! Fenced code in Markdown.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::Span;

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The line of its first line of code, counted from 1.
    pub line: usize,
    /// What it is: the ending of a file.
    pub ending: &'static str,
    /// `file=` of the info string.
    pub path: Option<String>,
    /// The code.
    pub text: String,
    /// Pieces of the code that stand in the page as they are: the offset in the code, and the one in the page.
    parts: Vec<(u32, u32)>,
    /// The number of its heading.
    pub section: usize,
    /// It shows how not to do it.
    pub is_bad: bool,
}

impl Block {
    /// Where a part of the code stands in the page.
    pub fn in_page(&self, span: Span) -> Span {
        let at = |offset: u32| {
            let part = self.parts.iter().rev().find(|(start, _)| *start <= offset);
            part.map_or(0, |(start, page)| page + (offset - start))
        };
        Span { start: at(span.start), end: at(span.end) }
    }

    /// Several blocks as the documents of one file of this path; none of none.
    pub fn joined<'b>(path: &str, blocks: impl IntoIterator<Item = &'b Block>) -> Option<Block> {
        let mut blocks = blocks.into_iter();
        let mut out = Block { path: Some(path.to_owned()), ..blocks.next()?.clone() };
        for block in blocks {
            out.text.push_str("\n---\n");
            let shift = out.text.len() as u32;
            out.parts.extend(block.parts.iter().map(|(start, page)| (start + shift, *page)));
            out.text.push_str(&block.text);
        }
        Some(out)
    }
}

/// The samples of a page: blocks, and the named files of one section together.
pub fn samples(text: &str) -> Vec<Vec<Block>> {
    let mut out: Vec<Vec<Block>> = Vec::new();
    for block in blocks(text) {
        let joins = |group: &Vec<Block>| {
            let first = group.first();
            block.path.is_some() && first.is_some_and(|f| f.path.is_some() && f.section == block.section)
        };
        match out.last_mut().filter(|group| joins(group)) {
            Some(group) => group.push(block),
            None => out.push(vec![block]),
        }
    }
    out
}

/// The fenced blocks of a page in languages that are read, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let (mut found, mut section, mut heading) = (Vec::new(), 0, None::<String>);
    let (mut is_bad, mut paragraph) = (false, String::new());
    let mut open: Option<Block> = None;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                section += 1;
                is_bad = warns(&heading.take().unwrap_or_default());
                paragraph.clear();
            }
            Event::Start(Tag::Paragraph) => paragraph.clear(),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let Some(ending) = ending(&info) else { continue };
                let path = info.split_whitespace().find_map(|word| word.strip_prefix("file="));
                open = Some(Block {
                    line: text[..range.start].matches('\n').count() + 2,
                    ending,
                    path: path.map(|path| path.trim_matches('"').to_owned()),
                    text: String::new(),
                    parts: Vec::new(),
                    section,
                    is_bad: is_bad || warns(paragraph.lines().last().unwrap_or_default()),
                });
            }
            Event::End(TagEnd::CodeBlock) => {
                // Components are often fenced as plain TypeScript.
                if let Some(block) = open.as_mut().filter(|b| b.ending == "ts" && b.path.is_none()) {
                    block.ending = if ["</", "/>"].iter().any(|mark| block.text.contains(mark)) { "tsx" } else { "ts" };
                }
                found.extend(open.take());
            }
            Event::Text(part) | Event::Code(part) => match (&mut open, &mut heading) {
                (Some(block), _) => {
                    block.parts.push((block.text.len() as u32, range.start as u32));
                    block.text.push_str(&part);
                }
                (None, Some(heading)) => heading.push_str(&part),
                (None, None) => paragraph.push_str(&part),
            },
            Event::SoftBreak => paragraph.push('\n'),
            _ => {}
        }
    }
    found
}

/// True for words with which one shows how not to do it.
fn warns(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words =
        ["bad", "wrong", "don't", "do not", "never", "avoid", "anti-pattern", "antipattern", "before", "incorrect"];
    let has_word = |word: &&str| {
        lower.match_indices(*word).any(|(at, _)| {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            edge(lower[..at].chars().next_back()) && edge(lower[at + word.len()..].chars().next())
        })
    };
    words.iter().any(has_word) || text.contains(['❌', '✗', '✘', '⛔'])
}

fn ending(info: &str) -> Option<&'static str> {
    let language = info.split([' ', ',', '{', '\t']).next().unwrap_or_default().to_ascii_lowercase();
    Some(match language.as_str() {
        "python" | "py" | "python3" => "py",
        "typescript" | "ts" => "ts",
        "tsx" => "tsx",
        "javascript" | "js" | "mjs" | "node" => "js",
        "jsx" => "jsx",
        "java" => "java",
        "kotlin" | "kt" => "kt",
        "go" | "golang" => "go",
        "csharp" | "cs" | "c#" => "cs",
        "json" | "jsonc" => "json",
        "yaml" | "yml" => "yaml",
        "toml" => "toml",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_code_is_found_in_the_page() {
        let page = "# Clients\n\n1. First:\n\n   ```python\n   a = 1\n   b = 2\n   ```\n";
        let blocks = blocks(page);
        let [block] = blocks.as_slice() else { panic!("{blocks:?}") };
        assert_eq!(block.text, "a = 1\nb = 2\n");
        let at = block.in_page(Span { start: 6, end: 11 });
        assert_eq!(&page[at.start as usize..at.end as usize], "b = 2");
    }
}
