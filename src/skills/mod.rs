//! The embedded skill pack, and its rule sections read from Markdown.
