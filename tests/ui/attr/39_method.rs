use stagekit::prelude::*;

struct Store;

impl Store {
    #[consumer]
    fn save(&self, x: u64) {
        let _ = x;
    }
}

fn main() {}
