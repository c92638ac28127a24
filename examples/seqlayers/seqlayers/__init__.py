"""PyTorch layers for padded sequences; every mask is true where a step counts."""

from seqlayers.loss import tagging_loss
from seqlayers.pooling import max_pool, mean_pool
from seqlayers.tagger import BiLstmEncoder, Tagger

__all__ = ["BiLstmEncoder", "Tagger", "max_pool", "mean_pool", "tagging_loss"]
