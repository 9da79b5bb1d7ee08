"""A report in the forms that other tools read. Pure: every `render` gives text, and somebody else writes it."""
