//! Renders a template with values and remembers where every part of the output comes from.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::expression::Expression;
use super::functions;
use super::parse::Node;
use super::value::{Item, Value};
use crate::facts::kube::HOLE;
use crate::syntax::{FileId, Place, Span};

/// The text of a template and its file.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// The file.
    pub file: FileId,
    /// Its text.
    pub text: &'t str,
}

/// Named templates, with the file each stands in.
pub type Partials<'t> = BTreeMap<&'t str, (Source<'t>, &'t [Node])>;

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The text.
    pub text: String,
    pieces: Vec<Piece>,
    /// Parts that are only there when a condition holds that could not be decided.
    pub assumed: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins in the output.
    start: usize,
    /// The text or the action it comes from.
    origin: Place,
    /// It is the text itself, byte by byte.
    verbatim: bool,
    /// Where the value is written that an action put out.
    value: Option<Place>,
}

impl Rendered {
    /// Where a part of the output comes from: the file of the values for a part that is a value as a
    /// whole, else the template.
    pub fn place(&self, span: Span) -> Place {
        let Some(first) = self.piece(span.start as usize) else {
            return Place::new(FileId(0), Span::default());
        };
        if let (false, Some(value)) = (first.verbatim, first.value) {
            return value;
        }
        let start = first.at(span.start as usize, false);
        let end = match self.piece((span.end as usize).saturating_sub(1).max(span.start as usize)) {
            Some(last) if last.origin.file == first.origin.file => last.at(span.end as usize, true),
            _ => first.origin.span.end as usize,
        };
        Place::new(first.origin.file, Span::new(start, end.max(start)))
    }

    fn piece(&self, at: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.start <= at);
        self.pieces.get(after.saturating_sub(1))
    }

    fn push(&mut self, text: &str, origin: Place, verbatim: bool, value: Option<Place>) {
        if !text.is_empty() {
            self.pieces.push(Piece { start: self.text.len(), origin, verbatim, value });
            self.text.push_str(text);
        }
    }
}

impl Piece {
    fn at(&self, offset: usize, end: bool) -> usize {
        let span = self.origin.span;
        if self.verbatim {
            (span.start as usize + offset.saturating_sub(self.start)).min(span.end as usize)
        } else if end {
            span.end as usize
        } else {
            span.start as usize
        }
    }
}

/// How deeply named templates may use each other.
const MAX_INCLUDES: usize = 24;
/// How many nodes are rendered for one file.
const MAX_STEPS: usize = 100_000;
/// How much text one file may become.
const MAX_BYTES: usize = 2 << 20;

/// Renders the nodes of a file. `root` is what `$` and the first `.` stand for.
pub fn render<'t>(source: Source<'t>, nodes: &'t [Node], partials: &'t Partials<'t>, root: &Item) -> Rendered {
    let mut renderer = Renderer { partials, root: root.clone(), steps: 0, bytes: 0, includes: 0 };
    let mut out = Rendered::default();
    let mut scope = Scope { dot: root.clone(), variables: Vec::new() };
    renderer.nodes(source, nodes, &mut scope, &mut out);
    out
}

/// What names mean.
#[derive(Clone, Debug)]
struct Scope {
    dot: Item,
    variables: Vec<(SmolStr, Item)>,
}

pub(super) struct Renderer<'t> {
    partials: &'t Partials<'t>,
    root: Item,
    steps: usize,
    bytes: usize,
    includes: usize,
}

impl<'t> Renderer<'t> {
    fn exhausted(&mut self) -> bool {
        self.steps += 1;
        self.steps > MAX_STEPS || self.bytes > MAX_BYTES
    }

    fn nodes(&mut self, source: Source<'t>, nodes: &'t [Node], scope: &mut Scope, out: &mut Rendered) {
        let depth = scope.variables.len();
        for node in nodes {
            if self.exhausted() {
                return;
            }
            self.node(source, node, scope, out);
        }
        scope.variables.truncate(depth);
    }

    fn node(&mut self, source: Source<'t>, node: &'t Node, scope: &mut Scope, out: &mut Rendered) {
        match node {
            Node::Text(span) => {
                let text = source.text.get(span.start as usize..span.end as usize).unwrap_or("");
                self.bytes += text.len();
                out.push(text, Place::new(source.file, *span), true, None);
            }
            Node::Put(expression, span) => {
                let item = self.eval(expression, scope);
                let text = printed(&item.value);
                self.bytes += text.len();
                out.push(&text, Place::new(source.file, *span), false, item.place);
            }
            Node::Set(name, expression) => {
                let item = self.eval(expression, scope);
                // `=` changes a variable of a block around.
                match scope.variables.iter_mut().rev().find(|(known, _)| known == name) {
                    Some((_, known)) => *known = item,
                    None => scope.variables.push((name.into(), item)),
                }
            }
            Node::If { arms, other } => self.branches(source, arms, other, scope, out),
            Node::With { variable, value, body, other } => {
                let item = self.eval(value, scope);
                match item.value.truth() {
                    Some(false) => self.nodes(source, other, scope, out),
                    known => {
                        let mut inner = Scope { dot: item.clone(), variables: scope.variables.clone() };
                        inner.variables.extend(variable.as_ref().map(|name| (name.into(), item)));
                        let start = out.text.len();
                        self.nodes(source, body, &mut inner, out);
                        assume(out, start, known);
                    }
                }
            }
            Node::Range { variables, over, body, other } => {
                let item = self.eval(over, scope);
                let entries = entries(&item.value);
                let start = out.text.len();
                match &entries {
                    Some(entries) if entries.is_empty() => self.nodes(source, other, scope, out),
                    Some(entries) => {
                        for (key, item) in entries {
                            self.element(source, variables, body, (key, item), scope, out);
                        }
                    }
                    None => {
                        let unknown = Item::from(Value::Unknown);
                        self.element(source, variables, body, (&unknown, &unknown), scope, out);
                        assume(out, start, None);
                    }
                }
            }
        }
    }

    fn branches(
        &mut self,
        source: Source<'t>,
        arms: &'t [(Expression, Vec<Node>)],
        other: &'t [Node],
        scope: &mut Scope,
        out: &mut Rendered,
    ) {
        for (condition, body) in arms {
            match self.eval(condition, scope).value.truth() {
                Some(false) => {}
                known => {
                    let start = out.text.len();
                    self.nodes(source, body, scope, out);
                    assume(out, start, known);
                    return;
                }
            }
        }
        self.nodes(source, other, scope, out);
    }

    fn element(
        &mut self,
        source: Source<'t>,
        variables: &'t [String],
        body: &'t [Node],
        (key, item): (&Item, &Item),
        scope: &Scope,
        out: &mut Rendered,
    ) {
        let mut inner = Scope { dot: item.clone(), variables: scope.variables.clone() };
        match variables {
            [value] => inner.variables.push((value.into(), item.clone())),
            [first, second, ..] => {
                inner.variables.push((first.into(), key.clone()));
                inner.variables.push((second.into(), item.clone()));
            }
            [] => {}
        }
        self.nodes(source, body, &mut inner, out);
    }

    fn eval(&mut self, expression: &Expression, scope: &Scope) -> Item {
        if self.exhausted() {
            return Value::Unknown.into();
        }
        match expression {
            Expression::Field(path) => scope.dot.at(path),
            Expression::Variable(name, path) if name.is_empty() => self.root.at(path),
            Expression::Variable(name, path) => {
                let found = scope.variables.iter().rev().find(|(known, _)| known == name);
                found.map_or_else(|| Value::Unknown.into(), |(_, item)| item.at(path))
            }
            Expression::Text(text) => Item::text(text.as_str()),
            Expression::Number(number) => Value::Number(number.into()).into(),
            Expression::Bool(value) => Value::Bool(*value).into(),
            Expression::Nil => Item::default(),
            Expression::Member(inner, path) => self.eval(inner, scope).at(path),
            Expression::Unknown => Value::Unknown.into(),
            Expression::Call(name, arguments) => {
                let arguments: Vec<Item> = arguments.iter().map(|argument| self.eval(argument, scope)).collect();
                match (name.as_str(), arguments.as_slice()) {
                    ("include", [name, rest @ ..]) => self.include(name, rest.first()),
                    ("tpl", [text, rest @ ..]) => self.inline(text, rest.first()),
                    _ => functions::call(name, &arguments),
                }
            }
        }
    }

    fn include(&mut self, name: &Item, dot: Option<&Item>) -> Item {
        let Value::Text(name) = &name.value else { return Value::Unknown.into() };
        let partials = self.partials;
        let Some((source, nodes)) = partials.get(name.as_ref()) else { return Value::Unknown.into() };
        if self.includes >= MAX_INCLUDES {
            return Value::Unknown.into();
        }
        self.includes += 1;
        let dot = dot.cloned().unwrap_or_default();
        // `$` is what the named template is given.
        let root = std::mem::replace(&mut self.root, dot.clone());
        let mut out = Rendered::default();
        self.nodes(*source, nodes, &mut Scope { dot, variables: Vec::new() }, &mut out);
        self.root = root;
        self.includes -= 1;
        Item::text(out.text)
    }

    /// `tpl`: a value that is a template itself. Only one without blocks is rendered.
    fn inline(&mut self, text: &Item, dot: Option<&Item>) -> Item {
        let Value::Text(template) = &text.value else { return text.clone() };
        if !template.contains("{{") {
            return text.clone();
        }
        if self.includes >= MAX_INCLUDES {
            return Value::Unknown.into();
        }
        self.includes += 1;
        let scope = Scope { dot: dot.cloned().unwrap_or_default(), variables: Vec::new() };
        let mut out = String::new();
        for node in super::parse::parse(template).body {
            match node {
                Node::Text(span) => {
                    out.push_str(template.get(span.start as usize..span.end as usize).unwrap_or(""));
                }
                Node::Put(expression, _) => out.push_str(&printed(&self.eval(&expression, &scope).value)),
                _ => out.push(HOLE),
            }
        }
        self.includes -= 1;
        self.bytes += out.len();
        Item { value: Value::Text(out.into()), place: text.place }
    }
}

/// Marks what was put out since `start` when its condition is not known.
fn assume(out: &mut Rendered, start: usize, known: Option<bool>) {
    if known.is_none() && out.text.len() > start {
        out.assumed.push(Span::new(start, out.text.len()));
    }
}

/// What `range` goes through; none when that is not known.
fn entries(value: &Value) -> Option<Vec<(Item, Item)>> {
    Some(match value {
        Value::List(items) => {
            let numbered = items.iter().enumerate();
            numbered.map(|(i, item)| (Value::Number(i.to_string().into()).into(), item.clone())).collect()
        }
        Value::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            // Go goes through a map in the order of its keys.
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            sorted.into_iter().map(|(key, item)| (Item::text(key.as_str()), item.clone())).collect()
        }
        Value::Unknown | Value::Number(_) => return None,
        _ => Vec::new(),
    })
}

/// What an action puts out. What is not there is given at installation time.
fn printed(value: &Value) -> String {
    match value {
        Value::Unknown | Value::Null => HOLE.to_string(),
        Value::Map(_) | Value::List(_) => super::yaml_text::yaml_text(value),
        scalar => scalar.scalar().unwrap_or_default(),
    }
}
