# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "keras==3.15.1", "keras-hub==0.32.0"]
# [tool.mask-conformance]
# title = "keras-hub"
# environment = "keras-hub"
# variables = { KERAS_BACKEND = "torch" }
# preload = ["keras", "keras_hub", "conformance.probe.frameworks.keras"]
# ///
"""KerasHub's layers for sequences, with a mask of their own or behind an Embedding."""

from __future__ import annotations

import keras
from keras_hub import layers


def _behind(layer):
    """A model whose mask comes from Masking; a Dense layer fills padding again."""
    x = keras.Input((None, 4))
    h = keras.layers.Dense(16)(keras.layers.Masking()(x))
    return keras.Model(x, layer(h))


def _embedded(layer):
    """A model whose mask comes from an Embedding, as in KerasHub's examples."""
    ids = keras.Input((None,), dtype="int32")
    return keras.Model(ids, layer(keras.layers.Embedding(23, 16, mask_zero=True)(ids)))


class Padded(keras.layers.Layer):
    """A layer that is told which steps count by an argument of another name."""

    def __init__(self, layer, name):
        super().__init__()
        self.layer = layer
        self.name_of_mask = name

    def call(self, x, mask):
        return self.layer(x, **{self.name_of_mask: mask})


class CrossDecoder(keras.layers.Layer):
    """A decoder with a few steps of its own, which attends to the sequence."""

    def __init__(self):
        super().__init__()
        self.layer = layers.TransformerDecoder(32, 2)
        self.first = keras.layers.Dense(16)

    def call(self, x, mask):
        own = self.first(keras.ops.ones_like(x[:, :3]))
        return self.layer(own, self.first(x), encoder_padding_mask=mask)


class SelfAttention(keras.layers.Layer):
    """Attention of a sequence to itself, its mask over pairs."""

    def __init__(self):
        super().__init__()
        self.layer = layers.CachedMultiHeadAttention(2, 8)

    def call(self, x, mask):
        return self.layer(x, x, attention_mask=mask[:, None])


class LanguageModel(keras.layers.Layer):
    """The layers of a small masked language model, from ids to scores."""

    def __init__(self):
        super().__init__()
        self.embedding = layers.TokenAndPositionEmbedding(23, 64, 16, mask_zero=True)
        self.encoder = layers.TransformerEncoder(32, 2)
        self.head = layers.MaskedLMHead(
            vocabulary_size=23, token_embedding=self.embedding.token_embedding
        )

    def call(self, ids):
        at = keras.ops.zeros_like(ids[:, :1])
        return self.head(self.encoder(self.embedding(ids)), mask_positions=at)


def encoder():
    return Padded(layers.TransformerEncoder(32, 2), "padding_mask")


def encoder_that_normalizes_first():
    layer = layers.TransformerEncoder(32, 2, normalize_first=True)
    return Padded(layer, "padding_mask")


def encoder_behind_masking():
    return _behind(layers.TransformerEncoder(32, 2))


def encoder_behind_embedding():
    return _embedded(layers.TransformerEncoder(32, 2))


def decoder():
    return Padded(layers.TransformerDecoder(32, 2), "decoder_padding_mask")


def decoder_that_normalizes_first():
    layer = layers.TransformerDecoder(32, 2, normalize_first=True)
    return Padded(layer, "decoder_padding_mask")


def decoder_behind_masking():
    return _behind(layers.TransformerDecoder(32, 2))


def decoder_behind_embedding():
    return _embedded(layers.TransformerDecoder(32, 2))


def decoder_of_an_encoder():
    return CrossDecoder()


def attention():
    return SelfAttention()


def fourier_encoder():
    return _behind(layers.FNetEncoder(32))


def rotary_embedding():
    return _behind(layers.RotaryEmbedding())


def sine_position_encoding():
    return _behind(layers.SinePositionEncoding())


def position_embedding():
    return _behind(layers.PositionEmbedding(64))


def rms_normalization():
    return _behind(layers.RMSNormalization(16))


def token_and_position_embedding():
    return layers.TokenAndPositionEmbedding(23, 64, 16, mask_zero=True)


def reversible_embedding():
    return layers.ReversibleEmbedding(23, 16, mask_zero=True)


def masked_language_model():
    return LanguageModel()
