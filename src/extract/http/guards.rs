//! What protects a call: the retries, breakers and deadlines around it.
//!
//! A guard can stand in many places: around the call (`wait_for(call)`, a `with`, a loop), on the
//! enclosing function (a decorator), in a wrapper of the repository that the call is handed to
//! (`this.executeWithRetry(() => …)`), where the function is wrapped (`new CircuitBreaker(fn)`), or
//! around the callers of the function.

use smol_str::SmolStr;

use super::breaker::{counted, is_breaker_name};
use super::failure::{Failures, selected};
use super::retry::{RetryPolicy, from_catalog, hand_written};
use super::{asked, recursion, told};
use crate::catalog::http::RetryForm;
use crate::facts::module::{ClassId, ExprId, ExprKind, FuncId, FunctionKind, Language, LoopHeader, StmtKind};
use crate::program::hierarchy::FuncRef;
use crate::program::index::Scope;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Instance, Parent, Site, UnitId, Value};
use crate::syntax::{Place, Span};

/// A protection around a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    /// It is repeated.
    Retry(RetryPolicy),
    /// A breaker stands before it.
    Breaker {
        /// Where.
        place: Place,
        /// The library.
        library: String,
        /// Why it does nothing, when it does not.
        inert: Option<String>,
        /// Which failures it counts.
        counts: Failures,
        /// The code that runs behind it.
        covers: Vec<(UnitId, Span)>,
    },
    /// Its time is bounded.
    Deadline(Place),
}

/// Finds guards.
#[derive(Debug)]
pub struct Guards<'e, 'a> {
    ev: &'e Evaluator<'a>,
}

const MAX_HOPS: u32 = 3;

impl Guard {
    /// A breaker that works, as far as is known.
    pub fn breaker(place: Place, library: impl Into<String>) -> Guard {
        let (counts, covers) = (Failures::Unknown, Vec::new());
        Guard::Breaker { place, library: library.into(), inert: None, counts, covers }
    }
}

impl<'e, 'a> Guards<'e, 'a> {
    /// Finds guards in a program.
    pub fn new(ev: &'e Evaluator<'a>) -> Self {
        Guards { ev }
    }

    /// The guards around a call.
    pub fn around(&self, site: Site) -> Vec<Guard> {
        let mut out = Vec::new();
        self.collect(site, 0, None, &mut out);
        out
    }

    /// The guards that a method declares, and those of its class: `@Retry` on an interface that a
    /// framework implements.
    pub fn of_declaration(&self, unit: UnitId, func: FuncId) -> Vec<Guard> {
        let module = &self.ev.program.unit(unit).module;
        let function = module.func(func);
        let class = function.class.map(|c| module.class(c).decorators.as_slice()).unwrap_or_default();
        let mut out = Vec::new();
        for &decorator in function.decorators.iter().chain(class) {
            out.extend(self.of_value(unit, decorator, Some(function.is_async)));
        }
        cover(&mut out, unit, function.span);
        out
    }

    /// The guards that a class declares for what it inherits.
    pub fn of_class(&self, unit: UnitId, class: ClassId) -> Vec<Guard> {
        let class = self.ev.program.unit(unit).module.class(class);
        let mut out: Vec<Guard> = class.decorators.iter().flat_map(|d| self.of_value(unit, *d, Some(false))).collect();
        cover(&mut out, unit, class.span);
        out
    }

    /// `until` is the function whose callers are looked at elsewhere: a wrapper stands around different
    /// calls for each of them.
    fn collect(&self, site: Site, hops: u32, until: Option<FuncRef>, out: &mut Vec<Guard>) {
        let unit = self.ev.program.unit(site.unit);
        let module = &unit.module;
        let mut inner = site.expr;
        let mut named = None;
        for parent in unit.index.ancestors(site.expr) {
            match parent {
                Parent::Expr(e) => {
                    if let ExprKind::Call(call) = &module.expr(e).kind
                        && call.args.iter().any(|a| a.value == inner)
                    {
                        let before = out.len();
                        self.of_call(Site { unit: site.unit, expr: e }, inner, hops, out);
                        cover(&mut out[before..], site.unit, module.expr(inner).span);
                    }
                    // `http.get(url).pipe(timeout(5000), retry(3))`
                    if let ExprKind::Attr { name, .. } = &module.expr(e).kind
                        && matches!(
                            name.as_str(),
                            "pipe" | "timeout" | "retry" | "retryWhen" | "transform" | "transformDeferred" | "as"
                        )
                    {
                        self.of_pipe(site.unit, e, out);
                    }
                    inner = e;
                }
                Parent::Stmt(s) => match &module.stmt(s).kind {
                    // `Mono<R> response = client.get()…; return response.transformDeferred(…)`
                    StmtKind::Assign { target, value: Some(value), .. }
                        if *value == inner && module.language.is_jvm() =>
                    {
                        self.of_variable(site, *target, out);
                    }
                    StmtKind::Loop { header, body, .. } => {
                        if let LoopHeader::Each { iter, .. } = header
                            && let Value::Instance(instance) = self.ev.at(site.unit, *iter)
                            && let Some(call) = instance.call
                        {
                            out.extend(self.of_symbol(call, self.async_of(site)));
                        }
                        if let Some(policy) = hand_written(self.ev, site, s, header, body) {
                            out.push(Guard::Retry(policy));
                        }
                    }
                    StmtKind::With { items, .. } => {
                        for (item, _) in items {
                            out.extend(self.of_value(site.unit, *item, self.async_of(site)));
                        }
                    }
                    _ => {}
                },
                Parent::Func(f) => {
                    let function = module.func(f);
                    let before = out.len();
                    for &decorator in &function.decorators {
                        out.extend(self.of_decorator(site.unit, decorator, function.is_async, hops));
                    }
                    if let Some(class) = function.class.filter(|_| module.language.is_jvm()) {
                        self.of_class_around(site.unit, class, out);
                    }
                    if let Some(&lambda) = unit.index.lambda_expr.get(&f).filter(|_| module.language.is_jvm()) {
                        out.extend(super::jvm::around_variable(self.ev, site.unit, lambda));
                    }
                    out.extend(recursion::policy(self.ev, site, f).map(Guard::Retry));
                    out.extend(asked::before(self.ev, site.unit, f, module.expr(site.expr).span));
                    // `new CircuitBreaker(() => …)`: what stands around `breaker.fire()` counts too.
                    if hops < MAX_HOPS && unit.index.lambda_expr.contains_key(&f) {
                        for way in self.ev.entries(site.unit, f) {
                            if way.handed.is_some_and(|handed| handed != way.site) {
                                self.collect(way.site, hops + 1, until, out);
                            }
                        }
                    }
                    cover(&mut out[before..], site.unit, function.span);
                    if named.is_none() && !unit.index.lambda_expr.contains_key(&f) {
                        named = Some(f);
                    }
                    if named.is_none() && !function.name.is_empty() {
                        // A lambda that is bound to a name can be called by it too.
                        named = Some(f);
                    }
                }
                Parent::Class(_) | Parent::Top => {}
            }
        }
        if hops < MAX_HOPS
            && let Some(func) = named
            && until != Some((site.unit, func))
        {
            let span = module.func(func).span;
            for way in self.ev.entries(site.unit, func).into_iter().take(16) {
                if way.site == site {
                    continue;
                }
                let before = out.len();
                if let Some(handed) = way.handed
                    && let Some(arg) = self.handed_argument(handed, site.unit, func)
                {
                    self.of_call(handed, arg, hops, out);
                }
                match way.handed.and_then(|handed| Some((handed, self.wrapper_around(handed, way.site)?))) {
                    Some((handed, wrapper)) => {
                        self.collect(way.site, hops + 1, Some(wrapper), out);
                        self.collect(handed, hops + 1, until, out);
                    }
                    None => self.collect(way.site, hops + 1, until, out),
                }
                cover(&mut out[before..], site.unit, span);
            }
        }
    }

    /// `@CircuitBreaker` on a class is one on each of its methods, and `class GetUser extends HystrixCommand<User>`
    /// runs in a breaker, and for a second.
    fn of_class_around(&self, unit: UnitId, class: ClassId, out: &mut Vec<Guard>) {
        let module = &self.ev.program.unit(unit).module;
        let class = module.class(class);
        for &decorator in &class.decorators {
            out.extend(self.of_value(unit, decorator, Some(false)));
        }
        let base = |b: &ExprId| simple_name(module, *b).is_some_and(|n| n.starts_with("Hystrix"));
        if let Some(&base) = class.bases.iter().find(|b| base(b)) {
            let place = self.ev.program.place(Site { unit, expr: base });
            out.push(Guard::breaker(place, "Hystrix"));
            out.push(Guard::Deadline(place));
        }
    }

    /// The function that `handed` calls, when `site` lies in it: `breaker.call(send)` runs `send()` in
    /// the body of `call`, and only for this caller.
    fn wrapper_around(&self, handed: Site, site: Site) -> Option<FuncRef> {
        let call = self.ev.program.unit(handed.unit).module.call(handed.expr)?;
        let callee = self.ev.at(handed.unit, call.callee);
        let unit = self.ev.program.unit(site.unit);
        callee.alternatives().iter().find_map(|value| match value {
            Value::Function { unit: u, func, .. } if *u == site.unit => {
                let around = |x: &FuncId| unit.module.func(*x).parent;
                std::iter::successors(unit.index.func_of(site.expr), around).any(|x| x == *func).then_some((*u, *func))
            }
            _ => None,
        })
    }

    /// The operators behind the uses of a local variable that holds what a request returns.
    fn of_variable(&self, site: Site, target: ExprId, out: &mut Vec<Guard>) {
        let unit = self.ev.program.unit(site.unit);
        if let ExprKind::Name(name) = &unit.module.expr(target).kind {
            self.of_uses(site.unit, name, unit.index.func_of(site.expr), Some(target), out);
        }
    }

    /// The operators behind the uses of a name in a function, but for one place.
    fn of_uses(&self, unit_id: UnitId, name: &str, func: Option<FuncId>, but: Option<ExprId>, out: &mut Vec<Guard>) {
        let unit = self.ev.program.unit(unit_id);
        for i in 0..unit.module.exprs.len() as u32 {
            let used = ExprId(i);
            if Some(used) == but
                || !matches!(&unit.module.expr(used).kind, ExprKind::Name(n) if n == name)
                || unit.index.func_of(used) != func
            {
                continue;
            }
            // The chain that begins with it, not the calls it is handed to.
            let mut inner = used;
            for parent in unit.index.ancestors(used) {
                let Parent::Expr(e) = parent else { break };
                match &unit.module.expr(e).kind {
                    ExprKind::Attr { name, .. } => {
                        if matches!(
                            name.as_str(),
                            "timeout" | "retry" | "retryWhen" | "transform" | "transformDeferred" | "as"
                        ) {
                            self.of_pipe(unit_id, e, out);
                        }
                    }
                    ExprKind::Call(call) if but.is_none() && call.callee != inner => break,
                    _ => {}
                }
                inner = e;
            }
        }
    }

    fn async_of(&self, site: Site) -> Option<bool> {
        let unit = self.ev.program.unit(site.unit);
        unit.index.func_of(site.expr).map(|f| unit.module.func(f).is_async)
    }

    /// The argument by which a function is handed to a call.
    fn handed_argument(&self, handed: Site, unit: UnitId, func: FuncId) -> Option<ExprId> {
        let (_, position) = self.ev.handed_to(unit, func).into_iter().find(|(site, _)| *site == handed)?;
        let call = self.ev.program.unit(handed.unit).module.call(handed.expr)?;
        call.args.get(position).map(|a| a.value)
    }

    /// A call that gets our call as an argument.
    fn of_call(&self, site: Site, inner: ExprId, hops: u32, out: &mut Vec<Guard>) {
        let module = &self.ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr) else { return };
        let is_async = match &module.expr(inner).kind {
            ExprKind::Lambda(f) => Some(module.func(*f).is_async),
            _ => match self.ev.at(site.unit, inner) {
                Value::Function { unit, func, .. } => Some(self.ev.program.unit(unit).module.func(func).is_async),
                _ => None,
            },
        };
        let found = self.of_symbol(site, is_async);
        if !found.is_empty() {
            out.extend(found);
            return;
        }
        // `breakers.create("stock").run(request(), fallback)` of Spring Cloud takes a publisher.
        let runs = || module.callee_name(site.expr).is_some_and(|n| n == "run");
        if module.language.is_jvm()
            && (matches!(module.expr(inner).kind, ExprKind::Lambda(_))
                || matches!(module.expr(inner).kind, ExprKind::Call(_)) && runs())
        {
            out.extend(super::jvm::told_by_name(self.ev, site, Some(inner)));
        }
        if module.language == Language::CSharp {
            out.extend(super::dotnet::around(self.ev, site));
        } else if !module.language.is_jvm() {
            out.extend(told::by_name(self.ev, site));
        }
        if !module.language.is_jvm() {
            out.extend(super::named::around(self.ev, site, inner));
        }
        if hops >= MAX_HOPS {
            return;
        }
        for value in self.ev.at(site.unit, call.callee).alternatives() {
            let position = call.args.iter().position(|a| a.value == inner);
            match value {
                Value::Function { unit, func, .. } => self.of_wrapper(*unit, *func, position, hops + 1, out),
                Value::Class { unit, class } => self.of_holder(*unit, *class, position, hops + 1, out),
                _ => {}
            }
        }
    }

    /// A class of the repository whose objects keep a function that they are made with, and call it:
    /// `new CircuitBreaker(() => …)`.
    fn of_holder(&self, unit_id: UnitId, class: ClassId, position: Option<usize>, hops: u32, out: &mut Vec<Guard>) {
        let unit = self.ev.program.unit(unit_id);
        let module = &unit.module;
        let declared = module.class(class);
        let is_constructor = |m: &&FuncId| module.func(**m).kind == FunctionKind::Constructor;
        let Some(&constructor) = declared.methods.iter().find(is_constructor) else { return };
        let params = &module.func(constructor).params;
        let Some(param) = position.and_then(|i| params.get(i)) else { return };
        if is_breaker_name(&declared.name) {
            let method = declared.methods.iter().find(|m| module.func(**m).kind != FunctionKind::Constructor);
            out.push(Guard::Breaker {
                place: Place::new(unit.file, declared.name_span),
                library: format!("`{}`", declared.name),
                inert: None,
                counts: method.map_or(Failures::Unknown, |m| counted(unit, module.func(*m))),
                covers: Vec::new(),
            });
        }
        // The fields that hold it.
        let holds = |e: ExprId| matches!(&module.expr(e).kind, ExprKind::Name(n) if *n == param.name);
        let fields = module.stmts.iter().filter_map(|s| match &s.kind {
            StmtKind::Assign { target, value: Some(value), .. } if declared.span.contains(s.span) && holds(*value) => {
                match &module.expr(*target).kind {
                    ExprKind::Attr { name, .. } => Some(name),
                    _ => None,
                }
            }
            _ => None,
        });
        let fields: Vec<&SmolStr> = fields.chain(param.is_field.then_some(&param.name)).collect();
        let is_kept = |e: ExprId| {
            matches!(&module.expr(e).kind, ExprKind::Attr { object, name, .. }
                if fields.contains(&name) && matches!(module.expr(*object).kind, ExprKind::This))
        };
        for call in unit.index.calls.iter().filter(|c| declared.span.contains(module.expr(c.expr).span)) {
            let Some(c) = module.call(call.expr) else { continue };
            let site = Site { unit: unit_id, expr: call.expr };
            if is_kept(c.callee) {
                self.collect(site, hops, call.func.map(|f| (unit_id, f)), out);
            } else if let Some(arg) = c.args.iter().find(|a| is_kept(a.value) || holds(a.value)) {
                self.of_call(site, arg.value, hops, out);
            }
        }
    }

    /// A function of the repository that calls one of its parameters: what stands around that call
    /// stands around ours.
    fn of_wrapper(&self, unit_id: UnitId, func: FuncId, position: Option<usize>, hops: u32, out: &mut Vec<Guard>) {
        let unit = self.ev.program.unit(unit_id);
        let function = unit.module.func(func);
        if let Some(class) = function.class
            && is_breaker_name(&unit.module.class(class).name)
        {
            out.push(Guard::Breaker {
                place: self.ev.program.function_place(unit_id, func),
                library: format!("`{}`", unit.module.class(class).name),
                inert: None,
                counts: counted(unit, function),
                covers: Vec::new(),
            });
        } else if is_breaker_name(&function.name) {
            out.push(Guard::breaker(self.ev.program.function_place(unit_id, func), format!("`{}`", function.name)));
        }
        let Some(param) = position.and_then(|i| function.params.get(i)) else { return };
        // `<T> Mono<T> guarded(Mono<T> reply) { return reply.transformDeferred(RetryOperator.of(retry)); }`
        if unit.module.language.is_jvm() {
            self.of_uses(unit_id, &param.name, Some(func), None, out);
        }
        for call in &unit.index.calls {
            let inside = {
                let mut f = call.func;
                loop {
                    match f {
                        Some(x) if x == func => break true,
                        Some(x) => f = unit.module.func(x).parent,
                        None => break false,
                    }
                }
            };
            if !inside {
                continue;
            }
            let Some(c) = unit.module.call(call.expr) else { continue };
            let is_param = |e: ExprId| matches!(&unit.module.expr(e).kind, ExprKind::Name(n) if *n == param.name);
            let site = Site { unit: unit_id, expr: call.expr };
            if is_param(c.callee) {
                self.collect(site, hops, Some((unit_id, func)), out);
            } else if let Some(arg) = c.args.iter().find(|a| is_param(a.value)) {
                // Handed on: `return pRetry(fn)`.
                let mut inner = Vec::new();
                self.of_call(site, arg.value, hops, &mut inner);
                out.extend(inner);
                self.collect(site, hops, Some((unit_id, func)), out);
            }
        }
    }

    fn of_decorator(&self, unit: UnitId, decorator: ExprId, is_async: bool, hops: u32) -> Vec<Guard> {
        let mut found = self.of_value(unit, decorator, Some(is_async));
        if found.is_empty() && self.ev.program.language(unit) != Language::CSharp {
            found = told::decorator(self.ev, unit, decorator);
        }
        if !found.is_empty() || hops >= MAX_HOPS {
            return found;
        }
        // A decorator of the repository: look at what it does around its parameter.
        let module = &self.ev.program.unit(unit).module;
        let target = match &module.expr(decorator).kind {
            ExprKind::Call(call) => call.callee,
            _ => decorator,
        };
        let mut out = Vec::new();
        if let Value::Function { unit: u, func, .. } = self.ev.at(unit, target) {
            let inner = self.ev.program.unit(u);
            let place = self.ev.program.function_place(u, func);
            if is_breaker_name(&inner.module.func(func).name) {
                out.push(Guard::breaker(place, format!("`{}`", inner.module.func(func).name)));
            }
            // Any loop in it that catches and goes on is the retry.
            for (i, stmt) in inner.module.stmts.iter().enumerate() {
                if let StmtKind::Loop { header, body, .. } = &stmt.kind
                    && inner.module.func(func).span.contains(stmt.span)
                    && let Some(call) = first_call_in_try(&inner.module, body)
                    && let Some(policy) = hand_written(
                        self.ev,
                        Site { unit: u, expr: call },
                        crate::facts::module::StmtId(i as u32),
                        header,
                        body,
                    )
                {
                    out.push(Guard::Retry(policy));
                }
            }
            // `return await retry_with_backoff(fn, *args)`: it hands the function on.
            for call in &inner.index.calls {
                let Some(c) = inner.module.call(call.expr) else { continue };
                let around = std::iter::successors(call.func, |f| inner.module.func(*f).parent);
                let within: Vec<FuncId> = around.collect();
                if !within.contains(&func) {
                    continue;
                }
                let is_param = |e: ExprId| match &inner.module.expr(e).kind {
                    ExprKind::Name(name) => within
                        .iter()
                        .any(|f| inner.module.func(*f).params.iter().any(|p| !p.variadic && p.name == *name)),
                    _ => false,
                };
                if let Some(arg) = c.args.iter().find(|a| a.name.is_none() && is_param(a.value)) {
                    self.of_call(Site { unit: u, expr: call.expr }, arg.value, hops + 1, &mut out);
                }
            }
            // How it repeats could not be read; that it does, its name says.
            let name = inner.module.func(func).name.to_lowercase();
            if !out.iter().any(|g| matches!(g, Guard::Retry(_))) && (name.contains("retry") || name.contains("retries"))
            {
                out.push(Guard::Retry(RetryPolicy {
                    wait: None,
                    bounded: None,
                    selective: true,
                    ..RetryPolicy::immediate(place, "a retry policy")
                }));
            }
        }
        out
    }

    /// An expression that is a guard: `retry(…)`, `@breaker`, `asyncio.timeout(5)`, `cb.calling()`.
    fn of_value(&self, unit: UnitId, expr: ExprId, is_async: Option<bool>) -> Vec<Guard> {
        let module = &self.ev.program.unit(unit).module;
        if matches!(module.expr(expr).kind, ExprKind::Call(_)) {
            let found = self.of_symbol(Site { unit, expr }, is_async);
            if !found.is_empty() {
                return found;
            }
        }
        if let ExprKind::Await(inner) = module.expr(expr).kind {
            return self.of_value(unit, inner, is_async);
        }
        match self.ev.at(unit, expr) {
            Value::External(symbol) => self.of_name(&symbol, None, Site { unit, expr }, is_async),
            // Several `import a.*`: whichever of them has such a guard.
            Value::OneOf(values) => {
                let named = values.iter().filter_map(|value| match value {
                    Value::External(symbol) => Some(self.of_name(symbol, None, Site { unit, expr }, is_async)),
                    _ => None,
                });
                named.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
            }
            Value::Instance(instance) => {
                let of_link = |link: &Instance| match link.call {
                    Some(call) => self.of_symbol(call, is_async),
                    None => self.of_name(&link.ty, None, Site { unit, expr }, is_async),
                };
                // `retrypolicy.NewBuilder[any]().WithMaxRetries(3).Build()`
                let links = std::iter::successors(Some(&instance), |link| link.from.as_deref());
                let depth = if module.language == Language::Go { 12 } else { 1 };
                links.take(depth).map(of_link).find(|found| !found.is_empty()).unwrap_or_default()
            }
            Value::Object { unit: u, class: id, .. } => {
                let class = self.ev.program.unit(u).module.class(id);
                if is_breaker_name(&class.name) {
                    let place = self.ev.program.place(Site { unit, expr });
                    vec![Guard::breaker(place, format!("`{}`", class.name))]
                } else {
                    self.of_annotation(u, id, is_async)
                }
            }
            Value::Class { unit, class } => self.of_annotation(unit, class, is_async),
            _ => Vec::new(),
        }
    }

    /// An annotation of ours stands for those that stand at it: `@CircuitBreaker @interface Guarded {}`.
    fn of_annotation(&self, unit: UnitId, class: ClassId, is_async: Option<bool>) -> Vec<Guard> {
        let module = &self.ev.program.unit(unit).module;
        if !module.language.is_jvm() {
            return Vec::new();
        }
        let of_library =
            |expr: &&ExprId| !matches!(self.ev.at(unit, **expr), Value::Object { .. } | Value::Class { .. });
        let found = module.class(class).decorators.iter().filter(of_library);
        found.flat_map(|decorator| self.of_value(unit, *decorator, is_async)).collect()
    }

    /// `source.pipe(timeout(5000), retry(3))`, `request.get(url).timeout(500).retry(2)`.
    fn of_pipe(&self, unit: UnitId, attr: ExprId, out: &mut Vec<Guard>) {
        let index = &self.ev.program.unit(unit).index;
        let module = &self.ev.program.unit(unit).module;
        let Some(Parent::Expr(call_expr)) = index.expr_parent.get(attr.0 as usize).copied() else { return };
        let Some(call) = module.call(call_expr) else { return };
        let place = self.ev.program.place(Site { unit, expr: call_expr });
        match module.callee_name(call_expr).map(SmolStr::as_str) {
            Some("timeout") => out.push(Guard::Deadline(place)),
            Some("retry" | "retryWhen") if module.language.is_jvm() => {
                out.push(Guard::Retry(super::jvm::repeated(self.ev, Site { unit, expr: call_expr })));
            }
            Some("transform" | "transformDeferred" | "as") if module.language.is_jvm() => {
                out.extend(super::jvm::told_by_name(self.ev, Site { unit, expr: call_expr }, Some(call.callee)));
            }
            Some("retryWhen") => {
                out.push(Guard::Retry(RetryPolicy { wait: None, ..RetryPolicy::immediate(place, "RxJS") }));
            }
            Some("retry") => out.push(Guard::Retry(RetryPolicy::immediate(place, "superagent"))),
            _ => {
                for arg in &call.args {
                    if module.call(arg.value).is_some() {
                        out.extend(self.of_symbol(Site { unit, expr: arg.value }, None));
                    }
                }
            }
        }
    }

    /// A call of a guard: by the symbol that is called.
    fn of_symbol(&self, site: Site, is_async: Option<bool>) -> Vec<Guard> {
        match self.ev.callee(site) {
            Some((symbol, receiver)) => {
                if let Some(stripped) = symbol.strip_suffix(".()") {
                    // `retry(stop=…)(fn)`, `breaker(fn)`: the object that is called is the guard.
                    let origin = receiver.and_then(|r| r.call).unwrap_or(site);
                    return self.of_name(stripped, Some(origin), site, is_async);
                }
                let found = self.of_name(&symbol, Some(site), site, is_async);
                if found.is_empty()
                    && let Some(receiver) = receiver
                {
                    // `policy.execute(…)`, `breaker.fire(…)`: a method of the guard.
                    let runs = symbol.rsplit('.').next().is_some_and(|m| {
                        matches!(
                            m,
                            "execute"
                                | "fire"
                                | "call"
                                | "call_async"
                                | "run"
                                | "wrap"
                                | "exec"
                                | "fn"
                                | "Execute"
                                | "Run"
                                | "Do"
                                | "Get"
                        )
                    });
                    if runs && let Some(call) = receiver.call {
                        return self.of_symbol(call, is_async);
                    }
                }
                found
            }
            None => Vec::new(),
        }
    }

    /// `new CircuitBreaker(fn, { timeout: false })`.
    fn switched_off(&self, site: Site, option: &str) -> bool {
        let Some(call) = self.ev.program.unit(site.unit).module.call(site.expr) else { return false };
        call.args.iter().any(|arg| match self.ev.at(site.unit, arg.value) {
            Value::Dict(dict) => dict.get(option).is_some_and(|s| self.ev.eval(s) == Value::Bool(false)),
            _ => false,
        })
    }

    /// A breaker that lives in a local variable of an ordinary function.
    fn made_for_each_call(&self, site: Site) -> bool {
        let unit = self.ev.program.unit(site.unit);
        let Some(func) = unit.index.func_of(site.expr) else { return false };
        if unit.module.func(func).kind == FunctionKind::Constructor {
            return false;
        }
        let Some(Parent::Stmt(stmt)) = unit.index.ancestors(site.expr).find(|p| !matches!(p, Parent::Expr(_))) else {
            return false;
        };
        let StmtKind::Assign { target, .. } = &unit.module.stmt(stmt).kind else { return false };
        let ExprKind::Name(name) = &unit.module.expr(*target).kind else { return false };
        let local = unit.index.lookup(&unit.module, Some(func), name).is_some_and(|(scope, _)| scope != Scope::Top);
        // A factory hands it out, a cache keeps it.
        let kept = unit.module.exprs.iter().enumerate().any(|(i, e)| {
            matches!(&e.kind, ExprKind::Name(n) if n == name)
                && match unit.index.expr_parent.get(i) {
                    Some(Parent::Stmt(s)) => {
                        matches!(&unit.module.stmt(*s).kind, StmtKind::Return(_))
                            || matches!(&unit.module.stmt(*s).kind, StmtKind::Assign { value: Some(v), .. } if v.0 as usize == i)
                    }
                    Some(Parent::Expr(outer)) => matches!(
                        &unit.module.expr(*outer).kind,
                        ExprKind::Call(call) if call.args.iter().any(|a| a.value.0 as usize == i)
                    ),
                    _ => false,
                }
        });
        local && !kept
    }

    fn of_name(&self, symbol: &str, call: Option<Site>, at: Site, is_async: Option<bool>) -> Vec<Guard> {
        let language = self.ev.program.language(at.unit);
        let Some((library, rest)) = self.ev.catalog.split(language, symbol) else { return Vec::new() };
        let place = self.ev.program.place(call.unwrap_or(at));
        let mut out = Vec::new();
        for retry in library.retry.iter().filter(|r| r.symbols.iter().any(|s| s == rest)) {
            if matches!(retry.form, RetryForm::Wrapper | RetryForm::Operator) {
                out.push(Guard::Retry(from_catalog(self.ev, &library.library, retry, call, place)));
            }
        }
        for breaker in library.breaker.iter().filter(|b| b.symbols.iter().any(|s| s == rest)) {
            let inert = if breaker.sync_only && is_async == Some(true) {
                Some(format!("{} counts no failures of an `async def` function", library.library))
            } else if !rest.contains('.') && call.is_some_and(|c| self.made_for_each_call(c)) {
                Some("it is made anew for each call and has never seen a failure".into())
            } else {
                None
            };
            let counts = selected(self.ev, &breaker.failures, call);
            out.push(Guard::Breaker { place, library: library.library.clone(), inert, counts, covers: Vec::new() });
            if breaker.timeout_ms.is_some() && !call.is_some_and(|c| self.switched_off(c, "timeout")) {
                out.push(Guard::Deadline(place));
            }
        }
        if library.deadline.iter().any(|d| d.symbols.iter().any(|s| s == rest)) {
            out.push(Guard::Deadline(place));
        }
        // `wrap(retry, breaker, timeout)`: all of its arguments.
        if out.is_empty()
            && (rest.ends_with("wrap") || library.combines.iter().any(|name| name == rest))
            && let Some(call) = call
            && let Some(c) = self.ev.program.unit(call.unit).module.call(call.expr)
        {
            for arg in &c.args {
                out.extend(self.of_value(call.unit, arg.value, is_async));
            }
        }
        out
    }
}

/// Notes what some guards run.
fn cover(guards: &mut [Guard], unit: UnitId, span: Span) {
    for guard in guards {
        match guard {
            Guard::Retry(RetryPolicy { covers, .. }) | Guard::Breaker { covers, .. } => covers.push((unit, span)),
            Guard::Deadline(_) => {}
        }
    }
}

/// A call inside a `try` of a loop body.
fn first_call_in_try(module: &crate::facts::module::Module, body: &crate::facts::module::Block) -> Option<ExprId> {
    let try_span = body.iter().find_map(|s| match &module.stmt(*s).kind {
        StmtKind::Try { body, .. } => body.first().zip(body.last()),
        _ => None,
    })?;
    let (start, end) = (module.stmt(*try_span.0).span.start, module.stmt(*try_span.1).span.end);
    module.exprs.iter().enumerate().find_map(|(i, e)| {
        (matches!(e.kind, ExprKind::Call(_)) && start <= e.span.start && e.span.end <= end).then_some(ExprId(i as u32))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::program::load::from_sources;
    use crate::program::resolve::Packages;

    /// The guards around the first call of a name: `retry`, `breaker`, `deadline`.
    fn around(sources: &[(&str, &str)], name: &str) -> Vec<&'static str> {
        let program = from_sources(sources, &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let guards = Guards::new(&ev).around(program.calls_named(name)[0]);
        let mut names: Vec<_> = guards
            .iter()
            .map(|guard| match guard {
                Guard::Retry(_) => "retry",
                Guard::Breaker { .. } => "breaker",
                Guard::Deadline(_) => "deadline",
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn a_shared_breaker_does_not_lend_the_retry_of_one_caller_to_another() {
        let breaker =
            "class CircuitBreaker:\n    async def call(self, func, *args):\n        return await func(*args)\n";
        let client = "import httpx\nfrom tenacity import retry\nfrom breaker import CircuitBreaker\nb = CircuitBreaker()\nasync def _check():\n    await httpx.get('x')\nasync def _reduce():\n    await httpx.patch('x')\n@retry()\nasync def check():\n    return await b.call(_check)\nasync def reduce():\n    return await b.call(_reduce)\n";
        let sources = [("breaker.py", breaker), ("client.py", client)];
        assert_eq!(around(&sources, "get"), ["breaker", "retry"]);
        assert_eq!(around(&sources, "patch"), ["breaker"]);
    }
}
