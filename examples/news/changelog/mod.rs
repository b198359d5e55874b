//! The first half of the job: from a folder of crates to one post per release.
//!
//! It promises that every file ends as posts or as one [`Rejected`] with its reason, that the order is that of the
//! crates' names, and that no post is made twice: only the newest version of a crate speaks for it.

mod find;
mod heading;
mod open;
mod parse;

use std::fmt;
use std::path::PathBuf;

use chrono::NaiveDate;
use semver::Version;

pub use find::changelogs;
pub use open::read;
pub use parse::releases;

/// A changelog that was found but not yet opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where the file is on this machine.
    pub file: PathBuf,
    /// The same, relative to the folder searched, with `/` between the parts. This is what the site shows.
    pub path: String,
    /// The crate the folder is named after.
    pub crate_name: String,
}

/// A changelog in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changelog {
    /// Relative to the folder searched.
    pub path: String,
    /// The crate it belongs to.
    pub crate_name: String,
    /// The whole file, without a byte order mark and with `\n` at the end of every line.
    pub text: String,
}

/// The news about one release of one crate. The crate and the version together are its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The crate, as its folder is named.
    pub crate_name: String,
    /// The release, with missing parts filled with zeros (`1.2` is `1.2.0`).
    pub version: Version,
    /// The day of the release, when the heading says so.
    pub date: Option<NaiveDate>,
    /// What changed, in the order of the file.
    pub sections: Vec<Section>,
    /// Link definitions from anywhere in the file that this post refers to: label and destination.
    pub links: Vec<(String, String)>,
    /// The subjects it matched; empty until `followed` has seen it.
    pub subjects: Vec<Matched>,
}

/// One part of a release, such as "Added".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The heading, empty for text right under the release.
    pub title: String,
    /// The text as it was written.
    pub markdown: String,
    /// List items and paragraphs as plain text, one line each.
    pub entries: Vec<String>,
}

/// A subject that a post is about, and the line that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// One of the tags asked for.
    pub subject: String,
    /// The first entry that matched.
    pub entry: String,
}

impl Post {
    /// What a person calls it: `tokio 1.2.3`.
    pub fn title(&self) -> String {
        format!("{} {}", self.crate_name, self.version)
    }
}

/// A file that made no posts, or a post that made no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Rejected {
    /// The file, relative to the folder searched; of a post its title.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why a file made no posts, or a post no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The first byte that is not UTF-8.
    NotUtf8(usize),
    /// Nothing but white space.
    Empty,
    /// Its size in bytes, more than a changelog may have.
    Enormous(u64),
    /// What the operating system said.
    Unreadable(String),
    /// The folder's name is no crate name.
    NotACrate,
    /// No heading names a release.
    NoRelease,
    /// What the PDF library said.
    NotRendered(String),
}

impl Reason {
    /// One word for tables and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NotUtf8(_) => "not_utf8",
            Self::Empty => "empty",
            Self::Enormous(_) => "enormous",
            Self::Unreadable(_) => "unreadable",
            Self::NotACrate => "not_a_crate",
            Self::NoRelease => "no_release",
            Self::NotRendered(_) => "not_rendered",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(at) => write!(f, "not UTF-8 from byte {at}"),
            Self::Empty => f.write_str("empty"),
            Self::Enormous(bytes) => {
                let limit = open::LIMIT;
                write!(f, "enormous: {bytes} bytes, the limit is {limit}")
            }
            Self::Unreadable(said) => write!(f, "unreadable: {said}"),
            Self::NotACrate => f.write_str("its folder is not named like a crate"),
            Self::NoRelease => f.write_str("no changelog: no heading names a release"),
            Self::NotRendered(said) => write!(f, "cannot be rendered: {said}"),
        }
    }
}

#[cfg(test)]
mod tests;
