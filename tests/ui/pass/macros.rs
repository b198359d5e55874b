// Graphs in macros of the user's own: whatever a fragment is, it stands where it would stand without the macro.
#![deny(warnings)]

use stagekit::prelude::*;
use tests::stages::*;

pub mod kit {
    pub use stagekit as runtime;
    pub use tests::stages::double as twice;
}
use kit::twice;
use tests::stages::{counter as from, save as keep};

macro_rules! chain {
    ($first:path, $range:expr, $last:path) => {
        pipeline! { $first($range) => $last }
    };
}
macro_rules! closures {
    ($map:expr, $each:expr, $limit:literal) => {
        pipeline! { counter(0..$limit) => $map -> filter |n| *n < $limit => (|n: u64| n + $limit).workers(2) => $each }
    };
}
macro_rules! values {
    ($value:expr, $stage:ident, $args:tt) => {
        pipeline! { { $value } => double => $stage $args }
    };
}
macro_rules! branches {
    ($($pattern:pat => $target:path),*; $rest:ident) => {
        pipeline! { happenings => match { $($pattern => $target,)* $rest => |happening| drop($rest(happening)) } }
    };
}
macro_rules! keyed {
    ($key:expr, $n:literal, $else:path) => {
        pipeline! { words => parse else $else => by |n| $key(*n) [save.workers($n)] }
    };
}
macro_rules! named {
    ($($name:ident = $stage:expr),*; $ty:ty, $by:expr) => {
        pipeline! { $(let $name = $stage;)* counter(0..3) => |n: $ty| n * $by => [$($name.max_demand(9)),*] }
    };
}
/// Names the runtime by a path of its own.
macro_rules! elsewhere {
    ($($graph:tt)*) => {
        pipeline! { crate = $crate::kit::runtime; $($graph)* }
    };
}
macro_rules! stage {
    ($name:ident, $ty:ty, $body:expr) => {
        #[kit::runtime::producer_consumer(crate = crate::kit::runtime)]
        fn $name(event: $ty) -> $ty {
            $body(event)
        }
    };
}
stage!(triple, u64, |n| n * 3);

#[derive(PartialEq)]
struct Point {
    x: u64,
}
macro_rules! conditions {
    ($point:expr) => {
        pipeline! { counter(0..3) => |n| if $point.x == n { 1 } else { 0 } => match { n if $point == (Point { x: n }) => save, _ => _ } }
    };
}

macro_rules! nested {
    ($($leg:tt)*) => {
        chain_of! { counter(0..3) => [$($leg)*] }
    };
}
macro_rules! chain_of {
    ($($graph:tt)*) => {
        pipeline!($($graph)*)
    };
}

fn rest(happening: Happening) -> Happening {
    happening
}

fn main() {
    let _ = conditions!(Point { x: 3 });
    let limit = 3;
    let _ = chain!(counter, 0..limit, save);
    let _ = chain!(tests::stages::counter, 0..3, tests::stages::save);
    let _ = closures!(|n| n * limit, |n: u64| assert!(n < 100), 4);
    let _ = values!(from_iter(0..3u64), sum, (0));
    let _ = branches!(Happening::Counted(n) => save, Happening::Ordered(order) => ship; rest);
    let _ = keyed!(|n| n % 2, 2, quarantine);
    let _ = named!(a = |n: u64| assert!(n < 9), b = sum(0), c = save; u64, 1 + 2);
    let _ = elsewhere! { from(0..3) => triple => twice -> kit::twice.name("again") => keep };
    let _ = pipeline! { crate = kit::runtime; counter(0..3) => match { 0 => _, n => sum(n_of(1)) } };
    let _ = nested!(double => save, print);
    let _ = pipeline! {
        independent;
        counter(0..3) => save;
        words => alarm;
    };
}

fn n_of(n: u64) -> u64 {
    n
}
