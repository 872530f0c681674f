//! `saga/volatile-state`: a saga's state is stored before each step, in a store that survives the
//! process.

use crate::extract::saga::Style;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/volatile-state", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        if saga.style == Style::Workflow || !saga.persisted.is_absent() {
            continue;
        }
        let place = saga.conduct.kept_in.unwrap_or(saga.place);
        if out.iter().any(|f| f.rule == RULE.id && f.place == place) {
            continue;
        }
        let steps = saga.steps.iter().filter(|s| s.place != saga.place);
        let mut related: Vec<_> =
            steps.map(|s| Related { place: s.place, message: format!("step `{}`", s.name) }).collect();
        if let Some(list) = saga.conduct.list {
            related.insert(0, Related { place: list, message: "what is done is noted in this list".into() });
        }
        if place != saga.place {
            related.insert(0, Related { place: saga.place, message: format!("`{}` is the saga", saga.name) });
        }
        out.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::Medium,
            services: system.services_at(saga.place),
            message: format!("`{}` keeps the progress of its saga only in memory", saga.name),
            why: "a restart between two steps forgets what is done: it is neither completed nor undone".into(),
            help: match saga.library {
                "masstransit" => "register it with a repository that survives the process: `.EntityFrameworkRepository(…)`, `.MongoDbRepository(…)` or `.RedisRepository(…)`".into(),
                "nservicebus" => "store the sagas of the endpoint: `UsePersistence<SqlPersistence>()` or another durable persistence".into(),
                "rebus" => "store the sagas: `.Sagas(s => s.StoreInSqlServer(…))` or another durable storage".into(),
                "axon" => "use a `JpaSagaStore`, `JdbcSagaStore` or `MongoSagaStore`; `InMemorySagaStore` is for tests".into(),
                _ if saga.style == Style::Machine => "keep what came back for each saga in a table with the saga's id, and change the row in the transaction that notes the message as handled".into(),
                "node-sagas" => "node-sagas keeps nothing: write a row with id, state and step before each step, or run the saga on a workflow engine such as Temporal".into(),
                _ => "write a row with the saga's id, state and step before each step and at the end, and take up `running` and `compensating` ones at start-up; or run it on a workflow engine such as Temporal".into(),
            },
            place,
            related,
        });
    }
}
