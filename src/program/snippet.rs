//! Code that is a part of something: samples of articles and of skills leave out imports and the making of
//! objects. A name that nothing binds can't stay nothing there; what it means is clear to every reader, by
//! its own name or by the methods that are called on it.

use smol_str::SmolStr;

use super::UnitId;
use super::eval::Evaluator;
use super::index::Binding;
use super::resolve::{Target, parent};
use super::value::{Instance, Value};
use crate::catalog::schema::Ecosystem;
use crate::facts::module::{Call, Entry, ExprId, ExprKind, ImportKind, Language, Module};

/// How many files a sample has at most.
const MAX_BLOCKS: usize = 24;

/// Names that a language has itself, and that a block may declare for its own use.
const BUILT_IN: [&str; 22] = [
    "all", "any", "compile", "console", "dict", "exec", "exit", "fetch", "filter", "format", "hash", "id", "input",
    "list", "map", "next", "open", "print", "process", "require", "set", "type",
];

impl Evaluator<'_> {
    /// True for a module that cannot run as it is: it imports nothing, or a file beside it that is not there.
    pub fn is_snippet(&self, unit: UnitId) -> bool {
        let module = &self.program.unit(unit).module;
        if !matches!(module.language, Language::Python | Language::JavaScript | Language::TypeScript) {
            return module.imports.is_empty();
        }
        module.imports.is_empty()
            || module.imports.iter().any(|import| {
                import.module.starts_with('.')
                    && matches!(self.program.imports.target(unit, &import.module), Some(Target::External(_)))
            })
    }

    /// What a name that nothing binds means by itself.
    pub(super) fn implied(&self, unit: UnitId, name: &str) -> Option<Value> {
        let module = &self.program.unit(unit).module;
        let is_open = match module.language {
            // Anything may come from a star.
            Language::Python => module.imports.iter().any(|i| i.kind == ImportKind::Star),
            // A page may load scripts that set globals.
            Language::JavaScript | Language::TypeScript => !self.is_snippet(unit),
            Language::Go => !module.imports.is_empty(),
            Language::Java | Language::Kotlin => module.package.is_some(),
            Language::CSharp => true,
        };
        if is_open {
            return None;
        }
        let symbols = self.catalog.implied(module.language, name);
        // Which of the libraries with a type of that name it is, the annotations around may say.
        if module.language.has_packages() && symbols.len() > 1 {
            let mut of_spring = symbols.iter().filter(|s| s.starts_with("org.springframework."));
            return match (of_spring.next(), of_spring.next()) {
                (Some(only), None) if is_bean(module) => Some(Value::External(only.clone())),
                _ => None,
            };
        }
        let values: Vec<Value> = symbols.iter().cloned().map(Value::External).collect();
        (!values.is_empty()).then(|| self.one_of(values))
    }

    /// What another block of the same sample declares by a name that nothing binds here: articles and skills show one
    /// program in several blocks, and leave out the imports between them.
    pub(super) fn beside(&self, unit_id: UnitId, name: &str) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let module = &unit.module;
        let is_open = match module.language {
            Language::Python => module.imports.iter().any(|i| i.kind == ImportKind::Star),
            Language::JavaScript | Language::TypeScript => !self.is_snippet(unit_id),
            _ => true,
        };
        if is_open || BUILT_IN.contains(&name) || self.program.ids().count() > MAX_BLOCKS {
            return None;
        }
        let folder = parent(&unit.path);
        let declares = |other: &UnitId| {
            let other = self.program.unit(*other);
            let bound = other.index.top(name);
            Ecosystem::of(other.module.language) == Ecosystem::of(module.language)
                && parent(&other.path) == folder
                && bound.iter().any(|b| matches!(b, Binding::Func(_) | Binding::Class(_) | Binding::Value(_)))
        };
        let mut found = self.program.ids().filter(|other| *other != unit_id).filter(declares);
        match (found.next(), found.next()) {
            (Some(only), None) => Some(self.name(only, None, name, None)),
            _ => None,
        }
    }

    /// The type of a library that a name which nothing declares is called after: `kafkaTemplate`.
    pub(super) fn named_after(&self, unit: UnitId, name: &str) -> Option<SmolStr> {
        let mut type_name = name.to_string();
        type_name.get_mut(..1)?.make_ascii_uppercase();
        match self.implied(unit, &type_name)? {
            Value::External(symbol) => Some(symbol),
            _ => None,
        }
    }

    /// What a variable or field is by the methods that are called on it. `is_bound` tells that something is
    /// known of the name; then only a snippet is looked at.
    pub(super) fn by_use(&self, unit_id: UnitId, expr: ExprId, is_bound: bool) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let module = &unit.module;
        if !matches!(module.language, Language::Python | Language::JavaScript | Language::TypeScript)
            || is_bound && !self.is_snippet(unit_id)
        {
            return None;
        }
        let func = unit.index.func_of(expr);
        let is_same = |other: ExprId| match (&module.expr(other).kind, &module.expr(expr).kind) {
            (ExprKind::Name(a), ExprKind::Name(b)) if a == b => {
                let bound = |func| unit.index.lookup(module, func, a);
                match (bound(unit.index.func_of(other)), bound(func)) {
                    (None, None) => true,
                    (Some((one, first)), Some((two, second))) => one == two || is_made_alike(module, first, second),
                    _ => false,
                }
            }
            (ExprKind::Attr { object: a, name: x, .. }, ExprKind::Attr { object: b, name: y, .. }) => {
                x == y && matches!((&module.expr(*a).kind, &module.expr(*b).kind), (ExprKind::This, ExprKind::This))
            }
            _ => false,
        };
        let shared = match &module.expr(expr).kind {
            ExprKind::Name(name) if !is_bound && self.is_snippet(unit_id) => Some(name),
            _ => None,
        };
        let is_meant = |other: UnitId, object: ExprId| {
            other == unit_id && is_same(object)
                || other != unit_id && shared.is_some_and(|name| self.is_left_out(unit_id, other, object, name))
        };
        let ty = self.catalog.marks(module.language).find_map(|(mark, ty)| {
            let (method, key) = mark.split_once('{').unwrap_or((mark, ""));
            let sites = self.program.calls_named(method).iter();
            let mut calls = sites.filter(|site| site.unit == unit_id || shared.is_some());
            calls
                .any(|site| {
                    let module = &self.program.unit(site.unit).module;
                    let Some(call) = module.call(site.expr) else { return false };
                    let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return false };
                    is_meant(site.unit, *object) && (key.is_empty() || has_key(module, call, key.trim_end_matches('}')))
                })
                .then_some(ty)
        })?;
        Some(Value::Instance(Instance { ty, call: None, from: None }))
    }

    /// True for a name in another block of the same sample that nothing binds there either: both blocks leave out the
    /// making of one object.
    fn is_left_out(&self, unit: UnitId, other: UnitId, expr: ExprId, name: &str) -> bool {
        let (here, there) = (self.program.unit(unit), self.program.unit(other));
        matches!(&there.module.expr(expr).kind, ExprKind::Name(found) if found == name)
            && parent(&here.path) == parent(&there.path)
            && here.module.language == there.module.language
            && self.is_snippet(other)
            && self.program.ids().count() <= MAX_BLOCKS
            && there.index.lookup(&there.module, there.index.func_of(expr), name).is_none()
    }
}

/// True for a module with annotations that only Spring's container reads.
fn is_bean(module: &Module) -> bool {
    let of_classes = module.classes.iter().flat_map(|c| &c.decorators);
    of_classes.chain(module.funcs.iter().flat_map(|f| &f.decorators)).any(|decorator| {
        names(module, *decorator).first().is_some_and(|name| {
            matches!(
                name.as_str(),
                "Service" | "Component" | "Configuration" | "Bean" | "RestController" | "SpringBootApplication"
            )
        })
    })
}

/// Both variables are given the same: `const channel = this.connection.getChannel()` in two methods.
fn is_made_alike(module: &Module, first: &[Binding], second: &[Binding]) -> bool {
    match (first, second) {
        ([Binding::Value(first)], [Binding::Value(second)]) => {
            let made = names(module, *first);
            made.len() > 1 && made == names(module, *second)
        }
        _ => false,
    }
}

/// The names in a chain of attributes and calls, last to first.
fn names(module: &Module, mut expr: ExprId) -> Vec<&SmolStr> {
    let mut out = Vec::new();
    loop {
        expr = match &module.expr(expr).kind {
            ExprKind::Await(inner) => *inner,
            ExprKind::Call(call) => call.callee,
            ExprKind::Attr { object, name, .. } => {
                out.push(name);
                *object
            }
            ExprKind::Name(name) => {
                out.push(name);
                return out;
            }
            _ => return out,
        };
    }
}

/// An argument has a name, or is an object with a key.
fn has_key(module: &Module, call: &Call, key: &str) -> bool {
    call.args.iter().any(|arg| arg.name.as_deref() == Some(key))
        || call.args.iter().any(|arg| match &module.expr(arg.value).kind {
            ExprKind::Dict(entries) => entries.iter().any(|entry| match entry {
                Entry::Pair { key: k, .. } => matches!(&module.expr(*k).kind, ExprKind::Str(text) if text == key),
                Entry::Spread(_) => false,
            }),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::program::Evaluator;
    use crate::program::load::from_sources;
    use crate::program::resolve::Packages;

    /// What the first call of a name calls.
    fn callee(path: &str, text: &str, name: &str) -> String {
        let program = from_sources(&[(path, text)], &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        ev.callee(program.calls_named(name)[0]).map_or("?".into(), |(symbol, _)| symbol.to_string())
    }

    #[test]
    fn names_without_an_import_mean_what_every_reader_takes_them_for() {
        assert_eq!(callee("a.py", "def stock():\n    return requests.get(URL)\n", "get"), "requests.get");
        assert_eq!(callee("a.ts", "const r = await axios.get(url);\n", "get"), "axios.get");
        let java =
            "class A {\n  private final RestTemplate rest;\n  void a() { rest.getForObject(\"/\", B.class); }\n}\n";
        assert_eq!(callee("A.java", java, "getForObject"), "org.springframework.web.client.RestTemplate.getForObject");
        assert_eq!(callee("a.go", "package a\n\nfunc f() { http.Get(url) }\n", "Get"), "net/http.Get");
    }

    #[test]
    fn a_name_that_something_else_may_bind_means_nothing() {
        let py = "from helpers import *\ndef stock():\n    return requests.get(URL)\n";
        assert_eq!(callee("a.py", py, "get"), "builtins.requests.get");
        let ts = "import { x } from 'y';\nawait axios.get(url);\n";
        assert_eq!(callee("a.ts", ts, "get"), "globalThis.axios.get");
        let java =
            "package shop;\nclass A {\n  RestTemplate rest;\n  void a() { rest.getForObject(\"/\", B.class); }\n}\n";
        assert_eq!(callee("A.java", java, "getForObject"), "shop.RestTemplate.getForObject");
    }

    #[test]
    fn objects_of_unknown_origin_are_known_by_their_methods() {
        let py = "channel.queue_declare(queue='a')\nchannel.basic_publish('', 'a', b'')\nchannel.close()\n";
        assert_eq!(callee("a.py", py, "close"), "pika.BlockingChannel.close");
        let ts = "class A {\n  async send() {\n    const channel = await this.connection.open();\n    await channel.assertQueue('a');\n    channel.ack(1);\n  }\n}\n";
        assert_eq!(callee("a.ts", ts, "ack"), "amqplib.Channel.ack");
        let kafka = "await consumer.subscribe({ topic });\nawait consumer.run({ eachMessage: async () => {} });\n";
        assert_eq!(callee("a.ts", kafka, "subscribe"), "kafkajs.Consumer.subscribe");
        let twice = "class A {\n  setup() { const ch = this.conn.open(); ch.assertQueue('a'); }\n  run() { const ch = this.conn.open(); ch.nack(1); }\n}\n";
        assert_eq!(callee("a.ts", twice, "nack"), "amqplib.Channel.nack");
        // A job of another library that has a method of the name.
        assert_eq!(callee("a.ts", "await runner.run({ task });\n", "run"), "globalThis.runner.run");
    }
}
