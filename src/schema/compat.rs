//! Compatibility in the directions that a mode asks for.

use serde_json::Value;

use super::inclusion::{Inclusion, Verdict};
use super::model::{Model, any_branch, closed, opened};
use super::plain::Schema;

/// Whom a change must not break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// New readers read what old writers wrote.
    Backward,
    /// Old readers read what new writers write.
    Forward,
    /// Both.
    #[default]
    Full,
    /// Nobody; nothing is compared.
    None,
}

impl Mode {
    /// As it is printed and configured.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Backward => "backward",
            Mode::Forward => "forward",
            Mode::Full => "full",
            Mode::None => "none",
        }
    }

    /// The directions that are checked.
    pub fn directions(self) -> &'static [Direction] {
        match self {
            Mode::Backward => &[Direction::Backward],
            Mode::Forward => &[Direction::Forward],
            Mode::Full => &[Direction::Backward, Direction::Forward],
            Mode::None => &[],
        }
    }
}

/// Who reads what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// New readers, old documents.
    Backward,
    /// Old readers, new documents.
    Forward,
}

impl Direction {
    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Backward => "backward",
            Direction::Forward => "forward",
        }
    }
}

/// Does the change from `old` to `new` hold in this direction? `samples` are documents of the side that
/// writes.
pub fn compare(
    engine: &dyn Inclusion,
    old: &Schema,
    new: &Schema,
    direction: Direction,
    model: Model,
    samples: &[Value],
) -> Verdict {
    let (writer, reader) = match direction {
        Direction::Backward => (old, new),
        Direction::Forward => (new, old),
    };
    if model == Model::Strict || writer.value == reader.value {
        return engine.decide(writer, reader, samples);
    }
    let (writes, reads) = (closed(&writer.value), opened(&reader.value));
    engine.decide(&writer.with_value(writes), &reader.with_value(reads), samples)
}

/// Can the reader of an API read what the writer writes? A client ignores members that it does not know; a
/// server takes what its document says. Whether a document fits several alternatives of a `oneOf` at once is
/// not asked: nobody chooses by that.
pub fn exchange(engine: &dyn Inclusion, writer: &Schema, reader: &Schema, model: Model, is_response: bool) -> Verdict {
    if model == Model::Strict || writer.value == reader.value {
        return engine.decide(writer, reader, &[]);
    }
    let reads = if is_response { opened(&reader.value) } else { reader.value.clone() };
    engine.decide(&writer.with_value(closed(&writer.value)), &reader.with_value(any_branch(reads)), &[])
}
