use stagekit::prelude::*;

#[producer]
async fn receive(mut from: tokio::sync::mpsc::Receiver<u64>) -> Option<u64> {
    from.recv().await
}

fn main() {}

// Instead of lines 3 to 6:
//     #[producer]
//     async fn receive(mut from: tokio::sync::mpsc::Receiver<u64>, mut out: Emitter<u64>) {
//         while let Some(n) = from.recv().await {
//             if out.emit(n).await.is_err() {
//                 break;
//             }
//         }
//     }
