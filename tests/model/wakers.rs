//! Wakers: the task moves, is woken by something else, is run at once by whoever wakes it, or dies with its waker.

use std::sync::{Arc, Mutex, Weak};
use std::task::{Wake, Waker};

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use crate::explore::{Owner, explore, sized};
use crate::inbox::Inbox;

/// The owner polls, is moved to another task, and must be woken there. `elsewhere`: and to another thread.
fn a_moved_owner_is_woken(name: &str, elsewhere: bool) {
    let n = sized(2, 3);
    explore(name, sized(Some(3), None), move || {
        let mut owner = Owner::new();
        let inbox = owner.inbox.clone();
        let sender = thread::spawn(move || (0..n).for_each(|number| inbox.send(number).unwrap()));
        let mut got = Vec::new();
        owner.poll(&mut got);
        let rest = move || {
            let mut owner = owner.moved();
            owner.until(1, &mut got);
            // And back to a task it has never been in.
            let mut owner = owner.moved();
            owner.until(n, &mut got);
            got
        };
        let got = if elsewhere { thread::spawn(rest).join().unwrap() } else { rest() };
        sender.join().unwrap();
        assert_eq!(got, (0..n).collect::<Vec<_>>());
    });
}

#[test]
fn f14_a_moved_task_is_woken_where_it_is() {
    a_moved_owner_is_woken("moved", false);
}

#[test]
fn f14_a_task_moved_to_another_thread_is_woken_there() {
    a_moved_owner_is_woken("moved_to_a_thread", true);
}

/// The task waits for a message and for something of the user's, which wakes it too.
#[test]
fn f14_a_wake_up_for_something_else_is_not_taken_for_a_message() {
    explore("something_else", sized(Some(3), None), || {
        let mut owner = Owner::new();
        let ready = Arc::new(AtomicBool::new(false));
        let (inbox, other, waker) = (owner.inbox.clone(), ready.clone(), owner.waker());
        let sender = thread::spawn(move || inbox.send(7).unwrap());
        let user = thread::spawn(move || {
            other.store(true, Ordering::Release);
            waker.wake();
        });
        let mut got = Vec::new();
        let mut done = false;
        while got.is_empty() || !done {
            let news = owner.poll(&mut got) | (!done && ready.load(Ordering::Acquire));
            done |= ready.load(Ordering::Acquire);
            if !news && (got.is_empty() || !done) {
                owner.sleep();
            }
        }
        sender.join().unwrap();
        user.join().unwrap();
        assert_eq!(got, [7]);
    });
}

/// A task that its waker runs at once, in the thread of whoever wakes it.
struct Inline(Mutex<Option<(Owner<usize>, Vec<usize>)>>);

impl Inline {
    fn run(self: &Arc<Self>) {
        let (mut owner, mut got) = self.0.lock().unwrap().take().expect("run by two at once");
        while owner.poll_with(&self.clone().into(), &mut got) {}
        *self.0.lock().unwrap() = Some((owner, got));
    }
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        self.run();
    }
}

#[test]
fn a_waker_may_run_the_owner_at_once() {
    let n = sized(3, 5);
    explore("inline", None, move || {
        let owner = Owner::new();
        let inbox = owner.inbox.clone();
        let task = Arc::new(Inline(Mutex::new(Some((owner, Vec::new())))));
        task.run();
        let sender = thread::spawn(move || (0..n).for_each(|number| inbox.send(number).unwrap()));
        sender.join().unwrap();
        let (owner, got) = task.0.lock().unwrap().take().unwrap();
        assert_eq!(got, (0..n).collect::<Vec<_>>());
        // The inbox holds the task's waker, and the task the inbox.
        owner.inbox.close();
    });
}

/// A task that is dropped with its last waker, and sends a message when it is.
struct Dying(Weak<Inbox<&'static str>>);

impl Wake for Dying {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Dying {
    fn drop(&mut self) {
        if let Some(inbox) = self.0.upgrade() {
            let _ = inbox.send("goodbye");
        }
    }
}

#[test]
fn a_waker_may_send_when_it_is_dropped() {
    explore("dying", None, || {
        let mut owner = Owner::new();
        let inbox = owner.inbox.clone();
        let dying = |inbox: &Arc<Inbox<_>>| Waker::from(Arc::new(Dying(Arc::downgrade(inbox))));
        let mut got = Vec::new();
        owner.poll_with(&dying(&inbox), &mut got);
        let sender = thread::spawn(move || inbox.send("hello").unwrap());
        // The waker before is dropped, and with it its task.
        owner.until(2, &mut got);
        sender.join().unwrap();
        got.sort();
        assert_eq!(got, ["goodbye", "hello"]);
        let inbox = owner.inbox.clone();
        owner.poll_with(&dying(&inbox), &mut got);
        inbox.close();
    });
}
