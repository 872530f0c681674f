//! Reads `references/rules.md`: a section for each rule, headed by its id.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

use super::{Example, ExampleFile, RuleDoc};
use crate::rules::{Confidence, Severity};

/// What is wrong with a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, counted from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// The rules of a document in its order, and what is wrong with it. A section with a wrong head is
/// left out.
pub fn parse(text: &str) -> (Vec<RuleDoc>, Vec<Fault>) {
    let (mut docs, mut faults) = (Vec::new(), Vec::new());
    for (id, range) in sections(text) {
        let line = text.get(..range.start).map_or(0, |before| before.matches('\n').count()) + 1;
        match section(&id, text.get(range).unwrap_or_default()) {
            Ok(doc) => {
                for (name, examples) in [("Bad", &doc.bad), ("Good", &doc.good)] {
                    if examples.is_empty() {
                        faults.push(Fault { line, reason: format!("`{id}` has no `### {name}` example") });
                    } else if examples.iter().any(|example| example.files.is_empty()) {
                        faults.push(Fault {
                            line,
                            reason: format!("`{id}` has a `### {name}` without a fence with `file=`"),
                        });
                    }
                }
                docs.push(doc);
            }
            Err(reason) => faults.push(Fault { line, reason: format!("`{id}`: {reason}") }),
        }
    }
    (docs, faults)
}

/// The second-level headings that are rule ids, each with the bytes to the next heading of its level.
fn sections(text: &str) -> Vec<(String, Range<usize>)> {
    let mut found: Vec<(Option<String>, usize)> = Vec::new();
    let mut heading: Option<(usize, String)> = None;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. }) => {
                heading = Some((range.start, String::new()));
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1 | HeadingLevel::H2)) => {
                if let Some((start, title)) = heading.take() {
                    found.push((is_id(&title).then_some(title), start));
                }
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some((_, title)) = &mut heading {
                    title.push_str(&part);
                }
            }
            _ => {}
        }
    }
    let ends = found.iter().skip(1).map(|(_, start)| *start).chain([text.len()]).collect::<Vec<_>>();
    found.into_iter().zip(ends).filter_map(|((id, start), end)| Some((id?, start..end))).collect()
}

/// `<skill>/<rule-name>` in lower case with hyphens.
fn is_id(title: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    title.split_once('/').is_some_and(|(skill, name)| word(skill) && word(name))
}

fn section(id: &str, markdown: &str) -> Result<RuleDoc, String> {
    let mut doc = RuleDoc {
        id: id.to_owned(),
        severity: Severity::Warning,
        confidence: Confidence::High,
        languages: Vec::new(),
        summary: String::new(),
        markdown: format!("{}\n", markdown.trim_end()),
        bad: Vec::new(),
        good: Vec::new(),
    };
    let mut paragraphs = 0;
    let mut text = String::new();
    let mut under = String::new();
    let mut fence: Option<(String, String)> = None;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Paragraph | Tag::Heading { .. }) => text.clear(),
            Event::End(TagEnd::Paragraph) => {
                paragraphs += 1;
                match paragraphs {
                    1 => head(&text, &mut doc)?,
                    2 if under.is_empty() => doc.summary = text.split_whitespace().collect::<Vec<_>>().join(" "),
                    _ => {}
                }
            }
            Event::End(TagEnd::Heading(HeadingLevel::H3)) => {
                under = text.trim().to_owned();
                match under.as_str() {
                    "Bad" => doc.bad.push(Example::default()),
                    "Good" => doc.good.push(Example::default()),
                    _ => {}
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                fence = Some((info.to_string(), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                let Some((info, text)) = fence.take() else { continue };
                let examples = match under.as_str() {
                    "Bad" => &mut doc.bad,
                    "Good" => &mut doc.good,
                    _ => continue,
                };
                let mut words = info.split_whitespace();
                let language = words.next().unwrap_or_default().to_owned();
                let Some(path) = words.find_map(|word| word.strip_prefix("file=")) else { continue };
                if let Some(example) = examples.last_mut() {
                    example.files.push(ExampleFile { path: path.trim_matches('"').to_owned(), language, text });
                }
            }
            Event::Text(part) => match &mut fence {
                Some((_, code)) => code.push_str(&part),
                None => text.push_str(&part),
            },
            Event::Code(part) => {
                text.push('`');
                text.push_str(&part);
                text.push('`');
            }
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    if doc.summary.is_empty() {
        return Err("no summary below the line with the severity".to_owned());
    }
    Ok(doc)
}

/// Reads `error · confidence high · Python, TypeScript`.
fn head(line: &str, doc: &mut RuleDoc) -> Result<(), String> {
    let mut parts = line.split('·').map(str::trim);
    doc.severity = match parts.next() {
        Some("error") => Severity::Error,
        Some("warning") => Severity::Warning,
        Some("info") => Severity::Info,
        other => {
            return Err(format!(
                "the line below the heading begins with `{}`, not with a severity",
                other.unwrap_or_default()
            ));
        }
    };
    doc.confidence = match parts.next() {
        Some("confidence high") => Confidence::High,
        Some("confidence medium") => Confidence::Medium,
        Some("confidence low") => Confidence::Low,
        other => return Err(format!("`{}` is no confidence", other.unwrap_or_default())),
    };
    let languages = parts.next().unwrap_or_default();
    doc.languages = languages.split(',').map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
    if doc.languages.is_empty() {
        return Err("the line below the heading names no language".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::rules::{Confidence, Severity};

    const FIXTURE: &str = "# Rules

Intro.

## demo/one
**error** · confidence medium · Python, TypeScript

A call to `get` has
no timeout.

More.

### Why
Because.

### Bad
Some words.
```python file=a/client.py
## demo/not-a-heading
get()
```
```yaml file=compose.yaml
services: {}
```

### Bad
```ts file=b.ts
get()
```

### Good
```python file=a/client.py
get(timeout=1)
```

## Appendix
Nothing.

## demo/two
**fatal** · confidence high · Go

X.

## demo/three
**info** · confidence low · Go

Third.
";

    #[test]
    fn reads_sections_and_examples() {
        let (docs, _) = parse(FIXTURE);
        assert_eq!(docs.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["demo/one", "demo/three"]);
        let one = &docs[0];
        assert_eq!((one.severity, one.confidence), (Severity::Error, Confidence::Medium));
        assert_eq!(one.languages, ["Python", "TypeScript"]);
        assert_eq!(one.summary, "A call to `get` has no timeout.");
        assert!(one.markdown.starts_with("## demo/one\n") && one.markdown.ends_with("```\n"));
        let paths = |examples: &[crate::skills::Example]| -> Vec<Vec<String>> {
            examples.iter().map(|e| e.files.iter().map(|f| f.path.clone()).collect()).collect()
        };
        assert_eq!(paths(&one.bad), [vec!["a/client.py", "compose.yaml"], vec!["b.ts"]]);
        assert_eq!(one.bad[0].files[0].text, "## demo/not-a-heading\nget()\n");
        assert_eq!(one.bad[0].files[1].language, "yaml");
        assert_eq!(paths(&one.good), [["a/client.py"]]);
    }

    #[test]
    fn says_what_is_wrong() {
        let (_, faults) = parse(FIXTURE);
        let faults: Vec<_> = faults.iter().map(|f| format!("{}: {}", f.line, f.reason)).collect();
        assert_eq!(
            faults,
            [
                "39: `demo/two`: the line below the heading begins with `fatal`, not with a severity",
                "44: `demo/three` has no `### Bad` example",
                "44: `demo/three` has no `### Good` example",
            ]
        );
    }
}
