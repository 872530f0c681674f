//! Hashes of whole payloads.

use crate::extract::publish::flow;
use crate::facts::module::{ExprKind, Module, TemplatePart};
use crate::program::{Evaluator, Site};

/// Functions that hash, squeezed to lower case.
const HASHES: [&str; 14] = [
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "blake2b",
    "blake2s",
    "blake3",
    "createhash",
    "xxh64",
    "xxh3",
    "sha256hex",
    "md5hex",
];

/// Names of a whole message.
const WHOLE: [&str; 9] = ["body", "payload", "message", "msg", "event", "data", "raw", "content", "value"];

/// The expression that hashes a whole payload, when this one is or holds the result.
pub fn of_payload(ev: &Evaluator<'_>, site: Site) -> Option<Site> {
    hashed(ev, site, 0)
}

fn hashed(ev: &Evaluator<'_>, site: Site, depth: u32) -> Option<Site> {
    if depth > 4 {
        return None;
    }
    let module = &ev.program.unit(site.unit).module;
    match &module.expr(site.expr).kind {
        ExprKind::Name(name) => {
            let value = flow::single_assignment(ev, site.unit, site.expr, name)?;
            hashed(ev, Site { unit: site.unit, expr: value }, depth + 1)
        }
        ExprKind::Template(parts) => parts.iter().find_map(|p| match p {
            TemplatePart::Hole(hole) => hashed(ev, Site { unit: site.unit, expr: *hole }, depth + 1),
            TemplatePart::Text(_) => None,
        }),
        // `"seen:" + hash`
        ExprKind::Binary { left, right, .. } => {
            [*left, *right].into_iter().find_map(|e| hashed(ev, Site { unit: site.unit, expr: e }, depth + 1))
        }
        ExprKind::Await(inner) => hashed(ev, Site { unit: site.unit, expr: *inner }, depth + 1),
        ExprKind::Call(call) => {
            // `hashlib.sha256(x).hexdigest()`, `createHash("sha256").update(x).digest("hex")`
            let mut outer = site.expr;
            let mut hashes = false;
            let mut whole = false;
            for _ in 0..6 {
                let Some(call) = module.call(outer) else { break };
                let name = module.callee_name(outer).map(|n| flow::squeeze(n)).unwrap_or_default();
                hashes |= HASHES.contains(&name.as_str());
                let known = HASHES.contains(&name.as_str()) || name == "update";
                whole |= known && call.args.iter().any(|a| is_whole(module, a.value, 0));
                let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { break };
                outer = *object;
            }
            if hashes && whole {
                return Some(site);
            }
            // A function of the repository that makes it.
            let functions = ev.called(site, call);
            functions.iter().find_map(|v| match v {
                crate::program::Value::Function { unit, func, .. } if depth < 2 => {
                    let returned = crate::program::eval::returns(&ev.program.unit(*unit).module, *func);
                    returned.into_iter().find_map(|e| hashed(ev, Site { unit: *unit, expr: e }, depth + 2))
                }
                _ => None,
            })
        }
        _ => None,
    }
}

/// `body`, `json.dumps(event)`, `JSON.stringify(payload)`, and what is made of them.
fn is_whole(module: &Module, expr: crate::facts::module::ExprId, depth: u32) -> bool {
    if depth > 5 {
        return false;
    }
    match &module.expr(expr).kind {
        ExprKind::Name(name) => WHOLE.contains(&flow::squeeze(name).as_str()),
        ExprKind::Attr { object, name, .. } => {
            matches!(name.as_str(), "value" | "body" | "content" | "data" | "Body")
                && is_whole(module, *object, depth + 1)
        }
        ExprKind::Call(call) => {
            let name = module.callee_name(expr).map_or("", |n| n.as_str());
            match name {
                "dumps" | "stringify" => true,
                "encode" | "toString" | "value" => {
                    matches!(&module.expr(call.callee).kind, ExprKind::Attr { object, .. } if is_whole(module, *object, depth + 1))
                }
                "str" | "repr" | "bytes" | "String" | "from" => {
                    call.args.first().is_some_and(|a| is_whole(module, a.value, depth + 1))
                }
                _ => false,
            }
        }
        _ => false,
    }
}
