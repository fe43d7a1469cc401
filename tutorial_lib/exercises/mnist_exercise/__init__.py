"""The exercises of notebook 04: the MNIST exercise, step by step and as one function.

They stand in modules by subject; this one has them in the order of the notebook.
"""

from tutorial_lib.exercises.mnist_exercise import (
    autoencoder,
    classifier,
    questions,
    softmax,
    start,
    tuning,
)

initial_parameters = start.initial_parameters
train_sparse_autoencoder = autoencoder.train_sparse_autoencoder
train_softmax = softmax.train_softmax
n_discarded = questions.n_discarded
fine_tune_stack = tuning.fine_tune_stack
where_to_look = questions.where_to_look
train_digit_classifier = classifier.train_digit_classifier
chosen_how = questions.chosen_how
is_significant = questions.is_significant
