//! The impl as the user wrote it, and what its callbacks were read as.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Generics, Signature, Token, Type, Visibility, braced, token};

use crate::stage::shape::Returns;

/// The user's impl. The methods' bodies are not parsed: an editor may have them half typed.
pub(crate) struct Impl {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) generics: Generics,
    pub(crate) ty: Type,
    pub(crate) methods: Vec<Method>,
}

pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) sig: Signature,
}

impl Parse for Impl {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Option<Token![unsafe]>>()?;
        input.parse::<Token![impl]>()?;
        let mut generics: Generics = if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
        let ty: Type = input.parse()?;
        if input.peek(Token![for]) {
            let text = "#[stage] on an `impl` of a trait: the callbacks are methods of the type, `impl Type { .. }`";
            return Err(syn::Error::new_spanned(ty, text));
        }
        generics.where_clause = input.parse()?;
        let body;
        braced!(body in input);
        let mut methods = Vec::new();
        while !body.is_empty() {
            methods.extend(method(&body)?);
        }
        Ok(Impl { attrs, generics, ty, methods })
    }
}

/// The next item; `None` if it is no method.
fn method(body: ParseStream<'_>) -> syn::Result<Option<Method>> {
    let attrs = body.call(Attribute::parse_outer)?;
    body.parse::<Visibility>()?;
    let ahead = body.fork();
    if ahead.parse::<Signature>().is_ok() && ahead.peek(token::Brace) {
        let sig = body.parse()?;
        body.parse::<TokenTree>()?;
        return Ok(Some(Method { attrs, sig }));
    }
    while !body.is_empty() {
        let end = body.peek(Token![;]) || body.peek(token::Brace);
        body.parse::<TokenTree>()?;
        if end {
            break;
        }
    }
    Ok(None)
}

/// What to say of an attribute that is not on an impl.
pub(crate) fn not_an_impl(item: &TokenStream) -> Option<syn::Error> {
    let parsed: syn::Item = syn::parse2(item.clone()).ok()?;
    let (at, what) = match &parsed {
        syn::Item::Impl(_) => return None,
        syn::Item::Fn(item) => {
            let text = "#[stage] on a function: a function is a stage with `#[producer]`, `#[consumer]` or \
                        `#[producer_consumer]`";
            return Some(syn::Error::new(item.sig.ident.span(), text));
        }
        syn::Item::Struct(item) => (item.ident.span(), "a struct"),
        syn::Item::Enum(item) => (item.ident.span(), "an enum"),
        syn::Item::Trait(item) => (item.ident.span(), "a trait"),
        syn::Item::Mod(item) => (item.ident.span(), "a module"),
        other => (other.to_token_stream().into_iter().next()?.span(), "an item that is no `impl`"),
    };
    let text =
        format!("#[stage] on {what}: write it on the `impl` that has the callbacks, `#[stage] impl Type {{ .. }}`");
    Some(syn::Error::new(at, text))
}

/// Which callback a method is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Start,
    Demand,
    Event,
    Events,
    Subscribe,
    Subscriber,
    Cancel,
    SubscriberCancel,
    Info,
    Discarded,
    Stop,
}

/// How what a callback is about comes to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    Value,
    /// `&E`, `&[E]`
    Ref,
}

/// What a parameter is given.
pub(crate) enum Given {
    /// The event, the batch, the info, or what was discarded.
    Main(By),
    Demand,
    Subscription,
    /// `&mut Context<T>`
    Context(Type),
    /// `&Subscribe<T>`
    Subscribe(Type),
    Ended,
    Reason,
}

/// What a callback gives back.
pub(crate) enum Answer {
    /// Events, nothing, or a `Result` of these.
    Events(Returns),
    /// `()`, `Asks`, or a `Result` of these.
    Asks { fallible: bool, asks: bool },
    /// `()` or a `bool`.
    Logs { logs: bool },
    /// `()`
    Nothing,
}

/// A callback that was understood.
pub(crate) struct Callback {
    pub(crate) kind: Kind,
    pub(crate) name: Ident,
    /// The attributes that hold for what is generated too.
    pub(crate) attrs: TokenStream,
    pub(crate) is_async: bool,
    pub(crate) given: Vec<Given>,
    /// The type that [`Given::Main`] is about: `E` in `E`, `&E`, `Vec<E>`, `&[E]`.
    pub(crate) main: Option<Type>,
    pub(crate) answer: Answer,
    /// The type of the events that it returns.
    pub(crate) emits: Option<Type>,
    /// Where the answer's type is written.
    pub(crate) at: Span,
}

impl Callback {
    /// The type in its `Context<T>`.
    pub(crate) fn context(&self) -> Option<&Type> {
        self.given.iter().find_map(|given| if let Given::Context(ty) = given { Some(ty) } else { None })
    }
    /// The type in its `Subscribe<T>`.
    pub(crate) fn subscribe(&self) -> Option<&Type> {
        self.given.iter().find_map(|given| if let Given::Subscribe(ty) = given { Some(ty) } else { None })
    }
}

/// Everything that the expansion needs to know.
pub(crate) struct Stage {
    pub(crate) of: Impl,
    pub(crate) options: super::options::Options,
    pub(crate) callbacks: Vec<Callback>,
    pub(crate) takes: Option<Type>,
    pub(crate) emits: Option<Type>,
    pub(crate) info: Option<Type>,
    /// The type borrows from nobody: it can have the trait.
    pub(crate) owned: bool,
}

impl Stage {
    /// The user's token for the type.
    pub(crate) fn span(&self) -> Span {
        self.of.ty.span()
    }
}
