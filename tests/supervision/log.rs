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
    // (how children end when they are asked to, what the first one is told before, what is logged)
    let cases = [
        (Manners::Deaf, Some(Tell::Panic), Some("a child has failed: panicked: job 1")),
        (Manners::EndsBadly, None, Some("a child has failed: oops")),
        (Manners::Deaf, None, Some("a child was aborted: it has not ended within 5s")),
        (Manners::Ends, None, None),
    ];
    for (manners, tell, text) in cases {
        let listener = Listener::default();
        tracing::subscriber::with_default(listener.clone(), || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let nursery = Nursery::new(manners);
                let workers = nursery.workers().name("w").start().await.unwrap();
                for job in [1, 2] {
                    workers.start_child(job).await.unwrap();
                }
                settle().await;
                if let Some(tell) = tell {
                    nursery.tell(1, tell).await;
                    nursery.tell(2, Tell::Done).await;
                }
                workers.stop(Reason::Shutdown).await;
            });
        });
        // The second within a second is counted, not shown.
        let expected: Vec<_> =
            text.map(|text| format!("message={text} stage=\"w\" child=1 hidden=0")).into_iter().collect();
        assert_eq!(*listener.0.lock().unwrap(), expected, "{manners:?} {tell:?}");
    }
}
