//! The ports that programs listen on by their code: `app.listen(5001)`, `uvicorn.run(app, port=8000)`. Where
//! nothing deploys a service, others reach it at that port of the machine they all run on.

use std::collections::HashMap;

use crate::facts::module::{Call, Language};
use crate::program::value::Text;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::FileId;
use crate::system::services::Service;

/// The ports of each service that no container runs, in the order of the services.
pub(in crate::system) fn own(
    ev: &Evaluator<'_>,
    in_scope: &dyn Fn(UnitId) -> bool,
    owners: &HashMap<FileId, Vec<usize>>,
    services: &[Service],
) -> Vec<Vec<String>> {
    let mut ports: Vec<Vec<String>> = vec![Vec::new(); services.len()];
    if services.iter().all(|service| !service.containers.is_empty()) {
        return ports;
    }
    for name in ["listen", "run", "Run", "Listen", "Start", "ListenAndServe", "Server"] {
        for &site in ev.program.calls_named(name).iter().filter(|site| in_scope(site.unit)) {
            let unit = ev.program.unit(site.unit);
            let Some([owner]) = owners.get(&unit.file).map(Vec::as_slice) else { continue };
            if services.get(*owner).is_none_or(|service| !service.containers.is_empty()) {
                continue;
            }
            let found = unit.module.call(site.expr).and_then(|call| port(ev, site, call));
            if let (Some(found), Some(known)) = (found, ports.get_mut(*owner))
                && !known.contains(&found)
            {
                known.push(found);
            }
        }
    }
    ports
}

/// The port that a call of `listen` or `run` names; that of a default where the environment may name another one.
fn port(ev: &Evaluator<'_>, site: Site, call: &Call) -> Option<String> {
    let module = &ev.program.unit(site.unit).module;
    let named = call.args.iter().find(|arg| arg.name.as_deref() == Some("port"));
    let value = match module.language {
        Language::Python => ev.at(site.unit, named?.value),
        Language::JavaScript | Language::TypeScript if module.callee_name(site.expr).is_some_and(|n| n == "listen") => {
            match ev.positional(site.unit, call, 0)? {
                Value::Dict(options) => ev.eval(options.get("port")?),
                value => value,
            }
        }
        // `engine.Run(":8080")`, `http.ListenAndServe(":8080", mux)`, `http.Server{Addr: ":8080"}`
        Language::Go => {
            let addr = call.args.iter().find(|arg| arg.name.as_deref() == Some("Addr"));
            let first = call.args.first().filter(|arg| arg.name.is_none() && !call.is_new);
            let text = ev.at(site.unit, addr.or(first)?.value);
            let texts = ev.settle(&text);
            let ports = texts.iter().flat_map(Value::alternatives).filter_map(Value::to_text);
            return ports.filter_map(|text| address_port(&text)).next();
        }
        _ => return None,
    };
    ev.settle(&value).iter().flat_map(Value::alternatives).find_map(number)
}

/// The port of an address to listen on: `:8080`, `0.0.0.0:8080`, `localhost:8080`.
fn address_port(text: &Text) -> Option<String> {
    let text = text.as_literal()?;
    let (host, port) = text.rsplit_once(':')?;
    let here = host.is_empty() || super::is_this_machine(host);
    (here && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())).then(|| port.to_owned())
}

/// The text of a port; that of a variable's default.
fn number(value: &Value) -> Option<String> {
    match value {
        Value::Num(port) if (1.0..65536.0).contains(port) && port.fract() == 0.0 => Some(format!("{port}")),
        Value::Str(text) => Some(text.pattern()).filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit())),
        Value::Env { default: Some(default), .. } => match default.as_ref() {
            Value::Env { .. } => None,
            default => default.alternatives().iter().find_map(|value| match value {
                Value::Num(_) | Value::Str(_) => number(value),
                _ => None,
            }),
        },
        _ => None,
    }
}
