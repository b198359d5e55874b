use stagekit::prelude::*;
use tests::stages::*;

struct Count(u64);

#[stage]
impl Count {
    fn on_demand(&mut self, demand: Demand) -> Vec<u64> {
        vec![self.0; demand.get()]
    }
}

fn main() {
    let _ = pipeline! {
        Count(0) => save
    };
}

// Instead of line 15:
//     { Count(0) } => save
