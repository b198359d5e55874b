//! The type parameters of a stage: which of them belong to its type, and which are known from the event.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{GenericArgument, GenericParam, Generics, PathArguments, Token, Type, TypeParamBound};

use super::ast::{Kind, Parameter};
use crate::names::ours;
use crate::types::replace_opaque;

/// Where a type parameter lives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    /// On the type: `parse::<u64>`.
    Type,
    /// On the type, and known from an argument: an `impl Trait` there.
    Argument,
    /// On the impl: the event says it.
    Event,
}

struct Param {
    name: Ident,
    /// `const N: usize`
    constant: Option<Type>,
    home: Home,
}

/// The type parameters of a stage.
pub(crate) struct Scope {
    params: Vec<Param>,
    predicates: Vec<TokenStream>,
    /// What must hold for resources.
    shared: Vec<TokenStream>,
}

impl Scope {
    /// Reads the generics, and gives names to the `impl Trait`s among the parameters.
    pub(crate) fn new(generics: &Generics, parameters: &mut [Parameter]) -> Self {
        let mut scope = Scope { params: Vec::new(), predicates: Vec::new(), shared: Vec::new() };
        let as_written: Vec<TokenStream> = parameters.iter().map(|parameter| parameter.ty.to_token_stream()).collect();
        let event = parameters.iter().position(|parameter| matches!(parameter.kind, Kind::Event));
        let lifetimes: Vec<String> = generics.lifetimes().map(|param| param.lifetime.ident.to_string()).collect();
        for param in &generics.params {
            let (name, constant) = match param {
                GenericParam::Lifetime(_) => continue,
                GenericParam::Type(param) => {
                    scope.bound(&param.ident, &param.bounds, &lifetimes);
                    (&param.ident, None)
                }
                GenericParam::Const(param) => (&param.ident, Some(param.ty.clone())),
            };
            let elsewhere = |(i, ty): (usize, &TokenStream)| Some(i) != event && mentions(ty, name);
            let known = event.is_some_and(|event| fixes(&parameters[event].ty, name));
            let home = if known && !as_written.iter().enumerate().any(elsewhere) { Home::Event } else { Home::Type };
            scope.params.push(Param { name: name.clone(), constant, home });
        }
        if let Some(clause) = &generics.where_clause {
            scope
                .predicates
                .extend(clause.predicates.iter().map(ToTokens::to_token_stream).filter(|p| !lives(p, &lifetimes)));
        }
        for (i, parameter) in parameters.iter_mut().enumerate() {
            let mut found = Vec::new();
            replace_opaque(&mut parameter.ty, &mut |bounds, span| {
                let name = format_ident!("__T{i}_{}", found.len(), span = span);
                found.push((name.clone(), bounds.clone()));
                syn::parse_quote!(#name)
            });
            for (name, bounds) in found {
                scope.bound(&name, &bounds, &lifetimes);
                let home = if Some(i) == event { Home::Event } else { Home::Argument };
                scope.params.push(Param { name, constant: None, home });
            }
        }
        for Parameter { ty, .. } in parameters.iter().filter(|parameter| matches!(parameter.kind, Kind::Shared)) {
            let tokens = quote!(#ty);
            if scope.params.iter().any(|param| mentions(&tokens, &param.name)) {
                scope.shared.push(quote_spanned!(ours()=> #ty: ::core::marker::Send + ::core::marker::Sync + 'static));
            }
        }
        scope
    }

    fn bound(&mut self, name: &Ident, bounds: &Punctuated<TypeParamBound, Token![+]>, lifetimes: &[String]) {
        let bounds = bounds.iter().filter(|bound| !lives(&bound.to_token_stream(), lifetimes));
        let predicates = bounds.map(|bound| quote!(#name: #bound));
        self.predicates.extend(predicates);
    }

    /// The event's type is only known on an edge.
    pub(crate) fn by_event(&self) -> bool {
        self.params.iter().any(|param| param.home == Home::Event)
    }

    fn on_type(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| param.home != Home::Event)
    }

    /// The type's parameters, as they are declared on it.
    pub(crate) fn declared(&self) -> TokenStream {
        let (first, last): (Vec<_>, Vec<_>) = self.on_type().partition(|param| param.home == Home::Type);
        let first = first.into_iter().map(Param::declared);
        let last = last.into_iter().map(|param| {
            let param = param.declared();
            quote!(#param = ())
        });
        angled(first.chain(last).collect())
    }

    /// The type's arguments.
    pub(crate) fn args(&self) -> TokenStream {
        self.args_with(|param| param.name.to_token_stream())
    }

    /// The type's arguments where only what the user can write is known, and the parameters for that.
    pub(crate) fn unset(&self) -> (TokenStream, TokenStream) {
        let declared = self.on_type().filter(|param| param.home == Home::Type).map(Param::declared);
        let args =
            self.args_with(|param| if param.home == Home::Type { param.name.to_token_stream() } else { quote!(()) });
        (angled(declared.collect()), args)
    }

    /// The parameters that an argument says.
    pub(crate) fn of_arguments(&self) -> TokenStream {
        angled(self.params.iter().filter(|param| param.home == Home::Argument).map(Param::declared).collect())
    }

    /// `ty` mentions a type parameter.
    pub(crate) fn is_generic(&self, ty: &TokenStream) -> bool {
        self.params.iter().any(|param| mentions(ty, &param.name))
    }

    /// `ty` mentions a parameter that only an argument says.
    pub(crate) fn is_open(&self, ty: &TokenStream) -> bool {
        self.params.iter().any(|param| param.home == Home::Argument && mentions(ty, &param.name))
    }

    fn args_with(&self, arg: impl Fn(&Param) -> TokenStream) -> TokenStream {
        let (first, last): (Vec<_>, Vec<_>) = self.on_type().partition(|param| param.home == Home::Type);
        angled(first.into_iter().chain(last).map(arg).collect())
    }

    /// The parameters of an impl: the type's, with `event` those of the event too, and `more`.
    pub(crate) fn generics(&self, event: bool, more: &[Ident]) -> TokenStream {
        let params = self.params.iter().filter(|param| event || param.home != Home::Event).map(Param::declared);
        angled(params.chain(more.iter().map(ToTokens::to_token_stream)).collect())
    }

    /// `first`, and the parameters that the event says.
    pub(crate) fn of_event(&self, first: &TokenStream) -> TokenStream {
        let params = self.params.iter().filter(|param| param.home == Home::Event).map(Param::declared);
        angled(std::iter::once(first.clone()).chain(params).collect())
    }

    /// `first`, and all parameters, as arguments.
    pub(crate) fn captured(&self, first: &TokenStream) -> TokenStream {
        let params = self.params.iter().map(|param| param.name.to_token_stream());
        angled(std::iter::once(first.clone()).chain(params).collect())
    }

    /// What must hold in such an impl.
    pub(crate) fn predicates(&self, event: bool) -> Vec<TokenStream> {
        let absent: Vec<&Ident> =
            self.params.iter().filter(|p| !event && p.home == Home::Event).map(|p| &p.name).collect();
        let types = self.params.iter().filter(|p| p.constant.is_none() && !absent.contains(&&p.name));
        let theirs = self.predicates.iter().filter(|predicate| !absent.iter().any(|name| mentions(predicate, name)));
        let ours = types.map(|Param { name, .. }| quote_spanned!(ours()=> #name: ::core::marker::Send + 'static));
        theirs.cloned().chain(ours).chain(self.shared.iter().cloned()).collect()
    }

    /// What must hold for the type itself: its fields may need it.
    pub(crate) fn on_struct(&self) -> Vec<TokenStream> {
        let absent: Vec<&Ident> = self.params.iter().filter(|p| p.home != Home::Type).map(|p| &p.name).collect();
        self.predicates
            .iter()
            .filter(|predicate| !absent.iter().any(|name| mentions(predicate, name)))
            .cloned()
            .collect()
    }

    /// The type parameters that no field has, for a marker.
    pub(crate) fn marker(&self) -> Option<TokenStream> {
        let types: Vec<_> = self.on_type().filter(|param| param.constant.is_none()).map(|param| &param.name).collect();
        (!types.is_empty()).then(
            || quote_spanned!(ours()=> ::core::marker::PhantomData<fn() -> (#(::core::marker::PhantomData<#types>,)*)>),
        )
    }

    /// The function's own arguments.
    pub(crate) fn turbofish(&self) -> TokenStream {
        let named = self.params.iter().filter(|param| !param.name.to_string().starts_with("__T"));
        let args = angled(named.map(|param| param.name.to_token_stream()).collect());
        if args.is_empty() { args } else { quote!(:: #args) }
    }
}

impl Param {
    fn declared(&self) -> TokenStream {
        let name = &self.name;
        match &self.constant {
            Some(ty) => quote!(const #name: #ty),
            None => quote!(#name),
        }
    }
}

fn angled(list: Vec<TokenStream>) -> TokenStream {
    if list.is_empty() { TokenStream::new() } else { quote!(<#(#list),*>) }
}

/// `name` occurs among the tokens, not as a lifetime.
pub(crate) fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    let mut lifetime = false;
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => !std::mem::take(&mut lifetime) && ident == *name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Punct(punct) => {
            lifetime = punct.as_char() == '\'';
            false
        }
        TokenTree::Literal(_) => false,
    })
}

/// One of the lifetimes occurs among the tokens.
fn lives(tokens: &TokenStream, lifetimes: &[String]) -> bool {
    let mut lifetime = false;
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => std::mem::take(&mut lifetime) && lifetimes.iter().any(|name| ident == *name),
        TokenTree::Group(group) => lives(&group.stream(), lifetimes),
        TokenTree::Punct(punct) => {
            lifetime = punct.as_char() == '\'';
            false
        }
        TokenTree::Literal(_) => false,
    })
}

/// Whoever knows `ty` knows `name`: it occurs outside projections.
fn fixes(ty: &Type, name: &Ident) -> bool {
    match ty {
        Type::Path(path) if path.qself.is_none() => {
            if path.path.is_ident(name) {
                return true;
            }
            if path.path.segments.first().is_some_and(|first| first.ident == *name) {
                return false;
            }
            path.path.segments.iter().any(|segment| match &segment.arguments {
                PathArguments::AngleBracketed(args) => args.args.iter().any(|arg| match arg {
                    GenericArgument::Type(ty) => fixes(ty, name),
                    GenericArgument::Const(expr) => mentions(&expr.to_token_stream(), name),
                    _ => false,
                }),
                _ => false,
            })
        }
        Type::Path(_) => false,
        Type::Reference(inner) => fixes(&inner.elem, name),
        Type::Paren(inner) => fixes(&inner.elem, name),
        Type::Group(inner) => fixes(&inner.elem, name),
        Type::Slice(inner) => fixes(&inner.elem, name),
        Type::Array(inner) => fixes(&inner.elem, name) || mentions(&inner.len.to_token_stream(), name),
        Type::Tuple(inner) => inner.elems.iter().any(|ty| fixes(ty, name)),
        ty => mentions(&ty.to_token_stream(), name),
    }
}
