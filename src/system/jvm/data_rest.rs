//! Spring Data REST: the repositories of a service are routes, without a line of code for them.
//! <https://docs.spring.io/spring-data/rest/reference/repository-resources.html>

use super::settings::Own;
use crate::extract::routes::{Route, Served, path};
use crate::facts::module::{Class, ClassKind, ExprId, ExprKind, Function, Module};
use crate::program::types::{annotation, simple_name};
use crate::program::{Program, UnitId};
use crate::syntax::Place;

/// The interfaces that repositories extend, whose first type argument is what they hold.
const REPOSITORIES: [&str; 9] = [
    "CrudRepository",
    "ListCrudRepository",
    "PagingAndSortingRepository",
    "ListPagingAndSortingRepository",
    "JpaRepository",
    "MongoRepository",
    "Neo4jRepository",
    "ElasticsearchRepository",
    "CassandraRepository",
];

/// What answers for all of a kind, and for one of them.
const COLLECTION: [&str; 2] = ["GET", "POST"];
const ITEM: [&str; 4] = ["GET", "PUT", "PATCH", "DELETE"];

/// Adds the routes of the repositories in some modules of a service whose build has Spring Data REST.
pub(super) fn add(program: &Program, units: impl Iterator<Item = UnitId>, own: &Own, build: &str, served: &mut Served) {
    if !["spring-boot-starter-data-rest", "spring-data-rest-webmvc"].iter().any(|name| build.contains(name)) {
        return;
    }
    // `annotated`: only what says so; `visibility` and `default` ask for a public interface, which most are.
    let only_annotated =
        own.get("spring.data.rest.detectionstrategy").is_some_and(|(value, _)| value.eq_ignore_ascii_case("annotated"));
    let base = own.get("spring.data.rest.basepath").and_then(|(value, _)| own.filled(value, 0)).unwrap_or_default();
    for unit in units {
        let module = &program.unit(unit).module;
        for class in module.classes.iter().filter(|class| class.kind == ClassKind::Interface) {
            let Some(entity) = held(module, class) else { continue };
            let says = annotation(module, &class.decorators, &["RepositoryRestResource", "RestResource"]);
            if says.is_none() && (only_annotated || has(module, class, "NoRepositoryBean")) || is_hidden(module, says) {
                continue;
            }
            let name = argument(module, says, "path").unwrap_or_else(|| plural(&entity));
            let all = path::join(&base, &format!("/{}", name.trim_matches('/')));
            let mut push = |place: Place, verb: &str, path: &str| {
                served.routes.push(Route {
                    place,
                    unit,
                    method: verb.to_string(),
                    path: path.to_string(),
                    framework: "Spring".into(),
                    handler: None,
                    app: None,
                    partial: false,
                    unrooted: false,
                });
            };
            let file = program.unit(unit).file;
            let place = Place::new(file, class.name_span);
            COLLECTION.iter().for_each(|verb| push(place, verb, &all));
            ITEM.iter().for_each(|verb| push(place, verb, &format!("{all}/{{id}}")));
            for function in class.methods.iter().map(|method| module.func(*method)).filter(|f| is_query(f)) {
                let says = annotation(module, &function.decorators, &["RestResource"]);
                if !is_hidden(module, says) {
                    let name = argument(module, says, "path").unwrap_or_else(|| function.name.to_string());
                    push(Place::new(file, function.name_span), "GET", &format!("{all}/search/{name}"));
                }
            }
        }
    }
}

/// The name of the class whose objects a repository holds.
fn held(module: &Module, class: &Class) -> Option<String> {
    class.bases.iter().find_map(|base| {
        simple_name(module, *base).filter(|name| REPOSITORIES.contains(&name.as_str()))?;
        let ExprKind::Index { index, .. } = &module.expr(*base).kind else { return None };
        let first = match &module.expr(*index).kind {
            ExprKind::List(items) => *items.first()?,
            _ => *index,
        };
        simple_name(module, first).map(|name| name.to_string())
    })
}

/// True for a method that looks something up: what changes rows is no resource.
fn is_query(function: &Function) -> bool {
    let name = &function.name;
    ["find", "read", "get", "query", "search", "stream", "count", "exists"].iter().any(|word| name.starts_with(word))
        && !matches!(
            name.as_str(),
            "findAll" | "findById" | "findAllById" | "count" | "existsById" | "getById" | "getOne"
        )
}

fn has(module: &Module, class: &Class, name: &str) -> bool {
    annotation(module, &class.decorators, &[name]).is_some()
}

/// `exported = false`
fn is_hidden(module: &Module, decorator: Option<ExprId>) -> bool {
    let arguments = decorator.and_then(|d| module.call(d)).map(|call| call.args.as_slice()).unwrap_or_default();
    arguments.iter().any(|arg| {
        arg.name.as_deref() == Some("exported") && matches!(module.expr(arg.value).kind, ExprKind::Bool(false))
    })
}

fn argument(module: &Module, decorator: Option<ExprId>, name: &str) -> Option<String> {
    let call = module.call(decorator?)?;
    let arg = call.args.iter().find(|arg| arg.name.as_deref() == Some(name))?;
    match &module.expr(arg.value).kind {
        ExprKind::Str(text) if !text.is_empty() => Some(text.to_string()),
        _ => None,
    }
}

/// `OrderItem` becomes `orderItems`, by the rules of English that Spring follows.
/// <https://github.com/atteo/evo-inflector>
fn plural(entity: &str) -> String {
    const IRREGULAR: [(&str, &str); 8] = [
        ("person", "people"),
        ("child", "children"),
        ("woman", "women"),
        ("man", "men"),
        ("mouse", "mice"),
        ("foot", "feet"),
        ("series", "series"),
        ("news", "news"),
    ];
    let mut name = entity.to_string();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    let lower = name.to_lowercase();
    if let Some((one, many)) = IRREGULAR.iter().find(|(one, _)| lower.ends_with(one)) {
        // The capital of `salesPerson` stays.
        let at = name.len() - one.len();
        let many = if name[at..].starts_with(char::is_uppercase) {
            format!("{}{}", many[..1].to_uppercase(), &many[1..])
        } else {
            (*many).to_string()
        };
        return format!("{}{many}", &name[..at]);
    }
    let vowel_before = |end: &str| lower.trim_end_matches(end).ends_with(['a', 'e', 'i', 'o', 'u']);
    if lower.ends_with('y') && !vowel_before("y") {
        format!("{}ies", &name[..name.len() - 1])
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|end| lower.ends_with(end)) {
        format!("{name}es")
    } else {
        format!("{name}s")
    }
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn collections_are_called_by_the_plural_of_what_they_hold() {
        let names = ["Order", "OrderItem", "Category", "Day", "Address", "Box", "Batch", "Person", "SalesPerson"];
        let plurals =
            ["orders", "orderItems", "categories", "days", "addresses", "boxes", "batches", "people", "salesPeople"];
        for (name, many) in names.into_iter().zip(plurals) {
            assert_eq!(plural(name), many);
        }
    }
}
