"""Which arithmetic the products use: the setting is put back, and float32 stays float32."""

import threading

import pytest
import torch

from tutorial_lib import precision
from tutorial_lib.precision import compute_dtype, fast_products, onednn_keeps_float32

SETTING = torch.backends.mkldnn.matmul


@pytest.fixture
def onednn_is_exact(monkeypatch: pytest.MonkeyPatch):
    """Decide, for a test, what the measurement of this machine would say."""
    return lambda answer: monkeypatch.setattr(precision, "onednn_keeps_float32", lambda: answer)


def test_compute_dtype() -> None:
    assert compute_dtype("float32") == torch.float32
    assert compute_dtype("bfloat16") == torch.bfloat16
    with pytest.raises(
        ValueError, match="precision is 'float16'; choose one of 'float32', 'bfloat16'"
    ):
        compute_dtype("float16")


def test_the_setting_is_put_back(onednn_is_exact) -> None:
    onednn_is_exact(True)
    before = SETTING.fp32_precision
    with fast_products(1000):
        assert SETTING.fp32_precision == "bf16"
        with fast_products(1000):
            pass
        assert SETTING.fp32_precision == "bf16", "an inner block must not end the outer one"
    assert SETTING.fp32_precision == before


def test_the_setting_is_put_back_after_an_exception(onednn_is_exact) -> None:
    onednn_is_exact(True)
    before = SETTING.fp32_precision

    def fail() -> None:
        with fast_products(1000):
            assert SETTING.fp32_precision == "bf16"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert SETTING.fp32_precision == before


def test_a_setting_of_the_user_comes_back(onednn_is_exact) -> None:
    onednn_is_exact(True)
    before = SETTING.fp32_precision
    SETTING.fp32_precision = "ieee"
    try:
        with fast_products(1000):
            assert SETTING.fp32_precision == "bf16"
        assert SETTING.fp32_precision == "ieee"
    finally:
        SETTING.fp32_precision = before


@pytest.mark.parametrize(("exact", "n_rows"), [(False, 1000), (True, 1), (False, 1)])
def test_nothing_changes_where_it_would_harm(onednn_is_exact, exact: bool, n_rows: int) -> None:
    onednn_is_exact(exact)
    before = SETTING.fp32_precision
    with fast_products(n_rows):
        assert SETTING.fp32_precision == before


def test_the_measurement_leaves_no_trace() -> None:
    before = SETTING.fp32_precision, torch.get_rng_state()
    onednn_keeps_float32.cache_clear()
    assert onednn_keeps_float32() in (True, False)
    assert SETTING.fp32_precision == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_the_measurement_tells_bfloat16_from_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where products were rounded to bfloat16, the measurement must say no."""

    class Rounding(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if function is torch.Tensor.matmul and args[0].dtype == torch.float32:
                args = tuple(a.bfloat16().float() for a in args)
            return function(*args, **(kwargs or {}))

    with Rounding():
        assert not onednn_keeps_float32.__wrapped__()


@pytest.mark.parametrize("n_rows", [1, 16, 100, 1000])
@pytest.mark.parametrize("inner", [25, 784, 1000])
def test_products_on_this_machine_are_accurate_to_float32(n_rows: int, inner: int) -> None:
    generator = torch.Generator().manual_seed(n_rows)
    left = torch.randn(n_rows, inner, generator=generator)
    right = torch.randn(inner, 100, generator=generator)
    bias = torch.randn(100, generator=generator)
    exact = left.double() @ right.double()
    with fast_products(n_rows):
        products = left @ right, torch.addmm(bias, left, right) - bias, right.T.mm(left.T).T
    for product in products:
        error = torch.linalg.vector_norm(product - exact) / torch.linalg.vector_norm(exact)
        assert error < 1e-6  # bfloat16 would err by 2e-3


def test_blocks_in_two_threads_that_overlap_leave_the_setting_as_it_was(onednn_is_exact) -> None:
    onednn_is_exact(True)
    before = SETTING.fp32_precision
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with fast_products(1000):
            entered.set()
            leave.wait()

    thread = threading.Thread(target=other)
    with fast_products(1000):
        thread.start()
        entered.wait()
    leave.set()
    thread.join()
    try:
        assert SETTING.fp32_precision == before
    finally:
        SETTING.fp32_precision = before
