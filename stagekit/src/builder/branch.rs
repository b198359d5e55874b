//! Edges from one stage to the branches of a `match`.

use std::any::Any;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use crate::dispatcher::{BranchLeg, Branches, NOWHERE, Router, note, routed};
use crate::lock::lock;
use crate::op::{Branch, CannotFail, Event};
use crate::port::{Lump, Match, Port, SharedOutlets, leads, outlets};
use crate::ring::Ring;
use crate::stage::{BranchOutlet, Edges, wire};
use crate::telemetry::Meter;
use crate::topology::{Fork, Type};

/// One branch of a `match`: what its pattern binds goes to the stages behind it. `B` names it in messages.
pub struct Way<P, B> {
    at: u32,
    events: Vec<P>,
    outlets: SharedOutlets<P>,
    text: Cow<'static, str>,
    name: PhantomData<fn() -> B>,
}

/// `PATTERN =>`: a branch, as it is written and as messages name it.
pub fn way<P: 'static, B>(text: &'static str, _: fn() -> B) -> Way<P, B> {
    Way { at: 0, events: Vec::new(), outlets: outlets(), text: Cow::Borrowed(text), name: PhantomData }
}

/// Which branch an event has taken.
pub struct Taken(u32);

/// The event takes this branch.
#[inline]
pub fn take<P, B>(way: &mut Way<P, B>, event: P) -> Taken {
    way.events.push(event);
    Taken(way.at)
}

/// `PATTERN => _`: the event is discarded.
#[inline]
pub fn nowhere() -> Taken {
    Taken(NOWHERE)
}

/// `stage => match { .. }`: every event goes to the branch that `route` says, which [takes](take) what its pattern binds.
/// Gives the ends of the branches.
///
/// ```
/// use stagekit::builder::*;
/// use stagekit::prelude::*;
///
/// enum Event { Order(u64), Ping }
/// #[consumer]
/// fn add(n: u64, sum: &mut u64) { *sum += n; }
/// struct Orders;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// // pipeline! { { from_iter([..]) } => match { Event::Order(n) => add(0), Event::Ping => _ } }
/// let events = start(value(from_iter([Event::Order(3), Event::Ping])));
/// let (orders,) = branches(&events.port(), (way("Event::Order(n)", || Orders),), |event, ways| match event {
///     Event::Order(n) => take(&mut ways.0, n),
///     Event::Ping => nowhere(),
/// });
/// let sum = link_last(&orders, <add>::__stage(0));
/// let summary = runnable([close(events), close(sum)]).run().await?;
/// assert_eq!(summary.stage("add").unwrap().events_in, 1);
/// # Ok(()) }
/// ```
pub fn branches<S, E: Event, F, L: Legs<S>>(
    port: &Port<S, E, F>,
    mut legs: L,
    route: impl FnMut(E, &mut L) -> Taken + Send + 'static,
) -> L::Ports {
    let mut names = Vec::new();
    legs.each(&mut |leg| {
        leg.number(names.len() as u32);
        names.push(leg.text().to_owned());
    });
    let ports = legs.ports();
    port.branch(Arc::new(Routes { route: Arc::new(Mutex::new((route, legs))), names: names.into() }));
    ports
}

/// The branches of one `match`: a tuple of [`Way`]s.
pub trait Legs<S>: Ways {
    /// Their ends, a tuple of ports.
    type Ports;
    #[doc(hidden)]
    fn ports(&self) -> Self::Ports;
}

/// A tuple of [`Way`]s, whatever they are called.
pub trait Ways: Send + 'static {
    #[doc(hidden)]
    fn each(&mut self, f: &mut dyn FnMut(&mut dyn AnyWay));
}

/// A [`Way`], whatever its events.
pub trait AnyWay {
    #[doc(hidden)]
    fn number(&mut self, at: u32);
    #[doc(hidden)]
    fn text(&self) -> &str;
    #[doc(hidden)]
    fn events(&mut self) -> &mut dyn Any;
    #[doc(hidden)]
    fn wire(&self, eager: bool, on: &On<'_>) -> Result<Wired, String>;
    #[doc(hidden)]
    fn leads(&self) -> Leading;
}

/// The edges that leave a branch.
pub struct Leading(Fork);

/// The loop that the stage stands on, if it stands on one.
pub struct On<'a>(Option<&'a Arc<Ring>>);

/// The outlet of a branch, for one worker.
pub struct Wired(Box<dyn BranchLeg>, Lump);

impl<P: Event, B: 'static> AnyWay for Way<P, B> {
    fn number(&mut self, at: u32) {
        self.at = at;
    }
    fn text(&self) -> &str {
        &self.text
    }
    fn events(&mut self) -> &mut dyn Any {
        &mut self.events
    }
    fn wire(&self, eager: bool, on: &On<'_>) -> Result<Wired, String> {
        let name = format!("branch `{}`", self.text);
        let edges = if eager { Edges::OfErrors } else { Edges::ToStages };
        // What is counted there is told to the stage's own.
        let wired = wire(&self.outlets, None, edges, on.0, Arc::<Meter>::default());
        let (outlet, _) = wired.map_err(|wrong| format!("its {name}: {wrong}"))?;
        if outlet.leads_nowhere() {
            return Err(format!("its {name} leads nowhere: connect it to a consumer, or discard the events (`=> _`)"));
        }
        let lump = (outlet.lump(), outlet.is_tuned());
        Ok(Wired(Box::new(BranchOutlet::new(outlet)), lump))
    }
    fn leads(&self) -> Leading {
        let (pattern, event) = ((&*self.text).into(), Type(std::any::type_name::<P>));
        Leading(Fork { pattern, event, leads: leads(&self.outlets) })
    }
}

/// As many branches as there are names, each of the whole event. Gives their outlets.
pub(crate) fn cases<S, E: Event, F>(
    port: &Port<S, E, F>,
    names: &[String],
    mut case: impl FnMut(&E) -> usize + Send + 'static,
) -> Vec<SharedOutlets<E>> {
    let mut ways = Vec::new();
    for (at, name) in (0..).zip(names) {
        let text = Cow::Owned(name.clone());
        ways.push(Way::<E, ()> { at, events: Vec::new(), outlets: outlets(), text, name: PhantomData });
    }
    let ends = ways.iter().map(|way| way.outlets.clone()).collect();
    let route = move |event: E, ways: &mut Cases<E>| {
        let at = case(&event);
        take(&mut ways.0[at], event)
    };
    port.branch(Arc::new(Routes { route: Arc::new(Mutex::new((route, Cases(ways)))), names: names.into() }));
    ends
}

struct Cases<E>(Vec<Way<E, ()>>);

impl<E: Event> Ways for Cases<E> {
    fn each(&mut self, f: &mut dyn FnMut(&mut dyn AnyWay)) {
        for way in &mut self.0 {
            f(way);
        }
    }
}

struct Routes<L, R> {
    route: Arc<Mutex<(R, L)>>,
    names: Arc<[String]>,
}

impl<E: Event, L: Ways, R: FnMut(E, &mut L) -> Taken + Send + 'static> Match<E> for Routes<L, R> {
    fn wire(&self, eager: bool, ring: Option<&Arc<Ring>>) -> Result<(Branches<E>, Lump), String> {
        let on = On(ring);
        let (mut legs, mut all, mut wrong) = (Vec::new(), (0_usize, false), None);
        lock(&self.route).1.each(&mut |way| match way.wire(eager, &on) {
            Ok(Wired(leg, (lump, tuned))) => {
                legs.push(leg);
                all = (all.0.saturating_add(lump), all.1 | tuned);
            }
            Err(text) => wrong = wrong.take().or(Some(text)),
        });
        match wrong {
            Some(text) => Err(text),
            None => Ok((Branches::new(Arc::new(Shared(self.route.clone())), legs, self.names.clone()), all)),
        }
    }

    fn leads(&self) -> Vec<Fork> {
        let mut all = Vec::new();
        lock(&self.route).1.each(&mut |way| all.push(way.leads().0));
        all
    }
}

/// The patterns, for all workers of a stage.
struct Shared<L, R>(Arc<Mutex<(R, L)>>);

impl<E: Event, L: Ways, R: FnMut(E, &mut L) -> Taken + Send + 'static> Router<E> for Shared<L, R> {
    fn route(
        &self,
        events: &mut std::vec::IntoIter<E>,
        room: usize,
        runs: &mut Vec<(u32, usize)>,
        legs: &mut [Box<dyn BranchLeg>],
    ) -> Result<(), crate::error::Cause> {
        let mut shared = lock(&self.0);
        let (route, ways) = &mut *shared;
        let result = routed(|| {
            let mut left = room;
            while left > 0
                && let Some(event) = events.next()
            {
                let Taken(at) = route(event, ways);
                note(runs, at);
                left -= usize::from(at != NOWHERE);
            }
        });
        let mut legs = legs.iter_mut();
        ways.each(&mut |way| {
            if let Some(leg) = legs.next() {
                leg.take(way.events());
            }
        });
        result
    }
}

macro_rules! legs {
    ($($p:ident $b:ident $n:tt),*) => {
        impl<$($p: Event, $b: 'static),*> Ways for ($(Way<$p, $b>,)*) {
            fn each(&mut self, f: &mut dyn FnMut(&mut dyn AnyWay)) {
                let _ = &f;
                $(f(&mut self.$n);)*
            }
        }
        impl<S, $($p: Event, $b: 'static),*> Legs<S> for ($(Way<$p, $b>,)*) {
            type Ports = ($(Port<Branch<S, $b>, $p, CannotFail>,)*);
            #[allow(clippy::unused_unit)]
            fn ports(&self) -> Self::Ports {
                ($(Port { outlets: self.$n.outlets.clone(), ..Port::new() },)*)
            }
        }
    };
}
legs!();
legs!(A B 0);
legs!(A B 0, C D 1);
legs!(A B 0, C D 1, E F 2);
legs!(A B 0, C D 1, E F 2, G H 3);
legs!(A B 0, C D 1, E F 2, G H 3, I J 4);
legs!(A B 0, C D 1, E F 2, G H 3, I J 4, K L 5);
legs!(A B 0, C D 1, E F 2, G H 3, I J 4, K L 5, M N 6);
legs!(A B 0, C D 1, E F 2, G H 3, I J 4, K L 5, M N 6, O P 7);
legs!(A B 0, C D 1, E F 2, G H 3, I J 4, K L 5, M N 6, O P 7, Q R 8);
legs!(A B 0, C D 1, E F 2, G H 3, I J 4, K L 5, M N 6, O P 7, Q R 8, T U 9);
legs!(A B 0, C D 1, E F 2, G H 3, I J 4, K L 5, M N 6, O P 7, Q R 8, T U 9, V W 10);
legs!(A B 0, C D 1, E F 2, G H 3, I J 4, K L 5, M N 6, O P 7, Q R 8, T U 9, V W 10, X Y 11);
