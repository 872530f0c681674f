//! Functions that make a consumer for others, or take a message for them: each file that takes messages from what they
//! give has a consumer of its own.

use std::collections::BTreeMap;

use super::handler::{self, Body};
use super::pulled;
use super::reach::Reach;
use super::source::Found;
use crate::catalog::consume::Form;
use crate::facts::module::{LoopHeader, StmtKind};
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::{Place, Span};

/// A file that takes messages, and where.
type Part = (UnitId, Place);

/// The bodies of a consumer, by the files they stand in where several get it from one factory of another file. Else
/// all of them, without a place of their own.
pub(super) fn parts(reach: &Reach<'_, '_>, found: &Found<'_>, bodies: Vec<Body>) -> Vec<(Option<Part>, Vec<Body>)> {
    let ev = reach.ev;
    if found.source.form == Form::Receive && !bodies.iter().any(|body| holds(reach, body, found.site)) {
        let mut taken: BTreeMap<UnitId, (Place, Vec<Body>)> = BTreeMap::new();
        for (body, call) in pulled::takers(reach, found.site) {
            taken.entry(call.unit).or_insert_with(|| (ev.program.place(call), Vec::new())).1.push(body);
        }
        if !taken.is_empty() {
            return taken.into_iter().map(|(unit, (place, bodies))| (Some((unit, place)), bodies)).collect();
        }
    }
    let mut units: BTreeMap<UnitId, Vec<Body>> = BTreeMap::new();
    for body in &bodies {
        units.entry(body.unit()).or_default().push(*body);
    }
    let in_factory = ev.program.unit(found.site.unit).index.func_of(found.site.expr).is_some();
    if found.source.form != Form::Constructor || !in_factory || units.len() < 2 || units.contains_key(&found.site.unit)
    {
        return vec![(None, bodies)];
    }
    let part = |(unit, bodies): (UnitId, Vec<Body>)| {
        let place = bodies.first().map(|body| taken_at(ev, found, body));
        (place.map(|place| (unit, place)), bodies)
    };
    units.into_iter().map(part).collect()
}

/// True when a receiving call stands in a body.
fn holds(reach: &Reach<'_, '_>, body: &Body, site: Site) -> bool {
    body.unit() == site.unit && body.around(reach.ev) == handler::around(reach, site).and_then(|b| b.around(reach.ev))
}

/// Where a body takes its messages: the receiving call, else what it iterates, else the function.
fn taken_at(ev: &Evaluator<'_>, found: &Found<'_>, body: &Body) -> Place {
    let unit = ev.program.unit(body.unit());
    let receives = |name: &str| found.source.receives.iter().any(|r| r.rsplit('.').next() == Some(name));
    let first = |within: &dyn Fn(Span) -> bool| {
        let mut calls = unit.index.calls.iter().filter(|call| within(unit.module.expr(call.expr).span));
        calls.find(|call| unit.module.callee_name(call.expr).is_some_and(|name| receives(name)))
    };
    let call = match *body {
        Body::Loop(_, stmt) => {
            let span = unit.module.stmt(stmt).span;
            first(&|inner| span.contains(inner))
        }
        Body::Function((_, func)) | Body::Inherited((_, func), _) => {
            let spans: Vec<Span> =
                unit.module.func(func).body.iter().map(|stmt| unit.module.stmt(*stmt).span).collect();
            first(&|inner| spans.iter().any(|span| span.contains(inner)))
        }
    };
    if let Some(call) = call {
        return ev.program.place(Site { unit: body.unit(), expr: call.expr });
    }
    match *body {
        Body::Loop(of, stmt) => match &unit.module.stmt(stmt).kind {
            StmtKind::Loop { header: LoopHeader::Each { iter, .. }, .. } => {
                ev.program.place(Site { unit: of, expr: *iter })
            }
            _ => Place::new(unit.file, unit.module.stmt(stmt).span),
        },
        Body::Function((of, func)) | Body::Inherited((of, func), _) => ev.program.function_place(of, func),
    }
}
