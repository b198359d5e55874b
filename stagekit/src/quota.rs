//! Quota: when a consumer asks, and for how much. GenStage's rules R1 to R5.

/// The books of one subscription at its consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    max: usize,
    min: usize,
    /// Asked for and not yet handled.
    pending: usize,
}

impl Quota {
    /// `min` is lower than `max`; both were checked where the pipeline was started.
    pub(crate) fn new(max: usize, min: usize) -> Self {
        debug_assert!(min < max, "min_demand {min} must be lower than max_demand {max}");
        Quota { max, min, pending: 0 }
    }

    /// `max_demand` and `min_demand`.
    pub(crate) fn limits(&self) -> (usize, usize) {
        (self.max, self.min)
    }

    /// The first ask (R1).
    pub(crate) fn open(&mut self) -> usize {
        self.pending = self.max;
        self.max
    }

    /// The longest batch that is handled at once (R2).
    pub(crate) fn cut(&self) -> usize {
        self.max - self.min
    }

    /// `n` events were handled: what to ask for now, if it is time to (R3).
    pub(crate) fn settle(&mut self, n: usize) -> Option<usize> {
        debug_assert!(n <= self.pending, "l02: {n} events handled, {} pending", self.pending);
        self.pending = self.pending.saturating_sub(n);
        if self.pending > self.min {
            return None;
        }
        let ask = self.max - self.pending;
        self.pending = self.max;
        Some(ask)
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
            let said: Vec<_> = handled.iter().map(|&n| quota.settle(n)).collect();
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
            outstanding += quota.settle(n).unwrap_or(0);
            assert!(outstanding <= 7);
        }
    }
}
