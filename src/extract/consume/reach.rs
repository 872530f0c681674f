//! Who implements an interface, who calls a method through one, and which modules run together.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use crate::extract::http::clients::callees;
use crate::facts::module::{ClassId, ClassKind, ExportValue, ExprKind, FuncId, ImportKind, Language, StmtKind};
use crate::program::resolve::{Target, parent, within};
use crate::program::{Evaluator, Site, UnitId, Value};

use super::unique::{self, Key};
use super::unique_sql;

/// How many functions a call may run: those of a table of handlers.
const MAX_CALLED: usize = 32;

/// A function of the program.
pub(in crate::extract) type Func = (UnitId, FuncId);

/// Lookup tables over the whole program, built once.
pub(in crate::extract) struct Reach<'e, 'p> {
    /// The evaluator.
    pub(in crate::extract) ev: &'e Evaluator<'p>,
    /// Classes by the repository class or interface they extend.
    derived: HashMap<(UnitId, ClassId), Vec<(UnitId, ClassId)>>,
    imports: HashMap<UnitId, BTreeSet<UnitId>>,
    importers: HashMap<UnitId, BTreeSet<UnitId>>,
    /// Unique columns that files beside the code name.
    declared_keys: Vec<Key>,
    /// The folders of the packages of Node.js.
    packages: Vec<String>,
    unique: OnceCell<Vec<Key>>,
}

impl<'e, 'p> Reach<'e, 'p> {
    /// Reads classes and imports.
    pub(in crate::extract) fn new(ev: &'e Evaluator<'p>) -> Self {
        let mut derived: HashMap<(UnitId, ClassId), Vec<(UnitId, ClassId)>> = HashMap::new();
        let mut imports: HashMap<UnitId, BTreeSet<UnitId>> = HashMap::new();
        let mut importers: HashMap<UnitId, BTreeSet<UnitId>> = HashMap::new();
        let packages = ev.program.go_packages();
        for unit in ev.program.ids() {
            let module = &ev.program.unit(unit).module;
            for (i, class) in module.classes.iter().enumerate() {
                for &base in &class.bases {
                    if let Value::Class { unit: u, class: c } = ev.at(unit, base) {
                        derived.entry((u, c)).or_default().push((unit, ClassId(i as u32)));
                    }
                }
            }
            for target in imported(ev, &packages, unit) {
                imports.entry(unit).or_default().insert(target);
                importers.entry(target).or_default().insert(unit);
            }
        }
        Reach {
            ev,
            derived,
            imports,
            importers,
            declared_keys: Vec::new(),
            packages: Vec::new(),
            unique: OnceCell::new(),
        }
    }

    /// With the unique columns that files beside the code name, and the folders of the packages.
    pub(super) fn with_keys(self, keys: &[Key], packages: &[String]) -> Self {
        Reach { declared_keys: keys.to_vec(), packages: packages.to_vec(), ..self }
    }

    /// The folder of the package that a file belongs to.
    pub(super) fn package_of(&self, path: &str) -> Option<&str> {
        let around = self.packages.iter().filter(|folder| within(path, folder));
        around.max_by_key(|folder| folder.len()).map(String::as_str)
    }

    /// The columns in which a value can stand once.
    pub(super) fn unique_keys(&self) -> &[Key] {
        self.unique.get_or_init(|| {
            let mut keys = unique::of_program(self.ev);
            keys.extend(unique_sql::of_program(self.ev));
            keys.extend(self.declared_keys.iter().cloned());
            keys
        })
    }

    /// What a call of a function runs: the function, or the implementations of an abstract method.
    pub(super) fn bodies(&self, func: Func) -> Vec<Func> {
        let module = &self.ev.program.unit(func.0).module;
        let function = module.func(func.1);
        let Some(class) = function.class else { return vec![func] };
        let is_abstract =
            module.class(class).kind == ClassKind::Interface || function.body.is_empty() || is_stub(module, func.1);
        if is_abstract && module.language == Language::Go {
            return self.ev.runs(func).into_iter().filter(|f| *f != func).take(4).collect();
        }
        let mut out = if is_abstract { Vec::new() } else { vec![func] };
        if is_abstract {
            for &(u, c) in self.derived.get(&(func.0, class)).map_or(&[][..], Vec::as_slice).iter().take(4) {
                let derived = &self.ev.program.unit(u).module;
                let methods = derived.class(c).methods.iter().map(|m| (u, *m));
                let named: Vec<Func> =
                    methods.filter(|m| *m != func && derived.func(m.1).name == function.name).collect();
                // Of overloads, the one with the same parameters; `T` of the interface is any type.
                let same: Vec<Func> = named.iter().copied().filter(|m| self.ev.same_parameters(func, *m)).collect();
                out.extend(if same.is_empty() { named } else { same });
            }
        }
        out
    }

    /// True for a method of a class that shares a base of the repository with others.
    pub(super) fn is_one_of_many(&self, func: Func) -> bool {
        let module = &self.ev.program.unit(func.0).module;
        let Some(class) = module.func(func.1).class else { return false };
        let many = |of: (UnitId, ClassId)| self.derived.get(&of).is_some_and(|all| all.len() > 1);
        many((func.0, class))
            || module.class(class).bases.iter().any(|base| match self.ev.at(func.0, *base) {
                Value::Class { unit, class } => many((unit, class)),
                _ => false,
            })
    }

    /// The calls of a function, also through an interface that its class implements.
    pub(in crate::extract) fn callers(&self, func: Func) -> Vec<Site> {
        let mut out = self.ev.callers(func.0, func.1);
        let module = &self.ev.program.unit(func.0).module;
        let function = module.func(func.1);
        if let Some(class) = function.class.filter(|_| module.language != Language::Go) {
            for &base in &module.class(class).bases {
                let Value::Class { unit, class } = self.ev.at(func.0, base) else { continue };
                let base = &self.ev.program.unit(unit).module;
                for &method in &base.class(class).methods {
                    if base.func(method).name == function.name {
                        out.extend(self.ev.callers(unit, method));
                    }
                }
            }
        }
        out.sort();
        out.dedup();
        out
    }

    /// The functions of the repository that a call runs.
    pub(super) fn called(&self, site: Site) -> Vec<Func> {
        let module = &self.ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr) else { return Vec::new() };
        let mut out = self.ev.mediated(site);
        if !out.is_empty() {
            out.truncate(4);
            return out;
        }
        let mut callee = self.ev.at(site.unit, call.callee);
        if module.language.has_packages() {
            callee = self.ev.overload(callee, call, site.unit);
        }
        out = self.functions(&self.ev.in_table(site, call, callee));
        if out.is_empty()
            && let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind
        {
            let object = self.ev.at(site.unit, *object);
            if matches!(object, Value::Param { .. }) {
                for value in self.ev.settle(&object) {
                    out.extend(self.functions(&self.ev.attribute(&value, name, site)));
                }
            }
        }
        if out.is_empty() && (module.language.is_script() || module.language == Language::Python) {
            out = self.functions(&self.ev.in_given_table(site, call));
        }
        out.truncate(MAX_CALLED);
        out
    }

    /// The functions that a value is.
    pub(super) fn functions(&self, value: &Value) -> Vec<Func> {
        let mut out: Vec<Func> = Vec::new();
        for v in value.alternatives() {
            if let Value::Function { unit, func, .. } = v {
                for body in self.bodies((*unit, *func)) {
                    if !out.contains(&body) {
                        out.push(body);
                    }
                }
            }
        }
        out
    }

    /// The external symbols a call may mean.
    pub(super) fn symbols(&self, site: Site) -> Vec<smol_str::SmolStr> {
        callees(self.ev, site).into_iter().map(|(symbol, _)| symbol).collect()
    }

    /// The modules that run in the same processes as these: everything that imports them, and what
    /// those entry modules import.
    pub(in crate::extract) fn around(&self, units: &[UnitId]) -> BTreeSet<UnitId> {
        let mut up: BTreeSet<UnitId> = units.iter().copied().collect();
        let mut todo: Vec<UnitId> = units.to_vec();
        while let Some(unit) = todo.pop() {
            for &importer in self.importers.get(&unit).into_iter().flatten() {
                if up.insert(importer) {
                    todo.push(importer);
                }
            }
        }
        let mut all = up.clone();
        let mut todo: Vec<UnitId> = up.into_iter().collect();
        while let Some(unit) = todo.pop() {
            for &import in self.imports.get(&unit).into_iter().flatten() {
                if all.insert(import) {
                    todo.push(import);
                }
            }
        }
        all
    }

    /// True when some module imports this one.
    pub(super) fn is_imported(&self, unit: UnitId) -> bool {
        self.importers.get(&unit).is_some_and(|i| !i.is_empty())
    }
}

/// An abstract method: nothing but a docstring, `pass`, `...` or `raise NotImplementedError`.
fn is_stub(module: &crate::facts::module::Module, func: FuncId) -> bool {
    let function = module.func(func);
    let declared = function.decorators.iter().any(|&d| match &module.expr(d).kind {
        ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => n == "abstractmethod",
        _ => false,
    });
    declared
        || (function.body.iter().all(|&s| match &module.stmt(s).kind {
            StmtKind::Throw(_) => true,
            StmtKind::Expr(e) => matches!(&module.expr(*e).kind, ExprKind::Str(_) | ExprKind::Other(_)),
            _ => false,
        }) && function.kind == crate::facts::module::FunctionKind::Method
            && function.body.iter().any(|&s| matches!(module.stmt(s).kind, StmtKind::Throw(_))))
}

/// The modules of the repository that a module imports.
fn imported(ev: &Evaluator<'_>, packages: &HashMap<&str, Vec<UnitId>>, unit: UnitId) -> Vec<UnitId> {
    let module = &ev.program.unit(unit).module;
    let mut out = Vec::new();
    let mut folder = |folder: &str, name: &str| {
        for path in [format!("{folder}/{name}.py"), format!("{folder}/{name}/__init__.py")] {
            out.extend(ev.program.find(path.trim_start_matches('/')));
        }
    };
    let mut direct = Vec::new();
    if module.language == Language::Go {
        // The files of a package belong together.
        direct.extend(packages.get(parent(&ev.program.unit(unit).path)).into_iter().flatten());
    }
    for import in &module.imports {
        let name = match &import.kind {
            ImportKind::Named(name) => Some(name.as_str()),
            _ => None,
        };
        match ev.program.imports.target(unit, &import.module) {
            Some(Target::Unit(target)) => {
                direct.push(*target);
                let path = &ev.program.unit(*target).path;
                if let (Some(name), Some(holder)) = (name, path.strip_suffix("/__init__.py")) {
                    folder(holder, name);
                }
            }
            Some(Target::Folder(path)) if module.language == Language::Go => {
                direct.extend(packages.get(path.as_str()).into_iter().flatten());
            }
            Some(Target::Folder(path)) => {
                if let Some(name) = name {
                    folder(path, name);
                }
            }
            _ => {}
        }
    }
    for export in &module.exports {
        if let ExportValue::From { module, .. } = &export.value
            && let Some(Target::Unit(target)) = ev.program.imports.target(unit, module)
        {
            direct.push(*target);
        }
    }
    out.extend(direct);
    out.retain(|u| *u != unit);
    out
}
