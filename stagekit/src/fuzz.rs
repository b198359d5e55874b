//! Shuffled runs, for tests: see [`crate::test`]. Without the feature `test` nothing of it is there.

#[cfg(any(test, feature = "test"))]
mod on {
    use std::cell::Cell;
    use std::sync::OnceLock;
    use std::task::Context;

    thread_local! {
        /// The state of this thread's random numbers: `None` before the first look, 0 if it is off.
        static STATE: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// The seed of the process, from the environment.
    fn of_process() -> u64 {
        static SEED: OnceLock<u64> = OnceLock::new();
        *SEED.get_or_init(|| {
            let seed = std::env::var("STAGEKIT_FUZZ").ok();
            seed.map_or(0, |seed| match seed.parse::<u64>() {
                Ok(seed) => mix(seed) | 1,
                Err(_) => panic!("STAGEKIT_FUZZ must be a number, the seed of the run: got `{seed}`"),
            })
        })
    }

    fn mix(seed: u64) -> u64 {
        let x = (seed ^ (seed >> 33)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd);
        x ^ (x >> 29)
    }

    /// A random number below `n`, or `None` if runs are not shuffled.
    fn below(n: u64) -> Option<u64> {
        STATE.with(|state| {
            let mut x = state.get().unwrap_or_else(of_process);
            if x == 0 {
                state.set(Some(0));
                return None;
            }
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            state.set(Some(x));
            Some((x >> 11) % n)
        })
    }

    /// Whether a task gives way to others first. It is woken then.
    pub(crate) fn gives_way(cx: &Context<'_>) -> bool {
        let way = below(4) == Some(0);
        if way {
            cx.waker().wake_by_ref();
        }
        way
    }

    /// Where a batch of `len` events is split, if it is.
    pub(crate) fn split(len: usize) -> Option<usize> {
        if len < 2 || below(2)? == 0 {
            return None;
        }
        Some(below(len as u64 - 1)? as usize + 1)
    }

    /// The limits of a subscription.
    pub(crate) fn limits(max: usize, min: usize) -> (usize, usize) {
        match below(4) {
            None | Some(0) => (max, min),
            Some(1) if max > 1 => (2, 1),
            Some(_) => (1, 0),
        }
    }

    /// Whether runs are shuffled: then nothing may depend on the clock, so that a seed gives the same run again.
    pub(crate) fn is_on() -> bool {
        below(1).is_some()
    }

    /// Whether a turn of a task that has guests is over, and whether a guest goes home.
    pub(crate) fn now_and_then() -> bool {
        below(4) == Some(0)
    }

    /// Shuffles what runs on this thread while it lives; see [`fuzz`].
    #[must_use = "the runs are shuffled while it lives"]
    #[derive(Debug)]
    pub struct Fuzz(Option<u64>);

    impl Drop for Fuzz {
        fn drop(&mut self) {
            STATE.with(|state| state.set(self.0));
        }
    }

    /// Shuffles every pipeline and live stage that runs on this thread (so: on a `current_thread` runtime) until what it
    /// gives is dropped, as the seed decides. The same seed gives the same run.
    ///
    /// ```
    /// # use stagekit::prelude::*;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), stagekit::Error> {
    /// for seed in 0..100 {
    ///     let _shuffled = stagekit::test::fuzz(seed);
    ///     let sum = pipeline! { let sum = |n: u64| drop(n); { from_iter(0..10u64) } => |n| n * 2 => sum; }.run().await?;
    ///     assert_eq!(sum.stage("map").unwrap().events_out, 10);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn fuzz(seed: u64) -> Fuzz {
        STATE.with(|state| Fuzz(state.replace(Some(mix(seed) | 1))))
    }

    /// Runs what runs on this thread as it would run outside of tests, whatever `STAGEKIT_FUZZ` says, until what it
    /// gives is dropped: for a test that counts asks and batches.
    pub fn exact() -> Fuzz {
        STATE.with(|state| Fuzz(state.replace(Some(0))))
    }
}

#[cfg(not(any(test, feature = "test")))]
mod on {
    #[inline]
    pub(crate) fn gives_way(_: &std::task::Context<'_>) -> bool {
        false
    }
    #[inline]
    pub(crate) fn is_on() -> bool {
        false
    }
    #[inline]
    pub(crate) fn now_and_then() -> bool {
        false
    }
    #[inline]
    pub(crate) fn split(_: usize) -> Option<usize> {
        None
    }
    #[inline]
    pub(crate) fn limits(max: usize, min: usize) -> (usize, usize) {
        (max, min)
    }
}

#[cfg(any(test, feature = "test"))]
pub use on::{Fuzz, exact, fuzz};
pub(crate) use on::{gives_way, is_on, limits, now_and_then, split};
