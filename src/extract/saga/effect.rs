//! What an action does to the world, by following its calls.

use smol_str::SmolStr;

use super::{Context, Effect, scan, store};
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, Language};
use crate::program::{Site, UnitId, Value};

/// How deep calls are followed.
const MAX_DEPTH: u32 = 5;

impl Context<'_, '_> {
    /// The effect of a function that is handed over: a lambda, a name, a bound method.
    pub(super) fn effect_of_value(&self, site: Site) -> Effect {
        let mut worst = None;
        for value in self.ev.eval(site).alternatives() {
            let effect = match value {
                Value::Function { unit, func, .. } => self.effect_of(*unit, *func),
                Value::External(symbol) | Value::Method { symbol, .. } => {
                    self.effect_of_symbol(site.unit, symbol, None).unwrap_or(Effect::Unknown)
                }
                _ => Effect::Unknown,
            };
            worst = worst.max(Some(effect));
        }
        worst.unwrap_or(Effect::Unknown)
    }

    /// The effect of running a function.
    pub(super) fn effect_of(&self, unit: UnitId, func: FuncId) -> Effect {
        self.effect_within(unit, func, 0)
    }

    fn effect_within(&self, unit: UnitId, func: FuncId, depth: u32) -> Effect {
        if let Some(known) = self.effects.borrow().get(&(unit, func)) {
            return *known;
        }
        if depth > MAX_DEPTH {
            return Effect::Unknown;
        }
        // A cycle adds nothing.
        self.effects.borrow_mut().insert((unit, func), Effect::Pure);
        let calls = self.calls_in(unit, func);
        let effect = calls.iter().map(|(expr, call)| self.effect_of_call(unit, *expr, call, depth)).max();
        let mut effect = effect.unwrap_or(Effect::Pure);
        // An abstract method: whoever implements it.
        if calls.is_empty() && self.is_abstract(unit, func) {
            effect = Effect::Unknown;
        }
        self.effects.borrow_mut().insert((unit, func), effect);
        effect
    }

    /// The effect of one call.
    pub(super) fn effect_of_call(&self, unit: UnitId, expr: ExprId, call: &Call, depth: u32) -> Effect {
        let module = &self.ev.program.unit(unit).module;
        if scan::is_log(module, expr) {
            return Effect::Pure;
        }
        let callee = self.ev.at(unit, call.callee);
        let mut worst = Effect::Pure;
        for value in callee.alternatives() {
            let effect = match value {
                Value::Function { unit: u, func, .. } => self.effect_within(*u, *func, depth + 1),
                Value::External(symbol) | Value::Method { symbol, .. } => {
                    self.effect_of_symbol(unit, symbol, Some((unit, call))).unwrap_or(Effect::Unknown)
                }
                Value::Instance(instance) => {
                    self.effect_of_symbol(unit, &instance.ty, Some((unit, call))).unwrap_or(Effect::Unknown)
                }
                Value::Class { .. } => Effect::Pure,
                _ if is_plumbing(module, call) => Effect::Pure,
                _ => Effect::Unknown,
            };
            let effect = if effect == Effect::Unknown { of_repository(module, call).unwrap_or(effect) } else { effect };
            worst = worst.max(effect);
        }
        worst
    }

    /// The effect of calling an external function; none when nothing is known of it.
    fn effect_of_symbol(&self, unit: UnitId, symbol: &str, call: Option<(UnitId, &Call)>) -> Option<Effect> {
        let language = self.ev.program.language(unit);
        let symbol = self.ev.catalog.canonical(language, symbol);
        let last = symbol.rsplit('.').find(|s| *s != "()").unwrap_or_default();
        if store::is_store(language, &symbol) {
            return Some(if store::is_read(last) { Effect::Read } else { Effect::Database });
        }
        if store::is_neutral(&symbol) && !symbol.ends_with(".fetch") {
            return Some(Effect::Pure);
        }
        if store::is_broker(&symbol) {
            let publishes = ["send", "publish", "emit", "produce", "put", "add"].iter().any(|p| last.contains(p));
            return Some(if publishes { Effect::Publish } else { Effect::Pure });
        }
        if language == Language::CSharp && is_generated_client(&symbol) {
            return Some(if super::names::is_query(last) { Effect::Read } else { Effect::Remote });
        }
        if !self.is_http(language, &symbol) {
            return None;
        }
        let method = call.and_then(|(u, c)| self.http_method(u, c)).unwrap_or_else(|| last.to_uppercase());
        Some(match method.as_str() {
            "GET" | "HEAD" | "OPTIONS" => Effect::Read,
            "POST" | "PUT" | "PATCH" | "DELETE" | "REQUEST" | "SEND" => Effect::Remote,
            "FETCH" => Effect::Read,
            // `postForObject`, `PostAsJsonAsync`, `getForEntity`.
            m if ["POST", "PUT", "PATCH", "DELETE"].iter().any(|v| m.starts_with(v)) => Effect::Remote,
            m if m.starts_with("GET") => Effect::Read,
            // The verb is an argument that could not be read.
            "EXCHANGE" | "DO" | "EXECUTE" | "SENDASYNC" => Effect::Unknown,
            // Constructors, `raise_for_status`, `json`, `close`.
            _ => Effect::Pure,
        })
    }

    /// True for a symbol of an HTTP client. Of what needs no import that is `fetch` alone; another name that
    /// nothing binds is an object that a sample leaves out.
    pub(super) fn is_http(&self, language: Language, symbol: &str) -> bool {
        let is_left_out = symbol.strip_prefix("globalThis.").is_some_and(|rest| {
            !matches!(rest.split('.').next(), Some("fetch" | "window" | "self" | "XMLHttpRequest"))
        });
        !is_left_out && self.ev.catalog.split(language, symbol).is_some_and(|(library, _)| library.http.is_some())
    }

    /// The method that an argument of a request names.
    fn http_method(&self, unit: UnitId, call: &Call) -> Option<String> {
        let known = |text: Option<String>| {
            text.map(|t| t.to_uppercase())
                .filter(|t| matches!(t.as_str(), "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "PATCH" | "DELETE"))
        };
        for arg in &call.args {
            let value = self.ev.at(unit, arg.value);
            if let Some(method) = known(value.as_str()) {
                return Some(method);
            }
            if let Value::Dict(dict) = &value
                && let Some(site) = dict.get("method")
            {
                return Some(known(self.ev.eval(site).as_str()).unwrap_or_else(|| "REQUEST".into()));
            }
        }
        None
    }

    /// True for a method without a body of its own in an interface or an abstract class.
    pub(super) fn is_abstract(&self, unit: UnitId, func: FuncId) -> bool {
        let module = &self.ev.program.unit(unit).module;
        let function = module.func(func);
        let Some(class) = function.class else { return false };
        let says_so = |names: Vec<SmolStr>| {
            names.iter().any(|n| n == "abstractmethod" || n == "Protocol" || n == "ABC" || n == "NotImplementedError")
        };
        scan::does_nothing(module, func)
            && (module.class(class).kind == crate::facts::module::ClassKind::Interface
                || function.decorators.iter().any(|d| says_so(scan::names_in(module, *d)))
                || module.class(class).bases.iter().any(|b| says_so(scan::names_in(module, *b)))
                || !function.body.is_empty() && raises(module, func)
                || !self.heirs(unit, class).is_empty())
    }
}

/// A method of a client that protoc writes for C#, a class in the class of its service:
/// `Payments.PaymentsClient.ChargeAsync` (<https://grpc.io/docs/languages/csharp/basics/>).
fn is_generated_client(symbol: &str) -> bool {
    let parts: Vec<&str> = symbol.split('.').filter(|part| *part != "()").collect();
    match parts.as_slice() {
        [.., service, client, _] => client.strip_suffix("Client") == Some(*service),
        _ => false,
    }
}

fn raises(module: &crate::facts::module::Module, func: FuncId) -> bool {
    module.func(func).body.iter().any(|s| matches!(module.stmt(*s).kind, crate::facts::module::StmtKind::Throw(_)))
}

/// `this.orderRepository.delete(id)`: a repository is a table of the service's own.
fn of_repository(module: &crate::facts::module::Module, call: &Call) -> Option<Effect> {
    let chain = scan::chain(module, call.callee);
    let (method, object) = chain.split_last()?;
    let words = super::names::words(object.last()?);
    let own = words.last().is_some_and(|w| matches!(w.as_str(), "repository" | "repo" | "dao"));
    own.then(|| if store::is_read(method) { Effect::Read } else { Effect::Database })
}

/// Methods of data, by their names: what is not known of `order.get("id")` matters to nobody.
fn is_plumbing(module: &crate::facts::module::Module, call: &Call) -> bool {
    let name = match &module.expr(call.callee).kind {
        ExprKind::Attr { name, .. } | ExprKind::Name(name) => name.as_str(),
        _ => return false,
    };
    matches!(
        name,
        "get"
            | "append"
            | "push"
            | "pop"
            | "items"
            | "keys"
            | "values"
            | "join"
            | "map"
            | "filter"
            | "forEach"
            | "find"
            | "some"
            | "every"
            | "reduce"
            | "includes"
            | "raise_for_status"
            | "json"
            | "text"
            | "format"
            | "has"
            | "split"
            | "strip"
            | "lower"
            | "upper"
            | "toString"
            | "isoformat"
            | "model_dump"
            | "dict"
            | "copy"
            | "then"
            | "catch"
            | "super"
            | "slice"
            | "set"
            | "update"
            | "setdefault"
            | "extend"
            | "toFixed"
            | "toISOString"
            | "hex"
            | "reverse"
            | "unshift"
            | "to_dict"
    )
}
