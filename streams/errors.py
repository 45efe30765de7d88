"""What a person can put right: ends a command with one line that says how."""


class UserError(Exception):
    """A file, an address or an option that cannot be used; the text says what to do."""
