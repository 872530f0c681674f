//! The data of a saga: types that say nothing, and results that nobody keeps.

use super::Scope;
use super::words::is_id;
use crate::extract::saga::member::Member;
use crate::extract::saga::{Context, names, scan};
use crate::facts::module::{ClassKind, Expr, ExprId, ExprKind, Language, Module, StmtKind};
use crate::program::eval::returns;
use crate::program::{Parent, Site, UnitId};
use crate::syntax::Place;

impl Context<'_, '_> {
    /// Types that give up on a saga's data: `any`, `Record<string, any>` in what a step or a run gets.
    pub(super) fn untyped(&self, scope: &Scope<'_>) -> Vec<(Place, String)> {
        if self.ev.program.language(scope.runner.unit) != Language::TypeScript {
            return Vec::new();
        }
        let mut out: Vec<(Place, String)> = Vec::new();
        let mut units = vec![scope.runner.unit];
        units.extend(scope.list.map(|l| l.site.unit));
        units.dedup();
        for unit in units {
            let linked = self.ev.program.unit(unit);
            let module = &linked.module;
            for class in module.classes.iter().filter(|c| c.kind == ClassKind::Interface) {
                let members: Vec<_> = class.fields.iter().map(|f| &f.name).collect();
                let methods = || class.methods.iter().map(|m| module.func(*m));
                let told =
                    |test: &dyn Fn(&str) -> bool| members.iter().any(|n| test(n)) || methods().any(|m| test(&m.name));
                if !told(&names::is_action) || !told(&names::is_undo) {
                    continue;
                }
                let types = class.fields.iter().filter(|f| names::is_action(&f.name) || names::is_undo(&f.name));
                let types = types.filter_map(|f| f.ty);
                let params = methods().flat_map(|m| m.params.iter().filter_map(|p| p.ty));
                if let Some(ty) = types.chain(params).find_map(|ty| any_in(module, ty)) {
                    out.push((Place::new(linked.file, module.expr(ty).span), "any".into()));
                }
            }
        }
        if !out.is_empty() {
            return out;
        }
        let mut funcs = scope.entries(self.ev);
        funcs.extend(scope.undoing(self.ev));
        for (unit, func) in funcs {
            let linked = self.ev.program.unit(unit);
            let module = &linked.module;
            for param in &module.func(func).params {
                if let Some(ty) = param.ty.and_then(|ty| any_in(module, ty)) {
                    out.push((Place::new(linked.file, module.expr(ty).span), "any".into()));
                    return out;
                }
            }
        }
        out
    }

    /// Steps that give an id, where the orchestrator drops what they give: their compensations can't get it.
    pub(super) fn dropped(&self, scope: &Scope<'_>) -> Vec<(Place, String, String)> {
        let Some(list) = scope.list else { return Vec::new() };
        let Some(place) = self.dropped_at(scope) else { return Vec::new() };
        let mut out = Vec::new();
        for (step, action) in list.steps.iter().zip(&list.actions) {
            if !step.compensation.is_present() {
                continue;
            }
            let Some((unit, func)) = self.function_of(action) else { continue };
            let module = &self.ev.program.unit(unit).module;
            let span = module.func(func).span;
            // It may keep the id itself.
            let keeps = module.stmts.iter().filter(|s| span.contains(s.span)).any(|s| {
                matches!(&s.kind, StmtKind::Assign { target, .. }
                    if matches!(module.expr(*target).kind, ExprKind::Attr { .. } | ExprKind::Index { .. }))
            });
            if keeps || matches!(action, Member::Method(..)) && self.writes_by_call(unit, func) {
                continue;
            }
            let given = returns(module, func).into_iter().find_map(|e| id_in(module, e));
            if let Some(given) = given {
                out.push((place, step.name.clone(), given));
            }
        }
        out
    }

    /// `context.set("payment_id", …)`, `ctx.update(…)`
    fn writes_by_call(&self, unit: crate::program::UnitId, func: crate::facts::module::FuncId) -> bool {
        let module = &self.ev.program.unit(unit).module;
        self.calls_in(unit, func).iter().any(|(_, c)| {
            scan::chain(module, c.callee)
                .last()
                .is_some_and(|n| matches!(n.as_str(), "set" | "update" | "put" | "assign"))
        })
    }

    /// The call of a step whose result goes nowhere, when all of them are such.
    fn dropped_at(&self, scope: &Scope<'_>) -> Option<Place> {
        let dropped = scope.runner.actions.iter().all(|site| self.is_dropped(*site));
        scope.runner.actions.first().filter(|_| dropped).map(|site| self.ev.program.place(*site))
    }

    fn is_dropped(&self, site: Site) -> bool {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        // A call of a function that was handed the step, as a lambda, gives what the step gives.
        let mut from_lambda = false;
        for parent in linked.index.ancestors(site.expr) {
            match parent {
                Parent::Expr(e) => {
                    let passes = matches!(module.expr(e).kind, ExprKind::Await(_))
                        || module.call(e).is_some_and(|c| {
                            from_lambda
                                || scan::chain(module, c.callee)
                                    .last()
                                    .is_some_and(|n| matches!(n.as_str(), "wait_for" | "shield"))
                        })
                        || matches!(module.expr(e).kind, ExprKind::Lambda(_));
                    if !passes {
                        return false;
                    }
                    from_lambda =
                        matches!(module.expr(e).kind, ExprKind::Lambda(_)) || from_lambda && module.call(e).is_none();
                }
                Parent::Func(f) if linked.index.lambda_expr.contains_key(&f) => from_lambda = true,
                Parent::Stmt(s) => match module.stmt(s).kind {
                    StmtKind::Expr(_) => return true,
                    StmtKind::Return(_) => {}
                    // `result = step.action(data)`, and nobody reads `result`.
                    StmtKind::Assign { target, op: None, .. } => return self.is_unread(site.unit, target),
                    _ => return false,
                },
                _ => return false,
            }
        }
        false
    }
}

impl Context<'_, '_> {
    /// True for a variable of a function that is named once in it: where it is written.
    fn is_unread(&self, unit: UnitId, target: ExprId) -> bool {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let ExprKind::Name(name) = &module.expr(target).kind else { return false };
        let Some(func) = linked.index.func_of(target).map(|f| scan::outermost(module, f)) else { return false };
        let span = module.func(func).span;
        let named = |e: &&Expr| span.contains(e.span) && matches!(&e.kind, ExprKind::Name(n) if n == name);
        module.exprs.iter().filter(named).count() == 1
    }
}

/// `any` in a type, also as an argument of another.
fn any_in(module: &Module, ty: ExprId) -> Option<ExprId> {
    let mut todo = vec![ty];
    let mut left = 60;
    while let Some(expr) = todo.pop() {
        left -= 1;
        if left == 0 {
            return None;
        }
        match &module.expr(expr).kind {
            ExprKind::Name(name) if name == "any" => return Some(expr),
            ExprKind::Lambda(func) => {
                let function = module.func(*func);
                todo.extend(function.params.iter().filter_map(|p| p.ty));
                todo.extend(function.returns);
            }
            _ => todo.extend(module.children(expr)),
        }
    }
    None
}

/// The name of an id in what a function returns.
fn id_in(module: &Module, value: ExprId) -> Option<String> {
    let name = match &module.expr(value).kind {
        ExprKind::Await(inner) => return id_in(module, *inner),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Attr { name, .. } => name.clone(),
        ExprKind::Index { index, .. } => match &module.expr(*index).kind {
            ExprKind::Str(key) => key.clone(),
            _ => return None,
        },
        ExprKind::Dict(entries) => {
            return entries.iter().find_map(|entry| match entry {
                crate::facts::module::Entry::Pair { key, .. } => match &module.expr(*key).kind {
                    ExprKind::Str(key) if is_id(key) => Some(key.to_string()),
                    _ => None,
                },
                crate::facts::module::Entry::Spread(_) => None,
            });
        }
        _ => return None,
    };
    is_id(&name).then(|| name.to_string())
}
