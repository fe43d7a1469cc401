"""The exercises of notebook 04: the MNIST exercise, step by step and as one function.

They stand in modules by subject; this one has them in the order of the notebook.
"""

from tutorial_lib.exercises import (
    mnist_exercise_autoencoder,
    mnist_exercise_classifier,
    mnist_exercise_questions,
    mnist_exercise_softmax,
    mnist_exercise_start,
    mnist_exercise_tuning,
)

initial_parameters = mnist_exercise_start.initial_parameters
train_sparse_autoencoder = mnist_exercise_autoencoder.train_sparse_autoencoder
train_softmax = mnist_exercise_softmax.train_softmax
n_discarded = mnist_exercise_questions.n_discarded
fine_tune_stack = mnist_exercise_tuning.fine_tune_stack
where_to_look = mnist_exercise_questions.where_to_look
train_digit_classifier = mnist_exercise_classifier.train_digit_classifier
chosen_how = mnist_exercise_questions.chosen_how
is_significant = mnist_exercise_questions.is_significant
