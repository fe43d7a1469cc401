"""What is raised when grading cannot begin, or cannot go on."""


class GradeError(Exception):
    """Grading cannot begin or go on; the message says why and what to do."""
