//! The last step: what lies around the posts, made from the database alone.
//!
//! It needs nothing that a killed run could have lost, so it is simply done again by the next one.

use crate::database::{self, Database};
use crate::dead_letter::{DeadLetter, dead_letters};
use crate::progress::Run;
use crate::site::{Published, Site};
use crate::{feed, index, metrics};

/// What the database knows.
#[derive(Debug)]
pub struct Record {
    /// Newest first.
    pub posts: Vec<Published>,
    /// By reason and path.
    pub dead: Vec<DeadLetter>,
}

/// Writes `index.html`, `feed.xml`, `feed.json` and `metrics.prom`, and returns what they were made from.
///
/// # Errors
///
/// The database cannot be read, or a file cannot be written.
pub fn finish(site: &Site, database: &Database, run: &Run) -> Result<Record, Box<dyn std::error::Error>> {
    let posts = database::posts(database.connection())?;
    let dead = dead_letters(database.connection())?;
    let record = Record { posts, dead };
    site.write("index.html", index::page(&record).as_bytes())?;
    site.write("feed.xml", &feed::atom(&record.posts)?)?;
    site.write("feed.json", &feed::json(&record.posts)?)?;
    site.write("metrics.prom", metrics::text(&record, run)?.as_bytes())?;
    Ok(record)
}
