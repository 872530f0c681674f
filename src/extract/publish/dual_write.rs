//! A commit and a publish in one function, with nothing that makes them one.
//!
//! The function is the one in which both are seen: it commits itself or calls something that does, and
//! it publishes itself or calls something that does nothing else. An outbox in sight clears it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::flow::{self, squeeze};
use super::{InScope, Kind, Publisher, call, declared, relay, undone, unsaved, unshown};
use crate::catalog::schema::{Ecosystem, Library};
use crate::catalog::writes;
use crate::extract::channels;
use crate::facts::module::{
    BinaryOp, Block, ClassKind, ExprId, ExprKind, FunctionKind, Language, Module, StmtId, StmtKind,
};
use crate::program::hierarchy::FuncRef;
use crate::program::index::Binding;
use crate::program::processes::Processes;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Parent, Site, UnitId, Value};
use crate::syntax::Place;

/// How many calls lie between the function and the commit or the publish.
const MAX_HOPS: usize = 6;

/// A commit and a publish that can come apart.
#[derive(Clone, Debug)]
pub struct DualWrite {
    /// The call that publishes, in the function that also commits.
    pub place: Place,
    /// The expression.
    pub site: Site,
    /// The write to the database, or the call of what writes.
    pub write: Place,
    /// The method called: `save`, `commit`.
    pub write_name: String,
    /// The call to the broker, when `place` calls a function that makes it.
    pub broker_call: Option<Place>,
    /// The publisher, by its index.
    pub publisher: usize,
    /// The write stands before the publish.
    pub write_first: bool,
}

/// What functions do to databases.
struct Stores {
    /// The writes of a function, its own and those of what it calls.
    writes: HashMap<FuncRef, Vec<Site>>,
    /// Functions that call a database library at all.
    touches: HashSet<FuncRef>,
}

/// All of them, sorted by place.
pub fn find(ev: &Evaluator<'_>, in_scope: &InScope<'_>, publishers: &[Publisher]) -> Vec<DualWrite> {
    if publishers.is_empty() {
        return Vec::new();
    }
    let stores = stores(ev, in_scope);
    if stores.writes.is_empty() {
        return Vec::new();
    }
    let mut out: BTreeMap<Site, DualWrite> = BTreeMap::new();
    for (index, publisher) in publishers.iter().enumerate() {
        if matches!(publisher.kind, Kind::DeadLetter | Kind::Reply | Kind::Telemetry)
            || publisher.broker == "redis pub/sub"
            || publisher.outbox
        {
            continue;
        }
        // The call to the broker, then the calls of the functions that do nothing but publish.
        let mut level = match declared::method_at(ev, publisher.site) {
            // The framework makes the call to the broker.
            Some((unit, method)) => ev.callers(unit, method).into_iter().filter(|c| in_scope(c.unit)).collect(),
            None => vec![publisher.site],
        };
        let mut seen: HashSet<FuncRef> = HashSet::new();
        for _ in 0..=MAX_HOPS {
            let mut next = Vec::new();
            for site in level {
                let Some(func) = flow::home(ev, site) else { continue };
                let home = (site.unit, func);
                if has_outbox(ev, home) || undone::is_undone(ev, site) {
                    continue;
                }
                // What a goroutine publishes for the function that started it.
                let sent = channels::senders(ev, site);
                let starter = |f: &_| flow::starter(ev, site.unit, *f).filter(|_| sent.is_empty());
                let started = std::iter::successors(Some(func), starter);
                let mut with = started.filter_map(|f| stores.writes.get(&(site.unit, f)));
                if let Some(write) = with.find_map(|writes| together(ev, writes, site)) {
                    if site != publisher.site && is_telemetry(ev, site, publisher) {
                        continue;
                    }
                    let broker_call = (site != publisher.site).then_some(publisher.place);
                    out.entry(site).or_insert_with(|| describe(ev, site, write, broker_call, index));
                    continue;
                }
                if let Some(outer) = handed_to_writer(ev, &stores, home) {
                    let broker_call = (site != publisher.site).then_some(publisher.place);
                    out.entry(site).or_insert_with(|| describe(ev, site, outer, broker_call, index));
                    continue;
                }
                if stores.touches.contains(&home) || !seen.insert(home) {
                    continue;
                }
                // What a worker publishes is sent by who filled its channel, and not by who started it.
                if !sent.is_empty() {
                    next.extend(sent.into_iter().filter(|c| in_scope(c.unit)));
                    continue;
                }
                let outer = std::iter::successors(Some(func), |f| flow::starter(ev, site.unit, *f)).last();
                next.extend(ev.callers(home.0, outer.unwrap_or(func)).into_iter().filter(|c| in_scope(c.unit)));
                // `traced(key, message, r.publish)`
                let handed = ev.handed_to(home.0, outer.unwrap_or(func)).into_iter();
                let handed = handed.filter(|(site, position)| {
                    in_scope(site.unit)
                        && (calls_with_rest(ev, *site, *position) || flow::is_step(ev, *site, *position))
                });
                next.extend(handed.map(|(site, _)| site));
                next.extend(super::announced::announcements(ev, home).into_iter().filter(|c| in_scope(c.unit)));
            }
            level = next;
        }
    }
    let mut out: Vec<DualWrite> = out.into_values().collect();
    out.sort_by_key(|d| d.place);
    out
}

/// The call that is given a function which publishes, when what is called writes to a database and calls it as well:
/// `orders.create(order, created -> broker.send(created))`, also `created -> Mono.fromRunnable(() -> …)`.
fn handed_to_writer(ev: &Evaluator<'_>, stores: &Stores, (unit_id, func): FuncRef) -> Option<Site> {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    let lambdas = std::iter::successors(Some(func), |f| module.func(*f).parent).take(4);
    lambdas.filter(|_| module.language.is_jvm()).find_map(|func| {
        let lambda = *unit.index.lambda_expr.get(&func)?;
        let Parent::Expr(outer) = *unit.index.expr_parent.get(lambda.0 as usize)? else { return None };
        let call = module.call(outer)?;
        let position = call.args.iter().position(|arg| arg.value == lambda)?;
        let outer = Site { unit: unit_id, expr: outer };
        ev.called(outer, call).iter().find_map(|value| {
            let Value::Function { unit: of, func, .. } = value else { return None };
            let own = stores.writes.get(&(*of, *func)).is_some_and(|writes| !writes.is_empty());
            (own && calls_parameter(ev, (*of, *func), position)).then_some(outer)
        })
    })
}

/// True for a function that calls what it is given at a position: `callback.accept(row)`, `callback(row)`.
fn calls_parameter(ev: &Evaluator<'_>, (unit, func): FuncRef, position: usize) -> bool {
    let unit = ev.program.unit(unit);
    let module = &unit.module;
    let function = module.func(func);
    let Some(given) = function.params.get(position) else { return false };
    let is_it = |expr: ExprId| matches!(&module.expr(expr).kind, ExprKind::Name(name) if *name == given.name);
    unit.index.calls.iter().filter(|c| function.span.contains(module.expr(c.expr).span)).any(|c| {
        module.call(c.expr).is_some_and(|call| match &module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. } => {
                matches!(name.as_str(), "accept" | "apply" | "run" | "call" | "invoke" | "get") && is_it(*object)
            }
            _ => is_it(call.callee),
        })
    })
}

/// True for the call of a function of the program that calls what it is given at a position with other things that it
/// is given, and with nothing else.
fn calls_with_rest(ev: &Evaluator<'_>, handed: Site, position: usize) -> bool {
    let Some(call) = ev.program.unit(handed.unit).module.call(handed.expr) else { return false };
    let Value::Function { unit: of, func, .. } = ev.at(handed.unit, call.callee) else { return false };
    let unit = ev.program.unit(of);
    let params = &unit.module.func(func).params;
    let Some(given) = params.get(position) else { return false };
    let named = |expr: ExprId| match &unit.module.expr(expr).kind {
        ExprKind::Name(name) => params.iter().position(|param| param.name == *name),
        _ => None,
    };
    unit.index.calls.iter().filter(|c| unit.index.func_of(c.expr) == Some(func)).any(|c| {
        unit.module.call(c.expr).is_some_and(|call| {
            matches!(&unit.module.expr(call.callee).kind, ExprKind::Name(name) if *name == given.name)
                && !call.args.is_empty()
                && call.args.iter().all(|arg| named(arg.value).is_some())
        })
    })
}

/// True for the call of a function that publishes what is logged or measured, `publishLog(…)`, when that is what
/// goes to one of the destinations of the publisher.
fn is_telemetry(ev: &Evaluator<'_>, site: Site, publisher: &Publisher) -> bool {
    let Some(name) = ev.program.unit(site.unit).module.callee_name(site.expr) else { return false };
    let words: String = name.chars().flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain([c])).collect();
    let last = words.rsplit('_').next().unwrap_or_default();
    super::is_telemetry(last) && publisher.destinations.iter().any(|d| super::is_telemetry(&d.pattern()))
}

fn describe(ev: &Evaluator<'_>, site: Site, write: Site, broker_call: Option<Place>, publisher: usize) -> DualWrite {
    let module = &ev.program.unit(write.unit).module;
    DualWrite {
        place: ev.program.place(site),
        site,
        write: ev.program.place(write),
        write_name: module.callee_name(write.expr).map(ToString::to_string).unwrap_or_default(),
        broker_call,
        publisher,
        write_first: begins(module, write.expr) < begins(module, site.expr),
    }
}

/// The calls of each function that write to a database of the service's own, themselves or by what they call.
pub(crate) fn writes(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> HashMap<FuncRef, Vec<Site>> {
    stores(ev, in_scope).writes
}

/// True when one run of a function does `later` behind `first`.
pub(crate) fn follows(ev: &Evaluator<'_>, later: Site, first: Site) -> bool {
    let module = &ev.program.unit(first.unit).module;
    let start = |s: Site| module.expr(s.expr).span.start;
    later.unit == first.unit && start(later) > start(first) && !exclusive(ev, later, first)
}

fn stores(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Stores {
    let libraries: Vec<&Library> = ev.catalog.libraries().iter().filter(|l| l.writes.is_some()).collect();
    let mut names: HashSet<(Ecosystem, &str)> = HashSet::new();
    for library in &libraries {
        if let Some(writes) = &library.writes {
            names.extend(
                writes
                    .methods
                    .iter()
                    .chain(&writes.sql)
                    .chain(&writes.extensions)
                    .map(|m| (library.ecosystem, m.rsplit('.').next().unwrap_or(m))),
            );
        }
    }
    let mut stores = Stores { writes: HashMap::new(), touches: HashSet::new() };
    let mut level: Vec<FuncRef> = Vec::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        let u = ev.program.unit(unit);
        let language = u.module.language;
        let ecosystem = Ecosystem::of(language);
        for id in &u.index.calls {
            let site = Site { unit, expr: id.expr };
            let Some(func) = flow::home(ev, site) else { continue };
            let home = (unit, func);
            let stored = stored(ev, site).filter(|_| !super::managed::is_write(ev, site));
            let Some((library, rest)) = stored else {
                let writes = unshown::is_write(ev, site)
                    || super::mapper::is_write(ev, site)
                    || super::managed::is_write(ev, site);
                if writes && !is_bookkeeping(ev, site) {
                    stores.touches.insert(home);
                    stores.writes.entry(home).or_default().push(site);
                    level.push(home);
                }
                continue;
            };
            // boto3 is both: a call of a queue is no call of a table.
            if library.publish.is_empty() && !is_of_given_value(ev, site) {
                stores.touches.insert(home);
            }
            let name = u.module.callee_name(id.expr).map_or("", |n| n.as_str());
            if !names.contains(&(ecosystem, name)) || !is_write(ev, site, library, &rest) || is_bookkeeping(ev, site) {
                continue;
            }
            let writes = stores.writes.entry(home).or_default();
            if writes.is_empty() {
                level.push(home);
            }
            writes.push(site);
        }
    }
    for _ in 0..MAX_HOPS {
        let mut next = Vec::new();
        for (unit, func) in level {
            if has_outbox(ev, (unit, func)) && only_outbox(ev, (unit, func), &stores) {
                continue;
            }
            // `order.Bind(Save)`
            let steps = ev.handed_to(unit, func).into_iter().filter(|(site, at)| flow::is_step(ev, *site, *at));
            let callers = ev.callers(unit, func).into_iter().chain(steps.map(|(site, _)| site));
            for caller in callers.filter(|c| in_scope(c.unit)) {
                let Some(home) = flow::home(ev, caller).map(|f| (caller.unit, f)) else { continue };
                if home == (unit, func) {
                    continue;
                }
                let writes = stores.writes.entry(home).or_default();
                if writes.is_empty() {
                    next.push(home);
                }
                if !writes.contains(&caller) {
                    writes.push(caller);
                }
            }
        }
        level = next;
    }
    stores
}

/// True for a call of Java or Kotlin on something that the function is given and that is declared as no object of a
/// database library: `orderId.toString()`, which a caller has from a row that it saved.
fn is_of_given_value(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    if !module.language.is_jvm() {
        return false;
    }
    let Some(mut root) = module.call(site.expr).map(|call| call.callee) else { return false };
    loop {
        root = match &module.expr(root).kind {
            ExprKind::Attr { object, .. } => *object,
            ExprKind::Call(call) => call.callee,
            _ => break,
        };
    }
    let ExprKind::Name(name) = &module.expr(root).kind else { return false };
    let found = unit.index.lookup(module, unit.index.func_of(site.expr), name);
    let Some((_, [Binding::Param(func, index)])) = found else { return false };
    let Some(declared) = module.func(*func).params.get(*index).and_then(|param| param.ty) else { return false };
    match ev.declared(site.unit, declared) {
        Some(Value::Instance(instance)) => {
            ev.catalog.split(module.language, &instance.ty).is_none_or(|(library, _)| library.writes.is_none())
        }
        Some(Value::Object { unit, class, .. }) => ev.program.unit(unit).module.class(class).kind == ClassKind::Class,
        other => other.is_none(),
    }
}

/// The database library that a call goes to, and the symbol in it.
fn stored<'e>(ev: &Evaluator<'e>, site: Site) -> Option<(&'e Library, String)> {
    let language = ev.program.language(site.unit);
    let known = call::callees(ev, site).into_iter().find_map(|(symbol, _)| {
        let (library, rest) = ev.catalog.split(language, &symbol)?;
        library.writes.as_ref()?;
        Some((library, rest.to_string()))
    });
    known
        .or_else(|| through_interface(ev, site))
        .or_else(|| extension_write(ev, site))
        .or_else(|| declared_write(ev, site))
        .or_else(|| repository_elsewhere(ev, site))
}

/// `order.SaveAsync()` in C#, where a library that the file uses has such a method for objects of any class.
fn extension_write<'e>(ev: &Evaluator<'e>, site: Site) -> Option<(&'e Library, String)> {
    let module = &ev.program.unit(site.unit).module;
    let call = module.call(site.expr).filter(|_| module.language == Language::CSharp)?;
    let ExprKind::Attr { name, .. } = &module.expr(call.callee).kind else { return None };
    let adds = |library: &&Library| {
        library.ecosystem == Ecosystem::DotNet
            && library.writes.as_ref().is_some_and(|w| w.extensions.iter().any(|extension| extension == name))
            && module.imports.iter().any(|i| library.packages.iter().any(|package| *package == i.module))
    };
    let library = ev.catalog.libraries().iter().find(adds)?;
    let is_ours = ev.called(site, call).iter().any(|v| matches!(v, Value::Function { .. }));
    (!is_ours).then(|| (library, name.to_string()))
}

/// `orderRepository.save(order)` in a file of a Spring application without the interface: it is one of Spring Data's
/// that is not shown.
fn repository_elsewhere<'e>(ev: &Evaluator<'e>, site: Site) -> Option<(&'e Library, String)> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let call = module.call(site.expr).filter(|_| module.language.is_jvm())?;
    let ExprKind::Attr { object, name: method, .. } = &module.expr(call.callee).kind else { return None };
    let (ExprKind::Name(held) | ExprKind::Attr { name: held, .. }) = &module.expr(*object).kind else { return None };
    let of_spring =
        module.imports.is_empty() || module.imports.iter().any(|i| i.module.starts_with("org.springframework"));
    if !of_spring || !matches!(method.as_str(), "save" | "saveAll" | "saveAndFlush" | "delete" | "deleteById") {
        return None;
    }
    let class = *unit.index.classes_around(module, site.expr).first()?;
    let fields = module.class(class).fields.iter().filter(|f| f.name == *held).filter_map(|f| f.ty);
    let made = module.funcs.iter().filter(|f| f.class == Some(class) && f.kind == FunctionKind::Constructor);
    let params = made.flat_map(|f| &f.params).filter(|p| p.is_field && p.name == *held).filter_map(|p| p.ty);
    let declared = fields.chain(params).next()?;
    let is_elsewhere = match ev.declared(site.unit, declared) {
        None => true,
        Some(value) => !matches!(value, Value::Object { .. } | Value::Class { .. }),
    };
    if !is_elsewhere || !simple_name(module, declared)?.ends_with("Repository") {
        return None;
    }
    let symbol = format!("org.springframework.data.repository.CrudRepository.{method}");
    let (library, rest) = ev.catalog.split(module.language, &symbol)?;
    library.writes.as_ref()?;
    Some((library, rest.to_string()))
}

/// `Order save(Order order)` that an interface of ours declares for Spring Data or Micronaut Data to implement.
fn declared_write<'e>(ev: &Evaluator<'e>, site: Site) -> Option<(&'e Library, String)> {
    let module = &ev.program.unit(site.unit).module;
    let call = module.call(site.expr).filter(|_| module.language.is_jvm())?;
    let name = module.callee_name(site.expr)?;
    if !["save", "insert", "update", "upsert", "persist", "delete"].iter().any(|w| name.starts_with(w)) {
        return None;
    }
    let values = ev.at(site.unit, call.callee);
    let functions = values.alternatives().iter().filter_map(|value| match value {
        Value::Function { unit, func, .. } => Some((*unit, *func)),
        _ => None,
    });
    // A stand-in for tests may be the only class that implements it.
    let declared = functions.flat_map(|f| std::iter::once(f).chain(ev.overridden(f)));
    declared.into_iter().find_map(|(unit, func)| {
        let module = &ev.program.unit(unit).module;
        let class = module.func(func).class.map(|c| module.class(c)).filter(|c| c.kind == ClassKind::Interface)?;
        class.bases.iter().find_map(|base| {
            let Value::External(symbol) = ev.at(unit, *base) else { return None };
            let (library, rest) = ev.catalog.split(module.language, &symbol)?;
            let symbol = format!("{rest}.{name}");
            library.writes.as_ref().is_some_and(|w| w.has(&symbol)).then_some((library, symbol))
        })
    })
}

/// Go: `q.db.ExecContext(ctx, insertOrder, …)`, where `db` is an interface of ours that `*sql.DB` and
/// `*sql.Tx` satisfy (<https://docs.sqlc.dev/en/stable/howto/transactions.html>).
fn through_interface<'e>(ev: &Evaluator<'e>, site: Site) -> Option<(&'e Library, String)> {
    let module = &ev.program.unit(site.unit).module;
    if module.language != Language::Go {
        return None;
    }
    let name = module.callee_name(site.expr)?;
    if !matches!(name.as_str(), "Exec" | "ExecContext" | "Query" | "QueryContext" | "QueryRow" | "QueryRowContext") {
        return None;
    }
    let call = module.call(site.expr)?;
    let Value::Function { unit, func, .. } = ev.at(site.unit, call.callee) else { return None };
    let declared = &ev.program.unit(unit).module;
    let class = declared.func(func).class?;
    if declared.class(class).kind != ClassKind::Interface {
        return None;
    }
    let (library, _) = ev.catalog.split(Language::Go, "database/sql.DB")?;
    Some((library, name.to_string()))
}

fn is_write(ev: &Evaluator<'_>, site: Site, library: &Library, rest: &str) -> bool {
    let Some(writes) = &library.writes else { return false };
    if writes.has(rest) {
        return true;
    }
    let module = &ev.program.unit(site.unit).module;
    // In Go a context, a connection and what is filled may come first.
    let text_args = if module.language == Language::Go { 4 } else { 1 };
    writes.runs_sql(rest)
        && module.call(site.expr).is_some_and(|c| {
            c.args.iter().take(text_args).any(|arg| {
                let value = ev.at(site.unit, arg.value);
                let text = match &value {
                    // `pool.query({ text: 'INSERT …' })`, `session.execute(text("…"))`
                    Value::Dict(dict) => dict.get("text").map(|s| ev.eval(s)).and_then(|v| v.to_text()),
                    Value::Instance(instance) => instance
                        .call
                        .and_then(|c| super::path::sites(ev, c, "0").first().copied())
                        .and_then(|s| ev.eval(s).to_text()),
                    value => value.to_text(),
                };
                text.is_some_and(|t| writes::writes(&t.pattern()))
            })
        })
}

/// Rows that only remember which messages were handled, or that wait to be published.
fn is_bookkeeping(ev: &Evaluator<'_>, site: Site) -> bool {
    flow::mentions(ev, site, &|name| {
        let name = squeeze(name);
        ["outbox", "inbox", "processedmessage", "processedevent", "idempoten", "deduplicat"]
            .iter()
            .any(|w| name.contains(w))
    })
}

/// Calls that have a messaging library of .NET keep messages with the data.
const DOTNET_OUTBOXES: [&str; 8] = [
    "AddEntityFrameworkOutbox",
    "AddMongoDbOutbox",
    "UseBusOutbox",
    "EnableOutbox",
    "UseDurableOutboxOnAllSendingEndpoints",
    "IntegrateWithWolverine",
    "UseEntityFrameworkCoreTransactions",
    "AddTransactionalOutboxEntities",
];

/// Where CAP keeps messages with the data: a transaction that is begun with its publisher,
/// `database.BeginTransactionAsync(publisher)`. Without one it writes them by itself.
/// <https://cap.dotnetcore.xyz/user-guide/en/cap/transactions/>
fn joined(ev: &Evaluator<'_>) -> impl Iterator<Item = Site> {
    let begun = ["BeginTransaction", "BeginTransactionAsync"].into_iter().flat_map(|name| ev.program.calls_named(name));
    let takes_publisher = |site: &Site| {
        let module = &ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else { return false };
        call.args.iter().any(|arg| {
            let given = ev.at(site.unit, arg.value);
            given.instance().is_some_and(|i| i.ty.ends_with("ICapPublisher"))
        })
    };
    begun.copied().filter(takes_publisher)
}

/// True when an outbox is in sight: the function, its class or its module names one, or one of .NET is
/// configured in the same process.
fn has_outbox(ev: &Evaluator<'_>, (unit, func): FuncRef) -> bool {
    let u = ev.program.unit(unit);
    if u.module.language == Language::CSharp {
        let configured = DOTNET_OUTBOXES.iter().flat_map(|n| ev.program.calls_named(n)).copied();
        let configured: Vec<UnitId> = configured.chain(joined(ev)).map(|site| site.unit).collect();
        let processes = (!configured.is_empty()).then(|| Processes::new(ev.program));
        if processes.is_some_and(|processes| configured.iter().any(|at| processes.together(*at, unit))) {
            return true;
        }
    }
    let function = u.module.func(func);
    // `IntegrationEventLogService` is the outbox of Microsoft's reference applications.
    let named = |name: &str| {
        let name = squeeze(name);
        // What is registered with the transaction of Spring runs when that has ended.
        ["outbox", "integrationeventlog", "eventlogservice", "markeventas", "registersynchronization"]
            .iter()
            .any(|w| name.contains(w))
    };
    named(&u.path)
        || named(&function.name)
        || function.class.is_some_and(|c| named(&u.module.class(c).name))
        || u.module.exprs.iter().any(|e| {
            function.span.contains(e.span)
                && matches!(&e.kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } | ExprKind::Str(n) if named(n))
        })
}

fn only_outbox(ev: &Evaluator<'_>, func: FuncRef, stores: &Stores) -> bool {
    stores.writes.get(&func).is_none_or(|w| w.iter().all(|s| is_bookkeeping(ev, *s)))
}

/// The write that lies on a path with the publish: the last one before it, else the first after it.
fn together(ev: &Evaluator<'_>, writes: &[Site], publish: Site) -> Option<Site> {
    let module = &ev.program.unit(publish.unit).module;
    let start = |s: Site| begins(module, s.expr);
    let on_path: Vec<Site> = writes
        .iter()
        .copied()
        .filter(|w| *w != publish && w.unit == publish.unit && !exclusive(ev, *w, publish))
        // Two loops that are started side by side have nothing to do with each other.
        .filter(|w| !(is_detached(ev, *w) && is_detached(ev, publish)))
        .filter(|w| !relay::has_done_with(ev, publish, *w) && !relay::takes_next(ev, publish, *w))
        .collect();
    let before = on_path.iter().copied().filter(|w| start(*w) < start(publish)).max_by_key(|w| start(*w));
    before.or_else(|| on_path.into_iter().min_by_key(|w| start(*w)))
}

/// Where the name of what is called ends: the calls of a chain begin at the same place.
fn begins(module: &Module, call: ExprId) -> u32 {
    module.expr(module.call(call).map_or(call, |made| made.callee)).span.end
}

/// True for the call of a coroutine that is started, and not waited for.
fn is_detached(ev: &Evaluator<'_>, site: Site) -> bool {
    flow::fate(ev, site) == flow::Fate::Detached
}

/// The statements around an expression, outermost first, with the branch taken in each.
fn around(ev: &Evaluator<'_>, site: Site) -> Vec<StmtId> {
    let index = &ev.program.unit(site.unit).index;
    let mut out: Vec<StmtId> = index
        .ancestors(site.expr)
        .filter_map(|p| match p {
            Parent::Stmt(stmt) => Some(stmt),
            _ => None,
        })
        .collect();
    out.reverse();
    out
}

/// True when one run of the function never does both.
fn exclusive(ev: &Evaluator<'_>, a: Site, b: Site) -> bool {
    let module = &ev.program.unit(a.unit).module;
    let (first, second) =
        if module.expr(a.expr).span.start <= module.expr(b.expr).span.start { (a, b) } else { (b, a) };
    let (up, down) = (around(ev, first), around(ev, second));
    if after_failure(ev, first, &down) || unsaved::wrote_nothing(ev, first, &down) {
        return true;
    }
    let shared = up.iter().zip(&down).take_while(|(x, y)| x == y).count();
    if shared > 0
        && let (Some(x), Some(y)) = (up.get(shared), down.get(shared))
        && branch(ev, a.unit, up[shared - 1], *x) != branch(ev, a.unit, up[shared - 1], *y)
    {
        return true;
    }
    // The first one stands in a block that leaves the function (or the turn of the loop).
    (shared + 1..up.len()).any(|i| {
        let Some(block) = block_of(ev, a.unit, up[i - 1], up[i]) else { return false };
        block.last().is_some_and(|last| {
            matches!(
                module.stmt(*last).kind,
                StmtKind::Return(_) | StmtKind::Throw(_) | StmtKind::Continue | StmtKind::Break
            )
        })
    })
}

/// Go: `err := db.Create(&order).Error; if err != nil { … }` runs what stands in the braces when the first of two
/// calls has failed.
fn after_failure(ev: &Evaluator<'_>, first: Site, around_second: &[StmtId]) -> bool {
    let module = &ev.program.unit(first.unit).module;
    if module.language != Language::Go {
        return false;
    }
    around_second.windows(2).any(|pair| {
        let StmtKind::If { test, then, .. } = &module.stmt(pair[0]).kind else { return false };
        let ExprKind::Binary { op: BinaryOp::Ne, left, right } = &module.expr(*test).kind else { return false };
        let (ExprKind::Name(error), ExprKind::Null) = (&module.expr(*left).kind, &module.expr(*right).kind) else {
            return false;
        };
        if !then.contains(&pair[1]) || !error.to_lowercase().contains("err") {
            return false;
        }
        let names = |target: ExprId| match &module.expr(target).kind {
            ExprKind::Name(name) => name == error,
            ExprKind::List(all) => {
                all.iter().any(|e| matches!(&module.expr(*e).kind, ExprKind::Name(name) if name == error))
            }
            _ => false,
        };
        let index = &ev.program.unit(first.unit).index;
        let own = index.func_of(*test);
        let test = module.expr(*test).span.start;
        // What the error is of: the last assignment before the test; `order, err := f()` takes it from a tuple.
        let whole = |value: ExprId| match &module.expr(value).kind {
            ExprKind::Index { object, .. } => {
                let tuples = module.stmts.iter().filter_map(|stmt| match &stmt.kind {
                    StmtKind::Assign { target, value, .. }
                        if module.expr(*target).kind == module.expr(*object).kind =>
                    {
                        value.filter(|v| module.expr(*v).span.start < test)
                    }
                    _ => None,
                });
                tuples.max_by_key(|v| module.expr(*v).span.start)
            }
            _ => Some(value),
        };
        let assigned = module.stmts.iter().filter_map(|stmt| match &stmt.kind {
            // A function that is passed in has failures of its own.
            StmtKind::Assign { target, value: Some(value), .. } if names(*target) && index.func_of(*target) == own => {
                whole(*value).map(|value| module.expr(value).span).filter(|span| span.start < test)
            }
            _ => None,
        });
        let last = assigned.max_by_key(|span| span.start);
        last.is_some_and(|span| span.contains(module.expr(first.expr).span))
    })
}

/// Which of the alternatives of a statement holds another one: 0 when it has none.
fn branch(ev: &Evaluator<'_>, unit: UnitId, outer: StmtId, inner: StmtId) -> usize {
    match &ev.program.unit(unit).module.stmt(outer).kind {
        StmtKind::If { then, other, .. } => {
            if then.contains(&inner) {
                1
            } else {
                usize::from(other.contains(&inner)) * 2
            }
        }
        StmtKind::Try { handlers, .. } => handlers.iter().position(|h| h.body.contains(&inner)).map_or(0, |i| i + 1),
        _ => 0,
    }
}

/// The conditional block that holds a statement.
fn block_of<'e>(ev: &'e Evaluator<'_>, unit: UnitId, outer: StmtId, inner: StmtId) -> Option<&'e Block> {
    match &ev.program.unit(unit).module.stmt(outer).kind {
        StmtKind::If { then, other, .. } => [then, other].into_iter().find(|b| b.contains(&inner)),
        StmtKind::Try { handlers, .. } => handlers.iter().map(|h| &h.body).find(|b| b.contains(&inner)),
        _ => None,
    }
}
