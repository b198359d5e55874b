//! The options of an attribute: `batch(size, every)`, `one`, `maybe`, `many`, `try`, `as = Name`, `crate = path`.

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Path, Token, parenthesized};

use crate::diagnostic::Diagnostics;

const KNOWN: &str = "`batch`, `one`, `maybe`, `many`, `try`, `as`, `crate`";

/// What is said where the stage stands in a graph.
const OF_A_NODE: [&str; 14] = [
    "name",
    "max_demand",
    "min_demand",
    "workers",
    "concurrency",
    "unordered",
    "timeout",
    "buffer",
    "on_error",
    "on_panic",
    "restart",
    "blocking",
    "own_task",
    "poll_every",
];

/// What the attributes of one function say besides its role.
#[derive(Default)]
pub(crate) struct Options {
    /// The size of a batch, and how long it may wait.
    pub(crate) batch: Option<(Ident, Expr, Expr)>,
    /// How the answer is to be read, where the signature does not say it.
    pub(crate) read: Option<Ident>,
    /// The answer is a `Result` by another name.
    pub(crate) fallible: Option<Ident>,
    /// The name of the generated type.
    pub(crate) name: Option<Ident>,
    /// The path of the runtime.
    pub(crate) kit: Option<Path>,
    /// A mistake leaves open what the stage is.
    pub(crate) broken: bool,
    /// All of it, as it was written.
    pub(crate) written: TokenStream,
    seen: Vec<Ident>,
}

impl Options {
    /// Adds the options in `tokens`; mistakes go to `errors`, and the options behind them are still read.
    pub(crate) fn read(&mut self, tokens: TokenStream, errors: &mut Diagnostics) {
        let comma = (!self.written.is_empty()).then(<Token![,]>::default);
        self.written.extend(quote::quote!(#comma #tokens));
        let parsed = (|input: ParseStream<'_>| {
            while !input.is_empty() {
                self.one(input, errors)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        })
        .parse2(tokens);
        if let Err(error) = parsed {
            errors.push(error);
            self.broken = true;
        }
    }

    /// The runtime's path.
    pub(crate) fn kit(&self) -> TokenStream {
        match &self.kit {
            Some(path) => quote::quote!(#path),
            None => quote::quote_spanned!(Span::mixed_site()=> ::stagekit),
        }
    }

    fn one(&mut self, input: ParseStream<'_>, errors: &mut Diagnostics) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error(format!("expected an option, one of: {KNOWN}")));
        }
        let key = input.call(Ident::parse_any)?;
        let word = key.to_string();
        if self.seen.contains(&key) {
            errors.error(key.span(), format!("the option `{word}` is given twice"));
        }
        self.seen.push(key.clone());
        match word.as_str() {
            "one" | "maybe" | "many" => match &self.read {
                Some(read) if *read != key => {
                    errors.error(
                        key.span(),
                        format!("`{read}` and `{word}` exclude each other: an answer is read in one way"),
                    );
                }
                _ => self.read = Some(key),
            },
            "try" => self.fallible = Some(key),
            "batch" => {
                let usage = "a batch has a size and a time to wait for it: `batch(100, Duration::from_secs(1))`";
                if !input.peek(syn::token::Paren) {
                    errors.error(key.span(), usage);
                    self.broken = true;
                    return skip(input);
                }
                let inner;
                let paren = parenthesized!(inner in input);
                let both = (|| {
                    let size = inner.parse::<Expr>()?;
                    inner.parse::<Token![,]>()?;
                    let every = inner.parse::<Expr>()?;
                    inner.parse::<Option<Token![,]>>()?;
                    if inner.is_empty() { Ok((size, every)) } else { Err(inner.error(usage)) }
                })();
                match both {
                    Ok((size, _)) if is_zero(&size) => {
                        self.broken = true;
                        errors.error(
                            syn::spanned::Spanned::span(&size),
                            "a batch of 0 events would never be full: its size is at least 1",
                        );
                    }
                    Ok((size, every)) => self.batch = Some((key, size, every)),
                    Err(_) => {
                        inner.parse::<TokenStream>()?;
                        self.broken = true;
                        errors.error(paren.span.join(), usage);
                    }
                }
            }
            "as" => {
                input.parse::<Token![=]>()?;
                self.name = Some(input.parse()?);
            }
            "crate" => {
                input.parse::<Token![=]>()?;
                self.kit = Some(input.call(Path::parse_mod_style)?);
            }
            word if OF_A_NODE.contains(&word) => {
                let text = format!("`{word}` is an option of the node, in the pipeline: `stage.{word}(..)`");
                errors.error(key.span(), text);
                return skip(input);
            }
            _ => {
                errors.error(key.span(), format!("unknown option `{word}`; expected one of: {KNOWN}"));
                return skip(input);
            }
        }
        Ok(())
    }
}

fn is_zero(size: &Expr) -> bool {
    matches!(size, Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) if n.base10_digits() == "0")
}

/// Goes on at the next comma.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
