//! Files with bytes that the backing does not have yet.
