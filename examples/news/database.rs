//! The memory between runs: what was published, with which bytes, and when.
//!
//! The unique key is the crate and the release, so recording a post twice is recording it once. The journal is a
//! write-ahead log: the two writers (this one and the dead letters) wait for each other at most [`PATIENCE`], and readers
//! never wait. `synchronous = NORMAL` may lose the last transactions with the power, not the consistency; whatever is
//! lost is published again, to the same bytes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rusqlite::{Connection, TransactionBehavior, params};
use semver::Version;
use stagekit::consumer;

use crate::changelog::Matched;
use crate::progress::Progress;
use crate::site::{FORMATS, Published};

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(30);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS posts (
        crate TEXT NOT NULL, version TEXT NOT NULL, date TEXT, slug TEXT NOT NULL UNIQUE, published_at TEXT NOT NULL,
        PRIMARY KEY (crate, version)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS files (
        crate TEXT NOT NULL, version TEXT NOT NULL, format TEXT NOT NULL, bytes INTEGER NOT NULL,
        PRIMARY KEY (crate, version, format),
        FOREIGN KEY (crate, version) REFERENCES posts ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS subjects (
        crate TEXT NOT NULL, version TEXT NOT NULL, subject TEXT NOT NULL, place INTEGER NOT NULL, entry TEXT NOT NULL,
        PRIMARY KEY (crate, version, subject),
        FOREIGN KEY (crate, version) REFERENCES posts ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS dead_letters (
        path TEXT NOT NULL PRIMARY KEY, reason TEXT NOT NULL, detail TEXT NOT NULL, rejected_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;";

/// The connection through which posts are recorded.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    progress: Arc<Progress>,
}

impl Database {
    /// Opens the database at `path`, made if it is missing.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or is something else.
    pub fn open(path: &Path, progress: Arc<Progress>) -> Result<Self, rusqlite::Error> {
        let connection = connect(path)?;
        Ok(Self { connection, progress })
    }

    /// The connection, for reading.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Forgets posts, so that they count as new.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn take_back(&mut self, posts: &[(String, Version)]) -> Result<(), rusqlite::Error> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (crate_name, version) in posts {
            transaction.execute(
                "DELETE FROM posts WHERE crate = ?1 AND version = ?2",
                params![crate_name, version.to_string()],
            )?;
        }
        transaction.commit()
    }
}

/// Opens a connection with everything that each of them needs.
pub fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Records a batch of publications in one transaction. A post that is already recorded keeps its time of publication
/// and takes everything else anew.
///
/// # Errors
///
/// The database cannot be written; then nothing of the batch is.
#[consumer(batch(200, Duration::from_millis(200)))]
pub fn report(done: Vec<Published>, db: &mut Database) -> Result<(), rusqlite::Error> {
    let transaction = db.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for post in &done {
        let (name, version) = (&post.crate_name, post.version.to_string());
        let mut insert = transaction.prepare_cached(
            "INSERT INTO posts VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (crate, version) DO UPDATE SET date = excluded.date, slug = excluded.slug",
        )?;
        let date = post.date.map(|date| date.to_string());
        insert.execute(params![name, version, date, post.slug, timestamp(post.published_at)])?;
        let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO files VALUES (?1, ?2, ?3, ?4)")?;
        for (format, bytes) in FORMATS.iter().zip(post.bytes) {
            insert.execute(params![name, version, format, i64::try_from(bytes).unwrap_or(i64::MAX)])?;
        }
        transaction
            .prepare_cached("DELETE FROM subjects WHERE crate = ?1 AND version = ?2")?
            .execute(params![name, version])?;
        let mut insert = transaction.prepare_cached("INSERT INTO subjects VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for (place, matched) in (0_i64..).zip(&post.subjects) {
            insert.execute(params![name, version, matched.subject, place, matched.entry])?;
        }
    }
    transaction.commit()?;
    db.progress.recorded(done.len() as u64);
    Ok(())
}

/// Every post on record, newest release first, then by crate, then by version downwards; undated ones last.
pub fn posts(connection: &Connection) -> Result<Vec<Published>, rusqlite::Error> {
    let mut subjects =
        connection.prepare("SELECT subject, entry FROM subjects WHERE crate = ?1 AND version = ?2 ORDER BY place")?;
    let mut files = connection.prepare("SELECT format, bytes FROM files WHERE crate = ?1 AND version = ?2")?;
    let mut statement = connection.prepare("SELECT crate, version, date, slug, published_at FROM posts")?;
    let mut rows = statement.query([])?;
    let mut posts = Vec::new();
    while let Some(row) = rows.next()? {
        let key: (String, String) = (row.get(0)?, row.get(1)?);
        let mut bytes = [0; 3];
        let mut found = files.query(params![key.0, key.1])?;
        while let Some(file) = found.next()? {
            let format: String = file.get(0)?;
            if let Some(at) = FORMATS.iter().position(|known| *known == format) {
                bytes[at] = u64::try_from(file.get::<_, i64>(1)?).unwrap_or(0);
            }
        }
        let matched = |row: &rusqlite::Row<'_>| Ok(Matched { subject: row.get(0)?, entry: row.get(1)? });
        let subjects = subjects.query_map(params![key.0, key.1], matched)?.collect::<Result<_, _>>()?;
        let date: Option<String> = row.get(2)?;
        posts.push(Published {
            version: parsed(&key.1, 1)?,
            crate_name: key.0,
            date: date.map(|date| parsed::<NaiveDate>(&date, 2)).transpose()?,
            subjects,
            slug: row.get(3)?,
            bytes,
            published_at: parsed::<DateTime<Utc>>(&row.get::<_, String>(4)?, 4)?,
        });
    }
    posts.sort_by(|a, b| {
        let by_name = a.crate_name.cmp(&b.crate_name);
        b.date.cmp(&a.date).then(by_name).then_with(|| b.version.cmp(&a.version))
    });
    Ok(posts)
}

/// A time as the tables have it.
pub fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn parsed<T: std::str::FromStr>(text: &str, column: usize) -> Result<T, rusqlite::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let wrong = |error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error));
    text.parse().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(version: &str, date: Option<&str>) -> Published {
        Published {
            crate_name: "demo".into(),
            version: Version::parse(version).expect("a version"),
            date: date.map(|date| date.parse().expect("a date")),
            subjects: vec![Matched { subject: "security".into(), entry: "why".into() }],
            slug: format!("demo-{version}"),
            bytes: [1, 2, 3],
            published_at: DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
        }
    }

    #[test]
    fn recording_twice_is_recording_once_and_the_first_time_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("news.db");
        let mut database = Database::open(&path, Arc::new(Progress::begin())).expect("a database");
        let first = vec![
            published("1.0.0", None),
            published("1.2.0", Some("2024-01-02")),
            published("1.10.0", Some("2024-01-02")),
        ];
        report(first.clone(), &mut database).expect("recorded");
        let mut again = first.clone();
        for post in &mut again {
            post.published_at += chrono::Duration::days(1);
        }
        again[0].subjects.push(Matched { subject: "breaking".into(), entry: "new".into() });
        report(again.clone(), &mut database).expect("recorded again");
        let posts = posts(database.connection()).expect("posts");
        let versions: Vec<_> = posts.iter().map(|post| post.version.to_string()).collect();
        assert_eq!(versions, ["1.10.0", "1.2.0", "1.0.0"], "newest first, undated last");
        assert_eq!(posts[0], first[2]);
        assert_eq!(posts[2].subjects, again[0].subjects);
        assert_eq!(posts[2].published_at, first[0].published_at);
    }

    #[test]
    fn two_connections_write_at_the_same_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("news.db");
        let write = |offset: u64| {
            let mut database = Database::open(&path, Arc::new(Progress::begin())).expect("a database");
            for n in 0..40 {
                report(vec![published(&format!("{}.0.0", offset + n), None)], &mut database).expect("recorded");
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| write(0));
            scope.spawn(|| write(20));
        });
        assert_eq!(posts(&connect(&path).expect("a connection")).expect("posts").len(), 60);
    }
}
