//! Methods that a class inherits: annotations on an interface or a base class count for what implements
//! or extends it, as Spring, JAX-RS and Micronaut read them.

use crate::facts::module::{ClassKind, FunctionKind};
use crate::program::hierarchy::{ClassRef, FuncRef};
use crate::program::types::annotation;
use crate::program::{Evaluator, Value};

/// Annotations that only an application's routes carry.
const MAPPED: [&str; 24] = [
    "RequestMapping",
    "HttpExchange",
    "GetMapping",
    "PostMapping",
    "PutMapping",
    "PatchMapping",
    "DeleteMapping",
    "GetExchange",
    "PostExchange",
    "PutExchange",
    "PatchExchange",
    "DeleteExchange",
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "Path",
    "Get",
    "Post",
    "Put",
    "Patch",
    "Delete",
    "Head",
];

/// The methods of a class that may answer requests: where the annotations stand, and what runs. A method
/// without annotations has those of the method that it overrides.
pub(super) fn methods(ev: &Evaluator<'_>, class: ClassRef) -> Vec<(FuncRef, FuncRef)> {
    let mut out: Vec<(FuncRef, FuncRef)> = Vec::new();
    // What a class nearer to this one says about a method: its name, its parameters, whether it is mapped.
    let mut nearer: Vec<(FuncRef, bool)> = Vec::new();
    for (unit, id) in std::iter::once(class).chain(ev.above(class)) {
        let module = &ev.program.unit(unit).module;
        let mut here = Vec::new();
        for &method in &module.class(id).methods {
            let function = module.func(method);
            if function.kind == FunctionKind::Constructor {
                continue;
            }
            let mapped = annotation(module, &function.decorators, &MAPPED).is_some();
            let same = |(u, f): &FuncRef| {
                let other = ev.program.unit(*u).module.func(*f);
                other.name == function.name && other.params.len() == function.params.len()
            };
            let overriding: Vec<&(FuncRef, bool)> = nearer.iter().filter(|(f, _)| same(f)).collect();
            if mapped && !overriding.iter().any(|(_, mapped)| *mapped) {
                let runs = overriding.first().map_or((unit, method), |(f, _)| *f);
                out.push(((unit, method), runs));
            }
            here.push(((unit, method), mapped));
        }
        nearer.extend(here);
    }
    out
}

/// True when something above the class is not of the repository and may carry mappings.
pub(super) fn is_open(ev: &Evaluator<'_>, class: ClassRef) -> bool {
    std::iter::once(class).chain(ev.above(class)).any(|(unit, id)| {
        let bases = &ev.program.unit(unit).module.class(id).bases;
        bases.iter().any(|base| match ev.at(unit, *base) {
            Value::Class { .. } => false,
            Value::External(symbol) => !is_harmless(&symbol),
            Value::Instance(instance) => !is_harmless(&instance.ty),
            _ => true,
        })
    })
}

/// Types of the platform and of the frameworks carry no mappings.
fn is_harmless(symbol: &str) -> bool {
    let packages =
        ["java.", "javax.", "jakarta.", "kotlin.", "kotlinx.", "org.springframework.", "io.micronaut.", "org.slf4j."];
    packages.iter().any(|p| symbol.starts_with(p))
}

/// A base class that is never made itself: it is named so, and others extend it.
pub(super) fn is_only_base(ev: &Evaluator<'_>, class: ClassRef) -> bool {
    let name = &ev.program.unit(class.0).module.class(class.1).name;
    let named = name.starts_with("Abstract") || name.starts_with("Base");
    named && ev.below(class).iter().any(|(unit, id)| ev.program.unit(*unit).module.class(*id).kind == ClassKind::Class)
}
