"""What the command ``export`` writes beside the notebooks, and says."""

WARNING = """\
WARNING: nbgrader does not isolate what it marks. `nbgrader autograde` runs a student's code with
your rights, in the process that also says whether it is right, so its marks can be forged:

- A cell with the tag `skip-execution` is not run, and nbgrader gives a locked cell that raised no
  error full marks. Students can set that tag on a locked cell.
- Code in any cell can replace the check, or answer for it with an object that says it is equal to
  everything; and it can read the solutions, which are installed with the course.
- The same code can read and change your files: other submissions and the gradebook, too.

Run it on a machine or in a container that you can throw away, with a copy of the course. Marks that
count come from `python -m tutorial_lib grade`, which runs the answers in a sandbox and judges them
outside of it: nothing that a student's process says is believed."""

README = """\
# A course for nbgrader

Written by `python -m tutorial_lib export nbgrader`, for nbgrader 0.9.6. Every notebook is an
assignment of its own: it is set, handed in and late as a whole, session by session, and a notebook
that breaks down costs only its own points.

{table}

## Before you rely on the marks

{warning}

## How to use it

nbgrader and this course's package must be installed in one environment, and that must be activated,
for nbgrader looks for its helpers on the PATH (`pip install nbgrader==0.9.6`); the digits must be
there (`python -m tutorial_lib data`). Then, in this folder:

```sh
nbgrader generate_assignment {first}   # release/{first}: hand this out
# lay what comes back in submitted/STUDENT/{first}/{first}.ipynb
nbgrader autograde {first}             # runs every notebook; marks into gradebook.db
nbgrader generate_feedback {first}     # feedback/STUDENT/{first}
nbgrader export                        # grades.csv
```

- `source` holds the solutions: keep it, and `gradebook.db`, away from students.
- The stubs, the tasks and the points are those of the delivered notebooks. A question's `...` has
  brackets around it, because nbgrader exchanges whole lines.
- A check gives all points or none; exercise 4.5 gives a part of them for a part of the accuracy.
- A whole notebook is run with its trainings, several minutes for each student. With
  `--exercises-only` the command leaves them out, and marking takes seconds; students then work with
  the delivered notebook and hand in the short one.
- Assignments do not see each other: what a later notebook takes over with `yours_or_ours()` is the
  library's version, so that a mistake in an earlier one costs nothing twice.
- `nbgrader_config.py` says what was set, and why. Leave `ClearSolutions.code_stub` as it is: a stub
  with anything but `...` in its place is taken for an answer.
"""

CONFIG = '''\
"""Settings of nbgrader 0.9.6 for this course; nbgrader reads them from the folder it runs in."""

import os

c = get_config()  # noqa: F821 (nbgrader provides it)

# What a solution is replaced by: the stub of the delivered notebooks.
c.ClearSolutions.code_stub = {"python": "..."}

# Seconds for one cell: a training takes up to a minute on a quiet machine. nbgrader's own is 30.
c.Execute.timeout = 600

# A check says by an error that an answer is wrong. Without this a mere warning on the error stream
# would cost all points, too.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "."

# What running a notebook leaves beside it: right answers, and checkpoints of trainings. Neither is
# handed out with an assignment, nor taken over from a submission.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    "progress.json",
    "checkpoints",
]

# A record of right answers that notebooks share would hand one student's answers to the next.
os.environ.pop("TUTORIAL_PROGRESS", None)
'''
