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
    /// New readers read what writers of any earlier version wrote.
    BackwardTransitive,
    /// Readers of any earlier version read what new writers write.
    ForwardTransitive,
    /// Both, with every earlier version.
    FullTransitive,
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
            Mode::BackwardTransitive => "backward-transitive",
            Mode::ForwardTransitive => "forward-transitive",
            Mode::FullTransitive => "full-transitive",
            Mode::None => "none",
        }
    }

    /// All modes, as they are offered.
    pub const ALL: [Mode; 7] = [
        Mode::Backward,
        Mode::Forward,
        Mode::Full,
        Mode::BackwardTransitive,
        Mode::ForwardTransitive,
        Mode::FullTransitive,
        Mode::None,
    ];

    /// True when every earlier version counts, not only the last.
    pub fn is_transitive(self) -> bool {
        matches!(self, Mode::BackwardTransitive | Mode::ForwardTransitive | Mode::FullTransitive)
    }

    /// The directions that are checked.
    pub fn directions(self) -> &'static [Direction] {
        match self {
            Mode::Backward | Mode::BackwardTransitive => &[Direction::Backward],
            Mode::Forward | Mode::ForwardTransitive => &[Direction::Forward],
            Mode::Full | Mode::FullTransitive => &[Direction::Backward, Direction::Forward],
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

/// The same for a reader that counts: what fits more than one alternative of a `oneOf` is refused.
pub fn exchange_of_one(engine: &dyn Inclusion, writer: &Schema, reader: &Schema) -> Verdict {
    engine.decide(&writer.with_value(closed(&writer.value)), &reader.with_value(reader.value.clone()), &[])
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
