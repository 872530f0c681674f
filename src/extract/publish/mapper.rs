//! Mappers of MyBatis: interfaces of ours whose statements stand in annotations.
//!
//! Source: <https://mybatis.org/mybatis-3/java-api.html#mapper-annotations>

use crate::facts::module::ClassKind;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, Value};

/// True for a call of a method that MyBatis implements and that changes rows.
pub(super) fn is_write(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    if !module.language.is_jvm() {
        return false;
    }
    let Some(call) = module.call(site.expr) else { return false };
    ev.at(site.unit, call.callee).alternatives().iter().any(|value| {
        let Value::Function { unit, func, .. } = value else { return false };
        let module = &ev.program.unit(*unit).module;
        let func = module.func(*func);
        let mapped = module.imports.iter().any(|import| import.module.starts_with("org.apache.ibatis.annotations"));
        let of_interface = func.class.is_some_and(|class| module.class(class).kind == ClassKind::Interface);
        let changes = |name: &str| matches!(name, "Delete" | "Insert" | "InsertProvider" | "Update" | "UpdateProvider");
        mapped
            && of_interface
            && func.decorators.iter().any(|d| simple_name(module, *d).is_some_and(|name| changes(&name)))
    })
}
