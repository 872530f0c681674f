//! Documents of Mongoose that are published as they are: what their schema names.

use smol_str::SmolStr;

use super::Reader;
use crate::extract::publish::shape::{Key, Shape};
use crate::facts::module::{Call, ExprKind, Language};
use crate::program::{Site, Value};

/// Methods of a model that give a document. <https://mongoosejs.com/docs/api/model.html>
const DOCUMENT: [&str; 10] = [
    "create",
    "findById",
    "findOne",
    "findByIdAndUpdate",
    "findOneAndUpdate",
    "findOneAndReplace",
    "findByIdAndDelete",
    "findOneAndDelete",
    "findByIdAndRemove",
    "hydrate",
];
/// Methods that give the same document.
const SAME: [&str; 9] = ["save", "exec", "orFail", "lean", "populate", "select", "session", "toObject", "toJSON"];

impl Reader<'_, '_> {
    /// `Order.create(body)`, `new Order(body)`, `order.save()`: the keys of the schema, whatever the body holds.
    pub(super) fn document(&mut self, site: Site, call: &Call, symbol: &str) -> Option<Vec<Shape>> {
        let module = &self.ev.program.unit(site.unit).module;
        if !matches!(module.language, Language::JavaScript | Language::TypeScript) {
            return None;
        }
        let of = symbol.strip_prefix("mongoose.")?;
        let model = match (&module.expr(call.callee).kind, of.strip_prefix("Model.").or(of.strip_prefix("Document."))) {
            (ExprKind::Attr { object, .. }, Some(method)) if SAME.contains(&method) => {
                let shapes = self.read(Site { unit: site.unit, expr: *object });
                return shapes.iter().any(|s| !s.open).then_some(shapes);
            }
            (ExprKind::Attr { object, .. }, Some(method)) if DOCUMENT.contains(&method) => *object,
            (_, None) if of == "Model" => call.callee,
            _ => return None,
        };
        let Value::Instance(model) = self.ev.at(site.unit, model) else { return None };
        self.of_schema(model.call?).map(|shape| vec![shape])
    }

    /// What `mongoose.model('Order', schema)` stores. What the schema does not name is dropped, unless it says
    /// `strict: false`. <https://mongoosejs.com/docs/guide.html#strict>
    fn of_schema(&self, made: Site) -> Option<Shape> {
        let ev = self.ev;
        let call = ev.program.unit(made.unit).module.call(made.expr)?;
        let Value::Instance(schema) = ev.positional(made.unit, call, 1)? else { return None };
        let made = schema.call.filter(|_| schema.ty.ends_with("Schema"))?;
        let call = ev.program.unit(made.unit).module.call(made.expr)?;
        let Value::Dict(paths) = ev.positional(made.unit, call, 0)? else { return None };
        let options = ev.positional(made.unit, call, 1);
        // `_id` is the key of the document, and no id of a message.
        let stamps = match &options {
            None => false,
            Some(Value::Dict(options)) if !options.open && options.get("strict").is_none() => {
                options.get("timestamps").is_some()
            }
            Some(_) => return None,
        };
        if paths.open {
            return None;
        }
        let mut names: Vec<&str> = if stamps { vec!["createdAt", "updatedAt"] } else { Vec::new() };
        names.extend(paths.entries.iter().map(|(name, _)| name.as_str()));
        let key = |name: &str| Key { name: SmolStr::new(name), value: None, nested: None, field: None };
        Some(Shape { keys: names.into_iter().map(key).collect(), ..Shape::default() })
    }
}
