use stagekit::live::live;
use stagekit::prelude::*;
use tests::stages::*;

struct Count(u64);

impl Count {
    fn on_demand(&mut self, demand: Demand) -> Vec<u64> {
        vec![self.0; demand.get()]
    }
}

fn main() {
    let _ = pipeline! {
        { live(Count(0)) } => save
    };
}

// Instead of line 7:
//     #[stage]
//     impl Count {
