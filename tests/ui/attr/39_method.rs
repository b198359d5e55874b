use stagekit::prelude::*;

struct Store;

impl Store {
    #[consumer]
    fn save(&self, x: u64) {
        let _ = x;
    }
}

fn main() {}

// Instead of lines 5 to 10:
//     #[consumer]
//     fn save(x: u64, _store: &Store) {
//         let _ = x;
//     }
