//! Graphs that are known only when the program runs: from a configuration file, a user interface, a database.
//!
//! The stages are the same functions, and the running pipeline is the same: a graph is put together from [`AnyNode`]s,
//! whose types are compared when they are linked and are there again when it is [built](Graph::build). Nothing of it is
//! left when events flow: no box, no downcast, no call more than in the same graph under [`pipeline!`](crate::pipeline).
//!
//! ```
//! use stagekit::dynamic::{Kinds, errors_of, node, producer, stage};
//! use stagekit::prelude::*;
//!
//! #[producer]
//! fn words(text: String) -> impl Iterator<Item = String> {
//!     text.split(' ').map(str::to_owned).collect::<Vec<_>>().into_iter()
//! }
//! #[producer_consumer]
//! fn parse(word: String) -> Result<u64, std::num::ParseIntError> { word.parse() }
//! #[consumer]
//! fn add(n: u64, sum: &mut u64) { *sum += n; }
//! #[consumer]
//! fn complain(_error: std::num::ParseIntError, count: &mut u64) { *count += 1; }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What there is, each under a name. A constructor is given something of the configuration: here, a text.
//! let mut kinds: Kinds<str> = Kinds::new();
//! kinds
//!     .kind("words", |text| producer(node!(words(text.to_owned()))))
//!     .kind("parse", |_| stage(node!(parse.workers(1))))
//!     .kind("add", |_| stage(node!(add(0))))
//!     .kind("complain", |_| stage(node!(complain(0))));
//!
//! // The configuration: a line for each node (name, kind, argument), for each option, and for each edge.
//! let config = "
//!     node input words 1 two 3
//!     node numbers parse
//!     node total add
//!     node refused complain
//!     set numbers workers 2
//!     edge input numbers
//!     edge numbers total
//!     else numbers refused
//! ";
//! let mut graph = kinds.graph();
//! for line in config.lines().filter(|line| !line.trim().is_empty()) {
//!     let words: Vec<&str> = line.trim().splitn(4, ' ').collect();
//!     match words[..] {
//!         ["node", name, kind] => graph.add(name, kind, "")?,
//!         ["node", name, kind, given] => graph.add(name, kind, given)?,
//!         ["set", name, option, value] => graph.set(name, option, value)?,
//!         ["edge", from, to] => graph.link(from, to)?,
//!         ["else", from, to] => graph.link(errors_of(from), to)?,
//!         _ => return Err(format!("what does `{line}` say?").into()),
//!     }
//! }
//! let (total, refused) = (graph.kept::<u64>("total")?, graph.kept::<u64>("refused")?);
//! graph.build()?.run().await?;
//! assert_eq!((total.take(), refused.take()), (vec![4], vec![1]));
//! # Ok(()) }
//! ```
//!
//! # What is checked, and when
//!
//! | when | what |
//! |---|---|
//! | compiled | a constructor: the stage and its arguments, the options that need something of it |
//! | [`add`](Graph::add), [`set`](Graph::set) | the kind, the name, the option and the form of its value |
//! | [`link`](Graph::link), [`any`](Graph::any), [`by`](Graph::by), [`route`](Graph::route) | the event types, the type of a partition key or a route, that a broadcast can clone or lend its events, an edge that is there twice |
//! | [`build`](Graph::build) | the graph as a whole: what is never connected, left open, a cycle, two graphs in one, options that cannot work |
//!
//! Each mistake is a [`GraphError`](crate::builder::GraphError) with the text that the compiler has for the same mistake in
//! a [`pipeline!`](crate::pipeline), and advice that can be followed here; nothing panics.
//!
//! ```
//! # use stagekit::dynamic::{Kinds, node, producer, stage};
//! # use stagekit::prelude::*;
//! # #[consumer] fn save(_n: u64) {}
//! # let kinds: Kinds = Kinds::new();
//! let mut graph = kinds.graph();
//! graph.put("numbers", producer(from_iter(0..3u64)))?;
//! // One event for each, so that it is a `Vec<String>` that travels.
//! graph.put("show", stage(stagekit::builder::map(
//!     &stagekit::builder::annotated(stagekit::builder::ty::<u64>()), |n| vec![n.to_string()],
//! )))?;
//! graph.put("save", stage(node!(save)))?;
//! graph.link("numbers", "show")?;
//! let error = graph.link("show", "save").unwrap_err();
//! assert_eq!(
//!     error.mistakes()[0].text(),
//!     "event type mismatch: `show` emits `Vec<String>`, but `save` takes `u64`",
//! );
//! # Ok::<_, stagekit::builder::GraphError>(())
//! ```
//!
//! A broadcast of events that a stage takes by value clones them, and one that stages borrow lends them: that a type is
//! `Clone` or `Sync` cannot be asked when the program runs, so the kinds are told once, [`Kinds::clones`] and
//! [`Kinds::lends`]. They know the simple types of the standard library.
//!
//! # Typed parts
//!
//! Fusion (`a -> b`) makes one type of two stages, so it happens where types are: a [`Segment`](crate::Segment) is a node
//! (`stage(node!({ clean() }))`), an [`Output`](crate::Output) is a producer, and a graph can become a segment
//! ([`build_segment`](Graph::build_segment)) that stands in a `pipeline!`. Synchronous stages in a line share a task anyway,
//! and a hop between them is a call.
//!
//! | in `pipeline!` | here |
//! |---|---|
//! | `a => b` | `graph.link("a", "b")` |
//! | `a => [b, c]` | `graph.link("a", "b")`, `graph.link("a", "c")` |
//! | `[a, b] => c` | `graph.link("a", "c")`, `graph.link("b", "c")` |
//! | `a => any [b, c]` | `graph.any("a", ["b", "c"])` |
//! | `a => by \|e\| e.id [b, c]` | `kinds.key("id", \|e: &Event\| e.id)`, `graph.by("a", "id", ["b", "c"])` |
//! | `a else b` | `graph.link(errors_of("a"), "b")` |
//! | `a => _` | `graph.discard("a")` |
//! | `a => match { .. }` | `kinds.route("kind", \|e: &Event\| e.kind())`, `graph.route("a", "kind", [("new", "b"), ("_", "_")])` |
//! | `b => feedback(64) a` | `graph.link("b", feedback("a", 64, Overflow::Fail))` |
//! | `a => b.max_demand(5)` | `graph.set("b", "max_demand", 5)`; of one edge, [`link_with`](Graph::link_with) |
//! | `let b = add(0);` and `finished.b` | `graph.kept::<u64>("b")`, and `take()` |
//! | `.. => a => b => ..` | `graph.build_segment("a", "b")` |

mod any_node;
mod ends;
mod fits;
mod graph;
mod kinds;
mod place;
mod set;
mod types;
mod words;

pub use any_node::{AnyNode, producer, stage};
pub use ends::{End, To, errors_of, feedback};
pub use graph::{Graph, Kept};
pub use kinds::{Kinds, Made};
pub use stagekit_macros::node;
