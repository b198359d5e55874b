//! Options by name and text.

use std::time::Duration;

use super::any_node::AnyNode;
use crate::options::{Overflow, Policy, Restart};
use crate::outline::{Mistake, text};

const KNOWN: &str = "`max_demand`, `min_demand`, `workers`, `concurrency`, `unordered`, `batch`, `buffer`, `on_error`, \
                     `on_panic`, `restart`, `blocking`, `own_task`, `poll_every`";

/// Sets one option. See [`Graph::set`](super::Graph::set).
pub(super) fn set(node: &mut AnyNode, option: &str, value: &str) -> Result<(), Mistake> {
    let name = node.options.name.clone();
    let wrong = |what: &str| Mistake::new(&name, format!("`{option}` of `{name}` takes {what}, got `{value}`"));
    let number = |text: &str| text.replace('_', "").parse::<usize>().map_err(|_| wrong("a number"));
    let policy = || match value {
        "stop" => Ok(Policy::Stop),
        "skip" => Ok(Policy::Skip),
        _ => Err(wrong("`stop` or `skip`")),
    };
    let flag = || match value {
        "" | "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(wrong("`true` or `false`")),
    };
    let pair = |what: &str| value.split_once(' ').map(|(a, b)| (a, b.trim())).ok_or_else(|| wrong(what));
    let opened = |by: &str| {
        Mistake::new(&name, format!("`{option}` of `{name}` is fixed: its constructor does not call `.{by}`"))
            .note(format!("let it call `node!(..).{by}`: the number may be another then"))
    };
    let options = &mut node.options;
    match option {
        "max_demand" => options.limits.max = Some(number(value)?),
        "min_demand" => options.limits.min = Some(number(value)?),
        "workers" if !node.repeats => return Err(opened("workers(1)")),
        "workers" => options.workers = number(value)?,
        "concurrency" | "unordered" if !node.overlaps && !node.awaits => return Err(text::cannot_overlap(&name)),
        "concurrency" | "unordered" if !node.overlaps => return Err(opened("concurrency(1)")),
        "concurrency" => options.concurrency = number(value)?,
        "unordered" => options.unordered = flag()?,
        "batch" => {
            let what = "a number and a duration, as `50 200ms`";
            let (size, every) = pair(what)?;
            options.batch = Some((number(size)?, duration(every).ok_or_else(|| wrong(what))?));
        }
        "buffer" => {
            let what = "a number, and `wait`, `drop_oldest`, `drop_newest` or `fail`";
            let (capacity, overflow) = value.split_once(' ').unwrap_or((value, "wait"));
            let overflow = match overflow.trim() {
                "wait" => Overflow::Wait,
                "drop_oldest" => Overflow::DropOldest,
                "drop_newest" => Overflow::DropNewest,
                "fail" => Overflow::Fail,
                _ => return Err(wrong(what)),
            };
            options.buffer = Some((number(capacity)?, overflow));
        }
        "on_error" => options.on_error = policy()?,
        "on_panic" => options.on_panic = Some(policy()?),
        "restart" if !node.repeats => return Err(opened("restart(Restart::default())")),
        "restart" => {
            let what = "a number and a duration, as `3 5s`";
            let (limit, window) = pair(what)?;
            let limit = number(limit)?.try_into().map_err(|_| wrong(what))?;
            options.restart = Some(Restart::new(limit, duration(window).ok_or_else(|| wrong(what))?));
        }
        "blocking" => options.blocking = flag()?,
        "own_task" => options.own_task = flag()?,
        "poll_every" => options.poll_every = duration(value).ok_or_else(|| wrong("a duration, as `200ms`"))?,
        "name" => {
            return Err(Mistake::new(&name, format!("`{name}` has its name in the graph already")));
        }
        "timeout" => {
            let text = format!("`timeout` is part of the type of `{name}`: let its constructor call `.timeout(..)`");
            return Err(Mistake::new(&name, text));
        }
        _ => {
            return Err(Mistake::new(&name, format!("`{name}` has no option `{option}`: there is {KNOWN}")));
        }
    }
    Ok(())
}

/// `200ms`, `5s`, `2m`, `1h`.
fn duration(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok()?;
    let seconds = |of: u64| Some(Duration::from_secs(number.checked_mul(of)?));
    match unit.trim() {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        _ => None,
    }
}
