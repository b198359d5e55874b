//! The HTML page of a post.
//!
//! A changelog is a stranger's text. It passes through ammonia with nothing but plain markup and absolute links allowed,
//! and the page forbids scripts and foreign resources once more by its own policy.

use std::collections::HashSet;
use std::sync::LazyLock;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use pulldown_cmark::{Options, Parser, html::push_html};

use crate::changelog::Post;
use crate::render::with_links;

/// The look of every page of the site.
const STYLE: &str = include_str!("../assets/style.css");

/// One sanitiser for all workers: it is read only, and building one costs more than using it.
static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::default();
    builder
        .rm_tags(["img", "map", "area", "bdo"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        // A relative link points into a repository that is not here.
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// The whole page.
pub(super) fn page(post: &Post) -> String {
    let title = post.title();
    let name = &post.crate_name;
    let slug = crate::site::slug(post);
    let body = html! {
        header {
            p .where { a href="../index.html" { "Release news" } " / " a href=(format!("../index.html#crate={name}")) { (name) } }
            h1 { (name) " " span .version { (post.version) } }
            p .meta {
                @if let Some(date) = post.date { time datetime=(date) { (date.format("%-d %B %Y")) } } @else { "undated" }
                @for matched in &post.subjects { " " (chip(&matched.subject)) }
            }
        }
        aside {
            h2 { "Why it is here" }
            dl {
                @for matched in &post.subjects { dt { (chip(&matched.subject)) } dd { (matched.entry) } }
            }
        }
        article {
            @for section in &post.sections {
                @if !section.title.is_empty() { h2 { (section.title) } }
                (PreEscaped(sanitised(&with_links(&section.markdown, &post.links))))
            }
        }
        footer {
            p {
                a href=(format!("{slug}.md")) { "Markdown" } " · " a href=(format!("{slug}.pdf")) { "PDF" } " · "
                a href=(format!("https://crates.io/crates/{name}/{}", post.version)) rel="noopener noreferrer" { "crates.io" }
            }
        }
    };
    frame(&title, "post", &body, "default-src 'none'; style-src 'unsafe-inline'").into_string()
}

/// A subject as a small label. Its colour follows from its name, so that it is the same on every page.
pub(crate) fn chip(subject: &str) -> Markup {
    let hue = subject.bytes().fold(0_u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    let hue = match subject {
        "security" => 0,
        "breaking" => 28,
        "performance" => 150,
        "deprecated" => 265,
        _ => hue,
    };
    html! { span .chip style=(format!("--hue:{hue}")) { (subject) } }
}

/// What every page has around its body.
pub(crate) fn frame(title: &str, class: &str, body: &Markup, policy: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body class=(class) { (body) }
        }
    }
}

/// Markdown from a stranger as HTML that is safe to show.
pub(super) fn sanitised(markdown: &str) -> String {
    let mut unsafe_html = String::with_capacity(markdown.len() * 2);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    push_html(&mut unsafe_html, Parser::new_ext(markdown, options));
    SANITISER.clean(&unsafe_html).to_string()
}
