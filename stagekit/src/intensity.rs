//! Intensity: how often something may be restarted, as OTP's supervisors count it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::options::Restart;

/// The restarts of one stage. Times are given as the duration since any fixed moment.
#[derive(Clone, Debug)]
pub(crate) struct Intensity {
    policy: Restart,
    recent: VecDeque<Duration>,
}

impl Intensity {
    pub(crate) fn new(policy: Restart) -> Self {
        Intensity { policy, recent: VecDeque::new() }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.policy.limit
    }

    /// Whether one more restart is within the limit at `now`.
    pub(crate) fn allows(&mut self, now: Duration) -> bool {
        while self.recent.front().is_some_and(|&then| now.saturating_sub(then) > self.policy.window) {
            self.recent.pop_front();
        }
        if self.recent.len() as u64 >= u64::from(self.policy.limit) {
            return false;
        }
        self.recent.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_are_counted_within_the_window() {
        let mut intensity = Intensity::new(Restart::new(2, Duration::from_secs(5)));
        let at: Vec<bool> = [0, 1, 2, 6, 7, 8].map(|s| intensity.allows(Duration::from_secs(s))).to_vec();
        assert_eq!(at, [true, true, false, true, true, false]);
        assert!(!Intensity::new(Restart::new(0, Duration::from_secs(5))).allows(Duration::ZERO));
    }
}
