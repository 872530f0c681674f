//! Brokers: how the program connects to them, and what it declares there.

mod connection;
mod reconnect;
mod topology;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use crate::catalog::broker::DeclareKind;
use crate::catalog::schema::{Ecosystem, Library};
use crate::extract::consume::reach::Reach;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::{FileId, Place};

/// A call that connects to a broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// The call.
    pub place: Place,
    /// The library.
    pub library: String,
    /// The addresses that are written into the code, each with its place.
    pub literals: Vec<(String, Place)>,
    /// Nothing notices that it is lost.
    pub unwatched: Option<Unwatched>,
}

/// A connection of a library that does not reconnect, which nothing watches.
#[derive(Clone, Debug, PartialEq)]
pub struct Unwatched {
    /// The process goes on without it, as far as the modules around it say.
    pub stays: bool,
    /// The modules that run in the same process.
    pub files: Vec<FileId>,
    /// What to write.
    pub help: String,
}

/// A call that declares an exchange or a queue of RabbitMQ.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// The call.
    pub place: Place,
    /// What it declares.
    pub kind: DeclareKind,
    /// Its name.
    pub name: String,
    /// What is said about it, as far as it is known: `durable` is `true`, `type` is `topic`.
    pub properties: BTreeMap<String, String>,
    /// The table of arguments; none when it could not be read. A value that is not known is `?`.
    pub arguments: Option<BTreeMap<String, String>>,
}

/// A call that binds a queue of RabbitMQ to an exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The call.
    pub place: Place,
    /// The queue; empty for one that the broker names.
    pub queue: String,
    /// The exchange.
    pub exchange: String,
}

/// Everything about brokers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brokers {
    /// The connections, sorted by place.
    pub connections: Vec<Connection>,
    /// The declarations, sorted by place.
    pub declarations: Vec<Declaration>,
    /// The bindings, sorted by place.
    pub bindings: Vec<Binding>,
}

/// True when code of this unit is production code that runs on a server.
pub type InScope<'s> = dyn Fn(UnitId) -> bool + 's;

/// Reads all of it.
pub fn extract(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Brokers {
    let mut out = Brokers::default();
    let mut names: HashSet<(Ecosystem, &str)> = HashSet::new();
    for library in ev.catalog.libraries() {
        let calls = library.connect.iter().flat_map(|c| &c.calls).chain(library.topology.iter().flat_map(|d| &d.calls));
        let calls = calls.chain(library.bindings.iter().flat_map(|b| &b.calls));
        names.extend(calls.map(|c| (library.ecosystem, c.rsplit('.').next().unwrap_or(c))));
    }
    let reach = OnceCell::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        let linked = ev.program.unit(unit);
        let ecosystem = Ecosystem::of(linked.module.language);
        for call in &linked.index.calls {
            let site = Site { unit, expr: call.expr };
            let local = linked.module.callee_name(call.expr);
            let renamed = |name: &str| {
                linked.module.imports.iter().any(|i| {
                    i.local == name
                        && matches!(&i.kind, crate::facts::module::ImportKind::Named(n) if names.contains(&(ecosystem, n.as_str())))
                })
            };
            if !local.is_some_and(|n| names.contains(&(ecosystem, n.as_str())) || renamed(n)) {
                continue;
            }
            for (library, rest) in of(ev, site) {
                if let Some(form) = library.connect.iter().find(|c| c.calls.contains(&rest)) {
                    let mut connection = connection::read(ev, site, library, form);
                    connection.unwatched = form
                        .reconnect
                        .as_ref()
                        .and_then(|form| reconnect::unwatched(reach.get_or_init(|| Reach::new(ev)), site, form));
                    out.connections.push(connection);
                    break;
                }
                if let Some(form) = library.topology.iter().find(|d| d.calls.contains(&rest)) {
                    out.declarations.extend(topology::read(ev, site, form));
                    break;
                }
                if let Some(form) = library.bindings.iter().find(|b| b.calls.contains(&rest)) {
                    out.bindings.extend(topology::binding(ev, site, form));
                    break;
                }
            }
        }
    }
    out.connections.sort_by_key(|c| c.place);
    out.declarations.sort_by_key(|d| d.place);
    out.bindings.sort_by_key(|b| b.place);
    out
}

/// The functions of the catalog that a call may run.
fn of<'e>(ev: &Evaluator<'e>, site: Site) -> Vec<(&'e Library, String)> {
    let language = ev.program.language(site.unit);
    let symbols = crate::extract::publish::call::callees(ev, site).into_iter().map(|(symbol, _)| symbol);
    symbols.filter_map(|s| ev.catalog.split(language, &s).map(|(library, rest)| (library, rest.to_string()))).collect()
}
