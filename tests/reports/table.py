"""Mistakes from public reports, with the adapter that makes each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.reports import layers, pooling, scores, second

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GITHUB = "https://github.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A mistake that somebody made.

    Attributes:
        operation: The operation that it is one of here.
        function: The adapter's function, written from the thread.
        thread: Where it was reported.
        declared: What the adapter has to declare to be asked.
    """

    operation: str
    function: Callable[..., Any]
    thread: str
    declared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The thread's address."""
        return _GITHUB + self.thread


def _report(
    operation: str, function: Callable[..., Any], thread: str, **declared: Any
) -> Report:
    return Report(
        operation=operation, function=function, thread=thread, declared=declared
    )


_LEFT = {"placements": ("right", "left")}
FIRST = (
    _report(
        "masked_mean",
        pooling.whole_batch_count,
        "StarlightSearch/EmbedAnything/issues/210",
    ),
    _report("masked_mean", pooling.plain_mean, "HKUDS/LightRAG/pull/3675"),
    _report("masked_mean", pooling.mean_of_product, "d2l-ai/d2l-en/issues/2076"),
    _report(
        "masked_mean",
        pooling.without_both_ends,
        "speechbrain/speechbrain/issues/1048",
    ),
    _report(
        "masked_max",
        pooling.zeros_in_the_maximum,
        "facebookresearch/InferSent/issues/51",
    ),
    _report(
        "masked_max",
        pooling.minus_ten_in_the_maximum,
        "facebookresearch/InferSent/issues/51",
    ),
    _report(
        "masked_logsumexp", pooling.one_frame_too_many, "Wangpeiyi9979/ESD/issues/6"
    ),
    _report(
        "masked_variance", pooling.unmasked_unbiased, "NVIDIA-NeMo/Speech/issues/5401"
    ),
    _report("masked_variance", pooling.centres_padding, "espnet/espnet/pull/6571"),
    _report(
        "last_valid",
        pooling.first_zero_less_one,
        "huggingface/sentence-transformers/pull/2111",
    ),
    _report(
        "last_valid",
        pooling.last_of_the_padded_row,
        "openvinotoolkit/openvino.genai/pull/2757",
    ),
    _report(
        "last_valid", pooling.count_less_one, "unslothai/unsloth-zoo/pull/968", **_LEFT
    ),
    _report("reverse_sequence", pooling.flips_everything, "state-spaces/mamba/pull/52"),
    _report("mask_from_ids", pooling.not_zero, "piskvorky/gensim/issues/1900"),
    _report(
        "masked_softmax", scores.renormalised, "abisee/pointer-generator/issues/88"
    ),
    _report(
        "masked_softmax",
        scores.softmax_of_the_product,
        "georg-wolflein/good-features/pull/1",
    ),
    _report(
        "masked_softmax",
        scores.product_of_the_softmax,
        "NVIDIA/Megatron-LM/pull/731",
    ),
    _report(
        "masked_log_softmax",
        scores.log_softmax_of_minus_1e4,
        "dmlc/gluon-nlp/pull/1457",
    ),
    _report(
        "attention",
        scores.masked_rows,
        "lsdefine/attention-is-all-you-need-keras/issues/16",
    ),
    _report("attention", scores.no_key_mask, "facebookresearch/fairseq/issues/318"),
    _report("attention", scores.added_as_a_number, "mlverse/torch/pull/1208"),
    _report("attention", scores.mask_of_the_sums, "Kyubyong/transformer/pull/69"),
    _report("masked_loss", scores.by_all_positions, "tracel-ai/burn/issues/5568"),
    _report(
        "masked_loss",
        scores.mean_of_micro_batches,
        "huggingface/transformers/pull/34191",
    ),
    _report("masked_loss", scores.padded_frames_too, "NVIDIA/tacotron2/issues/244"),
    _report(
        "masked_loss", scores.by_the_number_of_rows, "keras-team/keras-core/pull/802"
    ),
    _report("masked_loss", scores.without_the_end, "huggingface/trl/issues/976"),
    _report("birnn", layers.last_output, "georgepar/slp/pull/7"),
    _report("conv1d", layers.lost_mask, "keras-team/keras/issues/12475"),
    _report(
        "masked_batch_norm", layers.lost_statistics_mask, "google/flax/issues/3690"
    ),
    _report(
        "crf_log_likelihood",
        layers.partition_over_padding,
        "harvardnlp/pytorch-struct/issues/46",
    ),
)
"""What the parts were widened by, once it had shown where they fell short."""

SECOND = (
    _report("masked_loss", second.everything_by_valid, "alibaba/ROLL/pull/444"),
    _report(
        "masked_loss", second.a_token_for_each_empty_row, "radixark/miles/pull/2796"
    ),
    _report(
        "masked_loss",
        second.summed_not_averaged,
        "vid-koci/bert-commonsense/issues/1",
    ),
    _report(
        "masked_loss",
        second.by_the_padded_positions,
        "lucidrains/voicebox-pytorch/issues/6",
    ),
    _report(
        "masked_loss",
        second.mean_of_row_means,
        "huggingface/transformers/issues/24839",
    ),
    _report(
        "masked_loss",
        second.token_mean_for_rows,
        "huggingface/transformers/issues/34510",
    ),
    _report("masked_loss", second.mean_of_the_product, "DeepX-inc/machina/pull/198"),
    _report("masked_loss", second.zeros_are_missing, "XDZhelheim/STAEformer/issues/17"),
    _report("masked_max", second.plain_maximum, "tensorflow/tensorflow/issues/49262"),
    _report("masked_max", second.fills_the_valid, "FudanNLP/fastNLP/issues/138"),
    _report("masked_sum", second.plain_sum, "NVIDIA-NeMo/Speech/pull/2648"),
    _report("masked_variance", second.unbiased, "pyannote/pyannote-audio/pull/2047"),
    _report("masked_softmax", second.over_the_rows, "PetrochukM/PyTorch-NLP/issues/2"),
    _report(
        "masked_softmax", second.discarded_fill, "facebookresearch/ParlAI/pull/3068"
    ),
    _report("masked_softmax", second.filled_with_minus_1e9, "ahrefs/ocannl/issues/548"),
    _report("attention", second.heads_of_other_rows, "line/lighthouse/pull/77"),
    _report("attention", second.queries_masked, "lucidrains/x-transformers/issues/172"),
    _report(
        "attention",
        second.first_step_only,
        "TransformerLensOrg/TransformerLens/pull/1617",
        **_LEFT,
    ),
    _report("attention", second.cut_on_the_left, "pytorch/pytorch/pull/79927", **_LEFT),
    _report("attention", second.wrong_stride, "microsoft/onnxruntime-genai/pull/1639"),
    _report("birnn", second.steps_on_zeros, "keras-team/keras/issues/1300"),
    _report("birnn", second.backward_reads_padding, "keras-team/keras/issues/3367"),
    _report("birnn", second.forgets_the_length, "pytorch/pytorch/pull/6327"),
    _report(
        "masked_batch_norm",
        second.statistics_of_everything,
        "tensorflow/tensorflow/issues/30161",
    ),
    _report(
        "masked_batch_norm",
        second.normed_padding,
        "NVIDIA-NeMo/Speech/pull/15562",
        padding={"masked_batch_norm": "zero"},
    ),
    _report(
        "mask_from_ids", second.end_is_padding, "huggingface/transformers/pull/41400"
    ),
    _report(
        "mask_from_features",
        second.features_that_cancel,
        "Kyubyong/transformer/pull/69",
    ),
    _report("conv1d", second.mask_from_the_end, "wenet-e2e/wenet/issues/1513"),
    _report("conv1d", second.not_masked_again, "pytorch/audio/pull/4206"),
    _report(
        "crf_log_likelihood", second.chain_without_mask, "keras-team/keras/pull/4621"
    ),
)
"""Thirty that were written after the parts were frozen for the second time."""

_IGNORES = "ignores the mask"
SAYS: Mapping[str, str] = {
    "whole_batch_count": "divides by the batch's number of valid positions",
    "plain_mean": _IGNORES,
    "mean_of_product": "multiplies the input by the mask and then counts padding",
    "without_both_ends": "leaves out each row's first and last valid position",
    "zeros_in_the_maximum": "takes 0 for minus infinity at padding",
    "minus_ten_in_the_maximum": "fills padding with -10",
    "one_frame_too_many": "takes the first position behind each row's end for valid",
    "unmasked_unbiased": "ignores the mask, and divides by one less than T",
    "centres_padding": "takes the mean off padding as well",
    "first_zero_less_one": "takes the first position alone of a row without padding",
    "last_of_the_padded_row": "gives the last position, padding or not",
    "count_less_one": "reads the mask as lengths",
    "flips_everything": "reverses the row as a whole",
    "not_zero": "takes 0 for padding whatever padding id is given",
    "renormalised": "applies the mask to the answer alone",
    "softmax_of_the_product": "multiplies the input by the mask",
    "product_of_the_softmax": "multiplies the answer alone by the mask",
    "log_softmax_of_minus_1e4": "takes -1e4 for minus infinity at padding",
    "masked_rows": "masks the padded queries, not the padded keys",
    "no_key_mask": _IGNORES,
    "by_all_positions": "divides by B * T",
    "mean_of_micro_batches": "the answers of every 2 rows",
    "padded_frames_too": _IGNORES,
    "by_the_number_of_rows": "divides by the number of rows",
    "without_the_end": "leaves out each row's last valid position",
    "last_output": _IGNORES,
    "lost_mask": _IGNORES,
    "lost_statistics_mask": _IGNORES,
    "partition_over_padding": "sums over the paths of the padded row",
    "everything_by_valid": "ignores the mask, and divides by the number of valid",
    "summed_not_averaged": "gives the sum where the mean is asked for",
    "mean_of_row_means": "takes the mean of the rows' means",
    "token_mean_for_rows": "takes the mean of all positions",
    "mean_of_the_product": "divides by",
    "plain_maximum": _IGNORES,
    "fills_the_valid": "takes the valid positions for padding",
    "plain_sum": _IGNORES,
    "unbiased": "divides by one less than the number of valid positions",
    "over_the_rows": "normalises over the batch, not over time",
    "discarded_fill": _IGNORES,
    "filled_with_minus_1e9": "fills padding with -1e9",
    "heads_of_other_rows": "tiles the mask over the heads",
    "queries_masked": "masks the padded queries, not the padded keys",
    "first_step_only": _IGNORES,
    "cut_on_the_left": "reads the mask as lengths",
    "steps_on_zeros": "lets padded steps update the state",
    "forgets_the_length": "cuts the output to the longest row",
    "statistics_of_everything": _IGNORES,
    "end_is_padding": "takes the id 2, an end of text, for padding",
    "features_that_cancel": "asks that the sum of the features is not zero",
    "mask_from_the_end": "masks the shorter answer with the first positions",
    "not_masked_again": "sets padding to zero before and leaves the bias",
    "chain_without_mask": _IGNORES,
}
"""What each is called, by its function's name; one that is absent has no name."""
