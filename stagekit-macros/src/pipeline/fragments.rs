//! What a `macro_rules!` of the user's passes on: `$e:expr` comes in a group without delimiters. The compiler takes no
//! notice of such a group in what a procedural macro gives back, so `n * $e` would be `n * 1 + 2`, and a cursor could
//! end in the middle of one.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::Expr;

/// The same without such groups: where it matters that it was one expression, it stands in parentheses.
pub(crate) fn resolved(tokens: TokenStream) -> TokenStream {
    let mut all = TokenStream::new();
    // Between `if`, `while`, `match` or `in`, and the braces: there `Type { .. }` is no value.
    let mut condition = false;
    for token in tokens {
        let TokenTree::Group(group) = token else {
            if let TokenTree::Ident(word) = &token {
                condition |= ["if", "while", "match", "in"].iter().any(|begins| word == begins);
            }
            all.extend([token]);
            continue;
        };
        condition &= group.delimiter() != Delimiter::Brace;
        let inner = resolved(group.stream());
        let delimiter = match group.delimiter() {
            Delimiter::None if !(binds_loosely(&inner) || condition && begins_with_braces(&inner)) => {
                all.extend(inner);
                continue;
            }
            Delimiter::None => Delimiter::Parenthesis,
            other => other,
        };
        let mut same = Group::new(delimiter, inner);
        same.set_span(group.span());
        all.extend([TokenTree::Group(same)]);
    }
    all
}

/// An expression that would fall apart beside others. As a pattern or a type it means the same in parentheses.
fn binds_loosely(tokens: &TokenStream) -> bool {
    let expression = syn::parse2::<Expr>(tokens.clone());
    let Ok(expression) = expression else { return false };
    // `&Event` is a type, which says in a closure that the event is lent; `&value` is a value.
    if let Expr::Reference(reference) = &expression
        && let Expr::Path(path) = &*reference.expr
        && let Some(last) = path.path.segments.last()
    {
        return !last.ident.to_string().starts_with(char::is_uppercase);
    }
    !matches!(
        expression,
        Expr::Path(_)
            | Expr::Lit(_)
            | Expr::Call(_)
            | Expr::MethodCall(_)
            | Expr::Field(_)
            | Expr::Index(_)
            | Expr::Paren(_)
            | Expr::Tuple(_)
            | Expr::Array(_)
            | Expr::Macro(_)
            | Expr::Struct(_)
            | Expr::Block(_)
            | Expr::Await(_)
            | Expr::Try(_)
            | Expr::Infer(_)
    )
}

/// `Type { .. }`, and what is done with it.
fn begins_with_braces(tokens: &TokenStream) -> bool {
    let mut expression = match syn::parse2::<Expr>(tokens.clone()) {
        Ok(expression) => expression,
        Err(_) => return false,
    };
    loop {
        expression = *match expression {
            Expr::Struct(_) => return true,
            Expr::Field(field) => field.base,
            Expr::MethodCall(call) => call.receiver,
            Expr::Index(index) => index.expr,
            Expr::Try(tried) => tried.expr,
            _ => return false,
        };
    }
}
