use ratatui::style::{Color, Modifier, Style};

/// How things look; without colours they differ by weight alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Palette {
    colours: bool,
}

impl Palette {
    pub(super) const fn new(colours: bool) -> Self {
        Self { colours }
    }

    /// As the terminal and its user want it: <https://no-color.org>.
    pub(super) fn of_environment() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let term = std::env::var("TERM").unwrap_or_default();
        let unable =
            term == "dumb" || term.starts_with("vt") || term.ends_with("-m") || term.ends_with("-mono");
        Self::new(!(unwanted || unable))
    }

    /// Titles and what is chosen.
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What has its number beside it.
    pub(super) fn label(self) -> Style {
        self.colour(Color::Cyan)
    }

    /// What went well: from memory, standing, hits.
    pub(super) fn good(self) -> Style {
        self.colour(Color::Green)
    }

    /// What costs: the source.
    pub(super) fn costly(self) -> Style {
        self.colour(Color::Yellow)
    }

    /// Neither.
    pub(super) fn plain(self) -> Style {
        self.colour(Color::Blue)
    }

    /// Look here.
    pub(super) fn bad(self) -> Style {
        match self.colours {
            true => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
            false => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// What is chosen in a list.
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn colour(self, colour: Color) -> Style {
        match self.colours {
            true => Style::new().fg(colour),
            false => Style::new(),
        }
    }
}
