// The user's names and the macro's do not meet, not in a macro of the user's own either.
#![deny(warnings)]

use stagekit::prelude::*;
use tests::stages::*;

macro_rules! wire {
    ($($graph:tt)*) => { pipeline! { $($graph)* } };
}
macro_rules! into {
    ($target:ident) => {
        pipeline! { words -> parse else _ => by |x| x % 2 [$target.workers(2)] }
    };
}

struct Finished(u64);

fn generic<T: Clone + Send + Sync + std::fmt::Debug + 'static>(value: T) -> Pipeline {
    pipeline! { { from_iter([value]) } => [|x| drop(Some(x)), |x: &T| println!("{x:?}")] }
}

#[producer(as = Ticks)]
fn ticks(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    range
}

#[consumer]
fn labelled(x: u64, label: &'static str) {
    println!("{label}: {x}");
}

#[producer_consumer(one)]
fn whole(x: u64) -> Perhaps {
    Some(x)
}
type Perhaps = Option<u64>;

async fn all() -> Result<(), stagekit::Error> {
    let counted = pipeline! { Ticks(0..3) => whole => |_| () }.await?;
    drop(counted);
    Ok(())
}

fn main() {
    drop(all());
    let (__p1, __p1_port, __e1, up) = (1, 2, 3, 4);
    let _ = pipeline! { counter(0..__p1) => |x| x + __p1_port + __e1 + up => save };
    let _ = wire! { [counter(0..3), counter(3..6)] => double => [save, print] };
    let _ = into!(save);
    let _ = pipeline! {
        let total = sum(Finished(3).0);
        let r#type = sum(0);
        counter(0..3) => [total, r#type]
    };
    let _ = generic("text");
    let _ = pipeline! { Ticks(0..3) => labelled("ticks") };
    let double = |x: u64| x;
    let _ = pipeline! { counter(0..3) => double => save };
    let _ = double(3);
}
