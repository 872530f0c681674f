//! Does an operation ask for more than it did?

use std::collections::BTreeMap;

use super::api::{Alternative, Api};

/// A scheme and its scopes, whatever it is called.
type Needs = BTreeMap<String, Vec<String>>;

/// What a client that was let in before is not let in with any more; none when everybody still is.
pub(super) fn tightened(old: (&Api, &[Alternative]), new: (&Api, &[Alternative])) -> Option<String> {
    let before: Vec<Needs> = old.1.iter().map(|alternative| needs(old.0, alternative)).collect();
    let now: Vec<Needs> = new.1.iter().map(|alternative| needs(new.0, alternative)).collect();
    let lets_in = |has: &Needs| now.iter().any(|asked| asked.iter().all(|(scheme, scopes)| meets(has, scheme, scopes)));
    let lost = before.iter().find(|has| !lets_in(has))?;
    let asked = now.iter().map(told).collect::<Vec<_>>().join(" or ");
    Some(match lost.is_empty() {
        true => format!("{asked} is asked for now, nothing was before"),
        false => format!("{} was enough and {asked} is asked for now", told(lost)),
    })
}

fn meets(has: &Needs, scheme: &str, scopes: &[String]) -> bool {
    has.get(scheme).is_some_and(|own| scopes.iter().all(|scope| own.contains(scope)))
}

fn needs(api: &Api, alternative: &Alternative) -> Needs {
    let mut out = Needs::new();
    for (name, scopes) in alternative {
        let scheme = match api.schemes.get(name) {
            Some(told) => told.clone(),
            None => format!("`{name}`"),
        };
        out.entry(scheme).or_default().extend(scopes.iter().cloned());
    }
    out
}

fn told(needs: &Needs) -> String {
    let one = |(scheme, scopes): (&String, &Vec<String>)| match scopes.is_empty() {
        true => scheme.clone(),
        false => format!("{scheme} with {}", scopes.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(", ")),
    };
    match needs.is_empty() {
        true => "nothing".to_owned(),
        false => needs.iter().map(one).collect::<Vec<_>>().join(" and "),
    }
}
