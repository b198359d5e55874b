use stagekit::prelude::*;
use tests::stages::*;

fn main() -> Result<(), Error> {
    let finished = pipeline! {
        let total = sum(0);
        counter(0..3) => total
    }
    .run_blocking()?;
    println!("{}", finished.totl);
    Ok(())
}

// Instead:
//     println!("{}", finished.total);
