//! The kit checked: each check is seen to fail, on a subject that breaks its rule on purpose. Subjects that keep the
//! rules pass.

mod consumers;
mod dispatchers;
mod producers;
mod sources;
mod transforms;

use std::collections::BTreeSet;
use std::fmt::Debug;

use super::Failure;

/// Each subject breaks the rule beside it; and each check fails for one of them.
fn bites<F: Debug + Copy>(
    faults: &[(F, &str)],
    names: &[&str],
    not_to_be_broken: &[&str],
    check: impl Fn(F) -> Result<(), Vec<Failure>>,
) {
    let mut seen = BTreeSet::new();
    for &(fault, rule) in faults {
        let broken = check(fault).err().unwrap_or_default();
        let hit = broken.iter().any(|failure| failure.rule.ends_with(rule));
        assert!(hit, "{fault:?} should break {rule}, and breaks {broken:?}");
        seen.extend(broken.into_iter().map(|failure| failure.rule));
    }
    let never: Vec<_> =
        names.iter().filter(|name| !seen.contains(**name) && !not_to_be_broken.contains(name)).collect();
    assert!(never.is_empty(), "these checks were never seen to fail: {never:?}");
}
