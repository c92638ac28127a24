# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "optax==0.2.8"]
# [tool.mask-conformance]
# system = "Optax"
# library = "optax"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "jax"
# releases = ["optax==0.2.3", "optax==0.2.4", "optax==0.2.5"]
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "ctc_loss.*.mean.*" = "gives each row's loss"
# "ctc_loss.*.zeroed" = "has no zero_infinity"
# "masked_criterion.l1.*" = "it has no absolute error"
# "masked_criterion.normal_nll.*" = "it has no such loss"
# "masked_criterion.huber.none" = "optax.huber_loss takes no mask"
# "masked_criterion.*class_weights.*" = "its losses weigh no classes"
# "masked_loss.mse.none" = "optax.squared_error takes no mask"
# "masked_loss.binary_cross_entropy.none" = "its sigmoid cross-entropy takes no mask"
# ///
"""Optax's losses, masked by their where, or by that of jax.numpy's reductions."""

from __future__ import annotations

from typing import TypeAlias

import jax
import jax.numpy as jnp
import optax

Array: TypeAlias = jax.Array


def masked_loss(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if kind == "cross_entropy":
        losses = optax.softmax_cross_entropy_with_integer_labels(
            predictions, targets, where=mask
        )
    elif kind == "mse":
        losses = optax.squared_error(predictions, targets).mean(axis=-1)
    else:
        losses = optax.sigmoid_binary_cross_entropy(predictions, targets)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return jnp.sum(losses, where=mask)
    if reduction == "mean":
        return jnp.mean(losses, where=mask)
    means = jnp.mean(losses, axis=1, where=mask)
    return jnp.mean(means, where=mask.any(axis=1))


def masked_criterion(
    predictions: Array,
    targets: Array,
    mask: Array,
    *,
    kind: str,
    reduction: str,
    delta: float,
    smoothing: float,
    class_weights: tuple[float, ...],
) -> Array:
    del class_weights
    if kind == "huber":
        losses = optax.huber_loss(predictions, targets, delta=delta).mean(axis=-1)
    elif kind == "kl":
        logs = jax.nn.log_softmax(predictions)
        losses = optax.kl_divergence(logs, targets, where=mask[..., None])
    else:
        classes = predictions.shape[-1]
        here = jax.nn.one_hot(targets, classes, dtype=predictions.dtype)
        losses = optax.softmax_cross_entropy(
            predictions, optax.smooth_labels(here, smoothing), where=mask
        )
    if reduction == "none":
        return losses
    reduce = {"sum": jnp.sum, "mean": jnp.mean}[reduction]
    return reduce(losses, where=mask)


def accumulated_loss(
    predictions: Array,
    targets: Array,
    mask: Array,
    *,
    reduction: str,
    rows: int,
    labels: str,
    length: int,
) -> Array:
    counts = mask
    if labels == "next":
        predictions, targets = predictions[:, :-1], targets[:, 1:]
        counts = mask[:, :-1] & mask[:, 1:]
    losses = optax.softmax_cross_entropy_with_integer_labels(
        predictions, targets, where=counts
    )
    there = counts.any(axis=1)
    if reduction == "seq_mean_token_mean":
        losses, counts = jnp.mean(losses, axis=1, where=counts), there
    divisor = {
        "sum": 1,
        "sum_norm": length,
        "token_mean": counts.sum(),
        "seq_mean_token_sum_norm": there.sum() * length,
    }.get(reduction, there.sum())
    parts = [
        jnp.sum(losses[at : at + rows], where=counts[at : at + rows]) / divisor
        for at in range(0, len(losses), rows)
    ]
    return sum(parts, start=jnp.zeros((), losses.dtype))


def ctc_loss(
    labels: Array,
    label_mask: Array,
    logits: Array,
    mask: Array,
    *,
    blank: str,
    reduction: str,
    zero_infinity: bool,
) -> Array:
    del reduction, zero_infinity
    return optax.ctc_loss(
        logits,
        1 - mask.astype(logits.dtype),
        labels,
        1 - label_mask.astype(logits.dtype),
        blank_id=0 if blank == "first" else logits.shape[2] - 1,
    )
