//! The calls and classes that open a datastore.

use std::collections::{BTreeSet, HashMap, HashSet};

use smol_str::SmolStr;

use super::read::{Args, Picked, Reader};
use super::{Driver, Setting, StoreUse, prisma};
use crate::catalog::schema::{Ecosystem, Library};
use crate::catalog::store::{Opens, Store};
use crate::facts::module::{ClassId, ExprKind, FunctionKind, ImportKind};
use crate::files::Tree;
use crate::program::index::Binding;
use crate::program::{Evaluator, Instance, Site, UnitId, Value};

/// The last names by which a call can open a datastore, so that most calls are never evaluated.
struct Names<'c> {
    calls: HashSet<(Ecosystem, &'c str)>,
    /// Packages whose object is called itself (`knex(…)`, `pgp(…)`).
    packages: HashMap<(Ecosystem, &'c str), bool>,
}

impl<'c> Names<'c> {
    fn of(ev: &Evaluator<'c>) -> Names<'c> {
        let mut names = Names { calls: HashSet::new(), packages: HashMap::new() };
        for library in ev.catalog.libraries() {
            let Some(store) = &library.store else { continue };
            let calls = || store.opens.iter().flat_map(|o| &o.calls);
            names.calls.extend(calls().map(|c| (library.ecosystem, c.rsplit('.').next().unwrap_or(c))));
            let any = calls().any(|c| c == "()");
            names.packages.extend(library.packages.iter().map(|p| ((library.ecosystem, p.as_str()), any)));
        }
        names
    }
}

/// Every place that opens a datastore.
pub(super) fn uses(ev: &Evaluator<'_>, units: &[UnitId], tree: &Tree) -> Vec<StoreUse> {
    let names = Names::of(ev);
    let mut out = Vec::new();
    for &unit in units {
        let u = ev.program.unit(unit);
        let ecosystem = Ecosystem::of(u.module.language);
        let package = |name: &str| names.packages.get(&(ecosystem, package_of(name, ecosystem))).copied();
        let imported: Vec<_> = u.module.imports.iter().filter(|i| package(&i.module).is_some()).collect();
        let locals: HashSet<&str> = imported.iter().map(|i| i.local.as_str()).collect();
        let any = imported.iter().any(|i| package(&i.module) == Some(true));
        for call in &u.index.calls {
            let name = u.module.callee_name(call.expr).map_or("", SmolStr::as_str);
            if any || names.calls.contains(&(ecosystem, name)) || locals.contains(name) {
                out.extend(opened(ev, Site { unit, expr: call.expr }, tree));
            }
        }
        if !imported.is_empty() {
            for (i, class) in u.module.classes.iter().enumerate() {
                if !class.bases.is_empty() {
                    out.extend(extended(ev, unit, ClassId(i as u32), tree));
                }
            }
        }
    }
    out
}

/// Files that import a library of datastores.
pub(super) fn drivers(ev: &Evaluator<'_>, units: &[UnitId]) -> Vec<Driver> {
    let mut out = BTreeSet::new();
    for &unit in units {
        let u = ev.program.unit(unit);
        for import in &u.module.imports {
            let symbol = match &import.kind {
                ImportKind::Named(name) => format!("{}.{name}", import.module),
                _ => import.module.to_string(),
            };
            if let Some((library, _)) = ev.catalog.split(u.module.language, &symbol)
                && let Some(store) = &library.store
                && !store.opens.is_empty()
            {
                out.insert(Driver { file: u.file, engine: store.engine.clone() });
            }
        }
    }
    out.into_iter().collect()
}

/// The package of an import: the module itself, in Python also a parent of it.
fn package_of(module: &str, ecosystem: Ecosystem) -> &str {
    match ecosystem {
        Ecosystem::Python if !module.starts_with("mysql.") => module.split('.').next().unwrap_or(module),
        _ => module,
    }
}

fn known<'e>(ev: &Evaluator<'e>, unit: UnitId, symbol: &str) -> Option<(&'e Library, &'e Store, &'e Opens)> {
    let (library, rest) = ev.catalog.split(ev.program.language(unit), symbol)?;
    let store = library.store.as_ref()?;
    let opens = store.opens.iter().find(|o| o.calls.iter().any(|c| c == rest))?;
    Some((library, store, opens))
}

/// What a call opens.
fn opened(ev: &Evaluator<'_>, site: Site, tree: &Tree) -> Vec<StoreUse> {
    let found = ev.callee(site).and_then(|(symbol, _)| {
        known(ev, site.unit, &symbol).or_else(|| {
            // A generated client has a path of its own: `@prisma/client-orders`, `../generated/client`.
            let name = symbol.rsplit(['.', '/']).next().unwrap_or(&symbol);
            (name == "PrismaClient").then(|| known(ev, site.unit, "@prisma/client.PrismaClient")).flatten()
        })
    });
    let Some((library, store, opens)) = found else { return Vec::new() };
    read(ev, site, site, library, store, opens, tree)
}

/// What a class of ours opens that extends one of the catalog: by `super(…)`, or by what the base does
/// without arguments.
fn extended(ev: &Evaluator<'_>, unit: UnitId, class_id: ClassId, tree: &Tree) -> Vec<StoreUse> {
    let module = &ev.program.unit(unit).module;
    let class = module.class(class_id);
    for &base in &class.bases {
        let Value::External(symbol) = ev.at(unit, base) else { continue };
        let symbol = ev.catalog.canonical(module.language, &symbol);
        let Some((library, store, opens)) = known(ev, unit, &symbol) else { continue };
        let constructor = class.methods.iter().copied().find(|m| module.func(*m).kind == FunctionKind::Constructor);
        let above = constructor.and_then(|constructor| {
            let index = &ev.program.unit(unit).index;
            index.calls.iter().find(|c| {
                c.func == Some(constructor)
                    && module.call(c.expr).is_some_and(|call| matches!(module.expr(call.callee).kind, ExprKind::Super))
            })
        });
        let at = Site { unit, expr: above.map_or(base, |c| c.expr) };
        return read(ev, at, at, library, store, opens, tree);
    }
    Vec::new()
}

/// Reads what a call of the catalog says, once for each way in which its parameters are passed.
fn read(
    ev: &Evaluator<'_>,
    site: Site,
    arguments: Site,
    library: &Library,
    store: &Store,
    opens: &Opens,
    tree: &Tree,
) -> Vec<StoreUse> {
    let sites: Vec<Site> = match ev.program.unit(arguments.unit).module.call(arguments.expr) {
        Some(call) => call.args.iter().map(|a| Site { unit: arguments.unit, expr: a.value }).collect(),
        None => Vec::new(),
    };
    let mut out = Vec::new();
    for reader in Reader::ways(ev, &sites) {
        let args = Args::of_call(&reader, arguments);
        let args = factory(&reader, &args, opens, site).unwrap_or(args);
        let mut base = blank(ev, site, library, store, opens);
        if let Some(outer) = reader.outermost() {
            base.anchor = ev.program.unit(outer.unit).file;
            base.opened_from = None;
        }
        out.extend(filled(&reader, &args, opens, site, base, tree));
    }
    out.dedup();
    out
}

/// A use about which nothing is known but its library.
pub(super) fn blank(ev: &Evaluator<'_>, site: Site, library: &Library, store: &Store, opens: &Opens) -> StoreUse {
    let place = ev.program.place(site);
    StoreUse {
        place,
        site: Some(site),
        anchor: place.file,
        opened_from: super::ways::beginnings(ev, site),
        library: library.library.clone(),
        engine: opens.engine_name.as_ref().or(store.engine.as_ref()).map(|e| Setting::literal(e, place)),
        url: None,
        host: None,
        port: None,
        database: None,
        schema: None,
        user: None,
        default_database: opens.default_database.clone(),
        default_host: opens.default_host.clone(),
        role: opens.role.unwrap_or(store.role),
        alternative: false,
        chooses: false,
        spare: false,
    }
}

/// The options that a factory returns.
fn factory(reader: &Reader<'_, '_>, args: &Args, opens: &Opens, site: Site) -> Option<Args> {
    let selector = opens.factory.iter().find_map(|s| args.pick(reader, s, site))?;
    let Picked::Value(value, _) = selector else { return None };
    let returned = match value {
        Value::Function { unit, func, .. } => reader.ev.returned(unit, func, None),
        Value::Class { unit, class } => {
            // `createTypeOrmOptions()`, `createMongooseOptions()`: the one method that makes options.
            let module = &reader.ev.program.unit(unit).module;
            let mut methods = module.class(class).methods.iter().copied();
            let method = methods.find(|m| {
                let name = module.func(*m).name.as_str();
                name.starts_with("create") && (name.ends_with("Options") || name.ends_with("Configuration"))
            })?;
            reader.ev.returned(unit, method, None)
        }
        other => other,
    };
    let options = returned.alternatives().iter().find_map(|v| match v {
        Value::Dict(dict) => Some(Args::of_dict(dict.clone())),
        _ => None,
    });
    Some(options.unwrap_or_else(Args::unreadable))
}

/// The uses that arguments describe: one for each alternative address.
fn filled(
    reader: &Reader<'_, '_>,
    args: &Args,
    opens: &Opens,
    site: Site,
    mut base: StoreUse,
    tree: &Tree,
) -> Vec<StoreUse> {
    parts(reader, args, opens, site, &mut base);
    if args.unread {
        // What could not be read may say something else.
        base.default_host = None;
        base.default_database = None;
    }
    let mut urls = Vec::new();
    for selector in &opens.url {
        match args.pick(reader, selector, site) {
            Some(Picked::Value(value, at)) => {
                for value in value.alternatives() {
                    if let Some(made) = built(reader, value, &base) {
                        return vec![made];
                    }
                }
                if let Some(made) = formatted(reader, at, &base) {
                    return vec![made];
                }
                urls = reader.settings(&value, at);
            }
            Some(Picked::Variable(name)) => urls = vec![Setting::variable(&name, base.place)],
            None => {}
        }
        if !urls.is_empty() {
            break;
        }
    }
    if urls.is_empty() && opens.prisma {
        return prisma::datasource(reader.ev, site, tree, base).into_iter().collect();
    }
    if urls.is_empty() {
        return vec![base];
    }
    base.alternative = urls.len() > 1;
    urls.into_iter().map(|url| StoreUse { url: Some(url), ..base.clone() }).collect()
}

fn parts(reader: &Reader<'_, '_>, args: &Args, opens: &Opens, site: Site, into: &mut StoreUse) {
    let one = |selectors: &[String]| args.setting(reader, selectors, site);
    into.engine = one(&opens.engine).or_else(|| into.engine.take());
    into.host = one(&opens.host).or_else(|| into.host.take());
    into.port = one(&opens.port).or_else(|| into.port.take());
    into.database = one(&opens.database).or_else(|| into.database.take());
    into.schema = one(&opens.schema).or_else(|| into.schema.take());
    into.user = one(&opens.user).or_else(|| into.user.take());
}

/// `cfg.FormatDSN()` of go-sql-driver/mysql: the fields of the struct say it
/// (<https://pkg.go.dev/github.com/go-sql-driver/mysql#Config>).
fn formatted(reader: &Reader<'_, '_>, at: Site, base: &StoreUse) -> Option<StoreUse> {
    let unit = reader.ev.program.unit(at.unit);
    let mut expr = at.expr;
    // `dsn := cfg.FormatDSN()`
    if let ExprKind::Name(name) = &unit.module.expr(expr).kind {
        let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(expr), name)?;
        let [Binding::Value(value)] = bindings else { return None };
        expr = *value;
    }
    let call = unit.module.call(expr).filter(|_| unit.module.callee_name(expr).is_some_and(|n| n == "FormatDSN"))?;
    let ExprKind::Attr { object, .. } = &unit.module.expr(call.callee).kind else { return None };
    let object = reader.value(Site { unit: at.unit, expr: *object });
    let Value::Instance(Instance { call: Some(made), .. }) = &object else { return None };
    let literal = unit.module.call(made.expr).filter(|c| c.is_new && made.unit == at.unit)?;
    let field = |name: &str| {
        let assigned = unit.index.attribute_assignments.iter().rev().find(|(n, _, _)| n == name);
        let given = literal.args.iter().find(|a| a.name.as_deref() == Some(name)).map(|a| a.value);
        let site = Site { unit: at.unit, expr: given.or(assigned.map(|(_, _, value)| *value))? };
        reader.settings(&reader.value(site), site).into_iter().next()
    };
    let mut out = base.clone();
    (out.host, out.database, out.user) = (field("Addr"), field("DBName"), field("User"));
    Some(out)
}

/// An address that a call of the catalog puts together: `URL.create(…)`.
pub(super) fn built(reader: &Reader<'_, '_>, value: &Value, base: &StoreUse) -> Option<StoreUse> {
    let Value::Instance(instance) = value else { return None };
    let mut current: Option<&Instance> = Some(instance);
    while let Some(instance) = current {
        if let Some(site) = instance.call
            && let Some((symbol, _)) = reader.ev.callee(site)
            && let Some((library, rest)) = reader.ev.catalog.split(reader.ev.program.language(site.unit), &symbol)
            && let Some(store) = &library.store
            && let Some(opens) = store.builders.iter().find(|b| b.calls.iter().any(|c| c == rest))
        {
            let args = Args::of_call(reader, site);
            let mut made = base.clone();
            parts(reader, &args, opens, site, &mut made);
            made.url = args.setting(reader, &opens.url, site);
            return Some(made);
        }
        current = instance.from.as_deref();
    }
    None
}
