//! The options of the attribute: `name = ".."`, `takes = T`, `emits = T`, `crate = path`.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{LitStr, Path, Token, Type};

use crate::diagnostic::Diagnostics;
use crate::names::ours;

const KNOWN: &str = "`name`, `takes`, `emits`, `crate`";

#[derive(Default)]
pub(crate) struct Options {
    /// The stage's name in summaries, logs and errors.
    pub(crate) name: Option<LitStr>,
    /// The events it takes, where the callbacks do not say it.
    pub(crate) takes: Option<Type>,
    /// The events it emits, where the callbacks do not say it.
    pub(crate) emits: Option<Type>,
    /// The path of the runtime.
    pub(crate) kit: Option<Path>,
}

impl Options {
    /// The runtime's path.
    pub(crate) fn kit(&self) -> TokenStream {
        match &self.kit {
            Some(path) => quote::quote!(#path),
            None => quote::quote_spanned!(ours()=> ::stagekit),
        }
    }
}

/// Reads the options; the first mistake ends it.
pub(crate) fn read(tokens: TokenStream, errors: &mut Diagnostics) -> Options {
    let mut options = Options::default();
    let mut seen: Vec<Ident> = Vec::new();
    let parsed = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            if !input.peek(Ident::peek_any) {
                return Err(input.error(format!("expected an option, one of: {KNOWN}")));
            }
            let key = input.call(Ident::parse_any)?;
            let word = key.to_string();
            if seen.contains(&key) {
                return Err(syn::Error::new(key.span(), format!("the option `{word}` is given twice")));
            }
            seen.push(key.clone());
            let usage = match word.as_str() {
                "name" => "name = \"..\"",
                "takes" => "takes = T",
                "emits" => "emits = T",
                "crate" => "crate = path",
                _ => {
                    let text = format!("unknown option `{word}`; expected one of: {KNOWN}");
                    return Err(syn::Error::new(key.span(), text));
                }
            };
            let usage = |_| syn::Error::new(key.span(), format!("write the option `{usage}`"));
            input.parse::<Token![=]>().map_err(usage)?;
            match word.as_str() {
                "name" => options.name = Some(input.parse().map_err(usage)?),
                "takes" => options.takes = Some(input.parse().map_err(usage)?),
                "emits" => options.emits = Some(input.parse().map_err(usage)?),
                _ => options.kit = Some(input.call(Path::parse_mod_style).map_err(usage)?),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    })
    .parse2(tokens);
    if let Err(error) = parsed {
        errors.push(error);
    }
    options
}
