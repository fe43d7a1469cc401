"""The exercises of notebook 02: autoencoders on top of one another.

They stand in modules by subject; this one has them in the order of the notebook.
"""

from tutorial_lib.exercises import (
    stacking_decoding,
    stacking_encoding,
    stacking_filters,
    stacking_gradients,
    stacking_pretraining,
    stacking_questions,
)

encode_stack = stacking_encoding.encode_stack
decode_stack = stacking_decoding.decode_stack
denoising_gradients = stacking_gradients.denoising_gradients
pretrain_greedily = stacking_pretraining.pretrain_greedily
what_is_restored = stacking_questions.what_is_restored
n_own = stacking_questions.n_own
n_passes = stacking_questions.n_passes
level_used = stacking_questions.level_used
combine_filters = stacking_filters.combine_filters
