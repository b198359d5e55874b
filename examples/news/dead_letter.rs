//! Files that made no posts, and posts that made no page, are kept with their reason, in a table of their own and
//! through a connection of their own, so that the stage that rejects never waits for the stage that reports.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, params};
use stagekit::consumer;

use crate::changelog::{Reason, Rejected};
use crate::clock::Clock;
use crate::database::{connect, timestamp};
use crate::progress::Progress;

/// The connection through which rejected files are recorded.
#[derive(Debug)]
pub struct DeadLetters {
    connection: Connection,
    clock: Clock,
    progress: Arc<Progress>,
}

/// A file on record as rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where it was, as [`Rejected::path`] has it.
    pub path: String,
    /// One word.
    pub reason: String,
    /// The reason for people.
    pub detail: String,
}

impl DeadLetters {
    /// Opens the database at `path`, made if it is missing.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or is something else.
    pub fn open(path: &Path, clock: Clock, progress: Arc<Progress>) -> Result<Self, rusqlite::Error> {
        let connection = connect(path)?;
        Ok(Self { connection, clock, progress })
    }
}

/// Records a rejected file. One that was recorded before keeps its time and takes the new reason.
///
/// # Errors
///
/// The database cannot be written.
#[consumer]
pub fn quarantine(rejected: Rejected, dead: &mut DeadLetters) -> Result<(), rusqlite::Error> {
    let mut insert = dead.connection.prepare_cached(
        "INSERT INTO dead_letters VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (path) DO UPDATE SET reason = excluded.reason, detail = excluded.detail",
    )?;
    let reason = &rejected.reason;
    insert.execute(params![rejected.path, reason.label(), reason.to_string(), timestamp(dead.clock.now())])?;
    if matches!(reason, Reason::NotRendered(_)) {
        dead.progress.given_up();
    }
    dead.progress.rejected();
    Ok(())
}

/// Every dead letter on record, by reason and path.
pub fn dead_letters(connection: &Connection) -> Result<Vec<DeadLetter>, rusqlite::Error> {
    let mut statement = connection.prepare("SELECT path, reason, detail FROM dead_letters ORDER BY reason, path")?;
    let letter =
        |row: &rusqlite::Row<'_>| Ok(DeadLetter { path: row.get(0)?, reason: row.get(1)?, detail: row.get(2)? });
    statement.query_map([], letter)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_rejected_once_with_its_latest_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let progress = Arc::new(Progress::begin());
        let mut dead =
            DeadLetters::open(&folder.path().join("news.db"), Clock::fixed(0), progress).expect("a database");
        for reason in [Reason::Empty, Reason::NoRelease, Reason::NoRelease] {
            quarantine(Rejected { path: "a/CHANGES".into(), reason }, &mut dead).expect("recorded");
        }
        let letters = dead_letters(&dead.connection).expect("letters");
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].reason, "no_release");
    }
}
