//! Keys of rows that structs of Go are stored in: whether a row brings one that a second delivery brings again.

use crate::facts::module::{Class, ExprKind, Field, Module};
use crate::program::hierarchy::ClassRef;
use crate::program::{Site, Value};

use super::reach::Reach;

/// Words in names of fields that may tell one message from another.
const OF_MESSAGE: [&str; 10] =
    ["event", "message", "msg", "request", "idempot", "dedup", "correlation", "transaction", "trace", "external"];

/// True when a struct that the call at `site` stores may have a key of the message: its own, one that tells messages
/// apart, or one that its table declares unique. The key of another row (`UserID` of a notification) is none of these
/// where the row has one of its own and the program says what is unique.
pub(super) fn may_be_brought(
    reach: &Reach<'_, '_>,
    site: Site,
    (unit, class): ClassRef,
    is_set: &dyn Fn(&str) -> bool,
) -> bool {
    let module = &reach.ev.program.unit(unit).module;
    let class = module.class(class);
    // `gorm.Model` numbers its rows: https://pkg.go.dev/gorm.io/gorm#Model
    let numbered = |value: Value| matches!(&value, Value::External(symbol) if symbol.ends_with("gorm.Model"));
    let mut bases = class.bases.iter().map(|base| numbered(reach.ev.at(unit, *base))).peekable();
    let has_base = bases.peek().is_some();
    if !bases.all(|numbered| numbered) {
        return true;
    }
    // An embedded struct is a field as well.
    let own_fields = || class.fields.iter().filter(|f| f.name != "Model");
    let own = has_base || own_fields().any(|f| is_own(module, class, f));
    let told = own && says_what_is_unique(reach, site) && !makes_key(module, class);
    own_fields().filter(|f| is_set(&f.name)).any(|field| {
        let name = field.name.to_lowercase();
        let is_key = name.ends_with("id") || name.ends_with("uuid") || name == "key";
        let of_message = || OF_MESSAGE.iter().any(|word| name.contains(word));
        tagged(module, field, &["unique"]) || is_key && (!told || is_own(module, class, field) || of_message())
    })
}

/// True for the key of the row itself: `ID`, `OrderID` of an `Order`, what its tag calls the key.
fn is_own(module: &Module, class: &Class, field: &Field) -> bool {
    let name = field.name.to_lowercase();
    matches!(name.as_str(), "id" | "uuid" | "key" | "_id")
        || name.strip_suffix("id").is_some_and(|rest| rest.trim_end_matches('_') == class.name.to_lowercase())
        || tagged(module, field, &["\"_id", "primary"])
}

fn tagged(module: &Module, field: &Field, words: &[&str]) -> bool {
    field.decorators.iter().any(|tag| match &module.expr(*tag).kind {
        ExprKind::Str(text) => {
            let text = text.to_lowercase();
            words.iter().any(|word| text.contains(word))
        }
        _ => false,
    })
}

/// A hook of gorm may make the key from what the row holds: https://gorm.io/docs/hooks.html
fn makes_key(module: &Module, class: &Class) -> bool {
    class.methods.iter().any(|m| matches!(module.func(*m).name.as_str(), "BeforeCreate" | "BeforeSave"))
}

/// True when no unique index is out of sight: the tags are the schema where gorm makes the tables, and indexes of
/// MongoDB are made by code, which none does here.
fn says_what_is_unique(reach: &Reach<'_, '_>, site: Site) -> bool {
    let called = |name: &str| !reach.ev.program.calls_named(name).is_empty();
    let language = reach.ev.program.language(site.unit);
    let symbols = reach.symbols(site);
    let libraries = symbols.iter().filter_map(|s| reach.ev.catalog.split(language, s)).map(|(l, _)| l.library.as_str());
    let mut known = libraries.map(|library| match library {
        "gorm" => called("AutoMigrate"),
        "mongo-driver" => !["SetUnique", "createIndex", "createIndexes", "ensureIndex"].into_iter().any(called),
        _ => false,
    });
    known.next().unwrap_or(false)
}
