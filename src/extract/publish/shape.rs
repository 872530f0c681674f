//! What a payload looks like, and which of its parts are a version or an id.

use smol_str::SmolStr;

use super::flow::{mentions, squeeze};
use crate::extract::Presence;
use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Site};
use crate::syntax::Place;

/// The keys of a payload, of message properties or of headers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// The keys that are known.
    pub keys: Vec<Key>,
    /// There may be others.
    pub open: bool,
    /// The names of its classes, as far as it has any.
    pub types: Vec<SmolStr>,
    /// It is written by a serializer that registers its schema.
    pub registered: bool,
    /// It is a CloudEvent, which always has an id.
    pub cloud_event: bool,
    /// It is made by a builder of a generated class: a field that is not set has the default of the schema,
    /// which can be a version but no id.
    pub has_defaults: bool,
}

/// A key of a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// As written.
    pub name: SmolStr,
    /// What is written under it; none for the field of a type.
    pub value: Option<Site>,
    /// What is in it, for a key that holds metadata.
    pub nested: Option<Box<Shape>>,
    /// Where it is declared, for the field of a type.
    pub field: Option<Declared>,
}

/// A field as its type declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// The declaration.
    pub place: Place,
    /// The name of the type.
    pub class: Place,
    /// The declared type.
    pub ty: Option<Site>,
    /// What the construction of the object passes for it.
    pub given: Option<Site>,
}

impl Shape {
    /// Nothing is known.
    pub fn open() -> Shape {
        Shape { open: true, ..Shape::default() }
    }

    /// A value that is assigned to a declared field is that field's.
    pub fn fill_fields(&mut self) {
        let (declared, other): (Vec<Key>, Vec<Key>) = self.keys.drain(..).partition(|key| key.field.is_some());
        self.keys = declared;
        for key in other {
            let squeezed = squeeze(&key.name);
            let Some(known) = self.keys.iter_mut().find(|k| k.field.is_some() && squeeze(&k.name) == squeezed) else {
                self.keys.push(key);
                continue;
            };
            if let Some(field) = &mut known.field {
                field.given = field.given.or(key.value);
            }
            match (&mut known.nested, key.nested) {
                (Some(known), Some(nested)) => known.merge(*nested),
                (known @ None, nested) => *known = nested,
                (Some(_), None) => {}
            }
        }
    }

    /// Both together.
    pub fn merge(&mut self, other: Shape) {
        self.keys.extend(other.keys);
        self.open |= other.open;
        self.types.extend(other.types);
        self.registered |= other.registered;
        self.cloud_event |= other.cloud_event;
        self.has_defaults |= other.has_defaults;
    }
}

/// Keys under which metadata of a message is kept.
pub fn is_envelope(name: &str) -> bool {
    matches!(
        squeeze(name).as_str(),
        "meta"
            | "metadata"
            | "header"
            | "headers"
            | "envelope"
            | "context"
            | "attributes"
            | "eventmetadata"
            | "event"
            | "properties"
            | "messageproperties"
            | "applicationheaders"
            | "messageattributes"
            | "info"
    )
}

/// True for names of the version of a schema.
pub fn is_version(name: &str) -> bool {
    matches!(
        squeeze(name).as_str(),
        "schemaversion"
            | "eventversion"
            | "version"
            | "v"
            | "payloadversion"
            | "dataversion"
            | "contractversion"
            | "messageversion"
            | "dataschema"
            | "schema"
            | "schemaid"
            | "xschemaversion"
            | "xeventversion"
            | "schemaver"
            | "typeversion"
            | "cedataschema"
            | "messageschemaversion"
            | "eventschemaversion"
            | "xversion"
    )
}

/// True for names of ids by which a duplicate is recognised.
pub fn is_id(name: &str) -> bool {
    matches!(
        squeeze(name).as_str(),
        "eventid"
            | "messageid"
            | "uuid"
            | "ceid"
            | "idempotencykey"
            | "deduplicationid"
            | "messagededuplicationid"
            | "natsmsgid"
            | "msgid"
            | "xeventid"
            | "xmessageid"
            | "xidempotencykey"
            | "eventuuid"
            | "messageuuid"
            | "dedupid"
            | "dedupkey"
            | "dedupekey"
            | "deduplicationkey"
            | "idempotencyid"
    )
}

fn is_type(name: &str) -> bool {
    matches!(
        squeeze(name).as_str(),
        "type"
            | "eventtype"
            | "event"
            | "eventname"
            | "name"
            | "messagetype"
            | "cetype"
            | "kind"
            | "topic"
            | "pattern"
            | "routingkey"
            | "contenttype"
            | "subject"
            | "action"
    )
}

/// Keys that make what they stand beside an envelope.
fn is_beside_id(name: &str) -> bool {
    matches!(
        squeeze(name).as_str(),
        "type"
            | "eventtype"
            | "event"
            | "eventname"
            | "payload"
            | "data"
            | "body"
            | "specversion"
            | "eventversion"
            | "schemaversion"
            | "occurredat"
            | "occurredon"
            | "eventtime"
            | "messagetype"
    )
}

/// True for a name that carries a version: `order.created.v1`, `OrderCreatedV2`, `orders-v1`.
pub fn is_versioned(name: &str) -> bool {
    let word = |w: &str| {
        let digits = w.strip_prefix(['v', 'V']).unwrap_or("");
        !digits.is_empty() && digits.len() <= 3 && digits.chars().all(|c| c.is_ascii_digit())
    };
    if name.split(|c: char| !c.is_ascii_alphanumeric()).any(word) {
        return true;
    }
    // `OrderCreatedV2`
    let head = name.trim_end_matches(|c: char| c.is_ascii_digit());
    head.len() < name.len()
        && head.ends_with('V')
        && head[..head.len() - 1].ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Has(Option<Site>),
    Not,
    Unknown,
}

fn either(found: Option<Option<Site>>, open: bool) -> Verdict {
    match found {
        Some(site) => Verdict::Has(site),
        None if open => Verdict::Unknown,
        None => Verdict::Not,
    }
}

/// The version of a row is not the version of the event: `version: order.version`.
fn is_row_version(ev: &Evaluator<'_>, value: Site) -> bool {
    let module = &ev.program.unit(value.unit).module;
    let ExprKind::Attr { object, name, .. } = &module.expr(value.expr).kind else { return false };
    if !matches!(squeeze(name).as_str(), "version" | "v") {
        return false;
    }
    match &module.expr(*object).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => {
            let name = squeeze(name);
            !["event", "evt", "message", "msg", "schema", "envelope", "contract", "meta", "settings", "config"]
                .iter()
                .any(|w| name.contains(w))
                && !name.starts_with(|c: char| c.is_ascii_uppercase())
        }
        _ => false,
    }
}

fn versioned_text(ev: &Evaluator<'_>, value: Site) -> bool {
    ev.settle(&ev.eval(value)).iter().filter_map(crate::program::Value::to_text).any(|t| is_versioned(&t.pattern()))
}

fn shape_version(ev: &Evaluator<'_>, shape: &Shape) -> Verdict {
    if shape.registered || shape.types.iter().any(|t| is_versioned(t)) {
        return Verdict::Has(None);
    }
    let mut open = shape.open || shape.has_defaults;
    for key in &shape.keys {
        if is_version(&key.name) && !key.value.is_some_and(|v| is_row_version(ev, v)) {
            return Verdict::Has(key.value);
        }
        if let Some(value) = key.value
            && is_type(&key.name)
            && versioned_text(ev, value)
        {
            return Verdict::Has(Some(value));
        }
        match key.nested.as_deref().map(|n| shape_version(ev, n)) {
            Some(Verdict::Has(site)) => return Verdict::Has(site.or(key.value)),
            Some(Verdict::Unknown) => open = true,
            _ => {}
        }
    }
    either(None, open)
}

/// True for an expression that makes a fresh random id.
fn is_fresh(ev: &Evaluator<'_>, value: Site) -> bool {
    mentions(ev, value, &makes_id)
}

/// True for the name of a function that makes a random id.
pub(crate) fn makes_id(name: &str) -> bool {
    matches!(
        squeeze(name).as_str(),
        "uuid4"
            | "uuid1"
            | "uuid7"
            | "uuidv4"
            | "uuidv7"
            | "v4"
            | "v7"
            | "v1"
            | "uuid"
            | "randomuuid"
            | "nanoid"
            | "ulid"
            | "cuid"
            | "createid"
            | "newulid"
            | "uuid6"
            | "newguid"
            | "createversion7"
            | "newsequentialguid"
    )
}

fn shape_id(ev: &Evaluator<'_>, shape: &Shape, metadata: bool) -> Verdict {
    if shape.cloud_event {
        return Verdict::Has(None);
    }
    let mut open = shape.open;
    let enveloped = metadata || shape.keys.iter().any(|k| is_beside_id(&k.name));
    for key in &shape.keys {
        let plain = squeeze(&key.name) == "id";
        // What is made afresh for each message tells them apart, whatever it is meant for besides.
        let traces = enveloped && matches!(squeeze(&key.name).as_str(), "correlationid" | "traceid" | "requestid");
        let given = || key.field.as_ref().and_then(|field| field.given);
        let fresh = || key.value.is_some_and(|v| is_fresh(ev, v)) || given().is_some_and(|v| is_fresh(ev, v));
        if is_id(&key.name) || (plain && (enveloped || fresh())) || (traces && fresh()) {
            return Verdict::Has(key.value);
        }
        match key.nested.as_deref().map(|n| shape_id(ev, n, true)) {
            Some(Verdict::Has(site)) => return Verdict::Has(site.or(key.value)),
            Some(Verdict::Unknown) => open = true,
            _ => {}
        }
    }
    either(None, open)
}

fn decide(
    ev: &Evaluator<'_>,
    payloads: &[Shape],
    metadata: &[Shape],
    what: &str,
    one: &dyn Fn(&Shape, bool) -> Verdict,
) -> Presence {
    let verdicts: Vec<Verdict> =
        payloads.iter().map(|s| one(s, false)).chain(metadata.iter().map(|s| one(s, true))).collect();
    let mut unknown = payloads.is_empty();
    for verdict in verdicts {
        match verdict {
            Verdict::Has(Some(site)) => return Presence::Present(ev.program.place(site)),
            Verdict::Has(None) => return Presence::Default,
            Verdict::Unknown => unknown = true,
            Verdict::Not => {}
        }
    }
    if unknown { Presence::Unknown(format!("the {what} could not be read")) } else { Presence::Absent }
}

/// Whether a message says which version of its schema it has: in its payload, its properties, or the
/// name of its type or destination.
pub fn version(ev: &Evaluator<'_>, payloads: &[Shape], metadata: &[Shape], names: &[String], place: Place) -> Presence {
    if names.iter().any(|n| is_versioned(n)) {
        return Presence::Present(place);
    }
    decide(ev, payloads, metadata, "payload", &|shape, _| shape_version(ev, shape))
}

/// Whether a message has an id by which a duplicate can be recognised.
pub fn event_id(ev: &Evaluator<'_>, payloads: &[Shape], metadata: &[Shape]) -> Presence {
    decide(ev, payloads, metadata, "payload", &|shape, metadata| shape_id(ev, shape, metadata))
}
