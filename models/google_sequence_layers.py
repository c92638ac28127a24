# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8", "sequence-layers==0.2"]
# [tool.mask-conformance]
# title = "sequence-layers"
# environment = "sequence-layers"
# seconds = 400
# settings."*" = { placements = ["right"] }
# ///
"""Google's Sequence Layers, at once and step by step.

Their contract promises that padding at the end changes nothing; of padding elsewhere it
says that behaviour may change, so that is not asked.
"""

from __future__ import annotations

from typing import Any

from flax import linen
from sequence_layers import jax as sl
from sequence_layers.jax import utils


class Whole(linen.Module):
    """A layer over a whole sequence, as in training."""

    config: Any

    @linen.compact
    def __call__(self, x, mask, training: bool = False):
        layer = self.config.make()
        found = layer.layer(sl.Sequence(x, mask), training=training)
        return found.mask_invalid().values


class Steps(linen.Module):
    """A layer that is given a block at a time, as in inference."""

    config: Any

    @linen.compact
    def __call__(self, x, mask):
        layer = self.config.make()
        given = sl.Sequence(x, mask)
        found, _, _ = utils.step_by_step_static(
            layer, given, training=False, with_emits=False
        )
        return found[:, : x.shape[1]].mask_invalid().values


class Source(linen.Module):
    """Attention to the sequence, from a few queries that do not depend on it."""

    config: Any

    @linen.compact
    def __call__(self, x, mask):
        layer = self.config.make()
        own = sl.Sequence.from_values(linen.Dense(8)(x[:, :3] * 0 + 1))
        told = {"source": sl.Sequence(x, mask)}
        return layer.layer(own, training=False, constants=told).values


def _attention(**more):
    sizes = {"num_heads": 2, "units_per_head": 4, "max_past_horizon": -1}
    return sl.DotProductSelfAttention.Config(**(sizes | more))


def _local(**more):
    sizes = {"num_heads": 2, "units_per_head": 4, "block_size": 3}
    sizes |= {"max_past_horizon": 3}
    return sl.LocalDotProductSelfAttention.Config(**(sizes | more))


def convolution():
    return Whole(sl.Conv1D.Config(6, 3, padding="same"))


def causal_convolution():
    return Whole(sl.Conv1D.Config(6, 3, padding="causal"))


def causal_convolution_in_steps():
    return Steps(sl.Conv1D.Config(6, 3, padding="causal"))


def reverse_causal_convolution():
    return Whole(sl.Conv1D.Config(6, 3, padding="reverse_causal"))


def dilated_convolution():
    return Whole(sl.Conv1D.Config(6, 3, dilation_rate=2, padding="same"))


def depthwise_convolution():
    return Whole(sl.DepthwiseConv1D.Config(3, padding="same"))


def depthwise_convolution_in_steps():
    return Steps(sl.DepthwiseConv1D.Config(3, padding="causal"))


def transposed_convolution():
    return Whole(sl.Conv1DTranspose.Config(6, 3, padding="same"))


def transposed_convolution_in_steps():
    return Steps(sl.Conv1DTranspose.Config(6, 3, padding="causal"))


def average_pooling():
    return Whole(sl.AveragePooling1D.Config(3, padding="same"))


def masked_average_pooling():
    return Whole(sl.AveragePooling1D.Config(3, padding="same", masked_average=True))


def average_pooling_in_steps():
    return Steps(sl.AveragePooling1D.Config(3, padding="causal", masked_average=True))


def max_pooling():
    return Whole(sl.MaxPooling1D.Config(3, padding="same"))


def max_pooling_in_steps():
    return Steps(sl.MaxPooling1D.Config(3, padding="causal"))


def min_pooling():
    return Whole(sl.MinPooling1D.Config(3, padding="same"))


def self_attention():
    return Whole(_attention(max_future_horizon=-1))


def causal_self_attention():
    return Whole(_attention())


def self_attention_in_steps():
    return Steps(_attention(max_past_horizon=4))


def self_attention_of_a_ring_in_steps():
    return Steps(_attention(max_past_horizon=4, use_kv_cache_ringbuffer=True))


def self_attention_with_sinks():
    return Whole(_attention(num_sink_embeddings=2))


def self_attention_with_zeros_where_all_is_masked():
    return Whole(_attention(zero_fully_masked=True))


def self_attention_of_grouped_heads():
    apart = sl.SeparateQueryKeyValueProjection()
    more = {"max_future_horizon": -1, "input_projection": apart}
    return Whole(_attention(num_kv_heads=1, **more))


def self_attention_with_t5_positions():
    positions = sl.T5RelativePositionEmbedding.Config(8, 2, bidirectional=True)
    return Whole(_attention(relative_position_embedding=positions))


def self_attention_with_shaw_positions():
    positions = sl.ShawRelativePositionEmbedding.Config(4, 0, 2, 4)
    return Whole(_attention(relative_position_embedding=positions, max_past_horizon=4))


def self_attention_v2():
    config = sl.DotProductSelfAttentionV2.Config(
        num_heads=2, units_per_head=4, max_past_horizon=-1, max_future_horizon=-1
    )
    return Whole(config)


def local_self_attention():
    return Whole(_local(max_future_horizon=2))


def local_self_attention_in_steps():
    return Steps(_local())


def blockwise_self_attention():
    config = sl.BlockwiseDotProductSelfAttention.Config(
        block_size=3, num_heads=2, units_per_head=4, max_past_horizon_blocks=1
    )
    return Whole(config)


def attention_to_a_source():
    config = sl.DotProductAttention.Config("source", num_heads=2, units_per_head=4)
    return Source(config)


def lstm():
    return Whole(sl.LSTM.Config(6))


def lstm_in_steps():
    return Steps(sl.LSTM.Config(6))


def bidirectional_lstm():
    return Whole(sl.Bidirectional.Config(sl.LSTM.Config(6), sl.LSTM.Config(6)))


def gated_linear_recurrence():
    return Whole(sl.RGLRU.Config(units=6, num_heads=2))


def gated_linear_recurrence_in_steps():
    return Steps(sl.RGLRU.Config(units=6, num_heads=2))


def batch_normalization():
    return Whole(sl.BatchNormalization.Config())


def group_normalization():
    return Whole(sl.GroupNormalization.Config(num_groups=2))


def cumulative_group_normalization():
    return Whole(sl.GroupNormalization.Config(num_groups=2, cumulative=True))


def cumulative_group_normalization_in_steps():
    return Steps(sl.GroupNormalization.Config(num_groups=2, cumulative=True))


def rotary_positions():
    return Whole(sl.ApplyRotaryPositionalEncoding.Config(max_wavelength=100.0))


def conformer_block():
    module = sl.Serial.Config(
        [
            sl.LayerNormalization.Config(),
            sl.Dense.Config(12),
            sl.GatedLinearUnit.Config(),
            sl.DepthwiseConv1D.Config(3, padding="same"),
            sl.Swish.Config(),
            sl.Dense.Config(6),
        ]
    )
    attention = sl.Serial.Config(
        [_attention(max_future_horizon=-1), sl.Flatten.Config(), sl.Dense.Config(6)]
    )
    both = [sl.Residual.Config([attention]), sl.Residual.Config([module])]
    return Whole(sl.Serial.Config([sl.Dense.Config(6), *both]))
