//! Who speaks to whom over gRPC in Java and Kotlin, by the names that the generators give to a service of a
//! `.proto` file: a stub of `OrdersGrpc` calls what extends `OrdersGrpc.OrdersImplBase`.
//!
//! Sources: <https://grpc.io/docs/languages/java/generated-code/>,
//! <https://grpc.io/docs/languages/kotlin/quickstart/>, <https://quarkus.io/guides/grpc-service-implementation>.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::extract::http::{InScope, Remote};
use crate::facts::module::{ExprId, ExprKind, Module};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

/// What ends the name of a generated base class of servers, the longest first.
const BASES: [&str; 2] = ["CoroutineImplBase", "ImplBase"];
/// What ends the name of a generated client, the longest first.
const STUBS: [&str; 5] = ["BlockingV2Stub", "BlockingStub", "FutureStub", "CoroutineStub", "Stub"];
/// Methods of the generated class that make a client.
const MAKES: [&str; 4] = ["newBlockingStub", "newBlockingV2Stub", "newFutureStub", "newStub"];

/// Adds the servers and clients of Java and Kotlin.
pub(in crate::extract::http) fn add(ev: &Evaluator<'_>, in_scope: &InScope<'_>, found: &mut BTreeMap<SmolStr, Remote>) {
    let units: Vec<UnitId> = ev.program.ids().filter(|u| ev.program.language(*u).is_jvm() && in_scope(*u)).collect();
    for &unit in &units {
        let module = &ev.program.unit(unit).module;
        for class in &module.classes {
            let place = Place::new(ev.program.unit(unit).file, class.name_span);
            for &base in &class.bases {
                if let Some(service) = simple_name(module, base).and_then(|name| without(&name, &BASES)) {
                    found.entry(service).or_default().servers.push(place);
                }
            }
            // Quarkus generates an interface for a service, which its implementation and its clients name.
            if class.decorators.iter().any(|d| simple_name(module, *d).is_some_and(|name| name == "GrpcService")) {
                let names = class.bases.iter().filter_map(|base| simple_name(module, *base));
                for name in names.filter(|name| without(name, &BASES).is_none()) {
                    found.entry(name).or_default().servers.push(place);
                }
            }
        }
        for (service, site) in clients(module) {
            let place = ev.program.place(Site { unit, expr: site });
            found.entry(service).or_default().clients.push(place);
        }
    }
}

/// The clients that a module makes or is given, by the services they are of.
fn clients(module: &Module) -> Vec<(SmolStr, ExprId)> {
    let mut out = Vec::new();
    let mut injected = |ty: Option<ExprId>, decorators: &[ExprId]| {
        let given = decorators.iter().any(|d| simple_name(module, *d).is_some_and(|name| name == "GrpcClient"));
        let Some(ty) = ty.filter(|_| given) else { return };
        let Some(name) = simple_name(module, ty) else { return };
        out.push((without(&name, &STUBS).unwrap_or(name), ty));
    };
    for field in module.classes.iter().flat_map(|class| &class.fields) {
        injected(field.ty, &field.decorators);
    }
    for param in module.funcs.iter().flat_map(|func| &func.params) {
        injected(param.ty, &param.decorators);
    }
    for (i, expr) in module.exprs.iter().enumerate() {
        let ExprKind::Call(call) = &expr.kind else { continue };
        let service = match &module.expr(call.callee).kind {
            // `OrdersGrpc.newBlockingStub(channel)`
            ExprKind::Attr { object, name, .. } if MAKES.contains(&name.as_str()) => {
                simple_name(module, *object).and_then(|name| without(&name, &["Grpc"]))
            }
            // `OrdersCoroutineStub(channel)`
            ExprKind::Name(name) | ExprKind::Attr { name, .. } if !call.args.is_empty() => {
                without(name, &["CoroutineStub"])
            }
            _ => None,
        };
        out.extend(service.map(|service| (service, ExprId(i as u32))));
    }
    out
}

/// A name without its end.
fn without(name: &str, ends: &[&str]) -> Option<SmolStr> {
    ends.iter().find_map(|end| name.strip_suffix(end)).filter(|rest| !rest.is_empty()).map(SmolStr::new)
}
