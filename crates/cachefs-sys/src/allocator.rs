//! What the C library's allocator keeps for itself.
//!
//! A process of many threads otherwise holds up to eight arenas per core, each with its own free memory, and a cache
//! that promises a limit of resident memory has to count them. All of this does nothing on another C library.

use std::ffi::c_int;

/// Lets the allocator use at most `arenas` arenas; to be called before threads are started. Answers whether it obeys.
pub fn bound_arenas(arenas: u16) -> bool {
    set(Knob::Arenas, c_int::from(arenas))
}

/// Maps blocks of at least `bytes` on their own, so that freeing one gives it back to the system at once, and gives
/// back the end of the heap as soon as that much of it is free. Answers whether the allocator obeys.
pub fn return_blocks_of(bytes: u32) -> bool {
    let Ok(bytes) = c_int::try_from(bytes) else { return false };
    set(Knob::MapThreshold, bytes) && set(Knob::TrimThreshold, bytes)
}

/// Gives free memory back to the system now. Answers whether there was some. Takes every arena's lock: not for a
/// busy moment.
pub fn trim() -> bool {
    trim_heap()
}

#[derive(Clone, Copy)]
enum Knob {
    Arenas,
    MapThreshold,
    TrimThreshold,
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn set(knob: Knob, value: c_int) -> bool {
    let knob = match knob {
        Knob::Arenas => libc::M_ARENA_MAX,
        Knob::MapThreshold => libc::M_MMAP_THRESHOLD,
        Knob::TrimThreshold => libc::M_TRIM_THRESHOLD,
    };
    // SAFETY: takes two integers and has its own lock.
    unsafe { libc::mallopt(knob, value) == 1 }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim_heap() -> bool {
    // SAFETY: takes an integer and has its own locks.
    unsafe { libc::malloc_trim(0) == 1 }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn set(_: Knob, _: c_int) -> bool {
    false
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim_heap() -> bool {
    false
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn the_allocator_obeys() {
        assert!(bound_arenas(2));
        assert!(return_blocks_of(128 << 10));
        assert!(!return_blocks_of(u32::MAX), "a threshold that does not fit must not become a negative one");
        trim();
    }
}
