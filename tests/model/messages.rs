//! Messages: each arrives once, in its sender's order, or comes back; and the owner never sleeps on one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;

use crate::explore::{Owner, explore, sized};
use crate::inbox::Inbox;

/// A message: its sender, and its place among the messages of that sender.
type Message = (usize, usize);

/// A thread that sends `n` messages, and gives those that came back.
fn sender(inbox: &Arc<Inbox<Message>>, who: usize, n: usize) -> thread::JoinHandle<Vec<Message>> {
    let inbox = inbox.clone();
    thread::spawn(move || (0..n).filter_map(|number| inbox.send((who, number)).err()).collect())
}

/// The messages of `who`, as they stand in `all`.
fn of(who: usize, all: &[Message]) -> Vec<usize> {
    all.iter().filter(|message| message.0 == who).map(|message| message.1).collect()
}

fn all(n: usize) -> Vec<usize> {
    (0..n).collect()
}

/// `senders` threads send `each`, the owner reads all; it polls `idle` times more than it has to.
fn everything_arrives(name: &str, preemptions: Option<usize>, senders: usize, each: usize, idle: usize) {
    explore(name, preemptions, move || {
        let mut owner = Owner::new();
        let threads: Vec<_> = (0..senders).map(|who| sender(&owner.inbox, who, each)).collect();
        let mut got = Vec::new();
        for _ in 0..idle {
            // Polled for another reason than a message.
            owner.poll(&mut got);
        }
        owner.until(senders * each, &mut got);
        for (who, thread) in threads.into_iter().enumerate() {
            assert!(thread.join().unwrap().is_empty(), "an open inbox has given something back");
            assert_eq!(of(who, &got), all(each), "lost, doubled, or out of order");
        }
        assert!(!owner.poll(&mut got), "more than was sent");
    });
}

#[test]
fn f14_one_sender_never_finds_the_owner_asleep_on_a_message() {
    everything_arrives("one_sender", sized(Some(4), None), 1, 3, 0);
}

#[test]
fn f14_two_senders_never_find_the_owner_asleep_on_a_message() {
    everything_arrives("two_senders", Some(sized(2, 4)), 2, 2, 0);
}

#[test]
fn f14_three_senders_never_find_the_owner_asleep_on_a_message() {
    everything_arrives("three_senders", Some(sized(1, 3)), 3, 1, 0);
}

#[test]
fn f14_an_idle_poll_eats_no_wake_up() {
    everything_arrives("idle_polls", sized(Some(3), None), 1, sized(2, 3), 2);
}

/// The owner stops after `before` messages and closes, while two senders send `each`.
fn close_races_with_send(name: &str, preemptions: Option<usize>, senders: usize, each: usize, before: usize) {
    explore(name, preemptions, move || {
        let mut owner = Owner::new();
        let threads: Vec<_> = (0..senders).map(|who| sender(&owner.inbox, who, each)).collect();
        let mut got = Vec::new();
        owner.until(before, &mut got);
        let mut kept = owner.inbox.close();
        got.append(&mut kept);
        assert_eq!(owner.inbox.send((senders, 0)), Err((senders, 0)), "sent after the close");
        for (who, thread) in threads.into_iter().enumerate() {
            let back = thread.join().unwrap();
            let mut seen = of(who, &got);
            // What came back is what was sent last: a sender that got one back gets all later ones back.
            seen.extend(of(who, &back));
            assert_eq!(seen, all(each), "lost, doubled, or out of order; {back:?} came back");
        }
        assert_eq!(owner.inbox.close(), [], "kept after the close");
    });
}

#[test]
fn f13_each_message_is_read_closed_or_given_back_once() {
    close_races_with_send("close", None, 2, 2, 0);
}

#[test]
fn f13_each_message_is_accounted_for_when_the_owner_stops_halfway() {
    close_races_with_send("close_halfway", sized(Some(2), Some(4)), 2, sized(2, 3), 1);
}

/// A message that tells when it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn f13_each_message_is_dropped_once_when_nobody_closes() {
    explore("dropped", None, || {
        let dropped = Arc::new(AtomicUsize::new(0));
        let owner: Owner<Counted> = Owner::new();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (inbox, dropped) = (owner.inbox.clone(), dropped.clone());
                thread::spawn(move || assert!(inbox.send(Counted(dropped)).is_ok()))
            })
            .collect();
        let mut owner = owner;
        owner.poll(&mut Vec::new());
        drop(owner);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(dropped.load(Ordering::Relaxed), 2);
    });
}

/// Two tasks ask each other: `rounds` questions, each answered before the next.
#[test]
fn two_owners_that_ask_each_other_both_end() {
    let rounds = sized(2, 3);
    explore("ping_pong", Some(sized(3, 5)), move || {
        let mut asker: Owner<usize> = Owner::new();
        let mut answerer: Owner<usize> = Owner::new();
        let (question, answer) = (answerer.inbox.clone(), asker.inbox.clone());
        let thread = thread::spawn(move || {
            let mut asked = Vec::new();
            for round in 0..rounds {
                answerer.until(round + 1, &mut asked);
                answer.send(asked[round] + 1).unwrap();
            }
        });
        let mut answers = Vec::new();
        for round in 0..rounds {
            question.send(round).unwrap();
            asker.until(round + 1, &mut answers);
        }
        thread.join().unwrap();
        assert_eq!(answers, (1..=rounds).collect::<Vec<_>>());
    });
}
