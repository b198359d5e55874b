//! What a stage becomes: a struct of the function's name, and the traits that the edges of a pipeline ask for.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::Role;
use super::ast::{Kind, Parameter, Stage};
use super::{producer, sound, takes};
use crate::names::{after, beside, ours};

/// Everything behind the function itself. The struct is last: an editor takes the name for a function then.
pub(crate) fn expand(stage: &Stage) -> TokenStream {
    let role = match stage.role {
        Role::Producer => producer::expand(stage),
        _ => takes::expand(stage),
    };
    let (check, parts) = (sound::check(stage), parts(stage));
    let (builder, structure) = (builder(stage), structure(stage));
    let itself = itself(stage);
    quote!(#check #role #parts #itself #builder #structure)
}

/// An impl whose head and braces are at `at`, where the compiler points when it names the impl.
pub(crate) fn implement(stage: &Stage, at: Span, head: TokenStream, body: TokenStream) -> TokenStream {
    let attrs = &stage.attrs;
    let keyword = Ident::new("impl", at);
    let mut braces = Group::new(Delimiter::Brace, body);
    braces.set_span(at);
    quote_spanned! {ours()=> #attrs #[automatically_derived] #[allow(deprecated)] #keyword #head #braces }
}

/// `where a, b`, or nothing.
pub(crate) fn clause(predicates: Vec<TokenStream>) -> TokenStream {
    if predicates.is_empty() { TokenStream::new() } else { quote_spanned!(ours()=> where #(#predicates),*) }
}

/// `impl Trait for the type { body }`.
pub(crate) fn plain_impl(stage: &Stage, name: &str, body: TokenStream) -> TokenStream {
    let (private, me) = (stage.private(), stage.own_type());
    let (generics, clause) = (stage.scope.generics(false, &[]), clause(stage.scope.predicates(false)));
    let name = Ident::new(name, ours());
    implement(stage, after_name(stage), quote_spanned!(ours()=> #generics #private::#name for #me #clause), body)
}

/// `impl Itself`: the type is the name of a stage.
pub(crate) fn itself(stage: &Stage) -> TokenStream {
    let (private, name) = (stage.private(), stage.own_name());
    let (generics, args) = stage.scope.unset();
    let clause = clause(stage.scope.on_struct());
    let head = quote_spanned!(ours()=> #generics #private::checks::Itself for #name #args #clause);
    implement(stage, ours(), head, TokenStream::new())
}

/// Where errors about the whole function are: at its name.
pub(crate) fn after_name(stage: &Stage) -> Span {
    stage.function.span()
}

/// The type that a field has.
fn field_type(stage: &Stage, parameter: &Parameter) -> TokenStream {
    let ty = &parameter.ty;
    match parameter.kind {
        Kind::Shared => stage.sound(&quote_spanned!(ours()=> ::std::sync::Arc<#ty>)),
        _ => stage.sound(&quote!(#ty)),
    }
}

/// `()`, one thing, or a tuple.
fn bundle(list: &[TokenStream]) -> TokenStream {
    match list {
        [one] => one.clone(),
        _ => quote_spanned!(ours()=> (#(#list),*)),
    }
}

fn structure(stage: &Stage) -> TokenStream {
    let Stage { attrs, docs, vis, name, .. } = stage;
    let declared = stage.scope.declared();
    let clause = clause(stage.scope.on_struct());
    let fields = stage.fields().map(|parameter| {
        let (field, ty) = (&parameter.field, field_type(stage, parameter));
        quote!(#field: #ty)
    });
    let marker = stage.scope.marker().map(|ty| quote_spanned!(ours()=> __marker: #ty));
    let fields = fields.chain(marker);
    quote_spanned! {ours()=>
        #attrs #docs
        #[cfg_attr(doc, doc(hidden))]
        #[allow(non_camel_case_types)]
        #vis struct #name #declared #clause { #(#fields),* }
    }
}

/// `Type { field, .. }`, from variables of the fields' names.
fn literal(stage: &Stage) -> TokenStream {
    let name = stage.own_name();
    let fields = stage.fields().map(|parameter| &parameter.field);
    let marker = stage.scope.marker().map(|_| quote_spanned!(ours()=> __marker: ::core::marker::PhantomData));
    let marker = marker.into_iter();
    quote_spanned!(ours()=> #name { #(#fields,)* #(#marker)* })
}

/// `type Name = ty;` where the compiler points when it says that the type is less visible than the function.
pub(crate) fn associated(name: &str, ty: &TokenStream, at: Span) -> TokenStream {
    let (keyword, name) = (Ident::new("type", at), Ident::new(name, after(at)));
    quote_spanned!(at=> #keyword #name = #ty;)
}

impl Stage {
    /// `path(argument)`, at the function's name.
    pub(crate) fn called(&self, path: TokenStream, argument: TokenStream) -> TokenStream {
        let path = beside(path, self.function.span());
        let mut parens = Group::new(Delimiter::Parenthesis, argument);
        parens.set_span(self.function.span());
        quote!(#path #parens)
    }
}

/// The names of the `#[state]` parameters, and `fn __fresh()` that gives their initial values.
fn fresh(stage: &Stage) -> Option<(TokenStream, TokenStream)> {
    let own = stage.fields().filter_map(|parameter| match &parameter.kind {
        Kind::Fresh(init) => Some((&parameter.field, field_type(stage, parameter), init)),
        _ => None,
    });
    let (mut names, mut types, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (field, ty, init) in own {
        values.push(match init {
            Some(init) => quote_spanned!(ours()=> let #field: #ty = #init;),
            None => quote_spanned!(ours()=> let #field = <#ty as ::core::default::Default>::default();),
        });
        names.push(field);
        types.push(ty);
    }
    (!names.is_empty()).then(|| {
        let function = quote_spanned! {ours()=>
            fn __fresh() -> (#(#types,)*) { #(#values)* (#(#names,)*) }
        };
        (quote_spanned!(ours()=> (#(#names,)*)), function)
    })
}

/// `let (..) = __fresh()`
fn begin(stage: &Stage) -> Option<TokenStream> {
    let me = stage.own_type();
    fresh(stage).map(|(names, _)| quote_spanned!(ours()=> let #names = <#me>::__fresh();))
}

/// `fn __stage(..) -> Node<Self>`, which the nodes of `pipeline!` call.
fn builder(stage: &Stage) -> TokenStream {
    let (private, vis, me) = (stage.private(), &stage.vis, stage.own_type());
    let (generics, args) = stage.scope.unset();
    let on_type = clause(stage.scope.on_struct());
    let (from_arguments, predicates) = (stage.scope.of_arguments(), clause(stage.scope.predicates(false)));
    let name = stage.own_name();
    let given: Vec<_> = stage.fields().filter(|parameter| !matches!(parameter.kind, Kind::Fresh(_))).collect();
    let arguments = given.iter().map(|Parameter { kind, ty, field }| match kind {
        Kind::Shared if stage.scope.is_open(&quote!(#ty)) => quote_spanned!(ours()=> #field: #ty),
        Kind::Shared => quote_spanned!(ours()=> #field: impl #private::checks::Given<#ty>),
        _ => quote_spanned!(ours()=> #field: #ty),
    });
    let shared = given.iter().filter(|parameter| matches!(parameter.kind, Kind::Shared)).map(|Parameter { ty, field, .. }| {
        quote_spanned!(ours()=> let #field: ::std::sync::Arc<#ty> = #private::checks::Given::given(#field);)
    });
    let (begin, literal) = (begin(stage), literal(stage));
    let label = syn::ext::IdentExt::unraw(&stage.function).to_string();
    let batch = stage.options.batch.as_ref().map(|(_, size, every)| quote_spanned!(ours()=> .batch(#size, #every)));
    let keyword = Ident::new("fn", stage.function.span());
    let mut list = Group::new(Delimiter::Parenthesis, quote!(#(#arguments),*));
    list.set_span(stage.paren);
    let body = quote_spanned! {ours()=>
        #[doc(hidden)]
        #vis #keyword __stage #from_arguments #list -> #private::Node<#me> #predicates {
            #(#shared)*
            #begin
            #private::Node::new(#literal, #label) #batch
        }
    };
    let builder = implement(stage, ours(), quote_spanned!(ours()=> #generics #name #args #on_type), body);
    let fresh = fresh(stage).map(|(_, function)| {
        let (generics, clause) = (stage.scope.generics(false, &[]), clause(stage.scope.predicates(false)));
        implement(stage, ours(), quote_spanned!(ours()=> #generics #me #clause), function)
    });
    quote!(#builder #fresh)
}

/// `impl Parts`: workers and restarts begin from what the user gave.
fn parts(stage: &Stage) -> TokenStream {
    let pick = |want: fn(&Kind) -> bool| -> (Vec<TokenStream>, Vec<TokenStream>) {
        let picked = stage.fields().filter(|parameter| want(&parameter.kind));
        picked
            .map(|parameter| {
                let field = &parameter.field;
                (field_type(stage, parameter), quote!(#field))
            })
            .unzip()
    };
    let (state_types, state) = pick(|kind| matches!(kind, Kind::State));
    let (config_types, config) = pick(|kind| matches!(kind, Kind::Shared | Kind::Config));
    let (kept_types, kept) = pick(|kind| matches!(kind, Kind::State | Kind::Fresh(_)));
    // A producer is used up when it is opened.
    let (kept_types, kept) = if stage.role == Role::Producer { (Vec::new(), Vec::new()) } else { (kept_types, kept) };
    let (state_type, kept_type) = (bundle(&state_types), bundle(&kept_types));
    let kept: Vec<_> = kept.into_iter().map(|field| quote_spanned!(ours()=> self.#field)).collect();
    let kept = if kept.is_empty() { TokenStream::new() } else { bundle(&kept) };
    let own_state: Vec<_> = state.iter().map(|field| quote_spanned!(ours()=> self.#field)).collect();
    let (own_state, state) = (bundle(&own_state), bundle(&state));
    let (begin, literal) = (begin(stage), literal(stage));
    let types = [("State", state_type), ("Config", quote_spanned!(ours()=> (#(#config_types,)*))), ("Kept", kept_type)];
    let at = stage.fields().next().map_or_else(|| after_name(stage), |field| field.ty.span());
    let types: TokenStream = types.iter().map(|(name, ty)| associated(name, ty, at)).collect();
    plain_impl(
        stage,
        "Parts",
        quote_spanned! {ours()=>
            #types
            fn split(self) -> (Self::State, Self::Config) {
                (#own_state, (#(self.#config,)*))
            }
            fn join(state: Self::State, config: Self::Config) -> Self {
                let #state = state;
                let (#(#config,)*) = config;
                #begin
                #literal
            }
            fn kept(self) -> Self::Kept {
                #kept
            }
        },
    )
}

/// The statements that must stand before a call, and the call itself with `event` as its event. `this` holds the fields.
pub(crate) fn call(stage: &Stage, this: &TokenStream, event: &TokenStream) -> (TokenStream, TokenStream) {
    let mut before = TokenStream::new();
    let mut arguments = Vec::new();
    for Parameter { kind, ty, field } in &stage.parameters {
        arguments.push(match kind {
            Kind::Event => event.clone(),
            Kind::Demand => quote_spanned!(ours()=> demand),
            Kind::Emitter => quote_spanned!(ours()=> out),
            Kind::Shared => quote_spanned!(ours()=> &*#this.#field),
            Kind::State | Kind::Fresh(_) => quote_spanned!(ours()=> &mut #this.#field),
            // Cloned in a statement of its own: a reference to it must not live across an `.await`.
            Kind::Config if stage.repeats() => {
                let ty = stage.sound(&quote!(#ty));
                before
                    .extend(quote_spanned!(ours()=> let #field = <#ty as ::core::clone::Clone>::clone(&#this.#field);));
                quote!(#field)
            }
            Kind::Config => quote_spanned!(ours()=> #this.#field),
        });
    }
    let function = stage.call();
    let awaited = stage.is_async.then(|| quote_spanned!(stage.function.span()=> .await));
    let call = quote_spanned!(ours()=> #function(#(#arguments),*) #awaited);
    (before, stage.answer(call))
}

/// `async move { body }` at the function's name: there the compiler says what is not `Send`.
pub(crate) fn async_block(stage: &Stage, body: TokenStream) -> TokenStream {
    let at = after_name(stage);
    let mut braces = Group::new(Delimiter::Brace, body);
    braces.set_span(at);
    quote_spanned!(at=> async move #braces)
}
