//! Where a byte stands in lines and columns, for output.

use super::Span;

/// The starts of the lines of one text. Building it costs one pass; a look-up is a binary search.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    len: u32,
}

impl LineIndex {
    /// The index of `text`. Lines end at `\n`; a `\r` before it belongs to the line end.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| Span::new(i + 1, i + 1).start));
        LineIndex { starts, len: Span::new(text.len(), text.len()).start }
    }

    /// How many lines there are; a text that ends in a newline has an empty last line.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The 1-based line of a byte offset. An offset behind the end is on the last line.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&start| start <= offset) as u32
    }

    /// The 1-based line and column of a byte offset in `text`, the text the index was built from.
    /// Columns count characters (Unicode scalar values). An offset behind the end means the end, and
    /// one inside a character means that character.
    pub fn line_col(&self, text: &str, offset: u32) -> (u32, u32) {
        let mut offset = offset.min(self.len);
        while !text.is_char_boundary(offset as usize) && offset > 0 {
            offset -= 1;
        }
        let line = self.line(offset);
        let start = self.starts.get(line as usize - 1).copied().unwrap_or(0);
        let before = text.get(start as usize..offset as usize).unwrap_or("");
        let before = if start == 0 { before.strip_prefix('\u{feff}').unwrap_or(before) } else { before };
        (line, before.chars().count() as u32 + 1)
    }

    /// The bytes of a 1-based line without its line end; none when there is no such line.
    pub fn line_span(&self, text: &str, line: u32) -> Option<Span> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.len);
        let body = text.get(start as usize..end as usize)?;
        let body = body.strip_suffix('\n').unwrap_or(body);
        let body = body.strip_suffix('\r').unwrap_or(body);
        Some(Span::new(start as usize, start as usize + body.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let text = "ab\r\näöx\n";
        let index = LineIndex::new(text);
        assert_eq!(index.line_col(text, 0), (1, 1));
        assert_eq!(index.line_col(text, 4), (2, 1));
        assert_eq!(index.line_col(text, 8), (2, 3));
        assert_eq!(index.line_col(text, 5), (2, 1), "inside ä means ä");
        assert_eq!(index.line_col(text, 999), (3, 1));
        assert_eq!(index.lines(), 3);
    }

    #[test]
    fn a_line_comes_without_its_end() {
        let text = "ab\r\ncd";
        let index = LineIndex::new(text);
        let of = |line| index.line_span(text, line).map(|s| &text[s.start as usize..s.end as usize]);
        assert_eq!((of(1), of(2), of(3), of(0)), (Some("ab"), Some("cd"), None, None));
    }

    #[test]
    fn an_empty_text_has_one_line() {
        let index = LineIndex::new("");
        assert_eq!((index.lines(), index.line_col("", 0)), (1, (1, 1)));
    }

    proptest::proptest! {
        #[test]
        fn every_offset_lies_on_its_line(text in "\\PC{0,40}(\n|\r\n)?\\PC{0,40}", offset in 0u32..100) {
            let index = LineIndex::new(&text);
            let (line, column) = index.line_col(&text, offset);
            proptest::prop_assert!(column >= 1);
            let span = index.line_span(&text, line).unwrap();
            proptest::prop_assert!(span.start <= offset && span.end as usize <= text.len());
        }
    }
}
