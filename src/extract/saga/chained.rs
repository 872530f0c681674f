//! Sagas that nobody calls one: a function that changes another service by a request and then goes on to something
//! that can fail, with nothing in sight that takes the first change back.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::names;
use crate::extract::publish::{declared, dual_write, flow};
use crate::program::hierarchy::FuncRef;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

/// How many calls lie between the function and a request.
const MAX_HOPS: usize = 4;
/// How many callers of the function are asked whether they undo.
const MAX_CALLERS: usize = 2;

/// A change in another service that stays when something behind it fails.
#[derive(Clone, Debug)]
pub struct Chained {
    /// The call in the function that does both.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// The request, where the call only leads to it.
    pub request: Option<Place>,
    /// What comes behind it: the call.
    pub later: Place,
    /// Its name.
    pub later_name: String,
    /// The name of the function.
    pub function: String,
}

/// A call in a function that leads to a request.
#[derive(Clone)]
struct Step {
    site: Site,
    request: Place,
}

/// All of them, sorted by place. `requests` are those that change another service of the system, expression and place,
/// `repeated` the places
/// of functions that are run again when they fail: the handlers of messages.
pub fn find(
    ev: &Evaluator<'_>,
    in_scope: &dyn Fn(UnitId) -> bool,
    requests: &[(Site, Place)],
    repeated: &HashSet<Place>,
) -> Vec<Chained> {
    let steps = steps(ev, in_scope, requests);
    if steps.is_empty() {
        return Vec::new();
    }
    let writes = dual_write::writes(ev, in_scope);
    let mut out: BTreeMap<Place, Chained> = BTreeMap::new();
    let mut told: HashSet<Place> = HashSet::new();
    // Those nearest to the requests first: what calls such a function is no other saga.
    for (home, steps) in steps {
        if steps.iter().any(|step| told.contains(&step.request)) || is_undone(ev, in_scope, home, repeated) {
            continue;
        }
        let own: Vec<Site> = writes.get(&home).cloned().unwrap_or_default();
        for step in &steps {
            let name = name(ev, step.site);
            // What is stored before the request tells whoever comes back how far it came.
            let is_stored = own.iter().any(|write| dual_write::follows(ev, step.site, *write));
            if !is_strong(&name) || is_stored {
                continue;
            }
            let others = steps.iter().map(|s| s.site).filter(|s| *s != step.site && self::name(ev, *s) != name);
            let later: Vec<Site> = others
                .filter(|s| can_fail(&self::name(ev, *s)))
                .chain(own.iter().copied().filter(|w| steps.iter().all(|s| s.site != *w)))
                .filter(|s| dual_write::follows(ev, *s, step.site))
                .collect();
            let Some(later) = later.into_iter().min_by_key(|s| ev.program.place(*s)) else { continue };
            let place = ev.program.place(step.site);
            told.insert(step.request);
            out.entry(place).or_insert_with(|| Chained {
                place,
                name,
                request: (step.request != place).then_some(step.request),
                later: ev.program.place(later),
                later_name: self::name(ev, later),
                function: ev.program.unit(home.0).module.func(home.1).name.to_string(),
            });
        }
    }
    out.into_values().collect()
}

/// The functions that lead to requests, nearest first, with their calls that do.
fn steps(
    ev: &Evaluator<'_>,
    in_scope: &dyn Fn(UnitId) -> bool,
    requests: &[(Site, Place)],
) -> Vec<(FuncRef, Vec<Step>)> {
    let mut order: Vec<FuncRef> = Vec::new();
    let mut found: HashMap<FuncRef, Vec<Step>> = HashMap::new();
    let mut level: Vec<Step> = Vec::new();
    for &(site, request) in requests {
        let sites = match declared::method_at(ev, site) {
            Some((unit, method)) => ev.callers(unit, method),
            None => vec![site],
        };
        let sites = sites.into_iter().filter(|site| in_scope(site.unit));
        level.extend(sites.map(|site| Step { site, request }));
    }
    for _ in 0..=MAX_HOPS {
        let mut next = Vec::new();
        for step in level {
            let Some(func) = flow::home(ev, step.site) else { continue };
            let home = (step.site.unit, func);
            let known = found.entry(home).or_default();
            if known.is_empty() {
                order.push(home);
            }
            if known.iter().any(|s| s.site == step.site) {
                continue;
            }
            known.push(step.clone());
            let callers = ev.callers(home.0, home.1).into_iter().filter(|c| in_scope(c.unit));
            next.extend(callers.map(|site| Step { site, request: step.request }));
        }
        level = next;
    }
    order.into_iter().filter_map(|home| Some((home, found.remove(&home)?))).collect()
}

/// Something in the function, or in what calls it, takes back or repeats; or it says itself that it is a saga, and is
/// read as one.
fn is_undone(ev: &Evaluator<'_>, in_scope: &dyn Fn(UnitId) -> bool, home: FuncRef, repeated: &HashSet<Place>) -> bool {
    let mut level = vec![home];
    for _ in 0..=MAX_CALLERS {
        for (unit, func) in &level {
            let linked = ev.program.unit(*unit);
            let function = linked.module.func(*func);
            let class = function.class.map(|class| linked.module.class(class).name.as_str()).unwrap_or_default();
            let is_repeated = function.decorators.iter().any(|decorator| {
                let name = linked.module.callee_name(*decorator).map_or("", |name| name.as_str());
                ["Scheduled", "Cron", "Interval", "Retryable", "Retry", "retry"].contains(&name)
            });
            if names::is_saga_word(&function.name)
                || names::is_saga_word(class)
                || repeated.contains(&ev.program.function_place(*unit, *func))
                || is_repeated
            {
                return true;
            }
            let mut calls =
                linked.index.calls.iter().filter(|c| function.span.contains(linked.module.expr(c.expr).span));
            let undoes = calls.any(|call| {
                let name = linked.module.callee_name(call.expr).map_or("", |name| name.as_str());
                names::is_undo_word(name) || names::words(name).iter().any(|word| takes_back(word))
            });
            if undoes {
                return true;
            }
        }
        let callers = level.iter().flat_map(|(unit, func)| ev.callers(*unit, *func));
        level = callers.filter(|c| in_scope(c.unit)).filter_map(|c| Some((c.unit, flow::home(ev, c)?))).collect();
    }
    false
}

/// Verbs that take something back; one that also does something forward in its own right (`withdraw`, `credit`) is none.
fn takes_back(word: &str) -> bool {
    names::is_undo_verb(word) && !matches!(word, "withdraw" | "credit" | "deposit" | "delete" | "remove" | "reject")
        || word == "fail"
}

fn name(ev: &Evaluator<'_>, site: Site) -> String {
    ev.program.unit(site.unit).module.callee_name(site.expr).map(ToString::to_string).unwrap_or_default()
}

/// Something that somebody else counts on: goods, money, places.
fn is_strong(name: &str) -> bool {
    const WORDS: [&str; 24] = [
        "reserve",
        "reservation",
        "charge",
        "pay",
        "payment",
        "deduct",
        "deduction",
        "decrement",
        "decrease",
        "reduce",
        "debit",
        "withdraw",
        "book",
        "booking",
        "allocate",
        "transfer",
        "hold",
        "capture",
        "subtract",
        "redeem",
        "purchase",
        "consume",
        "place",
        "ship",
    ];
    can_fail(name) && names::words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

fn can_fail(name: &str) -> bool {
    !names::is_query(name) && !names::is_notice(name) && !names::is_confirmation(name)
}
