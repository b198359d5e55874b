pub mod shop {
    use stagekit::prelude::*;

    struct Order(u64);

    #[consumer]
    pub fn ship(order: Order) {
        drop(order.0);
    }
}

fn main() {}

// Instead of line 4:
//     pub struct Order(pub u64);
