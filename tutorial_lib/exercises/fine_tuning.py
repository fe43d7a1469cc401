"""The exercises of notebook 03: a classifier on the stack, and the whole of it fine-tuned.

They stand in modules of their own; this one has them in the order of the notebook.
"""

from tutorial_lib.exercises import (
    fine_tuning_backpropagation,
    fine_tuning_cost,
    fine_tuning_prediction,
    fine_tuning_questions,
    fine_tuning_sharing,
    fine_tuning_softmax,
    fine_tuning_stopping,
)

softmax = fine_tuning_softmax.softmax
softmax_loss_and_gradient = fine_tuning_cost.softmax_loss_and_gradient
why_below_pixels = fine_tuning_questions.why_below_pixels
n_tuned = fine_tuning_questions.n_tuned
stacked_loss_and_gradients = fine_tuning_backpropagation.stacked_loss_and_gradients
predict = fine_tuning_prediction.predict
early_stopping = fine_tuning_stopping.early_stopping
classifier_from = fine_tuning_sharing.classifier_from
reconstruction_after = fine_tuning_questions.reconstruction_after
margin = fine_tuning_questions.margin
