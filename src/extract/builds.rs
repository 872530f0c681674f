//! Which brokers the build files of applications on the JVM name: the binders of Spring Cloud Stream and the connectors
//! of Quarkus.

use std::collections::{BTreeMap, BTreeSet};

/// Brokers that Spring Cloud Stream has a binder for, as its artifacts are called.
/// <https://docs.spring.io/spring-cloud-stream/reference/spring-cloud-stream/binders.html>
const BINDERS: [&str; 3] = ["kafka", "pulsar", "rabbit"];
const BINDER_ARTIFACTS: [&str; 2] = ["spring-cloud-stream-binder-", "spring-cloud-starter-stream-"];

/// Brokers that Quarkus has a connector for. <https://quarkus.io/guides/messaging#connectors>
const CONNECTORS: [&str; 5] = ["amqp", "kafka", "mqtt", "pulsar", "rabbitmq"];
const CONNECTOR_ARTIFACTS: [&str; 2] = ["quarkus-messaging-", "quarkus-smallrye-reactive-messaging-"];

/// What build files name, by their folders.
#[derive(Clone, Debug, Default)]
pub(super) struct Builds {
    binders: BTreeMap<String, BTreeSet<&'static str>>,
    connectors: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Builds {
    /// Adds a build file of Maven or Gradle.
    pub(super) fn add(&mut self, path: &str, text: &str) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let note =
            |found: &mut BTreeMap<String, BTreeSet<&'static str>>, artifacts: [&str; 2], brokers: &[&'static str]| {
                for broker in brokers {
                    if artifacts.iter().any(|artifact| text.contains(&format!("{artifact}{broker}"))) {
                        found.entry(folder.to_string()).or_default().insert(broker);
                    }
                }
            };
        note(&mut self.binders, BINDER_ARTIFACTS, &BINDERS);
        note(&mut self.connectors, CONNECTOR_ARTIFACTS, &CONNECTORS);
    }

    /// The binders that a module is built with: its own, else those of the modules around it.
    pub(super) fn binders(&self, root: &str) -> BTreeSet<&'static str> {
        nearest(&self.binders, root).cloned().unwrap_or_default()
    }

    /// The connector of a module that has only one.
    pub(super) fn lone_connector(&self, root: &str) -> Option<&'static str> {
        let found = nearest(&self.connectors, root)?;
        found.first().copied().filter(|_| found.len() == 1)
    }
}

fn nearest<'a, T>(found: &'a BTreeMap<String, T>, mut folder: &str) -> Option<&'a T> {
    loop {
        if let Some(here) = found.get(folder) {
            return Some(here);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}
