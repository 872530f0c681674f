//! Schema resolution: can the reader read whatever the writer writes?

use std::collections::HashSet;

#[cfg(test)]
use serde_json::Value;

use super::datum::{self, Step};
use super::{Avro, Field, Id, Kind};
use crate::schema::inclusion::{Proof, Verdict};

/// How many pairs of types are looked at.
const MAX_PAIRS: usize = 2_000_000;
/// How deep references are followed.
const MAX_DEPTH: usize = 2_000;

/// Can the reader read what the writer writes? If not, with the smallest datum that shows it, in the JSON
/// encoding of the specification.
pub fn can_read(reader: &Avro, writer: &Avro) -> Verdict {
    let mut resolver = Resolver::new(reader, writer);
    let unknown = |reason: String| Verdict::Unknown { reason };
    if resolver.reads(reader.root, writer.root) {
        return match resolver.open.take() {
            Some(reason) => unknown(reason),
            None => Verdict::Compatible { proof: Proof::Resolution },
        };
    }
    let fault = resolver.fault();
    match datum::build(writer, &fault.steps, fault.symbol.as_deref()) {
        Ok(witness) => Verdict::Breaking { witness, fault: Some((fault.instance, fault.text)) },
        Err(reason) => Verdict::Refused { fault: (fault.instance, format!("{} ({reason})", fault.text)) },
    }
}

/// Where resolution fails.
struct Fault {
    /// The way there, in what the writer writes.
    steps: Vec<Step>,
    /// The same as a JSON pointer without the tags of unions.
    instance: String,
    /// Why.
    text: String,
    /// The symbol that the reader does not know.
    symbol: Option<String>,
}

pub(super) struct Resolver<'a> {
    reader: &'a Avro,
    writer: &'a Avro,
    /// Pairs of which it is known that the reader can't read the writer.
    no: HashSet<(Id, Id)>,
    /// Pairs of this pass, taken to fit until the contrary is known: recursive types do.
    seen: HashSet<(Id, Id)>,
    is_changed: bool,
    work: usize,
    /// Why a positive answer is none.
    pub(super) open: Option<String>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(reader: &'a Avro, writer: &'a Avro) -> Self {
        let (no, seen) = (HashSet::new(), HashSet::new());
        Resolver { reader, writer, no, seen, is_changed: false, work: 0, open: None }
    }

    /// The greatest relation under which each pair fits: passes until nothing falls out of it.
    pub(super) fn reads(&mut self, reader: Id, writer: Id) -> bool {
        loop {
            self.seen.clear();
            self.is_changed = false;
            if !self.pair(reader, writer, 0) {
                return false;
            }
            if !self.is_changed {
                return true;
            }
        }
    }

    fn pair(&mut self, r: Id, w: Id, depth: usize) -> bool {
        if self.no.contains(&(r, w)) {
            return false;
        }
        if !self.seen.insert((r, w)) {
            return true;
        }
        self.work += 1;
        if self.work > MAX_PAIRS || depth > MAX_DEPTH {
            self.open.get_or_insert_with(|| "the schemas are too large to be compared".to_owned());
            return true;
        }
        let fits = self.fits(r, w, depth + 1);
        if !fits {
            self.no.insert((r, w));
            self.is_changed = true;
        }
        fits
    }

    fn fits(&mut self, r: Id, w: Id, depth: usize) -> bool {
        let (reader, writer) = (self.reader, self.writer);
        match (reader.kind(r), writer.kind(w)) {
            (Kind::Missing(reason), _) | (_, Kind::Missing(reason)) => {
                self.open.get_or_insert_with(|| reason.clone());
                true
            }
            (_, Kind::Union(branches)) => {
                // Every one is looked at, so that all that does not fit is known.
                let fits: Vec<bool> = branches.iter().map(|branch| self.pair(r, *branch, depth)).collect();
                fits.into_iter().all(|fits| fits)
            }
            (Kind::Union(branches), _) => branches.iter().any(|branch| self.pair(*branch, w, depth)),
            (Kind::Array(a), Kind::Array(b)) | (Kind::Map(a), Kind::Map(b)) => self.pair(*a, *b, depth),
            (Kind::Record(a, fields), Kind::Record(b, written)) => {
                a.reads(b)
                    && fields.iter().fold(true, |all, field| {
                        let fits = match source(field, written) {
                            Some(from) => self.pair(field.kind, from.kind, depth),
                            None => field.default.is_some(),
                        };
                        fits && all
                    })
            }
            _ => self.mismatch(r, w).is_none(),
        }
    }

    /// Why two types that hold no others don't fit.
    fn mismatch(&self, r: Id, w: Id) -> Option<(String, Option<String>)> {
        let (reader, writer) = (self.reader, self.writer);
        let plain = |text: String| Some((text, None));
        match (reader.kind(r), writer.kind(w)) {
            (Kind::Enum(a, symbols, default), Kind::Enum(b, written, _)) => {
                if !a.reads(b) {
                    return plain(format!("the reader's enum is called `{}`, the writer's `{}`", a.full, b.full));
                }
                if default.is_some() {
                    return None;
                }
                let unknown = written.iter().find(|symbol| !symbols.contains(symbol))?;
                let text = format!("the reader's enum `{}` has no `{unknown}` and no default", a.full);
                Some((text, Some(unknown.clone())))
            }
            (Kind::Fixed(a, size), Kind::Fixed(b, written)) => {
                if !a.reads(b) {
                    return plain(format!("the reader's fixed is called `{}`, the writer's `{}`", a.full, b.full));
                }
                if size != written {
                    return plain(format!("the reader's `{}` has {size} bytes, the writer's {written}", a.full));
                }
                self.decimals(r, w)
            }
            (Kind::Bytes, Kind::Bytes) => self.decimals(r, w),
            (a, b) if is_promoted(a, b) => None,
            _ => plain(format!("the reader expects {}, the writer writes {}", reader.shown(r), writer.shown(w))),
        }
    }

    fn decimals(&self, r: Id, w: Id) -> Option<(String, Option<String>)> {
        let (a, b) = (self.reader.nodes[r].decimal?, self.writer.nodes[w].decimal?);
        let shown = |(scale, precision): (u64, u64)| format!("decimal({precision}, {scale})");
        (a != b).then(|| (format!("the reader expects {}, the writer writes {}", shown(a), shown(b)), None))
    }

    /// The first place where resolution fails. Only pairs that are known not to fit are entered.
    fn fault(&self) -> Fault {
        let mut steps = Vec::new();
        let mut instance = String::new();
        let mut been: HashSet<(Id, Id)> = HashSet::new();
        let (mut r, mut w) = (self.reader.root, self.writer.root);
        let (text, symbol) = loop {
            let (reader, writer) = (self.reader, self.writer);
            if !been.insert((r, w)) {
                break ("the types differ".to_owned(), None);
            }
            match (reader.kind(r), writer.kind(w)) {
                (_, Kind::Union(branches)) => {
                    let Some(branch) = branches.iter().find(|branch| self.no.contains(&(r, **branch))) else {
                        break ("the unions differ".to_owned(), None);
                    };
                    steps.push(Step::Branch(*branch));
                    w = *branch;
                }
                (Kind::Union(branches), _) => {
                    // The branch that is meant, so that the reason is told, not only that there is one.
                    match branches.iter().find(|branch| self.is_same_sort(**branch, w)) {
                        Some(branch) => r = *branch,
                        None => {
                            let text = format!("the reader's {} has no {}", reader.shown(r), writer.shown(w));
                            break (text, None);
                        }
                    }
                }
                (Kind::Array(a), Kind::Array(b)) | (Kind::Map(a), Kind::Map(b)) => {
                    let is_array = matches!(reader.kind(r), Kind::Array(_));
                    steps.push(if is_array { Step::Item } else { Step::Value });
                    instance.push_str(if is_array { "/0" } else { "/key" });
                    (r, w) = (*a, *b);
                }
                (Kind::Record(a, fields), Kind::Record(b, written)) => {
                    if !a.reads(b) {
                        break (format!("the reader's record is called `{}`, the writer's `{}`", a.full, b.full), None);
                    }
                    let missing = fields.iter().find(|f| f.default.is_none() && source(f, written).is_none());
                    if let Some(field) = missing {
                        let text = format!("the reader needs `{}`, which has no default", field.name);
                        break (text, None);
                    }
                    let inner = fields.iter().find_map(|field| {
                        let from = source(field, written)?;
                        self.no.contains(&(field.kind, from.kind)).then_some((field, from))
                    });
                    let Some((field, from)) = inner else { break ("the records differ".to_owned(), None) };
                    steps.push(Step::Field(from.name.clone()));
                    instance.push_str(&format!("/{}", from.name));
                    (r, w) = (field.kind, from.kind);
                }
                _ => break self.mismatch(r, w).unwrap_or_else(|| ("the types differ".to_owned(), None)),
            }
        };
        Fault { steps, instance, text, symbol }
    }

    fn is_same_sort(&self, r: Id, w: Id) -> bool {
        match (self.reader.kind(r), self.writer.kind(w)) {
            (Kind::Array(_), Kind::Array(_)) | (Kind::Map(_), Kind::Map(_)) => true,
            (Kind::Record(a, _), Kind::Record(b, _))
            | (Kind::Enum(a, ..), Kind::Enum(b, ..))
            | (Kind::Fixed(a, _), Kind::Fixed(b, _)) => a.reads(b),
            (Kind::Bytes, Kind::Bytes) => true,
            _ => false,
        }
    }
}

/// The writer's field that a reader's field takes its value from.
pub(super) fn source<'w>(field: &Field, written: &'w [Field]) -> Option<&'w Field> {
    let named = |name: &str| written.iter().find(|writer| writer.name == name);
    named(&field.name).or_else(|| field.aliases.iter().find_map(|alias| named(alias)))
}

/// The reader takes the writer's primitive type for its own.
fn is_promoted(reader: &Kind, writer: &Kind) -> bool {
    matches!(
        (reader, writer),
        (Kind::Long, Kind::Int | Kind::Long)
            | (Kind::Float, Kind::Int | Kind::Long | Kind::Float)
            | (Kind::Double, Kind::Int | Kind::Long | Kind::Float | Kind::Double)
            | (Kind::String | Kind::Bytes, Kind::String | Kind::Bytes)
            | (Kind::Null, Kind::Null)
            | (Kind::Boolean, Kind::Boolean)
            | (Kind::Int, Kind::Int)
    )
}

/// A value that shows that an instance is one of a schema; for tests of what is built.
#[cfg(test)]
pub(super) fn is_datum(avro: &Avro, id: Id, value: &Value) -> bool {
    match avro.kind(id) {
        Kind::Null => value.is_null(),
        Kind::Boolean => value.is_boolean(),
        Kind::Int | Kind::Long => value.is_i64(),
        Kind::Float | Kind::Double => value.is_number(),
        Kind::Bytes | Kind::String => value.is_string(),
        Kind::Fixed(_, size) => value.as_str().is_some_and(|text| text.chars().count() as u64 == *size),
        Kind::Enum(_, symbols, _) => value.as_str().is_some_and(|name| symbols.iter().any(|s| s == name)),
        Kind::Array(items) => value.as_array().is_some_and(|all| all.iter().all(|v| is_datum(avro, *items, v))),
        Kind::Map(values) => value.as_object().is_some_and(|all| all.values().all(|v| is_datum(avro, *values, v))),
        Kind::Union(branches) => match value {
            Value::Null => branches.iter().any(|branch| *avro.kind(*branch) == Kind::Null),
            Value::Object(map) if map.len() == 1 => map.iter().all(|(tag, value)| {
                branches.iter().any(|branch| avro.plain(*branch) == tag && is_datum(avro, *branch, value))
            }),
            _ => false,
        },
        Kind::Record(_, fields) => value.as_object().is_some_and(|map| {
            map.len() == fields.len()
                && fields.iter().all(|field| map.get(&field.name).is_some_and(|v| is_datum(avro, field.kind, v)))
        }),
        Kind::Missing(_) => false,
    }
}
