//! Django and Django REST framework: `urlpatterns`, followed through `include`.

use std::collections::{BTreeSet, HashMap};

use super::path::{self, PathText};
use super::regex;
use super::source;
use super::{App, Gap, GapKind, InScope, Route, Served};
use crate::catalog::server::Parameters;
use crate::facts::module::{BinaryOp, ClassId, ExprId, ExprKind, FuncId, Language, StmtKind};
use crate::program::resolve::parent;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// How deep `include` nests.
const MAX_DEPTH: u32 = 12;
/// How many routes one program can have.
const MAX_ROUTES: usize = 20_000;

/// Adds the routes of Django projects.
pub(super) fn django(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    let mut patterns: HashMap<UnitId, Vec<ExprId>> = HashMap::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u) && ev.program.language(*u) == Language::Python) {
        let lists = url_patterns(ev, unit);
        if !lists.is_empty() {
            patterns.insert(unit, lists);
        }
    }
    if patterns.is_empty() {
        return;
    }
    let mut django = Django { ev, patterns, included: BTreeSet::new(), served: Served::default(), root: None };
    // A module that no other includes is the root of a project; a first pass finds out which are.
    let mut units: Vec<UnitId> = django.patterns.keys().copied().collect();
    units.sort();
    for unit in &units {
        django.module(*unit, &PathText::default(), 0);
    }
    let roots: Vec<UnitId> = units.into_iter().filter(|u| !django.included.contains(u)).collect();
    django.served = Served::default();
    for root in roots {
        let Some(&list) = django.patterns.get(&root).and_then(|l| l.first()) else { continue };
        let site = Site { unit: root, expr: list };
        let app = App { place: ev.program.place(site), unit: root, site, framework: "Django".into() };
        django.root = Some(app.clone());
        django.served.apps.push(app);
        django.module(root, &PathText::default(), 0);
    }
    served.routes.append(&mut django.served.routes);
    served.apps.append(&mut django.served.apps);
    served.gaps.append(&mut django.served.gaps);
}

/// The lists assigned or added to `urlpatterns` at the top of a module.
fn url_patterns(ev: &Evaluator<'_>, unit: UnitId) -> Vec<ExprId> {
    let module = &ev.program.unit(unit).module;
    let mut out = Vec::new();
    let mut blocks = vec![&module.body];
    while let Some(block) = blocks.pop() {
        for &stmt in block {
            match &module.stmt(stmt).kind {
                StmtKind::Assign { target, value: Some(value), op, .. }
                    if matches!(&module.expr(*target).kind, ExprKind::Name(name) if name == "urlpatterns")
                        && matches!(op, None | Some(BinaryOp::Add)) =>
                {
                    out.push(*value);
                }
                StmtKind::If { then, other, .. } => blocks.extend([then, other]),
                _ => {}
            }
        }
    }
    out.sort();
    out
}

struct Django<'e, 'a> {
    ev: &'e Evaluator<'a>,
    patterns: HashMap<UnitId, Vec<ExprId>>,
    included: BTreeSet<UnitId>,
    served: Served,
    root: Option<App>,
}

impl Django<'_, '_> {
    fn module(&mut self, unit: UnitId, prefix: &PathText, depth: u32) {
        for list in self.patterns.get(&unit).cloned().unwrap_or_default() {
            self.list(Site { unit, expr: list }, prefix, depth);
        }
    }

    /// A list of patterns, also put together with `+` or wrapped by `i18n_patterns`.
    fn list(&mut self, site: Site, prefix: &PathText, depth: u32) {
        if depth > MAX_DEPTH || self.served.routes.len() > MAX_ROUTES {
            return;
        }
        let module = &self.ev.program.unit(site.unit).module;
        match &module.expr(site.expr).kind {
            ExprKind::List(items) => {
                for &expr in items {
                    self.pattern(Site { unit: site.unit, expr }, prefix, depth);
                }
            }
            ExprKind::Binary { op: BinaryOp::Add, left, right } => {
                for expr in [*left, *right] {
                    self.list(Site { unit: site.unit, expr }, prefix, depth + 1);
                }
            }
            ExprKind::Call(call) => match module.callee_name(site.expr).map(|n| n.as_str()) {
                Some("static" | "staticfiles_urlpatterns") => {}
                Some("i18n_patterns") => self.gap(site, prefix),
                Some("format_suffix_patterns") => {
                    if let Some(first) = call.args.first() {
                        self.list(Site { unit: site.unit, expr: first.value }, prefix, depth + 1);
                    }
                }
                _ => self.gap(site, prefix),
            },
            ExprKind::Attr { object, name, .. } if name == "urls" => {
                self.router(Site { unit: site.unit, expr: *object }, prefix);
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } => match self.ev.eval(site) {
                Value::List(items) => {
                    for item in items.iter() {
                        self.pattern(*item, prefix, depth);
                    }
                }
                _ => self.gap(site, prefix),
            },
            _ => self.gap(site, prefix),
        }
    }

    /// `path("x/", view)`, `re_path(r"^x/$", view)`, `url(…)`.
    fn pattern(&mut self, site: Site, prefix: &PathText, depth: u32) {
        let ev = self.ev;
        let module = &ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr) else { return self.gap(site, prefix) };
        let regex = match module.callee_name(site.expr).map(|n| n.as_str()) {
            Some("path") => false,
            Some("re_path" | "url") => true,
            _ => return self.gap(site, prefix),
        };
        let argument = |n: usize, name: &str| {
            let found = source::find(ev, site, &[n.to_string(), name.to_string()]);
            found.into_iter().next()
        };
        let Some(own) = argument(0, "route").or_else(|| argument(0, "regex")) else { return };
        let mut local =
            path::of_value(&source::value(ev, own, None)).into_iter().next().unwrap_or_else(PathText::unknown);
        if regex {
            local = regex::of_regex(&local);
        }
        // Patterns are joined as text.
        let full =
            PathText { text: format!("{}{}", prefix.text, local.text), partial: prefix.partial || local.partial };
        let Some(view) = argument(1, "view") else { return };
        if let Some(inner) = module.call(view.expr)
            && module.callee_name(view.expr).is_some_and(|n| n == "include")
        {
            if let Some(first) = inner.args.first() {
                self.include(Site { unit: view.unit, expr: first.value }, &full, depth + 1);
            }
            return;
        }
        // `path("admin/", admin.site.urls)`
        if let ExprKind::Attr { name, .. } = &module.expr(view.expr).kind
            && name == "urls"
        {
            return self.gap(site, &full);
        }
        let _ = call;
        let (methods, handler) = self.view(view);
        for method in methods {
            self.push(site, &method, &full, handler);
        }
    }

    fn include(&mut self, target: Site, prefix: &PathText, depth: u32) {
        let module = &self.ev.program.unit(target.unit).module;
        match &module.expr(target.expr).kind {
            // `include((patterns, "app"))`
            ExprKind::List(items) => match items.first() {
                Some(first) if matches!(module.expr(*first).kind, ExprKind::Call(_)) => {
                    self.list(target, prefix, depth);
                }
                Some(first) => self.include(Site { unit: target.unit, expr: *first }, prefix, depth + 1),
                None => {}
            },
            ExprKind::Attr { object, name, .. } if name == "urls" && !self.is_module(target) => {
                self.router(Site { unit: target.unit, expr: *object }, prefix);
            }
            _ if depth > MAX_DEPTH => {}
            _ => match self.ev.eval(target) {
                Value::Str(text) => match text.as_literal() {
                    Some(name) if name == "health_check.urls" => self.push(target, "GET", prefix, None),
                    Some(name) => match self.find(target.unit, &name) {
                        Some(unit) => self.enter(unit, prefix, depth),
                        None => self.gap(target, prefix),
                    },
                    None => self.gap(target, prefix),
                },
                Value::Module(unit) => self.enter(unit, prefix, depth),
                Value::List(_) => self.list(target, prefix, depth),
                _ => self.gap(target, prefix),
            },
        }
    }

    fn is_module(&self, site: Site) -> bool {
        matches!(self.ev.eval(site), Value::Module(_))
    }

    fn enter(&mut self, unit: UnitId, prefix: &PathText, depth: u32) {
        self.included.insert(unit);
        if depth <= MAX_DEPTH {
            self.module(unit, prefix, depth);
        }
    }

    /// The module with a dotted name, the nearest to the file that names it.
    fn find(&self, from: UnitId, name: &str) -> Option<UnitId> {
        let tail = name.replace('.', "/");
        let near = &self.ev.program.unit(from).path;
        let mut folder = parent(near);
        loop {
            for candidate in [format!("{tail}.py"), format!("{tail}/__init__.py")] {
                let candidate = crate::program::resolve::join(folder, &candidate);
                if let Some(unit) = self.ev.program.find(&candidate) {
                    return Some(unit);
                }
            }
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
    }

    /// The methods a view answers, and its place.
    fn view(&self, view: Site) -> (Vec<String>, Option<Place>) {
        let module = &self.ev.program.unit(view.unit).module;
        if let Some(call) = module.call(view.expr)
            && let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind
            && name == "as_view"
            && let Value::Class { unit, class } = self.ev.at(view.unit, *object)
        {
            let place = self.class_place(unit, class);
            // `ViewSet.as_view({"get": "list"})`
            let actions = source::find(self.ev, view, &["0".to_string()]);
            let mapped: Vec<String> = actions
                .first()
                .map(|a| source::entries(self.ev, *a).into_iter().map(|(m, _)| m.to_uppercase()).collect())
                .unwrap_or_default();
            let methods = if mapped.is_empty() { self.class_methods(unit, class) } else { mapped };
            return (methods, Some(place));
        }
        match self.ev.eval(view) {
            Value::Function { unit, func, .. } => {
                (self.function_methods(unit, func), Some(self.ev.program.function_place(unit, func)))
            }
            _ => (vec!["ANY".into()], None),
        }
    }

    fn class_place(&self, unit: UnitId, class: ClassId) -> Place {
        let unit = self.ev.program.unit(unit);
        Place::new(unit.file, unit.module.class(class).name_span)
    }

    fn class_methods(&self, unit: UnitId, class: ClassId) -> Vec<String> {
        const VERBS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
        let module = &self.ev.program.unit(unit).module;
        let names = module.class(class).methods.iter().map(|m| module.func(*m).name.as_str());
        let own: Vec<String> = names.filter(|n| VERBS.contains(n)).map(str::to_uppercase).collect();
        if !own.is_empty() {
            return own;
        }
        // The generic views of Django REST framework say it in their names.
        let bases = module.class(class).bases.iter().filter_map(|b| match self.ev.at(unit, *b) {
            Value::External(symbol) => symbol.rsplit('.').next().map(str::to_string),
            _ => None,
        });
        for base in bases {
            let found: Vec<&str> = [
                ("List", "GET"),
                ("Create", "POST"),
                ("Retrieve", "GET"),
                ("Update", "PUT"),
                ("Update", "PATCH"),
                ("Destroy", "DELETE"),
                ("TemplateView", "GET"),
            ]
            .iter()
            .filter(|(part, _)| base.contains(part))
            .map(|(_, method)| *method)
            .collect();
            if base.ends_with("View") && !found.is_empty() {
                return found.into_iter().map(str::to_string).collect();
            }
        }
        vec!["ANY".into()]
    }

    /// `@api_view(["GET"])`, `@require_GET`, `@require_http_methods([...])`.
    fn function_methods(&self, unit: UnitId, func: FuncId) -> Vec<String> {
        let module = &self.ev.program.unit(unit).module;
        for &decorator in &module.func(func).decorators {
            let name = match &module.expr(decorator).kind {
                ExprKind::Name(name) | ExprKind::Attr { name, .. } => name.as_str(),
                ExprKind::Call(_) => module.callee_name(decorator).map_or("", |n| n.as_str()),
                _ => "",
            };
            match name {
                "require_GET" | "require_safe" => return vec!["GET".into()],
                "require_POST" => return vec!["POST".into()],
                "api_view" | "require_http_methods" => {
                    let list = source::find(self.ev, Site { unit, expr: decorator }, &["0".to_string()]);
                    let values = list.first().map(|l| source::objects(self.ev, &self.ev.eval(*l))).unwrap_or_default();
                    let methods: Vec<String> = values.iter().filter_map(Value::as_str).collect();
                    return if methods.is_empty() { vec!["GET".into()] } else { methods };
                }
                _ => {}
            }
        }
        vec!["ANY".into()]
    }

    /// `router.register("orders", OrderViewSet)` on a router of Django REST framework.
    fn router(&mut self, router: Site, prefix: &PathText) {
        let made = self.ev.eval(router).instance().and_then(|i| i.call);
        let Some(made) = made else { return self.gap(router, prefix) };
        let calls: Vec<Site> = self.ev.program.calls_named("register").to_vec();
        for call in calls {
            let module = &self.ev.program.unit(call.unit).module;
            let Some(ExprKind::Attr { object, .. }) = module.call(call.expr).map(|c| &module.expr(c.callee).kind)
            else {
                continue;
            };
            if self.ev.at(call.unit, *object).instance().and_then(|i| i.call) != Some(made) {
                continue;
            }
            let argument = |n: &str, name: &str| {
                source::find(self.ev, call, &[n.to_string(), name.to_string()]).into_iter().next()
            };
            let (Some(name), Some(set)) = (argument("0", "prefix"), argument("1", "viewset")) else { continue };
            let name = path::of_value(&self.ev.eval(name)).into_iter().next().unwrap_or_else(PathText::unknown);
            let name = regex::of_regex(&name);
            let base =
                PathText { text: format!("{}{}", prefix.text, name.text), partial: prefix.partial || name.partial };
            let Value::Class { unit, class } = self.ev.eval(set) else {
                self.gap(call, &base);
                continue;
            };
            self.viewset(call, &base, unit, class);
        }
    }

    fn viewset(&mut self, call: Site, base: &PathText, unit: UnitId, class: ClassId) {
        const ACTIONS: [(&str, &str, bool); 6] = [
            ("list", "GET", false),
            ("create", "POST", false),
            ("retrieve", "GET", true),
            ("update", "PUT", true),
            ("partial_update", "PATCH", true),
            ("destroy", "DELETE", true),
        ];
        let ev = self.ev;
        let module = &ev.program.unit(unit).module;
        let bases: Vec<String> = module
            .class(class)
            .bases
            .iter()
            .filter_map(|b| match ev.at(unit, *b) {
                Value::External(symbol) => symbol.rsplit('.').next().map(str::to_string),
                _ => None,
            })
            .collect();
        let has = |base: &str| bases.iter().any(|b| b == base);
        let item = base.join(&PathText::known("{pk}"));
        for (action, method, detail) in ACTIONS {
            let mixin = match action {
                "list" => "ListModelMixin",
                "create" => "CreateModelMixin",
                "retrieve" => "RetrieveModelMixin",
                "destroy" => "DestroyModelMixin",
                _ => "UpdateModelMixin",
            };
            let own = module.class(class).methods.iter().find(|m| module.func(**m).name == action);
            let read = matches!(action, "list" | "retrieve") && has("ReadOnlyModelViewSet");
            if own.is_some() || read || has("ModelViewSet") || has(mixin) {
                let handler = own.map(|m| ev.program.function_place(unit, *m));
                self.push(call, method, if detail { &item } else { base }, handler);
            }
        }
        // `@action(detail=True, methods=["post"], url_path="cancel")`
        for &method in &module.class(class).methods {
            let function = module.func(method);
            for &decorator in &function.decorators {
                if module.callee_name(decorator).is_none_or(|n| n != "action") {
                    continue;
                }
                let site = Site { unit, expr: decorator };
                let keyword = |name: &str| source::find(ev, site, &[name.to_string()]).into_iter().next();
                let detail = keyword("detail").is_some_and(|d| ev.eval(d) == Value::Bool(true));
                let tail = keyword("url_path").and_then(|p| ev.eval(p).as_str());
                let tail = tail.unwrap_or_else(|| function.name.to_string());
                let methods: Vec<String> = keyword("methods")
                    .map(|m| source::objects(ev, &ev.eval(m)).iter().filter_map(Value::as_str).collect())
                    .unwrap_or_default();
                let methods = if methods.is_empty() { vec!["get".to_string()] } else { methods };
                let full = if detail { &item } else { base }.join(&PathText::known(tail));
                for verb in methods {
                    let handler = ev.program.function_place(unit, method);
                    self.push(site, &verb.to_uppercase(), &full, Some(handler));
                }
            }
        }
    }

    fn push(&mut self, site: Site, method: &str, full: &PathText, handler: Option<Place>) {
        self.served.routes.push(Route {
            unrooted: false,
            place: self.ev.program.place(site),
            unit: site.unit,
            method: method.to_uppercase(),
            path: path::normalise(&full.text, Parameters::Angle),
            framework: "Django".into(),
            handler,
            app: self.root.clone(),
            partial: full.partial,
        });
    }

    fn gap(&mut self, site: Site, prefix: &PathText) {
        let known = prefix.text.split(['{', '<']).next().unwrap_or("");
        self.served.gaps.push(Gap {
            place: self.ev.program.place(site),
            unit: site.unit,
            app: self.root.clone(),
            prefix: path::normalise(known, Parameters::Angle),
            kind: if known.is_empty() { GapKind::Unresolved } else { GapKind::External },
        });
    }
}
