//! Which protocols a Python class follows. It need not name them: one has those whose methods it has
//! (<https://typing.python.org/en/latest/spec/protocol.html>).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::hierarchy::ClassRef;
use super::resolve::{Target, common};
use super::types::simple_name;
use super::{Evaluator, UnitId, Value};
use crate::facts::module::{ClassId, Import, ImportKind, Language};

/// How many files that use a class are looked at.
const MAX_USERS: usize = 400;

/// The protocols of the repository by one of their methods, and who imports whom where there are any.
#[derive(Debug, Default)]
pub(super) struct Protocols {
    by_method: HashMap<String, Vec<(ClassRef, BTreeSet<String>)>>,
    importers: HashMap<UnitId, Vec<UnitId>>,
}

impl Evaluator<'_> {
    /// The protocols that a class has all methods of, with the same names of the parameters, and that some file
    /// knows together with it; where several services have the same one, those nearest to the class.
    pub(super) fn followed(&self, (unit, class): ClassRef) -> Vec<ClassRef> {
        let Some(table) = self.protocol_tables() else { return Vec::new() };
        if table.by_method.is_empty() || self.is_protocol((unit, class)) {
            return Vec::new();
        }
        let methods = self.method_names((unit, class));
        let candidates = methods.iter().filter_map(|method| table.by_method.get(method)).flatten();
        let mut found: Vec<ClassRef> =
            candidates.filter(|(_, wanted)| wanted.is_subset(&methods)).map(|(protocol, _)| *protocol).collect();
        if found.is_empty() {
            return found;
        }
        let own = users(table, unit);
        found.retain(|protocol| !own.is_disjoint(&users(table, protocol.0)));
        let path = |unit: UnitId| self.program.unit(unit).path.as_str();
        let near = |protocol: &ClassRef| common(path(unit), path(protocol.0));
        let nearest = found.iter().map(near).max().unwrap_or(0);
        found.retain(|protocol| near(protocol) == nearest);
        found
    }

    /// The table, which is made when it is first asked for; what is evaluated for it does without.
    fn protocol_tables(&self) -> Option<&Protocols> {
        if self.protocols.get().is_none() && !self.listing.replace(true) {
            let table = self.protocol_table();
            self.listing.set(false);
            return Some(self.protocols.get_or_init(|| table));
        }
        self.protocols.get()
    }

    fn is_protocol(&self, (unit, class): ClassRef) -> bool {
        let module = &self.program.unit(unit).module;
        let mut bases = module.class(class).bases.iter();
        bases.any(|base| simple_name(module, *base).is_some_and(|name| name == "Protocol"))
    }

    /// The methods of a class and of its bases: the names with those of their parameters.
    fn method_names(&self, start: ClassRef) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        let mut todo = vec![(start, 0)];
        while let Some(((unit, class), hops)) = todo.pop() {
            let module = &self.program.unit(unit).module;
            let declared = module.class(class);
            for method in declared.methods.iter().map(|m| module.func(*m)).filter(|m| !m.name.starts_with("__")) {
                let params: Vec<&str> =
                    method.params.iter().map(|p| p.name.as_str()).filter(|name| *name != "self").collect();
                out.insert(format!("{}({})", method.name, params.join(",")));
            }
            let bases = declared.bases.iter().filter(|_| hops < 3);
            for value in bases.map(|base| self.at(unit, *base)) {
                if let Value::Class { unit, class } = value {
                    todo.push(((unit, class), hops + 1));
                }
            }
        }
        out
    }

    /// The files that an import names: the module, and the module of a package.
    fn imported_files(&self, unit: UnitId, import: &Import) -> Vec<UnitId> {
        let name = match &import.kind {
            ImportKind::Named(name) => name.as_str(),
            _ => "",
        };
        let (own, inside) = match self.program.imports.target(unit, &import.module) {
            Some(Target::Unit(file)) => (Some(*file), self.submodule(unit, &import.module, name)),
            Some(Target::Folder(folder)) => (None, self.in_folder(folder, name)),
            _ => return Vec::new(),
        };
        let inside = match inside {
            Value::Module(file) => Some(file),
            _ => None,
        };
        own.into_iter().chain(inside).collect()
    }

    fn protocol_table(&self) -> Protocols {
        let mut table = Protocols::default();
        let python = || self.program.ids().filter(|unit| self.program.language(*unit) == Language::Python);
        for unit in python() {
            for i in 0..self.program.unit(unit).module.classes.len() as u32 {
                let class = (unit, ClassId(i));
                if !self.is_protocol(class) {
                    continue;
                }
                let methods = self.method_names(class);
                let Some(first) = methods.first().cloned() else { continue };
                table.by_method.entry(first).or_default().push((class, methods));
            }
        }
        if table.by_method.is_empty() {
            return table;
        }
        for unit in python() {
            for import in &self.program.unit(unit).module.imports {
                for target in self.imported_files(unit, import) {
                    let known = table.importers.entry(target).or_default();
                    if target != unit && !known.contains(&unit) {
                        known.push(unit);
                    }
                }
            }
        }
        table
    }
}

/// The files that import a file, directly or not, and the file itself.
fn users(table: &Protocols, unit: UnitId) -> HashSet<UnitId> {
    let mut out = HashSet::from([unit]);
    let mut todo = vec![unit];
    while let Some(unit) = todo.pop() {
        for &importer in table.importers.get(&unit).into_iter().flatten() {
            if out.len() < MAX_USERS && out.insert(importer) {
                todo.push(importer);
            }
        }
    }
    out
}
