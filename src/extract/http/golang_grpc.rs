//! Who speaks to whom over gRPC in Go, by the names that the generators give to a service of a `.proto` file:
//! `NewOrdersClient` makes a client of what `RegisterOrdersServer` serves, whatever address it is reached at.
//! What Java and Kotlin have of the same services is in `jvm::grpc`.
//!
//! Sources: <https://grpc.io/docs/languages/go/generated-code/>,
//! <https://grpc-ecosystem.github.io/grpc-gateway/docs/tutorials/adding_annotations/>,
//! <https://go-kratos.dev/en/docs/component/transport/http/>.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::InScope;
use crate::facts::module::{ExprId, ExprKind, Language};
use crate::program::index::Binding;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

/// What is made for one service of a `.proto` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remote {
    /// Where clients of it are made.
    pub clients: Vec<Place>,
    /// Where it is registered with a server.
    pub servers: Vec<Place>,
}

/// The services of `.proto` files that the program registers, by name.
pub fn remotes(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> BTreeMap<SmolStr, Remote> {
    let calls = |name: &str| -> Vec<Place> {
        let of_go = |s: &&Site| {
            let takes_something = || ev.program.unit(s.unit).module.call(s.expr).is_some_and(|c| !c.args.is_empty());
            ev.program.language(s.unit) == Language::Go && in_scope(s.unit) && takes_something()
        };
        ev.program.calls_named(name).iter().filter(of_go).map(|&site| ev.program.place(site)).collect()
    };
    let mut found: BTreeMap<SmolStr, Remote> = BTreeMap::new();
    super::jvm::grpc::add(ev, in_scope, &mut found);
    for name in ev.program.called_names() {
        let Some(service) = name.strip_prefix("Register").and_then(|rest| rest.strip_suffix("Server")) else {
            continue;
        };
        let servers = calls(name);
        if !service.is_empty() && !servers.is_empty() {
            found.entry(SmolStr::new(service)).or_default().servers.extend(servers);
        }
    }
    for (service, remote) in &mut found {
        let clients = [
            format!("New{service}Client"),
            format!("Register{service}HandlerFromEndpoint"),
            format!("Register{service}Handler"),
            format!("Register{service}HandlerClient"),
        ];
        remote.clients.extend(clients.iter().flat_map(|name| calls(name)));
    }
    found.retain(|_, remote| !remote.servers.is_empty());
    found
}

/// Beginnings of names of methods that only ask.
const ASKS: [&str; 11] =
    ["Get", "List", "Find", "Fetch", "Search", "Check", "Validate", "Is", "Has", "Count", "Exists"];

/// For a call of a service of the program in another process (`client.CreateOrder(ctx, request)` with what
/// `NewOrdersClient` gave, or a parameter or field of the type `OrdersClient`): whether it only asks, by its name.
pub fn asks_remote(ev: &Evaluator<'_>, site: Site) -> Option<bool> {
    let unit = ev.program.unit(site.unit);
    if unit.module.language != Language::Go {
        return None;
    }
    let ExprKind::Attr { object, name, .. } = &unit.module.expr(unit.module.call(site.expr)?.callee).kind else {
        return None;
    };
    let service = match &unit.module.expr(*object).kind {
        ExprKind::Name(local) => {
            let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(*object), local)?;
            match bindings {
                [Binding::Value(made)] => of_call(ev, site.unit, *made)?,
                [Binding::Param(func, index)] => {
                    of_type(ev, site.unit, unit.module.func(*func).params.get(*index)?.ty?)?
                }
                _ => return None,
            }
        }
        ExprKind::Attr { name: field, .. } => unit.module.classes.iter().find_map(|class| {
            let field = class.fields.iter().find(|own| own.name == *field)?;
            of_type(ev, site.unit, field.ty?)
        })?,
        ExprKind::Call(_) => of_call(ev, site.unit, *object)?,
        _ => return None,
    };
    let served = !ev.program.calls_named(&format!("Register{service}Server")).is_empty();
    served.then(|| ASKS.iter().any(|word| name.starts_with(word)))
}

/// `Orders` of `pb.NewOrdersClient(conn)`.
fn of_call<'e>(ev: &'e Evaluator<'_>, unit: UnitId, expr: ExprId) -> Option<&'e str> {
    ev.program.unit(unit).module.callee_name(expr)?.strip_prefix("New")?.strip_suffix("Client")
}

/// `Orders` of `pb.OrdersClient`.
fn of_type<'e>(ev: &'e Evaluator<'_>, unit: UnitId, ty: ExprId) -> Option<&'e str> {
    match &ev.program.unit(unit).module.expr(ty).kind {
        ExprKind::Attr { name, .. } | ExprKind::Name(name) => name.strip_suffix("Client"),
        _ => None,
    }
}
