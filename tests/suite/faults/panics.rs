//! Panics: contained, counted, and told once.

use stagekit::prelude::*;

use crate::numbers;

#[tokio::test]
async fn a_panic_in_the_drop_of_an_event_hides_no_failure() {
    #[derive(Clone)]
    struct Bomb(u64);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(self.0 != 50 || std::thread::panicking(), "dropped");
        }
    }
    #[producer_consumer]
    fn bomb(n: u64) -> Bomb {
        Bomb(n)
    }
    #[consumer]
    fn defuse(bomb: Bomb) -> Result<(), String> {
        if bomb.0 == 3 { Err("three".into()) } else { Ok(()) }
    }
    let error = pipeline! { numbers(0..100) => bomb => defuse }.run().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `defuse` failed: three");
}

#[tokio::test]
async fn what_panicked_was_not_emitted() {
    #[producer_consumer]
    fn odd(n: u64) -> u64 {
        assert!(n % 2 == 1);
        n
    }
    let fused = pipeline! { numbers(0..1000) -> odd.on_panic(skip()) => _ }.run().await.unwrap();
    let own = pipeline! { numbers(0..1000) => odd.on_panic(skip()) => _ }.run().await.unwrap();
    for summary in [fused, own] {
        let odd = summary.stage("odd").unwrap();
        assert_eq!((odd.events_in, odd.events_out, odd.failed), (1000, 500, 500), "{summary}");
    }
}

#[tokio::test]
async fn a_producers_panic_is_never_skipped() {
    #[producer]
    fn breaks() -> impl Iterator<Item = u64> {
        (0..10).inspect(|n| assert!(*n != 5, "five"))
    }
    let error = pipeline! { breaks.on_error(skip()) => _ }.run().await.unwrap_err();
    assert!(error.is_panic(), "what it had left to give is gone: {error}");
}
