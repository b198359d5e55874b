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
//! what was made. Ctrl-C (or SIGTERM) takes no more files up and finishes the posts that are on their way; a second one
//! ends at once.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use news::changelog::{changelogs, read, releases};
use news::clock::Clock;
use news::database::{Database, report};
use news::dead_letter::{DeadLetters, quarantine};
use news::finish::{Record, finish};
use news::known::{Known, fresh};
use news::progress::{Progress, Run};
use news::render::{Press, render};
use news::site::{Site, publish};
use news::subjects::{DEFAULT, Tags, followed};
use stagekit::prelude::*;

/// How long a run that is asked to end may take to finish the posts that are on their way.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many of the rejected files are named for each reason; the site has them all.
const NAMED: usize = 3;

/// Publishes the news in the changelogs of downloaded crates.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder to search [default: $CARGO_HOME/registry/src]
    root: Option<PathBuf>,
    /// The subjects to follow, separated by commas; any word will do
    #[arg(long, default_value = DEFAULT)]
    tags: String,
    /// The folder to publish to
    #[arg(long, default_value = "target/news", value_name = "DIR")]
    out: PathBuf,
    /// How many posts are rendered at once [default: the number of cores]
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// Shows how the stages are connected, and ends
    #[arg(long)]
    graph: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("news: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Opens what the stages work with, connects them, and sees the run to its end.
#[stagekit::picture]
async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
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
    let progress = Arc::new(Progress::begin());
    let site = Arc::new(Site::open(arguments.out, clock, Arc::clone(&progress))?);
    let path = site.root().join("news.db");
    let mut database = Database::open(&path, Arc::clone(&progress))?;
    site.reconcile(&mut database)?;
    let known = Known::load(&database, Arc::clone(&progress))?;
    let dead_letters = DeadLetters::open(&path, clock, Arc::clone(&progress))?;
    let reading = format!("reading {} for {}", root.display(), tags.names().collect::<Vec<_>>().join(", "));

    // The limits of demand keep the memory flat and the work shared: a file is read while another is taken apart, each
    // press has a few posts at hand, and one batch gathers while another is recorded. What is `blocking` works on
    // threads of its own, so that signals and timers are never kept waiting.
    let pipeline = pipeline! {
        let done = report(database);
        let dead = quarantine(dead_letters);

        changelogs(root).blocking()
            => read.blocking().max_demand(2) else dead
            -> releases else dead
            -> followed(tags)
            -> fresh(known)
            => render(Press::default()).workers(workers).blocking().max_demand(8) else dead
            => publish(Arc::clone(&site)).blocking().max_demand(16)
            => done.max_demand(400);
    };
    if arguments.graph {
        println!("{pipeline}");
        return Ok(());
    }
    println!("{reading}");
    let running = pipeline.spawn();
    running.handle().drain_on_signal(PATIENCE);
    // Whatever ends the run early, the table of what was done until then is worth seeing.
    let finished = running.await.inspect_err(|error| eprintln!("{}", error.summary()))?;

    let run = progress.finish();
    let record = finish(&site, &finished.done, &run)?;
    say(&site, &record, &run.later(&progress));
    println!("\n{finished}");
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
        let files = if record.dead.len() == 1 { "file" } else { "files" };
        println!("{} {files} made no news:", record.dead.len());
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
