//! The texts behind findings: read again only for the files that have some, with a line index.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::printable::printable;
use crate::files::{self, File, Tree};
use crate::syntax::{FileId, Span};

/// Lines and columns count from 1; columns count characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A text with the start of each line.
#[derive(Clone, Debug)]
pub struct Source {
    text: String,
    lines: Vec<usize>,
    printable: OnceLock<Option<String>>,
}

impl Source {
    /// Indexes a text.
    pub fn new(text: String) -> Self {
        let mut lines = vec![0];
        lines.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Source { text, lines, printable: OnceLock::new() }
    }

    /// Reads a file as it was parsed, so that offsets mean the same; what can't be read any more is an empty text,
    /// invalid UTF-8 is replaced.
    pub fn read(file: &File) -> Self {
        if let Ok(text) = files::read(file) {
            return Source::new(text);
        }
        let bytes = match &file.content {
            Some(content) => content.to_vec(),
            None => std::fs::read(&file.absolute).unwrap_or_default(),
        };
        Source::new(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text with nothing in it that would steer a terminal, of the same length.
    pub fn printable(&self) -> &str {
        let changed = self.printable.get_or_init(|| match printable(&self.text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text),
        });
        changed.as_deref().unwrap_or(&self.text)
    }

    /// The nearest character boundary at or before an offset, within the text.
    pub fn floor(&self, offset: usize) -> usize {
        let mut at = offset.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// The line of an offset, counted from 0.
    pub fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The bytes of a line counted from 0, without its end.
    pub fn line_range(&self, line: usize) -> std::ops::Range<usize> {
        let start = self.lines.get(line).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line + 1).map_or(self.text.len(), |next| next - 1);
        let end = if end > start && self.text.as_bytes().get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        start..end.max(start)
    }

    /// The position of an offset.
    pub fn position(&self, offset: u32) -> Position {
        let offset = self.floor(offset as usize);
        let line = self.line_of(offset);
        let start = self.line_range(line).start;
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        Position { line: line + 1, column: column + 1 }
    }

    /// The positions of both ends of a span; the second is exclusive.
    pub fn positions(&self, span: Span) -> (Position, Position) {
        (self.position(span.start), self.position(span.end.max(span.start)))
    }

    /// What of the span stands on its first line, without blanks at the end.
    pub fn first_line(&self, span: Span) -> std::ops::Range<usize> {
        let start = self.floor(span.start as usize);
        let line = self.line_range(self.line_of(start));
        let end = self.floor(span.end as usize).min(line.end).max(start);
        let trimmed = self.text.get(start..end).map_or(0, |text| text.trim_end().len());
        start..start + trimmed
    }
}

/// The texts of some files of a tree.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    sources: HashMap<FileId, Source>,
    /// The places in files of other repositories, whose texts are not here.
    others: HashMap<FileId, Vec<Position>>,
}

impl Sources {
    /// Reads these files of the tree, in parallel.
    pub fn load(tree: &Tree, files: impl IntoIterator<Item = FileId>) -> Self {
        let mut files: Vec<FileId> = files.into_iter().filter(|id| tree.knows(*id)).collect();
        files.sort_unstable();
        files.dedup();
        let others = files.split_off(files.partition_point(|id| (id.0 as usize) < tree.files.len()));
        let sources = files.into_par_iter().map(|id| (id, Source::read(tree.file(id)))).collect();
        let positions = |id: &FileId| {
            let places = tree.other(*id)?.places.iter();
            let position = |(line, column): (u32, u32)| Position { line: line as usize, column: column as usize };
            Some((*id, places.map(|place| position((place.line, place.column))).collect()))
        };
        Sources { sources, others: others.iter().filter_map(positions).collect() }
    }

    /// The text of a file; `None` when it was not loaded.
    pub fn get(&self, file: FileId) -> Option<&Source> {
        self.sources.get(&file)
    }

    /// Where a place begins and ends; line 1, column 1 when the text is not there.
    pub fn positions(&self, place: crate::syntax::Place) -> (Position, Position) {
        let first = Position { line: 1, column: 1 };
        if let Some(places) = self.others.get(&place.file) {
            let at = places.get(place.span.start as usize).copied().unwrap_or(first);
            return (at, at);
        }
        self.get(place.file).map_or((first, first), |source| source.positions(place.span))
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, Source};
    use crate::files::File;
    use crate::syntax::Span;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let source = Source::new("a = 1\r\nüß = f()\n".into());
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(7), Position { line: 2, column: 1 });
        assert_eq!(source.position(14), Position { line: 2, column: 6 });
        assert_eq!(source.line_range(0), 0..5);
        assert_eq!(source.position(8), Position { line: 2, column: 1 }, "inside of a character");
        assert_eq!(source.position(900), Position { line: 3, column: 1 }, "beyond the end");
    }

    #[test]
    fn the_first_line_of_a_span() {
        let source = Source::new("f(\n  a,\n)\n".into());
        assert_eq!(source.first_line(Span::new(0, 9)), 0..2);
        assert_eq!(source.first_line(Span::new(50, 90)), 10..10);
    }

    #[test]
    fn lines_of_a_file_in_utf_16_are_those_of_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let absolute = folder.path().join("A.cs");
        let units = "\u{feff}using A;\r\nusing B;\r\nclass C {}\r\n".encode_utf16();
        std::fs::write(&absolute, units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).unwrap();
        let source = Source::read(&File { path: "A.cs".into(), absolute, ..File::default() });
        let at = source.text().find("class").unwrap() as u32;
        assert_eq!(source.position(at), Position { line: 3, column: 1 });
    }
}
