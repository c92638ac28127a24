# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "speechbrain==1.1.2"]
# [tool.mask-conformance]
# title = "speechbrain"
# environment = "allennlp"
# preload = ["torch", "models/speechbrain_layers.py"]
# settings."models/speechbrain_layers.py:statistics_pooling" = { smallest = 2 }
# settings."models/speechbrain_layers.py:xvector" = { smallest = 3 }
# settings."models/speechbrain_layers.py:ecapa_tdnn" = { smallest = 9 }
# ///
"""SpeechBrain: encoders, pooling and normalisation, with lengths or a mask."""

from __future__ import annotations

import sys
from types import ModuleType

import torch

# Its binary is of another torch, and nothing here needs it.
sys.modules["torchaudio"] = ModuleType("torchaudio")
vars(sys.modules["torchaudio"])["__version__"] = "2.11.0"

from speechbrain.lobes.models import ECAPA_TDNN, Xvector  # noqa: E402
from speechbrain.lobes.models.transformer import (  # noqa: E402
    Branchformer,
    Conformer,
    Transformer,
)
from speechbrain.nnet import RNN, pooling  # noqa: E402
from speechbrain.processing.features import InputNormalization  # noqa: E402


class Relative(torch.nn.Module):
    """A layer that takes lengths as parts of the longest, as SpeechBrain's do."""

    def __init__(self, layer, *, channels_last=True, lengths="lengths"):
        super().__init__()
        self.layer = layer
        self.channels_last = channels_last
        self.lengths = lengths

    def forward(self, x, lengths):
        parts = {self.lengths: lengths / x.shape[1]}
        if self.channels_last:
            return self.layer(x, **parts)
        return self.layer(x.transpose(1, 2), **parts).transpose(1, 2)


class First(torch.nn.Module):
    """The answer of a layer that gives its states or its attention as well."""

    def __init__(self, layer, **given):
        super().__init__()
        self.layer = layer
        self.given = given

    def forward(self, *args, **kwargs):
        return self.layer(*args, **kwargs, **self.given)[0]


class Encoder(torch.nn.Module):
    """An encoder, whose mask is true at padding."""

    def __init__(self, layer, *, positions=False):
        super().__init__()
        self.layer = layer
        self.positions = positions

    def forward(self, x, src_key_padding_mask):
        more = {}
        if self.positions:
            more = {"pos_embs": torch.zeros(1, 2 * x.shape[1] - 1, x.shape[2]).to(x)}
        return self.layer(x, src_key_padding_mask=src_key_padding_mask, **more)[0]


def _encoder(maker, **more):
    return maker(num_layers=2, nhead=2, d_model=16, **more)


def transformer_encoder():
    return Encoder(_encoder(Transformer.TransformerEncoder, d_ffn=32))


def transformer_encoder_with_convolutions():
    layer = _encoder(
        *(Transformer.TransformerEncoder,), d_ffn=32, ffn_type="1dcnn", causal=False
    )
    return Encoder(layer)


def hypermixing_encoder():
    layer = _encoder(
        *(Transformer.TransformerEncoder,), d_ffn=32, attention_type="hypermixing"
    )
    return Encoder(layer)


def conformer_encoder():
    return Encoder(
        _encoder(Conformer.ConformerEncoder, d_ffn=32, kernel_size=5), positions=True
    )


def conformer_encoder_with_regular_attention():
    return Encoder(
        _encoder(
            *(Conformer.ConformerEncoder,),
            d_ffn=32,
            kernel_size=5,
            attention_type="regularMHA",
        )
    )


def branchformer_encoder():
    return Encoder(
        _encoder(
            *(Branchformer.BranchformerEncoder,),
            kernel_size=5,
            csgu_linear_units=32,
        ),
        positions=True,
    )


def lstm():
    return Relative(First(RNN.LSTM(8, input_size=6, bidirectional=True)))


def gru():
    return Relative(First(RNN.GRU(8, input_size=6, bidirectional=True)))


def rnn():
    return Relative(First(RNN.RNN(8, input_size=6, bidirectional=True)))


def statistics_pooling():
    return Relative(pooling.StatisticsPooling())


def input_normalization_of_a_sentence():
    return Relative(InputNormalization(norm_type="sentence", std_norm=True))


def attentive_statistics_pooling():
    layer = ECAPA_TDNN.AttentiveStatisticsPooling(6, attention_channels=8)
    return Relative(layer, channels_last=False)


def squeeze_and_excitation():
    layer = ECAPA_TDNN.SEBlock(6, 4, 6)
    return Relative(layer, channels_last=False)


def ecapa_tdnn():
    return Relative(
        ECAPA_TDNN.ECAPA_TDNN(
            input_size=6,
            channels=[16, 16, 16, 16, 48],
            kernel_sizes=[5, 3, 3, 3, 1],
            dilations=[1, 2, 3, 4, 1],
            attention_channels=8,
            res2net_scale=2,
            se_channels=8,
            lin_neurons=12,
        )
    )


def xvector():
    return Relative(
        Xvector.Xvector(
            in_channels=6,
            tdnn_blocks=3,
            tdnn_channels=[16, 16, 24],
            tdnn_kernel_sizes=[5, 3, 1],
            tdnn_dilations=[1, 2, 1],
            lin_neurons=12,
        ),
        lengths="lens",
    )
