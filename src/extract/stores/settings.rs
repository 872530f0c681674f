//! Settings of frameworks that hold an address: Django's `DATABASES`, `SQLALCHEMY_DATABASE_URI`.

use super::opens::{blank, built};
use super::read::{Args, Reader};
use super::{Setting, StoreUse};
use crate::catalog::schema::{Ecosystem, Library};
use crate::catalog::store::{self, Opens, SettingForm, Store};
use crate::facts::module::{ExprId, ExprKind, StmtKind};
use crate::program::{Evaluator, Site, UnitId, Value};

/// Every assignment to a setting of the catalog.
pub(super) fn uses(ev: &Evaluator<'_>, units: &[UnitId]) -> Vec<StoreUse> {
    let mut settings: Vec<(&Library, &Store, &store::Setting)> = Vec::new();
    for library in ev.catalog.libraries() {
        if let Some(store) = &library.store {
            settings.extend(store.settings.iter().map(|s| (library, store, s)));
        }
    }
    let mut out = Vec::new();
    for &unit in units {
        let module = &ev.program.unit(unit).module;
        let ecosystem = Ecosystem::of(module.language);
        let mut look = |name: &str, value: ExprId| {
            for (library, store, setting) in &settings {
                if setting.name == name && library.ecosystem == ecosystem {
                    out.extend(read(ev, Site { unit, expr: value }, library, store, setting));
                }
            }
        };
        for stmt in &module.stmts {
            if let StmtKind::Assign { target, value: Some(value), .. } = &stmt.kind {
                match &module.expr(*target).kind {
                    ExprKind::Name(name) | ExprKind::Attr { name, .. } => look(name, *value),
                    ExprKind::Index { index, .. } => {
                        if let ExprKind::Str(name) = &module.expr(*index).kind {
                            look(name, *value);
                        }
                    }
                    _ => {}
                }
            }
        }
        for field in module.classes.iter().flat_map(|c| &c.fields) {
            if let Some(value) = field.value {
                look(&field.name, value);
            }
        }
    }
    out
}

fn read(ev: &Evaluator<'_>, site: Site, library: &Library, store: &Store, setting: &store::Setting) -> Vec<StoreUse> {
    let Some(reader) = Reader::ways(ev, &[]).into_iter().next() else { return Vec::new() };
    let base =
        StoreUse { role: setting.role.unwrap_or(store.role), ..blank(ev, site, library, store, &Opens::default()) };
    let value = reader.value(site);
    match setting.form {
        SettingForm::Url => address(&reader, &value, site, &base),
        SettingForm::Django => match value {
            // Another database than the default one is asked for by name: what an import reads from, a replica.
            Value::Dict(aliases) => aliases
                .entries
                .iter()
                .filter(|(alias, _)| {
                    alias == "default" || aliases.get("default").is_none() || has_routers(ev, site.unit)
                })
                .flat_map(|(_, entry)| match reader.value(*entry) {
                    Value::Dict(options) => vec![django(&reader, Args::of_dict(options), *entry, &base)],
                    other => address(&reader, &other, *entry, &base),
                })
                .collect(),
            _ => Vec::new(),
        },
    }
}

/// True where the settings say which models live in which database.
/// <https://docs.djangoproject.com/en/stable/topics/db/multi-db/#using-routers>
fn has_routers(ev: &Evaluator<'_>, unit: UnitId) -> bool {
    let module = &ev.program.unit(unit).module;
    module.stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Assign { target, .. } => {
            matches!(&module.expr(*target).kind, ExprKind::Name(name) if name == "DATABASE_ROUTERS")
        }
        _ => false,
    })
}

fn address(reader: &Reader<'_, '_>, value: &Value, site: Site, base: &StoreUse) -> Vec<StoreUse> {
    if let Some(made) = value.alternatives().iter().find_map(|v| built(reader, v, base)) {
        return vec![made];
    }
    let urls: Vec<Setting> = reader.settings(value, site);
    let alternative = urls.len() > 1;
    urls.into_iter().map(|url| StoreUse { url: Some(url), alternative, ..base.clone() }).collect()
}

/// <https://docs.djangoproject.com/en/stable/ref/settings/#databases>
fn django(reader: &Reader<'_, '_>, args: Args, site: Site, base: &StoreUse) -> StoreUse {
    let one = |selector: &str| args.setting(reader, &[selector.to_string()], site);
    StoreUse {
        place: reader.ev.program.place(site),
        site: Some(site),
        engine: one("ENGINE"),
        host: one("HOST"),
        port: one("PORT"),
        database: one("NAME"),
        schema: one("OPTIONS.options"),
        user: one("USER"),
        default_host: Some("localhost".into()),
        ..base.clone()
    }
}
