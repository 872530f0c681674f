//! What is special about consumers in C#: handlers are attached as events (`consumer.Received += …`), are
//! classes that implement an interface of a library, or of an event bus of the repository's own.

use std::collections::BTreeSet;

use super::effect::Effect;
use super::handler::Registration;
use super::reach::Func;
use super::source::Found;
use super::walk::{Kind, Trace};
use super::{Idempotency, InScope, dead_channel, tracked};
use crate::catalog::consume::Form;
use crate::facts::module::{BinaryOp, ClassId, ClassKind, ExprId, ExprKind, FuncId, Language, Module, StmtKind};
use crate::program::index::{Binding, Parent};
use crate::program::processes::Processes;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};

/// Events of consumers of RabbitMQ.Client and of processors of Azure Service Bus.
const EVENTS: [&str; 3] = ["Received", "ReceivedAsync", "ProcessMessageAsync"];
/// Names of methods by which an event bus calls its handlers.
const METHODS: [&str; 4] = ["Handle", "HandleAsync", "Consume", "ConsumeAsync"];

/// Methods of everyday values, collections and mappers, which neither recognise a duplicate nor change a store.
const HARMLESS: [&str; 57] = [
    "Aggregate",
    "Append",
    "AppendLine",
    "Average",
    "Distinct",
    "Join",
    "Replace",
    "Reverse",
    "Round",
    "Skip",
    "Split",
    "Substring",
    "Take",
    "ToHashSet",
    "ToLower",
    "ToUpper",
    "Trim",
    "new",
    "GetType",
    "ToString",
    "Select",
    "SelectMany",
    "Where",
    "ToList",
    "ToArray",
    "ToDictionary",
    "FindAll",
    "ForEach",
    "Cast",
    "OfType",
    "OrderBy",
    "GroupBy",
    "Sum",
    "Count",
    "Max",
    "Min",
    "Add",
    "AddRange",
    "Concat",
    "Format",
    "Parse",
    "Adapt",
    "Compare",
    "Deserialize",
    "Equals",
    "GetBytes",
    "GetRequiredService",
    "GetService",
    "GetString",
    "IsNullOrEmpty",
    "IsNullOrWhiteSpace",
    "Map",
    "NewGuid",
    "Serialize",
    "StartNew",
    "ToUniversalTime",
    "TryParse",
];

/// Methods of traces and scopes, which tell what happens and change nothing.
/// <https://learn.microsoft.com/en-us/dotnet/api/system.diagnostics.activity>
const OBSERVES: [&str; 14] = [
    "AddBaggage",
    "AddEvent",
    "AddException",
    "AddTag",
    "BeginScope",
    "CreateAsyncScope",
    "CreateScope",
    "RecordException",
    "SetBaggage",
    "SetCustomProperty",
    "SetEndTime",
    "SetStatus",
    "SetTag",
    "StartActivity",
];

/// True for a call that only tells what happens.
pub(super) fn observes(ev: &Evaluator<'_>, site: Site, name: &str) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else { return false };
    // `[LoggerMessage(Level = LogLevel.Error)] public static partial void Failed(ILogger logger, string id);`
    // <https://learn.microsoft.com/en-us/dotnet/core/extensions/logger-message-generator>
    let logs = |value: &Value| match value {
        Value::Function { unit, func, .. } => {
            let module = &ev.program.unit(*unit).module;
            let mut decorators = module.func(*func).decorators.iter();
            decorators.any(|d| simple_name(module, *d).is_some_and(|name| name == "LoggerMessage"))
        }
        _ => false,
    };
    OBSERVES.contains(&name) || ev.at(site.unit, call.callee).alternatives().iter().any(logs)
}

/// True for a method of everyday values, collections and mappers, which sends nothing anywhere.
pub(super) fn is_everyday(ev: &Evaluator<'_>, unit: UnitId, name: &str) -> bool {
    ev.program.language(unit) == Language::CSharp && (HARMLESS.contains(&name) || ASKS.contains(&name))
}

/// Calls that have a library recognise duplicates. MassTransit's `AddEntityFrameworkOutbox` and `AddInboxStateEntity`
/// only make that possible: an endpoint has to use it
/// (<https://masstransit.io/documentation/configuration/middleware/outbox>).
const INBOXES: [&str; 5] = [
    "UseEntityFrameworkOutbox",
    "UseMongoDbOutbox",
    "EnableOutbox",
    "UseDurableInboxOnAllListeners",
    "UseDurableInbox",
];

/// Methods that ask a collection something.
const ASKS: [&str; 14] = [
    "First",
    "FirstOrDefault",
    "Last",
    "LastOrDefault",
    "Single",
    "SingleOrDefault",
    "Any",
    "All",
    "Contains",
    "ContainsKey",
    "TryGetValue",
    "Exists",
    "Find",
    "ElementAt",
];

/// True for a question about what is in a parameter that is plain data, such as the message:
/// `message.Items.FirstOrDefault(i => i.Key == id)`.
pub(super) fn asks_data(ev: &Evaluator<'_>, site: Site, name: &str) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else { return false };
    if !ASKS.contains(&name) {
        return false;
    }
    let mut root = call.callee;
    let mut links = 0;
    loop {
        root = match &module.expr(root).kind {
            ExprKind::Attr { object, .. } if links < 8 => *object,
            ExprKind::Call(inner) if links < 8 => inner.callee,
            _ => break,
        };
        links += 1;
    }
    let ExprKind::Name(held) = &module.expr(root).kind else { return false };
    // `Results.All.Contains(result)`: a list that a class of ours holds for all.
    if links > 1 && matches!(ev.at(site.unit, root), Value::Class { .. }) {
        return true;
    }
    if is_constant_list(ev, site.unit, root, held) {
        return true;
    }
    // `items.First()` asks the parameter itself, which may be a table.
    let Some((_, [Binding::Param(func, index)])) =
        unit.index.lookup(module, unit.index.func_of(root), held).filter(|_| links > 1)
    else {
        return false;
    };
    let declared = module.func(*func).params.get(*index).and_then(|p| p.ty);
    let Some(Value::Object { unit: of, class, .. }) = declared.and_then(|ty| ev.declared(site.unit, ty)) else {
        return false;
    };
    let declared = &ev.program.unit(of).module;
    let class = declared.class(class);
    let is_set = |ty: ExprId| {
        simple_name(declared, ty).is_some_and(|n| matches!(n.as_str(), "DbSet" | "IMongoCollection" | "IQueryable"))
    };
    class.kind == ClassKind::Class && !tracked::properties(declared, class).any(|(_, ty)| is_set(ty))
}

/// True for `static readonly HashSet<string> Known = ["a", "b"];`, to which nothing is added.
fn is_constant_list(ev: &Evaluator<'_>, of: UnitId, expr: ExprId, name: &str) -> bool {
    let unit = ev.program.unit(of);
    let module = &unit.module;
    let field = |class: &ClassId| module.class(*class).fields.iter().find(|f| f.name == name);
    let around = unit.index.classes_around(module, expr);
    let value = around.iter().find_map(field).filter(|f| f.is_static).and_then(|f| f.value);
    let holds = value.is_some_and(|value| match &module.expr(value).kind {
        ExprKind::List(items) => !items.is_empty(),
        ExprKind::Call(call) => call.args.iter().any(|arg| matches!(module.expr(arg.value).kind, ExprKind::List(_))),
        _ => false,
    });
    let adds = |call: &ExprId| {
        module.callee_name(*call).is_some_and(|n| n.contains("Add"))
            && module.call(*call).is_some_and(|call| match &module.expr(call.callee).kind {
                ExprKind::Attr { object, .. } => variable(module, *object).is_some_and(|held| held == name),
                _ => false,
            })
    };
    holds && !unit.index.calls.iter().any(|c| adds(&c.expr))
}

/// The functions that the class around a consumer attaches to its events.
pub(super) fn attached(ev: &Evaluator<'_>, site: Site) -> Vec<Func> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let around = unit.index.classes_around(module, site.expr);
    let span = around.first().map(|class| module.class(*class).span);
    let mut out = Vec::new();
    let kept = kept_in(ev, site);
    for stmt in &module.stmts {
        let StmtKind::Assign { target, value: Some(value), op: Some(BinaryOp::Add), .. } = &stmt.kind else { continue };
        let is_event = match &module.expr(*target).kind {
            ExprKind::Attr { object, name, .. } if EVENTS.contains(&name.as_str()) => {
                // One of several that a class has is known by the variable that it is kept in.
                name != "ProcessMessageAsync" || kept.is_none() || variable(module, *object) == kept
            }
            _ => false,
        };
        if !is_event || span.is_some_and(|s| !s.contains(stmt.span)) {
            continue;
        }
        if let Value::Function { unit, func, .. } = ev.at(site.unit, *value) {
            out.push((unit, func));
        }
    }
    out
}

/// What becomes of an error in a handler that nobody awaits: `consumer.Received += async (_, ea) => …` of a consumer
/// whose event is no task is `async void`, and what leaves that ends the process
/// (<https://learn.microsoft.com/en-us/archive/msdn-magazine/2013/march/async-await-best-practices-in-asynchronous-programming>).
pub(super) fn unobserved(ev: &Evaluator<'_>, site: Site) -> Option<&'static str> {
    let module = &ev.program.unit(site.unit).module;
    let made = |name: &str| {
        let of_type = |call: &crate::facts::module::CallId| {
            module.call(call.expr).is_some_and(|c| c.is_new)
                && module.callee_name(call.expr).is_some_and(|callee| callee == name)
        };
        ev.program.unit(site.unit).index.calls.iter().any(of_type)
    };
    if module.language != Language::CSharp || !made("EventingBasicConsumer") || made("AsyncEventingBasicConsumer") {
        return None;
    }
    let handlers = attached(ev, site);
    let is_void = |(unit, func): &Func| ev.program.unit(*unit).module.func(*func).is_async;
    (!handlers.is_empty() && handlers.iter().all(is_void))
        .then_some("raises out of an `async void` handler and ends the process")
}

/// The variable or field that an expression is assigned to.
fn kept_in(ev: &Evaluator<'_>, site: Site) -> Option<SmallName> {
    let module = &ev.program.unit(site.unit).module;
    let target = module.stmts.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, value: Some(value), op: None, .. } if *value == site.expr => Some(*target),
        _ => None,
    });
    let within = || {
        module.exprs.iter().find_map(|expr| match &expr.kind {
            ExprKind::Assign { target, value, .. } if *value == site.expr => Some(*target),
            _ => None,
        })
    };
    target.or_else(within).and_then(|target| variable(module, target))
}

fn variable(module: &Module, expr: ExprId) -> Option<SmallName> {
    match &module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name.clone()),
        _ => None,
    }
}

/// The bases of classes that may be sources, with the method that handles what the base is for:
/// `class X : IConsumer<OrderCreated> { Task Consume(ConsumeContext<OrderCreated> context) }`.
pub(super) fn bases(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> Vec<(Site, SmallName)> {
    let module = &ev.program.unit(unit).module;
    let bases = module.class(class).bases.iter();
    bases.filter_map(|base| Some((Site { unit, expr: *base }, simple_name(module, *base)?))).collect()
}

/// A simple name of a type.
pub(super) type SmallName = smol_str::SmolStr;

/// The method of a class for one of its bases: the one whose first parameter names the base's argument.
pub(super) fn method(ev: &Evaluator<'_>, base: Site, class: ClassId, name: &str) -> Option<FuncId> {
    let module = &ev.program.unit(base.unit).module;
    let argument = match &module.expr(base.expr).kind {
        ExprKind::Index { index, .. } => simple_name(module, *index),
        _ => None,
    };
    let named = |m: &&FuncId| module.func(**m).name == name;
    let mut methods = module.class(class).methods.iter().filter(named);
    let fits = |m: &&FuncId| {
        let first = module.func(**m).params.first().and_then(|p| p.ty);
        argument.as_ref().is_none_or(|a| first.is_some_and(|ty| mentions(module, ty, a)))
    };
    methods.clone().find(fits).or_else(|| methods.next()).copied()
}

/// Handlers by name (<https://wolverinefx.net/guide/handlers/discovery.html>) in projects that listen to a broker.
/// A message that the project declares itself may be sent within the process only.
pub(super) fn conventional<'p>(ev: &Evaluator<'p>, in_scope: &InScope<'_>) -> Vec<Found<'p>> {
    let mut out = Vec::new();
    for library in ev.catalog.libraries() {
        let Some(consume) = &library.consume else { continue };
        for source in consume.sources.iter().filter(|s| s.form == Form::Convention) {
            let calls = source.calls.iter().flat_map(|name| ev.program.calls_named(name));
            let projects: BTreeSet<&str> = calls.map(|site| project(&ev.program.unit(site.unit).path)).collect();
            for project in projects.into_iter().filter(|p| !p.is_empty()) {
                for unit in ev.program.ids().filter(|u| in_scope(*u)) {
                    out.extend(named_handlers(ev, unit, project).into_iter().map(|(func, site, name)| Found {
                        library,
                        consume,
                        source,
                        site,
                        functions: vec![(unit, func)],
                        name: Some(name),
                        heir: None,
                    }));
                }
            }
        }
    }
    out
}

/// The folder of the project that is configured in a file.
fn project(path: &str) -> &str {
    let folder = |path| crate::program::resolve::parent(path);
    let own = folder(path);
    let part = own.rsplit('/').next().unwrap_or(own);
    match part {
        "Extensions" | "Configuration" | "Infrastructure" | "Messaging" | "DependencyInjection" => folder(own),
        _ => own,
    }
}

/// The methods of a module that handle messages by their names, with the types of these messages.
fn named_handlers(ev: &Evaluator<'_>, unit: UnitId, project: &str) -> Vec<(FuncId, Site, String)> {
    let own = ev.program.unit(unit);
    let inside = |path: &str| path.strip_prefix(project).is_some_and(|rest| rest.starts_with('/'));
    if own.module.language != Language::CSharp || !inside(&own.path) {
        return Vec::new();
    }
    let classes = own.module.classes.iter().filter(|c| c.name.ends_with("Handler") || c.name.ends_with("Consumer"));
    let methods = classes.flat_map(|c| c.methods.iter().copied());
    let handler = |func: FuncId| {
        let method = own.module.func(func);
        let expr = method.params.first()?.ty.filter(|_| METHODS.contains(&method.name.as_str()))?;
        let Value::Object { unit: of, class, .. } = ev.declared(unit, expr)? else { return None };
        let message = ev.program.unit(of);
        let name = &message.module.class(class).name;
        let from_outside = !inside(&message.path) || !is_sent_in(ev, project, name);
        from_outside.then(|| (func, Site { unit, expr }, name.to_string()))
    };
    methods.filter_map(handler).collect()
}

/// True for a message that a project may send to itself: it makes one, or takes one from somebody to pass it on.
fn is_sent_in(ev: &Evaluator<'_>, project: &str, message: &str) -> bool {
    let inside = |path: &str| path.strip_prefix(project).is_some_and(|rest| rest.starts_with('/'));
    let is_it = |module: &Module, ty: ExprId| simple_name(module, ty).is_some_and(|name| name == message);
    ev.program.ids().map(|unit| ev.program.unit(unit)).filter(|unit| inside(&unit.path)).any(|unit| {
        let module = &unit.module;
        let handles = |class: ClassId| {
            let name = &module.class(class).name;
            name.ends_with("Handler") || name.ends_with("Consumer") || name == message
        };
        let takes = |f: &crate::facts::module::Function| {
            !f.class.is_some_and(handles) && f.params.iter().filter_map(|p| p.ty).any(|ty| is_it(module, ty))
        };
        let makes = |call: &crate::facts::module::CallId| {
            let call = module.call(call.expr);
            call.is_some_and(|c| {
                (c.is_new && is_it(module, c.callee)) || c.type_args.iter().any(|ty| is_it(module, *ty))
            })
        };
        module.funcs.iter().any(takes) || unit.index.calls.iter().any(makes)
    })
}

fn mentions(module: &Module, root: ExprId, name: &str) -> bool {
    let mut todo = vec![root];
    while let Some(e) = todo.pop() {
        if matches!(&module.expr(e).kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if n == name) {
            return true;
        }
        todo.extend(module.children(e));
    }
    false
}

/// The type that a class handles: `OrderPlaced` of `IConsumer<OrderPlaced>`.
pub(super) fn message(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<String> {
    if let Some(heir) = &found.heir {
        return Some(heir.message.to_string());
    }
    let module = &ev.program.unit(found.site.unit).module;
    match &module.expr(found.site.expr).kind {
        ExprKind::Index { index, .. } if found.source.form == Form::Implements => {
            let name = simple_name(module, *index)?;
            let around = ev.program.unit(found.site.unit).index.classes_around(module, found.site.expr);
            // `class Consumer<T> : IConsumer<T>` that is registered for a type at a time.
            let is_open = around.iter().any(|class| module.class(*class).type_params.contains(&name));
            (!is_open).then(|| name.to_string())
        }
        _ => None,
    }
}

/// Where a consumer is seen: where messages are taken from it, when it is made for the container to hand out.
pub(super) fn seen_at(ev: &Evaluator<'_>, found: &Found<'_>) -> Site {
    let unit = ev.program.unit(found.site.unit);
    let registers = |parent: Parent| match parent {
        Parent::Expr(call) => unit.module.callee_name(call).is_some_and(|name| {
            matches!(name.trim_start_matches("Try"), "AddSingleton" | "AddScoped" | "AddTransient")
        }),
        _ => false,
    };
    if found.source.form != Form::Constructor || !unit.index.ancestors(found.site.expr).any(registers) {
        return found.site;
    }
    let names = found.source.receives.iter().filter_map(|name| name.rsplit('.').next());
    let mut taken = names.flat_map(|name| ev.program.calls_named(name)).copied();
    let is_it = |site: &Site| ev.callee(*site).is_some_and(|(_, of)| of.is_some_and(|i| i.call == Some(found.site)));
    taken.find(is_it).unwrap_or(found.site)
}

/// The handlers of an event bus of the repository: the classes that implement a generic interface which
/// the module of the consumer names.
pub(super) fn handlers(ev: &Evaluator<'_>, consumer: Site, in_scope: &InScope<'_>) -> Vec<Registration> {
    let module = &ev.program.unit(consumer.unit).module;
    if module.language != Language::CSharp {
        return Vec::new();
    }
    let mut names: Vec<&str> = module
        .exprs
        .iter()
        .filter_map(|e| match &e.kind {
            ExprKind::Name(n) if n.starts_with('I') && n.ends_with("Handler") => Some(n.as_str()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut out = Vec::new();
    for name in names {
        for &(unit, class) in ev.program.types.derived(name).iter().filter(|(u, _)| in_scope(*u)) {
            let module = &ev.program.unit(unit).module;
            let c = module.class(class);
            if c.kind != ClassKind::Class {
                continue;
            }
            for &base in &c.bases {
                let ExprKind::Index { index, .. } = &module.expr(base).kind else { continue };
                if simple_name(module, base).is_none_or(|n| n != name) {
                    continue;
                }
                let site = Site { unit, expr: base };
                let found = METHODS.iter().find_map(|m| method(ev, site, class, m));
                let Some(func) = found else { continue };
                let channels = simple_name(module, *index).map(|n| n.to_string()).into_iter().collect();
                out.push(Registration { site, functions: vec![(unit, func)], channels, runs: None });
            }
        }
    }
    out.sort_by_key(|r| r.site);
    out.dedup_by_key(|r| r.site);
    out
}

/// True for a consumer in a class that is named after dead letters: it reads what nobody else could handle.
pub(super) fn is_for_dead_letters(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let around = unit.index.classes_around(&unit.module, site.expr);
    around.iter().any(|class| dead_channel::is_dead_letter_name(&unit.module.class(*class).name))
}

/// True for a handler of a saga of NServiceBus or Rebus: the framework loads the saga's state for each message,
/// and what that says of a duplicate is the business of the rules about sagas.
pub(super) fn is_saga(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let saga = |base: &ExprId| {
        simple_name(module, *base).is_some_and(|n| matches!(n.as_str(), "Saga" | "SqlSaga" | "IdempotentSaga"))
    };
    unit.index.classes_around(module, site.expr).iter().any(|class| module.class(*class).bases.iter().any(saga))
}

/// How many steps of a handler lie before its write is done; all of them, where that is not known.
fn written(trace: &Trace, found: &Idempotency) -> usize {
    let all = trace.steps.len();
    let Idempotency::No { effect, what } = found else { return all };
    let Some(at) = trace.steps.iter().position(|s| s.place == *effect) else { return all };
    // What EF Core keeps track of is written by the commit behind it.
    let tracked = what == tracked::INSERTS || what == tracked::COUNTS;
    let commit = || trace.steps[at..].iter().position(|s| s.kind == Kind::Does(Effect::Commit));
    if tracked { commit().map_or(all, |after| at + after) } else { at }
}

/// Mappers and mediators hide what runs: a verdict stands only where everything was followed.
pub(super) fn certain(ev: &Evaluator<'_>, unit: UnitId, traces: &[Trace], found: Idempotency) -> Idempotency {
    // An inbox of the library recognises what was handled in the same process.
    let mut inboxes = INBOXES.iter().flat_map(|name| ev.program.calls_named(name)).peekable();
    if inboxes.peek().is_some() {
        let processes = Processes::new(ev.program);
        if inboxes.any(|site| processes.together(site.unit, unit)) {
            return Idempotency::Unknown;
        }
    }
    let found = match found {
        Idempotency::Unknown | Idempotency::NotNeeded => tracked::adds(traces).unwrap_or(found),
        found => found,
    };
    // What was asked before may have told a duplicate; what comes after the write can't keep it out any more.
    let before = || traces.iter().flat_map(|trace| &trace.steps[..written(trace, &found)]);
    let asked = || before().any(|s| s.kind == Kind::Does(Effect::Read));
    if matches!(&found, Idempotency::No { what, .. } if what == tracked::INSERTS) && asked() {
        return Idempotency::Unknown;
    }
    let unresolved = before().any(|s| match &s.kind {
        Kind::Unresolved(name) => !s.in_catch && !HARMLESS.contains(&name.as_str()),
        _ => false,
    });
    match found {
        Idempotency::No { .. } | Idempotency::InMemory { .. } if unresolved => Idempotency::Unknown,
        found => found,
    }
}
