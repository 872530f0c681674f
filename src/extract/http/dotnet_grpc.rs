//! Where the clients of gRPC in C# lead: `GrpcChannel.ForAddress(address)`, and
//! `AddGrpcClient<T>(options => options.Address = new Uri(address))`.
//!
//! Source: <https://learn.microsoft.com/en-us/aspnet/core/grpc/clientfactory>.

use super::InScope;
use super::dotnet::address;
use crate::facts::module::{ExprKind, Language};
use crate::program::types::simple_name;
use crate::program::value::Text;
use crate::program::{Evaluator, Site, Value};
use crate::syntax::Place;

/// The addresses, and where each is given.
pub fn grpc_clients(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<(Place, Text)> {
    let of = |name: &str| {
        let sites = ev.program.calls_named(name).iter().copied();
        let wanted = |site: &Site| in_scope(site.unit) && ev.program.language(site.unit) == Language::CSharp;
        sites.filter(wanted).collect::<Vec<Site>>()
    };
    let mut found = Vec::new();
    for site in of("ForAddress") {
        let module = &ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr) else { continue };
        let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { continue };
        if simple_name(module, *object).is_none_or(|name| name != "GrpcChannel") {
            continue;
        }
        let Some(target) = call.args.first().map(|arg| Site { unit: site.unit, expr: arg.value }) else { continue };
        let texts: Vec<Text> = match address(ev, target) {
            Some(text) => vec![text],
            None => ev.settle_at(target).iter().filter_map(Value::to_text).collect(),
        };
        found.extend(texts.into_iter().map(|text| (ev.program.place(site), text)));
    }
    for site in of("AddGrpcClient") {
        let unit = ev.program.unit(site.unit);
        let span = unit.module.expr(site.expr).span;
        let given = unit
            .index
            .attribute_assignments
            .iter()
            .find(|(name, _, value)| name == "Address" && span.contains(unit.module.expr(*value).span));
        let text = given.and_then(|(_, _, value)| address(ev, Site { unit: site.unit, expr: *value }));
        found.extend(text.map(|text| (ev.program.place(site), text)));
    }
    found
}
