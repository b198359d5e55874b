//! What the stages of one task may ask for: what the compiler cannot see of it.

use crate::open::Part;
use crate::stage::place::Wrong;

pub(super) const WHOLE: &str = "it has a task (or a graph) of its own, so `->` cannot lead on from it: use `=>`";

/// `producer`: it begins with one, and whether that awaits.
pub(super) fn checked(parts: &[Part], producer: Option<bool>, is_async: bool) -> Result<(), Wrong> {
    let (begins, producer) = (producer == Some(true), producer.is_some());
    for (at, &Part { ref options, takes_batches, .. }) in parts.iter().enumerate() {
        let role = if producer && at == 0 { options.check_producer() } else { options.check_consumer() };
        role.and_then(|()| options.check()).map_err(|wrong| (options.name.clone(), wrong))?;
        if options.batch.is_some() && !takes_batches {
            let wrong = "it takes single events: `batch` is for a stage with a `Vec` or slice parameter, and `batch(size, every)` on its attribute";
            return Err((options.name.clone(), wrong.into()));
        }
        if options.blocking && at == 0 && begins {
            let wrong = "`blocking` is for functions that block their thread, and this producer awaits: let it be no `async fn`, or call what blocks with `tokio::task::spawn_blocking`";
            return Err((options.name.clone(), wrong.into()));
        }
        if options.blocking && is_async && options.batch.is_none() {
            let wrong = "`blocking` is for synchronous stages, and this task awaits: use `=>` to keep them apart";
            return Err((options.name.clone(), wrong.into()));
        }
    }
    if parts.len() > 1 && parts[0].is_whole {
        return Err((parts[0].options.name.clone(), WHOLE.into()));
    }
    for part in parts.iter().skip(1) {
        let options = &part.options;
        if options.limits != Default::default() {
            let wrong = "`->` has no subscription: `max_demand` and `min_demand` belong to the first stage of the task";
            return Err((options.name.clone(), wrong.into()));
        }
        if options.workers > 1 || options.concurrency > 1 || options.batch.is_some() {
            let wrong =
                "`->` runs it in the task of the stage before: use `=>` for `workers`, `concurrency` and `batch`";
            return Err((options.name.clone(), wrong.into()));
        }
    }
    let stages = &parts[usize::from(producer)..];
    let restarts = |part: &&Part| part.options.restart.is_some();
    if let Some(part) = stages.iter().find(restarts)
        && !stages.iter().all(|part| restarts(&part))
    {
        let wrong = "the stages of one task begin again together: give `restart` to each of them, or use `=>`";
        return Err((part.options.name.clone(), wrong.into()));
    }
    if parts.len() > 1 && parts[0].options.workers > 1 {
        let wrong = "it has workers of its own, so `->` cannot lead on from it: use `=>`";
        return Err((parts[0].options.name.clone(), wrong.into()));
    }
    Ok(())
}
