//! Events that change data capture publishes: rows of an outbox table which Debezium's router takes from the log of the
//! database. No code of the service sends them: making the row is the publishing.
//!
//! Source: <https://debezium.io/documentation/reference/stable/transformations/outbox-event-router.html>; the columns are
//! those that it reads when nothing else is configured, and its messages have the row's `id` as a header.

use super::flow::squeeze;
use super::payload::Reader;
use super::shape::{self, Shape};
use super::{InScope, Kind, Publisher, Unnamed};
use crate::extract::Presence;
use crate::facts::module::{Class, ClassId, ExprId, ExprKind, StmtKind};
use crate::files::Tree;
use crate::program::types::{build_root, simple_name};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

/// The classes of the transformation, for relational databases and for MongoDB.
const ROUTERS: [&str; 2] = ["transforms.outbox.EventRouter", "transforms.outbox.MongoEventRouter"];
/// The endings of files that connectors are configured in.
const CONFIGURED_IN: [&str; 8] = ["json", "yaml", "yml", "properties", "sh", "http", "conf", "template"];
/// Words of the paths of such files.
const WORDS: [&str; 5] = ["debezium", "connect", "outbox", "cdc", "compose"];

/// True when a connector is configured that routes the rows of an outbox table.
pub(super) fn is_routed(tree: &Tree) -> bool {
    let may_be = |path: &str| {
        let path = path.to_ascii_lowercase();
        let ending = path.rsplit('.').next().unwrap_or_default();
        CONFIGURED_IN.contains(&ending) && WORDS.iter().any(|word| path.contains(word))
    };
    tree.files
        .iter()
        .filter(|file| may_be(&file.path))
        .any(|file| crate::files::read(file).is_ok_and(|text| ROUTERS.iter().any(|router| text.contains(router))))
}

/// The rows that are made for it. A module that publishes by itself has a relay of its own: `others` are its messages.
pub(super) fn find(
    ev: &Evaluator<'_>,
    in_scope: &InScope<'_>,
    others: &[Publisher],
    is_routed: &dyn Fn() -> bool,
) -> Vec<Publisher> {
    let mut rows: Vec<(UnitId, ClassId)> = Vec::new();
    for unit in ev.program.ids().filter(|unit| in_scope(*unit)) {
        let classes = &ev.program.unit(unit).module.classes;
        let found = classes.iter().enumerate().filter(|(_, class)| is_row(class));
        rows.extend(found.map(|(i, _)| (unit, ClassId(i as u32))));
    }
    if rows.is_empty() || !is_routed() {
        return Vec::new();
    }
    let root = |unit: UnitId| build_root(&ev.program.unit(unit).path);
    let relayed: Vec<_> = others.iter().map(|p| root(p.site.unit)).collect();
    let name = |row: (UnitId, ClassId)| &ev.program.unit(row.0).module.class(row.1).name;
    let made = rows.into_iter().flat_map(|row| made(ev, row).into_iter().map(move |site| (site, name(row))));
    let captured = made.filter(|(site, _)| in_scope(site.unit) && !relayed.contains(&root(site.unit)));
    captured.filter_map(|(site, row)| publisher(ev, in_scope, site, row)).collect()
}

/// A class with the columns that the router reads.
fn is_row(class: &Class) -> bool {
    let has = |names: &[&str]| class.fields.iter().any(|field| names.contains(&squeeze(&field.name).as_str()));
    has(&["aggregatetype"]) && has(&["aggregateid"]) && has(&["payload"]) && has(&["type", "eventtype"])
}

/// Where objects of a class are made: `new OutboxEvent(…)`, `OutboxEvent.builder()….build()`.
fn made(ev: &Evaluator<'_>, (unit, class): (UnitId, ClassId)) -> Vec<Site> {
    let name = &ev.program.unit(unit).module.class(class).name;
    let is_it = |unit_of: UnitId, expr: ExprId| ev.at(unit_of, expr) == Value::Class { unit, class };
    let constructed = ev.program.calls_named(name).iter().copied().filter(|site| {
        let module = &ev.program.unit(site.unit).module;
        module.call(site.expr).is_some_and(|call| is_it(site.unit, call.callee))
    });
    let built = ev.program.calls_named("builder").iter().filter_map(|site| {
        let module = &ev.program.unit(site.unit).module;
        let ExprKind::Attr { object, .. } = module.expr(module.call(site.expr)?.callee).kind else { return None };
        is_it(site.unit, object).then(|| end_of_chain(ev, *site))
    });
    constructed.chain(built).collect()
}

/// The last call of a chain: `X.builder().id(…).build()` for `X.builder()`.
fn end_of_chain(ev: &Evaluator<'_>, site: Site) -> Site {
    let linked = ev.program.unit(site.unit);
    let mut last = site.expr;
    let mut at = site.expr;
    for parent in linked.index.ancestors(site.expr) {
        let Parent::Expr(outer) = parent else { break };
        match &linked.module.expr(outer).kind {
            ExprKind::Attr { object, .. } if *object == at => {}
            ExprKind::Call(call) if call.callee == at => last = outer,
            _ => break,
        }
        at = outer;
    }
    Site { expr: last, ..site }
}

/// What holds an object that is made without arguments and filled afterwards: a use of the variable.
fn held(ev: &Evaluator<'_>, site: Site) -> Site {
    let linked = ev.program.unit(site.unit);
    let module = &linked.module;
    if module.call(site.expr).is_some_and(|call| !call.args.is_empty()) {
        return site;
    }
    let Some(Parent::Stmt(stmt)) = linked.index.ancestors(site.expr).next() else { return site };
    let StmtKind::Assign { target, .. } = &module.stmt(stmt).kind else { return site };
    let ExprKind::Name(name) = &module.expr(*target).kind else { return site };
    let func = linked.index.func_of(site.expr);
    let given = linked.index.calls.iter().filter(|call| call.func == func).filter_map(|call| module.call(call.expr));
    let mut args = given.flat_map(|call| &call.args).map(|arg| arg.value);
    let used = args.find(|arg| matches!(&module.expr(*arg).kind, ExprKind::Name(n) if n == name));
    used.map_or(site, |expr| Site { expr, ..site })
}

/// True for a parameter that is declared as a text.
fn is_text(ev: &Evaluator<'_>, site: Site) -> bool {
    let Some(Value::Param { unit, func, index }) = ev.param_of(site) else { return false };
    let module = &ev.program.unit(unit).module;
    let ty = module.func(func).params.get(index).and_then(|param| param.ty);
    ty.and_then(|ty| simple_name(module, ty)).is_some_and(|name| name.eq_ignore_ascii_case("string"))
}

/// The event that a row is; none for one that is made of what nobody hands over.
fn publisher(ev: &Evaluator<'_>, in_scope: &InScope<'_>, site: Site, row: &str) -> Option<Publisher> {
    let mut reader = Reader::new(ev, in_scope);
    let rows = reader.read(held(ev, site));
    let mut payloads: Vec<Shape> = Vec::new();
    for key in rows.iter().flat_map(|row| &row.keys).filter(|key| squeeze(&key.name) == "payload") {
        match (&key.nested, key.value) {
            (Some(nested), _) => payloads.push((**nested).clone()),
            (None, Some(value)) => payloads.extend(reader.read(value)),
            (None, None) => payloads.push(Shape::open()),
        }
    }
    let is_unused = |value: Site| match ev.param_of(value) {
        Some(Value::Param { unit, func, .. }) => ev.callers(unit, func).is_empty(),
        _ => false,
    };
    let of_keys = rows.iter().flat_map(|row| &row.keys).filter(|key| squeeze(&key.name) == "payload");
    let given = ev.program.unit(site.unit).module.call(site.expr).into_iter().flat_map(|call| &call.args);
    let given = given.map(|arg| Site { expr: arg.value, ..site }).filter(|arg| is_text(ev, *arg));
    if of_keys.filter_map(|key| key.value).chain(given).any(is_unused) {
        return None;
    }
    // The other columns may be put into headers.
    let metadata: Vec<Shape> = rows
        .iter()
        .map(|row| Shape {
            keys: row.keys.iter().filter(|key| squeeze(&key.name) != "payload").cloned().collect(),
            ..row.clone()
        })
        .collect();
    let place = ev.program.place(site);
    let home = super::flow::home(ev, site);
    let function = home.map(|func| {
        let name = ev.program.unit(site.unit).module.func(func).name.to_string();
        (name, ev.program.function_place(site.unit, func))
    });
    Some(Publisher {
        place,
        site,
        library: "Debezium".into(),
        method: row.to_string(),
        broker: "kafka".into(),
        kind: Kind::Event,
        destinations: Vec::new(),
        keys: Vec::new(),
        confirmed: Presence::Default,
        persistent: Presence::Default,
        routed: Presence::Default,
        routed_help: String::new(),
        keyed: Presence::Default,
        producer: None,
        swallowed: None,
        unserializable: None,
        hashed_id: None,
        fragile_queue: None,
        messages: Vec::new(),
        version: shape::version(ev, &payloads, &metadata, &[], place),
        event_id: Presence::Default,
        payloads,
        unnamed: Unnamed::default(),
        outbox: true,
        function,
        confirm_help: String::new(),
        persistent_help: String::new(),
    })
}
