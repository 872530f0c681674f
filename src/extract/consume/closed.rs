//! Models that refuse members which they do not declare: a consumer that reads messages into one stops at the
//! next optional field that a producer adds.

use crate::facts::module::{Arg, Call, ClassId, ExprId, ExprKind, Module};
use crate::program::index::Binding;
use crate::program::{Evaluator, Instance, Site, UnitId, Value};
use crate::syntax::Place;

use super::reach::Reach;
use super::walk::caught::is_of_message;
use super::{Closed, handler::Body, source, walk::Trace};

/// The first model that a message is read into and that is closed.
pub(super) fn read(reach: &Reach<'_, '_>, bodies: &[Body], traces: &[Trace]) -> Option<Closed> {
    let ev = reach.ev;
    for (unit, func) in source::functions(bodies, traces, ev) {
        let linked = ev.program.unit(unit);
        for call in linked.index.calls.iter().filter(|call| call.func == Some(func)) {
            let site = Site { unit, expr: call.expr };
            let Some(made) = linked.module.call(call.expr) else { continue };
            let name = linked.module.callee_name(call.expr).map_or("", |name| name.as_str());
            let found = match name {
                "DisallowUnknownFields" => go(ev, site, made),
                "readValue" => jackson(reach, site, made),
                "parse" | "safeParse" | "parseAsync" | "safeParseAsync" => zod(reach, site, made),
                _ => pydantic(reach, site, made, name),
            };
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// The object that a method is called on.
fn receiver(module: &Module, call: &Call) -> Option<ExprId> {
    match &module.expr(call.callee).kind {
        ExprKind::Attr { object, .. } => Some(*object),
        _ => None,
    }
}

/// True for a call whose argument is the message, or what was decoded from it.
fn takes_message(reach: &Reach<'_, '_>, site: Site, call: &Call) -> bool {
    let linked = reach.ev.program.unit(site.unit);
    let decodes = |expr: ExprId| {
        let name = linked.module.callee_name(expr).map_or("", |name| name.as_str());
        matches!(name, "loads" | "parse" | "json") && is_of_message(reach, Site { unit: site.unit, expr })
    };
    let is_it = |arg: &Arg| match &linked.module.expr(arg.value).kind {
        ExprKind::Call(_) => decodes(arg.value),
        ExprKind::Name(name) => {
            let found = linked.index.lookup(&linked.module, linked.index.func_of(arg.value), name);
            found.is_some_and(|(_, bound)| bound.iter().any(|b| matches!(b, Binding::Value(value) if decodes(*value))))
        }
        _ => false,
    };
    is_of_message(reach, site) || call.args.first().is_some_and(is_it)
}

/// `json.NewDecoder(r).DisallowUnknownFields()`. <https://pkg.go.dev/encoding/json#Decoder.DisallowUnknownFields>
fn go(ev: &Evaluator<'_>, site: Site, call: &Call) -> Option<Closed> {
    let module = &ev.program.unit(site.unit).module;
    let is_go = module.language == crate::facts::module::Language::Go && call.args.is_empty();
    is_go.then(|| Closed {
        place: ev.program.place(site),
        decoded: ev.program.place(site),
        model: "the decoder".into(),
        how: "DisallowUnknownFields()".into(),
        help: "leave `DisallowUnknownFields` to requests that people write; a decoder ignores what it does not know otherwise".into(),
    })
}

/// `extra="forbid"` of the model. <https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.extra>
fn pydantic(reach: &Reach<'_, '_>, site: Site, call: &Call, name: &str) -> Option<Closed> {
    let ev = reach.ev;
    let module = &ev.program.unit(site.unit).module;
    if module.language != crate::facts::module::Language::Python {
        return None;
    }
    let made = match name {
        "model_validate" | "model_validate_json" | "parse_obj" | "parse_raw" => receiver(module, call)?,
        // `OrderPlaced(**data)`
        _ if call.args.first().is_some_and(|arg| arg.spread && arg.name.is_some()) => call.callee,
        _ => return None,
    };
    let Value::Class { unit, class } = ev.at(site.unit, made) else { return None };
    if !takes_message(reach, site, call) {
        return None;
    }
    // The nearest one that says anything counts.
    let place = [(unit, class)].into_iter().chain(ev.above((unit, class))).find_map(|(u, c)| extra(ev, u, c))?;
    Some(Closed {
        place: place?,
        decoded: ev.program.place(site),
        model: format!("`{}`", ev.program.unit(unit).module.class(class).name),
        how: "extra=\"forbid\"".into(),
        help: "write `extra=\"ignore\"`, which is the default, in models of events that others publish".into(),
    })
}

/// Where a class forbids other members; `Some(None)` when it says that it does not.
fn extra(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> Option<Option<Place>> {
    let linked = ev.program.unit(unit);
    let module = &linked.module;
    let field = |class: ClassId, name: &str| module.class(class).fields.iter().find(|field| field.name == name)?.value;
    let old = || field(linked.index.nested(class, "Config")?, "extra");
    let said = match field(class, "model_config").map(|value| (value, &module.expr(value).kind)) {
        Some((_, ExprKind::Call(config))) => config.args.iter().find(|a| a.name.as_deref() == Some("extra"))?.value,
        Some((value, ExprKind::Dict(_))) => match ev.at(unit, value) {
            Value::Dict(dict) => dict.get("extra").filter(|site| site.unit == unit)?.expr,
            _ => return None,
        },
        _ => old()?,
    };
    let forbids = match &module.expr(said).kind {
        ExprKind::Str(text) => text == "forbid",
        ExprKind::Attr { name, .. } => name == "forbid",
        _ => false,
    };
    Some(forbids.then(|| ev.program.place(Site { unit, expr: said })))
}

/// `z.object({…}).strict()`, `z.strictObject({…})`. <https://zod.dev/api#strictobject>
fn zod(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Option<Closed> {
    let ev = reach.ev;
    let module = &ev.program.unit(site.unit).module;
    let schema = receiver(module, call)?;
    let name = match &module.expr(schema).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => format!("`{name}`"),
        _ => "the schema".to_owned(),
    };
    let Value::Instance(made) = ev.at(site.unit, schema) else { return None };
    let strict = strict(ev, &made)?;
    takes_message(reach, site, call).then(|| Closed {
        place: ev.program.place(strict.0),
        decoded: ev.program.place(site),
        model: name,
        how: format!("{}()", strict.1),
        help: "write `z.object({…})`, which drops what it does not know, in schemas of events that others publish"
            .into(),
    })
}

/// The call that makes a schema of zod strict, when nothing after it loosens it.
fn strict(ev: &Evaluator<'_>, made: &Instance) -> Option<(Site, &'static str)> {
    let mut at = Some(made);
    let mut found = None;
    while let Some(instance) = at {
        let site = instance.call?;
        let name = ev.program.unit(site.unit).module.callee_name(site.expr)?;
        match name.as_str() {
            "strict" if instance.from.is_some() && found.is_none() => found = Some((site, "strict")),
            "strictObject" if found.is_none() => found = Some((site, "strictObject")),
            "passthrough" | "strip" | "loose" | "catchall" | "pick" | "array" if found.is_none() => return None,
            _ => {}
        }
        if instance.from.is_none() {
            return found.filter(|_| instance.ty.starts_with("zod"));
        }
        at = instance.from.as_deref();
    }
    None
}

/// `new ObjectMapper()` of Jackson 2 refuses what it does not know; Spring's own does not, nor does Jackson 3.
/// <https://javadoc.io/doc/com.fasterxml.jackson.core/jackson-databind/latest/com/fasterxml/jackson/databind/DeserializationFeature.html#FAIL_ON_UNKNOWN_PROPERTIES>
fn jackson(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Option<Closed> {
    let ev = reach.ev;
    let module = &ev.program.unit(site.unit).module;
    let [_, target, ..] = &call.args[..] else { return None };
    let class = match &module.expr(target.value).kind {
        ExprKind::Attr { object, name, .. } if name == "class" || name == "java" => *object,
        _ => return None,
    };
    let class = match &module.expr(class).kind {
        ExprKind::Attr { object, name, .. } if name == "class" => *object,
        _ => class,
    };
    let Value::Class { unit: home, class } = ev.at(site.unit, class) else { return None };
    let made = ev.trace(Site { unit: site.unit, expr: receiver(module, call)? });
    let [Value::Instance(mapper)] = &made[..] else { return None };
    let new = mapper.call?;
    let maker = &ev.program.unit(new.unit).module;
    let is_jackson_2 = maker.imports.iter().any(|import| import.module.starts_with("com.fasterxml.jackson"));
    let is_bare = maker.call(new.expr).is_some_and(|call| call.is_new && call.args.is_empty());
    let is_named = maker.callee_name(new.expr).is_some_and(|name| name == "ObjectMapper");
    if !is_jackson_2 || !is_bare || !is_named || configures(maker) || configures(module) {
        return None;
    }
    let tolerant = [(home, class)].into_iter().chain(ev.above((home, class))).any(|(u, c)| is_tolerant(ev, u, c));
    (!tolerant && takes_message(reach, site, call)).then(|| Closed {
        place: ev.program.place(new),
        decoded: ev.program.place(site),
        model: format!("`{}`", ev.program.unit(home).module.class(class).name),
        how: "new ObjectMapper()".into(),
        help: "inject the framework's `ObjectMapper`, or add `.configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)`, or annotate the class with `@JsonIgnoreProperties(ignoreUnknown = true)`".into(),
    })
}

/// True for a module that sets what happens to unknown members, or brings a mapper in from elsewhere.
fn configures(module: &Module) -> bool {
    module.exprs.iter().any(|expr| match &expr.kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => {
            matches!(name.as_str(), "FAIL_ON_UNKNOWN_PROPERTIES" | "failOnUnknownProperties")
        }
        _ => false,
    })
}

fn is_tolerant(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> bool {
    let module = &ev.program.unit(unit).module;
    let class = module.class(class);
    let methods = class.methods.iter().flat_map(|method| &module.func(*method).decorators);
    let fields = class.fields.iter().flat_map(|field| &field.decorators);
    class.decorators.iter().chain(methods).chain(fields).any(|decorator| {
        let name = match &module.expr(*decorator).kind {
            ExprKind::Call(_) => module.callee_name(*decorator),
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name),
            _ => None,
        };
        // Who reads it in another way says so: then nothing is known.
        name.is_some_and(|name| {
            matches!(name.as_str(), "JsonIgnoreProperties" | "JsonAnySetter" | "JsonDeserialize" | "JsonTypeInfo")
        })
    })
}
