//! GenStage's own test cases, by their numbers, and its rules R1 to R45, on live stages and in pipelines.
//!
//! `r03_with_20_percent_min_demand_004` is case 4 of GenStage's suite, which shows rule R3; an `x` before the number is a
//! case that GenStage does not have, and `q07` a defect that we do not share. Where stagekit departs from GenStage on
//! purpose, the test says how and why. What a case needs of the pure machines is tested beside them.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

/// One case, for each way in which a callback can answer: in its first poll and promised so, in its first poll, and
/// after it has waited.
macro_rules! each_way {
    ($($(#[$doc:meta])* async fn $name:ident<$mode:ident>() $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn case<$mode: Way>() $body

            #[tokio::test(start_paused = true)]
            async fn promised() {
                let _exact = stagekit::test::exact();
                case::<Promised>().await;
            }
            #[tokio::test(start_paused = true)]
            async fn at_once() {
                let _exact = stagekit::test::exact();
                case::<AtOnce>().await;
            }
            #[tokio::test(start_paused = true)]
            async fn waiting() {
                let _exact = stagekit::test::exact();
                case::<Waiting>().await;
            }
        }
    )+};
}

mod accumulate;
mod broadcast;
mod buffer;
mod callbacks;
mod cancel;
mod demand;
mod failure;
pub mod fixtures;
mod info;
mod manual;
mod partition;
mod pipeline;
mod producer_consumer;
mod random;
mod review;
mod stream;
mod subscribe;
pub mod told;
