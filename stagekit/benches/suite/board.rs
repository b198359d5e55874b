//! What was measured: a line for scripts as soon as a case is done, and all of it as a table at the end.

use std::fmt::{self, Display};
use std::time::Duration;

/// What a number is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

impl Bar {
    fn is_met(self, measured: f64) -> bool {
        match self {
            Bar::AtMost(most) => measured <= most,
            Bar::AtLeast(least) => measured >= least,
        }
    }
}

impl Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bar::AtMost(most) => write!(f, "≤ {}", Short(*most)),
            Bar::AtLeast(least) => write!(f, "≥ {}", Short(*least)),
        }
    }
}

/// A number in four digits or so.
pub(crate) struct Short(pub(crate) f64);

impl Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.abs() {
            1000.0.. => write!(f, "{:.0}", self.0),
            100.0.. => write!(f, "{:.1}", self.0),
            _ => write!(f, "{:.3}", self.0),
        }
    }
}

/// What the command line asks for, and what was measured so far.
pub(crate) struct Board {
    /// Tiny sizes, one round: answers only.
    pub(crate) smoke: bool,
    /// How long the soak runs.
    pub(crate) soak: Duration,
    /// Cases, or what their names begin with; empty for all.
    pub(crate) only: Vec<String>,
    rows: Vec<[String; 6]>,
    bars: (usize, usize),
}

impl Board {
    pub(crate) fn new(smoke: bool, soak: Duration, only: Vec<String>) -> Self {
        Board { smoke, soak, only, rows: Vec::new(), bars: (0, 0) }
    }

    /// `n`, or `few` where only the answers matter.
    pub(crate) fn size(&self, n: u64, few: u64) -> u64 {
        if self.smoke { few } else { n }
    }

    /// Whether one of these cases, or of those whose names begin so, was asked for.
    pub(crate) fn wants(&self, cases: &[&str]) -> bool {
        let is_wanted =
            |case: &&str| self.only.iter().any(|only| case.starts_with(only.as_str()) || only.starts_with(*case));
        self.only.is_empty() || cases.iter().any(is_wanted)
    }

    /// Begins the line of a case.
    pub(crate) fn case(&mut self, name: impl Into<String>) -> Line<'_> {
        let name = name.into();
        Line { text: format!("bench {name}"), name, board: self }
    }

    /// Prints everything as a table in Markdown.
    pub(crate) fn print(&self) {
        let heads = ["case", "measure", "ours", "rival", "bar", "measured"].map(str::to_owned);
        let width =
            |at: usize| self.rows.iter().chain([&heads]).map(|row| row[at].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        let print = |row: &[String; 6]| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            println!("| {} |", cells.join(" | "));
        };
        println!();
        print(&heads);
        println!("|{}|", widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("|"));
        self.rows.iter().for_each(print);
        if !self.smoke {
            println!("\n{} of {} bars met", self.bars.0, self.bars.1);
        }
    }
}

/// The line of one case, for a script: `bench NAME key=value ..`. A bar is `bar_KEY=` if it is the most that the value
/// of that key may be, and `floor_KEY=` if it is the least.
#[must_use = "a line is to be printed"]
pub(crate) struct Line<'a> {
    board: &'a mut Board,
    name: String,
    text: String,
}

impl Line<'_> {
    /// A value that is compared with nothing: for scripts only.
    pub(crate) fn value(mut self, key: &str, value: f64) -> Self {
        self.text += &format!(" {key}={value:.4}");
        self
    }

    /// A value with a bar, or one that belongs into the table: with what was measured of ours, and of the rival.
    pub(crate) fn measured(
        mut self,
        key: &str,
        value: f64,
        (ours, rival): (impl Display, impl Display),
        bar: Option<Bar>,
    ) -> Self {
        self.text += &format!(" {key}={value:.4}");
        let mut cells = [String::new(), Short(value).to_string()];
        if let Some(bar) = bar {
            self.text += &match bar {
                Bar::AtMost(most) => format!(" bar_{key}={most}"),
                Bar::AtLeast(least) => format!(" floor_{key}={least}"),
            };
            cells[0] = bar.to_string();
            if !self.board.smoke {
                let is_met = bar.is_met(value);
                cells[1] =
                    if is_met { format!("{} met", Short(value)) } else { format!("**{} missed**", Short(value)) };
                self.board.bars.0 += usize::from(is_met);
                self.board.bars.1 += 1;
            }
        }
        let [bar, measured] = cells;
        let row = [self.name.clone(), key.to_owned(), ours.to_string(), rival.to_string(), bar, measured];
        self.board.rows.push(row);
        self
    }

    pub(crate) fn print(self) {
        println!("{}", self.text);
    }
}
