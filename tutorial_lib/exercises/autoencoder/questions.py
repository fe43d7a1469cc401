"""Questions Q1 to Q4, of notebook 01."""

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.question import Question

n_parameters = Question(
    id="Q1",
    title="How many numbers are there to turn?",
    points=1,
    variable="n_parameters",
    reference=393_284,
    known_bugs=(
        KnownBug(
            "weights counted twice",
            785_284,
            "You counted the weights twice. They are tied: the decoder uses the encoder's.",
        ),
        KnownBug("no biases", 392_000, "These are the weights. There are biases too."),
        KnownBug(
            "no visible biases",
            392_500,
            "Weights and the biases of the hidden units. The decoder has biases as well.",
        ),
        KnownBug(
            "no hidden biases",
            392_784,
            "Weights and the biases of the pixels. The hidden units have biases as well.",
        ),
        KnownBug(
            "twice the weights, no biases",
            784_000,
            "The weights are tied, so they count once; and there are biases too.",
        ),
        KnownBug("sizes added", 1_284, "That is how many units there are, not how many weights."),
    ),
    hints=(
        "A weight for each pair of a pixel and a hidden unit, and only once: they are tied.",
        "Then one bias for each hidden unit, and one for each pixel.",
    ),
    notice="Nearly all of them are weights: for 50,000 digits that is about eight to each digit.",
)

low_cost = Question(
    id="Q2",
    title="What does the low cost show?",
    points=1,
    variable="low_cost",
    choices="abcd",
    reference="c",
    known_bugs=(
        KnownBug(
            "understanding",
            "a",
            "It may be so, but the cost does not show it. A scanner copies perfectly, and knows "
            "nothing of digits.",
        ),
        KnownBug(
            "learnt by heart",
            "b",
            "The ten digits you saw are test digits: nobody could have learnt them by heart.",
        ),
        KnownBug(
            "better code for any use",
            "d",
            "For which use? The pixels themselves are a code at no cost at all, and we set out "
            "to find something better than pixels.",
        ),
    ),
    hints=(
        "Which machine would have the very lowest cost? Need it know what a digit is?",
        "Think of a code as wide as the picture. What is the easiest way to a perfect answer?",
    ),
    notice="So we must make copying impossible, or dear. There are three ways, and two follow.",
)

small_batches = Question(
    id="Q3",
    title="The penalty of a small batch",
    points=1,
    variable="small_batches",
    choices="abc",
    reference="a",
    known_bugs=(
        KnownBug(
            "right on average",
            "b",
            "The mean activation of a batch is right on average. But the penalty is a curve, and "
            "of a curve that bends upwards the average lies above the value at the average.",
        ),
        KnownBug(
            "too small",
            "c",
            "Think of a unit whose true mean is exactly the target. Its penalty is 0, and in a "
            "batch it can only miss: to either side.",
        ),
    ),
    hints=(
        "Think of a unit whose mean over all digits is exactly the target. What is its penalty "
        "over all digits, and what can it be in a batch of 20?",
        "The penalty is never negative, and 0 only at the target.",
    ),
    notice="So small batches punish units for chance; L-BFGS on the whole set does not.",
)

noisy_target = Question(
    id="Q4",
    title="The wrong picture in the cost",
    points=1,
    variable="noisy_target",
    choices="abcd",
    reference="b",
    known_bugs=(
        KnownBug(
            "a denoiser all the same",
            "a",
            "Who would teach it? Where ink was hidden, this cost punishes drawing it.",
        ),
        KnownBug(
            "the mean image",
            "c",
            "The input still says a good deal about the answer. The mean image is what is left "
            "when it says nothing.",
        ),
        KnownBug(
            "as without noise",
            "d",
            "Nearly: it learns to copy. But what it is given to copy has holes.",
        ),
    ),
    hints=(
        "Which answer would make this cost as low as it can be?",
        "Input and target are now the same picture. What did the copier do in that case?",
    ),
    notice="The noise alone teaches nothing: it is the clean target that asks for a guess.",
)
