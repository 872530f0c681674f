//! Source excerpts with labels, drawn by miette over our own line index.

use std::fmt;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents,
};

use super::text::printable;
use crate::findings::Source;
use crate::syntax::Span;

/// Longer excerpts (minified code, data on one line) are cut to a window around the label.
const MAX_BYTES: usize = 2000;
const WINDOW: usize = 60;

/// A place to point at.
pub(super) struct Label {
    /// Its bytes; what lies beyond their first line is not drawn.
    pub(super) span: Span,
    /// What to write there.
    pub(super) text: Option<String>,
}

/// Draws the labelled lines of one file. The first label names the position in the head.
pub(super) fn excerpt(name: &str, source: &Source, labels: &[Label], severity: Severity, width: usize) -> String {
    let code = Code { name: printable(name).into_owned(), text: source.printable(), source };
    let labels = labels.iter().enumerate().map(|(index, label)| {
        let range = short(source, label.span);
        let span = SourceSpan::from((range.start, range.len()));
        let text = label.text.as_deref().map(|text| printable(text).into_owned());
        if index == 0 { LabeledSpan::new_primary_with_span(text, span) } else { LabeledSpan::new_with_span(text, span) }
    });
    let drawing = Drawing { code, labels: labels.collect(), severity };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode())
        .with_links(false)
        .with_width(width)
        .with_context_lines(1)
        .tab_width(4);
    let mut out = String::new();
    if handler.render_report(&mut out, &drawing).is_err() {
        return String::new();
    }
    // miette begins with the message; ours stands above, in our own form.
    out.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

/// What of a span is underlined: on its first line, at most one window.
fn short(source: &Source, span: Span) -> Range<usize> {
    let range = source.first_line(span);
    range.start..source.floor(range.end.min(range.start + 2 * WINDOW))
}

struct Code<'s> {
    name: String,
    text: &'s str,
    source: &'s Source,
}

impl SourceCode for Code<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let (line, last) = (self.source.line_of(start), self.source.line_of(end.saturating_sub(1).max(start)));
        let mut first = line.saturating_sub(before);
        let mut range =
            self.source.line_range(first).start..self.source.line_range(last + after).end.min(self.text.len());
        // Without context miette asks for a position only.
        let position_only = before == 0 && after == 0;
        if position_only {
            range = start..end;
            first = line;
        } else if range.len() > MAX_BYTES {
            let begin = self.source.floor(start.saturating_sub(WINDOW)).max(self.source.line_range(line).start);
            let stop = self.source.floor(end + WINDOW).min(self.source.line_range(last).end).max(end);
            range = begin..stop;
            first = line;
        }
        let line_start = self.source.line_range(first).start;
        let column = self.text.get(line_start..range.start).map_or(0, |text| text.chars().count());
        let lines = last + after + 1 - first.min(last + after);
        let data = self.text.as_bytes().get(range.clone()).ok_or(MietteError::OutOfBounds)?;
        let whole = SourceSpan::from((range.start, range.len()));
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, whole, first, column, lines)))
    }
}

struct Drawing<'s> {
    code: Code<'s>,
    labels: Vec<LabeledSpan>,
    severity: Severity,
}

impl Diagnostic for Drawing<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl fmt::Debug for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drawing")
    }
}

impl std::error::Error for Drawing<'_> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Label, excerpt};
    use crate::findings::Source;
    use crate::syntax::Span;

    fn draw(text: &str, spans: &[(usize, usize)]) -> String {
        let labels: Vec<_> =
            spans.iter().map(|(a, b)| Label { span: Span::new(*a, *b), text: Some("here".into()) }).collect();
        let drawn = excerpt("a.py", &Source::new(text.into()), &labels, miette::Severity::Error, 80);
        anstream::adapter::strip_str(&drawn).to_string()
    }

    #[test]
    fn distant_labels_do_not_draw_what_lies_between() {
        let text = (0..500).map(|n| format!("line {n}\n")).collect::<String>();
        let far = text.find("line 400").unwrap();
        let drawn = draw(&text, &[(0, 4), (far, far + 4)]);
        assert!(drawn.contains("line 400") && drawn.contains("[a.py:401:1]"), "{drawn}");
        assert!(drawn.lines().count() < 20, "{drawn}");
    }

    #[test]
    fn a_huge_line_is_cut_around_the_label() {
        let text = format!("{}TARGET{}\n", "é".repeat(100_000), "y".repeat(100_000));
        let drawn = draw(&text, &[(200_000, 200_006)]);
        assert!(drawn.contains("TARGET") && drawn.contains("[a.py:1:100001]"), "{drawn}");
        assert!(drawn.len() < 2000, "{}", drawn.len());
    }

    #[test]
    fn an_empty_or_shrunken_file_still_has_a_place() {
        assert!(draw("", &[(0, 0)]).contains("a.py"));
        assert!(draw("x\n", &[(90, 120)]).contains("a.py"));
    }

    proptest! {
        #[test]
        fn any_text_and_span_is_drawn(text in "(\\PC|\n|\r|\t){0,80}", a in 0usize..200, b in 0usize..200, c in 0usize..200) {
            let drawn = draw(&text, &[(a, b.max(a)), (c, c + 5)]);
            prop_assert!(drawn.contains("a.py"));
            prop_assert!(!drawn.contains("Failed"), "{}", drawn);
        }
    }
}
