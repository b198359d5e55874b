use stagekit::prelude::*;
use tests::stages::*;

fn main() {
    let _ = pipeline! {
        happenings => match {
            Happening::Ordered(order) => { |order| order.price as u64 => save },
            _ => _,
        }
    };
}

// Instead:
//     Happening::Ordered(order) => |order: Order| order.price as u64 => save,
