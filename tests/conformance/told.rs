//! What stages were called with, in order.

use std::sync::{Arc, Mutex};

use stagekit::live::{Ended, Reason, Subscription};

/// What a stage was called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Demand(usize),
    Events(Vec<u64>),
    Subscribed(Subscription),
    Subscriber(Subscription),
    Cancel(Ended, Subscription),
    SubscriberCancel(Ended, Subscription),
    Info(&'static str),
    Discarded(Vec<u64>),
    Stop(Reason),
    Dropped,
}

/// What stages were called with, in order. Clones are the same log.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<Told>>>);

impl Log {
    pub fn tell(&self, told: Told) {
        self.0.lock().unwrap().push(told);
    }
    pub fn all(&self) -> Vec<Told> {
        self.0.lock().unwrap().clone()
    }
    /// Everything since the last time.
    pub fn take(&self) -> Vec<Told> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
    pub fn has(&self, told: &Told) -> bool {
        self.0.lock().unwrap().contains(told)
    }
    fn pick<T>(&self, pick: impl FnMut(Told) -> Option<T>) -> Vec<T> {
        self.all().into_iter().filter_map(pick).collect()
    }
    /// The batches of `on_events`.
    pub fn batches(&self) -> Vec<Vec<u64>> {
        self.pick(|told| if let Told::Events(events) = told { Some(events) } else { None })
    }
    /// The events of `on_events`.
    pub fn events(&self) -> Vec<u64> {
        self.batches().concat()
    }
    /// The demand of `on_demand`.
    pub fn demands(&self) -> Vec<usize> {
        self.pick(|told| if let Told::Demand(demand) = told { Some(demand) } else { None })
    }
    pub fn infos(&self) -> Vec<&'static str> {
        self.pick(|told| if let Told::Info(info) = told { Some(info) } else { None })
    }
    /// How the producers of a stage have ended.
    pub fn cancels(&self) -> Vec<Ended> {
        self.pick(|told| if let Told::Cancel(ended, _) = told { Some(ended) } else { None })
    }
    /// How the consumers of a stage have ended.
    pub fn subscriber_cancels(&self) -> Vec<Ended> {
        self.pick(|told| if let Told::SubscriberCancel(ended, _) = told { Some(ended) } else { None })
    }
    pub fn stops(&self) -> Vec<Reason> {
        self.pick(|told| if let Told::Stop(reason) = told { Some(reason) } else { None })
    }
}
