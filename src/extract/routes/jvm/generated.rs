//! Controllers whose mappings stand in an interface that the build generates from an OpenAPI document: the code has
//! the methods, the document their paths.
//!
//! Sources: <https://openapi-generator.tech/docs/generators/spring/>,
//! <https://docs.quarkiverse.io/quarkus-openapi-generator/dev/server.html>.

use crate::extract::routes::{Implementation, Served};
use crate::facts::module::{ClassKind, FunctionKind, Module};
use crate::program::hierarchy::ClassRef;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Value};
use crate::syntax::Place;

/// How such interfaces are called.
const NAMES: [&str; 7] = ["Api", "ApiDelegate", "ApiService", "Delegate", "Resource", "Controller", "Endpoint"];

/// Adds a class that implements such an interface. False for any other.
pub(super) fn implementation(ev: &Evaluator<'_>, (unit, id): ClassRef, served: &mut Served) -> bool {
    let linked = ev.program.unit(unit);
    let module = &linked.module;
    let class = module.class(id);
    if class.kind != ClassKind::Class {
        return false;
    }
    let is_generated = class.bases.iter().any(|base| {
        let named = simple_name(module, *base).is_some_and(|name| NAMES.iter().any(|end| name.ends_with(end)));
        named && matches!(ev.at(unit, *base), Value::External(symbol) if is_ours(ev, module, &symbol))
    });
    if !is_generated {
        return false;
    }
    let methods = class.methods.iter().map(|method| (*method, module.func(*method)));
    served.generated.push(Implementation {
        unit,
        place: Place::new(linked.file, class.name_span),
        framework: framework(module),
        methods: methods
            .filter(|(_, function)| function.kind == FunctionKind::Method)
            .map(|(method, function)| (function.name.clone(), ev.program.function_place(unit, method)))
            .collect(),
    });
    true
}

/// True for a type that no library brings and nobody wrote: it is called like our own code.
fn is_ours(ev: &Evaluator<'_>, module: &Module, symbol: &str) -> bool {
    let organisation = |package: &str| package.splitn(3, '.').take(2).map(str::to_string).collect::<Vec<_>>();
    let own = organisation(module.package.as_deref().unwrap_or_default());
    own.len() == 2 && organisation(symbol) == own && ev.catalog.split(module.language, symbol).is_none()
}

/// Which framework reads the mappings, as far as the imports of the file tell.
fn framework(module: &Module) -> &'static str {
    let imports = |package: &str| module.imports.iter().any(|i| i.module.starts_with(package));
    if imports("org.springframework") {
        "Spring"
    } else if ["jakarta.", "javax.", "io.smallrye.mutiny", "io.quarkus"].iter().any(|package| imports(package)) {
        "JAX-RS"
    } else if imports("io.micronaut") {
        "Micronaut"
    } else {
        "OpenAPI"
    }
}
