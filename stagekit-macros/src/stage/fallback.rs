//! What a stage with a mistake becomes: a type that connects to anything, so that the mistake is the only error.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::ast::Stage;
use super::expand::{clause, implement, itself};
use super::sound;
use crate::diagnostic::Diagnostics;
use crate::names::ours;

/// A struct of the stage's name whose `__stage` is of the compiler's error type: calling it is no further error.
pub(crate) fn expand(stage: &Stage, mistakes: Diagnostics) -> TokenStream {
    let Stage { attrs, docs, vis, name, .. } = stage;
    let own = stage.own_name();
    let nothing = stage.sound(&quote_spanned!(ours()=> ()));
    let declared = stage.scope.declared();
    let (generics, args) = stage.scope.unset();
    let marker = stage.scope.marker().map(|ty| quote_spanned!(ours()=> __marker: #ty));
    let predicates = clause(stage.scope.on_struct());
    let check = sound::broken(stage, mistakes.into_expression());
    let builder = implement(
        stage,
        ours(),
        quote_spanned!(ours()=> #generics #own #args #predicates),
        quote_spanned! {ours()=>
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            #vis const __stage: #nothing = ();
        },
    );
    let itself = itself(stage);
    quote! {
        #check
        #itself
        #builder
        #attrs #docs
        #[cfg_attr(doc, doc(hidden))]
        #[allow(non_camel_case_types)]
        #vis struct #name #declared #predicates { #marker }
    }
}
