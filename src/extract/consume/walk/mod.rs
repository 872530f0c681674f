//! What happens when a message is handled, in order: the steps of a handler, through the functions
//! it calls, each with the branches it stands in and what guards it.

mod call;
pub(super) mod caught;
mod channel;
mod counted;
mod duplicate;
mod names;
mod reactive;
mod relay;
mod renewed;
mod told;
pub(super) mod way;

use smol_str::SmolStr;

use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, FuncId, Language, LoopHeader, Module, StmtId, StmtKind};
use crate::program::hierarchy::ClassRef;
use crate::program::types::simple_name;
use crate::program::{Parent, Site, UnitId, Value};
use crate::syntax::Place;

use super::effect::Effect;
use super::guard::{self, Guard, When};
use super::reach::{Func, Reach};
use super::setting;
use super::tracked;
use duplicate::tells_duplicate;
use way::Way;

/// How deep calls are followed.
const MAX_CALLS: usize = 6;
/// How deep statements and expressions are followed, over all calls.
const MAX_NESTING: usize = 300;
/// How many steps are kept.
const MAX_STEPS: usize = 3000;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// What.
    pub(super) kind: Kind,
    /// Where.
    pub(super) place: Place,
    /// The expression that does it.
    pub(super) site: Site,
    /// The branches and calls around it, outermost first.
    path: Vec<Frame>,
    /// What kept duplicates from coming this far.
    pub(super) guard: Option<Guard>,
    /// It stands in an error handler.
    pub(super) in_catch: bool,
    /// That error handler takes every failure of the handling, not one kind of it and not that of another handler.
    pub(super) for_all: bool,
    /// An error that is raised here is caught before it leaves the handler.
    pub(super) guarded: bool,
    /// A context around it rejects the message when it fails.
    pub(super) rejected: bool,
    /// Nothing waits for it to end.
    pub(super) detached: bool,
    /// The call that nothing waits for, where it is detached: its node.
    apart: u32,
    /// The conditions of the `if`s around it in its function, with the branch taken.
    pub(super) conditions: Vec<(Site, bool)>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// The message is acknowledged.
    Ack,
    /// The message is given back; the flag's expression, or the default.
    Reject(Option<Site>, bool),
    /// A call that the catalog knows.
    Does(Effect),
    /// The text of the message becomes data, and fails when it is malformed.
    Decodes,
    /// A function that the caller passed in: parameter number n of a function.
    Passed(Func, usize),
    /// A number of an object that a store keeps is added to.
    Counts,
    /// The position in the stream is stored in the transaction that publishes.
    Offsets,
    /// A function of the repository begins.
    Enters(Func),
    /// A call that could not be resolved; its name.
    Unresolved(SmolStr),
}

/// A way through a branching statement, or a call.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    node: u32,
    branch: u16,
    /// The branch leaves the function or the loop's turn.
    exits: bool,
    is_call: bool,
}

/// True when step `a` runs before step `b` on some way through the handler. `a` must stand before `b`
/// in the list.
pub(super) fn precedes(a: &Step, b: &Step) -> bool {
    let mut i = 0;
    while let (Some(x), Some(y)) = (a.path.get(i), b.path.get(i)) {
        if x.node != y.node {
            break;
        }
        if x.branch != y.branch {
            return false;
        }
        i += 1;
    }
    a.path[i..].iter().take_while(|f| !f.is_call).all(|f| !f.exits)
}

impl Step {
    /// True when nothing that another step stands in waits for this one. What the same call does that nobody waits
    /// for is in order among itself: `handle(message)`, which acknowledges at its end.
    pub(super) fn is_apart_from(&self, other: &Step) -> bool {
        self.detached && !other.path.iter().any(|frame| frame.is_call && frame.node == self.apart)
    }

    /// True when the step runs for every message that gets this far, but for what its own conditions and those
    /// of the calls around it say, all of which `known` accepts with the branch taken.
    pub(super) fn always(&self, steps: &[Step], known: &dyn Fn(Site, bool) -> bool) -> bool {
        let accepted = |step: &Step| step.conditions.iter().all(|(test, branch)| known(*test, *branch));
        let encloses = |step: &&Step| {
            matches!(step.kind, Kind::Enters(_))
                && step.path.len() < self.path.len()
                && self.path[..step.path.len()] == step.path[..]
        };
        accepted(self) && steps.iter().filter(encloses).all(accepted)
    }
}

/// The steps of one handler.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// In the order in which they run.
    pub(super) steps: Vec<Step>,
    /// Something was too deep to follow.
    pub(super) truncated: bool,
}

impl Trace {
    /// True when the handler publishes to a place for messages that cannot be handled, or calls
    /// something that by its name does.
    pub(super) fn dead_letter(&self) -> Option<Place> {
        self.steps.iter().find(|s| s.kind == Kind::Does(Effect::DeadLetter)).map(|s| s.place)
    }
}

/// Follows a function.
pub(super) fn function(reach: &Reach<'_, '_>, func: Func) -> Trace {
    let mut walk = Walk::new(reach);
    walk.enter(func, None, State::default());
    walk.trace
}

/// Follows a function that a call runs which is known by what it hands over.
pub(super) fn handed(reach: &Reach<'_, '_>, func: Func, by: Option<Site>) -> Trace {
    let mut walk = Walk::new(reach);
    walk.enter(func, by, State::default());
    walk.trace
}

/// Follows a function that a class inherits: what it leaves to its heirs is what this class does.
pub(super) fn inherited(reach: &Reach<'_, '_>, func: Func, heir: ClassRef) -> Trace {
    let mut walk = Walk::new(reach);
    walk.heir = Some(heir);
    walk.enter(func, None, State::default());
    walk.trace
}

/// Follows a statement: the loop that receives messages.
pub(super) fn statement(reach: &Reach<'_, '_>, unit: UnitId, stmt: StmtId) -> Trace {
    let mut walk = Walk { is_loop: true, ..Walk::new(reach) };
    let mut state = State::default();
    let around = reach.ev.program.unit(unit).index.stmt_ancestors(stmt).find_map(|p| match p {
        Parent::Func(f) => Some(f),
        _ => None,
    });
    walk.calls.extend(around.map(|f| (unit, f)));
    walk.entered.extend(around.map(|_| None));
    walk.stmt(unit, stmt, &mut state);
    walk.trace
}

#[derive(Clone, Debug, Default)]
struct State {
    guard: Option<Guard>,
    in_catch: bool,
    for_all: bool,
    guarded: bool,
    rejected: bool,
    detached: bool,
    apart: u32,
    conditions: Vec<(Site, bool)>,
    /// A row that is stored now is there once, however often this runs.
    renewed: bool,
    /// The variables that say whether a function which was passed knew the message.
    told: Vec<told::Told>,
}

struct Walk<'r, 'e, 'p> {
    reach: &'r Reach<'e, 'p>,
    /// The class of the object that handles messages, where it inherits the function that does.
    heir: Option<ClassRef>,
    trace: Trace,
    path: Vec<Frame>,
    calls: Vec<Func>,
    /// The calls through which they were entered.
    entered: Vec<Option<Site>>,
    /// What was added to on the way.
    numbers: Vec<counted::Number>,
    nodes: u32,
    nesting: usize,
    /// It is the loop that receives messages, and not a function that is called with one.
    is_loop: bool,
}

impl<'r, 'e, 'p> Walk<'r, 'e, 'p> {
    fn new(reach: &'r Reach<'e, 'p>) -> Self {
        Walk {
            reach,
            heir: None,
            trace: Trace::default(),
            path: Vec::new(),
            calls: Vec::new(),
            entered: Vec::new(),
            numbers: Vec::new(),
            nodes: 0,
            nesting: 0,
            is_loop: false,
        }
    }

    fn way(&self) -> Way<'_> {
        Way { calls: &self.calls, entered: &self.entered }
    }

    fn module(&self, unit: UnitId) -> &'p Module {
        &self.reach.ev.program.unit(unit).module
    }

    fn node(&mut self) -> u32 {
        self.nodes += 1;
        self.nodes
    }

    fn step(&mut self, kind: Kind, site: Site, state: &State) {
        if self.trace.steps.len() >= MAX_STEPS {
            self.trace.truncated = true;
            return;
        }
        self.trace.steps.push(Step {
            kind,
            place: self.reach.ev.program.place(site),
            site,
            path: self.path.clone(),
            guard: state.guard,
            in_catch: state.in_catch,
            for_all: state.for_all,
            guarded: state.guarded,
            rejected: state.rejected,
            detached: state.detached,
            apart: state.apart,
            conditions: state.conditions.clone(),
        });
    }

    /// Runs the body of a function; what guards its end.
    fn enter(&mut self, func: Func, by: Option<Site>, state: State) -> Option<Guard> {
        if self.calls.contains(&func) || self.calls.len() >= MAX_CALLS {
            self.trace.truncated |= self.calls.len() >= MAX_CALLS;
            return None;
        }
        let node = self.node();
        self.calls.push(func);
        self.entered.push(by);
        self.path.push(Frame { node, branch: 0, exits: false, is_call: true });
        let mut inner = State { conditions: Vec::new(), ..state };
        inner.guard = inner.guard.or_else(|| self.decorated(func));
        self.block(func.0, &self.module(func.0).func(func.1).body.clone(), &mut inner);
        self.path.pop();
        self.calls.pop();
        self.entered.pop();
        inner.guard
    }

    /// `@idempotent` and the like around a function.
    fn decorated(&self, func: Func) -> Option<Guard> {
        let module = self.module(func.0);
        module.func(func.1).decorators.iter().find_map(|&d| {
            let name = simple_name(module, d)?;
            let place = self.reach.ev.program.place(Site { unit: func.0, expr: d });
            guard::recognises(&name).then_some(Guard::Unknown(place))
        })
    }

    /// Runs statements in order; true when the end is never reached.
    fn block(&mut self, unit: UnitId, block: &Block, state: &mut State) -> bool {
        for &stmt in block {
            if self.stmt(unit, stmt, state) {
                return true;
            }
        }
        false
    }

    /// Runs a block as one branch of a node.
    fn branch(&mut self, unit: UnitId, block: &Block, node: u32, branch: u16, state: &mut State) -> bool {
        let level = self.path.len();
        let from = self.trace.steps.len();
        self.path.push(Frame { node, branch, exits: false, is_call: false });
        let exits = self.block(unit, block, state);
        self.path.truncate(level);
        if exits {
            for step in &mut self.trace.steps[from..] {
                if let Some(frame) = step.path.get_mut(level) {
                    frame.exits = true;
                }
            }
        }
        exits
    }

    fn stmt(&mut self, unit: UnitId, id: StmtId, state: &mut State) -> bool {
        if self.nesting >= MAX_NESTING {
            self.trace.truncated = true;
            return false;
        }
        self.nesting += 1;
        let exits = self.run(unit, id, state);
        self.nesting -= 1;
        exits
    }

    fn run(&mut self, unit: UnitId, id: StmtId, state: &mut State) -> bool {
        let module = self.module(unit);
        match &module.stmt(id).kind {
            StmtKind::Expr(e) => {
                self.expr(unit, *e, state, true);
                self.ends_process(unit, *e)
            }
            StmtKind::Assign { value, .. } => {
                if let Some(value) = value {
                    self.expr(unit, *value, state, false);
                }
                if let Some(target) = tracked::counted(self.reach, unit, id, self.entered.last().copied().flatten()) {
                    self.step(Kind::Counts, Site { unit, expr: target }, state);
                }
                // What only a new message adds is written once.
                if state.guard.is_none() && !state.in_catch {
                    self.numbers.extend(counted::number(self.reach, unit, id, self.way()));
                }
                false
            }
            StmtKind::Return(e) | StmtKind::Throw(e) => {
                if let Some(e) = e {
                    self.expr(unit, *e, state, false);
                }
                true
            }
            StmtKind::Break | StmtKind::Continue => true,
            StmtKind::If { test, then, other } => self.fork(unit, *test, then, other, state),
            StmtKind::Loop { header, body, .. } => {
                match header {
                    LoopHeader::Each { iter, .. } => self.expr(unit, *iter, state, false),
                    LoopHeader::While(Some(test)) => self.expr(unit, *test, state, false),
                    LoopHeader::While(None) => {}
                    LoopHeader::Count { test, .. } => {
                        if let Some(test) = test {
                            self.expr(unit, *test, state, false);
                        }
                    }
                }
                let node = self.node();
                let mut inner = state.clone();
                self.branch(unit, body, node, 0, &mut inner);
                false
            }
            StmtKind::Try { body, handlers, finally } => {
                let node = self.node();
                let duplicate = handlers.iter().find(|h| tells_duplicate(module, h));
                let mut inner = state.clone();
                if let Some(handler) = duplicate {
                    let place = Place::new(self.reach.ev.program.unit(unit).file, handler.span);
                    inner.guard = strongest(inner.guard, Some(Guard::Durable(place)));
                }
                inner.guarded |= handlers.iter().any(|h| caught::catches(module, h));
                let mut exits = self.branch(unit, body, node, 0, &mut inner);
                let after = inner.guard;
                for (i, handler) in handlers.iter().enumerate() {
                    let for_all = !state.in_catch && caught::takes_all(module, handler);
                    let mut caught = State { in_catch: true, for_all, ..state.clone() };
                    let left = self.branch(unit, &handler.body, node, i as u16 + 1, &mut caught);
                    exits = exits && left;
                }
                state.guard = after;
                let left = self.block(unit, finally, state);
                exits || left
            }
            StmtKind::With { items, body, .. } => {
                let mut acks = None;
                for (e, _) in items {
                    self.expr(unit, *e, state, false);
                    acks = acks.or_else(|| self.ack_context(Site { unit, expr: *e }));
                }
                let outside = state.guarded;
                // The context rejects the message when its body fails, and raises it again: a callback's error goes
                // to the library, a loop of our own ends by it.
                let rejects = acks.is_some();
                state.guarded |= rejects && !self.is_loop;
                let rejected = state.rejected;
                state.rejected |= rejects;
                let exits = self.block(unit, body, state);
                state.guarded = outside;
                state.rejected = rejected;
                if let Some((site, flag, default)) = acks {
                    self.step(Kind::Ack, site, &State { in_catch: false, ..state.clone() });
                    let failed = State { in_catch: true, for_all: !state.in_catch, ..state.clone() };
                    let node = self.node();
                    self.path.push(Frame { node, branch: 1, exits: false, is_call: false });
                    self.step(Kind::Reject(flag, default), site, &failed);
                    self.path.pop();
                }
                exits
            }
            StmtKind::Block(block) => self.block(unit, block, state),
            StmtKind::Func(_) | StmtKind::Class(_) | StmtKind::Global(_) => false,
        }
    }

    fn fork(&mut self, unit: UnitId, test: ExprId, then: &Block, other: &Block, state: &mut State) -> bool {
        self.expr(unit, test, state, false);
        let node = self.node();
        let failed = self.tells_failure(unit, test);
        let told = || {
            let asks = failed.is_none() && told::asks(self.module(unit), unit, test, &state.told);
            asks.then(|| (Guard::Unknown(self.reach.ev.program.place(Site { unit, expr: test })), When::Either))
        };
        let read = guard::test(self.reach, unit, test).or_else(told);
        let with = |state: &State, branch: bool, found: Option<Guard>| {
            let mut inner = state.clone();
            inner.guard = strongest(inner.guard, found);
            inner.conditions.push((Site { unit, expr: test }, branch));
            inner.for_all &= !branch;
            inner
        };
        let (mut when_true, mut when_false) = (None, None);
        if let Some((guard, when)) = read {
            // What runs when the message is no duplicate is guarded; so is the duplicate's own branch.
            if matches!(when, When::False | When::Either) {
                when_true = Some(guard);
            }
            if matches!(when, When::True | When::Either) {
                when_false = Some(guard);
            }
        }
        let stored = renewed::is_stored(self.module(unit), test);
        let mut first = with(state, true, when_true);
        first.renewed |= stored == Some(false) && !other.is_empty();
        first.in_catch |= failed == Some(true);
        let then_exits = self.branch(unit, then, node, 0, &mut first);
        let mut second = with(state, false, when_false);
        second.renewed |= stored == Some(true);
        second.in_catch |= failed == Some(false);
        let other_exits = self.branch(unit, other, node, 1, &mut second);
        match (then_exits, other_exits) {
            (true, true) => return true,
            (true, false) => {
                state.guard = strongest(second.guard, state.guard);
                state.renewed = second.renewed;
            }
            (false, true) => state.guard = strongest(first.guard, state.guard),
            (false, false) => {}
        }
        false
    }

    /// Go has no exceptions: `if err != nil` is its error handler. The branch that is one.
    fn tells_failure(&self, unit: UnitId, test: ExprId) -> Option<bool> {
        let module = self.module(unit);
        if module.language != Language::Go {
            return None;
        }
        let ExprKind::Binary { op, left, right } = &module.expr(test).kind else { return None };
        let is_error = |e: ExprId| match &module.expr(e).kind {
            ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => n.to_lowercase().contains("err"),
            _ => false,
        };
        let with_nil = is_error(*left) && module.expr(*right).kind == ExprKind::Null;
        match op {
            BinaryOp::Ne if with_nil => Some(true),
            BinaryOp::Eq if with_nil => Some(false),
            _ => None,
        }
    }

    fn ends_process(&self, unit: UnitId, expr: ExprId) -> bool {
        self.module(unit).call(expr).is_some_and(|call| {
            matches!(self.reach.ev.at(unit, call.callee), Value::External(s)
                if matches!(s.as_str(), "sys.exit" | "os._exit" | "globalThis.process.exit" | "process.exit"
                    | "os.Exit" | "log.Fatal" | "log.Fatalf" | "log.Fatalln" | "log.Panic" | "log.Panicf"
                    | "builtin.panic"))
        })
    }

    fn ack_context(&self, site: Site) -> Option<(Site, Option<Site>, bool)> {
        let language = self.reach.ev.program.language(site.unit);
        self.reach.symbols(site).iter().find_map(|symbol| {
            let (library, rest) = self.reach.ev.catalog.split(language, symbol)?;
            let context = library.consume.as_ref()?.ack_contexts.iter().find(|c| c.calls.iter().any(|c| c == rest))?;
            Some((site, setting::argument(self.reach.ev, site, &context.requeue), context.default))
        })
    }

    /// Runs an expression: its parts first, then the calls. `alone` when it is a whole statement.
    fn expr(&mut self, unit: UnitId, id: ExprId, state: &mut State, alone: bool) {
        if self.nesting >= MAX_NESTING {
            self.trace.truncated = true;
            return;
        }
        self.nesting += 1;
        let module = self.module(unit);
        match &module.expr(id).kind {
            ExprKind::Await(inner) => self.expr(unit, *inner, state, false),
            ExprKind::Call(call) => self.call(unit, id, call, state, alone),
            ExprKind::Binary { left, right, .. } => {
                self.expr(unit, *left, state, false);
                self.expr(unit, *right, state, false);
            }
            // `void f()`
            ExprKind::Other(children) if alone && children.len() == 1 => self.expr(unit, children[0], state, true),
            ExprKind::Cond { test, then, other } => {
                self.expr(unit, *test, state, false);
                let node = self.node();
                for (branch, e) in [(0, *then), (1, *other)] {
                    self.path.push(Frame { node, branch, exits: false, is_call: false });
                    self.expr(unit, e, state, false);
                    self.path.pop();
                }
            }
            _ => {
                for child in module.children(id) {
                    self.expr(unit, child, state, false);
                }
            }
        }
        self.nesting -= 1;
    }
}

/// Keeps the guard that protects more.
fn strongest(a: Option<Guard>, b: Option<Guard>) -> Option<Guard> {
    let rank = |g: &Guard| match g {
        Guard::Durable(_) => 2,
        Guard::Unknown(_) => 1,
        Guard::Memory(_) => 0,
    };
    match (a, b) {
        (Some(a), Some(b)) => Some(if rank(&b) > rank(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The function that a name at a call would be, when it is async.
pub(super) fn is_async(reach: &Reach<'_, '_>, func: (UnitId, FuncId)) -> bool {
    reach.ev.program.unit(func.0).module.func(func.1).is_async
}
