//! What a call does to the world: reads, writes that bear repetition, and those that do not.

use crate::catalog::consume::EffectKind;
use crate::extract::http::{asks_remote, keyed};
use crate::extract::publish::{is_published, names_asker};
use crate::facts::module::{BinaryOp, Call, Entry, ExprId, ExprKind, Language, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::{Evaluator, Instance, Site, UnitId, Value};

use super::dead_channel::mentions_dead_letter;
use super::entity;
use super::fresh;
use super::guard::When;
use super::new_key;
use super::reach::Reach;
use super::reply;
use super::row;
use super::sql::{inserts_key, of_text};
use super::struct_key;
use super::tracked;
use super::unique;
use super::unique_sql;

/// What a call does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// It asks a store.
    Read,
    /// It changes the world the same way each time.
    Overwrite,
    /// It changes the world only the first time, and its result says whether it did.
    Claim,
    /// It changes the world again each time; what, in words.
    Repeats(String),
    /// It publishes to a channel for messages that cannot be handled.
    DeadLetter,
    /// It writes what was changed on objects of a store.
    Commit,
    /// It adds a row under a key that the message may bring: a second delivery may come no further.
    Keyed,
    /// It changes the world, and nothing more can be said.
    Unclear,
}

/// What a call does that publishes.
pub(super) const PUBLISHES: &str = "publishes a message";
/// Numbers that say how often something was changed or tried, and nothing that is lost when they are wrong.
const BOOKKEEPING: [&str; 9] =
    ["version", "revision", "attempt", "retr", "tries", "epoch", "generation", "failure", "hit_count"];
/// What an `INSERT` does that nothing guards.
pub(super) const INSERTS: &str = "inserts a row";

/// What a call does, when the catalog knows it.
pub(super) fn of(reach: &Reach<'_, '_>, site: Site) -> Option<Effect> {
    match known(reach, site)? {
        Effect::Repeats(what) if what == INSERTS && unique_sql::is_refused(reach, site) => Some(Effect::Claim),
        Effect::Keyed if new_key::inserts_another(reach, site) => Some(Effect::Repeats(INSERTS.into())),
        effect => Some(effect),
    }
}

fn known(reach: &Reach<'_, '_>, site: Site) -> Option<Effect> {
    let ev = reach.ev;
    let unit = ev.program.unit(site.unit);
    let language = unit.module.language;
    let call = unit.module.call(site.expr)?;
    let name = unit.module.callee_name(site.expr).map_or("", |n| n.as_str());
    for symbol in reach.symbols(site) {
        if let Some(kind) = ev.catalog.effect(language, &symbol) {
            return Some(of_kind(reach, kind, name, site, call));
        }
        if let Some((library, rest)) = ev.catalog.split(language, &symbol)
            && library.publish.iter().any(|p| !p.unanswered && p.calls.iter().any(|c| c == rest))
        {
            return Some(of_kind(reach, EffectKind::Publish, name, site, call));
        }
        if let Some((library, rest)) = ev.catalog.split(language, &symbol)
            && let Some(http) = &library.http
            && let Some(form) = http.requests.iter().find(|r| r.calls.iter().any(|c| c == rest))
        {
            return Some(request_effect(ev, &form.method, name, site, call));
        }
    }
    if is_published(ev, site) {
        return Some(of_kind(reach, EffectKind::Publish, name, site, call));
    }
    if let Some(asks) = asks_remote(ev, site) {
        return Some(if asks { Effect::Read } else { Effect::Unclear });
    }
    if language.is_jvm() && entity::is_derived_query(ev, site) {
        if let Some(text) = entity::statement(ev, site)
            && let Some(effect) = of_text(&text)
        {
            return Some(if inserts_key(&text) { Effect::Keyed } else { effect });
        }
        let asks = ["find", "exists", "count", "get", "read", "query", "search", "stream"];
        return Some(if asks.iter().any(|w| name.starts_with(w)) { Effect::Read } else { Effect::Unclear });
    }
    match statement(ev, name, site, call)? {
        Effect::Keyed if fresh::parameter_brings_new_key(reach, site, call) => {
            Some(Effect::Repeats("inserts a row".into()))
        }
        effect => Some(effect),
    }
}

fn of_kind(reach: &Reach<'_, '_>, kind: EffectKind, name: &str, site: Site, call: &Call) -> Effect {
    let ev = reach.ev;
    match kind {
        EffectKind::Read => Effect::Read,
        EffectKind::New => Effect::Overwrite,
        EffectKind::Delete => Effect::Overwrite,
        EffectKind::Upsert => Effect::Claim,
        EffectKind::Claim => Effect::Claim,
        EffectKind::Set => {
            if has_word(ev, site, call, &["nx", "NX"]) || only_new(&ev.program.unit(site.unit).module, call) {
                Effect::Claim
            } else {
                Effect::Overwrite
            }
        }
        EffectKind::Save => saved(reach, site, call),
        EffectKind::SaveSelf => saved_self(reach, site, call),
        EffectKind::Insert => inserted(reach, name, site, call),
        EffectKind::Update => updated(reach, site, call),
        EffectKind::Increment => Effect::Repeats("adds to a number".into()),
        EffectKind::Append => Effect::Repeats("appends to a list".into()),
        EffectKind::Execute => executed(ev, site, call).unwrap_or(Effect::Unclear),
        EffectKind::Commit if ev.program.language(site.unit) == Language::Python => Effect::Commit,
        EffectKind::Commit => tracked::committed(reach, site),
        // A payment that is asked for under the key of the first time is made once.
        EffectKind::Send if gives_key(ev, site, call) => Effect::Overwrite,
        EffectKind::Send => Effect::Repeats(format!("calls `{name}`")),
        EffectKind::Publish => {
            if mentions_dead_letter(ev, site, call) {
                Effect::DeadLetter
            } else if answers(ev, site, call) || reply::is_telemetry(ev, site, call) {
                // Whoever asked takes the first answer; a line of a log may stand there twice.
                Effect::Overwrite
            } else {
                Effect::Repeats(PUBLISHES.into())
            }
        }
    }
}

/// True for a call with an idempotency key among its arguments: `charges.create(charge, { idempotencyKey: event.id })`.
fn gives_key(ev: &Evaluator<'_>, site: Site, call: &Call) -> bool {
    const NAMES: [&str; 4] = ["idempotencyKey", "idempotency_key", "IdempotencyKey", "Idempotency-Key"];
    let module = &ev.program.unit(site.unit).module;
    let says = |e: ExprId| words(ev, module, site, e).replace(['_', '-'], "").contains("idempotencykey");
    has_word(ev, site, call, &NAMES) || call.args.iter().any(|arg| says(arg.value))
}

/// True for a message that goes to the queue which the asker named: `routing_key=props.reply_to`.
fn answers(ev: &Evaluator<'_>, site: Site, call: &Call) -> bool {
    let destination = |(i, arg): &(usize, &crate::facts::module::Arg)| match arg.name.as_deref() {
        Some(name) => matches!(name, "routing_key" | "queue" | "to"),
        None => *i < 2,
    };
    let mut destinations = call.args.iter().enumerate().filter(destination);
    destinations.any(|(_, arg)| names_asker(ev, Site { unit: site.unit, expr: arg.value }))
}

/// True for a field that counts changes or attempts.
pub(super) fn is_bookkeeping(field: &str) -> bool {
    let field = field.to_lowercase();
    BOOKKEEPING.iter().any(|word| field.contains(word))
}

fn has_word(ev: &Evaluator<'_>, site: Site, call: &Call, words: &[&str]) -> bool {
    call.args.iter().any(|a| {
        let named = a.name.as_deref().is_some_and(|n| words.contains(&n));
        if named {
            return ev.at(site.unit, a.value) != Value::Bool(false);
        }
        match ev.at(site.unit, a.value) {
            Value::Str(text) => text.as_literal().is_some_and(|t| words.contains(&t.as_str())),
            Value::Dict(dict) => words.iter().any(|w| dict.get(w).is_some_and(|s| ev.eval(s) != Value::Bool(false))),
            _ => false,
        }
    })
}

/// `db.StringSetAsync(key, value, expiry, When.NotExists)` of StackExchange.Redis.
fn only_new(module: &Module, call: &Call) -> bool {
    call.args.iter().any(|a| matches!(&module.expr(a.value).kind, ExprKind::Attr { name, .. } if name == "NotExists"))
}

/// `save(x)`: a new row when `x` was made here without a key of the message.
fn saved(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Effect {
    let ev = reach.ev;
    if ev.program.language(site.unit).is_jvm() {
        return entity::saved(reach, site, call);
    }
    let args: Vec<ExprId> = call.args.iter().filter(|a| a.name.is_none()).map(|a| a.value).collect();
    let mut effect = Effect::Unclear;
    for &arg in &args {
        for value in made(reach, Site { unit: site.unit, expr: arg }, 0) {
            match value {
                Value::Instance(instance) => match origin(ev, &instance) {
                    Some(EffectKind::Read) => effect = Effect::Overwrite,
                    Some(EffectKind::New) => {
                        if instance.call.is_some_and(|c| has_key(ev, c) || unique::is_brought(reach, site, c)) {
                            effect = Effect::Claim;
                        } else {
                            return appended(ev, site, arg).unwrap_or(Effect::Repeats("stores a new row".into()));
                        }
                    }
                    _ => {}
                },
                Value::Object { call: Some(c), .. } => {
                    if has_key(ev, c) || unique::is_brought(reach, site, c) {
                        effect = Effect::Claim;
                    } else {
                        return Effect::Repeats("stores a new row".into());
                    }
                }
                Value::Dict(dict) => {
                    let keyed = dict.get("id").or(dict.get("_id")).is_some() || dict.open;
                    if keyed || unique::is_brought(reach, site, site) {
                        effect = Effect::Claim;
                    } else {
                        return Effect::Repeats("stores a new row".into());
                    }
                }
                _ => {}
            }
        }
        if let Some(appended) = appended(ev, site, arg) {
            return appended;
        }
    }
    effect
}

/// The objects an expression may be, with the calls that made them: a parameter with a declared type
/// is followed to the callers.
pub(super) fn made(reach: &Reach<'_, '_>, site: Site, depth: u32) -> Vec<Value> {
    let ev = reach.ev;
    let values = ev.settle(&ev.eval(site));
    let unknown = |v: &Value| match v {
        Value::Object { call, .. } => call.is_none(),
        Value::Instance(i) => i.call.is_none(),
        _ => false,
    };
    if depth > 3 || !values.iter().all(unknown) {
        return values;
    }
    let unit = ev.program.unit(site.unit);
    let ExprKind::Name(name) = &unit.module.expr(site.expr).kind else { return values };
    let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name) else {
        return values;
    };
    let mut out = Vec::new();
    for binding in bindings {
        if let Binding::Param(func, index) = *binding {
            for call in reach.callers((site.unit, func)).into_iter().take(8) {
                if let Some(argument) = ev.argument_site(call, site.unit, func, index) {
                    out.extend(made(reach, argument, depth + 1));
                }
            }
        }
    }
    if out.is_empty() { values } else { out }
}

/// `row.save()`: a new row unless the object was loaded.
fn saved_self(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Effect {
    let ev = reach.ev;
    let module = &ev.program.unit(site.unit).module;
    let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return Effect::Unclear };
    if module.language.is_jvm() {
        return entity::saved_value(reach, site, *object);
    }
    if let Some(appended) = appended(ev, site, *object) {
        return appended;
    }
    let made = ev.settle(&ev.at(site.unit, *object));
    // `row = Payment(…)`, `row.save()` of Django.
    if let (Language::Python, Some(Value::Object { unit, class, call: Some(made) })) = (module.language, made.first()) {
        let keyed = has_key(ev, *made) || row::is_refused(ev, (*unit, *class), *made);
        return if keyed { Effect::Claim } else { Effect::Repeats("stores a new row".into()) };
    }
    let Some(Value::Instance(instance)) = made.first() else { return Effect::Unclear };
    match origin(ev, instance) {
        Some(EffectKind::New)
            if instance.call.is_some_and(|c| has_key(ev, c) || unique::is_brought(reach, site, c)) =>
        {
            Effect::Claim
        }
        Some(EffectKind::New) => Effect::Repeats("stores a new document".into()),
        Some(_) => Effect::Overwrite,
        None => Effect::Unclear,
    }
}

/// How an object came to be: loaded, or made new.
fn origin(ev: &Evaluator<'_>, instance: &Instance) -> Option<EffectKind> {
    let mut current = Some(instance);
    while let Some(i) = current {
        if let Some(call) = i.call
            && let Some((symbol, _)) = ev.callee(call)
            && let Some(kind) = ev.catalog.effect(ev.program.language(call.unit), &symbol)
        {
            return Some(kind);
        }
        current = i.from.as_deref();
    }
    None
}

/// `order.history.push(…)`, `account.balance -= x` before `save(order)`.
fn appended(ev: &Evaluator<'_>, site: Site, object: ExprId) -> Option<Effect> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let ExprKind::Name(object) = &module.expr(object).kind else { return None };
    let func = unit.index.func_of(site.expr);
    for call in unit.index.calls.iter().filter(|c| c.func == func) {
        let Some(c) = module.call(call.expr) else { continue };
        if let ExprKind::Attr { object: list, name, .. } = &module.expr(c.callee).kind
            && matches!(name.as_str(), "push" | "append" | "unshift")
            && let ExprKind::Attr { object: root, .. } = &module.expr(*list).kind
            && matches!(&module.expr(*root).kind, ExprKind::Name(n) if n == object)
        {
            return Some(Effect::Repeats("appends an entry to a stored list".into()));
        }
    }
    let counts = module.stmts.iter().any(|s| match &s.kind {
        StmtKind::Assign { target, op, value, .. } => match &module.expr(*target).kind {
            ExprKind::Attr { object: root, name: field, .. } => {
                let again = match (op, value.map(|v| &module.expr(v).kind)) {
                    (Some(BinaryOp::Add | BinaryOp::Sub), _) => true,
                    // `account.balance = account.balance - x`
                    (None, Some(ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, left, right })) => {
                        [left, right].into_iter().any(|side| match &module.expr(*side).kind {
                            ExprKind::Attr { object: read, name, .. } => {
                                name == field && matches!(&module.expr(*read).kind, ExprKind::Name(n) if n == object)
                            }
                            _ => false,
                        })
                    }
                    _ => false,
                };
                again
                    && !is_bookkeeping(field)
                    && matches!(&module.expr(*root).kind, ExprKind::Name(n) if n == object)
                    && unit.index.func_of(*target) == func
            }
            _ => false,
        },
        _ => false,
    });
    counts.then(|| Effect::Repeats("adds to a stored number".into()))
}

/// True when the object carries its own key, and the key is not made here.
fn has_key(ev: &Evaluator<'_>, made: Site) -> bool {
    let module = &ev.program.unit(made.unit).module;
    let Some(call) = module.call(made.expr) else { return false };
    let is_key = |name: &str| {
        matches!(
            name,
            "id" | "_id"
                | "pk"
                | "event_id"
                | "eventId"
                | "message_id"
                | "messageId"
                | "ID"
                | "Id"
                | "EventID"
                | "MessageID"
        )
    };
    let stable = |expr: ExprId| {
        !module.callee_name(expr).is_some_and(|n| {
            let n = n.to_lowercase();
            n.contains("uuid") || n.contains("nanoid") || n.contains("objectid") || n == "str"
        })
    };
    let later = || row::assigned(ev, made).into_iter().any(|(name, value)| is_key(name) && stable(value));
    let is_python = module.language == Language::Python;
    is_python && later()
        || call.args.iter().any(|arg| {
            if let Some(name) = &arg.name {
                return is_key(name) && stable(arg.value);
            }
            match ev.at(made.unit, arg.value) {
                Value::Dict(dict) => {
                    dict.entries.iter().any(|(k, s)| is_key(k) && (s.unit != made.unit || stable(s.expr)))
                }
                _ => false,
            }
        })
}

fn inserted(reach: &Reach<'_, '_>, name: &str, site: Site, call: &Call) -> Effect {
    let ev = reach.ev;
    if has_word(ev, site, call, &["skipDuplicates", "ignoreDuplicates", "orIgnore", "ignore_conflicts"])
        || goes_on(ev, site, &["onconflict", "on_conflict", "onduplicate", "on_duplicate", "orignore", "orupdate"])
    {
        return Effect::Claim;
    }
    match ev.program.language(site.unit) {
        Language::Go => return inserted_struct(reach, site, call),
        Language::CSharp => return tracked::inserted(reach, site, call),
        _ => {}
    }
    // SQLAlchemy's `add(x)`: a row that was loaded is only attached.
    if name.starts_with("add") {
        let Some(arg) = call.args.first() else { return Effect::Unclear };
        return match made(reach, Site { unit: site.unit, expr: arg.value }, 0).first() {
            Some(Value::Object { call: Some(made), .. }) if has_key(ev, *made) => Effect::Claim,
            Some(Value::Object { unit, class, call: Some(made) }) if row::is_refused(ev, (*unit, *class), *made) => {
                Effect::Claim
            }
            Some(Value::Object { call: Some(_), .. }) => Effect::Repeats("stores a new row".into()),
            Some(Value::Instance(instance)) if origin(ev, instance).is_some() => Effect::Overwrite,
            _ => Effect::Unclear,
        };
    }
    let refused = || row::class_before(ev, site).is_some_and(|class| row::is_refused(ev, class, site));
    let keyed = has_key(ev, site) || unique::is_brought(reach, site, site) || refused() || {
        call.args.iter().any(|a| match ev.at(site.unit, a.value) {
            Value::Dict(dict) => dict.get("data").is_some_and(|d| match ev.eval(d) {
                Value::Dict(d) => d.get("id").is_some() || d.get("eventId").is_some(),
                _ => false,
            }),
            _ => false,
        })
    };
    if keyed { Effect::Claim } else { Effect::Repeats("stores a new row".into()) }
}

/// `db.Create(&order)`, `collection.InsertOne(ctx, order)`: a new row each time, unless it has a key, which
/// may be the message's.
fn inserted_struct(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Effect {
    let ev = reach.ev;
    // `db.Clauses(clause.OnConflict{DoNothing: true}).Create(&order)` of gorm.
    let before = Site { unit: site.unit, expr: call.callee };
    if crate::extract::publish::flow::mentions(ev, before, &|name| name == "OnConflict") {
        return Effect::Claim;
    }
    for arg in call.args.iter().rev() {
        for value in made(reach, Site { unit: site.unit, expr: arg.value }, 0) {
            match value {
                Value::Object { unit, class, call: made } => {
                    let is_set = |field: &str| {
                        made.is_none_or(|made| {
                            is_set(ev, made, field)
                                && !new_key::field_is_new(reach, Site { unit: site.unit, expr: arg.value }, field, 0)
                        })
                    };
                    let keyed = struct_key::may_be_brought(reach, site, (unit, class), &is_set);
                    return if keyed { Effect::Unclear } else { Effect::Repeats("stores a new row".into()) };
                }
                Value::Dict(dict) if dict.get("_id").is_none() && !dict.open => {
                    return Effect::Repeats("stores a new document".into());
                }
                _ => {}
            }
        }
    }
    Effect::Unclear
}

/// True when a struct literal gives a field a value, or the function around it does so later.
fn is_set(ev: &Evaluator<'_>, made: Site, field: &str) -> bool {
    let unit = ev.program.unit(made.unit);
    let module = &unit.module;
    let Some(call) = module.call(made.expr) else { return true };
    let func = unit.index.func_of(made.expr);
    call.args.iter().any(|a| a.name.as_deref().is_none_or(|name| name == field))
        || module.stmts.iter().any(|s| match &s.kind {
            StmtKind::Assign { target, .. } => {
                matches!(&module.expr(*target).kind, ExprKind::Attr { name, .. } if name == field)
                    && unit.index.func_of(*target) == func
            }
            _ => false,
        })
}

/// True when the call is continued with a method of such a name: `insert(x).onConflictDoNothing()`.
fn goes_on(ev: &Evaluator<'_>, site: Site, names: &[&str]) -> bool {
    let unit = ev.program.unit(site.unit);
    unit.index.ancestors(site.expr).take(8).any(|p| match p {
        crate::program::Parent::Expr(e) => match &unit.module.expr(e).kind {
            ExprKind::Attr { name, .. } => names.iter().any(|n| name.to_lowercase().starts_with(n)),
            _ => false,
        },
        _ => false,
    })
}

/// An update is harmless unless it counts; one with a condition besides the key also says whether it
/// was the first.
fn updated(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Effect {
    let ev = reach.ev;
    let module = &ev.program.unit(site.unit).module;
    let mut todo: Vec<ExprId> = call.args.iter().map(|a| a.value).collect();
    let mut seen = 0;
    while let Some(expr) = todo.pop() {
        seen += 1;
        if seen > 300 {
            break;
        }
        if let ExprKind::Dict(entries) = &module.expr(expr).kind {
            for entry in entries {
                if let Entry::Pair { key, .. } = entry
                    && let ExprKind::Str(key) = &module.expr(*key).kind
                {
                    match key.as_str() {
                        "$inc" | "increment" | "decrement" | "$mul" => {
                            return Effect::Repeats("adds to a stored number".into());
                        }
                        "$push" => return Effect::Repeats("appends an entry to a stored list".into()),
                        _ => {}
                    }
                }
            }
        }
        if has_word(ev, site, call, &["upsert"]) {
            return Effect::Claim;
        }
        let skipped = only_for_new(reach, site.unit, expr);
        todo.extend(module.children(expr).into_iter().filter(|child| !skipped.contains(child)));
    }
    let conditional = call.args.first().is_some_and(|a| match ev.at(site.unit, a.value) {
        Value::Dict(dict) => {
            let filter = dict.get("where").map_or(Value::Dict(dict.clone()), |w| ev.eval(w));
            match filter {
                Value::Dict(filter) => {
                    filter.entries.iter().any(|(k, _)| !matches!(k.as_str(), "id" | "_id" | "where" | "data"))
                }
                _ => false,
            }
        }
        _ => false,
    });
    if conditional { Effect::Claim } else { Effect::Overwrite }
}

/// The parts of a value that stand in it for a message that was not seen before: `...(known ? {} : { count: … })`.
fn only_for_new(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId) -> Vec<ExprId> {
    let test = |test: ExprId| super::guard::test(reach, unit, test).map(|(_, when)| when);
    match reach.ev.program.unit(unit).module.expr(expr).kind {
        ExprKind::Cond { test: by, then, other } => match test(by) {
            Some(When::True) => vec![other],
            Some(When::False) => vec![then],
            Some(When::Either) => vec![then, other],
            None => Vec::new(),
        },
        ExprKind::Binary { op: BinaryOp::And, left, right } if test(left) == Some(When::False) => vec![right],
        _ => Vec::new(),
    }
}

/// Requests that change nothing although they are POST.
const QUESTIONS: [&str; 22] = [
    "token",
    "oauth",
    "login",
    "auth",
    "search",
    "query",
    "predict",
    "analy",
    "classif",
    "embed",
    "completion",
    "graphql",
    "validate",
    "verify",
    "calculate",
    "estimate",
    "introspect",
    "lookup",
    "translate",
    "generate",
    "chat",
    "infer",
];

fn request_effect(ev: &Evaluator<'_>, form: &str, name: &str, site: Site, call: &Call) -> Effect {
    let mut address = call.args.first().map(|a| Site { unit: site.unit, expr: a.value });
    let method = match form {
        "name" => name.to_uppercase(),
        "unknown" => match crate::extract::http::message(ev, site).0 {
            Some(method) => method,
            None => return Effect::Unclear,
        },
        "request" => match crate::extract::http::request::made(ev, site) {
            (Some(method), url) => {
                address = url;
                method
            }
            (None, _) => return Effect::Unclear,
        },
        from if from.starts_with("argument ") => {
            let n = from.trim_start_matches("argument ").parse().unwrap_or(0);
            match ev.positional(site.unit, call, n).and_then(|v| v.as_str()) {
                Some(method) => method.to_uppercase(),
                None => return Effect::Unclear,
            }
        }
        from if from.starts_with("option ") => {
            let found = call.args.iter().find_map(|a| {
                let key = from.trim_start_matches("option ");
                super::setting::in_value(ev, &ev.at(site.unit, a.value), key)
            });
            match found.map(|s| ev.eval(s)) {
                Some(value) => match value.as_str() {
                    Some(method) => method.to_uppercase(),
                    None => return Effect::Unclear,
                },
                None => "GET".into(),
            }
        }
        fixed => fixed.to_string(),
    };
    match method.as_str() {
        "GET" | "HEAD" | "OPTIONS" => Effect::Read,
        "PUT" | "DELETE" => Effect::Overwrite,
        // Most set what the message says; some add to it.
        "PATCH" => Effect::Unclear,
        "POST" => {
            if keyed::key_sent(ev, call, site, None) == Some(true) {
                return Effect::Overwrite;
            }
            let address = address.map(|a| words(ev, &ev.program.unit(a.unit).module, a, a.expr)).unwrap_or_default();
            if QUESTIONS.iter().any(|q| address.contains(q)) {
                return Effect::Read;
            }
            Effect::Repeats(format!("sends a {method} request"))
        }
        _ => Effect::Unclear,
    }
}

/// The names and strings of an expression, in lower case.
fn words(ev: &Evaluator<'_>, module: &Module, site: Site, expr: ExprId) -> String {
    let mut out = String::new();
    let mut todo = vec![expr];
    while let Some(e) = todo.pop() {
        match &module.expr(e).kind {
            ExprKind::Str(s) => out.push_str(&s.to_lowercase()),
            ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
                out.push_str(&n.to_lowercase());
                if let Some(text) = ev.at(site.unit, e).to_text() {
                    out.push_str(&text.pattern().to_lowercase());
                }
            }
            ExprKind::Template(parts) => {
                for part in parts {
                    if let crate::facts::module::TemplatePart::Text(t) = part {
                        out.push_str(&t.to_lowercase());
                    }
                }
            }
            _ => {}
        }
        out.push(' ');
        todo.extend(module.children(e));
        if out.len() > 2000 {
            break;
        }
    }
    out
}

/// A statement that is passed as text, or built with a query builder.
fn statement(ev: &Evaluator<'_>, name: &str, site: Site, call: &Call) -> Option<Effect> {
    let lower = name.to_lowercase();
    let runs = ["exec", "query", "run", "fetch", "raw", "scalar", "all", "first", "one", "none", "get", "begin"]
        .iter()
        .any(|w| lower.contains(w));
    if runs { executed(ev, site, call) } else { None }
}

/// A statement of a call that runs one.
fn executed(ev: &Evaluator<'_>, site: Site, call: &Call) -> Option<Effect> {
    let module = &ev.program.unit(site.unit).module;
    if module.language == Language::Go {
        // A context, a connection and what is filled may come first.
        return call.args.iter().take(4).find_map(|a| built(ev, site, a.value, 0));
    }
    if module.language.is_jvm() {
        let text = super::jdbc::statement(ev, site)?;
        return built(ev, text, text.expr, 0);
    }
    let first = call.args.iter().find(|a| !a.spread && a.name.as_deref().is_none_or(|n| n == "query" || n == "sql"))?;
    built(ev, site, first.value, 0)
}

fn built(ev: &Evaluator<'_>, site: Site, expr: ExprId, depth: u32) -> Option<Effect> {
    if depth > 4 {
        return None;
    }
    let module = &ev.program.unit(site.unit).module;
    for value in ev.settle(&ev.at(site.unit, expr)) {
        match &value {
            Value::Str(text) => {
                let pattern = text.pattern();
                if let Some(effect) = of_text(&pattern) {
                    // A second delivery violates the key, when the message brings it.
                    let keyed = (module.language.is_jvm()
                        || matches!(module.language, Language::Go | Language::CSharp))
                        && inserts_key(&pattern);
                    return Some(if keyed { Effect::Keyed } else { effect });
                }
            }
            Value::Instance(instance) => {
                let language = module.language;
                let rest = ev.catalog.split(language, &instance.ty).map_or("", |(_, rest)| rest);
                let mut parts = rest.split('.');
                let head = parts.next().unwrap_or("");
                let tail: Vec<&str> = parts.collect();
                match head {
                    "select" => return Some(Effect::Read),
                    "delete" => return Some(Effect::Overwrite),
                    "insert" if tail.iter().any(|t| t.starts_with("on_conflict") || t.starts_with("on_duplicate")) => {
                        return Some(Effect::Claim);
                    }
                    "insert" => return Some(Effect::Repeats(INSERTS.into())),
                    "update" => {
                        let counts = contains(module, expr, &|k| {
                            matches!(k, ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, .. })
                        });
                        return Some(if counts {
                            Effect::Repeats("adds to a stored number".into())
                        } else {
                            Effect::Overwrite
                        });
                    }
                    _ => {}
                }
                // `text("INSERT …")`
                if let Some(made) = instance.call
                    && let Some(c) = ev.program.unit(made.unit).module.call(made.expr)
                    && let Some(arg) = c.args.first()
                    && (made.unit, arg.value) != (site.unit, expr)
                    && let Some(effect) = built(ev, Site { unit: made.unit, expr: made.expr }, arg.value, depth + 1)
                {
                    return Some(effect);
                }
            }
            _ => {}
        }
    }
    None
}

fn contains(module: &Module, root: ExprId, test: &dyn Fn(&ExprKind) -> bool) -> bool {
    let mut todo = vec![root];
    while let Some(e) = todo.pop() {
        if test(&module.expr(e).kind) {
            return true;
        }
        todo.extend(module.children(e));
    }
    false
}
