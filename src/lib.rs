//! skillcheck checks generated microservices against the rules that their skills teach.
//!
//! The modules follow the way the data takes; imports run in one direction, to the left:
//!
//! ```text
//! files ─▶ syntax ─▶ facts ─▶ program ─▶ extract ─▶ system ─▶ rules ─▶ findings ─▶ report
//! walk     parse     per      names,     what a     join      fn(      suppress,   human, json,
//! ignore   spans     file,    values     call does            &System) severity    sarif, …
//! ```
//!
//! `catalog` (what we know about libraries, as data), `skills` (the embedded pack) and `config` stand
//! beside it, and so does `schema` (what files of schemas say, and whether a change breaks anyone); `check` runs the way up to the raw findings, `cli` drives it and what comes after.

pub mod cache;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod contract;
pub mod exchange;
pub mod extract;
pub mod facts;
pub mod files;
pub mod findings;
pub mod fix;
pub mod git;
pub mod guard;
pub mod problem;
pub mod program;
pub mod report;
pub mod rules;
pub mod schema;
pub mod skills;
pub mod suggest;
pub mod syntax;
pub mod system;
