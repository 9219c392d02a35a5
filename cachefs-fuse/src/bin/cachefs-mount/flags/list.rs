use super::flag::{Flag, Given, Layer};
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
            let (value, spelling) = (text(value)?, spelling.clone());
            given.push((place, Given { flag, value, spelling, layer: Layer::Argument }));
        }
    }
    given.sort_by_key(|(place, _)| *place);
    Ok(given.into_iter().map(|(_, given)| given).collect())
}

/// A list without what is no mount option of anybody.
pub(crate) fn known(list: &str) -> String {
    let is_known = |item: &&String| {
        let name = item.split('=').next().unwrap_or_default();
        mount_options::ignored(name) || table::find(name).is_some_and(Flag::is_mount_option)
    };
    let items = split(list);
    items.iter().filter(is_known).map(|item| item.replace(',', "\\,")).collect::<Vec<_>>().join(",")
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
    fn what_nobody_knows_can_be_left_out() {
        assert_eq!(
            known("rw,fancy=1,warm=a\\,b,x-y,nofail,memory=1G,-f"),
            "rw,warm=a\\,b,x-y,nofail,memory=1G"
        );
    }

    #[test]
    fn a_comma_can_be_escaped() {
        assert_eq!(split("a,b\\,c,,d\\e"), ["a", "b,c", "", "d\\e"]);
    }
}
