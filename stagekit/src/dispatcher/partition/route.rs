//! How an event finds its partition: by the hash of its key, or by a name that a function of the user's gives it.

use std::any::{Any, type_name};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use super::{BOUND, Key, Part, Partition};
use crate::error::Cause;
use crate::lock::lock;
use crate::options::Overflow;
use crate::receipt::{Events, Receipts};
use crate::subscribe::PartitionName;

/// How many partitions' names an error shows.
const SHOWN: usize = 16;

/// The event, and the number of its partition or the name of one that does not exist.
type Placed<T> = Option<(T, Result<u32, String>)>;

/// Finds a partition by its name.
type Find = Box<dyn Fn(&dyn Any) -> Found + Send>;

/// How an event finds its partition.
pub(super) enum Route<T> {
    /// By the hash of its key. The partitions are the stages that the graph names, and these are all.
    Key(Key<T>),
    /// By name.
    Names { place: Box<dyn FnMut(T) -> Placed<T> + Send>, find: Find, names: Vec<Arc<str>> },
}

pub(super) enum Found {
    At(u32),
    Unknown,
    /// The partitions' names are of this type.
    IsNo(&'static str),
}

/// The events of a dispatch that were not placed yet: worked off from the front, so that the rest is there whatever
/// happens.
pub(super) struct Cursor<T> {
    pub(super) values: std::vec::IntoIter<T>,
    pub(super) receipts: Option<Receipts>,
}

impl<T> Partition<T> {
    /// These partitions. `hash` says for each event which is its own, and may replace the event; `None` lets it go
    /// nowhere, which costs no demand.
    ///
    /// A name that `hash` gives and `names` has not ends the stage with an error; nothing is lost of what waits.
    pub fn new<P>(
        names: impl IntoIterator<Item = P>,
        mut hash: impl FnMut(T) -> Option<(T, P)> + Send + 'static,
    ) -> Self
    where
        P: Hash + Eq + Debug + Send + Sync + 'static,
    {
        let mut numbers = HashMap::new();
        let mut texts = Vec::new();
        for name in names {
            let text: Arc<str> = format!("{name:?}").into();
            let next = numbers.len() as u32;
            if *numbers.entry(name).or_insert(next) == next {
                texts.push(text);
            }
        }
        let numbers = Arc::new(numbers);
        let parts = texts.iter().map(|_| Part::new(BOUND, Overflow::Wait)).collect();
        let known = numbers.clone();
        let find = move |name: &dyn Any| match name.downcast_ref::<P>() {
            None => Found::IsNo(type_name::<P>()),
            Some(name) => known.get(name).map_or(Found::Unknown, |&at| Found::At(at)),
        };
        let place = move |event| {
            let (event, name) = hash(event)?;
            Some((event, numbers.get(&name).copied().ok_or_else(|| format!("{name:?}"))))
        };
        Partition::of(Route::Names { place: Box::new(place), find: Box::new(find), names: texts }, parts)
    }

    pub(super) fn name(&self, at: usize) -> String {
        match &self.route {
            Route::Key(_) => at.to_string(),
            Route::Names { names, .. } => names[at].to_string(),
        }
    }

    /// Some names, and how many there are beyond.
    pub(super) fn list(&self, which: impl Fn(&Part<T>) -> bool) -> String {
        let those = || self.parts.iter().enumerate().filter(|(_, part)| which(part));
        let shown: Vec<_> = those().take(SHOWN).map(|(at, _)| self.name(at)).collect();
        match those().count() - shown.len() {
            0 => format!("[{}]", shown.join(", ")),
            more => format!("[{}, and {more} more]", shown.join(", ")),
        }
    }

    pub(super) fn find(&self, name: &PartitionName) -> Result<usize, String> {
        let Route::Names { find, .. } = &self.route else {
            return Err("its partitions are the stages that its graph names: for subscriptions at run time give the producer `dispatcher::Partition`".into());
        };
        match find(&*name.name) {
            Found::At(at) => Ok(at as usize),
            Found::Unknown => {
                Err(format!("there is no partition {}: it must be one of {}", name.text, self.list(|_| true)))
            }
            Found::IsNo(kind) => Err(format!(
                "the partition {} is no `{kind}`, as the names of the partitions are: it must be one of {}",
                name.text,
                self.list(|_| true)
            )),
        }
    }

    /// Places events in their partitions while there is `room`. Gives the fault that it stopped at; an event that was
    /// taken and not placed is in `back`. The event over which a panic came has failed; those behind it are in the cursor.
    pub(super) fn place(&mut self, cursor: &mut Cursor<T>, back: &mut Events<T>, mut room: usize) -> Option<Cause> {
        let Partition { route, parts, touched, hashes, open, resting, filtered, unplaced, .. } = self;
        match route {
            Route::Key(key) => {
                let n = room.min(cursor.values.len());
                hashes.clear();
                let mut key = lock(key);
                let placed = crate::dispatcher::calmly("the key of its partitions", || {
                    key(cursor.values.as_slice().get(..n).unwrap_or_default(), hashes);
                });
                drop(key);
                hashes.truncate(n);
                *resting += hashes.len();
                scatter(cursor, hashes, parts, open, touched);
                let fault = placed.err()?;
                *unplaced += 1;
                drop((cursor.receipts.as_mut().and_then(Receipts::pop), cursor.values.next()));
                Some(fault)
            }
            Route::Names { place, .. } => {
                let mut put = |at: usize, event, receipt| {
                    let part = &mut parts[at];
                    if part.incoming.is_empty() {
                        touched.push(at as u32);
                    }
                    part.incoming.push(event, receipt);
                    *resting += 1;
                };
                let placed = crate::dispatcher::calmly("the function of its partitions", || {
                    while room > 0 {
                        let event = cursor.values.next()?;
                        // It is settled if the function panics: dropped, it has failed (l11).
                        let receipt = cursor.receipts.as_mut().and_then(Receipts::pop);
                        match place(event) {
                            Some((event, Ok(at))) => {
                                put(at as usize, event, receipt);
                                room -= 1;
                            }
                            Some((event, Err(unknown))) => {
                                back.push(event, receipt);
                                return Some(unknown);
                            }
                            None => {
                                *filtered += 1;
                                receipt.into_iter().for_each(|receipt| receipt.settle(true));
                            }
                        }
                    }
                    None
                });
                match placed {
                    Ok(unknown) => unknown.map(|unknown| {
                        let text = format!(
                            "an event is for the unknown partition {unknown}: let the function of the partitions give one of {}, or `None`",
                            self.list(|_| true)
                        );
                        Cause::Failed(text.into())
                    }),
                    Err(panicked) => {
                        *unplaced += 1;
                        Some(panicked)
                    }
                }
            }
        }
    }
}

/// The first events go to the partitions that their hashes say.
fn scatter<T>(
    cursor: &mut Cursor<T>,
    hashes: &[u64],
    parts: &mut [Part<T>],
    open: &mut [Vec<T>],
    touched: &mut Vec<u32>,
) {
    let count = parts.len() as u64;
    // The high half of hash x parts spreads as well as the hash does, without a division.
    let at = |hash: u64| ((u128::from(hash) * u128::from(count)) >> 64) as usize;
    for (&hash, event) in hashes.iter().zip(cursor.values.by_ref()) {
        let at = at(hash);
        let values = &mut open[at];
        if values.is_empty() {
            touched.push(at as u32);
            values.reserve(parts[at].usual);
        }
        values.push(event);
    }
    for &at in &*touched {
        let (part, values) = (&mut parts[at as usize], &mut open[at as usize]);
        part.usual = values.len();
        part.incoming.values = std::mem::take(values);
    }
    if let Some(column) = &mut cursor.receipts {
        for &hash in hashes {
            let incoming = parts[at(hash)].incoming.receipts.get_or_insert_with(|| column.empty_like());
            column.move_front(1, incoming);
        }
    }
}
