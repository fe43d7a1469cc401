"""Questions Q13 to Q16: what is thrown away, where to look, and what a figure is worth."""

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.question import Question

n_discarded = Question(
    id="Q13",
    title="What is thrown away?",
    points=1,
    variable="n_discarded",
    reference=197_784,
    known_bugs=(
        KnownBug(
            "all that was pre-trained",
            394_984,
            "That is all of both autoencoders. Their encoders are kept: they are the network.",
        ),
        KnownBug(
            "what is kept",
            197_200,
            "These are the two encoders, which are kept. The decoders are a little larger.",
        ),
        KnownBug(
            "biases forgotten",
            196_800,
            "Those are the decoders' weights. A decoder has a bias for each unit that it rebuilds.",
        ),
        KnownBug("the first decoder only", 157_584, "Both autoencoders lose their decoder."),
        KnownBug(
            "what is tuned",
            199_200,
            "That is the whole network which is fine-tuned: what remains, with the softmax.",
        ),
    ),
    hints=(
        "An autoencoder 784-200 has a decoder from 200 units back to 784 pixels: a weight for "
        "each pair, a bias for each pixel. What does the second one rebuild?",
        "784 times 200 weights and 784 biases for the first decoder; 200 times 200 weights and "
        "200 biases for the second.",
    ),
    notice="Half of what pre-training found was only a means: the network that is tuned has "
    "199,200 parameters, softmax included.",
)

where_to_look = Question(
    id="Q14",
    title="Below 95 %",
    points=1,
    variable="where_to_look",
    reference="c",
    choices="abcd",
    known_bugs=(
        KnownBug(
            "the autoencoders",
            "a",
            "Their features gave 89 % with a softmax on top, as much as others report: whatever "
            "is wrong came later.",
        ),
        KnownBug(
            "bad luck",
            "b",
            "With 10,000 test digits, luck is worth some tenths of a point, not five points.",
        ),
        KnownBug(
            "more units",
            "d",
            "200 units a layer were enough for everybody else. More units hide a bug, they do not "
            "mend it.",
        ),
    ),
    hints=(
        "Which of the steps have passed a test of their own, and which have not?",
        "89 % before fine-tuning is what others report. From there, others gain five to ten "
        "percentage points; here it was two.",
    ),
    notice="Compare with the numerical gradient first: it costs a minute, and it would have told.",
)

chosen_how = Question(
    id="Q15",
    title="Ten settings, one test set",
    points=1,
    variable="chosen_how",
    reference="b",
    choices="abcd",
    known_bugs=(
        KnownBug(
            "nothing is wrong",
            "a",
            "No weight was trained on the test digits, but the choice among ten was: the luckiest "
            "of ten is better than it will be on new digits.",
        ),
        KnownBug(
            "average them",
            "c",
            "The average tells how good ten settings are, most of which you do not mean to use.",
        ),
        KnownBug(
            "train on all",
            "d",
            "More digits help, but the figure would still be the best of ten looks at the test "
            "set.",
        ),
    ),
    hints=(
        "Suppose that all ten were equally good, and differed by luck alone. What would the best "
        "of the ten figures be like?",
        "To choose you need digits that are neither trained on nor reported on.",
    ),
    notice="This is why the second tutorial keeps 10,000 digits for validation, and why its "
    "early stopping never looks at the test set.",
)

is_significant = Question(
    id="Q16",
    title="1.28 against 1.40",
    points=1,
    variable="is_significant",
    reference="d",
    choices="abcd",
    known_bugs=(
        KnownBug(
            "lower is better",
            "a",
            "On these 10,000 digits, yes. But on 10,000 others both counts would be different: by "
            "how much, typically?",
        ),
        KnownBug(
            "large enough a test",
            "b",
            "10,000 digits settle a gap of half a percentage point. The count of the misread is "
            "what matters here, and 12 more or less is within its usual scatter.",
        ),
        KnownBug(
            "cannot be said",
            "c",
            "A count of rare events scatters by about its square root: that says something, "
            "without any other data.",
        ),
    ),
    hints=(
        "128 misread against 140. If you drew another 10,000 digits, a count of about 130 would "
        "typically change by its square root.",
        "The square root of 130 is about 11, and the difference of two such counts scatters by "
        "about 16.",
    ),
    notice="Several seeds and a harder task show what one figure on MNIST cannot.",
)
