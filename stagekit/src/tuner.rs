//! The tuner: how many events a stage takes at once, from how long it took over those before.
//!
//! GenStage leaves `max_demand` to the user, 1000 unless told otherwise: right for light events, and wrong for heavy
//! ones, of which the first consumer swallows a thousand while its siblings have none. The tuner begins with one event
//! and grows while a batch is cheap, as far as the memory of a batch stays in the cache, and shrinks at once when it is
//! dear. It knows no clock: who calls it has looked at one.

use std::time::Duration;

use crate::fuzz;

/// How long a batch should take, at most: long against the wake-up of another core (some microseconds), short against
/// what somebody who waits would notice.
const DEAR: u64 = 200_000;

/// The most events of a batch, and the most bytes, as the values themselves are long: two batches, of which one is
/// being made of the other, fit the first cache.
const MOST: usize = 2048;
const MOST_BYTES: usize = 32 * 1024;
/// However large an event is.
const LEAST: usize = 16;

/// How fast it grows.
const STEP: u32 = 4;

/// Events between two samples, at most; a batch counts as a few more.
const BETWEEN: u32 = 4096;
const BATCH: u32 = 8;
/// How much work there is between two samples once the size has settled, in nanoseconds: a hundred times what the clock
/// takes.
const SETTLED: u64 = 5_000;

/// The size of a batch in a shuffled run, in which nobody looks at the clock.
const SHUFFLED: u32 = 4;

/// How many samples in a row say how heavy a stage is.
const IN_A_ROW: usize = 3;

/// The books of one stage instance.
#[derive(Clone, Debug)]
pub(crate) struct Tuner {
    /// The size of a batch.
    cut: u32,
    most: u32,
    /// Events until the next sample.
    left: u32,
    /// The next event is made while this one is handled, however dear both are.
    ahead: bool,
    /// What the last batches took, in nanoseconds, newest last.
    took: [u32; IN_A_ROW],
}

/// The longest batch of events of this many bytes.
fn most(bytes: usize) -> u32 {
    (MOST_BYTES / bytes.max(1)).clamp(LEAST, MOST) as u32
}

impl Tuner {
    /// For events of this many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        let tuner = Tuner { cut: 1, most: most(bytes), left: 0, ahead: false, took: [0; IN_A_ROW] };
        if fuzz::is_on() { Tuner { cut: SHUFFLED, left: u32::MAX, ..tuner } } else { tuner }
    }

    /// The same, of a stage whose batches are as large as somebody else says: it finds out how much of one takes too long.
    pub(crate) fn lax(bytes: usize) -> Self {
        let tuner = Tuner::new(bytes);
        Tuner { cut: tuner.most, ..tuner }
    }

    /// Of a stage that shares its events with nobody: what it does not ask for early, nobody makes meanwhile.
    pub(crate) fn ahead(self) -> Self {
        Tuner { ahead: true, ..self }
    }

    /// The most events that are handled, or made, at a stretch; as many as are wanted while they are light.
    pub(crate) fn at_a_stretch(&self) -> usize {
        if self.cut == self.most { usize::MAX } else { self.cut as usize }
    }

    /// The most events that a stage handles at once, of whatever it is given: as much as it may have asked for.
    #[inline]
    pub(crate) fn stretch(&self) -> usize {
        if self.cut == self.most { usize::MAX } else { 2 * self.cut as usize }
    }

    /// `max_demand` and `min_demand`: two batches, of which one is made while the other is handled. Where several share the
    /// events, a single one is asked for when the one before is done: what waits here could be handled there.
    pub(crate) fn limits(&self) -> (usize, usize) {
        match self.cut as usize {
            1 if self.ahead => (2, 1),
            1 => (1, 0),
            cut => (2 * cut, cut),
        }
    }

    /// The limits that are never exceeded, for events of this many bytes.
    pub(crate) fn most(bytes: usize) -> (usize, usize) {
        let most = most(bytes) as usize;
        (2 * most, most)
    }

    /// Whether the clock is to be looked at before and after the next batch, of `n` events.
    #[inline]
    pub(crate) fn is_due(&mut self, n: usize) -> bool {
        let counted = (n as u32).saturating_add(BATCH);
        match self.left.checked_sub(counted) {
            Some(left) => {
                self.left = left;
                false
            }
            None => true,
        }
    }

    /// A batch of `n` events took so long; `true` if the limits are others now.
    pub(crate) fn sample(&mut self, n: usize, took: Duration) -> bool {
        let took = took.as_nanos().min(u128::from(u32::MAX)) as u64;
        self.took.rotate_left(1);
        self.took[IN_A_ROW - 1] = took as u32;
        // As many events as take as long as a batch should.
        let fit = (DEAR * n.max(1) as u64 / took.max(1)).clamp(1, u64::from(self.most)) as u32;
        let before = self.cut;
        if fit > self.cut {
            self.cut = fit.min(self.cut * STEP);
        } else if fit < self.cut / 2 || fit == 1 {
            self.cut = fit;
        }
        let changed = self.cut != before;
        self.left = if changed { 0 } else { between(n, took) };
        changed
    }

    /// How long a batch takes: the shortest of the last, so that one that was interrupted says nothing.
    pub(crate) fn weight(&self) -> Duration {
        Duration::from_nanos(self.took.iter().copied().min().unwrap_or(0).into())
    }
}

/// Events until the next sample, after a batch of `n` that took so many nanoseconds.
fn between(n: usize, took: u64) -> u32 {
    (SETTLED * (n as u64 + u64::from(BATCH)) / took.max(1)).min(BETWEEN.into()) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NANO: Duration = Duration::from_nanos(1);

    /// The sizes of the batches of a stage that takes `each` over an event.
    fn batches(tuner: &mut Tuner, each: Duration, n: usize) -> Vec<usize> {
        let one = |tuner: &mut Tuner| {
            let n = tuner.cut as usize;
            if tuner.is_due(n) {
                tuner.sample(n, each * n as u32);
            }
            n
        };
        (0..n).map(|_| one(tuner)).collect()
    }

    #[test]
    fn it_grows_while_a_batch_is_cheap() {
        let mut tuner = Tuner::new(8);
        assert_eq!(batches(&mut tuner, NANO, 8), [1, 4, 16, 64, 256, 1024, 2048, 2048]);
        assert_eq!(tuner.limits(), (4096, 2048));
        assert_eq!(Tuner::most(8), (4096, 2048));
    }

    #[test]
    fn it_stops_where_a_batch_takes_long() {
        let mut tuner = Tuner::new(8);
        assert_eq!(batches(&mut tuner, 10_000 * NANO, 6), [1, 4, 16, 20, 20, 20]);
        assert_eq!(tuner.limits(), (40, 20));
    }

    #[test]
    fn dear_events_come_one_by_one() {
        let mut tuner = Tuner::new(8);
        assert_eq!(batches(&mut tuner, 1_000_000 * NANO, 4), [1, 1, 1, 1]);
        assert_eq!(tuner.limits(), (1, 0));
    }

    #[test]
    fn who_is_alone_asks_ahead() {
        let mut tuner = Tuner::new(8).ahead();
        assert_eq!(tuner.limits(), (2, 1));
        batches(&mut tuner, 1_000_000 * NANO, 4);
        assert_eq!(tuner.limits(), (2, 1));
    }

    #[test]
    fn it_shrinks_at_once() {
        let mut tuner = Tuner::new(8);
        batches(&mut tuner, NANO, 20);
        // Seen with one of the next samples, and never more than so many events late.
        let mut late = 0;
        while tuner.limits() != (1, 0) {
            late += batches(&mut tuner, 1_000_000 * NANO, 1)[0];
        }
        assert!(late <= (BETWEEN + tuner.most) as usize, "{late}");
    }

    #[test]
    fn a_batch_is_bounded_in_bytes() {
        for (bytes, most) in [(0, 2048), (8, 2048), (24, 1365), (1024, 32), (1 << 20, 16)] {
            assert_eq!(Tuner::most(bytes), (2 * most, most), "{bytes} bytes");
        }
    }

    #[test]
    fn one_slow_batch_is_not_weight() {
        let mut tuner = Tuner::new(8);
        tuner.sample(1, Duration::from_secs(1));
        tuner.sample(1, NANO);
        tuner.sample(1, Duration::from_secs(1));
        assert_eq!(tuner.weight(), NANO);
        (0..2).for_each(|_| _ = tuner.sample(1, Duration::from_millis(1)));
        assert_eq!(tuner.weight(), Duration::from_millis(1));
    }

    proptest! {
        /// Whatever it is told, limits are limits.
        #[test]
        fn limits_hold(bytes in 0..100_000usize, script in proptest::collection::vec((0..10_000usize, any::<u64>()), 0..50)) {
            let mut tuner = Tuner::new(bytes);
            let (most, _) = Tuner::most(bytes);
            for (n, took) in script {
                if tuner.is_due(n) {
                    tuner.sample(n, Duration::from_nanos(took));
                }
                let (max, min) = tuner.limits();
                prop_assert!(min < max && max <= most, "{max} {min}");
            }
        }
    }
}
