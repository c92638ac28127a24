# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# system = "PyTorch"
# library = "torch"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.padding]
# masked_cumsum = "held"
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# "masked_median.*" = "nan"
# masked_prod = "one"
# [tool.mask-conformance.unsupported]
# "masked_criterion.class_weights.mean" = "its mean divides by the weights"
# "masked_criterion.kl.none" = "kl_div takes no mask"
# "masked_criterion.normal_nll.none" = "gaussian_nll_loss takes no mask"
# "*pack.steps" = "masked_select and masked_scatter go row by row"
# "packed_attention.causal" = "no kernel on a CPU takes nested tensors with is_causal"
# "masked_loss.*.sequence_mean" = "torch's losses reduce over the whole batch"
# "masked_median.mean" = "of an even number its median is the lower one"
# ///
"""PyTorch's own masked operations, losses, attention, and modules in modules."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import nn

Tensor: TypeAlias = torch.Tensor

_IGNORED = -100  # what F.cross_entropy ignores unless told otherwise


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.mean(x, 1, mask=_like(mask, x))


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.amax(x, 1, mask=_like(mask, x))


def masked_median(x: Tensor, mask: Tensor, *, middle: str) -> Tensor:
    del middle  # the lower one alone
    return torch.masked.median(x, 1, mask=_like(mask, x))


def masked_arg(x: Tensor, mask: Tensor, *, of: str) -> Tensor:
    find = torch.masked.argmax if of == "max" else torch.masked.argmin
    return find(x, 1, mask=_like(mask, x))


def masked_cumsum(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.cumsum(x, 1, mask=_like(mask, x))


def masked_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.softmax(x, 1, mask=mask)


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    if kind == "cross_entropy":
        return F.cross_entropy(
            predictions.movedim(-1, 1),
            targets.long().masked_fill(~mask, _IGNORED),
            ignore_index=_IGNORED,
            reduction=reduction,
        )
    weight = _like(mask, predictions).to(predictions.dtype)
    if kind == "binary_cross_entropy":
        return F.binary_cross_entropy_with_logits(
            predictions, targets, weight, reduction=reduction
        )
    weight = weight.expand_as(predictions)
    # The stub of this version does not know the weight.
    losses = F.mse_loss(  # type: ignore[call-arg, unused-ignore]
        predictions, targets, reduction=reduction, weight=weight
    )
    if reduction == "none":
        return losses.mean(dim=-1)
    # A position's loss is the mean over its features, which torch sums up here.
    return losses / predictions.shape[-1] if reduction == "sum" else losses


def masked_criterion(
    predictions: Tensor,
    targets: Tensor,
    mask: Tensor,
    *,
    kind: str,
    reduction: str,
    delta: float,
    smoothing: float,
    class_weights: tuple[float, ...],
) -> Tensor:
    if kind in {"l1", "huber"}:
        weight = mask[..., None].to(predictions.dtype).expand_as(predictions)
        loss = F.l1_loss if kind == "l1" else partial(F.huber_loss, delta=delta)
        losses = loss(predictions, targets, reduction=reduction, weight=weight)
        if reduction == "none":
            return losses.mean(dim=-1)
        return losses / predictions.shape[-1] if reduction == "sum" else losses
    if kind == "kl":
        # It takes no mask: what counts is picked, as its users do.
        logs, shares = predictions[mask].log_softmax(dim=-1), targets[mask]
        how = {"mean": "batchmean", "sum": "sum"}[reduction]
        return F.kl_div(logs, shares, reduction=how)
    if kind == "normal_nll":
        mean, log = predictions[mask].unbind(-1)
        total = F.gaussian_nll_loss(
            mean, targets[mask], log.exp(), full=True, reduction=reduction
        )
        return total / targets.shape[-1] if reduction == "sum" else total
    weights = predictions.new_tensor(class_weights) if class_weights else None
    return F.cross_entropy(
        predictions.movedim(-1, 1),
        targets.long().masked_fill(~mask, _IGNORED),
        weight=weights,
        ignore_index=_IGNORED,
        # Its mean divides by the weights of the labels.
        reduction=reduction.removeprefix("weighted_"),
        label_smoothing=smoothing,
    )


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    allowed = mask[:, None, None, :]
    if causal:
        # With a mask the argument is_causal is refused.
        allowed = allowed & mask.new_ones(2 * mask.shape[1:]).tril()
    q, k, v = (tensor.transpose(1, 2) for tensor in (query, key, value))
    seen = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    return seen.transpose(1, 2)


def cross_attention(
    query: Tensor,
    query_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    grouped: bool,
) -> Tensor:
    del query_mask  # it takes a mask of the keys alone
    q, k, v = (tensor.transpose(1, 2) for tensor in (query, key, value))
    allowed = mask[:, None, None, :]
    seen = F.scaled_dot_product_attention(
        q, k, v, attn_mask=allowed, enable_gqa=grouped
    )
    return seen.transpose(1, 2)


def packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    segments: Tensor,
    mask: Tensor,
    *,
    causal: bool,
) -> Tensor:
    del causal  # full: the other has no kernel
    # One sequence behind the other, those of all rows, and where each begins.
    rows = torch.arange(len(mask), device=mask.device)[:, None].expand_as(mask)
    numbers = torch.stack([rows[mask], segments[mask]])
    counts = torch.unique_consecutive(numbers, dim=1, return_counts=True)[1]
    offsets = F.pad(counts.cumsum(0), (1, 0))
    q, k, v = (
        torch.nested.nested_tensor_from_jagged(tensor[mask], offsets).transpose(1, 2)
        for tensor in (query, key, value)
    )
    found = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).values()
    return torch.zeros_like(value).masked_scatter(_like(mask, value), found)


def decode(
    query: Tensor,
    step_key: Tensor,
    step_value: Tensor,
    step_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    chunk: bool,
) -> Tensor:
    size, found = query.shape[1] if chunk else 1, []
    for at in range(0, query.shape[1], size):
        now = slice(at, at + size)
        key, value, mask = (
            torch.cat([cache, new[:, now]], dim=1)
            for cache, new in ((key, step_key), (value, step_value), (mask, step_mask))
        )
        # The triangle of is_causal begins at the first key, not at the last one.
        before = mask.new_ones(size, key.shape[1]).tril(key.shape[1] - size)
        q, k, v = (tensor.transpose(1, 2) for tensor in (query[:, now], key, value))
        allowed = mask[:, None, None, :] & before
        found.append(F.scaled_dot_product_attention(q, k, v, attn_mask=allowed))
    return torch.cat(found, dim=2).transpose(1, 2)


def masked_sum(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.sum(x, 1, mask=_like(mask, x))


def masked_prod(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.prod(x, 1, mask=_like(mask, x))


def masked_min(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.amin(x, 1, mask=_like(mask, x))


def masked_logsumexp(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.logsumexp(x, 1, mask=_like(mask, x))


def masked_log_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.log_softmax(x, 1, mask=mask)


def masked_variance(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.var(x, 1, unbiased=False, mask=_like(mask, x))


def masked_std(x: Tensor, mask: Tensor, *, ddof: int) -> Tensor:
    return torch.masked.std(x, 1, unbiased=ddof == 1, mask=_like(mask, x))


def apply_mask(x: Tensor, mask: Tensor) -> Tensor:
    return x.masked_fill(~_like(mask, x), 0)


def pack(x: Tensor, mask: Tensor, *, order: str) -> Tensor:
    del order  # row by row
    packed = torch.masked_select(x, _like(mask, x))
    return F.pad(packed, (0, x.numel() - len(packed))).reshape(x.shape)


def unpack(values: Tensor, x: Tensor, mask: Tensor, *, order: str) -> Tensor:
    del order  # row by row
    zeros = values.new_zeros(*x.shape[:2], *values.shape[2:])
    return zeros.masked_scatter(_like(mask, zeros), values)


def _like(mask: Tensor, x: Tensor) -> Tensor:
    """Return the mask with as many axes as ``x``."""
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    return _Layer(_Nested(first, second, norm, inner=inner))


class _Nested(nn.Module):  # type: ignore[misc, unused-ignore]
    """Modules inside a module, which finds their parameters by itself."""

    def __init__(self, first: Any, second: Any, norm: Any, *, inner: str) -> None:
        super().__init__()
        self.first = _linear(first).requires_grad_(inner != "frozen")
        self.second = self.first if inner == "twice" else _linear(second)
        self.norm = None if norm is None else _norm(norm)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.first(x))
        if self.norm is not None:
            h = self.norm(h.flatten(0, 1)).reshape(h.shape)
        return torch.sigmoid(self.second(h))


class _Layer:
    """A module, called and trained as people do."""

    def __init__(self, module: _Nested) -> None:
        self._module = module

    @property
    def parameters(self) -> list[Tensor]:
        return [one for one in self._module.parameters() if one.requires_grad]

    @property
    def state(self) -> list[Tensor]:
        frozen = [one for one in self._module.parameters() if not one.requires_grad]
        return [*frozen, *self._module.buffers()]

    @property
    def names(self) -> list[str]:
        own = list(self._module.named_parameters())
        trained = [name for name, one in own if one.requires_grad]
        frozen = [name for name, one in own if not one.requires_grad]
        return [*trained, *frozen, *(name for name, _ in self._module.named_buffers())]

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        return self._module.eval()(x)

    def step(self, x: Tensor, mask: Tensor, cotangent: Tensor) -> None:
        optimizer = torch.optim.SGD(self.parameters, lr=0.25)
        (self._module.train()(x) * cotangent).sum().backward()
        optimizer.step()

    def saved(self) -> bytes:
        file = BytesIO()
        torch.save(self._module.state_dict(), file)
        return file.getvalue()

    def restore(self, saved: bytes) -> None:
        self._module.load_state_dict(torch.load(BytesIO(saved), weights_only=True))


def _linear(weights: Any) -> nn.Linear:
    layer = nn.Linear(*weights.kernel.shape, dtype=weights.kernel.dtype)
    with torch.no_grad():
        layer.weight.copy_(weights.kernel.T)
        layer.bias.copy_(weights.bias)
    return layer


def _norm(weights: Any) -> nn.BatchNorm1d:
    # The share of the batch, not of what is kept.
    layer = nn.BatchNorm1d(
        len(weights.scale), eps=1e-3, momentum=0.1, dtype=weights.scale.dtype
    )
    state = {
        "weight": weights.scale,
        "bias": weights.offset,
        "running_mean": weights.mean,
        "running_var": weights.variance,
    }
    layer.load_state_dict(state, strict=False)
    return layer


def layer_norm(x: Tensor, mask: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[2:], scale, offset, eps=1e-3)
