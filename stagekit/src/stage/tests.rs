//! An outlet whose dispatcher panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Waker};

use tokio::sync::oneshot;

use super::Outlet;
use crate::cancel::Reason;
use crate::demand::Demand;
use crate::dispatcher::{Deliver, Dispatch, Sub as Number};
use crate::receipt::Events;
use crate::subscribe::Subscribe;
use crate::subscription::{Confirm, Door, Down, Inbox, Subscriber, Target, Up};

/// Panics over the second subscription.
struct Bomb(usize);

impl Dispatch<u64> for Bomb {
    fn subscribe(&mut self, _: Number, _: &Subscribe<u64>, _: usize) -> Result<(), String> {
        self.0 += 1;
        assert!(self.0 != 2, "the second");
        Ok(())
    }
    fn cancel(&mut self, _: Number) {}
    fn ask(&mut self, _: Number, _: Demand, _: &mut Deliver<'_, u64>) {}
    fn demand(&self) -> Demand {
        Demand::ZERO
    }
    fn dispatch(&mut self, events: Events<u64>, _: &mut Deliver<'_, u64>) -> Events<u64> {
        events
    }
}

#[test]
fn l08_subscribers_are_answered_when_the_dispatcher_panics() {
    let door = Door::new();
    let dispatcher = Bomb(0).into_dispatcher().0;
    let mut outlet = Outlet::new(door.clone(), Vec::new(), dispatcher, false, None, 1, crate::meter::unread());
    let mut answers = Vec::new();
    for sub in 0..4 {
        let (confirm, confirmed) = oneshot::channel();
        let (inbox, confirm): (_, Confirm) = (Inbox::new(), Some(confirm));
        let target = Target { inbox: inbox.clone(), sub: 0 };
        let options = Subscribe::new();
        let subscriber = Subscriber { sub, tag: 0, target: Some(target), ask: 1, options, copier: None, confirm };
        assert!(door.send(Up::Subscribe(Box::new(subscriber))).is_ok());
        answers.push((inbox, confirmed));
    }
    let mut cx = Context::from_waker(Waker::noop());
    assert!(catch_unwind(AssertUnwindSafe(|| outlet.listen(&mut cx))).is_err());
    drop(outlet);
    for (at, (inbox, mut confirmed)) in answers.into_iter().enumerate() {
        let ended = inbox.close().into_iter().filter(|message| matches!(message, Down::Ended { .. })).count();
        assert_eq!(ended, 1, "subscriber {at} is told once");
        match (at, confirmed.try_recv()) {
            (0, Ok(Ok(()))) | (1, Err(_)) | (2.., Ok(Err(Reason::NotAlive))) => {}
            (_, answer) => panic!("subscriber {at}: {answer:?}"),
        }
    }
}
