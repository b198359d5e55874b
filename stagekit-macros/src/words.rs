//! The options of an attribute as an editor completes them: as names that are imported, and exist in the runtime; and
//! which word was meant by another.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;

use crate::names::ours;

/// Imports the first word of each option in `options` from `kit::__private::words::of`. The compiler drops it.
pub(crate) fn words(kit: &TokenStream, of: &str, options: TokenStream) -> TokenStream {
    let (mut words, mut begins) = (Vec::new(), true);
    for token in options {
        match token {
            TokenTree::Ident(word) if begins => words.push(raw(word)),
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                begins = true;
                continue;
            }
            _ => {}
        }
        begins = false;
    }
    // A path cannot end in `crate`.
    words.retain(|word| word != "crate");
    if words.is_empty() {
        return TokenStream::new();
    }
    let of = Ident::new(of, ours());
    quote_spanned! {ours()=>
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            #[allow(unused_imports)]
            mod words {
                use #kit::__private::words::#of::*;
                #(use self::#words as _;)*
            }
        };
    }
}

/// `try` and `as` are words of Rust, too.
fn raw(word: Ident) -> Ident {
    let raw = |word: &Ident| Ident::new_raw(&word.to_string(), Span::call_site().located_at(word.span()));
    if word == "try" || word == "as" { raw(&word) } else { word }
}

/// How many letters must be put in, left out or changed.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let change = corner + usize::from(from != *to);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
