//! NestJS clients: which broker stands behind a client is said where it is registered, under the token
//! that it is injected by.

use super::InScope;
use super::flow::{self, Fate};
use super::path::{self, Lookup};
use crate::facts::module::{ExprKind, Function};
use crate::program::resolve::common;
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

/// A registered client: `{ name: 'ORDERS', transport: Transport.RMQ, options: { … } }`.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The token; none for a client that is made in place.
    pub name: Option<Value>,
    /// The object with `transport` and `options`.
    pub site: Site,
    /// The last part of the transport: `RMQ`.
    pub transport: String,
}

impl Registration {
    /// The broker behind it; none for a transport that is a call from process to process.
    pub fn broker(&self) -> Option<&'static str> {
        Some(match self.transport.as_str() {
            "RMQ" => "rabbitmq",
            "KAFKA" => "kafka",
            "NATS" => "nats",
            "REDIS" => "redis pub/sub",
            "MQTT" => "mqtt",
            _ => return None,
        })
    }
}

/// All registrations.
pub fn registrations(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<Registration> {
    let mut out = Vec::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        let module = &ev.program.unit(unit).module;
        if !module.imports.iter().any(|i| i.module == "@nestjs/microservices") {
            continue;
        }
        for i in 0..module.exprs.len() as u32 {
            let expr = crate::facts::module::ExprId(i);
            if !matches!(module.expr(expr).kind, ExprKind::Dict(_)) {
                continue;
            }
            let site = Site { unit, expr };
            if let Some(registration) = registration(ev, site) {
                out.push(registration);
            }
        }
    }
    out
}

fn registration(ev: &Evaluator<'_>, site: Site) -> Option<Registration> {
    // A client that is provided by a factory has its token under `provide`.
    let name = first(path::get(ev, site, "name")).or_else(|| first(path::get(ev, site, "provide"))).map(|s| ev.eval(s));
    let described = match first(path::get(ev, site, "transport")) {
        Some(_) => site,
        // `useFactory: (config) => ({ transport: … })`, `useClass` is not followed.
        None => {
            let factory = first(path::get(ev, site, "useFactory"))?;
            let Value::Function { unit, func, .. } = ev.eval(factory) else { return None };
            let returned = crate::program::eval::returns(&ev.program.unit(unit).module, func);
            created(ev, Site { unit, expr: *returned.first()? })
        }
    };
    let transport = match ev.eval(first(path::get(ev, described, "transport"))?) {
        Value::External(symbol) => symbol.rsplit('.').next()?.to_string(),
        _ => return None,
    };
    Some(Registration { name, site: described, transport })
}

/// The options in `ClientProxyFactory.create({ transport: … })`; what stands there where it is no such call.
fn created(ev: &Evaluator<'_>, site: Site) -> Site {
    let module = &ev.program.unit(site.unit).module;
    let made = module.call(site.expr).filter(|_| module.callee_name(site.expr).is_some_and(|name| name == "create"));
    made.and_then(|call| call.args.first()).map_or(site, |options| Site { unit: site.unit, expr: options.value })
}

fn first(lookup: Lookup) -> Option<Site> {
    match lookup {
        Lookup::Found(sites) => sites.first().copied(),
        _ => None,
    }
}

/// The registration of the client that a call is made on.
pub fn of<'r>(ev: &Evaluator<'_>, registered: &'r [Registration], call: Site) -> Option<&'r Registration> {
    let module = &ev.program.unit(call.unit).module;
    let callee = module.call(call.expr)?.callee;
    let ExprKind::Attr { object, .. } = &module.expr(callee).kind else { return None };
    // `ClientProxyFactory.create({ … })`, `@Client({ … })`.
    if let Some(made) = ev.at(call.unit, *object).instance().and_then(|i| i.call)
        && let Lookup::Found(sites) = path::lookup(ev, made, "0")
        && let Some(found) = sites.first().and_then(|s| {
            let Value::Dict(dict) = ev.eval(*s) else { return None };
            registered.iter().find(|r| r.site == dict.site)
        })
    {
        return Some(found);
    }
    let ExprKind::Attr { object: this, name, .. } = &module.expr(*object).kind else { return None };
    let Value::Object { unit, class, .. } = ev.at(call.unit, *this) else { return None };
    let (decorators, owner) = decorators(ev, unit, class, name)?;
    for decorator in decorators {
        let site = Site { unit: owner, expr: decorator };
        let Lookup::Found(arguments) = path::lookup(ev, site, "0") else { continue };
        let Some(&argument) = arguments.first() else { continue };
        let value = ev.eval(argument);
        if let Value::Dict(dict) = &value {
            return registered.iter().find(|r| r.site == dict.site);
        }
        if value.is_unknown() {
            continue;
        }
        // Several applications give clients of their own the same token.
        let path = |unit: UnitId| ev.program.unit(unit).path.as_str();
        let near = |r: &&Registration| common(path(r.site.unit), path(owner));
        let found = registered.iter().rev().filter(|r| r.name.as_ref() == Some(&value)).max_by_key(near);
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The decorators of a field, or of the constructor parameter that declares it.
fn decorators(
    ev: &Evaluator<'_>,
    unit: UnitId,
    class: crate::facts::module::ClassId,
    name: &str,
) -> Option<(Vec<crate::facts::module::ExprId>, UnitId)> {
    for (u, c) in std::iter::once((unit, class)).chain(ev.above((unit, class))) {
        let module = &ev.program.unit(u).module;
        let class = module.class(c);
        if let Some(field) = class.fields.iter().find(|f| f.name == name && !f.decorators.is_empty()) {
            return Some((field.decorators.clone(), u));
        }
        let params = class.methods.iter().map(|m| module.func(*m)).flat_map(|f: &Function| &f.params);
        if let Some(param) = params.into_iter().find(|p| p.is_field && p.name == name) {
            return Some((param.decorators.clone(), u));
        }
    }
    None
}

/// True for `firstValueFrom(client.send(…));` and `client.send(…).subscribe();`: it is sent, and nobody waits for the
/// answer or learns of a failure.
pub(super) fn drops_answer(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let above = |expr: crate::facts::module::ExprId| match unit.index.expr_parent.get(expr.0 as usize) {
        Some(Parent::Expr(outer)) => Some(*outer),
        _ => None,
    };
    let mut current = site.expr;
    while let Some(outer) = above(current) {
        let (sent, name) = match &module.expr(outer).kind {
            ExprKind::Call(_) => (outer, module.callee_name(outer)),
            ExprKind::Attr { name, .. } => match above(outer) {
                Some(call) if module.call(call).is_some_and(|c| c.callee == outer) => (call, Some(name)),
                _ => return false,
            },
            _ => return false,
        };
        let is_bare = module.call(sent).is_some_and(|call| call.args.is_empty());
        match name.map(|name| name.as_str()) {
            Some("pipe") => current = sent,
            Some("firstValueFrom" | "lastValueFrom") => {
                return flow::fate(ev, Site { unit: site.unit, expr: sent }) == Fate::Dropped;
            }
            Some("subscribe" | "toPromise") if is_bare => {
                return flow::fate(ev, Site { unit: site.unit, expr: sent }) == Fate::Dropped;
            }
            _ => return false,
        }
    }
    false
}
