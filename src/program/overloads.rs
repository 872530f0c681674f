//! Which of several methods or constructors of one name a call means, in the languages that have overloads.

use smol_str::SmolStr;

use super::hierarchy::ClassRef;
use super::index::Binding;
use super::types::simple_name;
use super::{Evaluator, Site, UnitId, Value};
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, FunctionKind, Language};

/// How many steps are taken to the type of an argument.
const MAX_STEPS: u32 = 4;

impl Evaluator<'_> {
    /// Among methods of the same name, the one with as many parameters as the call has arguments, and with
    /// their types as far as these are declared. `at` is the module of the call.
    pub fn overload(&self, value: Value, call: &Call, at: UnitId) -> Value {
        let Value::Function { unit, func, this } = &value else { return value };
        let module = &self.program.unit(*unit).module;
        let function = module.func(*func);
        let count = call.args.len();
        let Some(class) = function.class else { return value };
        let fits = |f: &&FuncId| {
            let other = module.func(**f);
            other.name == function.name && other.params.len() == count && other.kind == function.kind
        };
        let mut fitting: Vec<FuncId> = module.class(class).methods.iter().filter(fits).copied().collect();
        if module.language == Language::CSharp {
            // Those with defaults for what the call leaves out, unless an argument is plainly something else.
            let leaves_out = |f: &&FuncId| {
                let params = &module.func(**f).params;
                let needed = params.iter().filter(|p| p.default.is_none()).count();
                module.func(**f).name == function.name && needed <= count && count < params.len()
            };
            let mut more = module.class(class).methods.iter().filter(leaves_out).copied().peekable();
            if more.peek().is_some() {
                fitting.extend(more);
                fitting.retain(|f| !self.refuses((*unit, *f), call, at));
            }
        }
        let typed = || {
            let mut typed = fitting.iter().copied().filter(|f| self.takes((*unit, *f), call, at));
            typed.next().filter(|_| typed.next().is_none())
        };
        let chosen = match fitting.as_slice() {
            [] => return value,
            [only] => *only,
            [first, ..] => typed().unwrap_or(if fitting.contains(func) { *func } else { *first }),
        };
        if chosen == *func { value } else { Value::Function { unit: *unit, func: chosen, this: this.clone() } }
    }

    /// True when a parameter is a text or a number and its argument an object of a class, or the other way round.
    fn refuses(&self, (unit, func): (UnitId, FuncId), call: &Call, at: UnitId) -> bool {
        let module = &self.program.unit(unit).module;
        let caller = &self.program.unit(at).module;
        call.args.iter().filter(|a| a.name.is_none()).zip(&module.func(func).params).any(|(arg, param)| {
            let Some(wanted) = param.ty.and_then(|ty| simple_name(module, ty)) else { return false };
            let is_plain = matches!(wanted.as_str(), "string" | "int" | "long" | "bool" | "decimal" | "double");
            match &caller.expr(arg.value).kind {
                ExprKind::Str(_) | ExprKind::Template(_) => {
                    wanted == "CancellationToken" || is_plain && wanted != "string"
                }
                _ if is_plain => matches!(self.at(at, arg.value), Value::Object { .. }),
                _ => false,
            }
        })
    }

    /// True when the types of arguments that are declared in the code are those of the parameters.
    fn takes(&self, (unit, func): (UnitId, FuncId), call: &Call, at: UnitId) -> bool {
        let module = &self.program.unit(unit).module;
        let mut known = 0;
        let alike = call.args.iter().zip(&module.func(func).params).all(|(arg, param)| {
            let (Some(given), Some(wanted)) = (
                self.type_name(Site { unit: at, expr: arg.value }, 0),
                param.ty.and_then(|ty| simple_name(module, ty)),
            ) else {
                return true;
            };
            known += 1;
            // `long` and `Long` are one.
            given.eq_ignore_ascii_case(&wanted)
        });
        alike && known > 0
    }

    /// True for two methods whose parameters have types of the same names.
    pub fn same_parameters(&self, a: (UnitId, FuncId), b: (UnitId, FuncId)) -> bool {
        let types = |(unit, func): (UnitId, FuncId)| {
            let module = &self.program.unit(unit).module;
            let params = module.func(func).params.iter();
            params.map(|p| p.ty.and_then(|ty| simple_name(module, ty))).collect::<Vec<_>>()
        };
        types(a) == types(b)
    }

    /// The constructors that a call of a class may run, as far as the number and the types of its arguments
    /// tell. `at` is the module of the call.
    pub fn constructors(&self, (unit, class): ClassRef, call: &Call, at: UnitId) -> Vec<FuncId> {
        let module = &self.program.unit(unit).module;
        let params = |f: FuncId| &module.func(f).params;
        let is_constructor = |f: &FuncId| module.func(*f).kind == FunctionKind::Constructor;
        let all: Vec<FuncId> = module.class(class).methods.iter().copied().filter(is_constructor).collect();
        if all.len() < 2 {
            return all;
        }
        let count = call.args.len();
        let mut fitting: Vec<FuncId> = all.iter().copied().filter(|f| params(*f).len() == count).collect();
        if fitting.is_empty() {
            let needed = |f: FuncId| params(f).iter().filter(|p| p.default.is_none() && !p.variadic).count();
            fitting = all.into_iter().filter(|f| needed(*f) <= count).collect();
        }
        let typed: Vec<FuncId> = fitting.iter().copied().filter(|f| self.takes((unit, *f), call, at)).collect();
        if typed.is_empty() { fitting } else { typed }
    }

    /// The simple name of the declared type of an expression, as far as the code says it: a parameter, a local
    /// variable, a field of one of our classes, what is made.
    pub fn type_name(&self, site: Site, depth: u32) -> Option<SmolStr> {
        let unit = self.program.unit(site.unit);
        let module = &unit.module;
        if depth > MAX_STEPS {
            return None;
        }
        let at = |expr: ExprId| Site { unit: site.unit, expr };
        match &module.expr(site.expr).kind {
            ExprKind::Name(name) => match unit.index.lookup(module, unit.index.func_of(site.expr), name)?.1 {
                [Binding::Param(func, index)] => {
                    let declared = module.func(*func).params.get(*index)?.ty?;
                    simple_name(module, declared)
                }
                bindings if module.language.is_jvm() => {
                    let said = bindings.iter().find_map(|b| match b {
                        Binding::Typed(ty) => simple_name(module, *ty).filter(|name| name != "var"),
                        _ => None,
                    });
                    said.or_else(|| match bindings.iter().find(|b| !matches!(b, Binding::Typed(_)))? {
                        Binding::Value(value) => self.type_name(at(*value), depth + 1),
                        _ => None,
                    })
                }
                _ => None,
            },
            ExprKind::Call(made) if made.is_new => simple_name(module, made.callee),
            ExprKind::Str(_) | ExprKind::Template(_) if module.language.is_jvm() => Some("String".into()),
            // `event.orderId`, `event.orderId()`, `event.getOrderId()`
            ExprKind::Attr { object, name, .. } if module.language.is_jvm() => self.member_type(at(*object), name),
            ExprKind::Call(call) if module.language.is_jvm() => match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name, .. } if call.args.is_empty() => self.member_type(at(*object), name),
                // Kotlin makes objects without `new`.
                ExprKind::Name(name) if module.language == Language::Kotlin => {
                    name.starts_with(char::is_uppercase).then(|| name.clone())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The declared type of a field of an object of ours, or of what a getter gives.
    fn member_type(&self, object: Site, name: &str) -> Option<SmolStr> {
        let value = self.eval(object);
        let (unit, class) = value.alternatives().iter().find_map(|value| match value {
            Value::Object { unit, class, .. } => Some((*unit, *class)),
            _ => None,
        })?;
        let module = &self.program.unit(unit).module;
        let class = module.class(class);
        let methods = || class.methods.iter().map(|method| module.func(*method));
        if let Some(method) = methods().find(|method| method.name == name) {
            return simple_name(module, method.returns?);
        }
        let getter = name.strip_prefix("get").filter(|rest| rest.starts_with(char::is_uppercase));
        let is_it = |field: &str| field == name || getter.is_some_and(|getter| getter.eq_ignore_ascii_case(field));
        let field = class.fields.iter().find(|field| is_it(&field.name)).and_then(|field| field.ty);
        let param = || methods().flat_map(|m| &m.params).find(|p| p.is_field && is_it(&p.name)).and_then(|p| p.ty);
        simple_name(module, field.or_else(param)?)
    }
}
