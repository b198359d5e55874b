//! Recognises a heading that names a release: `## [1.2.3] - 2024-01-01`, `Version 1.2 (May 3rd, 2024)`, `v0.1.0-rc.1`.
//!
//! The version must come first, save for a few words such as "Version" and the crate's own name; so "Changes from 0.38
//! to 1.0" is prose, and the heading of another crate in a shared changelog is not ours.

use chrono::NaiveDate;
use semver::Version;

/// Words that may stand before the version.
const BEFORE: [&str; 11] =
    ["version", "release", "released", "releases", "ver", "v", "changes", "changelog", "in", "for", "crate"];

/// Words that may stand after the version in a line that is only a heading by its content.
const AFTER: [&str; 8] = ["yanked", "released", "release", "on", "date", "st", "the", "of"];

/// Words after the version that say it is not out yet.
const NOT_YET: [&str; 6] = ["unreleased", "tbd", "tba", "wip", "upcoming", "xx"];

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The longest version taken seriously, in bytes.
const LONGEST_VERSION: usize = 64;

/// A heading that names a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) version: Version,
    pub(super) date: Option<NaiveDate>,
    /// Every word of it was understood, so it is a heading even where none was expected.
    pub(super) is_whole: bool,
}

/// Reads a heading's plain text; `None` if it names no release of this crate, or one that is not out yet.
pub(super) fn release(text: &str, crate_name: &str) -> Option<Heading> {
    let separators = |c: char| c.is_whitespace() || "[](){}`*:,;—–|/\"'".contains(c);
    // A date such as 2024/01/02 must survive the separators, so its slashes become dashes first.
    let text = text.replace('/', "-");
    let words: Vec<&str> = text
        .split(separators)
        .map(|word| word.trim_matches(|c: char| c == '-' || c == '_' || c == '#' || c == '='))
        .filter(|word| !word.is_empty())
        .take(24)
        .collect();
    let at = words.iter().position(|word| version(word, crate_name).is_some())?;
    let is_expected = |word: &&str| BEFORE.contains(&word.to_lowercase().as_str()) || is_same_crate(word, crate_name);
    if at > 3 || !words[..at].iter().all(is_expected) {
        return None;
    }
    let rest: Vec<String> = words[at + 1..].iter().map(|word| word.to_lowercase()).collect();
    if rest.iter().any(|word| NOT_YET.contains(&word.as_str())) {
        return None;
    }
    let date = date(&rest);
    let dated = if date.is_some() { 3 } else { 0 };
    let unknown = rest.iter().filter(|word| !AFTER.contains(&word.as_str()));
    Some(Heading { version: version(words[at], crate_name)?, date, is_whole: unknown.count() <= dated })
}

/// A version with two or three parts; with `v` or the crate's name before it.
fn version(word: &str, crate_name: &str) -> Option<Version> {
    let word = word.strip_prefix(crate_name).map_or(word, |rest| rest.trim_start_matches(['-', '@', '_']));
    let word = word.strip_prefix(['v', 'V']).unwrap_or(word).trim_end_matches('.');
    if word.len() > LONGEST_VERSION {
        return None;
    }
    let (core, tail) = word.split_at(word.find(['-', '+']).unwrap_or(word.len()));
    let parts: Vec<u64> = core.split('.').map(number).collect::<Option<_>>()?;
    let (major, minor, patch) = match parts[..] {
        [major, minor] => (major, minor, 0),
        [major, minor, patch] => (major, minor, patch),
        _ => return None,
    };
    Version::parse(&format!("{major}.{minor}.{patch}{tail}")).ok()
}

fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}

fn is_same_crate(word: &str, crate_name: &str) -> bool {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    plain(word) == plain(crate_name)
}

/// The first date among the words, in the shapes people write.
fn date(words: &[String]) -> Option<NaiveDate> {
    if let Some(date) = words.iter().find_map(|word| iso(word)) {
        return Some(date);
    }
    let month_at = words.iter().position(|word| month(word).is_some())?;
    let month = month(&words[month_at])?;
    let near = &words[month_at.saturating_sub(1)..words.len().min(month_at + 3)];
    let numbers: Vec<u64> = near.iter().filter_map(|word| number(word.trim_end_matches(char::is_alphabetic))).collect();
    let year = numbers.iter().find(|n| (1970..=9999).contains(*n))?;
    let day = numbers.iter().find(|n| (1..=31).contains(*n))?;
    NaiveDate::from_ymd_opt(i32::try_from(*year).ok()?, month, u32::try_from(*day).ok()?)
}

fn iso(word: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = word.split(['-', '.']).collect();
    let [year, month, day] = parts[..] else {
        return None;
    };
    let year = number(year).filter(|year| (1970..=9999).contains(year))?;
    let part = |digits: &str| u32::try_from(number(digits)?).ok();
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, part(month)?, part(day)?)
}

fn month(word: &str) -> Option<u32> {
    let is_word = word.len() >= 3 && word.chars().all(char::is_alphabetic);
    let at = MONTHS.iter().position(|name| is_word && word.starts_with(name))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str) -> Option<(String, String)> {
        let heading = release(text, "parking_lot")?;
        let date = heading.date.map_or_else(String::new, |date| date.to_string());
        Some((heading.version.to_string(), date))
    }

    #[test]
    fn releases_are_recognised_in_the_shapes_people_write() {
        for (text, version, date) in [
            ("[1.2.3] - 2024-01-02", "1.2.3", "2024-01-02"),
            ("1.2.3 (2024-01-02)", "1.2.3", "2024-01-02"),
            ("Version 1.2.3", "1.2.3", ""),
            ("v1.2", "1.2.0", ""),
            ("Release 0.2.19 (2024-05-03)", "0.2.19", "2024-05-03"),
            ("[0.1.1][] (2025-09-16)", "0.1.1", "2025-09-16"),
            ("1.54.1 (October 21st, 2026)", "1.54.1", "2026-10-21"),
            ("2.6.1 (Mar 2nd, 2026)", "2.6.1", "2026-03-02"),
            ("0.3 – 5 May 2019", "0.3.0", "2019-05-05"),
            ("1.0.0-rc.1+build.5 / 2019/05/06", "1.0.0-rc.1+build.5", "2019-05-06"),
            ("parking_lot - 0.12.5 - 2025-09-30", "0.12.5", "2025-09-30"),
            ("`parking-lot` 0.12.5", "0.12.5", ""),
            ("parking_lot-v0.12.4", "0.12.4", ""),
            ("1.2.0 (**YANKED**)", "1.2.0", ""),
            ("Changes in 0.9.1:", "0.9.1", ""),
            ("0.4.0 (2024-02-30)", "0.4.0", ""),
        ] {
            assert_eq!(reads(text), Some((version.to_owned(), date.to_owned())), "{text}");
        }
    }

    #[test]
    fn other_headings_are_not_releases() {
        for text in [
            "Unreleased",
            "[Unreleased] - ReleaseDate",
            "1.3.0 (unreleased)",
            "Changes from 0.38.x to 1.x",
            "Added",
            "lock_api - 0.4.14",
            "2024-01-02",
            "Upgrade to syn 2.0",
            "1.2.3.4",
            "",
            "…",
            "99999999999999999999999.1.2",
        ] {
            assert_eq!(reads(text), None, "{text}");
        }
    }

    #[test]
    fn a_whole_heading_has_no_word_left_over() {
        let is_whole = |text| release(text, "a").map(|heading| heading.is_whole);
        assert_eq!(is_whole("1.2.3 (May 3rd, 2024)"), Some(true));
        assert_eq!(is_whole("1.2.3"), Some(true));
        assert_eq!(is_whole("1.2.3 migration guide"), Some(false));
    }
}
