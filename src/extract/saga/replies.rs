//! Orchestrators that are moved on by replies: methods that load a saga, set its state and send the next command.

use super::conduct::recovery::takes_up;
use super::conduct::words::{Texts, is_time_limit};
use super::{Context, names, scan, store};
use crate::facts::module::{ClassId, ExprId, ExprKind, FuncId, FunctionKind, StmtKind};
use crate::program::{Site, UnitId};
use crate::syntax::{Place, Span};
use smol_str::SmolStr;

/// A class whose methods react to replies.
#[derive(Clone, Debug)]
pub struct ReplyDriven {
    /// The class.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Methods that move a saga on without looking at where it stands: the name, and the place of the change.
    pub unchecked: Vec<(Place, String, Place)>,
    /// The state is stored here, and the next command sent there.
    pub split: Option<(Place, Place)>,
    /// An end that does not say whether the saga is undone.
    pub ambiguous_end: Option<(Place, String)>,
    /// A command is sent here, and nothing notices that its reply never comes.
    pub untimed: Option<Place>,
}

impl ReplyDriven {
    /// A class that sends a command and waits for its reply without a limit.
    pub(super) fn untimed(place: Place, name: String, at: Place) -> ReplyDriven {
        ReplyDriven { place, name, unchecked: Vec::new(), split: None, ambiguous_end: None, untimed: Some(at) }
    }
}

/// All of them.
pub(super) fn find(context: &Context<'_, '_>) -> Vec<ReplyDriven> {
    let mut out = Vec::new();
    for &unit in &context.units {
        let linked = context.ev.program.unit(unit);
        for (i, class) in linked.module.classes.iter().enumerate() {
            let named = names::is_saga_word(&class.name) || names::is_saga_word(scan::stem(&linked.path));
            if named && !class.methods.is_empty() {
                out.extend(context.reply_driven(unit, ClassId(i as u32)));
            }
        }
    }
    out
}

/// A method that loads a saga and changes its state.
struct Handler {
    func: FuncId,
    changed: ExprId,
    checked: bool,
}

impl Context<'_, '_> {
    fn reply_driven(&self, unit: UnitId, id: ClassId) -> Option<ReplyDriven> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let class = module.class(id);
        let handlers: Vec<Handler> = class
            .methods
            .iter()
            .filter(|m| matches!(module.func(**m).kind, FunctionKind::Method | FunctionKind::Function))
            .filter(|m| is_reply(&module.func(**m).name))
            .filter_map(|m| self.handler(unit, *m))
            .collect();
        if handlers.is_empty() {
            return self.stateless(unit, id);
        }
        let place = |expr: ExprId| self.ev.program.place(Site { unit, expr });
        let dedupes = self.speaks(unit, Some(class.span), Texts::Yes, &|n| {
            let n = names::fold(n);
            ["idempot", "dedup", "inbox", "alreadyprocessed", "processedmessage", "processedevent", "seenmessage"]
                .iter()
                .any(|w| n.contains(w))
        });
        let unchecked = handlers.iter().filter(|h| !h.checked && dedupes.is_none()).map(|h| {
            let at = self.ev.program.function_place(unit, h.func);
            (at, module.func(h.func).name.to_string(), place(h.changed))
        });
        let sent: Vec<(FuncId, ExprId)> =
            class.methods.iter().flat_map(|m| self.sends(unit, *m).into_iter().map(|e| (*m, e))).collect();
        // The bus of NestJS CQRS does not leave the process.
        let in_process = module.imports.iter().any(|i| i.module == "@nestjs/cqrs");
        let outbox = self.speaks(unit, None, Texts::Yes, &|n| names::fold(n).contains("outbox"));
        let split = sent.iter().filter(|_| outbox.is_none() && !in_process).find_map(|(func, send)| {
            let saved = self.saves(unit, *func)?;
            (!self.in_transaction(unit, *func)).then(|| (place(saved), place(*send)))
        });
        let funcs: Vec<_> = class.methods.iter().map(|m| (unit, *m)).collect();
        let undoes = self.speaks(unit, Some(class.span), Texts::Yes, &|n| names::is_undo_word(n)).is_some();
        let timed = self.is_timed_near(unit);
        Some(ReplyDriven {
            place: Place::new(linked.file, class.name_span),
            name: class.name.to_string(),
            unchecked: unchecked.collect(),
            split,
            ambiguous_end: undoes.then(|| self.ambiguous_end(&funcs)).flatten(),
            untimed: sent.first().filter(|_| !timed && !in_process).map(|(_, e)| place(*e)),
        })
    }

    /// A class that calls itself a saga, answers each event with the next command, and keeps nothing: no event is held
    /// against where the saga stands, and none that never comes is missed.
    fn stateless(&self, unit: UnitId, id: ClassId) -> Option<ReplyDriven> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let class = module.class(id);
        if !names::is_saga_word(&class.name) {
            return None;
        }
        let replies: Vec<(FuncId, ExprId)> = class
            .methods
            .iter()
            .filter(|m| is_reply(&module.func(**m).name))
            .filter_map(|m| Some((*m, *self.sends(unit, *m).first()?)))
            .collect();
        let undoes = replies.iter().any(|(m, _)| {
            self.calls_in(unit, *m).iter().flat_map(|(_, c)| &c.args).any(|arg| match &module.expr(arg.value).kind {
                ExprKind::Str(text) => names::words(text).iter().any(|w| names::is_plain_undo(w)),
                _ => false,
            })
        });
        let keeps = |n: &str| {
            let mut words = names::words(n).into_iter();
            words.any(|w| {
                matches!(
                    w.as_str(),
                    "store"
                        | "repository"
                        | "repo"
                        | "session"
                        | "db"
                        | "database"
                        | "redi"
                        | "redis"
                        | "cache"
                        | "state"
                        | "status"
                        | "outbox"
                        | "inbox"
                        | "save"
                        | "commit"
                )
            })
        };
        if replies.len() < 2 || !undoes || self.speaks(unit, Some(class.span), Texts::Yes, &keeps).is_some() {
            return None;
        }
        let decides = |n: &str| {
            let n = names::fold(n);
            ["idempot", "dedup", "processed", "seen", "expected", "version"].iter().any(|w| n.starts_with(w))
        };
        let dedupes = self.speaks(unit, Some(class.span), Texts::No, &decides).is_some();
        let place = |expr: ExprId| self.ev.program.place(Site { unit, expr });
        let (first, sent) = replies[0];
        let name = module.func(first).name.to_string();
        let unchecked = (self.ev.program.function_place(unit, first), name, place(sent));
        Some(ReplyDriven {
            place: Place::new(linked.file, class.name_span),
            name: class.name.to_string(),
            unchecked: if dedupes { Vec::new() } else { vec![unchecked] },
            split: None,
            ambiguous_end: None,
            untimed: (!self.is_timed_near(unit)).then(|| place(sent)),
        })
    }

    fn handler(&self, unit: UnitId, func: FuncId) -> Option<Handler> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let span = module.func(func).span;
        if module.func(func).params.is_empty() {
            return None;
        }
        // `saga = await self.store.get(saga_id)`
        let loaded = module.stmts.iter().filter(|s| span.contains(s.span)).find_map(|s| {
            let StmtKind::Assign { target, value: Some(value), .. } = &s.kind else { return None };
            let ExprKind::Name(name) = &module.expr(*target).kind else { return None };
            let mut call = *value;
            while let ExprKind::Await(inner) = &module.expr(call).kind {
                call = *inner;
            }
            let mut chain = scan::chain(module, module.call(call)?.callee);
            // `repository.findById(id).orElseThrow(…)`
            while chain.len() > 2
                && store::is_read(&chain[chain.len() - 2])
                && chain.last().is_some_and(|n| {
                    matches!(n.as_str(), "orElseThrow" | "orElse" | "orElseGet" | "get" | "ConfigureAwait" | "block")
                })
            {
                chain.pop();
            }
            let (method, object) = chain.split_last()?;
            let kept = object.iter().flat_map(|n| names::words(n)).chain(names::words(method)).any(|w| {
                matches!(
                    w.as_str(),
                    "saga" | "store" | "repo" | "repository" | "instance" | "state" | "execution" | "db"
                )
            });
            let reads = store::is_read(method) || names::words(method).first().is_some_and(|w| w == "load");
            (kept && reads && is_saga_object(name)).then(|| name.clone())
        })?;
        let loaded = self.taken_out(unit, span, &loaded).unwrap_or(loaded);
        let is_state = |name: &str| {
            names::words(name).iter().any(|w| matches!(w.as_str(), "state" | "status" | "step" | "phase" | "current"))
        };
        let assigned = module.stmts.iter().filter(|s| span.contains(s.span)).find_map(|s| {
            let StmtKind::Assign { target, .. } = &s.kind else { return None };
            let ExprKind::Attr { name, .. } = &module.expr(*target).kind else { return None };
            let chain = scan::chain(module, *target);
            (is_state(name) && chain.len() == 2 && chain[0] == loaded).then_some((*target, s.span.start))
        });
        // `saga.setStatus(…)`
        let (changed, at) = assigned.or_else(|| {
            self.calls_in(unit, func).into_iter().find_map(|(expr, call)| {
                let chain = scan::chain(module, call.callee);
                let [object, method] = chain.as_slice() else { return None };
                let sets = names::words(method).first().is_some_and(|w| w == "set") && is_state(method);
                (sets && *object == loaded).then(|| (expr, module.expr(expr).span.start))
            })
        })?;
        let checks = |e: ExprId| {
            scan::names_in(module, e).iter().flat_map(|n| names::words(n)).any(|w| {
                matches!(
                    w.as_str(),
                    "state"
                        | "status"
                        | "phase"
                        | "current"
                        | "expected"
                        | "version"
                        | "processed"
                        | "handled"
                        | "seen"
                        | "duplicate"
                        | "terminal"
                        | "pending"
                        | "already"
                        | "final"
                        | "active"
                        | "finished"
                )
            })
        };
        let asked = module.stmts.iter().filter(|s| span.contains(s.span) && s.span.start < at).any(|s| match &s.kind {
            StmtKind::If { test, .. } => checks(*test),
            _ => false,
        });
        let ensured = self.calls_in(unit, func).iter().any(|(e, c)| {
            module.expr(*e).span.start < at
                // Whether there is a saga at all says nothing of where it stands.
                && scan::chain(module, c.callee).last().filter(|n| !asks_presence(n)).is_some_and(|n| {
                    names::words(n).iter().any(|w| {
                        matches!(
                            w.as_str(),
                            "ensure"
                                | "expect"
                                | "assert"
                                | "validate"
                                | "check"
                                | "transition"
                                | "can"
                                | "is"
                                | "guard"
                                | "lock"
                                | "verify"
                        )
                    })
                })
        });
        Some(Handler { func, changed, checked: asked || ensured })
    }

    /// The variable that gets what is in an `Optional`: `Saga saga = found.get()`.
    fn taken_out(&self, unit: UnitId, span: Span, found: &SmolStr) -> Option<SmolStr> {
        let module = &self.ev.program.unit(unit).module;
        module.stmts.iter().filter(|s| span.contains(s.span)).find_map(|s| {
            let StmtKind::Assign { target, value: Some(value), .. } = &s.kind else { return None };
            let ExprKind::Name(name) = &module.expr(*target).kind else { return None };
            let chain = scan::chain(module, module.call(*value)?.callee);
            let [object, method] = chain.as_slice() else { return None };
            (object == found && matches!(method.as_str(), "get" | "orElseThrow")).then(|| name.clone())
        })
    }

    /// A class that keeps its sagas in a table, sends commands, and waits for their replies without a limit.
    pub(super) fn waits_for_ever(&self, unit: UnitId, id: ClassId) -> Option<ReplyDriven> {
        let linked = self.ev.program.unit(unit);
        let class = linked.module.class(id);
        let sent = class.methods.iter().find_map(|m| self.sends(unit, *m).into_iter().next())?;
        let place = Place::new(linked.file, class.name_span);
        let at = self.ev.program.place(Site { unit, expr: sent });
        (!self.is_timed_near(unit)).then(|| ReplyDriven::untimed(place, class.name.to_string(), at))
    }

    /// The file, or one that imports it, speaks of limits, or of taking up what was left.
    fn is_timed_near(&self, unit: UnitId) -> bool {
        let tells = |u: UnitId| self.speaks(u, None, Texts::Yes, &|n| is_time_limit(n) || takes_up(n)).is_some();
        tells(unit) || self.ev.program.imports.importers(unit).any(tells)
    }

    /// Calls that send a message, by what they are called.
    fn sends(&self, unit: UnitId, func: FuncId) -> Vec<ExprId> {
        let module = &self.ev.program.unit(unit).module;
        let mut out: Vec<ExprId> = Vec::new();
        for (expr, call) in self.calls_in(unit, func) {
            let chain = scan::chain(module, call.callee);
            let Some((method, object)) = chain.split_last() else { continue };
            let verb = names::words(method);
            let sends = verb
                .first()
                .is_some_and(|w| matches!(w.as_str(), "publish" | "emit" | "send" | "dispatch" | "produce"));
            let to_broker = object.iter().flat_map(|n| names::words(n)).any(|w| {
                matches!(
                    w.as_str(),
                    "publisher"
                        | "bu"
                        | "bus"
                        | "broker"
                        | "producer"
                        | "kafka"
                        | "rabbit"
                        | "rabbitmq"
                        | "amqp"
                        | "messaging"
                        | "messenger"
                        | "channel"
                        | "nat"
                        | "nats"
                        | "mq"
                        | "queue"
                        | "client"
                        | "message"
                        | "template"
                        | "bridge"
                        | "endpoint"
                )
            });
            if sends && to_broker {
                out.push(expr);
            }
        }
        out
    }

    /// A call that stores the saga, by what it is called.
    fn saves(&self, unit: UnitId, func: FuncId) -> Option<ExprId> {
        let module = &self.ev.program.unit(unit).module;
        self.calls_in(unit, func).into_iter().find_map(|(expr, call)| {
            let chain = scan::chain(module, call.callee);
            let (method, object) = chain.split_last()?;
            let kept = object
                .iter()
                .flat_map(|n| names::words(n))
                .any(|w| matches!(w.as_str(), "store" | "repo" | "repository" | "storage"));
            let writes = names::words(method)
                .first()
                .is_some_and(|w| matches!(w.as_str(), "save" | "update" | "create" | "insert" | "persist" | "upsert"));
            (kept && writes).then_some(expr)
        })
    }

    fn in_transaction(&self, unit: UnitId, func: FuncId) -> bool {
        let span = self.ev.program.unit(unit).module.func(func).span;
        self.speaks(unit, Some(span), Texts::No, &|n| {
            let n = names::fold(n);
            ["unitofwork", "uow"].iter().any(|w| n.contains(w)) || n == "transaction" || n == "transactional"
        })
        .is_some()
    }
}

/// `handle_step_completed`, `onPaymentSucceeded`, `on_reply`.
fn is_reply(name: &str) -> bool {
    let words = names::words(name);
    let takes = words.first().is_some_and(|w| matches!(w.as_str(), "on" | "handle" | "process" | "receive"));
    takes
        && words.iter().skip(1).any(|w| {
            matches!(w.as_str(), "reply" | "response" | "result" | "success" | "done" | "finish" | "failure" | "step")
                || (w.ends_with("ed") && w.len() > 4 && w != "created" && w != "started")
        })
}

fn is_saga_object(name: &str) -> bool {
    names::words(name).iter().any(|w| {
        matches!(
            w.as_str(),
            "saga" | "instance" | "state" | "execution" | "transaction" | "workflow" | "process" | "proces"
        )
    })
}

/// `found.isEmpty()` of an `Optional`.
fn asks_presence(method: &str) -> bool {
    matches!(method, "isEmpty" | "isPresent" | "isNull" | "nonNull")
}
