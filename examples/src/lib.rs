//! The examples are in this folder, one file or folder each.
