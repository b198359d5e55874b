//! A stage as its function's signature says it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, FnArg, Signature, Type, Visibility};

use super::Role;
use super::options::Options;
use super::scope::Scope;
use super::shape::{Returns, arguments, plain};
use crate::names::ours;

/// The user's function. Its body is not parsed: an editor may have it half typed.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        Ok(Function { attrs, vis: input.parse()?, sig: input.parse()?, body: input.parse()? })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Function { attrs, vis, sig, body } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

/// What a parameter is.
pub(crate) enum Kind {
    /// The event.
    Event,
    /// `&T`: a resource, kept as an `Arc`.
    Shared,
    /// `&mut T`: state that is given.
    State,
    /// `#[state] &mut T`: state that begins by itself.
    Fresh(Option<Expr>),
    /// By value.
    Config,
    /// How many events are wanted.
    Demand,
    /// Where events are put.
    Emitter,
}

/// A parameter: its type is without the reference.
pub(crate) struct Parameter {
    pub(crate) kind: Kind,
    pub(crate) ty: Type,
    /// Its field, and whatever else holds its value.
    pub(crate) field: Ident,
}

/// How the event comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Value,
    Ref,
    /// `Vec<E>`
    Batch,
    /// `&[E]`
    Slice,
}

/// Everything that the expansion needs to know.
pub(crate) struct Stage {
    pub(crate) role: Role,
    pub(crate) options: Options,
    /// For every generated item.
    pub(crate) attrs: TokenStream,
    /// For the type, besides.
    pub(crate) docs: TokenStream,
    pub(crate) vis: Visibility,
    /// The function's name, where the user wrote it.
    pub(crate) function: Ident,
    /// The type's name.
    pub(crate) name: Ident,
    pub(crate) paren: Span,
    pub(crate) is_async: bool,
    pub(crate) by: By,
    /// Where the type of the event is written.
    pub(crate) at: Span,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Returns,
    pub(crate) scope: Scope,
}

impl Stage {
    /// `::stagekit::__private`
    pub(crate) fn private(&self) -> TokenStream {
        let kit = self.options.kit();
        quote::quote_spanned!(ours()=> #kit::__private)
    }
    /// The function, as the generated code calls it.
    pub(crate) fn call(&self) -> TokenStream {
        // Not `mixed_site`: our own variables are, and one of them may have the function's name.
        let mut name = self.function.clone();
        name.set_span(Span::call_site());
        let turbofish = self.scope.turbofish();
        quote!(#name #turbofish)
    }
    /// The type, wherever the user does not name it.
    pub(crate) fn own_name(&self) -> Ident {
        let mut name = self.name.clone();
        name.set_span(Span::call_site());
        name
    }
    /// The type with its arguments.
    pub(crate) fn own_type(&self) -> TokenStream {
        let (name, args) = (self.own_name(), self.scope.args());
        quote!(#name #args)
    }
    /// The event is a whole `Vec`, and no batch.
    pub(crate) fn takes_a_list(&self) -> bool {
        let list = |event: &Parameter| arguments(plain(&event.ty), "Vec").is_some();
        matches!(self.by, By::Value | By::Ref) && self.event().is_some_and(list)
    }
    /// The event's parameter.
    pub(crate) fn event(&self) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| matches!(parameter.kind, Kind::Event))
    }
    /// The parameter that events are put into.
    pub(crate) fn emitter(&self) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| matches!(parameter.kind, Kind::Emitter))
    }
    /// By-value parameters are cloned for every call.
    pub(crate) fn repeats(&self) -> bool {
        self.role != Role::Producer || self.parameters.iter().any(|parameter| matches!(parameter.kind, Kind::Demand))
    }
    /// The event is held while something is awaited.
    pub(crate) fn holds(&self) -> bool {
        self.awaits() || self.returns.pauses()
    }
    /// What the struct keeps.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|p| !matches!(p.kind, Kind::Event | Kind::Demand | Kind::Emitter))
    }
    /// The function awaits, or emits a stream.
    pub(crate) fn awaits(&self) -> bool {
        self.is_async || self.returns.shape == super::shape::Shape::Stream
    }
}

/// The parameter at `index`; `event`: it is the event.
pub(crate) fn parameter(index: usize, arg: &FnArg, role: Role, event: bool) -> Option<Parameter> {
    let FnArg::Typed(typed) = arg else { return None };
    let field = format_ident!("__{index}", span = ours());
    let ty = plain(&typed.ty);
    let parameter = |kind, ty: &Type| Some(Parameter { kind, ty: ty.clone(), field });
    if event {
        let ty = lent(ty).map_or(ty, |reference| plain(&reference.elem));
        return parameter(Kind::Event, ty);
    }
    match ty {
        Type::Reference(reference) if lent(ty).is_some() => {
            let elem = plain(&reference.elem);
            match (&reference.mutability, fresh(&typed.attrs)) {
                (Some(_), Some(init)) => parameter(Kind::Fresh(init), elem),
                (Some(_), None) => parameter(Kind::State, elem),
                (None, _) => parameter(Kind::Shared, elem),
            }
        }
        ty if role == Role::Producer && arguments(ty, "Demand").is_some_and(|args| args.is_empty()) => {
            parameter(Kind::Demand, ty)
        }
        ty => match arguments(ty, "Emitter").as_deref() {
            Some([event]) if role == Role::Producer => parameter(Kind::Emitter, plain(event)),
            _ => parameter(Kind::Config, ty),
        },
    }
}

/// The type is borrowed for the call: a `&'static T` is not, it is a value of its own.
pub(crate) fn lent(ty: &Type) -> Option<&syn::TypeReference> {
    let Type::Reference(reference) = plain(ty) else { return None };
    let owned = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
    (!owned).then_some(reference)
}

/// `#[state]` or `#[state(init = ..)]`; what is wrong with it is found elsewhere.
fn fresh(attrs: &[Attribute]) -> Option<Option<Expr>> {
    let attr = attrs.iter().find(|attr| is_state(attr))?;
    Some(init(attr).flatten())
}

pub(crate) fn is_state(attr: &Attribute) -> bool {
    attr.path().is_ident("state")
}

/// The expression of `#[state(init = ..)]`, if there is one; `None` if the attribute is something else.
pub(crate) fn init(attr: &Attribute) -> Option<Option<Expr>> {
    if let syn::Meta::Path(_) = attr.meta {
        return Some(None);
    }
    let read = attr.parse_args_with(|input: ParseStream<'_>| {
        let key: Ident = input.parse()?;
        input.parse::<syn::Token![=]>()?;
        let init = input.parse()?;
        input.parse::<Option<syn::Token![,]>>()?;
        Ok((key == "init").then_some(init))
    });
    read.ok().flatten().map(Some)
}
