//! The smallest datum of a schema that shows something, in the JSON encoding of the specification: a value
//! of a union stands under the name of its branch.

use serde_json::{Map, Value};

use super::{Avro, Id, Kind};

/// One step on the way to what is shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Into a field.
    Field(String),
    /// Into the only item of an array.
    Item,
    /// Into the only value of a map.
    Value,
    /// Into a branch of a union.
    Branch(Id),
}

/// How many values a datum has; larger ones show nothing.
const MAX_VALUES: usize = 5_000;
/// Longer ones are written as short as this.
const MAX_FIXED: u64 = 4_096;

/// A datum of the schema that goes this way; at the end of it stands the symbol, if there is one.
///
/// # Errors
/// When there is none that ends, or only large ones.
pub(super) fn build(avro: &Avro, steps: &[Step], symbol: Option<&str>) -> Result<Value, String> {
    let mut builder = Builder { avro, heights: heights(avro), left: MAX_VALUES };
    builder.along(avro.root, steps, symbol)
}

struct Builder<'a> {
    avro: &'a Avro,
    heights: Vec<Option<usize>>,
    left: usize,
}

impl Builder<'_> {
    fn along(&mut self, id: Id, steps: &[Step], symbol: Option<&str>) -> Result<Value, String> {
        let Some((first, rest)) = steps.split_first() else {
            return match symbol {
                Some(symbol) => Ok(Value::String(symbol.to_owned())),
                None => self.least(id),
            };
        };
        match (first, self.avro.kind(id)) {
            (Step::Field(name), Kind::Record(_, fields)) => {
                let mut out = Map::new();
                for field in fields {
                    let value = match field.name == *name {
                        true => self.along(field.kind, rest, symbol)?,
                        false => self.least(field.kind)?,
                    };
                    out.insert(field.name.clone(), value);
                }
                Ok(Value::Object(out))
            }
            (Step::Item, Kind::Array(items)) => Ok(Value::Array(vec![self.along(*items, rest, symbol)?])),
            (Step::Value, Kind::Map(values)) => {
                Ok(Value::Object([("key".to_owned(), self.along(*values, rest, symbol)?)].into_iter().collect()))
            }
            (Step::Branch(branch), Kind::Union(_)) => {
                let value = self.along(*branch, rest, symbol)?;
                Ok(self.tagged(*branch, value))
            }
            _ => Err("no datum could be built".to_owned()),
        }
    }

    fn tagged(&self, branch: Id, value: Value) -> Value {
        match self.avro.kind(branch) {
            Kind::Null => Value::Null,
            _ => Value::Object([(self.avro.plain(branch).to_owned(), value)].into_iter().collect()),
        }
    }

    /// The value of a type that nests least.
    fn least(&mut self, id: Id) -> Result<Value, String> {
        self.left = self.left.checked_sub(1).ok_or("every datum that shows it is large")?;
        if self.heights[id].is_none() {
            return Err(format!("no value of {} ends", self.avro.shown(id)));
        }
        Ok(match self.avro.kind(id) {
            Kind::Null | Kind::Missing(_) => Value::Null,
            Kind::Boolean => Value::Bool(false),
            Kind::Int | Kind::Long => Value::from(0),
            Kind::Float | Kind::Double => Value::from(0.5),
            Kind::Bytes | Kind::String => Value::String(String::new()),
            Kind::Fixed(_, size) => Value::String("\0".repeat((*size).min(MAX_FIXED) as usize)),
            Kind::Enum(_, symbols, _) => match symbols.first() {
                Some(first) => Value::String(first.clone()),
                None => return Err("an enum has no symbols".to_owned()),
            },
            Kind::Array(_) => Value::Array(Vec::new()),
            Kind::Map(_) => Value::Object(Map::new()),
            Kind::Union(branches) => {
                let ending = branches.iter().filter_map(|branch| Some((self.heights[*branch]?, *branch)));
                let Some((_, branch)) = ending.min_by_key(|(height, _)| *height) else {
                    return Err("a union has no branches".to_owned());
                };
                let value = self.least(branch)?;
                self.tagged(branch, value)
            }
            Kind::Record(_, fields) => {
                let mut out = Map::new();
                for field in fields {
                    out.insert(field.name.clone(), self.least(field.kind)?);
                }
                Value::Object(out)
            }
        })
    }
}

/// How deep the least value of each type nests; none where every value is endless.
fn heights(avro: &Avro) -> Vec<Option<usize>> {
    let mut heights: Vec<Option<usize>> = vec![None; avro.nodes.len()];
    loop {
        let mut is_changed = false;
        for id in 0..avro.nodes.len() {
            if heights[id].is_some() {
                continue;
            }
            let found = match avro.kind(id) {
                Kind::Record(_, fields) => fields
                    .iter()
                    .map(|field| heights[field.kind])
                    .try_fold(0, |most: usize, height| Some(most.max(height?)))
                    .map(|most| most + 1),
                Kind::Union(branches) => branches.iter().filter_map(|branch| heights[*branch]).min(),
                Kind::Enum(_, symbols, _) if symbols.is_empty() => None,
                _ => Some(0),
            };
            is_changed |= found.is_some();
            heights[id] = found;
        }
        if !is_changed {
            return heights;
        }
    }
}
