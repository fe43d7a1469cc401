"""Exercise 1.5: what a unit pays that speaks too often."""

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import uniform
from tutorial_lib.exercises.mistakes import autoencoder_costs as mistakes
from tutorial_lib.exercises.solutions import autoencoder as solutions

kl_sparsity = Exercise(
    id="1.5",
    title="The sparsity penalty",
    points=1,
    reference=solutions.kl_sparsity,
    cases=lambda generator: {
        "20 examples of 4 hidden units, target 0.1": {
            "code": uniform(generator, 20, 4, low=0.05, high=0.95),
            "sparsity_target": 0.1,
        },
        "5 examples of 3 hidden units, rarely active, target 0.3": {
            "code": uniform(generator, 5, 3, low=0.01, high=0.2),
            "sparsity_target": 0.3,
        },
        "2 examples of 3 hidden units, rarely active, target 0.2": {
            "code": uniform(generator, 2, 3, low=0.05, high=0.35),  # even their sums are below 1
            "sparsity_target": 0.2,
        },
    },
    parts=("the penalty",),
    expects="a tensor of shape (), never below 0; and 0 when every unit's mean is the target.",
    known_bugs=(
        KnownBug(
            "one mean for all units",
            mistakes.kl_of_the_whole_batch,
            "You averaged over everything. One unit that is always on and nine that never are "
            "have the right mean together, and none of them has it alone.",
        ),
        KnownBug(
            "one unit for all",
            mistakes.kl_of_one_mean,
            "You averaged over units and examples, and so compare one number with the target. "
            "Every unit has a mean of its own, over the examples.",
        ),
        KnownBug(
            "mean of each example",
            mistakes.kl_per_example,
            "You averaged over the units of an example. The penalty asks of a unit how often it "
            "speaks, not of a digit how many units it wakes.",
        ),
        KnownBug(
            "sum instead of mean",
            mistakes.kl_of_sums,
            "You summed each unit's activations and did not divide by the number of examples. A "
            "mean activation lies between 0 and 1, and the formula takes it for a probability.",
        ),
        KnownBug(
            "counted",
            mistakes.kl_of_counts,
            "You counted how often a unit says more than 0.5. Its mean activation is the average "
            "of what it says: a count has no slope to go down by, and may be exactly 0.",
        ),
        KnownBug(
            "bits",
            mistakes.kl_in_bits,
            "You took logarithms to the base 2, and so count in bits. Nats come from the natural "
            "logarithm, torch.log.",
        ),
        KnownBug(
            "penalty before the mean",
            mistakes.kl_before_the_mean,
            "You took the penalty of every single activation, and averaged after that. A unit "
            "that is silent for nine digits and loud for the tenth would then be punished ten "
            "times, though it does just what we want.",
        ),
        KnownBug(
            "the wrong way round",
            mistakes.kl_backwards,
            "Target and mean activation have changed places, and KL(p, q) is not KL(q, p): who "
            "stands in front weighs the logarithms.",
        ),
        KnownBug(
            "mean over units",
            mistakes.kl_mean_over_units,
            "You averaged over the units. The penalty sums them, so that each unit feels the "
            "same pull however many there are.",
        ),
        KnownBug(
            "wrong sign",
            mistakes.kl_wrong_sign,
            "Your penalty is a reward: it is negative, and least for the units that are furthest "
            "from the target.",
        ),
        KnownBug(
            "speaking alone",
            mistakes.kl_of_activity_alone,
            "You count how often a unit speaks, and not how often it is silent. Being silent "
            "has a probability too: one minus the other.",
        ),
        KnownBug(
            "one penalty per unit",
            mistakes.kl_per_unit,
            "You have each unit's penalty. The cost needs a single number.",
        ),
    ),
    hints=(
        "Begin with the mean activation of every unit: how many numbers must that be, and along "
        "which dimension of code do you average?",
        "The two terms of the formula work on the whole row of means at once. torch.log does not "
        "take plain numbers, but a number divided by a tensor is a tensor.",
        "target * log(target / mean) + (1 - target) * log((1 - target) / (1 - mean)), then sum().",
    ),
    notice="It is 0 at the target and grows without bound towards 0 and 1: a silent unit is always "
    "pulled back a little.",
)
