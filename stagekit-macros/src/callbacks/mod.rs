//! `#[stage] impl Type { .. }`: a type with several callbacks, which stay plain methods.
//!
//! `ast` finds the methods, `options` and `read` what each of them is given and gives back, `agree` whether they make a
//! stage together. `expand` writes the trait `Callbacks`. The user's impl comes first and as it was; a wrong one still
//! gives a type that stands wherever a stage can stand, so that one mistake is one error.

mod agree;
mod ast;
mod expand;
mod names;
mod options;
mod read;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostic::Diagnostics;
use crate::words::words;

/// The impl as it was, and the stage behind it.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let written = options.clone();
    let options = options::read(options, &mut errors);
    let words = words(&options.kit(), "stage", written);
    let of: ast::Impl = match syn::parse2(item.clone()) {
        Ok(of) => of,
        Err(error) => {
            let error = ast::not_an_impl(&item).unwrap_or(error).into_compile_error();
            return quote!(#item #words #error);
        }
    };
    let callbacks = read::callbacks(&of, &mut errors);
    let stage = agree::agree(of, options, callbacks, &mut errors);
    let stage = if errors.is_empty() { expand::expand(&stage) } else { expand::broken(&stage, errors) };
    quote!(#item #words #stage)
}
