//! The heavy middle of the job: one post becomes an HTML page, a Markdown file and a PDF.
//!
//! The same post makes the same bytes, on any worker and on any day: nothing here reads a clock, a random number or the
//! machine's fonts. What is dear to set up is kept: the sanitiser is shared, the fonts are the state of each worker.

mod block;
mod html;
mod markdown;
mod pdf;
mod press;

use stagekit::producer_consumer;

use crate::changelog::{Post, Reason, Rejected};
pub(crate) use html::{chip, frame};
pub use press::Press;

/// A post in all its formats, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it was made from; its text is not needed any more and gone.
    pub post: Post,
    /// The sanitised page.
    pub html: String,
    /// The text as it was written, with its links.
    pub markdown: String,
    /// The document.
    pub pdf: Vec<u8>,
}

/// Renders `post`; `press` holds the fonts and the scratch space of this worker.
///
/// # Errors
///
/// The PDF library refuses the document, which would be a defect: any text is allowed.
#[producer_consumer]
pub fn render(post: &Post, press: &mut Press) -> Result<Page, Rejected> {
    let rejected = |said| Rejected { path: post.title(), reason: Reason::NotRendered(said) };
    let pdf = pdf::document(post, press).map_err(rejected)?;
    Ok(Page {
        html: html::page(post),
        markdown: markdown::file(post),
        pdf,
        post: Post { sections: Vec::new(), links: Vec::new(), ..post.clone() },
    })
}

/// A section's text with the definitions of its links, so that it can be read on its own.
fn with_links(markdown: &str, links: &[(String, String)]) -> String {
    let mut text = String::from(markdown);
    text.push_str("\n\n");
    for (label, target) in links {
        text.push_str(&format!("[{label}]: <{target}>\n"));
    }
    text
}

#[cfg(test)]
mod tests;
