//! Whom a kind of change breaks.

/// Who has to go on working.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Those who exchange the binary encoding.
    #[default]
    Wire,
    /// Those who exchange the binary or the JSON encoding.
    Json,
    /// Those whose code is compiled against the generated code too.
    Source,
}

impl Level {
    /// All levels, as they are offered.
    pub const ALL: [Level; 3] = [Level::Wire, Level::Json, Level::Source];

    /// As it is printed and configured.
    pub fn name(self) -> &'static str {
        match self {
            Level::Wire => "wire",
            Level::Json => "json",
            Level::Source => "source",
        }
    }
}

/// Who breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Breaks {
    /// From which level on.
    pub(super) level: Level,
    /// New readers of old messages.
    pub(super) backward: bool,
    /// Old readers of new messages.
    pub(super) forward: bool,
    /// The registry refuses it, in either direction.
    pub(super) registry: bool,
}

impl Breaks {
    const fn new(level: Level, backward: bool, forward: bool) -> Breaks {
        Breaks { level, backward, forward, registry: false }
    }

    /// Both.
    pub(super) const fn both(level: Level) -> Breaks {
        Breaks::new(level, true, true)
    }

    /// New readers of old messages.
    pub(super) const fn backward(level: Level) -> Breaks {
        Breaks::new(level, true, false)
    }

    /// Old readers of new messages.
    pub(super) const fn forward(level: Level) -> Breaks {
        Breaks::new(level, false, true)
    }

    /// Nobody.
    pub(super) const NOBODY: Breaks = Breaks::new(Level::Wire, false, false);

    /// The registry refuses it when this holds.
    pub(super) const fn refused(self, registry: bool) -> Breaks {
        Breaks { registry, ..self }
    }
}
