//! The subscriptions of an inlet, by their numbers. Nearly every inlet has one: it is kept without an allocation.

use slab::Slab;

use super::Sub;

pub(super) enum Subs<T> {
    None,
    /// Number 0.
    One(Sub<T>),
    Many(Box<Slab<Sub<T>>>),
}

impl<T> Subs<T> {
    pub(super) fn len(&self) -> usize {
        match self {
            Subs::None => 0,
            Subs::One(_) => 1,
            Subs::Many(subs) => subs.len(),
        }
    }

    /// Adds one; gives its number, the lowest that is free where all that came were kept.
    pub(super) fn insert(&mut self, sub: Sub<T>) -> u32 {
        match std::mem::replace(self, Subs::None) {
            Subs::None => {
                *self = Subs::One(sub);
                0
            }
            Subs::One(first) => {
                let mut subs = Slab::with_capacity(2);
                subs.insert(first);
                let number = subs.insert(sub);
                *self = Subs::Many(Box::new(subs));
                number as u32
            }
            Subs::Many(mut subs) => {
                let number = subs.insert(sub);
                *self = Subs::Many(subs);
                number as u32
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&Sub<T>> {
        match self {
            Subs::One(sub) if number == 0 => Some(sub),
            Subs::Many(subs) => subs.get(number as usize),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Sub<T>> {
        match self {
            Subs::One(sub) if number == 0 => Some(sub),
            Subs::Many(subs) => subs.get_mut(number as usize),
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Sub<T>> {
        match self {
            Subs::One(_) if number == 0 => match std::mem::replace(self, Subs::None) {
                Subs::One(sub) => Some(sub),
                _ => None,
            },
            Subs::Many(subs) => subs.try_remove(number as usize),
            _ => None,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Sub<T>> {
        let (one, many) = match self {
            Subs::None => (None, None),
            Subs::One(sub) => (Some(sub), None),
            Subs::Many(subs) => (None, Some(subs.iter().map(|(_, sub)| sub))),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Sub<T>> {
        self.numbered().map(|(_, sub)| sub)
    }

    /// With their numbers.
    pub(super) fn numbered(&mut self) -> impl Iterator<Item = (u32, &mut Sub<T>)> {
        let (one, many) = match self {
            Subs::None => (None, None),
            Subs::One(sub) => (Some((0, sub)), None),
            Subs::Many(subs) => (None, Some(subs.iter_mut().map(|(number, sub)| (number as u32, sub)))),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}
