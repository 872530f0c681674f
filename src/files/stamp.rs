//! Whether a file is the one of the last run, told without reading it, as git does it for its index.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What the file system says about a file. Writing changes the times, replacing changes the number; the
/// time of change can't be set back by `touch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    size: u64,
    /// When the content changed, in nanoseconds since 1970.
    modified: u64,
    /// When anything changed; the creation where the system knows nothing better.
    changed: u64,
    /// The number of the file, where there is one.
    number: u64,
}

/// How coarse the clock of a file system may be whose times are whole seconds.
const COARSE: Duration = Duration::from_secs(2);

/// How coarse it may be otherwise: a few ticks of the kernel.
const FINE: Duration = Duration::from_millis(50);

impl Stamp {
    /// The stamp of a file; `None` where the system does not say enough.
    pub fn of(metadata: &Metadata) -> Option<Stamp> {
        let modified = nanoseconds(metadata.modified().ok()?)?;
        let (changed, number) = changed(metadata)?;
        Some(Stamp { size: metadata.len(), modified, changed, number })
    }

    /// True when nobody can have written the file after it was read without changing the stamp: it was
    /// last changed well before the run began. (Two writes within one tick of the clock leave the same
    /// time.)
    pub fn is_settled(&self, started: SystemTime) -> bool {
        const SECOND: u64 = 1_000_000_000;
        let whole = self.modified.is_multiple_of(SECOND) && self.changed.is_multiple_of(SECOND);
        let tick = if whole { COARSE } else { FINE };
        let last = Duration::from_nanos(self.modified.max(self.changed));
        UNIX_EPOCH.checked_add(last + tick).is_some_and(|settled| settled < started)
    }
}

fn nanoseconds(time: SystemTime) -> Option<u64> {
    u64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let seconds = u64::try_from(metadata.ctime()).ok()?;
    let nanoseconds = u64::try_from(metadata.ctime_nsec()).ok()?;
    Some((seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)?, metadata.ino()))
}

#[cfg(not(unix))]
fn changed(metadata: &Metadata) -> Option<(u64, u64)> {
    Some((nanoseconds(metadata.created().ok()?)?, 0))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::Stamp;

    #[test]
    fn what_changed_just_now_is_not_settled() {
        let stamp = |modified, changed| Stamp { size: 1, modified, changed, number: 1 };
        let at = |nanoseconds| UNIX_EPOCH + Duration::from_nanos(nanoseconds);
        let second = 1_000_000_000;
        assert!(stamp(5 * second + 7, 5 * second + 7).is_settled(at(6 * second)));
        assert!(!stamp(5 * second + 7, 5 * second + 7).is_settled(at(5 * second + 20_000_000)));
        assert!(!stamp(second + 7, 6 * second).is_settled(at(6 * second)), "the later one counts");
        assert!(!stamp(5 * second, 5 * second).is_settled(at(6 * second)), "whole seconds: a coarse clock");
        assert!(stamp(5 * second, 5 * second).is_settled(at(8 * second)));
        assert!(!stamp(9 * second, 9 * second).is_settled(at(8 * second)), "in the future");
    }
}
