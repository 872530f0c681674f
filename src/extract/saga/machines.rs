//! Sagas that messages move on by a framework of .NET: state machines of MassTransit, `Saga<T>` of NServiceBus and
//! Rebus. The framework loads the state for each message; what it is stored in is said elsewhere.

use smol_str::SmolStr;

use super::conduct::recovery::takes_up;
use super::conduct::words::{Texts, is_time_limit};
use super::repositories::Kept;
use super::{CompensationFailure, Conduct, Context, Effect, ReplyDriven, Saga, Step, Style, names, scan};
use crate::extract::Presence;
use crate::facts::module::{Call, ClassId, ExprId, ExprKind};
use crate::program::types::simple_name;
use crate::program::{Parent, Site, UnitId};
use crate::syntax::{Place, Span};

/// Which framework a class belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framework {
    /// `MassTransitStateMachine<TInstance>`.
    MassTransit,
    /// `Saga<TData>` with `IAmStartedByMessages<T>`.
    NServiceBus,
    /// `Saga<TData>` with `IAmInitiatedBy<T>`.
    Rebus,
}

/// A class of a framework.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// Where it stands.
    pub unit: UnitId,
    /// Which class.
    pub class: ClassId,
    /// The type of its state.
    pub data: Option<SmolStr>,
    /// Whose.
    pub framework: Framework,
}

/// A message that a class sends.
pub(super) struct Sent {
    /// The call.
    pub expr: ExprId,
    /// The message's type, as far as it is written there.
    pub message: Option<SmolStr>,
}

/// All of them, with those that wait for replies without a limit.
pub(super) fn find(context: &Context<'_, '_>) -> (Vec<Saga>, Vec<ReplyDriven>) {
    let (mut sagas, mut waiting) = (Vec::new(), Vec::new());
    for machine in context.machines() {
        let module = &context.ev.program.unit(machine.unit).module;
        let class = module.class(machine.class);
        let place = Place::new(context.ev.program.unit(machine.unit).file, class.name_span);
        let sent = context.sent(machine.unit, class.span, &|chain| is_send(chain));
        let (kept, library) = match machine.framework {
            Framework::MassTransit => (context.kept_by_masstransit(&machine), "masstransit"),
            Framework::NServiceBus => (context.kept_by_nservicebus(), "nservicebus"),
            Framework::Rebus => (context.kept_by_rebus(), "rebus"),
        };
        let steps = context.commands(machine.unit, class.span, &sent);
        let waits = context.handled(&machine) > 1;
        // What it sends at the start is asked of somebody, whatever the message is called.
        let asked = || context.sent_at_start(&machine, &sent);
        let first = steps.first().map(|s| s.place).or_else(asked);
        let untimed = first.filter(|_| waits && !context.is_timed(&machine));
        if let Some(untimed) = untimed {
            waiting.push(ReplyDriven::untimed(place, class.name.to_string(), untimed));
        }
        sagas.push(saga(place, class.name.to_string(), library, steps, kept));
    }
    (sagas, waiting)
}

/// A saga that a framework moves on.
pub(super) fn saga(place: Place, name: String, library: &'static str, steps: Vec<Step>, kept: Kept) -> Saga {
    Saga {
        place,
        name,
        style: Style::Machine,
        library,
        steps,
        persisted: kept.persisted,
        failure: CompensationFailure::Unknown,
        repeated: Vec::new(),
        conduct: Conduct { kept_in: kept.in_memory, ..Conduct::default() },
    }
}

impl Context<'_, '_> {
    fn machines(&self) -> Vec<Machine> {
        let mut out = Vec::new();
        for base_name in ["MassTransitStateMachine", "Saga", "SqlSaga"] {
            for &(unit, class, base) in self.heirs.get(base_name).into_iter().flatten() {
                let module = &self.ev.program.unit(unit).module;
                let starts = |name: &str| {
                    module.class(class).bases.iter().any(|b| simple_name(module, *b).is_some_and(|n| n == name))
                };
                let framework = match base_name {
                    "MassTransitStateMachine" => Framework::MassTransit,
                    _ if starts("IAmStartedByMessages") => Framework::NServiceBus,
                    _ if starts("IAmInitiatedBy") => Framework::Rebus,
                    _ => continue,
                };
                let data = match &module.expr(base).kind {
                    ExprKind::Index { index, .. } => simple_name(module, *index),
                    _ => None,
                };
                out.push(Machine { unit, class, data, framework });
            }
        }
        out.sort_by_key(|m| (m.unit, m.class));
        out
    }

    /// The messages that are sent in a part of a module.
    pub(super) fn sent(&self, unit: UnitId, within: Span, is_send: &dyn Fn(&[SmolStr]) -> bool) -> Vec<Sent> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let mut out: Vec<Sent> = Vec::new();
        for site in linked.index.calls.iter().filter(|c| within.contains(module.expr(c.expr).span)) {
            let Some(call) = module.call(site.expr) else { continue };
            if is_send(&scan::chain(module, call.callee)) {
                out.push(Sent { expr: site.expr, message: self.message_of(unit, call) });
            }
        }
        // A fluent chain nests to the left: the message stands where the name does.
        out.sort_by_key(|s| match module.call(s.expr).map(|c| &module.expr(c.callee).kind) {
            Some(ExprKind::Attr { name_span, .. }) => name_span.start,
            _ => module.expr(s.expr).span.start,
        });
        out
    }

    /// The type of the message that a call sends: its type argument, what it constructs, or the variable it is in.
    pub(super) fn message_of(&self, unit: UnitId, call: &Call) -> Option<SmolStr> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        if let Some(ty) = call.type_args.last() {
            return simple_name(module, *ty);
        }
        let mut todo: Vec<ExprId> = call.args.iter().rev().map(|a| a.value).collect();
        let mut left = 60;
        while let Some(expr) = todo.pop() {
            left -= 1;
            if left == 0 {
                return None;
            }
            match &module.expr(expr).kind {
                ExprKind::Call(c) if c.is_new => match simple_name(module, c.callee) {
                    Some(name) if name != "Uri" => return Some(name),
                    _ => {}
                },
                // `context.Init<ReserveStock>(…)`
                ExprKind::Call(c) if !c.type_args.is_empty() => return simple_name(module, c.type_args[0]),
                // `ReserveStock.builder()….build()`, `new ReserveStock(…)` in Kotlin.
                ExprKind::Call(_) => {
                    let chain = scan::chain(module, expr);
                    if let Some(first) = chain.first().filter(|n| n.starts_with(char::is_uppercase)) {
                        return Some(first.clone());
                    }
                    todo.extend(module.children(expr).into_iter().rev());
                }
                ExprKind::Lambda(func) => {
                    scan::each_expr(module, &module.func(*func).body, &mut |e| todo.push(e));
                }
                ExprKind::Name(name) => {
                    let scope = linked.index.func_of(expr);
                    let bound = linked.index.lookup(module, scope, name).map(|(_, b)| b.to_vec());
                    for binding in bound.into_iter().flatten() {
                        match binding {
                            crate::program::index::Binding::Value(value) if value != expr => todo.push(value),
                            crate::program::index::Binding::Param(func, index) => {
                                let ty = module.func(func).params.get(index).and_then(|p| p.ty);
                                return ty.and_then(|ty| simple_name(module, ty));
                            }
                            _ => {}
                        }
                    }
                }
                _ => todo.extend(module.children(expr).into_iter().rev()),
            }
        }
        None
    }

    /// The command that a mediator of the process carries out before it returns: `mediator.Send(new ChargeCard(…))`
    /// of MediatR, `commandGateway.sendAndWait(new ReserveStock(…))` of Axon.
    pub(super) fn command_of(&self, unit: UnitId, call: &Call, chain: &[SmolStr]) -> Option<SmolStr> {
        let (method, object) = chain.split_last()?;
        let to = names::words(object.last()?);
        let of = |list: &[&str]| to.last().is_some_and(|w| list.contains(&w.as_str()));
        let waits = match method.as_str() {
            "Send" | "SendAsync" => of(&["mediator", "mediatr", "sender"]),
            "sendAndWait" => of(&["gateway"]),
            _ => false,
        };
        waits.then(|| self.message_of(unit, call)).flatten()
    }

    /// The steps: the commands that are sent, each once. Where the class speaks of no failure at all, nothing is ever
    /// undone; otherwise what undoes what is not decided here.
    pub(super) fn commands(&self, unit: UnitId, within: Span, sent: &[Sent]) -> Vec<Step> {
        let silent = self.speaks(unit, Some(within), Texts::Yes, &is_failure).is_none();
        let readable = sent.iter().all(|s| s.message.is_some());
        let mut out: Vec<Step> = Vec::new();
        for sent in sent {
            let Some(message) = sent.message.as_ref().filter(|m| is_command(m)) else { continue };
            if out.iter().any(|s| s.name == message.as_str()) {
                continue;
            }
            let compensation = match silent && readable {
                true => Presence::Absent,
                false => Presence::Unknown("what a message leads to could not be followed".into()),
            };
            out.push(Step {
                is_query: names::is_query(bare(message)),
                name: message.to_string(),
                place: self.ev.program.place(Site { unit, expr: sent.expr }),
                effect: Effect::Publish,
                compensation,
                inert: None,
                is_last: false,
                is_retriable: false,
            });
        }
        if let Some(last) = out.last_mut() {
            last.is_last = true;
        }
        out
    }

    /// What a state machine sends while it leaves its first state: `Initially(When(…).Publish(…))`.
    fn sent_at_start(&self, machine: &Machine, sent: &[Sent]) -> Option<Place> {
        let linked = self.ev.program.unit(machine.unit);
        let module = &linked.module;
        let at_start = |s: &&Sent| {
            linked.index.ancestors(s.expr).any(|p| match p {
                Parent::Expr(e) => module.callee_name(e).is_some_and(|n| n == "Initially"),
                _ => false,
            })
        };
        sent.iter().find(at_start).map(|s| self.ev.program.place(Site { unit: machine.unit, expr: s.expr }))
    }

    /// How many kinds of messages a class reacts to.
    fn handled(&self, machine: &Machine) -> usize {
        let linked = self.ev.program.unit(machine.unit);
        let module = &linked.module;
        let class = module.class(machine.class);
        if machine.framework != Framework::MassTransit {
            return class.methods.iter().filter(|m| module.func(**m).name == "Handle").count();
        }
        let mut events: Vec<SmolStr> = Vec::new();
        for call in linked.index.calls.iter().filter(|c| class.span.contains(module.expr(c.expr).span)) {
            if module.callee_name(call.expr).is_some_and(|n| n == "When")
                && let Some(event) = module.call(call.expr).and_then(|c| c.args.first())
                && let Some(name) = scan::chain(module, event.value).pop()
                && !events.contains(&name)
            {
                events.push(name);
            }
        }
        events.len()
    }

    /// Whether something notices a reply that never comes: in the class, or where its state is spoken of.
    fn is_timed(&self, machine: &Machine) -> bool {
        let module = &self.ev.program.unit(machine.unit).module;
        let class = module.class(machine.class);
        // The fault of a consumer is a reply too: `Event<Fault<ReserveStock>>`.
        let faults = |n: &str| names::words(n).iter().any(|w| w.starts_with("fault"));
        let limits = |n: &str| is_time_limit(n) || takes_up(n) || is_scheduled(n) || faults(n);
        if self.speaks(machine.unit, Some(class.span), Texts::Yes, &limits).is_some() {
            return true;
        }
        let about = |n: &str| n == class.name || machine.data.as_ref().is_some_and(|d| d == n);
        self.units.iter().filter(|u| **u != machine.unit).any(|u| {
            self.speaks(*u, None, Texts::No, &about).is_some()
                && self.speaks(*u, None, Texts::Yes, &|n| takes_up(n) || is_overdue(n)).is_some()
        })
    }
}

/// `.Publish(…)`, `context.Send<T>(…)`, `bus.SendLocal(…)`; not `Respond`, which ends a conversation.
fn is_send(chain: &[SmolStr]) -> bool {
    chain.last().is_some_and(|n| matches!(n.as_str(), "Publish" | "PublishAsync" | "Send" | "SendAsync" | "SendLocal"))
}

/// Something that is due later.
fn is_scheduled(name: &str) -> bool {
    let name = names::fold(name);
    ["schedul", "requesttimeout", "defer", "delay", "reminder"].iter().any(|w| name.contains(w)) || name == "request"
}

/// A job that looks for sagas that hang.
fn is_overdue(name: &str) -> bool {
    let name = names::fold(name);
    ["overdue", "stuck", "stale", "expired", "timedout", "timeout", "deadline"].iter().any(|w| name.contains(w))
}

/// A name that has to do with something going wrong.
pub(super) fn is_failure(name: &str) -> bool {
    // The type of what returns nothing.
    if name == "void" {
        return false;
    }
    names::words(name).iter().any(|w| {
        ["fail", "fault", "reject", "declin", "cancel", "compensat", "timeout", "expir", "abort", "error", "unavailab"]
            .iter()
            .chain(
                ["refus", "invalid", "denied", "deny", "insufficient", "refund", "releas", "rollback", "revert"].iter(),
            )
            .chain(["undo", "exception", "terminat", "unsuccess", "deadline", "schedul", "problem", "unreserv"].iter())
            .any(|s| w.starts_with(s))
            || matches!(w.as_str(), "not" | "out" | "void" | "catch" | "un" | "no" | "return" | "restore" | "reverse")
    })
}

/// A name without the `I` of an interface.
fn bare(name: &str) -> &str {
    match name.strip_prefix('I') {
        Some(rest) if rest.starts_with(char::is_uppercase) => rest,
        _ => name,
    }
}

/// A message that asks somebody to change something: `ReserveStock`, `ProcessPaymentCommand`, `IBookFlightRequest`.
pub(super) fn is_command(name: &str) -> bool {
    let words = names::words(bare(name));
    let past = |w: &String| w.ends_with("ed") && w.len() > 4 || matches!(w.as_str(), "sent" | "paid" | "done" | "made");
    if words.last().is_some_and(|w| w == "command" || w == "cmd") {
        return true;
    }
    let core: Vec<&String> =
        words.iter().filter(|w| !matches!(w.as_str(), "request" | "message" | "msg" | "event")).collect();
    let Some(first) = core.first() else { return false };
    // `OrderState` is no command, though one can order.
    let is_data = core.last().is_some_and(|w| {
        matches!(w.as_str(), "state" | "statu" | "status" | "data" | "item" | "detail" | "info" | "saga" | "result")
    });
    !is_data
        && !core.iter().any(|w| past(w))
        && (names::is_state_verb(first)
            || matches!(
                first.as_str(),
                "rent"
                    | "start"
                    | "update"
                    | "generate"
                    | "send"
                    | "fulfill"
                    | "deliver"
                    | "prepare"
                    | "assign"
                    | "issue"
                    | "add"
                    | "check"
                    | "take"
                    | "make"
                    | "validate"
                    | "notify"
                    | "deduct"
                    | "decrease"
                    | "reduce"
                    | "initiate"
                    | "finalize"
                    | "open"
                    | "close"
                    | "register"
                    | "commit"
            ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_ask_and_events_tell() {
        for name in ["ReserveStock", "ProcessPaymentCommand", "IBookFlightRequest", "RentCar", "ReportValidateCommand"]
        {
            assert!(is_command(name), "{name}");
        }
        for name in ["BookingCompleted", "OrderSubmittedEvent", "StockReserved", "OrderState", "InvoicePaid"] {
            assert!(!is_command(name), "{name}");
        }
    }

    #[test]
    fn what_goes_wrong_has_many_names() {
        for name in ["PaymentFailed", "StockNotReserved", "Fault", "CancelOrder", "releaseStock", "OutOfStock"] {
            assert!(is_failure(name), "{name}");
        }
        for name in ["HotelBooked", "NotifyCustomer", "Initially", "CarRented", "void"] {
            assert!(!is_failure(name), "{name}");
        }
    }
}
