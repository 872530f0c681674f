//! Beans that Spring finds in modules which no code of a service names: its component scan reads the whole class
//! path, below the packages that it is told.
//!
//! Source: <https://docs.spring.io/spring-boot/reference/using/structuring-your-code.html#using.structuring-your-code.locating-the-main-class>

use std::collections::BTreeSet;

use crate::facts::module::{Call, Class, ExprId, ExprKind, ImportKind, Module};
use crate::program::types::{annotation, build_root};
use crate::program::{Program, UnitId};

use super::build::Builds;

/// Annotations that start a scan.
const SCANS: [&str; 2] = ["SpringBootApplication", "ComponentScan"];
/// Annotations of classes that a scan finds
/// (<https://docs.spring.io/spring-framework/reference/core/beans/classpath-scanning.html#beans-stereotype-annotations>).
const STEREOTYPES: [&str; 7] =
    ["Component", "Configuration", "Controller", "ControllerAdvice", "Repository", "RestController", "Service"];

/// The files among `free` with beans that the application of a service finds: of modules that its build includes, in
/// packages that it scans. `own` are the files of the service.
pub(super) fn beans<'f>(
    program: &Program,
    builds: &Builds,
    root: &str,
    own: &[UnitId],
    free: impl Iterator<Item = &'f UnitId>,
) -> Vec<UnitId> {
    let packages: BTreeSet<String> = own.iter().flat_map(|unit| scanned(program, *unit)).collect();
    if packages.is_empty() {
        return Vec::new();
    }
    let modules = builds.included(root);
    let is_scanned = |package: &str| packages.iter().any(|scanned| is_below(package, scanned));
    let is_found = |unit: &&UnitId| {
        let found = program.unit(**unit);
        found.module.package.as_deref().is_some_and(is_scanned)
            && modules.contains(build_root(&found.path))
            && found
                .module
                .classes
                .iter()
                .any(|class| annotation(&found.module, &class.decorators, &STEREOTYPES).is_some())
    };
    free.filter(is_found).copied().collect()
}

/// True for a package and those below it.
fn is_below(package: &str, scanned: &str) -> bool {
    package.strip_prefix(scanned).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The packages that the classes of a file scan.
fn scanned(program: &Program, unit: UnitId) -> Vec<String> {
    let module = &program.unit(unit).module;
    module.classes.iter().flat_map(|class| of_class(module, class)).collect()
}

fn of_class(module: &Module, class: &Class) -> Vec<String> {
    let Some(scan) = annotation(module, &class.decorators, &SCANS) else { return Vec::new() };
    let scan = annotation(module, &class.decorators, &["ComponentScan"]).unwrap_or(scan);
    let said = module.call(scan).map(|call| told(module, scan, call)).unwrap_or_default();
    // Nothing is said: the package of the class.
    if said.is_empty() { module.package.iter().map(ToString::to_string).collect() } else { said }
}

/// What `scanBasePackages`, `basePackages` and the like say.
fn told(module: &Module, scan: ExprId, call: &Call) -> Vec<String> {
    let is_scan = annotation(module, &[scan], &["ComponentScan"]).is_some();
    let mut found = Vec::new();
    for arg in &call.args {
        let names = match arg.name.as_deref() {
            Some("scanBasePackages" | "basePackages") => true,
            Some("scanBasePackageClasses" | "basePackageClasses") => false,
            None | Some("value") if is_scan => true,
            _ => continue,
        };
        let items = match &module.expr(arg.value).kind {
            ExprKind::List(items) => items.clone(),
            _ => vec![arg.value],
        };
        let package = |item: &ExprId| if names { text(module, *item) } else { package_of(module, *item) };
        found.extend(items.iter().filter_map(package));
    }
    found
}

/// `"com.acme"`; `"com.acme.*"` and `"com.acme.**"` are the packages below as well.
fn text(module: &Module, expr: ExprId) -> Option<String> {
    match &module.expr(expr).kind {
        ExprKind::Str(text) => Some(text.trim_end_matches(['*', '.']).to_owned()),
        _ => None,
    }
}

/// The package of `OrdersRoot.class`: that which the file imports it from, or its own.
fn package_of(module: &Module, expr: ExprId) -> Option<String> {
    let name = match &module.expr(expr).kind {
        ExprKind::Attr { object, name, .. } if name == "class" => match &module.expr(*object).kind {
            ExprKind::Name(name) => name,
            _ => return None,
        },
        ExprKind::Name(name) => name,
        _ => return None,
    };
    let imported = module.imports.iter().find(|import| matches!(&import.kind, ImportKind::Named(n) if n == name));
    imported.map(|import| import.module.to_string()).or_else(|| module.package.as_ref().map(ToString::to_string))
}
