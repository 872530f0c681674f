//! The OpenAPI documents of the system: whose they are, and how their paths lie to the routes in code.

use std::collections::BTreeSet;

use super::System;
use super::health::is_operational;
use super::services::{Correction, Service, ServiceKind};
use crate::cache::Cache;
use crate::contract::document::{Document, Fault, Operation};
use crate::contract::find::{self, Found};
use crate::contract::generated::{self, Generated};
use crate::contract::template::{Fit, Segment, Template};
use crate::extract::routes::health::{conventional, is_framework_health};
use crate::extract::routes::path::{join, under};
use crate::extract::routes::{GapKind, HealthKind, Route, Served};
use crate::files::{Tree, folder_of};
use crate::syntax::FileId;

/// What the system promises to those who call it.
#[derive(Clone, Debug, Default)]
pub struct Contracts {
    /// The documents, in the order of their paths.
    pub documents: Vec<Contract>,
    /// Documents that can't be parsed, and whose they are.
    pub broken: Vec<(FileId, Fault, Vec<usize>)>,
    /// Documents that can't be read.
    pub unread: Vec<(FileId, String)>,
    /// Code that was generated from documents.
    pub generated: Vec<Generated>,
}

/// A document and those whose interface it describes.
#[derive(Clone, Debug)]
pub struct Contract {
    /// What it says.
    pub document: Document,
    /// The services, by their index: several processes of one code base. Empty when it is not known whose
    /// it is, or when it describes several.
    pub services: Vec<usize>,
    /// How its paths lie to the routes of these; none when no operation has a route, so that it may be that
    /// of another version, or of another program.
    pub alignment: Option<Alignment>,
}

/// How the paths of a document lie to those of the routes: servers and gateways add prefixes and take them
/// off, and documents are written from either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// The paths below those of the servers are the routes.
    Full,
    /// The paths alone are.
    Bare,
    /// The routes have this prefix, which the document does not have.
    Under(String),
    /// The document has so many segments in front that the routes do not have.
    Without(usize),
}

impl Contract {
    /// The paths of an operation as the routes have them.
    pub fn paths(&self, operation: &Operation) -> Vec<String> {
        match &self.alignment {
            Some(Alignment::Bare) => vec![operation.path.clone()],
            Some(Alignment::Under(prefix)) => vec![join(prefix, &operation.path)],
            Some(Alignment::Without(number)) => {
                operation.full_paths().iter().filter_map(|path| without(path, *number)).collect()
            }
            Some(Alignment::Full) | None => operation.full_paths(),
        }
    }

    /// [`Contract::paths`] as templates.
    pub fn templates(&self, operation: &Operation) -> Vec<Template> {
        self.paths(operation).iter().map(|path| Template::offered(path)).collect()
    }

    /// How surely a request means an operation. Who calls a service knows it by the paths of its routes, or
    /// by those of the document when it stands behind a gateway.
    pub fn fit(&self, operation: &Operation, request: &Template) -> Fit {
        let mut templates = self.templates(operation);
        templates.extend(operation.full_paths().iter().map(|path| Template::offered(path)));
        templates.push(Template::offered(&operation.path));
        templates.iter().map(|offered| request.fit(offered)).max().unwrap_or(Fit::No)
    }

    /// The operation of the document that a route is, by path and method.
    pub fn operation_of(&self, route: &Route) -> Option<&Operation> {
        let template = Template::offered(&route.path);
        self.document.operations.iter().find(|operation| {
            method_fits(&route.method, &operation.method)
                && self.templates(operation).iter().any(|offered| offered.is_same(&template))
        })
    }
}

/// True when a request with a method reaches what is registered for another: `ANY` takes all, and what
/// answers GET answers HEAD.
pub fn method_fits(registered: &str, asked: &str) -> bool {
    registered == asked || registered == "ANY" || registered == "GET" && asked == "HEAD"
}

/// True for a route that is no part of an interface: health, metrics, a page at the root, the description
/// of the interface itself.
pub fn is_internal(route: &Route) -> bool {
    const DESCRIBES: [&str; 10] =
        ["docs", "apidocs", "redoc", "scalar", "favicon", "static", "assets", "public", "graphql", "actuator"];
    const BEGINNINGS: [&str; 7] = ["swagger", "openapi", "api-doc", "api_doc", "docs-", "docs.", "favicon."];
    let names = |segment: &str| DESCRIBES.contains(&segment) || BEGINNINGS.iter().any(|word| segment.starts_with(word));
    is_operational(route)
        || under(&route.path, "/metrics")
        || route.path == "/"
        || matches!(route.method.as_str(), "HEAD" | "OPTIONS" | "TRACE" | "CONNECT")
        || conventional(&route.method, &route.path).is_some()
        || is_framework_health(&route.path)
        || route.path.to_ascii_lowercase().split('/').any(names)
}

/// True when all that a service answers is known, but for what [`may_be_answered`] tells: no route is partly
/// read, and nothing else may answer at any path.
pub fn is_whole(served: &Served) -> bool {
    !served.routes.is_empty()
        && served.routes.iter().all(|route| !route.partial && !route.unrooted)
        && served.gaps.iter().all(|gap| gap.kind != GapKind::Unresolved && gap.prefix != "/")
        && served.remote.is_empty()
}

/// True when something that is not among the routes may answer a path.
pub fn may_be_answered(served: &Served, path: &str) -> bool {
    let framework = served.health.iter().any(|health| matches!(health.kind, HealthKind::Dependency(_)));
    served.routes.iter().any(|route| route.partial || route.unrooted)
        || served.gaps.iter().any(|gap| gap.kind == GapKind::Unresolved || under(path, &gap.prefix))
        || framework && (conventional("GET", path).is_some() || is_framework_health(path) || path.contains("/actuator"))
        || !served.remote.is_empty()
}

/// Reads the documents of a tree and tells whose they are.
pub fn join_documents(tree: &Tree, cache: &Cache, system: &System, corrections: &[Correction]) -> Contracts {
    let mut contracts = Contracts::default();
    let found = find::documents(tree, cache);
    if found.is_empty() {
        return contracts;
    }
    let served = system.served_by_service();
    let owners = Owners { tree, system, served: &served, corrections };
    for found in found {
        match found {
            Found::Document(document) => contracts.documents.push(owners.contract(*document)),
            Found::Broken(file, fault) => {
                let services = owners.by_place(file).0;
                contracts.broken.push((file, fault, services));
            }
            Found::Unread(file, reason) => contracts.unread.push((file, reason)),
        }
    }
    contracts.generated = generated::files(tree, cache);
    contracts
}

/// Files that make a folder a program of its own.
const MANIFESTS: [&str; 7] =
    ["package.json", "go.mod", "pom.xml", "build.gradle", "build.gradle.kts", "pyproject.toml", "Cargo.toml"];

struct Owners<'s> {
    tree: &'s Tree,
    system: &'s System,
    served: &'s [Served],
    corrections: &'s [Correction],
}

impl Owners<'_> {
    fn contract(&self, document: Document) -> Contract {
        let (mut services, named) = self.by_place(document.file);
        let mut alignment = self.align(&document, &services);
        if alignment.is_none() && !named {
            services = self.by_routes(&document);
            alignment = self.align(&document, &services);
        }
        Contract { document, services, alignment }
    }

    /// The services that the configuration, the name or the folder of a document says, and whether it is
    /// more than the folder.
    fn by_place(&self, file: FileId) -> (Vec<usize>, bool) {
        let path = &self.tree.file(file).path;
        for correction in self.corrections {
            if correction.openapi.iter().any(|own| own == path) {
                let name = correction.name.as_ref().unwrap_or(&correction.key);
                let found = self.system.services.iter().position(|service| service.name == *name);
                return (found.into_iter().collect(), true);
            }
        }
        let inside = self.inside(path);
        let own_root = inside.first().map_or("", |index| self.system.services[*index].root.as_str());
        // Below the root of a service only what stands there names another.
        let below = path.strip_prefix(own_root).unwrap_or(path).trim_start_matches('/');
        for name in find::names(below) {
            let named: Vec<usize> = self.named(&name);
            if !named.is_empty() && (inside.is_empty() || named.iter().any(|index| inside.contains(index))) {
                return (named, true);
            }
            if !named.is_empty() {
                // A copy of another's interface, from which a client is generated.
                return (Vec::new(), true);
            }
        }
        (inside, false)
    }

    /// The services of one code base that a name stands for; none when it stands for several.
    fn named(&self, name: &str) -> Vec<usize> {
        let is = |service: &Service| {
            let folder = service.root.rsplit('/').next().unwrap_or("");
            find::plain(&service.name) == name || !folder.is_empty() && find::plain(folder) == name
        };
        let found = self.local().filter(|(_, service)| is(service));
        let found: Vec<usize> = found.map(|(index, _)| index).collect();
        self.one_code_base(found)
    }

    /// The services whose folder a file stands in.
    fn inside(&self, path: &str) -> Vec<usize> {
        let holds = |service: &Service| {
            service.root.is_empty()
                || path.strip_prefix(service.root.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        // What has a manifest of its own below a service is another program.
        let root = |path: &str| self.local().any(|(_, service)| service.root == path);
        let mut folder = folder_of(path);
        while !folder.is_empty() && !root(folder) {
            if MANIFESTS.iter().any(|name| self.tree.find(&format!("{folder}/{name}")).is_some()) {
                return Vec::new();
            }
            folder = folder_of(folder);
        }
        let deepest = self.local().filter(|(_, service)| holds(service)).map(|(_, s)| s.root.len()).max();
        let found = self.local().filter(|(_, service)| holds(service) && Some(service.root.len()) == deepest);
        let found: Vec<usize> = found.map(|(index, _)| index).collect();
        self.one_code_base(found)
    }

    /// The service whose routes a document describes, when they are those of one only.
    fn by_routes(&self, document: &Document) -> Vec<usize> {
        let all: Vec<usize> = self.local().map(|(index, _)| index).collect();
        // Neither name nor folder says it, so one path that is the same is not enough.
        let routes = |index: usize| -> Vec<(&str, Template)> {
            let routes = self.served.get(index).into_iter().flat_map(|served| &served.routes);
            let routes: BTreeSet<(&str, &str)> =
                routes.filter(|route| !is_internal(route)).map(|r| (r.method.as_str(), r.path.as_str())).collect();
            routes.into_iter().map(|(method, path)| (method, Template::offered(path))).collect()
        };
        let fits = all.into_iter().filter(|index| {
            let routes = routes(*index);
            let described = document.operations.iter().filter(|operation| {
                operation.full_paths().iter().chain([&operation.path]).any(|path| {
                    let template = Template::offered(path);
                    routes
                        .iter()
                        .any(|(method, route)| method_fits(method, &operation.method) && route.is_same(&template))
                })
            });
            let described = described.count();
            described > 1 && described * 2 >= document.operations.len()
        });
        let fits: Vec<usize> = fits.collect();
        self.one_code_base(fits)
    }

    fn local(&self) -> impl Iterator<Item = (usize, &Service)> {
        let all = self.system.services.iter().enumerate();
        all.filter(|(_, s)| s.repository.is_none() && !matches!(s.kind, ServiceKind::Infrastructure | ServiceKind::Job))
    }

    /// Those that serve something, when all are processes of one code base.
    fn one_code_base(&self, found: Vec<usize>) -> Vec<usize> {
        let service = |index: &usize| &self.system.services[*index];
        let serving: Vec<usize> = found
            .iter()
            .copied()
            .filter(|index| self.served.get(*index).is_some_and(|s| !s.routes.is_empty()))
            .collect();
        let found = if serving.is_empty() { found } else { serving };
        let distinct =
            |of: fn(&Service) -> &str| found.iter().map(|index| of(service(index))).collect::<BTreeSet<&str>>();
        let several = distinct(|s| &s.code_base).len() > 1 && distinct(|s| &s.root).len() > 1;
        if several { Vec::new() } else { found }
    }

    /// See [`Contract::alignment`].
    fn align(&self, document: &Document, services: &[usize]) -> Option<Alignment> {
        let routes: Vec<&Route> = services
            .iter()
            .filter_map(|index| self.served.get(*index))
            .flat_map(|served| {
                served.routes.iter().filter(|route| !route.partial && !route.unrooted && !is_internal(route))
            })
            .collect();
        let routes: Vec<Template> = {
            let paths: BTreeSet<&str> = routes.iter().map(|route| route.path.as_str()).collect();
            paths.into_iter().map(Template::offered).collect()
        };
        align(&document.operations, &routes)
    }
}

/// The alignment under which most operations have a route. An operation without any literal segment says
/// nothing.
fn align(operations: &[Operation], routes: &[Template]) -> Option<Alignment> {
    const MAX: usize = 400;
    let mut by_path: Vec<&Operation> = Vec::new();
    for operation in operations.iter().take(10 * MAX) {
        if by_path.last().is_none_or(|last| last.path != operation.path) && by_path.len() < MAX {
            by_path.push(operation);
        }
    }
    if by_path.is_empty() || routes.is_empty() {
        return None;
    }
    let mut candidates = vec![Alignment::Full, Alignment::Bare];
    candidates.extend(prefixes(routes).into_iter().map(Alignment::Under));
    candidates.extend([1, 2].map(Alignment::Without));
    let told = |template: &Template| template.segments().iter().any(|segment| matches!(segment, Segment::Lit(_)));
    let matches = |alignment: &Alignment| {
        let templates = |operation: &Operation| -> Vec<Template> {
            let paths = match alignment {
                Alignment::Full => operation.full_paths(),
                Alignment::Bare => vec![operation.path.clone()],
                Alignment::Under(prefix) => vec![join(prefix, &operation.path)],
                Alignment::Without(number) => {
                    operation.full_paths().iter().filter_map(|path| without(path, *number)).collect()
                }
            };
            paths.iter().map(|path| Template::offered(path)).collect()
        };
        by_path
            .iter()
            .filter(|operation| {
                let own = templates(operation);
                own.iter().any(|template| told(template) && routes.iter().any(|route| route.is_same(template)))
            })
            .count()
    };
    let scored: Vec<(usize, &Alignment)> = candidates.iter().map(|candidate| (matches(candidate), candidate)).collect();
    let best = scored.iter().map(|(score, _)| *score).max().unwrap_or(0);
    let (score, alignment) = scored.into_iter().find(|(score, _)| *score == best)?;
    // One path that is the same by chance makes no interface.
    let smaller = by_path.len().min(routes.len());
    let enough = match alignment {
        Alignment::Full | Alignment::Bare => score * 3 >= smaller,
        _ => score * 2 >= smaller,
    };
    (score > 0 && enough).then(|| alignment.clone())
}

/// The literal prefixes of routes, up to three segments.
fn prefixes(routes: &[Template]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for route in routes {
        let mut prefix = String::new();
        for segment in route.segments().iter().take(3) {
            let Segment::Lit(text) = segment else { break };
            prefix = format!("{prefix}/{text}");
            found.insert(prefix.clone());
        }
        if found.len() > 60 {
            break;
        }
    }
    found
}

/// A path without its first literal segments; none when nothing stays.
fn without(path: &str, number: usize) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let head = parts.get(..number)?;
    (parts.len() > number && head.iter().all(|part| !part.contains('{')))
        .then(|| format!("/{}", parts[number..].join("/")))
}

impl System {
    /// The documents of a service.
    pub fn contracts_of(&self, service: usize) -> impl Iterator<Item = &Contract> {
        self.contracts.documents.iter().filter(move |contract| contract.services.contains(&service))
    }
}
