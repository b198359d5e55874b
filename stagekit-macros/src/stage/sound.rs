//! The checks of a stage, all in one constant (or two: some types can only be named after the first).
//!
//! What a type must be (`Send`, `Clone`, `Default`) only the compiler knows, and it would say so in every impl that
//! depends on it. So the checks stand in the body of one constant, and every type that could fail one is written
//! `If<{ constant }, T>`: where the constant has an error, that is the compiler's error type, about which it is silent.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::Role;
use super::ast::{By, Kind, Stage};
use super::shape::Shape;
use crate::names::{ours, respan};

/// The constant, as a const argument.
fn ok(function: &Ident) -> TokenStream {
    let name = format_ident!("__check_{}", function, span = Span::call_site());
    quote_spanned!(ours()=> { #name })
}

/// As [`ok`], for what is asked before the types that the others are about are known.
pub(crate) fn readable(function: &Ident) -> TokenStream {
    let name = format_ident!("__read_{}", function, span = Span::call_site());
    quote_spanned!(ours()=> { #name })
}

/// The constants.
pub(crate) fn check(stage: &Stage) -> TokenStream {
    let trusted = &stage.returns.trusted;
    let read = (!trusted.is_empty()).then(|| {
        let asked: TokenStream = trusted.iter().filter_map(|(ty, what)| ask(stage, ty, what)).collect();
        constant(stage, readable(&stage.function), asked)
    });
    let check = constant(stage, ok(&stage.function), checks(stage));
    quote!(#read #check)
}

/// `check`, with our own mistakes in it.
pub(crate) fn broken(stage: &Stage, mistakes: TokenStream) -> TokenStream {
    constant(stage, ok(&stage.function), mistakes)
}

fn constant(stage: &Stage, name: TokenStream, body: TokenStream) -> TokenStream {
    let attrs = &stage.attrs;
    // The name is in braces, as a const argument needs it.
    let name: TokenStream = name
        .into_iter()
        .flat_map(|token| if let TokenTree::Group(group) = token { group.stream() } else { token.into() })
        .collect();
    quote_spanned! {ours()=>
        #attrs
        #[doc(hidden)]
        #[allow(non_upper_case_globals, deprecated)]
        const #name: ::core::primitive::bool = { #body true };
    }
}

/// Asks the compiler whether the type is what it must be, where the type is written.
fn ask(stage: &Stage, ty: &TokenStream, what: &str) -> Option<TokenStream> {
    if stage.scope.is_generic(ty) {
        return None;
    }
    let at = ty.span();
    let (what, path) = (Ident::new(what, at), respan(stage.private(), at));
    Some(quote_spanned!(at=> #path::checks::#what::<#ty>();))
}

fn checks(stage: &Stage) -> TokenStream {
    let mut list = TokenStream::new();
    let mut ask = |ty: &TokenStream, what: &str| list.extend(ask(stage, ty, what));
    for parameter in &stage.parameters {
        let ty = &parameter.ty.to_token_stream();
        match parameter.kind {
            Kind::Event | Kind::Emitter => ask(ty, "event"),
            Kind::Shared => ask(ty, "resource"),
            Kind::State | Kind::Fresh(Some(_)) => ask(ty, "state"),
            Kind::Fresh(None) => {
                ask(ty, "state");
                ask(ty, "initial");
            }
            Kind::Config if stage.repeats() => ask(ty, "repeated"),
            Kind::Config => ask(ty, "argument"),
            Kind::Demand => {}
        }
        if matches!(parameter.kind, Kind::Event) && stage.holds() && matches!(stage.by, By::Ref | By::Slice) {
            ask(ty, "borrowed");
        }
    }
    if stage.role != Role::Consumer && stage.emitter().is_none() {
        ask(&stage.returns.event, "event");
    }
    if let Some(error) = &stage.returns.error {
        ask(error, "fails");
    }
    if stage.role != Role::Consumer && stage.emitter().is_none() {
        list.extend(one(stage));
    }
    list
}

/// Asks the compiler whether what is read as one event is a `Result`, an `Option` or a `Vec` by another name, or an
/// iterator.
fn one(stage: &Stage) -> Option<TokenStream> {
    let (returns, ty) = (&stage.returns, &stage.returns.event);
    let named =
        returns.shape == Shape::One && matches!(syn::parse2(ty.clone()), Ok(Type::Path(path)) if path.qself.is_none());
    if !named || stage.options.read.is_some() || stage.scope.is_generic(ty) {
        return None;
    }
    let at = ty.span();
    let path = respan(stage.private(), at);
    let private = stage.private();
    Some(quote_spanned! {at=>
        #[allow(unused_imports)]
        use #private::checks::{IsNone as _, OneEvent as _};
        #path::checks::read_as_one(&<#path::checks::Answer<#ty>>::IS);
        #path::checks::read_as_one(&<#path::checks::Answer<#ty>>::ITERATES);
    })
}

impl Stage {
    /// `ty`, if the checks hold.
    pub(crate) fn sound(&self, ty: &TokenStream) -> TokenStream {
        if self.scope.is_generic(ty) {
            return ty.clone();
        }
        let (private, ok) = (self.private(), ok(&self.function));
        quote_spanned!(ours()=> #private::checks::If<#ok, #ty>)
    }

    /// The value, if the checks hold.
    pub(crate) fn pass(&self, value: TokenStream) -> TokenStream {
        let (private, ok) = (self.private(), ok(&self.function));
        self.called(quote!(#private::checks::pass::<#ok, _>), value)
    }

    /// The answer of the function, if it can be read.
    pub(crate) fn answer(&self, value: TokenStream) -> TokenStream {
        if self.returns.trusted.is_empty() {
            return value;
        }
        let (private, ok) = (self.private(), readable(&self.function));
        quote_spanned!(ours()=> #private::checks::pass::<#ok, _>(#value))
    }
}
