"""Marks for a class: submitted notebooks judged without believing anything that ran in them.

Read it in the order in which a submission goes through it:

1. Who handed in what: `submissions`, with `listing` and `archives` (what lies there), `identities`,
   `roster` and `owners` (whose it is), `versions` (which of two files).
2. What of it counts: `definitions`, from `notebook` and `cleaning` (text that parses) by way of
   `statements` and `source` (what defines a name) to `closure` (all that an exercise needs).
3. Who gives out the work: `classroom`, `coordinator`, `executors`, `errand`.
4. Where answers run: `sandbox`, made by `launch`, `confinement`, `seccomp` and `watch`; in it
   `worker` and `answer`, and of the library what `box_contents` lists; `probes` attacks it.
5. What crosses the border: `session`, `wire`, `memory`, `frames`.
6. Who decides: `judge` and `ruling`; `explanation` tells all of it to the teacher.
7. What comes of it: `results`, `journal`, `reports` with `marks`, `gradescope`, `feedback` and
   `class_page`.

GRADING.md says how it is used, what is isolated, by what, and what is not.

The coordinator's side imports no PyTorch, so that it stays small: what judges does, in processes
of its own, and so does what runs in the box.
"""
