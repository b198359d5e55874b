//! Streams in and out, and segments.

use futures::{SinkExt, StreamExt, TryStreamExt};
use stagekit::prelude::*;

use super::{Seen, double, note, numbers, picky, sum};

#[tokio::test]
async fn a_stream_is_a_producer() {
    let seen = Seen::default();
    let stream = futures::stream::iter(0..5u64).then(|n| async move {
        tokio::task::yield_now().await;
        n
    });
    pipeline! { { from_stream(stream) } => double => note::<_>(seen.clone()) }.run().await.unwrap();
    assert_eq!(seen.all(), [0, 2, 4, 6, 8]);
}

#[tokio::test]
async fn an_open_end_is_a_stream() {
    let out: Output<u64> = pipeline! { numbers(0..2000) => double => .. };
    assert_eq!(out.try_collect::<Vec<_>>().await.unwrap(), (0..2000).map(|n| n * 2).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_open_end_gives_the_error_as_its_last_item() {
    let mut out: Output<u64> = pipeline! { numbers(1..10) => picky => .. };
    assert_eq!(out.next().await.unwrap().unwrap(), 1);
    assert_eq!(out.next().await.unwrap().unwrap(), 2);
    let error = out.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "stage `picky` failed: 3 is a multiple of three");
    assert!(out.next().await.is_none());
    assert!(out.next().await.is_none());
}

#[tokio::test]
async fn dropping_an_open_end_stops_the_pipeline() {
    let mut out: Output<u64> = pipeline! { numbers(0..u64::MAX) => double => .. };
    assert_eq!(out.next().await.unwrap().unwrap(), 0);
    let handle = out.handle().unwrap();
    drop(out);
    handle.finished().await;
}

#[tokio::test]
async fn an_open_beginning_is_a_sink() {
    let seen = Seen::default();
    let mut input: Input<u64> = pipeline! { .. => double => note::<_>(seen.clone()) };
    input.send(1).await.unwrap();
    input.send_all(&mut futures::stream::iter((2..3000).map(Ok))).await.unwrap();
    let summary = input.finish().await.unwrap();
    assert_eq!(seen.all(), (1..3000).map(|n| n * 2).collect::<Vec<_>>());
    assert_eq!(summary.stage("double").unwrap().events_in, 2999);
}

#[tokio::test]
async fn a_sink_tells_how_its_pipeline_failed() {
    let mut input: Input<u64> = pipeline! { .. => picky => _ };
    let mut error = None;
    for n in 1..100_000 {
        if let Err(failure) = input.send(n).await {
            error = Some(failure);
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(error.unwrap().to_string(), "stage `picky` failed: 3 is a multiple of three");
    assert!(input.send(1).await.is_err(), "it stays closed");
}

#[tokio::test]
async fn a_sink_is_closed_by_close() {
    let seen = Seen::default();
    let mut input: Input<u64> = pipeline! { .. => note::<_>(seen.clone()) };
    input.feed(1).await.unwrap();
    input.feed(2).await.unwrap();
    input.close().await.unwrap();
    assert_eq!(seen.all(), [1, 2]);
}

fn quadruple() -> Segment<u64, u64> {
    pipeline! { .. => double => double.name("again") => .. }
}

#[tokio::test]
async fn a_segment_is_a_node() {
    let seen = Seen::default();
    let summary = pipeline! { numbers(0..5) => { quadruple() } => { quadruple() } => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    assert_eq!(seen.all(), [0, 16, 32, 48, 64]);
    assert_eq!(summary.stage("again").unwrap().events_in, 5);
}

#[tokio::test]
async fn a_segment_with_a_name_has_nothing_to_give_back() {
    let pipeline = pipeline! { let head = { quadruple() }; let total = sum(0); numbers(0..5) => head; head => total };
    let finished = pipeline.run().await.unwrap();
    assert_eq!((finished.head, finished.total), ((), 40));
}

#[tokio::test]
async fn a_stream_of_one_pipeline_feeds_another() {
    let seen = Seen::default();
    let first: Output<u64> = pipeline! { numbers(0..10) => double => .. };
    pipeline! { { first } => try_map |item| item => note::<_>(seen.clone()) }.run().await.unwrap();
    assert_eq!(seen.all(), (0..10).map(|n| n * 2).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_drained_sink_takes_no_more() {
    let seen = Seen::default();
    let mut input: Input<u64> = pipeline! { .. => note::<_>(seen.clone()) };
    input.feed(1).await.unwrap();
    input.flush().await.unwrap();
    input.feed(2).await.unwrap();
    input.handle().unwrap().drain(std::time::Duration::from_secs(60));
    assert!(input.send(3).await.is_err() || input.send(4).await.is_err());
    input.close().await.unwrap();
    assert_eq!(seen.all()[..2], [1, 2], "what was fed before has arrived");
}
