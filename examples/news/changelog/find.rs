//! Finds the changelogs below a folder without opening one.
//!
//! Cargo unpacks `name-1.2.3` beside `name-1.2.4`, and both repeat the same history. A release must be published once
//! and always the same, whatever finishes first, so the choice is made here: the changelog in the newest version's
//! folder speaks for its crate, and the others are not looked at. Registries are told apart by their folder, which only
//! decides a tie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::Version;
use stagekit::producer;
use walkdir::{DirEntry, WalkDir};

use crate::changelog::Found;

/// What a changelog may be called, best first.
const STEMS: [&str; 5] = ["changelog", "changes", "releases", "history", "news"];

/// Other spellings of the same names.
const ALIASES: [(&str, &str); 5] = [
    ("change-log", "changelog"),
    ("change_log", "changelog"),
    ("release-notes", "releases"),
    ("release_notes", "releases"),
    ("release", "releases"),
];

/// What it may end with.
const EXTENSIONS: [&str; 6] = ["", "md", "markdown", "txt", "rst", "adoc"];

/// Changelogs found below `root`, one for each crate, in the order of the crates' names.
///
/// A folder named `name-1.2.3` is a crate and is not searched further: what lies deeper is somebody else's. Any other
/// folder counts as a crate of its name, without a version, if it has a changelog; hidden folders, `target` and
/// `node_modules` are passed over.
#[producer]
pub fn changelogs(root: PathBuf) -> impl Iterator<Item = Found> {
    let mut newest: BTreeMap<String, (Rank, Found)> = BTreeMap::new();
    let mut walk = WalkDir::new(&root).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        // A folder that cannot be listed hides its crates, but it must not end the walk.
        let Ok(entry) = entry else { continue };
        if !entry.file_type().is_dir() {
            continue;
        }
        if entry.depth() > 0 && is_passed_over(&entry) {
            walk.skip_current_dir();
            continue;
        }
        let folder = entry.file_name().to_string_lossy();
        let (crate_name, version) = match named_after(&folder) {
            Some((name, version)) => {
                walk.skip_current_dir();
                (name.to_owned(), Some(version))
            }
            None => (folder.into_owned(), None),
        };
        let Some(file) = best_in(entry.path()) else {
            continue;
        };
        let path = relative(&root, &file);
        let rank = (version, path.clone());
        let found = Found { file, path, crate_name };
        match newest.get(&found.crate_name) {
            Some((other, _)) if *other >= rank => {}
            _ => drop(newest.insert(found.crate_name.clone(), (rank, found))),
        }
    }
    newest.into_values().map(|(_, found)| found)
}

/// The newest version wins; of equals, the last path.
type Rank = (Option<Version>, String);

/// The folder's changelog: the best name, and of equals the first in order.
fn best_in(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten();
    let (_, _, file) = files
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((preference(&name)?, name, entry.path()))
        })
        .min()?;
    Some(file)
}

/// How good a file's name is for a changelog, 0 being best; `None` if it is not one.
fn preference(file_name: &str) -> Option<usize> {
    let lower = file_name.to_lowercase();
    let (stem, extension) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    if !EXTENSIONS.contains(&extension) {
        return None;
    }
    let stem = ALIASES.iter().find(|(alias, _)| *alias == stem).map_or(stem, |(_, name)| name);
    STEMS.iter().position(|name| *name == stem)
}

/// `name-1.2.3` taken apart at the first dash that a version follows.
fn named_after(folder: &str) -> Option<(&str, Version)> {
    folder.match_indices('-').find_map(|(at, _)| {
        let version = Version::parse(&folder[at + 1..]).ok()?;
        (at > 0).then_some((&folder[..at], version))
    })
}

fn is_passed_over(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.starts_with('.') || name == "target" || name == "node_modules"
}

fn relative(root: &Path, file: &Path) -> String {
    let parts = file.strip_prefix(root).unwrap_or(file).components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_taken_apart_at_the_version() {
        let named = |folder| named_after(folder).map(|(name, version)| (name, version.to_string()));
        assert_eq!(named("serde-1.0.2"), Some(("serde", "1.0.2".into())));
        assert_eq!(named("foo-2-bar-0.1.0-rc.1"), Some(("foo-2-bar", "0.1.0-rc.1".into())));
        assert_eq!(named("zstd-sys-2.0.1+zstd.1.5.2"), Some(("zstd-sys", "2.0.1+zstd.1.5.2".into())));
        assert_eq!(named("src"), None);
        assert_eq!(named("-1.0.0"), None);
    }

    #[test]
    fn the_usual_names_are_changelogs_and_sources_are_not() {
        for name in
            ["CHANGELOG.md", "changelog", "Changes.txt", "RELEASES.rst", "NEWS", "History.markdown", "RELEASE-NOTES.md"]
        {
            assert!(preference(name).is_some(), "{name}");
        }
        for name in ["history.rs", "README.md", "changelog.toml", "CHANGELOG-old.md", "news.html"] {
            assert!(preference(name).is_none(), "{name}");
        }
        assert!(preference("CHANGELOG.md") < preference("NEWS.md"));
    }

    #[test]
    fn the_newest_version_speaks_for_its_crate() {
        let root = tempfile::tempdir().expect("a folder");
        for (folder, file) in [
            ("index-a/zed-1.9.0", "CHANGELOG.md"),
            ("index-a/zed-1.10.0", "CHANGES"),
            ("index-b/zed-1.10.0-rc.1", "CHANGELOG.md"),
            ("index-b/zed-2.0.0", "README.md"),
            ("index-b/alpha-0.1.0", "history.txt"),
            ("index-b/alpha-0.1.0/vendor/other-3.0.0", "CHANGELOG.md"),
            (".cache/hidden-1.0.0", "CHANGELOG.md"),
        ] {
            let folder = root.path().join(folder);
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(folder.join(file), "## 1.0.0\n").expect("a file");
        }
        let found: Vec<_> = changelogs(root.path().to_owned()).map(|found| (found.crate_name, found.path)).collect();
        let expected = [("alpha", "index-b/alpha-0.1.0/history.txt"), ("zed", "index-a/zed-1.10.0/CHANGES")];
        assert_eq!(found, expected.map(|(name, path)| (name.to_owned(), path.to_owned())));
    }
}
