// What a stage is generic in is known from the stage before it, or from the one behind it.
#![deny(warnings)]

use stagekit::prelude::*;
use tests::stages::*;

#[producer_consumer]
fn pass<T: Send + 'static>(x: T) -> T {
    x
}
#[producer_consumer]
fn collect<T: Send + 'static, C: FromIterator<T> + Send + 'static>(x: T) -> C {
    [x].into_iter().collect()
}
#[consumer]
fn list(x: Vec<u64>) {
    drop(x)
}
#[producer]
fn defaults<T: Default + Send + 'static>() -> impl Iterator<Item = T> {
    (0..3).map(|_| T::default())
}
fn seg<T: Send + 'static>() -> Segment<T, T> {
    pipeline! { .. => pass => .. }
}
fn main() {
    let _ = pipeline! { counter(0..3) => pass => pass.name("b") -> convert::<_> => save };
    let _ = pipeline! { counter(0..3) => collect::<_> => list };
    let _ = pipeline! { defaults::<_> => save };
    let _ = pipeline! { defaults::<_> => match { n if n > 3 => save, n => pass => sum(0) } };
    let _ = pipeline! { happenings => match { Happening::Counted(n) => pass => convert::<_> => save, Happening::Ordered(o) => price => print, _ => _ } };
    let _ = pipeline! { counter(0..3) => { seg() } => save };
    let _ = pipeline! { words => parse else [pass => quarantine] => save };
}
