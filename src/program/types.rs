//! What the packages of Java, Kotlin, Go and C# hold: types are found by package and name, not by file, and
//! objects are made by a container.

use std::collections::{HashMap, HashSet};

use smol_str::{SmolStr, format_smolstr};

use super::resolve::{common, parent, within};
use super::{Unit, UnitId};
use crate::facts::module::{ClassId, ExportValue, ExprId, ExprKind, FuncId, Language, Module, StmtKind};
use crate::files::{Zone, zone};

/// Packages, implementations and bean methods of all modules in Java, Kotlin, Go and C#.
#[derive(Debug, Default)]
pub struct Types {
    /// Package to name at the top of a file to the files.
    packages: HashMap<SmolStr, HashMap<SmolStr, Vec<UnitId>>>,
    /// First segments of the names of packages and imports.
    roots: HashSet<SmolStr>,
    /// Simple name of a base to the classes that name it as one.
    derived: HashMap<SmolStr, Vec<(UnitId, ClassId)>>,
    /// Simple name of a result type to the methods that make an object for the container.
    beans: HashMap<SmolStr, Vec<(UnitId, FuncId)>>,
    /// Roots of the build modules that are started, not only used by others.
    applications: HashSet<String>,
    /// The classes of a package with a name (Go, C#): methods and members of one can stand in several files.
    parts: HashMap<(SmolStr, SmolStr), Vec<(UnitId, ClassId)>>,
    /// The classes of C# by name; none where several have it.
    single: HashMap<SmolStr, Option<(UnitId, ClassId)>>,
    /// Extension methods of C# by name.
    extensions: HashMap<SmolStr, Vec<(UnitId, FuncId)>>,
    /// What `global using` offers: the folder of the project and the namespaces.
    globals: Vec<(String, Vec<SmolStr>)>,
}

/// Annotations of methods whose result the container hands out.
const BEAN_METHODS: [&str; 3] = ["Bean", "Produces", "Provides"];
/// Annotations of a class that is started.
const APPLICATIONS: [&str; 4] =
    ["SpringBootApplication", "EnableAutoConfiguration", "QuarkusMain", "MicronautApplication"];

impl Types {
    /// Reads all units in these languages.
    pub fn build(units: &[Unit]) -> Types {
        let mut types = Types::default();
        types.roots.extend(
            ["java", "javax", "jakarta", "kotlin", "kotlinx", "com", "org", "io", "net"].map(SmolStr::new_static),
        );
        for (i, unit) in units
            .iter()
            .enumerate()
            .filter(|(_, u)| u.module.language.has_packages() || u.module.language == Language::Go)
        {
            types.add(UnitId(i as u32), unit);
        }
        types
    }

    fn add(&mut self, id: UnitId, unit: &Unit) {
        let module = &unit.module;
        let package = package_of(unit);
        self.add_parts(id, unit, &package);
        if module.language == Language::Go && zone(&unit.path) == Zone::Test {
            return;
        }
        self.roots.extend(first_segment(&package));
        self.roots.extend(module.imports.iter().filter_map(|import| first_segment(&import.module)));
        let names = self.packages.entry(package).or_default();
        for name in top_names(module) {
            let holders = names.entry(name).or_default();
            if holders.last() != Some(&id) {
                holders.push(id);
            }
        }
        if zone(&unit.path) != Zone::Production || module.language == Language::Go {
            return;
        }
        for (i, class) in module.classes.iter().enumerate() {
            for base in class.bases.iter().filter_map(|base| simple_name(module, *base)) {
                self.derived.entry(base).or_default().push((id, ClassId(i as u32)));
            }
            let starts = |d: &ExprId| simple_name(module, *d).is_some_and(|n| APPLICATIONS.contains(&n.as_str()));
            if class.decorators.iter().any(starts) {
                self.applications.insert(build_root(&unit.path).to_string());
            }
        }
        for (i, function) in module.funcs.iter().enumerate() {
            let is_bean = |d: &ExprId| simple_name(module, *d).is_some_and(|n| BEAN_METHODS.contains(&n.as_str()));
            if function.decorators.iter().any(is_bean)
                && let Some(result) = function.returns.and_then(|ty| simple_name(module, ty))
            {
                self.beans.entry(result).or_default().push((id, FuncId(i as u32)));
            }
        }
    }

    fn add_parts(&mut self, id: UnitId, unit: &Unit, package: &SmolStr) {
        let module = &unit.module;
        if module.language.is_jvm() {
            return;
        }
        for (i, class) in module.classes.iter().enumerate() {
            if class.parent.is_none() && class.outer.is_none() && !class.name.is_empty() {
                if module.language == Language::CSharp {
                    let found = Some((id, ClassId(i as u32)));
                    self.single.entry(class.name.clone()).and_modify(|known| *known = None).or_insert(found);
                }
                let key = (package.clone(), class.name.clone());
                self.parts.entry(key).or_default().push((id, ClassId(i as u32)));
            }
        }
        for (i, function) in module.funcs.iter().enumerate() {
            let extends = |d: &ExprId| matches!(&module.expr(*d).kind, ExprKind::Name(name) if name == "this");
            if module.language == Language::CSharp
                && function.params.first().is_some_and(|param| param.decorators.iter().any(extends))
            {
                self.extensions.entry(function.name.clone()).or_default().push((id, FuncId(i as u32)));
            }
        }
        let globals: Vec<SmolStr> = module
            .exports
            .iter()
            .filter_map(|export| match &export.value {
                ExportValue::From { module, .. } => Some(module.clone()),
                _ => None,
            })
            .collect();
        if !globals.is_empty() {
            let folder = parent(&unit.path);
            let folder = folder.strip_suffix("/Properties").unwrap_or(folder);
            self.globals.push((folder.to_string(), globals));
        }
    }

    /// All parts of the class called `name` in the package of a unit.
    pub fn parts(&self, unit: &Unit, name: &str) -> &[(UnitId, ClassId)] {
        self.parts.get(&(package_of(unit), SmolStr::new(name))).map_or(&[], Vec::as_slice)
    }

    /// The only class at the top of a file in C# that has a name.
    pub fn only(&self, name: &str) -> Option<(UnitId, ClassId)> {
        self.single.get(name).copied().flatten()
    }

    /// The extension methods of C# with a name.
    pub fn extensions(&self, name: &str) -> &[(UnitId, FuncId)] {
        self.extensions.get(name).map_or(&[], Vec::as_slice)
    }

    /// The namespaces that the project of a C# file uses everywhere.
    pub fn globals(&self, path: &str) -> impl Iterator<Item = &SmolStr> {
        self.globals.iter().filter(move |(folder, _)| within(path, folder)).flat_map(|(_, namespaces)| namespaces)
    }

    /// The file that declares `name` in `package`, the one nearest to the path `from` when several do.
    pub fn find(&self, units: &[Unit], from: &str, package: &str, name: &str) -> Option<UnitId> {
        let holders = self.packages.get(package)?.get(name)?;
        let path = |id: &UnitId| units[id.0 as usize].path.as_str();
        holders.iter().copied().max_by_key(|id| (common(path(id), from), std::cmp::Reverse(*id)))
    }

    /// True when the repository has files of the package.
    pub fn has_package(&self, package: &str) -> bool {
        self.packages.contains_key(package)
    }

    /// True for a name with which packages begin: `com`, `org`.
    pub fn is_root(&self, name: &str) -> bool {
        self.roots.contains(name)
    }

    /// True for the root of a build module (see [`build_root`]) that is an application of its own.
    pub fn is_application(&self, root: &str) -> bool {
        self.applications.contains(root)
    }

    /// The classes that name a base by this simple name.
    pub fn derived(&self, base: &str) -> &[(UnitId, ClassId)] {
        self.derived.get(base).map_or(&[], Vec::as_slice)
    }

    /// The bean methods for a type that the container of the build module of `from` can use: those of the
    /// module itself, else those of modules that are no application of their own.
    pub fn beans(&self, units: &[Unit], from: &str, ty: &str) -> Vec<(UnitId, FuncId)> {
        let Some(all) = self.beans.get(ty) else { return Vec::new() };
        let root_of = |id: UnitId| build_root(&units[id.0 as usize].path);
        let root = build_root(from);
        let own: Vec<_> = all.iter().copied().filter(|(unit, _)| root_of(*unit) == root).collect();
        if !own.is_empty() {
            return own;
        }
        all.iter().copied().filter(|(unit, _)| !self.applications.contains(root_of(*unit))).collect()
    }
}

/// The key of the package of a unit: its name, in Go the folder.
pub fn package_of(unit: &Unit) -> SmolStr {
    match unit.module.language {
        Language::Go => go_package(parent(&unit.path)),
        _ => unit.module.package.clone().unwrap_or_default(),
    }
}

/// The key of the Go package in a folder.
pub fn go_package(folder: &str) -> SmolStr {
    format_smolstr!("./{folder}")
}

/// The folder of the build module that a source file belongs to: what stands before `src`.
pub fn build_root(path: &str) -> &str {
    match path.rfind("/src/") {
        Some(at) => &path[..at],
        None if path.starts_with("src/") => "",
        None => parent(path),
    }
}

/// The last name of a type or annotation, without type arguments and call: `Get` of `@web.Get("/")`.
pub fn simple_name(module: &Module, mut id: ExprId) -> Option<SmolStr> {
    loop {
        match &module.expr(id).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => return Some(name.clone()),
            ExprKind::Index { object, .. } => id = *object,
            ExprKind::Call(call) => id = call.callee,
            _ => return None,
        }
    }
}

/// The first decorator, annotation or attribute that has one of the names.
pub fn annotation(module: &Module, decorators: &[ExprId], names: &[&str]) -> Option<ExprId> {
    decorators.iter().copied().find(|d| simple_name(module, *d).is_some_and(|name| names.contains(&name.as_str())))
}

fn first_segment(name: &str) -> Option<SmolStr> {
    name.split('.').next().filter(|first| !first.is_empty()).map(SmolStr::new)
}

/// The names a file declares at its top.
fn top_names(module: &Module) -> Vec<SmolStr> {
    let names = module.body.iter().filter_map(|stmt| match &module.stmt(*stmt).kind {
        StmtKind::Class(class) => Some(module.class(*class).name.clone()),
        StmtKind::Func(func) => Some(module.func(*func).name.clone()),
        // A variable at the top of a C# file is one of its main function.
        StmtKind::Assign { target, .. } if module.language != Language::CSharp => match &module.expr(*target).kind {
            ExprKind::Name(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    });
    names.collect()
}
