//! `news`: what changed in the crates on this machine, as a site of its own.
//!
//! Reads the changelogs of all downloaded crates, keeps the releases about the subjects asked for, and publishes each as
//! HTML, Markdown and PDF with an index, two feeds and metrics. Run it again and it adds what is new; kill it at any
//! moment and the next run makes up for it, without losing or doubling a post.
//!
//! ```text
//! cargo run --release --example news -- [ROOT] [--tags security,breaking] [--out DIR] [--workers N]
//! ```
//!
//! Every stage is a plain function in a module of its own; this file reads the arguments, connects the stages and says
//! what was made.

mod changelog;
mod chart;
mod clock;
mod database;
mod dead_letter;
mod feed;
mod finish;
mod index;
mod known;
mod metrics;
mod progress;
mod render;
mod site;
mod subjects;

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::changelog::{changelogs, read, releases};
use crate::clock::Clock;
use crate::database::{Database, report};
use crate::dead_letter::{DeadLetters, quarantine};
use crate::finish::{Record, finish};
use crate::known::{Known, fresh};
use crate::progress::{Progress, Run};
use crate::render::{Press, render};
use crate::site::{Site, publish};
use crate::subjects::{Tags, followed};

/// How many of the rejected files are named for each reason; the site has them all.
const NAMED: usize = 3;

/// Publishes the news in the changelogs of downloaded crates.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder to search [default: $CARGO_HOME/registry/src]
    root: Option<PathBuf>,
    /// The subjects to follow, separated by commas; any word will do
    #[arg(long, default_value = subjects::DEFAULT)]
    tags: String,
    /// The folder to publish to
    #[arg(long, default_value = "target/news", value_name = "DIR")]
    out: PathBuf,
    /// How many posts are rendered at once [default: the number of cores]
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
}

/// Everything that the stages are given.
struct Resources {
    root: PathBuf,
    tags: Tags,
    known: Known,
    site: Arc<Site>,
    database: Database,
    dead_letters: DeadLetters,
    workers: usize,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("news: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let root = match arguments.root {
        Some(root) => root,
        None => home::cargo_home()?.join("registry").join("src"),
    };
    if !root.is_dir() {
        return Err(format!("{} is no folder; give one with changelogs below it", root.display()).into());
    }
    let tags = Tags::parse(&arguments.tags);
    if tags.names().next().is_none() {
        return Err("--tags names no subject; an example is --tags security,breaking".into());
    }
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = arguments.workers.map_or_else(cores, NonZeroUsize::get);

    let clock = Clock::from_environment()?;
    let progress = Arc::new(Progress::new());
    let site = Arc::new(Site::open(arguments.out, clock, Arc::clone(&progress))?);
    let path = site.root().join("news.db");
    let mut database = Database::open(&path, Arc::clone(&progress))?;
    site.reconcile(&mut database)?;
    let known = Known::load(&database, Arc::clone(&progress))?;
    let dead_letters = DeadLetters::open(&path, clock, Arc::clone(&progress))?;

    println!("reading {} for {}", root.display(), tags.names().collect::<Vec<_>>().join(", "));
    run_pipeline(Resources { root, tags, known, site: Arc::clone(&site), database, dead_letters, workers })?;

    let run = progress.finish();
    let database = Database::open(&path, Arc::clone(&progress))?;
    let record = finish(&site, &database, &run)?;
    say(&site, &record, &run.later(&progress));
    Ok(())
}

/// Connects the stages and runs them to the end.
fn run_pipeline(resources: Resources) -> Result<(), Box<dyn Error>> {
    /// How many publications are recorded in one transaction.
    const BATCH: usize = 200;

    let Resources { root, tags, known, site, mut database, mut dead_letters, workers } = resources;
    debug_assert!(workers > 0, "the arguments see to it");
    let mut press = Press::default();
    let mut done = Vec::new();
    for found in changelogs(root) {
        let posts = match read(found).and_then(releases) {
            Ok(posts) => posts,
            Err(rejected) => {
                quarantine(rejected, &mut dead_letters)?;
                continue;
            }
        };
        for post in posts {
            let Some(post) = followed(post, &tags).and_then(|post| fresh(post, &known)) else {
                continue;
            };
            done.push(publish(render(&post, &mut press)?, &site)?);
            if done.len() >= BATCH {
                report(std::mem::take(&mut done), &mut database)?;
            }
        }
    }
    report(done, &mut database)?;
    Ok(())
}

/// Says what was made and where.
fn say(site: &Site, record: &Record, run: &Run) {
    let root = site.root().display();
    println!(
        "published {} new posts in {:.1} s ({} were known), {} in all",
        run.published,
        run.elapsed.as_secs_f64(),
        run.known,
        record.posts.len(),
    );
    println!("  {root}/index.html    start here");
    println!("  {root}/posts         one HTML, Markdown and PDF file for each");
    println!("  {root}/feed.xml      Atom; feed.json beside it");
    println!("  {root}/metrics.prom  for Prometheus");
    println!("  {root}/news.db       what was published and when");
    if !record.dead.is_empty() {
        println!("{} files made no news:", record.dead.len());
    }
    for letters in record.dead.chunk_by(|a, b| a.reason == b.reason) {
        println!("  {} {}", letters.len(), letters[0].reason);
        for letter in letters.iter().take(NAMED) {
            println!("    {}: {}", letter.path, letter.detail);
        }
        if letters.len() > NAMED {
            println!("    and {} more", letters.len() - NAMED);
        }
    }
    println!("{run}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_can_move_to_a_stage_and_resources_can_be_shared() {
        fn is_state<T: Send + 'static>() {}
        fn is_shared<T: Send + Sync + 'static>() {}
        is_state::<Database>();
        is_state::<DeadLetters>();
        is_state::<Press>();
        is_shared::<Tags>();
        is_shared::<Known>();
        is_shared::<Site>();
    }
}
