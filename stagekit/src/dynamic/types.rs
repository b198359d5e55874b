//! The type of an event, for comparison and for messages.

use std::any::{TypeId, type_name};

/// An event type.
#[derive(Clone, Copy)]
pub(super) struct TypeOf {
    pub(super) id: TypeId,
    name: &'static str,
}

impl TypeOf {
    pub(super) fn of<T: 'static>() -> Self {
        TypeOf { id: TypeId::of::<T>(), name: type_name::<T>() }
    }

    /// As the compiler writes it.
    pub(super) fn text(self) -> String {
        short(self.name)
    }
}

/// `type_name` spells the standard library's paths out; the compiler leaves away what is clear without.
pub(super) fn short(name: &str) -> String {
    let mut text = String::new();
    let mut left = name;
    while !left.is_empty() {
        let end = left.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(left.len());
        let (word, rest) = left.split_at(end);
        text.push_str(&last(word));
        let stop = rest.find(|c: char| c.is_alphanumeric() || c == '_').unwrap_or(rest.len());
        let (punctuation, rest) = rest.split_at(stop);
        text.push_str(punctuation);
        left = rest;
    }
    text
}

/// Several types of the standard library are called `Error`: what the compiler calls `std::io::Error` lies in
/// `std::io::error`.
fn last(word: &str) -> String {
    if !["alloc::", "core::", "std::"].iter().any(|path| word.starts_with(path)) {
        return word.to_owned();
    }
    match word.rsplit("::").next() {
        Some("Error") => {
            let path = word.split_once("::").map_or("", |(_, rest)| rest);
            format!("std::{}", path.replace("::error::", "::"))
        }
        Some(name) => name.to_owned(),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Own<T>(std::marker::PhantomData<T>);

    #[test]
    fn types_are_written_as_the_compiler_writes_them() {
        assert_eq!(TypeOf::of::<Vec<String>>().text(), "Vec<String>");
        assert_eq!(TypeOf::of::<(u64, &'static str, [u8; 4])>().text(), "(u64, &str, [u8; 4])");
        assert_eq!(TypeOf::of::<Result<Vec<String>, std::io::Error>>().text(), "Result<Vec<String>, std::io::Error>");
        assert_eq!(TypeOf::of::<Box<dyn std::error::Error + Send>>().text(), "Box<dyn std::error::Error + Send>");
        assert_eq!(TypeOf::of::<std::num::ParseIntError>().text(), "ParseIntError");
        let own = TypeOf::of::<std::collections::HashMap<u64, Option<Own<String>>>>().text();
        assert_eq!(own, "HashMap<u64, Option<stagekit::dynamic::types::tests::Own<String>>>");
    }
}
