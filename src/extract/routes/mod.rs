//! Incoming HTTP: the application objects, the routes they serve with their composed paths, and what
//! answers health checks.
//!
//! Frameworks where routes are registered by calls are data in the catalog ([`crate::catalog::server`])
//! and share one graph of objects ([`graph`]); those that work by declaration (NestJS, Django, file
//! names of Next.js) have a module each.

mod attach;
mod autoload;
mod django;
mod dotnet;
mod golang;
pub mod graph;
pub mod health;
mod jvm;
mod nest;
mod next;
mod oapi;
mod objects;
pub mod path;
mod plain;
mod regex;
mod scan;
mod shared;
mod source;
mod transcoding;

use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

pub(crate) use source::chained;

pub use transcoding::transcoded;

pub use health::{HealthEvidence, HealthKind, HealthPath};

/// An operation that a server answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The registration: the call, the decorator, the exported function.
    pub place: Place,
    /// The module it stands in.
    pub unit: UnitId,
    /// The method in upper case, or `ANY`.
    pub method: String,
    /// The full path with all prefixes; starts with `/`, has no final `/`, parameters are `{name}`,
    /// what takes the rest of the path is `{*name}` or `{*}`.
    pub path: String,
    /// The framework's name.
    pub framework: String,
    /// The handler, where it is a function of the repository.
    pub handler: Option<Place>,
    /// The application object it is mounted on; none when that is not an expression (Next.js) or not
    /// known.
    pub app: Option<App>,
    /// A prefix or a part of the path could not be resolved.
    pub partial: bool,
    /// Something that nobody here can read may put a prefix before the path.
    pub unrooted: bool,
}

/// An application object: something that listens for HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// Its construction.
    pub place: Place,
    /// The module it stands in.
    pub unit: UnitId,
    /// The construction, as an expression.
    pub site: Site,
    /// The framework's name.
    pub framework: String,
}

/// An HTTP server that a dependency starts (Spring Boot's web starter), also without a route of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// A file of the service.
    pub place: Place,
    /// The module of that file.
    pub unit: UnitId,
    /// The framework's name.
    pub framework: String,
}

/// A part of what a server answers that is not in the list of routes.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// The registration.
    pub place: Place,
    /// The module it stands in.
    pub unit: UnitId,
    /// The application, where known.
    pub app: Option<App>,
    /// Paths below this prefix are concerned; `/` for all.
    pub prefix: String,
    /// Why.
    pub kind: GapKind,
}

/// See [`Gap::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// Routes are registered in a way that could not be read.
    Unresolved,
    /// A library answers there (a proxy, an API documentation).
    External,
    /// Files are served there.
    Files,
    /// Pages are rendered there by the server.
    Pages,
}

/// What the servers of a program answer.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// The routes, sorted by place, path and method.
    pub routes: Vec<Route>,
    /// The applications, sorted by place.
    pub apps: Vec<App>,
    /// What is served besides, sorted by place.
    pub gaps: Vec<Gap>,
    /// Health services that are no routes, sorted by place.
    pub health: Vec<HealthEvidence>,
    /// Servers that a dependency starts, with all that they answer among the routes and gaps.
    pub embedded: Vec<Embedded>,
    /// What answers the methods of protobuf services, sorted by place.
    pub remote: Vec<App>,
    /// Classes whose mappings the build generates from a document.
    pub generated: Vec<Implementation>,
}

/// A class that implements an interface which the build generates from an OpenAPI document.
#[derive(Clone, Debug)]
pub struct Implementation {
    /// The module it stands in.
    pub unit: UnitId,
    /// Its name.
    pub place: Place,
    /// The framework that reads what is generated.
    pub framework: &'static str,
    /// Its methods with their places.
    pub methods: Vec<(smol_str::SmolStr, Place)>,
}

/// True when code of this unit is production code that runs on a server.
pub type InScope<'s> = dyn Fn(UnitId) -> bool + 's;

/// Everything the servers of the program answer.
pub fn extract(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Served {
    let mut served = scan::scan(ev, in_scope);
    nest::nest(ev, in_scope, &mut served);
    django::django(ev, in_scope, &mut served);
    next::next(ev, in_scope, &mut served);
    jvm::jvm(ev, in_scope, &mut served);
    dotnet::dotnet(ev, in_scope, &mut served);
    plain::plain(ev, in_scope, &mut served);
    golang::golang(ev, in_scope, &mut served);
    oapi::oapi(ev, in_scope, &mut served);
    health::libraries(ev, in_scope, &mut served);
    shared::to_callers(ev, &mut served);
    let Served { routes, apps, gaps, health, remote, .. } = &mut served;
    // Of two that are the same but for where they came from the one is told once.
    routes.sort_by_cached_key(|r| {
        (r.place, r.path.clone(), r.method.clone(), r.app.as_ref().map(|a| a.place), r.partial)
    });
    routes.dedup();
    apps.sort_by_key(|a| a.place);
    apps.dedup();
    gaps.sort_by(|a, b| (a.place, &a.prefix).cmp(&(b.place, &b.prefix)));
    gaps.dedup();
    health.sort_by_key(|h| h.place);
    health.dedup();
    remote.sort_by_key(|r| r.place);
    remote.dedup();
    served
}

/// The routes of the program; see [`extract`] for what else its servers answer.
pub fn routes(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<Route> {
    extract(ev, in_scope).routes
}
