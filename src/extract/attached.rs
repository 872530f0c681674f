//! Channels of Quarkus that no setting tells of: with one connector, those without another end in the application
//! are attached to it. <https://quarkus.io/guides/kafka#using-the-connector>

use super::settings::Settings;
use crate::facts::module::{ExprKind, Language};
use crate::program::types::build_root;
use crate::program::{Evaluator, Site};

/// The broker to which a channel without settings is attached; none when one of the annotations gives the channel its
/// other end.
pub(super) fn broker(
    ev: &Evaluator<'_>,
    settings: &Settings,
    site: Site,
    channel: &str,
    unless: &[String],
) -> Option<&'static str> {
    let unit = ev.program.unit(site.unit);
    let jvm = matches!(unit.module.language, Language::Java | Language::Kotlin);
    if unless.is_empty() || !jvm || channel.is_empty() {
        return None;
    }
    let broker = settings.lone_connector(&unit.path)?;
    let root = build_root(&unit.path);
    let is_other_end = |at: &Site| {
        let there = ev.program.unit(at.unit);
        let ExprKind::Call(call) = &there.module.expr(at.expr).kind else { return false };
        let name = || call.args.first().and_then(|arg| ev.at(at.unit, arg.value).to_text());
        // A name that is not known may be this one.
        build_root(&there.path) == root && name().is_none_or(|name| name.pattern() == channel)
    };
    let taken = unless.iter().flat_map(|annotation| ev.program.calls_named(annotation)).any(is_other_end);
    (!taken).then_some(broker)
}
