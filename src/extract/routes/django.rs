//! x
use super::{InScope, Served};
use crate::program::Evaluator;
pub(super) fn django(_ev: &Evaluator<'_>, _in_scope: &InScope<'_>, _served: &mut Served) {}
