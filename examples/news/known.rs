//! What earlier runs have published, and the gate that keeps it from being published again.

use std::collections::HashMap;
use std::sync::Arc;

use semver::Version;
use stagekit::producer_consumer;

use crate::changelog::Post;
use crate::database::{self, Database};
use crate::progress::Progress;

/// The posts on record when the run began, with the subjects they were published for.
#[derive(Debug)]
pub struct Known {
    posts: HashMap<(String, Version), Vec<String>>,
    progress: Arc<Progress>,
}

impl Known {
    /// Reads what is on record.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn load(database: &Database, progress: Arc<Progress>) -> Result<Self, rusqlite::Error> {
        let posts = database::posts(database.connection())?.into_iter().map(|post| {
            let subjects = post.subjects.into_iter().map(|matched| matched.subject);
            ((post.crate_name, post.version), sorted(subjects))
        });
        Ok(Self { posts: posts.collect(), progress })
    }
}

/// Passes on what no earlier run has published. Asking for other subjects is asking for news: a post that matches others
/// than it was published for is passed on and replaces itself.
#[producer_consumer]
pub fn fresh(post: Post, known: &Known) -> Option<Post> {
    let key = (post.crate_name.clone(), post.version.clone());
    let subjects = sorted(post.subjects.iter().map(|matched| matched.subject.clone()));
    if known.posts.get(&key) == Some(&subjects) {
        known.progress.known();
        return None;
    }
    known.progress.entered();
    Some(post)
}

fn sorted(subjects: impl Iterator<Item = String>) -> Vec<String> {
    let mut subjects: Vec<String> = subjects.collect();
    subjects.sort();
    subjects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changelog::Matched;
    use crate::database::report;
    use crate::index::tests::many;
    use crate::site::Published;

    fn post(published: &Published) -> Post {
        Post {
            crate_name: published.crate_name.clone(),
            version: published.version.clone(),
            date: published.date,
            sections: Vec::new(),
            links: Vec::new(),
            subjects: published.subjects.clone(),
        }
    }

    #[test]
    fn what_is_on_record_is_not_fresh_unless_its_subjects_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let progress = Arc::new(Progress::begin());
        let path = folder.path().join("news.db");
        let mut database = Database::open(&path, Arc::clone(&progress)).expect("a database");
        let posts = many(2);
        report(posts[..1].to_vec(), &mut database).expect("recorded");
        let known = Known::load(&database, Arc::clone(&progress)).expect("known");
        assert_eq!(fresh(post(&posts[0]), &known), None);
        assert_eq!(fresh(post(&posts[1]), &known), Some(post(&posts[1])));
        let mut other = post(&posts[0]);
        other.subjects.push(Matched { subject: "performance".into(), entry: "faster".into() });
        assert_eq!(fresh(other.clone(), &known), Some(other));
        let run = progress.finish();
        assert_eq!((run.known, run.in_flight_most), (1, 1));
    }
}
