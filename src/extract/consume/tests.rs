//! Each library's forms, and the traps of each verdict, over small programs.

use super::*;
use crate::catalog::Catalog;
use crate::program::load::from_sources;
use crate::program::resolve::Packages;

mod acknowledgement;
mod duplicates;
mod failures;
mod forms;
mod jvm;
mod spring;

/// The consumers of a program in memory, with the text at a place for assertions.
struct Read {
    consumers: Vec<Consumer>,
    texts: Vec<String>,
}

fn read_with(sources: &[(&str, &str)], other: &[(&str, &str)]) -> Read {
    let program = from_sources(sources, &Packages::default());
    let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
    let mut evidence = Evidence::default();
    for (i, (path, text)) in other.iter().enumerate() {
        evidence.add(crate::syntax::FileId((sources.len() + i) as u32), path, text);
    }
    let consumers = extract(&ev, &|_| true, &evidence);
    let texts = sources.iter().chain(other).map(|(_, t)| t.to_string()).collect();
    Read { consumers, texts }
}

fn read(sources: &[(&str, &str)]) -> Read {
    read_with(sources, &[])
}

fn python(text: &str) -> Read {
    read(&[("svc/main.py", text)])
}

fn typescript(text: &str) -> Read {
    read(&[("svc/main.ts", text)])
}

impl Read {
    /// The source text at a place.
    fn at(&self, place: Place) -> &str {
        &self.texts[place.file.0 as usize][place.span.start as usize..place.span.end as usize]
    }

    /// The only consumer.
    fn one(&self) -> &Consumer {
        assert_eq!(self.consumers.len(), 1, "{:#?}", self.consumers);
        &self.consumers[0]
    }

    /// The acknowledgement in a word.
    fn ack(&self) -> &'static str {
        match self.one().ack {
            Ack::After => "after",
            Ack::Before { .. } => "before",
            Ack::Auto { place: Some(_), .. } => "auto set",
            Ack::Auto { place: None, .. } => "auto default",
            Ack::Unawaited { .. } => "unawaited",
            Ack::Framework => "framework",
            Ack::Unknown => "unknown",
        }
    }

    /// The dead letter in a word.
    fn dead_letter(&self) -> &'static str {
        word(&self.one().dead_letter)
    }

    /// The shutdown in a word.
    fn shutdown(&self) -> &'static str {
        word(&self.one().shutdown)
    }

    /// The redelivery in a word.
    fn redelivery(&self) -> &'static str {
        match self.one().redelivery {
            Redelivery::Bounded => "bounded",
            Redelivery::Unbounded { .. } => "unbounded",
            Redelivery::None => "none",
            Redelivery::Unknown => "unknown",
        }
    }

    /// The verdict about duplicates of the only handler, with the effect's text.
    fn duplicates(&self) -> String {
        match &self.one().handlers[0].idempotency {
            Idempotency::Durable(place) => format!("durable: {}", self.at(*place)),
            Idempotency::InMemory { effect, .. } => format!("in memory: {}", self.at(*effect)),
            Idempotency::No { effect, .. } => format!("no: {}", self.at(*effect)),
            Idempotency::NotNeeded => "not needed".into(),
            Idempotency::Unknown => "unknown".into(),
        }
    }
}

fn word(presence: &Presence) -> &'static str {
    match presence {
        Presence::Present(_) => "present",
        Presence::Default => "default",
        Presence::Absent => "absent",
        Presence::Unknown(_) => "unknown",
    }
}
