//! What a .NET Aspire host gives the projects it starts: connection strings of resources, addresses of
//! other projects, variables.
//!
//! Source: <https://learn.microsoft.com/en-us/dotnet/aspire/fundamentals/app-host-overview>.

use super::calls::{Call, Requests};
use super::services::Service;
use crate::facts::module::{ExprId, ExprKind, Language};
use crate::program::index::Binding;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

/// How deep chains and variables are followed.
const MAX_DEPTH: u32 = 60;

/// A setting that a project gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// The project's name in the host.
    pub(super) project: String,
    /// The key: `ConnectionStrings:catalogdb`, `Identity:Url`.
    pub(super) key: String,
    /// Its value.
    pub(super) value: String,
    /// The call that gives it.
    pub(super) place: Place,
}

/// A resource of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Resource {
    /// `AddProject<…>("orders")`
    Project(String),
    /// A database server or a database of one: engine, server, database.
    Store(&'static str, String, Option<String>),
}

/// Calls that add servers, with the engine.
const SERVERS: [(&str, &str); 12] = [
    ("AddPostgres", "postgres"),
    ("AddAzurePostgresFlexibleServer", "postgres"),
    ("AddSqlServer", "mssql"),
    ("AddAzureSqlServer", "mssql"),
    ("AddMySql", "mysql"),
    ("AddMongoDB", "mongodb"),
    ("AddRedis", "redis"),
    ("AddValkey", "redis"),
    ("AddGarnet", "redis"),
    ("AddAzureRedis", "redis"),
    ("AddElasticsearch", "elasticsearch"),
    ("AddOracle", "oracle"),
];

/// Everything that hosts give to projects.
pub(super) fn given(ev: &Evaluator<'_>) -> Vec<Given> {
    let mut out = Vec::new();
    for name in ["WithReference", "WithEnvironment"] {
        for &site in ev.program.calls_named(name) {
            if ev.program.language(site.unit) == Language::CSharp {
                out.extend(of_call(ev, site, name));
            }
        }
    }
    out
}

/// The projects that a project gets the addresses of: who refers to whom, and where the host says so.
fn references(ev: &Evaluator<'_>) -> Vec<(String, String, Place)> {
    let mut out = Vec::new();
    for &site in ev.program.calls_named("WithReference") {
        let module = &ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else { continue };
        let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { continue };
        let Some(argument) = call.args.iter().find(|a| a.name.is_none()) else { continue };
        let project = |expr: ExprId| match resource(ev, site.unit, expr, 0) {
            Some(Resource::Project(name)) => Some(name),
            _ => None,
        };
        if let (Some(from), Some(to)) = (project(*object), project(argument.value)) {
            out.push((from, to, ev.program.place(site)));
        }
    }
    out
}

/// Adds the calls between projects of which only the host tells: one is given the address of the other, and
/// no request from it to the other was found.
pub(super) fn add_references(ev: &Evaluator<'_>, services: &[Service], requests: &mut Requests) {
    let called = |name: &str| {
        services.iter().find(|s| s.name == name || s.host_names.iter().any(|host| host == name)).map(|s| s.name.clone())
    };
    for (from, to, place) in references(ev) {
        let (Some(from), Some(to)) = (called(&from), called(&to)) else { continue };
        let known = requests.calls.iter().any(|call| call.from == from && call.to == to);
        if from != to && !known {
            requests.calls.push(Call { from, to, method: None, path: None, place, local: false, forwarded: false });
        }
    }
    requests.calls.sort();
}

fn of_call(ev: &Evaluator<'_>, site: Site, name: &str) -> Option<Given> {
    let module = &ev.program.unit(site.unit).module;
    let call = module.call(site.expr)?;
    let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return None };
    let Resource::Project(project) = resource(ev, site.unit, *object, 0)? else { return None };
    let place = ev.program.place(site);
    let positional: Vec<ExprId> = call.args.iter().filter(|a| a.name.is_none()).map(|a| a.value).collect();
    if name == "WithReference" {
        let Resource::Store(engine, server, database) = resource(ev, site.unit, *positional.first()?, 0)? else {
            // A reference to a project is known by its name.
            return None;
        };
        let key = format!("ConnectionStrings:{}", database.as_ref().unwrap_or(&server));
        let value = format!("{engine}://{server}/{}", database.unwrap_or_default());
        return Some(Given { project, key, value, place });
    }
    let key = ev.at(site.unit, *positional.first()?).as_str()?.replace("__", ":");
    let given = *positional.get(1)?;
    let value = match ev.at(site.unit, given).as_str() {
        Some(text) => text,
        None => match resource(ev, site.unit, given, 0)? {
            Resource::Project(name) => format!("http://{name}"),
            Resource::Store(engine, server, database) => {
                format!("{engine}://{server}/{}", database.unwrap_or_default())
            }
        },
    };
    Some(Given { project, key, value, place })
}

/// The resource at the beginning of a chain of calls, through variables.
fn resource(ev: &Evaluator<'_>, unit_id: UnitId, expr: ExprId, depth: u32) -> Option<Resource> {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    if depth > MAX_DEPTH {
        return None;
    }
    match &module.expr(expr).kind {
        ExprKind::Call(call) => {
            let name = module.callee_name(expr)?;
            let text = |n: usize| {
                let arg = call.args.iter().filter(|a| a.name.is_none()).nth(n)?;
                ev.at(unit_id, arg.value).as_str()
            };
            if name == "AddProject" || name == "AddCSharpApp" {
                return Some(Resource::Project(text(0)?));
            }
            if let Some((_, engine)) = SERVERS.iter().find(|(n, _)| *n == name.as_str()) {
                return Some(Resource::Store(engine, text(0)?, None));
            }
            let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return None };
            let inner = resource(ev, unit_id, *object, depth + 1)?;
            Some(match inner {
                // `AddDatabase("orders", "shop")`: the resource's name, and that of the database where it differs.
                Resource::Store(engine, server, _) if name == "AddDatabase" => {
                    Resource::Store(engine, server, Some(text(0)?))
                }
                other => other,
            })
        }
        ExprKind::Name(name) => {
            let (_, bindings) = unit.index.lookup(module, unit.index.func_of(expr), name)?;
            match bindings {
                [Binding::Value(value)] if *value != expr => resource(ev, unit_id, *value, depth + 1),
                // An extension method gets it from its caller.
                [Binding::Param(func, index)] => {
                    let callers = ev.callers(unit_id, *func);
                    let [caller] = callers.as_slice() else { return None };
                    let argument = ev.argument_site(*caller, unit_id, *func, *index)?;
                    resource(ev, argument.unit, argument.expr, depth + 1)
                }
                _ => None,
            }
        }
        ExprKind::Attr { object, .. } => resource(ev, unit_id, *object, depth + 1),
        _ => None,
    }
}
