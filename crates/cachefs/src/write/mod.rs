//! Our own changes of a file: to the backing first, then to what is cached of it, under the file's writer lock.

mod attr;
mod change;
mod length;
mod patch;
mod range;

use change::Change;
