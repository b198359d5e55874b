//! The subjects a reader follows, and how they are recognised in a post.

use stagekit::producer_consumer;

use crate::changelog::{Matched, Post};

/// What is followed when nobody says otherwise.
pub const DEFAULT: &str = "security,breaking,performance,deprecated";

/// The words that stand for a subject, in lower case with single spaces. A tag that is not here stands for itself.
const SYNONYMS: [(&str, &[&str]); 4] = [
    (
        "security",
        &[
            "security",
            "cve",
            "rustsec",
            "ghsa",
            "vulnerability",
            "vulnerabilities",
            "vulnerable",
            "unsound",
            "unsoundness",
            "soundness",
            "undefined behavior",
            "undefined behaviour",
            "memory safety",
            "use after free",
            "out of bounds",
            "data race",
            "denial of service",
            "stack overflow",
            "buffer overflow",
            "exploit",
        ],
    ),
    (
        "breaking",
        &[
            "breaking",
            "breaking change",
            "breaking changes",
            "incompatible",
            "incompatibility",
            "semver incompatible",
            "backwards incompatible",
            "backward incompatible",
            "api break",
        ],
    ),
    (
        "performance",
        &[
            "performance",
            "perf",
            "faster",
            "speed",
            "speedup",
            "speedups",
            "speed up",
            "speeds up",
            "optimize",
            "optimized",
            "optimizes",
            "optimise",
            "optimised",
            "optimization",
            "optimizations",
            "throughput",
            "latency",
            "simd",
            "allocations",
            "vectorized",
        ],
    ),
    ("deprecated", &["deprecated", "deprecate", "deprecates", "deprecating", "deprecation", "deprecations"]),
];

/// The longest entry kept as a reason, in characters.
const LONGEST_ENTRY: usize = 220;

/// The subjects that are followed, each with its words.
#[derive(Clone, Debug)]
pub struct Tags(Vec<(String, Vec<String>)>);

impl Tags {
    /// Reads tags separated by commas; the order is kept, repetitions and white space are not.
    pub fn parse(list: &str) -> Self {
        let mut tags: Vec<(String, Vec<String>)> = Vec::new();
        for tag in list.split(',').map(|tag| plain(tag).trim().to_owned()) {
            if tag.is_empty() || tags.iter().any(|(known, _)| *known == tag) {
                continue;
            }
            let words = SYNONYMS.iter().find(|(name, _)| *name == tag).map_or(&[][..], |(_, words)| words);
            let padded = |word: &str| format!(" {word} ");
            let words = words.iter().map(|word| padded(word)).chain([padded(&tag)]).collect();
            tags.push((tag, words));
        }
        Self(tags)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// Passes on posts about at least one of the `tags`, with the entry that says so for each.
///
/// A section whose title names the subject speaks for its first entry; otherwise the first entry that contains one of
/// the subject's words does. Words match whole, so "performant" is not "performance".
#[producer_consumer]
pub fn followed(mut post: Post, tags: &Tags) -> Option<Post> {
    let sections: Vec<(String, Vec<String>)> = post
        .sections
        .iter()
        .map(|section| (plain(&section.title), section.entries.iter().map(|entry| plain(entry)).collect()))
        .collect();
    let mut subjects = Vec::new();
    for (name, words) in &tags.0 {
        let matches = |text: &String| words.iter().any(|word| text.contains(word.as_str()));
        let found = post.sections.iter().zip(&sections).find_map(|(section, (title, entries))| {
            let by_title = matches(title) && !entries.is_empty();
            let at = if by_title { Some(0) } else { entries.iter().position(matches) };
            at.map(|at| &section.entries[at])
        });
        if let Some(entry) = found {
            subjects.push(Matched { subject: name.clone(), entry: shortened(entry) });
        }
    }
    post.subjects = subjects;
    (!post.subjects.is_empty()).then_some(post)
}

/// Lower-case words between single spaces, with one at either end.
fn plain(text: &str) -> String {
    let mut plain = String::from(" ");
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        plain.extend(word.chars().flat_map(char::to_lowercase));
        plain.push(' ');
    }
    plain
}

/// At most [`LONGEST_ENTRY`] characters, all of them allowed in XML.
fn shortened(entry: &str) -> String {
    let is_allowed = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let entry: String = entry.chars().filter(is_allowed).collect();
    match entry.char_indices().nth(LONGEST_ENTRY) {
        Some((at, _)) => format!("{}…", entry[..at].trim_end()),
        None => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changelog::{Changelog, releases};

    fn subjects(markdown: &str, tags: &str) -> Vec<(String, String)> {
        let text = format!("## 1.0.0\n{markdown}\n");
        let file = Changelog { path: "p".into(), crate_name: "demo".into(), text };
        let post = releases(file).expect("a changelog").remove(0);
        let post = followed(post, &Tags::parse(tags));
        let pairs = |matched: Matched| (matched.subject, matched.entry);
        post.map_or_else(Vec::new, |post| post.subjects.into_iter().map(pairs).collect())
    }

    fn names(markdown: &str) -> Vec<String> {
        subjects(markdown, DEFAULT).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn entries_and_section_titles_match_by_whole_words() {
        assert_eq!(names("- Fix CVE-2024-1234"), ["security"]);
        assert_eq!(names("- **Breaking:** remove it, but faster"), ["breaking", "performance"]);
        assert_eq!(names("### Deprecations\n- `old` goes"), ["deprecated"]);
        assert_eq!(names("- groundbreaking, performant and deprecatedly insecure"), Vec::<String>::new());
        assert_eq!(names("- fix use-after-free"), ["security"]);
        assert_eq!(names("### Security\n"), Vec::<String>::new());
    }

    #[test]
    fn any_word_is_a_tag_and_the_entry_says_why() {
        let found = subjects("- nothing\n- now uses `async` closures", " Async ,async,");
        assert_eq!(found, [("async".to_owned(), "now uses async closures".to_owned())]);
        assert!(subjects("- a", "").is_empty());
        let long = subjects(&format!("- faster {}", "é".repeat(900)), "performance");
        assert_eq!(long[0].1.chars().count(), LONGEST_ENTRY + 1);
    }
}
