//! Rule 3.3, at length: asks and events never recurse.

use stagekit::prelude::*;

#[consumer]
fn count(n: u64, total: &mut u64) {
    *total += n & 1;
}

#[test]
fn spec303_ten_million_events_through_a_fused_chain_on_a_small_stack() {
    const EVENTS: u64 = 10_000_000;
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let run = small.spawn(|| {
        let _exact = stagekit::test::exact();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let finished = pipeline! {
                let total = count(0);
                { from_iter(0..EVENTS) } => |n| n + 1 -> |n| n ^ 1 -> filter |n| *n > 0 -> |n| n - 1 => total;
            };
            finished.run().await.unwrap().total
        })
    });
    let total = run.unwrap().join().unwrap();
    assert!(total.abs_diff(EVENTS / 2) <= 1, "{total}");
}
