//! Functions that are handed to another thread with their arguments: `to_thread(f, x)` is lowered as what it means,
//! `to_thread(lambda: f(x))`.

use smol_str::SmolStr;

use super::Lowerer;
use crate::facts::module::{Arg, Call, Entry, ExprId, ExprKind, FuncId, Function, FunctionKind, StmtKind};
use crate::syntax::Span;

impl Lowerer<'_> {
    /// What a call hands over as a function of its own.
    ///
    /// <https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread>,
    /// <https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_in_executor>,
    /// <https://www.starlette.io/threadpool/>, <https://anyio.readthedocs.io/en/stable/threads.html>,
    /// <https://docs.python.org/3/library/threading.html#threading.Thread>
    pub(super) fn in_thread(&mut self, callee: ExprId, args: Vec<Arg>) -> Vec<Arg> {
        let (ExprKind::Name(name) | ExprKind::Attr { name, .. }) = &self.module.expr(callee).kind else { return args };
        match name.as_str() {
            "to_thread" | "run_in_threadpool" => self.handed(args, 0, &[]),
            "run_sync" => self.handed(args, 0, &["cancellable", "abandon_on_cancel", "limiter"]),
            "run_in_executor" => self.handed(args, 1, &[]),
            "Thread" => self.target(args),
            _ => args,
        }
    }

    /// The function stands at a position, its arguments behind it; some names are of the call itself.
    fn handed(&mut self, mut args: Vec<Arg>, at: usize, own: &[&str]) -> Vec<Arg> {
        let is_plain = |arg: &Arg| arg.name.is_none() && !arg.spread;
        if args.len() <= at || !args[..=at].iter().all(is_plain) {
            return args;
        }
        let rest = args.split_off(at + 1);
        let (own, rest): (Vec<Arg>, Vec<Arg>) =
            rest.into_iter().partition(|arg| arg.name.as_ref().is_some_and(|name| own.contains(&name.as_str())));
        match self.deferred(args[at].value, rest) {
            Ok(lambda) => args[at].value = lambda,
            Err(rest) => args.extend(rest),
        }
        args.extend(own);
        args
    }

    /// `Thread(target=f, args=(x,))`.
    fn target(&mut self, mut args: Vec<Arg>) -> Vec<Arg> {
        let named = |args: &[Arg], name: &str| args.iter().position(|arg| arg.name.as_deref() == Some(name));
        let (Some(target), Some(given)) = (named(&args, "target"), named(&args, "args")) else { return args };
        let ExprKind::List(items) = &self.module.expr(args[given].value).kind else { return args };
        if items.is_empty() {
            return args;
        }
        let mut rest: Vec<Arg> = items.iter().map(|item| Arg { name: None, spread: false, value: *item }).collect();
        if let Some(keywords) = named(&args, "kwargs") {
            let ExprKind::Dict(entries) = &self.module.expr(args[keywords].value).kind else { return args };
            for entry in entries {
                let Entry::Pair { key, value } = entry else { return args };
                let ExprKind::Str(name) = &self.module.expr(*key).kind else { return args };
                rest.push(Arg { name: Some(name.clone()), spread: false, value: *value });
            }
        }
        if let Ok(lambda) = self.deferred(args[target].value, rest) {
            args[target].value = lambda;
            args.retain(|arg| !matches!(arg.name.as_deref(), Some("args" | "kwargs")));
        }
        args
    }

    /// `sync_to_async(f)(x)` is `sync_to_async(lambda: f(x))()`.
    /// <https://docs.djangoproject.com/en/stable/topics/async/#asgiref.sync.sync_to_async>
    pub(super) fn adapted(&mut self, callee: ExprId, args: Vec<Arg>) -> Vec<Arg> {
        let adapts = |name: &SmolStr| matches!(name.as_str(), "sync_to_async" | "database_sync_to_async");
        let ExprKind::Call(call) = &self.module.expr(callee).kind else { return args };
        if !self.module.callee_name(callee).is_some_and(adapts) {
            return args;
        }
        let Some(given) = call.args.first().filter(|arg| arg.name.is_none() && !arg.spread) else { return args };
        match self.deferred(given.value, args) {
            Ok(lambda) => {
                if let ExprKind::Call(call) = &mut self.module.exprs[callee.0 as usize].kind {
                    call.args[0].value = lambda;
                }
                Vec::new()
            }
            Err(args) => args,
        }
    }

    /// `lambda: f(…)`; the arguments when the function is none that has a name.
    fn deferred(&mut self, function: ExprId, rest: Vec<Arg>) -> Result<ExprId, Vec<Arg>> {
        let (callee, args) = match &self.module.expr(function).kind {
            ExprKind::Name(_) | ExprKind::Attr { .. } => (function, rest),
            // `run_in_executor(None, partial(f, x))`
            ExprKind::Call(call) if self.module.callee_name(function).is_some_and(|name| name == "partial") => {
                let [first, bound @ ..] = &call.args[..] else { return Err(rest) };
                if first.name.is_some() || first.spread {
                    return Err(rest);
                }
                (first.value, bound.iter().cloned().chain(rest).collect())
            }
            _ => return Err(rest),
        };
        let start = self.module.expr(function).span;
        let end = args.iter().map(|arg| self.module.expr(arg.value).span.end).fold(start.end, u32::max);
        let span = Span { start: start.start, end };
        let made = Call { callee, args, is_new: false, type_args: Vec::new() };
        let value = self.module.add_expr(ExprKind::Call(made), span);
        let body = vec![self.module.add_stmt(StmtKind::Return(Some(value)), span)];
        self.module.funcs.push(Function {
            name: SmolStr::default(),
            span,
            name_span: Span { start: span.start, end: span.start },
            params: Vec::new(),
            decorators: Vec::new(),
            returns: None,
            is_async: false,
            is_static: false,
            is_public: false,
            kind: FunctionKind::Lambda,
            body,
            parent: self.scope.func,
            class: None,
        });
        let lambda = FuncId(self.module.funcs.len() as u32 - 1);
        Ok(self.module.add_expr(ExprKind::Lambda(lambda), span))
    }
}
