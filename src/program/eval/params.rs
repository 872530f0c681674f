//! Parameters and declared types: what a value is when only its declaration is known.

use std::sync::Arc;

use smol_str::format_smolstr;

use super::{Evaluator, is_object};
use crate::facts::module::{BinaryOp, ClassId, ClassKind, Entry, ExprId, ExprKind, FuncId, ImportKind, Language};
use crate::program::UnitId;
use crate::program::index::{Binding, Parent};
use crate::program::resolve::Target;
use crate::program::value::{Instance, Site, Value};

impl Evaluator<'_> {
    /// A parameter: its declared type when that says something, else what a library passes to the
    /// callback, else the default, else [`Value::Param`].
    pub(in crate::program) fn param(&self, unit_id: UnitId, func: FuncId, index: usize) -> Value {
        let unit = self.program.unit(unit_id);
        let param = &unit.module.func(func).params[index];
        if unit.module.language.has_packages() {
            if let Some(value) = self.configured(unit_id, &param.decorators) {
                return value;
            }
            if let Some(declared) = param.ty.and_then(|ty| self.declared(unit_id, ty)) {
                return match self.is_injected(unit_id, func) {
                    true => self
                        .handed(unit_id, func, index)
                        .unwrap_or_else(|| self.injected(unit_id, declared, &param.name, &param.decorators)),
                    false => declared,
                };
            }
        }
        if let Some(value) = param.ty.and_then(|ty| self.declared(unit_id, ty)) {
            return value;
        }
        if let Some(value) = self.callback_param(unit_id, func, index) {
            return value;
        }
        if let Some(value) = self.overridden_param(unit_id, func, index) {
            return value;
        }
        if let Some(default) = param.default {
            match self.at(unit_id, default) {
                Value::Unknown | Value::Null => {}
                // A default is one possibility; the caller may pass something else.
                value if is_object(&value) || matches!(value, Value::Env { .. }) => return value,
                _ => {}
            }
        }
        Value::Param { unit: unit_id, func, index }
    }

    /// What a library passes to a method of its base class: kombu's `get_consumers(self, Consumer, channel)`.
    fn overridden_param(&self, unit_id: UnitId, func: FuncId, index: usize) -> Option<Value> {
        let module = &self.program.unit(unit_id).module;
        let function = module.func(func);
        let bases = &module.class(function.class?).bases;
        bases.iter().find_map(|base| match self.at(unit_id, *base) {
            Value::External(symbol) => {
                let base = self.catalog.canonical(module.language, &symbol);
                let given = self.catalog.overridden_param(module.language, &base, &function.name, index)?;
                Some(Value::External(given))
            }
            _ => None,
        })
    }

    /// The parameter of a lambda that is passed to a library: `connect(url, (err, conn) => …)`.
    pub(super) fn callback_param(&self, unit_id: UnitId, func: FuncId, index: usize) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let Some(&lambda) = unit.index.lambda_expr.get(&func) else {
            return self.named_callback_param(unit_id, func, index);
        };
        let mut key = None;
        let mut inner = lambda;
        let call_expr = loop {
            match unit.index.expr_parent[inner.0 as usize] {
                Parent::Expr(outer) => match &unit.module.expr(outer).kind {
                    ExprKind::Call(_) => break outer,
                    ExprKind::Dict(entries) => {
                        key = entries.iter().find_map(|e| match e {
                            Entry::Pair { key, value } if *value == inner => self.at(unit_id, *key).as_str(),
                            _ => None,
                        });
                        inner = outer;
                    }
                    _ => inner = outer,
                },
                _ => return None,
            }
        };
        let call = unit.module.call(call_expr)?;
        let position = call.args.iter().position(|a| a.value == inner)?;
        if let ExprKind::Attr { object, name, .. } = &unit.module.expr(call.callee).kind
            && position == 0
            && index == 0
        {
            // `KafkaConsumer(settings).use { consumer -> … }` hands over what it is called on.
            let is_scope = unit.module.language == Language::Kotlin && matches!(name.as_str(), "also" | "let" | "use");
            if name == "then" || is_scope {
                return Some(self.at(unit_id, *object));
            }
            // `handlers.get(kind).forEach((handler) => handler(event))`
            if matches!(name.as_str(), "forEach" | "map") && unit.module.language.is_script() {
                let listed = self.listed(unit_id, *object);
                if !listed.is_unknown() {
                    return Some(listed);
                }
            }
        }
        let (symbol, receiver) = match self.at(unit_id, call.callee) {
            Value::External(symbol) => (symbol, None),
            Value::Method { symbol, receiver } => (symbol, Some(receiver)),
            _ => return None,
        };
        let ty = self.catalog.callback_param(unit.module.language, &symbol, position, key.as_deref(), index)?;
        Some(Value::Instance(Instance { ty, call: Some(Site { unit: unit_id, expr: call_expr }), from: receiver }))
    }

    /// The parameter of a function that is passed to a library by its name: `consume(q, on_message)`,
    /// `consume(partial(on_message, callback=handle))`.
    pub(super) fn named_callback_param(&self, unit_id: UnitId, func: FuncId, index: usize) -> Option<Value> {
        self.handed_to(unit_id, func).into_iter().take(16).find_map(|(site, position)| {
            let module = &self.program.unit(site.unit).module;
            let (site, position, index) = match module.callee_name(site.expr)?.as_str() {
                "partial" if position == 0 => {
                    let (outer, position) = self.given_to(site)?;
                    let bound = module.call(site.expr)?.args.iter().filter(|arg| arg.name.is_none()).count() - 1;
                    (outer, position, index.checked_sub(bound)?)
                }
                _ => (site, position, index),
            };
            let (symbol, receiver) = match self.at(site.unit, module.call(site.expr)?.callee) {
                Value::External(symbol) => (self.catalog.canonical(module.language, &symbol), None),
                Value::Method { symbol, receiver } => (symbol, Some(receiver)),
                _ => return None,
            };
            let ty = self.catalog.callback_param(module.language, &symbol, position, None, index)?;
            Some(Value::Instance(Instance { ty, call: Some(site), from: receiver }))
        })
    }

    /// The call that an expression is an argument of, with the position.
    fn given_to(&self, site: Site) -> Option<(Site, usize)> {
        let unit = self.program.unit(site.unit);
        let Parent::Expr(outer) = *unit.index.expr_parent.get(site.expr.0 as usize)? else { return None };
        let position = unit.module.call(outer)?.args.iter().position(|arg| arg.value == site.expr)?;
        Some((Site { unit: site.unit, expr: outer }, position))
    }

    /// The value of a declared type: an external or repository object; none for anything else.
    pub fn declared(&self, unit_id: UnitId, ty: ExprId) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        match &unit.module.expr(ty).kind {
            ExprKind::Binary { op: BinaryOp::BitOr, left, right } => {
                self.declared(unit_id, *left).or_else(|| self.declared(unit_id, *right))
            }
            ExprKind::Index { object, index } => {
                let wrapper = match &unit.module.expr(*object).kind {
                    ExprKind::Name(name) | ExprKind::Attr { name, .. } => name.as_str(),
                    _ => "",
                };
                match wrapper {
                    "Optional" | "Promise" | "Awaitable" | "Annotated" | "Union" | "Final" | "ClassVar"
                    | "Readonly" | "Partial" | "Required" | "AsyncGenerator" | "AsyncIterator" | "Iterator"
                    | "Generator" | "Coroutine" | "NonNullable" | "Task" | "ValueTask" | "Lazy" | "IOptions"
                    | "IOptionsMonitor" | "IOptionsSnapshot" => match &unit.module.expr(*index).kind {
                        ExprKind::List(items) => {
                            let value = items.first().and_then(|e| self.declared(unit_id, *e));
                            // `Annotated[Client, Depends(get_client)]` says more than its type.
                            let injected = items.iter().skip(1).find_map(|e| match self.at(unit_id, *e) {
                                Value::Unknown | Value::External(_) => None,
                                v => is_object(&v).then_some(v),
                            });
                            if wrapper == "Annotated" { injected.or(value) } else { value }
                        }
                        _ => self.declared(unit_id, *index),
                    },
                    "list"
                    | "List"
                    | "dict"
                    | "Dict"
                    | "Array"
                    | "Record"
                    | "Map"
                    | "Set"
                    | "Sequence"
                    | "tuple"
                    | "Tuple"
                    | "IEnumerable"
                    | "IList"
                    | "ICollection"
                    | "IReadOnlyList"
                    | "IReadOnlyCollection"
                    | "Dictionary"
                    | "IDictionary"
                    | "HashSet" => None,
                    // A channel of a library's messages is an object of that library.
                    "chan" => match self.declared(unit_id, *index)? {
                        Value::Instance(message) => {
                            let (library, rest) = self.catalog.split(unit.module.language, &message.ty)?;
                            let ty = format_smolstr!("{}.chan {rest}", library.packages[0]);
                            Some(Value::Instance(Instance { ty, call: None, from: None }))
                        }
                        _ => None,
                    },
                    _ => self.declared(unit_id, *object),
                }
            }
            ExprKind::Name(name) if self.type_alias(unit_id, name).is_some_and(|(u, e)| (u, e) != (unit_id, ty)) => {
                let (unit, aliased) = self.type_alias(unit_id, name)?;
                self.declared(unit, aliased)
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } => match self.at(unit_id, ty) {
                Value::Class { unit: u, class }
                    if self.program.language(unit_id).has_packages()
                        && self.program.unit(u).module.class(class).kind == ClassKind::Interface =>
                {
                    self.implementation(unit_id, (u, class)).or(Some(Value::Object { unit: u, class, call: None }))
                }
                // `type Handler func(Message) error`: what is given is a function.
                Value::Class { unit, class } if self.is_function_type(unit, class) => None,
                Value::Class { unit, class } => {
                    // An interface says what can be called, not what it is.
                    (self.program.unit(unit).module.class(class).kind == ClassKind::Class)
                        .then_some(Value::Object { unit, class, call: None })
                        .or(Some(Value::Object { unit, class, call: None }))
                }
                Value::External(symbol) => {
                    if symbol.starts_with("builtins.")
                        || symbol.starts_with("globalThis.")
                        || symbol.starts_with("typing.")
                        || symbol.starts_with("builtin.")
                        || (unit.module.language.has_packages() && Self::is_plain_type(&symbol))
                    {
                        return None;
                    }
                    let ty = self.catalog.canonical(unit.module.language, &symbol);
                    Some(Value::Instance(Instance { ty, call: None, from: None }))
                }
                _ => None,
            },
            ExprKind::ClassExpr(class) => Some(Value::Object { unit: unit_id, class: *class, call: None }),
            ExprKind::Str(name) => {
                let value = self.name(unit_id, None, name, None);
                match value {
                    Value::Class { unit, class } => Some(Value::Object { unit, class, call: None }),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// True for a type of Go that is only a name for functions of a form.
    fn is_function_type(&self, unit_id: UnitId, class: ClassId) -> bool {
        let module = &self.program.unit(unit_id).module;
        let class = module.class(class);
        module.language == Language::Go
            && class.kind == ClassKind::Class
            && class.fields.is_empty()
            && class.methods.is_empty()
            && matches!(class.bases[..], [base] if matches!(module.expr(base).kind, ExprKind::Other(_)))
    }

    /// The type that a name stands for: `SessionDep = Annotated[Session, Depends(get_session)]`, here or
    /// in the module it is imported from.
    pub(super) fn type_alias(&self, unit_id: UnitId, name: &str) -> Option<(UnitId, ExprId)> {
        let unit = self.program.unit(unit_id);
        let (unit_id, bindings) = match unit.index.top(name) {
            [Binding::Import(i)] => {
                let import = &unit.module.imports[*i];
                let ImportKind::Named(name) = &import.kind else { return None };
                let Target::Unit(target) = self.program.imports.target(unit_id, &import.module)? else { return None };
                (*target, self.program.unit(*target).index.top(name))
            }
            bindings => (unit_id, bindings),
        };
        let [Binding::Value(value)] = bindings else { return None };
        let is_type = matches!(
            self.program.expr(unit_id, *value).kind,
            ExprKind::Index { .. } | ExprKind::Binary { op: BinaryOp::BitOr, .. }
        );
        is_type.then_some((unit_id, *value))
    }

    /// `with expr as x`: usually the object itself.
    pub(super) fn entered(&self, unit: UnitId, expr: ExprId) -> Value {
        match self.at(unit, expr) {
            Value::Object { unit: u, class, call } => {
                // `__aenter__` may return something else than self.
                for enter in ["__aenter__", "__enter__"] {
                    if let Value::Function { unit: fu, func, .. } =
                        self.member(u, class, enter, call, Site { unit, expr }, 0)
                    {
                        let value = self.returned(fu, func, None);
                        if !value.is_unknown() {
                            return value;
                        }
                    }
                }
                Value::Object { unit: u, class, call }
            }
            other => other,
        }
    }

    /// The element of what is iterated.
    pub(super) fn element(&self, unit: UnitId, iter: ExprId) -> Value {
        let item = match self.at(unit, iter) {
            Value::List(items) => self.one_of(items.iter().take(8).map(|s| self.eval(*s)).collect()),
            // `for _, url := range map[string]string{…}`
            Value::Dict(dict) if self.program.language(unit) == Language::Go => {
                self.one_of(dict.entries.iter().take(8).map(|(_, site)| self.eval(*site)).collect())
            }
            Value::Instance(instance) => {
                let symbol = format_smolstr!("{}[]", instance.ty);
                self.catalog.property(self.program.language(unit), &symbol).map_or(Value::Unknown, |ty| {
                    Value::Instance(Instance { ty, call: instance.call, from: Some(Arc::new(instance.clone())) })
                })
            }
            _ => Value::Unknown,
        };
        match item {
            Value::Unknown if self.program.language(unit) == Language::CSharp => {
                self.item_of(unit, iter, 0).unwrap_or(Value::Unknown)
            }
            Value::Unknown
                if self.program.language(unit).is_script() || self.program.language(unit) == Language::Python =>
            {
                match self.listed(unit, iter) {
                    Value::Unknown if self.program.language(unit).is_script() => {
                        self.content(unit, iter).unwrap_or(Value::Unknown)
                    }
                    listed => listed,
                }
            }
            Value::Unknown => self.content(unit, iter).unwrap_or(Value::Unknown),
            item => item,
        }
    }
}
