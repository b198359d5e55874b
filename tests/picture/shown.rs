//! Every rendering of several graphs, as it was looked at and recorded.

use std::path::Path;

use stagekit::Topology;

use crate::graphs::{self, Topological};

#[track_caller]
pub(crate) fn compare(file: &str, written: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, written).expect("the picture can be written");
        return;
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(recorded, written, "{file}: look at it; if it is right, UPDATE_SNAPSHOTS=1");
}

#[track_caller]
fn shown(name: &str, topology: &Topology) {
    compare(&format!("picture/snapshots/{name}.txt"), &format!("{topology}\n"));
    compare(&format!("picture/snapshots/{name}.svg"), &topology.to_svg());
    compare(&format!("picture/snapshots/{name}.mmd"), &topology.to_mermaid());
    compare(&format!("picture/snapshots/{name}.dot"), &topology.to_dot());
}

#[test]
fn chain() {
    shown("chain", &graphs::chain().topology());
}

#[test]
fn diamond() {
    shown("diamond", &graphs::diamond().graph());
}

#[test]
fn any() {
    shown("any", &graphs::any().topology());
}

#[test]
fn by() {
    shown("by", &graphs::by().topology());
}

#[test]
fn branches() {
    shown("branches", &graphs::branches().topology());
}

#[test]
fn fused() {
    shown("fused", &graphs::fused().topology());
}

#[test]
fn segment() {
    shown("segment", &graphs::segment().topology());
    shown("words", &graphs::words().topology());
}

#[test]
fn large() {
    let topology = graphs::large().graph();
    assert!(topology.stages().len() >= 30, "{}", topology.stages().len());
    shown("large", &topology);
}

#[test]
fn an_svg_is_well_formed() {
    for topology in [graphs::segment().topology(), graphs::large().graph(), graphs::fused().topology()] {
        let svg = topology.to_svg();
        let mut open: Vec<&str> = Vec::new();
        for tag in svg.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').expect("each `<` has its `>`");
            assert!(!text.contains('>') || text.contains("@media"), "{text}");
            assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            match (tag.starts_with('/'), tag.ends_with('/')) {
                (true, _) => assert_eq!(open.pop(), Some(name)),
                (false, false) => open.push(name),
                (false, true) => {}
            }
        }
        assert!(open.is_empty(), "{open:?}");
        for entity in svg.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;", "#10;"].iter().any(|known| entity.starts_with(known)), "{entity}");
        }
        assert!(!svg.contains("\n\n"), "an empty line would end it in Markdown");
    }
}

/// Every text stands inside the picture, and inside its box as far as one can tell without a font.
#[test]
fn nothing_overflows() {
    for topology in [graphs::large().graph(), graphs::fused().topology(), graphs::by().topology()] {
        let svg = topology.to_svg();
        let number = |tag: &str, name: &str| -> Option<f64> {
            tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok()
        };
        let (width, height) = (number(&svg, "width").unwrap(), number(&svg, "height").unwrap());
        let mut texts = 0;
        for tag in svg.split("<text").skip(1) {
            let text = tag.split_once('>').unwrap().1.split('<').next().unwrap();
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            let (x, y) = (number(tag, "x").unwrap(), number(tag, "y").unwrap());
            let end = x + text.chars().count() as f64 * 6.6;
            assert!(
                x >= 0.0 && end <= width && y >= 8.0 && y <= height,
                "{text} ends at {end}, {y} of {width}, {height}"
            );
            texts += 1;
        }
        assert!(texts > 5, "{texts}");
    }
}
