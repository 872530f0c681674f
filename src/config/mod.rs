//! `skillcheck.yaml`: raw, resolved, validated with spans, all errors at once.
