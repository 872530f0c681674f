//! What a function is called elsewhere that its module exports as a whole: `module.exports = (app) => …` has no name
//! of its own, and who calls it uses the one under which the module was imported.

use rapidhash::RapidHashMap as HashMap;

use smol_str::SmolStr;

use super::resolve::{ImportMap, Target};
use super::{Unit, UnitId};
use crate::facts::module::{ExportValue, ExprKind, FuncId, ImportKind, Language};

/// How many modules may pass a function on: `module.exports = { orders: require("./orders") }`.
const MAX_HOPS: u32 = 4;

/// The names by which the whole of a module is known in others.
pub(super) fn names(units: &[Unit], imports: &ImportMap) -> HashMap<UnitId, Vec<SmolStr>> {
    let linked = Linked { units, imports };
    let mut out: HashMap<UnitId, Vec<SmolStr>> = HashMap::default();
    let mut add = |unit: UnitId, name: &SmolStr| {
        let names = out.entry(unit).or_default();
        if !names.contains(name) {
            names.push(name.clone());
        }
    };
    let is_script = |unit: &Unit| matches!(unit.module.language, Language::JavaScript | Language::TypeScript);
    for (i, unit) in units.iter().enumerate().filter(|(_, u)| is_script(u)) {
        let id = UnitId(i as u32);
        for import in &unit.module.imports {
            if let Some(origin) = linked.imported(id, &import.module, &import.kind, 0) {
                add(origin, &import.local);
            }
        }
        // `const api = require("./api"); api.orders(app)`
        for export in unit.module.exports.iter().filter(|e| e.name != "default" && e.name != "*") {
            if let Some(origin) = linked.exported(id, &export.name, 0) {
                add(origin, &export.name);
            }
        }
    }
    out
}

/// True for the function that a module exports as a whole.
pub(super) fn is_whole(unit: &Unit, func: FuncId) -> bool {
    let function = unit.module.func(func);
    unit.module.exports.iter().filter(|e| e.name == "default").any(|export| match &export.value {
        ExportValue::Expr(expr) => matches!(unit.module.expr(*expr).kind, ExprKind::Lambda(f) if f == func),
        ExportValue::Local(local) => !local.is_empty() && *local == function.name,
        ExportValue::From { .. } => false,
    })
}

struct Linked<'a> {
    units: &'a [Unit],
    imports: &'a ImportMap,
}

impl Linked<'_> {
    fn target(&self, from: UnitId, module: &str) -> Option<UnitId> {
        match self.imports.target(from, module)? {
            Target::Unit(unit) => Some(*unit),
            _ => None,
        }
    }

    /// The module whose whole an import means.
    fn imported(&self, from: UnitId, module: &str, kind: &ImportKind, hops: u32) -> Option<UnitId> {
        let target = self.target(from, module)?;
        match kind {
            ImportKind::Default | ImportKind::Namespace => Some(target),
            ImportKind::Named(name) => self.exported(target, name, hops),
            ImportKind::Star | ImportKind::SideEffect => None,
        }
    }

    /// The module whose whole another one offers under a name.
    fn exported(&self, unit: UnitId, name: &str, hops: u32) -> Option<UnitId> {
        if name == "default" {
            return Some(unit);
        }
        let module = &self.units[unit.0 as usize].module;
        let export = module.exports.iter().find(|e| e.name == name).filter(|_| hops < MAX_HOPS)?;
        match &export.value {
            ExportValue::From { module, name } if name == "*" => self.target(unit, module),
            ExportValue::From { module, name } => self.exported(self.target(unit, module)?, name, hops + 1),
            ExportValue::Local(local) => {
                let import = module.imports.iter().find(|i| i.local == *local)?;
                self.imported(unit, &import.module, &import.kind, hops + 1)
            }
            ExportValue::Expr(_) => None,
        }
    }
}
