//! What the configuration says about services.

use super::context::Context;
use super::{Service, ServiceKind};
use crate::config;

/// A correction of what discovery finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// The name that discovery gives, or that of a new service when `root` says where it is.
    pub key: String,
    /// What it is to be called instead.
    pub name: Option<String>,
    /// The folder of its code.
    pub root: Option<String>,
    /// What it does.
    pub kind: Option<ServiceKind>,
    /// It is no service.
    pub ignore: bool,
    /// It is another process of that service.
    pub part_of: Option<String>,
}

impl From<&config::ServiceSetting> for Correction {
    fn from(setting: &config::ServiceSetting) -> Self {
        Correction {
            key: setting.key.clone(),
            name: setting.name.clone(),
            root: setting.root.clone(),
            kind: setting.kind.map(|kind| match kind {
                config::ServiceKind::Service => ServiceKind::Http,
                config::ServiceKind::Worker => ServiceKind::Worker,
                config::ServiceKind::Gateway => ServiceKind::Gateway,
                config::ServiceKind::Frontend => ServiceKind::Frontend,
                config::ServiceKind::Job => ServiceKind::Job,
            }),
            ignore: setting.ignore,
            part_of: setting.part_of.clone(),
        }
    }
}

/// Applies corrections in their order.
pub(super) fn apply(ctx: &Context<'_>, services: &mut Vec<Service>, corrections: &[Correction]) {
    for correction in corrections {
        let found = services.iter().position(|service| service.name == correction.key);
        if correction.ignore {
            services.retain(|service| service.name != correction.key);
            continue;
        }
        let at = match (found, &correction.root) {
            (Some(at), _) => at,
            (None, Some(root)) => {
                let entry = ctx.marks_below(root).first().map(|(id, marks)| (*id, marks.span().unwrap_or_default()));
                let any = ctx.below(root).next().map(|(id, _)| (id, crate::syntax::Span::default()));
                let place = entry.or(any).map(|(id, span)| crate::syntax::Place::new(id, span));
                services.push(Service { name: correction.key.clone(), place, ..Service::default() });
                services.len() - 1
            }
            (None, None) => continue,
        };
        let Some(service) = services.get_mut(at) else { continue };
        if let Some(root) = &correction.root {
            service.root = root.trim_matches('/').to_owned();
            service.languages = ctx.languages(&service.root);
            service.code_base = service.root.clone();
        }
        service.kind = correction.kind.unwrap_or(service.kind);
        if let Some(name) = &correction.name {
            service.name = name.clone();
        }
    }
    for correction in corrections {
        let Some(whole) = &correction.part_of else { continue };
        let base = services.iter().find(|service| service.name == *whole).map(|service| service.code_base.clone());
        let name = correction.name.as_ref().unwrap_or(&correction.key);
        if let (Some(base), Some(service)) = (base, services.iter_mut().find(|service| service.name == *name)) {
            service.code_base = base;
        }
    }
}
