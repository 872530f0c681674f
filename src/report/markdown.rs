//! Markdown for the terminal: headings, paragraphs, lists, code. What the rule sections use.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::style::{BOLD, CODE, DIM, RESET};
use super::text::wrap;

/// Renders a section; no line of prose is wider than `width` columns.
pub fn render(markdown: &str, width: usize) -> String {
    let mut page = Page { out: String::new(), text: String::new(), bullets: Vec::new(), first: None };
    let mut code: Option<String> = None;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { .. }) => page.flush(width),
            Event::End(TagEnd::Heading(level)) => {
                let title = std::mem::take(&mut page.text);
                let rule = if level as usize <= 2 { CODE } else { "" };
                page.blank();
                page.out.push_str(&format!("{BOLD}{rule}{}{RESET}\n", title.trim()));
            }
            Event::End(TagEnd::Paragraph) => {
                page.flush(width);
            }
            Event::Start(Tag::List(start)) => {
                page.flush(width);
                page.bullets.push(start);
            }
            Event::End(TagEnd::List(_)) => {
                page.bullets.pop();
            }
            Event::Start(Tag::Item) => page.first = Some(page.bullet()),
            Event::End(TagEnd::Item) => page.flush(width),
            Event::Start(Tag::CodeBlock(kind)) => {
                page.flush(width);
                if !page.after_heading() {
                    page.blank();
                }
                if let CodeBlockKind::Fenced(info) = &kind
                    && let Some(file) = info.split_whitespace().find_map(|word| word.strip_prefix("file="))
                {
                    page.out.push_str(&format!("  {DIM}{}{RESET}\n", file.trim_matches('"')));
                }
                code = Some(String::new());
            }
            Event::End(TagEnd::CodeBlock) => {
                for line in code.take().unwrap_or_default().lines() {
                    page.out.push_str(if line.is_empty() { "\n" } else { "    " });
                    if !line.is_empty() {
                        page.out.push_str(&format!("{CODE}{line}{RESET}\n"));
                    }
                }
            }
            Event::Text(text) => code.as_mut().unwrap_or(&mut page.text).push_str(&text),
            Event::Code(text) => page.text.push_str(&format!("{CODE}`{text}`{RESET}")),
            Event::Start(Tag::Strong) => page.text.push_str(BOLD),
            Event::End(TagEnd::Strong) => page.text.push_str(RESET),
            Event::SoftBreak | Event::HardBreak => page.text.push(' '),
            _ => {}
        }
    }
    page.flush(width);
    page.out
}

struct Page {
    out: String,
    text: String,
    /// The open lists: the next number of an ordered one.
    bullets: Vec<Option<u64>>,
    /// The bullet of an item whose text has not come yet.
    first: Option<String>,
}

impl Page {
    /// A blank line, except at the start and after one.
    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn bullet(&mut self) -> String {
        let indent = "  ".repeat(self.bullets.len().saturating_sub(1));
        match self.bullets.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{indent}{}. ", *number - 1)
            }
            _ => format!("{indent}- "),
        }
    }

    /// Writes the paragraph that was collected.
    fn flush(&mut self, width: usize) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        let first = self.first.take();
        if first.is_none() && self.bullets.is_empty() && !self.after_heading() {
            self.blank();
        }
        let first = first.unwrap_or_else(|| "  ".repeat(self.bullets.len()));
        let rest = " ".repeat(first.chars().count());
        self.out.push_str(&wrap(&text, &first, &rest, width));
    }

    fn after_heading(&self) -> bool {
        self.out.lines().next_back().is_some_and(|line| line.starts_with(BOLD) && line.ends_with(RESET))
    }
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn renders_a_section() {
        let text = "## a/b\n**error** · confidence high · Go\n\nWhat `x` is\nabout.\n\n### Fix\n1. one\n2. two words\n\n- deep\n\n```go file=m.go\nf()\n\n  g()\n```\n\nAfter.\n";
        let plain = anstream::adapter::strip_str(&render(text, 40)).to_string();
        insta::assert_snapshot!(plain, @r"
        a/b
        error · confidence high · Go

        What `x` is about.

        Fix
        1. one
        2. two words
        - deep

          m.go
            f()

              g()

        After.
        ");
    }
}
