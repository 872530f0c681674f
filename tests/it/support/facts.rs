//! The exported facts of a system of thousands of services, for what must not take longer than it grows.

use std::fmt::Write;

/// Services in each repository.
pub(crate) const SERVICES: usize = 10;

/// Repositories of ten services: name of the file and text. Each service answers ten routes, asks a service
/// of its own repository and three of others, uses a database of its own and a cache, publishes to a topic
/// that the next repository consumes. Each tenth repository keeps its first service's data in the database
/// of the repository before.
pub(crate) fn repositories(number: usize) -> Vec<(String, String)> {
    (0..number).map(|repository| (format!("team{repository}.jsonl"), text(repository, number))).collect()
}

fn text(repository: usize, number: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let name = |repository: usize, service: usize| format!("s{repository}x{service}");
    for service in 0..SERVICES {
        let own = name(repository, service);
        let at = |line: usize| format!(r#"{{"file":"{own}/main.py","line":{line},"column":5}}"#);
        lines.push(format!(
            r#"{{"fact":"service","name":"{own}","root":"{own}","kind":"http","languages":["python"],"hosts":["{own}"],"health":{{"verdict":"present","path":"/health"}},"at":{}}}"#,
            at(1)
        ));
        let shared = service == 0 && repository % 10 == 1;
        let database = if shared { name(repository - 1, 0) } else { own.clone() };
        for (engine, host, role, database) in [
            ("postgres", format!("{database}.db.internal"), "store", database),
            ("redis", format!("cache{}.internal", repository % 50), "cache", "0".to_owned()),
        ] {
            lines.push(format!(
                r#"{{"fact":"datastore","name":"{database}","engine":"{engine}","host":"{host}","port":5432,"database":"{database}","role":"{role}","used_by":[{{"service":"{own}","certainty":"high","at":{},"way":[{{"at":{},"text":"`{own}` reads it here"}}]}}]}}"#,
                at(2),
                at(3)
            ));
        }
        for (kind, topic, broker) in [
            ("producers", format!("topic{repository}"), service),
            ("consumers", format!("topic{}", (repository + number - 1) % number), service),
        ] {
            let (producers, consumers) = if kind == "producers" {
                (format!("\"{own}\""), String::new())
            } else {
                (String::new(), format!("\"{own}\""))
            };
            lines.push(format!(
                r#"{{"fact":"channel","name":"{topic}.{broker}","broker":"kafka","producers":[{producers}],"consumers":[{consumers}],"at":[{}]}}"#,
                at(4)
            ));
        }
        lines.push(format!(
            r#"{{"fact":"event","name":"topic{repository}.{service}","channel":"topic{repository}.{service}","producers":["{own}"],"versioned":true,"at":{}}}"#,
            at(4)
        ));
        lines.push(format!(
            r#"{{"fact":"call","from":"{own}","to":"{}","method":"GET","path":"/r1","at":{}}}"#,
            name(repository, (service + 1) % SERVICES),
            at(5)
        ));
        for step in 1..=3 {
            lines.push(format!(
                r#"{{"fact":"request","from":"{own}","host":"{}.shop.svc.cluster.local:8080","method":"POST","path":"/r{step}","at":{}}}"#,
                name((repository + step) % number, service),
                at(5 + step)
            ));
        }
        for route in 0..10 {
            lines.push(format!(
                r#"{{"fact":"endpoint","services":["{own}"],"method":"GET","path":"/r{route}","at":{}}}"#,
                at(10 + route)
            ));
        }
    }
    let mut text = format!(
        r#"{{"format":"skillcheck-facts","version":1,"repository":"acme/team{repository}","skillcheck":"0.1.0","facts":{}}}"#,
        lines.len()
    );
    for line in lines {
        let _ = write!(text, "\n{line}");
    }
    text
}
