//! Quota: when a consumer asks, and for how much. GenStage's rules R1 to R6.

/// The books of one subscription at its consumer, in events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    max: u32,
    min: u32,
    /// Asked for and not yet handled.
    pending: u32,
    /// Of those, how many have not arrived.
    outstanding: u32,
}

impl Quota {
    /// `min` is lower than `max`; both were checked where the pipeline was started.
    pub(crate) fn new(max: usize, min: usize) -> Self {
        debug_assert!(min < max, "min_demand {min} must be lower than max_demand {max}");
        Quota { max: max as u32, min: min as u32, pending: 0, outstanding: 0 }
    }

    /// `max_demand` and `min_demand`.
    pub(crate) fn limits(&self) -> (usize, usize) {
        (self.max as usize, self.min as usize)
    }

    /// From now on it asks by these limits. What was asked for stays asked for.
    pub(crate) fn tune(&mut self, max: usize, min: usize) {
        debug_assert!(min < max, "min_demand {min} must be lower than max_demand {max}");
        (self.max, self.min) = (max as u32, min as u32);
    }

    /// The first ask (R1).
    pub(crate) fn open(&mut self) -> usize {
        self.pending = self.max;
        self.outstanding = self.max;
        self.max as usize
    }

    /// The longest batch that is handled at once (R2).
    pub(crate) fn cut(&self) -> usize {
        (self.max - self.min) as usize
    }

    /// `n` events have arrived: how many of them nobody had asked for. They are handled, and counted nowhere (R6).
    pub(crate) fn arrive(&mut self, n: usize) -> usize {
        let expected = n.min(self.outstanding as usize);
        self.outstanding -= expected as u32;
        n - expected
    }

    /// `n` events have arrived and were handled at once: what to ask for now, or nought.
    #[inline]
    pub(crate) fn pass(&mut self, n: usize) -> usize {
        let counted = n.min(self.outstanding as usize) as u32;
        self.outstanding -= counted;
        self.pending -= counted;
        if self.pending > self.min || counted == 0 {
            return 0;
        }
        let ask = self.max - self.pending;
        self.pending = self.max;
        self.outstanding += ask;
        ask as usize
    }

    /// `n` events were handled: what to ask for now, if it is time to (R3).
    pub(crate) fn settle(&mut self, n: usize) -> Option<usize> {
        // What is pending and has arrived; all that is handled beyond it is excess (R6).
        let queued = self.pending - self.outstanding;
        self.pending -= n.min(queued as usize) as u32;
        // R6: the handling of excess asks for nothing, because nothing has been freed. More may be pending than limits
        // allow that were lowered since.
        if self.pending > self.min || queued == 0 {
            return None;
        }
        let ask = self.max - self.pending;
        self.pending = self.max;
        self.outstanding += ask;
        Some(ask as usize)
    }
}

impl Quota {
    /// All that came is held for a batch that lacks `n` events: what to ask for now. Nothing, while some are under way.
    pub(crate) fn press(&mut self, n: usize) -> usize {
        if self.outstanding > 0 {
            return 0;
        }
        let ask = self.max.min(u32::try_from(n).unwrap_or(u32::MAX));
        self.pending = self.pending.saturating_add(ask);
        self.outstanding = ask;
        ask as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r03_reasks_in_lumps() {
        // (max, min, batches handled, asks)
        type Case = (usize, usize, &'static [usize], &'static [Option<usize>]);
        let cases: [Case; 6] = [
            (1000, 500, &[500, 500, 500], &[Some(500), Some(500), Some(500)]),
            (100, 20, &[80, 20], &[Some(80), None]),
            (1000, 750, &[100, 100, 100], &[None, None, Some(300)]),
            (10, 8, &[2, 2], &[Some(2), Some(2)]),
            (10, 0, &[10], &[Some(10)]),
            (1, 0, &[1, 1], &[Some(1), Some(1)]),
        ];
        for (max, min, handled, asks) in cases {
            let mut quota = Quota::new(max, min);
            assert_eq!(quota.open(), max);
            let mut handle = |n| {
                quota.arrive(n);
                quota.settle(n)
            };
            let said: Vec<_> = handled.iter().map(|&n| handle(n)).collect();
            assert_eq!(said, asks, "max {max} min {min}");
        }
    }

    #[test]
    fn l02_pending_is_bounded() {
        let mut quota = Quota::new(7, 3);
        let mut outstanding = quota.open();
        for n in [1, 2, 4, 3, 1, 1, 1, 4] {
            let n = n.min(outstanding);
            outstanding -= n;
            assert_eq!(quota.arrive(n), 0);
            outstanding += quota.settle(n).unwrap_or(0);
            assert!(outstanding <= 7);
        }
    }

    #[test]
    fn a_batch_gets_what_it_lacks_and_then_the_limits_hold_again() {
        let mut quota = Quota::new(3, 1);
        assert_eq!((quota.open(), quota.press(5)), (3, 0), "three are under way");
        quota.arrive(3);
        assert_eq!((quota.press(5), quota.press(5)), (3, 0), "no more than the limit are on their way");
        quota.arrive(3);
        assert_eq!(quota.press(2), 2);
        quota.arrive(2);
        assert_eq!([quota.settle(6), quota.settle(2)], [None, Some(3)]);
    }

    #[test]
    fn r06_excess_frees_nothing_x3() {
        let mut quota = Quota::new(4, 2);
        quota.open();
        assert_eq!((quota.arrive(1), quota.settle(1)), (0, None));
        assert_eq!((quota.arrive(2), quota.settle(2)), (0, Some(3)));
        assert_eq!((quota.arrive(3), quota.settle(0)), (0, None), "one is outstanding");
        assert_eq!(quota.arrive(4), 3);
        // The four that count, then excess.
        assert_eq!((quota.settle(2), quota.settle(2)), (Some(2), Some(2)));
        assert_eq!((quota.settle(2), quota.settle(1)), (None, None));
        assert_eq!((quota.arrive(4), quota.arrive(1)), (0, 1));
    }

    #[test]
    fn r06_one_ask_for_a_message_in_excess_x3() {
        let mut quota = Quota::new(4, 2);
        quota.open();
        quota.arrive(3);
        assert_eq!(quota.settle(1), None);
        let mut quota = Quota { pending: 1, outstanding: 1, ..quota };
        assert_eq!(quota.arrive(4), 3);
        assert_eq!((quota.settle(2), quota.settle(2)), (Some(4), None), "both batches are handled, and one ask made");
    }

    #[test]
    fn a_quota_is_sixteen_bytes() {
        assert_eq!(size_of::<Quota>(), 16);
    }

    proptest! {
        /// To be handled at once is to arrive and to be settled.
        #[test]
        fn to_pass_is_to_arrive_and_to_settle(max in 1..20usize, min in 0..20usize, script in vec(1..25usize, 0..60)) {
            let min = min % max;
            let (mut one, mut two) = (Quota::new(max, min), Quota::new(max, min));
            prop_assert_eq!(one.open(), two.open());
            for n in script {
                two.arrive(n);
                prop_assert_eq!(one.pass(n), two.settle(n).unwrap_or(0));
                prop_assert_eq!((one.pending, one.outstanding), (two.pending, two.outstanding));
            }
        }

        /// l02 and l04, whatever arrives; and without excess GenStage's formula to the letter.
        #[test]
        fn l02_and_l04_whatever_arrives(max in 1..20usize, min in 0..20usize, honest in any::<bool>(), script in vec((0..25usize, 0..25usize), 0..60)) {
            let min = min % max;
            let mut quota = Quota::new(max, min);
            let (mut pending, mut outstanding, mut asked, mut counted) = (max, quota.open(), max, 0);
            let mut queue = 0;
            for (arrived, handled) in script {
                let arrived = if honest { arrived.min(outstanding) } else { arrived };
                prop_assert_eq!(quota.arrive(arrived), arrived.saturating_sub(outstanding), "R6");
                counted += arrived.min(outstanding);
                outstanding -= arrived.min(outstanding);
                queue += arrived;
                let handled = handled.min(queue);
                queue -= handled;
                let ask = quota.settle(handled);
                if honest {
                    pending -= handled;
                    let expected = (pending <= min).then(|| max - pending);
                    pending += expected.unwrap_or(0);
                    prop_assert_eq!(ask, expected, "R3");
                }
                asked += ask.unwrap_or(0);
                outstanding += ask.unwrap_or(0);
                prop_assert_eq!(asked, counted + outstanding, "l04");
                prop_assert!(outstanding <= max, "l02: {} of {}", outstanding, max);
                prop_assert!(ask.is_none_or(|ask| (1..=max).contains(&ask)), "R4");
                prop_assert!(queue > 0 || outstanding > 0 || !honest, "l06: it waits for nothing");
            }
            // Whatever came, once all is handled there is something to wait for.
            outstanding += quota.settle(queue).unwrap_or(0);
            prop_assert!(outstanding > min, "l06");
        }
    }
}
