"""The exercises of notebook 01: one autoencoder.

They stand in nine modules by subject; this one has them in the order of the notebook.
"""

from tutorial_lib.exercises import (
    autoencoder_backpropagation,
    autoencoder_costs,
    autoencoder_cross_entropy,
    autoencoder_filters,
    autoencoder_gradient_check,
    autoencoder_noise,
    autoencoder_questions,
    autoencoder_reconstruction,
    autoencoder_sparsity,
)

encode = autoencoder_reconstruction.encode
decode = autoencoder_reconstruction.decode
squared_error = autoencoder_costs.squared_error
cross_entropy = autoencoder_cross_entropy.cross_entropy
n_parameters = autoencoder_questions.n_parameters
low_cost = autoencoder_questions.low_cost
kl_sparsity = autoencoder_sparsity.kl_sparsity
sparse_autoencoder_loss_and_gradients = (
    autoencoder_backpropagation.sparse_autoencoder_loss_and_gradients
)
numerical_gradient = autoencoder_gradient_check.numerical_gradient
small_batches = autoencoder_questions.small_batches
corrupt = autoencoder_noise.corrupt
noisy_target = autoencoder_questions.noisy_target
strongest_inputs = autoencoder_filters.strongest_inputs
