//! The forms of `#[stage] impl`.
#![deny(warnings)]
#![allow(dead_code)]

use std::collections::HashMap;
use std::fmt::Debug;
use std::io;

use stagekit::live::{Answer, Asks, Callbacks, Context, Ended, NoEvents, Reason, Subscribe, Subscription};
use stagekit::prelude::*;

/// A producer, synchronous.
#[derive(Default)]
struct Counter {
    next: u64,
}

#[stage]
impl Counter {
    const STEP: u64 = 1;

    /// Helpers are left alone, and so is what has no `self`.
    fn init(next: u64) -> Self {
        Counter { next }
    }
    fn take(&mut self, n: usize) -> std::ops::Range<u64> {
        let from = self.next;
        self.next += n as u64 * Self::STEP;
        from..self.next
    }
    fn on_demand(&mut self, demand: Demand) -> Vec<u64> {
        self.take(demand.get()).collect()
    }
    fn on_info(&mut self, next: u64, cx: &mut Context<u64>) {
        self.next = next;
        cx.emit(next);
    }
    fn on_subscriber(&mut self, options: &Subscribe<u64>) -> Result<(), String> {
        options.extra::<u8>().map_or(Ok(()), |_| Err("no".into()))
    }
    fn on_subscriber_cancel(&self, from: &Subscription, ended: &Ended) {
        println!("{from:?} {ended:?}");
    }
    fn on_discarded(&mut self, events: Vec<u64>) -> bool {
        events.len() > 3
    }
}

/// A producer that ends, and may fail.
struct Lines(Vec<String>);

#[stage(name = "lines")]
impl Lines {
    async fn on_start(&mut self) -> io::Result<()> {
        Ok(())
    }
    async fn on_demand(&mut self, Demand { .. }: Demand) -> Result<Option<Vec<String>>, io::Error> {
        Ok(self.0.pop().map(|line| vec![line]))
    }
    async fn on_stop(&mut self, reason: &Reason) {
        println!("{reason}");
    }
}

/// A producer that emits only what it is told.
struct Told;

#[stage]
impl Told {
    fn on_info(&mut self, n: &u32) -> impl Iterator<Item = u32> {
        0..*n
    }
}

/// A producer-consumer, one event at a time; generic.
struct Seen<T, const N: usize>(HashMap<T, usize>);

#[stage]
impl<T: Debug + std::hash::Hash + Eq + Clone, const N: usize> Seen<T, N>
where
    T: Sync,
{
    async fn on_event(&mut self, event: &T, from: &Subscription) -> Option<(T, usize)> {
        let _ = from;
        let seen = self.0.entry(event.clone()).or_default();
        *seen += 1;
        (*seen <= N).then(|| (event.clone(), *seen))
    }
}

/// Every way to be given a batch and to give it back.
struct Batches;

#[stage]
impl Batches {
    fn on_events(&mut self, cx: &mut Context<u8>, events: &[String]) -> impl Iterator<Item = Result<u8, String>> {
        cx.emit(1);
        events.iter().map(|event| event.parse::<u8>().map_err(|error| error.to_string())).collect::<Vec<_>>().into_iter()
    }
    fn on_subscribe(&mut self, _: &Subscription, options: &Subscribe<String>) -> Result<Asks, String> {
        let _ = options;
        Ok(Asks::Manually)
    }
    fn on_cancel(&mut self, ended: &Ended, cx: &mut Context<u8>) -> Answer {
        let _ = ended;
        cx.finish();
        Ok(())
    }
}

/// A consumer, which ends itself.
struct Sum {
    total: u64,
}

#[stage]
impl Sum {
    fn on_event(&mut self, n: u64, cx: &mut Context<NoEvents>) -> Result<(), std::num::TryFromIntError> {
        self.total += u64::from(u32::try_from(n)?);
        if self.total > 100 {
            cx.stop(Reason::Normal);
        }
        Ok(())
    }
    fn on_subscribe(&mut self) {}
}

/// Types by other names.
type Id = u64;
type Ids = Context<Id>;

struct Renamed;

#[stage(takes = Id, emits = Id, crate = stagekit)]
impl Renamed {
    fn on_events(&mut self, events: Vec<u64>) -> Vec<u64> {
        events
    }
    fn on_info(&mut self, (): (), cx: &mut stagekit::live::Context<Id>) {
        let _: &mut Ids = cx;
    }
}

/// A list or the end, of results.
struct Shapes;

#[stage]
impl Shapes {
    fn on_start(&mut self) -> Option<Result<u8, String>> {
        None
    }
    fn on_demand(&mut self) -> Option<Vec<Result<u8, String>>> {
        None
    }
    fn on_subscriber_cancel(&mut self) -> Result<Vec<u8>, String> {
        Ok(vec![1])
    }
    fn on_info(&mut self, _: &String) -> Result<impl IntoIterator<Item = u8>, std::fmt::Error> {
        Ok([1])
    }
}

/// From a macro, with names that the expansion uses too.
macro_rules! relay {
    ($name:ident, $ty:ty) => {
        struct $name {
            events: u8,
            result: u8,
        }
        #[stage]
        impl $name {
            fn on_event(&mut self, event: $ty) -> Result<Option<$ty>, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Some(event))
            }
            async fn on_cancel(&mut self) {}
        }
    };
}
relay!(Made, u64);

fn is<S: Callbacks<In = I, Out = O, Info = N>, I, O, N>(_: &S, sync: bool, name: &str) {
    assert_eq!(S::SYNC, sync);
    assert_eq!(S::name(), name);
}

fn main() {
    /// In a function.
    struct Inner;
    #[stage]
    impl Inner {
        fn on_event(&self, event: &u8) -> Option<u8> {
            Some(*event)
        }
    }
    is::<_, u8, u8, ()>(&Inner, true, "Inner");
    let mut counter = Counter::init(3);
    assert_eq!(counter.on_demand(Demand::new(2)), [3, 4], "a callback stays a plain method");
    is::<_, NoEvents, u64, u64>(&counter, true, "Counter");
    is::<_, NoEvents, String, ()>(&Lines(Vec::new()), false, "lines");
    is::<_, NoEvents, u32, u32>(&Told, true, "Told");
    is::<_, u8, (u8, usize), ()>(&Seen::<u8, 3>(HashMap::new()), false, "Seen");
    is::<_, String, u8, ()>(&Batches, true, "Batches");
    is::<_, u64, NoEvents, ()>(&Sum { total: 0 }, true, "Sum");
    is::<_, u64, u64, ()>(&Made { events: 1, result: 2 }, false, "Made");
    is::<_, NoEvents, u8, String>(&Shapes, true, "Shapes");
    is::<_, u64, u64, ()>(&Renamed, true, "Renamed");
}
