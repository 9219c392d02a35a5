use super::flag::Given;
use super::line::text;
use super::{command, complaint, mount_options, table};

/// The options within one `-o LIST`, in order.
///
/// # Errors
/// One line that names the item and says what would be right.
pub(super) fn read(list: &str) -> Result<Vec<Given>, String> {
    let items = split(list);
    let ours = items.iter().filter(|item| {
        let name = item.split('=').next().unwrap_or_default();
        !name.is_empty() && !mount_options::ignored(name)
    });
    let matches = command::mount_options()
        .try_get_matches_from(ours.map(|item| format!("--{item}")))
        .map_err(|error| complaint::about_mount_options(&error))?;
    let mut given = Vec::new();
    for flag in matches.ids().filter_map(|id| table::find(id.as_str())) {
        let spelling = format!("-o {}", flag.long.replace('-', "_"));
        let places = matches.indices_of(flag.long).into_iter().flatten();
        for (place, value) in places.zip(matches.get_raw(flag.long).into_iter().flatten()) {
            given.push((place, Given { flag, value: text(value)?, spelling: spelling.clone() }));
        }
    }
    given.sort_by_key(|(place, _)| *place);
    Ok(given.into_iter().map(|(_, given)| given).collect())
}

/// Splits at commas; `\,` is a comma within an item.
fn split(list: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut letters = list.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letter == '\\' && letters.peek() == Some(&',');
        match items.last_mut() {
            _ if letter == ',' => items.push(String::new()),
            Some(item) => item.push(if escaped { letters.next().unwrap_or(letter) } else { letter }),
            None => {}
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_can_be_escaped() {
        assert_eq!(split("a,b\\,c,,d\\e"), ["a", "b,c", "", "d\\e"]);
    }
}
