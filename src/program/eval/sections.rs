//! Settings that the code itself puts together under names: `registerAs('database', () => ({ host: … }))` and
//! `ConfigModule.forRoot({ load: [configuration] })` of NestJS, which `config.get('database.host')` reads.
//! <https://docs.nestjs.com/techniques/configuration#custom-configuration-files>

use super::Evaluator;
use crate::program::UnitId;
use crate::program::value::{Site, Value};

impl Evaluator<'_> {
    /// What stands under a name with dots in the settings that are put together nearest to a module; none where
    /// nothing does that.
    pub(super) fn in_section(&self, unit: UnitId, name: &str) -> Option<Value> {
        let path: Vec<&str> = name.split('.').collect();
        let registered = self.program.calls_named("registerAs").iter().filter_map(|site| {
            let call = self.program.unit(site.unit).module.call(site.expr)?;
            let section = self.positional(site.unit, call, 0)?.as_str()?;
            (Some(&section.as_str()) == path.first()).then(|| (*site, self.positional(site.unit, call, 1), 1))
        });
        let loaded = self.program.calls_named("forRoot").iter().filter_map(|site| {
            let call = self.program.unit(site.unit).module.call(site.expr)?;
            let Value::Dict(options) = self.positional(site.unit, call, 0)? else { return None };
            Some((*site, options.get("load")?))
        });
        let loaded = loaded.flat_map(|(site, list)| match self.eval(list) {
            Value::List(items) => items.iter().map(|item| (site, Some(self.eval(*item)), 0)).collect(),
            _ => Vec::new(),
        });
        let mut best: Option<(usize, Value)> = None;
        for (site, made, skipped) in registered.chain(loaded) {
            let found = made.and_then(|made| self.held(&made, path.get(skipped..)?));
            let near = shared(&self.program.unit(site.unit).path, &self.program.unit(unit).path);
            if let Some(found) = found
                && best.as_ref().is_none_or(|(known, _)| near > *known)
            {
                best = Some((near, found));
            }
        }
        best.map(|(_, value)| value)
    }

    /// What a function returns under names within each other.
    fn held(&self, made: &Value, path: &[&str]) -> Option<Value> {
        let mut value = match made {
            Value::Function { unit, func, .. } => self.returned(*unit, *func, None),
            other => other.clone(),
        };
        for name in path {
            let Value::Dict(dict) = &value else { return None };
            let entry: Site = dict.get(name)?;
            value = self.eval(entry);
        }
        (!value.is_unknown()).then_some(value)
    }
}

/// How many folders two paths have in common.
fn shared(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(a, b)| a == b).count()
}
