//! OpenAPI documents that change: which clients of the earlier version break.
//!
//! What goes to the API (parameters, bodies) may be widened, what comes from it (responses, headers) may be
//! narrowed; a part may not go away, and nothing may be asked for that was not. Whether the values still fit is
//! decided as for schemas of events ([`crate::schema::Inclusion`]), with a value that shows it. In webhooks and
//! callbacks the API asks and its clients answer, so the directions are turned.

mod api;
mod compare;
mod generated;
mod hidden;
mod hooks;
mod load;
mod reach;
mod security;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde_json::Value;

use crate::cache::Cache;
use crate::files::Tree;
use crate::schema::Model;
use crate::schema::changes::Change;
use crate::schema::evolve::{Acceptance, Terms};
use crate::schema::policy::Accepted;
use crate::syntax::{FileId, Place, Span};

pub use api::Spot;

use api::Api;

use load::{Loaded, State};
use reach::Reach;
use value::{Answer, Job, Misfit, Pair, Way, Wire};

/// A change of a document that breaks clients.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    /// By a stable name: `operation-removed`, `required-added`.
    pub kind: &'static str,
    /// What became of it, for people; no full stop.
    pub text: String,
    /// The parts of the operations in which it shows: ``the query parameter `limit` ``, `the body
    /// (application/json)`. Empty when it is about the operations as a whole.
    pub parts: Vec<String>,
    /// The operations: `POST /orders`.
    pub operations: Vec<String>,
    /// True for what the API sends.
    pub is_response: bool,
    /// What one side may send and the other does not take, where the engine has such a value.
    pub witness: Option<Value>,
    /// Where in the witness the fault is (a JSON pointer), and what it is.
    pub fault: Option<(String, String)>,
    /// Other changes of the same schema that go the same way.
    pub others: Vec<Change>,
    /// Why it depends on what the document does not say whether a client breaks; none when it is certain.
    pub doubt: Option<String>,
    /// That the configuration accepts it, or did.
    pub accepted: Option<Acceptance>,
    /// What the earlier state is called in which it was otherwise.
    pub against: String,
    /// Where it stood.
    pub old: Option<Spot>,
    /// Where it stands, or what held it.
    pub new: Spot,
    /// [`Break::new`] as a place.
    pub place: Place,
    /// The path and the line (counted from 1) of [`Break::old`].
    pub before: Option<(String, usize)>,
}

impl Break {
    /// True when nobody has accepted it, or not for so long.
    pub fn counts(&self) -> bool {
        self.accepted.as_ref().is_none_or(|accepted| accepted.is_expired)
    }

    /// True for a break that an entry of the configuration means: by its kind, and by a place in the document or in
    /// values that it is at or below.
    pub fn is_meant_by(&self, entry: &Accepted) -> bool {
        let holds =
            |at: &str, place: &str| place.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let mut places = vec![self.new.pointer.as_str()];
        places.extend(self.old.as_ref().map(|old| old.pointer.as_str()));
        places.extend(self.fault.as_ref().map(|(at, _)| at.as_str()));
        entry.change.as_ref().is_none_or(|kind| kind == self.kind)
            && entry.at.as_ref().is_none_or(|at| {
                places.iter().any(|place| holds(at, place)) || self.operations.iter().any(|operation| operation == at)
            })
    }
}

/// A document that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiChange {
    /// Its path.
    pub path: String,
    /// Its title.
    pub title: String,
    /// What the earlier state is called.
    pub against: String,
    /// How schemas were read.
    pub model: Model,
    /// What breaks clients, by place.
    pub breaks: Vec<Break>,
    /// What could not be decided: where, and why not.
    pub unknown: Vec<(Place, String)>,
}

/// What became of the OpenAPI documents of a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiEvolution {
    /// What the earlier state is called; empty when nothing was compared.
    pub against: String,
    /// The documents that changed, by path.
    pub changed: Vec<ApiChange>,
    /// How many are as they were.
    pub unchanged: usize,
    /// How many are new.
    pub added: usize,
    /// Those that are gone: title and path.
    pub removed: Vec<(String, String)>,
    /// Files that can't be read in one of the states: path and reason.
    pub unreadable: Vec<(String, String)>,
}

/// The time for all schemas of a document together. What is not decided then is unknown.
const LONGEST: Duration = Duration::from_secs(10);

/// The text of the OpenAPI documents of a tree, and of the files that they refer to, by path.
pub fn texts(tree: &Tree, cache: &Cache) -> BTreeMap<String, String> {
    let state = load::state(tree, &Tree::default(), cache);
    state.documents.into_iter().flat_map(|loaded| loaded.texts).collect()
}

impl ApiChange {
    /// True when something breaks clients that nobody has accepted.
    pub fn is_breaking(&self) -> bool {
        self.breaks.iter().any(Break::counts)
    }
}

impl ApiEvolution {
    /// Adds what a comparison with an older state says: the breaks that the newer ones don't show.
    pub fn add_older(&mut self, older: ApiEvolution) {
        for mut change in older.changed.into_iter().filter(|change| !change.breaks.is_empty()) {
            let Some(known) = self.changed.iter_mut().find(|known| known.path == change.path) else {
                change.unknown.clear();
                self.unchanged = self.unchanged.saturating_sub(1);
                self.changed.push(change);
                continue;
            };
            let is_same = |a: &Break, b: &Break| (a.kind, a.is_response, &a.new) == (b.kind, b.is_response, &b.new);
            change.breaks.retain(|old| !known.breaks.iter().any(|new| is_same(old, new)));
            known.breaks.append(&mut change.breaks);
        }
        self.changed.sort_by(|a, b| a.path.cmp(&b.path));
    }
}

/// Compares the documents of two trees.
pub fn evolution(old: &Tree, new: &Tree, cache: &Cache, terms: &Terms) -> ApiEvolution {
    let new_tree = new;
    let (before, now) = (load::state(old, new, cache), load::state(new, old, cache));
    let mut out = ApiEvolution { against: terms.label.clone(), unchanged: now.unchanged, ..ApiEvolution::default() };
    let is_unreadable = |state: &State, path: &str| state.errors.iter().any(|(file, _)| file == path);
    for (path, reason) in &now.errors {
        out.unreadable.push((path.clone(), format!("it can't be read: {reason}")));
    }
    for (path, reason) in before.errors.iter().filter(|(path, _)| !is_unreadable(&now, path)) {
        out.unreadable.push((path.clone(), format!("it could not be read in {}: {reason}", terms.label)));
    }
    let apis = |state: &State| -> Vec<Api> { state.documents.par_iter().map(api::api).collect() };
    let (old_apis, new_apis) = (apis(&before), apis(&now));
    let mut rest: Vec<Side<'_>> = before.documents.iter().zip(&old_apis).collect();
    let (mut pairs, mut open): (Vec<(Side<'_>, Side<'_>)>, Vec<Side<'_>>) = (Vec::new(), Vec::new());
    for new in now.documents.iter().zip(&new_apis) {
        match rest.iter().position(|old| old.0.path == new.0.path) {
            Some(index) => pairs.push((rest.remove(index), new)),
            None => open.push(new),
        }
    }
    for new in open.into_iter().filter(|new| !is_unreadable(&before, &new.0.path)) {
        match rest.iter().position(|old| is_moved(old.1, new.1)) {
            Some(index) => pairs.push((rest.remove(index), new)),
            None => out.added += 1,
        }
    }
    rest.retain(|(loaded, _)| !is_unreadable(&now, &loaded.path));
    out.removed = rest.iter().map(|(loaded, api)| (api.title.clone(), loaded.path.clone())).collect();
    let all = pairs.len();
    pairs.retain(|(old, new)| old.0.texts != new.0.texts);
    out.unchanged += all - pairs.len();
    out.changed = pairs.par_iter().filter_map(|(old, new)| change(*old, *new, new_tree, terms)).collect();
    out.changed.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

/// A version of a document.
type Side<'a> = (&'a Loaded, &'a Api);

/// True for the same document in another file: the same title and major version.
fn is_moved(old: &Api, new: &Api) -> bool {
    let major = |api: &Api| api.version.trim_start_matches('v').split('.').next().unwrap_or_default().to_owned();
    !new.title.is_empty() && old.title == new.title && major(old) == major(new)
}

/// Compares two versions of a document; none when the file is gone from the tree.
fn change(old: Side<'_>, new: Side<'_>, tree: &Tree, terms: &Terms) -> Option<ApiChange> {
    let root = Spot { path: new.0.path.clone(), pointer: String::new() };
    let compared = compare::compare(old.1, new.1, &root, terms.today.map(|today| today.to_string()).as_deref());
    let place = |at: &Spot| -> Option<Place> {
        let at = if tree.find(&at.path).is_some() { at } else { &root };
        let span = new.0.library.document(&at.path).map_or(Span::new(0, 0), |document| document.span(&at.pointer));
        Some(Place::new(tree.find(&at.path)?, span))
    };
    let line = |at: &Spot| Some((at.path.clone(), old.0.line(&at.path, &at.pointer)?));
    let mut breaks: BTreeMap<(Spot, &'static str, String, bool), Break> = BTreeMap::new();
    let mut add = |found: Break, operation: &str, part: Option<&str>| {
        let key = (found.new.clone(), found.kind, found.text.clone(), found.is_response);
        let known = breaks.entry(key).or_insert(found);
        if !known.operations.iter().any(|known| known == operation) {
            known.operations.push(operation.to_owned());
        }
        if let Some(part) = part.filter(|part| !known.parts.iter().any(|known| known == part)) {
            known.parts.push(part.to_owned());
        }
    };
    for broken in compared.broken {
        let found = Break {
            kind: broken.kind,
            text: broken.text,
            parts: Vec::new(),
            operations: Vec::new(),
            is_response: broken.is_response,
            witness: None,
            fault: None,
            others: Vec::new(),
            doubt: (!broken.is_certain).then(|| doubt(broken.kind).to_owned()),
            accepted: None,
            against: terms.label.clone(),
            before: broken.old.as_ref().and_then(line),
            place: place(&broken.new)?,
            old: broken.old,
            new: broken.new,
        };
        add(found, &broken.operation, None);
    }
    let mut unknown: Vec<(Place, String)> = Vec::new();
    for (at, reason) in &compared.unknown {
        unknown.push((place(at)?, reason.clone()));
    }
    let pair = Pair {
        old: (old.0, old.1.dialect),
        new: (new.0, new.1.dialect),
        model: model(terms),
        end: Instant::now() + LONGEST,
    };
    for (job, answer) in answers(&pair, compared.jobs) {
        match answer {
            Answer::Fits => {}
            Answer::Unknown(reason) => {
                unknown.push((place(&job.new)?, format!("{} of `{}`: {reason}", job.part, job.operation)));
            }
            Answer::Breaks(misfit) => {
                let found = told(&job, misfit, &terms.label);
                let found = Break { place: place(&found.new)?, before: found.old.as_ref().and_then(line), ..found };
                add(found, &job.operation, Some(&job.part));
            }
        }
    }
    unknown.sort();
    unknown.dedup();
    let mut breaks: Vec<Break> = breaks.into_values().collect();
    breaks.sort_by(|a, b| (a.place, a.kind, &a.text).cmp(&(b.place, b.kind, &b.text)));
    Some(ApiChange {
        path: new.0.path.clone(),
        title: new.1.title.clone(),
        against: terms.label.clone(),
        model: model(terms),
        breaks,
        unknown,
    })
}

/// How many schemas are compared as a whole. Of more, only what was changed is compared.
const MAX_WHOLE: usize = 64;

/// How many operations are named for a change that more of them share.
const MAX_OPERATIONS: usize = 50;

/// The answer to each job. Schemas that many operations share are compared once, and what was not changed is not.
fn answers(pair: &Pair<'_>, jobs: Vec<Job>) -> Vec<(Job, Answer)> {
    let mut reach = Reach::new(pair.old.0, pair.new.0);
    let is_same_dialect = pair.old.1 == pair.new.1;
    let mut parts: Vec<(Job, Vec<(Spot, Spot)>)> = Vec::new();
    for job in jobs {
        match is_same_dialect && job.style.is_none() {
            true => {
                let differing = reach.differing(&job.old, &job.new);
                if !differing.is_empty() {
                    parts.push((job, differing));
                }
            }
            false => parts.push((job, Vec::new())),
        }
    }
    let settled = |loaded: &Loaded, at: &Spot| loaded.library.followed(&at.path, &at.pointer);
    let key = |job: &Job| {
        let places = (settled(pair.old.0, &job.old), settled(pair.new.0, &job.new));
        (places, job.way, job.wire, job.style.clone())
    };
    let whole: BTreeSet<_> = parts.iter().map(|(job, _)| key(job)).collect();
    let mut jobs: Vec<Job> = Vec::new();
    let mut named: BTreeMap<_, usize> = BTreeMap::new();
    for (job, differing) in parts {
        if whole.len() <= MAX_WHOLE || job.wire != Wire::Document || differing.is_empty() {
            jobs.push(job);
            continue;
        }
        for (old, new) in differing {
            let operations = named.entry((old.clone(), new.clone(), job.way)).or_default();
            *operations += 1;
            if *operations <= MAX_OPERATIONS {
                jobs.push(Job { old, new, ..job.clone() });
            }
        }
    }
    let keys: Vec<_> = jobs.iter().map(key).collect();
    let mut first: BTreeMap<_, usize> = BTreeMap::new();
    for (index, key) in keys.iter().enumerate() {
        first.entry(key).or_insert(index);
    }
    let asked: Vec<usize> = first.values().copied().collect();
    let decided: BTreeMap<usize, Answer> =
        asked.into_par_iter().map(|index| (index, value::decide(pair, &jobs[index]))).collect();
    let answer = |key| first.get(key).and_then(|index| decided.get(index)).cloned().unwrap_or(Answer::Fits);
    let answers: Vec<Answer> = keys.iter().map(answer).collect();
    jobs.into_iter().zip(answers).collect()
}

/// Why it is not certain that a change of this kind breaks a client.
fn doubt(kind: &str) -> &'static str {
    match kind {
        "default-changed" => "the default may have been the same all along",
        "schema-added" => "it may be what was taken all along",
        "unused-default-changed" => {
            "it has to be sent anyway, so only code that was generated with the default feels it"
        }
        "parameter-described" => "it was in the path all along, so only generated code feels that it has to be given",
        "link-removed" | "link-changed" => "only clients that follow links feel it",
        _ => "nobody can tell what is promised",
    }
}

/// What to say of values that don't fit.
fn told(job: &Job, misfit: Misfit, against: &str) -> Break {
    let Misfit { witness, fault, changes, doubt } = misfit;
    let spot = |place: &Option<(String, String)>| place.clone().map(|(path, pointer)| Spot { path, pointer });
    let is_response = job.way == Way::Response;
    let goes = |change: &&Change| if is_response { change.widens } else { change.narrows };
    let (kind, text, old, new) = match changes.first() {
        Some(cause) => (cause.kind, cause.text.clone(), spot(&cause.old), spot(&cause.new)),
        None => ("values-changed", "what it may be has changed".to_owned(), None, None),
    };
    Break {
        kind,
        text,
        parts: Vec::new(),
        operations: Vec::new(),
        is_response,
        witness,
        fault,
        others: changes.iter().skip(1).filter(goes).cloned().collect(),
        doubt,
        accepted: None,
        against: against.to_owned(),
        old: old.or_else(|| changes.is_empty().then(|| job.old.clone())),
        new: new.unwrap_or_else(|| job.new.clone()),
        place: Place::new(FileId(0), Span::new(0, 0)),
        before: None,
    }
}

/// How the values of an API are read. A registry has nothing to say about them.
fn model(terms: &Terms) -> Model {
    match terms.setting.model {
        Some(Model::Strict) => Model::Strict,
        _ => Model::Tolerant,
    }
}
