//! What is said of a mistake when the program runs: the texts of the compiler, word for word. The macro's stand in the
//! macro's crate, which cannot share them; the suite's `texts` holds both against the recorded errors. Where the advice is
//! a form of `pipeline!`, `here` says what is called in a dynamic graph instead.

use crate::outline::mistake::Mistake;

pub(crate) fn empty() -> Mistake {
    Mistake::new("", "empty pipeline: write at least `producer => consumer`")
        .here("empty pipeline: add at least a producer and a consumer, and link them")
}

pub(crate) fn never_connected(name: &str) -> Mistake {
    let what = format!("stage `{name}` is declared but never connected");
    Mistake::new(name, format!("{what}: lead an edge to it, `=> {name}`, or remove it"))
        .here(format!("{what}: link something to it, or remove it"))
}

pub(crate) fn leads_nowhere(name: &str) -> Mistake {
    Mistake::new(name, format!("no edge leads from `{name}`: write at least `producer => consumer`"))
        .here(format!("no edge leads from `{name}`: link it to a consumer"))
}

pub(crate) fn no_consumer(name: &str) -> Mistake {
    Mistake::new(name, format!("`{name}` is not a consumer, so it cannot end a pipeline"))
        .note("end this path with a `#[consumer]`, or write `=> _` to discard the events")
        .note_here(format!("link it to a `#[consumer]`, or discard its events: `discard(\"{name}\")`"))
}

pub(crate) fn no_producer_first(name: &str) -> Mistake {
    Mistake::new(name, format!("`{name}` cannot start a pipeline: it is not a producer"))
        .note("every path through the graph must begin at a `#[producer]`")
}

pub(crate) fn no_producer(name: &str) -> Mistake {
    let text = "this graph has no producer: every stage has an upstream, so no event can ever enter it";
    Mistake::new(name, text)
}

pub(crate) fn cycle(names: &[&str]) -> Mistake {
    let (last, closing) = (names[names.len().saturating_sub(2)], names[0]);
    let here = format!("{}: close it with `link(\"{last}\", feedback(\"{closing}\", n, overflow))`", waits(names));
    Mistake::new(closing, round(names)).here(here)
}

/// A cycle, whose first name is its last one too.
pub(crate) fn round(names: &[&str]) -> String {
    format!("{}: mark the closing edge: `=> feedback(n) {}`", waits(names), names[0])
}

fn waits(names: &[&str]) -> String {
    format!("these edges form a cycle: `{}`; a bounded graph would deadlock", names.join(" => "))
}

pub(crate) fn two_graphs(other: &str, first: &str) -> Mistake {
    let what = format!("two unconnected graphs: nothing links `{other}` to `{first}`");
    Mistake::new(other, format!("{what}; use two `pipeline!`s, connect them, or begin with `independent;`"))
        .here(format!("{what}; build two graphs, or link them"))
}

/// An edge that is there already.
pub(crate) fn twice(from: &str, to: &str) -> Mistake {
    let what = format!("two edges lead from `{from}` to `{to}`: remove one");
    Mistake::new(to, format!("{what}, or bind a second instance with a `let` of its own"))
        .here(format!("{what}, or add a second node of its kind"))
}

/// Only outside of the macro can a `match` have company.
pub(crate) fn match_beside_others(name: &str) -> Mistake {
    let what = "`match` takes all that a stage emits, so it cannot be one of several";
    Mistake::new(name, format!("{what}: put a stage before it, `[a, |e| e => match {{ .. }}]`"))
        .here(format!("the route of `{name}` takes all that it emits, so no other edge can lead out of it"))
}

pub(crate) fn shared_beside_others(name: &str) -> Mistake {
    let text =
        format!("`{name}` shares its events out here, so no other edge can lead out of it: put a stage in between");
    Mistake::new(name, format!("{text}, `[|e| e => any [a, b], c]`")).here(format!("{text}, and share them out there"))
}

pub(crate) fn discard_beside_others(name: &str) -> Mistake {
    let text = "`_` discards all that a stage emits, so it cannot be one of several: leave it out";
    Mistake::new(name, text)
}

/// How two ends come to the workers of one partition together. Neither a branch nor an `else` can stand in a list.
fn together(name: &str, what: &str, listed: Option<(&str, &str)>, list: &str, leg: &str) -> Mistake {
    let remedy = match listed {
        Some((by, from)) => format!("lead both {list}, `[{by}, {from}] => by |e| .. [{leg}]`"),
        None => {
            format!("lead both into a stage before it, `let both = |e| e; .. => both; .. => both => by |e| .. [{leg}]`")
        }
    };
    Mistake::new(name, format!("{what}: {remedy}")).here(format!("{what}: {BEFORE_IT}"))
}

const BEFORE_IT: &str = "link both to a node before it, and that one with one `by`";

pub(crate) fn partitions_beside(name: &str, by: &str, from: &str, listed: bool) -> Mistake {
    let what = format!("`{name}` has a worker for each key of `{by}`, but what `{from}` brings goes to any of them");
    together(name, &what, listed.then_some((by, from)), "through one `by`", name)
}

pub(crate) fn partitions_of_two_lists(name: &str, by: &str, from: &str, listed: bool) -> Mistake {
    let what = format!("`{name}` is behind two `by` lists of different legs, so one key comes to two of its workers");
    together(name, &what, listed.then_some((by, from)), "into one list", &format!("{name}, .."))
}

pub(crate) fn feedback_into_partitions(name: &str) -> Mistake {
    let what = format!("`{name}` has a worker for each key, but what `feedback` brings back goes to any of them");
    let text = format!(
        "{what}: lead both into a stage before it, \
         `let again = |e| e; .. => again => by |e| .. [{name}]; .. => feedback(n) again`"
    );
    Mistake::new(name, text).here(format!("{what}: {BEFORE_IT}"))
}

pub(crate) fn closes_no_loop(from: &str, to: &str) -> Mistake {
    let what = format!("`feedback` closes a loop, but nothing leads from `{to}` back to `{from}`");
    Mistake::new(from, format!("{what}: write `=> {to}`")).here(format!("{what}: write `link(\"{from}\", \"{to}\")`"))
}

pub(crate) fn only_feedback(to: &str, entry: Option<&str>) -> Mistake {
    let Some(entry) = entry else {
        let text = format!("nothing but its own loop leads into `{to}`: no event can ever enter it");
        return Mistake::new(to, text);
    };
    let what = format!(
        "nothing but `feedback` leads into `{to}`: mark the edge that leads back to where events enter the loop"
    );
    Mistake::new(to, format!("{what}, `=> feedback(n) {entry}`"))
        .here(format!("{what}, `feedback(\"{entry}\", n, overflow)`"))
}

pub(crate) fn no_room(to: &str) -> Mistake {
    Mistake::new(to, format!("`feedback` to `{to}` must hold at least 1 event, got 0"))
}

pub(crate) fn waits_for_itself(to: &str) -> Mistake {
    let text = "a loop cannot wait for itself: `fail`, `drop_oldest` or `drop_newest`";
    let here = "a loop cannot wait for itself: `Overflow::Fail`, `DropOldest` or `DropNewest`";
    Mistake::new(to, text).here(here)
}

pub(crate) fn batch_over_feedback(name: &str, size: usize, room: usize, to: &str) -> Mistake {
    let text = format!(
        "a batch of {size} can never fill: `{name}` stands in the loop of `feedback({room}) {to}`, let it be {size} or more"
    );
    Mistake::new(name, text)
}

/// The edges into a stage, `several` of them, bring fewer events than its batch is to have.
pub(crate) fn batch_over_edges(name: &str, size: usize, all: usize, several: bool) -> Mistake {
    let why = if several {
        format!("the edges into `{name}` bring {all} events at once")
    } else {
        format!("`max_demand` of this edge to `{name}` is {all}")
    };
    Mistake::new(name, format!("a batch of {size} can never fill: {why}, let it be {size} or more"))
}

/// The types as the compiler writes them.
pub(crate) fn event(up: &str, emits: &str, down: &str, takes: &str) -> Mistake {
    let text = format!("event type mismatch: `{up}` emits `{emits}`, but `{down}` takes `{takes}`");
    Mistake::new(down, text)
        .note("to convert on the way, put a closure between them: `=> |e| ... =>`")
        .note_here("to convert on the way, put a node between them: a stage of its own, or `builder::map`")
}

pub(crate) fn takes_no_events(down: &str, up: &str) -> Mistake {
    Mistake::new(down, format!("`{down}` does not take events, so `{up}` cannot feed it"))
        .note("a `#[producer]` can only stand at the beginning of a path")
}

pub(crate) fn after_a_consumer(name: &str) -> Mistake {
    Mistake::new(name, format!("`{name}` is a consumer: it emits no events, so it ends its path"))
        .note("to give two stages the same events, write a list: `=> [a, b]`")
        .note_here("to give two stages the same events, link both to the one that emits them")
}

pub(crate) fn empty_list(name: &str) -> Mistake {
    Mistake::new(name, "empty stage list: name at least one stage between `[` and `]`")
        .here("empty list: name at least one node")
}

pub(crate) fn cannot_fail(name: &str) -> Mistake {
    Mistake::new(name, format!("`{name}` cannot fail: it returns no `Result`"))
        .note(format!("remove `else ..`, or let `{name}` return a `Result`"))
        .note_here(format!("remove this edge, or let `{name}` return a `Result`"))
}

pub(crate) fn errors_lead_nowhere(name: &str, fail: &str) -> Mistake {
    let text = format!("the errors of `{name}` lead nowhere: `{fail}` has no `else` edge and cannot end the pipeline");
    Mistake::new(name, text)
        .note(format!("give the error to a stage: `{name} else quarantine`, or implement `std::error::Error` for it"))
        .note_here(format!(
            "give the error to a stage: `link(errors_of(\"{name}\"), ..)`, or implement `std::error::Error` for it"
        ))
}

pub(crate) fn cannot_be_cloned(up: &str, leg: &str, event: &str) -> Mistake {
    let text = format!(
        "`{up}` is connected to several stages, and `{leg}` takes `{event}` by value, but `{event}` cannot be cloned"
    );
    let note = format!(
        "let `{leg}` take `&{event}`, derive `Clone` for `{event}`, or share the work out instead of copying it"
    );
    Mistake::new(leg, text).note(format!("{note}: `=> any [a, b]`")).note_here(format!("{note}: `any(\"{up}\", ..)`"))
}

pub(crate) fn is_not_sync(up: &str, leg: &str, event: &str) -> Mistake {
    let text =
        format!("`{up}` is connected to several stages, and `{leg}` borrows `{event}`, but `{event}` is not `Sync`");
    let note = format!("let `{leg}` take `{event}` by value (then it is cloned), or share the work out instead");
    Mistake::new(leg, text).note(format!("{note}: `=> any [a, b]`")).note_here(format!("{note}: `any(\"{up}\", ..)`"))
}

pub(crate) fn cannot_go_back(up: &str, leg: &str, event: &str) -> Mistake {
    let text =
        format!("`{up}` is connected to several stages, one of them by `feedback`, but `{event}` cannot be cloned");
    let note = format!("derive `Clone` for `{event}`, or share the events out instead of copying them");
    Mistake::new(leg, text).note(note.clone()).note_here(format!("{note}: `any(\"{up}\", ..)`"))
}

pub(crate) fn two_of_one_name(name: &str) -> Mistake {
    Mistake::new(name, format!("the name `{name}` is defined multiple times"))
}

pub(crate) fn cannot_overlap(name: &str) -> Mistake {
    Mistake::new(name, format!("`{name}` cannot have several events in flight"))
        .note("for more throughput of a synchronous or stateful stage, use `.workers(n)`")
        .note_here("for more throughput of a stage that takes events, let it have `workers`")
}

/// Only the builder can forget a stage.
pub(crate) fn not_there(name: &str) -> Mistake {
    let text = format!("an edge leads to `{name}`, which is not among the stages of the graph: give it to `build` too");
    Mistake::new(name, text)
}

/// Only the builder can make an edge of a broadcast that is none.
pub(crate) fn not_shared(name: &str, to: &str) -> Mistake {
    let text = format!("`{name}` leads to several stages, but its edge to `{to}` is not one of a broadcast");
    Mistake::new(name, text).note("use `share` (or `share_join`) for each of its edges, or `any` to share the work")
}

/// Why `->` cannot lead from one stage to another.
pub(crate) enum Unfused {
    Workers,
    Concurrency,
    Batch,
    OutOfWorkers,
}

pub(crate) fn fused(from: &str, to: &str, why: &Unfused) -> Mistake {
    let both = "`->` runs both stages in one task";
    let text = match why {
        Unfused::Workers => format!("{both}, so `{to}` cannot have its own workers; use `=>`"),
        Unfused::Concurrency => format!("{both}, so `{to}` cannot have several calls in flight; use `=>`"),
        Unfused::Batch => format!("{both}, so `{to}` cannot collect batches; use `=>`"),
        Unfused::OutOfWorkers => format!("{both}, but `{from}` has its own workers; use `=>`"),
    };
    Mistake::new(to, text)
}

pub(crate) fn fused_too_often(to: &str, most: usize) -> Mistake {
    Mistake::new(to, format!("more than {most} `->` in a row: put a `=>` in between"))
}

/// An option that the stage's place gives no meaning.
pub(crate) fn misplaced(name: &str, option: &str) -> Mistake {
    let me = format!("`{name}`");
    let text = match option {
        "buffer" => format!("`buffer` belongs to a producer: {me} takes events, and waits for demand"),
        "poll_every" => format!("`poll_every` belongs to a producer that takes a `Demand`: {me} takes events"),
        "batch" => format!("`batch` belongs to a stage that takes events: {me} begins the path"),
        "restart" => format!("{me} begins the path, and a producer cannot begin again: its events would come twice"),
        "workers" => {
            format!(
                "`workers` belongs to a stage that takes events: {me} begins the path, and each worker would give all its events"
            )
        }
        _ => {
            format!("`{option}` belongs to the stages that {me} feeds: it begins the path, and a producer asks nobody")
        }
    };
    Mistake::new(name, text)
}

pub(crate) fn at_least_one(name: &str, option: &str) -> Mistake {
    Mistake::new(name, format!("`{option}` of `{name}` must be at least 1, got 0"))
}

pub(crate) fn holds_nothing(name: &str, option: &str) -> Mistake {
    Mistake::new(name, format!("`{option}` of `{name}` must hold at least 1 event, got 0"))
}

pub(crate) fn too_much_demand(name: &str, most: usize, max: usize) -> Mistake {
    Mistake::new(name, format!("`max_demand` of `{name}` must be at most {most}, got {max}"))
}

pub(crate) fn min_demand(name: &str, min: usize, max: usize) -> Mistake {
    Mistake::new(name, format!("`min_demand` of `{name}` must be lower than its `max_demand`, got {min} and {max}"))
}

pub(crate) fn batch_over_demand(name: &str, size: usize, max: usize) -> Mistake {
    let text = format!("a batch of {size} can never fill: `max_demand` of `{name}` is {max}, let it be {size} or more");
    Mistake::new(name, text)
}
