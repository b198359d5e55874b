//! The page "The language" of the documentation: the grammar, and a picture of each form, drawn from the form itself.

use std::fmt::Write as _;

use stagekit::Topology;
use stagekit::prelude::*;

use crate::graphs::Topological;
use crate::shown::compare;

#[derive(Clone)]
pub(crate) struct Order {
    customer: u32,
}

pub(crate) struct Wrong;

#[allow(dead_code, reason = "it is only drawn")]
pub(crate) enum Event {
    Order(Order),
    Log(String),
    Ping,
}

macro_rules! stages {
    ($($kind:ident $name:ident($($from:ty)?) $(-> $to:ty)?;)*) => {
        $(#[$kind] pub(crate) fn $name($(_event: $from)?) $(-> $to)? { unreachable!("it is only drawn") })*
    };
}

stages! {
    producer numbers() -> Vec<u64>;
    producer words() -> Vec<String>;
    producer orders() -> Vec<Order>;
    producer events() -> Vec<Event>;
    producer_consumer double(u64) -> u64;
    producer_consumer show(u64) -> String;
    producer_consumer parse(String) -> Result<u64, Wrong>;
    producer_consumer fix(Wrong) -> String;
    consumer save(u64);
    consumer audit(&u64);
    consumer print(String);
    consumer ship(Order);
    consumer refuse(Wrong);
}

const HEAD: &str = "What may stand in `pipeline!`, each form with the picture that [`Topology::to_svg`](crate::Topology::to_svg) draws of it. \
What the compiler says where something else stands is on the page [Errors](crate::guide::errors); what each form becomes, in \
[`builder`](crate::builder).

```text
pipeline  := setting* (binding | path) (';' (binding | path))* ';'?
setting   := 'independent' ';' | 'crate' '=' PATH ';'
binding   := 'let' IDENT '=' node                     one instance for several edges; its state by name
path      := head (edge target)*
head      := node | group | '..'
edge      := '=>' | '->'                              a subscription | fused into the same task
target    := node | mode? group | branches | loop | '_' | '..'
mode      := 'all' | 'any' | 'by' CLOSURE             every event to each | shared work | by key
group     := '[' path (',' path)* ','? ']'
branches  := 'match' '{' (PAT ('if' EXPR)? '=>' path ',')+ '}'
loop      := 'feedback' '(' n (',' policy)? ')' IDENT fail | drop_oldest | drop_newest
node      := stage ('.' OPTION '(' TOKENS ')')* ('else' target)?
stage     := PATH ('(' TOKENS ')')? | closure | '(' closure ')' | '{' EXPR '}'
closure   := ('filter' | 'flat_map' | 'try_map' | 'inspect')? CLOSURE
```

`pipeline!` takes any of Rust's brackets. Options are the methods of [`Node`](crate::Node), each with its default; those of an edge into a
`let` are the methods of [`Edge`](crate::Edge). What a function is as a stage is told [by its signature](crate#signatures).
";

/// A form: its title, what it means, how it is written, and its picture.
struct Form(&'static str, &'static str, String, Topology);

macro_rules! forms {
    ($($title:literal, $about:literal, { $($graph:tt)* } $(as $of:ty)?)*) => {
        vec![$(Form($title, $about, stringify!($($graph)*).into(), {
            let pipeline $(: $of)? = pipeline! { $($graph)* };
            pipeline.graph()
        })),*]
    };
}

fn forms() -> Vec<Form> {
    forms! {
        "A subscription: `=>`", "The stage on the right asks, the one on the left sends no more than that. It isolates failures; where a \
    stage runs is stagekit's choice, or `own_task()`.", { numbers => double => save }
        "Fusion: `->`", "Both functions are one loop in one task: no demand in between, no channel, no call by pointer. At most 16 in a row.",
            { numbers => double -> show -> print }
        "Every event to each: a list", "`=> [a, b]`, or `=> all [a, b]`. The pace is that of the slowest. Who takes `&E` shares the event, who \
    takes `E` gets a clone. A leg may be a whole path.", { numbers => [audit, double => save] }
        "Shared work: `any`", "Each event to one of them, whoever has asked. `workers(n)` is the same with n instances of one stage.",
            { numbers => any [save, show => print] }
        "By key: `by`", "Events of one key go to one worker, in order. The key may borrow from the event, and is hashed by a stable hash.",
            { orders => by |order| order.customer [ship.workers(4)] }
        "Branches: `match`", "Rust's own patterns, checked by Rust. What the pattern binds travels on: one name is that value, several \
    are a tuple, none is `()`; `other => stage` sends the whole event.", {
            events => match { Event::Order(order) => ship, Event::Log(line) if !line.is_empty() => print, _ => _ }
        }
        "Errors: `else`", "What a stage returns as `Err` goes along this edge. Without one the stage's `on_error` decides: stop, skip or retry.",
            { words => parse else refuse => save }
        "Fan-in: a list at the beginning", "Each of them is asked for its own.", { [numbers, words => parse else _] => save }
        "One instance for several edges: `let`", "A diamond, or whatever the arrows say. The state of the stage is a field of the result.",
            { let store = save; numbers => [store, double => store] }
        "A loop: `feedback`", "So many events go round at once, new ones wait outside; the loop ends when it is empty. Where a stage of the \
    loop makes several events of one, the policy decides what becomes of those that have no room.", {
            let parse = parse else [fix => feedback(64) parse]; words => parse => save
        }
        "Open ends: `..`", "Open on both sides it is a [`Segment`](crate::Segment), a node of other graphs in braces; a beginning alone is an \
    [`Output`](crate::Output) (a `Stream`), an end alone an [`Input`](crate::Input) (a `Sink`).", { .. => double => show => .. } as Segment<u64, String>
        "Closures", "A bare one maps; at the end of a path it takes each event.",
            { numbers => filter |n| n % 2 == 0 => |n| n.to_string() => print }
        "Nothing more: `_`", "What comes is discarded. Its receipt is acknowledged; behind a source that acknowledges there is a warning, \
    unless a consumer says that it is meant: `=> |_| ()`.", { numbers => double => _ }
    }
}

#[test]
fn the_page_of_the_language_is_true() {
    let mut page = HEAD.to_owned();
    for Form(title, about, graph, topology) in forms() {
        // Where a form stands in this file says nothing on the page.
        let (mut picture, drawn) = (String::new(), topology.to_svg());
        let mut parts = drawn.split(concat!("&#10;", file!(), ":"));
        picture.push_str(parts.next().unwrap_or_default());
        parts.for_each(|part| picture.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':')));
        let graph = graph.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = write!(page, "\n## {title}\n\n{about}\n\n```text\n{graph}\n```\n\n{picture}\n");
    }
    compare("../stagekit/src/guide/language.md", &page);
}
