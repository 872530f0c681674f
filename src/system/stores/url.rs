//! Addresses of databases: URLs of every scheme, several hosts, libpq's `key=value`, JDBC.
//!
//! A variable that is not known (`${DB_PASSWORD}`) is one opaque word; a hole (`{}`) makes the part it
//! stands in unknown.

use super::engine;

/// What an address says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The engine; none when the scheme names none.
    pub engine: Option<&'static str>,
    /// The hosts in order, with their ports.
    pub hosts: Vec<(String, Option<u16>)>,
    /// The database; the file for SQLite, the number for Redis.
    pub database: Option<String>,
    /// The schemas of the search path, or the one that is named.
    pub schemas: Vec<String>,
    /// The user.
    pub user: Option<String>,
}

/// Parses an address; none for text that is no address of a database.
pub fn parse(text: &str) -> Option<Location> {
    let opaque = Opaque::hide(text.trim());
    let found = parse_hidden(&opaque.text)?;
    Some(opaque.show(found))
}

fn parse_hidden(text: &str) -> Option<Location> {
    let plain = ["jdbc:", "r2dbc:", "vertx-reactive:"].iter().find_map(|prefix| text.strip_prefix(prefix));
    if let Some(rest) = plain {
        return jdbc(rest);
    }
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let engine = engine::canonical(scheme)?;
            Some(match engine {
                "sqlite" => sqlite(rest),
                _ => authority(engine, rest),
            })
        }
        None if text.starts_with("sqlite:") || text.starts_with("file:") => {
            Some(sqlite(text.split_once(':').map_or("", |(_, path)| path)))
        }
        None if text.contains(';') && text.contains('=') => ado(text),
        None => go_mysql(text).or_else(|| key_values(text)).or_else(|| ado(text)),
    }
}

/// `user:password@tcp(host:3306)/database?parseTime=true` of go-sql-driver/mysql
/// (<https://github.com/go-sql-driver/mysql#dsn-data-source-name>).
fn go_mysql(text: &str) -> Option<Location> {
    let (before, after) = text.split_once("tcp(")?;
    let (address, rest) = after.split_once(')')?;
    let path = rest.strip_prefix('/')?;
    let user = before.strip_suffix('@').and_then(|u| u.split(':').next());
    let database = path.split('?').next().unwrap_or(path);
    Some(Location {
        engine: Some("mysql"),
        hosts: vec![host(address)],
        database: (!database.is_empty()).then(|| decode(database)),
        user: user.filter(|u| !u.is_empty()).map(decode),
        ..Location::default()
    })
}

/// The schemas that connection options set: `-csearch_path=orders`, `-c search_path=orders,public`.
pub(super) fn search_path(options: &str) -> Vec<String> {
    let Some((_, rest)) = options.split_once("search_path") else { return Vec::new() };
    schemas(rest.trim_start_matches(['=', ' ', '\\']).split([' ', '&']).next().unwrap_or(""))
}

/// The first schema of a search path is the one that tables are made in; the rest is looked through.
fn schemas(list: &str) -> Vec<String> {
    let first = list.split(',').next().unwrap_or("").trim().trim_matches(['"', '\'']);
    if first.is_empty() { Vec::new() } else { vec![first.to_string()] }
}

/// `user:password@host:port,host:port/database?options`
fn authority(engine: &'static str, rest: &str) -> Location {
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let before = before.split('#').next().unwrap_or(before);
    // A password may hold `@` and `/` although it should not.
    let (user, address) = match before.rsplit_once('@') {
        Some((user, address)) => (user.split(':').next().filter(|u| !u.is_empty()), address),
        None => (None, before),
    };
    let (hosts, path) = address.split_once('/').unwrap_or((address, ""));
    let mut out = Location { engine: Some(engine), user: user.map(decode), ..Location::default() };
    out.hosts = hosts.split(',').filter(|h| !h.is_empty()).map(host).collect();
    let path = decode(path.trim_matches('/'));
    if !path.is_empty() {
        out.database = Some(path);
    }
    options(&mut out, query.split('&'));
    out
}

fn options<'q>(out: &mut Location, pairs: impl Iterator<Item = &'q str>) {
    for pair in pairs {
        let Some((key, value)) = pair.split_once('=') else { continue };
        let value = decode(value);
        match key.trim().to_ascii_lowercase().replace([' ', '_'], "").as_str() {
            "schema" | "currentschema" | "searchpath" => out.schemas = schemas(&value),
            "options" if value.contains("search_path") => out.schemas = search_path(&value),
            "db" | "dbname" | "database" | "databasename" | "initialcatalog" if !value.is_empty() => {
                out.database = Some(value);
            }
            "host" | "server" if out.hosts.is_empty() && !value.is_empty() => {
                out.hosts = value.split(',').map(host).collect();
            }
            "port" => {
                if let Some(first) = out.hosts.first_mut() {
                    first.1 = value.parse().ok();
                }
            }
            "user" if !value.is_empty() => out.user = Some(value),
            _ => {}
        }
    }
}

/// `host:port`, `[::1]:5432`
fn host(text: &str) -> (String, Option<u16>) {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[')
        && let Some((address, port)) = rest.split_once(']')
    {
        return (address.to_ascii_lowercase(), port.trim_start_matches(':').parse().ok());
    }
    match text.rsplit_once(':') {
        Some((name, port)) => (decode(name).to_ascii_lowercase(), port.parse().ok()),
        None => (decode(text).to_ascii_lowercase(), None),
    }
}

fn sqlite(path: &str) -> Location {
    let path = path.split('?').next().unwrap_or(path);
    Location { engine: Some("sqlite"), database: Some(path.to_string()), ..Location::default() }
}

/// `host=db port=5432 dbname=orders options='-c search_path=x'`
fn key_values(text: &str) -> Option<Location> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return None;
        }
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').unwrap_or((quoted, "")),
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        pairs.push(format!("{key}={value}"));
        rest = next.trim_start();
    }
    let names = |name: &str| pairs.iter().any(|p| p.starts_with(name));
    if !(names("host=") || names("dbname=")) {
        return None;
    }
    let mut out = Location { engine: Some("postgres"), ..Location::default() };
    // The host before its port.
    pairs.sort_by_key(|p| !p.starts_with("host="));
    options(&mut out, pairs.iter().map(String::as_str));
    Some(out)
}

/// ADO.NET: `Server=sql,1433;Database=orders;User Id=sa`, `Host=db;Port=5432;Database=orders`. The provider
/// says the engine; keys have no case, and several names.
fn ado(text: &str) -> Option<Location> {
    let mut out = Location::default();
    let mut port = None;
    for pair in text.split(';') {
        let Some((key, value)) = pair.split_once('=') else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        match key.trim().to_ascii_lowercase().replace(' ', "").as_str() {
            "server" | "host" | "datasource" | "addr" | "address" | "networkaddress" if !value.is_empty() => {
                let value = value.strip_prefix("tcp:").unwrap_or(value);
                let value = value.split('\\').next().unwrap_or(value);
                // SQL Server writes the port behind a comma, others list hosts so.
                let (name, inline) = value.split_once(',').unwrap_or((value, ""));
                let (name, more) = host(name);
                let name =
                    if matches!(name.as_str(), "." | "(local)" | "(localdb)") { "localhost".into() } else { name };
                out.hosts = vec![(name, inline.trim().parse().ok().or(more))];
            }
            "port" => port = value.parse().ok(),
            "database" | "initialcatalog" if !value.is_empty() => out.database = Some(value.to_string()),
            "searchpath" | "schema" => out.schemas = schemas(value),
            "userid" | "username" | "uid" | "user" if !value.is_empty() => out.user = Some(value.to_string()),
            _ => {}
        }
    }
    if let Some(first) = out.hosts.first_mut() {
        first.1 = first.1.or(port);
    }
    (!out.hosts.is_empty()).then_some(out)
}

/// `postgresql://h:p/db?currentSchema=x`, `postgresql:db`, `sqlserver://h:p;databaseName=db`,
/// `oracle:thin:@//h:p/service`, `h2:mem:x`
fn jdbc(rest: &str) -> Option<Location> {
    // Testcontainers.
    let rest = rest.strip_prefix("pool:").unwrap_or(rest);
    let (scheme, tail) = rest.split_once(':')?;
    let engine = engine::canonical(scheme)?;
    if engine == "sqlite" || engine == "h2" {
        return Some(Location { engine: Some(engine), database: Some(tail.to_string()), ..Location::default() });
    }
    if engine == "oracle" {
        let address = tail.rsplit('@').next().unwrap_or(tail).trim_start_matches('/').replacen(':', "\u{3}", 1);
        let address = address.replace(':', "/").replacen('\u{3}', ":", 1);
        return Some(authority(engine, &address));
    }
    let Some(address) = tail.strip_prefix("//") else {
        return Some(Location { engine: Some(engine), database: Some(tail.to_string()), ..Location::default() });
    };
    match address.split_once(';') {
        Some((before, properties)) => {
            let mut out = authority(engine, before);
            options(&mut out, properties.split(';'));
            Some(out)
        }
        None => Some(authority(engine, address)),
    }
}

/// Percent-decoding; what is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escaped = (bytes[i] == b'%')
            .then(|| text.get(i + 1..i + 3))
            .flatten()
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Unknown variables, hidden while the address is taken apart: `${DB:-x}` holds characters that mean
/// something in an address.
struct Opaque {
    text: String,
    words: Vec<String>,
}

impl Opaque {
    fn hide(text: &str) -> Opaque {
        let mut out = Opaque { text: String::new(), words: Vec::new() };
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let tail = &rest[at..];
            let Some(end) = closing(tail) else { break };
            out.text.push_str(&rest[..at]);
            out.text.push_str(&format!("\u{1}{}\u{2}", out.words.len()));
            out.words.push(tail[..end].to_string());
            rest = &tail[end..];
        }
        out.text.push_str(rest);
        out
    }

    fn restore(&self, text: String) -> Option<String> {
        let mut text = text;
        for (i, word) in self.words.iter().enumerate() {
            text = text.replace(&format!("\u{1}{i}\u{2}"), word);
        }
        (!text.contains("{}")).then_some(text)
    }

    fn show(&self, found: Location) -> Location {
        Location {
            engine: found.engine,
            hosts: found.hosts.into_iter().filter_map(|(host, port)| Some((self.restore(host)?, port))).collect(),
            database: found.database.and_then(|d| self.restore(d)),
            schemas: found.schemas.into_iter().filter_map(|s| self.restore(s)).collect(),
            user: found.user.and_then(|u| self.restore(u)),
        }
    }
}

/// Where `${…}` ends, nested ones counted.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> (Option<&'static str>, String, Option<u16>, Option<String>, String) {
        let found = parse(text).unwrap_or_else(|| panic!("not an address: {text}"));
        let (host, port) = found.hosts.first().cloned().unwrap_or_default();
        (found.engine, host, port, found.database, found.schemas.join(","))
    }

    fn known(
        engine: &'static str,
        host: &str,
        port: u16,
        database: &str,
    ) -> (Option<&'static str>, String, Option<u16>, Option<String>, String) {
        let port = (port > 0).then_some(port);
        (Some(engine), host.into(), port, Some(database.into()).filter(|d: &String| !d.is_empty()), String::new())
    }

    #[test]
    fn urls_of_every_scheme_say_host_and_database() {
        assert_eq!(at("postgresql+asyncpg://u:p@db:5432/orders"), known("postgres", "db", 5432, "orders"));
        assert_eq!(at("postgres://db/orders?sslmode=disable"), known("postgres", "db", 0, "orders"));
        assert_eq!(at("mysql+pymysql://root:p%40ss@mysql/shop?charset=utf8"), known("mysql", "mysql", 0, "shop"));
        assert_eq!(at("mongodb://u:p@mongo:27017/shop?authSource=admin"), known("mongodb", "mongo", 27017, "shop"));
        assert_eq!(
            at("mongodb+srv://u:p@cluster0.x.mongodb.net/shop"),
            known("mongodb", "cluster0.x.mongodb.net", 0, "shop")
        );
        assert_eq!(at("redis://:secret@redis:6379/3"), known("redis", "redis", 6379, "3"));
        assert_eq!(at("bolt://neo4j:7687"), known("neo4j", "neo4j", 7687, ""));
        assert_eq!(at("postgresql://u@[::1]:5433/a"), known("postgres", "::1", 5433, "a"));
        assert_eq!(at("sqlite+aiosqlite:///./data.db"), known("sqlite", "", 0, "/./data.db"));
        assert_eq!(at("jdbc:postgresql://db:5432/orders"), known("postgres", "db", 5432, "orders"));
        assert_eq!(at("jdbc:postgresql:orders"), known("postgres", "", 0, "orders"));
        assert_eq!(at("jdbc:sqlserver://sql:1433;databaseName=shop;encrypt=true"), known("mssql", "sql", 1433, "shop"));
        assert_eq!(at("jdbc:oracle:thin:@//ora:1521/XE"), known("oracle", "ora", 1521, "XE"));
        assert_eq!(at("jdbc:oracle:thin:@ora:1521:XE"), known("oracle", "ora", 1521, "XE"));
        assert_eq!(
            at("host=db port=5433 dbname=orders user=u password='a b'"),
            known("postgres", "db", 5433, "orders")
        );
        assert_eq!(at("postgres://u:a@b/c@db:5432/orders"), known("postgres", "db", 5432, "orders"));
        assert_eq!(at("u:secret@tcp(db:3306)/orders?parseTime=true"), known("mysql", "db", 3306, "orders"));
    }

    #[test]
    fn schemas_are_read_wherever_they_can_stand() {
        for text in [
            "postgresql://db/shop?options=-csearch_path%3Dorders",
            "postgresql://db/shop?options=-c%20search_path=orders,public",
            "postgresql://db/shop?schema=orders",
            "jdbc:postgresql://db/shop?currentSchema=orders",
            "host=db dbname=shop options='-c search_path=orders'",
        ] {
            assert_eq!(at(text).4, "orders", "{text}");
        }
    }

    #[test]
    fn several_hosts_are_all_kept() {
        let found = parse("mongodb://a:27017,b:27018/shop?replicaSet=rs").unwrap();
        assert_eq!(found.hosts, [("a".into(), Some(27017)), ("b".into(), Some(27018))]);
    }

    #[test]
    fn an_unknown_variable_is_one_word_and_a_hole_is_unknown() {
        assert_eq!(at("postgres://u:${PW:?set/it}@db:5432/${DB:-x}").3.as_deref(), Some("${DB:-x}"));
        assert_eq!(at("mongodb://${U}:${P}@mongo:27017/shop?authSource=admin").1, "mongo");
        let holes = parse("postgres://{}:{}@{}/orders").unwrap();
        assert!(holes.hosts.is_empty());
        assert_eq!(holes.database.as_deref(), Some("orders"));
    }

    #[test]
    fn other_addresses_are_no_database() {
        for text in [
            "amqp://rabbitmq:5672/",
            "http://orders:8000",
            "orders",
            "",
            "a=b",
            "://",
            "jdbc:",
            "jdbc:tc:postgresql:16:///x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".*") {
            let _ = parse(&text);
            let _ = search_path(&text);
        }

        #[test]
        fn anything_behind_a_scheme_is_read_without_a_panic(
            scheme in "(postgres|mysql|mongodb\\+srv|redis|sqlite|jdbc:oracle:thin|jdbc:sqlserver|jdbc:h2)",
            rest in "[a-z0-9@:/?=&%;,\\[\\]${}é '-]{0,40}",
        ) {
            let _ = parse(&format!("{scheme}://{rest}"));
            let _ = parse(&format!("{scheme}:{rest}"));
            let _ = parse(&format!("host={rest} dbname={rest}"));
        }
    }
}
