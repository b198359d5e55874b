//! The heavy middle of the job: one post becomes an HTML page, a Markdown file and a PDF.
//!
//! The same post makes the same bytes, on any worker and on any day: nothing here reads a clock, a random number or the
//! machine's fonts. What is dear to set up is kept: the sanitiser is shared, the fonts are the state of each worker.

mod block;
mod html;
mod markdown;
mod pdf;
mod press;

use crate::changelog::Post;
pub(crate) use html::{chip, frame};
pub(crate) use press::Press;

/// A post in all its formats, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// What it was made from; its text is not needed any more and gone.
    pub(crate) post: Post,
    /// The sanitised page.
    pub(crate) html: String,
    /// The text as it was written, with its links.
    pub(crate) markdown: String,
    /// The document.
    pub(crate) pdf: Vec<u8>,
}

/// A post that could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("cannot render {post}: {reason}")]
pub(crate) struct RenderError {
    /// Its crate and version.
    pub(crate) post: String,
    /// What the PDF library said.
    pub(crate) reason: String,
}

/// Renders `post`; `press` holds the fonts and the scratch space of this worker.
///
/// # Errors
///
/// The PDF library refuses the document, which would be a defect: any text is allowed.
pub(crate) fn render(post: &Post, press: &mut Press) -> Result<Page, RenderError> {
    let pdf = pdf::document(post, press).map_err(|reason| RenderError { post: post.title(), reason })?;
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
