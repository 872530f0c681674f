//! What a user sees, one file for each subject. One binary: forty would each link the whole crate.
// Outside of `#[test]` clippy does not know that these are tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod api_contract;
mod baseline;
mod breaking;
mod breaking_api;
mod breaking_formats;
mod cache;
mod calls_jvm;
mod catalog;
mod changed;
mod cli_basics;
mod cli_init;
mod cli_lint;
mod cli_skills;
mod cloud_brokers;
mod dependencies;
mod determinism;
mod dotnet_http;
mod dotnet_messaging;
mod dotnet_stores;
mod evals;
mod event_payloads;
mod event_samples;
mod fix;
mod fixtures;
mod golang;
mod graph_calls;
mod graph_javascript;
mod graph_python;
mod hook;
mod hostile;
mod jvm_http;
mod jvm_messaging;
mod kubernetes;
mod messaging_samples;
mod outputs;
#[cfg(unix)]
mod packaging;
mod polyrepo;
mod readme;
mod resilience_details;
mod rest_client;
mod routes_dotnet;
mod routes_go;
mod routes_javascript;
mod routes_jvm;
mod routes_python;
mod saga;
mod saga_dotnet;
mod saga_go;
mod saga_jvm;
mod saga_samples;
mod samples;
mod schema_suites;
mod schemas_hold;
mod service_health;
mod shapes;
mod shared_database;
mod skill_examples;
mod support;
mod system_map;
#[cfg(unix)]
mod templates;
#[cfg(unix)]
mod walkthrough;
