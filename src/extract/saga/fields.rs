//! Sagas whose state is a field of an object: replies move it on, and a restart forgets it.

use smol_str::SmolStr;

use super::conduct::words::{Texts, is_time_limit};
use super::{CompensationFailure, Conduct, Context, ReplyDriven, Saga, Style, names};
use crate::extract::Presence;
use crate::facts::module::{Class, ClassId, ClassKind, ExprId, ExprKind, FuncId, FunctionKind, Language, StmtKind};
use crate::program::{Site, UnitId};
use crate::syntax::Place;

/// All of them, and those of them that wait for a reply without a limit.
pub(super) fn find(context: &Context<'_, '_>) -> (Vec<Saga>, Vec<ReplyDriven>) {
    let (mut sagas, mut waiting) = (Vec::new(), Vec::new());
    for &unit in &context.units {
        let linked = context.ev.program.unit(unit);
        if !matches!(linked.module.language, Language::Python | Language::JavaScript | Language::TypeScript) {
            continue;
        }
        for (i, class) in linked.module.classes.iter().enumerate() {
            if class.kind != ClassKind::Class
                || !names::is_saga_word(&class.name)
                || !class.bases.is_empty()
                || !class.decorators.is_empty()
            {
                continue;
            }
            let Some((field, command)) = context.moved_by_replies(unit, class) else { continue };
            let place = Place::new(linked.file, class.name_span);
            if context.may_be_kept(unit, ClassId(i as u32), class) {
                continue;
            }
            sagas.push(Saga {
                place,
                name: class.name.to_string(),
                style: Style::Machine,
                library: "hand-written",
                steps: Vec::new(),
                persisted: Presence::Absent,
                failure: CompensationFailure::Unknown,
                repeated: Vec::new(),
                conduct: Conduct {
                    kept_in: Some(context.ev.program.place(Site { unit, expr: field })),
                    ..Conduct::default()
                },
            });
            if context.speaks(unit, None, Texts::Yes, &is_time_limit).is_none() {
                let at = context.ev.program.place(Site { unit, expr: command });
                waiting.push(ReplyDriven::untimed(place, class.name.to_string(), at));
            }
        }
    }
    (sagas, waiting)
}

impl Context<'_, '_> {
    /// Where a field that holds the state is set first, and a command that is sent, when a method that takes a reply
    /// moves the state on.
    fn moved_by_replies(&self, unit: UnitId, class: &Class) -> Option<(ExprId, ExprId)> {
        let module = &self.ev.program.unit(unit).module;
        let span = class.span;
        let sets: Vec<(FuncId, ExprId, &SmolStr)> = module
            .stmts
            .iter()
            .filter(|s| span.contains(s.span))
            .filter_map(|s| {
                let StmtKind::Assign { target, value: Some(value), op: None, .. } = &s.kind else { return None };
                let ExprKind::Attr { object, name, .. } = &module.expr(*target).kind else { return None };
                let is_state = names::words(name)
                    .last()
                    .is_some_and(|w| matches!(w.as_str(), "state" | "status" | "statu" | "phase"));
                // A name of the state: a text, or a member of an enum.
                let is_name = matches!(module.expr(*value).kind, ExprKind::Str(_) | ExprKind::Attr { .. });
                let func = self.ev.program.unit(unit).index.func_of(*target)?;
                (is_state && is_name && matches!(module.expr(*object).kind, ExprKind::This))
                    .then_some((func, *target, name))
            })
            .collect();
        let moved = |func: FuncId| sets.iter().filter(|(f, ..)| *f == func).count();
        let is_method = |f: FuncId| module.func(f).kind != FunctionKind::Constructor;
        let takes_reply = class.methods.iter().any(|m| {
            let function = module.func(*m);
            let first = names::words(&function.name).first().cloned().unwrap_or_default();
            let params = function.params.iter().filter(|p| p.name != "self").count();
            is_method(*m) && params > 0 && matches!(first.as_str(), "on" | "handle" | "receive") && moved(*m) > 0
        });
        let states = sets.iter().filter(|(f, ..)| is_method(*f)).count();
        if !takes_reply || states < 3 {
            return None;
        }
        let command = class.methods.iter().flat_map(|m| self.calls_in(unit, *m)).find_map(|(expr, _)| {
            let first = names::words(module.callee_name(expr)?).first().cloned()?;
            matches!(first.as_str(), "send" | "publish" | "emit" | "dispatch" | "produce").then_some(expr)
        })?;
        Some((sets.first()?.1, command))
    }

    /// Something may store the object: its own methods, or code that has one.
    fn may_be_kept(&self, unit: UnitId, id: ClassId, class: &Class) -> bool {
        let funcs: Vec<_> = class.methods.iter().map(|m| (unit, *m)).collect();
        if !self.persisted(&funcs).is_absent() || !self.heirs(unit, id).is_empty() {
            return true;
        }
        let stores = |n: &str| names::hints_at_storage(&names::words(n), n);
        let near = self.ev.program.imports.importers(unit).chain(std::iter::once(unit));
        near.into_iter().any(|u| {
            let module = &self.ev.program.unit(u).module;
            self.speaks(u, None, Texts::No, &|n| {
                names::fold(n).contains("serializ") || names::fold(n).contains("pickle")
            })
            .is_some()
                || self.ev.program.unit(u).index.calls.iter().any(|c| {
                    let chain = module.call(c.expr).map(|call| super::scan::chain(module, call.callee));
                    chain.unwrap_or_default().iter().any(|n| stores(n))
                })
        })
    }
}
