//! What was skipped, retried or discarded is a `tracing` warning that names the stage.

use std::fmt::Debug;
use std::time::Duration;

use stagekit::prelude::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::{Seen, numbers, picky};

/// Notes the stage and the text of every warning.
struct Listener(Seen<(String, String)>);

#[derive(Default)]
struct Fields(String, String);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "stage" {
            self.0 = value.to_owned();
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.1 = format!("{value:?}");
        }
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.push((fields.0, fields.1));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The warnings of a pipeline on a runtime of this thread.
fn warnings_of(pipeline: Pipeline) -> Vec<(String, String)> {
    let seen = Seen::default();
    tracing::subscriber::with_default(Listener(seen.clone()), || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(pipeline.run()).unwrap();
    });
    seen.all()
}

fn warning(stage: &str, text: &str) -> (String, String) {
    (stage.to_owned(), text.to_owned())
}

#[test]
fn each_names_its_stage_and_they_are_rate_limited() {
    let _exact = stagekit::test::exact();
    let skipped = warnings_of(pipeline! { numbers(1..1000) => picky.on_error(skip()) => _ });
    assert_eq!(skipped, [warning("picky", "skipped an event: 3 is a multiple of three")], "one a second, not 333");

    let retried = warnings_of(pipeline! {
        numbers(3..4) => picky.on_error(retry(2, Duration::from_millis(1))) else _ => _
    });
    assert_eq!(retried, [warning("picky", "retried an event")]);

    #[producer]
    async fn burst(out: Emitter<u64>) {
        for n in 0..500 {
            let _ = out.emit(n).await;
        }
    }
    let discarded = warnings_of(pipeline! { burst.buffer(5, Overflow::DropOldest) => |_n: u64| () });
    assert_eq!(discarded, [warning("burst", "discarded events: nobody asked in time")]);
}

#[test]
fn acknowledged_events_that_nobody_looks_at_are_told_of() {
    let queue = || stagekit::memory::queue(0..3u64).0;
    let text = |last: &str| {
        format!(
            "its events are acknowledged, and a path from it ends in `{last} => _`: if it is enough that they get there, \
             say so with a consumer, `{last} => |_| ()`"
        )
    };
    assert_eq!(warnings_of(pipeline! { { queue() } => _ }), [warning("queue", &text("queue"))]);
    let seen = Seen::default();
    let leads = pipeline! { { queue() } => |n: u64| n => [super::double => _, super::note::<u64>(seen)] };
    assert_eq!(warnings_of(leads), [warning("queue", &text("double"))]);
    // It is said so, or there is nothing to acknowledge.
    assert_eq!(warnings_of(pipeline! { { queue() } => super::double => |_: u64| () }), []);
    assert_eq!(warnings_of(pipeline! { numbers(0..3) => super::double => _ }), []);
}

/// Nobody waits for a detached pipeline: its error is told to whoever reads the log.
#[test]
fn a_detached_pipeline_that_fails_says_so() {
    #[consumer]
    fn fails(n: u64) -> Result<(), String> {
        if n == 5 { Err(format!("at {n}")) } else { Ok(()) }
    }
    for early in [false, true] {
        let seen = Seen::default();
        tracing::subscriber::with_default(Listener(seen.clone()), || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let running = pipeline! { numbers(0..9) => fails }.spawn();
                let handle = running.handle();
                if !early {
                    // It has failed before it is left alone.
                    handle.finished().await;
                }
                running.detach();
                handle.finished().await;
            });
        });
        assert_eq!(seen.all(), [("fails".to_owned(), "a detached pipeline failed: at 5".to_owned())], "{early}");
    }
}
