//! YAML to [`Node`]s. The only file that knows the parser's events.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use super::super::Span;
use super::node::{Entry, Kind, Node, Scalar, plain_type};
use super::{DataError, MAX_DEPTH, MAX_VALUES};

/// What a YAML file says.
#[derive(Clone, Debug, Default)]
pub struct Yaml {
    /// The root of every document that could be read; a document without content is null.
    pub documents: Vec<Node>,
    /// Keys that occur twice in one map.
    pub duplicates: Vec<DuplicateKey>,
    /// What could not be read. Documents behind a broken one are read all the same.
    pub errors: Vec<DataError>,
    /// True when the file could not be read and has `{{ … }}` in it: a template (Helm, Jinja) that only
    /// becomes YAML later. It is not broken, it is not checked.
    pub is_template: bool,
}

/// A key that occurs twice in one map; the last one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The key.
    pub key: String,
    /// Where it stands first.
    pub first: Span,
    /// Where it stands again.
    pub second: Span,
}

impl Yaml {
    /// The first document.
    ///
    /// # Errors
    /// The first thing that could not be read. A file without any document is null.
    pub fn single(self) -> Result<Node, DataError> {
        match self.errors.into_iter().next() {
            Some(error) => Err(error),
            None => {
                let null = || Node::scalar("", Scalar::Null, Span::default());
                Ok(self.documents.into_iter().next().unwrap_or_else(null))
            }
        }
    }
}

/// Reads a YAML file of any number of documents.
pub fn yaml(text: &str) -> Yaml {
    parse(text, KEY_LOOKAHEAD)
}

/// YAML's own limit on the length of a key.
const KEY_LOOKAHEAD: usize = 1024;

pub(super) fn parse(text: &str, key_lookahead: usize) -> Yaml {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    options.simple_key_max_lookahead = key_lookahead;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut yaml = Yaml::default();
    let mut builder = Builder::default();
    while let Some(next) = parser.next_event() {
        let step = next
            .map_err(|error| scan_error(&error, text))
            .and_then(|(event, span)| builder.event(event, span.byte_range().unwrap_or(0..0), &mut yaml.duplicates));
        match step {
            Ok(None) => {}
            Ok(Some(document)) => yaml.documents.push(document),
            Err(error) => {
                yaml.errors.push(error);
                // One report a document, and an end to files of nothing but broken documents.
                if yaml.errors.len() >= MAX_ERRORS || !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    yaml.is_template = !yaml.errors.is_empty() && has_template_action(text);
    yaml
}

fn has_template_action(text: &str) -> bool {
    let open = memchr::memmem::find(text.as_bytes(), b"{{");
    open.is_some_and(|open| memchr::memmem::find(&text.as_bytes()[open..], b"}}").is_some())
}

const MAX_ERRORS: usize = 20;

fn scan_error(error: &ScanError, text: &str) -> DataError {
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    DataError::new(error.kind().to_string(), Span::new(at, end))
}

/// Puts events together to trees.
#[derive(Default)]
struct Builder {
    stack: Vec<Frame>,
    anchors: HashMap<usize, Sized>,
    /// Values so far, aliases expanded.
    values: u64,
}

/// A node with how deep and how large it is when its aliases are expanded.
#[derive(Clone)]
struct Sized {
    node: Node,
    depth: usize,
    values: u64,
}

/// A list or map that is not closed yet.
struct Frame {
    start: usize,
    anchor: usize,
    tag: Option<smol_str::SmolStr>,
    depth: usize,
    values: u64,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<Node> },
}

impl Builder {
    fn event(
        &mut self,
        event: Event<'_>,
        range: Range<usize>,
        duplicates: &mut Vec<DuplicateKey>,
    ) -> Result<Option<Node>, DataError> {
        let span = Span::new(range.start, range.end);
        let (done, anchor) = match event {
            Event::DocumentStart(..) => {
                self.stack.clear();
                self.anchors.clear();
                return Ok(None);
            }
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag.as_deref(), span), anchor),
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::SequenceStart(_, anchor, tag) => {
                self.open(range.start, anchor, tag.as_deref(), Content::List(Vec::new()));
                return Ok(None);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(range.start, anchor, tag.as_deref(), Content::Map { entries: Vec::new(), key: None });
                return Ok(None);
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(frame) => close(frame, range.end, duplicates),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, done.clone());
        }
        self.add(done)
    }

    fn open(&mut self, start: usize, anchor: usize, tag: Option<&Tag>, content: Content) {
        self.stack.push(Frame { start, anchor, tag: custom_tag(tag), depth: 0, values: 0, content });
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Option<Node>, DataError> {
        let Some(target) = self.anchors.get(&anchor).cloned() else {
            return Err(DataError::new("an alias inside the value that it stands for", span));
        };
        self.values = self.values.saturating_add(target.values);
        if self.values > MAX_VALUES {
            return Err(DataError::new(format!("the aliases expand to more than {MAX_VALUES} values"), span));
        }
        if self.stack.len() + target.depth > MAX_DEPTH {
            return Err(DataError::new(format!("the aliases nest deeper than {MAX_DEPTH} levels"), span));
        }
        self.add(target)
    }

    /// Hangs a finished value into the innermost open one; hands back the root.
    fn add(&mut self, done: Sized) -> Result<Option<Node>, DataError> {
        let Some(frame) = self.stack.last_mut() else { return Ok(Some(done.node)) };
        frame.depth = frame.depth.max(done.depth);
        frame.values = frame.values.saturating_add(done.values);
        match &mut frame.content {
            Content::List(items) => items.push(done.node),
            Content::Map { entries, key } => match key.take() {
                None => *key = Some(done.node),
                Some(key) => entries.push(Entry { key, value: done.node }),
            },
        }
        Ok(None)
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Sized {
    let kind = match tag.and_then(Tag::core_suffix) {
        Some("str") => Scalar::Str,
        _ if style == ScalarStyle::Plain => plain_type(text),
        _ => Scalar::Str,
    };
    let node = Node { span, tag: custom_tag(tag), kind: Kind::Scalar(text.into(), kind) };
    Sized { node, depth: 0, values: 1 }
}

fn custom_tag(tag: Option<&Tag>) -> Option<smol_str::SmolStr> {
    tag.filter(|tag| tag.core_suffix().is_none()).map(|tag| tag.original().into())
}

fn close(frame: Frame, end: usize, duplicates: &mut Vec<DuplicateKey>) -> (Sized, usize) {
    let span = Span::new(frame.start, end);
    let kind = match frame.content {
        Content::List(items) => Kind::List(items.into()),
        Content::Map { entries, .. } => {
            report_duplicates(&entries, duplicates);
            Kind::Map(entries.into())
        }
    };
    let node = Node { span, tag: frame.tag, kind };
    (Sized { node, depth: frame.depth + 1, values: frame.values.saturating_add(1) }, frame.anchor)
}

fn report_duplicates(entries: &[Entry], duplicates: &mut Vec<DuplicateKey>) {
    let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
    for entry in entries {
        let Some(key) = entry.key.text() else { continue };
        // Several merge keys in one map are common and understood.
        if key == "<<" {
            continue;
        }
        match seen.get(key) {
            Some(&first) => duplicates.push(DuplicateKey { key: key.to_owned(), first, second: entry.key.span }),
            None => {
                seen.insert(key, entry.key.span);
            }
        }
    }
}
