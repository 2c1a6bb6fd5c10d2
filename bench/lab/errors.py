"""What goes wrong in the lab, and whose fault it is."""


class LabError(Exception):
    """The environment lacks something; the text says what to do."""


class JobFailed(Exception):
    """A job did not do what it should, or a machine ended under it."""


class Undone(Exception):
    """A measure cannot be taken on a peer; the text says why."""
