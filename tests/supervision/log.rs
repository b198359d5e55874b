//! What a failed child leaves in the log.

use std::fmt::Debug;

use stagekit::live::Reason;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::*;

/// Notes the warnings.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

struct Line(String);
impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0.trim().to_owned());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn failures_are_logged_also_those_of_the_end_77_82() {
    for at_the_end in [false, true] {
        let listener = Listener::default();
        tracing::subscriber::with_default(listener.clone(), || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let nursery = Nursery::new(if at_the_end { Manners::EndsBadly } else { Manners::Deaf });
                let workers = nursery.workers().name("w").start().await.unwrap();
                for job in [1, 2] {
                    workers.start_child(job).await.unwrap();
                }
                settle().await;
                if !at_the_end {
                    nursery.tell(1, Tell::Panic).await;
                    nursery.tell(2, Tell::Done).await;
                }
                workers.stop(Reason::Shutdown).await;
            });
        });
        let text = if at_the_end { "oops" } else { "panicked: job 1" };
        // The second within a second is counted, not shown.
        let expected = format!("message=a child has failed: {text} stage=\"w\" child=1 hidden=0");
        assert_eq!(*listener.0.lock().unwrap(), [expected], "at the end: {at_the_end}");
    }
}
