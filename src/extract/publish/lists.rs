//! Lists of Redis as queues: what is pushed is a message where something pops it.

use super::Publisher;
use crate::extract::consume::setting;
use crate::program::{Evaluator, Site};

/// What the catalog calls the broker of a list.
const BROKER: &str = "redis lists";
/// Commands that take an element off a list, as clients of all languages spell them.
const POPS: [&str; 24] = [
    "blpop",
    "brpop",
    "lpop",
    "rpop",
    "rpoplpush",
    "brpoplpush",
    "lmove",
    "blmove",
    "blPop",
    "brPop",
    "lPop",
    "rPop",
    "BLPop",
    "BRPop",
    "LPop",
    "RPop",
    "ListLeftPop",
    "ListLeftPopAsync",
    "ListRightPop",
    "ListRightPopAsync",
    "leftPop",
    "rightPop",
    "bLPop",
    "bRPop",
];

/// True for a push to a list that nothing is known to pop: a history, a cache, no queue.
pub(super) fn is_only_kept(ev: &Evaluator<'_>, publisher: &Publisher) -> bool {
    if publisher.broker != BROKER {
        return false;
    }
    let lists: Vec<String> = publisher.destinations.iter().filter_map(|list| list.as_literal()).collect();
    let pops = POPS.iter().flat_map(|name| ev.program.calls_named(name).iter().copied());
    !pops.filter(|site| ev.program.is_production(site.unit)).any(|site| {
        let module = &ev.program.unit(site.unit).module;
        let args = module.call(site.expr).map(|call| call.args.as_slice()).unwrap_or_default();
        let named = |expr| setting::texts(ev, Site { unit: site.unit, expr });
        args.iter().any(|arg| named(arg.value).iter().any(|list| lists.contains(list)))
    })
}
