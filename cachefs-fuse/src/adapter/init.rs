use fuser::{InitFlags, KernelConfig};

use cachefs_vfs::Caps;

use crate::serve::Serving;
use crate::{MountConfig, Profile};

/// Requests of the background (readahead, asynchronous direct I/O) that may be under way at once.
const BACKGROUND_MAX: u16 = 64;

/// Agrees with the kernel on what is used. What an older kernel does not offer is done without.
pub(super) fn negotiate(kernel: &mut KernelConfig, config: &MountConfig, caps: Caps, serving: &Serving) {
    let mut wanted = vec![
        ("handles for re-export", InitFlags::FUSE_EXPORT_SUPPORT),
        ("the caller's umask", InitFlags::FUSE_DONT_MASK),
        ("set-id bits stripped here", InitFlags::FUSE_HANDLE_KILLPRIV_V2),
        ("parallel look-ups", InitFlags::FUSE_PARALLEL_DIROPS),
        ("parallel direct I/O", InitFlags::FUSE_ASYNC_DIO),
        ("mappings of files opened for direct I/O", InitFlags::FUSE_DIRECT_IO_ALLOW_MMAP),
        ("errors after an abort", InitFlags::FUSE_ABORT_ERROR),
        ("large requests", InitFlags::FUSE_MAX_PAGES),
    ];
    // Where others write, too, the kernel has to drop pages whenever it sees another time of change: it would show zeros
    // between the old end and the new one until it is told. That costs the pages of what is written through the mount.
    wanted.push(match config.keeps_pages() {
        true => ("pages kept when a file changed", InitFlags::FUSE_EXPLICIT_INVAL_DATA),
        false => ("pages dropped when a file changed", InitFlags::FUSE_AUTO_INVAL_DATA),
    });
    // What comes before it is asked for, and what is kept.
    if config.profile != Profile::Direct {
        wanted.extend([
            ("listings with attributes", InitFlags::FUSE_DO_READDIRPLUS),
            ("listings with attributes where they help", InitFlags::FUSE_READDIRPLUS_AUTO),
            ("cached symlinks", InitFlags::FUSE_CACHE_SYMLINKS),
        ]);
    }
    if caps.acls {
        wanted.push(("POSIX ACLs", InitFlags::FUSE_POSIX_ACL));
    }
    for (what, flag) in wanted {
        if kernel.add_capabilities(flag).is_err() {
            tracing::info!("the kernel does not offer {what}");
        }
    }
    if serving.passes() {
        pass_through(kernel, config, serving);
    }
    if let Err(most) = kernel.set_max_write(config.max_write.max(4096)) {
        _ = kernel.set_max_write(most);
    }
    if let Err(most) = kernel.set_max_readahead(config.max_readahead.max(4096)) {
        _ = kernel.set_max_readahead(most);
    }
    if let Err(least) = kernel.set_max_background(BACKGROUND_MAX) {
        _ = kernel.set_max_background(least);
    }
}

/// Has the kernel serve files by itself, if it can.
fn pass_through(kernel: &mut KernelConfig, config: &MountConfig, serving: &Serving) {
    let offered = kernel.add_capabilities(InitFlags::FUSE_PASSTHROUGH).is_ok();
    let depth = config.stack_depth.max(1);
    if !offered || kernel.set_max_stack_depth(depth).is_err() {
        serving.give_up();
    }
}
