"""Questions Q5 to Q8, on stacking."""

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.question import Question

what_is_restored = Question(
    id="Q5",
    title="What the third layer restores",
    points=1,
    variable="what_is_restored",
    reference="b",
    choices="abcd",
    known_bugs=(
        KnownBug(
            "the digits",
            "a",
            "That would be so if all layers were trained as one. Here the third layer has never "
            "heard of pixels: its decoder has one output for each unit of the layer below.",
        ),
        KnownBug(
            "the hidden codes",
            "c",
            "That is what it is shown. If it were also what its answer is compared with, it could "
            "do no better than to copy the holes.",
        ),
        KnownBug(
            "the codes of damaged digits",
            "d",
            "While a layer is trained, those below it see whole digits: noise is put only on the "
            "input of the layer in training.",
        ),
    ),
    hints=(
        "What does the decoder of layer 3 have as many outputs as?",
        "A denoising autoencoder compares its answer with its own input, as that was before the "
        "noise. What is the input of layer 3?",
    ),
    notice="Each layer is an autoencoder of its own, with its own input, noise and target.",
)

n_own = Question(
    id="Q6",
    title="What belongs to the autoencoders alone",
    points=1,
    variable="n_own",
    reference=1_784,
    known_bugs=(
        KnownBug(
            "the hidden biases",
            1_500,
            "Those are the biases of the encoders, which the classifier uses too. A decoder has "
            "a bias for each thing it restores.",
        ),
        KnownBug(
            "all biases",
            3_284,
            "Half of that is right: you counted the biases of the encoders as well, and those "
            "are shared with the classifier.",
        ),
        KnownBug(
            "the top code restored",
            2_284,
            "You counted every size once. Nothing restores the top code: no layer stands on it.",
        ),
        KnownBug(
            "the pixels alone",
            784,
            "That is the lowest autoencoder. The other two have something to restore as well.",
        ),
        KnownBug(
            "decoder weights counted",
            893_784,
            "You counted weights of decoders. These are tied: a decoder uses its encoder's.",
        ),
        KnownBug(
            "nothing",
            0,
            "The weights are all shared, but a decoder also adds a bias.",
        ),
        KnownBug(
            "the first weights",
            392_000,
            "Those are the weights between the pixels and layer 1. Encoder and decoder use the "
            "same ones, and so does the classifier.",
        ),
        KnownBug(
            "all weights",
            892_000,
            "Those are all the weights of the encoders. The decoders use them transposed, but "
            "the classifier uses them too: they are held in common.",
        ),
        KnownBug(
            "one layer short",
            1_284,
            "Two of the three autoencoders are in it. The third restores something as well.",
        ),
        KnownBug(
            "the shared numbers",
            893_500,
            "That is what both have in common: the weights and biases of the encoders.",
        ),
        KnownBug(
            "the softmax",
            5_010,
            "That is the softmax, which belongs to the classifier alone. What does only a "
            "decoder use?",
        ),
    ),
    hints=(
        "What does a decoder use that its encoder does not have, when the weights are tied?",
        "One visible bias for each value that is restored. The first autoencoder restores 784.",
        "784 for the first. What do the second and the third restore?",
    ),
    notice="That is 2 in 1,000 of all parameters, and all that will be thrown away later.",
)

n_passes = Question(
    id="Q7",
    title="The price of forgetting",
    points=1,
    variable="n_passes",
    reference=60,
    known_bugs=(
        KnownBug(
            "its own training counted",
            75,
            "The 15 passes of its own training were to be left out: those nobody can save.",
        ),
        KnownBug(
            "one layer above",
            15,
            "Those are the passes for the training of one layer above. There are four of them.",
        ),
        KnownBug(
            "all encoders counted",
            150,
            "That is how often a digit passes through any finished encoder. Here only the first "
            "is asked about.",
        ),
        KnownBug(
            "once per layer",
            4,
            "Once for each layer above is too little: each of those is trained for 15 epochs, "
            "and every epoch begins again with the pixels.",
        ),
        KnownBug(
            "with a cache",
            1,
            "That is what remains if the codes are kept. Here they are not.",
        ),
        KnownBug(
            "all digits counted",
            3_000_000,
            "You counted all digits; one was asked for.",
        ),
        KnownBug(
            "one layer too few",
            45,
            "You have the training of three layers. Layers 2 to 5 are four.",
        ),
    ),
    hints=(
        "To give layer 2 its data for one epoch, how often must a digit be encoded by layer 1?",
        "And for layer 3? The pixels must pass layer 1 before they get to layer 2.",
        "15 passes for each layer above the first.",
    ),
    notice="With kept codes it is one pass instead of 60. The deeper the stack, the more is saved.",
)

level_used = Question(
    id="Q8",
    title="Three sets of defaults",
    points=1,
    variable="level_used",
    reference="c",
    choices="abcd",
    known_bugs=(
        KnownBug(
            "that of the constructor",
            "a",
            "One should think so. But the constructor never looks at its argument again.",
        ),
        KnownBug(
            "the constructor's default",
            "b",
            "That is the constructor's default, which is used as little as what is passed to it.",
        ),
        KnownBug(
            "that of the script",
            "d",
            "The published script hands its own levels to the training functions. Here nobody "
            "handed them anything.",
        ),
    ),
    hints=(
        "Which of the three places hands its value to the noise?",
        "The level is an argument of the function that trains a layer. If it is left out, that "
        "function's own default holds.",
    ),
    notice="A setting that is accepted and ignored is worse than an error: nobody hears of it.",
)
