//! The queues that a Spring application declares for RabbitMQ.

use crate::extract::settings::Settings;
use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Parent, Site};

/// `name, durable, exclusive, autoDelete` of `new Queue(…)`; what comes behind are arguments of the broker.
/// <https://docs.spring.io/spring-amqp/api/org/springframework/amqp/core/Queue.html>
const PLAIN_ARGUMENTS: usize = 4;
/// What can be said of a queue with `QueueBuilder` without sending failed messages anywhere.
const PLAIN_STEPS: [&str; 9] =
    ["autoDelete", "build", "durable", "exclusive", "lazy", "maxLength", "maxPriority", "nonDurable", "ttl"];

/// True when every one of some queues is declared by the repository, and each time without a dead letter
/// exchange: that another queue has one does not help.
pub(super) fn all_plain(ev: &Evaluator<'_>, settings: &Settings, channels: &[String]) -> bool {
    let declared: Vec<(Vec<String>, bool)> = ["Queue", "durable", "nonDurable"]
        .iter()
        .flat_map(|name| ev.program.calls_named(name))
        .filter(|site| ev.program.language(site.unit).is_jvm() && ev.program.is_production(site.unit))
        .filter_map(|site| Some((names(ev, settings, *site)?, is_plain(ev, *site))))
        .collect();
    let plain = |channel: &String| {
        let mut of_name = declared.iter().filter(|(names, _)| names.contains(channel)).peekable();
        of_name.peek().is_some() && of_name.all(|(_, plain)| *plain)
    };
    // A name that is not known may be any of them.
    !channels.is_empty() && declared.iter().all(|(names, _)| !names.is_empty()) && channels.iter().all(plain)
}

/// The names that a declaration gives its queue; none for a call that declares none, empty when they are
/// not known.
fn names(ev: &Evaluator<'_>, settings: &Settings, site: Site) -> Option<Vec<String>> {
    let unit = ev.program.unit(site.unit);
    let name = unit.module.call(site.expr)?.args.first()?;
    let texts = ev.at(site.unit, name.value);
    let texts = texts.alternatives().iter().filter_map(|value| value.to_text());
    Some(texts.filter_map(|text| settings.resolved(&unit.path, text).as_literal()).collect())
}

fn is_plain(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let Some(call) = unit.module.call(site.expr) else { return false };
    if call.is_new {
        return call.args.len() <= PLAIN_ARGUMENTS;
    }
    let steps = unit.index.ancestors(site.expr).map_while(|parent| match parent {
        Parent::Expr(expr) => Some(expr),
        _ => None,
    });
    let names = steps.filter_map(|expr| match &unit.module.expr(expr).kind {
        ExprKind::Attr { name, .. } => Some(name.as_str()),
        _ => None,
    });
    let names: Vec<&str> = names.collect();
    names.contains(&"build") && names.iter().all(|name| PLAIN_STEPS.contains(name))
}
