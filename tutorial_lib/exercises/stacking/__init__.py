"""The exercises of notebook 02: autoencoders on top of one another.

They stand in modules by subject; this one has them in the order of the notebook.
"""

from tutorial_lib.exercises.stacking import (
    decoding,
    encoding,
    filters,
    gradients,
    pretraining,
    questions,
)

encode_stack = encoding.encode_stack
decode_stack = decoding.decode_stack
denoising_gradients = gradients.denoising_gradients
pretrain_greedily = pretraining.pretrain_greedily
what_is_restored = questions.what_is_restored
n_own = questions.n_own
n_passes = questions.n_passes
level_used = questions.level_used
combine_filters = filters.combine_filters
