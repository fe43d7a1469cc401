"""Questions Q9 to Q12, on fine-tuning."""

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.question import Question

why_below_pixels = Question(
    id="Q9",
    title="Worse than pixels",
    points=1,
    variable="why_below_pixels",
    reference="b",
    choices="abcd",
    known_bugs=(
        KnownBug(
            "too many weights",
            "a",
            "The softmax has 2,000 weights on the code and 7,840 on pixels: on the code it could "
            "overfit less.",
        ),
        KnownBug(
            "must be a fault",
            "c",
            "No fault is needed. A code of 200 numbers need not keep all that 784 pixels say, and "
            "what it keeps need not lie where a linear classifier can use it.",
        ),
        KnownBug(
            "only training time",
            "d",
            "More training helps a little: Stanford trained on six times the digits for 400 "
            "iterations, and still reports 12.3 %. The autoencoders' cost asks for good "
            "reconstructions and few active units, never which digit is which.",
        ),
    ),
    hints=(
        "What did the cost of the second autoencoder compare with what? Did it ever see a label?",
        "To rebuild a digit well you must keep its slant, its boldness and its place. Does one "
        "need them to say which digit it is?",
    ),
    notice="Fine-tuning changes just that: for the first time the labels tell the encoders what "
    "to keep.",
)

n_tuned = Question(
    id="Q10",
    title="How many numbers are tuned?",
    points=1,
    variable="n_tuned",
    reference=199_200,
    known_bugs=(
        KnownBug("decoders counted", 396_984, "You counted the decoders in: they are gone."),
        KnownBug("biases forgotten", 198_800, "Those are the weights. Has an encoder no biases?"),
        KnownBug("softmax with bias", 199_210, "This softmax has no bias."),
        KnownBug("softmax forgotten", 197_200, "Those are the encoders alone."),
        KnownBug(
            "softmax alone",
            2_000,
            "That is the softmax alone, which was trained a moment ago. Now all layers move.",
        ),
        KnownBug(
            "visible biases counted",
            200_184,
            "You counted the visible biases in: they belong to the decoders, which are gone.",
        ),
    ),
    hints=(
        "A layer has a weight for each pair of a unit and an input, and a bias for each unit.",
        "The first encoder has 784 * 200 + 200 numbers. Which two parts are left?",
    ),
    notice="The two autoencoders have 394,984 parameters, so about half of what was pre-trained "
    "is thrown away.",
)

reconstruction_after = Question(
    id="Q11",
    title="What becomes of the reconstruction?",
    points=1,
    variable="reconstruction_after",
    reference="c",
    choices="abcd",
    known_bugs=(
        KnownBug(
            "decoders untouched",
            "a",
            "The decoders are as they were. But do they still get the codes that they know?",
        ),
        KnownBug(
            "better encoders",
            "b",
            "Better at what? The labels ask which digit it is, and nothing else. No cost looks at "
            "the reconstruction any more.",
        ),
        KnownBug(
            "tied decoders follow",
            "d",
            "A tied decoder's weight moves along, but where the labels push it: the way to the "
            "logits is all that they see. Nobody looks after its second use.",
        ),
    ),
    hints=(
        "What was the decoder trained on? On which codes, made by whom?",
        "Does the new cost have a term that would rise if the reconstruction got worse?",
    ),
    notice="The encoders' codes have moved, and the decoders were not told. One tensor in two "
    "networks serves the one that is being trained.",
)

margin = Question(
    id="Q12",
    title="How far can one trust a test error?",
    points=1,
    variable="margin",
    reference=0.222,
    tolerance=0.03,
    known_bugs=(
        KnownBug(
            "one standard error",
            0.113,
            "That is one standard error, which covers only two cases in three.",
        ),
        KnownBug("as a fraction", 0.00222, "That is the fraction; in percentage points, please."),
        KnownBug(
            "the whole interval",
            0.444,
            "That is the whole interval, from its lower to its upper end.",
        ),
        KnownBug(
            "the error of one digit",
            22.2,
            "That would be the margin with a single digit. It shrinks with the root of their "
            "number.",
        ),
    ),
    hints=(
        "p is 0.013, one minus p is 0.987, and n is 10,000: first the root, then 1.96 times it.",
        "1.96 * (0.013 * 0.987 / 10_000) ** 0.5 is a fraction; times 100 it is percentage points.",
    ),
    notice="The margin says how far the error itself can be trusted. To compare two networks on "
    "the same digits, count the digits that only one of them reads.",
)
