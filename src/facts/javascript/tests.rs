//! What a module contains after lowering.
