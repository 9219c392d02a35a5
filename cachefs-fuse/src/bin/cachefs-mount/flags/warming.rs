use super::flag::{Flag, Takes, count_from_one};

/// What is read before anybody asks.
pub(super) const FLAGS: &[Flag] = &[
    Flag::value(
        "warm",
        "GLOB",
        "",
        "Read what matches into the cache once mounted; relative to SRC, ** for any depth.",
        |settings, text| {
            let pattern = text.trim_start_matches('/');
            glob::Pattern::new(pattern)
                .map_err(|error| format!("\"{text}\" is not a pattern: {}", error.msg))?;
            settings.warm.push(pattern.to_owned());
            Ok(())
        },
    )
    .takes(Takes::Values("GLOB")),
    Flag::value("warm-workers", "COUNT", "8", "How many files are warmed at a time.", |settings, text| {
        settings.warm_workers = count_from_one(text)?;
        Ok(())
    }),
];

#[cfg(test)]
mod tests {
    use crate::flags::testing::{settings, usage};

    #[test]
    fn globs_may_follow_one_another() {
        let settings = settings("--warm a/** /b/* --warm-workers 2 --warm c");
        assert_eq!(settings.warm, ["a/**", "b/*", "c"]);
        assert_eq!(settings.warm_workers.get(), 2);
        assert_eq!(super::super::testing::settings("-o warm=a/*,warm=b").warm, ["a/*", "b"]);
    }

    #[test]
    fn a_malformed_glob_is_told_so() {
        assert!(usage("--warm a[").contains("is not a pattern"));
    }
}
