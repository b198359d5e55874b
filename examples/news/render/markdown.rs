//! The Markdown of a post: as its author wrote it, under a heading that says what it is.

use crate::changelog::Post;

/// The whole file.
pub(super) fn file(post: &Post) -> String {
    let mut text = format!("# {}\n\n", post.title());
    if let Some(date) = post.date {
        text.push_str(&format!("Released {date}. "));
    }
    let subjects: Vec<&str> = post.subjects.iter().map(|matched| matched.subject.as_str()).collect();
    text.push_str(&format!("About {}.\n", subjects.join(", ")));
    for section in &post.sections {
        if !section.title.is_empty() {
            text.push_str(&format!("\n## {}\n", section.title));
        }
        if !section.markdown.is_empty() {
            text.push_str(&format!("\n{}\n", section.markdown));
        }
    }
    if !post.links.is_empty() {
        text.push('\n');
    }
    for (label, target) in &post.links {
        text.push_str(&format!("[{label}]: <{target}>\n"));
    }
    text
}
