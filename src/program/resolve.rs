//! Which file an import means.

use rapidhash::{RapidHashMap as HashMap, RapidHashSet as HashSet};

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
    /// Packages that `package.json` files install from a registry.
    pub installed: HashSet<String>,
    /// Modules of `go.mod` files: path of the module and folder, longer paths first.
    pub go: Vec<(String, String)>,
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
    /// A folder with Python modules but without `__init__.py`, a Go package, or a file that was not parsed.
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
        let mut targets = HashMap::default();
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
    /// A folder of Python modules, or a Go package.
    Folder(String),
}

/// Resolves import names against the paths of a repository.
#[derive(Debug)]
pub struct Resolver<'a> {
    /// JavaScript files without their suffix, to the one that an import of that name means.
    stems: HashMap<&'a str, &'a str>,
    /// The names of all folders.
    segments: HashSet<&'a str>,
    /// Packages of the repository by name.
    named: HashMap<&'a str, Vec<&'a JsPackage>>,
    paths: HashSet<&'a str>,
    /// Folders with Python modules somewhere below.
    python_folders: HashSet<&'a str>,
    /// The names of these folders, and of all Python modules: what the path of an import can begin with.
    python_names: HashSet<&'a str>,
    /// Python top-level packages and modules: name to the folders that hold it.
    python_roots: HashMap<&'a str, Vec<&'a str>>,
    /// Java and Kotlin files by name without extension.
    jvm_files: HashMap<&'a str, Vec<&'a str>>,
    /// Java and Kotlin files by the last name of their folder.
    jvm_folders: HashMap<&'a str, Vec<&'a str>>,
    /// Go files by folder.
    go_folders: HashMap<&'a str, Vec<&'a str>>,
    /// C# files by name up to the first dot.
    dotnet_files: HashMap<&'a str, Vec<&'a str>>,
    /// C# files by the types that they declare.
    dotnet_types: HashMap<SmolStr, Vec<&'a str>>,
    packages: &'a Packages,
}

const JS_SUFFIXES: [&str; 9] = [".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts"];

impl<'a> Resolver<'a> {
    /// A resolver over source paths (relative, with `/`).
    pub fn new(paths: impl Iterator<Item = &'a str>, packages: &'a Packages) -> Self {
        let paths: HashSet<&str> = paths.collect();
        let mut python_folders = HashSet::default();
        let mut python_roots: HashMap<&str, Vec<&str>> = HashMap::default();
        let mut jvm_files: HashMap<&str, Vec<&str>> = HashMap::default();
        let mut jvm_folders: HashMap<&str, Vec<&str>> = HashMap::default();
        let mut go_folders: HashMap<&str, Vec<&str>> = HashMap::default();
        let mut dotnet_files: HashMap<&str, Vec<&str>> = HashMap::default();
        for path in &paths {
            if path.ends_with(".go") && !path.ends_with("_test.go") {
                go_folders.entry(parent(path)).or_default().push(path);
            }
            if path.ends_with(".cs") {
                let name = path.rsplit('/').next().unwrap_or(path);
                dotnet_files.entry(name.split('.').next().unwrap_or(name)).or_default().push(path);
            }
            if let Some(stem) = jvm_stem(path) {
                jvm_files.entry(last(stem)).or_default().push(path);
                jvm_folders.entry(last(parent(path))).or_default().push(path);
            }
        }
        let mut python_names = HashSet::default();
        for path in &paths {
            let Some(stem) = path.strip_suffix(".py") else { continue };
            python_names.insert(last(stem));
            let mut folder = parent(path);
            while !folder.is_empty() && python_folders.insert(folder) {
                python_names.insert(last(folder));
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
        let mut ranked: HashMap<&str, (usize, &str)> = HashMap::default();
        let mut segments = HashSet::default();
        for &path in &paths {
            segments.extend(parent(path).split('/'));
            if let Some((stem, rank)) = js_stem(path) {
                let best = ranked.entry(stem).or_insert((rank, path));
                if (rank, path) < *best {
                    *best = (rank, path);
                }
            }
        }
        let stems = ranked.into_iter().map(|(stem, (_, path))| (stem, path)).collect();
        let mut named: HashMap<&str, Vec<&JsPackage>> = HashMap::default();
        for package in &packages.javascript {
            named.entry(package.name.as_str()).or_default().push(package);
        }
        Resolver {
            paths,
            stems,
            segments,
            named,
            python_folders,
            python_names,
            python_roots,
            jvm_files,
            jvm_folders,
            go_folders,
            dotnet_files,
            dotnet_types: HashMap::default(),
            packages,
        }
    }

    /// What `spec` means in the file `from`; none when it is not part of the repository.
    pub fn resolve(&self, from: &str, language: Language, spec: &str) -> Option<Found> {
        match language {
            Language::Python => self.python(from, spec),
            Language::JavaScript | Language::TypeScript => self.javascript(from, spec).map(Found::File),
            // Packages are not files: see `program::types`.
            Language::Java | Language::Kotlin | Language::CSharp => None,
            Language::Go => self.go_folder(from, spec).map(Found::Folder),
        }
    }

    /// The folder of a Go package: below the module that the path begins with; without a `go.mod`, the
    /// folder that ends like the path.
    fn go_folder(&self, from: &str, spec: &str) -> Option<String> {
        for (module, folder) in &self.packages.go {
            let Some(rest) = spec.strip_prefix(module.as_str()) else { continue };
            if rest.is_empty() || rest.starts_with('/') {
                let found = join(folder, rest.trim_start_matches('/'));
                if self.has_go(&found) {
                    return Some(found);
                }
            }
        }
        let is_hosted = spec.split('/').next().is_some_and(|host| host.contains('.'));
        if !self.packages.go.is_empty() {
            return if is_hosted { self.beside_modules(spec) } else { None };
        }
        if !is_hosted {
            return None;
        }
        // Before modules, the path of a repository was its place below `src`.
        let mut tail = spec;
        while let Some((_, rest)) = tail.split_once('/') {
            tail = rest;
            let mut base = parent(from);
            loop {
                let found = join(base, tail);
                if self.has_go(&found) {
                    return Some(found);
                }
                if base.is_empty() {
                    break;
                }
                base = parent(base);
            }
        }
        None
    }

    /// The folder of a package whose `go.mod` is not in the repository, as a module beside it is called like its
    /// place: what lies in `shop/billing` is `acme.com/shop/billing`, so `acme.com/shop/auth/store` is `shop/auth/store`.
    fn beside_modules(&self, spec: &str) -> Option<String> {
        self.packages.go.iter().find_map(|(module, folder)| {
            let mut base = (module.as_str(), folder.as_str());
            while let Some((path, last)) = base.0.rsplit_once('/') {
                let (above, name) = base.1.rsplit_once('/').unwrap_or(("", base.1));
                if name != last || name.is_empty() || !path.contains('/') {
                    return None;
                }
                base = (path, above);
                if let Some(rest) = spec.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')) {
                    return Some(join(above, rest)).filter(|found| self.has_go(found));
                }
            }
            None
        })
    }

    fn has_go(&self, folder: &str) -> bool {
        self.go_folders.contains_key(folder)
    }

    /// The files that a Go file can name without more ado: those of its package and of the packages it
    /// imports.
    pub fn go(&self, from: &str, mentions: &[Mention]) -> Vec<String> {
        let mut folders = vec![parent(from).to_string()];
        folders.extend(mentions.iter().filter_map(|mention| self.go_folder(from, &mention.module)));
        let files = folders.iter().filter_map(|folder| self.go_folders.get(folder.as_str()));
        files.flatten().map(ToString::to_string).collect()
    }

    /// Adds a type of C# that a file declares.
    pub fn declare(&mut self, name: &SmolStr, path: &'a str) {
        let holders = self.dotnet_types.entry(name.clone()).or_default();
        if holders.last() != Some(&path) {
            holders.push(path);
        }
    }

    /// The files that are called like a type that a C# file names or declare it, the nearest of each name.
    pub fn dotnet(&self, from: &str, mentions: &[Mention]) -> Vec<String> {
        let mut found: Vec<&str> = Vec::new();
        for name in mentions.iter().filter_map(|mention| mention.name.as_ref()) {
            let called = self.dotnet_files.get(name.as_str()).into_iter().flatten();
            let candidates = called.chain(self.dotnet_types.get(name).into_iter().flatten());
            let nearest = candidates.clone().map(|path| common(path, from)).max();
            found.extend(candidates.filter(|path| Some(common(path, from)) == nearest));
        }
        found.into_iter().map(ToString::to_string).collect()
    }

    /// The C# files that others use without naming them: global usings, and extension methods.
    pub fn dotnet_globals(&self) -> impl Iterator<Item = &'a str> {
        let is_global = |stem: &str| ["Usings", "Using", "Extensions"].iter().any(|end| stem.ends_with(end));
        self.dotnet_files.iter().filter(move |(stem, _)| is_global(stem)).flat_map(|(_, paths)| paths.iter().copied())
    }

    /// The files that may hold what a Java or Kotlin file names. A name of its own package that is no
    /// file there can stand in any Kotlin file of the folder.
    pub fn jvm(&self, from: &str, mentions: &[Mention]) -> Vec<String> {
        let mut found: Vec<&str> = Vec::new();
        for Mention { module, name } in mentions {
            let folder = module.replace('.', "/");
            let before = found.len();
            if let Some(name) = name {
                found.extend(self.jvm_file(from, &folder, name));
            }
            if in_folder(parent(from), &folder) && name.is_some() {
                continue;
            }
            // A member of a class: `import static a.b.C.m`, `import a.b.C.Inner`.
            if found.len() == before
                && let Some((package, class)) = folder.rsplit_once('/')
            {
                found.extend(self.jvm_file(from, package, class));
            }
            // All of a package, or a function of a Kotlin file.
            if found.len() == before {
                found.extend(self.jvm_folder(from, &folder, name.is_none()));
            }
        }
        if from.ends_with(".kt") {
            let near = self.jvm_folders.get(last(parent(from))).into_iter().flatten().copied();
            found.extend(near.filter(|path| path.ends_with(".kt") && parent(path) == parent(from)));
        }
        found.into_iter().filter(|path| *path != from).map(ToString::to_string).collect()
    }

    /// The file of a class in a package, the nearest to `from`.
    fn jvm_file(&self, from: &str, package: &str, class: &str) -> Option<&'a str> {
        let candidates = self.jvm_files.get(class)?.iter().copied().filter(|path| in_folder(parent(path), package));
        candidates.max_by_key(|path| (common(path, from), std::cmp::Reverse(*path)))
    }

    /// The files of a package in the folder nearest to `from`; only the Kotlin ones unless `all`.
    fn jvm_folder(&self, from: &str, package: &str, all: bool) -> Vec<&'a str> {
        let paths = self.jvm_folders.get(last(package)).into_iter().flatten().copied();
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
        // Most imports name a package: nothing of the repository is called like its first part.
        let first = tail.split('/').next().unwrap_or(&tail);
        if !self.python_names.contains(first) {
            return None;
        }
        let mut base = parent(from);
        // Shared code that is copied or put on the path without the folder around it. A package that is
        // installed has the same form, so what one of them is called is not looked for.
        let shared = if is_installed(first) { &[][..] } else { &["shared", "common"][..] };
        loop {
            for extra in ["", "src", "lib", "libs", "packages"].iter().chain(shared) {
                if let Some(found) = self.python_at(&join(base, extra), &tail) {
                    return Some(found);
                }
            }
            if base.is_empty() {
                break;
            }
            base = parent(base);
        }
        let holders = self.python_roots.get(first)?;
        let nearest = holders.iter().max_by_key(|h| (common(h, from), std::cmp::Reverse(h.len())))?;
        self.python_at(nearest, &tail)
    }

    fn python_at(&self, base: &str, tail: &str) -> Option<Found> {
        let mut path = join(base, tail);
        let end = path.len();
        for suffix in [".py", if end == 0 { "__init__.py" } else { "/__init__.py" }] {
            path.push_str(suffix);
            if self.paths.contains(path.as_str()) {
                return Some(Found::File(path));
            }
            path.truncate(end);
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
        let scope = if spec.starts_with('@') { 2 } else { 1 };
        let end = spec.match_indices('/').nth(scope - 1).map_or(spec.len(), |(i, _)| i);
        for package in self.named.get(&spec[..end]).into_iter().flatten() {
            let rest = &spec[end..];
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
        // `src/…`, `@/…`, `~/…` and `@config/…`, which no package of a registry is: rooted at the package that holds
        // the importing file, whatever maps them (bundlers, test runners and loaders have mappings of their own).
        let at_root = spec.strip_prefix("@/").or_else(|| spec.strip_prefix("~/"));
        let is_installed = || self.packages.installed.contains(&spec[..end]);
        let (rooted, tail) = match at_root.or_else(|| spec.strip_prefix('@').filter(|_| !is_installed())) {
            Some(tail) => (true, tail),
            None => (false, spec),
        };
        // Most imports name a package: no folder of the repository begins such a path.
        if !tail.split_once('/').is_some_and(|(first, _)| self.segments.contains(first)) {
            return None;
        }
        let mut base = parent(from);
        loop {
            if rooted && let Some(file) = self.js_file(&join(&join(base, "src"), tail)) {
                return Some(file);
            }
            if let Some(file) = self.js_file(&join(base, tail)) {
                return Some(file);
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
        if self.paths.contains(path) {
            return Some(path.to_string());
        }
        let stem = JS_SUFFIXES.iter().find_map(|s| path.strip_suffix(s));
        let found = self.stems.get(path).or_else(|| stem.and_then(|stem| self.stems.get(stem)));
        let found = found.copied().or_else(|| self.stems.get(join(path, "index").as_str()).copied());
        found.map(str::to_string)
    }
}

/// Packages that are installed, and that folders of shared code like to name a module after.
fn is_installed(name: &str) -> bool {
    [
        "redis",
        "kafka",
        "celery",
        "pika",
        "aio_pika",
        "aiokafka",
        "requests",
        "httpx",
        "aiohttp",
        "boto3",
        "sqlalchemy",
        "pydantic",
        "fastapi",
        "flask",
        "django",
        "jwt",
        "logging",
        "types",
        "typing",
        "json",
        "time",
        "datetime",
        "queue",
        "email",
        "http",
        "enum",
        "uuid",
        "asyncio",
        "secrets",
        "signal",
        "socket",
        "string",
        "token",
        "calendar",
        "mongo",
        "pymongo",
        "motor",
        "grpc",
        "sentry_sdk",
        "tenacity",
        "structlog",
        "loguru",
        "dotenv",
        "yaml",
        "consul",
    ]
    .contains(&name)
}

/// The path of a JavaScript file without its suffix, and the rank of the suffix.
fn js_stem(path: &str) -> Option<(&str, usize)> {
    let longest = JS_SUFFIXES.iter().enumerate().filter(|(_, s)| path.ends_with(*s)).max_by_key(|(_, s)| s.len());
    longest.map(|(rank, suffix)| (&path[..path.len() - suffix.len()], rank))
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

/// The last segment of a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Joins two relative paths.
pub fn join(base: &str, tail: &str) -> String {
    match (base.is_empty(), tail.is_empty()) {
        (true, _) => tail.to_string(),
        (_, true) => base.to_string(),
        _ => [base, "/", tail].concat(),
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
    let ends_with = |whole: &str, part: &str| {
        whole.strip_suffix(part).is_some_and(|rest| part.is_empty() || rest.is_empty() || rest.ends_with('/'))
    };
    if ends_with(folder, package) {
        return true;
    }
    // Folders of Kotlin leave out what all packages of a project begin with.
    // <https://kotlinlang.org/docs/coding-conventions.html#directory-structure>
    let below = match folder.rsplit_once("/kotlin/") {
        Some((_, below)) => below,
        None if folder.ends_with("/kotlin") => "",
        None => return false,
    };
    ends_with(package, below)
}

/// How many leading segments two paths share.
pub fn common(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_kotlin_leave_out_what_all_packages_begin_with() {
        assert!(in_folder("shop/src/main/kotlin/model/events", "com/acme/shop/model/events"));
        assert!(in_folder("shop/src/main/kotlin", "com/acme/shop"));
        assert!(in_folder("shop/src/main/kotlin/com/acme/shop/model", "com/acme/shop/model"));
        assert!(!in_folder("shop/src/main/kotlin/other/events", "com/acme/shop/model/events"));
        assert!(!in_folder("shop/src/main/java/model", "com/acme/shop/model"));
    }

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
    fn python_code_that_services_share_is_imported_without_its_folder() {
        let paths = ["services/orders/main.py", "shared/kafka_client.py", "shared/redis.py", "common/settings.py"];
        let none = Packages::default();
        assert_eq!(resolve(&paths, &none, paths[0], "kafka_client"), file("shared/kafka_client.py"));
        assert_eq!(resolve(&paths, &none, paths[0], "settings"), file("common/settings.py"));
        // The installed package, not our module of the same name.
        assert_eq!(resolve(&paths, &none, paths[0], "redis"), None);
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
            ..Packages::default()
        };
        assert_eq!(resolve(&paths, &packages, paths[0], "./http/client.js"), file("svc/src/http/client.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "@acme/bus"), file("packages/bus/src/index.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "@acme/bus/rabbit"), file("packages/bus/src/rabbit.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "@http/client"), file("svc/src/http/client.ts"));
        assert_eq!(resolve(&paths, &packages, paths[0], "src/http/client"), file("svc/src/http/client.ts"));
        // A mapping that stands nowhere, unless it is the name of something that is installed.
        let unmapped = Packages { installed: ["@http/client".to_owned()].into_iter().collect(), ..Packages::default() };
        assert_eq!(resolve(&paths, &Packages::default(), paths[0], "@http/client"), file("svc/src/http/client.ts"));
        assert_eq!(resolve(&paths, &unmapped, paths[0], "@http/client"), None);
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
        let mentions = crate::program::mentions::mentions(Language::Java, text);
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
