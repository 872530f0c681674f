//! A request or a client inside a wrapper, seen from those who call the wrapper.
//!
//! `post(path, body)` of a shared client says nothing by itself; `bank.post("/refunds", …)` does. A
//! [`Context`] is one way in from outside: for each function on the way the call that enters it.

use crate::facts::module::{BinaryOp, ExprKind, FuncId, TemplatePart};
use crate::files::{Zone, zone};
use crate::program::eval::Way;
use crate::program::index::Binding;
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Site, UnitId, Value};

/// One way in: the functions from the inside out, each with the call that enters it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    ways: Vec<((UnitId, FuncId), Way)>,
}

const MAX_DEPTH: usize = 3;
/// How often a parameter is followed to what is passed for it.
const MAX_VALUE_DEPTH: u32 = 64;
/// How deep a text is put together from its parts.
const MAX_TEXT_DEPTH: u32 = 40;
const MAX_CONTEXTS: usize = 64;

impl Context {
    /// The outermost call.
    pub fn outermost(&self) -> Option<Site> {
        self.ways.last().map(|(_, way)| way.site)
    }

    /// The calls from the inside out.
    pub fn calls(&self) -> impl Iterator<Item = Site> {
        self.ways.iter().map(|(_, way)| way.site)
    }

    /// Evaluates an expression, with the arguments of this way in for the parameters.
    pub fn eval(&self, ev: &Evaluator<'_>, site: Site) -> Value {
        self.eval_at(ev, site, 0)
    }

    /// A function that calls itself passes its own parameter on: that has an end.
    fn eval_at(&self, ev: &Evaluator<'_>, site: Site, depth: u32) -> Value {
        if depth > MAX_VALUE_DEPTH {
            return Value::Unknown;
        }
        if let Some(param) = ev.param_of(site) {
            let settled = self.settle(ev, param.clone(), depth);
            // Nobody passes it on this way: its declared type is all there is.
            return if settled == param { ev.eval(site) } else { settled };
        }
        let module = &ev.program.unit(site.unit).module;
        if let ExprKind::Attr { object, name, .. } = &module.expr(site.expr).kind {
            let plain = ev.eval(site);
            if plain != Value::Unknown {
                return self.settle(ev, plain, depth);
            }
            let object = self.eval_at(ev, Site { unit: site.unit, expr: *object }, depth + 1);
            let value = ev.attribute(&object, name, site);
            return self.settle(ev, value, depth);
        }
        self.settle(ev, ev.eval(site), depth)
    }

    fn settle(&self, ev: &Evaluator<'_>, value: Value, depth: u32) -> Value {
        let Value::Param { unit, func, index } = value else { return value };
        let Some((_, way)) = self.ways.iter().find(|(f, _)| *f == (unit, func)) else { return value };
        if ev.program.unit(unit).module.func(func).params.get(index).is_some_and(|p| p.variadic) {
            return Value::Unknown;
        }
        match ev.argument_of(*way, unit, func, index) {
            Some(site) => self.eval_at(ev, site, depth + 1),
            None => match ev.program.unit(unit).module.func(func).params.get(index).and_then(|p| p.default) {
                Some(default) => ev.at(unit, default),
                None => Value::Null,
            },
        }
    }

    /// An address, put together from its parts.
    pub fn text(&self, ev: &Evaluator<'_>, site: Site) -> Option<Text> {
        self.text_at(ev, site, 0)
    }

    /// A variable can be made from itself: `url = url + query`.
    fn text_at(&self, ev: &Evaluator<'_>, site: Site, depth: u32) -> Option<Text> {
        if depth > MAX_TEXT_DEPTH {
            return None;
        }
        let unit = ev.program.unit(site.unit);
        let at = |expr| Site { unit: site.unit, expr };
        match &unit.module.expr(site.expr).kind {
            ExprKind::Template(parts) => {
                let mut text = Text::default();
                for part in parts {
                    match part {
                        TemplatePart::Text(lit) => text.parts.push(TextPart::Lit(lit.clone())),
                        TemplatePart::Hole(hole) => match self.text_at(ev, at(*hole), depth + 1) {
                            Some(inner) => text.push(inner),
                            None => text.parts.push(TextPart::Hole),
                        },
                    }
                }
                Some(text)
            }
            ExprKind::Binary { op: BinaryOp::Add, left, right } => {
                let hole = || Text { parts: vec![TextPart::Hole], handed: false };
                let mut text = self.text_at(ev, at(*left), depth + 1).unwrap_or_else(hole);
                text.push(self.text_at(ev, at(*right), depth + 1).unwrap_or_else(hole));
                Some(text)
            }
            ExprKind::Name(name) => {
                let func = unit.index.func_of(site.expr);
                match unit.index.lookup(&unit.module, func, name) {
                    Some((_, [Binding::Value(value)])) if *value != site.expr => {
                        self.text_at(ev, at(*value), depth + 1)
                    }
                    Some((_, [Binding::Param(f, index)])) => {
                        let (_, way) = self.ways.iter().find(|(w, _)| *w == (site.unit, *f))?;
                        self.text_at(ev, ev.argument_of(*way, site.unit, *f, *index)?, depth + 1)
                    }
                    _ => self.eval(ev, site).to_text(),
                }
            }
            _ => self.eval(ev, site).to_text(),
        }
    }
}

/// The ways into the function around a site, as far out as `depends` asks for. A function that nobody
/// calls is its own outside: one empty context.
pub fn contexts(ev: &Evaluator<'_>, site: Site, depends: &dyn Fn(&Context) -> bool) -> Vec<Context> {
    let unit = ev.program.unit(site.unit);
    let Some(func) = unit.index.func_of(site.expr) else { return vec![Context::default()] };
    let mut done = Vec::new();
    let mut open = vec![(Context::default(), (site.unit, func))];
    while let Some((context, (unit_id, func))) = open.pop() {
        if done.len() + open.len() >= MAX_CONTEXTS || context.ways.len() >= MAX_DEPTH || !depends(&context) {
            done.push(context);
            continue;
        }
        // Generated code (the dispatcher of a gRPC server) asks for nothing of its own.
        let written = |way: &Way| zone(&ev.program.unit(way.site.unit).path) != Zone::Generated;
        let ways: Vec<Way> = ev.entries(unit_id, func).into_iter().filter(written).collect();
        let mut entered = false;
        for way in ways {
            let caller = ev.program.unit(way.site.unit);
            let mut next = context.clone();
            next.ways.push(((unit_id, func), way));
            match caller.index.func_of(way.site.expr) {
                Some(outer) if !next.ways.iter().any(|(f, _)| *f == (way.site.unit, outer)) => {
                    open.push((next, (way.site.unit, outer)));
                }
                _ => done.push(next),
            }
            entered = true;
        }
        if !entered {
            done.push(context);
        }
    }
    done
}
