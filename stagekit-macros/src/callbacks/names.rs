//! The names of the callbacks, and what those of other libraries, and misspelt ones, are called here.

use super::ast::Kind;

const CALLBACKS: [(&str, Kind); 11] = [
    ("on_start", Kind::Start),
    ("on_demand", Kind::Demand),
    ("on_event", Kind::Event),
    ("on_events", Kind::Events),
    ("on_subscribe", Kind::Subscribe),
    ("on_subscriber", Kind::Subscriber),
    ("on_cancel", Kind::Cancel),
    ("on_subscriber_cancel", Kind::SubscriberCancel),
    ("on_info", Kind::Info),
    ("on_discarded", Kind::Discarded),
    ("on_stop", Kind::Stop),
];

/// What GenStage, and others, call a callback.
const ELSEWHERE: [(&str, &str); 16] = [
    ("init", "on_start"),
    ("on_init", "on_start"),
    ("handle_start", "on_start"),
    ("handle_demand", "on_demand"),
    ("handle_event", "on_event"),
    ("handle_events", "on_events"),
    ("handle_subscribe", "on_subscribe"),
    ("handle_subscriber", "on_subscriber"),
    ("handle_cancel", "on_cancel"),
    ("handle_info", "on_info"),
    ("handle_cast", "on_info"),
    ("on_cast", "on_info"),
    ("format_discarded", "on_discarded"),
    ("terminate", "on_stop"),
    ("on_terminate", "on_stop"),
    ("handle_stop", "on_stop"),
];

/// The callback of this name.
pub(crate) fn callback(name: &str) -> Option<Kind> {
    CALLBACKS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The callback that was meant, if that is not a method already.
pub(crate) fn meant(name: &str, is_there: impl Fn(&str) -> bool) -> Option<&'static str> {
    if let Some((_, meant)) = ELSEWHERE.iter().find(|(known, _)| *known == name) {
        return Some(meant);
    }
    if !name.starts_with("on") {
        return None;
    }
    let near = CALLBACKS.iter().map(|(known, _)| (crate::words::distance(name, known), *known)).min()?;
    (near.0 <= 2 && !is_there(near.1)).then_some(near.1)
}

impl Kind {
    /// The name of the method.
    pub(crate) fn name(self) -> &'static str {
        CALLBACKS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}
