//! The folder that is published: safe names, whole files, and order after a crash.
//!
//! Every file appears by renaming, so a reader and a killed run see the old file or the new one, never a half. Files are
//! not flushed to the disk one by one: three flushes for each post would cost more than everything else. Instead the
//! database remembers how long each file is, and [`Site::reconcile`] takes back what does not agree at the next start;
//! this heals a lost power supply and a deleted file alike.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use semver::Version;
use stagekit::producer_consumer;

use crate::changelog::{Matched, Post};
use crate::clock::Clock;
use crate::database::{self, Database};
use crate::progress::Progress;
use crate::render::Page;

/// What unfinished files begin with.
const UNFINISHED: &str = ".news-";
/// The formats, which are also the files' extensions.
pub const FORMATS: [&str; 3] = ["html", "md", "pdf"];
/// The longest slug, in bytes, which leaves room for an extension on every file system.
const LONGEST_SLUG: usize = 200;

/// The folder that is published.
#[derive(Debug)]
pub struct Site {
    root: PathBuf,
    clock: Clock,
    progress: Arc<Progress>,
    /// Held for as long as we work, given back by the system even if we are killed.
    _lock: File,
}

/// A post that is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The crate.
    pub crate_name: String,
    /// The release.
    pub version: Version,
    /// The day of the release.
    pub date: Option<NaiveDate>,
    /// Its subjects and why.
    pub subjects: Vec<Matched>,
    /// The name of its files without their extensions.
    pub slug: String,
    /// How many bytes each of [`FORMATS`] has.
    pub bytes: [u64; 3],
    /// When its last file was written.
    pub published_at: DateTime<Utc>,
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}")]
pub struct PublishError {
    path: String,
    source: io::Error,
}

impl PublishError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self { path, source }
    }
}

impl Site {
    /// Opens the folder at `root`, made if it is missing, for this process alone.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or another run is at work in it.
    pub fn open(root: PathBuf, clock: Clock, progress: Arc<Progress>) -> Result<Self, PublishError> {
        let posts = root.join("posts");
        fs::create_dir_all(&posts).map_err(PublishError::at(&posts))?;
        let path = root.join(".lock");
        let lock = File::create(&path).map_err(PublishError::at(&path))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::Error(source) => PublishError::at(&path)(source),
            fs::TryLockError::WouldBlock => {
                PublishError::at(&path)(io::Error::new(io::ErrorKind::WouldBlock, "another run is at work here"))
            }
        })?;
        Ok(Self { root, clock, progress, _lock: lock })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the folder and the database agree after a run that did not end well.
    ///
    /// Unfinished files go; a post without a row goes, for it will be written again; a row whose files are missing or of
    /// another length goes, for it would be a lie. Only files with one of our extensions are touched.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a file cannot be removed.
    pub fn reconcile(&self, database: &mut Database) -> Result<(), Box<dyn std::error::Error>> {
        let posts = self.root.join("posts");
        let mut vouched = HashSet::new();
        let mut lost = Vec::new();
        for row in database::posts(database.connection())? {
            let files = FORMATS.map(|format| format!("{}.{format}", row.slug));
            let is_whole = |(name, bytes): (&String, &u64)| {
                fs::metadata(posts.join(name)).is_ok_and(|found| found.is_file() && found.len() == *bytes)
            };
            if files.iter().zip(&row.bytes).all(is_whole) {
                vouched.extend(files);
            } else {
                lost.push((row.crate_name, row.version));
            }
        }
        database.take_back(&lost)?;
        for folder in [&self.root, &posts] {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let extension = path.extension().unwrap_or_default().to_string_lossy();
                let is_ours = folder == &posts && FORMATS.contains(&extension.as_ref());
                let is_orphan = is_ours && !vouched.contains(&name);
                if path.is_file() && (is_orphan || name.starts_with(UNFINISHED)) {
                    fs::remove_file(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a file below the folder, whole or not at all, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing is left behind.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<u64, PublishError> {
        let path = self.root.join(name);
        // The unfinished file lies beside the finished one, since only within a file system is renaming one step.
        let folder = path.parent().unwrap_or(&self.root);
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED);
        #[cfg(unix)]
        {
            // A site is for others to read; the process's mask still applies.
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let write = || -> io::Result<()> {
            let mut file = builder.tempfile_in(folder)?;
            file.write_all(content)?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(PublishError::at(&path))?;
        Ok(content.len() as u64)
    }
}

/// Writes the post's files. Doing it again writes the same bytes, so a run killed between here and the database only
/// repeats itself.
///
/// # Errors
///
/// A file cannot be written.
#[producer_consumer]
pub fn publish(page: Page, site: &Site) -> Result<Published, PublishError> {
    let slug = slug(&page.post);
    let contents = [page.html.as_bytes(), page.markdown.as_bytes(), &page.pdf];
    let mut bytes = [0; 3];
    for ((format, content), bytes) in FORMATS.iter().zip(contents).zip(&mut bytes) {
        *bytes = site.write(&format!("posts/{slug}.{format}"), content)?;
    }
    site.progress.published(&page.post.title());
    Ok(Published {
        slug,
        bytes,
        published_at: site.clock.now(),
        crate_name: page.post.crate_name,
        version: page.post.version,
        date: page.post.date,
        subjects: page.post.subjects,
    })
}

/// A file name for a post: one for each post, the same every time, and harmless wherever it is used.
///
/// Small letters, digits and `-_.` stand for themselves, any other byte for `~` and two digits; capitals too, since some
/// file systems take `A` for `a`. A dot is never first, so no name is hidden or leads upwards.
pub fn slug(post: &Post) -> String {
    let mut slug = String::new();
    for byte in format!("{}-{}", post.crate_name, post.version).bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => slug.push(char::from(byte)),
            b'.' if !slug.is_empty() => slug.push('.'),
            _ => slug.push_str(&format!("~{byte:02x}")),
        }
    }
    if slug.len() > LONGEST_SLUG {
        // FNV-1a of the whole name stands for what is cut off.
        let hash = slug
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        slug.truncate(LONGEST_SLUG - 18);
        slug.push_str(&format!("~~{hash:016x}"));
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(crate_name: &str, version: &str) -> Post {
        Post {
            crate_name: crate_name.into(),
            version: Version::parse(version).expect("a version"),
            date: None,
            sections: Vec::new(),
            links: Vec::new(),
            subjects: Vec::new(),
        }
    }

    #[test]
    fn slugs_stay_in_their_folder_and_apart() {
        assert_eq!(slug(&post("serde_json", "1.0.2-rc.1+b.5")), "serde_json-1.0.2-rc.1~2bb.5");
        assert_eq!(slug(&post("Inflector", "1.0.0")), "~49nflector-1.0.0");
        for name in ["../../etc/passwd", "..", "/abs", "a\\b", "C:", "nul\0", "ü", ".hidden", "~"] {
            let slug = slug(&post(name, "1.0.0"));
            let is_safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.~".contains(c);
            assert!(slug.chars().all(is_safe) && !slug.starts_with('.'), "{slug}");
            assert_eq!(Path::new(&slug).components().count(), 1, "{slug}");
        }
        let long = |last: &str| slug(&post(&("Ü".repeat(90) + last), "1.0.0"));
        assert_eq!(long("a").len(), LONGEST_SLUG);
        assert_ne!(long("a"), long("b"));
    }

    #[test]
    fn a_second_run_is_refused_and_leftovers_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("site");
        let open = || Site::open(root.clone(), Clock::fixed(0), Arc::new(Progress::begin()));
        let site = open().expect("a site");
        assert!(open().expect_err("locked").to_string().contains("another run"));
        assert_eq!(site.write("posts/a-1.0.0.html", b"orphan").expect("written"), 6);
        for name in [".news-abc", "posts/.news-def", "posts/README.txt"] {
            fs::write(root.join(name), "left over").expect("written");
        }
        let mut database = Database::open(&root.join("news.db"), Arc::new(Progress::begin())).expect("a database");
        site.reconcile(&mut database).expect("agreement");
        let left: Vec<_> =
            fs::read_dir(root.join("posts")).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["README.txt"], "a stranger's file is left alone");
        assert!(!root.join(".news-abc").exists());
    }
}
