//! Services and their methods.

use serde_json::json;

use super::{At, Comparer};
use crate::schema::proto::rules::{Breaks, Level};
use crate::schema::proto::types::Type;
use crate::schema::proto::{Method, Service};

impl Comparer<'_> {
    pub(super) fn service(&mut self, a: (&Service, &str), b: (&Service, &str), scopes: (&str, &str)) {
        let ((from, old_at), (to, new_at)) = (a, b);
        let path = |method: &Method| format!("/{}/{}", scopes.0, method.name);
        for method in &from.methods {
            let pointers = (format!("{old_at}/{}", method.name), format!("{new_at}/{}", method.name));
            let witness = json!({"rpc": path(method)});
            let Some(other) = to.methods.iter().find(|other| other.name == method.name) else {
                // RPC_NO_DELETE; to a caller it is not only the source: the answer is UNIMPLEMENTED.
                let at = At { old: Some(&pointers.0), new: Some(new_at), instance: String::new() };
                let text = format!("`{}` was removed", method.name);
                self.add(at, "rpc-removed", text, Breaks::backward(Level::Wire), witness);
                continue;
            };
            let at = || At { old: Some(&pointers.0), new: Some(&pointers.1), instance: String::new() };
            // RPC_SAME_REQUEST_TYPE, RPC_SAME_RESPONSE_TYPE, RPC_SAME_CLIENT_STREAMING, RPC_SAME_SERVER_STREAMING.
            let sides = [("request", &method.request, &other.request), ("response", &method.response, &other.response)];
            for (word, (before, was_stream), (now, is_stream)) in sides {
                let same = match (self.old.1.find(before, scopes.0), self.new.1.find(now, scopes.1)) {
                    (Type::Message(x, _), Type::Message(y, _)) => self.is_same(x, y),
                    (Type::Missing, Type::Missing) => before.trim_start_matches('.') == now.trim_start_matches('.'),
                    _ => before.rsplit('.').next() == now.rsplit('.').next(),
                };
                if !same {
                    let text = format!("the {word} of `{}` was `{before}` and is `{now}`", method.name);
                    self.add(at(), "rpc-type-changed", text, Breaks::both(Level::Wire), witness.clone());
                }
                if was_stream != is_stream {
                    let what = |stream: bool| if stream { "a stream" } else { "one message" };
                    let text = format!(
                        "the {word} of `{}` was {} and is {}",
                        method.name,
                        what(*was_stream),
                        what(*is_stream)
                    );
                    self.add(at(), "rpc-streaming-changed", text, Breaks::both(Level::Wire), witness.clone());
                }
            }
            if method.idempotency != other.idempotency {
                // RPC_SAME_IDEMPOTENCY_LEVEL: clients that repeat or use GET rely on it.
                let shown = |level: &Option<String>| level.clone().unwrap_or_else(|| "IDEMPOTENCY_UNKNOWN".to_owned());
                let text = format!(
                    "`{}` was `{}` and is `{}`",
                    method.name,
                    shown(&method.idempotency),
                    shown(&other.idempotency)
                );
                self.add(at(), "rpc-idempotency-changed", text, Breaks::backward(Level::Wire), witness);
            }
        }
    }
}
