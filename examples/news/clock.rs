//! The time of day, which can be fixed so that two runs make the same bytes.

use std::time::SystemTime;

use chrono::{DateTime, SubsecRound, Utc};

/// Says what time it is, in whole seconds.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    fixed: Option<DateTime<Utc>>,
}

/// `SOURCE_DATE_EPOCH` is set, but it is not a number of seconds.
#[derive(Debug, thiserror::Error)]
#[error("SOURCE_DATE_EPOCH is {0:?}; it must be a number of seconds since 1970")]
pub struct BadEpoch(String);

impl Clock {
    /// The machine's clock, or the fixed one that `SOURCE_DATE_EPOCH` asks for (reproducible-builds.org).
    ///
    /// # Errors
    ///
    /// The variable is set to something else than a number of seconds.
    pub fn from_environment() -> Result<Self, BadEpoch> {
        let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH") else {
            return Ok(Self { fixed: None });
        };
        let text = text.to_string_lossy().into_owned();
        let seconds = text.trim().parse().ok();
        match seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)) {
            Some(fixed) => Ok(Self { fixed: Some(fixed) }),
            None => Err(BadEpoch(text)),
        }
    }

    /// A clock that stands still.
    #[cfg(test)]
    pub(crate) fn fixed(seconds: i64) -> Self {
        Self { fixed: DateTime::from_timestamp(seconds, 0) }
    }

    /// The time, in whole seconds.
    pub fn now(&self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(|| DateTime::<Utc>::from(SystemTime::now()).trunc_subsecs(0))
    }
}
