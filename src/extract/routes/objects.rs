//! Which application or router object an expression is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use smol_str::{SmolStr, format_smolstr};

use super::graph::{Edge, Graph, Key, Node};
use super::path::{self, PathText};
use super::source;
use super::{App, GapKind};
use crate::catalog::schema::Ecosystem;
use crate::catalog::server::{Object, Server};
use crate::facts::module::{BinaryOp, ClassId, ExprId, ExprKind, FuncId, Language};
use crate::program::index::{Binding, Parent};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Instance, Site, UnitId, Value};
use crate::syntax::Place;

/// How deep registrations nest in one another before we give up.
pub(super) const MAX_NESTING: u32 = 24;

/// What the catalog knows about a type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind<'a> {
    pub server: &'a Server,
    pub object: &'a Object,
    pub is_app: bool,
}

/// Puts the graph together.
pub(super) struct Builder<'e, 'a> {
    pub ev: &'e Evaluator<'a>,
    pub graph: Graph,
    /// Types of objects by symbol.
    pub types: HashMap<(Ecosystem, SmolStr), Kind<'a>>,
    /// The framework of each object.
    pub servers: BTreeMap<Key, &'a Server>,
    /// Calls on parameters whose framework is not known yet.
    pub pending: BTreeMap<Key, Vec<Site>>,
    /// Parameters that are to be followed to the callers.
    pub params: BTreeSet<Key>,
    pub decorated: HashMap<UnitId, HashMap<ExprId, Decorated>>,
    pub nesting: u32,
    /// What the calls of methods are made on, as far as that is known by now.
    pub received: HashMap<Site, Option<Key>>,
    /// How many objects were mounted so far.
    pub links: usize,
    /// For each module its calls by the function they call.
    pub calls_from: HashMap<UnitId, HashMap<(UnitId, FuncId), Vec<Site>>>,
}

/// What a decorator stands at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Decorated {
    Func(FuncId),
    Class(ClassId),
}

impl<'e, 'a> Builder<'e, 'a> {
    pub(super) fn new(ev: &'e Evaluator<'a>) -> Self {
        let mut types = HashMap::new();
        for library in ev.catalog.libraries() {
            let Some(server) = &library.server else { continue };
            let apps = server.apps.iter().map(|o| (o, true));
            for (object, is_app) in apps.chain(server.routers.iter().map(|o| (o, false))) {
                for package in &library.packages {
                    let symbol = SmolStr::from(format!("{package}.{}", object.ty));
                    types.insert((library.ecosystem, symbol), Kind { server, object, is_app });
                }
            }
        }
        Builder {
            ev,
            graph: Graph::default(),
            types,
            servers: BTreeMap::new(),
            pending: BTreeMap::new(),
            params: BTreeSet::new(),
            decorated: HashMap::new(),
            nesting: 0,
            received: HashMap::new(),
            links: 0,
            calls_from: HashMap::new(),
        }
    }

    fn kind_of(&self, unit: UnitId, ty: &SmolStr) -> Option<Kind<'a>> {
        let ecosystem = Ecosystem::of(self.ev.program.language(unit));
        self.types.get(&(ecosystem, ty.clone())).copied()
    }

    /// The objects an expression may be.
    pub(super) fn keys_of(&mut self, unit: UnitId, expr: ExprId) -> Vec<Key> {
        if let Some(key) = self.parameter(unit, expr, 0) {
            return vec![key];
        }
        if self.ev.program.language(unit) == Language::CSharp
            && let Some(key) = self.fluent(unit, expr, 0)
        {
            return vec![key];
        }
        if let Some(keys) = self.either(unit, expr) {
            return keys;
        }
        let value = match self.latest(unit, expr) {
            Some(latest) => self.ev.at(unit, latest),
            None => self.ev.at(unit, expr),
        };
        self.keys_of_value(unit, &value)
    }

    /// The object at the beginning of a chain of calls on a parameter, through variables:
    /// `app.NewVersionedApi().MapGroup("/x")` in `Map(this IEndpointRouteBuilder app)`.
    fn fluent(&mut self, unit_id: UnitId, expr: ExprId, depth: u32) -> Option<Key> {
        let unit = self.ev.program.unit(unit_id);
        if depth > MAX_NESTING {
            return None;
        }
        match &unit.module.expr(expr).kind {
            ExprKind::Call(call) => {
                let ExprKind::Attr { object, .. } = unit.module.expr(call.callee).kind else { return None };
                let parent = self.fluent(unit_id, object, depth + 1)?;
                Some(self.derive(parent, Site { unit: unit_id, expr }).unwrap_or(parent))
            }
            ExprKind::Name(name) => {
                let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(expr), name)?;
                match bindings {
                    [Binding::Param(func, index)] => Some(self.param_key(unit_id, *func, *index)),
                    [Binding::Value(value)] if *value != expr => self.fluent(unit_id, *value, depth + 1),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The objects of both ways: `IEndpointRouteBuilder to = group is null ? app : group`. A parameter that need not
    /// be passed stands for itself where callers pass it.
    fn either(&mut self, unit_id: UnitId, expr: ExprId) -> Option<Vec<Key>> {
        let ev = self.ev;
        let unit = ev.program.unit(unit_id);
        if unit.module.language != Language::CSharp || self.nesting > MAX_NESTING {
            return None;
        }
        let bound = match &unit.module.expr(expr).kind {
            ExprKind::Name(name) => match unit.index.lookup(&unit.module, unit.index.func_of(expr), name)?.1 {
                [Binding::Value(value)] => *value,
                _ => return None,
            },
            _ => expr,
        };
        let (one, other) = match unit.module.expr(bound).kind {
            ExprKind::Cond { then, other, .. } => (then, other),
            ExprKind::Binary { op: BinaryOp::Coalesce, left, right } => (left, right),
            _ => return None,
        };
        self.nesting += 1;
        let mut keys = self.keys_of(unit_id, one);
        keys.extend(self.keys_of(unit_id, other));
        self.nesting -= 1;
        let optional = keys.iter().copied().find(|key| match *key {
            Key::Param(of, func, index) => {
                ev.program.unit(of).module.func(func).params.get(index).is_some_and(|param| param.default.is_some())
            }
            _ => false,
        });
        if let Some(Key::Param(of, func, index)) = optional {
            let callers = ev.callers(of, func);
            let passed = callers.iter().any(|call| ev.argument_site(*call, of, func, index).is_some());
            keys.retain(|key| (Some(*key) == optional) == passed);
        }
        Some(keys)
    }

    /// What a variable was assigned last before it is used, where it is assigned several times without
    /// conditions: `app = FastAPI()`, and below `app = FastAPI(lifespan=lifespan)`.
    fn latest(&self, unit: UnitId, expr: ExprId) -> Option<ExprId> {
        let unit = self.ev.program.unit(unit);
        let ExprKind::Name(name) = &unit.module.expr(expr).kind else { return None };
        let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(expr), name)?;
        if bindings.len() < 2 {
            return None;
        }
        let mut values = Vec::new();
        for binding in bindings {
            let Binding::Value(value) = binding else { return None };
            let mut parents = unit.index.ancestors(*value);
            let plain = matches!(parents.next(), Some(Parent::Stmt(_)))
                && matches!(parents.next(), Some(Parent::Top | Parent::Func(_)));
            if !plain {
                return None;
            }
            values.push(*value);
        }
        let start = unit.module.expr(expr).span.start;
        values
            .into_iter()
            .filter(|v| unit.module.expr(*v).span.start < start)
            .max_by_key(|v| unit.module.expr(*v).span.start)
    }

    /// The objects a value may be.
    pub(super) fn keys_of_value(&mut self, unit: UnitId, value: &Value) -> Vec<Key> {
        let mut out: Vec<Key> = Vec::new();
        for alternative in value.alternatives() {
            if let Some(key) = self.key_of_value(unit, alternative)
                && !out.contains(&key)
            {
                out.push(key);
            }
        }
        out
    }

    fn key_of_value(&mut self, unit: UnitId, value: &Value) -> Option<Key> {
        match value {
            Value::Instance(instance) => self.key_of_instance(unit, instance),
            // `app.router` of aiohttp, `router.routes` of Koa.
            Value::Method { receiver, .. } => self.key_of_instance(unit, receiver),
            Value::Param { unit, func, index } => Some(self.param_key(*unit, *func, *index)),
            // Functions of a package that has an application of its own: `http.HandleFunc`.
            Value::External(symbol) => {
                let kind = self.kind_of(unit, &format_smolstr!("{symbol}."))?;
                let key = Key::Package(unit);
                if self.servers.insert(key, kind.server).is_none() {
                    let import = self.ev.program.unit(unit).module.imports.iter().find(|i| i.module == *symbol)?;
                    let place = Place::new(self.ev.program.unit(unit).file, import.span);
                    let site = self.first_call(unit, symbol)?;
                    let app = App { place, unit, site, framework: kind.server.framework.clone() };
                    self.graph.nodes.insert(key, Node { app: Some(app), ..Node::default() });
                }
                Some(key)
            }
            // A subclass of an application or router.
            Value::Object { unit, class, call: Some(call) } => {
                let kind = self.kind_of_class(*unit, *class, 0)?;
                self.declare(*call, kind);
                Some(Key::Site(*call))
            }
            _ => None,
        }
    }

    /// The first call of a function of a package in a module.
    fn first_call(&self, unit: UnitId, package: &str) -> Option<Site> {
        let module = &self.ev.program.unit(unit).module;
        let calls = self.ev.program.unit(unit).index.calls.iter();
        let of_package = |id: &&crate::facts::module::CallId| {
            let callee = module.call(id.expr).map(|call| &module.expr(call.callee).kind);
            matches!(callee, Some(ExprKind::Attr { object, .. })
                if matches!(self.ev.at(unit, *object), Value::External(s) if s == package))
        };
        calls.filter(of_package).map(|id| Site { unit, expr: id.expr }).next()
    }

    fn kind_of_class(&self, unit: UnitId, class: ClassId, hops: u32) -> Option<Kind<'a>> {
        let bases = &self.ev.program.unit(unit).module.class(class).bases;
        bases.iter().filter(|_| hops < 6).find_map(|&base| match self.ev.at(unit, base) {
            Value::External(symbol) => {
                let ty = self.ev.catalog.canonical(self.ev.program.language(unit), &symbol);
                self.kind_of(unit, &ty)
            }
            Value::Class { unit, class } => self.kind_of_class(unit, class, hops + 1),
            _ => None,
        })
    }

    fn key_of_instance(&mut self, unit: UnitId, instance: &Instance) -> Option<Key> {
        // Fluent calls give the object they are called on.
        let mut chain = vec![instance];
        while let Some(from) = chain.last().and_then(|i| i.from.as_deref()) {
            if chain.len() > 200 {
                return None;
            }
            chain.push(from);
        }
        let mut key: Option<Key> = None;
        for link in chain.into_iter().rev() {
            let Some(call) = link.call else { continue };
            if let Some(parent) = key {
                if let Some(derived) = self.derive(parent, call) {
                    key = Some(derived);
                }
            } else if let Some(parent) = self.receiver_of(link, call) {
                key = Some(self.derive(parent, call).unwrap_or(parent));
            } else if let Some(kind) = self.kind_of(unit, &link.ty) {
                self.declare(call, kind);
                key = Some(Key::Site(call));
            }
        }
        key
    }

    /// The object that a method is called on, where only its type is known: a parameter, a field.
    fn receiver_of(&mut self, link: &Instance, call: Site) -> Option<Key> {
        if link.from.as_ref()?.call.is_some() || self.nesting > MAX_NESTING {
            return None;
        }
        // Each of several values may lead to the same call again, and a call to itself.
        if let Some(known) = self.received.get(&call) {
            return *known;
        }
        self.received.insert(call, None);
        let module = &self.ev.program.unit(call.unit).module;
        let ExprKind::Attr { object, .. } = &module.expr(module.call(call.expr)?.callee).kind else { return None };
        self.nesting += 1;
        let key = self.keys_of(call.unit, *object).into_iter().next();
        self.nesting -= 1;
        self.received.insert(call, key);
        key
    }

    /// The object for a path that a call like `app.route("/x")` gives.
    fn derive(&mut self, parent: Key, call: Site) -> Option<Key> {
        let server = *self.servers.get(&parent)?;
        let module = &self.ev.program.unit(call.unit).module;
        let name = module.callee_name(call.expr)?;
        let form = server.derives.iter().find(|d| d.calls.iter().any(|c| c == name))?;
        let key = Key::Site(call);
        if self.servers.insert(key, server).is_none() {
            let prefix = self.path_at(call, &form.prefix);
            self.graph.nodes.insert(key, Node { whole: form.whole, ..Node::default() });
            self.graph.mount(key, Edge { parent, prefix, replaces: false });
        }
        Some(key)
    }

    /// The parameter an expression names: directly, or as a field that the constructor sets from one.
    fn parameter(&mut self, unit_id: UnitId, expr: ExprId, hops: u32) -> Option<Key> {
        let unit = self.ev.program.unit(unit_id);
        match &unit.module.expr(expr).kind {
            ExprKind::Name(name) => {
                let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(expr), name)?;
                match bindings {
                    [Binding::Param(func, index)] => Some(self.param_key(unit_id, *func, *index)),
                    _ => None,
                }
            }
            ExprKind::Attr { object, name, .. } if matches!(unit.module.expr(*object).kind, ExprKind::This) => {
                let mut func = unit.index.func_of(expr);
                let class = loop {
                    let function = unit.module.func(func?);
                    if function.class.is_some() {
                        break function.class?;
                    }
                    func = function.parent;
                };
                for &method in &unit.module.class(class).methods {
                    let params = &unit.module.func(method).params;
                    if let Some(index) = params.iter().position(|p| p.is_field && p.name == *name) {
                        return Some(self.param_key(unit_id, method, index));
                    }
                }
                match unit.index.member(class, name) {
                    [(value, _)] if hops < 4 => self.parameter(unit_id, *value, hops + 1),
                    [] => self.kept_parameter(unit_id, class, name, hops),
                    _ => None,
                }
            }
            // `server.router.Group("/x")` of a function that is handed the server.
            ExprKind::Attr { object, name, .. } if unit.module.language == Language::Go => {
                match self.ev.at(unit_id, *object) {
                    Value::Object { unit, class, call: None } => self.kept_parameter(unit, class, name, hops),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The parameter that a literal of a struct of Go keeps in a field: `&App{engine: engine}` in
    /// `func NewApp(engine *gin.Engine) *App`.
    fn kept_parameter(&mut self, unit: UnitId, class: ClassId, name: &str, hops: u32) -> Option<Key> {
        if hops >= 4 || self.ev.program.language(unit) != Language::Go {
            return None;
        }
        let set = self.ev.set_in(unit, class, name);
        set.into_iter().find_map(|site| self.parameter(site.unit, site.expr, hops + 1))
    }

    fn param_key(&mut self, unit_id: UnitId, func: FuncId, index: usize) -> Key {
        let key = Key::Param(unit_id, func, index);
        if !self.params.insert(key) {
            return key;
        }
        let unit = self.ev.program.unit(unit_id);
        let declared = unit.module.func(func).params.get(index).and_then(|p| p.ty);
        if let Some(Value::Instance(instance)) = declared.and_then(|ty| self.ev.declared(unit_id, ty))
            && let Some(kind) = self.kind_of(unit_id, &instance.ty)
        {
            self.servers.insert(key, kind.server);
            let app = self.started(unit_id, func, index, kind);
            let node = self.graph.nodes.entry(key).or_default();
            node.outermost = kind.object.outermost;
            if let Some((app, prefix)) = app {
                node.app = Some(app);
                node.prefix = prefix;
            }
        }
        key
    }

    /// The application that ASP.NET Core or Carter passes to a method: `Startup.Configure(app)`,
    /// `AddRoutes(app)` of a module, whose base may name a prefix.
    fn started(
        &mut self,
        unit_id: UnitId,
        func: FuncId,
        index: usize,
        kind: Kind<'a>,
    ) -> Option<(App, Option<PathText>)> {
        let unit = self.ev.program.unit(unit_id);
        let function = unit.module.func(func);
        let class = unit.module.class(function.class?);
        let carter = || {
            let named = |b: &ExprId| simple_name(&unit.module, *b).is_some_and(|n| n.ends_with("CarterModule"));
            class.bases.iter().any(named)
        };
        let starts = match function.name.as_str() {
            "Configure" => kind.object.ty == "IApplicationBuilder" || kind.is_app,
            "AddRoutes" => carter(),
            _ => false,
        };
        let ty = function.params.get(index).and_then(|p| p.ty).filter(|_| starts)?;
        let site = Site { unit: unit_id, expr: ty };
        let above = unit.index.calls.iter().find(|c| {
            let call = unit.module.call(c.expr);
            c.func.is_some_and(|f| class.methods.contains(&f))
                && call.is_some_and(|c| matches!(unit.module.expr(c.callee).kind, ExprKind::Super))
        });
        let prefix = above.and_then(|c| self.path_at(Site { unit: unit_id, expr: c.expr }, &["0".to_string()]));
        let place = self.ev.program.place(site);
        Some((App { place, unit: unit_id, site, framework: kind.server.framework.clone() }, prefix))
    }

    /// Makes an object known by its construction.
    pub(super) fn declare(&mut self, call: Site, kind: Kind<'a>) {
        let key = Key::Site(call);
        if self.servers.insert(key, kind.server).is_some() || self.nesting > MAX_NESTING {
            return;
        }
        self.nesting += 1;
        let place = self.ev.program.place(call);
        let app = App { place, unit: call.unit, site: call, framework: kind.server.framework.clone() };
        let node = Node {
            prefix: self.path_at(call, &kind.object.prefix),
            version: source::find(self.ev, call, &kind.object.version).first().and_then(|s| self.version(*s)),
            app: kind.is_app.then_some(app),
            whole: false,
            outermost: false,
        };
        self.graph.nodes.insert(key, node);
        for served in &kind.object.serves {
            self.serve(key, kind.server, call, &served.method, PathText::known(served.path.as_str()));
        }
        for extra in &kind.object.extras {
            self.gap(key, call, PathText::known(extra.as_str()), GapKind::External);
        }
        if let Some(prefix) = self.path_at(call, &kind.object.also_below).filter(|prefix| !prefix.text.is_empty()) {
            self.gap(key, call, prefix, GapKind::External);
        }
        for parent in source::find(self.ev, call, &kind.object.parent) {
            for parent in self.keys_of(parent.unit, parent.expr) {
                self.graph.mount(key, Edge { parent, prefix: None, replaces: false });
            }
        }
        for child in source::find(self.ev, call, &kind.object.children) {
            self.attach_child(key, kind.server, child);
        }
        self.nesting -= 1;
    }

    /// `1`, `"1"`, `1.1` as a version.
    pub(super) fn version(&self, site: Site) -> Option<String> {
        match self.ev.eval(site) {
            Value::Num(n) => Some(n.to_string()),
            Value::Str(text) => text.as_literal(),
            _ => None,
        }
    }

    /// The prefix that an argument gives; none when the argument is not there or no text.
    pub(super) fn path_at(&self, call: Site, sources: &[String]) -> Option<PathText> {
        let site = source::find(self.ev, call, sources).into_iter().next()?;
        let mut prefix = path::of_value(&source::value(self.ev, site, None)).into_iter().next()?;
        if prefix.text.is_empty() {
            return Some(prefix);
        }
        if !prefix.text.starts_with('/') {
            prefix.text.insert(0, '/');
        }
        Some(prefix)
    }

    /// What a decorator stands at.
    pub(super) fn decorated(&mut self, site: Site) -> Option<Decorated> {
        let module = &self.ev.program.unit(site.unit).module;
        let table = self.decorated.entry(site.unit).or_insert_with(|| {
            let mut table = HashMap::new();
            for (i, func) in module.funcs.iter().enumerate() {
                table.extend(func.decorators.iter().map(|d| (*d, Decorated::Func(FuncId(i as u32)))));
            }
            for (i, class) in module.classes.iter().enumerate() {
                table.extend(class.decorators.iter().map(|d| (*d, Decorated::Class(ClassId(i as u32)))));
            }
            table
        });
        table.get(&site.expr).copied()
    }
}
