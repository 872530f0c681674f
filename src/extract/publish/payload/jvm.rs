//! Payloads in Java and Kotlin: maps, builders of generated classes, and what declared types say.

use smol_str::SmolStr;

use super::Reader;
use crate::catalog::schema::{Ecosystem, Library};
use crate::extract::publish::flow;
use crate::extract::publish::shape::{Key, Shape};
use crate::facts::module::{Call, ClassKind, ExprId, ExprKind, Language, StmtKind};
use crate::program::hierarchy::ClassRef;
use crate::program::{Site, UnitId, Value};

/// How many classes of a family are read.
const MAX_FAMILY: usize = 64;
/// Calls that make an empty map or object of JSON.
const EMPTY: [&str; 9] = [
    "HashMap",
    "LinkedHashMap",
    "TreeMap",
    "JSONObject",
    "JsonObject",
    "createObjectNode",
    "mutableMapOf",
    "hashMapOf",
    "emptyMap",
];

impl Reader<'_, '_> {
    /// Calls that make a payload: a map, a builder, CloudEvents.
    pub(super) fn jvm_call(&mut self, site: Site, call: &Call) -> Option<Vec<Shape>> {
        let module = &self.ev.program.unit(site.unit).module;
        if !module.language.is_jvm() {
            return None;
        }
        let name = module.callee_name(site.expr)?.as_str();
        match name {
            "of" if self.is_on(site.unit, call, &["Map", "ImmutableMap"]) => {
                Some(vec![self.pairs(site.unit, call.args.iter().map(|a| a.value).collect())])
            }
            "mapOf" | "mutableMapOf" | "hashMapOf" | "linkedMapOf" | "ofEntries" if !call.args.is_empty() => {
                let mut flat = Vec::new();
                for arg in &call.args {
                    match &module.expr(arg.value).kind {
                        ExprKind::List(pair) if pair.len() == 2 => flat.extend(pair.iter().copied()),
                        ExprKind::Call(entry) if entry.args.len() == 2 => {
                            flat.extend(entry.args.iter().map(|a| a.value));
                        }
                        _ => return Some(vec![Shape::open()]),
                    }
                }
                Some(vec![self.pairs(site.unit, flat)])
            }
            _ if call.args.is_empty() && EMPTY.contains(&name) => Some(vec![Shape::default()]),
            "build" => self.message(site, call).or_else(|| self.built(site, call).map(|shape| vec![shape])),
            "copy" if module.language == Language::Kotlin => None,
            _ => None,
        }
    }

    fn is_on(&self, unit: UnitId, call: &Call, names: &[&str]) -> bool {
        let module = &self.ev.program.unit(unit).module;
        let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return false };
        matches!(&module.expr(*object).kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if names.contains(&n.as_str()))
    }

    /// `"a", 1, "b", 2`.
    fn pairs(&mut self, unit: UnitId, flat: Vec<ExprId>) -> Shape {
        let mut shape = Shape::default();
        for pair in flat.chunks(2) {
            let [name, value] = pair else { continue };
            match self.ev.at(unit, *name).as_str() {
                Some(name) => {
                    let key = self.key(name.into(), Site { unit, expr: *value });
                    shape.keys.push(key);
                }
                None => shape.open = true,
            }
        }
        shape
    }

    /// `MessageBuilder.withPayload(order).setHeader("event-id", id).build()` of Spring: the payload, and what is set
    /// beside it.
    fn message(&mut self, site: Site, call: &Call) -> Option<Vec<Shape>> {
        let module = &self.ev.program.unit(site.unit).module;
        let at = |expr: ExprId| Site { unit: site.unit, expr };
        let mut headers = Shape::default();
        let mut current = call.callee;
        let payload = loop {
            let ExprKind::Attr { object, .. } = &module.expr(current).kind else { return None };
            let inner = module.call(*object)?;
            let name = module.callee_name(*object)?.as_str();
            match (name, inner.args.as_slice()) {
                ("withPayload" | "withBody", [payload]) if self.is_on(site.unit, inner, &["MessageBuilder"]) => {
                    break at(payload.value);
                }
                ("setHeader" | "setHeaderIfAbsent", [name, value]) => match self.header(at(name.value)) {
                    Some(name) => {
                        let key = self.key(name, at(value.value));
                        headers.keys.push(key);
                    }
                    None => headers.open = true,
                },
                (name, [value]) if name.starts_with("set") => {
                    let key = self.key(field_of(name), at(value.value));
                    headers.keys.push(key);
                }
                _ => headers.open = true,
            }
            current = inner.callee;
        };
        let mut shapes = self.read(payload);
        if headers != Shape::default() {
            let key = Key { name: "headers".into(), value: None, nested: Some(Box::new(headers)), field: None };
            shapes.iter_mut().for_each(|shape| shape.keys.push(key.clone()));
        }
        Some(shapes)
    }

    /// The name of a header: a text, or a constant of `KafkaHeaders` and the like.
    fn header(&self, site: Site) -> Option<SmolStr> {
        match self.ev.eval(site) {
            Value::External(symbol) => {
                let (of, name) = symbol.rsplit_once('.')?;
                of.ends_with("Headers").then(|| name.to_lowercase().into())
            }
            value => value.as_str().map(SmolStr::from),
        }
    }

    /// `Order.newBuilder().setId(id).build()`: an object of the class, with the fields that are set.
    fn built(&mut self, site: Site, call: &Call) -> Option<Shape> {
        let module = &self.ev.program.unit(site.unit).module;
        let mut set: Vec<(SmolStr, ExprId)> = Vec::new();
        let mut current = call.callee;
        let class = loop {
            let ExprKind::Attr { object, .. } = &module.expr(current).kind else { return None };
            let inner = module.call(*object)?;
            let name = module.callee_name(*object)?;
            if matches!(name.as_str(), "builder" | "newBuilder") && inner.args.is_empty() {
                let ExprKind::Attr { object, .. } = &module.expr(inner.callee).kind else { return None };
                break *object;
            }
            if name == "Builder" && inner.is_new {
                let ExprKind::Attr { object, .. } = &module.expr(inner.callee).kind else { return None };
                break *object;
            }
            if let [value] = inner.args.as_slice() {
                set.push((field_of(name), value.value));
            }
            current = inner.callee;
        };
        match self.ev.at(site.unit, class) {
            Value::Class { unit, class } => {
                let mut shape = self.object(unit, class, None);
                for (name, value) in set {
                    if let Some(key) = shape.keys.iter_mut().find(|k| k.name == name) {
                        key.value = Some(Site { unit: site.unit, expr: value });
                    }
                }
                Some(shape)
            }
            // Generated from a schema; a class of a library is something else.
            Value::External(symbol) if self.ev.catalog.split(module.language, &symbol).is_none() => {
                let name = SmolStr::new(symbol.rsplit('.').next().unwrap_or(&symbol));
                let mut shape = Shape { types: vec![name], has_defaults: true, ..Shape::default() };
                for (name, value) in set.into_iter().rev() {
                    let key = self.key(name, Site { unit: site.unit, expr: value });
                    shape.keys.push(key);
                }
                Some(shape)
            }
            _ => None,
        }
    }

    /// What the declared type of a variable or field says about an expression.
    pub(super) fn by_type(&mut self, site: Site) -> Option<Shape> {
        let unit = self.ev.program.unit(site.unit);
        let module = &unit.module;
        let ExprKind::Name(name) = &module.expr(site.expr).kind else { return None };
        let span = unit.index.func_of(site.expr).map(|f| flow::span(self.ev, site.unit, f));
        let declared = module.stmts.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::Assign { target, annotation: Some(ty), .. }
                if span.is_none_or(|s| s.contains(stmt.span))
                    && matches!(&module.expr(*target).kind, ExprKind::Name(n) if n == name) =>
            {
                Some(*ty)
            }
            _ => None,
        })?;
        self.of_type(site.unit, declared)
    }

    /// What an object of a declared type has: the type may be any of the classes below it.
    pub(super) fn of_family(&mut self, class: ClassRef) -> Option<Shape> {
        let kind = |(unit, class): ClassRef| self.ev.program.unit(unit).module.class(class).kind;
        let below = self.ev.below(class);
        if below.len() > MAX_FAMILY {
            return None;
        }
        let mut family: Vec<ClassRef> = vec![class];
        family.extend(below);
        // Only interfaces: what implements them is generated or elsewhere.
        let mut classes =
            family.into_iter().filter(|c| kind(*c) != ClassKind::Interface).collect::<Vec<_>>().into_iter();
        let (unit, first) = classes.next()?;
        let mut shape = self.object(unit, first, None);
        for (unit, class) in classes {
            let other = self.object(unit, class, None);
            shape.merge(other);
        }
        (!shape.open || !shape.keys.is_empty()).then_some(shape)
    }

    /// The classes of the repository that implement the type of a library's events, read through: what
    /// is published is one of them.
    pub fn of_base(&mut self, library: &Library, base: &str) -> Option<Shape> {
        let ev = self.ev;
        let wanted = ev.catalog.absolute(library, base);
        let simple = wanted.rsplit('.').next().unwrap_or(&wanted);
        let mut found: Vec<ClassRef> = Vec::new();
        for &(unit, class) in ev.program.types.derived(simple) {
            let module = &ev.program.unit(unit).module;
            let is_base = |b: &ExprId| {
                let symbol = ev.at(unit, *b);
                symbol.alternatives().iter().any(|v| matches!(v, Value::External(s) if *s == wanted))
            };
            if module.class(class).bases.iter().any(is_base) && (self.in_scope)(unit) {
                found.push((unit, class));
                found.extend(ev.below((unit, class)).into_iter().filter(|(u, _)| (self.in_scope)(*u)));
            }
        }
        found.sort();
        found.dedup();
        let is_class = |(u, c): &ClassRef| ev.program.unit(*u).module.class(*c).kind == ClassKind::Class;
        found.retain(is_class);
        let shapes: Vec<Shape> = found.into_iter().take(MAX_FAMILY).map(|(u, c)| self.object(u, c, None)).collect();
        // One of many: none of them names the event.
        let mut all = Shape::default();
        for shape in shapes {
            all.merge(shape);
        }
        (all != Shape::default()).then_some(all)
    }

    /// True for the type that all events of some library implement.
    pub(super) fn is_event_base(&self, language: Language, symbol: &str) -> bool {
        let ecosystem = Ecosystem::of(language);
        self.ev.catalog.libraries().iter().filter(|l| l.ecosystem == ecosystem).any(|library| {
            let bases = library.publish.iter().filter_map(|p| p.event_base.as_deref());
            let mut symbols = bases.map(|base| self.ev.catalog.absolute(library, base));
            symbols.any(|s| s == symbol)
        })
    }
}

/// `id` of `setId`, `withId` and `id`.
fn field_of(method: &str) -> SmolStr {
    let rest = ["set", "with"].iter().find_map(|p| method.strip_prefix(p)).unwrap_or(method);
    let mut chars = rest.chars();
    match chars.next() {
        Some(first) if first.is_uppercase() => first.to_lowercase().chain(chars).collect(),
        _ => method.into(),
    }
}
