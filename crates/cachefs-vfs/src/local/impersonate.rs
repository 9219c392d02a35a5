//! Creating on behalf of somebody, as that somebody: not first as root and then given away, which would pass by the
//! directory's set-group-id bit, its default ACL, quotas and permissions.

use std::fs;

use cachefs_sys::credentials::{FsIds, ThreadGroups, ThreadUmask, forget_groups, set_fsetid};
use rustix::io::Errno;

use crate::{Groups, Mode, Owner, Result};

/// Runs `create` under the owner's umask and, if `impersonate`, as the owner. `mode` is that of a new file that is
/// not a directory: whether such a one may keep its set-group-id bit depends on the groups.
pub(super) fn creating<T>(
    impersonate: bool,
    owner: &Owner,
    mode: Option<Mode>,
    create: impl Fn() -> Result<T>,
) -> Result<T> {
    let _umask = owner.umask.map(|mask| ThreadUmask::set(mask.bits())).transpose()?;
    let set_gid = mode.is_some_and(|mode| mode.bits() & 0o2010 == 0o2010);
    if set_gid {
        // For the process itself; becoming somebody else takes it away again.
        set_fsetid(true)?;
    }
    if !impersonate || (owner.uid.is_none() && owner.gid.is_none()) {
        return create();
    }
    forget_groups()?;
    if set_gid {
        return with_groups(owner, &groups(owner), create);
    }
    let first = as_owner(owner, &create);
    if !matches!(&first, Err(error) if matches!(error.errno(), Errno::ACCESS | Errno::PERM)) {
        return first;
    }
    match groups(owner) {
        groups if groups.is_empty() => first,
        groups => with_groups(owner, &groups, create),
    }
}

fn with_groups<T>(owner: &Owner, groups: &[u32], create: impl Fn() -> Result<T>) -> Result<T> {
    let _groups = ThreadGroups::set(groups)?;
    as_owner(owner, create)
}

fn as_owner<T>(owner: &Owner, create: impl Fn() -> Result<T>) -> Result<T> {
    let _ids = FsIds::switch(owner.uid, owner.gid)?;
    create()
}

/// The supplementary groups; none if the process that has them is gone.
fn groups(owner: &Owner) -> Vec<u32> {
    match &owner.groups {
        Groups::None => Vec::new(),
        Groups::List(groups) => groups.clone(),
        Groups::OfProcess(pid) => {
            fs::read_to_string(format!("/proc/{pid}/status")).map(|status| parse(&status)).unwrap_or_default()
        }
    }
}

fn parse(status: &str) -> Vec<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    line.into_iter().flat_map(str::split_ascii_whitespace).filter_map(|gid| gid.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_of_a_process_are_those_proc_tells() {
        assert_eq!(parse("Name:\tx\nGroups:\t4 24 1000 \nVmPeak: 1\n"), [4, 24, 1000]);
        assert_eq!(parse("Name:\tx\nGroups:\t \n"), []);
        let gone = Owner { groups: Groups::OfProcess(u32::MAX), ..Owner::process() };
        assert_eq!(groups(&gone), []);
    }
}
