use stagekit::prelude::*;
use tests::stages::*;

struct Count(u64);

#[stage]
impl Count {
    fn on_demand(&mut self, demand: Demand) -> Vec<u64> {
        vec![self.0; demand.get()]
    }
}

impl Count {
    fn new() -> Self {
        Count(0)
    }
}

fn main() {
    let _ = pipeline! {
        Count::new() => save
    };
}

// Instead of line 21:
//     { Count::new() } => save
