"""Exercise 4.5: the whole pipeline, judged by what it reads."""

from tutorial_lib.exercises.accuracy import AccuracyExercise, Reading, Step, Symptom, share
from tutorial_lib.exercises.mistakes import mnist_exercise_classifier as mistakes
from tutorial_lib.exercises.solutions import mnist_exercise as solutions


def _goes_by_other_labels(reading: Reading) -> bool:
    return share(reading.unseen == reading.names_unseen) > 0.5 > reading.accuracy


def _counts_from_one(reading: Reading) -> bool:
    return share(reading.unseen - 1 == reading.labels_unseen) > 0.5


def _knows_by_heart(reading: Reading) -> bool:
    return reading.accuracy_on_seen > 0.95 and reading.accuracy < 0.5


def _guesses(reading: Reading) -> bool:
    return max(reading.accuracy, reading.accuracy_on_seen) < 0.25


train_digit_classifier = AccuracyExercise(
    id="4.5",
    title="The whole exercise as one function",
    points=4,
    reference=solutions.train_digit_classifier,
    builds_on=(
        *("encode", "sparse_autoencoder_loss_and_gradients", "softmax_loss_and_gradient"),
        *("stacked_loss_and_gradients", "predict", "initial_parameters"),
        *("train_sparse_autoencoder", "train_softmax", "fine_tune_stack"),
    ),
    steps=(
        Step(0.75, "features and a softmax on top, trained on the digits and labels given"),
        Step(0.85, "as much as a softmax reaches on the raw pixels of so few digits"),
        Step(0.91, "fine-tuning: no classifier that is linear in the pixels comes so far"),
        Step(0.925, "all the steps of this notebook, each of them with iterations enough"),
    ),
    expects="a function. Given images, (n, 784), it returns their labels: (n,), int64, each from "
    "0 to 9.",
    known_bugs=(
        Symptom(
            "labels instead of a function",
            mistakes.classifier_that_returns_labels,
            "You called your predict function and returned its labels. Return the function "
            "itself, without parentheses: the check will call it on digits of its own.",
        ),
        Symptom(
            "scores instead of labels",
            mistakes.classifier_that_returns_scores,
            "Each image got ten numbers, one per class. Which of the ten classes is the answer?",
        ),
        Symptom(
            "labels as floats",
            mistakes.classifier_that_returns_floats,
            "The labels may be right, but they are floating-point numbers. A label is the number "
            "of a class, int64, as it came with the digits.",
        ),
        Symptom(
            "always the same digit",
            mistakes.classifier_of_one_class,
            "Every image got the same label. Either the images that are handed to your predict "
            "function never reach the network, or it has hardly been trained: after a handful of "
            "iterations a step, the codes of all digits are still nearly the same.",
        ),
        Symptom(
            "other labels",
            mistakes.classifier_by_the_notebooks_labels,
            "It reads digits well, but not by the names that it was given: for this check the "
            "digits were renamed, so that a 3 may be called 8. Your function uses labels from "
            "elsewhere, such as a variable of the notebook, instead of its argument.",
            _goes_by_other_labels,
        ),
        Symptom(
            "counts from 1",
            mistakes.classifier_with_labels_from_one,
            "Most labels are one too large: here classes are counted from 0.",
            _counts_from_one,
        ),
        Symptom(
            "known by heart",
            mistakes.classifier_that_knows_by_heart,
            "It knows the digits that it learnt from, and hardly any other. It must learn what "
            "digits have in common, not the digits themselves.",
            _knows_by_heart,
        ),
        Symptom(
            "images and labels out of step",
            mistakes.classifier_of_shuffled_labels,
            "It guesses, even on the digits that it learnt from: images and labels are not those "
            "of the same digits. Were the labels (or the images) taken from a variable of the "
            "notebook instead of the argument, or one of the two shuffled or cut without the "
            "other?",
            _guesses,
        ),
    ),
    hints=(
        "You have written every step: two autoencoders, the second on the codes of the first; a "
        "softmax on the codes of the second; fine-tuning. Call them one after the other, on the "
        "arguments images and labels.",
        "Keep the encoders in a list. After each autoencoder, encode(code, weight, bias) gives "
        "what the next one learns from. About 60 iterations a step are enough for 5,000 digits.",
        "Define a function inside your function, which calls predict with the tuned encoders and "
        "softmax weight, and return it. Give it a name of its own, or it will call itself.",
    ),
    notice="With a twelfth of the digits it misreads about three times as many as the network "
    "above: more digits would help it most.",
)
