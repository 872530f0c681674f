//! From raw findings to what is reported: suppression, severity overrides, fingerprints, order.
