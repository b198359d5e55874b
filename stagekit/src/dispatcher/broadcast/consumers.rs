//! Who is subscribed already: consumers by their address.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::super::Sub;

/// The consumers that are subscribed, each with its subscription.
#[derive(Default)]
pub(super) struct Consumers(HashMap<usize, u32, BuildHasherDefault<Address>>);

impl Consumers {
    /// The subscription of this consumer, if it has one.
    pub(super) fn get(&self, consumer: usize) -> Option<Sub> {
        self.0.get(&consumer).map(|&sub| sub as usize)
    }

    /// Adds a consumer that has none.
    pub(super) fn insert(&mut self, consumer: usize, sub: Sub) {
        self.0.insert(consumer, sub as u32);
    }

    pub(super) fn remove(&mut self, consumer: usize) {
        self.0.remove(&consumer);
    }
}

/// Hashes an address of our own making, which nobody can choose: std's hash is against those who can, and costs as much
/// as the rest of a subscription.
///
/// Consumers that were started one after the other lie side by side, and do so in the table: a hundred thousand of them
/// are found without a miss of the cache for each.
#[derive(Default)]
struct Address(u64);

/// 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Address {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte as usize);
        }
    }

    fn write_usize(&mut self, address: usize) {
        let address = self.0.rotate_left(8) ^ address as u64;
        // The low bits are the place in the table: neighbours within half a megabyte stay neighbours. The highest seven
        // tell those in one place apart.
        let far = (address >> 19).wrapping_mul(SPREAD) >> 32;
        let place = (address >> 7).wrapping_add(far) & (u64::MAX >> 7);
        let tag = address.wrapping_mul(SPREAD) & !(u64::MAX >> 7);
        self.0 = place | tag;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
