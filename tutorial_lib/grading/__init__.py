"""Marks for a class: submitted notebooks judged without believing anything that ran in them.

Read in this order: `submissions` and `definitions` (what was handed in, and what of it counts),
`sandbox` and `worker` (where it runs), `wire` and `session` (what crosses the border), `judge`
(who decides), `journal`, `marks`, `feedback` and `class_page` (what comes of it).
GRADING.md says what is isolated, by what, and what is not.

Nothing but `judge`, `session` and `wire` imports PyTorch: the coordinator stays small.
"""
