//! `#[producer]`, `#[consumer]`, `#[producer_consumer]`: a function that is a stage, and stays a function.
//!
//! `options` and `ast` read what the user wrote, `shape` what the function returns, `scope` its type parameters.
//! `check` finds the mistakes, `sound` has the compiler find the others. `expand` writes the struct and its traits;
//! `takes` and `producer` write the one that calls the function, `emit` what becomes of its answer. `fallback` stands in
//! for a stage with a mistake: one mistake is one error.

pub(crate) mod ast;
pub(crate) mod check;
mod emit;
pub(crate) mod expand;
mod fallback;
mod hides;
mod options;
mod producer;
pub(crate) mod scope;
pub(crate) mod shape;
mod sound;
mod takes;
#[cfg(test)]
mod tests;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Meta, Token, Type};

use self::ast::{By, Function, Kind, Stage};
use self::options::Options;
use self::scope::Scope;
use self::shape::{Context, Returns, Shape, arguments, plain};
use crate::diagnostic::Diagnostics;
use crate::names::ours;
use crate::words;

/// What a stage does with events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Producer,
    Consumer,
    ProducerConsumer,
}

impl Role {
    fn attribute(self) -> &'static str {
        match self {
            Role::Producer => "#[producer]",
            Role::Consumer => "#[consumer]",
            Role::ProducerConsumer => "#[producer_consumer]",
        }
    }
    fn of(attr: &Attribute) -> Option<Role> {
        match attr.path().segments.last()?.ident.to_string().as_str() {
            "producer" => Some(Role::Producer),
            "consumer" => Some(Role::Consumer),
            "producer_consumer" => Some(Role::ProducerConsumer),
            _ => None,
        }
    }
}

/// The function as it was, and the stage behind it.
pub(crate) fn expand(role: Role, options: TokenStream, item: TokenStream) -> TokenStream {
    let mut function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = match check::not_a_function(&item, role) {
                Some((at, text)) => syn::Error::new(at, text),
                None => error,
            };
            let error = error.into_compile_error();
            return quote!(#item #error);
        }
    };
    let (mut errors, mut mistakes) = (Diagnostics::default(), Diagnostics::default());
    let (role, options) = stacked(role, options, &mut function, &mut errors);
    if let Some((at, text)) = check::method(&function.sig, role) {
        errors.error(at, text);
        strip(&mut function);
        let errors = errors.into_tokens();
        return quote!(#function #errors);
    }
    if check::has_no_size(&function.sig) {
        // The compiler says so of the function, better than of anything that would be made of it.
        strip(&mut function);
        let errors = errors.into_tokens();
        return quote!(#function #errors);
    }
    let unlent = check::no_lifetime(&function.sig);
    let declarable = check::name(options.name.as_ref().unwrap_or(&function.sig.ident), role, &mut mistakes);
    check::function(&function.sig, role, &mut mistakes);
    check::attributes(&function.sig, role, &mut mistakes);
    let words = words::words(&options.kit(), "function", options.written.clone());
    let stage = read(role, options, &function, &mut mistakes);
    strip(&mut function);
    let warning = hides::hidden_crate(&stage);
    if stage.options.broken {
        mistakes.append(std::mem::take(&mut errors));
    }
    let stage = match (mistakes.is_empty(), declarable) {
        (true, _) => expand::expand(&stage),
        (false, true) => fallback::expand(&stage, mistakes),
        (false, false) => mistakes.into_tokens(),
    };
    let errors = errors.into_tokens();
    let function = if unlent { check::without_a_loan(&function) } else { quote!(#function) };
    quote!(#function #words #errors #warning #stage)
}

/// `#[producer] #[consumer]`, in either order, is a producer-consumer: the outer attribute takes the inner one away.
fn stacked(mut role: Role, options: TokenStream, function: &mut Function, errors: &mut Diagnostics) -> (Role, Options) {
    let mut read = Options::default();
    read.read(options, errors);
    function.attrs.retain(|attr| {
        let Some(other) = Role::of(attr) else { return true };
        if other == role {
            errors.push(syn::Error::new_spanned(attr, format!("{} is given twice", role.attribute())));
        } else {
            role = Role::ProducerConsumer;
        }
        match &attr.meta {
            Meta::List(list) => read.read(list.tokens.clone(), errors),
            Meta::Path(_) => {}
            Meta::NameValue(value) => errors.error(value.eq_token.span(), "options are written in parentheses"),
        }
        false
    });
    (role, read)
}

/// The stage that the function's signature describes.
fn read(role: Role, options: Options, function: &Function, mistakes: &mut Diagnostics) -> Stage {
    let sig = &function.sig;
    let inputs = sig.inputs.iter().enumerate();
    let mut parameters: Vec<_> =
        inputs.filter_map(|(i, arg)| ast::parameter(i, arg, role, i == 0 && role != Role::Producer)).collect();
    let first = sig.inputs.first().filter(|_| role != Role::Producer);
    let event = first.and_then(|arg| if let FnArg::Typed(arg) = arg { Some(&*arg.ty) } else { None });
    let by = event.map_or(By::Value, |ty| by(ty, &options));
    if let (Some(parameter), By::Batch | By::Slice) = (parameters.first_mut(), by) {
        parameter.ty = element(&parameter.ty);
    }
    let polled = parameters.iter().any(|parameter| matches!(parameter.kind, Kind::Demand));
    let kit = options.kit();
    let checks = quote_spanned!(ours()=> #kit::__private::checks);
    let context = Context { options: &options, checks, ok: sound::readable(&sig.ident), polled, streams: true };
    let returns = shape::read(&sig.output, &context);
    let known = returns.is_ok();
    let returns = returns.unwrap_or_else(|error| {
        mistakes.push(error);
        Returns::unknown(sig.output.span())
    });
    let scope = Scope::new(&sig.generics, &mut parameters);
    let name = options.name.clone().unwrap_or_else(|| sig.ident.clone());
    let (attrs, docs) = copied(&function.attrs, &sig.ident);
    let mut stage = Stage {
        role,
        options,
        attrs,
        docs,
        vis: function.vis.clone(),
        function: sig.ident.clone(),
        name,
        paren: sig.paren_token.span.join(),
        is_async: sig.asyncness.is_some(),
        by,
        at: event.map_or_else(|| sig.ident.span(), Spanned::span),
        parameters,
        returns,
        scope,
    };
    if let Some(ty) = event {
        check::event(ty, sig, &stage, mistakes);
    }
    let clear = check::parameters(&stage, mistakes);
    if known && clear {
        check::returns(&sig.output, &stage, mistakes);
        if role == Role::Consumer {
            // `fmt::Result` and the like, whose value only the compiler can see.
            stage.returns.shape = Shape::Unit;
        }
    }
    stage
}

/// How the event comes.
fn by(ty: &Type, options: &Options) -> By {
    if let Some(reference) = ast::lent(ty) {
        return match plain(&reference.elem) {
            Type::Slice(_) if options.batch.is_some() => By::Slice,
            _ => By::Ref,
        };
    }
    match plain(ty) {
        ty if options.batch.is_some() && arguments(ty, "Vec").is_some_and(|args| args.len() == 1) => By::Batch,
        _ => By::Value,
    }
}

/// `E` in `Vec<E>` and `[E]`.
fn element(ty: &Type) -> Type {
    match ty {
        Type::Slice(slice) => plain(&slice.elem).clone(),
        ty => arguments(ty, "Vec").and_then(|args| args.into_iter().next()).unwrap_or_else(|| ty.clone()),
    }
}

/// Takes our helper attribute off the parameters.
fn strip(function: &mut Function) {
    for arg in &mut function.sig.inputs {
        if let FnArg::Typed(arg) = arg {
            arg.attrs.retain(|attr| !ast::is_state(attr));
        }
    }
}

/// The attributes that hold for every generated item.
pub(crate) fn for_all(attrs: &[Attribute]) -> TokenStream {
    attrs.iter().filter_map(|attr| copy(&attr.meta).0).map(|meta| quote!(#[#meta])).collect()
}

/// The function's attributes that hold for every generated item, and those for the type besides.
fn copied(attrs: &[Attribute], function: &Ident) -> (TokenStream, TokenStream) {
    let for_type = attrs.iter().filter_map(|attr| copy(&attr.meta).1);
    let mut docs: TokenStream = for_type.map(|meta| quote!(#[#meta])).collect();
    if !attrs.iter().any(|attr| attr.path().is_ident("doc")) {
        let text = format!("The stage of the function `{function}`.");
        docs.extend(quote_spanned!(ours()=> #[doc = #text]));
    }
    (for_all(attrs), docs)
}

fn copy(meta: &Meta) -> (Option<TokenStream>, Option<TokenStream>) {
    let path = meta.path();
    let is = |name: &str| path.is_ident(name);
    if is("cfg") || is("allow") {
        return (Some(meta.to_token_stream()), None);
    }
    if is("doc") || is("deprecated") {
        return (None, Some(meta.to_token_stream()));
    }
    let Meta::List(list) = meta else { return (None, None) };
    // What is expected of the function is not to be expected of every generated item.
    if is("expect") {
        let tokens = &list.tokens;
        return (Some(quote_spanned!(ours()=> allow(#tokens))), None);
    }
    if !is("cfg_attr") {
        return (None, None);
    }
    let parser = syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated;
    let Ok(metas) = list.parse_args_with(parser) else { return (None, None) };
    let mut metas = metas.into_iter();
    let Some(condition) = metas.next() else { return (None, None) };
    let (for_all, for_type): (Vec<_>, Vec<_>) = metas.map(|meta| copy(&meta)).unzip();
    let wrap = |list: Vec<Option<TokenStream>>| {
        let list: Vec<_> = list.into_iter().flatten().collect();
        (!list.is_empty()).then(|| quote_spanned!(ours()=> cfg_attr(#condition, #(#list),*)))
    };
    (wrap(for_all), wrap(for_type))
}
