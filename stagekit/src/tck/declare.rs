//! The macros that declare one test for each rule, and the tables behind `check_all`.

use super::run::{Failure, attempt};
use super::subject::Soon;
use super::{Consumer, Dispatching, Producer, Sourcing, Transform};
use super::{consumer, dispatcher, producer, source, transform};
use crate::op::Event;

/// One test for each name.
#[doc(hidden)]
#[macro_export]
macro_rules! __tck_tests {
    ([$kind:ident $given:tt] $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let given = $given;
                $crate::tck::run(&given, |given| ::std::boxed::Box::pin($crate::tck::$kind::$name(given)));
            }
        )*
    };
}

/// The names with their checks.
#[doc(hidden)]
#[macro_export]
macro_rules! __tck_table {
    ([$kind:ident] $($name:ident)*) => {
        [$((stringify!($name), (|given| Box::pin($kind::$name(given))) as Check<'_, _>)),*]
    };
}

/// The names alone.
#[doc(hidden)]
#[macro_export]
macro_rules! __tck_only_names {
    ([] $($name:ident)*) => {
        [$(stringify!($name)),*]
    };
}

/// A module of one test for each rule of a [`producer`](crate::tck::producer()).
///
/// ```
/// # use stagekit::prelude::*;
/// # use stagekit::tck;
/// #[producer]
/// fn numbers(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> { range }
///
/// stagekit::tck_producer!(
///     numbers_conforms,
///     tck::producer(|n, output: tck::Probe<u64>| pipeline! { numbers(0..n) => { output } })
/// );
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! tck_producer {
    ($module:ident, $given:expr) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            fn given() -> $crate::tck::Producer<impl Send + 'static> {
                $given
            }
            $crate::__tck_producer! { __tck_tests [producer (given())] }
        }
    };
}

/// A module of one test for each rule of a [`consumer`](crate::tck::consumer()).
#[macro_export]
macro_rules! tck_consumer {
    ($module:ident, $given:expr) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            fn given() -> $crate::tck::Consumer<impl Send + 'static> {
                $given
            }
            $crate::__tck_consumer! { __tck_tests [consumer (given())] }
        }
    };
}

/// A module of one test for each rule of a [`transform`](crate::tck::transform()): its own, those of a producer and those
/// of a consumer (rule 4.1).
#[macro_export]
macro_rules! tck_transform {
    ($module:ident, $given:expr) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            fn given() -> $crate::tck::Transform<impl Send + 'static, impl Send + 'static> {
                $given
            }
            $crate::__tck_transform! { __tck_tests [transform (given())] }
            mod as_producer {
                $crate::__tck_producer! { __tck_tests [producer (super::given().as_producer())] }
            }
            mod as_consumer {
                $crate::__tck_consumer! { __tck_tests [consumer (super::given().as_consumer())] }
            }
        }
    };
}

/// A module of one test for each rule of a [`dispatcher`](crate::tck::dispatcher()).
#[macro_export]
macro_rules! tck_dispatcher {
    ($module:ident, $given:expr) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            fn given() -> $crate::tck::Dispatching<impl PartialEq + Send + 'static> {
                $given
            }
            $crate::__tck_dispatcher! { __tck_tests [dispatcher (given())] }
        }
    };
}

/// A module of one test for each rule of a [`source`](crate::tck::source()): its own, and those of a producer.
#[macro_export]
macro_rules! tck_source {
    ($module:ident, $given:expr) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            fn given() -> $crate::tck::Sourcing<impl Send + 'static> {
                $given
            }
            $crate::__tck_source! { __tck_tests [source (given())] }
            mod as_producer {
                $crate::__tck_producer! { __tck_tests [producer (super::given().as_producer())] }
            }
        }
    };
}

type Check<'a, S> = fn(&'a S) -> Soon<'a, ()>;

fn all<'a, S: 'a>(under: &str, given: &'a S, checks: &[(&'static str, Check<'a, S>)]) -> Vec<Failure> {
    let failures = checks.iter().filter_map(|(name, check)| {
        let said = attempt(given, check).err()?;
        Some(Failure { rule: format!("{under}{name}"), said })
    });
    failures.collect()
}

fn verdict(failures: Vec<Failure>) -> Result<(), Vec<Failure>> {
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

impl<T: Event> Producer<T> {
    /// Runs every check, and says at once which have failed: for a table of many subjects in one test.
    ///
    /// # Errors
    /// The rules that it breaks.
    pub fn check_all(&self) -> Result<(), Vec<Failure>> {
        verdict(all("", self, &crate::__tck_producer! { __tck_table [producer] }))
    }
}

impl<T: Event> Consumer<T> {
    /// Runs every check, and says at once which have failed.
    ///
    /// # Errors
    /// The rules that it breaks.
    pub fn check_all(&self) -> Result<(), Vec<Failure>> {
        verdict(all("", self, &crate::__tck_consumer! { __tck_table [consumer] }))
    }
}

impl<In: Event, Out: Event> Transform<In, Out> {
    /// The rules that are neither a producer's nor a consumer's.
    pub(super) fn own_failures(&self) -> Vec<Failure> {
        all("", self, &crate::__tck_transform! { __tck_table [transform] })
    }

    /// Runs every check, and says at once which have failed.
    ///
    /// # Errors
    /// The rules that it breaks.
    pub fn check_all(&self) -> Result<(), Vec<Failure>> {
        let mut failures = self.own_failures();
        let given = self.as_producer();
        failures.extend(all("as_producer::", &given, &crate::__tck_producer! { __tck_table [producer] }));
        let given = self.as_consumer();
        failures.extend(all("as_consumer::", &given, &crate::__tck_consumer! { __tck_table [consumer] }));
        verdict(failures)
    }
}

impl<T: PartialEq> Dispatching<T> {
    /// Runs every check, and says at once which have failed.
    ///
    /// # Errors
    /// The rules that it breaks.
    pub fn check_all(&self) -> Result<(), Vec<Failure>> {
        verdict(all("", self, &crate::__tck_dispatcher! { __tck_table [dispatcher] }))
    }
}

impl<T: Event> Sourcing<T> {
    /// Runs every check, and says at once which have failed.
    ///
    /// # Errors
    /// The rules that it breaks.
    pub fn check_all(&self) -> Result<(), Vec<Failure>> {
        let mut failures = all("", self, &crate::__tck_source! { __tck_table [source] });
        let given = self.as_producer();
        failures.extend(all("as_producer::", &given, &crate::__tck_producer! { __tck_table [producer] }));
        verdict(failures)
    }
}
