//! The newest posts as an Atom feed (RFC 4287) and as a JSON Feed 1.1.
//!
//! The site does not know its address, so identities are `tag:` URIs and links are relative to the feed.

use atom_syndication::{Category, Content, Entry, Feed, Generator, Link, Person, Text};
use chrono::{DateTime, NaiveTime, Utc};
use maud::html;
use serde_json::{Value, json};

use crate::database::timestamp;
use crate::site::Published;

/// How many posts a feed has; a reader that comes less often has the index.
const LENGTH: usize = 200;
const TITLE: &str = "Release news";
const TAG: &str = "tag:stagekit.example,2026:news";

/// The Atom feed.
///
/// # Errors
///
/// The XML cannot be written, which a buffer in memory does not do.
pub(crate) fn atom(posts: &[Published]) -> Result<Vec<u8>, atom_syndication::Error> {
    let feed = Feed {
        title: Text::plain(TITLE),
        id: TAG.to_owned(),
        updated: updated(posts).fixed_offset(),
        authors: vec![Person { name: "the authors of the crates".to_owned(), ..Person::default() }],
        generator: Some(Generator { value: "news, an example of stagekit".to_owned(), ..Generator::default() }),
        links: vec![link("feed.xml", "self", "application/atom+xml"), link("index.html", "alternate", "text/html")],
        entries: posts.iter().take(LENGTH).map(entry).collect(),
        lang: Some("en".to_owned()),
        ..Feed::default()
    };
    let mut xml = feed.write_to(Vec::new())?;
    xml.push(b'\n');
    Ok(xml)
}

fn entry(post: &Published) -> Entry {
    let category = |subject: &String| Category { term: subject.clone(), ..Category::default() };
    Entry {
        title: Text::plain(title(post)),
        id: id(post),
        updated: post.published_at.fixed_offset(),
        published: released(post).map(|time| time.fixed_offset()),
        categories: post.subjects.iter().map(|matched| category(&matched.subject)).collect(),
        links: vec![link(&format!("posts/{}.html", post.slug), "alternate", "text/html")],
        content: Some(Content {
            value: Some(content(post)),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

/// The JSON feed.
///
/// # Errors
///
/// The JSON cannot be written, which a buffer in memory does not do.
pub(crate) fn json(posts: &[Published]) -> Result<Vec<u8>, serde_json::Error> {
    let items: Vec<Value> = posts.iter().take(LENGTH).map(item).collect();
    let mut json = serde_json::to_vec_pretty(&json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "home_page_url": "index.html",
        "feed_url": "feed.json",
        "language": "en",
        "items": items,
    }))?;
    json.push(b'\n');
    Ok(json)
}

fn item(post: &Published) -> Value {
    let tags: Vec<&str> = post.subjects.iter().map(|matched| matched.subject.as_str()).collect();
    let mut item = json!({
        "id": id(post),
        "url": format!("posts/{}.html", post.slug),
        "title": title(post),
        "content_html": content(post),
        "date_modified": timestamp(post.published_at),
        "tags": tags,
    });
    if let Some(time) = released(post) {
        item["date_published"] = timestamp(time).into();
    }
    item
}

fn title(post: &Published) -> String {
    format!("{} {}", post.crate_name, post.version)
}

fn id(post: &Published) -> String {
    format!("{TAG}/{}", post.slug)
}

/// The reasons why a post is here, as markup without any of its author's.
fn content(post: &Published) -> String {
    html! { ul { @for matched in &post.subjects { li { b { (matched.subject) } ": " (matched.entry) } } } }
        .into_string()
}

fn released(post: &Published) -> Option<DateTime<Utc>> {
    post.date.map(|date| date.and_time(NaiveTime::MIN).and_utc())
}

/// When the newest post was published; never the present, which would change an unchanged feed.
fn updated(posts: &[Published]) -> DateTime<Utc> {
    posts.iter().map(|post| post.published_at).max().unwrap_or(DateTime::UNIX_EPOCH)
}

fn link(href: &str, rel: &str, kind: &str) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), mime_type: Some(kind.to_owned()), ..Link::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::many;

    #[test]
    fn both_feeds_carry_the_same_posts_and_read_back() {
        let posts = many(300);
        let xml = atom(&posts).expect("a feed");
        let feed = Feed::read_from(&xml[..]).expect("well-formed");
        let json: Value = serde_json::from_slice(&json(&posts).expect("a feed")).expect("well-formed");
        assert_eq!(feed.entries.len(), LENGTH);
        assert_eq!(json["items"].as_array().expect("items").len(), LENGTH);
        assert_eq!(json["items"][0]["id"], feed.entries[0].id);
        assert!(content(&posts[0]).contains("&lt;b&gt;"));
        assert_eq!(atom(&posts).expect("a feed"), xml);
    }
}
