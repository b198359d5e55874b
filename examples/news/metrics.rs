//! The numbers as Prometheus text, for a node exporter to pick up.
//!
//! Everything is counted in the database, so a restart does not reset it; only names that begin with `news_run_` are
//! about this run.

use std::collections::{BTreeMap, HashSet};

use prometheus::{Gauge, GaugeVec, Opts, Registry, TextEncoder};

use crate::finish::Record;
use crate::progress::Run;
use crate::site::FORMATS;

/// The whole file, in the order of the names.
///
/// # Errors
///
/// Two metrics have one name, which would be a defect.
pub(crate) fn text(record: &Record, run: &Run) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    let posts = &record.posts;
    let crates: HashSet<&str> = posts.iter().map(|post| post.crate_name.as_str()).collect();
    gauge(&registry, "news_posts", "Posts on the site.", posts.len() as f64)?;
    gauge(&registry, "news_crates", "Crates with at least one post.", crates.len() as f64)?;

    let subjects = posts.iter().flat_map(|post| &post.subjects).map(|matched| matched.subject.as_str());
    labelled(
        &registry,
        "news_posts_by_subject",
        "Posts about a subject; one post may count for several.",
        "subject",
        count(subjects),
    )?;
    let reasons = record.dead.iter().map(|letter| letter.reason.as_str());
    labelled(
        &registry,
        "news_dead_letters",
        "Files that made no posts, and posts that made no page.",
        "reason",
        count(reasons),
    )?;
    let bytes = |at: usize| posts.iter().map(|post| post.bytes[at] as f64).sum();
    let sizes = FORMATS.iter().enumerate().map(|(at, format)| (*format, bytes(at)));
    labelled(&registry, "news_bytes", "Size of the posts.", "format", sizes.collect())?;
    let files = FORMATS.iter().map(|format| (*format, posts.len() as f64));
    labelled(&registry, "news_files", "Files that the posts consist of.", "format", files.collect())?;

    gauge(&registry, "news_run_posts_published", "Posts this run has published.", run.published as f64)?;
    gauge(&registry, "news_run_posts_known", "Posts that were there before.", run.known as f64)?;
    gauge(&registry, "news_run_files_rejected", "Files this run has rejected.", run.rejected as f64)?;
    gauge(
        &registry,
        "news_run_posts_in_flight_most",
        "The most posts on their way at once.",
        run.in_flight_most as f64,
    )?;
    gauge(&registry, "news_run_seconds", "How long this run took.", run.elapsed.as_secs_f64())?;
    gauge(
        &registry,
        "news_run_memory_bytes_most",
        "Its peak resident memory, 0 if unknown.",
        run.memory_most.unwrap_or(0) as f64,
    )?;
    TextEncoder::new().encode_to_string(&registry.gather())
}

fn count<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, f64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0.0) += 1.0;
    }
    counts
}

fn gauge(registry: &Registry, name: &str, help: &str, value: f64) -> Result<(), prometheus::Error> {
    let gauge = Gauge::new(name, help)?;
    gauge.set(value);
    registry.register(Box::new(gauge))
}

fn labelled(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: BTreeMap<&str, f64>,
) -> Result<(), prometheus::Error> {
    let gauge = GaugeVec::new(Opts::new(name, help), &[label])?;
    for (value, number) in values {
        gauge.with_label_values(&[value]).set(number);
    }
    registry.register(Box::new(gauge))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letter::DeadLetter;
    use crate::index::tests::many;
    use crate::progress::Progress;

    #[test]
    fn totals_come_from_the_record_and_the_run_keeps_to_its_prefix() {
        let letter = |reason: &str| DeadLetter { path: "p".into(), reason: reason.into(), detail: "d".into() };
        let record = Record { posts: many(4), dead: vec![letter("empty"), letter("empty"), letter("not_utf8")] };
        let first = text(&record, &Progress::begin().finish()).expect("text");
        assert!(first.contains("\nnews_posts 4\n"), "{first}");
        assert!(first.contains("\nnews_dead_letters{reason=\"empty\"} 2\n"), "{first}");
        assert!(first.contains("\nnews_files{format=\"pdf\"} 4\n"), "{first}");
        let second = text(&record, &Progress::begin().finish()).expect("text");
        let lasting =
            |text: &str| text.lines().filter(|line| !line.starts_with("news_run_")).collect::<Vec<_>>().join("\n");
        assert_eq!(lasting(&first), lasting(&second));
    }
}
