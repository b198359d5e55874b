//! A graph from a text: the program has the stages, a configuration says which of them run, and how they are connected.
//!
//! ```text
//! cargo run --example config
//! ```

use std::error::Error;
use std::num::ParseIntError;

use stagekit::dynamic::{Graph, Kinds, errors_of, node, producer, stage};
use stagekit::prelude::*;

#[producer]
fn words(text: String) -> impl Iterator<Item = String> {
    text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

#[producer_consumer]
fn parse(word: String) -> Result<i64, ParseIntError> {
    word.parse()
}

#[producer_consumer]
fn scale(n: i64, factor: i64) -> i64 {
    n * factor
}

#[consumer]
fn add(n: i64, sum: &mut i64) {
    *sum += n;
}

/// It borrows the error: nobody needs to clone it.
#[consumer]
fn complain(error: &ParseIntError) {
    println!("refused: {error}");
}

/// What a configuration may name. A constructor gets what stands behind the name, and may refuse it.
fn kinds() -> Kinds<str> {
    let mut kinds = Kinds::new();
    kinds
        .kind("words", |text: &str| producer(node!(words(text.to_owned()))))
        // `workers` needs a stage that can begin again, so it is said here; how many is the configuration's business.
        .kind("parse", |_| stage(node!(parse.workers(1))))
        .kind("scale", |factor| factor.parse().map(|factor| stage(node!(scale(factor)))))
        .kind("add", |_| stage(node!(add(0))))
        .kind("complain", |_| stage(node!(complain)));
    kinds
}

/// `name = kind argument` is a node, `name.option = value` an option; `a => b => c` and `a else b` are edges.
fn read<'k>(kinds: &'k Kinds<str>, text: &str) -> Result<Graph<'k, str>, Box<dyn Error + Send + Sync>> {
    let mut graph = kinds.graph();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.contains("=>") {
            let path: Vec<&str> = line.split("=>").map(str::trim).collect();
            path.windows(2).try_for_each(|edge| graph.link(edge[0], edge[1]))?;
        } else if let Some((from, to)) = line.split_once(" else ") {
            graph.link(errors_of(from.trim()), to.trim())?;
        } else if let Some((name, value)) = line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            let (kind, given) = value.split_once(' ').unwrap_or((value, ""));
            match name.split_once('.') {
                Some((name, option)) => graph.set(name, option, value)?,
                None => graph.add(name, kind, given)?,
            }
        } else {
            return Err(format!("neither a node nor an edge: {line}").into());
        }
    }
    Ok(graph)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let kinds = kinds();
    let graph = read(
        &kinds,
        "
        input   = words 1 2 three 4
        numbers = parse
        tenfold = scale 10
        total   = add
        refused = complain

        numbers.workers = 2

        input => numbers => tenfold => total
        numbers else refused
        ",
    )?;
    let total = graph.kept::<i64>("total")?;
    graph.build()?.run().await?;
    println!("total: {}", total.take().iter().sum::<i64>());

    // What is wrong with a graph is said in the compiler's words, edge by edge and then of the whole.
    let wrong = [
        "input = words 1 2\n total = add\n input => total",
        "input = words 1 2\n numbers = parse\n input => numbers",
        "input = words 1 2\n numbers = parse\n total = add\n input => numbers => total\n total.max_demand = 0",
        "tenfold = scale ten",
    ];
    for text in wrong {
        let error = read(&kinds, text).and_then(|graph| Ok(graph.build()?)).err();
        println!("\n{}", error.map_or("nothing is wrong".into(), |error| error.to_string()));
    }
    Ok(())
}
