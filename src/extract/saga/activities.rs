//! Activities: what a workflow of Temporal or Cadence starts, by language.

use super::{Context, scan};
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, Language, Module};
use crate::program::{Site, UnitId};

impl Context<'_, '_> {
    /// The activity or child workflow that a call starts.
    pub(super) fn activity(&self, unit: UnitId, expr: ExprId, call: &Call) -> Option<String> {
        let module = &self.ev.program.unit(unit).module;
        match module.language {
            Language::Go => go_activity(module, call),
            Language::CSharp => self.dotnet_activity(unit, call),
            Language::Java | Language::Kotlin => self.jvm_activity(unit, expr, call),
            _ => self.script_activity(unit, expr, call),
        }
    }

    fn script_activity(&self, unit: UnitId, expr: ExprId, call: &Call) -> Option<String> {
        let module = &self.ev.program.unit(unit).module;
        let (symbol, _) = self.ev.callee(Site { unit, expr })?;
        if let Some(name) = symbol
            .strip_prefix("@temporalio/workflow.proxyActivities.")
            .or_else(|| symbol.strip_prefix("@temporalio/workflow.proxyLocalActivities."))
        {
            return Some(name.to_string());
        }
        let starts = ["temporalio.workflow.", "@temporalio/workflow."].iter().find_map(|p| symbol.strip_prefix(p))?;
        if !matches!(
            starts,
            "execute_activity"
                | "execute_activity_method"
                | "execute_activity_class"
                | "execute_local_activity"
                | "execute_local_activity_method"
                | "execute_child_workflow"
                | "executeChild"
                | "start_activity"
                | "start_activity_method"
        ) {
            return None;
        }
        let first = call.args.first()?.value;
        let name = match self.ev.at(unit, first).as_str() {
            Some(text) => text,
            None => scan::chain(module, first).last()?.to_string(),
        };
        Some(name)
    }

    /// `Workflow.ExecuteActivityAsync((Payments p) => p.ChargeAsync(order), options)`.
    fn dotnet_activity(&self, unit: UnitId, call: &Call) -> Option<String> {
        let module = &self.ev.program.unit(unit).module;
        let chain = scan::chain(module, call.callee);
        let [.., object, method] = chain.as_slice() else { return None };
        let starts = matches!(
            method.as_str(),
            "ExecuteActivityAsync" | "ExecuteLocalActivityAsync" | "ExecuteChildWorkflowAsync"
        );
        if !starts || object != "Workflow" || !imports(module, "Temporalio") {
            return None;
        }
        let first = call.args.first()?.value;
        let name = match &module.expr(first).kind {
            ExprKind::Lambda(func) => started_in(module, *func)?,
            _ => self
                .ev
                .at(unit, first)
                .as_str()
                .or_else(|| scan::chain(module, first).last().map(ToString::to_string))?,
        };
        Some(name.strip_suffix("Async").unwrap_or(&name).to_string())
    }

    /// A call of a stub: `payments.charge(order)` where `payments = Workflow.newActivityStub(Payments.class)`.
    fn jvm_activity(&self, unit: UnitId, expr: ExprId, call: &Call) -> Option<String> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        if !imports(module, "io.temporal") && !imports(module, "com.uber.cadence") {
            return None;
        }
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
        let stub = scan::chain(module, *object).pop()?;
        let func = linked.index.func_of(expr)?;
        let class = scan::class_of(module, func);
        let is_stub = |value: ExprId| {
            scan::chain(module, value).last().is_some_and(|n| {
                matches!(n.as_str(), "newActivityStub" | "newLocalActivityStub" | "newChildWorkflowStub")
            })
        };
        let of_field = class.is_some_and(|c| {
            module.class(c).fields.iter().any(|f| f.name == stub && f.value.is_some_and(is_stub))
                || linked.index.member(c, &stub).iter().any(|(value, _)| is_stub(*value))
        });
        let of_variable = || {
            let found = linked.index.lookup(module, Some(func), &stub);
            found.is_some_and(|(_, bindings)| {
                bindings.iter().any(|b| matches!(b, crate::program::index::Binding::Value(v) if is_stub(*v)))
            })
        };
        (of_field || of_variable()).then(|| name.to_string())
    }
}

/// `workflow.ExecuteActivity(ctx, activities.Charge, order)`, also by name.
fn go_activity(module: &Module, call: &Call) -> Option<String> {
    let chain = scan::chain(module, call.callee);
    let [.., object, method] = chain.as_slice() else { return None };
    let starts = matches!(method.as_str(), "ExecuteActivity" | "ExecuteLocalActivity" | "ExecuteChildWorkflow");
    let engine = imports(module, "go.temporal.io/sdk/workflow") || imports(module, "go.uber.org/cadence/workflow");
    if !starts || object != "workflow" || !engine {
        return None;
    }
    let what = call.args.get(1)?.value;
    match &module.expr(what).kind {
        ExprKind::Str(name) => Some(name.to_string()),
        _ => scan::chain(module, what).last().map(ToString::to_string),
    }
}

fn imports(module: &Module, root: &str) -> bool {
    module.imports.iter().any(|i| i.module.starts_with(root))
}

/// What a lambda calls last.
fn started_in(module: &Module, func: FuncId) -> Option<String> {
    let mut found = None;
    scan::each_expr(module, &module.func(func).body, &mut |e| {
        if let Some(name) = scan::chain(module, e).last() {
            found = Some(name.to_string());
        }
    });
    found
}
