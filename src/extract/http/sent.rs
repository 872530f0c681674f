//! What a request carries besides its address: the names of its query parameters and of the fields of its
//! body.

use super::context::Context;
use crate::catalog::http::{Request, Sends};
use crate::facts::module::{Call, ExprKind, Module, StmtKind};
use crate::program::index::{Binding, Parent};
use crate::program::value::{Dict, Text};
use crate::program::{Evaluator, Site, Value};

/// What a request carries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sent {
    /// All names of the query; none when there may be others.
    pub query: Option<Vec<String>>,
    /// The body.
    pub body: SentBody,
}

/// See [`Sent::body`].
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SentBody {
    /// It is not known.
    #[default]
    Unknown,
    /// There is none.
    Nothing,
    /// An object with exactly these fields.
    Fields(Vec<String>),
}

/// What a call sends, on one way in.
pub(super) fn sent(
    ev: &Evaluator<'_>,
    sends: Option<&Sends>,
    form: &Request,
    site: Site,
    context: &Context,
    url: Option<&Text>,
) -> Sent {
    let Some(sends) = sends else { return Sent::default() };
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return Sent::default() };
    // `*args` may be anything; `**options` are what the calls on the way in pass.
    if call.args.iter().any(|arg| arg.spread && arg.name.is_none()) {
        return Sent::default();
    }
    let reader = Reader { ev, form, site, call, context };
    let query = match &sends.query {
        // It only goes into the address.
        None => Some(Vec::new()),
        Some(name) => match reader.carrier(name) {
            Carrier::Absent => Some(Vec::new()),
            Carrier::At(site) => match reader.fields(site) {
                SentBody::Fields(names) => Some(names),
                SentBody::Nothing => Some(Vec::new()),
                SentBody::Unknown => None,
            },
            Carrier::Unknown => None,
        },
    };
    let in_url = url.and_then(query_of);
    let query = query.zip(in_url).map(|(mut names, more)| {
        names.extend(more);
        names
    });
    let positional = form.body.and_then(|n| call.args.iter().filter(|a| a.name.is_none()).nth(n));
    let other = sends.other.iter().any(|name| !matches!(reader.carrier(name), Carrier::Absent));
    let body = match positional {
        _ if other => SentBody::Unknown,
        // Positional bodies of Python are bytes and forms.
        Some(_) if form.options.is_none() => SentBody::Unknown,
        Some(arg) => reader.fields(Site { unit: site.unit, expr: arg.value }),
        None => match reader.carrier(&sends.json) {
            // What stands there is the body, so the options say nothing of one.
            Carrier::Absent => SentBody::Nothing,
            Carrier::At(site) => reader.fields(site),
            Carrier::Unknown => SentBody::Unknown,
        },
    };
    Sent { query, body }
}

/// True when all that a call spreads are the keyword arguments of the function around it.
fn hands_options_on(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let Some(call) = unit.module.call(site.expr) else { return false };
    call.args.iter().filter(|arg| arg.spread).all(|arg| match &unit.module.expr(arg.value).kind {
        ExprKind::Name(name) => {
            let bound = unit.index.lookup(&unit.module, unit.index.func_of(arg.value), name);
            match bound {
                Some((_, [Binding::Param(func, index)])) => {
                    unit.module.func(*func).params.get(*index).is_some_and(|param| param.variadic)
                }
                _ => false,
            }
        }
        _ => false,
    })
}

/// True when the construction of a client names query parameters that go with every request.
pub(super) fn adds_query(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let is = |name: &str| matches!(name, "params" | "searchParams" | "query");
    module.call(site.expr).is_some_and(|call| {
        call.args.iter().any(|arg| {
            arg.spread
                || arg.name.as_deref().is_some_and(is)
                || matches!(ev.at(site.unit, arg.value), Value::Dict(dict) if dict.entries.iter().any(|(k, _)| is(k)))
        })
    })
}

enum Carrier {
    /// It is not passed.
    Absent,
    /// It is this expression.
    At(Site),
    /// It may be passed.
    Unknown,
}

struct Reader<'r, 'a> {
    ev: &'r Evaluator<'a>,
    form: &'r Request,
    site: Site,
    call: &'r Call,
    context: &'r Context,
}

impl Reader<'_, '_> {
    /// What is passed under a name: as a keyword, or as a key of the options object.
    fn carrier(&self, name: &str) -> Carrier {
        let at = |expr| Site { unit: self.site.unit, expr };
        if let Some(arg) = self.call.args.iter().find(|arg| arg.name.as_deref() == Some(name)) {
            return Carrier::At(at(arg.value));
        }
        if self.call.args.iter().any(|arg| arg.spread) {
            return self.handed_on(name);
        }
        let Some(position) = self.form.options else { return Carrier::Absent };
        let Some(options) = self.call.args.iter().filter(|arg| arg.name.is_none()).nth(position) else {
            return Carrier::Absent;
        };
        match self.context.eval(self.ev, at(options.value)) {
            Value::Dict(dict) if !self.is_changed(&dict) => match dict.get(name) {
                Some(site) => Carrier::At(site),
                None if dict.open => Carrier::Unknown,
                None => Carrier::Absent,
            },
            Value::Null => Carrier::Absent,
            _ => Carrier::Unknown,
        }
    }

    /// What is passed under a name by those who call the wrapper that hands its `**options` on.
    fn handed_on(&self, name: &str) -> Carrier {
        let mut site = self.site;
        for way in self.context.calls() {
            if !hands_options_on(self.ev, site) {
                return Carrier::Unknown;
            }
            let Some(call) = self.ev.program.unit(way.unit).module.call(way.expr) else { return Carrier::Unknown };
            if let Some(arg) = call.args.iter().find(|arg| arg.name.as_deref() == Some(name)) {
                return Carrier::At(Site { unit: way.unit, expr: arg.value });
            }
            if !call.args.iter().any(|arg| arg.spread) {
                return Carrier::Absent;
            }
            site = way;
        }
        Carrier::Unknown
    }

    /// The names in an object, when all of them are known.
    fn fields(&self, site: Site) -> SentBody {
        match self.context.eval(self.ev, site) {
            Value::Dict(dict) if !dict.open && !self.is_changed(&dict) => {
                let mut names: Vec<String> = dict.entries.iter().map(|(name, _)| name.to_string()).collect();
                names.dedup();
                SentBody::Fields(names)
            }
            Value::Null => SentBody::Nothing,
            _ => SentBody::Unknown,
        }
    }

    /// True when a literal may have other names by the time it is sent: it is kept in a variable that is
    /// changed, or it stands where it can't be followed.
    fn is_changed(&self, dict: &Dict) -> bool {
        let unit = self.ev.program.unit(dict.site.unit);
        match unit.index.ancestors(dict.site.expr).next() {
            Some(Parent::Expr(_)) => false,
            Some(Parent::Stmt(stmt)) => match &unit.module.stmt(stmt).kind {
                StmtKind::Assign { target, .. } => match &unit.module.expr(*target).kind {
                    ExprKind::Name(name) => changes(&unit.module, name),
                    _ => true,
                },
                StmtKind::Return(_) => false,
                _ => true,
            },
            _ => true,
        }
    }
}

/// True when something of a module puts something into a variable of this name, or takes something out.
fn changes(module: &Module, name: &str) -> bool {
    let is_name = |expr| matches!(&module.expr(expr).kind, ExprKind::Name(n) if n == name);
    let assigned = module.stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Assign { target, .. } => match &module.expr(*target).kind {
            ExprKind::Index { object, .. } | ExprKind::Attr { object, .. } => is_name(*object),
            _ => false,
        },
        _ => false,
    });
    assigned
        || module.exprs.iter().any(|expr| match &expr.kind {
            ExprKind::Assign { target, .. } => match &module.expr(*target).kind {
                ExprKind::Index { object, .. } | ExprKind::Attr { object, .. } => is_name(*object),
                _ => false,
            },
            ExprKind::Call(call) => match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name: method, .. } => {
                    is_name(*object) && matches!(method.as_str(), "update" | "setdefault" | "pop" | "clear")
                        || method == "assign" && call.args.first().is_some_and(|arg| is_name(arg.value))
                }
                _ => false,
            },
            _ => false,
        })
}

/// The names in the query of an address; none when a hole may hold more of them.
fn query_of(url: &Text) -> Option<Vec<String>> {
    let pattern = url.pattern();
    let Some((_, query)) = pattern.split_once('?') else {
        // `/orders{}` may end in a query.
        let last = pattern.rsplit('/').next().unwrap_or("");
        return (!last.ends_with("{}") || last == "{}").then(Vec::new);
    };
    let mut names = Vec::new();
    for pair in query.split('#').next().unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // `?status={}{}`: the second hole may be `&page=1`.
        if name.contains("{}") || value.matches("{}").count() > 1 || value.ends_with("{}") && value != "{}" {
            return None;
        }
        names.push(name.to_owned());
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_an_address_is_known_or_not() {
        let of = |text: &str| query_of(&Text::literal(text));
        assert_eq!(of("/orders"), Some(vec![]));
        assert_eq!(of("/orders/{}"), Some(vec![]));
        assert_eq!(of("/orders?open=1&page={}"), Some(vec!["open".into(), "page".into()]));
        assert_eq!(of("/orders{}"), None);
        assert_eq!(of("/orders?{}"), None);
        assert_eq!(of("/orders?open=1{}"), None);
    }
}
