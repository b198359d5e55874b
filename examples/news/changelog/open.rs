//! Opens one changelog, and says no to what cannot be one.

use std::fs;

use stagekit::producer_consumer;

use crate::changelog::{Changelog, Found, Reason, Rejected};

/// The largest changelog that is read, in bytes: five times that of tokio, which is a long one. It bounds the memory that
/// one event can take, so it is checked before the file is opened.
pub(crate) const LIMIT: u64 = 1024 * 1024;

/// Reads a changelog that was found.
///
/// # Errors
///
/// The file is enormous, unreadable, not UTF-8 or empty.
#[producer_consumer]
pub fn read(found: Found) -> Result<Changelog, Rejected> {
    match text_of(&found) {
        Ok(text) => Ok(Changelog { path: found.path, crate_name: found.crate_name, text }),
        Err(reason) => Err(Rejected { path: found.path, reason }),
    }
}

fn text_of(found: &Found) -> Result<String, Reason> {
    let unreadable = |error: std::io::Error| Reason::Unreadable(error.to_string());
    let bytes = fs::metadata(&found.file).map_err(unreadable)?.len();
    if bytes > LIMIT {
        return Err(Reason::Enormous(bytes));
    }
    let content = fs::read(&found.file).map_err(unreadable)?;
    let text = String::from_utf8(content).map_err(|error| Reason::NotUtf8(error.utf8_error().valid_up_to()))?;
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        return Err(Reason::Empty);
    }
    if !is_crate_name(&found.crate_name) {
        return Err(Reason::NotACrate);
    }
    Ok(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
}

/// The rule of crates.io: at most 64 letters, digits, dashes and underscores.
fn is_crate_name(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=64).contains(&name.len()) && name.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(crate_name: &str, content: &[u8]) -> Result<String, &'static str> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("CHANGELOG.md");
        fs::write(&file, content).expect("a file");
        let found = Found { file, path: "x/CHANGELOG.md".into(), crate_name: crate_name.into() };
        match read(found) {
            Ok(changelog) => Ok(changelog.text),
            Err(rejected) => Err(rejected.reason.label()),
        }
    }

    #[test]
    fn what_cannot_be_a_changelog_is_rejected_with_its_reason() {
        assert_eq!(reading("a", b"ab\xff"), Err("not_utf8"));
        assert_eq!(reading("a", b"\xef\xbb\xbf \r\n"), Err("empty"));
        assert_eq!(reading("a", b""), Err("empty"));
        assert_eq!(reading("a", &vec![b'a'; LIMIT as usize + 1]), Err("enormous"));
        assert_eq!(reading("../up", b"text"), Err("not_a_crate"));
        let gone = Found { file: "/nowhere/CHANGES".into(), path: "CHANGES".into(), crate_name: "a".into() };
        assert_eq!(read(gone).expect_err("no such file").reason.label(), "unreadable");
    }

    #[test]
    fn byte_order_marks_and_carriage_returns_are_dropped() {
        assert_eq!(reading("a", b"\xef\xbb\xbf# 1.0.0\r\nx"), Ok("# 1.0.0\nx".into()));
    }
}
