//! Examples: wrap your own filesystem, a slow NAS.
