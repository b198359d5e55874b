//! A binary heap that knows where everybody stands, so that a key can be changed or taken away in O(log n).
//!
//! Hand-written because `BinaryHeap` can only change its greatest entry, and to change any of them is the point here.
//! Members are small numbers (subscriptions, legs). A member without a key costs four bytes and no step; the least
//! key is first.

/// Not a member.
const OUT: u32 = u32::MAX;
/// A member without a key.
const IDLE: u32 = u32::MAX - 1;

/// Members, of which those with a key are in order.
#[derive(Debug)]
pub(crate) struct Heap<K> {
    entries: Vec<(K, u32)>,
    /// Where in `entries` a member stands.
    at: Vec<u32>,
    members: usize,
    /// Entries moved or compared, for the tests of complexity: a count is not a clock.
    #[cfg(test)]
    pub(crate) steps: std::cell::Cell<u64>,
}

impl<K: Ord + Copy> Heap<K> {
    pub(crate) fn new() -> Self {
        Heap {
            entries: Vec::new(),
            at: Vec::new(),
            members: 0,
            #[cfg(test)]
            steps: std::cell::Cell::new(0),
        }
    }

    #[inline]
    pub(crate) fn knows(&self, id: u32) -> bool {
        self.at.get(id as usize).is_some_and(|&at| at != OUT)
    }

    /// How many members there are, with a key and without.
    pub(crate) fn members(&self) -> usize {
        self.members
    }

    /// How many members have a key.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn join(&mut self, id: u32) {
        let index = id as usize;
        if index >= self.at.len() {
            self.at.resize(index + 1, OUT);
        }
        if self.at[index] == OUT {
            self.at[index] = IDLE;
            self.members += 1;
        }
    }

    /// The member is none any longer; gives its key.
    pub(crate) fn leave(&mut self, id: u32) -> Option<K> {
        let key = self.unset(id);
        if let Some(at) = self.at.get_mut(id as usize)
            && *at != OUT
        {
            *at = OUT;
            self.members -= 1;
        }
        key
    }

    #[inline]
    pub(crate) fn get(&self, id: u32) -> Option<K> {
        self.entries.get(*self.at.get(id as usize)? as usize).map(|&(key, _)| key)
    }

    /// The member with the least key.
    #[inline]
    pub(crate) fn first(&self) -> Option<(K, u32)> {
        self.entries.first().copied()
    }

    /// Gives a member its key, or another one.
    #[inline]
    pub(crate) fn set(&mut self, id: u32, key: K) {
        match self.at.get(id as usize) {
            None | Some(&OUT) => debug_assert!(false, "{id} is not a member"),
            Some(&IDLE) => {
                let last = self.entries.len();
                self.entries.push((key, id));
                self.at[id as usize] = last as u32;
                if last > 0 {
                    self.up(last);
                }
            }
            Some(&at) => {
                let at = at as usize;
                let before = std::mem::replace(&mut self.entries[at].0, key);
                if self.entries.len() == 1 {
                    // It is alone.
                } else if key < before {
                    self.up(at);
                } else {
                    self.down(at);
                }
            }
        }
    }

    /// Gives the first member a key that is not less than the one it has: the way of nearly every batch.
    #[inline]
    pub(crate) fn set_first(&mut self, key: K) {
        if let Some(first) = self.entries.first_mut() {
            debug_assert!(first.0 <= key, "only `set` moves an entry to the front");
            first.0 = key;
            if self.entries.len() > 1 {
                self.down(0);
            }
        }
    }

    /// Takes a member's key away.
    pub(crate) fn unset(&mut self, id: u32) -> Option<K> {
        let key = self.get(id)?;
        let at = self.at[id as usize] as usize;
        self.entries.swap_remove(at);
        self.at[id as usize] = IDLE;
        if at < self.entries.len() {
            // The one that was last may belong above this place, or below it.
            let at = self.up(at);
            self.down(at);
        }
        Some(key)
    }

    /// `from` has the number `to` from now on, which nobody has.
    pub(crate) fn rename(&mut self, from: u32, to: u32) {
        debug_assert!(self.knows(from) && !self.knows(to), "{from} and {to}");
        let at = std::mem::replace(&mut self.at[from as usize], OUT);
        if let Some(entry) = self.entries.get_mut(at as usize) {
            entry.1 = to;
        }
        if self.at.len() <= to as usize {
            self.at.resize(to as usize + 1, OUT);
        }
        self.at[to as usize] = at;
    }

    /// Changes any number of keys in O(n).
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut [(K, u32)])) {
        change(&mut self.entries);
        for at in 0..self.entries.len() {
            self.at[self.entries[at].1 as usize] = at as u32;
        }
        for at in (0..self.entries.len() / 2).rev() {
            self.down(at);
        }
    }

    fn up(&mut self, mut at: usize) -> usize {
        let entry = self.entries[at];
        while at > 0 {
            let parent = (at - 1) / 2;
            self.step();
            if self.entries[parent].0 <= entry.0 {
                break;
            }
            self.place(at, self.entries[parent]);
            at = parent;
        }
        self.place(at, entry);
        at
    }

    fn down(&mut self, mut at: usize) {
        let entry = self.entries[at];
        loop {
            let left = 2 * at + 1;
            let Some(&(mut key, _)) = self.entries.get(left) else { break };
            let mut child = left;
            self.step();
            if let Some(&(right, _)) = self.entries.get(left + 1)
                && right < key
            {
                (child, key) = (left + 1, right);
            }
            if entry.0 <= key {
                break;
            }
            self.place(at, self.entries[child]);
            at = child;
        }
        self.place(at, entry);
    }

    #[inline]
    fn place(&mut self, at: usize, entry: (K, u32)) {
        self.entries[at] = entry;
        self.at[entry.1 as usize] = at as u32;
    }

    #[inline]
    fn step(&self) {
        #[cfg(test)]
        self.steps.set(self.steps.get() + 1);
    }

    /// Whether nobody stands before anybody with a lesser key.
    #[cfg(test)]
    pub(crate) fn is_ordered(&self) -> bool {
        (1..self.entries.len()).all(|at| self.entries[(at - 1) / 2].0 <= self.entries[at].0)
    }

    /// The memory that it has, in bytes.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<(K, u32)>() + self.at.capacity() * size_of::<u32>()
    }
}
