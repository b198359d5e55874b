//! What a function returns, read from how the type is spelled: one event, perhaps one, many, and whether it can fail.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericArgument, Path, PathArguments, ReturnType, Type, TypeParamBound};

use super::options::Options;
use crate::names::ours;

/// How many events one call emits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Nothing: `()`.
    Unit,
    /// Exactly one.
    One,
    /// `Option<T>`.
    Maybe,
    /// `Vec<T>`: owns what it emits.
    List,
    /// `Option<Vec<T>>`: a list, or the end. Only functions that take a `Demand` are read so.
    Lists,
    /// An iterator, perhaps a borrowing one.
    Iterator,
    /// A stream.
    Stream,
}

/// A return type that has been read.
pub(crate) struct Returns {
    /// It is a `Result` around everything else.
    pub(crate) outer: bool,
    pub(crate) shape: Shape,
    /// Each item is a `Result`.
    pub(crate) inner: bool,
    /// The type of the events.
    pub(crate) event: TokenStream,
    /// The type of the errors.
    pub(crate) error: Option<TokenStream>,
    /// Where it is written.
    pub(crate) span: Span,
    /// What was taken on trust: a type, and the function of `checks` that asks whether it is so.
    pub(crate) trusted: Vec<(TokenStream, &'static str)>,
}

/// What the readers need to know besides the type.
pub(crate) struct Context<'a> {
    pub(crate) options: &'a Options,
    /// `::stagekit::__private::checks`
    pub(crate) checks: TokenStream,
    /// The constant that holds the checks of the stage.
    pub(crate) ok: TokenStream,
    /// The function takes a `Demand`, so that a list is what one call gives.
    pub(crate) polled: bool,
    /// It may return a stream.
    pub(crate) streams: bool,
}

impl Context<'_> {
    /// A type that is only used if the checks hold.
    fn sound(&self, ty: &Type) -> TokenStream {
        let Context { checks, ok, .. } = self;
        quote_spanned!(ours()=> #checks::If<#ok, #ty>)
    }
    fn item(&self, ty: &Type) -> TokenStream {
        let ty = self.sound(ty);
        quote_spanned!(ours()=> <#ty as ::core::iter::IntoIterator>::Item)
    }
    /// What the alias of a `Result` stands for.
    fn projected(&self, ty: &Type, name: &str) -> TokenStream {
        let (checks, ty, name) = (&self.checks, self.sound(ty), proc_macro2::Ident::new(name, ours()));
        quote_spanned!(ours()=> <#ty as #checks::Fallible>::#name)
    }
}

impl Returns {
    /// What could not be read.
    pub(crate) fn unknown(span: Span) -> Self {
        let (shape, event) = (Shape::One, quote_spanned!(ours()=> ()));
        Returns { outer: false, shape, inner: false, event, error: None, span, trusted: Vec::new() }
    }
    pub(crate) fn pauses(&self) -> bool {
        matches!(self.shape, Shape::Iterator | Shape::Stream)
    }
    pub(crate) fn fallible(&self) -> bool {
        self.outer || self.inner
    }
}

/// Reads `output`.
pub(crate) fn read(output: &ReturnType, context: &Context<'_>) -> syn::Result<Returns> {
    let unit: Type = syn::parse_quote!(());
    let (ty, span) = match output {
        ReturnType::Default => (&unit, Span::call_site()),
        ReturnType::Type(_, ty) => (plain(ty), ty.span()),
    };
    let options = context.options;
    let mut trusted = Vec::new();
    let result = arguments(ty, "Result").or_else(|| options.fallible.as_ref().map(|_| last_arguments(ty)));
    let (outer, inside, error) = match result {
        Some(args) => {
            let (value, error) = lifted(ty, &args, context, &mut trusted);
            (true, value, Some(error))
        }
        None => (false, Inside::Type(Box::new(ty.clone())), None),
    };
    let word = options.read.as_ref().map(ToString::to_string);
    let Inside::Type(inside) = inside else {
        let event = inside.into_tokens();
        let (shape, event) = match word.as_deref() {
            None | Some("one") => (Shape::One, event),
            _ => {
                trusted.push((event.clone(), "many"));
                (Shape::Iterator, quote_spanned!(ours()=> <#event as ::core::iter::IntoIterator>::Item))
            }
        };
        return Ok(Returns { outer, shape, inner: false, event, error, span, trusted });
    };
    let (shape, item) = match word.as_deref() {
        Some("one") => (Shape::One, Some((*inside).clone())),
        Some(_) => match events(&inside, context)? {
            (Shape::One | Shape::Unit, _) => (Shape::Iterator, None),
            read => read,
        },
        None => events(&inside, context)?,
    };
    let (shape, item) = match (&item, shape) {
        (Some(list), Shape::Maybe) if context.polled => match arguments(list, "Vec") {
            Some(args) if args.len() == 1 => (Shape::Lists, args.into_iter().next()),
            _ => (shape, item),
        },
        _ => (shape, item),
    };
    let Some(item) = item else {
        trusted.push((inside.to_token_stream(), "many"));
        let event = context.item(&inside);
        return Ok(Returns { outer, shape, inner: false, event, error, span, trusted });
    };
    match arguments(plain(&item), "Result") {
        Some(args) if !outer && shape != Shape::One => {
            let (value, error) = lifted(plain(&item), &args, context, &mut trusted);
            Ok(Returns { outer, shape, inner: true, event: value.into_tokens(), error: Some(error), span, trusted })
        }
        _ => Ok(Returns { outer, shape, inner: false, event: item.into_token_stream(), error, span, trusted }),
    }
}

/// What is in a `Result`: a type we can read on, or a projection.
enum Inside {
    Type(Box<Type>),
    Projection(TokenStream),
}
impl Inside {
    fn into_tokens(self) -> TokenStream {
        match self {
            Inside::Type(ty) => ty.into_token_stream(),
            Inside::Projection(tokens) => tokens,
        }
    }
}

/// The value and the error of `Result<T, X>`, `io::Result<T>`, `fmt::Result` or `Alias`.
fn lifted(
    ty: &Type,
    args: &[Type],
    context: &Context<'_>,
    trusted: &mut Vec<(TokenStream, &'static str)>,
) -> (Inside, TokenStream) {
    match args {
        [value, error] => (Inside::Type(Box::new(plain(value).clone())), error.to_token_stream()),
        [value] => {
            // The error of an alias does not depend on the value, which may be an `impl Iterator`.
            let ty = with_unit(ty);
            trusted.push((ty.to_token_stream(), "fallible"));
            (Inside::Type(Box::new(plain(value).clone())), context.projected(&ty, "Error"))
        }
        _ => {
            trusted.push((ty.to_token_stream(), "fallible"));
            (Inside::Projection(context.projected(ty, "Value")), context.projected(ty, "Error"))
        }
    }
}

/// The shape that `ty` says, and the type of the items.
fn events(ty: &Type, context: &Context<'_>) -> syn::Result<(Shape, Option<Type>)> {
    if matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty()) {
        return Ok((Shape::Unit, Some(ty.clone())));
    }
    for (name, shape) in [("Option", Shape::Maybe), ("Vec", Shape::List)] {
        if let Some(args) = arguments(ty, name)
            && let [item] = args.as_slice()
        {
            return Ok((shape, Some(plain(item).clone())));
        }
    }
    let bounds = match ty {
        Type::ImplTrait(opaque) => Some(&opaque.bounds),
        _ => boxed(ty),
    };
    let Some(bounds) = bounds else { return Ok((Shape::One, Some(ty.clone()))) };
    let paths = || {
        bounds
            .iter()
            .filter_map(|bound| if let TypeParamBound::Trait(bound) = bound { Some(&bound.path) } else { None })
    };
    for path in paths() {
        if let Some(item) = item(path) {
            let stream = path.segments.last().is_some_and(|segment| segment.ident.to_string().ends_with("Stream"));
            return Ok((if stream { Shape::Stream } else { Shape::Iterator }, Some(plain(&item).clone())));
        }
    }
    if matches!(ty, Type::ImplTrait(_)) {
        let future = paths().any(|path| path.segments.last().is_some_and(|segment| segment.ident == "Future"));
        let text = match future {
            _ if !context.streams && !future => {
                "the events' type must be spelled out: `Vec<T>` or `impl Iterator<Item = T>`"
            }
            true => "a stage that awaits is an `async fn`: write `async fn` and return the events",
            false => "the events' type must be spelled out: `impl Iterator<Item = T>` or `impl Stream<Item = T>`",
        };
        return Err(syn::Error::new_spanned(ty, text));
    }
    Ok((Shape::One, Some(ty.clone())))
}

/// The bounds of `Box<dyn Iterator<Item = T>>` and `Pin<Box<dyn Stream<Item = T>>>`.
fn boxed(ty: &Type) -> Option<&syn::punctuated::Punctuated<TypeParamBound, syn::Token![+]>> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let PathArguments::AngleBracketed(args) = &segment.arguments else { return None };
    let Some(GenericArgument::Type(inner)) = args.args.first() else { return None };
    match (segment.ident.to_string().as_str(), plain(inner)) {
        ("Pin", inner) => boxed(inner),
        ("Box", Type::TraitObject(object)) => {
            let names =
                ["Iterator", "DoubleEndedIterator", "ExactSizeIterator", "FusedIterator", "Stream", "FusedStream"];
            let known = object.bounds.iter().any(|bound| {
                matches!(bound, TypeParamBound::Trait(bound) if bound.path.segments.last().is_some_and(|s| names.iter().any(|n| s.ident == n)))
            });
            known.then_some(&object.bounds)
        }
        _ => None,
    }
}

/// `Item = T` in a bound.
fn item(path: &Path) -> Option<Type> {
    let PathArguments::AngleBracketed(args) = &path.segments.last()?.arguments else { return None };
    args.args.iter().find_map(|arg| match arg {
        GenericArgument::AssocType(assoc) if assoc.ident == "Item" => Some(assoc.ty.clone()),
        _ => None,
    })
}

/// The type arguments of `Name<A, B>`, if the last segment of the path is `Name`.
pub(crate) fn arguments(ty: &Type, name: &str) -> Option<Vec<Type>> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    (path.qself.is_none() && segment.ident == name).then(|| last_arguments(ty))
}

fn last_arguments(ty: &Type) -> Vec<Type> {
    let Type::Path(path) = ty else { return Vec::new() };
    match path.path.segments.last().map(|segment| &segment.arguments) {
        Some(PathArguments::AngleBracketed(args)) => args
            .args
            .iter()
            .filter_map(|arg| if let GenericArgument::Type(ty) = arg { Some(ty.clone()) } else { None })
            .collect(),
        _ => Vec::new(),
    }
}

fn with_unit(ty: &Type) -> Type {
    let mut ty = ty.clone();
    if let Type::Path(path) = &mut ty
        && let Some(segment) = path.path.segments.last_mut()
        && let PathArguments::AngleBracketed(args) = &mut segment.arguments
    {
        for arg in &mut args.args {
            if let GenericArgument::Type(ty) = arg {
                *ty = syn::parse_quote_spanned!(ty.span()=> ());
            }
        }
    }
    ty
}

/// The type without parentheses and invisible groups.
pub(crate) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => plain(&inner.elem),
        Type::Group(inner) => plain(&inner.elem),
        ty => ty,
    }
}
