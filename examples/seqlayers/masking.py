# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# framework = "torch"
# dtypes = ["float32", "float64"]
# placements = ["right"]
# [tool.mask-conformance.empty]
# masked_mean = "zero"
# masked_max = "negative-infinity"
# "masked_loss.*" = "zero"
# [tool.mask-conformance.unsupported]
# "masked_loss.mse.*" = "tags only"
# "masked_loss.binary_cross_entropy.*" = "tags only"
# "masked_loss.cross_entropy.sum" = "the mean only"
# "masked_loss.cross_entropy.none" = "the mean only"
# "masked_loss.cross_entropy.sequence_mean" = "the mean only"
# "birnn.simple.*" = "an LSTM only"
# "birnn.gru.*" = "an LSTM only"
# "birnn.lstm.sum.*" = "directions are concatenated"
# "birnn.lstm.concat.final" = "the whole sequence only"
# ///
"""seqlayers: pooling, the BiLSTM encoder and the tagging loss."""

import seqlayers


def masked_mean(x, mask):
    return seqlayers.mean_pool(x, mask)


def masked_max(x, mask):
    return seqlayers.max_pool(x, mask)


def masked_loss(predictions, targets, mask, *, kind, reduction):
    return seqlayers.tagging_loss(predictions, targets, mask)


def build_birnn(forward, backward, *, cell, merge, output):
    features, units = forward.kernel.shape[0], forward.recurrent_kernel.shape[0]
    encoder = seqlayers.BiLstmEncoder(features, units).to(forward.kernel.dtype).eval()
    state = encoder.lstm.state_dict()
    for weights, end in ((forward, "_l0"), (backward, "_l0_reverse")):
        # torch's gates are in the same order, its kernels the other way round.
        state["weight_ih" + end] = weights.kernel.T
        state["weight_hh" + end] = weights.recurrent_kernel.T
        state["bias_ih" + end] = weights.bias
        state["bias_hh" + end] = weights.recurrent_bias
    encoder.lstm.load_state_dict(state)
    return _Layer(encoder)


class _Layer:
    def __init__(self, encoder):
        self.encoder = encoder
        self.parameters = list(encoder.parameters())

    def __call__(self, x, mask):
        return self.encoder(x, mask)
