//! Registers routes on objects and mounts objects on one another.

use super::graph::{Edge, Key, Local, LocalGap, Node};
use super::objects::{Builder, Decorated, MAX_NESTING};
use super::path::{self, PathText};
use super::source::{self, Item};
use super::{GapKind, health, regex};
use crate::catalog::server::{MountForm, Parameters, RouteForm, Server};
use crate::facts::module::{ClassId, ExprKind, FuncId, FunctionKind, Language};
use crate::program::{Site, UnitId, Value};
use crate::syntax::{Place, Span};

/// The methods that a class-based view can have.
const VIEW_METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// Where something is mounted.
#[derive(Clone)]
pub(super) struct Mount<'a> {
    pub parent: Key,
    pub server: &'a Server,
    pub prefix: Option<PathText>,
    pub replaces: bool,
    pub plugin: bool,
    pub middleware: bool,
    /// The call, for the place of gaps.
    pub at: Site,
}

impl<'a> Builder<'_, 'a> {
    /// A call of a method on a known object.
    pub(super) fn call_on(&mut self, key: Key, server: &'a Server, site: Site) {
        let ev = self.ev;
        let module = &ev.program.unit(site.unit).module;
        let (Some(name), Some(call)) = (module.callee_name(site.expr), module.call(site.expr)) else { return };
        let count = call.args.iter().filter(|a| a.name.is_none()).count();
        let whole = self.graph.nodes.get(&key).is_some_and(|n| n.whole);
        let is = |calls: &[String]| calls.iter().any(|c| c == name);
        if let Some(form) = server.routes.iter().find(|f| is(&f.calls) && (whole || count >= f.at_least)) {
            if form.unless.iter().any(|name| !source::chained(ev, site, name).is_empty()) {
                return;
            }
            if self.mounted(key, server, form, site) {
                return;
            }
            for item in source::items(ev, site) {
                self.register(key, server, form, site, None, item.as_ref());
            }
        } else if let Some(form) = server.mounts.iter().find(|f| is(&f.calls)) {
            for item in source::items(ev, site) {
                self.mount(key, server, form, site, item.as_ref());
            }
        } else if is(&server.statics) {
            let prefix = self.path_at(site, &["0".to_string()]).unwrap_or_else(PathText::unknown);
            self.gap(key, site, prefix, GapKind::Files);
        } else if is(&server.prefixes)
            && let Some(prefix) = self.path_at(site, &["0".to_string()])
        {
            let node = self.graph.nodes.entry(key).or_default();
            node.prefix = Some(match &node.prefix {
                Some(own) => prefix.join(own),
                None => prefix,
            });
        } else {
            // `app.route("/x")` becomes an object of its own when something is called on it.
            let value = ev.eval(site);
            self.keys_of_value(site.unit, &value);
        }
    }

    /// `Handle("/api/", router)`: the router sees the whole path, unless a function around it takes a
    /// prefix away.
    fn mounted(&mut self, parent: Key, server: &'a Server, form: &RouteForm, site: Site) -> bool {
        if self.ev.program.language(site.unit) != Language::Go {
            return false;
        }
        let plain = Mount { parent, server, prefix: None, replaces: false, plugin: false, middleware: false, at: site };
        let paths = source::find(self.ev, site, &form.path);
        let path = paths.first().and_then(|p| path::of_value(&source::value(self.ev, *p, None)).into_iter().next());
        for handler in source::find(self.ev, site, &form.handler) {
            let keys = if form.mounts { self.keys_of(handler.unit, handler.expr) } else { Vec::new() };
            if !keys.is_empty() {
                keys.into_iter().filter(|k| *k != parent).for_each(|key| self.link(&plain, key));
                return true;
            }
            let under = Mount { prefix: path.clone(), ..plain.clone() };
            if let ExprKind::Call(_) | ExprKind::Name(_) =
                self.ev.program.unit(handler.unit).module.expr(handler.expr).kind
                && (self.attach_files(&under, handler) || (form.mounts && self.attach_item(&plain, handler, None)))
            {
                return true;
            }
        }
        false
    }

    /// `http.FileServer(…)`, also inside of other calls.
    fn attach_files(&mut self, mount: &Mount<'a>, site: Site) -> bool {
        let ev = self.ev;
        let module = &ev.program.unit(site.unit).module;
        let mut todo = vec![site.expr];
        let mut budget = 20;
        while let Some(expr) = todo.pop().filter(|_| budget > 0) {
            budget -= 1;
            // `assets := http.FileServer(…)`
            if matches!(module.expr(expr).kind, ExprKind::Name(_))
                && let Some(made) = ev.at(site.unit, expr).instance().and_then(|i| i.call)
                && made.unit == site.unit
            {
                todo.push(made.expr);
            }
            let Some(call) = module.call(expr) else { continue };
            if let Some((symbol, _)) = ev.callee(Site { unit: site.unit, expr })
                && let Some((library, rest)) = ev.catalog.split(module.language, &symbol)
                && library.server.as_ref().is_some_and(|s| s.files.iter().any(|f| f == rest))
            {
                self.gap(mount.parent, mount.at, mount.prefix.clone().unwrap_or_default(), GapKind::Files);
                return true;
            }
            todo.extend(call.args.iter().map(|a| a.value));
        }
        false
    }

    /// A route that needs no reading.
    pub(super) fn serve(&mut self, key: Key, server: &Server, site: Site, method: &str, path: PathText) {
        self.graph.locals.push(Local {
            key,
            place: self.ev.program.place(site),
            unit: site.unit,
            method: method.to_string(),
            path,
            version: None,
            framework: server.framework.clone(),
            parameters: server.parameters,
            handler: None,
        });
    }

    /// A registration: `app.get("/x", handler)`, `@app.get("/x")`, `Route("/x", handler)`.
    pub(super) fn register(
        &mut self,
        key: Key,
        server: &'a Server,
        form: &RouteForm,
        site: Site,
        prefix: Option<&PathText>,
        item: Option<&Item>,
    ) {
        if let Some(position) = &form.objects {
            let argument = source::find(self.ev, site, std::slice::from_ref(position));
            let Some(argument) = argument.first() else { return };
            let value = source::value(self.ev, *argument, item);
            let option = form.prefix_option.as_ref().and_then(|name| self.option(site, name));
            let prefix = option.as_ref().or(prefix);
            for object in source::objects(self.ev, &value) {
                let Some((site, entries)) = source::fields(self.ev, &object) else {
                    self.gap(key, site, prefix.cloned().unwrap_or_default(), GapKind::Unresolved);
                    continue;
                };
                let get = |key: &String| entries.iter().rev().find(|(k, _)| k == key).map(|(_, v)| *v);
                let at = |keys: &[String]| keys.iter().filter_map(get).collect::<Vec<_>>();
                let (paths, methods, handlers) = (at(&form.path), at(&form.methods), at(&form.handler));
                // Several routes stand in one call: each has the place of its own path.
                let place = self.ev.program.place(*paths.first().unwrap_or(&site));
                self.add(key, server, form, site, place, (&paths, &methods, &handlers), prefix, item);
            }
            return;
        }
        if form.path == ["none"] && self.is_open(key, server) {
            self.gap(key, site, prefix.cloned().unwrap_or_default(), GapKind::External);
        }
        let paths = source::find(self.ev, site, &form.path);
        let methods = source::find(self.ev, site, &form.methods);
        let handlers = source::find(self.ev, site, &form.handler);
        let place = self.place_of(site);
        if let Some((parent, path)) = self.of_item(key, server, item) {
            return self.add(parent, server, form, site, place, (&paths, &methods, &handlers), Some(&path), item);
        }
        self.add(key, server, form, site, place, (&paths, &methods, &handlers), prefix, item);
    }

    /// The path that a link of a chain has for one item of the loop around it, and what it is called on:
    /// `router.Methods(route.Method).Path(route.Pattern).Handler(handler)`.
    fn of_item(&self, key: Key, server: &Server, item: Option<&Item>) -> Option<(Key, PathText)> {
        let (Key::Site(call), Some(_)) = (key, item) else { return None };
        let name = self.ev.program.unit(call.unit).module.callee_name(call.expr)?;
        let form = server.derives.iter().find(|form| form.calls.iter().any(|own| own == name))?;
        let [edge] = self.graph.edges.get(&key)?.as_slice() else { return None };
        let path = *source::find(self.ev, call, &form.prefix).first()?;
        let text = path::of_value(&source::value(self.ev, path, item)).into_iter().next()?;
        (!text.partial).then_some((edge.parent, text))
    }

    /// True for an object that stands for everything below its path: `PathPrefix("/x")`.
    fn is_open(&self, key: Key, server: &Server) -> bool {
        let Key::Site(call) = key else { return false };
        let name = self.ev.program.unit(call.unit).module.callee_name(call.expr);
        let mut open = server.derives.iter().filter(|form| form.open);
        name.is_some_and(|name| open.any(|form| form.calls.iter().any(|own| own == name)))
    }

    /// The path that an argument like `WithPrefix("/v1")` gives.
    fn option(&self, site: Site, name: &str) -> Option<PathText> {
        let module = &self.ev.program.unit(site.unit).module;
        let options = module.call(site.expr)?.args.iter();
        let made = options.map(|a| a.value).find(|a| module.callee_name(*a).is_some_and(|n| n == name))?;
        self.path_at(Site { unit: site.unit, expr: made }, &["0".to_string()])
    }

    /// The place of a registration: of a link of a chain (`app.route("/x").get(…).post(…)`) its own part.
    fn place_of(&self, site: Site) -> Place {
        let whole = self.ev.program.place(site);
        let module = &self.ev.program.unit(site.unit).module;
        match module.call(site.expr).map(|call| &module.expr(call.callee).kind) {
            Some(ExprKind::Attr { object, name_span, .. }) if module.call(*object).is_some() => {
                Place::new(whole.file, Span { start: name_span.start, end: whole.span.end })
            }
            _ => whole,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        key: Key,
        server: &'a Server,
        form: &RouteForm,
        site: Site,
        place: Place,
        (paths, methods, handlers): (&[Site], &[Site], &[Site]),
        prefix: Option<&PathText>,
        item: Option<&Item>,
    ) {
        let whole = self.graph.nodes.get(&key).is_some_and(|n| n.whole);
        let mut texts: Vec<PathText> = Vec::new();
        for path in paths.iter().filter(|_| !whole) {
            let value = source::value(self.ev, *path, item);
            texts.extend(source::objects(self.ev, &value).iter().flat_map(path::of_value));
        }
        if server.parameters == Parameters::Regex {
            texts = texts.iter().map(regex::of_regex).collect();
        }
        if texts.is_empty() {
            // `@get()` is the path of its group; an argument that is no text is something we cannot read.
            texts.push(if whole || paths.is_empty() { PathText::known("") } else { PathText::unknown() });
        }
        let (handler, view) = self.handler(site, handlers, item);
        let mut verbs: Vec<String> = Vec::new();
        for method in methods {
            let value = source::value(self.ev, *method, item);
            verbs.extend(source::objects(self.ev, &value).iter().filter_map(verb));
        }
        if form.method == "pattern" {
            for text in &mut texts {
                let (verb, is_tree) = path::take_pattern(&mut text.text);
                verbs.extend(verb);
                // What ends in `/` answers for all below.
                if is_tree {
                    let below = prefix.map_or_else(|| text.clone(), |p| p.join(text));
                    self.gap(key, site, below, GapKind::External);
                }
            }
        }
        if verbs.is_empty() {
            verbs = match (form.method.as_str(), view) {
                ("name", _) => {
                    let name = self.ev.program.unit(site.unit).module.callee_name(site.expr);
                    vec![name.map_or_else(|| "ANY".to_string(), |n| verb_of_name(n))]
                }
                ("pattern", _) => vec!["ANY".to_string()],
                (_, Some((unit, class))) => self.view_methods(unit, class),
                (method, None) => vec![method.to_string()],
            };
        }
        verbs.sort();
        verbs.dedup();
        let version = source::find(self.ev, site, &form.version).first().and_then(|s| self.version(*s));
        for text in &texts {
            for method in &verbs {
                self.graph.locals.push(Local {
                    key,
                    place,
                    unit: site.unit,
                    method: method.clone(),
                    path: prefix.map_or_else(|| text.clone(), |p| p.join(text)),
                    version: version.clone(),
                    framework: server.framework.clone(),
                    parameters: server.parameters,
                    handler,
                });
            }
        }
    }

    /// The handler's place, and its class when it is a class-based view.
    fn handler(
        &mut self,
        site: Site,
        handlers: &[Site],
        item: Option<&Item>,
    ) -> (Option<Place>, Option<(UnitId, ClassId)>) {
        match self.decorated(site) {
            Some(Decorated::Func(func)) => return (Some(self.ev.program.function_place(site.unit, func)), None),
            Some(Decorated::Class(class)) => {
                let unit = self.ev.program.unit(site.unit);
                let place = Place::new(unit.file, unit.module.class(class).name_span);
                return (Some(place), Some((site.unit, class)));
            }
            None => {}
        }
        for handler in handlers.iter().rev() {
            // `OrdersView.as_view("orders")`
            let module = &self.ev.program.unit(handler.unit).module;
            let class = module.call(handler.expr).and_then(|call| match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name, .. } if name == "as_view" => Some(*object),
                _ => None,
            });
            let value = match class {
                Some(class) => self.ev.at(handler.unit, class),
                None => source::value(self.ev, *handler, item),
            };
            match value.alternatives().first() {
                Some(Value::Function { unit, func, .. }) => {
                    return (Some(self.ev.program.function_place(*unit, *func)), None);
                }
                // A class of handlers, or an object of one (Falcon).
                Some(Value::Class { unit, class } | Value::Object { unit, class, .. }) => {
                    let module = self.ev.program.unit(*unit);
                    let place = Place::new(module.file, module.module.class(*class).name_span);
                    return (Some(place), Some((*unit, *class)));
                }
                _ => {}
            }
        }
        (None, None)
    }

    fn view_methods(&self, unit: UnitId, class: ClassId) -> Vec<String> {
        self.methods_of_view(unit, class, 0)
    }

    fn methods_of_view(&self, unit: UnitId, class: ClassId, depth: u32) -> Vec<String> {
        let module = &self.ev.program.unit(unit).module;
        let methods = module.class(class).methods.iter().map(|m| module.func(*m).name.as_str());
        // Falcon calls them `on_get`.
        let names = methods.map(|name| name.strip_prefix("on_").unwrap_or(name));
        let mut out: Vec<String> = names.filter(|name| VIEW_METHODS.contains(name)).map(str::to_uppercase).collect();
        // A view that adds nothing answers what its base does.
        if out.is_empty() && depth < MAX_NESTING {
            out = module
                .class(class)
                .bases
                .iter()
                .find_map(|base| match self.ev.at(unit, *base) {
                    Value::Class { unit, class } => Some(self.methods_of_view(unit, class, depth + 1)),
                    _ => None,
                })
                .unwrap_or_default();
        }
        if out.is_empty() {
            out.push("ANY".into());
        }
        out
    }

    /// A mounting call: `app.include_router(router, prefix="/x")`, `app.use("/x", router)`.
    pub(super) fn mount(&mut self, parent: Key, server: &'a Server, form: &MountForm, site: Site, item: Option<&Item>) {
        let mut prefixes: Vec<Option<PathText>> = Vec::new();
        let positional = source::find(self.ev, site, &["rest:0".to_string()]).len();
        for prefix in source::find(self.ev, site, &form.prefix) {
            let value = source::value(self.ev, prefix, item);
            if form.middleware && positional < 2 {
                break;
            }
            let texts = source::objects(self.ev, &value);
            let known = prefixes.len();
            // `route("/api/*").subRouter(api)`
            let below = |text: PathText| match text.text.strip_suffix("/*") {
                Some(prefix) => PathText { text: prefix.to_string(), ..text.clone() },
                None => text,
            };
            prefixes.extend(texts.iter().flat_map(path::of_value).map(below).map(Some));
            // A prefix is given, and it is nothing that we can read as a text.
            if prefixes.len() == known && !form.middleware && value != Value::Null {
                prefixes.push(Some(PathText::unknown()));
            }
        }
        if prefixes.is_empty() {
            prefixes.push(None);
        }
        let (gaps, links) = (self.graph.gaps.len(), self.links);
        for child in source::find(self.ev, site, &form.child) {
            for prefix in &prefixes {
                let mount = Mount {
                    parent,
                    server,
                    prefix: prefix.clone(),
                    replaces: form.replaces,
                    plugin: form.plugin,
                    middleware: form.middleware,
                    at: site,
                };
                self.attach(&mount, child, item);
            }
        }
        if self.links > links {
            // Beside a router what libraries make is middleware.
            let mut index = 0;
            self.graph.gaps.retain(|gap| {
                index += 1;
                index <= gaps || gap.kind != GapKind::External
            });
        }
    }

    /// A child of a constructor: routes, routers or lists of them.
    pub(super) fn attach_child(&mut self, parent: Key, server: &'a Server, child: Site) {
        let mount =
            Mount { parent, server, prefix: None, replaces: false, plugin: false, middleware: false, at: child };
        self.attach(&mount, child, None);
    }

    fn attach(&mut self, mount: &Mount<'a>, child: Site, item: Option<&Item>) {
        if self.nesting > MAX_NESTING {
            return;
        }
        self.nesting += 1;
        let keys = if item.is_none() { self.keys_of(child.unit, child.expr) } else { Vec::new() };
        if keys.is_empty() {
            let value = source::value(self.ev, child, item);
            for alternative in value.alternatives() {
                self.attach_value(mount, alternative, child, item);
            }
        }
        for key in keys {
            self.link(mount, key);
        }
        self.nesting -= 1;
    }

    fn link(&mut self, mount: &Mount<'a>, child: Key) {
        self.links += 1;
        let edge = Edge { parent: mount.parent, prefix: mount.prefix.clone(), replaces: mount.replaces };
        self.graph.mount(child, edge);
    }

    pub(super) fn attach_value(&mut self, mount: &Mount<'a>, value: &Value, at: Site, item: Option<&Item>) {
        if let Some(&key) = self.keys_of_value(at.unit, value).first() {
            return self.link(mount, key);
        }
        match value {
            Value::List(items) if mount.server.pairs && self.pair(mount, items, item) => {}
            Value::List(items) => {
                for child in items.iter() {
                    self.attach(mount, *child, item);
                }
            }
            Value::Function { unit, func, .. } => self.attach_function(mount, *unit, *func),
            Value::Class { unit, class } => self.attach_class(mount, *unit, *class),
            Value::Instance(instance) => match instance.call {
                Some(call) => self.attach_call(mount, call, item),
                None => self.external(mount),
            },
            // hapi: `{ plugin, routes: { prefix } }`, `{ name, register }`.
            Value::Dict(dict) if mount.plugin => {
                let mut inner = mount.clone();
                if let Some(Value::Dict(routes)) = dict.get("routes").map(|s| self.ev.eval(s))
                    && let Some(prefix) = routes.get("prefix")
                {
                    inner.prefix = path::of_value(&self.ev.eval(prefix)).into_iter().next();
                }
                for child in ["plugin", "register"].iter().filter_map(|k| dict.get(k)) {
                    self.attach(&inner, child, item);
                }
            }
            Value::Unknown | Value::Param { .. } if !mount.middleware || mount.prefix.is_some() => {
                let prefix = mount.prefix.clone().unwrap_or_default();
                self.gap(mount.parent, mount.at, prefix, GapKind::Unresolved);
            }
            Value::External(symbol) => {
                // Routes by file name.
                let by_name = symbol.starts_with("@fastify/autoload") || symbol.starts_with("fastify-autoload");
                if by_name && self.autoload(mount) {
                    // The plugins are mounted.
                } else if by_name {
                    let prefix = mount.prefix.clone().unwrap_or_default();
                    self.gap(mount.parent, mount.at, prefix, GapKind::Unresolved);
                } else {
                    self.external(mount);
                }
            }
            // An attribute of what a library gave: `importlib.import_module(name).router`.
            Value::Method { .. } => self.external(mount),
            _ => {}
        }
    }

    /// `(r"/orders", Orders)`: a path and what answers there. False for other lists.
    fn pair(&mut self, mount: &Mount<'a>, items: &[Site], item: Option<&Item>) -> bool {
        let [first, handler, ..] = items else { return false };
        if !matches!(source::value(self.ev, *first, item), Value::Str(_)) {
            return false;
        }
        let server = mount.server;
        if let Value::External(symbol) = self.ev.eval(*handler) {
            let is_files = server.files.iter().any(|f| symbol.ends_with(f.as_str()));
            let kind = if is_files { GapKind::Files } else { GapKind::External };
            let prefix = path::of_value(&self.ev.eval(*first)).iter().map(regex::of_regex).next().unwrap_or_default();
            let known = prefix.text.split(['<', '{']).next().unwrap_or_default();
            self.gap(mount.parent, *first, PathText::known(known), kind);
            return true;
        }
        let Some(form) = server.items.first() else { return false };
        let place = self.ev.program.place(*first);
        let prefix = mount.prefix.as_ref();
        self.add(mount.parent, server, form, *first, place, (&[*first], &[], &[*handler]), prefix, item);
        true
    }

    fn attach_function(&mut self, mount: &Mount<'a>, unit: UnitId, func: FuncId) {
        let decorators = self.ev.program.unit(unit).module.func(func).decorators.clone();
        let mut found = false;
        for decorator in decorators {
            found |= self.attach_item(mount, Site { unit, expr: decorator }, None);
        }
        if found {
            return;
        }
        if mount.plugin {
            let key = Key::Param(unit, func, 0);
            self.params.insert(key);
            self.graph.nodes.entry(key).or_default();
            self.link(mount, key);
        } else if mount.middleware
            && let Some(prefix) = &mount.prefix
            && health::conventional("GET", &path::normalise(&prefix.text, mount.server.parameters)).is_some()
        {
            // A plain function that answers everything under a path: a route when the path says so.
            self.serve(mount.parent, mount.server, mount.at, "ANY", prefix.clone());
        } else if mount.middleware
            && mount.prefix.as_ref().is_none_or(|prefix| prefix.text == "/")
            && source::answers_all(&self.ev.program.unit(unit).module, func)
        {
            self.gap(mount.parent, mount.at, PathText::known("/"), GapKind::External);
        }
    }

    /// A class whose methods are routes (Litestar).
    fn attach_class(&mut self, mount: &Mount<'a>, unit: UnitId, class: ClassId) {
        let module = &self.ev.program.unit(unit).module;
        let language = module.language;
        let controller = module.class(class).bases.iter().find_map(|&base| {
            let Value::External(symbol) = self.ev.at(unit, base) else { return None };
            let (library, rest) = self.ev.catalog.split(language, &symbol)?;
            library.server.as_ref()?.controllers.iter().find(|c| c.base == rest)
        });
        let Some(controller) = controller else { return };
        let key = Key::Class(unit, class);
        if self.servers.insert(key, mount.server).is_none() {
            let fields = &module.class(class).fields;
            let prefix = fields.iter().find(|f| f.name == controller.prefix).and_then(|f| f.value);
            let prefix = prefix.and_then(|v| path::of_value(&self.ev.at(unit, v)).into_iter().next());
            self.graph.nodes.insert(key, Node { prefix, ..Node::default() });
            let inner = Mount { parent: key, prefix: None, ..mount.clone() };
            let methods = module.class(class).methods.clone();
            for method in methods.into_iter().filter(|m| module.func(*m).kind != FunctionKind::Constructor) {
                for &decorator in &module.func(method).decorators {
                    self.attach_item(&inner, Site { unit, expr: decorator }, None);
                }
            }
        }
        self.link(mount, key);
    }

    /// The call of an item of the catalog: a route, a mount, a wrapped plugin. False when it is none.
    fn attach_item(&mut self, mount: &Mount<'a>, call: Site, item: Option<&Item>) -> bool {
        let ev = self.ev;
        let Some((symbol, _)) = ev.callee(call) else { return false };
        let Some((library, rest)) = ev.catalog.split(ev.program.language(call.unit), &symbol) else { return false };
        let Some(server) = library.server.as_ref() else { return false };
        if let Some(form) = server.items.iter().find(|f| f.calls.iter().any(|c| c == rest)) {
            self.register(mount.parent, server, form, call, mount.prefix.as_ref(), item);
            return true;
        }
        if let Some(form) = server.item_mounts.iter().find(|f| f.calls.iter().any(|c| c == rest)) {
            let key = Key::Item(call);
            if self.servers.insert(key, server).is_none() {
                self.graph.nodes.insert(key, Node::default());
                self.mount(key, server, form, call, item);
            }
            self.link(mount, key);
            return true;
        }
        if server.wrappers.iter().any(|w| w == rest) {
            let unprefixed = Mount { prefix: None, ..mount.clone() };
            for child in source::find(ev, call, &["0".to_string()]) {
                self.attach(&unprefixed, child, item);
            }
            return true;
        }
        if server.files.iter().any(|f| f == rest) {
            let prefix = mount.prefix.clone().unwrap_or_default();
            self.gap(mount.parent, mount.at, prefix, GapKind::Files);
            return true;
        }
        false
    }

    fn attach_call(&mut self, mount: &Mount<'a>, call: Site, item: Option<&Item>) {
        if !self.attach_item(mount, call, item) {
            self.external(mount);
        }
    }

    /// Something of a library answers under a prefix; without one it is middleware, unless only routers
    /// can be mounted this way.
    fn external(&mut self, mount: &Mount<'a>) {
        if mount.prefix.is_some() || !(mount.middleware || mount.plugin) {
            self.gap(mount.parent, mount.at, mount.prefix.clone().unwrap_or_default(), GapKind::External);
        }
    }

    /// Something is served besides the routes.
    pub(super) fn gap(&mut self, key: Key, at: Site, prefix: PathText, kind: GapKind) {
        self.graph.gaps.push(LocalGap { key, place: self.ev.program.place(at), unit: at.unit, prefix, kind });
    }
}

/// `"post"`, `HttpMethod.POST` as a method.
fn verb(value: &Value) -> Option<String> {
    let text = match value {
        Value::Str(text) => text.as_literal()?,
        Value::External(symbol) => {
            let name = symbol.rsplit('.').next()?;
            name.strip_prefix("Method").unwrap_or(name).to_string()
        }
        _ => return None,
    };
    Some(if text == "*" { "ANY".into() } else { text.to_uppercase() })
}

/// The method that the name of a call says: `get`, `add_get`, `del`.
fn verb_of_name(name: &str) -> String {
    let last = name.rsplit('_').next().unwrap_or(name);
    match last {
        "del" => "DELETE".into(),
        "opts" => "OPTIONS".into(),
        "all" => "ANY".into(),
        other => other.to_uppercase(),
    }
}
