//! What a message holds, member by member, told apart by who publishes it.
//!
//! A [`Shape`] joins all ways to a call that publishes, which is enough to say that something is absent from
//! all of them. Here each way is read on its own: the caller that passes the type passes the data too.

use smol_str::SmolStr;

use super::what::What;
use super::{MAX_WAYS, Reader};
use crate::catalog::publish::Publish;
use crate::extract::publish::envelope::Opened;
use crate::extract::publish::shape::{Key, Shape};
use crate::extract::publish::{flow, path};
use crate::facts::module::{ClassId, ExprKind, FuncId, Language};
use crate::program::index::Binding;
use crate::program::{Site, UnitId, Value};
use crate::syntax::Place;

/// How many callers up a way is followed.
const MAX_CALLERS: usize = 3;
/// How deep members are looked into.
const MAX_NESTING: u32 = 3;
/// How many members are read of one message.
const MAX_MEMBERS: usize = 400;

/// A message as one way publishes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The call that publishes; where a caller decides what is in it, that call.
    pub place: Place,
    /// What it is called, the most certain first: the value of `type`, the class, the routing key.
    pub names: Vec<Name>,
    /// What it holds.
    pub content: Content,
}

/// A name of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// As it is written.
    pub text: String,
    /// Where.
    pub place: Place,
    /// It says of itself that it is an event: `event_type`, a class that ends in `Event`.
    pub is_event: bool,
}

/// The members of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// Those that are known.
    pub members: Vec<Member>,
    /// There may be others.
    pub open: bool,
    /// The names are those on the wire: a literal, a type of TypeScript, Go's tags; a class of other languages
    /// may be written with other names.
    pub as_written: bool,
    /// It is written by a serializer that registers its schema.
    pub registered: bool,
    /// It is made by a library for CloudEvents.
    pub cloud_event: bool,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: SmolStr,
    /// Where its value is written, else where it is declared.
    pub place: Place,
    /// What its value is.
    pub what: What,
    /// What is in it, for an object or a list of objects.
    pub inner: Vec<Content>,
}

impl Content {
    /// The member of a name; of several the last.
    pub fn get(&self, name: &str) -> Option<&Member> {
        self.members.iter().rev().find(|member| member.name == name)
    }

    /// All members, also those further inside, each with the names that lead to it.
    pub fn all(&self) -> Vec<(Vec<&str>, &Member)> {
        let mut out = Vec::new();
        let mut todo: Vec<(Vec<&str>, &Content)> = vec![(Vec::new(), self)];
        while let Some((above, content)) = todo.pop() {
            for member in &content.members {
                let mut path = above.clone();
                path.push(member.name.as_str());
                todo.extend(member.inner.iter().map(|inner| (path.clone(), inner)));
                out.push((path, member));
            }
        }
        out
    }
}

/// The members that carry the type of an event.
const CARRIERS: [&str; 7] = ["type", "event_type", "eventType", "event", "event_name", "eventName", "EventType"];

type Frame = (UnitId, FuncId, Site);

impl Reader<'_, '_> {
    /// The messages of a call that publishes, one for each way in.
    pub fn messages(&mut self, site: Site, form: &Publish, opened: &[Opened]) -> Vec<Message> {
        let mut bodies: Vec<Site> = opened.iter().flat_map(|e| e.bodies.clone()).collect();
        if bodies.is_empty() {
            bodies =
                form.body.iter().map(|p| path::sites(self.ev, site, p)).find(|s| !s.is_empty()).unwrap_or_default();
        }
        let keys: Vec<Site> = form.key.iter().flat_map(|p| path::sites(self.ev, site, p)).collect();
        let mut out = Vec::new();
        for body in bodies {
            self.way(site, body, &keys, Vec::new(), &mut out);
        }
        self.calls.clear();
        out
    }

    fn way(&mut self, site: Site, body: Site, keys: &[Site], context: Vec<Frame>, out: &mut Vec<Message>) {
        if out.len() >= MAX_WAYS {
            return;
        }
        self.calls.clone_from(&context);
        self.touched.clear();
        self.steps = 0;
        let mut found = Vec::new();
        for shape in self.read(body) {
            let mut budget = MAX_MEMBERS;
            let content = self.content(&shape, 0, &mut budget);
            let place = self.ev.program.place(context.first().map_or(site, |(_, _, call)| *call));
            let mut names: Vec<Name> = Vec::new();
            for key in shape.keys.iter().filter(|key| CARRIERS.contains(&key.name.as_str())) {
                let site = key.field.as_ref().and_then(|f| f.given).or(key.value);
                let named = site.and_then(|site| Some((self.text(site)?, self.ev.program.place(site))));
                let is_event = key.name != "type";
                names.extend(named.map(|(text, place)| Name { text, place, is_event }));
            }
            if let Some(class) = shape.types.first() {
                let declared = shape.keys.iter().find_map(|key| key.field.as_ref()).map_or(place, |f| f.class);
                names.push(Name { text: class.to_string(), place: declared, is_event: class.ends_with("Event") });
            }
            for key in keys {
                let text = self.text(*key);
                let place = self.ev.program.place(*key);
                names.extend(text.map(|text| Name { text, place, is_event: false }));
            }
            names.retain(|name| !name.text.is_empty() && !name.text.contains('{'));
            found.push(Message { place, names, content });
        }
        // What a caller decides is read once for each caller.
        let outer = context.first().map_or(site, |(_, _, call)| *call);
        let home = flow::home(self.ev, outer).map(|func| (outer.unit, func));
        if let Some((unit, func)) = home.filter(|home| self.touched.contains(home) && context.len() < MAX_CALLERS) {
            let callers = self.ev.callers(unit, func);
            let callers: Vec<Site> = callers.into_iter().filter(|c| (self.in_scope)(c.unit)).take(MAX_WAYS).collect();
            if !callers.is_empty() {
                for caller in callers {
                    let mut context = context.clone();
                    context.insert(0, (unit, func, caller));
                    self.way(site, body, keys, context, out);
                }
                return;
            }
        }
        out.extend(found);
    }

    /// What an object of a class holds, by its declaration alone.
    pub fn of_class(&mut self, unit: UnitId, class: ClassId) -> Content {
        let shape = self.object(unit, class, None);
        let mut budget = MAX_MEMBERS;
        self.content(&shape, 0, &mut budget)
    }

    fn content(&mut self, shape: &Shape, depth: u32, budget: &mut usize) -> Content {
        let mut content = Content {
            open: shape.open,
            registered: shape.registered,
            cloud_event: shape.cloud_event,
            as_written: shape.types.is_empty(),
            members: Vec::new(),
        };
        for key in &shape.keys {
            if *budget == 0 {
                content.open = true;
                break;
            }
            *budget -= 1;
            let site = key.field.as_ref().and_then(|f| f.given).or(key.value);
            let language = site.or(key.field.as_ref().and_then(|f| f.ty)).map(|s| self.ev.program.language(s.unit));
            if key.field.is_some() {
                use Language::{Go, JavaScript, TypeScript};
                content.as_written |= matches!(language, Some(Go | JavaScript | TypeScript));
            }
            content.open |= key.value.is_some_and(|value| self.is_renamed(value));
            let Some(mut member) = self.member(key) else { continue };
            let may_hold = matches!(member.what, What::Unknown | What::Object | What::List);
            if may_hold && depth < MAX_NESTING {
                member.inner = self.inner(key, depth, budget);
            }
            content.members.push(member);
        }
        content
    }

    fn member(&mut self, key: &Key) -> Option<Member> {
        let ev = self.ev;
        let declared = key.field.as_ref();
        let site = declared.and_then(|f| f.given).or(key.value);
        let by_type = declared.and_then(|f| f.ty).map_or(What::Unknown, |ty| self.what_type(ty));
        let by_value = site.map_or(What::Unknown, |site| self.what(site, 0));
        let value_place = || site.map(|site| ev.program.place(site));
        let field_place = || declared.map(|f| f.ty.map_or(f.place, |ty| ev.program.place(ty)));
        let (what, place) = match (by_type, by_value) {
            // What is declared decides what is sent, but a text may hold anything.
            (What::Unknown | What::Text | What::Null, value) if value != What::Unknown => {
                (value, value_place().or_else(field_place))
            }
            (ty, _) => (ty, field_place().or_else(value_place)),
        };
        Some(Member { name: key.name.clone(), place: place?, what, inner: Vec::new() })
    }

    fn inner(&mut self, key: &Key, depth: u32, budget: &mut usize) -> Vec<Content> {
        let declared = key.field.as_ref();
        let mut shapes = Vec::new();
        if let Some(site) = declared.and_then(|f| f.given).or(key.value) {
            shapes = self.read(site);
            if let Some(item) = path::mapped(self.ev, site) {
                shapes = self.read(item);
            }
        }
        if shapes.iter().all(|s| s.open && s.keys.is_empty()) {
            shapes = declared.and_then(|f| f.ty).and_then(|ty| self.of_type(ty.unit, ty.expr)).into_iter().collect();
        }
        shapes.truncate(4);
        let known = shapes.iter().filter(|shape| !shape.keys.is_empty()).collect::<Vec<_>>();
        known.into_iter().map(|shape| self.content(shape, depth + 1, budget)).collect()
    }

    /// `Field(alias="orderId")`: it is sent under another name.
    fn is_renamed(&self, value: Site) -> bool {
        let call = self.ev.program.unit(value.unit).module.call(value.expr);
        let names = ["alias", "serialization_alias", "metadata"];
        call.is_some_and(|call| call.args.iter().any(|a| a.name.as_deref().is_some_and(|n| names.contains(&n))))
    }

    /// The text that an expression is in this way.
    pub(super) fn text(&mut self, site: Site) -> Option<String> {
        if let Some(argument) = self.argument(site) {
            let inner = self.enter(site);
            let text = self.text(argument);
            self.calls.extend(inner);
            return text;
        }
        let value = self.ev.eval(site);
        if let Value::Param { unit, func, .. } = value {
            self.touched.push((unit, func));
        }
        value.to_text()?.as_literal()
    }

    /// What the call being read passes, for an expression that names a parameter.
    pub(super) fn argument(&self, site: Site) -> Option<Site> {
        let (func, index) = self.parameter(site)?;
        let (_, _, call) = self.calls.iter().rev().find(|(u, f, _)| (*u, *f) == (site.unit, func))?;
        self.ev.argument_site(*call, site.unit, func, index)
    }

    /// The frames from that of a parameter inwards, taken off: its argument is read as the caller sees it.
    pub(super) fn enter(&mut self, site: Site) -> Vec<Frame> {
        let Some((func, _)) = self.parameter(site) else { return Vec::new() };
        match self.calls.iter().rposition(|(u, f, _)| (*u, *f) == (site.unit, func)) {
            Some(depth) => self.calls.split_off(depth),
            None => Vec::new(),
        }
    }

    /// The parameter that an expression names.
    pub(super) fn parameter(&self, site: Site) -> Option<(FuncId, usize)> {
        let unit = self.ev.program.unit(site.unit);
        let ExprKind::Name(name) = &unit.module.expr(site.expr).kind else { return None };
        match unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)?.1 {
            [Binding::Param(func, index)] => Some((*func, *index)),
            _ => None,
        }
    }
}
