use super::config::LogFormat;
use super::flag::{Flag, yes};
use super::span::span;

/// What is told to whom.
pub(super) const FLAGS: &[Flag] = &[
    Flag::value(
        "metrics",
        "ADDR",
        "",
        "Serve a status page and Prometheus metrics here, for instance 127.0.0.1:9469.",
        |settings, text| {
            settings.metrics = Some(text.to_owned());
            Ok(())
        },
    ),
    Flag::switch("metrics-public", "Allow --metrics on an address others can reach.", |settings, text| {
        settings.metrics_public = yes(text)?;
        Ok(())
    }),
    Flag::value(
        "metrics-textfile",
        "FILE",
        "",
        "Keep metrics in this file, for the textfile collector of node_exporter.",
        |settings, text| {
            settings.metrics_textfile = Some(text.into());
            Ok(())
        },
    ),
    Flag::value("metrics-interval", "TIME", "15s", "How often that file is replaced.", |settings, text| {
        settings.metrics_interval = span(text)?;
        Ok(())
    }),
    Flag::value(
        "log",
        "FILE",
        "standard error, in the background syslog",
        "Append the log to this file.",
        |settings, text| {
            settings.log = Some(text.into());
            Ok(())
        },
    ),
    Flag::value("log-level", "LEVEL", "info", "error, warn, info, debug or trace.", |settings, text| {
        settings.log_level = match text {
            "error" => tracing::Level::ERROR,
            "warn" => tracing::Level::WARN,
            "info" => tracing::Level::INFO,
            "debug" => tracing::Level::DEBUG,
            "trace" => tracing::Level::TRACE,
            _ => return Err(format!("\"{text}\" is not a level: give error, warn, info, debug or trace")),
        };
        Ok(())
    })
    .live(),
    Flag::value(
        "log-format",
        "FORMAT",
        "text",
        "text, or json: an object on each line.",
        |settings, text| {
            settings.log_format = match text {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err(format!("\"{text}\" is not a format: give text or json")),
            };
            Ok(())
        },
    ),
    Flag::switch("verbose", "Log debug lines; given twice, trace lines.", |settings, text| {
        settings.verbose = settings.verbose.saturating_add(u8::from(yes(text)?));
        Ok(())
    })
    .short('v')
    .live(),
    Flag::switch(
        "quiet",
        "Log warnings and errors only, and do not say that the mount is ready.",
        |settings, text| {
            settings.quiet = yes(text)?;
            Ok(())
        },
    )
    .short('q')
    .live(),
    Flag::switch("json", "Say that the mount is ready as one JSON line.", |settings, text| {
        settings.json = yes(text)?;
        Ok(())
    })
    .not_filed(),
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::flags::testing::{settings, usage};

    #[test]
    fn reporting_flags_are_understood() {
        let settings = settings(
            "--metrics 127.0.0.1:0 --metrics-public --metrics-textfile a.prom --metrics-interval 5s \
                 --log a.log --log-level warn -vv --json",
        );
        assert_eq!(settings.metrics.as_deref(), Some("127.0.0.1:0"));
        assert!(settings.metrics_public && settings.json);
        assert_eq!(settings.metrics_textfile, Some("a.prom".into()));
        assert_eq!(settings.metrics_interval, Duration::from_secs(5));
        assert_eq!(settings.log, Some("a.log".into()));
        assert_eq!(settings.log_level, tracing::Level::WARN);
        assert_eq!(settings.verbose, 2);
    }

    #[test]
    fn an_unknown_level_is_told_so() {
        assert!(usage("--log-format xml").contains("text or json"));
        assert!(usage("-qv").contains("give only one"));
        assert!(usage("--log-level loud").contains("error, warn, info, debug or trace"));
    }
}
