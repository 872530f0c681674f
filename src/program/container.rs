//! What the container of .NET hands out: an object that a factory or a registration of the same process makes
//! (<https://learn.microsoft.com/en-us/dotnet/core/extensions/dependency-injection#service-registration-methods>).

use smol_str::SmolStr;

use super::UnitId;
use super::eval::Evaluator;
use super::index::Binding;
use super::processes::Processes;
use super::types::simple_name;
use super::value::{Instance, Site, Value};
use crate::facts::module::{ExprId, ExprKind, Language, Module};

/// Methods that register one object or what makes it.
const REGISTERS: [&str; 6] =
    ["AddSingleton", "AddScoped", "AddTransient", "TryAddSingleton", "TryAddScoped", "TryAddTransient"];

/// How many registrations without a type are looked at for one that makes what is asked for.
const MAX_UNTYPED: usize = 48;

/// How far a collection is followed to its declaration.
const MAX_STEPS: u32 = 8;

impl Evaluator<'_> {
    /// The object that is put into a parameter or field of a declared type: what the only registration for the
    /// type in the process makes, else the declared type alone.
    pub(super) fn provided(&self, from: UnitId, declared: Value) -> Value {
        let Some(ty) = bare_type(self, &declared) else { return declared };
        // Typed clients get one of the factory, whatever else is registered.
        if ty == "HttpClient" && !self.program.calls_named("AddHttpClient").is_empty() {
            return declared;
        }
        let mut made = self.registered(from, &ty, true);
        if made.is_empty() {
            made = self.registered(from, &ty, false);
        }
        match (made.as_slice(), &declared) {
            ([Value::Instance(one)], Value::Instance(known)) => {
                Value::Instance(Instance { ty: known.ty.clone(), call: one.call, from: one.from.clone() })
            }
            ([one @ Value::Object { .. }], Value::Object { .. }) => one.clone(),
            _ => declared,
        }
    }

    /// What the registrations for a type make, of those that name it or of those that only make it.
    fn registered(&self, from: UnitId, ty: &str, typed: bool) -> Vec<Value> {
        let sites = REGISTERS.iter().flat_map(|name| self.program.calls_named(name)).copied();
        let wanted = |site: &Site| {
            let module = &self.program.unit(site.unit).module;
            let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else {
                return false;
            };
            match call.type_args.as_slice() {
                [service, ..] => {
                    typed && !call.args.is_empty() && simple_name(module, *service).is_some_and(|name| name == ty)
                }
                [] => !typed && call.args.len() == 1 && mentions_call(module, site),
            }
        };
        let mut found: Vec<Site> = sites.filter(wanted).collect();
        if found.is_empty() {
            return Vec::new();
        }
        let processes = Processes::new(self.program);
        found.retain(|site| self.program.is_production(site.unit) && processes.together(site.unit, from));
        found.truncate(MAX_UNTYPED);
        let mut out: Vec<Value> = Vec::new();
        for value in found.into_iter().map(|site| self.made_by(site)) {
            let is_it = typed || bare_name(self, &value).is_some_and(|name| name == ty);
            if is_it && !out.contains(&value) {
                out.push(value);
            }
        }
        out
    }

    /// An item of a collection of which the type is declared: `IEnumerable<IEndpoint> endpoints`, what the container
    /// gives for one, and queries over these.
    pub(super) fn item_of(&self, unit_id: UnitId, expr: ExprId, steps: u32) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let module = &unit.module;
        if steps > MAX_STEPS {
            return None;
        }
        let of_type = |ty: ExprId| match &module.expr(ty).kind {
            ExprKind::Index { object, index } if simple_name(module, *object).is_some_and(|n| is_collection(&n)) => {
                self.declared(unit_id, *index)
            }
            _ => None,
        };
        match &module.expr(expr).kind {
            ExprKind::Name(name) => {
                let (_, bindings) = unit.index.lookup(module, unit.index.func_of(expr), name)?;
                bindings.iter().find_map(|binding| match *binding {
                    Binding::Typed(ty) => of_type(ty),
                    Binding::Param(func, index) => of_type(module.func(func).params.get(index)?.ty?),
                    Binding::Value(value) if value != expr => self.item_of(unit_id, value, steps + 1),
                    _ => None,
                })
            }
            ExprKind::Call(call) => match (module.callee_name(expr)?.as_str(), call.type_args.first()) {
                ("GetServices", Some(ty)) => self.declared(unit_id, *ty),
                ("GetRequiredService" | "GetService", Some(ty)) => of_type(*ty),
                ("Where" | "OrderBy" | "ToList" | "ToArray" | "AsEnumerable" | "Reverse" | "Distinct", _) => {
                    match &module.expr(call.callee).kind {
                        ExprKind::Attr { object, .. } => self.item_of(unit_id, *object, steps + 1),
                        _ => None,
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What a registration makes: the result of its factory, or the object that it is given.
    fn made_by(&self, site: Site) -> Value {
        let Some(call) = self.program.unit(site.unit).module.call(site.expr) else { return Value::Unknown };
        let Some(last) = call.args.last() else { return Value::Unknown };
        match self.at(site.unit, last.value) {
            Value::Function { unit, func, .. } => self.returned(unit, func, None),
            value => value,
        }
    }
}

fn is_collection(name: &str) -> bool {
    matches!(
        name,
        "IEnumerable" | "IList" | "List" | "ICollection" | "IReadOnlyList" | "IReadOnlyCollection" | "HashSet"
    )
}

/// True for an argument that makes something where it stands: a factory, a construction, a call.
fn mentions_call(module: &Module, site: &Site) -> bool {
    let argument = module.call(site.expr).and_then(|call| call.args.first());
    argument.is_some_and(|arg| {
        matches!(module.expr(arg.value).kind, ExprKind::Call(_) | ExprKind::Lambda(_) | ExprKind::Name(_))
    })
}

/// The name of a type of which nothing but the declaration is known.
fn bare_type(ev: &Evaluator<'_>, declared: &Value) -> Option<SmolStr> {
    match declared {
        Value::Instance(Instance { call: None, .. }) | Value::Object { call: None, .. } => bare_name(ev, declared),
        _ => None,
    }
}

fn bare_name(ev: &Evaluator<'_>, value: &Value) -> Option<SmolStr> {
    match value {
        Value::Instance(instance) => Some(instance.ty.rsplit('.').next().unwrap_or(&instance.ty).into()),
        Value::Object { unit, class, .. } => Some(ev.program.unit(*unit).module.class(*class).name.clone()),
        _ => None,
    }
}
