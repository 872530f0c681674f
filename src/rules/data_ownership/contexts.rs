//! Which services are processes of one bounded context, by their names.

use std::collections::BTreeSet;

/// Words that say what a process does, not what it is about.
const ROLES: [&str; 52] = [
    "service",
    "services",
    "svc",
    "ms",
    "microservice",
    "api",
    "app",
    "application",
    "server",
    "backend",
    "worker",
    "workers",
    "processor",
    "consumer",
    "producer",
    "publisher",
    "subscriber",
    "listener",
    "handler",
    "eventhandler",
    "job",
    "jobs",
    "scheduler",
    "cron",
    "beat",
    "celery",
    "migrate",
    "migration",
    "migrations",
    "migrator",
    "relay",
    "outbox",
    "dispatcher",
    "task",
    "tasks",
    "queue",
    "web",
    "http",
    "rest",
    "grpc",
    "rpc",
    "daemon",
    "runner",
    "sync",
    "cdc",
    "projector",
    "saga",
    "sagas",
    "command",
    "query",
    "read",
    "write",
];

/// Words of helpers that set a database up or look after it.
const HELPERS: [&str; 19] = [
    "db",
    "database",
    "migrate",
    "migration",
    "migrations",
    "migrator",
    "init",
    "seed",
    "seeder",
    "seeds",
    "setup",
    "backup",
    "flyway",
    "liquibase",
    "alembic",
    "prisma",
    "schema",
    "bootstrap",
    "admin",
];

/// Words of helpers that make tables and fill them, whatever else their names say: `MigrationService`.
const SETS_UP: [&str; 9] =
    ["migrate", "migration", "migrations", "migrator", "seed", "seeder", "seeds", "flyway", "liquibase"];

/// Words of database names that say nothing about the owner.
const DATABASE_WORDS: [&str; 10] =
    ["db", "database", "data", "store", "storage", "dev", "prod", "staging", "local", "main"];

/// Names of databases that everybody uses.
const COMMON: [&str; 18] = [
    "postgres",
    "mysql",
    "mongo",
    "test",
    "app",
    "db",
    "mydb",
    "database",
    "admin",
    "root",
    "default",
    "main",
    "master",
    "dev",
    "development",
    "local",
    "sample",
    "example",
];

fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            out.push(std::mem::take(&mut word));
            lower = false;
            continue;
        }
        // `OrderService`
        if c.is_uppercase() && lower {
            out.push(std::mem::take(&mut word));
        }
        lower = c.is_lowercase() || c.is_numeric();
        word.extend(c.to_lowercase());
    }
    out.push(word);
    out.retain(|w| !w.is_empty());
    out
}

fn singular(word: &str) -> &str {
    // `ordering` is about orders; `booking` and `book` are two things.
    if let Some(stem) = word.strip_suffix("ing").filter(|stem| stem.len() > 4) {
        return stem;
    }
    word.strip_suffix('s').filter(|w| w.len() > 2 && !w.ends_with('s')).unwrap_or(word)
}

/// What a service is about: the words of its name without those that say what a process does.
pub fn subject(name: &str) -> BTreeSet<String> {
    let words = words(name);
    // `migrationservice` without a hyphen.
    let is_role = |word: &String| {
        let stem = word.strip_suffix("service").or_else(|| word.strip_suffix("worker")).unwrap_or(word);
        ROLES.contains(&word.as_str()) || ROLES.contains(&stem)
    };
    // `EventHandler` says what it does, `events` alone what it is about.
    let of_role = |i: usize| matches!(words[i].as_str(), "event" | "events") && words.get(i + 1).is_some_and(is_role);
    let about = (0..words.len()).filter(|i| !is_role(&words[*i]) && !of_role(*i));
    about.map(|i| singular(&words[i]).to_string()).collect()
}

/// True for a process that only sets a database up or looks after it.
pub fn is_helper(name: &str) -> bool {
    let words = words(name);
    // `dbmigrator` of Compose is one word.
    let below = |w: &str| w.strip_prefix("db").filter(|rest| !rest.is_empty()).unwrap_or(w).to_owned();
    let words: Vec<String> = words.iter().map(|w| below(w)).collect();
    let helps = |w: &String| HELPERS.contains(&w.as_str()) || w == "job" || w == "tool";
    let sets_up = words.iter().any(|w| SETS_UP.contains(&w.as_str()));
    !words.is_empty() && words.iter().all(|w| helps(w) || sets_up && ROLES.contains(&w.as_str()))
}

/// What a database is about.
fn database_subject(database: &str) -> BTreeSet<String> {
    let named = |w: &&String| !ROLES.contains(&w.as_str()) && !DATABASE_WORDS.contains(&w.as_str());
    words(database).iter().filter(named).map(|w| singular(w).to_string()).collect()
}

/// The one of several services that a database belongs to, by its name.
pub fn owner(database: &str, services: &[&str]) -> Option<usize> {
    let about = database_subject(database);
    if about.is_empty() {
        return None;
    }
    let only = |fits: &dyn Fn(&BTreeSet<String>) -> bool| {
        let mut found = services.iter().enumerate().filter(|(_, s)| fits(&subject(s))).map(|(i, _)| i);
        found.next().filter(|_| found.next().is_none())
    };
    only(&|s| *s == about).or_else(|| only(&|s| !s.is_empty() && s.is_subset(&about)))
}

/// True for the name of a database that says which one it is.
pub fn is_specific(database: &str) -> bool {
    !COMMON.contains(&database.to_ascii_lowercase().as_str()) && database.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_of_one_context_have_one_subject() {
        for (a, b) in [
            ("orders-api", "order-worker"),
            ("WorkshopManagementAPI", "WorkshopManagementEventHandler"),
            ("api", "worker"),
            ("order-command-service", "order-query-service"),
            ("ordering-api", "order-processor"),
            ("Shop.Orders.Web", "Shop.Orders.Saga"),
            ("catalog-api", "catalog-migrationservice"),
        ] {
            assert_eq!(subject(a), subject(b), "{a} {b}");
        }
        for (a, b) in [("app", "payment_service"), ("orders", "billing"), ("order-api", "order-history-api")] {
            assert_ne!(subject(a), subject(b), "{a} {b}");
        }
    }

    #[test]
    fn the_name_of_a_database_says_whose_it_is() {
        assert_eq!(owner("payments", &["notifications", "payments"]), Some(1));
        assert_eq!(owner("shop_order_db", &["billing", "orders-service"]), Some(1));
        assert_eq!(owner("shop", &["billing", "orders"]), None);
        assert_eq!(owner("${DATABASE_URL}", &["billing", "orders"]), None);
    }

    #[test]
    fn helpers_are_told_from_services() {
        assert!(is_helper("db-migrate") && is_helper("migrations") && is_helper("db-init"));
        assert!(is_helper("migration-service") && is_helper("MigrationWorker") && is_helper("dbmigrator"));
        assert!(!is_helper("orders-migrator") && !is_helper("orders"));
        // Who looks after a database serves people, too.
        assert!(!is_helper("admin-service"));
    }
}
