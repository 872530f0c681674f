//! The rules of the skill `message-queue`.

pub mod dual_write;
pub mod transient_message;
pub mod unconfirmed_publish;
