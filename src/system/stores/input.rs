//! What joining datastores needs to know about the deployment.

use std::collections::BTreeMap;

use super::super::compose::{ComposeProject, EnvVar, UnreadEnvFile};
use super::super::kube::{self, Cluster};
use crate::syntax::Place;

/// A service in one environment of one Compose project.
#[derive(Clone, Debug, Default)]
pub struct Deployed {
    /// The service's number.
    pub service: usize,
    /// The folder of the Compose project, [`kube::PROJECT`] for Kubernetes; none when nothing deploys it.
    pub project: Option<String>,
    /// The environment: `default`, `prod`.
    pub environment: String,
    /// Its variables.
    pub env: Vec<EnvVar>,
    /// What its configuration files set, by key; variables come before it.
    pub settings: Vec<EnvVar>,
    /// Variables that are not in `env` may be set all the same.
    pub open: bool,
    /// The file or object that is not in the repository and sets them, when there is one only, and where it is named.
    pub unread: Option<(String, Place)>,
}

/// The names of hosts in one environment of one Compose project: alias to service.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// The folder of the project; [`kube::PROJECT`] for Kubernetes.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// The namespaces of a cluster, which may stand behind a name: `orders.shop`.
    pub namespaces: Vec<String>,
    /// Every name under which a container is reached, and the name of its service.
    pub names: BTreeMap<String, String>,
}

/// All environments.
#[derive(Clone, Debug, Default)]
pub struct Environments {
    /// The services, once for each environment.
    pub deployed: Vec<Deployed>,
    /// The hosts of every environment.
    pub hosts: Vec<Hosts>,
}

impl Environments {
    /// Reads the Compose projects and what is deployed to clusters. `service_of` says which service a
    /// container (of a project's folder, with a name) runs; `image` gives the variables that a service's
    /// image sets.
    pub fn new(
        projects: &[ComposeProject],
        cluster: &Cluster,
        services: usize,
        service_of: &dyn Fn(&str, &str) -> Option<usize>,
        image: &dyn Fn(usize) -> Vec<EnvVar>,
    ) -> Environments {
        let mut out = Environments::default();
        for project in projects {
            for environment in &project.environments {
                let mut hosts = Hosts {
                    project: project.folder.clone(),
                    environment: environment.name.clone(),
                    namespaces: Vec::new(),
                    names: BTreeMap::new(),
                };
                for service in &environment.services {
                    let names = service.host_names.iter().map(|h| h.to_ascii_lowercase());
                    hosts.names.extend(names.map(|name| (name, service.name.clone())));
                    hosts.names.insert(service.name.to_ascii_lowercase(), service.name.clone());
                    let Some(index) = service_of(&project.folder, &service.name) else { continue };
                    out.deployed.push(Deployed {
                        service: index,
                        project: Some(project.folder.clone()),
                        environment: environment.name.clone(),
                        env: over_image(service.env.clone(), image(index)),
                        settings: Vec::new(),
                        open: service.unread_env_files.iter().any(|f| !f.example),
                        unread: unread(&service.unread_env_files),
                    });
                }
                // What a service depends on is one of the same project, also when a file that was not laid
                // over this one declares it.
                for dependency in environment.services.iter().flat_map(|service| &service.depends_on) {
                    let name = dependency.service.to_ascii_lowercase();
                    hosts.names.entry(name).or_insert_with(|| dependency.service.clone());
                }
                out.hosts.push(hosts);
            }
        }
        for environment in &cluster.environments {
            out.add_cluster(environment, service_of, image);
        }
        for service in 0..services {
            if !out.deployed.iter().any(|d| d.service == service) {
                out.deployed.push(Deployed { service, env: image(service), ..Deployed::default() });
            }
        }
        out
    }

    fn add_cluster(
        &mut self,
        environment: &kube::Environment,
        service_of: &dyn Fn(&str, &str) -> Option<usize>,
        image: &dyn Fn(usize) -> Vec<EnvVar>,
    ) {
        let mut hosts = Hosts {
            project: kube::PROJECT.to_owned(),
            environment: environment.name.clone(),
            namespaces: environment.namespaces.clone(),
            names: BTreeMap::new(),
        };
        for container in &environment.containers {
            let names = container.host_names.iter().map(|name| (name.to_ascii_lowercase(), container.workload.clone()));
            hosts.names.extend(names);
            let Some(index) = service_of(kube::PROJECT, &container.key) else { continue };
            self.deployed.push(Deployed {
                service: index,
                project: Some(kube::PROJECT.to_owned()),
                environment: environment.name.clone(),
                env: over_image(container.env.clone(), image(index)),
                settings: Vec::new(),
                open: container.open,
                unread: container.unread.clone(),
            });
        }
        self.hosts.push(hosts);
    }

    /// The server that a host name means for a deployed service: the project it is known in (none when
    /// the name means the same everywhere), and its name there. None when it can't be told.
    pub(super) fn server(&self, deployed: &Deployed, host: &str) -> Option<(Option<String>, String)> {
        let named = |hosts: &Hosts| hosts.names.get(hosts.bare(host)).cloned();
        let here = |hosts: &&Hosts| {
            Some(&hosts.project) == deployed.project.as_ref() && hosts.environment == deployed.environment
        };
        if let Some((hosts, name)) = self.hosts.iter().filter(here).find_map(|h| Some((h, named(h)?))) {
            return Some((Some(hosts.project.clone()), name));
        }
        if host.contains('.') || super::is_local(host) || host.contains('$') {
            let scope = host.contains('$').then(|| deployed.project.clone()).flatten();
            return Some((scope, host.to_string()));
        }
        // A network that several projects share, or a service that no Compose file runs.
        let mut elsewhere: Vec<(&String, String)> = self
            .hosts
            .iter()
            .filter(|h| deployed.project.is_none() || h.environment == deployed.environment)
            .filter_map(|h| Some((&h.project, named(h)?)))
            .collect();
        elsewhere.dedup();
        match elsewhere.as_slice() {
            [] => Some((None, host.to_string())),
            [(project, name)] => Some((Some((*project).clone()), name.clone())),
            _ => None,
        }
    }
}

impl Hosts {
    /// The name of a Service without its namespace and the domain of the cluster.
    fn bare<'h>(&self, host: &'h str) -> &'h str {
        if self.project != kube::PROJECT {
            return host;
        }
        let local = host.find(".svc").map_or(host, |at| &host[..at]);
        let Some((first, rest)) = local.split_once('.') else { return local };
        let is_namespace = |name: &str| name == "default" || self.namespaces.iter().any(|known| known == name);
        // `mongo-0.mongo` is a pod of the StatefulSet behind `mongo`.
        let service = rest.split('.').next().unwrap_or(rest);
        if local.len() < host.len() && !self.names.contains_key(service) || is_namespace(rest) {
            first
        } else if self.names.contains_key(service) {
            service
        } else {
            host
        }
    }
}

/// The env file that is not there, when it is one only.
fn unread(files: &[UnreadEnvFile]) -> Option<(String, Place)> {
    match files {
        [file] if !file.example => Some((file.found_at.clone()?, file.place)),
        _ => None,
    }
}

/// The variables of a container over those that its image sets.
fn over_image(mut env: Vec<EnvVar>, image: Vec<EnvVar>) -> Vec<EnvVar> {
    for variable in image {
        if !env.iter().any(|known| known.name == variable.name) {
            env.push(variable);
        }
    }
    env
}
