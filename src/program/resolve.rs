//! Which file an import means.

use std::collections::{HashMap, HashSet};

use smol_str::SmolStr;

use super::mentions::Mention;
use super::{Unit, UnitId};
use crate::facts::module::{ExportValue, Language};

/// The names under which folders of the repository can be imported.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    /// Packages of `package.json` files: name, folder, main file.
    pub javascript: Vec<JsPackage>,
    /// Path aliases of `tsconfig.json` files.
    pub aliases: Vec<Alias>,
}

/// A package of the repository.
#[derive(Clone, Debug, Default)]
pub struct JsPackage {
    /// The name in `package.json`.
    pub name: String,
    /// Its folder, relative; empty for the root.
    pub folder: String,
    /// `main`, `module` or `types`, as written.
    pub entries: Vec<String>,
}

/// An entry of `compilerOptions.paths`, or `baseUrl` (pattern `*`).
#[derive(Clone, Debug)]
pub struct Alias {
    /// The folder whose files it applies to.
    pub folder: String,
    /// The pattern with at most one `*`.
    pub pattern: String,
    /// Paths relative to the repository, with at most one `*`.
    pub targets: Vec<String>,
}

/// What an import means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A module of the repository.
    Unit(UnitId),
    /// A folder with Python modules but without `__init__.py`, or a file that was not parsed.
    Folder(SmolStr),
    /// Something else: the package name in the form that [`super::Value::External`] uses.
    External(SmolStr),
}

/// The imports of all modules, resolved.
#[derive(Debug, Default)]
pub struct ImportMap {
    targets: HashMap<(UnitId, SmolStr), Target>,
}

impl ImportMap {
    /// Resolves every import of every unit.
    pub fn build(units: &[Unit], by_path: &HashMap<String, UnitId>, packages: &Packages, others: &[&str]) -> ImportMap {
        let resolver = Resolver::new(units.iter().map(|u| u.path.as_str()).chain(others.iter().copied()), packages);
        let mut targets = HashMap::new();
        for (i, unit) in units.iter().enumerate() {
            let id = UnitId(i as u32);
            for spec in module_names(unit) {
                let target = match resolver.resolve(&unit.path, unit.module.language, &spec) {
                    Some(Found::File(path)) => Some(match by_path.get(&path) {
                        Some(&unit) => Target::Unit(unit),
                        None => Target::Folder(path.into()),
                    }),
                    Some(Found::Folder(path)) => Some(Target::Folder(path.into())),
                    None => None,
                };
                let target = target.unwrap_or_else(|| Target::External(external_name(&spec)));
                targets.insert((id, spec), target);
            }
        }
        ImportMap { targets }
    }

    /// What `spec` means in a unit.
    pub fn target(&self, unit: UnitId, spec: &str) -> Option<&Target> {
        self.targets.get(&(unit, SmolStr::new(spec)))
    }

    /// The modules that import the given one.
    pub fn importers(&self, of: UnitId) -> impl Iterator<Item = UnitId> {
        self.targets.iter().filter(move |(_, t)| **t == Target::Unit(of)).map(|((u, _), _)| *u)
    }
}

/// The modules a unit names, in imports and re-exports.
fn module_names(unit: &Unit) -> Vec<SmolStr> {
    let mut names: Vec<SmolStr> = unit.module.imports.iter().map(|i| i.module.clone()).collect();
    names.extend(unit.module.exports.iter().filter_map(|e| match &e.value {
        ExportValue::From { module, .. } => Some(module.clone()),
        _ => None,
    }));
    names.sort();
    names.dedup();
    names
}

/// The name of a package outside the repository as symbols use it: `node:http` is `http`.
fn external_name(spec: &str) -> SmolStr {
    SmolStr::new(spec.strip_prefix("node:").unwrap_or(spec))
}

/// A file or folder an import means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A source file.
    File(String),
    /// A folder of Python modules.
    Folder(String),
}

/// Resolves import names against the paths of a repository.
#[derive(Debug)]
pub struct Resolver<'a> {
    paths: HashSet<&'a str>,
    /// Folders with Python modules somewhere below.
    python_folders: HashSet<&'a str>,
    /// Python top-level packages and modules: name to the folders that hold it.
    python_roots: HashMap<&'a str, Vec<&'a str>>,
    /// Java and Kotlin files by name without extension.
    jvm_files: HashMap<&'a str, Vec<&'a str>>,
    /// Java and Kotlin files by the last segment of their folder.
    jvm_folders: HashMap<&'a str, Vec<&'a str>>,
    /// Kotlin files by folder; a file there can hold any name of its package.
    kotlin_folders: HashMap<&'a str, Vec<&'a str>>,
    packages: &'a Packages,
}

const JS_SUFFIXES: [&str; 9] = [".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts"];

impl<'a> Resolver<'a> {
    /// A resolver over source paths (relative, with `/`).
    pub fn new(paths: impl Iterator<Item = &'a str>, packages: &'a Packages) -> Self {
        let paths: HashSet<&str> = paths.collect();
        let mut python_folders = HashSet::new();
        let mut python_roots: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut jvm_files: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut jvm_folders: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut kotlin_folders: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in &paths {
            if let Some(stem) = jvm_stem(path) {
                jvm_files.entry(stem.rsplit('/').next().unwrap_or(stem)).or_default().push(path);
                jvm_folders.entry(parent(path).rsplit('/').next().unwrap_or_default()).or_default().push(path);
                if path.ends_with(".kt") {
                    kotlin_folders.entry(parent(path)).or_default().push(path);
                }
            }
        }
        for path in paths.iter().filter(|path| path.ends_with(".py")) {
            let mut folder = parent(path);
            while !folder.is_empty() && python_folders.insert(folder) {
                folder = parent(folder);
            }
            if let Some(package) = path.strip_suffix("/__init__.py") {
                let (holder, name) = package.rsplit_once('/').unwrap_or(("", package));
                python_roots.entry(name).or_default().push(holder);
            }
        }
        for holders in python_roots.values_mut() {
            holders.sort_unstable();
        }
        Resolver { paths, python_folders, python_roots, jvm_files, jvm_folders, kotlin_folders, packages }
    }

    /// What `spec` means in the file `from`; none when it is not part of the repository.
    pub fn resolve(&self, from: &str, language: Language, spec: &str) -> Option<Found> {
        match language {
            Language::Python => self.python(from, spec),
            Language::JavaScript | Language::TypeScript => self.javascript(from, spec).map(Found::File),
            // Packages are not files: see `program::types`.
            Language::Java | Language::Kotlin => None,
        }
    }

    /// The files that may hold what a Java or Kotlin file names: its imports (`*` for all of a package),
    /// and the types of its own package.
    pub fn jvm(&self, from: &str, mentions: &[Mention]) -> Vec<String> {
        let mut found: Vec<&str> = Vec::new();
        for mention in mentions {
            let folder = mention.module.replace('.', "/");
            let before = found.len();
            let star = mention.name.as_deref() == Some("*");
            if let Some(name) = mention.name.as_deref().filter(|_| !star) {
                found.extend(self.jvm_file(from, &folder, name));
            }
            // A member of a class: `import static a.b.C.m`, `import a.b.C.Inner`.
            if found.len() == before
                && let Some((package, class)) = folder.rsplit_once('/')
            {
                found.extend(self.jvm_file(from, package, class));
            }
            // All of a package, or a function of a Kotlin file.
            if found.len() == before
                && (star || mention.name.as_deref().is_some_and(|n| n.starts_with(char::is_lowercase)))
            {
                found.extend(self.jvm_folder(from, &folder, star));
            }
        }
        if from.ends_with(".kt") {
            found.extend(self.kotlin_folders.get(parent(from)).into_iter().flatten());
        }
        found.into_iter().map(ToString::to_string).collect()
    }

    /// The file of a class in a package, the nearest to `from`.
    fn jvm_file(&self, from: &str, package: &str, class: &str) -> Option<&'a str> {
        let candidates = self.jvm_files.get(class)?.iter().copied().filter(|path| in_folder(parent(path), package));
        candidates.max_by_key(|path| (common(path, from), std::cmp::Reverse(*path)))
    }

    /// The files of a package in the folder nearest to `from`; only the Kotlin ones unless `all`.
    fn jvm_folder(&self, from: &str, package: &str, all: bool) -> Vec<&'a str> {
        let last = package.rsplit('/').next().unwrap_or(package);
        let paths = self.jvm_folders.get(last).into_iter().flatten().copied();
        let wanted = |path: &&str| (all || path.ends_with(".kt")) && in_folder(parent(path), package);
        let found: Vec<&str> = paths.filter(wanted).collect();
        let nearest = found.iter().map(|path| parent(path)).max_by_key(|f| (common(f, from), std::cmp::Reverse(*f)));
        found.into_iter().filter(|path| Some(parent(path)) == nearest).collect()
    }

    fn python(&self, from: &str, spec: &str) -> Option<Found> {
        let dots = spec.len() - spec.trim_start_matches('.').len();
        let tail = spec[dots..].replace('.', "/");
        if dots > 0 {
            let mut base = parent(from);
            for _ in 1..dots {
                base = parent(base);
            }
            return self.python_at(base, &tail);
        }
        let mut base = parent(from);
        loop {
            for extra in ["", "src", "lib", "libs", "packages"] {
                if let Some(found) = self.python_at(&join(base, extra), &tail) {
                    return Some(found);
                }
            }
            if base.is_empty() {
                break;
            }
            base = parent(base);
        }
        let first = tail.split('/').next().unwrap_or(&tail);
        let holders = self.python_roots.get(first)?;
        let nearest = holders.iter().max_by_key(|h| (common(h, from), std::cmp::Reverse(h.len())))?;
        self.python_at(nearest, &tail)
    }

    fn python_at(&self, base: &str, tail: &str) -> Option<Found> {
        let path = join(base, tail);
        for candidate in [format!("{path}.py"), join(&path, "__init__.py")] {
            if self.paths.contains(candidate.as_str()) {
                return Some(Found::File(candidate));
            }
        }
        self.python_folders.contains(path.as_str()).then_some(Found::Folder(path))
    }

    fn javascript(&self, from: &str, spec: &str) -> Option<String> {
        if spec.starts_with('.') {
            return self.js_file(&normalise(&join(parent(from), spec)));
        }
        for alias in self.packages.aliases.iter().filter(|a| within(from, &a.folder)) {
            if let Some(matched) = match_pattern(&alias.pattern, spec) {
                for target in &alias.targets {
                    if let Some(file) = self.js_file(&normalise(&target.replacen('*', matched, 1))) {
                        return Some(file);
                    }
                }
            }
        }
        for package in &self.packages.javascript {
            let Some(rest) = spec.strip_prefix(package.name.as_str()) else { continue };
            if let Some(sub) = rest.strip_prefix('/') {
                for base in [package.folder.clone(), join(&package.folder, "src")] {
                    if let Some(file) = self.js_file(&join(&base, sub)) {
                        return Some(file);
                    }
                }
            } else if rest.is_empty() {
                return self.js_package(package);
            }
        }
        // `src/…`, `@/…` and `~/…`: rooted at the package that holds the importing file.
        let (rooted, tail) = match spec.strip_prefix("@/").or_else(|| spec.strip_prefix("~/")) {
            Some(tail) => (true, tail),
            None => (false, spec),
        };
        let mut base = parent(from);
        loop {
            let source = join(base, "src");
            for candidate in if rooted { vec![join(&source, tail), join(base, tail)] } else { vec![join(base, tail)] } {
                if tail.contains('/')
                    && let Some(file) = self.js_file(&candidate)
                {
                    return Some(file);
                }
            }
            if base.is_empty() {
                return None;
            }
            base = parent(base);
        }
    }

    fn js_package(&self, package: &JsPackage) -> Option<String> {
        let mut candidates = Vec::new();
        for entry in &package.entries {
            let entry = normalise(&join(&package.folder, entry));
            candidates.push(entry.clone());
            // The entry names build output; its source stands in `src`.
            for out in ["dist", "lib", "build", "out"] {
                candidates.push(entry.replacen(&join(&package.folder, out), &join(&package.folder, "src"), 1));
            }
        }
        candidates.push(join(&package.folder, "src/index"));
        candidates.push(join(&package.folder, "index"));
        candidates.push(join(&package.folder, "lib/index"));
        candidates.iter().find_map(|c| self.js_file(c))
    }

    fn js_file(&self, path: &str) -> Option<String> {
        let stem = JS_SUFFIXES.iter().find_map(|s| path.strip_suffix(s)).unwrap_or(path);
        let mut tried: Vec<String> = JS_SUFFIXES.iter().map(|s| format!("{path}{s}")).collect();
        tried.extend(JS_SUFFIXES.iter().map(|s| format!("{stem}{s}")));
        tried.extend(JS_SUFFIXES.iter().map(|s| join(path, &format!("index{s}"))));
        if self.paths.contains(path) {
            return Some(path.to_string());
        }
        tried.into_iter().find(|t| self.paths.contains(t.as_str()))
    }
}

/// `@app/*` against `@app/x`: the part for the star.
fn match_pattern<'s>(pattern: &str, spec: &'s str) -> Option<&'s str> {
    match pattern.split_once('*') {
        Some((before, after)) => spec.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == spec).then_some(""),
    }
}

/// The folder of a path; empty at the root.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Joins two relative paths.
pub fn join(base: &str, tail: &str) -> String {
    match (base.is_empty(), tail.is_empty()) {
        (true, _) => tail.to_string(),
        (_, true) => base.to_string(),
        _ => format!("{base}/{tail}"),
    }
}

/// Removes `.` and `..` segments; what leads out of the root stays at the root.
pub fn normalise(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out.join("/")
}

/// True when `path` lies in `folder`.
pub fn within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path == folder
        || (path.starts_with(folder) && path.as_bytes().get(folder.len()) == Some(&b'/'))
}

/// The path of a Java or Kotlin file without its extension.
fn jvm_stem(path: &str) -> Option<&str> {
    path.strip_suffix(".java").or_else(|| path.strip_suffix(".kt"))
}

/// True when a folder ends in the segments of a package.
fn in_folder(folder: &str, package: &str) -> bool {
    folder.strip_suffix(package).is_some_and(|rest| package.is_empty() || rest.is_empty() || rest.ends_with('/'))
}

/// How many leading segments two paths share.
pub(super) fn common(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(paths: &[&str], packages: &Packages, from: &str, spec: &str) -> Option<Found> {
        let language = if from.ends_with(".py") { Language::Python } else { Language::TypeScript };
        Resolver::new(paths.iter().copied(), packages).resolve(from, language, spec)
    }

    fn file(path: &str) -> Option<Found> {
        Some(Found::File(path.to_string()))
    }

    #[test]
    fn python_imports_follow_dots_ancestors_and_shared_packages() {
        let paths = [
            "orders/app/main.py",
            "orders/app/config.py",
            "libs/common/common/__init__.py",
            "libs/common/common/http.py",
            "shared/events.py",
        ];
        let none = Packages::default();
        assert_eq!(resolve(&paths, &none, paths[0], ".config"), file("orders/app/config.py"));
        assert_eq!(resolve(&paths, &none, paths[0], "app.config"), file("orders/app/config.py"));
        assert_eq!(resolve(&paths, &none, paths[0], "common.http"), file("libs/common/common/http.py"));
        assert_eq!(resolve(&paths, &none, paths[0], "shared.events"), file("shared/events.py"));
        assert_eq!(resolve(&paths, &none, paths[0], "shared"), Some(Found::Folder("shared".into())));
        assert_eq!(resolve(&paths, &none, paths[0], "requests"), None);
    }

    #[test]
    fn javascript_imports_follow_extensions_workspaces_and_aliases() {
        let paths =
            ["svc/src/main.ts", "svc/src/http/client.ts", "packages/bus/src/index.ts", "packages/bus/src/rabbit.ts"];
        let packages = Packages {
            javascript: vec![JsPackage {
                name: "@acme/bus".into(),
                folder: "packages/bus".into(),
                entries: vec!["dist/index.js".into()],
            }],
            aliases: vec![Alias {
                folder: "svc".into(),
                pattern: "@http/*".into(),
                targets: vec!["svc/src/http/*".into()],
            }],
        };
        assert_eq!(resolve(&paths, &packages, paths[0], "./http/client.js"), file("svc/src/http/client.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "@acme/bus"), file("packages/bus/src/index.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "@acme/bus/rabbit"), file("packages/bus/src/rabbit.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "@http/client"), file("svc/src/http/client.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "src/http/client"), file("svc/src/http/client.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "axios"), None);
    }

    #[test]
    fn java_and_kotlin_files_are_found_by_package_import_and_star() {
        let text = "package a.b; import c.D; import static e.F.G; import h.*; import k.helper; import c.Gone;\n\
                    class X { Same s; Other o; java.util.List l; }";
        let paths = [
            "one/src/main/java/a/b/X.java",
            "one/src/main/java/a/b/Same.java",
            "one/src/main/kotlin/a/b/Other.kt",
            "one/src/main/java/a/b/Unused.java",
            "two/src/main/java/c/D.java",
            "one/src/main/java/c/D.java",
            "one/src/main/java/e/F.java",
            "one/src/main/java/h/I.java",
            "one/src/main/java/xh/J.java",
            "one/src/main/kotlin/k/Helpers.kt",
        ];
        let module = crate::facts::jvm::java::lower(text).unwrap();
        let mentions = crate::program::load::jvm_mentions(&module);
        let packages = Packages::default();
        let mut found = Resolver::new(paths.iter().copied(), &packages).jvm(paths[0], &mentions);
        found.sort();
        found.dedup();
        assert_eq!(
            found,
            [
                "one/src/main/java/a/b/Same.java",
                "one/src/main/java/c/D.java",
                "one/src/main/java/e/F.java",
                "one/src/main/java/h/I.java",
                "one/src/main/kotlin/a/b/Other.kt",
                "one/src/main/kotlin/k/Helpers.kt",
            ]
        );
    }
}
