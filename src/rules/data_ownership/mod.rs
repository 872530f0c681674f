//! Rules of the skill `data-ownership`.

pub mod contexts;
pub mod shared_database;
