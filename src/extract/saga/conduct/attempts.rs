//! What bounds and repeats steps and compensations, and what identifies a run.

use super::words::{Texts, is_id, is_repetition, is_time_limit};
use super::{Scope, span_of};
use crate::extract::Presence;
use crate::extract::saga::{Context, scan};
use crate::facts::module::{ClassId, ExprKind, FuncId, FunctionKind, Language, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::{Parent, Site, UnitId, Value};
use crate::syntax::Span;

/// Over how many callers a context is followed to where it is made.
const MAX_HOPS: u32 = 4;

impl Context<'_, '_> {
    /// The time limit of a step, and whether it is tried again. Either may stand in the orchestrator, in the type
    /// of its steps, or in what the steps call.
    pub(super) fn protection(&self, scope: &Scope<'_>) -> (Presence, Presence) {
        let mut units = scope.units();
        let mut reached = scope.members.clone();
        self.reach(&mut reached, 3);
        units.extend(reached.iter().map(|f| f.0));
        units.sort();
        units.dedup();
        let said = |without: &[(UnitId, Span)], test: &dyn Fn(&str) -> bool| {
            let found = units.iter().find_map(|u| {
                let counts = |span: Span| !without.iter().any(|(w, s)| w == u && s.contains(span));
                self.speaks_where(*u, &counts, Texts::No, test)
            });
            found.map_or(Presence::Absent, Presence::Present)
        };
        let mut timeout = said(&[], &is_time_limit);
        if timeout.is_absent() && units.iter().any(|u| self.has_default_timeout(*u)) {
            timeout = Presence::Default;
        }
        // A deadline travels in Go's context, and whoever calls the saga may set it.
        let language = self.ev.program.language(scope.runner.unit);
        if timeout.is_absent() && language == Language::Go && self.takes_context(scope) {
            timeout = Presence::Unknown("the context may carry a deadline".into());
        }
        let undo_parts = self.undo_parts(scope);
        let retry = match said(&undo_parts, &is_repetition) {
            Presence::Present(_) if self.only_undos_repeat(&units, &undo_parts) => Presence::Absent,
            retry => retry,
        };
        (timeout, retry)
    }

    /// Compensations are repeated, and what else speaks of it only gets the means for that: a field, and the
    /// constructor that fills it.
    fn only_undos_repeat(&self, units: &[UnitId], undo_parts: &[(UnitId, Span)]) -> bool {
        let speaks = |unit: UnitId, span: Span| self.speaks(unit, Some(span), Texts::No, &is_repetition).is_some();
        let elsewhere = units.iter().any(|&unit| {
            let module = &self.ev.program.unit(unit).module;
            let in_undo = |span: Span| undo_parts.iter().any(|(u, s)| *u == unit && s.contains(span));
            let declared =
                module.classes.iter().flat_map(|c| &c.decorators).any(|d| speaks(unit, module.expr(*d).span));
            declared
                || module.funcs.iter().any(|f| {
                    f.parent.is_none()
                        && f.kind != FunctionKind::Constructor
                        && !in_undo(f.span)
                        && speaks(unit, f.span)
                })
        });
        !elsewhere && undo_parts.iter().any(|&(unit, span)| speaks(unit, span))
    }

    /// Whether a step is given a context.
    fn takes_context(&self, scope: &Scope<'_>) -> bool {
        scope.runner.actions.iter().any(|site| {
            let module = &self.ev.program.unit(site.unit).module;
            module.call(site.expr).is_some_and(|c| {
                c.args.iter().any(|a| {
                    let chain = scan::chain(module, a.value);
                    let is_context = chain.iter().any(|n| n == "ctx" || n == "context");
                    is_context && !self.is_background(Site { unit: site.unit, expr: a.value }, 0)
                })
            })
        })
    }

    /// True for `context.Background()`, which has no deadline, and for a parameter that every caller gives it.
    fn is_background(&self, site: Site, hops: u32) -> bool {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        if scan::chain(module, site.expr).iter().any(|n| n == "Background" || n == "TODO") {
            return true;
        }
        let ExprKind::Name(name) = &module.expr(site.expr).kind else { return false };
        let Some((_, [Binding::Param(func, index)])) =
            linked.index.lookup(module, linked.index.func_of(site.expr), name)
        else {
            return false;
        };
        let callers = self.ev.callers(site.unit, *func);
        let given = |caller: &Site| {
            let given = self.ev.argument_site(*caller, site.unit, *func, *index);
            given.is_some_and(|given| self.is_background(given, hops + 1))
        };
        hops < MAX_HOPS && !callers.is_empty() && callers.iter().all(given)
    }

    /// What only compensations run through: that these are tried again says nothing about steps.
    fn undo_parts(&self, scope: &Scope<'_>) -> Vec<(UnitId, Span)> {
        let mut out = Vec::new();
        let acting: Vec<_> = scope.runner.actions.iter().flat_map(|a| self.helpers(*a)).collect();
        for &site in &scope.runner.undos {
            let span = self.undo_span(scope, site);
            out.push((site.unit, span));
            let mut called = self.helpers(site);
            called.extend(self.called_within(site.unit, span));
            let only = called.into_iter().filter(|f| !acting.contains(f) && !scope.members.contains(f));
            for (unit, func) in only {
                out.push((unit, span_of(self.ev, (unit, func))));
                // `const attempt = (call) => …` has its name outside.
                let index = &self.ev.program.unit(unit).index;
                let named = index.lambda_expr.get(&func).and_then(|&lambda| match index.ancestors(lambda).next() {
                    Some(Parent::Stmt(s)) => Some(self.ev.program.unit(unit).module.stmt(s).span),
                    _ => None,
                });
                out.extend(named.map(|span| (unit, span)));
            }
        }
        out
    }

    /// True for a module that imports an HTTP client which gives up by itself.
    pub(super) fn has_default_timeout(&self, unit: UnitId) -> bool {
        let language = self.ev.program.language(unit);
        let module = &self.ev.program.unit(unit).module;
        // `System.Net.Http` needs no `using`: its client gives up after 100 s.
        if language == Language::CSharp
            && module
                .exprs
                .iter()
                .any(|e| matches!(&e.kind, ExprKind::Name(n) if n == "HttpClient" || n == "IHttpClientFactory"))
        {
            return true;
        }
        module.imports.iter().any(|import| {
            let symbol = format!("{}.get", import.module);
            self.ev
                .catalog
                .split(language, &symbol)
                .is_some_and(|(library, _)| library.http.as_ref().is_some_and(|h| h.default_timeout_ms.is_some()))
        })
    }

    /// Whether a compensation that failed is tried again, by the code around it, by itself, or by what takes up
    /// unfinished sagas.
    pub(super) fn undo_retry(&self, scope: &Scope<'_>, recovery: &Presence) -> Presence {
        if scope.runner.undos.is_empty() {
            return Presence::Unknown("no compensation is called".into());
        }
        if !recovery.is_absent() {
            return Presence::Unknown("what takes up unfinished sagas may try it again".into());
        }
        let elsewhere = |site: &Site| {
            let module = &self.ev.program.unit(site.unit).module;
            module.call(site.expr).is_some_and(|call| self.hands_steps(site.unit, call))
        };
        // Where what gets it is shown, that is read like the rest.
        if scope.runner.undos.iter().all(elsewhere) {
            return Presence::Unknown("what gets the list of steps may try it again".into());
        }
        for &site in &scope.runner.undos {
            let mut todo: Vec<(UnitId, Span)> = vec![(site.unit, self.undo_span(scope, site))];
            let mut called: Vec<(UnitId, FuncId)> = self.helpers(site);
            called.extend(self.called_within(todo[0].0, todo[0].1));
            todo.extend(called.into_iter().filter(|f| !scope.members.contains(f)).map(|f| (f.0, span_of(self.ev, f))));
            let place = todo.iter().find_map(|(u, span)| self.speaks(*u, Some(*span), Texts::No, &is_repetition));
            if let Some(place) = place {
                return Presence::Present(place);
            }
            if self.is_repeated(site) {
                return Presence::Present(self.ev.program.place(site));
            }
        }
        // The compensations themselves, and the clients that they use.
        let mut members: Vec<_> =
            scope.list.iter().flat_map(|l| &l.undos).filter_map(|m| self.function_of(m)).collect();
        self.reach(&mut members, 3);
        for func in members {
            let within = (func.0 == scope.runner.unit).then(|| span_of(self.ev, func));
            if let Some(place) = self.speaks(func.0, within, Texts::No, &is_repetition) {
                return Presence::Present(place);
            }
        }
        Presence::Absent
    }

    /// The part of the function around a compensation that does not call steps.
    fn undo_span(&self, scope: &Scope<'_>, site: Site) -> Span {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        let acts = |span: Span| {
            let mut here = scope.runner.actions.iter().filter(|a| a.unit == site.unit);
            here.any(|a| span.contains(module.expr(a.expr).span))
        };
        let mut span = module.expr(site.expr).span;
        for parent in linked.index.ancestors(site.expr) {
            let next = match parent {
                Parent::Stmt(s) => module.stmt(s).span,
                Parent::Func(f) => module.func(f).span,
                _ => continue,
            };
            if acts(next) {
                break;
            }
            span = next;
            if matches!(parent, Parent::Func(f) if module.func(f).parent.is_none()) {
                break;
            }
        }
        span
    }

    fn called_within(&self, unit: UnitId, span: Span) -> Vec<(UnitId, FuncId)> {
        let linked = self.ev.program.unit(unit);
        let mut out = Vec::new();
        for call in linked.index.calls.iter().filter(|c| span.contains(linked.module.expr(c.expr).span)) {
            let Some(c) = linked.module.call(call.expr) else { continue };
            if self.is_step_call(unit, call.expr, c) {
                continue;
            }
            for value in self.ev.at(unit, c.callee).alternatives() {
                if let Value::Function { unit, func, .. } = value {
                    out.push((*unit, *func));
                }
            }
        }
        out
    }

    /// True for a call in a `try` in a loop that is left when it went well.
    fn is_repeated(&self, site: Site) -> bool {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        linked.index.ancestors(site.expr).take_while(|p| !matches!(p, Parent::Func(_))).any(|p| match p {
            Parent::Stmt(s) => match &module.stmt(s).kind {
                StmtKind::Try { body, .. } => crate::extract::saga::failure::repeats(&linked.index, module, s, body),
                _ => false,
            },
            _ => false,
        })
    }

    /// Whether the code that carries out the steps knows which run it is in.
    pub(super) fn saga_id(&self, scope: &Scope<'_>) -> Presence {
        for &func in &scope.funcs {
            if let Some(place) = self.speaks(func.0, Some(span_of(self.ev, func)), Texts::No, &is_id) {
                return Presence::Present(place);
            }
        }
        let module = &self.ev.program.unit(scope.runner.unit).module;
        if let Some(class) = scope.runner.class
            && module.class(class).fields.iter().any(|f| is_id(&f.name))
        {
            return Presence::Present(scope.runner.place);
        }
        // What a run gets may carry one.
        for (unit, func) in scope.entries(self.ev) {
            let module = &self.ev.program.unit(unit).module;
            for (i, param) in module.func(func).params.iter().enumerate() {
                let declared = param.ty.and_then(|ty| self.ev.declared(unit, ty));
                if let Some(Value::Object { unit: u, class, .. }) = declared
                    && has_id(&self.ev.program.unit(u).module, class)
                {
                    return Presence::Present(self.ev.program.function_place(unit, func));
                }
                for caller in self.ev.callers(unit, func) {
                    if let Some(given) = self.ev.argument_site(caller, unit, func, i)
                        && let Value::Dict(dict) = self.ev.eval(given)
                        && (dict.open || dict.entries.iter().any(|(key, _)| is_id(key)))
                    {
                        return Presence::Present(self.ev.program.place(given));
                    }
                }
            }
        }
        // The first step may get a key of the caller's, and each step can send its own.
        for &(unit, func) in &scope.members {
            let module = &self.ev.program.unit(unit).module;
            let params = &module.func(func).params;
            let span = module.func(func).span;
            let reads_id = module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| match &e.kind {
                ExprKind::Name(name) => names_key(name),
                ExprKind::Attr { object, name, .. } => {
                    names_key(name)
                        || Some((unit, func)) == scope.members.first().copied()
                            && is_id(name)
                            && scan::chain(module, *object).first().is_some_and(|n| params.iter().any(|p| p.name == *n))
                }
                ExprKind::Index { object, index } => {
                    matches!(&module.expr(*index).kind, ExprKind::Str(key) if is_id(key))
                        && Some((unit, func)) == scope.members.first().copied()
                        && scan::chain(module, *object).first().is_some_and(|n| params.iter().any(|p| p.name == *n))
                }
                ExprKind::Str(text) => names_key(text),
                _ => false,
            });
            if reads_id {
                return Presence::Present(self.ev.program.function_place(unit, func));
            }
        }
        Presence::Absent
    }
}

fn names_key(name: &str) -> bool {
    crate::extract::saga::names::fold(name).contains("idempotencykey")
}

/// A field of a class is called like an id, those of a record and of a constructor's parameters included.
fn has_id(module: &Module, class: ClassId) -> bool {
    let made = module.funcs.iter().filter(|f| f.class == Some(class) && f.kind == FunctionKind::Constructor);
    module.class(class).fields.iter().any(|f| is_id(&f.name))
        || made.flat_map(|f| &f.params).any(|param| param.is_field && is_id(&param.name))
}
