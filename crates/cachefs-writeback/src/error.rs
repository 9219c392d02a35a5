//! What can go wrong beside the errors of the backing.
