//! Repositories that a sample does not show: `await this.orderRepository.save(order)`, where nothing says what the
//! repository is. Its name and the method do.

use crate::extract::saga::names::words;
use crate::facts::module::{Call, ExprKind, Language, Module};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

/// True for a call that writes to a repository which is not in the program.
pub(super) fn is_write(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    if !is_told_by_names(module.language) {
        return false;
    }
    let Some(call) = module.call(site.expr) else { return false };
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
    let (ExprKind::Name(held) | ExprKind::Attr { name: held, .. }) = &module.expr(*object).kind else { return false };
    let keeps = words(held).last().is_some_and(|w| matches!(w.as_str(), "repository" | "repo" | "dao"));
    let awaited = || {
        matches!(unit.index.ancestors(site.expr).next(), Some(Parent::Expr(e))
            if matches!(module.expr(e).kind, ExprKind::Await(_)))
    };
    let writes = words(name).first().is_some_and(|w| match w.as_str() {
        "save" | "insert" | "upsert" | "persist" => true,
        // An object may only be made, or noted for later.
        "create" | "add" | "update" | "delete" | "remove" => awaited(),
        _ => false,
    });
    keeps && writes && (ev.is_snippet(site.unit) || is_alone(ev, site.unit)) && !is_shown(ev, site, call)
}

fn is_told_by_names(language: Language) -> bool {
    matches!(language, Language::Python | Language::JavaScript | Language::TypeScript | Language::CSharp)
}

/// Nothing else of the language is there.
fn is_alone(ev: &Evaluator<'_>, unit: UnitId) -> bool {
    let language = ev.program.language(unit);
    ev.program.ids().all(|other| other == unit || ev.program.language(other) != language)
}

/// The method is in the program, with what it does.
fn is_shown(ev: &Evaluator<'_>, site: Site, call: &Call) -> bool {
    let has_body = |module: &Module, func| !module.func(func).body.is_empty();
    ev.called(site, call).iter().any(|v| match v {
        Value::Function { unit, func, .. } => has_body(&ev.program.unit(*unit).module, *func),
        _ => false,
    })
}
