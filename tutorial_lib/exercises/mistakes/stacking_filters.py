"""Plausible wrong ways to mix filters: the answers to exercise 2.5."""


def unit_rows(weight):
    return weight / weight.norm(dim=1, keepdim=True)


def combine_without_scaling(w1, w2):
    return w2 @ w1


def combine_the_other_way(w1, w2):
    return unit_rows(w1 @ w2)


def combine_by_columns(w1, w2):
    return unit_rows(w2.T @ w1)


def combine_scaled_as_one(w1, w2):
    filters = w2 @ w1
    return filters / filters.norm()


def combine_scaled_by_pixel(w1, w2):
    filters = w2 @ w1
    return filters / filters.norm(dim=0)


def combine_without_root(w1, w2):
    filters = w2 @ w1
    return filters / (filters**2).sum(dim=1, keepdim=True)


def combine_scaled_filters(w1, w2):
    return unit_rows(w2 @ unit_rows(w1))


def combine_magnitudes(w1, w2):
    return unit_rows(w2.abs() @ w1)


def combine_the_strongest(w1, w2):
    return unit_rows(w1)[w2.abs().argmax(dim=1)]


def combine_the_most_liked(w1, w2):
    return unit_rows(w1)[w2.argmax(dim=1)]


def combine_scaled_by_place(w1, w2):
    """Divide a matrix by a row of lengths: without keepdim they run along the other axis."""
    filters = w2 @ w1
    return filters / filters.norm(dim=1)


def combine_scaled_by_sum(w1, w2):
    filters = w2 @ w1
    return filters / filters.abs().sum(dim=1, keepdim=True)


def combine_scaled_by_largest(w1, w2):
    filters = w2 @ w1
    return filters / filters.abs().amax(dim=1, keepdim=True)


def combine_what_is_liked(w1, w2):
    return unit_rows(w2.clamp(min=0) @ w1)


def combine_scaled_filters_without_scaling(w1, w2):
    return w2 @ unit_rows(w1)


def combine_by_unit_rows(w1, w2):
    return unit_rows(w2) @ w1


def combine_scaling_in_place(w1, w2):
    w1 /= w1.norm(dim=1, keepdim=True)
    return unit_rows(w2 @ w1)


def combine_entry_by_entry(w1, w2):
    return unit_rows(w2 * w1)


def combine_to_columns(w1, w2):
    return unit_rows(w2 @ w1).T.contiguous()


def combine_to_magnitudes(w1, w2):
    return unit_rows(w2 @ w1).abs()
