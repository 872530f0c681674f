//! Webhooks and callbacks: the API asks, its clients answer. Whoever receives them was written for the version
//! before, so what comes may be narrowed and what they answer has to be taken as it was.

use super::api::{Body, Operation, Parameter, Response, Spot};
use super::compare::{Comparer, taken, wire};
use super::value::{Way, Wire};

impl Comparer<'_> {
    /// Compares what the API sends to its clients and what it takes as their answer.
    pub(super) fn hook(&mut self, before: &Operation, now: &Operation) {
        self.is_response = true;
        for old in before.parameters.iter().filter(|old| old.location != "path") {
            self.sent_parameter(old, now);
        }
        self.sent_body(before, now);
        self.is_response = false;
        for response in before.responses.iter().filter(|response| response.status.starts_with('2')) {
            self.answered(response, now);
        }
    }

    fn sent_parameter(&mut self, old: &Parameter, now: &Operation) {
        let what = format!("the {} `{}`", if old.location == "header" { "header" } else { "parameter" }, old.name);
        let is_it = |new: &&Parameter| new.location == old.location && new.name.eq_ignore_ascii_case(&old.name);
        match now.parameters.iter().find(is_it) {
            Some(new) => {
                if old.required && !new.required {
                    let text = format!("{what} is no longer always sent");
                    self.broken("parameter-optional", text, Some(&old.at), &new.at);
                }
                self.job(&old.schema, &new.schema, Way::Response, Wire::Text, what, None);
            }
            None if old.required && now.dangling.is_none() => {
                self.broken("parameter-removed", format!("{what} is no longer sent"), Some(&old.at), &now.at);
            }
            None => {}
        }
    }

    fn sent_body(&mut self, before: &Operation, now: &Operation) {
        let Some(old) = &before.body else { return };
        let Some(new) = &now.body else {
            if now.dangling.is_none() {
                self.broken("body-removed", "the body is no longer sent".into(), Some(&old.at), &now.at);
            }
            return;
        };
        if old.required && !new.required {
            self.broken("body-optional", "the body is no longer always sent".into(), Some(&old.at), &new.at);
        }
        self.sent_media(old, new);
    }

    fn sent_media(&mut self, old: &Body, new: &Body) {
        for media in &old.media {
            match new.media.iter().find(|new| new.name == media.name) {
                Some(found) => {
                    let what = format!("what is sent ({})", media.name);
                    self.job(&media.schema, &found.schema, Way::Response, wire(&media.name), what, None);
                }
                None => {
                    let text = format!("the body is no longer sent as `{}`", media.name);
                    self.broken("media-type-removed", text, Some(&media.at), &new.at);
                }
            }
        }
    }

    /// A client goes on answering as it did.
    fn answered(&mut self, old: &Response, now: &Operation) {
        let range = format!("{}XX", &old.status.chars().next().unwrap_or('2'));
        let find = |status: &str| now.responses.iter().find(|response| response.status == status);
        let Some(new) = find(&old.status).or_else(|| find(&range)).or_else(|| find("DEFAULT")) else {
            if now.dangling.is_none() {
                let text = format!("the answer {} is not expected any more", old.status);
                let at = Spot { path: now.at.path.clone(), pointer: now.at.pointer.clone() + "/responses" };
                self.broken("response-removed", text, Some(&old.at), &at);
            }
            return;
        };
        for media in &old.media {
            if let Some(found) = taken(media, &new.media) {
                let what = format!("the answer {} ({})", old.status, media.name);
                self.job(&media.schema, &found.schema, Way::Request, wire(&media.name), what, None);
            }
        }
    }
}
