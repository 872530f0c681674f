//! The graph of application and router objects, and the paths that follow from it.

use std::collections::{BTreeMap, HashMap};

use super::path::PathText;
use super::{App, Gap, GapKind, Route, Served, path};
use crate::catalog::server::Parameters;
use crate::facts::module::{ClassId, FuncId};
use crate::program::{Site, UnitId};
use crate::syntax::Place;

/// How deep routers nest before we give up.
const MAX_DEPTH: usize = 16;
/// How many prefixes one router can have.
const MAX_CHAINS: usize = 64;

/// An object on which routes are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The call that makes it.
    Site(Site),
    /// A parameter of a function.
    Param(UnitId, FuncId, usize),
    /// A class whose methods are routes.
    Class(UnitId, ClassId),
    /// The same routes under another prefix: an item of a list.
    Item(Site),
    /// The application that functions of a package work on, in this module.
    Package(UnitId),
}

/// What is known of an object.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The prefix it has of its own.
    pub prefix: Option<PathText>,
    /// The API version that goes in front of the whole path.
    pub version: Option<String>,
    /// It answers by itself.
    pub app: Option<App>,
    /// It is an application by its type, though it is not known which: a dependency injection hands it in.
    pub outermost: bool,
    /// Its routes name no path of their own.
    pub whole: bool,
}

/// An object is mounted on another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// On which.
    pub parent: Key,
    /// Under which prefix.
    pub prefix: Option<PathText>,
    /// The prefix takes the place of the object's own.
    pub replaces: bool,
}

/// A route of an object.
#[derive(Clone, Debug)]
pub struct Local {
    /// The object.
    pub key: Key,
    /// The registration.
    pub place: Place,
    /// The module of the registration.
    pub unit: UnitId,
    /// The method.
    pub method: String,
    /// The path under the object's prefix.
    pub path: PathText,
    /// The API version of the route itself.
    pub version: Option<String>,
    /// The framework.
    pub framework: String,
    /// How its parameters are written.
    pub parameters: Parameters,
    /// The handler.
    pub handler: Option<Place>,
}

/// A gap in what an object serves.
#[derive(Clone, Debug)]
pub struct LocalGap {
    /// The object.
    pub key: Key,
    /// The registration.
    pub place: Place,
    /// The module of the registration.
    pub unit: UnitId,
    /// The prefix under the object's own.
    pub prefix: PathText,
    /// Why.
    pub kind: GapKind,
}

/// The graph.
#[derive(Debug, Default)]
pub struct Graph {
    /// The objects.
    pub nodes: BTreeMap<Key, Node>,
    /// Where each object is mounted.
    pub edges: HashMap<Key, Vec<Edge>>,
    /// The routes.
    pub locals: Vec<Local>,
    /// The gaps.
    pub gaps: Vec<LocalGap>,
}

/// One way from an application down to an object.
#[derive(Clone, Debug)]
struct Chain {
    prefix: PathText,
    version: Option<String>,
    app: Option<App>,
    outermost: bool,
}

impl Graph {
    /// Mounts an object.
    pub fn mount(&mut self, child: Key, edge: Edge) {
        if child == edge.parent {
            return;
        }
        let edges = self.edges.entry(child).or_default();
        if !edges.contains(&edge) {
            edges.push(edge);
        }
    }

    /// All routes with their full paths.
    ///
    /// `together` says whether two modules may run in one process: a route does not answer for another one, although
    /// both call the same function of a library.
    pub fn compose(&self, together: &dyn Fn(UnitId, UnitId) -> bool) -> Served {
        let mut served = Served::default();
        let mut memo = HashMap::new();
        for local in &self.locals {
            let mut chains = self.chains(local.key, 0, &mut memo);
            let own = |chain: &Chain| chain.app.as_ref().is_none_or(|app| together(app.unit, local.unit));
            if chains.iter().any(own) {
                chains.retain(own);
            }
            for chain in chains {
                let full = chain.prefix.join(&local.path);
                let version = local.version.clone().or(chain.version);
                let text = version.map_or(full.text.clone(), |v| path::join(&version_prefix(&v), &full.text));
                served.routes.push(Route {
                    unrooted: false,
                    place: local.place,
                    unit: local.unit,
                    method: local.method.clone(),
                    path: path::normalise(&text, local.parameters),
                    framework: local.framework.clone(),
                    handler: local.handler,
                    partial: full.partial || (chain.app.is_none() && !chain.outermost),
                    app: chain.app,
                });
            }
        }
        for gap in &self.gaps {
            for chain in self.chains(gap.key, 0, &mut memo) {
                let full = chain.prefix.join(&gap.prefix);
                served.gaps.push(Gap {
                    place: gap.place,
                    unit: gap.unit,
                    app: chain.app,
                    // An unknown part may stand for anything.
                    prefix: path::normalise(full.text.split('{').next().unwrap_or(""), Parameters::Brace),
                    kind: gap.kind,
                });
            }
        }
        // An application that is mounted on another does not listen by itself.
        let mounted = |key: &Key| self.edges.get(key).is_some_and(|e| !e.is_empty());
        served.apps =
            self.nodes.iter().filter(|(key, _)| !mounted(key)).filter_map(|(_, node)| node.app.clone()).collect();
        served
    }

    fn chains(&self, key: Key, depth: usize, memo: &mut HashMap<Key, Vec<Chain>>) -> Vec<Chain> {
        if let Some(known) = memo.get(&key) {
            return known.clone();
        }
        if depth > MAX_DEPTH {
            return Vec::new();
        }
        // A router that is mounted on itself has no path.
        memo.insert(key, Vec::new());
        let node = self.nodes.get(&key);
        let own = node.and_then(|n| n.prefix.clone()).unwrap_or_default();
        let version = node.and_then(|n| n.version.clone());
        let mut out = Vec::new();
        for edge in self.edges.get(&key).into_iter().flatten() {
            for parent in self.chains(edge.parent, depth + 1, memo) {
                let under = match &edge.prefix {
                    Some(prefix) if edge.replaces => prefix.clone(),
                    Some(prefix) => prefix.join(&own),
                    None => own.clone(),
                };
                out.push(Chain {
                    prefix: parent.prefix.join(&under),
                    version: version.clone().or(parent.version),
                    app: parent.app,
                    outermost: parent.outermost,
                });
            }
        }
        if out.is_empty()
            && let Some(node) = node
        {
            // An application, or a router that nothing we can see mounts.
            out.push(Chain { prefix: own, version, app: node.app.clone(), outermost: node.outermost });
        }
        out.truncate(MAX_CHAINS);
        memo.insert(key, out.clone());
        out
    }
}

/// `/v1` for `1`, and for a version that already names its prefix the version itself.
fn version_prefix(version: &str) -> String {
    if version.starts_with('/') { version.to_string() } else { format!("/v{version}") }
}
