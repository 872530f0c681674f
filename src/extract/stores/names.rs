//! The databases that are chosen on an open client: `client.db("orders")`, `client["orders"]`.

use std::collections::HashSet;

use super::read::{Args, Reader};
use super::{Setting, StoreUse};
use crate::catalog::schema::{Ecosystem, Library};
use crate::catalog::store::{Opens, Store};
use crate::facts::module::{ExprId, ExprKind};
use crate::program::{Evaluator, Instance, Site, UnitId};

/// A database that is chosen.
struct Chosen<'c> {
    site: Site,
    library: &'c Library,
    store: &'c Store,
    receiver: Instance,
    /// None for the database of the address.
    name: Option<Setting>,
}

/// Puts the names that are chosen on a client in place of what its address says.
pub(super) fn apply(ev: &Evaluator<'_>, units: &[UnitId], uses: Vec<StoreUse>) -> Vec<StoreUse> {
    let sites: HashSet<Site> = uses.iter().filter_map(|u| u.site).collect();
    let mut chosen: Vec<(Option<Site>, Chosen<'_>)> = Vec::new();
    for choice in choices(ev, units) {
        chosen.push((origin(&choice.receiver, &sites), choice));
    }
    let mut out = Vec::new();
    for store in uses {
        let own: Vec<&Chosen<'_>> =
            chosen.iter().filter(|(from, _)| from.is_some() && *from == store.site).map(|(_, c)| c).collect();
        if own.is_empty() {
            out.push(store);
            continue;
        }
        for choice in own {
            let mut copy = store.clone();
            match &choice.name {
                Some(name) => copy.database = Some(name.clone()),
                None => copy.default_database = copy.default_database.or_else(|| Some("test".into())),
            }
            if !out.contains(&copy) {
                out.push(copy);
            }
        }
    }
    // A client whose opening was not found in the same breath: a parameter, an injected object.
    for (from, choice) in chosen {
        if from.is_none() && choice.name.is_some() {
            let opens = Opens::default();
            let mut made = super::opens::blank(ev, choice.site, choice.library, choice.store, &opens);
            made.database = choice.name;
            made.chooses = true;
            out.push(made);
        }
    }
    out
}

/// The opening call that an object comes from.
fn origin(receiver: &Instance, sites: &HashSet<Site>) -> Option<Site> {
    let mut current = Some(receiver);
    while let Some(instance) = current {
        if let Some(call) = instance.call
            && sites.contains(&call)
        {
            return Some(call);
        }
        current = instance.from.as_deref();
    }
    None
}

fn choices<'e>(ev: &Evaluator<'e>, units: &[UnitId]) -> Vec<Chosen<'e>> {
    let mut names = HashSet::new();
    let mut containers = HashSet::new();
    for library in ev.catalog.libraries() {
        let Some(store) = &library.store else { continue };
        names.extend(
            store
                .databases
                .iter()
                .flat_map(|d| &d.calls)
                .map(|c| (library.ecosystem, c.rsplit('.').next().unwrap_or(c))),
        );
        if !store.containers.is_empty() {
            containers.extend(library.packages.iter().map(|p| (library.ecosystem, p.as_str())));
        }
    }
    let mut out = Vec::new();
    for &unit in units {
        let u = ev.program.unit(unit);
        let ecosystem = Ecosystem::of(u.module.language);
        for call in &u.index.calls {
            if u.module.callee_name(call.expr).is_some_and(|n| names.contains(&(ecosystem, n.as_str()))) {
                out.extend(by_call(ev, Site { unit, expr: call.expr }));
            }
        }
        let imports = |package: &str| containers.contains(&(ecosystem, package.split('.').next().unwrap_or(package)));
        if u.module.imports.iter().any(|i| imports(&i.module)) {
            for i in 0..u.module.exprs.len() {
                out.extend(by_access(ev, Site { unit, expr: ExprId(i as u32) }));
            }
        }
    }
    out
}

fn by_call<'e>(ev: &Evaluator<'e>, site: Site) -> Option<Chosen<'e>> {
    let (symbol, receiver) = ev.callee(site)?;
    let (library, rest) = ev.catalog.split(ev.program.language(site.unit), &symbol)?;
    let store = library.store.as_ref()?;
    let form = store.databases.iter().find(|d| d.calls.iter().any(|c| c == rest))?;
    let reader = Reader::ways(ev, &[site]).into_iter().next()?;
    let args = Args::of_call(&reader, site);
    let name = args.setting(&reader, &form.name, site);
    if name.is_none() && !args.positional.is_empty() {
        return None;
    }
    Some(Chosen { site, library, store, receiver: (*receiver?).clone(), name })
}

/// `client["orders"]`, `client.orders`.
fn by_access<'e>(ev: &Evaluator<'e>, site: Site) -> Option<Chosen<'e>> {
    let unit = ev.program.unit(site.unit);
    let object = match &unit.module.expr(site.expr).kind {
        ExprKind::Index { object, .. } => *object,
        ExprKind::Attr { object, name, .. } if !is_method(name) => *object,
        _ => return None,
    };
    // The class itself is no client: `pymongo.MongoClient` has the same text in it.
    let value = ev.at(site.unit, object);
    let receiver = value.instance()?;
    let (library, rest) = ev.catalog.split(unit.module.language, &receiver.ty)?;
    let store = library.store.as_ref()?;
    if !store.containers.iter().any(|c| c == rest) {
        return None;
    }
    let name = match &unit.module.expr(site.expr).kind {
        ExprKind::Index { index, .. } => {
            let index = Site { unit: site.unit, expr: *index };
            let reader = Reader::ways(ev, &[index]).into_iter().next()?;
            reader.settings(&reader.value(index), index).into_iter().next()
        }
        ExprKind::Attr { name, .. } => Some(Setting::literal(name, ev.program.place(site))),
        _ => None,
    }?;
    Some(Chosen { site, library, store, receiver: receiver.clone(), name: Some(name) })
}

/// Members of a client that are no databases (PyMongo reserves them).
fn is_method(name: &str) -> bool {
    const MEMBERS: [&str; 20] = [
        "close",
        "admin",
        "get_database",
        "get_default_database",
        "start_session",
        "list_database_names",
        "list_databases",
        "drop_database",
        "server_info",
        "address",
        "primary",
        "secondaries",
        "is_primary",
        "nodes",
        "options",
        "watch",
        "io_loop",
        "get_io_loop",
        "aclose",
        "topology_description",
    ];
    MEMBERS.contains(&name) || name.starts_with('_')
}
