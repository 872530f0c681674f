//! A panic in one file or one rule must not end the run: it is caught here and becomes a
//! [`Problem`](crate::problem::Problem).

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic becomes an error that says what panicked and, when [`install_hook`] was
/// called, where.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    result.map_err(|payload| {
        let what = payload
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown cause".to_owned());
        match LOCATION.take() {
            Some(location) => format!("{what} ({location})"),
            None => what,
        }
    })
}

/// Makes guarded panics silent (they are reported as problems) and remembers where they happened;
/// other panics are printed as before.
pub fn install_hook() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if GUARDED.get() {
            LOCATION.set(info.location().map(|l| format!("{}:{}", l.file(), l.line())));
        } else {
            default(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::catch;

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        assert_eq!(catch(|| 1), Ok(1));
        let err = catch(|| -> u8 { panic!("index {} out of range", 7) }).unwrap_err();
        assert!(err.contains("index 7 out of range"), "{err}");
    }
}
