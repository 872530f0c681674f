//! The gate: the entry for pre-commit, the workflow for GitHub, the job for GitLab.

use std::path::Path;

use super::plan::{Change, Fault, read_text};
use super::yaml_list;
use crate::syntax::data::Node;

/// The hook's id: the plain name belongs to a linter of SKILL.md files.
const HOOK_ID: &str = "skillcheck-lint";

/// A template with the version of this binary in it.
fn filled(template: &str) -> String {
    template.replace("{{version}}", env!("CARGO_PKG_VERSION"))
}

/// The entry for `.pre-commit-config.yaml`.
fn pre_commit_entry() -> String {
    filled(include_str!("templates/pre-commit.yaml"))
}

/// The workflow for GitHub: annotations in the pull request, findings in code scanning, a job summary.
fn github_workflow() -> String {
    filled(include_str!("templates/github.yml"))
}

/// The job for GitLab.
fn gitlab_job() -> String {
    filled(include_str!("templates/gitlab.yml"))
}

const GITLAB_JOB: &str = ".gitlab/skillcheck.yml";

/// `.pre-commit-config.yaml`.
///
/// # Errors
/// When it can't be read.
pub(super) fn pre_commit(remove: bool) -> Result<Change, Fault> {
    let is_ours = |entry: &Node| {
        let ids = entry.get("hooks").map(Node::items).unwrap_or_default();
        ids.iter().filter_map(|hook| hook.get("id")?.as_str()).any(|id| id.starts_with(HOOK_ID))
    };
    list(Path::new(".pre-commit-config.yaml"), "repos", &pre_commit_entry(), remove, &is_ours)
}

/// `.github/workflows/skillcheck.yml`.
///
/// # Errors
/// When it can't be read.
pub(super) fn github(remove: bool, force: bool) -> Result<Vec<Change>, Fault> {
    let path = Path::new(".github/workflows/skillcheck.yml");
    Ok(vec![Change::own(path, github_workflow().as_bytes(), remove, force)?])
}

/// The job in a file of its own, and `.gitlab-ci.yml` that includes it.
///
/// # Errors
/// When one can't be read.
pub(super) fn gitlab(remove: bool, force: bool) -> Result<Vec<Change>, Fault> {
    let is_ours = |entry: &Node| {
        let local = entry.get("local").and_then(Node::as_str).or(entry.as_str());
        local.is_some_and(|local| local.trim_start_matches('/') == GITLAB_JOB)
    };
    let item = format!("- local: {GITLAB_JOB}\n");
    let include = list(Path::new(".gitlab-ci.yml"), "include", &item, remove, &is_ours)?;
    Ok(vec![Change::own(Path::new(GITLAB_JOB), gitlab_job().as_bytes(), remove, force)?, include])
}

/// Adds an item to the list of a YAML file, or takes it out again. What can't be edited is left alone,
/// with the item that is missing.
fn list(path: &Path, key: &str, item: &str, remove: bool, is_ours: &dyn Fn(&Node) -> bool) -> Result<Change, Fault> {
    let before = read_text(path)?;
    let text = before.clone().unwrap_or_default();
    let edited = yaml_list::items(&text, key).and_then(|items| match (items.iter().position(is_ours), remove) {
        (Some(index), true) => yaml_list::remove(&text, key, index),
        (None, false) => yaml_list::append(&text, key, item),
        _ => Ok(text.clone()),
    });
    Ok(match edited {
        Ok(after) => Change::text(path, before, after),
        Err(reason) if remove => Change::keep(path, before.map(String::into_bytes), reason),
        Err(reason) => {
            let item = item.trim_end().replace('\n', "\n    ");
            Change::keep(
                path,
                before.map(String::into_bytes),
                format!("{reason}; add this to `{key}` by hand:\n    {item}"),
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{github_workflow, gitlab_job, pre_commit_entry};
    use crate::syntax::data;

    #[test]
    fn what_is_written_is_yaml() {
        let workflow = data::yaml(&github_workflow()).single().unwrap();
        let steps = workflow.at(["jobs", "skillcheck", "steps"]).unwrap().items();
        assert!(steps[1].get("uses").unwrap().as_str().unwrap().starts_with("skillcheck/skillcheck@v"));
        let job = data::yaml(&gitlab_job()).single().unwrap();
        assert_eq!(job.at(["skillcheck", "script"]).unwrap().items().len(), 2);
        assert!(data::yaml(&pre_commit_entry()).single().unwrap().is_list());
    }
}
