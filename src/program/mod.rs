//! The modules of a repository linked: names across files, and what an expression evaluates to.
