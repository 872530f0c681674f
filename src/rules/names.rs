//! The names that configuration, comments and the command line may use: rule ids and skill names.

use crate::suggest;

/// The known rule ids and skill names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    rules: Vec<&'static str>,
    skills: Vec<&'static str>,
}

impl Names {
    /// The names behind these rule ids.
    pub fn new(ids: impl IntoIterator<Item = &'static str>) -> Self {
        let mut rules: Vec<_> = ids.into_iter().collect();
        rules.sort_unstable();
        rules.dedup();
        let mut skills: Vec<_> = rules.iter().filter_map(|id| id.split_once('/')).map(|(skill, _)| skill).collect();
        skills.dedup();
        Names { rules, skills }
    }

    /// All rule ids, sorted.
    pub fn rules(&self) -> &[&'static str] {
        &self.rules
    }

    /// All skill names, sorted.
    pub fn skills(&self) -> &[&'static str] {
        &self.skills
    }

    /// True when `name` is a rule id.
    pub fn is_rule(&self, name: &str) -> bool {
        self.rules.binary_search(&name).is_ok()
    }

    /// True when `name` is a skill.
    pub fn is_skill(&self, name: &str) -> bool {
        self.skills.binary_search(&name).is_ok()
    }

    /// True when `name` is a rule id or a skill.
    pub fn knows(&self, name: &str) -> bool {
        self.is_rule(name) || self.is_skill(name)
    }

    /// What was probably meant by an unknown name.
    pub fn suggest(&self, name: &str) -> Option<&'static str> {
        suggest::nearest(name, self.rules.iter().chain(&self.skills).copied())
    }
}

/// True when the selector (a rule id or a skill name) covers the rule.
pub fn covers(selector: &str, rule: &str) -> bool {
    selector == rule || rule.split_once('/').is_some_and(|(skill, _)| skill == selector)
}
