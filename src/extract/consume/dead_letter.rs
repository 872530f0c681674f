//! Where a message goes that cannot be handled.

use crate::catalog::consume::{DeadLetter, Form, QueueDeclaration};
use crate::extract::Presence;
use crate::extract::settings::Settings;
use crate::facts::module::Language;
use crate::files::{self, FileKind, Tree, Zone};
use crate::program::{Evaluator, Site, Value};
use crate::syntax::{Place, Span};

use super::chain;
use super::container;
use super::dotnet;
use super::handler::{Body, Registration};
use super::jvm;
use super::reach::Reach;
use super::setting;
use super::source::Found;
use super::unique;
use super::unique_sql;
use super::walk::{self, Trace};

/// What files other than source code say about dead-letter queues: broker definitions, scripts,
/// infrastructure as code.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    mentions: Vec<Mention>,
    /// Some such file has queues wait for messages.
    pub(super) long_polls: bool,
    /// Queues are declared in some such file, so that the lack of a policy can be seen.
    declares_sqs: bool,
    /// The statements of SQL files with a unique key, in lower case.
    unique: Vec<String>,
    /// The unique columns of tables, and of the models of Prisma.
    pub(super) keys: Vec<unique::Key>,
    /// The folders with a `package.json`.
    pub(super) packages: Vec<String>,
    /// What applications on the JVM are configured with.
    pub(super) settings: Settings,
}

#[derive(Clone, Debug)]
struct Mention {
    place: Place,
    broker: &'static str,
    /// The text around, in lower case, to look for the queue's name.
    around: String,
}

/// Words that configure a dead-letter queue, with the broker they belong to.
const WORDS: [(&str, &str); 9] = [
    ("dead-letter-exchange", "rabbitmq"),
    ("dead_letter_exchange", "rabbitmq"),
    ("deadletterexchange", "rabbitmq"),
    ("redrivepolicy", "sqs"),
    ("redrive_policy", "sqs"),
    ("deadlettertargetarn", "sqs"),
    ("deadletterqueue", "sqs"),
    ("dead_letter_policy", "pubsub"),
    ("deadletterpolicy", "pubsub"),
];

impl Evidence {
    /// Reads the files of a tree that can configure a broker.
    pub fn read(tree: &Tree, settings: &Settings) -> Evidence {
        let mut out = Evidence { settings: settings.clone(), ..Evidence::default() };
        for id in tree.ids() {
            let file = tree.file(id);
            if files::classify(&file.path) == FileKind::PackageJson {
                out.packages.push(files::folder_of(&file.path).to_string());
            }
            // Queues are often made by what lies in `scripts/`, and migrations say what is unique.
            let counts = matches!(files::zone(&file.path), Zone::Production | Zone::Script | Zone::Migration);
            if !configures(&file.path) || !counts || file.size > 1_000_000 {
                continue;
            }
            if let Ok(text) = files::read(file) {
                out.add(id, &file.path, &text);
            }
        }
        out
    }

    /// Adds one file.
    pub fn add(&mut self, file: crate::syntax::FileId, path: &str, text: &str) {
        let lower = text.to_ascii_lowercase();
        for (word, broker) in WORDS {
            for (at, _) in lower.match_indices(word).take(50) {
                let from = floor(&lower, at.saturating_sub(400));
                let to = floor(&lower, (at + 400).min(lower.len()));
                let place = Place::new(file, Span::new(at, at + word.len()));
                self.mentions.push(Mention { place, broker, around: lower[from..to].to_string() });
            }
        }
        if text.contains("\nmodel ") || text.starts_with("model ") {
            self.keys.extend(unique::of_prisma(text).into_iter().map(|key| unique::Key { path: path.into(), ..key }));
        }
        self.keys.extend(unique_sql::of_text(text, path));
        if lower.contains("unique") {
            let statements = lower.split(';').filter(|s| s.contains("unique"));
            self.unique.extend(statements.map(str::to_string).take(200));
        }
        self.long_polls |= ["receivemessagewaittimeseconds", "receive_wait_time_seconds", "receivemessagewaittime"]
            .iter()
            .any(|w| lower.contains(w));
        self.declares_sqs |=
            ["aws_sqs_queue\"", "aws::sqs::queue", "sqs create-queue"].iter().any(|w| lower.contains(w));
    }

    /// True when a table has a unique key beside its primary one.
    pub(super) fn has_unique_key(&self, table: &str) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.unique.iter().any(|s| s.split(|c| !is_part(c)).any(|word| word == table))
    }

    /// The mention that is about one of these channels, or about all of them (a policy with a pattern).
    fn find(&self, broker: &str, channels: &[String]) -> Option<Place> {
        let of_broker = || self.mentions.iter().filter(|m| m.broker == broker);
        let named = |m: &&Mention| channels.iter().any(|c| c.len() > 2 && m.around.contains(&c.to_lowercase()));
        of_broker().find(named).or_else(|| of_broker().next()).map(|m| m.place)
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Files that can configure a broker.
fn configures(path: &str) -> bool {
    match files::classify(path) {
        FileKind::Compose
        | FileKind::Dockerfile
        | FileKind::Yaml
        | FileKind::Json
        | FileKind::Toml
        | FileKind::Properties => !path.ends_with("package-lock.json") && !path.ends_with("pnpm-lock.yaml"),
        FileKind::Other => {
            [".sh", ".tf", ".conf", ".config", ".bash", ".sql", ".prisma"].iter().any(|e| path.ends_with(e))
        }
        _ => false,
    }
}

/// The verdict for a source.
pub(super) fn verdict(
    reach: &Reach<'_, '_>,
    found: &Found<'_>,
    bodies: &[Body],
    traces: &[Trace],
    registrations: &[Registration],
    channels: &[String],
    evidence: &Evidence,
) -> Presence {
    let ev = reach.ev;
    let by_chain = || chain::dead_letter(ev, found);
    if let Some(place) = traces.iter().find_map(Trace::dead_letter).or_else(by_chain) {
        return Presence::Present(place);
    }
    // A function that runs after a failure and could not be followed may publish it somewhere.
    let unread = |s: &walk::Step| match &s.kind {
        walk::Kind::Unresolved(name) => {
            s.in_catch
                && !dotnet::is_everyday(ev, found.site.unit, name)
                && !jvm::is_accessor(ev, found.site.unit, name)
        }
        _ => false,
    };
    let resolved = !bodies.is_empty() && !traces.iter().flat_map(|t| &t.steps).any(unread);
    match found.source.dead_letter {
        DeadLetter::BuiltIn => Presence::Default,
        // Decided by the settings, see `keys`.
        DeadLetter::Unless | DeadLetter::Keys
            if jvm::names_in_module(ev, found.site.unit, &found.source.dead_letter_names) =>
        {
            Presence::Unknown("failed messages are handled by code of its own".into())
        }
        DeadLetter::Unless if resolved || found.source.form == Form::Builder => Presence::Absent,
        DeadLetter::Unless => Presence::Unknown("the handler could not be followed".into()),
        DeadLetter::Keys if resolved => Presence::Absent,
        DeadLetter::Keys => Presence::Unknown("the handler could not be followed".into()),
        DeadLetter::Unknown => Presence::Unknown("where failed messages go is not decided in the code".into()),
        DeadLetter::Handler => {
            // A handler of a registration may do it itself.
            for registration in registrations {
                if let Some(place) = registration.traces(reach).iter().find_map(Trace::dead_letter) {
                    return Presence::Present(place);
                }
            }
            if let Some(place) = evidence.find(&found.consume.broker, channels) {
                return Presence::Present(place);
            }
            if resolved { Presence::Absent } else { Presence::Unknown("the handler could not be followed".into()) }
        }
        DeadLetter::Container => match container::verdict(ev, found, channels, &evidence.settings) {
            Presence::Absent => match evidence.find(&found.consume.broker, channels) {
                Some(place) => Presence::Present(place),
                None if resolved => Presence::Absent,
                None => Presence::Unknown("the handler could not be followed".into()),
            },
            known => known,
        },
        DeadLetter::Setting => {
            if let Some(site) = setting::argument(ev, found.site, &found.source.dead_letter_settings) {
                return Presence::Present(ev.program.place(site));
            }
            if setting::is_open(ev, found.site) {
                return Presence::Unknown("the options could not be read".into());
            }
            evidence.find("rabbitmq", channels).map_or(Presence::Absent, Presence::Present)
        }
        DeadLetter::Infrastructure => match evidence.find(&found.consume.broker, channels) {
            Some(place) => Presence::Present(place),
            None if in_code(ev, &["RedrivePolicy", "deadLetterQueue", "DeadLetterQueue"]) => {
                Presence::Unknown("a redrive policy is set in code".into())
            }
            None if evidence.declares_sqs => Presence::Absent,
            None => Presence::Unknown("the queue is created outside the repository".into()),
        },
        DeadLetter::Queue => match declared(ev, found, channels) {
            Some(Presence::Absent) | None => match evidence.find("rabbitmq", channels) {
                Some(place) => Presence::Present(place),
                None if declared(ev, found, channels).is_some() => Presence::Absent,
                None => Presence::Unknown("the queue is declared outside the repository".into()),
            },
            Some(known) => known,
        },
    }
}

fn in_code(ev: &Evaluator<'_>, words: &[&str]) -> bool {
    ev.program.ids().any(|u| {
        ev.program
            .unit(u)
            .module
            .exprs
            .iter()
            .any(|e| matches!(&e.kind, crate::facts::module::ExprKind::Str(s) if words.contains(&s.as_str())))
    })
}

/// What the declarations of the consumed queue say; none when there is no declaration.
fn declared(ev: &Evaluator<'_>, found: &Found<'_>, channels: &[String]) -> Option<Presence> {
    declaration(ev, found, channels).map(|(verdict, _)| verdict)
}

/// The declaration of the consumed queue that decides: what it says, and where it stands.
pub(super) fn declaration(ev: &Evaluator<'_>, found: &Found<'_>, channels: &[String]) -> Option<(Presence, Site)> {
    let unit = ev.program.unit(found.site.unit);
    let func = unit.index.func_of(found.site.expr);
    let mut near: Vec<(Presence, Site)> = Vec::new();
    let mut same_name: Vec<(Presence, Site)> = Vec::new();
    let mut only: Vec<(Presence, Site)> = Vec::new();
    let mut beside: Vec<(Presence, Site)> = Vec::new();
    let consumed = setting::argument(ev, found.site, &found.source.channel);
    let receiver = receiver(ev, found.site);
    for library in ev.catalog.libraries() {
        for declaration in library.consume.iter().flat_map(|c| &c.queues) {
            for call in &declaration.calls {
                for &site in ev.program.calls_named(call.rsplit('.').next().unwrap_or(call)) {
                    let Some((symbol, _)) = ev.callee(site) else { continue };
                    let language = ev.program.language(site.unit);
                    let Some((lib, rest)) = ev.catalog.split(language, &symbol) else { continue };
                    if !std::ptr::eq(lib, library) || rest != call {
                        continue;
                    }
                    let verdict = of_declaration(ev, declaration, site);
                    // The queue object itself: `queue.consume(…)`, `consume(q.queue, …)`, `queue=QUEUE`.
                    let made = Some(site);
                    if receiver == made || consumed.is_some_and(|c| made_by(ev, c) == made) {
                        return Some((verdict, site));
                    }
                    let names = setting::argument(ev, site, &declaration.name);
                    if let (Some(a), Some(b)) = (names, consumed)
                        && (same_expression(ev, a, b) || same_text(ev, a, b))
                    {
                        if site.unit == found.site.unit {
                            near.push((verdict, site));
                        } else {
                            same_name.push((verdict, site));
                        }
                    } else if names.is_some_and(|n| setting::texts(ev, n).iter().any(|t| channels.contains(t))) {
                        same_name.push((verdict, site));
                    } else if site.unit == found.site.unit
                        && ev.program.unit(site.unit).index.func_of(site.expr) == func
                    {
                        only.push((verdict, site));
                    } else if site.unit == found.site.unit {
                        beside.push((verdict, site));
                    }
                }
            }
        }
    }
    let best = |list: Vec<(Presence, Site)>| {
        let present = list.iter().find(|(p, _)| p.is_present()).cloned();
        present
            .or_else(|| list.iter().find(|(p, _)| matches!(p, Presence::Unknown(_))).cloned())
            .or_else(|| list.first().cloned())
    };
    // A single declaration beside the consumer, or in another method of a wrapper around the client, under a name
    // that could not be compared.
    let alone = match (only.len(), beside.len()) {
        (1, _) if channels.is_empty() => only,
        (0, 1) if channels.is_empty() => beside,
        _ => Vec::new(),
    };
    best(near).or_else(|| best(same_name)).or_else(|| best(alone))
}

fn of_declaration(ev: &Evaluator<'_>, declaration: &QueueDeclaration, site: Site) -> Presence {
    if let Some(setting) = setting::argument(ev, site, &declaration.dead_letter) {
        return Presence::Present(ev.program.place(setting));
    }
    // A passive declaration only asks whether the queue is there.
    // The second argument of the JVM's client says that the queue is durable.
    let second = if ev.program.language(site.unit).is_jvm() { "passive" } else { "1" };
    let passive = setting::argument(ev, site, &["passive".to_string(), second.to_string()]);
    let passive = passive.filter(|_| ev.program.language(site.unit) != Language::Go);
    if passive.is_some_and(|p| setting::boolean(ev, p) == Some(true)) {
        return Presence::Unknown("the queue is declared elsewhere".into());
    }
    match setting::argument(ev, site, &declaration.options) {
        Some(options) => {
            let known = |value: &Value| matches!(value, Value::Dict(_) | Value::Null);
            let value = ev.eval(options);
            // A parameter is what callers pass for it.
            let values = if known(&value) { vec![value] } else { ev.settle_at(options) };
            let verdicts: Vec<Presence> = values.iter().map(|value| of_options(ev, value)).collect();
            let unread = verdicts.iter().find(|v| !v.is_absent()).cloned();
            unread.unwrap_or(Presence::Absent)
        }
        None if setting::is_open(ev, site) => Presence::Unknown("the options of the queue could not be read".into()),
        None => Presence::Absent,
    }
}

/// Options of a declaration without a dead-letter exchange at their top.
fn of_options(ev: &Evaluator<'_>, options: &Value) -> Presence {
    match options {
        Value::Dict(dict) if !dict.open => match dict.get("arguments").map(|a| ev.eval(a)) {
            None | Some(Value::Null) => Presence::Absent,
            Some(Value::Dict(d)) if !d.open => Presence::Absent,
            Some(_) => Presence::Unknown("the arguments of the queue could not be read".into()),
        },
        Value::Null => Presence::Absent,
        _ => Presence::Unknown("the options of the queue could not be read".into()),
    }
}

/// The call that made the object whose method is called.
fn receiver(ev: &Evaluator<'_>, site: Site) -> Option<Site> {
    ev.callee(site)?.1?.call
}

/// The declaration that a value comes from: `q.queue`, `result.method.queue`.
fn made_by(ev: &Evaluator<'_>, site: Site) -> Option<Site> {
    match ev.eval(site) {
        Value::Instance(i) => i.call,
        Value::Method { receiver, .. } => receiver.call,
        _ => None,
    }
}

/// The same parameter, field or variable, whatever it holds.
fn same_expression(ev: &Evaluator<'_>, a: Site, b: Site) -> bool {
    if a.unit != b.unit {
        return false;
    }
    let (x, y) = (ev.eval(a), ev.eval(b));
    if let (Value::Param { .. }, Value::Param { .. }) = (&x, &y) {
        return x == y;
    }
    use crate::facts::module::ExprKind;
    let module = &ev.program.unit(a.unit).module;
    match (&module.expr(a.expr).kind, &module.expr(b.expr).kind) {
        (ExprKind::Name(x), ExprKind::Name(y)) => x == y,
        (ExprKind::Attr { object: o, name: x, .. }, ExprKind::Attr { object: p, name: y, .. }) => {
            x == y && matches!((&module.expr(*o).kind, &module.expr(*p).kind), (ExprKind::This, ExprKind::This))
        }
        _ => false,
    }
}

fn same_text(ev: &Evaluator<'_>, a: Site, b: Site) -> bool {
    let (x, y) = (setting::texts(ev, a), setting::texts(ev, b));
    x.iter().any(|t| y.contains(t) && !t.contains("{}"))
}
