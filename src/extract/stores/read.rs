//! Reads the arguments of a call that opens a datastore, through the parameters of wrappers.

use smol_str::SmolStr;

use super::Setting;
use crate::facts::module::{BinaryOp, ExprKind, FuncId, Language, TemplatePart};
use crate::program::index::Binding;
use crate::program::value::{Dict, Text, TextPart};
use crate::program::{Evaluator, Instance, Site, UnitId, Value};

/// How deep an expression is rebuilt with the arguments of a caller.
const MAX_DEPTH: u32 = 12;
/// How many callers of a wrapper are looked at.
const MAX_CALLERS: usize = 48;

/// A function whose parameters are known from one call of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    unit: UnitId,
    func: FuncId,
    call: Site,
}

/// Evaluates with the parameters of wrappers filled in.
pub(super) struct Reader<'r, 'e> {
    pub(super) ev: &'r Evaluator<'e>,
    frames: Vec<Frame>,
}

impl<'r, 'e> Reader<'r, 'e> {
    /// One reader for each way in which the parameters that expressions depend on are passed; one
    /// without frames when they depend on none, or when nobody calls.
    pub(super) fn ways(ev: &'r Evaluator<'e>, sites: &[Site]) -> Vec<Reader<'r, 'e>> {
        let mut done = Vec::new();
        let mut open = vec![Reader { ev, frames: Vec::new() }];
        for _ in 0..3 {
            let mut next = Vec::new();
            for reader in open {
                let Some((unit, func)) = sites.iter().find_map(|s| reader.unbound(*s, 0)) else {
                    done.push(reader);
                    continue;
                };
                let callers = ev.callers(unit, func);
                if callers.is_empty() {
                    done.push(reader);
                    continue;
                }
                next.extend(callers.into_iter().take(MAX_CALLERS).map(|call| {
                    let mut frames = reader.frames.clone();
                    frames.push(Frame { unit, func, call });
                    Reader { ev, frames }
                }));
            }
            open = next;
        }
        done.extend(open);
        done
    }

    /// The outermost call that passes something.
    pub(super) fn outermost(&self) -> Option<Site> {
        self.frames.last().map(|f| f.call)
    }

    /// A function whose parameter an expression depends on and that no frame knows.
    fn unbound(&self, site: Site, depth: u32) -> Option<(UnitId, FuncId)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let at = |expr| Site { unit: site.unit, expr };
        let module = &self.ev.program.unit(site.unit).module;
        if let Value::Param { unit, func, index } = self.ev.eval(site) {
            return match self.argument(unit, func, index) {
                Some(argument) => self.unbound(argument, depth + 1),
                None => (!self.frames.iter().any(|f| f.unit == unit && f.func == func)).then_some((unit, func)),
            };
        }
        match &module.expr(site.expr).kind {
            ExprKind::Name(_) => self.assigned(site).and_then(|s| self.unbound(s, depth + 1)),
            ExprKind::Lambda(_) | ExprKind::ClassExpr(_) => None,
            ExprKind::Call(call) => {
                call.args.iter().map(|a| at(a.value)).find_map(|child| self.unbound(child, depth + 1))
            }
            _ => module.children(site.expr).into_iter().map(at).find_map(|child| self.unbound(child, depth + 1)),
        }
    }

    /// The argument that the frames pass for a parameter.
    fn argument(&self, unit: UnitId, func: FuncId, index: usize) -> Option<Site> {
        let frame = self.frames.iter().find(|f| f.unit == unit && f.func == func)?;
        self.ev.argument_site(frame.call, unit, func, index).or_else(|| {
            let default = self.ev.program.unit(unit).module.func(func).params.get(index)?.default?;
            Some(Site { unit, expr: default })
        })
    }

    /// The only expression that is assigned to the name at a site.
    fn assigned(&self, site: Site) -> Option<Site> {
        let unit = self.ev.program.unit(site.unit);
        let ExprKind::Name(name) = &unit.module.expr(site.expr).kind else { return None };
        let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)?;
        match bindings {
            [Binding::Value(expr)] if *expr != site.expr => Some(Site { unit: site.unit, expr: *expr }),
            _ => None,
        }
    }

    /// What an expression evaluates to for the callers of the frames.
    pub(super) fn value(&self, site: Site) -> Value {
        self.value_at(site, 0)
    }

    fn value_at(&self, site: Site, depth: u32) -> Value {
        let value = self.ev.eval(site);
        if depth > MAX_DEPTH || self.frames.is_empty() {
            return value;
        }
        match &value {
            Value::Param { unit, func, index } => match self.argument(*unit, *func, *index) {
                Some(argument) => self.value_at(argument, depth + 1),
                None => value,
            },
            Value::Unknown => self.rebuilt(site, depth).unwrap_or(value),
            Value::Str(text) if text.parts.contains(&TextPart::Hole) => self.rebuilt(site, depth).unwrap_or(value),
            _ => value,
        }
    }

    fn rebuilt(&self, site: Site, depth: u32) -> Option<Value> {
        let at = |expr| Site { unit: site.unit, expr };
        let value = |expr| self.value_at(at(expr), depth + 1);
        match &self.ev.program.unit(site.unit).module.expr(site.expr).kind {
            ExprKind::Name(_) => Some(self.value_at(self.assigned(site)?, depth + 1)),
            ExprKind::Attr { object, name, .. } => Some(self.ev.attribute(&value(*object), name, site)),
            ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => Some(value(*inner)),
            ExprKind::Template(parts) => {
                let mut text = Text::default();
                for part in parts {
                    match part {
                        TemplatePart::Text(lit) => text.parts.push(TextPart::Lit(lit.clone())),
                        TemplatePart::Hole(expr) => match value(*expr).to_text() {
                            Some(inner) => text.push(inner),
                            None => text.parts.push(TextPart::Hole),
                        },
                    }
                }
                Some(Value::Str(text))
            }
            ExprKind::Binary { op: BinaryOp::Or | BinaryOp::Coalesce, left, right } => match value(*left) {
                Value::Unknown | Value::Null => Some(value(*right)),
                known => Some(known),
            },
            ExprKind::Call(call) => {
                let (symbol, _) = self.ev.callee(site)?;
                let position = self.ev.catalog.transparent(self.ev.program.language(site.unit), &symbol)?;
                let argument = call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(position)?;
                Some(value(argument.value))
            }
            _ => None,
        }
    }

    /// What a value says as text: one setting for each alternative.
    pub(super) fn settings(&self, value: &Value, site: Site) -> Vec<Setting> {
        let mut out: Vec<Setting> =
            value.alternatives().iter().filter_map(|v| self.setting(v, site, 0)).take(4).collect();
        // `"localhost" if debug else os.environ["DB_HOST"]`: what the deployment says counts.
        if out.iter().any(|s| !s.variables().is_empty()) {
            out.retain(|s| !s.variables().is_empty());
        }
        out
    }

    fn setting(&self, value: &Value, site: Site, depth: u32) -> Option<Setting> {
        let place = self.ev.program.place(site);
        match value {
            Value::Str(text) => Some(Setting { text: text.clone(), place, fallback: None }),
            Value::Num(n) => Some(Setting::literal(&n.to_string(), place)),
            Value::Env { name, default, site: read } => {
                let text = Text { parts: vec![TextPart::Env { name: name.clone(), default: None }], handed: false };
                let read = self.ev.program.place(*read);
                let fallback = default
                    .as_ref()
                    .filter(|_| depth < 4)
                    .and_then(|d| d.alternatives().iter().find_map(|v| self.setting(v, site, depth + 1)))
                    .map(|mut fallback| {
                        fallback.place = read;
                        Box::new(fallback)
                    });
                Some(Setting { text, place: read, fallback })
            }
            Value::List(items) if depth < 4 => {
                let first = *items.first()?;
                self.setting(&self.value(first), first, depth + 1)
            }
            Value::Bool(_) | Value::Null | Value::Dict(_) => None,
            // Given, but not known.
            _ => Some(Setting { text: Text { parts: vec![TextPart::Hole], handed: false }, place, fallback: None }),
        }
    }
}

/// The arguments of a call, or a dictionary of options.
#[derive(Default)]
pub(super) struct Args {
    pub(super) positional: Vec<Site>,
    keywords: Vec<(SmolStr, Site)>,
    options: Vec<std::sync::Arc<Dict>>,
    /// Something that is passed could not be read.
    pub(super) unread: bool,
}

/// What a selector points at.
pub(super) enum Picked {
    /// A value of the code.
    Value(Value, Site),
    /// An environment variable that the library itself reads.
    Variable(String),
}

impl Args {
    /// The arguments of a call.
    pub(super) fn of_call(reader: &Reader<'_, '_>, site: Site) -> Args {
        let mut out = Args::default();
        let Some(call) = reader.ev.program.unit(site.unit).module.call(site.expr) else { return out };
        for arg in &call.args {
            let value = Site { unit: site.unit, expr: arg.value };
            match &arg.name {
                Some(name) if !name.is_empty() && !arg.spread => out.keywords.push((name.clone(), value)),
                _ => {
                    match reader.value(value) {
                        Value::Dict(dict) => {
                            out.unread |= dict.open;
                            out.options.push(dict);
                        }
                        // Go: `redis.NewClient(&redis.Options{Addr: addr})`
                        Value::Instance(Instance { call: Some(made), .. }) => out.add_literal(reader.ev, made),
                        Value::Unknown | Value::Param { .. } => out.unread = true,
                        _ => {}
                    }
                    if !arg.spread {
                        out.positional.push(value);
                    }
                }
            }
        }
        out
    }

    /// The fields of a struct that is written as a literal.
    fn add_literal(&mut self, ev: &Evaluator<'_>, made: Site) {
        let module = &ev.program.unit(made.unit).module;
        let Some(call) = module.call(made.expr).filter(|c| c.is_new && module.language == Language::Go) else { return };
        let fields = call.args.iter().filter_map(|a| Some((a.name.clone()?, a.value)));
        self.keywords.extend(fields.map(|(name, expr)| (name, Site { unit: made.unit, expr })));
    }

    /// Options that could not be read.
    pub(super) fn unreadable() -> Args {
        Args { unread: true, ..Args::default() }
    }

    /// A dictionary of options alone.
    pub(super) fn of_dict(dict: std::sync::Arc<Dict>) -> Args {
        Args { unread: dict.open, options: vec![dict], ..Args::default() }
    }

    /// What a selector points at.
    pub(super) fn pick(&self, reader: &Reader<'_, '_>, selector: &str, at: Site) -> Option<Picked> {
        if let Some(name) = selector.strip_prefix('$') {
            return Some(Picked::Variable(name.to_string()));
        }
        let mut path = selector.split('.');
        let first = path.next()?;
        let start = match first.parse::<usize>() {
            Ok(n) => *self.positional.get(n)?,
            Err(_) => self
                .keywords
                .iter()
                .find(|(name, _)| name == first)
                .map(|(_, site)| *site)
                .or_else(|| self.options.iter().find_map(|dict| dict.get(first)))?,
        };
        let mut site = start;
        let mut value = reader.value(start);
        for segment in path {
            match &value {
                Value::Dict(dict) => {
                    site = dict.get(segment)?;
                    value = reader.value(site);
                }
                other => value = reader.ev.attribute(other, segment, at),
            }
        }
        match value {
            Value::Dict(_) | Value::Null => None,
            value => Some(Picked::Value(value, site)),
        }
    }

    /// The settings of the first selector that says something.
    pub(super) fn settings(&self, reader: &Reader<'_, '_>, selectors: &[String], at: Site) -> Vec<Setting> {
        for selector in selectors {
            let found = match self.pick(reader, selector, at) {
                Some(Picked::Value(value, site)) => reader.settings(&value, site),
                Some(Picked::Variable(name)) => {
                    // Not set is as good as not said.
                    let place = reader.ev.program.place(at);
                    let unset = Some(Box::new(Setting::literal("", place)));
                    vec![Setting { fallback: unset, ..Setting::variable(&name, place) }]
                }
                None => continue,
            };
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// The setting of the first selector that says something.
    pub(super) fn setting(&self, reader: &Reader<'_, '_>, selectors: &[String], at: Site) -> Option<Setting> {
        self.settings(reader, selectors, at).into_iter().next()
    }
}
