//! The page that a person opens first: all posts, newest first, in one file that needs no server and no network.
//!
//! It is plain HTML, readable without a script. The script only hides what was not asked for, and the browser lays out
//! only the months it shows (`content-visibility`), which keeps thousands of rows quick.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use maud::{Markup, PreEscaped, html};

use crate::chart;
use crate::finish::Record;
use crate::render::{chip, frame};
use crate::site::Published;

const SCRIPT: &str = include_str!("assets/index.js");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The whole page.
pub(crate) fn page(record: &Record) -> String {
    let posts = &record.posts;
    let crates: BTreeSet<&str> = posts.iter().map(|post| post.crate_name.as_str()).collect();
    let mut subjects: BTreeMap<&str, usize> = BTreeMap::new();
    for matched in posts.iter().flat_map(|post| &post.subjects) {
        *subjects.entry(&matched.subject).or_default() += 1;
    }
    let body = html! {
        header {
            h1 { "Release news" }
            p .meta {
                (counted(posts.len(), "release")) " of " (counted(crates.len(), "crate")) " on this machine, picked by subject. "
                a href="feed.xml" { "Atom" } " · " a href="feed.json" { "JSON Feed" } " · " a href="metrics.prom" { "Metrics" }
            }
        }
        (chart::per_month(posts.iter().filter_map(|post| post.date)))
        form #filter {
            @for (subject, count) in &subjects {
                label { input type="checkbox" name="subject" value=(subject); (chip(subject)) small { (count) } }
            }
            input #crate type="search" name="crate" placeholder="crate" list="crates" aria-label="crate" autocomplete="off";
            datalist #crates { @for name in &crates { option value=(name); } }
            output #shown { (counted(posts.len(), "release")) }
        }
        main {
            @if posts.is_empty() { p .nothing { "Nothing is published yet." } }
            @for month in posts.chunk_by(|a, b| month_of(a) == month_of(b)) { (section(month)) }
            p #none .nothing hidden { "No release matches." }
        }
        (rejected(record))
        script { (PreEscaped(SCRIPT)) }
    };
    frame("Release news", "index", &body, POLICY).into_string()
}

/// The posts of one month, which are never none.
fn section(posts: &[Published]) -> Markup {
    let title = posts[0].date.map_or_else(|| "Undated".to_owned(), |date| date.format("%B %Y").to_string());
    // The height a browser assumes until it lays the month out, so that the scroll bar is about right.
    let height = format!("--rows:{}", posts.len());
    let anchor = month_of(&posts[0]).map(|(year, month)| format!("m{}", year * 12 + month as i32 - 1));
    html! {
        section id=[anchor] style=(height) {
            h2 { (title) }
            ol { @for post in posts { (row(post)) } }
        }
    }
}

fn row(post: &Published) -> Markup {
    let subjects: Vec<&str> = post.subjects.iter().map(|matched| matched.subject.as_str()).collect();
    let file = |extension: &str| format!("posts/{}.{extension}", post.slug);
    html! {
        li data-c=(post.crate_name) data-s=(subjects.join("|")) {
            span .day { @if let Some(date) = post.date { time datetime=(date) { (date.day()) } } @else { "–" } }
            a .name href=(file("html")) { b { (post.crate_name) } " " span .version { (post.version) } }
            span .chips { @for subject in &subjects { (chip(subject)) } }
            span .why { (post.subjects.first().map_or("", |matched| matched.entry.as_str())) }
            span .files { a href=(file("md")) { "md" } " " a href=(file("pdf")) { "pdf" } }
        }
    }
}

fn rejected(record: &Record) -> Markup {
    html! {
        @if !record.dead.is_empty() {
            details #rejected {
                summary { (counted(record.dead.len(), "file")) " made no news" }
                table {
                    @for letter in &record.dead { tr { td { code { (letter.path) } } td { (letter.detail) } } }
                }
            }
        }
    }
}

fn month_of(post: &Published) -> Option<(i32, u32)> {
    post.date.map(|date: NaiveDate| (date.year(), date.month()))
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::changelog::Matched;
    use crate::dead_letter::DeadLetter;
    use chrono::DateTime;
    use semver::Version;

    /// Made-up posts, newest first, some undated.
    pub(crate) fn many(count: usize) -> Vec<Published> {
        let newest = NaiveDate::from_ymd_opt(2026, 1, 31).expect("a date");
        let post = |n: usize| Published {
            crate_name: format!("crate-{}", n % 97),
            version: Version::new(1, n as u64, 0),
            date: (n < count.saturating_sub(3)).then(|| newest - chrono::Days::new(n as u64 / 3)),
            subjects: vec![Matched {
                subject: ["security", "breaking"][n % 2].into(),
                entry: "a <b>bold</b> \"reason\"".into(),
            }],
            slug: format!("crate-{n}"),
            bytes: [1; 3],
            published_at: DateTime::UNIX_EPOCH,
        };
        (0..count).map(post).collect()
    }

    #[test]
    fn every_post_has_a_row_and_nothing_is_fetched() {
        let dead = vec![DeadLetter { path: "<x>".into(), reason: "empty".into(), detail: "empty".into() }];
        let page = page(&Record { posts: many(500), dead });
        assert_eq!(page.matches("<li data-c").count(), 500);
        assert!(page.contains("Undated") && page.contains("January 2026"));
        assert!(!page.contains("<b>bold") && !page.contains("<x>"));
        for foreign in ["src=", "@import", "url(", "href=\"http"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn an_empty_record_is_a_page_too() {
        assert!(page(&Record { posts: Vec::new(), dead: Vec::new() }).contains("Nothing is published yet"));
    }
}
