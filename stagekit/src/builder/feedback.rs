//! The edge that closes a loop: `=> feedback(n) name`.

use std::sync::Arc;

use super::shared::Shared;
use crate::batch::{Copier, Way, clone_all};
use crate::lock::lock;
use crate::op::{AcceptedAs, Event};
use crate::options::{Edge, Options, Overflow};
use crate::port::{Intake, Port, same};
use crate::stage::{Stage, place_feedback};

/// `=> feedback(n) s`: the edge that leads back to `s`, a stage that something else leads into already.
///
/// What comes along it is always taken, so that the loop cannot wait for itself: it rests here until `s` asks for it,
/// and `s` takes it before anything new. `room` events go round the loop at once, wherever in it they are; new ones wait
/// outside until there is room. So there are more than that only where a stage of the loop makes several events of one:
/// what then rests here over `room` is for `overflow` to decide. [`Overflow::Fail`] ends the pipeline, the others discard,
/// count and log; [`Overflow::Wait`] is an error of the start.
///
/// The loop ends when nothing can come from outside any more, and nothing goes round. A batch in it that is not full is
/// handled when everything in the loop waits for it.
///
/// ```
/// use stagekit::builder::*;
/// use stagekit::prelude::*;
///
/// #[producer_consumer]
/// fn halve(n: u64) -> Result<u64, u64> { if n % 2 == 0 { Err(n / 2) } else { Ok(n) } }
/// #[consumer]
/// fn add(n: u64, sum: &mut u64) { *sum += n; }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// // pipeline! { let halve = halve else feedback(8) halve; { from_iter([12u64, 8, 3]) } => halve => add(0) }
/// let numbers = start(value(from_iter([12u64, 8, 3])));
/// let odd = shared(caught(<halve>::__stage()));
/// join(&numbers.port(), &odd, Edge::new());
/// let again = feedback(&errors(&out_of(&odd)), &odd, Edge::new(), 8, Overflow::Fail);
/// let sum = link_last(&out_of(&odd), <add>::__stage(0));
/// let summary = runnable([close(numbers), place(&odd), again, close(sum)]).run().await?;
/// assert_eq!(summary.stage("feedback halve").unwrap().events_in, 5);
/// # Ok(()) }
/// ```
///
/// # Panics
/// If no other edge leads into `s` yet: [`join`](super::join) comes first.
pub fn feedback<Up, E: Event, F, S, In, O, Fl, B, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
    room: usize,
    overflow: Overflow,
) -> Stage
where
    In: AcceptedAs<E, Up, S> + 'static,
{
    back(port, shared, edge, (room, overflow), None)
}

/// The same from a stage that broadcasts.
///
/// # Panics
/// As [`feedback`].
pub fn share_feedback<Up, E: Event, F, S, In, O, Fl, B, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
    room: usize,
    overflow: Overflow,
) -> Stage
where
    In: AcceptedAs<E, Up, S> + 'static,
    S: Again<E, Up>,
{
    back(port, shared, edge, (room, overflow), Some(S::copier()))
}

fn back<Up, E: Event, F, S, In: 'static, O, Fl, B, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
    (room, overflow): (usize, Overflow),
    copier: Option<Copier<E>>,
) -> Stage {
    match &*lock(&shared.intake) {
        Some(intake) => leads_back(port, same(intake.clone()), edge, (room, overflow), copier),
        None => panic!("`feedback` leads back to a stage that an edge leads into"),
    }
}

/// The place between the port and the intake that its events go back to.
pub(crate) fn leads_back<Up, E: Event, F>(
    port: &Port<Up, E, F>,
    to: Arc<Intake<E>>,
    edge: Edge,
    (room, overflow): (usize, Overflow),
    copier: Option<Copier<E>>,
) -> Stage {
    let mut options = Options::new(&format!("feedback {}", to.name));
    // Demand is always there.
    options.limits.max = Some(crate::options::MAX_DEMAND);
    let (name, intake) = (to.name.clone(), Intake::new(&options));
    port.connect(intake.clone(), Edge::new(), copier);
    let behind: Port<(), E, ()> = Port::new();
    behind.connect(to, edge, None);
    place_feedback(&name, intake, behind.outlets, room, overflow)
}

/// A stage that a broadcast can lead back to: [`Returns`], said of the stage, which is where the error belongs.
pub trait Again<E, Up> {
    #[doc(hidden)]
    fn copier() -> Copier<E>;
}
impl<E: Returns<Up, S>, Up, S> Again<E, Up> for S {
    fn copier() -> Copier<E> {
        E::copier()
    }
}

/// Events of which a broadcast can send one copy back: one that goes round belongs to nobody else.
#[diagnostic::on_unimplemented(
    message = "`{Up}` is connected to several stages, one of them by `feedback`, but `{Self}` cannot be cloned",
    label = "what goes back to `{Leg}` needs its own copy of every `{Self}`",
    note = "derive `Clone` for `{Self}`, or share the events out instead of copying them: `=> any [feedback(n) a, b]`"
)]
pub trait Returns<Up, Leg>: Sized {
    #[doc(hidden)]
    fn copier() -> Copier<Self>;
}
#[diagnostic::do_not_recommend]
impl<T: Clone, Up, Leg> Returns<Up, Leg> for T {
    fn copier() -> Copier<T> {
        Copier(Way::Clone(clone_all))
    }
}
