use stagekit::prelude::*;

#[producer]
fn counts() -> impl Iterator<Item = std::rc::Rc<u64>> {
    std::iter::empty()
}

fn main() {
    let _ = pipeline! {
        counts => _
    };
}

// Instead:
//     fn counts() -> impl Iterator<Item = std::sync::Arc<u64>> {
