//! What is inside of a type.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::{GenericArgument, Lifetime, Path, PathArguments, Token, Type, TypeParamBound};

type Bounds = Punctuated<TypeParamBound, Token![+]>;

/// Where the type borrows from something that is not `'static`.
pub(crate) fn borrowed(ty: &Type) -> Option<Span> {
    match ty {
        Type::Reference(inner) => match &inner.lifetime {
            None => Some(inner.and_token.span),
            Some(lifetime) => lent(lifetime).or_else(|| borrowed(&inner.elem)),
        },
        Type::Array(inner) => borrowed(&inner.elem),
        Type::Group(inner) => borrowed(&inner.elem),
        Type::Paren(inner) => borrowed(&inner.elem),
        Type::Ptr(inner) => borrowed(&inner.elem),
        Type::Slice(inner) => borrowed(&inner.elem),
        Type::Tuple(inner) => inner.elems.iter().find_map(borrowed),
        Type::ImplTrait(inner) => borrowed_by(&inner.bounds),
        Type::TraitObject(inner) => borrowed_by(&inner.bounds),
        Type::Path(inner) => inner.qself.as_ref().and_then(|of| borrowed(&of.ty)).or_else(|| borrowed_in(&inner.path)),
        // The lifetimes of a function's own arguments are nobody's loan.
        _ => None,
    }
}

fn borrowed_by(bounds: &Bounds) -> Option<Span> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Lifetime(lifetime) => lent(lifetime),
        TypeParamBound::Trait(bound) if bound.lifetimes.is_none() => borrowed_in(&bound.path),
        _ => None,
    })
}

fn borrowed_in(path: &Path) -> Option<Span> {
    path.segments.iter().find_map(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(list) => list.args.iter().find_map(|argument| match argument {
            GenericArgument::Lifetime(lifetime) => lent(lifetime),
            GenericArgument::Type(ty) => borrowed(ty),
            GenericArgument::AssocType(of) => borrowed(&of.ty),
            GenericArgument::Constraint(of) => borrowed_by(&of.bounds),
            _ => None,
        }),
        _ => None,
    })
}

fn lent(lifetime: &Lifetime) -> Option<Span> {
    (lifetime.ident != "static").then(|| lifetime.span())
}

/// Puts another type in the place of each `impl Trait`; what is inside of one is left alone.
pub(crate) fn replace_opaque(ty: &mut Type, with: &mut dyn FnMut(&Bounds, Span) -> Type) {
    match ty {
        Type::ImplTrait(opaque) => *ty = with(&opaque.bounds, opaque.impl_token.span),
        Type::Array(inner) => replace_opaque(&mut inner.elem, with),
        Type::Group(inner) => replace_opaque(&mut inner.elem, with),
        Type::Paren(inner) => replace_opaque(&mut inner.elem, with),
        Type::Ptr(inner) => replace_opaque(&mut inner.elem, with),
        Type::Reference(inner) => replace_opaque(&mut inner.elem, with),
        Type::Slice(inner) => replace_opaque(&mut inner.elem, with),
        Type::Tuple(inner) => inner.elems.iter_mut().for_each(|ty| replace_opaque(ty, with)),
        Type::Path(inner) => {
            if let Some(of) = &mut inner.qself {
                replace_opaque(&mut of.ty, with);
            }
            for segment in &mut inner.path.segments {
                let PathArguments::AngleBracketed(list) = &mut segment.arguments else { continue };
                for argument in &mut list.args {
                    if let GenericArgument::Type(ty) = argument {
                        replace_opaque(ty, with);
                    }
                }
            }
        }
        _ => {}
    }
}

/// Where an `impl Trait` stands among the tokens of a type.
pub(crate) fn opaque(ty: TokenStream) -> Option<Span> {
    ty.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "impl" => Some(ident.span()),
        TokenTree::Group(group) => opaque(group.stream()),
        _ => None,
    })
}

/// Words behind which a path may begin with `::`.
const BEFORE_A_PATH: [&str; 8] = ["as", "const", "dyn", "for", "impl", "mut", "static", "where"];

/// The tokens of a type without what leads to its names: `std::vec::Vec<a::B>` is `Vec<B>`, and `Vec::<B>` too.
pub(crate) fn short(ty: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut tokens = ty.into_iter().peekable();
    let is =
        |token: Option<&TokenTree>, sign| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    while let Some(token) = tokens.next() {
        if is(Some(&token), ':') && is(tokens.peek(), ':') {
            tokens.next();
            let leads = matches!(tokens.peek(), Some(TokenTree::Ident(_)));
            let named =
                matches!(out.last(), Some(TokenTree::Ident(word)) if !BEFORE_A_PATH.contains(&&*word.to_string()));
            if leads && named {
                out.pop();
            }
            continue;
        }
        out.push(match token {
            TokenTree::Group(group) => proc_macro2::Group::new(group.delimiter(), short(group.stream())).into(),
            token => token,
        });
    }
    out.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;

    fn parse(text: &str) -> Type {
        syn::parse_str(text).unwrap()
    }

    #[test]
    fn loans_are_found_wherever_they_are() {
        for text in [
            "&u8",
            "Vec<&u8>",
            "Cow<'a, str>",
            "(u8, [&'b u8; 2])",
            "Box<dyn Any + 'a>",
            "<&u8 as X>::Y",
            "Box<dyn Iterator<Item = &u8>>",
            "impl Iterator<Item: Into<&u8>>",
            "&'static &u8",
        ] {
            assert!(borrowed(&parse(text)).is_some(), "{text}");
        }
        for text in [
            "u8",
            "&'static str",
            "Cow<'static, str>",
            "fn(&u8) -> &u8",
            "Box<dyn Fn(&u8) -> &u8>",
            "Box<dyn for<'a> X<'a>>",
            "Vec<(String, !)>",
        ] {
            assert!(borrowed(&parse(text)).is_none(), "{text}");
        }
    }

    #[test]
    fn opaque_types_are_found_and_replaced() {
        let mut ty = parse("Vec<(impl A, [&'static mut impl B<impl C>; 2])>");
        assert!(opaque(ty.to_token_stream()).is_some());
        let mut n = 0;
        replace_opaque(&mut ty, &mut |_, span| {
            n += 1;
            let name = quote::format_ident!("T{n}", span = span);
            syn::parse_quote!(#name)
        });
        let replaced = parse("Vec<(T1, [&'static mut T2; 2])>");
        assert_eq!(ty.to_token_stream().to_string(), replaced.to_token_stream().to_string());
        assert!(opaque(replaced.to_token_stream()).is_none());
    }

    #[test]
    fn names_are_short() {
        for (long, want) in [
            ("std::vec::Vec<crate::a::B>", "Vec<B>"),
            ("::std::string::String", "String"),
            ("Box<dyn ::std::error::Error + Send>", "Box<dyn Error + Send>"),
            ("&'static ::a::B", "&'static B"),
            ("Vec::<a::B>", "Vec<B>"),
            ("(a::B, [c::D; 2])", "(B, [D; 2])"),
            ("Box<dyn Fn(a::B) -> c::D>", "Box<dyn Fn(B) -> D>"),
        ] {
            let (long, want) = (parse(long).to_token_stream(), parse(want).to_token_stream());
            assert_eq!(short(long).to_string(), want.to_string());
        }
        let other = parse("Vec<a::C>").to_token_stream();
        assert_ne!(short(other).to_string(), short(parse("Vec<a::B>").to_token_stream()).to_string());
    }
}
