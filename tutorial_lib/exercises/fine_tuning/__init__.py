"""The exercises of notebook 03: a classifier on the stack, and the whole of it fine-tuned.

They stand in modules by subject; this one has them in the order of the notebook.
"""

from tutorial_lib.exercises.fine_tuning import (
    backpropagation,
    cost,
    prediction,
    probabilities,
    questions,
    sharing,
    stopping,
)

softmax = probabilities.softmax
softmax_loss_and_gradient = cost.softmax_loss_and_gradient
why_below_pixels = questions.why_below_pixels
n_tuned = questions.n_tuned
stacked_loss_and_gradients = backpropagation.stacked_loss_and_gradients
predict = prediction.predict
early_stopping = stopping.early_stopping
classifier_from = sharing.classifier_from
reconstruction_after = questions.reconstruction_after
margin = questions.margin
