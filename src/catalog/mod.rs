//! What we know about libraries, as data.
