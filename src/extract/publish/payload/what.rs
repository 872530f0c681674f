//! What a value is when it is written as JSON, and whether that loses something: a time its offset, an
//! amount its exactness.

use super::Reader;
use crate::facts::module::{BinaryOp, Call, ExprId, ExprKind, Language};
use crate::program::index::Binding;
use crate::program::{Site, Value};

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Not known.
    Unknown,
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number of which it is not known whether it is whole.
    Number,
    /// A binary floating-point number; the type or call that makes it so.
    Float(String),
    /// A time of day without offset; the type or call that makes it so.
    NaiveTime(String),
    /// True or false.
    Boolean,
    /// Nothing.
    Null,
    /// A list.
    List,
    /// An object.
    Object,
}

/// How far a value is followed.
const MAX_HOPS: u32 = 12;

/// Python's makers of times without an offset, <https://docs.python.org/3/library/datetime.html#aware-and-naive-objects>.
const NAIVE: [&str; 3] = ["datetime.datetime.utcnow", "datetime.datetime.today", "datetime.datetime.utcfromtimestamp"];
/// Those that take the time zone as an argument and make a time without offset when there is none: how many
/// arguments come before it.
const NAIVE_WITHOUT_ZONE: [(&str, usize); 2] = [("datetime.datetime.now", 0), ("datetime.datetime.fromtimestamp", 1)];

impl What {
    /// What is one or the other: what loses something counts, whichever it is.
    fn or(self, other: What) -> What {
        match (self, other) {
            (a @ (What::Float(_) | What::NaiveTime(_)), _) => a,
            (_, b @ (What::Float(_) | What::NaiveTime(_))) => b,
            (a, What::Null) => a,
            (What::Null, b) => b,
            (a, b) if a == b => a,
            _ => What::Unknown,
        }
    }
}

impl Reader<'_, '_> {
    /// What an expression is when it is written as JSON.
    pub(super) fn what(&mut self, site: Site, hops: u32) -> What {
        if hops > MAX_HOPS {
            return What::Unknown;
        }
        let ev = self.ev;
        let unit = ev.program.unit(site.unit);
        let module = &unit.module;
        let at = |expr: ExprId| Site { unit: site.unit, expr };
        match &module.expr(site.expr).kind {
            ExprKind::Str(_) | ExprKind::Template(_) => What::Text,
            ExprKind::Num(n) if n.fract() == 0.0 => What::Integer,
            ExprKind::Num(n) => What::Float(format!("{n}")),
            ExprKind::Bool(_) | ExprKind::Not(_) => What::Boolean,
            ExprKind::Null => What::Null,
            ExprKind::List(_) => What::List,
            ExprKind::Dict(_) => What::Object,
            ExprKind::Await(inner) | ExprKind::Assign { value: inner, .. } | ExprKind::Neg(inner) => {
                self.what(at(*inner), hops + 1)
            }
            ExprKind::Cast { value, ty } => match self.what(at(*value), hops + 1) {
                What::Unknown => self.what_type(at(*ty)),
                known => known,
            },
            ExprKind::Cond { then, other, .. } => self.what(at(*then), hops + 1).or(self.what(at(*other), hops + 1)),
            ExprKind::Binary { op, left, right } => {
                let (a, b) = (self.what(at(*left), hops + 1), self.what(at(*right), hops + 1));
                match op {
                    BinaryOp::Or | BinaryOp::Coalesce => a.or(b),
                    // `….isoformat() + "Z"` has an offset; `utcnow() + timedelta(days=1)` has none.
                    BinaryOp::Add if a == What::Text || b == What::Text => What::Text,
                    BinaryOp::Add | BinaryOp::Sub if matches!((&a, &b), (What::NaiveTime(_), What::Unknown)) => a,
                    BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => match (a, b) {
                        (a @ What::Float(_), _) => a,
                        (_, b @ What::Float(_)) => b,
                        (What::Integer, What::Integer) => What::Integer,
                        _ => What::Unknown,
                    },
                    BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Gt | BinaryOp::In | BinaryOp::NotIn => {
                        What::Boolean
                    }
                    _ => What::Unknown,
                }
            }
            ExprKind::Name(name) => {
                let Some((_, bindings)) = unit.index.lookup(module, unit.index.func_of(site.expr), name) else {
                    return What::Unknown;
                };
                match bindings {
                    [Binding::Value(value)] => self.what(at(*value), hops + 1),
                    [Binding::Typed(ty)] => self.what_type(at(*ty)),
                    [Binding::Param(func, index)] => {
                        let declared = module.func(*func).params.get(*index).and_then(|p| p.ty);
                        let declared = declared.map_or(What::Unknown, |ty| self.what_type(at(ty)));
                        if declared != What::Unknown && declared != What::Text {
                            return declared;
                        }
                        let Some(argument) = self.argument(site) else {
                            self.touched.push((site.unit, *func));
                            return declared;
                        };
                        let inner = self.enter(site);
                        let what = self.what(argument, hops + 1);
                        self.calls.extend(inner);
                        if what == What::Unknown { declared } else { what }
                    }
                    _ => What::Unknown,
                }
            }
            ExprKind::Attr { object, name, .. } => self.what_member(ev.at(site.unit, *object), name),
            ExprKind::Call(call) => match module.language {
                Language::Python => self.python(site, call, hops + 1),
                Language::JavaScript | Language::TypeScript => self.script(site, call, hops + 1),
                Language::Java | Language::Kotlin => self.jvm_value(site, call, hops + 1),
                Language::Go | Language::CSharp => self.formatted(site, call),
            }
            .unwrap_or_else(|| self.what_returned(site, call, hops + 1)),
            _ => What::Unknown,
        }
    }

    /// What a function of ours returns.
    fn what_returned(&mut self, site: Site, call: &Call, hops: u32) -> What {
        let called = self.ev.called(site, call);
        let [Value::Function { unit, func, .. }] = called.as_slice() else { return What::Unknown };
        let (unit, func) = (*unit, *func);
        let module = &self.ev.program.unit(unit).module;
        if self.calls.len() > 8 || self.calls.iter().any(|(u, f, _)| (*u, *f) == (unit, func)) {
            return What::Unknown;
        }
        if let Some(ty) = module.func(func).returns {
            let declared = self.what_type(Site { unit, expr: ty });
            if !matches!(declared, What::Unknown | What::Text) {
                return declared;
            }
        }
        let [returned] = crate::program::eval::returns(module, func)[..] else { return What::Unknown };
        self.calls.push((unit, func, site));
        let what = self.what(Site { unit, expr: returned }, hops);
        self.calls.truncate(self.calls.len().saturating_sub(1));
        what
    }

    /// What a member of an object of ours is, by its declaration.
    fn what_member(&mut self, object: Value, name: &str) -> What {
        let Value::Object { unit, class, .. } = object else { return What::Unknown };
        for (unit, class) in std::iter::once((unit, class)).chain(self.ev.above((unit, class))) {
            let module = &self.ev.program.unit(unit).module;
            let Some(field) = module.class(class).fields.iter().find(|f| f.name == name) else { continue };
            if let Some(ty) = field.ty {
                let declared = self.what_type(Site { unit, expr: ty });
                if declared != What::Unknown {
                    return declared;
                }
            }
            // `Column(Float)`, `FloatField()`
            let column = field.value.and_then(|value| {
                let call = module.call(value)?;
                let is_float = |expr: ExprId| {
                    crate::program::types::simple_name(module, expr).is_some_and(|n| n == "Float" || n == "FloatField")
                };
                let by_argument = call.args.iter().any(|a| a.name.is_none() && is_float(a.value));
                (by_argument || module.callee_name(value).is_some_and(|n| n == "FloatField")).then_some(value)
            });
            return match column {
                Some(_) => What::Float("Column(Float)".into()),
                None => What::Unknown,
            };
        }
        What::Unknown
    }

    /// What values of a declared type are. A union is what its members are, without the empty ones.
    pub(super) fn what_type(&self, ty: Site) -> What {
        let module = &self.ev.program.unit(ty.unit).module;
        let language = module.language;
        match &module.expr(ty.expr).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => named_type(language, name),
            ExprKind::Null => What::Null,
            ExprKind::Binary { op: BinaryOp::BitOr, left, right } => {
                let one = |expr: ExprId| self.what_type(Site { unit: ty.unit, expr });
                one(*left).or(one(*right))
            }
            ExprKind::Index { object, index } => match &module.expr(*object).kind {
                ExprKind::Name(name) | ExprKind::Attr { name, .. } => match name.as_str() {
                    "Optional" | "Annotated" | "Mapped" | "Nullable" => {
                        let inner = match &module.expr(*index).kind {
                            ExprKind::List(all) => all.first().copied(),
                            _ => Some(*index),
                        };
                        inner.map_or(What::Unknown, |expr| self.what_type(Site { unit: ty.unit, expr }))
                    }
                    name => named_type(language, name),
                },
                _ => What::Unknown,
            },
            // `*float64`
            ExprKind::Other(children) => match children[..] {
                [only] if language == Language::Go => self.what_type(Site { unit: ty.unit, expr: only }),
                _ => What::Unknown,
            },
            _ => What::Unknown,
        }
    }

    fn python(&mut self, site: Site, call: &Call, hops: u32) -> Option<What> {
        let ev = self.ev;
        let module = &ev.program.unit(site.unit).module;
        let at = |expr: ExprId| Site { unit: site.unit, expr };
        let keyword = |name: &str| call.args.iter().find(|a| a.name.as_deref() == Some(name)).map(|a| a.value);
        let first = call.args.iter().find(|a| a.name.is_none()).map(|a| a.value);
        if let Value::External(symbol) = ev.at(site.unit, call.callee) {
            if let Some(naive) = naive_maker(&symbol, call.args.len()) {
                return Some(naive);
            }
            return Some(match symbol.as_str() {
                "builtins.float" => What::Float("float(…)".into()),
                "builtins.int" | "builtins.len" => What::Integer,
                "builtins.bool" => What::Boolean,
                "builtins.list" | "builtins.sorted" => What::List,
                "builtins.str" => match self.what(at(first?), hops) {
                    naive @ What::NaiveTime(_) => naive,
                    _ => What::Text,
                },
                "builtins.round" | "builtins.abs" | "builtins.max" | "builtins.min" => {
                    match self.what(at(first?), hops) {
                        float @ What::Float(_) => float,
                        _ => What::Unknown,
                    }
                }
                "time.strftime" => without_offset(&ev.at(site.unit, first?).as_str()?, "strftime"),
                symbol if symbol.ends_with(".field") || symbol.ends_with(".Field") => {
                    if let Some(factory) = keyword("default_factory") {
                        return Some(self.made_by(at(factory), hops));
                    }
                    self.what(at(keyword("default").or(first)?), hops)
                }
                _ => return None,
            });
        }
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
        match name.as_str() {
            "isoformat" => match self.what(at(*object), hops) {
                naive @ What::NaiveTime(_) => Some(naive),
                _ => Some(What::Text),
            },
            "strftime" => Some(without_offset(&ev.at(site.unit, first?).as_str()?, "strftime")),
            // `replace(microsecond=0)`
            "replace" if call.args.iter().all(|a| a.name.as_deref().is_some_and(|n| n != "tzinfo")) => {
                Some(self.what(at(*object), hops))
            }
            _ => None,
        }
    }

    /// What a function makes that is used as a value.
    fn made_by(&mut self, site: Site, hops: u32) -> What {
        match self.ev.eval(site) {
            Value::External(symbol) => naive_maker(&symbol, 0).unwrap_or(What::Unknown),
            Value::Function { unit, func, .. } => {
                let module = &self.ev.program.unit(unit).module;
                match crate::program::eval::returns(module, func)[..] {
                    [returned] => self.what(Site { unit, expr: returned }, hops + 1),
                    _ => What::Unknown,
                }
            }
            _ => What::Unknown,
        }
    }

    fn script(&mut self, site: Site, call: &Call, hops: u32) -> Option<What> {
        let ev = self.ev;
        let module = &ev.program.unit(site.unit).module;
        let at = |expr: ExprId| Site { unit: site.unit, expr };
        let literal = |n: usize| call.args.get(n).and_then(|a| ev.at(site.unit, a.value).as_str());
        let symbol = match ev.at(site.unit, call.callee) {
            Value::External(symbol) => symbol,
            _ => Default::default(),
        };
        match symbol.trim_start_matches("globalThis.") {
            "parseFloat" | "Number.parseFloat" => return Some(What::Float("parseFloat(…)".into())),
            "parseInt" | "Number.parseInt" | "Date.now" => return Some(What::Integer),
            "Boolean" => return Some(What::Boolean),
            "Number" => {
                let inner = call.args.first()?.value;
                let fixed = module.callee_name(inner).is_some_and(|n| n == "toFixed");
                return Some(if fixed { What::Float("Number(….toFixed(…))".into()) } else { What::Number });
            }
            "date-fns.format" => return Some(without_offset_icu(&literal(1)?, "format")),
            _ => {}
        }
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
        match name.as_str() {
            "toFixed" | "toISOString" | "toString" => Some(What::Text),
            "toLocaleString" | "toLocaleTimeString" if self.is_date(at(*object), hops) => {
                Some(What::NaiveTime(format!("{name}()")))
            }
            "slice" | "substring" | "replace" => {
                let inner = module.call(*object)?;
                let iso = module.callee_name(*object).is_some_and(|n| n == "toISOString") && inner.args.is_empty();
                let cut = match name.as_str() {
                    "replace" => literal(0)? == "Z" && literal(1)?.is_empty(),
                    _ => matches!(ev.at(site.unit, call.args.get(1)?.value), Value::Num(n) if n == 19.0 || n == -1.0),
                };
                (iso && cut).then(|| What::NaiveTime(format!("toISOString().{name}(…)")))
            }
            "format" => {
                let root = self.root(site)?;
                let is_library = |m: &str| m == "moment" || m == "dayjs" || m.starts_with("moment-timezone");
                let known = root.split('.').next().is_some_and(is_library);
                known.then(|| literal(0)).flatten().map(|format| without_offset_icu(&format, "format"))
            }
            _ => None,
        }
    }

    /// The symbol that a chain of calls begins with: `moment` of `moment().add(1).format(…)`.
    fn root(&self, site: Site) -> Option<String> {
        let module = &self.ev.program.unit(site.unit).module;
        let mut expr = site.expr;
        for _ in 0..16 {
            expr = match &module.expr(expr).kind {
                ExprKind::Call(call) => call.callee,
                ExprKind::Attr { object, .. } => *object,
                ExprKind::Name(_) => match self.ev.at(site.unit, expr) {
                    Value::External(symbol) => return Some(symbol.to_string()),
                    Value::Instance(instance) => return Some(instance.ty.to_string()),
                    _ => return None,
                },
                _ => return None,
            };
        }
        None
    }

    fn is_date(&self, site: Site, hops: u32) -> bool {
        let unit = self.ev.program.unit(site.unit);
        match &unit.module.expr(site.expr).kind {
            ExprKind::Call(call) if call.is_new => {
                matches!(&unit.module.expr(call.callee).kind, ExprKind::Name(n) if n == "Date")
            }
            ExprKind::Name(name) if hops < MAX_HOPS => {
                match unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name).map(|(_, b)| b) {
                    Some([Binding::Value(value)]) => self.is_date(Site { unit: site.unit, expr: *value }, MAX_HOPS),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn jvm_value(&mut self, site: Site, call: &Call, hops: u32) -> Option<What> {
        let module = &self.ev.program.unit(site.unit).module;
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
        let of = |this: &mut Self| this.what(Site { unit: site.unit, expr: *object }, hops);
        match name.as_str() {
            // <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/LocalDateTime.html>
            "now" | "of" | "ofInstant" | "parse" if is_named(module, *object, "LocalDateTime") => {
                Some(What::NaiveTime(format!("LocalDateTime.{name}(…)")))
            }
            "toString" => Some(match of(self) {
                naive @ What::NaiveTime(_) => naive,
                _ => What::Text,
            }),
            "plusDays" | "plusHours" | "plusMinutes" | "minusDays" | "minusHours" | "truncatedTo" | "withNano" => {
                Some(of(self))
            }
            "doubleValue" | "toDouble" | "floatValue" | "toFloat" => Some(What::Float(format!("{name}()"))),
            "intValue" | "longValue" | "toInt" | "toLong" => Some(What::Integer),
            _ => None,
        }
    }

    /// Go's `Format("2006-01-02 15:04:05")`, C#'s `ToString("yyyy-MM-dd HH:mm:ss")`.
    fn formatted(&mut self, site: Site, call: &Call) -> Option<What> {
        let module = &self.ev.program.unit(site.unit).module;
        let ExprKind::Attr { name, .. } = &module.expr(call.callee).kind else { return None };
        let argument = call.args.first()?.value;
        match (module.language, name.as_str()) {
            // <https://pkg.go.dev/time#pkg-constants>
            (Language::Go, "Format") => match &module.expr(argument).kind {
                ExprKind::Attr { name, .. } if name == "DateTime" => Some(What::NaiveTime("time.DateTime".into())),
                ExprKind::Attr { .. } => Some(What::Text),
                _ => {
                    let layout = self.ev.at(site.unit, argument).as_str()?;
                    let timed = layout.contains("15:04") || layout.contains("3:04");
                    let zoned = ["Z07", "-07", "MST"].iter().any(|z| layout.contains(z)) || layout.ends_with('Z');
                    Some(if timed && !zoned { What::NaiveTime(format!("Format(\"{layout}\")")) } else { What::Text })
                }
            },
            (Language::CSharp, "ToString") => {
                let format = self.ev.at(site.unit, argument).as_str()?;
                let timed = format.contains("HH") || format.contains("hh");
                let zoned = format.contains(['z', 'K']) || format.ends_with('Z') || format.contains("'Z'");
                Some(if timed && !zoned { What::NaiveTime(format!("ToString(\"{format}\")")) } else { What::Text })
            }
            _ => None,
        }
    }
}

fn is_named(module: &crate::facts::module::Module, expr: ExprId, wanted: &str) -> bool {
    matches!(&module.expr(expr).kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if n == wanted)
}

fn naive_maker(symbol: &str, arguments: usize) -> Option<What> {
    let is_naive = NAIVE.contains(&symbol)
        || NAIVE_WITHOUT_ZONE.iter().any(|(maker, before)| *maker == symbol && arguments <= *before);
    is_naive.then(|| {
        let name = symbol.strip_prefix("datetime.").unwrap_or(symbol);
        What::NaiveTime(format!("{name}({})", if arguments > 0 { "…" } else { "" }))
    })
}

/// A format of `strftime`: has it the time of day and no offset?
fn without_offset(format: &str, call: &str) -> What {
    let timed = ["%H", "%I", "%T", "%X", "%c", "%R"].iter().any(|f| format.contains(f));
    let zoned = ["%z", "%Z", "%:z", "+00"].iter().any(|f| format.contains(f)) || format.ends_with('Z');
    if timed && !zoned { What::NaiveTime(format!("{call}(\"{format}\")")) } else { What::Text }
}

/// The same for the letters of moment, dayjs and date-fns.
fn without_offset_icu(format: &str, call: &str) -> What {
    let timed = format.contains(['H', 'h']);
    let zoned = format.contains(['Z', 'X', 'x', 'O', 'z']);
    if timed && !zoned { What::NaiveTime(format!("{call}(\"{format}\")")) } else { What::Text }
}

fn named_type(language: Language, name: &str) -> What {
    use Language::{CSharp, Go, Java, JavaScript, Kotlin, Python, TypeScript};
    match (language, name) {
        (Java | Kotlin, "LocalDateTime") => What::NaiveTime("LocalDateTime".into()),
        (Python, "float" | "PositiveFloat" | "NonNegativeFloat")
        | (Java | Kotlin, "double" | "Double" | "float" | "Float")
        | (CSharp, "double" | "Double" | "float" | "Single")
        | (Go, "float64" | "float32") => What::Float(name.to_owned()),
        (Python, "int")
        | (Java | Kotlin, "int" | "long" | "short" | "Integer" | "Long" | "Short" | "Int")
        | (CSharp, "int" | "long" | "short" | "Int32" | "Int64")
        | (Go, "int" | "int32" | "int64" | "uint" | "uint32" | "uint64") => What::Integer,
        (Python, "str")
        | (Java | Kotlin, "String" | "UUID")
        | (CSharp, "string" | "String" | "Guid")
        | (Go | TypeScript | JavaScript, "string") => What::Text,
        (TypeScript | JavaScript, "number") | (_, "BigDecimal" | "Decimal" | "decimal") => What::Number,
        (_, "bool" | "boolean" | "Boolean") => What::Boolean,
        (_, "list" | "List" | "Array" | "Sequence" | "tuple") => What::List,
        (_, "dict" | "Dict" | "Map" | "Record") => What::Object,
        (TypeScript | JavaScript, "null" | "undefined") | (Python, "None") => What::Null,
        _ => What::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{What, without_offset, without_offset_icu};

    #[test]
    fn formats_with_a_time_of_day_and_no_offset() {
        let naive = |what: What| matches!(what, What::NaiveTime(_));
        assert!(naive(without_offset("%Y-%m-%d %H:%M:%S", "strftime")));
        assert!(!naive(without_offset("%Y-%m-%dT%H:%M:%SZ", "strftime")));
        assert!(!naive(without_offset("%Y-%m-%d", "strftime")));
        assert!(naive(without_offset_icu("YYYY-MM-DD HH:mm:ss", "format")));
        assert!(!naive(without_offset_icu("YYYY-MM-DDTHH:mm:ssZ", "format")));
    }
}
