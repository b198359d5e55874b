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

    /// `n` events were handled: what to ask for now, if it is time to (R3).
    pub(crate) fn settle(&mut self, n: usize) -> Option<usize> {
        // What is pending and has arrived; all that is handled beyond it is excess (R6).
        let queued = self.pending - self.outstanding;
        self.pending -= n.min(queued as usize) as u32;
        // R6: the handling of excess asks for nothing, because nothing has been freed.
        if self.pending > self.min || queued == 0 {
            return None;
        }
        let ask = self.max - self.pending;
        self.pending = self.max;
        self.outstanding += ask;
        Some(ask as usize)
    }
}

#[cfg(test)]
mod tests {
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
}
