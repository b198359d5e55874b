use stagekit::prelude::*;

type Answer<T> = Result<T, String>;

#[producer_consumer]
fn half(n: u64) -> Answer<u64> {
    if n % 2 == 0 { Ok(n / 2) } else { Err(format!("{n} is odd")) }
}

fn main() {}

// Instead of line 5:
//     #[producer_consumer(try)]
