//! Which interfaces a Go type satisfies. No type names its interfaces: one has those whose methods it has.

use std::collections::{BTreeSet, HashMap};

use super::hierarchy::ClassRef;
use super::types::simple_name;
use super::{Evaluator, UnitId, Value};
use crate::facts::module::{ClassId, ClassKind, ExprId, ExprKind, FuncId, Language};

/// The interfaces of the repository by one of their methods, with all their methods.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    by_method: HashMap<String, Vec<usize>>,
    all: Vec<(ClassRef, BTreeSet<String>)>,
}

impl Evaluator<'_> {
    /// The interfaces of the repository that a type satisfies.
    pub(super) fn satisfied(&self, (unit, class): ClassRef) -> Vec<ClassRef> {
        let declared = self.program.unit(unit).module.class(class);
        if declared.kind != ClassKind::Class || declared.name.is_empty() || self.whole(unit, class) != (unit, class) {
            return Vec::new();
        }
        let mut methods = BTreeSet::new();
        self.methods_of((unit, class), 0, &mut methods);
        if methods.is_empty() {
            return Vec::new();
        }
        let table = self.interfaces.get_or_init(|| self.interface_table());
        let mut candidates: Vec<usize> =
            methods.iter().filter_map(|m| table.by_method.get(m)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let path = |unit: UnitId| self.program.unit(unit).path.as_str();
        let seen = |interface: &ClassRef| self.program.go_modules.meet(path(unit), path(interface.0));
        let candidates = candidates.into_iter().map(|i| &table.all[i]);
        let satisfied = candidates.filter(|(interface, wanted)| wanted.is_subset(&methods) && seen(interface));
        satisfied.map(|(interface, _)| *interface).collect()
    }

    fn interface_table(&self) -> Interfaces {
        let mut table = Interfaces::default();
        for unit in self.program.ids().filter(|u| self.program.language(*u) == Language::Go) {
            let module = &self.program.unit(unit).module;
            for i in 0..module.classes.len() as u32 {
                let class = module.class(ClassId(i));
                if class.kind != ClassKind::Interface || class.name.is_empty() {
                    continue;
                }
                let mut methods = BTreeSet::new();
                self.methods_of((unit, ClassId(i)), 0, &mut methods);
                let Some(first) = methods.first().cloned() else { continue };
                table.by_method.entry(first).or_default().push(table.all.len());
                table.all.push(((unit, ClassId(i)), methods));
            }
        }
        table
    }

    /// The signatures of the methods of a type: those of all its parts, and of what it embeds.
    fn methods_of(&self, (unit, class): ClassRef, hops: u32, out: &mut BTreeSet<String>) {
        if hops > 3 {
            return;
        }
        let module = &self.program.unit(unit).module;
        let declared = module.class(class);
        let parts = match declared.kind {
            ClassKind::Class => self.program.types.parts(self.program.unit(unit), &declared.name),
            _ => &[],
        };
        let parts = if parts.is_empty() { &[(unit, class)] } else { parts };
        for &(unit, part) in parts.iter().take(32) {
            let methods = &self.program.unit(unit).module.class(part).methods;
            out.extend(methods.iter().map(|m| self.signature(unit, *m)));
        }
        for &base in &declared.bases {
            for value in self.at(unit, base).alternatives() {
                if let Value::Class { unit, class } = value {
                    self.methods_of((*unit, *class), hops + 1, out);
                }
            }
        }
    }

    /// The name of a method with the simple names of the types of its parameters.
    fn signature(&self, unit: UnitId, func: FuncId) -> String {
        let module = &self.program.unit(unit).module;
        let function = module.func(func);
        let mut out = format!("{}(", function.name);
        for param in &function.params {
            // Types of one name in two packages are two types.
            out.push_str(&param.ty.map(|ty| self.spelled(unit, ty)).unwrap_or_default());
            out.push(',');
        }
        out.push(')');
        let results = match function.returns.map(|ty| (&module.expr(ty).kind, ty)) {
            Some((ExprKind::List(several), _)) => several.clone(),
            Some((_, only)) => vec![only],
            None => Vec::new(),
        };
        for ty in results {
            out.push_str(&self.spelled(unit, ty));
            out.push(',');
        }
        out
    }

    /// A type, so that two are equal when they are one.
    fn spelled(&self, unit: UnitId, ty: ExprId) -> String {
        match self.at(unit, ty) {
            Value::Class { unit, class } => {
                let (unit, class) = self.whole(unit, class);
                format!("{}:{}", unit.0, class.0)
            }
            Value::External(symbol) => symbol.to_string(),
            _ => simple_name(&self.program.unit(unit).module, ty).unwrap_or_default().to_string(),
        }
    }
}
