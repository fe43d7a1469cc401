"""The exercises of notebook 01: one autoencoder.

They stand in nine modules by subject; this one has them in the order of the notebook.
"""

from tutorial_lib.exercises.autoencoder import (
    backpropagation,
    costs,
    entropy,
    filters,
    gradient_check,
    noise,
    questions,
    reconstruction,
    sparsity,
)

encode = reconstruction.encode
decode = reconstruction.decode
squared_error = costs.squared_error
cross_entropy = entropy.cross_entropy
n_parameters = questions.n_parameters
low_cost = questions.low_cost
kl_sparsity = sparsity.kl_sparsity
sparse_autoencoder_loss_and_gradients = backpropagation.sparse_autoencoder_loss_and_gradients
numerical_gradient = gradient_check.numerical_gradient
small_batches = questions.small_batches
corrupt = noise.corrupt
noisy_target = questions.noisy_target
strongest_inputs = filters.strongest_inputs
