"""Products with the Hessian against the dense Hessian, and what they leave untouched."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.landscapes.tanh_network import N_EXAMPLES, SIZES, TanhNetwork, batches_of, dense_hessian
from torch import nn
from transformers import AutoModel

from tunescope._core.errors import InputError, ModelError
from tunescope.landscapes.eager_attention import eager_attention
from tunescope.landscapes.hessian_products import BatchLosses, HessianProducts


@pytest.fixture
def network() -> TanhNetwork:
    torch.manual_seed(0)
    return TanhNetwork().double()


class _Kept:
    """A tensor that a graph keeps for its derivative."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


def _random(products: HessianProducts, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    flat = torch.randn(products.n_parameters, generator=generator, dtype=torch.float64)
    return products.shaped(flat.to(products.dtype))


def test_products_equal_those_of_the_dense_hessian(network: TanhNetwork) -> None:
    products = HessianProducts(network.parameters(), batches_of(network))
    dense = dense_hessian(network, lambda apply: batches_of(apply, (N_EXAMPLES,)))
    assert products.n_parameters == 43
    for seed in range(3):
        vector = _random(products, seed)
        found = products.flat(products.apply(vector))
        assert torch.allclose(found, dense @ products.flat(vector), atol=1e-12)
    assert products.n_products == 3


def test_batches_of_unequal_size_equal_one_batch(network: TanhNetwork) -> None:
    cut = HessianProducts(network.parameters(), batches_of(network))
    whole = HessianProducts(network.parameters(), batches_of(network, (N_EXAMPLES,)))
    vector = _random(cut)
    assert torch.allclose(cut.flat(cut.apply(vector)), whole.flat(whole.apply(vector)), atol=1e-13)
    assert cut.loss == pytest.approx(whole.loss, abs=1e-13)
    assert cut.n_examples.tolist() == [*SIZES]
    assert np.average(cut.batch_losses, weights=cut.n_examples) == pytest.approx(cut.loss)


def test_quadratic_forms_per_batch_are_those_of_products_per_batch(network: TanhNetwork) -> None:
    products = HessianProducts(network.parameters(), batches_of(network))
    vectors = [_random(products, seed) for seed in range(3)]
    forms = products.quadratic_forms(vectors)
    assert forms.shape == (len(SIZES), 3)
    for number, (loss, _) in enumerate(batches_of(network)()):
        alone = HessianProducts(network.parameters(), lambda n=number: [[*batches_of(network)()][n]])
        expected = [float(alone.flat(alone.apply(v)) @ alone.flat(v)) for v in vectors]
        assert forms[number] == pytest.approx(expected, abs=1e-12)
        assert products.batch_losses[number] == pytest.approx(float(loss.detach()))
    together = np.average(forms, axis=0, weights=products.n_examples)
    assert together == pytest.approx(
        [float(products.flat(products.apply(v)) @ products.flat(v)) for v in vectors]
    )
    assert products.n_products == 6


def test_some_of_the_parameters_give_their_block(network: TanhNetwork) -> None:
    products = HessianProducts(network.second.parameters(), batches_of(network))
    dense = dense_hessian(network, lambda apply: batches_of(apply, (N_EXAMPLES,)))[25:, 25:]
    vector = _random(products)
    assert torch.allclose(products.flat(products.apply(vector)), dense @ products.flat(vector), atol=1e-12)


def test_weights_gradients_and_torch_are_left_alone(network: TanhNetwork) -> None:
    network.first.weight.grad = torch.full((5, 4), 7.0, dtype=torch.float64)
    network.second.requires_grad_(False)
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    state, enabled = torch.get_rng_state(), torch.is_grad_enabled()
    with torch.no_grad():
        products = HessianProducts(network.parameters(), batches_of(network))
        vector = products.apply(_random(products))
        products.quadratic_forms([vector])
        assert not torch.is_grad_enabled()
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())
    assert torch.equal(network.first.weight.grad, torch.full((5, 4), 7.0, dtype=torch.float64))
    assert [p.grad is None for p in network.parameters()] == [False, True, True, True]
    assert [p.requires_grad for p in network.parameters()] == [True, True, False, False]
    assert not any(part.requires_grad for part in vector)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled() == enabled


def test_frozen_parameters_are_frozen_again_after_an_exception(network: TanhNetwork) -> None:
    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        yield next(iter(batches_of(network)()))
        raise KeyboardInterrupt

    network.requires_grad_(False)
    products = HessianProducts(network.parameters(), losses)
    with pytest.raises(KeyboardInterrupt):
        products.apply(_random(products))
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert torch.is_grad_enabled()


def test_the_loss_is_there_before_any_product(network: TanhNetwork) -> None:
    products = HessianProducts(network.parameters(), batches_of(network))
    expected = float(next(iter(batches_of(network, (N_EXAMPLES,))()))[0].detach())
    assert products.loss == pytest.approx(expected)
    assert products.n_products == 0


def test_a_linear_loss_and_an_unused_parameter_have_no_curvature() -> None:
    slope, used, unused = (torch.tensor([x], requires_grad=True) for x in (1.0, 2.0, 3.0))
    ones = [torch.ones(1)] * 3
    linear = HessianProducts([slope, unused], lambda: [(3 * slope.sum(), 1)])
    assert linear.apply(ones[:2]) == [torch.zeros(1), torch.zeros(1)]
    assert linear.quadratic_forms([ones[:2]]).tolist() == [[0.0]]
    mixed = HessianProducts([slope, used, unused], lambda: [((slope + used**2).sum(), 1)])
    assert mixed.apply(ones) == [torch.zeros(1), torch.full((1,), 2.0), torch.zeros(1)]


@pytest.fixture
def bert_losses(tiny_model: Path) -> tuple[nn.Module, BatchLosses]:
    model = AutoModel.from_pretrained(tiny_model)
    model.eval()

    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        for n, length in ((2, 7), (3, 5)):
            ids = torch.arange(n * length).reshape(n, length) % 20 + 4
            mask = torch.ones_like(ids)
            mask[0, -2:] = 0
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]
            yield (hidden**3).mean(), n

    return model, losses


def test_a_transformer_in_eager_form_agrees_with_differences_of_gradients(
    bert_losses: tuple[nn.Module, BatchLosses],
) -> None:
    model, losses = bert_losses
    model.double()
    products = HessianProducts(model.parameters(), losses)
    vector = _random(products)
    with eager_attention(model):
        found = products.flat(products.apply(vector))

        def gradient(step: float) -> torch.Tensor:
            with torch.no_grad():
                for parameter, part in zip(products.parameters, vector, strict=True):
                    parameter.add_(part, alpha=step)
            loss = sum(mean * n for mean, n in losses()) / 5
            parts = torch.autograd.grad(loss, products.parameters, materialize_grads=True)
            with torch.no_grad():
                for parameter, part in zip(products.parameters, vector, strict=True):
                    parameter.sub_(part, alpha=step)
            return torch.cat([part.flatten() for part in parts])

        expected = (gradient(1e-5) - gradient(-1e-5)) / 2e-5
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-6 * float(expected.abs().max()))


def test_fused_attention_is_refused_with_what_to_do(bert_losses: tuple[nn.Module, BatchLosses]) -> None:
    model, losses = bert_losses
    products = HessianProducts(model.parameters(), losses)
    with pytest.raises(ModelError, match="eager_attention"):
        products.apply(_random(products))


def test_dropout_is_noticed() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 3)).double()
    products = HessianProducts(network.parameters(), batches_of(network))
    vector = _random(products)
    products.apply(vector)
    with pytest.raises(InputError, match="eval mode"):
        products.apply(vector)
    network.eval()
    calm = HessianProducts(network.parameters(), batches_of(network))
    assert all(torch.equal(x, y) for x, y in zip(calm.apply(vector), calm.apply(vector), strict=True))


def test_other_batches_are_noticed(network: TanhNetwork) -> None:
    sizes = iter([(7, 1, 4), (4, 7, 1)])
    products = HessianProducts(network.parameters(), lambda: batches_of(network, next(sizes))())
    products.apply(_random(products))
    with pytest.raises(InputError, match="same batches in the same order"):
        products.apply(_random(products))


WEIGHT = torch.tensor([1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([], "no parameters"),
        ([torch.zeros(0)], "no parameters"),
        ([WEIGHT, WEIGHT], "twice"),
        ([WEIGHT * 2], "computed from others"),
        ([torch.ones(2).half()], "float32 or all float64"),
        ([torch.ones(2), torch.ones(2).double()], "torch.float32 on cpu, torch.float64 on cpu"),
    ],
)
def test_unfit_parameters(parameters: list[torch.Tensor], message: str) -> None:
    with pytest.raises(InputError, match=message):
        HessianProducts(parameters, list)


def _cube() -> torch.Tensor:
    return (WEIGHT**3).sum()


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        (list, "no batches"),
        (lambda: [(_cube(), 2), (WEIGHT**3, 1)], r"no single number(.|\n)*batch 1(.|\n)*shape \(2,\)"),
        (lambda: [(3.0, 1)], "got: float"),
        (lambda: [(_cube(), 0)], "at least 1"),
        (lambda: [(_cube(), 1.5)], "got: 1.5"),
        (lambda: [(_cube().detach(), 1)], "has no graph"),
    ],
)
def test_unfit_losses(losses: BatchLosses, message: str) -> None:
    with pytest.raises(InputError, match=message):
        HessianProducts([WEIGHT], losses).apply([torch.ones(2)])
    with pytest.raises(InputError, match=message):
        _ = HessianProducts([WEIGHT], losses).loss


def test_losses_computed_once_are_refused(network: TanhNetwork) -> None:
    once = [*batches_of(network)()]
    products = HessianProducts(network.parameters(), lambda: once)
    vector = _random(products)
    products.apply(vector)
    with pytest.raises(InputError, match="graph is used up"):
        products.apply(vector)


def test_a_batch_is_gone_before_the_next_one_is_made(network: TanhNetwork) -> None:
    kept: weakref.WeakSet[_Kept] = weakref.WeakSet()
    n_kept = []

    def keep(tensor: torch.Tensor) -> _Kept:
        found = _Kept(tensor)
        kept.add(found)
        return found

    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        batches = iter(batches_of(network)())
        for _ in SIZES:
            n_kept.append(len(kept))
            with torch.autograd.graph.saved_tensors_hooks(keep, lambda found: found.tensor):
                loss, n = next(batches)
            assert len(kept) > 0
            yield loss, n
            del loss

    products = HessianProducts(network.parameters(), losses)
    vector = products.apply(_random(products))
    products.quadratic_forms([vector, vector])
    assert n_kept == [0] * 6


def test_other_errors_of_the_model_are_passed_on() -> None:
    stranger = torch.ones(2, requires_grad=True)

    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        squared = stranger.exp()
        loss = (squared**2).sum()
        squared.mul_(2)
        yield loss, 1

    with pytest.raises(RuntimeError, match="inplace"):
        HessianProducts([stranger], losses).apply([torch.ones(2)])


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ([torch.ones(2), torch.ones(2)], "2"),
        ([torch.ones(3)], r"shape \(3,\)"),
        ([torch.ones(2).double()], "float64"),
    ],
)
def test_unfit_vectors(vector: list[torch.Tensor], message: str) -> None:
    products = HessianProducts([WEIGHT], lambda: [(_cube(), 1)])
    with pytest.raises(InputError, match=message):
        products.apply(vector)
    with pytest.raises(InputError, match=message):
        products.quadratic_forms([vector])


def test_no_vectors() -> None:
    with pytest.raises(InputError, match="no vectors"):
        HessianProducts([WEIGHT], lambda: [(_cube(), 1)]).quadratic_forms([])
