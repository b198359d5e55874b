//! Home: a guest is fetched by its host, comes home or ends on the way, while its own task polls, moves, or is dropped.
//! It is in one place at a time, its messages are read, and its task is never asleep when it is there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::sync::atomic::AtomicBool;
use loom::thread;

use crate::explore::{Sleeper, explore, sized};
use crate::host::{Ending, Guest, GuestTask, Home};
use crate::inbox::Inbox;
use crate::receipt::Events;

/// What became of a guest, counted outside of the model.
#[derive(Default)]
struct Fate {
    closed: AtomicUsize,
    dropped: AtomicUsize,
}

/// A guest that ends at home, when it has read as many messages as it waits for.
struct Visitor {
    inbox: Arc<Inbox<usize>>,
    armed: Option<Waker>,
    got: Vec<usize>,
    waits_for: usize,
    /// Somebody is calling it.
    called: AtomicBool,
    fate: Arc<Fate>,
}

impl Visitor {
    fn new(waits_for: usize) -> (Box<Self>, Arc<Inbox<usize>>, Arc<Fate>) {
        let (inbox, fate) = (Inbox::new(), Arc::<Fate>::default());
        let visitor = Visitor {
            inbox: inbox.clone(),
            armed: None,
            got: Vec::new(),
            waits_for,
            called: AtomicBool::new(false),
            fate: fate.clone(),
        };
        (Box::new(visitor), inbox, fate)
    }

    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        use loom::sync::atomic::Ordering::SeqCst;
        assert!(!self.called.swap(true, SeqCst), "it is in two places");
        let mut read = Vec::new();
        while self.inbox.drain(cx, &mut self.armed, &mut read) {
            self.got.append(&mut read);
        }
        self.called.store(false, SeqCst);
        self.got.len() >= self.waits_for
    }
}

impl Guest<u64> for Visitor {
    fn take(&mut self, events: &mut Events<u64>, asked: &mut usize) -> Poll<Ending> {
        *asked += std::mem::take(&mut events.values).len();
        Poll::Pending
    }
    fn visit(&mut self, cx: &mut Context<'_>, _: &mut usize) -> Poll<Ending> {
        if self.read(cx) && self.waits_for > 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
    fn weight(&self) -> Duration {
        Duration::ZERO
    }
    fn part(&mut self, before: Duration) -> Duration {
        before
    }
    fn close(&mut self) {
        self.fate.closed.fetch_add(1, Ordering::Relaxed);
    }
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        if self.read(cx) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.fate.dropped.fetch_add(1, Ordering::Relaxed);
        self.inbox.close();
    }
}

/// The task of the guest, as an executor has it.
struct Own {
    task: GuestTask<u64>,
    sleeper: Arc<Sleeper>,
}

impl Own {
    fn new(home: &Arc<Home<u64>>) -> Self {
        Own { task: GuestTask::new(home.clone()), sleeper: Sleeper::new() }
    }

    fn poll(&mut self) -> Poll<Ending> {
        let waker = self.sleeper.waker();
        Pin::new(&mut self.task).poll(&mut Context::from_waker(&waker))
    }

    /// A lost wake-up is a deadlock here.
    fn until_it_ends(&mut self) -> Ending {
        loop {
            if let Poll::Ready(ending) = self.poll() {
                return ending;
            }
            self.sleeper.sleep();
        }
    }
}

/// What a host does with its guest.
#[derive(Clone, Copy)]
enum Host {
    /// It never polls: its outlet is dropped.
    Stays,
    /// It has it for a while, and sends it home.
    SendsHome,
    /// It goes on until the guest has ended.
    SeesOff,
}

/// A host with a task of its own; the guest's messages wake it.
fn host(home: &Arc<Home<u64>>, what: Host) {
    if let Host::Stays = what {
        return home.stay();
    }
    let sleeper = Sleeper::new();
    let waker = sleeper.waker();
    let cx = &mut Context::from_waker(&waker);
    let mut guest = home.leave().expect("it waits for its host");
    assert!(home.leave().is_none(), "it is in two places");
    loop {
        match (what, guest.visit(cx, &mut 0)) {
            (_, Poll::Ready(ending)) => return home.end(guest, ending),
            (Host::SendsHome, Poll::Pending) => return home.come(guest),
            _ => sleeper.sleep(),
        }
    }
}

/// A guest that waits for `messages`, a host, and the guest's own task, which is polled by another waker (it has moved)
/// after each of `moves` first polls.
fn it_comes_home(name: &str, preemptions: Option<usize>, what: Host, messages: usize, moves: usize) {
    explore(name, preemptions, move || {
        let home = Home::new();
        home.announce();
        assert!(home.is_awaited());
        let (guest, inbox, fate) = Visitor::new(messages);
        home.expect(guest);
        let mut own = Own::new(&home);
        let there = home.clone();
        let host = thread::spawn(move || host(&there, what));
        let sender =
            (messages > 0).then(|| thread::spawn(move || (0..messages).for_each(|n| assert!(inbox.send(n).is_ok()))));
        let mut ended = None;
        for _ in 0..moves {
            if let Poll::Ready(ending) = own.poll() {
                ended = Some(ending);
                break;
            }
            own = Own { sleeper: Sleeper::new(), ..own };
        }
        let ending = ended.unwrap_or_else(|| own.until_it_ends());
        assert!(ending.is_ok());
        host.join().unwrap();
        if let Some(sender) = sender {
            sender.join().unwrap();
        }
        drop((own, home));
        assert_eq!(fate.dropped.load(Ordering::Relaxed), 1, "it is gone, once");
        assert!(fate.closed.load(Ordering::Relaxed) <= 1, "it is closed twice");
    });
}

#[test]
fn f14_a_guest_without_a_host_is_run_at_home() {
    it_comes_home("home_stays", None, Host::Stays, 0, 1);
}

#[test]
fn f14_a_guest_that_comes_home_is_found_there() {
    it_comes_home("home_comes", None, Host::SendsHome, 0, 1);
}

#[test]
fn f14_a_guest_that_comes_home_reads_what_was_sent_on_the_way() {
    it_comes_home("home_message", Some(sized(3, 5)), Host::SendsHome, sized(1, 2), 0);
}

#[test]
fn f14_a_task_that_has_moved_is_told_that_its_guest_is_home() {
    it_comes_home("home_moved", Some(sized(3, 5)), Host::SendsHome, 1, 2);
}

#[test]
fn f14_a_guest_that_has_ended_elsewhere_ends_at_home() {
    it_comes_home("home_ends", Some(sized(3, 5)), Host::SeesOff, sized(1, 2), 1);
}

/// The guest's own task is dropped (the pipeline is aborted) while its host sends it home, or sees it off.
fn the_task_is_dropped(name: &str, what: Host, messages: usize) {
    explore(name, None, move || {
        let home = Home::new();
        home.announce();
        let (guest, inbox, fate) = Visitor::new(messages);
        home.expect(guest);
        (0..messages).for_each(|n| assert!(inbox.send(n).is_ok()));
        let mut own = Own::new(&home);
        let host = thread::spawn(move || host(&home, what));
        let _ = own.poll();
        drop(own);
        host.join().unwrap();
        assert_eq!(fate.dropped.load(Ordering::Relaxed), 1, "it is gone, once");
    });
}

#[test]
fn f13_a_guest_is_dropped_once_whoever_is_gone_first() {
    the_task_is_dropped("home_aborted", Host::SendsHome, 0);
    the_task_is_dropped("home_aborted_stays", Host::Stays, 0);
    the_task_is_dropped("home_aborted_ends", Host::SeesOff, 1);
}
