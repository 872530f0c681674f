//! NestJS: controllers, the modules that hold them, and the application each module tree belongs to.

use std::collections::{BTreeMap, BTreeSet};

use super::path::{self, PathText};
use super::source;
use super::{App, Embedded, Gap, GapKind, InScope, Route, Served};
use crate::catalog::server::Parameters;
use crate::facts::module::{ClassId, ExprId, Language};
use crate::program::resolve::{parent, within};
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

type ClassKey = (UnitId, ClassId);

/// How deep modules nest.
const MAX_MODULES: usize = 2000;

/// An application: `NestFactory.create(AppModule)`, with what is configured on it.
#[derive(Clone)]
struct Application {
    app: App,
    module: Option<ClassKey>,
    prefix: PathText,
    excluded: Vec<Excluded>,
    /// Something of the exclusions could not be read.
    exclusions_unknown: bool,
    /// `v`, when versions are a part of the path.
    version_prefix: Option<String>,
    default_versions: Vec<String>,
}

#[derive(Clone)]
struct Excluded {
    path: String,
    /// `ANY` for all.
    method: String,
}

/// A class with `@Controller`.
struct Controller {
    key: ClassKey,
    paths: Vec<PathText>,
    versions: Vec<String>,
    neutral: bool,
}

const VERBS: [(&str, &str); 8] = [
    ("Get", "GET"),
    ("Post", "POST"),
    ("Put", "PUT"),
    ("Patch", "PATCH"),
    ("Delete", "DELETE"),
    ("Head", "HEAD"),
    ("Options", "OPTIONS"),
    ("All", "ANY"),
];

/// Adds the routes of NestJS applications.
pub(super) fn nest(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    let mut nest = Nest { ev, modules: BTreeMap::new() };
    let mut controllers = Vec::new();
    for unit_id in ev.program.ids().filter(|u| in_scope(*u)) {
        let unit = ev.program.unit(unit_id);
        if unit.module.language == Language::Python {
            continue;
        }
        for i in 0..unit.module.classes.len() as u32 {
            let key = (unit_id, ClassId(i));
            if let Some(decorator) = nest.decorator(key, "Controller") {
                controllers.push(nest.controller(key, decorator));
            }
            if let Some(decorator) = nest.decorator(key, "Module") {
                nest.modules.insert(key, decorator);
            }
        }
    }
    let applications: Vec<Application> = ev
        .program
        .calls_named("create")
        .iter()
        .filter(|site| in_scope(site.unit))
        .flat_map(|site| nest.applications(*site))
        .collect();
    let owners: Vec<Tree> = applications.iter().map(|a| nest.tree(a)).collect();
    for controller in &controllers {
        let mut by_tree: Vec<usize> =
            (0..applications.len()).filter(|i| owners[*i].controllers.contains(&controller.key)).collect();
        if by_tree.is_empty() && !applications.is_empty() && nest.is_left_over(controller.key, in_scope) {
            continue;
        }
        if by_tree.is_empty() {
            // A module that is put together at run time: the application of the same package.
            let path = &ev.program.unit(controller.key.0).path;
            let folder = |i: &usize| package_of(&ev.program.unit(applications[*i].app.unit).path);
            let near = (0..applications.len()).filter(|i| within(path, folder(i)));
            by_tree = near.max_by_key(|i| folder(i).len()).into_iter().collect();
        }
        if by_tree.is_empty() {
            // An application that only takes messages serves no routes, whatever its controllers say.
            let path = &ev.program.unit(controller.key.0).path;
            let messages = ev.program.calls_named("createMicroservice").iter().filter(|site| in_scope(site.unit));
            if messages.into_iter().any(|site| within(path, package_of(&ev.program.unit(site.unit).path))) {
                continue;
            }
            nest.routes(controller, None, &PathText::default(), served);
        }
        for i in by_tree {
            let module_prefix = owners[i].prefix_of(controller.key);
            nest.routes(controller, Some(&applications[i]), &module_prefix, served);
        }
    }
    for (application, tree) in applications.iter().zip(&owners) {
        nest.graphql(application, tree, served);
        if nest.serves_nothing(application, tree, served) {
            let App { place, unit, framework, .. } = application.app.clone();
            served.embedded.push(Embedded { place, unit, framework });
        }
        served.apps.push(application.app.clone());
    }
}

/// The folder of the package a `main.ts` belongs to: above `src`.
fn package_of(path: &str) -> &str {
    let folder = parent(path);
    folder.strip_suffix("/src").unwrap_or(if folder == "src" { "" } else { folder })
}

/// What the modules of an application hold.
#[derive(Default)]
struct Tree {
    controllers: BTreeSet<ClassKey>,
    /// Module of each controller.
    module_of: BTreeMap<ClassKey, ClassKey>,
    /// Prefixes by `RouterModule.register`.
    prefixes: BTreeMap<ClassKey, PathText>,
    graphql: Vec<Site>,
    /// Something that is neither ours nor of Nest may bring controllers.
    open: bool,
}

impl Tree {
    fn prefix_of(&self, controller: ClassKey) -> PathText {
        self.module_of.get(&controller).and_then(|m| self.prefixes.get(m)).cloned().unwrap_or_default()
    }
}

struct Nest<'e, 'a> {
    ev: &'e Evaluator<'a>,
    /// Classes with `@Module`, and the decorator.
    modules: BTreeMap<ClassKey, Site>,
}

impl Nest<'_, '_> {
    /// True for a controller in a file that no other file imports: no module holds it, so nothing serves it.
    fn is_left_over(&self, (unit, _): ClassKey, in_scope: &InScope<'_>) -> bool {
        let beside = self.modules.keys().any(|(of_module, _)| *of_module == unit);
        !beside && !self.ev.program.imports.importers(unit).any(in_scope)
    }

    /// The decorator call of this name from `@nestjs/common`.
    fn decorator(&self, (unit_id, class): ClassKey, name: &str) -> Option<Site> {
        let decorators = &self.ev.program.unit(unit_id).module.class(class).decorators;
        decorators.iter().find_map(|d| self.nest_call(unit_id, *d, name))
    }

    fn nest_call(&self, unit: UnitId, expr: ExprId, name: &str) -> Option<Site> {
        let module = &self.ev.program.unit(unit).module;
        let call = module.call(expr)?;
        if module.callee_name(expr)? != name {
            return None;
        }
        match self.ev.at(unit, call.callee) {
            Value::External(symbol) if symbol.starts_with("@nestjs/") => Some(Site { unit, expr }),
            _ => None,
        }
    }

    fn controller(&self, key: ClassKey, decorator: Site) -> Controller {
        let mut controller = Controller { key, paths: Vec::new(), versions: Vec::new(), neutral: false };
        let argument = source::find(self.ev, decorator, &["0".to_string()]).into_iter().next();
        if let Some(argument) = argument {
            let value = self.ev.eval(argument);
            if let Value::Dict(dict) = &value {
                if let Some(path) = dict.get("path") {
                    controller.paths = self.paths(&self.ev.eval(path));
                }
                if let Some(version) = dict.get("version") {
                    (controller.versions, controller.neutral) = self.versions(&self.ev.eval(version));
                }
            } else {
                controller.paths = self.paths(&value);
            }
        }
        if controller.paths.is_empty() {
            controller.paths.push(PathText::default());
        }
        controller
    }

    fn paths(&self, value: &Value) -> Vec<PathText> {
        source::objects(self.ev, value).iter().flat_map(path::of_value).collect()
    }

    /// The versions, and whether `VERSION_NEUTRAL` is among them.
    fn versions(&self, value: &Value) -> (Vec<String>, bool) {
        let mut neutral = false;
        let mut versions = Vec::new();
        for value in source::objects(self.ev, value) {
            match value {
                Value::External(symbol) if symbol.ends_with("VERSION_NEUTRAL") => neutral = true,
                Value::Num(n) => versions.push(n.to_string()),
                other => versions.extend(other.as_str()),
            }
        }
        (versions, neutral)
    }

    /// The application that is created, or those that callers have created: `bootstrap(AppModule)` with a function
    /// of all services, `NestFactory.create(module)`.
    fn applications(&self, site: Site) -> Vec<Application> {
        let Some(one) = self.application(site) else { return Vec::new() };
        let argument = source::find(self.ev, site, &["0".to_string()]).into_iter().next();
        let param = argument.filter(|_| one.module.is_none()).and_then(|a| self.ev.param_of(a));
        let Some(Value::Param { unit, func, index }) = param else { return vec![one] };
        let by_caller = |caller: Site| {
            let module = self.class(self.ev.argument_site(caller, unit, func, index)?)?;
            let app = App { place: self.ev.program.place(caller), unit: caller.unit, site: caller, ..one.app.clone() };
            Some(Application { module: Some(module), app, ..one.clone() })
        };
        let made: Vec<Application> = self.ev.callers(unit, func).into_iter().filter_map(by_caller).collect();
        if made.is_empty() { vec![one] } else { made }
    }

    /// `NestFactory.create(AppModule)`, with the calls on its result.
    fn application(&self, site: Site) -> Option<Application> {
        let (symbol, _) = self.ev.callee(site)?;
        if !symbol.ends_with("NestFactory.create") {
            return None;
        }
        let module = source::find(self.ev, site, &["0".to_string()]).first().and_then(|s| self.class(*s));
        let place = self.ev.program.place(site);
        let app = App { place, unit: site.unit, site, framework: "NestJS".into() };
        let mut application = Application {
            app,
            module,
            prefix: PathText::default(),
            excluded: Vec::new(),
            exclusions_unknown: false,
            version_prefix: None,
            default_versions: Vec::new(),
        };
        for call in self.calls_on(site, "setGlobalPrefix") {
            let prefix = source::find(self.ev, call, &["0".to_string()]).into_iter().next();
            let value = prefix.map_or(Value::Unknown, |p| source::value(self.ev, p, None));
            application.prefix = path::of_value(&value).into_iter().next().unwrap_or_else(PathText::unknown);
            if let Some(options) = source::find(self.ev, call, &["1".to_string()]).first() {
                self.exclusions(*options, &mut application);
            }
        }
        for call in self.calls_on(site, "enableVersioning") {
            let options = source::find(self.ev, call, &["0".to_string()]).into_iter().next();
            // Without options, and with `type: URI`, the version is a part of the path.
            let Some(Value::Dict(dict)) = options.map(|o| self.ev.eval(o)) else {
                application.version_prefix = Some("v".into());
                continue;
            };
            let uri = dict.get("type").is_none_or(|t| match self.ev.eval(t) {
                Value::External(symbol) => symbol.ends_with(".URI"),
                Value::Num(n) => n == 0.0,
                _ => true,
            });
            if uri {
                let prefix = dict.get("prefix").map(|p| self.ev.eval(p));
                application.version_prefix = Some(match prefix {
                    Some(Value::Bool(false)) => String::new(),
                    Some(value) => value.as_str().unwrap_or_else(|| "v".into()),
                    None => "v".into(),
                });
                if let Some(default) = dict.get("defaultVersion") {
                    application.default_versions = self.versions(&self.ev.eval(default)).0;
                }
            }
        }
        Some(application)
    }

    /// Calls of a method on the application, also where it is passed to a helper function.
    fn calls_on(&self, app: Site, name: &str) -> Vec<Site> {
        let calls = self.ev.program.calls_named(name).iter().copied();
        calls
            .filter(|call| {
                let module = &self.ev.program.unit(call.unit).module;
                let object = module.call(call.expr).and_then(|c| match &module.expr(c.callee).kind {
                    crate::facts::module::ExprKind::Attr { object, .. } => Some(*object),
                    _ => None,
                });
                let Some(object) = object else { return false };
                if call.unit == app.unit && self.ev.at(call.unit, object).instance().and_then(|i| i.call) == Some(app) {
                    return true;
                }
                self.passed_to(app, *call, object)
            })
            .collect()
    }

    /// True when `object` is a parameter for which some caller passes the application.
    fn passed_to(&self, app: Site, call: Site, object: ExprId) -> bool {
        let unit = self.ev.program.unit(call.unit);
        let crate::facts::module::ExprKind::Name(name) = &unit.module.expr(object).kind else { return false };
        let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(object), name) else {
            return false;
        };
        bindings.iter().any(|binding| match binding {
            crate::program::index::Binding::Param(func, index) => {
                self.ev.callers(call.unit, *func).iter().any(|caller| {
                    let argument = self.ev.argument(*caller, call.unit, *func, *index);
                    argument.is_some_and(|v| v.instance().and_then(|i| i.call) == Some(app))
                })
            }
            _ => false,
        })
    }

    fn exclusions(&self, options: Site, application: &mut Application) {
        let Value::Dict(dict) = self.ev.eval(options) else {
            application.exclusions_unknown = true;
            return;
        };
        let Some(exclude) = dict.get("exclude") else { return };
        let value = self.ev.eval(exclude);
        if value.is_unknown() {
            application.exclusions_unknown = true;
        }
        for item in source::objects(self.ev, &value) {
            match &item {
                Value::Dict(dict) => {
                    let path = dict.get("path").and_then(|p| self.ev.eval(p).as_str());
                    let method = dict.get("method").map(|m| self.ev.eval(m));
                    let method = match method {
                        Some(Value::External(symbol)) => symbol.rsplit('.').next().unwrap_or("ALL").to_string(),
                        _ => "ALL".into(),
                    };
                    let method = if method == "ALL" { "ANY".into() } else { method };
                    match path {
                        Some(path) => application.excluded.push(Excluded { path, method }),
                        None => application.exclusions_unknown = true,
                    }
                }
                other => match other.as_str() {
                    Some(path) => application.excluded.push(Excluded { path, method: "ANY".into() }),
                    None => application.exclusions_unknown = true,
                },
            }
        }
    }

    /// The class an expression names: `UsersModule`, `forwardRef(() => UsersModule)`,
    /// `ConfigModule.forRoot(…)`, a dynamic module.
    fn class(&self, site: Site) -> Option<ClassKey> {
        match self.ev.eval(site) {
            Value::Class { unit, class } => Some((unit, class)),
            Value::Dict(dict) => self.class(dict.get("module")?),
            Value::Function { unit, func, .. } => match self.ev.returned(unit, func, None) {
                Value::Class { unit, class } => Some((unit, class)),
                _ => None,
            },
            _ => {
                let module = &self.ev.program.unit(site.unit).module;
                let call = module.call(site.expr)?;
                if module.callee_name(site.expr)? == "forwardRef" {
                    return self.class(Site { unit: site.unit, expr: call.args.first()?.value });
                }
                // `UsersModule.register(…)`
                match &module.expr(call.callee).kind {
                    crate::facts::module::ExprKind::Attr { object, .. } => match self.ev.at(site.unit, *object) {
                        Value::Class { unit, class } => Some((unit, class)),
                        _ => None,
                    },
                    _ => None,
                }
            }
        }
    }

    /// All modules an application imports, with what they hold.
    fn tree(&self, application: &Application) -> Tree {
        let mut tree = Tree::default();
        let mut seen = BTreeSet::new();
        let mut todo: Vec<ClassKey> = application.module.into_iter().collect();
        while let Some(module) = todo.pop() {
            if !seen.insert(module) || seen.len() > MAX_MODULES {
                continue;
            }
            let Some(decorator) = self.modules.get(&module) else { continue };
            let options = |key: &str| source::find(self.ev, *decorator, &[format!("0.{key}")]).into_iter().next();
            for site in self.items(options("controllers")) {
                if let Some(controller) = self.class(site) {
                    tree.controllers.insert(controller);
                    tree.module_of.insert(controller, module);
                }
            }
            for site in self.items(options("imports")) {
                let name = self.router_or_graphql(site);
                match name.as_deref() {
                    Some("RouterModule") => {
                        let list = source::find(self.ev, site, &["0".to_string()]).into_iter().next();
                        for entry in self.items(list) {
                            self.router_module(entry, &PathText::default(), &mut tree, 0);
                        }
                    }
                    Some("GraphQLModule") => tree.graphql.push(site),
                    _ => match self.class(site) {
                        Some(class) => todo.push(class),
                        None => tree.open |= !self.is_of_nest(site),
                    },
                }
            }
        }
        tree
    }

    /// True for a module of Nest that serves nothing by itself: `ConfigModule.forRoot()`.
    fn is_of_nest(&self, site: Site) -> bool {
        let symbol = match self.ev.eval(site) {
            Value::External(symbol) => Some(symbol),
            _ => self.ev.callee(site).map(|(symbol, _)| symbol),
        };
        symbol.is_some_and(|s| s.starts_with("@nestjs/") && !s.starts_with("@nestjs/serve-static"))
    }

    /// True for an application that waits for requests and has nothing to answer them with.
    fn serves_nothing(&self, application: &Application, tree: &Tree, served: &Served) -> bool {
        let app = application.app.site;
        let of_app = |other: Option<&App>| other.is_some_and(|other| other.site == app);
        let by_path = |site: &Site| {
            let path = source::find(self.ev, *site, &["0".to_string()]).into_iter().next();
            path.is_some_and(|path| self.ev.eval(path).as_str().is_some())
        };
        application.module.is_some_and(|module| self.modules.contains_key(&module))
            && !tree.open
            && tree.graphql.is_empty()
            && !served.routes.iter().any(|route| of_app(route.app.as_ref()))
            && !served.gaps.iter().any(|gap| of_app(gap.app.as_ref()))
            && !self.calls_on(app, "listen").is_empty()
            && !self.calls_on(app, "use").iter().any(by_path)
    }

    fn router_or_graphql(&self, site: Site) -> Option<String> {
        let (symbol, _) = self.ev.callee(site)?;
        let owner = symbol.rsplit_once('.')?.0.rsplit('.').next()?;
        matches!(owner, "RouterModule" | "GraphQLModule").then(|| owner.to_string())
    }

    /// The items of a list expression, spreads and conditionals opened as far as they are known.
    fn items(&self, list: Option<Site>) -> Vec<Site> {
        match list.map(|l| self.ev.eval(l)) {
            Some(Value::List(items)) => items.to_vec(),
            _ => Vec::new(),
        }
    }

    /// `{ path: "admin", module: AdminModule, children: [...] }`
    fn router_module(&self, entry: Site, prefix: &PathText, tree: &mut Tree, depth: u32) {
        if depth > 8 {
            return;
        }
        match self.ev.eval(entry) {
            Value::Dict(dict) => {
                let own = dict.get("path").and_then(|p| path::of_value(&self.ev.eval(p)).into_iter().next());
                let full = prefix.join(&own.unwrap_or_default());
                if let Some(module) = dict.get("module").and_then(|m| self.class(m)) {
                    tree.prefixes.insert(module, full.clone());
                }
                for child in self.items(dict.get("children")) {
                    self.router_module(child, &full, tree, depth + 1);
                }
            }
            Value::Class { unit, class } => {
                tree.prefixes.insert((unit, class), prefix.clone());
            }
            _ => {}
        }
    }

    fn routes(
        &self,
        controller: &Controller,
        application: Option<&Application>,
        module_prefix: &PathText,
        served: &mut Served,
    ) {
        let mut classes = vec![controller.key];
        let mut names = BTreeSet::new();
        let mut hops = 0;
        // Methods of base classes are routes of each controller that extends them.
        while let Some((unit_id, class)) = classes.pop() {
            hops += 1;
            let unit = self.ev.program.unit(unit_id);
            for &method in &unit.module.class(class).methods {
                let function = unit.module.func(method);
                if !names.insert(function.name.clone()) && hops > 1 {
                    continue;
                }
                let versions = function.decorators.iter().find_map(|d| {
                    let site = self.nest_call(unit_id, *d, "Version")?;
                    let argument = source::find(self.ev, site, &["0".to_string()]).into_iter().next()?;
                    Some(self.versions(&self.ev.eval(argument)))
                });
                for &decorator in &function.decorators {
                    for (name, verb) in VERBS {
                        let Some(site) = self.nest_call(unit_id, decorator, name) else { continue };
                        let argument = source::find(self.ev, site, &["0".to_string()]).into_iter().next();
                        let mut paths = argument.map(|a| self.paths(&self.ev.eval(a))).unwrap_or_default();
                        if paths.is_empty() {
                            paths.push(PathText::default());
                        }
                        let handler = self.ev.program.function_place(unit_id, method);
                        for base in &controller.paths {
                            for own in &paths {
                                let local = module_prefix.join(base).join(own);
                                self.push(
                                    served,
                                    (site, verb, handler),
                                    &local,
                                    controller,
                                    versions.as_ref(),
                                    application,
                                );
                            }
                        }
                    }
                }
            }
            if hops < 6 {
                for &base in &unit.module.class(class).bases {
                    if let Value::Class { unit, class } = self.ev.at(unit_id, base) {
                        classes.push((unit, class));
                    }
                }
            }
        }
    }

    fn push(
        &self,
        served: &mut Served,
        (site, verb, handler): (Site, &str, Place),
        local: &PathText,
        controller: &Controller,
        versions: Option<&(Vec<String>, bool)>,
        application: Option<&Application>,
    ) {
        let mut versioned = vec![local.clone()];
        let mut prefix = PathText::default();
        let mut partial = application.is_none();
        if let Some(application) = application {
            if let Some(letter) = &application.version_prefix {
                let (mut numbers, mut neutral) = match versions {
                    Some((numbers, neutral)) => (numbers.clone(), *neutral),
                    None => (controller.versions.clone(), controller.neutral),
                };
                if numbers.is_empty() && !neutral {
                    numbers = application.default_versions.clone();
                    neutral = numbers.is_empty();
                }
                versioned = numbers.iter().map(|n| PathText::known(format!("/{letter}{n}")).join(local)).collect();
                if neutral {
                    versioned.push(local.clone());
                }
            }
            let plain = path::normalise(&local.text, Parameters::Colon);
            let excluded = application.excluded.iter().any(|e| {
                (e.method == "ANY" || e.method == verb)
                    && path::matches(&path::normalise(&e.path, Parameters::Colon), &plain)
            });
            if !excluded {
                prefix = application.prefix.clone();
                partial |= application.exclusions_unknown && !prefix.text.is_empty();
            }
        }
        for local in versioned {
            let full = prefix.join(&local);
            served.routes.push(Route {
                unrooted: false,
                place: self.ev.program.place(site),
                unit: site.unit,
                method: verb.to_string(),
                path: path::normalise(&full.text, Parameters::Colon),
                framework: "NestJS".into(),
                handler: Some(handler),
                app: application.map(|a| a.app.clone()),
                partial: partial || full.partial,
            });
        }
    }

    /// `GraphQLModule.forRoot({ path })` serves one path; the global prefix applies only when told so.
    fn graphql(&self, application: &Application, tree: &Tree, served: &mut Served) {
        for &site in &tree.graphql {
            let option = |key: &str| source::find(self.ev, site, &[format!("0.{key}")]).into_iter().next();
            let own = option("path").map_or(Value::Unknown, |p| self.ev.eval(p)).as_str();
            let mut full = PathText::known(own.unwrap_or_else(|| "/graphql".into()));
            if option("useGlobalPrefix").is_some_and(|p| self.ev.eval(p) == Value::Bool(true)) {
                full = application.prefix.join(&full);
            }
            for method in ["GET", "POST"] {
                served.routes.push(Route {
                    unrooted: false,
                    place: self.ev.program.place(site),
                    unit: site.unit,
                    method: method.into(),
                    path: path::normalise(&full.text, Parameters::Colon),
                    framework: "NestJS".into(),
                    handler: None,
                    app: Some(application.app.clone()),
                    partial: full.partial,
                });
            }
        }
        // What is mounted with `app.use("/path", …)` answers besides the controllers.
        let mut calls: Vec<Site> = self.calls_on(application.app.site, "use");
        calls.extend(self.ev.program.calls_named("setup").iter().copied().filter(|call| {
            let documents = self.ev.callee(*call).is_some_and(|(symbol, _)| symbol.ends_with("SwaggerModule.setup"));
            let app = source::find(self.ev, *call, &["1".to_string()]).into_iter().next();
            let app = app.and_then(|a| self.ev.eval(a).instance().and_then(|i| i.call));
            documents && app == Some(application.app.site)
        }));
        for call in calls {
            let Some(argument) = source::find(self.ev, call, &["0".to_string()]).into_iter().next() else { continue };
            for prefix in path::of_value(&self.ev.eval(argument)).iter().filter(|p| !p.partial) {
                served.gaps.push(Gap {
                    place: self.ev.program.place(call),
                    unit: call.unit,
                    app: Some(application.app.clone()),
                    prefix: path::normalise(&prefix.text, Parameters::Colon),
                    kind: GapKind::External,
                });
            }
        }
    }
}
