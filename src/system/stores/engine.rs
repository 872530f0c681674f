//! Names of engines, and what they do when nothing is said.

/// The engine behind a scheme, a dialect, a driver or a backend: `postgresql+asyncpg`, `pg`,
/// `django.db.backends.mysql`. None for what is no datastore.
pub fn canonical(name: &str) -> Option<&'static str> {
    let lower = name.trim().to_ascii_lowercase();
    let word = lower.split('+').next().unwrap_or("");
    let word = word.rsplit('.').next().unwrap_or(word);
    Some(match word {
        "postgres"
        | "postgresql"
        | "postgresql_psycopg2"
        | "pg"
        | "pgnative"
        | "psycopg"
        | "psycopg2"
        | "postgis"
        | "timescale"
        | "timescaledb"
        | "pgsql"
        | "aurora-postgres"
        | "asyncpg" => "postgres",
        "cockroach" | "cockroachdb" => "cockroachdb",
        "mysql" | "mysql2" | "mariadb" | "aurora-mysql" | "pymysql" => "mysql",
        "mssql" | "sqlserver" | "tedious" => "mssql",
        "oracle" | "oracledb" => "oracle",
        "sqlite" | "sqlite3" | "better-sqlite3" | "file" | "aiosqlite" => "sqlite",
        "mongodb" | "mongo" => "mongodb",
        "redis" | "rediss" | "valkey" | "valkeys" | "unix" => "redis",
        "neo4j" | "neo4js" | "bolt" | "bolts" => "neo4j",
        "clickhouse" | "clickhousedb" => "clickhouse",
        "cassandra" | "scylla" => "cassandra",
        "elasticsearch" | "opensearch" => "elasticsearch",
        "dynamodb" => "dynamodb",
        "h2" => "h2",
        "libsql" => "sqlite",
        _ => {
            // `neo4j+s`, `bolt+ssc` keep their first word; anything else is not known.
            return None;
        }
    })
}

/// The port that a client takes when none is given.
pub(super) fn default_port(engine: &str) -> Option<u16> {
    Some(match engine {
        "postgres" => 5432,
        "cockroachdb" => 26257,
        "mysql" => 3306,
        "mssql" => 1433,
        "oracle" => 1521,
        "mongodb" => 27017,
        "redis" => 6379,
        "neo4j" => 7687,
        "cassandra" => 9042,
        "elasticsearch" => 9200,
        _ => return None,
    })
}

/// True where tables are divided into schemas within a database.
pub(super) fn has_schemas(engine: &str) -> bool {
    matches!(engine, "postgres" | "cockroachdb" | "mssql" | "h2")
}

/// True for databases with SQL.
pub(super) fn is_sql(engine: &str) -> bool {
    matches!(engine, "postgres" | "cockroachdb" | "mysql" | "mssql" | "oracle" | "sqlite")
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn schemes_dialects_and_backends_have_one_name() {
        for name in ["postgresql+asyncpg", "pg", "postgres", "django.db.backends.postgresql", "timescaledb"] {
            assert_eq!(canonical(name), Some("postgres"), "{name}");
        }
        assert_eq!(canonical("mysql+pymysql"), Some("mysql"));
        assert_eq!(canonical("rediss"), Some("redis"));
        assert_eq!(canonical("neo4j+s"), Some("neo4j"));
        assert_eq!(canonical("amqp"), None);
        assert_eq!(canonical(""), None);
    }
}
