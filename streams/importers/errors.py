"""The one way in which a whole import fails."""


class UnusableInputError(Exception):
    """The user has to mend the file, the mapping or the command; nothing was written.

    `problems` holds one line each, ready to show; `str()` joins them with newlines.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
