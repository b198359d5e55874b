//! A stage whose type hides a crate of the same name.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::ast::Stage;
use crate::names::ours;

/// Crates that programs use by path.
const CRATES: &str = "log tracing tokio serde time url rand bytes futures stagekit";

/// A warning if the name is that of a crate which this file uses by path.
pub(crate) fn hidden_crate(stage: &Stage) -> Option<TokenStream> {
    let Stage { name, attrs, .. } = stage;
    let word = CRATES.split(' ').find(|word| name == word)?;
    if proc_macro::is_available() {
        let file = name.span().unwrap().local_file()?;
        if !leads_from(word, &std::fs::read_to_string(file).ok()?) {
            return None;
        }
    }
    let attribute = stage.role.attribute().trim_end_matches(']');
    let text = format!(
        "a stage of this name hides the crate `{word}` in this module: write `::{word}` for the crate, or `{attribute}(as = Name)]`"
    );
    // A macro warns by using something deprecated.
    Some(quote_spanned! {ours()=>
        #attrs
        const _: () = {
            #[deprecated(note = #text)]
            #[allow(non_upper_case_globals)]
            const #name: () = ();
            #name
        };
    })
}

/// `word::` stands in a text, and not as a part of a longer path or name. Comments are left out.
fn leads_from(word: &str, text: &str) -> bool {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.into_iter().any(|line| {
        line.match_indices(&format!("{word}::")).any(|(at, _)| {
            let before = line[..at].trim_end();
            let name = line[..at].ends_with(|end: char| end.is_alphanumeric() || end == '_');
            // What a `use` imports is the crate.
            !name && !before.ends_with("::") && !before.ends_with("use")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::leads_from;

    #[test]
    fn only_a_path_that_begins_with_the_crate_is_hidden() {
        for text in ["log::info!(1)", "    let rng = rand::rng();", "fn f() -> url::Url {", "(url::parse)"] {
            assert!(["log", "rand", "url"].iter().any(|word| leads_from(word, text)), "{text}");
        }
        for text in
            ["use log::info;", "::log::info!(1)", "catalog::log()", "my_log::x", "// log::info", "a::log::b", "log(1)"]
        {
            assert!(!leads_from("log", text), "{text}");
        }
    }
}
