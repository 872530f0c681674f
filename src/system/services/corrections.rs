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
    /// The OpenAPI documents of its interface.
    pub openapi: Vec<String>,
    /// The folder whose services it is about, one of several roots; empty for all.
    pub within: String,
}

impl Correction {
    /// The correction as the configuration of a folder means it.
    #[must_use]
    pub fn below(mut self, folder: &str) -> Self {
        folder.clone_into(&mut self.within);
        for path in &mut self.openapi {
            *path = format!("{folder}/{path}");
        }
        self.root = self.root.map(|root| format!("{folder}/{}", root.trim_start_matches("./")));
        self
    }

    /// The service that a name means: in one of several roots, where it may have been renamed to be told
    /// from that of another, also the only one that ends in it.
    fn find(&self, services: &[Service], name: &str) -> Option<usize> {
        let inside = |service: &Service| {
            let rest = service.root.strip_prefix(self.within.as_str());
            rest.is_some_and(|rest| self.within.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        let position = |fits: &dyn Fn(&Service) -> bool| {
            let mut found = services.iter().enumerate().filter(|(_, s)| inside(s) && fits(s)).map(|(index, _)| index);
            found.next().filter(|_| found.next().is_none())
        };
        let exact = services.iter().position(|service| inside(service) && service.name == name);
        let renamed = || {
            position(&|s| !self.within.is_empty() && s.name.strip_suffix(name).is_some_and(|rest| rest.ends_with('-')))
        };
        let folder = || position(&|s| !self.within.is_empty() && s.root.rsplit('/').next() == Some(name));
        exact.or_else(renamed).or_else(folder)
    }
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
            openapi: setting.openapi.iter().map(|path| path.trim_start_matches("./").to_owned()).collect(),
            within: String::new(),
        }
    }
}

/// Applies corrections in their order.
pub(super) fn apply(ctx: &Context<'_>, services: &mut Vec<Service>, corrections: &[Correction]) {
    for correction in corrections {
        let found = correction.find(services, &correction.key);
        if correction.ignore {
            found.map(|at| services.remove(at));
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
        let base = correction.find(services, whole).map(|at| services[at].code_base.clone());
        let name = correction.name.as_ref().unwrap_or(&correction.key);
        if let (Some(base), Some(at)) = (base, correction.find(services, name)) {
            services[at].code_base = base;
        }
    }
}
