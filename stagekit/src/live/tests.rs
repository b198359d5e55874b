use super::*;

struct Idle;
impl Callbacks for Idle {
    type In = u64;
    type Out = u64;
    type Info = ();
    const SYNC: bool = true;
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_subscriptions_use_few_numbers() {
    let _exact = crate::fuzz::exact();
    let idle = live(Idle).start().await.unwrap();
    let other = live(Idle).start().await.unwrap();
    for turn in 0..10_000 {
        let options = Subscribe::new().cancel(Cancel::Temporary);
        for _ in 0..10 {
            let subscription = other.subscribe_later(&idle.outlet(), options.clone()).unwrap();
            if turn % 2 == 0 {
                subscription.cancel(Reason::Normal);
            } else {
                other
                    .resubscribe(&subscription, Reason::Normal, &idle.outlet(), options.clone())
                    .await
                    .unwrap()
                    .cancel(Reason::Normal);
            }
        }
        other.status().await.unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let numbers = idle.door.as_ref().unwrap().numbers();
    assert!(numbers <= 20, "{numbers}");
    assert_eq!((idle.status().await.unwrap().consumers, other.status().await.unwrap().producers), (0, 0));
}
