//! Consumers of C# that a builder makes: `new ConsumerBuilder<string, string>(config).Build()`, where the settings
//! are those of an object that the builder is given.

use super::setting;
use super::source::Found;
use crate::catalog::consume::Form;
use crate::facts::module::{ExprKind, Language, StmtKind};
use crate::program::{Evaluator, Instance, Site, Value};

/// The construction of the builder that a consumer of C# comes from.
fn builder(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Site> {
    if ev.program.language(found.site.unit) != Language::CSharp || found.source.form != Form::Constructor {
        return None;
    }
    let receiver = ev.callee(found.site)?.1?;
    let mut current: Option<&Instance> = Some(&receiver);
    let mut first = None;
    while let Some(instance) = current {
        first = instance.call.or(first);
        current = instance.from.as_deref();
    }
    first
}

/// The constructions of the settings.
fn settings(ev: &Evaluator<'_>, made: Site) -> Vec<Site> {
    let module = &ev.program.unit(made.unit).module;
    let Some(argument) = module.call(made.expr).and_then(|call| call.args.first()) else { return Vec::new() };
    let values = ev.trace(Site { unit: made.unit, expr: argument.value });
    let made = values.iter().flat_map(|v| v.alternatives().to_vec()).filter_map(|value| match value {
        Value::Instance(Instance { call, .. }) | Value::Object { call, .. } => call,
        _ => None,
    });
    made.filter(|site| ev.program.unit(site.unit).module.call(site.expr).is_some_and(|call| call.is_new)).collect()
}

/// True when the settings of a builder could not be found: they may say anything.
pub(super) fn is_opaque(ev: &Evaluator<'_>, found: &Found<'_>) -> bool {
    builder(ev, found).is_some_and(|made| settings(ev, made).is_empty())
}

/// The value of a setting, where it is made or assigned later.
pub(super) fn setting(ev: &Evaluator<'_>, found: &Found<'_>, names: &[String]) -> Option<Site> {
    let made = settings(ev, builder(ev, found)?);
    made.iter().find_map(|site| {
        setting::argument(ev, *site, names).or_else(|| {
            let module = &ev.program.unit(site.unit).module;
            module.stmts.iter().find_map(|stmt| match &stmt.kind {
                StmtKind::Assign { target, value: Some(value), .. } => match &module.expr(*target).kind {
                    ExprKind::Attr { name, .. } if names.iter().any(|n| n == name) => {
                        Some(Site { unit: site.unit, expr: *value })
                    }
                    _ => None,
                },
                _ => None,
            })
        })
    })
}
