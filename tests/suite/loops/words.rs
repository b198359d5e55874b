//! What is no loop, in the words of the start.

use stagekit::builder as b;
use stagekit::prelude::*;

use super::growth::leaf;
use crate::items::LONG;
use crate::numbers;

/// What the macro says at compile time, the builder says at the start.
#[tokio::test]
async fn the_builder_says_what_is_wrong_with_a_loop() {
    let source = b::start(b::value(from_iter(0..3u64)));
    let first = b::shared(<crate::double>::__stage().name("first"));
    b::join(&source.port(), &first, Edge::new());
    let second = b::shared(<crate::double>::__stage().name("second"));
    b::join(&b::out_of(&first), &second, Edge::new());
    b::join_also(&b::out_of(&second), &first, Edge::new());
    let error = b::runnable([b::close(source), b::place(&first), b::place(&second)]).run().await.unwrap_err();
    assert!(error.is_graph());
    assert_eq!(
        error.to_string(),
        "stage `first`: these edges form a cycle: `first => second => first`; a bounded graph would deadlock: \
         mark the closing edge: `=> feedback(n) first`"
    );

    let refused = async |room, policy, size: usize| {
        let source = b::start(b::value(from_iter(0..3u64)));
        let first = b::shared(<crate::double>::__stage().name("first"));
        b::join(&source.port(), &first, Edge::new());
        let second = b::link(&b::out_of(&first), <small>::__stage().name("second").batch(size, LONG));
        let back = b::share_feedback(&second.port(), &first, Edge::new(), room, policy);
        let end = b::share_last(&second.port(), <crate::sum>::__stage(0));
        let stages = [b::close(source), b::place(&first), b::close(second), b::close(end), back];
        b::runnable(stages).run().await.unwrap_err().to_string()
    };
    assert_eq!(
        refused(0, Overflow::Fail, 1).await,
        "stage `feedback first`: `feedback` must hold at least 1 event, got 0"
    );
    assert_eq!(
        refused(4, Overflow::Wait, 2).await,
        "stage `feedback first`: a loop cannot wait for itself: `feedback(4) first` fails when it is full, \
         `feedback(4, drop_oldest) first` drops"
    );
    assert_eq!(
        refused(4, Overflow::Fail, 5).await,
        "stage `second`: a batch of 5 can never fill: `feedback` lets 4 events go round, let it be 5 or more"
    );

    let source = b::start(b::value(from_iter(0..3u64)));
    let first = b::shared(<crate::double>::__stage().name("first"));
    b::join(&source.port(), &first, Edge::new());
    let other = b::start(b::value(from_iter(0..3u64)));
    let back = b::feedback(&other.port(), &first, Edge::new(), 4, Overflow::Fail);
    b::discard(&b::out_of(&first));
    let error = b::runnable([b::close(source), b::close(other), b::place(&first), back]).run().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stage `feedback first`: it closes no loop: nothing leads from `first` back to here; write `=> first`"
    );
}

#[tokio::test]
async fn a_stage_of_callbacks_is_no_part_of_a_loop() {
    #[derive(Default)]
    struct Passes;
    #[stage]
    impl Passes {
        fn on_event(&mut self, n: u64) -> Vec<u64> {
            vec![n]
        }
    }
    let pipeline = pipeline! {
        let leaf = leaf else [{ b::live_node(Passes) } => feedback(4) leaf];
        numbers(0..3) => leaf => _
    };
    let error = pipeline.run().await.map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "stage `Passes`: a stage of callbacks emits whenever it likes, so a loop through it would have no end: put it \
         outside of the loop"
    );
}

#[producer_consumer(batch(2, LONG))]
fn small(numbers: Vec<u64>) -> Vec<u64> {
    numbers
}
