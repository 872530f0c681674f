//! Who calls a function, and what runs a function that was handed over.

use super::Evaluator;
use smol_str::SmolStr;

use super::calls::returns;
use crate::facts::module::{ExprId, ExprKind, FuncId, FunctionKind, StmtKind};
use crate::program::UnitId;
use crate::program::index::Parent;
use crate::program::value::{Site, Value};

impl Evaluator<'_> {
    /// The ways into a function: its calls, and the calls that run it for somebody
    /// (`breaker.call(self.fetch, 1)`, `new CircuitBreaker(fetch)` with `breaker.fire(1)`).
    pub fn entries(&self, unit: UnitId, func: FuncId) -> Vec<Way> {
        let handed = self.handed_to(unit, func);
        let mut out: Vec<Way> = self
            .callers(unit, func)
            .into_iter()
            .filter(|site| !handed.iter().any(|(s, _)| s == site))
            .map(|site| Way { site, skip: 0, handed: None })
            .collect();
        for (site, position) in handed {
            let run = self.runs_of(site);
            if run.is_empty() {
                out.push(Way { site, skip: position + 1, handed: Some(site) });
            }
            out.extend(run.into_iter().map(|run| Way { site: run, skip: 0, handed: Some(site) }));
        }
        out
    }

    /// The calls that get a function of the repository as an argument, with the position.
    pub fn handed_to(&self, unit_id: UnitId, func: FuncId) -> Vec<(Site, usize)> {
        let unit = self.program.unit(unit_id);
        let mut out = Vec::new();
        if let Some(&lambda) = unit.index.lambda_expr.get(&func)
            && let Some(Parent::Expr(outer)) = unit.index.expr_parent.get(lambda.0 as usize).copied()
            && let Some(call) = unit.module.call(outer)
            && let Some(position) = call.args.iter().position(|a| a.value == lambda)
        {
            out.push((Site { unit: unit_id, expr: outer }, position));
        }
        let name = &unit.module.func(func).name;
        if name.is_empty() {
            return out;
        }
        for &(site, position) in self.program.handed(name) {
            let Some(call) = self.program.unit(site.unit).module.call(site.expr) else { continue };
            let is_it = self
                .at(site.unit, call.args[position].value)
                .alternatives()
                .iter()
                .any(|v| matches!(v, Value::Function { unit: u, func: f, .. } if *u == unit_id && *f == func));
            if is_it {
                out.push((site, position));
            }
        }
        out
    }

    /// `breaker.fire(…)` and the like, for the call that made the breaker.
    pub(super) fn runs_of(&self, made: Site) -> Vec<Site> {
        let mut out = Vec::new();
        for name in ["fire", "exec", "execute", "run"] {
            for &site in self.program.calls_named(name) {
                let Some(call) = self.program.unit(site.unit).module.call(site.expr) else { continue };
                if let Value::Method { receiver, .. } = self.at(site.unit, call.callee)
                    && receiver.call == Some(made)
                {
                    out.push(site);
                }
            }
        }
        out
    }

    /// The expression that a way in passes for a parameter.
    pub fn argument_of(&self, entry: Way, unit: UnitId, func: FuncId, index: usize) -> Option<Site> {
        if entry.skip == 0 {
            return self.argument_site(entry.site, unit, func, index);
        }
        let call = self.program.unit(entry.site.unit).module.call(entry.site.expr)?;
        let name = &self.program.unit(unit).module.func(func).params.get(index)?.name;
        let arg = call
            .args
            .iter()
            .find(|a| a.name.as_ref() == Some(name))
            .or_else(|| call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(entry.skip + index))?;
        Some(Site { unit: entry.site.unit, expr: arg.value })
    }

    /// The calls of a function of the repository, also through an interface that it implements.
    pub fn callers(&self, unit: UnitId, func: FuncId) -> Vec<Site> {
        let module = &self.program.unit(unit).module;
        let function = module.func(func);
        let name = match (function.kind, function.class) {
            (FunctionKind::Constructor, Some(class)) => &module.class(class).name,
            _ => &function.name,
        };
        let mut calls = self.program.calls_of(unit, func, name);
        for held in self.held_as(unit, func) {
            calls.extend(
                self.program
                    .calls_named(&held)
                    .iter()
                    .filter(|site| !calls.contains(site))
                    .copied()
                    .collect::<Vec<_>>(),
            );
        }
        let class = function.class.filter(|_| function.kind == FunctionKind::Constructor);
        let made = class.map_or_else(Vec::new, |class| self.constructed((unit, class)));
        for (u, c) in &made {
            calls.extend(self.program.calls_named(&self.program.unit(*u).module.class(*c).name));
        }
        let above = class.into_iter().map(|class| (unit, class)).chain(made.iter().copied());
        let raised: Vec<Site> = above.flat_map(|class| self.raised(class)).collect();
        if calls.is_empty() && name.is_empty() {
            return raised;
        }
        let constructor_of = (function.kind == FunctionKind::Constructor).then_some(function.class).flatten();
        // A call through an interface or a base class is a call of what implements it.
        let through = self.overridden((unit, func));
        calls
            .into_iter()
            .filter(|site| {
                let Some(call) = self.program.unit(site.unit).module.call(site.expr) else { return false };
                let mut callees = self.called(*site, call);
                if self.program.language(site.unit).has_packages() {
                    callees = callees.into_iter().map(|callee| self.overload(callee, call, site.unit)).collect();
                }
                callees.iter().any(|v| match v {
                    Value::Function { unit: u, func: f, .. } => {
                        (*u == unit && *f == func) || through.contains(&(*u, *f))
                    }
                    Value::Class { unit: u, class } => {
                        *u == unit && Some(*class) == constructor_of || made.contains(&(*u, *class))
                    }
                    _ => false,
                })
            })
            .chain(raised)
            .chain(self.delegates(unit, func))
            .chain(self.mediators((unit, func)))
            .collect()
    }

    /// The names of what holds a function that the function around it returns: `orderPlaced` of
    /// `const orderPlaced = publisherOf("orders")`.
    fn held_as(&self, unit_id: UnitId, func: FuncId) -> Vec<SmolStr> {
        let unit = self.program.unit(unit_id);
        let module = &unit.module;
        let Some(maker) = module.func(func).parent else { return Vec::new() };
        let name = &module.func(func).name;
        let is_it = |expr: ExprId| match &module.expr(expr).kind {
            ExprKind::Lambda(returned) => *returned == func,
            ExprKind::Name(returned) => !name.is_empty() && returned == name,
            _ => false,
        };
        if !returns(module, maker).into_iter().any(is_it) {
            return Vec::new();
        }
        let mut held = Vec::new();
        for site in self.callers(unit_id, maker) {
            let unit = self.program.unit(site.unit);
            let mut around = unit.index.ancestors(site.expr);
            let awaited = |parent: &Parent| match parent {
                Parent::Expr(e) => matches!(unit.module.expr(*e).kind, ExprKind::Await(_)),
                _ => false,
            };
            let Some(Parent::Stmt(stmt)) = around.find(|parent| !awaited(parent)) else { continue };
            if let StmtKind::Assign { target, .. } = &unit.module.stmt(stmt).kind
                && let ExprKind::Name(name) | ExprKind::Attr { name, .. } = &unit.module.expr(*target).kind
                && !held.contains(name)
            {
                held.push(name.clone());
            }
        }
        held
    }

    /// The calls that have a function run with the arguments after it.
    pub(super) fn delegates(&self, unit: UnitId, func: FuncId) -> Vec<Site> {
        let named = DELEGATES
            .iter()
            .flat_map(|(name, position)| self.program.calls_named(name).iter().map(move |site| (*site, *position)));
        named
            .filter(|(site, position)| self.delegated(*site, *position) == Some((unit, func)))
            .map(|(s, _)| s)
            .collect()
    }

    /// The function that stands at a position of a call.
    pub(super) fn delegated(&self, site: Site, position: usize) -> Option<(UnitId, FuncId)> {
        let call = self.program.unit(site.unit).module.call(site.expr)?;
        match self.positional(site.unit, call, position)? {
            Value::Function { unit, func, .. } => Some((unit, func)),
            _ => None,
        }
    }
}

/// Calls that have a function run with the arguments that follow it, and where the function stands:
/// FastAPI's `BackgroundTasks.add_task`, `asyncio.to_thread`, `loop.run_in_executor`, `functools.partial`.
const DELEGATES: &[(&str, usize)] =
    &[("add_task", 0), ("to_thread", 0), ("run_in_executor", 1), ("run_in_threadpool", 0), ("partial", 0)];

pub(super) fn delegate(name: &str) -> Option<usize> {
    DELEGATES.iter().find(|(n, _)| *n == name).map(|(_, position)| *position)
}

/// A way into a function; see [`Evaluator::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The call.
    pub site: Site,
    /// How many of its arguments come before those of the function.
    pub skip: usize,
    /// The call that the function was handed to, when it is run for somebody.
    pub handed: Option<Site>,
}
