//! Takes a changelog apart into releases.
//!
//! Headings are found by a Markdown parser, so a `#` in a code block is none. Files without a single heading that names a
//! release get a second look by lines, which is how plain text is read.

use std::collections::{HashMap, HashSet};

use pulldown_cmark::{BrokenLink, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use stagekit::producer_consumer;

use crate::changelog::heading::{self, Heading};
use crate::changelog::{Changelog, Post, Reason, Rejected, Section};

/// Headings that belong to the release above them even when they stand on its level.
const SECTIONS: [&str; 16] = [
    "added",
    "changed",
    "fixed",
    "fixes",
    "removed",
    "deprecated",
    "security",
    "performance",
    "breaking",
    "breaking changes",
    "features",
    "bug fixes",
    "enhancements",
    "improvements",
    "documentation",
    "other",
];

/// One post per release in `file`, in the order of the file. A release that occurs twice counts once, the first time.
///
/// # Errors
///
/// No release is recognised: whatever the file is, it is no changelog.
#[producer_consumer]
pub fn releases(file: Changelog) -> Result<Vec<Post>, Rejected> {
    let (mut marks, links) = by_headings(&file);
    if !marks.iter().any(|mark| matches!(mark.kind, Kind::Release(_))) {
        marks = by_lines(&file);
    }
    let posts = cut(&file, &marks, &links);
    if posts.is_empty() {
        return Err(Rejected { path: file.path, reason: Reason::NoRelease });
    }
    Ok(posts)
}

/// A place where the text changes its subject: the heading from `start` to `end`.
struct Mark {
    start: usize,
    end: usize,
    kind: Kind,
}

enum Kind {
    Release(Heading),
    Section(String),
    /// Nothing we want follows, such as what is unreleased.
    Close,
}

type Links = HashMap<String, (String, String)>;

/// The marks that Markdown headings make, and all link definitions of the file by their lower-case label.
fn by_headings(file: &Changelog) -> (Vec<Mark>, Links) {
    let parser = Parser::new(&file.text);
    let definitions = parser.reference_definitions().iter();
    let links =
        definitions.map(|(label, link)| (label.to_lowercase(), (label.to_owned(), link.dest.to_string()))).collect();
    let mut marks = Vec::new();
    let mut open: Option<HeadingLevel> = None;
    let mut title: Option<String> = None;
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => title = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(title) = &mut title {
                    title.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(level)) => {
                let title = title.take().unwrap_or_default();
                let kind = kind_of(title.trim(), level, open, &file.crate_name);
                match kind {
                    Kind::Release(_) => open = Some(level),
                    Kind::Close => open = None,
                    Kind::Section(_) => {}
                }
                marks.push(Mark { start: range.start, end: range.end, kind });
            }
            _ => {}
        }
    }
    (marks, links)
}

/// What a heading means inside the release that is `open`, if any.
fn kind_of(title: &str, level: HeadingLevel, open: Option<HeadingLevel>, crate_name: &str) -> Kind {
    let is_deeper = open.is_some_and(|open| level > open);
    match heading::release(title, crate_name) {
        Some(heading) if !is_deeper || heading.is_whole => Kind::Release(heading),
        _ if is_deeper => Kind::Section(title.to_owned()),
        _ if open.is_some() && SECTIONS.contains(&title.to_lowercase().trim_end_matches(':')) => {
            Kind::Section(title.to_owned())
        }
        _ => Kind::Close,
    }
}

/// The marks of a text without headings: unindented lines that are a release and nothing else.
fn by_lines(file: &Changelog) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let end = start + line.len();
        let is_flush = !line.starts_with(char::is_whitespace);
        let title = line.trim().trim_start_matches(['*', '_', '=', '#']).trim();
        let heading = heading::release(title, &file.crate_name).filter(|heading| is_flush && heading.is_whole);
        if let Some(heading) = heading {
            // The underline of a reStructuredText title is part of the heading.
            let next = file.text[end..].split_inclusive('\n').next().unwrap_or_default();
            let is_underline = next.trim().len() >= 3 && next.trim().chars().all(|c| "=-~^\"'`+*#".contains(c));
            let end = if is_underline { end + next.len() } else { end };
            let kind = Kind::Release(heading);
            marks.push(Mark { start, end, kind });
        }
        start = end;
    }
    marks
}

/// Cuts the text at its marks.
fn cut(file: &Changelog, marks: &[Mark], links: &Links) -> Vec<Post> {
    let mut seen = HashSet::new();
    let mut posts: Vec<Post> = Vec::new();
    let mut is_open = false;
    for (at, mark) in marks.iter().enumerate() {
        let end = marks.get(at + 1).map_or(file.text.len(), |next| next.start);
        let title = match &mark.kind {
            Kind::Close => {
                is_open = false;
                continue;
            }
            Kind::Release(heading) => {
                is_open = seen.insert(heading.version.clone());
                if is_open {
                    posts.push(Post {
                        crate_name: file.crate_name.clone(),
                        version: heading.version.clone(),
                        date: heading.date,
                        sections: Vec::new(),
                        links: Vec::new(),
                        subjects: Vec::new(),
                    });
                }
                ""
            }
            Kind::Section(title) => title,
        };
        let Some(post) = posts.last_mut().filter(|_| is_open) else {
            continue;
        };
        let markdown = file.text[mark.end.min(end)..end].trim_matches('\n').trim_end();
        if !markdown.trim().is_empty() || !title.is_empty() {
            post.sections.push(Section {
                title: title.to_owned(),
                markdown: markdown.to_owned(),
                entries: entries(markdown, links),
            });
        }
    }
    for post in &mut posts {
        post.links = used(post, links);
    }
    posts
}

/// The plain text of each list item and paragraph, without code blocks and without the brackets of links that are defined elsewhere in the file.
fn entries(markdown: &str, links: &Links) -> Vec<String> {
    let mut defined = |link: BrokenLink<'_>| {
        let (_, target) = links.get(&link.reference.to_lowercase())?;
        Some((CowStr::from(target.clone()), CowStr::from("")))
    };
    let mut entries = vec![String::new()];
    let mut is_code = false;
    let parser = Parser::new_with_broken_link_callback(markdown, Options::empty(), Some(&mut defined));
    for event in parser {
        let last = entries.last_mut().expect("never empty");
        match event {
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Start(Tag::Item | Tag::Paragraph | Tag::Heading { .. })
            | Event::End(TagEnd::Item | TagEnd::Paragraph | TagEnd::Heading(_)) => {
                entries.push(String::new());
            }
            Event::Text(text) | Event::Code(text) if !is_code => last.push_str(&text),
            Event::SoftBreak | Event::HardBreak => last.push(' '),
            _ => {}
        }
    }
    let tidy = |entry: String| entry.split_whitespace().collect::<Vec<_>>().join(" ");
    entries.into_iter().map(tidy).filter(|entry| !entry.is_empty()).collect()
}

/// The definitions of the labels that a post mentions in brackets, once each, in order.
fn used(post: &Post, links: &Links) -> Vec<(String, String)> {
    let mut seen = HashSet::new();
    let text = post.sections.iter().map(|section| section.markdown.as_str());
    text.flat_map(|text| text.split('[').skip(1))
        .filter_map(|rest| links.get(&rest.split(']').next()?.to_lowercase()))
        .filter(|(label, _)| seen.insert(label.clone()))
        .cloned()
        .collect()
}
